"""The account watch: at every end and every open of a bar, equity at the worst prices against the margin."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from zepix.brokers.backtrader.book import EXACT, Book, Place, Position, larger_sides
from zepix.brokers.backtrader.floor import Floor, Work
from zepix.brokers.backtrader.tape import Tape
from zepix.services.conversion import MONEY

__all__ = ["StopOut"]

CLOSE_CALL: Final = 1e-6
"""How near, relative to the sums, a float has to come before Decimals decide."""


class Corner:
    """The prices at which one symbol's tickets are weighed in one watch, and where they would be closed."""

    __slots__ = ("ask", "bid", "place")

    def __init__(self, bid: int, ask: int, place: Place) -> None:
        self.bid = bid
        self.ask = ask
        self.place = place

    def price(self, position: Position) -> int:
        return self.bid if position.ticket.side > 0 else self.ask


class Weighed:
    """The account at fixed corners: sums by symbol, and the tickets by what they are ahead, the worst last."""

    def __init__(self, book: Book, corners: dict[str, Corner]) -> None:
        self.book = book
        self.changes = book.changes
        self.ahead: dict[int, int] = {}
        self.points: dict[str, int] = {}
        for number, position in book.positions.items():
            ticket = position.ticket
            price = corners[ticket.symbol].price(position)
            ahead = ticket.steps * ticket.side * (price - ticket.entry_points)
            self.ahead[number] = ahead
            self.points[ticket.symbol] = self.points.get(ticket.symbol, 0) + ahead
        self.margins = book.margins()
        self.order = sorted(book.positions.values(), key=self._money, reverse=True)

    def _money(self, position: Position) -> tuple[Decimal, int]:
        ticket, book = position.ticket, self.book
        ahead = self.ahead[ticket.id]
        return book.money.gross(position.tape.instrument, ahead, 1, book.floor.now_ns), ticket.id

    def is_breached(self, frac: Decimal) -> bool:
        return self.book.equity_of(self.points) <= MONEY.multiply(frac, larger_sides(self.margins))

    def next(self) -> Position:
        """The worst, no longer counted in."""
        position = self.order.pop()
        ticket = position.ticket
        self.points[ticket.symbol] -= self.ahead[ticket.id]
        sides = self.margins[ticket.symbol]
        sides[ticket.side] = EXACT.subtract(sides[ticket.side], self.book.margin_left(ticket))
        self.changes += 1
        return position


class StopOut:
    """Closes the ticket with the largest loss until the account holds."""

    def __init__(self, floor: Floor, book: Book) -> None:
        self.floor = floor
        self.book = book

    def at_ends(self, t_ns: int, ending: Iterable[tuple[Tape, int]]) -> Work:
        """At the ends of these rows: each symbol's worse corner, low or high; the others at what is known."""
        rows = {tape.index: row for tape, row in ending}
        return self._watch({tape.symbol: self._corner(tape, rows, t_ns) for tape in self.tapes()}, rows, t_ns)

    def at_opens(self, t_ns: int) -> Work:
        """At the last known prices."""
        return self._watch({tape.symbol: self._corner(tape, {}, t_ns) for tape in self.tapes()}, {}, t_ns)

    def _corner(self, tape: Tape, rows: dict[int, int], t_ns: int) -> Corner:
        if tape.index in rows:
            return self.worse(tape, rows[tape.index], t_ns)
        return self.known(tape, t_ns, self.floor.phase)

    def tapes(self) -> Iterable[Tape]:
        return {p.tape.index: p.tape for p in self.book.positions.values()}.values()

    def worse(self, tape: Tape, row: int, t_ns: int) -> Corner:
        place = Place(t_ns, row, row)
        low = Corner(tape.bid[2][row], tape.ask[2][row], place)
        high = Corner(tape.bid[1][row], tape.ask[1][row], place)
        return low if self._points(tape, low) <= self._points(tape, high) else high

    def known(self, tape: Tape, t_ns: int, phase: int) -> Corner:
        row = tape.last_row(t_ns, phase)
        bid, ask = tape.known(row, t_ns)
        ended = tape.time[row] + tape.tf_ns <= t_ns and not (tape.is_ticks and tape.time[row] == t_ns)
        return Corner(bid, ask, Place(t_ns, row, row if ended else row - 1))

    def _points(self, tape: Tape, corner: Corner) -> int:
        """Points times steps of a symbol's tickets at a corner."""
        return sum(
            p.ticket.steps * p.ticket.side * (corner.price(p) - p.ticket.entry_points)
            for p in self.book.positions.values()
            if p.tape is tape
        )

    def _watch(self, corners: dict[str, Corner], rows: dict[int, int], t_ns: int) -> Work:
        """Close the largest loss (the older of equal ones), hear what its handlers do, look again."""
        if not self.book.positions or self.is_far(corners, self.floor.now_ns):
            return
        weighed: Weighed | None = None
        while self.book.positions:
            if weighed is None or weighed.changes != self.book.changes:
                for tape in self.tapes():  # one more where an order has answered a close of this watch
                    corners.setdefault(tape.symbol, self._corner(tape, rows, t_ns))
                weighed = Weighed(self.book, corners)
            if not weighed.is_breached(self.floor.stop_out_frac):
                return
            position = weighed.next()
            corner, ticket = corners[position.ticket.symbol], position.ticket
            price = corner.price(position) - ticket.side * self.floor.slippage[ticket.symbol]
            self.book.close(position, price, ticket.steps, "stop_out", corner.place)
            yield

    def is_far(self, corners: dict[str, Corner], t_ns: int) -> bool:
        """Whether plain floats leave no doubt that the account holds."""
        book = self.book
        equity = size = book.balance_minor / 10**book.money.account.digits
        margin = 0.0
        for p in book.positions.values():
            ticket = p.ticket
            points = ticket.steps * ticket.side * (corners[ticket.symbol].price(p) - ticket.entry_points)
            amount = points * book.money.step_value(p.tape.instrument, t_ns)
            equity += amount
            size += abs(amount)
            margin += float(ticket.margin)
        limit = float(self.floor.stop_out_frac) * margin
        return bool(equity - limit > CLOSE_CALL * (size + limit + 1))
