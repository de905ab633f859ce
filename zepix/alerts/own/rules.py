"""The fields that a dialect of one's own may fill, each with its type and the units it may come in.

The types are those of the plain dialect. A number whose name says no unit (a stop, a volume) is ``unknown`` until the
table or the dialect's setting says it: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.payload import shown
from zepix.alerts.reasons import Unreadable
from zepix.model.alert import CLOSINGS
from zepix.model.quantity import LEVEL_UNITS, UNKNOWN, VOLUME_UNITS, Quantity

__all__ = ["INFORMATION", "PERCENT", "RULES", "TRAILING", "TYPES", "Rule", "measured", "word_of"]

TYPES: Final = {
    "entry": "entry",
    "exit": "exit",
    "reversal": "reversal",
    "modify": "modify",
    "cancel": "cancel",
    "pause": "pause",
    "resume": "resume",
    "close": "exit",
    "reverse": "reversal",
}
INFORMATION: Final = (
    "trend_pulse",
    "squeeze",
    "bias",
    "trend",
    "state_change",
    "momentum_change",
    "sideways_breakout",
    "breakout",
    "breakdown",
    "trendline_break",
    "screener",
)
PERCENT: Final = "percent"
_LONGEST_WORD: Final = 257
_SECONDS: Final = {"s": 1.0, "ms": 0.001, "min": 60.0, "h": 3600.0}
_DISTANCES: Final = ("points", "pips", "distance", "fraction", PERCENT)
TRAILING: Final = {"trailing_start": "start", "trailing_step": "step", "trailing_distance": "distance"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One field: ``read(name, value)`` gives it as an Alert holds it; ``units`` are the words its unit may be.

    ``unit`` holds where nobody says one. ``may_be_empty``: an empty text is no value, rather than a wrong one.
    """

    read: Callable[[str, Any], Any]
    units: tuple[str, ...] = ()
    unit: str = ""
    may_be_empty: bool = False


def word_of(value: Any) -> str:
    """A value of a body as a word of a map: lower case, numbers in their shortest form; else nothing."""
    if type(value) is str:
        return value[:_LONGEST_WORD].strip().lower()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, int | float) and -1e18 < value < 1e18 else ""


def kind(name: str, value: Any) -> str:
    """One of the words of ``TYPES`` and ``INFORMATION``. Raises Unreadable (``unknown_type``)."""
    word = value.strip().lower() if isinstance(value, str) and len(value) <= 64 else ""
    if word in INFORMATION:
        return word
    if word not in TYPES:
        raise Unreadable(
            "unknown_type", f"{name} {shown(value)} is not one of {', '.join(TYPES)}; map it in the dialect's values"
        )
    return TYPES[word]


def closing(name: str, value: Any) -> str:
    """What a reversal closes first: opposite, same or all. Raises Unreadable (``bad_field``)."""
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in CLOSINGS:
        raise Unreadable("bad_field", f"{name} must be one of {', '.join(CLOSINGS)}, not {shown(value)}")
    return word


def measured(name: str, value: Any, unit: str) -> float | int | Quantity:
    """A number in a known unit, as an Alert holds it: a price, lots, points or seconds as they are, else a Quantity.

    A level of 0 is handed on as 0.0 (a ``modify`` takes the level away so). Raises Unreadable.
    """
    if unit == "price":
        return values.level(name, value)
    if unit == "lots":
        return values.volume(name, value)
    if unit in _SECONDS:
        return values.positive(name, value) * _SECONDS[unit]
    reason = "bad_volume" if name == "volume" else "bad_price" if name in ("sl", "tp") else "bad_field"
    found = values.number(name, value, reason)
    if found == 0.0 and name in ("trailing_start", "trailing_step"):
        return 0 if unit == "points" else Quantity(0.0, unit if unit != PERCENT else "fraction")
    if not 0.0 < found <= values.PRICE_LIMIT:
        raise Unreadable(reason, f"{name} must be {unit} above zero, not {shown(value)}")
    if name in ("close_frac", "close_left_frac"):
        return values.fraction(name, found / 100 if unit == PERCENT else found)
    if unit == "points" and (name == "break_even_points" or name in TRAILING):
        return values.positive_integer(name, value)
    return Quantity(found / 100, "fraction") if unit == PERCENT else Quantity(found, unit)


def _level(name: str, value: Any) -> Any:
    return values.level(name, value)


_LEVEL: Final = Rule(_level, (*LEVEL_UNITS, PERCENT, UNKNOWN), UNKNOWN)
_SHARE: Final = Rule(values.fraction, ("fraction", PERCENT), "fraction")
_TEXT: Final = Rule(values.text, may_be_empty=True)
_DISTANCE: Final = Rule(values.positive, (*_DISTANCES, UNKNOWN), UNKNOWN)

RULES: Final = MappingProxyType(
    {
        "type": Rule(kind),
        "symbol": Rule(lambda _name, value: values.symbol_text(value), may_be_empty=True),
        "side": Rule(values.side, may_be_empty=True),
        "signal": _TEXT,
        "strategy": _TEXT,
        "timeframe": Rule(values.timeframe, may_be_empty=True),
        "plugin_hint": _TEXT,
        "price": Rule(values.price),
        "time": Rule(lambda _name, value: value, may_be_empty=True),
        "id": _TEXT,
        "volume": Rule(values.volume, (*VOLUME_UNITS, UNKNOWN), UNKNOWN),
        "sl": _LEVEL,
        "tp": _LEVEL,
        "order_type": Rule(values.order_type, may_be_empty=True),
        "entry_price": _LEVEL,
        "limit_price": _LEVEL,
        "expires_s": Rule(values.positive, tuple(_SECONDS), "s"),
        "ref": _TEXT,
        "oco": _TEXT,
        "close_frac": _SHARE,
        "close_left_frac": _SHARE,
        "closing": Rule(closing, may_be_empty=True),
        "max_spread": _DISTANCE,
        "break_even_points": Rule(values.positive, _DISTANCES, "points"),
        **dict.fromkeys(TRAILING, _DISTANCE),
        "comment": _TEXT,
    }
)
