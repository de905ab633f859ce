"""How far two sides lie apart ticket by ticket, in R: what one earned more and the other less does not cancel here.

Of two tickets that are one, and of one without a partner, by the figures of a live runner's fidelity breaker:

    gap      how far the results lie apart, by the distance of here's stop (there's, where here had none); of a ticket
             without a partner its own result; None where there is no stop
    differs  whether they ended for another reason, or only one of them was ever opened
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from zepix.research.comparing.books import Ticket

if TYPE_CHECKING:
    from zepix.research.comparing.comparison import Paired, Unpaired

__all__ = ["Distance", "Gap", "distance", "distance_of", "gaps_of", "in_r", "mean_of"]


class Gap(NamedTuple):
    """One ticket: when the later of its two sides ended, how far they lie apart, whether they ended otherwise."""

    t_ns: int
    gap_r: float | None
    differs: bool
    ticket: Ticket


class Distance(NamedTuple):
    """Of how many tickets the mean of the gaps (None where none had a stop), and the share that ended otherwise."""

    tickets: int
    mean_gap_r: float | None
    differing_frac: float


def in_r(a: Ticket, b: Ticket) -> tuple[float | None, float | None, float | None]:
    """(here's result, there's result, how far they lie apart), all by one stop."""
    risk = a.risk or b.risk
    one, two = a.r(risk), b.r(risk)
    return one, two, None if one is None or two is None else abs(two - one)


def gaps_of(pairs: Iterable[Paired], lonely: Iterable[Unpaired]) -> list[Gap]:
    """Each ticket that has ended wherever it was opened, in the order in which they ended."""
    found = [
        Gap(max(_end_ns(one.a), _end_ns(one.b)), in_r(one.a, one.b)[2], _why(one.a) != _why(one.b), one.a)
        for one in pairs
        if _is_over(one.a) and _is_over(one.b)
    ]
    for alone in lonely:
        if _is_over(alone.ticket):
            result = alone.ticket.r()
            found.append(Gap(_end_ns(alone.ticket), None if result is None else abs(result), True, alone.ticket))
    return sorted(found, key=lambda gap: gap.t_ns)


def distance(
    pairs: Iterable[Paired], lonely: Iterable[Unpaired], last: int | None = None, since_ns: int = 0
) -> Distance:
    """Of all tickets that ended after ``since_ns``, or the ``last`` of them."""
    return distance_of([gap for gap in gaps_of(pairs, lonely) if gap.t_ns >= since_ns], last)


def distance_of(found: Sequence[Gap], last: int | None = None) -> Distance:
    """Of these, or of the ``last`` of them."""
    found = found if last is None else found[-last:] if last > 0 else []
    differing = sum(gap.differs for gap in found) / len(found) if found else 0.0
    return Distance(len(found), mean_of(found), differing)


def mean_of(gaps: Sequence[Gap]) -> float | None:
    """The mean of those that are known; None where none is."""
    known = [gap.gap_r for gap in gaps if gap.gap_r is not None]
    return sum(known) / len(known) if known else None


def _is_over(ticket: Ticket) -> bool:
    return bool(ticket.legs) and ticket.closed >= 1


def _end_ns(ticket: Ticket) -> int:
    return ticket.legs[-1].exit_ns


def _why(ticket: Ticket) -> str:
    return ticket.legs[-1].reason
