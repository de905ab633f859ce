"""Words by which senders speak of what is traded: none of them is ever passed over.

A key that no dialect understands is harmless (``colour``), or it speaks of a stop, a target or another price of the
order (``level``), of how much is traded (``size``), or of what kind of order it is (``flag``). A dialect understands
such a key, or the body is set aside by its name. Keys are looked at as words: ``initialStop``, ``s/l``, ``tps`` and
``pricesl`` speak of levels, ``stopwatch`` and ``slope`` do not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Final

from zepix.alerts.payload import shown
from zepix.alerts.reasons import Unreadable
from zepix.model import Side

__all__ = [
    "ACTIONS",
    "LEVEL_WORDS",
    "agree",
    "asks",
    "bare",
    "inside",
    "is_off",
    "kind_of",
    "refuse_beside",
    "refuse_inside",
    "refuse_position",
]

_BUY, _SELL = Side.BUY, Side.SELL
_MEANINGS: Final[dict[tuple[str, Side | None], tuple[str, ...]]] = {
    ("entry", _BUY): ("buy", "long", "enterlong", "entrylong", "longentry", "openlong", "golong", "buytoopen", "bull"),
    ("entry", _SELL): (
        *("sell", "short", "entershort", "entryshort", "shortentry", "openshort", "goshort", "selltoopen", "sellshort"),
        "bear",
    ),
    ("entry", None): ("entry", "enter", "open", "add"),
    ("exit", _BUY): ("exitlong", "longexit", "closelong", "closebuy", "exitbuy", "selltoclose", "flattenlong"),
    ("exit", _SELL): ("exitshort", "shortexit", "closeshort", "closesell", "exitsell", "buytoclose", "buytocover"),
    ("exit", None): ("exit", "close", "flat", "flatten", "closeall", "exitall", "closeposition", "liquidate"),
    ("reversal", None): ("reverse", "reversal", "flip"),
    ("reversal", _BUY): ("reverselong", "reversetolong", "fliptolong"),
    ("reversal", _SELL): ("reverseshort", "reversetoshort", "fliptoshort"),
    ("cancel", None): ("cancel", "cancelall", "cancelorders", "cancelallorders"),
    ("modify", None): ("modify", "update", "modifysltp", "updatesltp"),
}
ACTIONS: Final = {word: meaning for meaning, words in _MEANINGS.items() for word in words}
"""Word of an action, without case, spaces, underscores and dashes -> (type, side)."""
_UNITS: Final = {
    "": "",
    "price": "_price",
    "offset": "_distance",
    "distance": "_distance",
    "percent": "_percent",
    "percentage": "_percent",
    "pct": "_percent",
    "perc": "_percent",
    "points": "_points",
    "point": "_points",
    "pips": "_pips",
    "pip": "_pips",
}
LEVEL_WORDS: Final = {
    f"{word}{end}": f"{level}{unit}"
    for level, words in (("sl", ("sl", "stoploss")), ("tp", ("tp", "takeprofit")))
    for word in words
    for end, unit in _UNITS.items()
}
"""Word of a stop or a target, without separators -> its name with its unit (``stoplosspips`` -> ``sl_pips``)."""
_OPENING: Final = frozenset({"entry", "reversal"})
_ENDS: Final = re.compile(
    r"(?:^|[^a-z])(?:exit(?:s|ed|ing)?|flatten(?:ed)?|cover(?:ed)?|tp[0-9]?|sl|stop[_\- ]?loss|stopped"
    r"|take[_\- ]?profit)(?![a-z])",
    re.IGNORECASE,
)
"""A text beside an entry that says it is none."""
_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\x00-\x7f]+")
_LEVEL_TOKENS: Final = frozenset(
    {"sl", "sls", "tp", "tps", "stop", "stops", "target", "targets", "limit", "limits", "trail", "trailing", "trailed"}
    | {"stoploss", "stoplosses", "takeprofit", "takeprofits", "breakeven", "exits", "bracket", "brackets", "ladder"}
    | {"trailingstop", "maxspread"}
)
_LEVEL_INSIDE: Final = re.compile(
    r"stop_?loss|takeprofit|trailing|breakeven|maxspread|stopprice|limitprice|triggerprice"
)
_AROUND: Final = (
    "price|prices|level|levels|value|val|order|orders|init|initial|new|my|set|percent|pct|perc|pips|pip|points|point|"
    "ticks|tick|usd|atr|rr|long|short|buy|sell|entry|exit|hard|soft|use|dynamic|fixed|loss|profit|final|first|second"
)
_LEVEL_WHOLE: Final = re.compile(rf"(?:{_AROUND})*(?:sl|tp|stop|target|limit)s?(?:{_AROUND}|sl|tp|[0-9])*")
_SPOKEN_OF: Final = frozenset(
    {"reason", "account", "broker", "platform", "exchange", "server", "url", "chat", "channel", "user", "id", "name"}
    | {"label", "text", "message", "comment", "rate", "time", "hit", "strategy", "currency"}
)
"""Beside one of these a word of a level names something else (``exit_reason, target_account``)."""
_SIZE: Final = (
    "sizes?|qty|quantity|amounts?|amt|contracts?|lots?|units?|shares?|stake|notional|risk|percents?|percentage|pct|perc|"
    "portion|fraction|frac|partial|investment|volume|multiplier"
)
_SIZE_AROUND: Final = (
    "orders?|trade|entry|exit|close|closing|sell|buy|long|short|position|pos|fixed|base|quote|my|total|usdt|usdc|usd|eur|"
    "cash|money|equity|balance|capital|of|the|left|per|value|dollars?|account|free|in|by|initial|is|to|available|remaining"
)
_SIZE_WHOLE: Final = re.compile(rf"(?:{_SIZE_AROUND})*(?:{_SIZE})(?:{_SIZE_AROUND}|{_SIZE}|[0-9])*")
_COUNT: Final = re.compile(
    r"(?:orders?|trade)?(?:size|qty|quantity|amount|contracts?|lots?|lotsize|units|shares|volume)"
)
"""A size in the sender's own unit: beside another one it is a second word for it, and not the same in other units."""
_FLAGS: Final = frozenset(
    {"reduceonly", "reduce", "closeonly", "exitonly", "isexit", "isclose", "exit", "flatten", "reverse", "closeall"}
    | {
        "closeposition",
        "closeopposite",
        "closeopposing",
        "closeprevious",
        "cancelall",
        "cancelorders",
        "cancel",
        "order",
    }
    | {"ordertype", "entrytype", "executiontype", "exectype", "orderkind", "ordermethod", "positioneffect", "intent"}
    | {"openclose", "quantitytype", "qtytype", "ordermode", "test", "dryrun", "istest", "heartbeat", "positionside"}
    | {"unit", "units", "entry", "entryprice", "entryat", "cancelpending"}
)
_FLAG_OFF: Final = frozenset({"market", "both", "normal", "oneway", "one_way", "one-way"})
_OFF: Final = frozenset({"false", "no", "off", "none", "null"})
_MAY_BE_ZERO: Final = re.compile(r"trail|even|spread", re.IGNORECASE)
_OF_BARS: Final = frozenset({"bar", "candle", "ohlc", "ohlcv", "kline"})
_WORDS_LIMIT: Final = 64
_HARMLESS_LIMIT: Final = 8192
_harmless: set[str] = set()
"""Keys seen that speak of no trade."""
_DIGIT: Final = re.compile(r"[0-9]|\{\{")
_PLACES: Final = {"long": _BUY, "bullish": _BUY, "short": _SELL, "bearish": _SELL, "flat": None}


