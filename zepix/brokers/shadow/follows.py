"""Tickets whose trailing stops are followed in one go: where one ends is found at once, its moves only when asked for.

In the array form a ticket with trails is on the agenda once, with its end. What its stop is meanwhile is brought up to
date before anybody can look: before handlers, alerts and timers, and before the ticket is closed or changed. From its
first change on a ticket is watched move by move, as in the step form (``Exits``).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.brokers.shadow.agenda import GAPS, OF_TRAILS, Place, end_key
from zepix.brokers.shadow.forms import Trailing, add_gap, add_range
from zepix.kernels import trail
from zepix.model import Ticket
from zepix.services.prices import SymbolPrices

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["Follow", "Follows"]

NOT_YET: Final = (0,) * (trail.SIZE - trail.MOVED_ROW - 1)
"""What the kernel has still to find out when it begins."""


class Follow:
    """One ticket that is followed: the columns of its closing side, its trails, and the kernel's state."""

    __slots__ = ("columns", "moved_row", "more", "next_end_ns", "prices", "state", "trails")

    def __init__(self, more: Trailing, prices: SymbolPrices, row: int, with_open: bool) -> None:
        ticket, series = more.ticket, prices.series
        self.more = more
        self.prices = prices
        self.columns: tuple[Any, Any, Any, Any, Any, Any] = (
            (prices.bid_open, prices.bid_low, prices.bid_high, prices.bid_close, series.bid_mins, series.bid_maxs)
            if ticket.side > 0
            else (prices.ask_open, prices.ask_low, prices.ask_high, prices.ask_close, series.ask_mins, series.ask_maxs)
        )
        self.trails = np.array(ticket.trails, np.int64)
        self.state = np.array(
            (
                *(ticket.side, ticket.entry_points, ticket.tp, ticket.lived_from, more.from_row, row, with_open),
                *(ticket.sl, 0, -1, -1),
                *NOT_YET,
            ),
            np.int64,
        )
        self.next_end_ns = 0
        self.moved_row = -1

    @classmethod
    def at(cls, more: Trailing, prices: SymbolPrices, state: Sequence[int], next_end_ns: int, moved_row: int) -> Follow:
        """As it was saved."""
        made = cls(more, prices, 0, False)
        made.state[:] = state
        made.next_end_ns, made.moved_row = next_end_ns, moved_row
        return made

    def end(self) -> tuple[int, int]:
        """(how, row) it will end; how is 0 where it never does."""
        state = self.state.copy()
        how = int(trail.follow(*self.columns, self.trails, state, self.prices.n))
        return how, state.item(trail.ROW)

    def advance(self, until: int, touched: list[Ticket]) -> None:
        """Through the rows before ``until``; the ticket's stop is then what it is at their end, told to ``touched``."""
        trail.follow(*self.columns, self.trails, self.state, until)
        state, ticket, prices = self.state.tolist(), self.more.ticket, self.prices
        if state[trail.MOVED_ROW] != self.moved_row:
            self.moved_row = state[trail.MOVED_ROW]
            ticket.sl = self.more.last_stop = state[trail.STOP]
            ticket.stop_reason = ticket.trails[state[trail.BY]].reason
            touched.append(ticket)
        following = state[trail.NEXT]
        self.next_end_ns = prices.time.item(following) + prices.tf_ns if following < prices.n else 1 << 62


