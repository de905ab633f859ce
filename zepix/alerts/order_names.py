"""The names that foreign JSON has for the parts of an order, and a body's fields under one name each.

Names are compared without case, spaces, dots, underscores and dashes, and without ``strategy`` before them
(``strategy-order-action``, ``orderAction`` and ``{"strategy": {"order": {"action": ...}}}`` are one name). The objects
``strategy, data, order, position, payload, alert`` are opened; any other object stays as it is, beside.

A body is looked at once, whichever dialects ask (``Body.named``). Nothing is raised while looking: what is wrong
(two names of one thing with different values) is raised by whoever reads the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.trade_words import LEVEL_WORDS, asks, bare, inside, kind_of

__all__ = ["ORDER_TYPES", "PLAIN_TYPES", "Named", "named"]

PLAIN_TYPES: Final = frozenset({"entry", "exit", "reversal", "modify", "cancel", "close", "reverse"})
"""A body whose type is one of these is the plain dialect's, whatever else it holds."""
ORDER_TYPES: Final = frozenset({"market", "limit", "stop", "stoplimit", "stop_limit", "stop-limit"})
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "type": ("type", "eventtype"),
    "symbol": ("symbol", "ticker", "instrument", "asset", "pair"),
    "timeframe": ("timeframe", "tf", "interval"),
    "action": ("action", "tradeaction"),
    "order_action": ("orderaction",),
    "side": ("side", "direction", "orderside"),
    "signal": ("signal",),
    "position_side": ("positionside",),
    "contracts": (
        "contracts",
        "ordercontracts",
        "qty",
        "quantity",
        "size",
        "amount",
        "volume",
        "orderqty",
        "ordersize",
    ),
    "volume": ("volume",),
    "lots": ("lots", "lot", "lotsize"),
    "quantity_type": ("quantitytype", "qtytype"),
    "price": ("price", "orderprice", "signalprice"),
    "entry_price": ("entryprice", "entry"),
    "limit_price": ("limitprice",),
    "stop_price": ("stopprice", "triggerprice"),
    "order_type": ("ordertype",),
    "time_in_force": ("timeinforce", "tif"),
    "expires_s": ("expiress",),
    "position": ("position",),
    "market_position": ("marketposition", "sentiment"),
    "market_position_size": ("marketpositionsize",),
    "prev_market_position": ("prevmarketposition", "previousmarketposition"),
    "prev_market_position_size": ("prevmarketpositionsize", "previousmarketpositionsize"),
    "position_size": ("positionsize",),
    "timenow": ("timenow",),
    "time": ("time", "timestamp", "date", "datetime"),
    "id": ("id", "alertid", "signalid", "idempotencykey"),
    "order_id": ("orderid",),
    "comment": ("comment", "ordercomment"),
    "plugin_hint": ("pluginhint", "plugin"),
    "strategy": ("strategy", "strategyid", "strategyname"),
    "data": ("data",),
    "ref": ("ref",),
    "oco": ("oco",),
    "reduce_only": ("reduceonly",),
    "close_position": ("closeposition",),
    "cancel_orders": ("cancelorders", "cancel"),
    "order_mode": ("ordermode",),
    "heartbeat": ("heartbeat",),
    "test": ("test", "dryrun", "istest"),
    "close_percent": ("closepercent", "exitpercent", "closepct", "exitpct", "closepercentage", "exitpercentage"),
    "close_frac": ("closefrac",),
    "close_left_frac": ("closeleftfrac",),
    "tp1": ("tp1", "takeprofit1", "tp1price"),
    "tp2": ("tp2", "takeprofit2", "tp2price"),
    "tp3": ("tp3", "takeprofit3", "tp3price"),
}
_NAMES: Final = LEVEL_WORDS | {word: name for name, words in _WORDS.items() for word in words}
_OPENED: Final = frozenset({"strategy", "data", "order", "position", "payload", "alert"})
_UNIMPORTANT: Final = frozenset({"price", "time", "timenow", "comment", "order_id", "strategy", "time_in_force"})
_POSITIONS: Final = frozenset({"position", "market_position", "prev_market_position", "position_size"})
"""Beside one of these an entry price informs: the order is filled already."""
_LENIENT: Final = frozenset({"price", "time", "timenow", "volume", "comment", "order_id", "strategy", "data", "id"})
_BESIDE: Final = ""
"""The name of what has none here and is kept as it is; None is that of what has to be looked at."""
_HOLDERS: Final = frozenset({_BESIDE, "strategy", "data", "position"})
"""An object or a list under one of these is looked into, and kept beside."""
_UNSEEN: Final = object()
_SEEN_LIMIT: Final = 8192
_NAME_LIMIT: Final = 64
_DEPTH_LIMIT: Final = 3
_seen: dict[str, dict[str, str | None]] = {}


