"""The difference of two tickets' money by its causes, in whole minor units that sum to it exactly.

A's ticket is turned into B's one factor after the other (``docs/compare.md`` says why in this order), and each factor
is charged with what the money changed by when it was replaced:

    gross = side * (exit - entry) * units * value, rounded half-even once per closing fill, as the books do
    data, signal time, latency, spread, slippage, levels, exits: other prices (see ``prices``), at A's size and rate
    size: A's size becomes B's, at B's prices and A's rate; commission and swap grow with it
    conversion: A's rate becomes B's
    commission, swap: what is left of them at B's size
    unexplained: what the records hold that no formula gives: 0 where both sides know everything

Closing fills are matched by the share of the ticket that they close: where one side closed in parts and the other at
once, both are cut at the same shares. What only one side has closed so far is ``still open`` on the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from zepix.research.comparing.books import Leg, Ticket, half_even
from zepix.research.comparing.prices import PRICE_PARTS, Moves, entry_of, exit_of, is_same_exit, moves
from zepix.research.comparing.quotes import Quotes

__all__ = ["PAIRED_PARTS", "Context", "split"]

PAIRED_PARTS: Final = (*PRICE_PARTS[:-1], "size", "conversion", "commission", "swap", "still open", "unexplained")
"""The parts that a pair of tickets can have."""
_HALF: Final = Fraction(1, 2)
_WHOLE: Final = Fraction(1)
_NONE: Final = Fraction(0)
_EXITS: Final = PRICE_PARTS.index("exits")


@dataclass(frozen=True, slots=True)
class Context:
    """What all pairs share: prices of both sides, grace, tolerance, ids of B's alerts as A's, usual rates.

    ``values``: minor units that a unit of price and size of a symbol is usually worth, for fills that do not tell.
    """

    quotes: tuple[Quotes | None, Quotes | None]
    grace_ns: int
    within_ns: int
    alerts: Mapping[str, str]
    values: Mapping[str, Fraction]


class _Slice(NamedTuple):
    """A share of both tickets that one closing fill each closed: units, values, and the moves of the exit's price."""

    leg_a: Leg
    leg_b: Leg
    units_a: Fraction
    units_b: Fraction
    value_a: Fraction
    value_b: Fraction
    exit: Moves


def split(a: Ticket, b: Ticket, context: Context) -> dict[str, int]:
    """The parts of ``b.profit - a.profit`` in minor units; only those that are not zero."""
    if _is_equal(a, b, context):
        return {}
    share = min(a.closed, b.closed)
    cut_a, cut_b = _cut(a, share), _cut(b, share)
    entry = moves(
        entry_of(a, a.symbol, context.quotes[0]), entry_of(b, a.symbol, context.quotes[1]),
        a.symbol, context.quotes, context.grace_ns, is_exit=False,
    )  # fmt: skip
    slices = list(_slices(a, b, share, context))
    parts: dict[str, int] = defaultdict(int)
    first, last = _gross_parts(a, entry, slices, parts)
    if share < a.closed:
        cut_a = cut_a._replace(gross=first)
    if share < b.closed:
        cut_b = cut_b._replace(gross=last)
    parts["still open"] = (_money(cut_a) - a.profit) + (b.profit - _money(cut_b))
    _cost_parts(a, b, cut_a, cut_b, parts)
    whole = b.profit - a.profit
    parts["unexplained"] += whole - sum(parts.values())
    return {name: parts[name] for name in PAIRED_PARTS if parts[name]}


def _is_equal(a: Ticket, b: Ticket, context: Context) -> bool:
    """Whether both are one ticket in every number, on the same prices: then no part is anything."""
    if (a.entry_ns, a.entry_price, a.units, a.asked) != (b.entry_ns, b.entry_price, b.units, b.asked):
        return False
    if len(a.legs) != len(b.legs) or not all(map(_is_equal_leg, a.legs, b.legs)):
        return False
    ours, theirs = context.quotes
    return ours is None or theirs is None or ours.is_same(theirs, a.symbol)


def _is_equal_leg(one: Leg, other: Leg) -> bool:
    return (one.exit_ns, one.exit_price, one.units, one.reason, one.value, one.level) == (
        other.exit_ns,
        other.exit_price,
        other.units,
        other.reason,
        other.value,
        other.level,
    ) and (one.gross, one.commission, one.swap, one.other) == (other.gross, other.commission, other.swap, other.other)


class _Cut(NamedTuple):
    """The money of a ticket up to a share of it."""

    gross: int
    commission: int
    swap: int
    other: int
    legs: int


def _money(cut: _Cut) -> int:
    return cut.gross + cut.commission + cut.swap + cut.other


def _cut(ticket: Ticket, share: Fraction) -> _Cut:
    """The money of the closing fills up to ``share`` of the ticket; the one that is cut gives its part, rounded."""
    sums = [0, 0, 0, 0]
    done, count = _NONE, 0
    for leg in ticket.legs:
        width = leg.units / ticket.units
        done += width
        part = _WHOLE if done <= share else max(1 - (done - share) / width, _NONE)
        count += part > 0
        for place, minor in enumerate((leg.gross, leg.commission, leg.swap, leg.other)):
            sums[place] += minor if part == 1 else half_even(minor * part)
    return _Cut(sums[0], sums[1], sums[2], sums[3], count)


