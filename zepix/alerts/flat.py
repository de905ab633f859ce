"""The flat dialect: any other JSON object with an action word and none of the plain dialect's types.

An action is ``action`` (``buy, sell, exit, close_long, cancel, ...``, table below), a ``signal`` that is such a word,
or a ``side`` beside a size, a level or a kind of order; a side alone is no action. Buy and sell open; by the setting
``action = "reversal"`` they turn what is open. ``position_side`` (LONG, SHORT) with a side is a hedging account's entry
or exit, ``reduce_only`` and ``close_position`` make an exit of it. An exit of a size is not done: ``close_percent``
says a part, and the setting ``exit_size = "all"`` closes all whatever size is sent.

Percent are of the entry's price. Sizes are in the unit of the setting ``volume_unit``. What asks for something that is
not done here (``cancel_orders``, an unknown level, a trailing stop) sets the body aside by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.order_names import ORDER_TYPES, PLAIN_TYPES, Named, named
from zepix.alerts.order_parts import SETTINGS, base, fill_order, keep_rest, levels, refuse_flags, size, volume
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.model import Side

__all__ = ["ACTIONS", "FLAT", "FLAT_SETTINGS", "NAME", "read", "read_as"]

NAME: Final = "flat"
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
_BESIDE_A_SIDE: Final = frozenset(
    {
        "contracts",
        "lots",
        "volume",
        "order_type",
        "sl",
        "tp",
        "sl_percent",
        "tp_percent",
        "reduce_only",
        "close_position",
    }
    | {
        "position_side",
        "quantity_type",
        "limit_price",
        "stop_price",
        "sl_distance",
        "tp_distance",
        "sl_pips",
        "tp_pips",
    }
)
_TURNING: Final = frozenset({"close_position", "reduce_only", "position_side"})
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
    if side is not None:
        out["side"] = side
    if kind in ("entry", "reversal"):
        if side is None:
            raise Unreadable("missing_side", f"{shown(word)} needs a side, buy or sell")
        traded = volume(reading, found, name, size(found, reading))
        if traded is not None:
            out["volume"] = traded
        fill_order(reading, found, out)
    elif kind == "exit":
        _part(reading, found, out)
    elif kind == "modify":
        levels(reading, found, out)
    keep_rest(reading, found)
    return out


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
    meaning = ACTIONS.get(sent) or ACTIONS.get(sent.lower().replace("_", "").replace("-", "").replace(" ", ""))
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
    if _TURNING.isdisjoint(found):
        return ("reversal" if reading.settings.get("action") == "reversal" else "entry"), side
    closes = _flag(reading, found, "close_position")
    reduces = _flag(reading, found, "reduce_only")
    place = found.pop("position_side", None)
    if place is not None:
        reading.extras["position_side"] = place
        if not isinstance(place, str) or place.strip().lower() not in ("both", ""):
            held = values.side("position_side", place)
            if held is not side:
                return "exit", held
    if closes:
        return "exit", None
    if reduces:
        return "exit", side.opposite
    return ("reversal" if reading.settings.get("action") == "reversal" else "entry"), side


def _flag(reading: Reading, found: dict[str, Any], name: str) -> bool:
    if name not in found:
        return False
    reading.extras[name] = found[name]
    return values.flag(name, found.pop(name))


def _part(reading: Reading, found: dict[str, Any], out: dict[str, Any]) -> None:
    """What share an exit closes; all where nothing is said. Raises Unreadable for an exit of a size."""
    share = found.pop("close_percent", None)
    kind = found.get("quantity_type")
    number = size(found, reading)
    if isinstance(kind, str) and kind.lower().replace("_", "") == "percentofposition" and share is None:
        share, number = number, None
    if share is not None:
        percent = values.positive("close_percent", share)
        if percent > 100:
            raise Unreadable("bad_field", f"close_percent must be at most 100, not {shown(share)}")
        if percent < 100:
            out["close_left_frac"] = percent / 100
    closes_all = "close_position" in reading.extras or reading.settings.get("exit_size") == "all"
    if (number is not None or "lots" in found) and not closes_all:
        what = "an exit of a size is not done; send close_percent, or set exit_size to all"
        raise Unreadable("unsupported_parameter", what)


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
