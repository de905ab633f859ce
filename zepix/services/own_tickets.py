"""The open tickets of one plugin, found without going through everybody's.

A broker that writes down which tickets it touched (``touched``, see risk_sums.py) is read on from where it was read
last; of any other broker all tickets are gone through at every question.
"""

from __future__ import annotations

from typing import Any

from zepix.model import Ticket
from zepix.services.ports import BrokerPort

__all__ = ["OwnTickets"]


class OwnTickets:
    """Open tickets by symbol and side, older first."""

    def __init__(self, broker: BrokerPort, plugin_id: str) -> None:
        self._broker = broker
        self._plugin_id = plugin_id
        self._touched: Any = None
        self._read = 0
        self._all: dict[int, Ticket] = {}
        self._by_place: dict[tuple[str, int], dict[int, Ticket]] = {}

    def of(self, symbol: str | None, sign: int) -> list[Ticket]:
        """Those of a symbol (None: any) and side (0: both)."""
        self._catch_up()
        if symbol is not None and sign:
            found = self._by_place.get((symbol, sign))
            return list(found.values()) if found else []
        return [t for t in self._all.values() if symbol in (None, t.symbol) and sign in (0, t.side)]

    def _catch_up(self) -> None:
        touched: Any = getattr(self._broker, "touched", None)
        if touched is None or touched is not self._touched or len(touched) < self._read:
            self._all, self._by_place = {}, {}
            self._touched = touched
            for ticket in self._broker.tickets.values():
                self._take(ticket)
        elif len(touched) > self._read:
            for ticket in touched[self._read :]:
                self._take(ticket)
        self._read = 0 if touched is None else len(touched)

    def _take(self, ticket: Ticket) -> None:
        if ticket.plugin_id != self._plugin_id:
            return
        place = (ticket.symbol, ticket.side)
        if not ticket.is_open:
            if self._all.pop(ticket.id, None) is not None:
                self._by_place[place].pop(ticket.id, None)
        elif ticket.id not in self._all:
            self._all[ticket.id] = ticket
            self._by_place.setdefault(place, {})[ticket.id] = ticket