class Named:
    """A body's fields under one name each (``found``), the rest (``extras``), and what is wrong with them."""

    __slots__ = ("extras", "found", "problem")

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.extras: dict[str, Any] = {}
        self.problem: Unreadable | None = None

    def word(self, name: str) -> str:
        """The value as a word in lower case without separators, ``""`` where it is no text."""
        value = self.found.get(name)
        if type(value) is not str or len(value) > _NAME_LIMIT:
            return ""
        return bare(value)

    @property
    def is_plain(self) -> bool:
        """Whether the type is one of the plain dialect's."""
        kind = self.found.get("type")
        return type(kind) is str and kind[:32].strip().lower() in PLAIN_TYPES

    def for_reading(self, reading: Reading) -> dict[str, Any]:
        """The fields, to be taken out one by one; the rest is the reading's. Raises Unreadable for what is wrong.

        A placeholder in a field that matters sets the body aside, in another it becomes nothing.
        """
        if self.problem is not None:
            raise self.problem
        found = dict(self.found)
        reading.extras = dict(self.extras)
        if reading.body.has_placeholders:
            _mend(reading, found)
        return found


def named(body: Body) -> Named:
    """The fields of a JSON body under the names of this file; looked at once."""
    known = body.named
    if known is None:
        known = body.named = Named()
        assert body.fields is not None, "text has no fields"
        _collect(known, body.fields, "", 1)
    found: Named = known
    return found


def _collect(named: Named, fields: Mapping[str, Any], prefix: str, depth: int) -> None:
    names = _seen.get(prefix)
    if names is None:
        names = _seen[prefix] = {}
    found = named.found
    for key, value in fields.items():
        name: Any = names.get(key, _UNSEEN)
        if name is _UNSEEN:
            name = _learned(names, prefix, key)
        if value is None:
            continue
        if type(value) is dict:
            opened = _opened(key)
            if opened and depth < _DEPTH_LIMIT:
                _collect(named, value, opened, depth + 1)
                continue
            if name in _HOLDERS:
                name = None
        elif type(value) is list and name in _HOLDERS:
            name = None
        if name is None:
            _keep(named, key, value)
        elif name == _BESIDE:
            if type(value) is str or values.is_finite_throughout(value):
                named.extras[key] = value
            else:
                _keep(named, key, value)
        elif name not in found:
            found[name] = value
        elif found[name] != value:
            _keep_second(named, key, name, value)


def _learned(names: dict[str, str | None], prefix: str, key: object) -> str | None:
    if not isinstance(key, str) or len(key) > _NAME_LIMIT:
        return None
    word = bare(key)
    name = _NAMES.get(prefix + word) if prefix else None
    if name is None:
        name = _NAMES.get(word) or _NAMES.get(word.removeprefix("strategy"))
    if name is None and not kind_of(key):
        name = _BESIDE
    if len(names) < _SEEN_LIMIT:
        names[key] = name
    return name


def _opened(key: object) -> str:
    word = bare(key) if isinstance(key, str) and len(key) < 16 else ""
    return word if word in _OPENED else ""


def _keep(named: Named, key: Any, value: Any) -> None:
    if not isinstance(key, str):
        named.problem = named.problem or Unreadable("bad_json", f"the key {shown(key)} is no text")
    elif not values.is_finite_throughout(value):
        problem = Unreadable("bad_number", f"{shown(key)} holds a number that is not finite")
        named.problem = named.problem or problem
    else:
        named.extras[key] = value
        found = key if kind_of(key) == "level" and asks(key, value, has_size=True) else None
        if found is None and (type(value) is dict or type(value) is list):
            found = inside(key, value)
        if found is not None:
            what = f"{shown(found)} is not understood here; a stop, a target or trailing is not passed over"
            named.problem = named.problem or Unreadable("unsupported_parameter", what)


def _keep_second(named: Named, key: str, name: str, value: Any) -> None:
    if name in _LENIENT:
        _keep(named, key, value)
    else:
        what = f"{shown(key)} is the second word for {name}, with another value"
        named.problem = named.problem or Unreadable("duplicate_key", what)


def _mend(reading: Reading, found: dict[str, Any]) -> None:
    for name, value in list(found.items()):
        if not isinstance(value, str):
            if isinstance(value, Mapping | list) and "{{" in str(value):
                raise Unreadable("placeholder", f"{name} still holds {shown(str(value))}")
        elif "{{" in value and name not in ("symbol", "timeframe"):
            informs = name in _UNIMPORTANT or (name == "entry_price" and not _POSITIONS.isdisjoint(found))
            reading.give_up(name, value, important=not informs)
            del found[name]
    for name, value in reading.extras.items():
        if isinstance(value, str) and "{{" in value:
            reading.give_up(name, value, important=bool(kind_of(name)))
            reading.extras[name] = None
