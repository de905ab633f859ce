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
        self._arrived = 0
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

    def end_of_data(self, order: Order) -> None:
        self._end(order, "end_of_data")

    # --- cancel ---------------------------------------------------------------------------------------------------

    def _cancels(self, order: Order) -> Work:
        """One deed, whatever it cancels."""
        for entry in self._entries(order):
            if order.targets or entry.order.is_pending_kind:
                order.touched += self.openings.end(entry, "cancel")
        self._end(order, "nothing_to_cancel")
        self.floor.acting = order
        yield

    # --- modify ---------------------------------------------------------------------------------------------------

    def _modifies(self, order: Order) -> Work:
        """All levels change in one deed; what is then gapped by this instant's open closes one by one."""
        now_ns = self.floor.now_ns
        stands: list[tuple[Position, int]] = []
        for position in self._positions(order):
            order.touched += 1
            change = self._change(order, position.tape)
            if change.sl is not None:
                position.last_stop = change.sl
            if change.row >= 0 and position.tape.time[change.row] == now_ns:
                self._apply(position, change)
                stands.append((position, change.row))
            else:
                position.changes.append(change)
                self._wait(position, change)
        for entry in self._entries(order):
            order.touched += 1
            entry.changes.append(self._change(order, entry.tape))
        self._end(order, "nothing_to_modify")
        yield
        for position, row in stands:
            yield from self._close_gapped(position, row)

    def _positions(self, order: Order) -> list[Position]:
        positions = self.book.positions
        if order.tickets:
            return [positions[n] for n in sorted(set(order.tickets)) if n in positions]
        if order.targets:
            return [
                p
                for p in positions.values()
                if p.ticket.order_id in order.targets and p.ticket.plugin_id == order.plugin_id
            ]
        return [p for p in positions.values() if is_covered(order, p.ticket.plugin_id, p.ticket.symbol, p.ticket.side)]

    def _entries(self, order: Order) -> list[Entry]:
        if order.tickets:
            return []
        if order.targets:
            return [
                e
                for n, e in self.openings.entries.items()
                if n in order.targets and e.order.plugin_id == order.plugin_id
            ]
        return list(open_orders(self.openings, order))

    def _change(self, order: Order, tape: Tape) -> Change:
        """It counts from the first bar that opens now or later; of several the one that arrived later wins."""
        self._arrived += 1
        return Change(tape.first_open(self.floor.now_ns), order.new_sl, order.new_tp, self._arrived)

    def _wait(self, position: Position, change: Change) -> None:
        """Changes that waited for an open come before what arrives there."""
        if change.row >= 0:
            opens_ns = position.tape.time[change.row]
            self.floor.push(opens_ns, ARRIVALS, 0, change.turn, self._counts(position, change))

    def _counts(self, position: Position, change: Change) -> Work:
        if position.ticket.is_open and change in position.changes:
            position.changes.remove(change)
            self._apply(position, change)
            yield

    def _apply(self, position: Position, change: Change) -> None:
        """The levels stand from here on."""
        ticket = position.ticket
        if change.sl is None and change.tp is None:
            return
        if change.sl is not None:
            ticket.sl, ticket.stop_reason, position.is_forced = change.sl, "sl", False
        if change.tp is not None:
            ticket.tp = change.tp
        ticket.version += 1

    def _close_gapped(self, position: Position, row: int) -> Work:
        """Where its turn among the gaps of this open is over, a level at or beyond the open fills there at once."""
        ticket, floor = position.ticket, self.floor
        if not ticket.is_open or not floor.is_past_gap(ticket):
            return
        opened = position.closing_price(row, 0)
        which = rules.exit_at_open(ticket.side, ticket.sl, ticket.tp, opened)
        if which:
            close_by_level(self.book, position, which, opened, Place(floor.now_ns, row, row - 1))
            yield

    def _end(self, order: Order, otherwise: str) -> None:
        now_ns = self.floor.now_ns
        del self.under_way[order.id]
        if order.touched:
            order.move("filled", now_ns)
            self.floor.emit(OrderFilled(now_ns, now_ns, order, None), order)
        else:
            self.does_nothing += otherwise != "end_of_data"
            order.move("cancelled", now_ns, otherwise)
            self.floor.emit(OrderCancelled(now_ns, now_ns, order), order)
        for tell in self.openings.on_done:
            tell(order)


def close_by_level(book: Book, position: Position, which: str, price: int, place: Place) -> None:
    """Close a ticket by its stop (slipped against us) or its target (never slipped)."""
    ticket = position.ticket
    if which == "stop":
        book.close(
            position, price - ticket.side * book.floor.slippage[ticket.symbol], ticket.steps, ticket.stop_reason, place
        )
    else:
        book.close(position, price, ticket.steps, ticket.target_reason, place)
