"""How a pyramid begins: on an order B that books, once it is filled, or on an order that a strategy names."""

from __future__ import annotations

from zepix.model import Order, OrderFilled, Ticket
from zepix.services.profit_chain import Chain, ChainOrder
from zepix.services.profit_desk import ProfitDesk
from zepix.services.trend_exits import logic_in

__all__ = ["Beginnings"]


class Beginnings:
    """Makes chains of orders."""

    def __init__(self, desk: ProfitDesk) -> None:
        self._desk = desk

    def is_booking_b(self, event: OrderFilled) -> bool:
        ticket = event.ticket
        plugin = None if ticket is None else self._desk.plugins.get(ticket.plugin_id)
        if ticket is None or plugin is None or not plugin.by_itself or ticket.role != "B":
            return False
        if not ticket.chain_id.startswith("PROFIT_") or ticket.chain_id in self._desk.chains:
            return False
        return ticket.target_reason == "profit_booking" or self._desk.ports.booking_points(ticket.order_id) > 0

    def begin(
        self, order_id: int, *, asked: bool = False, ticket: Ticket | None = None, comment: str = ""
    ) -> Chain | None:
        """A chain on an order that is open or under way; None where it is not to be, or the order is gone.

        ``asked``: a strategy wants it, so the switch is not asked, nor is the strategy. ``ticket``: that of the order,
        where it is known; ``comment``: the order's, which may name a logic.
        """
        desk = self._desk
        thing = ticket or self._find(order_id)
        if thing is None or thing.plugin_id not in desk.plugins:
            return None
        settings = desk.settings_of(thing.plugin_id)
        if not asked and not (settings.enabled and settings.is_on(0) and self._wants(thing.plugin_id, order_id)):
            return None
        known = desk.by_order.get(order_id)
        return self._begin(order_id, thing, comment) if known is None else known

    def _find(self, order_id: int) -> Ticket | Order | None:
        broker = self._desk.ports.broker
        found = next((t for t in broker.tickets.values() if t.order_id == order_id), None)
        return found or next((o for o in broker.under_way() if o.id == order_id), None)

    def _begin(self, order_id: int, thing: Ticket | Order, comment: str) -> Chain:
        desk = self._desk
        own = thing.chain_id.startswith("PROFIT_") and thing.chain_id not in desk.chains
        chain_id = thing.chain_id if own else self._new_id(thing)
        steps = thing.entry_steps if isinstance(thing, Ticket) else thing.volume_steps
        chain = Chain(chain_id, thing.plugin_id, thing.symbol, thing.side, thing.alert_id, desk.now_ns, steps)
        chain.logic = logic_in(thing.comment if isinstance(thing, Order) else comment)
        order = ChainOrder(order_id, thing.role or "B", 0, 1, steps)
        order.booking_points = desk.ports.take_booking(order_id)
        desk.chains[chain.chain_id] = chain
        desk.know(chain, order)
        if isinstance(thing, Ticket):
            order.take_fill(thing)
            desk.watch_booking(chain, order)
        desk.log(chain, "active", "begun", order)
        return chain

    def _new_id(self, thing: Ticket | Order) -> str:
        """That of a shield's pyramid names its shield (``entry_side``)."""
        name = f"PROFIT_{thing.chain_id}"
        is_shield = thing.role == "SB" and thing.chain_id.startswith("SHIELD_") and name not in self._desk.chains
        return name if is_shield else self._desk.ports.next_chain(thing.symbol)

    def _wants(self, plugin_id: str, order_id: int) -> bool:
        """Whether the strategy, where it decides itself, wants a chain on its order B."""
        return self._desk.ports.ask(plugin_id, "create_profit_chain", order_id, None) is not False
