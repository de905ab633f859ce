"""Closing orders: what they cover at their arrival, at which open they close it, and when they are done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from zepix.brokers.backtrader.book import Book, Place, Position
from zepix.brokers.backtrader.floor import ALERTS, CLOSINGS, Floor, Work
from zepix.brokers.backtrader.openings import Entry, Fill, Openings
from zepix.brokers.backtrader.tape import Tape
from zepix.model import Order, OrderCancelled, OrderFilled, OrderRefused

__all__ = ["Closings", "Exit"]


@dataclass(slots=True, eq=False)
class Exit:
    """A closing order under way.

    cover: the tickets it is to close, by number. awaited: ids of the market entries that it takes along.
    left_alone: it met a ticket of which its share is less than a step.
    """

    order: Order
    tape: Tape
    cover: dict[int, Position] = field(default_factory=dict)
    awaited: set[int] = field(default_factory=set)
    has_arrived: bool = False
    left_alone: bool = False

    @property
    def is_done(self) -> bool:
        return self.has_arrived and not self.cover and not self.awaited


class Closings:
    """All closing orders under way, by id."""

    def __init__(self, floor: Floor, book: Book, openings: Openings, orders: dict[int, Order]) -> None:
        self.floor = floor
        self.book = book
        self.openings = openings
        self.orders = orders
        self.exits: dict[int, Exit] = {}
        self.does_nothing = 0
        book.on_closed.append(self._ticket_closed)
        openings.on_filled.append(self._entry_filled)
        openings.after_fill.append(self._close_taken)
        openings.on_done.append(self._entry_done)

    def submit(self, order: Order) -> None:
        floor = self.floor
        exit_ = self.exits[order.id] = Exit(order, floor.tapes[order.symbol])
        order.seq = floor.turn()
        arrival = order.arrival_ns = order.decided_ns + floor.latency_ns
        row = floor.graced_row(order, exit_.tape)
        if row >= 0:
            floor.push(arrival, ALERTS, order.seq, order.seq, self._arrives(exit_))
        elif arrival == floor.now_ns and floor.is_at_once:
            floor.push_now(order.seq, self._arrives(exit_))
        elif exit_.tape.opens_at(arrival):
            floor.push(arrival, CLOSINGS, arrival, order.seq, self._arrives(exit_))
        else:
            floor.push(arrival, ALERTS, order.seq, order.seq, self._arrives(exit_))

    def end_of_data(self, exit_: Exit) -> None:
        """What has not been answered never will be; what closed something has done so."""
        exit_.cover.clear()
        exit_.awaited.clear()
        exit_.has_arrived = True
        if exit_.order.closed:
            self._finish(exit_)
        else:
            self._end(exit_, "cancelled", "end_of_data")

    # --- arrival --------------------------------------------------------------------------------------------------

    def _arrives(self, exit_: Exit) -> Work:
        """It covers what is open and under way now; each ticket closes at the open it meets now, or at its next."""
        order, floor = exit_.order, self.floor
        order.move("waiting", floor.now_ns)
        self._judge(exit_)
        exit_.has_arrived = True
        self._settle(exit_)
        floor.acting = order
        later: list[Position] = []
        met: list[tuple[Position, int]] = []
        for position in exit_.cover.values():
            row = floor.graced_row(order, position.tape)
            if row < 0 and position.tape.opens_at(order.arrival_ns):
                row = position.tape.first_open(order.arrival_ns)
            if row < 0:
                later.append(position)
            else:
                met.append((position, row))
        for position in later:
            row = position.tape.first_open(order.arrival_ns)
            if row >= 0:
                work = self._close_at(exit_, position, row)
                floor.push(position.tape.time[row], CLOSINGS, order.arrival_ns, order.seq, work)
        yield
        for position, row in met:
            yield from self._close_at(exit_, position, row)

    def _judge(self, exit_: Exit) -> None:
        order = exit_.order
        tickets, entries = self._named(order) if order.targets or order.tickets else self._of_side(order)
        for position in sorted(tickets, key=lambda p: p.ticket.id):
            exit_.cover[position.ticket.id] = position
            position.ticket.closing.append(order)
        market = [e for e in entries if not e.order.is_pending_kind]
        for entry in entries:
            if entry.order.is_pending_kind:
                order.touched += self.openings.end(entry, "exit")
        for entry in market:
            exit_.awaited.add(entry.order.id)
            entry.order.taken_by.append(order)

    def _named(self, order: Order) -> tuple[list[Position], list[Entry]]:
        """What its plugin has of the tickets and the orders that a command names."""
        if order.tickets:
            return [self.book.positions[n] for n in sorted(set(order.tickets)) if n in self.book.positions], []
        named = {*order.targets}
        tickets = [
            p
            for p in self.book.positions.values()
            if p.ticket.order_id in named and p.ticket.plugin_id == order.plugin_id
        ]
        entries = [e for n, e in self.openings.entries.items() if n in named and e.order.plugin_id == order.plugin_id]
        return tickets, [e for e in entries if e.order.status != "held" or e.order.id < order.id]

    def _of_side(self, order: Order) -> tuple[list[Position], list[Entry]]:
        """Everything of its plugin, symbol and side; of entries that are held, those raised before it."""
        tickets = [
            p
            for p in self.book.positions.values()
            if is_covered(order, p.ticket.plugin_id, p.ticket.symbol, p.ticket.side)
        ]
        entries = [
            e
            for e in self.openings.entries.values()
            if is_covered(order, e.order.plugin_id, e.order.symbol, e.order.side)
            and (e.order.status != "held" or e.order.id < order.id)
        ]
        return tickets, entries

    # --- closing --------------------------------------------------------------------------------------------------

    def _close_at(self, exit_: Exit, position: Position, row: int) -> Work:
        """Close one ticket, if it is still covered, at the open of ``row``."""
        if exit_.cover.get(position.ticket.id) is position:
            self._close_one(exit_, position, row, position.tape.time[row])
            yield

    def _close_one(self, exit_: Exit, position: Position, row: int, at_ns: int) -> None:
        """The order's share of one ticket at an open, slipped against us; what is less than a step stays."""
        order, ticket = exit_.order, position.ticket
        steps = ticket.steps
        if order.frac is not None:
            steps = min(int(ticket.entry_steps * order.frac), ticket.steps)
        if steps:
            price = position.closing_price(row, 0) - ticket.side * self.floor.slippage[ticket.symbol]
            order.closed += 1
            order.filled_steps += steps
            order.fill_ns, order.fill_points = at_ns, price
            self.book.close(position, price, steps, order.reason_to_close, Place(at_ns, row, row - 1), order)
        else:
            exit_.left_alone = True
            order.why["volume_step"] = float(position.tape.instrument.volume_step)
        if ticket.is_open:
            exit_.cover.pop(ticket.id, None)
            if order in ticket.closing:
                ticket.closing.remove(order)
            self._settle(exit_)
        self.floor.acting = order

    def _entry_filled(self, entry: Entry, position: Position | None) -> None:
        """Exits that took the order along cover its ticket from now on."""
        for order in entry.order.taken_by:
            exit_ = self.exits.get(order.id)
            if exit_ is None or entry.order.id not in exit_.awaited:
                continue
            exit_.awaited.discard(entry.order.id)
            if position is None:
                self._settle(exit_)
            else:
                exit_.cover[position.ticket.id] = position
                position.ticket.closing.append(order)

    def _close_taken(self, entry: Entry, position: Position | None, fill: Fill) -> Work:
        """Those exits close the ticket at the open of its fill, in the order in which they came."""
        if position is not None:
            for order in tuple(entry.order.taken_by):
                exit_ = self.exits.get(order.id)
                if exit_ is not None:
                    yield from self._close_at(exit_, position, fill.row)

    # --- done -----------------------------------------------------------------------------------------------------

    def _ticket_closed(self, position: Position) -> None:
        ticket = position.ticket
        for order in tuple(ticket.closing):
            exit_ = self.exits.get(order.id)
            if exit_ is not None and exit_.cover.pop(ticket.id, None) is not None:
                self._settle(exit_)
        ticket.closing.clear()

    def _entry_done(self, order: Order) -> None:
        for taker in order.taken_by:
            exit_ = self.exits.get(taker.id)
            if exit_ is not None and order.id in exit_.awaited:
                exit_.awaited.discard(order.id)
                self._settle(exit_)

    def _settle(self, exit_: Exit) -> None:
        if exit_.is_done and exit_.order.is_under_way:
            self._finish(exit_)

    def _finish(self, exit_: Exit) -> None:
        order = exit_.order
        if order.closed or order.touched:
            self._end(exit_, "filled", "")
        elif exit_.left_alone:
            self._end(exit_, "refused", "volume_too_small")
        else:
            self.does_nothing += 1
            self._end(exit_, "cancelled", "nothing_to_close")

    def _end(self, exit_: Exit, status: str, reason: str) -> None:
        order, now_ns = exit_.order, self.floor.now_ns
        order.move(status, now_ns, reason)
        del self.exits[order.id]
        if status == "filled":
            self.floor.emit(OrderFilled(order.fill_ns if order.closed else now_ns, now_ns, order, None), order)
        elif status == "refused":
            self.floor.emit(OrderRefused(now_ns, now_ns, order), order)
        else:
            self.floor.emit(OrderCancelled(now_ns, now_ns, order), order)
        for tell in self.openings.on_done:
            tell(order)


def is_covered(order: Order, plugin_id: str, symbol: str, side: int) -> bool:
    """Whether a command that names a side covers what is of this plugin, symbol and side."""
    return plugin_id == order.plugin_id and symbol == order.symbol and order.side in (0, side)


def open_orders(openings: Openings, order: Order) -> Iterator[Entry]:
    """The entries under way that a command without names covers."""
    for entry in openings.entries.values():
        if is_covered(order, entry.order.plugin_id, entry.order.symbol, entry.order.side):
            yield entry
