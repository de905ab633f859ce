"""Shield B as level 0 of a pyramid: profit booking closes it at its target, and goes up from there."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from zepix.model import Ticket
from zepix.services.profit_book import ProfitBook

__all__ = ["ShieldProfits"]


class ShieldProfits:
    """``zepix.services.ports.ShieldBooking`` over the pyramids of a run."""

    def __init__(self, book: ProfitBook) -> None:
        self._book = book

    def adopt(self, ticket: Ticket) -> bool:
        """A pyramid on a filled shield B, whose price is watched like that of an order B the engine books."""
        desk = self._book.desk
        if ticket.plugin_id not in desk.plugins:
            return False
        settings = desk.settings_of(ticket.plugin_id)
        if not (settings.enabled and settings.is_on(0)):
            return False
        chain = self._book.begin(ticket.order_id, asked=True)
        if chain is None:
            return False
        order = chain.orders[ticket.order_id]
        if not order.booking_points:
            money = desk.legs.b_target_money if settings.target_money is None else settings.target_money
            distance = Decimal(str(money)) / desk.per_point(chain, order.steps)
            order.booking_points = max(int(distance.to_integral_value(ROUND_CEILING)), 1)
            desk.watch_booking(chain, order)
        return True

    def let_go(self, order_id: int, reason: str) -> None:
        """The shield ends: so does what came of its B, which the shield closes itself."""
        chain = self._book.desk.by_order.get(order_id)
        if chain is not None:
            self._book.stop_chain(chain.chain_id, reason, closing=(order_id,))
