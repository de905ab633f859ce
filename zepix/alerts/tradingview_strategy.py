"""The tradingview dialect: JSON made of TradingView's strategy placeholders, flat or nested, whatever its spelling.

It is known by a position before or after the order (``market_position``, ``prevMarketPosition``, ``position_size``,
``sentiment``) or by ``strategy.order.action``. What the order means follows from the positions (``positions.py``):

| position before and after    | alert                                                                    |
|------------------------------|--------------------------------------------------------------------------|
| flat, long                   | entry buy, of the order's contracts                                      |
| long, more long              | entry buy, signal ``add``                                                |
| long, less long              | exit of longs, ``close_left_frac``, signal ``reduce``                    |
| long, flat                   | exit of longs (``side`` is buy: it names the tickets)                    |
| long, short                  | reversal to sell, of the size after                                      |
| flat, flat                   | set aside ``no_trade``                                                   |

A position's size without its word is flat where it is 0, and unclear where it is not. ``reduce_only`` and
``close_position`` beside an entry, and a ``type``, a ``signal`` or an ``order_id`` that is a word of another action,
set the body aside; so does an exit at another price than the market's. The levels of an exit ask for nothing.

Without any position, buy and sell are entries, or reversals by the setting ``action``. Where only the position before
is known and the order goes against it, the setting ``action = "reversal"`` says that it turns; without it the body is
set aside. Sizes are in the unit of ``volume_unit``. Positions and sizes stay in ``fields``, so that a lost alert shows.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.order_names import ORDER_TYPES, PLAIN_TYPES, named
from zepix.alerts.order_parts import (
    PARTS,
    SETTINGS,
    base,
    fill_order,
    keep_rest,
    levels,
    order_kind,
    refuse_flags,
    refuse_prices,
    refuse_sizes,
    refuse_turning,
    size,
    volume,
)
from zepix.alerts.payload import Body, shown
from zepix.alerts.positions import Change, Position, change_of, position
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.trade_words import ACTIONS, agree, bare
from zepix.model import Side

__all__ = ["NAME", "TRADINGVIEW", "read"]

NAME: Final = "tradingview"
_ORDER_NAMES: Final = ("order_action", "action", "data", "side")
_PLACES: Final = frozenset(
    {"market_position", "prev_market_position", "position_size", "market_position_size", "prev_market_position_size"}
)
_WORDS: Final = {
    "long": "long",
    "short": "short",
    "flat": "flat",
    "bullish": "long",
    "bearish": "short",
}
_OTHER_ACTIONS: Final = frozenset(ACTIONS) - {"buy", "sell", "long", "short"}
"""What is no order of a strategy, but an action: the flat dialect's, whatever positions stand beside."""
_TYPES: Final = {"entry": "entry", "add": "entry", "reduce": "exit", "exit": "exit", "reversal": "reversal"}


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a strategy's alert. Raises Unreadable."""
    known = named(reading.body)
    found = known.for_reading(reading)
    if "type" in found and known.word("type") not in ORDER_TYPES:
        reading.extras["type"] = values.text("type", found.pop("type"))
    out = base(reading, found)
    refuse_flags(reading, found)
    order = _order(found)
    before, after = _positions(found)
    change = _change(reading, order, before, after, size(found, reading))
    out.update(type=_TYPES[change.kind], signal=change.kind)
    _check_words(reading, found, out["type"], change.side, order, before is not None and after is not None)
    if change.side is not None:
        out["side"] = change.side
    if change.left_frac is not None:
        out["close_left_frac"] = change.left_frac
    if out["type"] == "exit":
        refuse_sizes(reading, has_size=False)
        _keep_sizes(reading, found)
    else:
        refuse_turning(reading, found)
        if not PARTS.isdisjoint(found):
            raise Unreadable("unsupported_parameter", "a share of what opens is not done")
        traded = volume(reading, found, NAME, change.size)
        if traded is not None:
            out["volume"] = traded
        fill_order(reading, found, out, NAME, filled=before is not None or after is not None)
        refuse_sizes(reading, has_size="volume" in out)
    keep_rest(reading, found)
    return out


def _order(found: dict[str, Any]) -> Side | None:
    """The side of the order that was filled; None where the body does not say. Raises Unreadable."""
    side: Side | None = None
    for name in _ORDER_NAMES:
        if name in found:
            value = found.pop(name)
            if value == "" or (name == "data" and side is not None):
                continue
            other = values.side(f"{name} of a strategy", value)
            if side is not None and side is not other:
                raise Unreadable("conflicting_side", f"{name} is {shown(value)}, and another part says {side}")
            side = other
    return side


def _check_words(
    reading: Reading, found: dict[str, Any], kind: str, side: Side | None, order: Side | None, both: bool
) -> None:
    """Raises Unreadable for another word of the body that means something else.

    An order's id is a name: with ``both`` positions known only a word of another action contradicts them.
    """
    if "signal" in found:
        agree("signal", found["signal"], kind, side, deal=order)
    if "type" in reading.extras:
        agree("type", reading.extras["type"], kind, side, deal=order)
    place = found.get("order_id")
    if place is not None and kind != "exit":
        agree("order_id", place, kind, side, loosely=both)
    elif not both and isinstance(place, str) and ACTIONS.get(bare(place[:32])) == ("entry", order):
        raise Unreadable("conflicting_action", f"order_id is {shown(place)}, and the position after the order is flat")


