"""Commands that change levels or cancel orders: what they cover at their arrival, and from when a change counts."""

from __future__ import annotations

from zepix.brokers.backtrader import rules
from zepix.brokers.backtrader.book import Book, Change, Place, Position
from zepix.brokers.backtrader.closings import is_covered, open_orders
from zepix.brokers.backtrader.floor import ARRIVALS, Floor, Work
from zepix.brokers.backtrader.openings import Entry, Openings
from zepix.brokers.backtrader.tape import Tape
from zepix.model import Order, OrderCancelled, OrderFilled

__all__ = ["Changes", "close_by_level"]


class Changes:
    """Modify and cancel: no grace, no refusal."""

    def __init__(self, floor: Floor, book: Book, openings: Openings, orders: dict[int, Order]) -> None:
        self.floor = floor
        self.book = book
        self.openings = openings
        self.orders = orders
        self.under_way: dict[int, Order] = {}
        self.does_nothing = 0
        openings.inherit = self._wait

    def submit(self, order: Order) -> None:
        floor = self.floor
        self.under_way[order.id] = order
        order.seq = floor.turn()
        arrival = order.arrival_ns = order.decided_ns + floor.latency_ns
        work = self._cancels(order) if order.kind == "cancel" else self._modifies(order)
        if arrival == floor.now_ns and floor.is_at_once:
            floor.push_now(order.seq, work)
        else:
            floor.push(arrival, ARRIVALS, order.seq, order.seq, work)

    def end_of_data(self) -> Work:
        for order in tuple(self.under_way.values()):
            self._end(order, "end_of_data")
            yield

    # --- cancel ---------------------------------------------------------------------------------------------------

    def _cancels(self, order: Order) -> Work:
        if order.targets:
            covered = [self.openings.entries[n] for n in order.targets if n in self.openings.entries]
        else:
            covered = [e for e in open_orders(self.openings, order) if e.order.is_pending_kind]
        for entry in covered:
            if entry.order.is_under_way:
                order.touched += 1
                yield from self.openings.cancel(entry, "cancel")
        self._end(order, "nothing_to_cancel")
        yield

    # --- modify ---------------------------------------------------------------------------------------------------

    def _modifies(self, order: Order) -> Work:
        tickets, entries = self._covered(order)
        for entry in entries:
            order.touched += 1
            entry.changes.append(self._change(order, entry.tape))
        for position in tickets:
            order.touched += 1
            change = self._change(order, position.tape)
            if change.sl is not None:
                position.last_stop = change.sl
            if change.row >= 0 and position.tape.time[change.row] == self.floor.now_ns:
                yield from self._apply(position, change)
            else:
                position.changes.append(change)
                self._wait(position, change)
        self._end(order, "nothing_to_modify")
        yield

    def _covered(self, order: Order) -> tuple[list[Position], list[Entry]]:
        positions, entries = self.book.positions, self.openings.entries
        if order.tickets:
            return [positions[n] for n in order.tickets if n in positions], []
        if order.targets:
            raised = [self.orders[n].ticket for n in order.targets if n in self.orders and n not in entries]
            return [positions[n] for n in raised if n in positions], [entries[n] for n in order.targets if n in entries]
        covered = [
            p for p in positions.values() if is_covered(order, p.ticket.plugin_id, p.ticket.symbol, p.ticket.side)
        ]
        return covered, list(open_orders(self.openings, order))

    def _change(self, order: Order, tape: Tape) -> Change:
        """It counts from the first bar that opens now or later."""
        return Change(tape.first_open(self.floor.now_ns), order.new_sl, order.new_tp, order.seq)

    def _wait(self, position: Position, change: Change) -> None:
        if change.row >= 0:
            opens_ns = position.tape.time[change.row]
            self.floor.push(opens_ns, ARRIVALS, change.turn, change.turn, self._counts(position, change))

    def _counts(self, position: Position, change: Change) -> Work:
        if position.ticket.is_open and change in position.changes:
            position.changes.remove(change)
            yield from self._apply(position, change)

    def _apply(self, position: Position, change: Change) -> Work:
        """The levels stand; at an open whose gaps are done, one at or beyond that open fills there at once."""
        ticket, floor = position.ticket, self.floor
        if change.sl is None and change.tp is None:
            return
        if change.sl is not None:
            ticket.sl, ticket.stop_reason, position.is_forced = change.sl, "sl", False
        if change.tp is not None:
            ticket.tp = change.tp
        ticket.version += 1
        if floor.phase > 2 or floor.gaps_ns == floor.now_ns:
            opened = position.closing_price(change.row, 0)
            which = rules.exit_at_open(ticket.side, ticket.sl, ticket.tp, opened)
            if which:
                place = Place(floor.now_ns, change.row, change.row - 1)
                close_by_level(self.book, position, which, opened, place)
                yield

    def _end(self, order: Order, otherwise: str) -> None:
        now_ns = self.floor.now_ns
        del self.under_way[order.id]
        if order.touched:
            order.move("filled", now_ns)
            self.floor.emit(OrderFilled(now_ns, now_ns, order, None), order)
        else:
            if order.targets or order.tickets:
                self.does_nothing += 1
            order.move("cancelled", now_ns, otherwise)
            self.floor.emit(OrderCancelled(now_ns, now_ns, order), order)


def close_by_level(book: Book, position: Position, which: str, price: int, place: Place) -> None:
    """Close a ticket by its stop (slipped against us) or its target (never slipped)."""
    ticket = position.ticket
    if which == "stop":
        book.close(
            position, price - ticket.side * book.floor.slippage[ticket.symbol], ticket.steps, ticket.stop_reason, place
        )
    else:
        book.close(position, price, ticket.steps, ticket.target_reason, place)
