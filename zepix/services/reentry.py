"""Re-entry as one plugin sees it (``api.reentry``): its chains, and the service's moves by hand.

Nobody needs to call it: a plugin that names ``reentry`` among its services gets a chain for each order A, which
recovers after a stop, continues after a target, and ends. A strategy decides for its own tickets by its capability
methods: ``on_sl_hit``, ``on_tp_hit`` and ``on_exit`` returning False prevent what would follow, ``on_recovery_signal``
returning False prevents the order, ``get_chain_level`` and ``get_max_chain_level`` say how far a chain is and may go.
"""

from __future__ import annotations

from typing import Any

from zepix.model import Refused, Ticket, TicketClosed
from zepix.services.reentry_core import ReentryCore
from zepix.services.reentry_values import ReentryChain
from zepix.services.safety_values import ReentryEvent

__all__ = ["ReentryChain", "ReentryCore", "ReentryService"]


class ReentryService:
    """The re-entry service of one plugin; it only touches that plugin's own chains."""

    def __init__(self, core: ReentryCore, plugin_id: str) -> None:
        self._core = core
        self._plugin_id = plugin_id

    def create_chain(
        self, ticket: Ticket, *, logic: str = "", timeframe: str = "", max_level: int | None = None
    ) -> ReentryChain | Refused:
        """Begin a chain with an open ticket of this plugin, whatever its role; of one that has a chain, that chain.

        logic: ``LOGIC1``..., for its windows and its trend check; else by the alert's timeframe. Refused
        ``unknown_ticket`` for one that is not open or not ours. Raises ValueError for a ``max_level`` below 1.
        """
        if max_level is not None and max_level < 1:
            raise ValueError(f"max_level must be 1 or above, not {max_level!r}")
        if ticket.plugin_id != self._plugin_id or not ticket.is_open:
            return Refused("unknown_ticket", f"ticket {ticket.id} is not open here")
        core = self._core
        chain = core.book.of_ticket(ticket.id)
        if chain is None:
            chain = core.create(core.ports_of(self._plugin_id), ticket, logic=logic, timeframe=timeframe)
        if max_level is not None:
            chain.max_level = max_level
        return chain.copy()

    def record_sl_hit(self, event: TicketClosed) -> bool:
        """A stop of a chain's ticket: whether the chain waits for its recovery now. Called by the service itself,
        after ``on_sl_hit``; what a strategy recorded before is not recorded again."""
        chain = self._closed(event)
        return chain is not None and self._core.after_stop(chain)

    def record_tp_hit(self, event: TicketClosed) -> bool:
        """A target of a chain's ticket: whether the chain waits for its next level now. As ``record_sl_hit``."""
        chain = self._closed(event)
        return chain is not None and self._core.after_target(chain)

    def start_recovery(self, event: TicketClosed | ReentryEvent) -> ReentryChain | Refused:
        """Let a chain whose ticket has closed re-enter: after a stop as ``sl_hunt``, after a target as ``tp_cont``.

        Of a ``ReentryEvent`` its ``reentry_type`` says which, ``trade_id`` is the chain's id, and its prices are those
        of the ticket. Refused ``unknown_chain, still_open, waits_already``, or the reason for which it ended at once.
        Raises ValueError for another way to re-enter.
        """
        core = self._core
        if isinstance(event, TicketClosed):
            chain, kind = self._closed(event), "tp_cont" if event.fill.exit_reason == "tp" else "sl_hunt"
        else:
            chain, kind = core.book.get(event.trade_id), event.reentry_type
        if kind not in ("sl_hunt", "tp_cont"):
            raise ValueError(f"{kind!r} is no way to re-enter; there are sl_hunt and tp_cont")
        if chain is None or chain.plugin_id != self._plugin_id:
            return Refused("unknown_chain", f"no chain of {self._plugin_id} goes on there")
        if chain.is_pending or chain.order_id:
            return Refused("waits_already", f"chain {chain.chain_id} is {chain.state}")
        if isinstance(event, ReentryEvent):
            orders = core.ports_of(self._plugin_id).orders
            if any(ticket.id == chain.ticket for ticket in orders.open_tickets(chain.symbol)):
                return Refused("still_open", f"ticket {chain.ticket} of chain {chain.chain_id} is open")
            core.take_prices(chain, event)
        does_wait = core.after_stop(chain) if kind == "sl_hunt" else core.after_target(chain)
        return chain.copy() if does_wait else Refused(chain.reason, f"chain {chain.chain_id} is {chain.state}")

    def stop_chain(self, chain_id: str, reason: str = "manual") -> bool:
        """End a chain: what it waits for is given up, its open ticket keeps its stop. Whether there was one."""
        chain = self._core.book.get(chain_id)
        if chain is None or chain.plugin_id != self._plugin_id:
            return False
        self._core.end(chain, "stopped", reason)
        return True

    def active_chains(self, symbol: str | None = None) -> list[ReentryChain]:
        """This plugin's chains that are not over, older first; copies."""
        return [chain.copy() for chain in self._core.book.chains(self._plugin_id, symbol)]

    def get_chain_level(self, trade_id: str) -> int:
        """The level of a chain by its id, or by a ticket's number; 0 for none."""
        book = self._core.book
        chain = book.get(trade_id) or (book.of_ticket(int(trade_id)) if trade_id.isdigit() else None)
        return 0 if chain is None or chain.plugin_id != self._plugin_id else chain.level

    def get_max_chain_level(self) -> int:
        ports = self._core.ports_of(self._plugin_id)
        return self._core.settings.max_level(ports.plugin_id, ports.family)

    def is_healthy(self) -> bool:
        return self._core.is_healthy()

    def get_status(self) -> dict[str, Any]:
        return self._core.get_status()

    def _closed(self, event: TicketClosed) -> ReentryChain | None:
        chain = self._core.book.of_ticket(event.fill.ticket)
        if chain is None or chain.plugin_id != self._plugin_id or event.ticket.is_open:
            return None
        self._core.book_close(chain, event)
        return chain
