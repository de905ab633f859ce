"""The chains of a run that are not over, found by ticket, order and price watch; every step goes into the chain log.

A chain that is over is forgotten: what became of it stands in the log. The state is data: JSON values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from zepix.services.chain_log import ChainLog, made_step
from zepix.services.ports import Clock
from zepix.services.reentry_values import ReentryChain

__all__ = ["ReentryBook"]

_VERSION: Final = 1


class ReentryBook:
    """Chains by id, older first."""

    def __init__(self, clock: Clock, log: ChainLog, next_id: Callable[[str], str] | None = None) -> None:
        """``next_id(symbol)``: who counts chain ids, where somebody else does too."""
        self._clock = clock
        self._log = log
        self._next_id = next_id
        self._last = 0
        self._chains: dict[str, ReentryChain] = {}
        self._by_ticket: dict[int, ReentryChain] = {}
        self._by_order: dict[int, ReentryChain] = {}
        self._by_watch: dict[int, ReentryChain] = {}
        self._pending: dict[str, dict[str, ReentryChain]] = {}
        """Those that wait, by symbol."""
        self.untold: dict[str, ReentryChain] = {}
        self.entered_ns: dict[tuple[str, str], int] = {}
        """When a plugin re-entered a symbol last."""
        self.counts: Counter[str] = Counter()

    def __contains__(self, chain_id: str) -> bool:
        return chain_id in self._chains

    def new_id(self, symbol: str, wanted: str) -> str:
        """The first order's own chain id, where it has one that no chain has; else the next one."""
        if wanted and wanted not in self._chains:
            return wanted
        if self._next_id is not None:
            return self._next_id(symbol)
        self._last += 1
        return f"{symbol}_{self._last:08x}"

    def get(self, chain_id: str) -> ReentryChain | None:
        return self._chains.get(chain_id)

    def of_ticket(self, ticket: int) -> ReentryChain | None:
        return self._by_ticket.get(ticket)

    def of_order(self, order_id: int) -> ReentryChain | None:
        return self._by_order.get(order_id)

    def take_watch(self, watch_id: int) -> ReentryChain | None:
        """Whose watch went off; it is over with that."""
        chain = self._by_watch.pop(watch_id, None)
        if chain is not None:
            chain.watch_id = 0
        return chain

    def pending(self, symbol: str) -> list[ReentryChain]:
        """Those that wait on a symbol, in the order in which they began to."""
        return list(self._pending.get(symbol, {}).values())

    def chains(self, plugin_id: str | None = None, symbol: str | None = None) -> list[ReentryChain]:
        found = self._chains.values()
        return [c for c in found if plugin_id in (None, c.plugin_id) and symbol in (None, c.symbol)]

    # --- moves ----------------------------------------------------------------------------------------------------

    def add(self, chain: ReentryChain) -> None:
        """A chain that begins; one that is not to be told yet is told with ``tell_begun``, or before its next step."""
        self._chains[chain.chain_id] = chain
        self.counts["created"] += 1
        self._link(chain)
        if chain.is_told:
            self.tell(chain, "created", ticket=chain.ticket)
        else:
            self.untold[chain.chain_id] = chain

    def tell_begun(self, chain: ReentryChain) -> None:
        """Write down that a chain has begun, once."""
        if not chain.is_told:
            chain.is_told = True
            del self.untold[chain.chain_id]
            self.tell(chain, "created", ticket=chain.ticket)

    def move(self, chain: ReentryChain, state: str, reason: str, *, order_id: int = 0, ticket: int = 0) -> None:
        """To a state, with the step that says so; one that is over is forgotten."""
        self.tell_begun(chain)
        self._unlink(chain)
        chain.state, chain.reason = state, reason
        self.tell(chain, reason, order_id=order_id, ticket=ticket)
        if chain.is_over:
            self.counts[state] += 1
            del self._chains[chain.chain_id]
        else:
            self._link(chain)

    def tell(
        self, chain: ReentryChain, reason: str, *, order_id: int = 0, ticket: int = 0, money_minor: int = 0
    ) -> None:
        """Write down where a chain stands."""
        self.tell_begun(chain)
        now_ns = chain.updated_ns = self._clock.now_ns
        where = (chain.chain_id, "reentry", chain.plugin_id, chain.symbol, chain.alert_id)
        self._log.add(made_step((now_ns, *where, chain.level, chain.state, reason, order_id, ticket, money_minor)))

    def watch(self, chain: ReentryChain, watch_id: int) -> None:
        chain.watch_id = watch_id
        self._by_watch[watch_id] = chain

    def forget_watch(self, chain: ReentryChain) -> int:
        """The number of the watch that a chain had, 0 for none; nobody hears of it any more."""
        watch_id, chain.watch_id = chain.watch_id, 0
        self._by_watch.pop(watch_id, None)
        return watch_id

    def _link(self, chain: ReentryChain) -> None:
        if chain.ticket:
            self._by_ticket[chain.ticket] = chain
        if chain.order_id:
            self._by_order[chain.order_id] = chain
        if chain.watch_id:
            self._by_watch[chain.watch_id] = chain
        if chain.is_pending:
            self._pending.setdefault(chain.symbol, {})[chain.chain_id] = chain

    def _unlink(self, chain: ReentryChain) -> None:
        """Found by nothing but its id; the caller changes the numbers and links it anew."""
        if chain.ticket and self._by_ticket.get(chain.ticket) is chain:
            del self._by_ticket[chain.ticket]
        if chain.order_id and self._by_order.get(chain.order_id) is chain:
            del self._by_order[chain.order_id]
        waiting = self._pending.get(chain.symbol)
        if waiting is not None and waiting.pop(chain.chain_id, None) is not None and not waiting:
            del self._pending[chain.symbol]

    def relink(self, chain: ReentryChain, *, order_id: int = 0, ticket: int = 0) -> None:
        """Its order and ticket are others now (0: it has none)."""
        self._unlink(chain)
        chain.order_id, chain.ticket = order_id, ticket
        self._link(chain)

    # --- state ----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "last": self._last,
            "chains": [chain.as_dict() for chain in self._chains.values()],
            "pending": [list(waiting) for waiting in self._pending.values()],
            "entered_ns": [[*key, at_ns] for key, at_ns in self.entered_ns.items()],
            "counts": dict(self.counts),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version."""
        if state.get("version") != _VERSION:
            raise ValueError(f"the re-entries' state has version {state.get('version')!r}, expected {_VERSION}")
        self._last = int(state["last"])
        self._chains = {}
        self._by_ticket, self._by_order, self._by_watch, self._pending = {}, {}, {}, {}
        for values in state["chains"]:
            chain = ReentryChain.of(values)
            self._chains[chain.chain_id] = chain
        for waiting in state["pending"]:  # the order in which they began to wait
            for chain_id in waiting:
                self._link(self._chains[chain_id])
        for chain in self._chains.values():
            self._link(chain)
        self.untold = {chain.chain_id: chain for chain in self._chains.values() if not chain.is_told}
        self.entered_ns = {(plugin, symbol): int(at_ns) for plugin, symbol, at_ns in state["entered_ns"]}
        self.counts = Counter({str(name): int(count) for name, count in state["counts"].items()})
