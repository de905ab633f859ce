"""From what a sender wrote to what a field may hold: numbers, prices, sides, timeframes; one function a kind.

Numbers and booleans may come as strings. A number that cannot be meant (a stop of zero, a NaN) is refused with a reason
rather than dropped: an entry without its stop is another trade.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from zepix.alerts.payload import shown
from zepix.alerts.reasons import Unreadable
from zepix.alerts.timestamps import epoch_ns, to_ns
from zepix.model import Side
from zepix.model import timeframe as timeframes

__all__ = [
    "PRICE_LIMIT",
    "SIDES",
    "VOLUME_LIMIT_LOTS",
    "finite",
    "flag",
    "fraction",
    "is_finite_throughout",
    "level",
    "lifetime_s",
    "mapping",
    "number",
    "order_type",
    "positive",
    "positive_integer",
    "price",
    "side",
    "symbol_text",
    "text",
    "time_ns",
    "trailing",
    "timeframe",
    "volume",
]

PRICE_LIMIT: Final = 1e12
VOLUME_LIMIT_LOTS: Final = 1e9
TEXT_LIMIT: Final = 256
LONGEST_LIFE_S: Final = 10 * 366 * 86_400
SYMBOL_LIMIT: Final = 64
_NUMBER_LIMIT: Final = 64
SIDES: Final = {
    "buy": Side.BUY,
    "sell": Side.SELL,
    "long": Side.BUY,
    "short": Side.SELL,
    "BUY": Side.BUY,
    "SELL": Side.SELL,
}
_SEEN_CATEGORIES: Final = frozenset({"Lu", "Ll", "Lo", "Nd", "Pd", "Pc", "Po", "Ps", "Pe", "Sc", "Sm", "Zs"})
_BLANKS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their category that show nothing."""
_ORDER_TYPES: Final = {"market": "market", "limit": "limit", "stop": "stop", "stoplimit": "stop_limit"}
_ALWAYS_FINITE: Final = frozenset({str, int, bool, type(None)})
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


def number(name: str, value: Any, reason: str = "bad_number") -> float:
    """A number, also one written as a string; NaN and infinities pass, for the caller to name. Raises Unreadable."""
    kind = type(value)
    if kind is float:
        found: float = value
        return found
    if kind is str:
        if len(value) <= _NUMBER_LIMIT and value.isascii() and "_" not in value:
            try:
                return float(value)
            except ValueError:
                pass
    elif isinstance(value, int | float) and kind is not bool:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    raise Unreadable(reason, f"{name} must be a number, not {shown(value)}")


def finite(name: str, value: Any) -> float:
    """A finite number of either sign. Raises Unreadable."""
    found = number(name, value)
    if not math.isfinite(found):
        raise Unreadable("bad_number", f"{name} must be a finite number, not {shown(value)}")
    return found


def price(name: str, value: Any) -> float:
    """A price: above zero, at most 1e12. Raises Unreadable (``bad_price``)."""
    found = value if type(value) is float else number(name, value, "bad_price")
    if 0.0 < found <= PRICE_LIMIT:
        return found
    raise Unreadable("bad_price", f"{name} must be a price above zero, not {shown(value)}")


def level(name: str, value: Any) -> float:
    """A price, or 0 for none. Raises Unreadable (``bad_price``)."""
    found = value if type(value) is float else number(name, value, "bad_price")
    return 0.0 if found == 0.0 else price(name, found)


def volume(name: str, value: Any) -> float:
    """Lots: above zero, at most 1e9. Raises Unreadable (``bad_volume``)."""
    found = value if type(value) is float else number(name, value, "bad_volume")
    if 0.0 < found <= VOLUME_LIMIT_LOTS:
        return found
    raise Unreadable("bad_volume", f"{name} must be lots above zero, not {shown(value)}")


def positive(name: str, value: Any) -> float:
    """A finite number above zero. Raises Unreadable (``bad_field``)."""
    found = number(name, value, "bad_field")
    if 0.0 < found < math.inf:
        return found
    raise Unreadable("bad_field", f"{name} must be above zero, not {shown(value)}")


def lifetime_s(name: str, value: Any) -> float:
    """Seconds above zero, at most ten years. Raises Unreadable (``bad_field``)."""
    found = positive(name, value)
    if found > LONGEST_LIFE_S:
        raise Unreadable("bad_field", f"{name} must be at most {LONGEST_LIFE_S} seconds, not {shown(value)}")
    return found


def trailing(name: str, value: Any) -> Mapping[str, Any]:
    """Start, step and distance, whole numbers also where they come as text. Raises Unreadable (``bad_field``)."""
    return {key: _whole(one) for key, one in mapping(name, value).items()}


def _whole(value: Any) -> Any:
    """A whole number as an integer; anything else as it is, for the strategy to refuse."""
    try:
        found = number("", value)
    except Unreadable:
        return value
    return int(found) if math.isfinite(found) and found == int(found) else value


def positive_integer(name: str, value: Any) -> int:
    """A whole number from 1 to 1e9. Raises Unreadable (``bad_field``)."""
    found = positive(name, value)
    if found != int(found) or found > 1e9:
        raise Unreadable("bad_field", f"{name} must be a whole number, not {shown(value)}")
    return int(found)


