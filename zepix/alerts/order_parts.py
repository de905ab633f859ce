"""The parts of an order that mean the same in every JSON dialect of foreign senders: levels, volume, kind of order.

- A stop or a target is in the unit that its name says (``sl_price, sl_percent, sl-offset, tp_pips``). One whose name
  says none is in the unit of the setting ``target_type``; without it, it is a price where it lies between half and
  twice the alert's own price, and else of an unknown unit. Several targets (``tp1, tp2, tp3``) need the setting
  ``target``, since an order has one.
- A price of a pending order (``limit_price, stop_price, entry_price``) without its kind sets the body aside;
  ``entry_price`` is passed over where the setting ``entry_price`` says that it informs.
- An exit at another price than the market's, or of a size that is not understood, sets the body aside.
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
from zepix.alerts.trade_words import LEVEL_WORDS, bare, refuse_beside
from zepix.model.quantity import Quantity

__all__ = [
    "PARTS",
    "SETTINGS",
    "base",
    "fill_order",
    "keep_rest",
    "level_in_unit",
    "levels",
    "order_kind",
    "part",
    "refuse_flags",
    "refuse_prices",
    "refuse_sizes",
    "refuse_turning",
    "size",
    "typed_quantity",
    "volume",
]

SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "volume_unit": ("lots", "units", "notional"),
    "target": ("tp", "tp1", "tp2", "tp3"),
    "target_type": ("price", "distance", "points", "pips", "percent"),
    "entry_price": ("informs",),
}
_LEVELS: Final = {name: (name[:2], name[3:]) for name in LEVEL_WORDS.values()}
"""Name of a level -> (stop or target, its unit, empty where the name says none)."""
_PRICE_NAMES: Final = frozenset({"limit_price", "stop_price", "entry_price"})
_PRICE_WORDS: Final = frozenset({"price", "orderprice", "signalprice", "strategyorderprice"})
_EVIDENT: Final = 2.0
"""A level within this factor of the alert's own price is a price."""
_TARGETS: Final = ("tp1", "tp2", "tp3")
_PRICES: Final = ("limit_price", "stop_price", "entry_price")
PARTS: Final = frozenset({"close_percent", "close_frac", "close_left_frac"})
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
_ORDER_NAMES: Final = _ALL_LEVELS | {*_PRICES, "type", "order_type", "time_in_force", "expires_s", "oco"}
_KEPT: Final = frozenset(
    {"contracts", "volume", "close_position", "reduce_only", "position_side", "cancel_orders", "order_mode", "type"}
    | {"order_type", "entry_price", "lots", *_TARGETS}
)
"""What was understood and is kept beside under its own name."""
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


def levels(reading: Reading, found: dict[str, Any], out: dict[str, Any], dialect: str) -> None:
    """``sl`` and ``tp`` of an order, in the unit of their names, else of the setting. Raises Unreadable.

    An empty ``dialect`` is one whose levels are prices unless their name says otherwise.
    """
    if _ALL_LEVELS.isdisjoint(found):
        return
    _choose_target(reading, found)
    near = out.get("entry_price", out.get("price"))
    for name in [name for name in found if name in _LEVELS]:
        level, unit = _LEVELS[name]
        value = found.pop(name)
        if level in out:
            raise Unreadable("duplicate_key", f"{name} is the second word for {level}")
        if isinstance(value, Mapping):
            out[level] = _level_object(name, value)
        elif unit:
            out[level] = level_in_unit(name, value, unit)
        else:
            out[level] = _level_of_setting(reading, name, value, near, dialect)


def level_in_unit(name: str, value: Any, unit: str) -> float | Quantity:
    """A level in a unit that is known: a price as it is, per cent as a fraction. Raises Unreadable."""
    number = values.price(name, value)
    if unit == "price":
        return number
    return Quantity(number / 100, "fraction") if unit == "percent" else Quantity(number, unit)


def _level_of_setting(reading: Reading, name: str, value: Any, near: Any, dialect: str) -> float | Quantity:
    """A level whose name says no unit: by the setting, else a price where it evidently is one, else unknown."""
    number = values.price(name, value)
    if not dialect:
        return number
    is_price = type(near) is float and near <= number * _EVIDENT and number <= near * _EVIDENT
    if is_price and "target_type" not in reading.settings:
        return number
    return reading.quantity(number, dialect, "target_type")


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
        found = level_in_unit(f"{word} of {name}", value, unit)
    if found is None:
        raise Unreadable("bad_price", f"{name} is an object without a price, a percent or an amount")
    return found


def _choose_target(reading: Reading, found: dict[str, Any]) -> None:
    """Of several targets the one that the setting names; the others go beside. Raises Unreadable without it."""
    several = [name for name in _TARGETS if name in found]
    if not several:
        return
    own = [name for name in found if name in _LEVELS and name[:2] == "tp"]
    chosen = several[0] if len(several) == 1 and not own else reading.settings.get("target")
    if chosen is None:
        raise Unreadable(
            "missing_setting", "an order has one target, and there are several; set target to tp, tp1, tp2 or tp3"
        )
    if (chosen == "tp" and not own) or (chosen != "tp" and (own or chosen not in found)):
        raise Unreadable("bad_field", f"the target {chosen} is meant, and is not the only one or is not there")
    picked = found.get(chosen)
    for name in several:
        reading.extras[name] = values.price(name, found.pop(name))
    if chosen != "tp":
        found["tp"] = picked