def _positions(found: dict[str, Any]) -> tuple[Position | None, Position | None]:
    """The positions before and after the order, as far as they are known. Raises Unreadable."""
    after_word = _word(found, "market_position")
    signed = _number(found, "position_size")
    if "position" in found:
        given = found.pop("position")
        if _word_of(given) is not None:
            after_word = after_word or _word_of(given)
        elif signed is None:
            signed = values.finite("position", given)
        found["market_position"] = after_word
    before_word, before_size = _word(found, "prev_market_position"), _number(found, "prev_market_position_size")
    if before_size is not None and before_word is None:
        before_word = _by_size("prev_market_position_size", before_size)
    before = position("the position before", before_word, before_size) if before_word else None
    after_size = _number(found, "market_position_size")
    if after_word is None and after_size is not None and signed is None:
        after_word = _by_size("market_position_size", after_size)
    known = after_word is not None or signed is not None
    return before, position("the position after", after_word, after_size, signed) if known else None


def _by_size(name: str, size: float) -> str:
    """Flat, of a size of 0; any other size is long or short, which nobody says. Raises Unreadable."""
    if size > 0:
        raise Unreadable("unclear_position", f"{name} is {size:g}, and whether it is long or short is not said")
    return "flat"


def _word_of(value: Any) -> str | None:
    if type(value) is not str:
        return None
    return _WORDS.get(value) or (_WORDS.get(value.strip().lower()) if len(value) < 16 else None)


def _word(found: dict[str, Any], name: str) -> str | None:
    if name not in found:
        return None
    value = found[name]
    if value == "":
        return None
    word = _word_of(value)
    if word is None:
        raise Unreadable("conflicting_position", f"{name} must be long, short or flat, not {shown(value)}")
    return word


def _number(found: dict[str, Any], name: str) -> float | None:
    """A size, which stays in ``found`` as a number."""
    if name not in found:
        return None
    value = found[name]
    if value == "":
        del found[name]
        return None
    number = found[name] = values.finite(name, value)
    if number < 0 and name != "position_size":
        raise Unreadable("conflicting_position", f"{name} must not be negative, it is {shown(value)}")
    return number


def _change(
    reading: Reading, order: Side | None, before: Position | None, after: Position | None, contracts: float | None
) -> Change:
    """What the order did, by the positions, else by the setting ``action``. Raises Unreadable."""
    turns = reading.settings.get("action") == "reversal"
    if before is None and after is None:
        if order is None:
            raise Unreadable("missing_side", "there is no order action, and no position to tell it from")
        return Change("reversal" if turns else "entry", order, contracts)
    against = before is not None and order is not None and before.word == ("short" if order is Side.BUY else "long")
    if after is None and against and turns and (before is None or before.size is None or contracts is None):
        return Change("reversal", order)
    change = change_of(order, before, after, contracts)
    if change.kind == "nothing":
        raise Unreadable("no_trade", "flat before and flat after: nothing is left to follow")
    return change


def _keep_sizes(reading: Reading, found: dict[str, Any]) -> None:
    """On an exit the levels ask for nothing; levels that are none are still named. Raises Unreadable for a price."""
    if "order_type" in found or "type" in found:
        kind = order_kind(found)
        if kind != "market":
            raise Unreadable("unsupported_parameter", f"a {kind} order of an exit is not done")
        reading.extras["order_type"] = kind
    if "entry_price" in found:
        reading.extras["entry_price"] = values.price("entry_price", found.pop("entry_price"))
    refuse_prices(found, "an exit")
    for name in PARTS:
        if name in found:
            raise Unreadable("unsupported_parameter", f"{name}: what is closed follows from the positions")
    if "time_in_force" in found:
        reading.extras["time_in_force"] = values.text("time_in_force", found.pop("time_in_force"))
    beside: dict[str, Any] = {}
    levels(reading, found, beside, NAME)
    reading.extras.update({name: getattr(level, "value", level) for name, level in beside.items()})


def _claims(body: Body) -> bool:
    if body.fields is None or body.word in PLAIN_TYPES:
        return False
    known = named(body)
    found = known.found
    if known.is_plain:
        return False
    if "order_action" in found:
        return True
    if not _PLACES.isdisjoint(found):
        return known.word("action") not in _OTHER_ACTIONS
    return "position" in found and ("data" in found or "action" in found) and _is_position(found["position"])


def _is_position(value: Any) -> bool:
    return isinstance(value, str) and ("{{" in value or _word_of(value) is not None)


TRADINGVIEW: Final = register(
    Dialect(
        name=NAME,
        rank=40,
        claims=_claims,
        read=read,
        settings={**SETTINGS, "action": ("entry", "reversal"), "cancel_orders": ("ignore",)},
    )
)
