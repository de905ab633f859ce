"""The flat dialect: any other JSON object with an action word and none of the plain dialect's types.

An action is ``action`` (``buy, sell, exit, close_long, cancel, ...``, table below), a ``signal`` that is such a word,
or a ``side`` beside a size, a level or a kind of order; a side alone is no action. Buy and sell open; by the setting
``action = "reversal"`` they turn what is open. ``position_side`` (LONG, SHORT) with a side is a hedging account's entry
or exit, ``reduce_only`` and ``close_position`` make an exit of it; as a limit or a stop order such an exit protects,
and becomes the new target or stop of its side. An exit of a size is not done: ``close_percent``, ``close_frac`` and
``close_left_frac`` say a part, and the setting ``exit_size = "all"`` closes all whatever size is sent. A ``type``, a
``signal`` or an ``order_id`` that is a word of another action, and a position that the order cannot lead to, set the
body aside.

A stop or a target whose name says no unit is counted in what the setting ``target_type`` says. Without it, it is a
price where it lies between half and twice the alert's own price, and of an unknown unit else. Percent are of the
entry's price. Sizes are in the unit of the setting ``volume_unit``. What asks for something that is not done here
(``cancel_orders``, an unknown level or size, a trailing stop) sets the body aside by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.order_names import ORDER_TYPES, PLAIN_TYPES, Named, named
from zepix.alerts.order_parts import (
    PARTS,
    SETTINGS,
    base,
    fill_order,
    keep_rest,
    levels,
    order_kind,
    part,
    refuse_flags,
    refuse_prices,
    refuse_sizes,
    size,
    volume,
)
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.trade_words import ACTIONS, LEVEL_WORDS, agree, bare, refuse_position
from zepix.model import Side

__all__ = ["ACTIONS", "FLAT", "FLAT_SETTINGS", "NAME", "read", "read_as"]

NAME: Final = "flat"
_BESIDE_A_SIDE: Final = frozenset(
    {"contracts", "lots", "volume", "order_type", "reduce_only", "close_position", "position_side", "quantity_type"}
    | {"limit_price", "stop_price", *LEVEL_WORDS.values()}
)
_TURNING: Final = frozenset({"close_position", "reduce_only", "position_side"})
_TURNED: Final = frozenset({"close_position", "reduce_only", "position_side"})
_PENDING: Final = frozenset({"limit", "stop", "stoplimit"})
_WORDS: Final = frozenset({"action", "signal", "order_action", "order_id", "data"})
_PLACES: Final = frozenset({"market_position", "position"})
_LEVELS: Final = frozenset(LEVEL_WORDS.values())
_MARKS_OF_AN_ORDER: Final = _BESIDE_A_SIDE - {"order_type"}
FLAT_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    **SETTINGS,
    "action": ("entry", "reversal"),
    "exit_size": ("all",),
    "cancel_orders": ("ignore",),
}


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a flat alert. Raises Unreadable."""
    return read_as(reading, NAME)


def read_as(reading: Reading, name: str) -> dict[str, Any]:
    """As ``read``, with the settings of the dialect ``name``. Raises Unreadable."""
    known = named(reading.body)
    word = _action_word(known)
    found = known.for_reading(reading)
    if "type" in found and known.word("type") not in ORDER_TYPES:
        reading.extras["type"] = values.text("type", found.pop("type"))
    out = base(reading, found)
    kind, side = _meaning(reading, found, word)
    refuse_flags(reading, found)
    out.update(type=kind, signal=word)
    if kind in ("entry", "reversal"):
        if side is None:
            raise Unreadable("missing_side", f"{shown(word)} needs a side, buy or sell")
        _open(reading, found, out, name)
    elif kind == "exit":
        _close(reading, found, out, side)
    elif kind == "modify":
        levels(reading, found, out, name)
    if kind in ("modify", "cancel"):
        if order_kind(found) != "market":
            raise Unreadable("unsupported_parameter", f"an order type of a {kind} is not done")
        refuse_prices(found, f"a {kind}")
        _refuse_size(reading, found, f"a {kind}")
    side = _checked(reading, found, out, side)
    if side is not None:
        out["side"] = side
    if kind != "exit" and not PARTS.isdisjoint(found):
        raise Unreadable("unsupported_parameter", f"a share of {kind} is not done")
    refuse_sizes(reading, has_size="volume" in out)
    keep_rest(reading, found)
    return out


