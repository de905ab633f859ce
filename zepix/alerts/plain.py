"""The plain dialect: the JSON that this project asks for, every field under its own name.

Only ``type``, ``symbol`` and, for entries and reversals, ``side`` are required. ``direction`` and ``action`` are other
names of ``side``: on an exit it names the tickets to close (``buy`` closes longs), nothing means both. Volume is in
lots, a stop and a target are prices unless their name says another unit (``sl_pips, tp_percent``). Whether a stop
lies on the right side is the broker's matter (``invalid_stops``), not the parser's.

Other senders' keys that change what is traded are understood as in the flat dialect (``quantity_type``,
``close_percent``, ``tp1`` to ``tp3`` by the setting ``target``), or set the body aside by their name; so do an exit of
a size (but for ``exit_size = "all"``) or at a price, and a second word for anything that says something else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.order_parts import levels, part, typed_quantity
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.trade_words import LEVEL_WORDS, agree, refuse_position

__all__ = ["PLAIN", "TAKES", "check_order", "read", "read_parts", "refuse_unfit"]

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
NAME: Final = "plain"
TAKES: Final = {word: name for word, name in LEVEL_WORDS.items() if name[2:] not in ("", "_price")} | {
    "quantitytype": "quantity_type",
    "qtytype": "quantity_type",
    "closepercent": "close_percent",
    "closepct": "close_percent",
    "closeleftfrac": "close_left_frac",
}
"""Words of other senders that are understood here too, without separators -> name."""
_TARGETS: Final = {"tp1": "tp1", "tp2": "tp2", "tp3": "tp3", "entry": "entry_price"}
_SEVERAL: Final = frozenset({"tp1", "tp2", "tp3"})
_TWO: Final = 2
_NONE: Final[frozenset[str]] = frozenset()
_OTHERS: Final = _SEVERAL.union(TAKES.values())
_CHECKED: Final = ("action", "signal", "order_id", "order_action", "strategy.order.action", "strategy.order.id")
_PLACES: Final = ("market_position", "position", "strategy.market_position", "marketPosition")
_WATCHED: Final = frozenset(_CHECKED + _PLACES)
_ONLY_ENTRIES: Final = ("order_type", "entry_price", "limit_price", "trailing", "break_even_points")
_EMPTY_IS_ABSENT: Final = frozenset({"strategy", "plugin_hint", "ref", "oco", "id", "side"})
_NEEDS_SIDE: Final = frozenset({"entry", "reversal"})


def read(reading: Reading) -> dict[str, Any]:
    """The fields of an alert in the plain dialect. Raises Unreadable."""
    out = _read_quick(reading) or _read_any(reading)
    if "side" not in out and out["type"] in _NEEDS_SIDE:
        raise Unreadable("missing_side", f"{out['type']} needs a side, buy or sell")
    if out["type"] in _NEEDS_SIDE:
        check_order(out)
        if "close_left_frac" in out:
            raise Unreadable("unsupported_parameter", f"a share of what is left, of {out['type']}, is not done")
    else:
        refuse_unfit(reading, out)
    if reading.extras and not _WATCHED.isdisjoint(reading.extras):
        _check_beside(reading.extras, out)
    for name in ("sl", "tp"):
        if out.get(name) == 0.0 and out["type"] != "modify":  # a change takes a level away so; an entry cannot mean it
            raise Unreadable("bad_price", f"{name} must be a price above zero, not 0")
    return out


def check_order(out: dict[str, Any]) -> None:
    """A price of a pending order without the word that makes it one would be an order at the market: never guessed."""
    if "entry_price" in out and "order_type" not in out:
        raise Unreadable("bad_order_type", "entry_price without order_type: say limit, stop, stop_limit or market")
    if "limit_price" in out and out.get("order_type") != "stop_limit":
        raise Unreadable("bad_field", "limit_price belongs to order_type stop_limit; a limit order has entry_price")


def refuse_unfit(reading: Reading, out: dict[str, Any]) -> None:
    """Raises Unreadable where an exit, a change or a cancel says what only an entry has: it is never passed over."""
    kind = out["type"]
    for name in _ONLY_ENTRIES:
        if name in out and out[name] != "market":
            raise Unreadable(
                "unsupported_parameter", f"{name} of {kind} is not done; it is done at once, at the market"
            )
    if "volume" in out:
        if kind != "exit" or reading.settings.get("exit_size") != "all":
            hint = "; close_frac says a part, or set exit_size to all" if kind == "exit" else ""
            raise Unreadable("unsupported_parameter", f"{kind} of a size is not done{hint}")
        reading.extras["volume"] = getattr(out["volume"], "value", out["volume"])
        del out["volume"]
    is_part = out.get("close_frac", 1.0) != 1.0 or "close_left_frac" in out
    if kind == "exit" and is_part and ("sl" in out or "tp" in out):
        raise Unreadable("unsupported_parameter", "levels beside an exit of a part are not done; send a modify too")
    if kind != "exit" and is_part:
        raise Unreadable("unsupported_parameter", f"a share of {kind} is not done")


def _check_beside(extras: dict[str, Any], out: dict[str, Any]) -> None:
    """Raises Unreadable where another word of the body means another trade."""
    kind, side = out["type"], out.get("side")
    for name in _CHECKED:
        if name in extras:
            agree(name, extras[name], kind, side, deal=side.opposite if side is not None and kind == "exit" else None)
    is_part = "close_frac" in out or "close_left_frac" in out or "ref" in out
    for name in _PLACES:
        if name in extras:
            refuse_position(name, extras[name], kind, side, is_part=is_part)


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
    found = reading.named(matters=_of_other_targets(reading), takes=_ALL)
    if reading.settings.get("entry_price") == "informs" and "entry_price" in found and "order_type" not in found:
        reading.extras["entry_price"] = values.price("entry_price", found.pop("entry_price"))
    kind = _type("type", found.pop("type", None))
    out: dict[str, Any] = {"type": kind, "signal": kind, "symbol": reading.symbol(found.pop("symbol", None))}
    period = reading.period(found.pop("timeframe", None))
    if period is not None:
        out["timeframe"] = period
    moment = found.pop("time", None)
    if moment is not None:
        out["time_ns"] = reading.moment_ns(moment)
    read_parts(reading, found, out)
    return out


def read_parts(reading: Reading, found: dict[str, Any], out: dict[str, Any]) -> None:
    """What else the plain dialect knows, from ``found`` into ``out``. Raises Unreadable."""
    others: dict[str, Any] = {}
    if not _OTHERS.isdisjoint(found):
        others = {name: found.pop(name) for name in _OTHERS.intersection(found)}
        if "tp" in found and not _SEVERAL.isdisjoint(others):
            others["tp_price"] = found.pop("tp")
    for name, value in found.items():
        target, convert = _CONVERT[name]
        if value == "" and name in _EMPTY_IS_ABSENT:
            continue
        out[target] = convert(name, value)
    if not others:
        return
    if "quantity_type" in others:
        kind = others.pop("quantity_type")
        if "volume" in out:
            out["volume"] = typed_quantity(out["volume"], kind)
    if "tp" in out and any(name[:2] == "tp" for name in others):
        raise Unreadable("duplicate_key", "there are several words for the target")
    levels(reading, others, out, "")
    part(others, out)
    if others:
        raise Unreadable("unsupported_parameter", f"{next(iter(others))} is not understood here")


def _of_other_targets(reading: Reading) -> frozenset[str]:
    """Keys that say more of targets that the setting ``target`` does not name (``tp1_pct``): they ask for nothing."""
    chosen, fields = reading.settings.get("target"), reading.body.fields
    if fields is None or (not reading.settings and _SEVERAL.isdisjoint(fields)):
        return _NONE
    if chosen is None and len(_SEVERAL.intersection(fields)) < _TWO:  # two need the setting
        return _NONE
    short = ((key, key[:3].lower()) for key in fields if isinstance(key, str))
    return frozenset(key for key, word in short if word in _SEVERAL and word != chosen)


def _type(_name: str, value: Any) -> str:
    if value is None or value == "":
        raise Unreadable("missing_type", f"there is no type; it must be one of {', '.join(TYPES)}")
    kind = TYPES.get(value) if isinstance(value, str) else None
    if kind is None and isinstance(value, str):
        kind = TYPES.get(value[:32].strip().lower())
    if kind is None:
        raise Unreadable("unknown_type", f"type {shown(value)} is not one of {', '.join(TYPES)}")
    return kind


_ALL: Final = TAKES | _TARGETS
_QUICK: Final = {
    **_CONVERT,
    "type": ("type", _type),
    "symbol": ("symbol", lambda _name, value: values.symbol_text(value)),
    "timeframe": ("timeframe", values.timeframe),
}


def _claims(body: Body) -> bool:
    return body.fields is not None


PLAIN: Final = register(
    Dialect(
        name=NAME,
        rank=100,
        claims=_claims,
        read=read,
        settings={
            "target": ("tp", "tp1", "tp2", "tp3"),
            "exit_size": ("all",),
            "entry_price": ("informs",),
        },
    )
)
