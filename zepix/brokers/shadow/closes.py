"""Closing orders of the shadow broker: what one covers, when it acts, and when it is confirmed.

Rules (docs/fills.md, "Market orders and closes"):

- what a close covers is decided at its arrival: tickets open then, and market entries under way, which are taken along;
- each ticket closes at the open of the instant at which the order acts; closing orders never expire;
- a close is confirmed once nothing it covers is open or under way, be it by its own fill or by a stop; with nothing
  closed it ends as ``nothing_to_close``. What was held for it leaves at that instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zepix.brokers.shadow.agenda import AT_ONCE, CLOSES
from zepix.brokers.shadow.rules import takes_along
from zepix.model import Order, OrderCancelled, OrderFilled, Ticket
from zepix.services.prices import SymbolPrices

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["CLOSE", "Closes"]

CLOSE: Final = 4


class Closes:
    """The closing side of one broker; a ticket's ``closing`` names the orders that wait to close it."""

    def __init__(self, broker: ShadowBroker) -> None:
        self._broker = broker

    def arrive(self, order: Order, prices: SymbolPrices, opens_now: bool, at_once: bool) -> None:
        """Decide what a close covers, and close it at once, at the open of this instant, or at the next."""
        broker = self._broker
        tickets = self._covered(order)
        entries = [] if order.tickets else [o for o in broker.opening.values() if takes_along(order, o)]
        order.parts_left = len(tickets) + len(entries)
        for entry in entries:
            entry.taken_by.append(order)
        if not order.parts_left:
            broker.counts["does_nothing"] += 1
            self._done(order)
            return
        if order.status == "decided":
            order.move("waiting", broker.now_ns)
        for ticket in tickets:
            ticket.closing.append(order)
            if at_once:
                broker.agenda.add(broker.now_ns, 4, AT_ONCE, order.seq, 0, CLOSE, (order, ticket))
            elif opens_now:
                broker.agenda.add(broker.now_ns, 2, CLOSES, order.arrival_ns, order.seq, CLOSE, (order, ticket))
            else:
                broker.form.wait(prices, CLOSES, order.arrival_ns, order.seq, CLOSE, (order, ticket))

    def act(self, order: Order, ticket: Ticket) -> None:
        """One ticket of a closing order, at the open of this instant; one closed meanwhile is left alone."""
        broker = self._broker
        broker.cause = order
        if not ticket.is_open:
            broker.counts["does_nothing"] += 1
            return
        prices = broker.prices[ticket.symbol]
        row = prices.row_at(broker.now_ns)
        price = int(prices.bid_open[row] if ticket.side > 0 else prices.ask_open[row])
        price -= ticket.side * broker.fill_model.slippage_points
        order.closed += 1
        order.fill_ns, order.fill_points = int(prices.time[row]), price
        order.filled_steps += ticket.steps
        broker.book_close(ticket, prices, order.fill_ns, row, price, order.reason_to_close, row - 1)

    def part_done(self, order: Order) -> None:
        """Something the order covers has ended: a ticket closed, or an entry it took along failed."""
        order.parts_left -= 1
        if not order.parts_left and order.is_under_way:
            self._done(order)

    def expire_all(self) -> None:
        """The data end: closing orders on their way or waiting are cancelled."""
        broker = self._broker
        closes = [e[7] for e in broker.agenda.heap if isinstance(e[7], Order) and e[7].kind == "close"]
        closes += [order for ticket in broker.tickets.values() for order in ticket.closing]
        closes += [close for order in broker.opening.values() for close in order.taken_by]
        for close in closes:
            if close.is_under_way:
                close.move("cancelled", broker.now_ns, "end_of_data")
                broker.events.append(OrderCancelled(broker.now_ns, broker.now_ns, close))

    def _covered(self, order: Order) -> list[Ticket]:
        tickets = self._broker.tickets
        if order.tickets:
            return [tickets[n] for n in order.tickets if n in tickets]
        return [
            t
            for t in tickets.values()
            if t.symbol == order.symbol and t.plugin_id == order.plugin_id and order.side in (0, t.side)
        ]

    def _done(self, order: Order) -> None:
        broker = self._broker
        if order.closed:
            order.move("filled", broker.now_ns)
            broker.events.append(OrderFilled(broker.now_ns, broker.now_ns, order, None))
        else:
            order.move("cancelled", broker.now_ns, "nothing_to_close")
            broker.events.append(OrderCancelled(broker.now_ns, broker.now_ns, order))
        broker.release_after(order)
