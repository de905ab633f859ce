"""The parts of an order that mean the same in every JSON dialect of foreign senders: levels, volume, kind of order.

- A stop or a target is a price, or in the unit that its name says (``sl_percent, sl-offset, tp_pips``); several targets
  (``tp1, tp2, tp3``) need the setting ``target``, since an order has one.
- A size is in the unit of the setting ``volume_unit``; ``lots`` say it themselves.
- What asks for something that is not done here sets the body aside by its name (``unsupported_parameter``); what only
  would be done otherwise is kept in ``fields`` and noted in ``repairs``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.payload import shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.model.quantity import Quantity

__all__ = ["SETTINGS", "base", "fill_order", "keep_rest", "levels", "refuse_flags", "size", "volume"]

SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "volume_unit": ("lots", "units", "notional"),
    "target": ("tp1", "tp2", "tp3"),
}
_UNIT_ENDS: Final = {"": "price", "_distance": "distance", "_percent": "percent", "_points": "points", "_pips": "pips"}
_LEVELS: Final = {f"{level}{end}": (level, unit) for level in ("sl", "tp") for end, unit in _UNIT_ENDS.items()}
_TARGETS: Final = ("tp1", "tp2", "tp3")
_ALL_LEVELS: Final = frozenset({*_LEVELS, *_TARGETS})
_LEVEL_OBJECT: Final = {
    "percent": "percent",
    "amount": "distance",
    "price": "price",
    "stopprice": "price",
    "limitprice": "price",
}
_LEVEL_KINDS: Final = frozenset({"", "stop", "limit", "market"})
_BAR: Final = frozenset({"open", "high", "low", "close"})
_NO_ORDER: Final = {
    "heartbeat": "the sender shows that it is alive",
    "test": "the sender only tries whether it arrives",
}
_PENDING_NAMES: Final = {
    "limit": ("limit_price",),
    "stop": ("stop_price",),
    "stop_limit": ("stop_price", "limit_price"),
}
_ORDER_NAMES: Final = _ALL_LEVELS | {"type", "order_type", "time_in_force", "expires_s", "oco"}
_FLAGS: Final = frozenset({"cancel_orders", "order_mode", "position_side", *_NO_ORDER})
_STAYS_PENDING: Final = frozenset({"gtc", "day"})
_QUANTITY_TYPES: Final = {
    "fixedquantity": "units",
    "dollaramount": "notional",
    "riskdollaramount": "money",
}
_PLAIN_PARTS: Final[tuple[tuple[str, Callable[[str, Any], Any]], ...]] = (
    ("expires_s", values.lifetime_s),
    ("oco", values.text),
)
_TEXTS: Final = (("plugin_hint", "plugin_hint"), ("id", "explicit_id"), ("comment", "comment"), ("ref", "ref"))
_NUMBERS: Final = frozenset(
    {"contracts", "lots", "volume", "market_position_size", "prev_market_position_size", "position_size"}
)


def base(reading: Reading, found: dict[str, Any]) -> dict[str, Any]:
    """Symbol, timeframe, price, time and texts, taken out of ``found``. Raises Unreadable."""
    out: dict[str, Any] = {"symbol": reading.symbol(found.pop("symbol", None))}
    if reading.timeframe or "timeframe" in found:
        period = reading.period(found.pop("timeframe", None))
        if period is not None:
            out["timeframe"] = period
    if "price" in found:
        out["price"] = values.price("price", found.pop("price"))
    moment = found.pop("timenow", None)
    if moment is None:
        moment = found.pop("time", None)
    if moment is not None:
        out["time_ns"] = reading.moment_ns(moment)
    for name, target in _TEXTS:
        if name in found:
            text = values.text(name, found.pop(name))
            if text:
                out[target] = text
    return out


def levels(reading: Reading, found: dict[str, Any], out: dict[str, Any]) -> None:
    """``sl`` and ``tp`` of an order, in the unit of their names. Raises Unreadable."""
    if _ALL_LEVELS.isdisjoint(found):
        return
    _choose_target(reading, found)
    for name in [name for name in found if name in _LEVELS]:
        level, unit = _LEVELS[name]
        value = found.pop(name)
        if level in out:
            raise Unreadable("duplicate_key", f"{name} is the second word for {level}")
        out[level] = _level_object(name, value) if isinstance(value, Mapping) else _level(name, value, unit)


def _level(name: str, value: Any, unit: str) -> float | Quantity:
    if unit == "price":
        return values.price(name, value)
    number = values.price(name, value)
    return Quantity(number / 100, "fraction") if unit == "percent" else Quantity(number, unit)


def _level_object(name: str, given: Mapping[str, Any]) -> float | Quantity:
    """``{"type": "stop", "percent": 5}``: one number, in the unit of its name. Raises Unreadable for anything else."""
    found: float | Quantity | None = None
    for key, value in given.items():
        word = key.lower().replace("_", "") if isinstance(key, str) else ""
        if word == "type" and isinstance(value, str) and value.strip().lower() in _LEVEL_KINDS:
            continue
        unit = _LEVEL_OBJECT.get(word)
        if unit is None or found is not None:
            what = "is not done" if unit is None else "is the second number of one level"
            raise Unreadable("unsupported_parameter", f"{shown(key)} of {name} {what}; one price or percent is")
        found = _level(f"{word} of {name}", value, unit)
    if found is None:
        raise Unreadable("bad_price", f"{name} is an object without a price, a percent or an amount")
    return found


def _choose_target(reading: Reading, found: dict[str, Any]) -> None:
    """Of several targets the one that the setting names; the others go beside. Raises Unreadable without it."""
    several = [name for name in _TARGETS if name in found]
    if not several:
        return
    chosen = several[0] if len(several) == 1 and "tp" not in found else reading.settings.get("target")
    if chosen is None:
        raise Unreadable(
            "missing_setting", "an order has one target, and there are several; set target to tp1, tp2 or tp3"
        )
    if chosen not in found or "tp" in found:
        raise Unreadable("bad_field", f"the target {chosen} is meant, and is not the only one or is not there")
    picked = found[chosen]
    for name in several:
        reading.extras[name] = values.price(name, found.pop(name))
    found["tp"] = picked


def size(found: dict[str, Any], reading: Reading) -> float | None:
    """The order's own size as a number in whatever unit, or None; ``volume`` is one where nothing else is.

    It goes beside (``fields["contracts"]``). In a body with open, high, low or close ``volume`` is the bar's. Raises
    Unreadable.
    """
    if "volume" in found:
        is_bars = "contracts" in found or "lots" in found or not _BAR.isdisjoint(reading.extras)
        if is_bars:
            reading.extras["volume"] = values.finite("volume", found.pop("volume"))
        else:
            found["contracts"] = found.pop("volume")
    if "contracts" not in found:
        return None
    own = reading.extras["contracts"] = values.volume("contracts", found.pop("contracts"))
    return own


def volume(reading: Reading, found: dict[str, Any], dialect: str, number: float | None) -> Any:
    """``number`` (or ``lots``) as lots, or a Quantity; None where nothing is said. Raises Unreadable."""
    if "lots" in found:
        return values.volume("lots", found.pop("lots"))
    kind = found.pop("quantity_type", None)
    if number is None:
        return None
    number = values.volume("size", number)
    if kind is not None:
        word = kind.lower().replace("_", "") if isinstance(kind, str) else ""
        if word not in _QUANTITY_TYPES:
            known = "fixed_quantity, dollar_amount and risk_dollar_amount are"
            raise Unreadable("unsupported_parameter", f"a quantity in {shown(kind)} is not done; {known}")
        return Quantity(number, _QUANTITY_TYPES[word])
    return reading.quantity(number, dialect, "volume_unit")


def fill_order(reading: Reading, found: dict[str, Any], out: dict[str, Any]) -> None:
    """Kind of order, its prices, how long it stays, and what else an entry may bring. Raises Unreadable."""
    if _ORDER_NAMES.isdisjoint(found):
        return
    levels(reading, found, out)
    if "type" in found:  # of an order; the dialect looked at it before
        found.setdefault("order_type", found.pop("type"))
    kind = values.order_type("order_type", found.pop("order_type")) if "order_type" in found else "market"
    if kind != "market":
        out["order_type"] = kind
        _pending_prices(found, out, kind)
    stays = found.pop("time_in_force", None)
    if stays is not None:
        _stay(reading, stays, kind)
    for name, convert in _PLAIN_PARTS:
        if name in found:
            out[name] = convert(name, found.pop(name))


def _pending_prices(found: dict[str, Any], out: dict[str, Any], kind: str) -> None:
    """Where a pending order waits: by the name of its kind, else ``entry_price``, else the order's own ``price``."""
    general = found.pop("entry_price", None)
    if general is None:
        general = out.get("price")
    wanted = _PENDING_NAMES[kind]
    given = [found.pop(name, None) for name in wanted]
    given = [given[0] if given[0] is not None else general, *given[1:]]
    for name, value in zip(("entry_price", "limit_price"), given, strict=False):
        if value is None:
            raise Unreadable("bad_price", f"a {kind} order needs {' and '.join(wanted)}")
        out[name] = values.price(name, value)