def _open(reading: Reading, found: dict[str, Any], out: dict[str, Any], name: str) -> None:
    number = size(found, reading)
    if number is not None and "lots" in found and values.volume("lots", found["lots"]) != number:
        raise Unreadable("duplicate_key", "lots are the second word for the size, with another value")
    traded = volume(reading, found, name, number)
    if traded is not None:
        out["volume"] = traded
    fill_order(reading, found, out, name)


def _close(reading: Reading, found: dict[str, Any], out: dict[str, Any], side: Side | None) -> None:
    """An exit at the market; of an order that only protects, a change of the stop or the target. Raises Unreadable."""
    protects = not _TURNED.isdisjoint(reading.extras)
    kind = order_kind(found)
    _part(reading, found, out)
    if ("close_left_frac" in out or "close_frac" in out) and not _LEVELS.isdisjoint(found):
        raise Unreadable("unsupported_parameter", "levels beside an exit of a part are not done; send a modify too")
    if kind != "market":
        if not protects or kind == "stop_limit" or "close_left_frac" in out or "close_frac" in out:
            what = "send action modify with the new stop or target, or close without an order type"
            raise Unreadable("unsupported_parameter", f"a {kind} order of an exit is not done: {what}")
        _protect(found, out, kind, side)
    refuse_prices(found, "an exit")


def _protect(found: dict[str, Any], out: dict[str, Any], kind: str, side: Side | None) -> None:
    """What a limit or a stop order that only reduces asks for: a target or a stop for all of its side."""
    if side is None:
        raise Unreadable("missing_side", "an order that closes at a price needs its side")
    name, level = ("limit_price", "tp") if kind == "limit" else ("stop_price", "sl")
    given = found.pop(name, None)
    if given is None:
        given = out.get("price")
    if given is None:
        raise Unreadable("bad_price", f"a {kind} order needs {name}")
    if not _LEVELS.isdisjoint(found):
        raise Unreadable("unsupported_parameter", f"levels beside a {kind} order that only reduces are not done")
    out.update({"type": "modify", level: values.price(name, given)})


def _checked(reading: Reading, found: dict[str, Any], out: dict[str, Any], side: Side | None) -> Side | None:
    """The side, once every other word agrees with what was understood. Raises Unreadable."""
    kind = out["type"]
    if not _WORDS.isdisjoint(found):
        for name in _WORDS:
            if name in found:
                side = agree(name, found[name], kind, side)
    if "type" in reading.extras:
        side = agree("type", reading.extras["type"], kind, side)
    if not _PLACES.isdisjoint(found):
        is_part = "close_left_frac" in out or "close_frac" in out
        for name in _PLACES:
            if name in found:
                refuse_position(name, found[name], kind, side, is_part=is_part)
    return side


def _action_word(known: Named) -> str:
    """The word of the action as it was sent, from ``action``, ``signal`` or ``side``; taken out of the fields."""
    for name in ("action", "signal", "side"):
        value = known.found.get(name)
        if value is not None and value != "" and (name == "action" or known.word(name) in ACTIONS):
            return values.text(name, value)
    raise Unreadable("unknown_action", "there is no action; buy, sell, exit, close_long or cancel would be one")


