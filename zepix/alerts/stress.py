"""Alerts as they might have been delivered: late, lost, sent again, out of order; a pure function of rows and a seed.

Every delivery of one seed draws the same numbers, whatever is asked of it: the generator is ``random.Random(seed)``;
its first number is the phase of bursts, then every row (in order of receipt, counted from 0) has a block of eight:

    0 lost?   1 its delay   2 sent again?   3 how often   4 swapped with the next?   5, 6, 7 delays of its resends

So what one row draws depends on its place alone, and levels can be compared: a row that is lost at 1 % is lost at 2 %
too, and one that is late by an exponential delay of mean 1 s is three times as late at mean 3 s. The numbers are the
same on every platform and Python; delays are rounded to whole microseconds.

In order: a lost row never arrives, nor its resends. A delayed one arrives later, each resend by a delay of its own.
A resend has the body and the explicit id of the first, so that duplicates are recognised as live; its row id is new
(``A17#2``). Swapped are neighbours of one symbol: each arrives at the moment of the other. Rows without a time of
receipt stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from zepix.alerts.delivery import Delivery
from zepix.alerts.rows import UniqueIds, in_order
from zepix.model import Alert, Quarantined

__all__ = ["Delivered", "deliver"]

DRAWS_A_ROW: Final = 8
_LOST, _DELAY, _AGAIN, _HOW_OFTEN, _SWAP, _RESENDS = range(6)
_LAST_NS: Final = 2**63 - 1
Row = Alert | Quarantined


@dataclass(frozen=True, slots=True)
class Delivered:
    """Rows in order of arrival, and what happened to them on the way.

    ``lost`` are ids of rows that never arrived, ``resent`` the ids of resends with the id of the first, ``swapped``
    pairs of ids that came in the other order.
    """

    rows: list[Row]
    lost: tuple[str, ...] = ()
    resent: Mapping[str, str] = field(default_factory=dict)
    swapped: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Post:
    """One row on its way: when it arrives, its place among the rows, which sending of it, its number for swaps."""

    arrival_ns: int
    place: int
    sending: int
    row: Row
    swap_draw: float


def deliver(rows: Sequence[Row], delivery: Delivery, *, seed: int = 0) -> Delivered:
    """The rows as they would have arrived; ``seed`` is 0 or above. The rows given are not changed."""
    random = Random(seed)  # noqa: S311 - chance to try a strategy by, no secret
    burst = delivery.loss.burst
    phase = int(random.random() * burst)
    posts: list[_Post] = []
    timeless: list[Row] = []
    lost: list[str] = []
    block, block_draw = -1, 1.0
    for place, row in enumerate(in_order(rows)):
        draws = [random.random() for _ in range(DRAWS_A_ROW)]
        if (place + phase) // burst != block:
            block, block_draw = (place + phase) // burst, draws[_LOST]
        if row.received_ns is None:
            timeless.append(row)
        elif block_draw < delivery.loss.frac:
            lost.append(row.id)
        else:
            posts += _sendings(row, row.received_ns, place, draws, delivery)
    posts.sort(key=lambda post: (post.arrival_ns, post.place, post.sending))
    swapped = _swap(posts, delivery)
    delivered, resent = _named(posts, [row.id for row in rows])
    return Delivered(timeless + delivered, tuple(lost), resent, swapped)


def _sendings(row: Row, sent_ns: int, place: int, draws: Sequence[float], delivery: Delivery) -> list[_Post]:
    """The row as it was sent first, then its resends."""
    delay, resend = delivery.delay, delivery.resend
    found = [_Post(sent_ns + delay.nanoseconds(draws[_DELAY]), place, 0, row, draws[_SWAP])]
    if draws[_AGAIN] < resend.frac:
        for number in range(1, 2 + int(draws[_HOW_OFTEN] * resend.most)):
            late_ns = number * resend.after_ns + delay.nanoseconds(draws[_RESENDS + number - 1])
            found.append(_Post(sent_ns + late_ns, place, number, row, draws[_SWAP]))
    return found


def _swap(posts: list[_Post], delivery: Delivery) -> tuple[tuple[str, str], ...]:
    """Lets neighbours of one symbol arrive in the other order, in place; the moments of arrival stay."""
    if not delivery.swap.window_ns or not delivery.swap.frac:
        return ()
    last: dict[str, int] = {}
    swapped: list[tuple[str, str]] = []
    for here, post in enumerate(posts):
        if not isinstance(post.row, Alert):
            continue
        symbol = post.row.symbol
        before = last.get(symbol)
        last[symbol] = here
        if before is None:
            continue
        other = posts[before]
        is_near = post.arrival_ns - other.arrival_ns <= delivery.swap.window_ns
        if is_near and other.place != post.place and other.swap_draw < delivery.swap.frac:
            other.arrival_ns, post.arrival_ns = post.arrival_ns, other.arrival_ns
            posts[before], posts[here] = post, other
            swapped.append((other.row.id, post.row.id))
            del last[symbol]  # who has swapped once stays
    return tuple(swapped)


def _named(posts: Sequence[_Post], ids: Sequence[str]) -> tuple[list[Row], dict[str, str]]:
    """The rows with their moments of arrival, each resend under an id of its own."""
    unique, names = UniqueIds(), {}
    for name in ids:
        unique.claim(name)
    for post in sorted(posts, key=lambda p: (p.place, p.sending)):
        names[post.place, post.sending] = unique.claim(post.row.id) if post.sending else post.row.id
    rows: list[Row] = []
    resent: dict[str, str] = {}
    for post in posts:
        row, name = post.row, names[post.place, post.sending]
        arrival_ns = min(post.arrival_ns, _LAST_NS)
        if post.sending:
            resent[name] = row.id
        same = arrival_ns == row.received_ns and name == row.id
        rows.append(row if same else replace(row, received_ns=arrival_ns, id=name))
    return rows, resent
