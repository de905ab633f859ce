"""Bars at which nothing can happen, told with a few comparisons, so that most of them cost next to nothing.

An instant is calm where no level, pending price or watched price is reached, no trailing stop is to be moved, and the
account is far from its stop-out and from what its equity is watched for. What is not surely calm is walked through by
``Bars``, so this decides nothing.
"""

from __future__ import annotations

from zepix.brokers.backtrader import rules
from zepix.brokers.backtrader.bars import Bars
from zepix.brokers.backtrader.book import Book
from zepix.brokers.backtrader.floor import Floor
from zepix.brokers.backtrader.openings import Openings
from zepix.brokers.backtrader.stop_out import Corner, StopOut
from zepix.brokers.backtrader.tape import Tape

__all__ = ["Calm"]

OPENS = (0, 0, 0)
RANGE = (1, 2, 0)


class Calm:
    """Passes over calm instants, up to where something else is due."""

    def __init__(self, floor: Floor, book: Book, openings: Openings, bars: Bars, stop_out: StopOut) -> None:
        self.floor = floor
        self.book = book
        self.openings = openings
        self.bars = bars
        self.stop_out = stop_out

    def pass_over(self, limit: tuple[int, int]) -> None:
        """Go on to the first instant that is not calm, or to ``limit`` (t_ns, phase), or to work that is due."""
        floor = self.floor
        while floor.is_busy:
            place = floor.next_bars()
            if place[:2] >= limit or floor.has_work_before(place) or not self._is_calm(place):
                return
            floor.skip_bars(place)

    def _is_calm(self, place: tuple[int, int, int]) -> bool:
        t_ns, phase, part = place
        if part > 1:
            return False
        tapes = self.floor.tapes.values()
        if phase == 1:
            rows = [(tape, row) for tape in tapes if tape.tf_ns and (row := tape.ending(t_ns)) >= 0]
            high, low, _ = RANGE
        else:
            rows = [(tape, row) for tape in tapes if (row := tape.opening(t_ns)) >= 0]
            high, low, _ = OPENS
        if not rows:
            return True
        if self.bars.equity_levels.is_near(t_ns, phase, dict(rows_by_index(rows))):
            return False
        for tape, row in rows:
            if not self._no_ticket_near(tape, row, high, low) or not self._no_pending_near(tape, row, high, low):
                return False
        return self._no_watch_near(rows, high, low) and self._account_holds(t_ns, phase, dict(rows_by_index(rows)))

    def _no_ticket_near(self, tape: Tape, row: int, high: int, low: int) -> bool:
        for position in self.book.positions.values():
            if position.tape is not tape:
                continue
            ticket = position.ticket
            if ticket.trails or position.is_forced:
                return False
            side = tape.bid if ticket.side > 0 else tape.ask
            top, bottom = side[high][row], side[low][row]
            above, below = (ticket.tp, ticket.sl) if ticket.side > 0 else (ticket.sl, ticket.tp)
            if (above and top >= above) or (below and bottom <= below):
                return False
        return True

    def _no_pending_near(self, tape: Tape, row: int, high: int, low: int) -> bool:
        for entry in self.openings.working[tape.symbol]:
            kind, price = entry.works_as
            side = entry.entry_side()
            if rules.beyond_entry(kind, entry.order.side, price, side[low][row], side[high][row]):
                return False
        return True

    def _no_watch_near(self, rows: list[tuple[Tape, int]], high: int, low: int) -> bool:
        for watch in self.bars.watches.values():
            for tape, row in rows:
                if tape is watch.tape and (
                    tape.bid[high][row] >= watch.points if watch.direction > 0 else tape.ask[low][row] <= watch.points
                ):
                    return False
        return True

    def _account_holds(self, t_ns: int, phase: int, rows: dict[int, int]) -> bool:
        """Whether floats leave no doubt that the account holds at this instant's prices."""
        if not self.book.positions:
            return True
        if phase == 2:
            rows = {}
        corners: dict[str, Corner] = {}
        for tape in self.stop_out.tapes():
            row = rows.get(tape.index, -1)
            corners[tape.symbol] = (
                self.stop_out.worse(tape, row, t_ns) if row >= 0 else self.stop_out.known(tape, t_ns, phase)
            )
        return self.stop_out.is_far(corners, t_ns)


def rows_by_index(rows: list[tuple[Tape, int]]) -> list[tuple[int, int]]:
    return [(tape.index, row) for tape, row in rows]