def _meaning(reading: Reading, found: dict[str, Any], sent: str) -> tuple[str, Side | None]:
    """(type, side) by the action, the side beside it, and the flags that turn an entry into an exit."""
    for name in ("action", "signal"):
        if found.get(name) == sent:  # another word stays, beside
            del found[name]
    given = found.pop("side", None)
    if "{{" in sent:
        raise Unreadable("placeholder", f"the action still holds {shown(sent)}")
    meaning = ACTIONS.get(sent) or ACTIONS.get(bare(sent))
    if meaning is None:
        raise Unreadable("unknown_action", f"{shown(sent)} is no action; buy, sell, exit, close_long, cancel are some")
    kind, side = meaning
    other = values.side("side", given) if given is not None and given not in ("", sent) else None
    if side is not None and other is not None and side is not other:
        raise Unreadable("conflicting_side", f"the action is {shown(sent)}, the side {shown(given)}")
    side = side or other
    if kind == "entry" and side is not None:
        return _of_flags(reading, found, side)
    return kind, side


def _of_flags(reading: Reading, found: dict[str, Any], side: Side) -> tuple[str, Side | None]:
    """A buy or a sell as an entry, or what its flags make of it. Raises Unreadable."""
    opens = "reversal" if reading.settings.get("action") == "reversal" else "entry"
    if _TURNING.isdisjoint(found):
        return opens, side
    closes = _flag(reading, found, "close_position")
    reduces = _flag(reading, found, "reduce_only")
    place = found.pop("position_side", None)
    held: Side | None = None
    if place is not None:
        reading.extras["position_side"] = place
        if not isinstance(place, str) or place.strip().lower() not in ("both", ""):
            held = values.side("position_side", place)
    if held is not None and held is side and (closes or reduces):
        raise Unreadable("conflicting_side", f"a {side} opens {shown(place)}, and is said only to close")
    if held is not None and held is not side:
        return "exit", held
    if closes:  # at the market of both sides; an order at a price is of the side that it closes
        return "exit", side.opposite if _is_pending(found) else None
    if reduces:
        return "exit", side.opposite
    return opens, side


def _is_pending(found: Mapping[str, Any]) -> bool:
    return any(isinstance(found.get(name), str) and bare(found[name]) in _PENDING for name in ("type", "order_type"))


def _flag(reading: Reading, found: dict[str, Any], name: str) -> bool:
    """A flag, which goes beside only where it is true or was sent so. Raises Unreadable."""
    if name not in found:
        return False
    reading.extras[name] = found[name]
    return values.flag(name, found.pop(name))


def _part(reading: Reading, found: dict[str, Any], out: dict[str, Any]) -> None:
    """What share an exit closes; all where nothing is said. Raises Unreadable for an exit of a size."""
    kind = found.get("quantity_type")
    if isinstance(kind, str) and bare(kind) == "percentofposition" and "close_percent" not in found:
        share = size(found, reading)
        if share is not None:
            found["close_percent"] = share
            reading.extras.pop("contracts", None)
    part(found, out)
    closes = reading.extras.get("close_position", False)
    if reading.settings.get("exit_size") == "all" or values.flag("close_position", closes):
        size(found, reading)
    else:
        _refuse_size(reading, found, "an exit", "; send close_percent, or set exit_size to all")


def _refuse_size(reading: Reading, found: dict[str, Any], what: str, hint: str = "") -> None:
    if size(found, reading) is not None or "lots" in found:
        raise Unreadable("unsupported_parameter", f"{what} of a size is not done{hint}")


def _claims(body: Body) -> bool:
    if body.fields is None or body.word in PLAIN_TYPES:
        return False
    known = named(body)
    found = known.found
    kind = found.get("type")
    if kind is not None and known.word("type") not in ORDER_TYPES:
        return "action" in found and not known.is_plain and kind != ""
    if "action" in found:
        return True
    if kind is None and known.word("signal") in ACTIONS:
        return True
    return known.word("side") in ACTIONS and not (_BESIDE_A_SIDE if kind is None else _MARKS_OF_AN_ORDER).isdisjoint(
        found
    )


FLAT: Final = register(Dialect(name=NAME, rank=50, claims=_claims, read=read, settings=FLAT_SETTINGS))
