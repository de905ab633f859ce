"""Closing orders, cancels and changes of the shadow broker: what one covers, when it acts, when it is confirmed.

Rules (docs/fills.md, "Market orders and closes"):

- what a command covers is decided at its arrival: tickets open then, market entries under way (a close takes them
  along), pending orders under way (a close cancels them, reason ``exit``);
- each ticket closes at the open of the instant at which the order acts; closing orders never expire;
- a close is confirmed once nothing it covers is open or under way, be it by its own fill or by a stop; with nothing
  done it ends as ``nothing_to_close``. What was held for it leaves at that instant;
- changes and cancels act at their arrival, without grace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zepix.brokers.shadow.agenda import CLOSES
from zepix.brokers.shadow.exits import changed_levels
from zepix.brokers.shadow.rules import is_meant
from zepix.model import Order, OrderCancelled, OrderFilled, OrderRefused, Ticket

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["CLOSE", "Closes"]

CLOSE: Final = 4


class Closes:
    """The closing side of one broker; a ticket's ``closing`` names the orders that wait to close it."""

    def __init__(self, broker: ShadowBroker) -> None:
        self._broker = broker
        self.changes: dict[int, list[tuple[int, int | None, int | None]]] = {}

    # --- closes -----------------------------------------------------------------------------------------------------

    def arrive(self, order: Order) -> None:
        """Decide what a close covers; each ticket closes next, at the open it meets now, or at its symbol's next."""
        broker = self._broker
        tickets = self._tickets(order)
        entries = [] if order.tickets else [o for o in broker.opening.values() if is_meant(order, o)]
        for entry in [o for o in entries if o.is_pending_kind]:
            order.touched += broker.pendings.cancel(entry, "exit")
        taken = [o for o in entries if not o.is_pending_kind]
        order.parts_left = len(tickets) + len(taken)
        for entry in taken:
            entry.taken_by.append(order)
        if not order.parts_left:
            self._done(order)
            return
        if order.status == "decided":
            order.move("waiting", broker.now_ns)
        key = (order.arrival_ns, order.seq)
        for ticket in tickets:
            ticket.closing.append(order)
            prices = broker.prices[ticket.symbol]
            if broker.arrivals.meets_open(order, prices):
                broker.then(CLOSE, (order, ticket))
            else:
                broker.form.wait(prices, CLOSES, order.arrival_ns, key, CLOSE, (order, ticket))

    def act(self, order: Order, ticket: Ticket) -> None:
        """One ticket of a closing order, at the open of this instant; one closed meanwhile is left alone."""
        broker = self._broker
        broker.cause = order
        if not ticket.is_open:
            return
        prices = broker.prices[ticket.symbol]
        row = prices.row_at(broker.now_ns)
        price = int(prices.bid_open[row] if ticket.side > 0 else prices.ask_open[row])
        price -= ticket.side * broker.slippage[ticket.symbol]
        steps = ticket.steps if order.frac is None else min(ticket.steps, int(ticket.entry_steps * order.frac))
        if not steps:
            order.why = {"volume_step": float(prices.instrument.volume_step)}
            ticket.closing.remove(order)
            self.part_done(order)
            return
        order.closed += 1
        order.fill_ns, order.fill_points = int(prices.time[row]), price
        order.filled_steps += steps
        if steps < ticket.steps:
            ticket.closing.remove(order)
        broker.book_close(ticket, steps, prices, order.fill_ns, row, price, order.reason_to_close, row - 1)
        if ticket.is_open:
            self.part_done(order)

    def part_done(self, order: Order) -> None:
        """Something the order covers has ended: a ticket closed, or an entry it took along failed."""
        order.parts_left -= 1
        if not order.parts_left and order.is_under_way:
            self._done(order)

    def expire_all(self) -> None:
        """The data end: commands on their way or waiting are cancelled, as raised; one that closed something has."""
        broker = self._broker
        found = [e[7] for e in broker.agenda.heap if isinstance(e[7], Order) and not e[7].opens]
        found += [order for ticket in broker.tickets.values() for order in ticket.closing]
        found += [close for order in broker.opening.values() for close in order.taken_by]
        for order in sorted({o.id: o for o in found if o.is_under_way}.values(), key=lambda o: o.id):
            if order.closed:
                order.move("filled", broker.now_ns)
                broker.events.append(OrderFilled(broker.now_ns, broker.now_ns, order, None))
            else:
                order.move("cancelled", broker.now_ns, "end_of_data")
                broker.events.append(OrderCancelled(broker.now_ns, broker.now_ns, order))

    def _tickets(self, order: Order) -> list[Ticket]:
        tickets = self._broker.tickets
        if order.tickets:
            return [tickets[n] for n in order.tickets if n in tickets]
        return [
            t
            for t in tickets.values()
            if t.plugin_id == order.plugin_id
            and (
                t.order_id in order.targets if order.targets else t.symbol == order.symbol and order.side in (0, t.side)
            )
        ]

    # --- cancels and changes ----------------------------------------------------------------------------------------

    def cancel(self, order: Order) -> None:
        """Cancel what the command covers: the orders it names, else the pending orders of its side."""
        broker = self._broker
        for entry in [o for o in broker.opening.values() if self._covers(order, o)]:
            if order.targets or entry.is_pending_kind:
                order.touched += broker.pendings.cancel(entry, "cancel")
        self._done(order)

    def modify(self, order: Order) -> None:
        """Change the levels of the tickets and of the orders under way that the command covers."""
        broker = self._broker
        for ticket in self._tickets(order):
            broker.exits.change(ticket, order)
            order.touched += 1
        entries = [] if order.tickets else [o for o in broker.opening.values() if self._covers(order, o)]
        for entry in entries:
            change = (broker.now_ns, order.new_sl, order.new_tp)
            self.changes.setdefault(entry.id, []).append(change)
            order.touched += 1
        self._done(order)

    def _covers(self, command: Order, entry: Order) -> bool:
        if entry.plugin_id != command.plugin_id:
            return False
        if command.targets:
            return entry.id in command.targets
        return entry.symbol == command.symbol and command.side in (0, entry.side)

    def levels_at(self, order: Order, opened_ns: int) -> tuple[int | None, int | None]:
        """Give an order that fills the changes that had come by its bar's open; returns those that came later."""
        later_sl: int | None = None
        later_tp: int | None = None
        for arrived_ns, new_sl, new_tp in self.changes.pop(order.id, ()):
            if arrived_ns <= opened_ns:
                changed_levels(order, new_sl, new_tp)
            else:
                later_sl = later_sl if new_sl is None else new_sl
                later_tp = later_tp if new_tp is None else new_tp
        return later_sl, later_tp

    def _done(self, order: Order) -> None:
        broker = self._broker
        now = broker.now_ns
        if order.closed or order.touched:
            order.move("filled", now)
            broker.events.append(OrderFilled(now, now, order, None))
        elif order.why:  # a share of less than a step
            order.move("refused", now, "volume_too_small")
            broker.events.append(OrderRefused(now, now, order))
        else:
            broker.counts["does_nothing"] += 1
            order.move("cancelled", now, f"nothing_to_{order.kind}")
            broker.events.append(OrderCancelled(now, now, order))
        broker.release_after(order)
