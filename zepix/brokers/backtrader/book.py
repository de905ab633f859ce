"""Open tickets, the balance, and the records of closing fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Final

from zepix.brokers.backtrader.floor import Floor
from zepix.brokers.backtrader.money import Money
from zepix.brokers.backtrader.tape import Tape
from zepix.model import ClosingFill, Order, Ticket, TicketClosed
from zepix.services.conversion import MONEY

__all__ = ["EXACT", "Book", "Change", "Place", "Position", "larger_sides"]

ZERO: Final = Decimal(0)
EXACT: Final = Context(prec=120)
"""Digits enough that no sum of margins is rounded."""


@dataclass(slots=True, eq=False)
class Change:
    """New levels that have arrived and count from ``row`` on; None is unchanged."""

    row: int
    sl: int | None
    tp: int | None
    turn: int


@dataclass(slots=True, eq=False)
class Position:
    """A ticket with what only its broker needs to know.

    last_stop: the last stop that was set, counting or not, 0 for none. best: the best price of the bars lived whole.
    used: break-even trails that have done their one move. changes: those that do not count yet. is_forced: the last
    bar closed beyond a trailing stop just set, so that the next open fills it.
    """

    ticket: Ticket
    tape: Tape
    order: Order
    last_stop: int = 0
    best: int | None = None
    used: set[int] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    is_forced: bool = False

    def closing_price(self, row: int, column: int) -> int:
        """A column (0 open, 1 high, 2 low, 3 close) of the side at which this ticket closes."""
        return int((self.tape.bid if self.ticket.side > 0 else self.tape.ask)[column][row])

    def closing_range(self, row: int) -> tuple[int, int]:
        side = self.tape.bid if self.ticket.side > 0 else self.tape.ask
        return side[2][row], side[1][row]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an exit happens: its time, its row, and the last row that the ticket has lived through whole."""

    at_ns: int
    row: int
    lived_to: int