def size(found: dict[str, Any], reading: Reading) -> float | None:
    """The order's own size as a number in whatever unit, or None; ``volume`` is one where nothing else is.

    It goes beside (``fields["contracts"]``). In a body with open, high, low or close ``volume`` is the bar's,
    else a second word for the size. Raises Unreadable.
    """
    if "volume" in found:
        is_bars = "contracts" in found or "lots" in found or not _BAR.isdisjoint(reading.extras)
        is_second = "contracts" in found and _BAR.isdisjoint(reading.extras)
        if is_second and values.finite("volume", found["volume"]) != values.volume("size", found["contracts"]):
            raise Unreadable("duplicate_key", "volume is the second word for the size, with another value")
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
    return typed_quantity(number, kind) if kind is not None else reading.quantity(number, dialect, "volume_unit")


def typed_quantity(number: float, kind: Any) -> Quantity:
    """A size with the word that says what it counts (``fixed_quantity, dollar_amount``). Raises Unreadable."""
    word = kind.lower().replace("_", "") if isinstance(kind, str) else ""
    if word not in _QUANTITY_TYPES:
        known = "fixed_quantity, dollar_amount and risk_dollar_amount are"
        raise Unreadable("unsupported_parameter", f"a quantity in {shown(kind)} is not done; {known}")
    return Quantity(number, _QUANTITY_TYPES[word])


def fill_order(
    reading: Reading, found: dict[str, Any], out: dict[str, Any], dialect: str, *, filled: bool = False
) -> None:
    """Kind of order, its prices, how long it stays, and what else an entry may bring. Raises Unreadable.

    ``filled``: the alert tells of an order that was filled, so that a price of its entry informs.
    """
    if _ORDER_NAMES.isdisjoint(found):
        return
    kind = order_kind(found)
    if kind != "market":
        out["order_type"] = kind
        _pending_prices(reading, found, out, kind)
    levels(reading, found, out, dialect)
    if "entry_price" in found and (filled or reading.settings.get("entry_price") == "informs"):
        reading.extras["entry_price"] = values.price("entry_price", found.pop("entry_price"))
    refuse_prices(found, f"a {kind} order")
    stays = found.pop("time_in_force", None)
    if stays is not None:
        _stay(reading, stays, kind)
    for name, convert in _PLAIN_PARTS:
        if name in found:
            out[name] = convert(name, found.pop(name))


def order_kind(found: dict[str, Any]) -> str:
    """The kind of order, by ``type`` (which the dialect looked at before) and ``order_type``. Raises Unreadable."""
    if "type" in found:
        other = found.pop("type")
        if values.order_type("order_type", found.setdefault("order_type", other)) != values.order_type("type", other):
            raise Unreadable("duplicate_key", "type and order_type name different kinds of order")
    return values.order_type("order_type", found.pop("order_type")) if "order_type" in found else "market"


def refuse_prices(found: Mapping[str, Any], what: str) -> None:
    """Raises Unreadable where a price of a pending order is left that ``what`` does not have."""
    if _PRICE_NAMES.isdisjoint(found):
        return
    for name in _PRICES:
        if name in found:
            if "entry_price" in found or what == "a market order":
                hint = f"{name} without order_type: say limit, stop, stop_limit or market"
                if name == "entry_price":
                    hint += ", or set entry_price to informs"
                raise Unreadable("bad_order_type", hint)
            raise Unreadable("unsupported_parameter", f"{name} does not belong to {what}")


def refuse_turning(reading: Reading, found: dict[str, Any]) -> None:
    """Raises Unreadable where an entry is said only to reduce or to close; false is passed over."""
    if "reduce_only" not in found and "close_position" not in found:
        return
    for name in ("reduce_only", "close_position"):
        if name in found:
            value = reading.extras[name] = found.pop(name)
            if values.flag(name, value):
                raise Unreadable("conflicting_action", f"{name} is true, and the rest of the body opens")


def part(found: dict[str, Any], out: dict[str, Any]) -> None:
    """What share an exit closes; all where nothing is said. Raises Unreadable for two of them."""
    names = [name for name in PARTS if name in found]
    if not names:
        return
    if len(names) > 1:
        raise Unreadable("duplicate_key", f"{names[1]} is the second word for the share that is closed")
    name = names[0]
    if name == "close_percent":
        percent = values.positive(name, found.pop(name))
        if percent > 100:
            raise Unreadable("bad_field", f"close_percent must be at most 100, not {percent:g}")
        if percent < 100:
            out["close_left_frac"] = percent / 100
    else:
        out[name] = values.fraction(name, found.pop(name))


def refuse_sizes(reading: Reading, *, has_size: bool) -> None:
    """Raises Unreadable for what stands beside and changes what is traded; ``has_size``: a size is understood."""
    if reading.extras:
        refuse_beside(reading.extras, has_size=has_size, known=_KEPT)


def _pending_prices(reading: Reading, found: dict[str, Any], out: dict[str, Any], kind: str) -> None:
    """Where a pending order waits: by the name of its kind, else ``entry_price``, else the order's own ``price``."""
    general = found.pop("entry_price", None)
    wanted = _PENDING_NAMES[kind]
    given = [found.pop(name, None) for name in wanted]
    if (
        general is not None
        and given[0] is not None
        and values.price("entry_price", general) != values.price(wanted[0], given[0])
    ):
        raise Unreadable("duplicate_key", f"{wanted[0]} and entry_price differ")
    if general is None:
        general = out.get("price")
        if given[0] is None and any(bare(key) in _PRICE_WORDS for key in reading.extras):
            raise Unreadable("duplicate_key", "two different prices, and which is the order's is not said")
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
