"""What the bars themselves do: ranges at their ends, gaps at their opens, trailing moves, price watches."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from zepix.brokers.backtrader import rules
from zepix.brokers.backtrader.book import Book, Place, Position
from zepix.brokers.backtrader.changes import close_by_level
from zepix.brokers.backtrader.equity_levels import EquityLevels
from zepix.brokers.backtrader.floor import ALL_TICKETS, NO_TICKET, Floor, Work
from zepix.brokers.backtrader.openings import Entry, Fill, Openings
from zepix.brokers.backtrader.stop_out import StopOut
from zepix.brokers.backtrader.tape import Tape
from zepix.model import PriceReached

__all__ = ["Bars"]


@dataclass(frozen=True, slots=True)
class Watch:
    """A price somebody waits for, from the bar ``row`` on."""

    id: int
    tape: Tape
    direction: int
    points: int
    row: int


class Bars:
    """Walks the instants at which bars open and end, while something is near."""

    def __init__(
        self, floor: Floor, book: Book, openings: Openings, stop_out: StopOut, equity_levels: EquityLevels
    ) -> None:
        self.floor = floor
        self.book = book
        self.openings = openings
        self.stop_out = stop_out
        self.equity_levels = equity_levels
        self.watches: dict[int, Watch] = {}
        self._last_watch = 0

    def watch(self, symbol: str, direction: int, points: int) -> int:
        """Bars that opened before do not count: what of their range came before is not known."""
        floor, tape = self.floor, self.floor.tapes[symbol]
        self._last_watch += 1
        row = tape.first_open(floor.now_ns)
        if row >= 0:
            self.watches[self._last_watch] = Watch(self._last_watch, tape, direction, points, row)
            floor.wake()
        return self._last_watch

    def begin(self, place: tuple[int, int, int]) -> Work:
        """The work of one part of an instant."""
        t_ns, phase, part = place
        if phase == 1:
            return self._ranges(t_ns)
        return self._opens(t_ns) if part == 1 else self._ticks(t_ns)

    # --- the parts of an instant ----------------------------------------------------------------------------------

    def _ranges(self, t_ns: int) -> Work:
        """Bars that end at t: exits, pendings and trailing moves by symbol; then the account and price watches."""
        ending = [(tape, row) for tape in self.floor.tapes.values() if tape.tf_ns and (row := tape.ending(t_ns)) >= 0]
        for tape, row in ending:
            if self.book.positions:
                yield from self._exits_in_range(tape, row, t_ns)
            if self.openings.working[tape.symbol]:
                yield from self._pendings_in_range(tape, row, t_ns)
            if self.book.positions:
                self._trail(tape, row)
        if ending and self.book.positions:
            yield from self.stop_out.at_ends(t_ns, ending)
        if ending:
            yield from self.equity_levels.at_ends(t_ns, ending)
        if self.watches:
            yield from self._reached(t_ns, ending, 1)
        self._rest()

    def _opens(self, t_ns: int) -> Work:
        """Bars (and ticks) that open at t: gapped tickets, gapped pendings, the account, price watches."""
        self.floor.gapped = NO_TICKET
        opening = [(tape, row) for tape in self.floor.tapes.values() if (row := tape.opening(t_ns)) >= 0]
        if self.book.positions:
            for tape, row in opening:
                yield from self._exits_at_open(tape, row, t_ns)
        self.floor.gapped = ALL_TICKETS
        for tape, row in opening:
            if self.openings.working[tape.symbol]:
                yield from self.openings.gapped(tape, row, t_ns)
        if opening and self.book.positions:
            yield from self.stop_out.at_opens(t_ns)
        if opening:
            yield from self.equity_levels.at_opens(t_ns)
        if self.watches:
            yield from self._reached(t_ns, opening, 0)
        self._rest()

    def _ticks(self, t_ns: int) -> Work:
        """What is left of ticks that opened at t: a tick ends where it opened."""
        ending = [
            (tape, row) for tape in self.floor.tapes.values() if tape.is_ticks and (row := tape.opening(t_ns)) >= 0
        ]
        for tape, row in ending:
            self._trail(tape, row)
        if ending and self.book.positions:
            yield from self.stop_out.at_ends(t_ns, ending)
        if ending:
            yield from self.equity_levels.at_ends(t_ns, ending)
        if self.watches:
            yield from self._reached(t_ns, ending, 1)
        self._rest()

    def _rest(self) -> None:
        watched = self.watches or self.equity_levels.waiting
        if not (self.book.positions or watched or any(self.openings.working.values())):
            self.floor.is_busy = False

    # --- tickets --------------------------------------------------------------------------------------------------

    def _of(self, tape: Tape) -> list[Position]:
        return [p for p in self.book.positions.values() if p.tape is tape]

    def _exits_in_range(self, tape: Tape, row: int, t_ns: int) -> Work:
        optimistic = self.floor.fill_model.is_optimistic
        for position in self._of(tape):
            ticket = position.ticket
            if row < ticket.lived_from or not (ticket.sl or ticket.tp):
                continue
            low, high = position.closing_range(row)
            which, both = rules.exit_in_range(ticket.side, ticket.sl, ticket.tp, low, high, optimistic=optimistic)
            if which and ticket.is_open:
                ticket.is_ambiguous = ticket.is_ambiguous or both
                price = ticket.sl if which == "stop" else ticket.tp
                close_by_level(self.book, position, which, price, Place(t_ns, row, row - 1))
                yield

    def _exits_at_open(self, tape: Tape, row: int, t_ns: int) -> Work:
        for position in self._of(tape):
            ticket = position.ticket
            self.floor.gapped = (tape.index, ticket.id)
            if row <= ticket.entry_row or not ticket.is_open:
                continue
            opened = position.closing_price(row, 0)
            which = rules.exit_at_open(ticket.side, ticket.sl, ticket.tp, opened)
            if position.is_forced and not which:
                which = "stop"
            position.is_forced = False
            if which:
                close_by_level(self.book, position, which, opened, Place(t_ns, row, row - 1))
                yield

    def _trail(self, tape: Tape, row: int) -> None:
        """Move trailing stops by the bar that has ended; they count from the next."""
        for position in self._of(tape):
            ticket = position.ticket
            if not ticket.trails or row < ticket.lived_from:
                continue
            for lived in range(row if position.best is not None else ticket.lived_from, row + 1):
                # the first time also a tick at which the ticket was opened after that tick's end
                low, high = position.closing_range(lived)
                here = high if ticket.side > 0 else low
                known = here if position.best is None else position.best
                position.best = max(known, here) if ticket.side > 0 else min(known, here)
            if position.best is not None and self._move_stop(position, position.best):
                close = position.closing_price(row, 3)
                position.is_forced = rules.exit_at_open(ticket.side, ticket.sl, 0, close) != ""

    def _move_stop(self, position: Position, best: int) -> bool:
        """Every trail in its turn; a better stop discards the stop of a change that does not count yet."""
        ticket, moved = position.ticket, False
        for number, trail in enumerate(ticket.trails):
            if number in position.used:
                continue
            stop = rules.moved_stop(trail, ticket.side, ticket.entry_points, best)
            if stop is None or not rules.is_better_stop(ticket.side, stop, position.last_stop):
                continue
            ticket.sl = position.last_stop = stop
            ticket.stop_reason = trail.reason
            ticket.version += 1
            for change in position.changes:
                change.sl = None
            if not trail.step:
                position.used.add(number)
            moved = True
        return moved

    # --- pendings -------------------------------------------------------------------------------------------------

    def _pendings_in_range(self, tape: Tape, row: int, t_ns: int) -> Work:
        for entry in self.openings.touched(tape, row):
            rivals = self.openings.rivals(entry, row)
            for rival in rivals:
                filled = yield from self._fill_inside(rival, row, t_ns, contested=len(rivals) > 1)
                if filled:
                    break

    def _fill_inside(self, entry: Entry, row: int, t_ns: int, *, contested: bool) -> Generator[None, None, bool]:
        """A pending filled in a range, at the bar's end; its own exit may lie in the same bar."""
        order, tape = entry.order, entry.tape
        if order.status != "working":
            return False
        kind, price = entry.works_as
        slip = 0 if kind == "limit" else order.side * self.floor.slippage[order.symbol]
        spread = tape.ask[0][row] - tape.bid[0][row]
        fill = Fill(price + slip, t_ns, row, row + 1, price - order.side * spread, contested)
        filled = yield from self.openings.fill(entry, fill)
        position = self.book.positions.get(order.ticket)
        if filled and position is not None:
            ticket = position.ticket
            low, high = position.closing_range(row)
            which, in_doubt = rules.exit_of_entry_bar(
                ticket.side,
                ticket.sl,
                ticket.tp,
                low,
                high,
                position.closing_price(row, 3),
                optimistic=self.floor.fill_model.is_optimistic,
            )
            ticket.is_ambiguous = ticket.is_ambiguous or in_doubt
            if which:
                close_by_level(
                    self.book,
                    position,
                    which,
                    ticket.sl if which == "stop" else ticket.tp,
                    Place(t_ns, row, row - 1),
                )
                yield
        return filled

    # --- price watches --------------------------------------------------------------------------------------------

    def _reached(self, t_ns: int, rows: Iterable[tuple[Tape, int]], column: int) -> Work:
        """Watches whose price a range (column 1) or an open (0) has come to; each wakes once."""
        at = {tape.index: row for tape, row in rows}
        for watch in tuple(self.watches.values()):
            row = at.get(watch.tape.index, -1)
            if row < watch.row or watch.id not in self.watches:
                continue
            if watch.direction > 0:
                hit = watch.tape.bid[column][row] >= watch.points
            else:
                hit = watch.tape.ask[2 if column else 0][row] <= watch.points
            if hit:
                del self.watches[watch.id]
                price = watch.tape.instrument.price(watch.points)
                self.floor.emit(PriceReached(t_ns, t_ns, watch.id, watch.tape.symbol, watch.direction, price))
                yield
