"""Two options of the autonomous system that wait for a price: the direction block and the profit protection.

    direction block     a ticket is ``block_multiple`` of its first stop distances under water: every ticket of its
                        plugin on that symbol and side is closed, and nothing is opened there for ``block_minutes``
    profit protection   a ticket is ``protect_at_pips`` ahead: its stop goes to ``protect_to_pips``, if that is better

Each is a price watch of a ticket from its fill to its close. A ticket with a stop never gets under water that far, so
the block is for those whose stop was taken away or put farther off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from zepix.model import Catalogue, Order, OrderFilled, PriceReached, Refused, Side, Ticket, TicketClosed
from zepix.model.settings_autonomous import AutonomousSettings
from zepix.model.timeframe import NS
from zepix.services.driving import given
from zepix.services.orders import OrderExecutionService
from zepix.services.ports import Clock, Notify, PriceWaker

__all__ = ["AutonomousWatches"]

_MINUTE_NS: Final = 60 * NS


@dataclass(slots=True)
class _Watched:
    """A price that a ticket is watched for: ``block`` or ``protect``."""

    what: str
    ticket: int
    plugin_id: str
    symbol: str
    side: int
    to_points: int = 0


class AutonomousWatches:
    """Shared by all plugins that use the autonomous system; its state is data."""

    def __init__(
        self, settings: AutonomousSettings, clock: Clock, catalogue: Catalogue, waker: PriceWaker, notify: Notify
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._catalogue = catalogue
        self._waker = waker
        self._notify = notify
        self._orders: dict[str, OrderExecutionService] = {}
        self._watched: dict[int, _Watched] = {}
        self._blocked: dict[tuple[str, str, int], int] = {}
        """(plugin, symbol, side) -> when it ends."""

    def add_plugin(self, plugin_id: str, orders: OrderExecutionService) -> None:
        self._orders[plugin_id] = orders

    # --- the block -------------------------------------------------------------------------------------------------

    def is_blocked(self, plugin_id: str, symbol: str, direction: str | int) -> bool:
        """Whether a plugin may not open in that direction now; ``direction`` as a side in any spelling, '' for none."""
        if not self._blocked or not direction:
            return False
        side = direction if isinstance(direction, int) else Side.of(direction).sign
        return self._blocked.get((plugin_id, symbol, side), 0) > self._clock.now_ns

    def blocked(self) -> list[str]:
        """What is blocked now, in words."""
        return [
            f"{plugin_id} {symbol} {'BUY' if side > 0 else 'SELL'}"
            for (plugin_id, symbol, side), until_ns in self._blocked.items()
            if until_ns > self._clock.now_ns
        ]

    def refusal(self, order: Order) -> Refused | None:
        """``direction_blocked`` for an opening order in a blocked direction."""
        if self._blocked and order.opens and self.is_blocked(order.plugin_id, order.symbol, order.side):
            return Refused("direction_blocked", f"{order.symbol} went too far against an open trade")
        return None

    # --- what happens ----------------------------------------------------------------------------------------------

    def follow(self, event: OrderFilled | TicketClosed) -> None:
        """Set a ticket's watches at its fill, drop them at its close."""
        if isinstance(event, TicketClosed):
            if self._watched and not event.ticket.is_open:
                self._forget(event.ticket.id)
        elif event.ticket is not None and event.ticket.plugin_id in self._orders:
            self._watch(event.ticket)

    def on_price(self, event: PriceReached) -> None:
        found = self._watched.pop(event.watch_id, None)
        if found is None:
            return
        orders = self._orders.get(found.plugin_id)  # None: its plugin is not in this run any more
        is_on = self.settings.profit_protection if found.what == "protect" else self.settings.direction_block
        if orders is None or not is_on:
            return
        ticket = next((t for t in orders.open_tickets() if t.id == found.ticket), None)
        if ticket is None:
            return
        if found.what == "protect":
            self._protect(orders, ticket, found)
        else:
            self._block(orders, found)

    def _watch(self, ticket: Ticket) -> None:
        settings = self.settings
        if not settings.profit_protection and not settings.direction_block:
            return
        instrument, side = self._catalogue[ticket.symbol], ticket.side
        per_pip = instrument.pip / instrument.point
        if settings.profit_protection:
            at = ticket.entry_points + side * int(settings.protect_at_pips * per_pip)
            to = ticket.entry_points + side * int(settings.protect_to_pips * per_pip)
            self._set("protect", ticket, side, at, to)
        if settings.direction_block and ticket.initial_sl:
            away = int(settings.block_multiple * abs(Decimal(ticket.entry_points - ticket.initial_sl)))
            if away:
                self._set("block", ticket, -side, ticket.entry_points - side * away)

    def _set(self, what: str, ticket: Ticket, direction: int, points: int, to_points: int = 0) -> None:
        if points < 1:
            return
        number = self._waker.watch_price(ticket.symbol, direction, points)
        self._watched[number] = _Watched(what, ticket.id, ticket.plugin_id, ticket.symbol, ticket.side, to_points)

    def _forget(self, ticket: int) -> None:
        for number in [number for number, one in self._watched.items() if one.ticket == ticket]:
            del self._watched[number]
            self._waker.drop_watch(number)

    def _protect(self, orders: OrderExecutionService, ticket: Ticket, found: _Watched) -> None:
        if ticket.sl and (ticket.sl - found.to_points) * ticket.side >= 0:
            return
        price = self._catalogue[ticket.symbol].price(found.to_points)
        given(orders.modify_order(ticket.id, sl=price))
        self._notify.send(
            "profit_order_protection", f"{ticket.symbol}: stop of ticket {ticket.id} to {price}", ticket.plugin_id,
            ticket=ticket.id, sl=price,
        )  # fmt: skip

    def _block(self, orders: OrderExecutionService, found: _Watched) -> None:
        until_ns = self._clock.now_ns + int(self.settings.block_minutes * _MINUTE_NS)
        side = "BUY" if found.side > 0 else "SELL"
        given(orders.close_positions(found.symbol, side.lower()))
        self._blocked[found.plugin_id, found.symbol, found.side] = until_ns
        text = f"{found.symbol} {side} closed and blocked for {self.settings.block_minutes} minutes"
        self._notify.send("direction_block", text, found.plugin_id, symbol=found.symbol, side=side, until_ns=until_ns)

    # --- state -----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        now_ns = self._clock.now_ns
        return {
            "watched": [[number, asdict(one)] for number, one in self._watched.items()],
            "blocked": [[*key, until_ns] for key, until_ns in self._blocked.items() if until_ns > now_ns],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._watched = {int(number): _Watched(**one) for number, one in state["watched"]}
        self._blocked = {(plugin, symbol, int(side)): int(until) for plugin, symbol, side, until in state["blocked"]}