class Follows:
    """All tickets that are followed, by number."""

    def __init__(self, broker: ShadowBroker) -> None:
        self._broker = broker
        self.tickets: dict[int, Follow] = {}
        self._due: list[tuple[int, int]] = []
        """A heap of (when its next move can come, ticket): at least one of each that is followed, none too late."""

    def start(self, more: Trailing, prices: SymbolPrices, row: int, with_open: bool) -> None:
        """Follow a ticket from ``row`` on, that row's open only ``with_open``; its end goes on the agenda."""
        ticket = more.ticket
        one = self.tickets[ticket.id] = Follow(more, prices, row, with_open)
        heapq.heappush(self._due, (one.next_end_ns, ticket.id))
        how, last = one.end()
        if how == trail.GAPPED:
            add_gap(self._broker.agenda, ticket, int(prices.time[last]), last)
        elif how == trail.TOUCHED:
            add_range(self._broker.agenda, ticket, prices, int(prices.time[last]), last)

    def catch_up(self) -> None:
        """Somebody may look: every stop as it is now."""
        due, now = self._due, self._broker.now_ns
        if not due or due[0][0] > now:
            return
        numbers = {heapq.heappop(due)[1]}
        while due and due[0][0] <= now:
            numbers.add(heapq.heappop(due)[1])
        place = self._place()
        for number in sorted(numbers):
            one = self.tickets.get(number)
            if one is None:  # closed, or let go
                continue
            if one.next_end_ns <= now:
                one.advance(self._rows_over(one, place), self._broker.book.touched)
            heapq.heappush(due, (one.next_end_ns, number))

    def requeue(self) -> None:
        """Know anew when the next moves can come: ``tickets`` were given to us by a saved state."""
        self._due = sorted((one.next_end_ns, number) for number, one in self.tickets.items())

    def look(self, ticket: Ticket) -> None:
        """One ticket's stop as it is now."""
        one = self.tickets.get(ticket.id)
        if one is not None and one.next_end_ns <= self._broker.now_ns:
            one.advance(self._rows_over(one, self._place()), self._broker.book.touched)

    def forced_row(self, ticket: Ticket) -> int:
        """The row whose open fills the stop whatever it is, -1 for none."""
        one = self.tickets.get(ticket.id)
        return -1 if one is None or not one.state[trail.FORCED] else int(one.state[trail.MOVED_ROW]) + 1

    def stop(self, ticket: Ticket) -> int:
        """Follow a ticket no more: it is as if every move had been on the agenda. Returns the row to watch it from.

        -1 where its last move waits for an open: then ``Trailing`` says so.
        """
        one = self.tickets.pop(ticket.id, None)
        assert one is not None, "only a ticket that is followed is let go"
        broker, more, prices = self._broker, one.more, one.prices
        one.advance(self._rows_over(one, self._place()), broker.book.touched)
        state = one.state.tolist()
        assert more.used is not None
        more.used.update(n for n in range(len(ticket.trails)) if state[trail.USED] >> n & 1)
        row = state[trail.ROW]
        if one.moved_row >= 0 and one.moved_row == row - 1:
            opened = int(prices.time[row]) if row < prices.n else 1 << 62
            if (opened, 2) > (broker.now_ns, broker.phase):
                more.new_sl, more.new_reason, more.is_forced = ticket.sl, ticket.stop_reason, bool(state[trail.FORCED])
                return -1
            more.forced_row = row if state[trail.FORCED] else -1
        return int(row)

    def is_gap_to_come(self, ticket: Ticket, prices: SymbolPrices, row: int) -> bool:
        """Whether the turn of a ticket among the gaps of a row's open is still to come."""
        return row < prices.n and (int(prices.time[row]), 2, GAPS, ticket.index, ticket.id) > self._place()

    def _place(self) -> Place:
        broker = self._broker
        return max(broker.far, (broker.now_ns, broker.phase, 0, 0, 0))

    def _rows_over(self, one: Follow, place: Place) -> int:
        """How many rows have had the turn of this ticket's trails at their end."""
        prices, ticket, now, tf_ns = one.prices, one.more.ticket, place[0], one.prices.tf_ns
        rows = prices.row_at(now) + 1
        while rows:
            ended = prices.time.item(rows - 1) + tf_ns
            if ended < now:
                break
            if ended == now and (*end_key(ended, not tf_ns, ticket.index), OF_TRAILS, ticket.id) < place:
                break
            rows -= 1
        return rows