def fraction(name: str, value: Any) -> float:
    """Above 0, at most 1. Raises Unreadable (``bad_field``)."""
    found = positive(name, value)
    if found > 1.0:
        raise Unreadable("bad_field", f"{name} must be above 0 and at most 1, not {shown(value)}")
    return found


def flag(name: str, value: Any) -> bool:
    """True or false, also as a word or as 1 and 0. Raises Unreadable (``bad_field``)."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Unreadable("bad_field", f"{name} must be true or false, not {shown(value)}")


def text(name: str, value: Any) -> str:
    """A text of at most 256 characters, stripped; a number as it is written. Raises Unreadable (``bad_field``)."""
    if type(value) is str and len(value) <= TEXT_LIMIT:
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = repr(value) if -1e18 < value < 1e18 else value
    if not isinstance(value, str):
        raise Unreadable("bad_field", f"{name} must be text, not {shown(value)}")
    if len(value) > TEXT_LIMIT:
        raise Unreadable("bad_field", f"{name} has {len(value)} characters; at most {TEXT_LIMIT}")
    return value.strip()


def symbol_text(value: Any) -> str:
    """A symbol as the sender wrote it, stripped. Raises Unreadable (``missing_symbol``, ``bad_symbol``).

    Marks that cannot be seen (zero width, right to left) make it no symbol, and so do letters that look like or turn
    into Latin ones, alone or among them: a symbol is never taken for another. Names in one other script are names.
    """
    if not isinstance(value, str):
        raise Unreadable("bad_symbol", f"symbol must be text, not {shown(value)}")
    found = value.strip()
    if not found:
        raise Unreadable("missing_symbol", "symbol is empty")
    if len(found) > SYMBOL_LIMIT or not found.isprintable():
        raise Unreadable("bad_symbol", f"{shown(found)} is no symbol")
    if not found.isascii() and _is_disguised(found):
        raise Unreadable("bad_symbol", f"{shown(found)} holds characters that may pass for others")
    return found


def _is_disguised(name: str) -> bool:
    """Whether a name with letters beyond ASCII mixes them with Latin ones, or has some that turn into others."""
    if any(letter.isascii() and letter.isalpha() for letter in name) or not any(map(str.isalpha, name)):
        return True
    if any(unicodedata.category(letter) not in _SEEN_CATEGORIES or letter in _BLANKS for letter in name):
        return True
    if any(letter.upper().isascii() or letter.lower().isascii() for letter in name if letter.isalpha()):
        return True
    return any(unicodedata.normalize("NFKC", form) != form for form in (name, name.upper(), name.casefold()))


def side(name: str, value: Any) -> Side:
    """Buy or sell, also long and short, in any case. Raises Unreadable (``bad_side``)."""
    if isinstance(value, str):
        found = SIDES.get(value) or SIDES.get(value.strip().lower())
        if found is not None:
            return found
    raise Unreadable("bad_side", f"{name} must be buy or sell (long, short), not {shown(value)}")


def order_type(name: str, value: Any) -> str:
    """``market, limit, stop, stop_limit`` in any case and spelling. Raises Unreadable (``bad_order_type``)."""
    if isinstance(value, str) and len(value) <= TEXT_LIMIT:
        found = _ORDER_TYPES.get(value) or _ORDER_TYPES.get(
            value.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
        )
        if found is not None:
            return found
    raise Unreadable("bad_order_type", f"{name} must be market, limit, stop or stop_limit, not {shown(value)}")


@lru_cache(maxsize=1024)
def _normalised(word: str) -> str:
    return timeframes.normalise(word)


def timeframe(name: str, value: Any) -> str:
    """The one spelling of a timeframe (5, "5m", "M5" -> "5m"). Raises Unreadable (``bad_timeframe``)."""
    if isinstance(value, str | int) and not isinstance(value, bool) and -1 < len(word := str(value)[:17]) < 17:
        try:
            return _normalised(word)
        except ValueError:
            pass
    raise Unreadable("bad_timeframe", f"{name} {shown(value)} is no timeframe; examples: 5, 5m, 1h, 240, 1D")


def mapping(name: str, value: Any) -> Mapping[str, Any]:
    """An object with finite numbers in it. Raises Unreadable (``bad_field``)."""
    if not isinstance(value, Mapping) or not is_finite_throughout(value):
        raise Unreadable("bad_field", f"{name} must be an object with finite numbers, not {shown(value)}")
    return value


def is_finite_throughout(value: Any) -> bool:
    """Whether no NaN and no infinity stands anywhere in a value of JSON (at most 32 levels deep)."""
    if type(value) in _ALWAYS_FINITE:
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(is_finite_throughout(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return all(is_finite_throughout(inner) for inner in value)
    return True


def time_ns(value: Any) -> int:
    """Nanoseconds of ISO 8601 with a zone, or of a Unix time in s, ms, us or ns. Raises ValueError."""
    if isinstance(value, str):
        if value[4:5] == "-":
            return to_ns(value.strip())
        word = value.strip()
        if word.isascii() and word.replace(".", "", 1).isdigit() and len(word) <= 24:
            return epoch_ns(float(word) if "." in word else int(word))
        return to_ns(word)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return epoch_ns(value)
    raise ValueError("no time")
