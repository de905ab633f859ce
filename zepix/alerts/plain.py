"""The plain dialect: the JSON that this project asks for, every field under its own name.

Only ``type``, ``symbol`` and, for entries and reversals, ``side`` are required. ``direction`` and ``action`` are other
names of ``side``: on an exit it names the tickets to close (``buy`` closes longs), nothing means both. Volume is in
lots. Whether a stop lies on the right side is the broker's matter (``invalid_stops``), not the parser's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable

__all__ = ["PLAIN", "read"]

TYPES: Final = {
    "entry": "entry",
    "exit": "exit",
    "reversal": "reversal",
    "modify": "modify",
    "cancel": "cancel",
    "close": "exit",
    "reverse": "reversal",
}
_CONVERT: Final[dict[str, tuple[str, Callable[[str, Any], Any]]]] = {
    "side": ("side", values.side),
    "strategy": ("strategy", values.text),
    "plugin_hint": ("plugin_hint", values.text),
    "price": ("price", values.price),
    "volume": ("volume", values.volume),
    "sl": ("sl", values.level),
    "tp": ("tp", values.level),
    "order_type": ("order_type", values.order_type),
    "entry_price": ("entry_price", values.price),
    "limit_price": ("limit_price", values.price),
    "expires_s": ("expires_s", values.lifetime_s),
    "ref": ("ref", values.text),
    "oco": ("oco", values.text),
    "close_frac": ("close_frac", values.fraction),
    "trailing": ("trailing", values.trailing),
    "break_even_points": ("break_even_points", values.positive_integer),
    "comment": ("comment", values.text),
    "id": ("explicit_id", values.text),
}
_EMPTY_IS_ABSENT: Final = frozenset({"strategy", "plugin_hint", "ref", "oco", "id", "side"})
_NEEDS_SIDE: Final = frozenset({"entry", "reversal"})


def read(reading: Reading) -> dict[str, Any]:
    """The fields of an alert in the plain dialect. Raises Unreadable."""
    out = _read_quick(reading) or _read_any(reading)
    if "side" not in out and out["type"] in _NEEDS_SIDE:
        raise Unreadable("missing_side", f"{out['type']} needs a side, buy or sell")
    if out["type"] in _NEEDS_SIDE:
        _check_order(out)
    for name in ("sl", "tp"):
        if out.get(name) == 0.0 and out["type"] != "modify":  # a change takes a level away so; an entry cannot mean it
            raise Unreadable("bad_price", f"{name} must be a price above zero, not 0")
    return out


def _check_order(out: dict[str, Any]) -> None:
    """A price of a pending order without the word that makes it one would be an order at the market: never guessed."""
    if "entry_price" in out and "order_type" not in out:
        raise Unreadable("bad_order_type", "entry_price without order_type: say limit, stop, stop_limit or market")
    if "limit_price" in out and out.get("order_type") != "stop_limit":
        raise Unreadable("bad_field", "limit_price belongs to order_type stop_limit; a limit order has entry_price")


def _read_quick(reading: Reading) -> dict[str, Any] | None:
    """The common case in one pass, for speed: only the contract's own names, nothing empty, nothing to repair.

    None for everything else. A test holds both ways of reading to the same answer.
    """
    fields = reading.body.fields
    if reading.body.has_placeholders or fields is None or "type" not in fields or "symbol" not in fields:
        return None
    if reading.timeframe and "timeframe" not in fields:
        return None
    out: dict[str, Any] = {}
    for name, value in fields.items():
        rule = _QUICK.get(name)
        if rule is None or value is None or value == "":
            return None
        out[rule[0]] = rule[1](name, value)
    out["signal"] = out["type"]
    return out


def _read_any(reading: Reading) -> dict[str, Any]:
    """Every case: other names, unknown fields, placeholders, times, empty texts."""
    found = reading.named()
    kind = _type("type", found.pop("type", None))
    out: dict[str, Any] = {"type": kind, "signal": kind, "symbol": reading.symbol(found.pop("symbol", None))}
    period = reading.period(found.pop("timeframe", None))
    if period is not None:
        out["timeframe"] = period
    moment = found.pop("time", None)
    if moment is not None:
        out["time_ns"] = reading.moment_ns(moment)
    for name, value in found.items():
        target, convert = _CONVERT[name]
        if value == "" and name in _EMPTY_IS_ABSENT:
            continue
        out[target] = convert(name, value)
    return out


def _type(_name: str, value: Any) -> str:
    if value is None or value == "":
        raise Unreadable("missing_type", f"there is no type; it must be one of {', '.join(TYPES)}")
    kind = TYPES.get(value) if isinstance(value, str) else None
    if kind is None and isinstance(value, str):
        kind = TYPES.get(value[:32].strip().lower())
    if kind is None:
        raise Unreadable("unknown_type", f"type {shown(value)} is not one of {', '.join(TYPES)}")
    return kind


_QUICK: Final = {
    **_CONVERT,
    "type": ("type", _type),
    "symbol": ("symbol", lambda _name, value: values.symbol_text(value)),
    "timeframe": ("timeframe", values.timeframe),
}


def _claims(body: Body) -> bool:
    return body.fields is not None


PLAIN: Final = register(Dialect(name="plain", rank=100, claims=_claims, read=read))