def _stay(reading: Reading, value: Any, kind: str) -> None:
    word = values.text("time_in_force", value).lower()
    reading.extras["time_in_force"] = word
    if kind == "market" or word in ("", "gtc"):
        return
    if word not in _STAYS_PENDING:
        raise Unreadable("unsupported_parameter", f"time_in_force {shown(word)} of a pending order is not done")
    reading.repairs.append("time_in_force: day -> none (the order stays until it is cancelled; expires_s ends it)")


def refuse_flags(reading: Reading, found: dict[str, Any]) -> None:
    """Flags that change what is traded and are not done here: false is passed over, true sets the body aside.

    ``cancel_orders`` is passed over, and noted, where the setting says ``ignore``. Raises Unreadable.
    """
    if _FLAGS.isdisjoint(found):
        return
    if "cancel_orders" in found:
        value = found.pop("cancel_orders")
        if values.flag("cancel_orders", value):
            if reading.settings.get("cancel_orders") != "ignore":
                what = "an alert asks for one thing; send action cancel before it, or set cancel_orders to ignore"
                raise Unreadable("unsupported_parameter", f"cancel_orders is true: {what}")
            reading.repairs.append("cancel_orders: true -> null (by the setting)")
        reading.extras["cancel_orders"] = value
    for name, what in _NO_ORDER.items():
        if name in found and values.flag(name, found[name]):
            raise Unreadable("no_trade", f"{name} is true: {what}")
    for name in ("order_mode", "position_side"):
        value = found.pop(name, None)
        if value is None:
            continue
        word = values.text(name, value)
        if word.lower() not in ("", "both", "normal", "oneway", "one_way", "one-way"):
            raise Unreadable("unsupported_parameter", f"{name} {shown(word)} is not done")
        reading.extras[name] = word


def keep_rest(reading: Reading, found: Mapping[str, Any]) -> None:
    """What a dialect has no use for stays readable in ``fields``; sizes as numbers. Raises Unreadable."""
    extras = reading.extras
    for name, value in found.items():
        if name in _NUMBERS:
            extras[name] = values.finite(name, value)
        elif type(value) is str or values.is_finite_throughout(value):
            extras[name] = value
        else:
            raise Unreadable("bad_number", f"{shown(name)} holds a number that is not finite")