def _slices(a: Ticket, b: Ticket, share: Fraction, context: Context) -> Iterable[_Slice]:
    """Both tickets cut at the same shares, up to ``share``."""
    ends_a, ends_b = _ends(a), _ends(b)
    cuts = sorted({Fraction(0), share, *(end for end, _ in (*ends_a, *ends_b) if end < share)})
    for first, last in pairwise(cuts):
        leg_a = next(leg for end, leg in ends_a if end >= last)
        leg_b = next(leg for end, leg in ends_b if end >= last)
        values = _values(a, leg_a, b, leg_b, context)
        width = last - first
        yield _Slice(leg_a, leg_b, width * a.units, width * b.units, *values, _exit_moves(a, leg_a, b, leg_b, context))


def _ends(ticket: Ticket) -> list[tuple[Fraction, Leg]]:
    """Each closing fill with the share of the ticket that is closed after it."""
    done, found = Fraction(0), []
    for leg in ticket.legs:
        done += leg.units / ticket.units
        found.append((done, leg))
    return found


def _exit_moves(a: Ticket, leg_a: Leg, b: Ticket, leg_b: Leg, context: Context) -> Moves:
    closers = (leg_a.closer, context.alerts.get(leg_b.closer, leg_b.closer and f"\0{leg_b.closer}"))
    if not is_same_exit(leg_a, leg_b, closers, context.within_ns):
        return {"exits": leg_b.exit_price - leg_a.exit_price}
    return moves(
        exit_of(a, leg_a, a.symbol, context.quotes[0]), exit_of(b, leg_b, a.symbol, context.quotes[1]),
        a.symbol, context.quotes, context.grace_ns, is_exit=True,
    )  # fmt: skip


def _gross_parts(a: Ticket, entry: Moves, slices: list[_Slice], parts: dict[str, int]) -> tuple[int, int]:
    """Charge prices, size and conversion with their change of the gross; returns A's gross and B's, by the formula."""
    entry_price = a.entry_price
    exits = [one.leg_a.exit_price for one in slices]
    first = before = _gross(a.side, entry_price, exits, slices, "a", "a", by_a=True)
    for place, name in enumerate(PRICE_PARTS):
        moved = entry.get(name)
        if not moved and not any(one.exit.get(name) for one in slices) and not (place == _EXITS and len(slices) > 1):
            continue  # nothing is replaced, and fills are rounded as before
        entry_price += moved or 0
        exits = [price + one.exit.get(name, 0) for price, one in zip(exits, slices, strict=True)]
        after = _gross(a.side, entry_price, exits, slices, "a", "a", by_a=place < _EXITS)
        parts[name] += after - before
        before = after
    if all(one.units_a == one.units_b and one.value_a == one.value_b for one in slices):
        return first, before
    sized = _gross(a.side, entry_price, exits, slices, "b", "a", by_a=False)
    converted = _gross(a.side, entry_price, exits, slices, "b", "b", by_a=False)
    parts["size"] += sized - before
    parts["conversion"] += converted - sized
    return first, converted


def _gross(
    side: int, entry: Fraction, exits: list[Fraction], slices: list[_Slice], size: str, value: str, *, by_a: bool
) -> int:
    """The gross of all slices, rounded once per closing fill of A's, or of B's."""
    sums: dict[int, Fraction] = defaultdict(Fraction)
    for price, one in zip(exits, slices, strict=True):
        units = one.units_a if size == "a" else one.units_b
        worth = one.value_a if value == "a" else one.value_b
        sums[id(one.leg_a if by_a else one.leg_b)] += side * (price - entry) * units * worth
    return sum(half_even(amount) for amount in sums.values())


def _cost_parts(a: Ticket, b: Ticket, cut_a: _Cut, cut_b: _Cut, parts: dict[str, int]) -> None:
    """Commission and swap: what B's size makes of A's belongs to the size, the rest to them."""
    grown = b.units / a.units
    legs = cut_a.legs * grown + cut_b.legs
    for name, old, new, each in (
        ("commission", cut_a.commission, cut_b.commission, Fraction(1)),
        ("swap", cut_a.swap, cut_b.swap, _HALF),
    ):
        scaled = _scaled(old, new, grown, each * legs)
        parts["size"] += scaled - old
        parts[name] += new - scaled


def _scaled(old: int, new: int, grown: Fraction, room: Fraction) -> int:
    """A cost at a size that has grown so; where B's differs from it by no more than roundings (``room``), it is B's."""
    if grown == 1:
        return old
    exact = old * grown
    return new if abs(exact - new) <= room else half_even(exact)


def _values(a: Ticket, leg_a: Leg, b: Ticket, leg_b: Leg, context: Context) -> tuple[Fraction, Fraction]:
    """What a unit of price and size is worth on both sides; the same where the records allow it."""
    one, two = _range(a, leg_a), _range(b, leg_b)
    usual = context.values.get(a.symbol, Fraction(1))
    if one is None and two is None:
        return usual, usual
    if one is None or two is None:
        known = one or two
        assert known is not None
        return (_middle(known), _middle(known))
    low, high = max(one[0], two[0]), min(one[1], two[1])
    if low <= high:
        return _middle((low, high)), _middle((low, high))
    return _middle(one), _middle(two)


def _middle(found: tuple[Fraction, Fraction]) -> Fraction:
    return (found[0] + found[1]) / 2


def _range(ticket: Ticket, leg: Leg) -> tuple[Fraction, Fraction] | None:
    """Between which values the true one lies: the known one, or those that the recorded gross can be rounded from."""
    moved = ticket.side * (leg.exit_price - ticket.entry_price) * leg.units
    if leg.value is not None and abs(half_even(moved * leg.value) - leg.gross) <= 1:
        return leg.value, leg.value
    if not moved:
        return None if leg.value is None else (leg.value, leg.value)
    ends = sorted(((leg.gross - _HALF) / moved, (leg.gross + _HALF) / moved))
    return ends[0], ends[1]