class Book:
    """Tickets by number, older first; ``fills`` in the order in which they were made."""

    def __init__(self, floor: Floor, money: Money) -> None:
        self.floor = floor
        self.money = money
        self.tickets: dict[int, Ticket] = {}
        self.positions: dict[int, Position] = {}
        self.fills: list[ClosingFill] = []
        self.balances: list[tuple[int, int]] = []
        self.balance_minor = money.minor(money.account.balance)
        self.on_closed: list[Callable[[Position], None]] = []
        self.changes = 0
        """How often what is open has changed."""
        self._last_id = 0

    # --- opening and closing --------------------------------------------------------------------------------------

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add(self, position: Position) -> None:
        self.changes += 1
        self.tickets[position.ticket.id] = position.ticket
        self.positions[position.ticket.id] = position

    def close(
        self, position: Position, price: int, steps: int, reason: str, place: Place, order: Order | None = None
    ) -> ClosingFill:
        """Close so many steps at a price; the record is booked and told, and whoever waits for it is asked.

        order: the command that did it, if it was one.
        """
        ticket, money, instrument = position.ticket, self.money, position.tape.instrument
        points = ticket.side * (price - ticket.entry_points)
        gross = money.minor(money.gross(instrument, points, steps, place.at_ns))
        commission = money.commission_minor(instrument, steps)
        swap = money.swap_minor(instrument, ticket.side, steps, ticket.entry_ns, place.at_ns)
        pnl = gross + commission + swap
        mae, mfe = self._excursions(position, points, place.lived_to)
        ticket.parts += 1
        now_ns = self.floor.now_ns
        fill = ClosingFill(
            ticket.id, ticket.parts, ticket.plugin_id, ticket.family, ticket.symbol, ticket.side, ticket.role, steps,
            ticket.entry_ns, ticket.entry_points, place.at_ns, price, ticket.initial_sl, ticket.initial_tp, ticket.sl,
            ticket.tp, reason, gross, commission, swap, pnl, points, mae, mfe, place.row - ticket.entry_row + 1,
            ticket.is_ambiguous, ticket.alert_id, ticket.chain_id, now_ns, ticket.entry_row, place.row,
        )  # fmt: skip
        self.fills.append(fill)
        self.balance_minor += pnl
        self.balances.append((now_ns, self.balance_minor))
        ticket.steps -= steps
        self.changes += 1
        if not ticket.steps:
            ticket.is_open = False
            del self.tickets[ticket.id], self.positions[ticket.id]
        self.floor.emit(TicketClosed(place.at_ns, now_ns, fill, ticket), order)
        if not ticket.is_open:
            for tell in self.on_closed:
                tell(position)
            self.floor.acting = position.order if order is None and ticket.opened_ns == now_ns else order
        return fill

    def _excursions(self, position: Position, points: int, lived_to: int) -> tuple[int, int]:
        """(against, for) us in points, at least 0: over rows lived whole, and the exit itself."""
        ticket, series = position.ticket, position.tape.prices.series
        mae, mfe = max(0, -points), max(0, points)
        first, last = ticket.lived_from, lived_to + 1
        if first < last:
            low, high = (series.bid_low, series.bid_high) if ticket.side > 0 else (series.ask_low, series.ask_high)
            down = int(low[first:last].min()) - ticket.entry_points
            up = int(high[first:last].max()) - ticket.entry_points
            if ticket.side < 0:
                down, up = -up, -down
            mae, mfe = max(mae, -down), max(mfe, up)
        return mae, mfe

    # --- the account ----------------------------------------------------------------------------------------------

    def gross_at(self, position: Position, price: int) -> Decimal:
        """Unrounded gross of what is open of a ticket, closed at ``price`` now."""
        ticket = position.ticket
        points = ticket.side * (price - ticket.entry_points)
        return self.money.gross(position.tape.instrument, points, ticket.steps, self.floor.now_ns)

    def price_now(self, position: Position) -> int:
        """The last known price on the ticket's closing side."""
        floor, tape = self.floor, position.tape
        row = tape.last_row(floor.now_ns, floor.phase)
        return tape.known(row, floor.now_ns)[0 if position.ticket.side > 0 else 1]

    def balance(self) -> Decimal:
        return self.money.major(self.balance_minor)

    def equity(self) -> Decimal:
        """Balance and the gross of open tickets, all symbols at their last known prices."""
        return self.equity_at((p, self.price_now(p)) for p in self.positions.values())

    def equity_at(self, priced: Iterable[tuple[Position, int]]) -> Decimal:
        """Balance and gross at these prices; points are summed by symbol, so that no order of tickets tells."""
        points: dict[str, int] = {}
        for position, price in priced:
            ticket = position.ticket
            ahead = ticket.side * (price - ticket.entry_points) * ticket.steps
            points[ticket.symbol] = points.get(ticket.symbol, 0) + ahead
        return self.equity_of(points)

    def equity_of(self, points: Mapping[str, int]) -> Decimal:
        """Balance and gross of so many points times steps by symbol, now."""
        total = self.balance()
        for symbol, tape in self.floor.tapes.items():
            if symbol in points:
                gross = self.money.gross(tape.instrument, points[symbol], 1, self.floor.now_ns)
                total = MONEY.add(total, gross)
        return total

    def margin_left(self, ticket: Ticket) -> Decimal:
        """The share of a ticket's margin that is left of it after partial closes."""
        if ticket.steps == ticket.entry_steps:
            return ticket.margin
        return MONEY.divide(MONEY.multiply(ticket.margin, Decimal(ticket.steps)), Decimal(ticket.entry_steps))

    def margins(self) -> dict[str, dict[int, Decimal]]:
        """Every symbol's margin by side, summed exactly."""
        sums: dict[str, dict[int, Decimal]] = {}
        for ticket in self.tickets.values():
            sides = sums.setdefault(ticket.symbol, {1: ZERO, -1: ZERO})
            sides[ticket.side] = EXACT.add(sides[ticket.side], self.margin_left(ticket))
        return sums

    def margin(self, extra: tuple[str, int, Decimal] | None = None) -> Decimal:
        """The larger side's sum of every symbol, not rounded; ``extra``: (symbol, side, margin) of one more ticket."""
        sums = self.margins()
        if extra is not None:
            symbol, side, margin = extra
            sides = sums.setdefault(symbol, {1: ZERO, -1: ZERO})
            sides[side] = EXACT.add(sides[side], margin)
        return larger_sides(sums)

    def margin_shown(self) -> Decimal:
        """As a strategy sees it: 28 digits, without zeros behind the account's own."""
        margin = MONEY.plus(self.margin())
        cents = MONEY.quantize(margin, Decimal(1).scaleb(-self.money.account.digits))
        return cents if cents == margin else MONEY.normalize(margin)


def larger_sides(sums: Mapping[str, Mapping[int, Decimal]]) -> Decimal:
    """The sum of every symbol's larger side, not rounded."""
    total = ZERO
    for sides in sums.values():
        total = EXACT.add(total, max(sides.values()))
    return total
