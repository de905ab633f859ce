"""The pairs of a run: which orders are A and B of one plan, and what became of each.

A leg goes ``placed -> filled -> closed``, or ends ``refused`` or ``cancelled``; a pair is forgotten once both its legs
have ended. Where the engine books, a filled B has a price watch. The state is data: JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final

from zepix.model import Catalogue, OrderCancelled, OrderFilled, OrderRefused, TicketClosed
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.timeframe import NS
from zepix.services.dual_plan import Quotes, Rates
from zepix.services.hearing import Hearing, Kinds
from zepix.services.lot_split import Sizes
from zepix.services.ports import Clock

__all__ = ["DualOrderBook", "Pair", "PlacedLeg"]

_DONE: Final = ("refused", "cancelled", "closed")


@dataclass(slots=True)
class PlacedLeg:
    """A leg that went out. ``status``: ``placed, filled, refused, cancelled, closed``; ``reason``: how it ended."""

    order_id: int
    role: str
    chain_id: str
    status: str = "placed"
    reason: str = ""
    ticket: int = 0
    filled_ns: int = 0
    booking_points: int = 0
    watch_id: int = 0


LEG_FIELDS: Final = tuple(one.name for one in fields(PlacedLeg))


@dataclass(slots=True)
class Pair:
    """The legs of one plan that went out."""

    plugin_id: str
    symbol: str
    side: str
    legs: list[PlacedLeg]


class DualOrderBook(Hearing):
    """The pairs of a run, shared by all plugins; its state is data. Told of every answer before the strategies are."""

    HEARS: ClassVar[Kinds] = {
        OrderFilled: "on_filled",
        TicketClosed: "on_closed",
        OrderRefused: "on_ended",
        OrderCancelled: "on_ended",
    }

    def __init__(self, settings: DualOrderSettings, clock: Clock, catalogue: Catalogue, rates: Rates) -> None:
        self.settings = settings
        self.clock = clock
        self.catalogue = catalogue
        self.rates = rates
        self.sizes = Sizes()
        self.quick_closes = 0
        """Bs that their stop closed within ``quick_close_s`` of their fill: their stop is too tight."""
        self._last_chain = 0
        self._pairs: dict[int, Pair] = {}
        """By the order id of their first leg, older first."""
        self._by_order: dict[int, tuple[Pair, PlacedLeg]] = {}
        self._by_watch: dict[int, PlacedLeg] = {}
        self._quotes: dict[str, Quotes] = {}

    def add_plugin(self, plugin_id: str, quotes: Quotes) -> None:
        """Know whose prices wake a plugin (``booking_at = "engine"``)."""
        self._quotes[plugin_id] = quotes

    # --- events ---------------------------------------------------------------------------------------------------

    def on_closed(self, event: TicketClosed) -> None:
        """A leg is over with the last of its ticket."""
        known = self._by_order.get(event.ticket.order_id)
        if known is not None and not event.ticket.is_open:
            self._count_quick(known[1], event)
            self._ended(*known, "closed", event.fill.exit_reason)

    def on_ended(self, event: OrderRefused | OrderCancelled) -> None:
        """A leg that never became a ticket."""
        known = self._by_order.get(event.order.id)
        if known is not None:
            status = "refused" if isinstance(event, OrderRefused) else "cancelled"
            self._ended(*known, status, event.order.reason)

    def on_filled(self, event: OrderFilled) -> None:
        """A leg is open; where the engine books it, its price is watched."""
        known = self._by_order.get(event.order.id)
        if known is None or event.ticket is None:
            return
        pair, leg = known
        leg.status, leg.ticket, leg.filled_ns = "filled", event.ticket.id, event.ts_event_ns
        quotes = self._quotes.get(pair.plugin_id)
        if leg.booking_points and quotes is not None:
            side = event.ticket.side
            price = self.catalogue[pair.symbol].price(event.ticket.entry_points + side * leg.booking_points)
            leg.watch_id = quotes.watch_price(pair.symbol, price, side)
            self._by_watch[leg.watch_id] = leg

    def _count_quick(self, leg: PlacedLeg, event: TicketClosed) -> None:
        lived_ns = event.ts_event_ns - leg.filled_ns
        if leg.role == "B" and event.fill.exit_reason == "sl" and lived_ns <= self.settings.quick_close_s * NS:
            self.quick_closes += 1

    def _ended(self, pair: Pair, leg: PlacedLeg, status: str, reason: str) -> None:
        leg.status, leg.reason = status, reason
        self._by_order.pop(leg.order_id, None)
        if leg.watch_id and self._by_watch.pop(leg.watch_id, None) is not None:
            self._quotes[pair.plugin_id].drop_watch(leg.watch_id)
        for one in pair.legs:
            if one.status not in _DONE:
                return
        self._pairs.pop(pair.legs[0].order_id, None)

    # --- what the plugins' services need --------------------------------------------------------------------------

    def next_chain(self, symbol: str) -> tuple[str, str]:
        """(A's, B's) chain id, counted."""
        self._last_chain += 1
        chain = f"{symbol}_{self._last_chain:08x}"
        return chain, f"PROFIT_{chain}"

    def add(self, pair: Pair) -> None:
        self._pairs[pair.legs[0].order_id] = pair
        for leg in pair.legs:
            self._by_order[leg.order_id] = (pair, leg)

    def booking_points(self, order_id: int) -> int:
        """How far ahead of its fill a leg is booked by the engine; 0 for any other."""
        known = self._by_order.get(order_id)
        return 0 if known is None else known[1].booking_points

    def hand_over_booking(self, order_id: int) -> int:
        """``booking_points``, for who watches the price from now on; 0 for a leg that is not ours."""
        known = self._by_order.get(order_id)
        if known is None or not known[1].booking_points:
            return 0
        pair, leg = known
        if leg.watch_id and self._by_watch.pop(leg.watch_id, None) is not None:
            self._quotes[pair.plugin_id].drop_watch(leg.watch_id)
            leg.watch_id = 0
        return leg.booking_points

    def leg_of_watch(self, watch_id: int) -> PlacedLeg | None:
        return self._by_watch.get(watch_id)

    def pairs(self, plugin_id: str | None = None) -> list[Pair]:
        """Pairs with a leg that is open or under way, older first."""
        return [pair for pair in self._pairs.values() if plugin_id in (None, pair.plugin_id)]

    # --- state ----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything that matters later, as JSON values; a leg is a list of its fields in their order."""
        pairs = [
            [p.plugin_id, p.symbol, p.side, [[getattr(leg, name) for name in LEG_FIELDS] for leg in p.legs]]
            for p in self._pairs.values()
        ]
        return {"last_chain": self._last_chain, "quick_closes": self.quick_closes, "pairs": pairs}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; what was here is forgotten."""
        self._last_chain, self.quick_closes = int(state["last_chain"]), int(state["quick_closes"])
        self._pairs, self._by_order, self._by_watch = {}, {}, {}
        for plugin_id, symbol, side, legs in state["pairs"]:
            pair = Pair(plugin_id, symbol, side, [PlacedLeg(*leg) for leg in legs])
            self._pairs[pair.legs[0].order_id] = pair
            for leg in pair.legs:
                if leg.status not in _DONE:
                    self._by_order[leg.order_id] = (pair, leg)
                    if leg.watch_id:
                        self._by_watch[leg.watch_id] = leg

    def is_healthy(self) -> bool:
        return True

    def get_status(self) -> dict[str, Any]:
        return {"pairs": len(self._pairs), "chains": self._last_chain, "quick_closes": self.quick_closes}