@lru_cache(maxsize=8192)
def bare(key: str) -> str:
    """A word without case, spaces, underscores, dashes and dots."""
    return key.lower().replace("_", "").replace("-", "").replace(" ", "").replace(".", "")


@lru_cache(maxsize=8192)
def kind_of(key: str) -> str:
    """What a key speaks of: ``level``, ``size``, ``flag``, or ``""`` where it is harmless."""
    if len(key) > _WORDS_LIMIT:
        return ""
    whole = "".join(letter for letter in key.lower() if letter.isalnum())
    tokens = {token.lower() for token in _TOKEN.findall(key)}
    if _SPOKEN_OF & tokens:
        return ""
    if _LEVEL_TOKENS & tokens or _LEVEL_INSIDE.search(whole) or _LEVEL_WHOLE.fullmatch(whole):
        return "level"
    if whole in _FLAGS:
        return "flag"
    return "size" if _SIZE_WHOLE.fullmatch(whole) else ""


def is_off(key: str, value: Any) -> bool:
    """Whether a value says that what its key speaks of is not asked for; an empty one does not say so."""
    if value is None or value is False:
        return True
    if isinstance(value, str):
        word = value.strip().lower()
        return word in _OFF or (word in ("0", "0.0") and _MAY_BE_ZERO.search(key) is not None)
    return value == 0 and not isinstance(value, Mapping | list) and _MAY_BE_ZERO.search(key) is not None


@lru_cache(maxsize=8192)
def _is_count(key: str) -> bool:
    return _COUNT.fullmatch("".join(letter for letter in key.lower() if letter.isalnum())) is not None


