"""``api.profit_booking``: the pyramids of one plugin. What a pyramid is, and what it does by itself: profit_book.py."""

from __future__ import annotations

from typing import Any

from zepix.kernels.pyramid import PyramidLevel, orders_at, pyramid_step
from zepix.model import Refused
from zepix.services.profit_book import ProfitBook
from zepix.services.profit_desk import ProfitPorts
from zepix.services.profit_values import BookingResult, ProfitChain

__all__ = ["ProfitBook", "ProfitBookingService", "ProfitPorts"]


class ProfitBookingService:
    """The profit booking of one plugin; chains begin by themselves on an order B that books."""

    def __init__(self, book: ProfitBook, plugin_id: str) -> None:
        self._book = book
        self._plugin_id = plugin_id

    async def create_profit_chain(self, order_b_id: int, signal: Any = None) -> ProfitChain | Refused:
        """A pyramid on an order of this plugin that is open or under way: B, or another whose level 0 it shall be.

        The chain that the order has already is given back. Refused ``unknown_order`` where it is not open here.
        ``signal`` is whatever the strategy wants to name as its cause; the order knows its alert.
        """
        del signal
        chain = self._book.desk.by_order.get(order_b_id) or self._begun(order_b_id)
        if chain is None or chain.plugin_id != self._plugin_id:
            return Refused("unknown_order", f"order {order_b_id} is neither open nor under way here")
        return chain.view(self._book.desk.unit)

    def _begun(self, order_id: int) -> Any:
        broker = self._book.desk.ports.broker
        things = [t for t in broker.tickets.values() if t.order_id == order_id]
        owners = [t.plugin_id for t in things] + [o.plugin_id for o in broker.under_way() if o.id == order_id]
        return self._book.begin(order_id, asked=True) if self._plugin_id in owners else None

    async def handle_profit_target_hit(self, order_id: int) -> BookingResult:
        """Book one order of a chain now: it is closed at the market, and counts as won whatever it brings.

        Orders are booked by themselves, at the broker or by a price watch; this is for a strategy that is earlier.
        The chain goes up once the level is over, so ``chain_advanced`` is False and ``new_level`` the present one.
        """
        desk = self._book.desk
        chain = desk.by_order.get(order_id)
        if chain is None or chain.plugin_id != self._plugin_id:
            return BookingResult(False, order_id, 0.0, error="unknown_order")
        order = chain.orders[order_id]
        error = self._book.book(chain, order)
        return BookingResult(not error, order_id, order.money_minor / desk.unit, False, chain.level, error)

    def active_chains(self) -> list[ProfitChain]:
        """This plugin's chains that have not ended, older first."""
        desk = self._book.desk
        return [c.view(desk.unit) for c in desk.chains.values() if c.is_active and c.plugin_id == self._plugin_id]

    def chain_of(self, order_id: int) -> ProfitChain | None:
        """The chain that an order belongs to, while it has one."""
        chain = self._book.desk.by_order.get(order_id)
        return None if chain is None or chain.plugin_id != self._plugin_id else chain.view(self._book.desk.unit)

    async def stop_chain(self, chain_id: str, reason: str = "manual") -> bool:
        """End a chain of this plugin and close its orders; whether there was one to end."""
        chain = self._book.desk.chains.get(chain_id)
        return chain is not None and chain.plugin_id == self._plugin_id and self._book.stop_chain(chain_id, reason)

    async def stop_all_chains(self, reason: str = "manual") -> int:
        """End every chain of this plugin; how many there were."""
        found = [chain.chain_id for chain in self.active_chains()]
        return sum([await self.stop_chain(chain_id, reason) for chain_id in found])

    def economics(self) -> list[PyramidLevel]:
        """What each level books, and what its failure leaves of what was booked below it, without costs."""
        desk = self._book.desk
        settings = desk.settings_of(self._plugin_id)
        target = desk.legs.b_target_money if settings.target_money is None else settings.target_money
        risk = desk.legs.b_loss_money if settings.loss_money is None else settings.loss_money
        found: list[PyramidLevel] = []
        booked = 0.0
        for level in range(len(settings.multipliers)):
            found.append(pyramid_step(booked, orders_at(level, settings.multipliers), target, risk))
            booked = found[-1].cumulative
        return found
