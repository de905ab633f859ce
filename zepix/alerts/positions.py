"""What an order of a strategy did, by the position before and after it: a table of 12 rows, and what may be missing.

| before | order | after | it was                                                                   |
|--------|-------|-------|--------------------------------------------------------------------------|
| flat   | buy   | long  | entry                                                                    |
| long   | buy   | long  | add: an entry of the order's size                                        |
| long   | sell  | long  | reduce: an exit of contracts / size before                               |
| long   | sell  | flat  | exit                                                                     |
| long   | sell  | short | reversal: an entry of the size after                                     |
| flat   | any   | flat  | nothing                                                                  |

The same holds for shorts with buy and sell exchanged. Any other row contradicts itself, and so do sizes that do not
fit: ``size after = size before + contracts`` with the signs of the sides. What is missing follows from the rest: a
position without a word from its signed size, one of the two positions from the other and the order's contracts, the
order from the two positions. Where only the position after is known, the least is taken: a buy that ends long is an
entry, a buy that ends flat an exit of shorts, a buy that ends short a reduction.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from zepix.alerts.reasons import Unreadable
from zepix.model import Side

__all__ = ["CHANGES", "Change", "Position", "change_of", "position"]

_TOLERANCE_FRAC: Final = 1e-3
"""Sizes are compared to a thousandth of the larger: senders round them."""
_NO_SIZE: Final = 1e-12


class Position(NamedTuple):
    """Which way, and how much where that is known (0 when flat, never negative)."""

    word: str
    size: float | None = None


class Change(NamedTuple):
    """What happened: ``kind``, the side it is about (an exit's and a reduction's: of the tickets), and how much.

    ``size`` is what was opened, in the sender's unit; ``left_frac`` the share of the position that a reduction closed.
    """

    kind: str
    side: Side | None = None
    size: float | None = None
    left_frac: float | None = None


_BUY, _SELL = Side.BUY, Side.SELL
CHANGES: Final[dict[tuple[str, Side, str], tuple[str, Side | None]]] = {
    ("flat", _BUY, "long"): ("entry", _BUY),
    ("long", _BUY, "long"): ("add", _BUY),
    ("long", _SELL, "long"): ("reduce", _BUY),
    ("long", _SELL, "flat"): ("exit", _BUY),
    ("long", _SELL, "short"): ("reversal", _SELL),
    ("flat", _SELL, "short"): ("entry", _SELL),
    ("short", _SELL, "short"): ("add", _SELL),
    ("short", _BUY, "short"): ("reduce", _SELL),
    ("short", _BUY, "flat"): ("exit", _SELL),
    ("short", _BUY, "long"): ("reversal", _BUY),
    ("flat", _BUY, "flat"): ("nothing", None),
    ("flat", _SELL, "flat"): ("nothing", None),
}
"""(before, order, after) -> (kind, side); what is not in it contradicts itself."""
_AFTER_ALONE: Final[dict[tuple[Side, str], tuple[str, Side]]] = {
    (_BUY, "long"): ("entry", _BUY),
    (_BUY, "flat"): ("exit", _SELL),
    (_BUY, "short"): ("reduce", _SELL),
    (_SELL, "short"): ("entry", _SELL),
    (_SELL, "flat"): ("exit", _BUY),
    (_SELL, "long"): ("reduce", _BUY),
}
_BEFORE_ALONE: Final[dict[tuple[str, Side], tuple[str, Side]]] = {
    ("flat", _BUY): ("entry", _BUY),
    ("long", _BUY): ("add", _BUY),
    ("flat", _SELL): ("entry", _SELL),
    ("short", _SELL): ("add", _SELL),
}
_SIGNS: Final = {"long": 1, "flat": 0, "short": -1}


def position(name: str, word: str | None, size: float | None, signed: float | None = None) -> Position | None:
    """A position of its word, its size and its signed size, whichever are known; None where none is.

    Raises Unreadable (``conflicting_position``) where they do not fit: flat with a size, long without one, a size below
    zero, a sign that is not the word's.
    """
    if signed is not None:
        by_sign = "flat" if abs(signed) < _NO_SIZE else ("long" if signed > 0 else "short")
        if word is not None and word != by_sign:
            raise Unreadable("conflicting_position", f"{name} is {word}, its signed size {signed:g}")
        if size is not None and not _agree(size, abs(signed)):
            raise Unreadable("conflicting_position", f"{name} has the size {size:g} and the signed size {signed:g}")
        word, size = by_sign, abs(signed)
    if word is None:
        return None
    if word == "flat":
        if size is not None and size > _NO_SIZE:
            raise Unreadable("conflicting_position", f"{name} is flat and has the size {size:g}")
        return _FLAT
    if size is not None and size <= _NO_SIZE:
        raise Unreadable("conflicting_position", f"{name} is {word} and has the size {size:g}")
    return Position(word, size)


_FLAT: Final = Position("flat", 0.0)


def change_of(order: Side | None, before: Position | None, after: Position | None, contracts: float | None) -> Change:
    """What the order did. Raises Unreadable where that contradicts itself or cannot be known.

    ``contracts`` is the order's own size. With neither position known there is nothing to tell: give one.
    """
    assert before is not None or after is not None, "a position is needed"
    if order is None:
        order = _order_between(before, after)
    if before is None or after is None:
        before, after = _completed(order, before, after, contracts)
    kind: str
    side: Side | None
    if before is None and after is not None:
        kind, side = _AFTER_ALONE[order, after.word]
    elif after is None and before is not None:
        found = _BEFORE_ALONE.get((before.word, order))
        if found is None:
            raise Unreadable("unclear_position", f"{order} against {before.word}, and no position after it is given")
        kind, side = found
    else:
        assert before is not None and after is not None
        kind, side = _looked_up(order, before, after)
        _check_sizes(order, before, after, contracts)
    return _measured(kind, side, before, after, contracts)


def _order_between(before: Position | None, after: Position | None) -> Side:
    """The side of the order that led from one position to the other. Raises Unreadable."""
    if before is None or after is None:
        raise Unreadable("missing_side", "there is no order action, and only one position to tell it from")
    way = _SIGNS[after.word] - _SIGNS[before.word]
    if way == 0 and before.size is not None and after.size is not None:
        way = round((after.size - before.size) / max(after.size, before.size, 1.0) * 1e9) * _SIGNS[after.word]
    if way == 0 and after.word != "flat":
        raise Unreadable("missing_side", f"there is no order action, and the position stays {after.word}")
    return _BUY if way >= 0 else _SELL


def _completed(
    order: Side, before: Position | None, after: Position | None, contracts: float | None
) -> tuple[Position | None, Position | None]:
    """Both positions, where the third number gives the one that is missing."""
    if contracts is not None and contracts > 0:
        if before is None and after is not None and after.size is not None:
            before = _of_signed(_SIGNS[after.word] * after.size - order.sign * contracts, contracts)
        elif after is None and before is not None and before.size is not None:
            after = _of_signed(_SIGNS[before.word] * before.size + order.sign * contracts, contracts)
    return before, after


def _of_signed(signed: float, scale: float) -> Position:
    if abs(signed) <= scale * _TOLERANCE_FRAC:
        return _FLAT
    return Position("long" if signed > 0 else "short", abs(signed))


def _looked_up(order: Side, before: Position, after: Position) -> tuple[str, Side | None]:
    found = CHANGES.get((before.word, order, after.word))
    if found is None:
        raise Unreadable("conflicting_position", f"no {order} leads from {before.word} to {after.word}")
    return found


def _check_sizes(order: Side, before: Position, after: Position, contracts: float | None) -> None:
    """Raises Unreadable where known sizes do not add up."""
    if before.size is None or after.size is None or (before.word == after.word == "flat"):
        return
    moved = (_SIGNS[after.word] * after.size - _SIGNS[before.word] * before.size) * order.sign
    if moved == contracts and moved > _NO_SIZE:
        return
    sizes = f"{before.word} {before.size:g} to {after.word} {after.size:g}"
    if moved <= _NO_SIZE:
        raise Unreadable("conflicting_position", f"no {order} leads from {sizes}")
    if contracts is not None and not _agree(moved, contracts):
        raise Unreadable("conflicting_position", f"{order} {contracts:g} does not lead from {sizes}")


def _measured(
    kind: str, side: Side | None, before: Position | None, after: Position | None, contracts: float | None
) -> Change:
    """The change with its size. Raises Unreadable for a reduction by an unknown share."""
    known_after = after.size if after is not None else None
    if kind == "entry":
        return Change(kind, side, contracts if contracts is not None else known_after)
    known_before = before.size if before is not None else None
    if kind == "reversal":
        return Change(kind, side, known_after if known_after is not None else _less(contracts, known_before))
    if kind == "add":
        return Change(kind, side, contracts if contracts is not None else _less(known_after, known_before))
    if kind == "reduce":
        part = contracts if contracts is not None else _less(known_before, known_after)
        whole = known_before if known_before is not None else _sum(known_after, contracts)
        if part is None or whole is None or not 0 < part < whole:
            raise Unreadable("unclear_position", f"the position stays {after and after.word}; by how much is not said")
        return Change(kind, side, None, part / whole)
    return Change(kind, side)


def _less(one: float | None, other: float | None) -> float | None:
    return one - other if one is not None and other is not None and one > other else None


def _sum(one: float | None, other: float | None) -> float | None:
    return one + other if one is not None and other is not None else None


def _agree(one: float, other: float) -> bool:
    return abs(one - other) <= _TOLERANCE_FRAC * max(abs(one), abs(other))