def asks(key: str, value: Any, *, has_size: bool) -> bool:
    """Whether a key beside the understood ones, with its value, changes what is traded."""
    kind = kind_of(key)
    if not kind:
        return False
    if kind == "level":
        return not is_off(key, value)
    if kind == "size":  # beside a size that is understood, one in another unit only says the same again
        if isinstance(value, bool | None) or (has_size and not _is_count(key)):
            return False
        return _DIGIT.search(str(value)) is not None
    if isinstance(value, Mapping) or (isinstance(value, str) and value.strip().lower() in _FLAG_OFF):
        return False  # what stands in an object is looked at by itself
    return not is_off(key, value) and value not in ("", 0, "0")


def inside(key: str, value: Any) -> str | None:
    """The first key within an object or a list (under ``key``) that changes what is traded; None where none does."""
    waiting = [(key, value)]
    while waiting:
        name, one = waiting.pop()
        if isinstance(one, Mapping):
            is_bar = isinstance(name, str) and bare(name) in _OF_BARS
            for inner, below in one.items():
                if isinstance(below, Mapping | list | tuple):
                    waiting.append((inner, below))
                if is_bar and isinstance(inner, str) and kind_of(inner) == "size":
                    continue
                if isinstance(inner, str) and asks(inner, below, has_size=False):
                    return inner
        elif isinstance(one, list | tuple):
            waiting += [(name, below) for below in one if isinstance(below, Mapping | list | tuple)]
    return None


def refuse_inside(key: str, value: Any) -> None:
    """Raises Unreadable where an object or a list that is not opened holds what changes the trade."""
    found = inside(key, value)
    if found is not None:
        what = f"{shown(found)} within {shown(key)} is not understood here; what changes a trade is not passed over"
        raise Unreadable("unsupported_parameter", what)


def refuse_beside(extras: Mapping[str, Any], *, has_size: bool, known: Collection[str] = ()) -> None:
    """Raises Unreadable for the first key that changes what is traded and is not understood.

    ``has_size``: whether a size is understood (an exit that closes all has none). ``known``: keys that the dialect
    reads itself.
    """
    for key, value in extras.items():
        kind = type(value)
        if (key in _harmless and kind is not dict and kind is not list) or key in known:
            continue
        if kind_of(key) and asks(key, value, has_size=has_size):
            what = f"{shown(key)} is not understood here; a {_SAID[kind_of(key)]} is not passed over"
            raise Unreadable("unsupported_parameter", what)
        if kind is dict or kind is list:
            refuse_inside(key, value)
        if len(_harmless) < _HARMLESS_LIMIT and not kind_of(key):
            _harmless.add(key)


_SAID: Final = {
    "level": "stop, a target, a limit or trailing",
    "size": "size",
    "flag": "word for the kind of order",
}


def agree(
    name: str, value: Any, kind: str, side: Side | None, *, deal: Side | None = None, loosely: bool = False
) -> Side | None:
    """The side, cross-checked with another word of the body (``type, signal, order_id ...``).

    A word that says which side an exit is of says it where nothing else did. ``deal`` is the side of an exit's own
    deal, which such a word may name instead; ``loosely`` lets a side of an entry differ (an id is only a name). Raises
    Unreadable for a word of another meaning.
    """
    if not isinstance(value, str) or not value or len(value) > _WORDS_LIMIT:
        return side
    meaning = ACTIONS.get(bare(value))
    if meaning is None:
        if kind in _OPENING and _ENDS.search(value) is not None:
            raise Unreadable("conflicting_action", f"it is of the type {kind}, and {name} is {shown(value)}")
        return side
    other_kind, other = meaning
    if other_kind == kind or (kind in _OPENING and other_kind in _OPENING):
        if loosely or side is None or other is None or side is other:
            return side if side is not None or kind != "exit" else other
        raise Unreadable("conflicting_side", f"{name} is {shown(value)}, and another part says {side}")
    if kind not in _OPENING and other_kind == "entry" and (loosely or (deal is not None and other is deal)):
        return side
    raise Unreadable("conflicting_action", f"it is of the type {kind}, and {name} is {shown(value)}")


def refuse_position(name: str, value: Any, kind: str, side: Side | None, *, is_part: bool = False) -> None:
    """Raises Unreadable where the position after the order cannot follow from it; what is no position is passed over.

    ``is_part``: an exit that says what it closes of the position, so that some of it may stay.
    """
    word = value.strip().lower() if isinstance(value, str) and len(value) < _WORDS_LIMIT else ""
    if word not in _PLACES:
        return
    place = _PLACES[word]
    if kind in _OPENING and place is not side:
        raise Unreadable("conflicting_position", f"{kind} {side} leads to no position that is {word} ({name})")
    if kind == "exit" and not is_part and place is not None and (side is None or place is side):
        raise Unreadable(
            "unclear_position", f"the position stays {word} ({name}); how much of it is closed is not said"
        )
