"""Chains that wait: for a price, a time and a trend; then their one order goes out, or their window is over.

Prices are watched upwards on the bid and downwards on the ask, as the fill model has it: a long's recovery waits for
the bid to come back, a short's for the ask. Windows and cooldowns are timers; a timer cannot be taken back, so each
names the turn of the chain that it belongs to. While a shield guards a chain, the shield watches for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from zepix.model import Accepted, Alert, Catalogue, Order, PriceReached
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.timeframe import NS
from zepix.services.ports import EverythingAllowed, NoShield, Notify, OrderGate, SafetyPort, ShieldPort, Silence
from zepix.services.reentry_book import ReentryBook
from zepix.services.reentry_orders import PluginPorts, ReentryOrders
from zepix.services.reentry_trend import TrendCheck
from zepix.services.reentry_values import ReentryChain
from zepix.services.safety_values import ShieldCase

__all__ = ["WaitingChains", "WakerPort"]

_WAITING: Final = {"sl_hunt": "recovery_mode", "tp_cont": "continuing", "exit_cont": "exit_watch"}
_NOTICES: Final = {
    ("recovery_mode", "waits"): "sl_hunt_activated",
    ("continuing", "waits"): "tp_reentry_started",
    ("exit_watch", "waits"): "exit_continuation",
    ("recovering", "placed"): "sl_hunt_recovery",
    ("entering", "placed"): "tp_reentry_executed",
    ("completed", "max_level"): "tp_reentry_completed",
}


class WakerPort(Protocol):
    """Who wakes the core by price and by time (``Waker``)."""

    def watch_price(self, symbol: str, direction: int, points: int) -> int: ...

    def drop_watch(self, watch_id: int) -> None: ...

    def wake_at(self, at_ns: int, tag: str) -> None: ...


class WaitingChains:
    """What waits, and how it ends; the ways into waiting are the core's."""

    def __init__(
        self,
        settings: ReentrySettings,
        gate: OrderGate,
        catalogue: Catalogue,
        book: ReentryBook,
        orders: ReentryOrders,
        waker: WakerPort,
        *,
        safety: SafetyPort | None = None,
        shield: ShieldPort | None = None,
        notify: Notify | None = None,
        concerns: Callable[[str, Alert], bool] = lambda _plugin, _alert: True,
        under_way: Callable[[], Sequence[Order]] = tuple,
    ) -> None:
        """``concerns(plugin_id, alert)``: whether an alert is meant for a plugin; ``under_way``: opening orders."""
        self.settings = settings
        self.book = book
        self._gate = gate
        self._catalogue = catalogue
        self._orders = orders
        self._waker = waker
        self._safety = EverythingAllowed() if safety is None else safety
        self._shield = NoShield() if shield is None else shield
        self._notify = Silence() if notify is None else notify
        self._concerns = concerns
        self._under_way = under_way
        self._trend = TrendCheck(settings)
        self._between_ns = round(settings.min_between_s * NS)
        self._plugins: dict[str, PluginPorts] = {}
        self._shield.listen(self)

    # --- events ---------------------------------------------------------------------------------------------------

    def on_price(self, event: PriceReached) -> None:
        chain = self.book.take_watch(event.watch_id)
        if chain is not None and chain.is_pending:
            self.attempt(chain, is_reached=True)

    def on_wake(self, now_ns: int, tag: str) -> None:
        """A window that is over, a cooldown that is, or a candle that may have turned the trend."""
        chain_id, _, turn = tag.rpartition("|")
        chain = self.book.get(chain_id)
        if chain is None or str(chain.turn) != turn or not chain.is_pending or chain.is_shielded:
            return
        if now_ns >= chain.until_ns:
            self.end(chain, "stopped", "window_over")
        else:
            self.attempt(chain)

    # --- it waits -------------------------------------------------------------------------------------------------

    def wait(self, chain: ReentryChain, cooldown_ns: int, window_ns: int) -> None:
        """Begin to wait for its price, its time and its trend, at most so long."""
        now_ns = self._gate.now_ns
        chain.turn += 1
        chain.ready_ns = now_ns + cooldown_ns
        chain.until_ns = now_ns + window_ns
        chain.waits_for_trend = False
        self.book.move(chain, _WAITING[chain.kind], "waits")
        if chain.kind == "sl_hunt" and self._shield.on_stop(self._case(chain)):
            chain.is_shielded = True
            self.book.tell(chain, "shielded")
        else:
            self._wake(chain, chain.until_ns)
            if chain.trigger:
                self._watch(chain)
        self._say(_NOTICES[chain.state, "waits"], chain, "waits")  # once it is waited for
        if not chain.trigger:
            self.attempt(chain)

    def _case(self, chain: ReentryChain) -> ShieldCase:
        lots = self._catalogue[chain.symbol].lots(chain.steps)
        return ShieldCase(
            chain.chain_id, chain.plugin_id, chain.symbol, chain.alert_id, chain.side, lots, chain.last_entry,
            chain.stop_points, chain.until_ns,
        )  # fmt: skip

    def attempt(self, chain: ReentryChain, is_reached: bool = False) -> None:
        """Enter, where price, time and trend are there; else wait for what is not."""
        now_ns, ports = self._gate.now_ns, self._plugins.get(chain.plugin_id)
        if ports is None:
            self.end(chain, "stopped", "plugin_gone")
        elif now_ns > chain.until_ns:
            self.end(chain, "stopped", "window_over")
        elif now_ns < (ready_ns := self._ready_ns(chain)):
            self._wake(chain, min(ready_ns, chain.until_ns))
        elif not is_reached and not self._is_there(chain, ports):
            self._watch(chain)
        elif self._has_trend(chain, ports, now_ns):
            self._enter(chain, ports)

    def _ready_ns(self, chain: ReentryChain) -> int:
        """The earliest time of its entry: after its cooldown, and apart from what the plugin re-entered there last."""
        last_ns = self.book.entered_ns.get((chain.plugin_id, chain.symbol))
        return chain.ready_ns if last_ns is None else max(chain.ready_ns, last_ns + self._between_ns)

    def _is_there(self, chain: ReentryChain, ports: PluginPorts) -> bool:
        """Whether the price stands at or beyond what was waited for, on the side that a watch looks at."""
        if not chain.trigger:
            return True
        quote = ports.market.quote_points(chain.symbol)
        return quote is not None and chain.side * (quote[0 if chain.side > 0 else 1] - chain.trigger) >= 0

    def _has_trend(self, chain: ReentryChain, ports: PluginPorts, now_ns: int) -> bool:
        mode = self.settings.trend_check(ports.plugin_id, ports.family)
        opinion = self._trend.check(mode, chain.symbol, chain.side, chain.logic, ports.trend, ports.market)
        if opinion.aligned:
            return True
        if not chain.waits_for_trend:
            chain.waits_for_trend = True
            self.book.tell(chain, "trend_against")
        at_ns = self._trend.next_look_ns(now_ns)
        if at_ns < chain.until_ns:
            self._wake(chain, at_ns)
        return False

    def _watch(self, chain: ReentryChain) -> None:
        if not chain.watch_id:
            self.book.watch(chain, self._waker.watch_price(chain.symbol, chain.side, chain.trigger))

    def _wake(self, chain: ReentryChain, at_ns: int) -> None:
        self._waker.wake_at(at_ns, f"{chain.chain_id}|{chain.turn}")

    def _enter(self, chain: ReentryChain, ports: PluginPorts) -> None:
        """The one order of this wait: whatever comes later finds the chain waiting no more."""
        if not ports.is_enabled:
            self.end(chain, "stopped", "plugin_disabled")
            return
        if ports.ask("on_recovery_signal", self._orders.event(chain, self._gate.now_ns)) is False:
            self.end(chain, "stopped", "declined")
            return
        answer = self._orders.place(ports, chain)
        if not isinstance(answer, Accepted):
            self.end(chain, "stopped", answer.reason)
            return
        self._stop_waiting(chain)
        chain.reentries += 1
        self.book.entered_ns[chain.plugin_id, chain.symbol] = self._gate.now_ns
        self.book.relink(chain, order_id=answer.order_id)
        state = "recovering" if chain.kind == "sl_hunt" else "entering"
        self.book.move(chain, state, "placed", order_id=answer.order_id)
        self._say(_NOTICES[state, "placed"], chain, "placed")

    def _stop_waiting(self, chain: ReentryChain) -> None:
        watch_id = self.book.forget_watch(chain)
        if watch_id:
            self._waker.drop_watch(watch_id)
        chain.turn += 1
        chain.waits_for_trend = False

    def end(self, chain: ReentryChain, state: str, reason: str) -> None:
        """It is over: nothing waits for it any more, its shield goes, safety and people are told."""
        self._stop_waiting(chain)
        if chain.is_shielded:
            chain.is_shielded = False
            self._shield.drop(chain.chain_id, reason)
        self.book.move(chain, state, reason, order_id=chain.order_id, ticket=chain.ticket)
        self.recovery_over(chain, None)
        if (state, reason) in _NOTICES:
            self._say(_NOTICES[state, reason], chain, reason)

    # --- what a shield says ---------------------------------------------------------------------------------------

    def recover(self, chain_id: str) -> None:
        """The price is back and the shields close: recover now."""
        chain = self._unshield(chain_id, "kill_level")
        if chain is not None:
            self.attempt(chain, is_reached=True)

    def unshielded(self, chain_id: str) -> None:
        """There is no shield after all: wait plainly, with what is left of the window."""
        chain = self._unshield(chain_id, "unshielded")
        if chain is not None:
            self._watch(chain)

    def shield_over(self, chain_id: str, reason: str) -> None:
        """No recovery any more."""
        chain = self._unshield(chain_id, reason)
        if chain is not None:
            self.end(chain, "stopped", reason)

    def _unshield(self, chain_id: str, reason: str) -> ReentryChain | None:
        chain = self.book.get(chain_id)
        if chain is None or not chain.is_pending or not chain.is_shielded:
            return None
        chain.is_shielded = False
        self.book.tell(chain, reason)
        self._wake(chain, chain.until_ns)
        return chain

    # --- people ---------------------------------------------------------------------------------------------------

    def recovery_over(self, chain: ReentryChain, won: bool | None) -> None:
        """Tell safety once what came of a recovery, and people."""
        if not chain.is_counted:
            return
        chain.is_counted = False
        self._safety.ended("sl_hunt", won)
        kind = "recovery_success" if won else "recovery_failed"
        self._say(kind, chain, "won" if won else "lost" if won is not None else chain.reason)

    def _say(self, kind: str, chain: ReentryChain, reason: str) -> None:
        side = "BUY" if chain.side > 0 else "SELL"
        text = f"{chain.symbol} {side} {chain.chain_id} level {chain.level}: {chain.state}, {reason}"
        self._notify.send(
            kind, text, chain.plugin_id, alert_id=chain.alert_id, chain=chain.chain_id, symbol=chain.symbol,
            level=chain.level, state=chain.state, reason=reason, profit_minor=chain.profit_minor,
        )  # fmt: skip
