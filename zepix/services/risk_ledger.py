"""What was lost and how often was traded: by day, by plugin, and in the account's lifetime.

- Losses are gross: a closing fill with a loss counts whole, commission and swap with it; a profit offsets nothing.
- A loss belongs to the day in which it became known. The day turns when the first thing after the reset is asked or
  told, so it turns in a run that never stops, too.
- An entry is what one plugin opened on one alert, symbol and side, however many tickets it became. What a chain opens
  later (a level, a re-entry, a shield) is none, not on another side and not on another day.
- The lifetime's losses end only by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from zepix.model import ClosingFill, Ticket
from zepix.services.entry_legs import is_of_chain
from zepix.services.risk_day import TradingDay

__all__ = ["EntryKey", "RiskLedger", "entry_key"]

EntryKey = tuple[str, str, str, int]
"""(plugin, alert or order, symbol, side)"""
VERSION: Final = 1
MOST_MONEYS: Final = 256
_NONE: Final[frozenset[EntryKey]] = frozenset()


def entry_key(plugin_id: str, alert_id: str, alone: str, symbol: str, side: int) -> EntryKey:
    """What legs and portions of one entry share; ``alone`` names what came of no alert."""
    return plugin_id, alert_id or alone, symbol, side


class RiskLedger:
    """Counts in minor units of the account's currency; its state is data."""

    def __init__(self, day: TradingDay, money_digits: int) -> None:
        self._day = day
        self._digits = money_digits
        self._moneys: dict[int, Decimal] = {}
        """Sums as money: each is asked for again until the next loss."""
        self._day_start_ns = 0
        self._until_ns = 0
        """Before it nobody need look which day it is."""
        self._day_loss = 0
        self._day_net = 0
        self._lifetime_loss = 0
        self._plugin_loss: dict[str, int] = {}
        self._entries: dict[str, set[EntryKey]] = {}

    def turn(self, now_ns: int) -> None:
        """Begin a new day where one has begun; time never turns it back."""
        if now_ns < self._until_ns:
            return
        start_ns, self._until_ns = self._day.start_ns(now_ns), self._day.ends_ns
        if start_ns > self._day_start_ns:
            self._day_start_ns = start_ns
            self.reset_day()

    def opened(self, ticket: Ticket, now_ns: int) -> None:
        self.turn(now_ns)
        if ticket.chain_id and is_of_chain(ticket.role):
            return
        key = entry_key(ticket.plugin_id, ticket.alert_id, f"order {ticket.order_id}", ticket.symbol, ticket.side)
        self._entries.setdefault(ticket.plugin_id, set()).add(key)

    def closed(self, fill: ClosingFill, now_ns: int) -> None:
        self.turn(now_ns)
        self._day_net += fill.pnl_minor
        if fill.pnl_minor < 0:
            self._day_loss -= fill.pnl_minor
            self._lifetime_loss -= fill.pnl_minor
            self._plugin_loss[fill.plugin_id] = self._plugin_loss.get(fill.plugin_id, 0) - fill.pnl_minor

    def reset_day(self) -> None:
        """Forget the day's losses and entries; open risk counts on."""
        self._day_loss = self._day_net = 0
        self._plugin_loss = {}
        self._entries = {}

    def reset_lifetime(self) -> None:
        """Forget the lifetime's losses: a human's decision."""
        self._lifetime_loss = 0

    @property
    def day_start_ns(self) -> int:
        return self._day_start_ns

    @property
    def day_loss(self) -> Decimal:
        return self._money(self._day_loss)

    @property
    def day_net(self) -> Decimal:
        """Profits and losses of the day, net; no cap asks for it."""
        return self._money(self._day_net)

    @property
    def lifetime_loss(self) -> Decimal:
        return self._money(self._lifetime_loss)

    def plugin_loss(self, plugin_id: str) -> Decimal:
        return self._money(self._plugin_loss.get(plugin_id, 0))

    def entries(self, plugin_id: str) -> set[EntryKey]:
        """The plugin's entries of the day that were filled; not to be changed."""
        return self._entries.get(plugin_id, set())

    def entries_with(self, plugin_id: str, others: Collection[EntryKey]) -> int:
        """How many entries of the day a plugin has, with those that are under way."""
        filled = self._entries.get(plugin_id, _NONE)
        return len(filled) + sum(key not in filled for key in others) if others else len(filled)

    def _money(self, minor: int) -> Decimal:
        known = self._moneys.get(minor)
        if known is None:
            if len(self._moneys) >= MOST_MONEYS:
                self._moneys.clear()
            known = self._moneys[minor] = Decimal(minor).scaleb(-self._digits)
        return known

    def state(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "day_start_ns": self._day_start_ns,
            "day_loss_minor": self._day_loss,
            "day_net_minor": self._day_net,
            "lifetime_loss_minor": self._lifetime_loss,
            "plugin_loss_minor": dict(self._plugin_loss),
            "entries": [list(key) for keys in self._entries.values() for key in sorted(keys)],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version, and keeps what it had."""
        if state.get("version") != VERSION:
            raise ValueError(f"the state of the risk ledger has version {state.get('version')!r}, expected {VERSION}")
        entries: dict[str, set[EntryKey]] = {}
        for plugin, alert, symbol, side in state["entries"]:
            entries.setdefault(plugin, set()).add((plugin, alert, symbol, int(side)))
        counts = [int(state[name]) for name in ("day_start_ns", "day_loss_minor", "day_net_minor")]
        lifetime = int(state["lifetime_loss_minor"])
        plugin_loss = {name: int(minor) for name, minor in state["plugin_loss_minor"].items()}
        self._day_start_ns, self._day_loss, self._day_net = counts
        self._until_ns = 0
        self._lifetime_loss, self._plugin_loss, self._entries = lifetime, plugin_loss, entries
