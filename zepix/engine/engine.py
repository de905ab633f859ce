"""TradingEngine: one event in, handlers run, commands out. Replay, shadow and live turn the same engine.

- ``step(event)`` is the one step of a session: an alert, a broker's answer, a price reached, a time come.
- ``process_alert`` is dedup, route, decide; ``delegate_to_plugin`` is the only way from an alert to a strategy.
- A strategy that raises is isolated: its exception becomes the decision ``error`` and a journal line; after
  ``MAX_FAILURES`` in a row of one handler it is disabled. A disabled plugin takes no new risk: it hears no entries, and
  what opens is refused; its tickets keep their stops, and every handler but the one that failed manages them on.
- The engine reads no clock: its time is the event's.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final

from zepix.engine.decisions import DecisionBook, Handling
from zepix.engine.engine_parts import MAX_FAILURES, Dedup, Guard, OrderCheck, Reins, Running, Spins
from zepix.engine.failing import failed, heard_by_all, taken_answer
from zepix.engine.registry import PluginRegistry
from zepix.engine.router import PluginRouter
from zepix.engine.service_host import ServiceHost
from zepix.engine.stepping import Watch, called
from zepix.engine.strategy import handler_name
from zepix.engine.wakers import Timers
from zepix.errors import StrategyError, WouldBlockError
from zepix.model import (
    Accepted,
    Alert,
    AlertArrived,
    BarClosed,
    Decision,
    EquityReached,
    Event,
    Order,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    PriceReached,
    Quarantined,
    Refused,
    Ticket,
    TicketClosed,
    TimerFired,
)
from zepix.services.ports import BrokerPort

__all__ = ["MAX_FAILURES", "Dedup", "TradingEngine"]

MAX_NS: Final = 1 << 63


class TradingEngine:
    """The one loop's step, and the gate every command passes."""

    def __init__(
        self,
        broker: BrokerPort,
        registry: PluginRegistry,
        router: PluginRouter,
        *,
        dedup: Dedup | None = None,
        write: Callable[[int, str, Any], None] | None = None,
        restrictions: OrderCheck | None = None,
    ) -> None:
        self.broker = broker
        self.registry = registry
        self.router = router
        self.timers = Timers()
        self.services = ServiceHost(self.timers)
        self.decisions = DecisionBook()
        self.now_ns = 0
        self.phase = 0
        self.is_paused = False
        self.orders: list[Order] = []
        """By id, ascending; in a replay all there were, live those that are under way (``engine_state``)."""
        self.last_order = 0
        self.first_order_ns: int | None = None
        self.errors: list[StrategyError] = []
        self.recorded: dict[str, list[tuple[int, float]]] = {}
        self._dedup = dedup
        self.restrictions = restrictions
        self._write = write or (lambda _ns, _kind, _what: None)
        self.sleepers: Container[str] = ()
        self._running: dict[str, Running] = {}
        self.hearers: list[Running] = []
        """Plugins that may change or refuse an alert before anybody acts on it."""
        self.tell: Callable[[str, str, str], None] = lambda _kind, _text, _plugin: None
        """(kind of notification, text, plugin): who passes on to people what went wrong."""
        self.watch: Watch | None = None
        self._handling: Handling | None = None
        self.guard: Guard | None = None
        """Who may refuse every entry of the run: the equity guard."""
        self.on_command: Callable[[Order], Refused | None] | None = None
        """Who sees every command that passed the checks, before the broker does, and may hold it back."""
        self._reined = Reins()
        self._watchers: dict[int, str] = {}
        self._from_timer = False
        self._spins = Spins()
        self._takers = self._by_kind()

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self, now_ns: int) -> None:
        """Take the registry's plugins in and wake their ``on_start``."""
        self.at(now_ns, 3)
        self.take_in()
        self.services.start(now_ns)
        for running in self._running.values():
            self._hook(running, "on_start")

    def take_in(self) -> None:
        """Know the registry's plugins, without waking them."""
        self._running = {n: Running(p, n in self.sleepers) for n, p in self.registry.get_all_plugins().items()}
        self.hearers = [one for one in self._running.values() if "signal_received" in one.hooks]

    def wake_new(self, plugin_id: str) -> None:
        """Wake ``on_start`` of a plugin that joins a run which goes on."""
        running = self._running.get(plugin_id)
        if running is not None:
            self._hook(running, "on_start")

    def shutdown(self) -> None:
        """Wake ``on_stop`` of every plugin; open tickets stay with their stops."""
        for running in self._running.values():
            self._hook(running, "on_stop")

    def pause(self) -> None:
        """Refuse new entries (``paused``); what is open goes on."""
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    @property
    def open_trades(self) -> list[Ticket]:
        return list(self.broker.tickets.values())

    def failures_in_a_row(self, plugin_id: str) -> int:
        running = self._running.get(plugin_id)
        return 0 if running is None else max(running.failures.values(), default=0)

    def at(self, now_ns: int, phase: int) -> None:
        self.now_ns = now_ns
        self.phase = phase

    # --- the one step ---------------------------------------------------------------------------------------------

    def _by_kind(self) -> dict[type[Event], Callable[[Any], None]]:
        """Who takes in which kind of event."""
        return {
            AlertArrived: lambda event: self.process_alert(event.alert),
            OrderFilled: self._on_filled,
            TicketClosed: self._on_closed,
            OrderRefused: self._on_ended,
            OrderCancelled: self._on_ended,
            TimerFired: self._on_timer,
            BarClosed: self._on_timer,
            PriceReached: self._on_price,
            EquityReached: self._on_equity,
        }

    def step(self, event: Event) -> None:
        """Take one event in; its handlers run now, to completion."""
        self._takers[type(event)](event)

    def _on_filled(self, event: OrderFilled) -> None:
        self.services.on_event(event)
        self._write(event.ts_recv_ns, "filled", event.order)
        order = event.order
        answer = None if event.ticket is None else self._wake(order.plugin_id, "on_fill", event, order.alert_id)
        self._follow(event, order.plugin_id, order.alert_id, answer)

    def _on_closed(self, event: TicketClosed) -> None:
        self.services.on_event(event)
        fill = event.fill
        self._write(event.ts_recv_ns, "closed", fill)
        answer = None
        running = self._running.get(fill.plugin_id)
        if running is not None and running.hears_closes:
            self._wake(fill.plugin_id, "on_ticket_closed", event, fill.alert_id)
            if fill.exit_reason == "sl":
                answer = self._wake(fill.plugin_id, "on_sl_hit", event, fill.alert_id)
            elif fill.exit_reason == "tp":
                answer = self._wake(fill.plugin_id, "on_tp_hit", event, fill.alert_id)
        self._follow(event, fill.plugin_id, fill.alert_id, answer)

    def _on_ended(self, event: OrderRefused | OrderCancelled) -> None:
        self.services.on_event(event)
        is_refused = isinstance(event, OrderRefused)
        self._write(event.ts_recv_ns, "refused" if is_refused else "cancelled", event.order)
        order, name = event.order, "on_order_refused" if is_refused else "on_order_cancelled"
        answer = self._wake(order.plugin_id, name, event, order.alert_id)
        self._follow(event, order.plugin_id, order.alert_id, answer)

    def _follow(self, event: Event, plugin_id: str, alert_id: str, answer: Any) -> None:
        """Services act once the plugin has been heard; ``answer`` False means that it decided against it."""
        if followers := self.services.followers(type(event)):
            self._handling = self.decisions.reopen(alert_id, plugin_id)
            for act in followers:
                act(event, answer)
            self._handling = None

    def _on_price(self, event: PriceReached) -> None:
        owner = self._watchers.pop(event.watch_id, "")
        if not self.services.on_price(owner, event):
            self._wake(owner, "on_price", event, "")

    def _on_timer(self, event: TimerFired | BarClosed) -> None:
        self._from_timer = True
        try:
            if isinstance(event, BarClosed):
                for plugin_id in self.timers.subscribers(event.bar.symbol, event.bar.timeframe):
                    self._wake(plugin_id, "on_bar", event, "")
            else:
                owner = self.timers.taken_from(event.timer_id)
                if not self.services.wake(owner, event.ts_recv_ns, event.tag):
                    self._wake(owner, "on_timer", event, "")
        finally:
            self._from_timer = False

    def _on_equity(self, event: EquityReached) -> None:
        if self.guard is not None:
            self.guard.on_equity(event.watch_id, event.direction, event.equity)

    # --- alerts ---------------------------------------------------------------------------------------------------

    def process_alert(self, alert: Alert) -> None:
        """Dedup, route, decide: at least one decision for every alert."""
        self._write(self.now_ns, "alert", alert)
        self._spins.so_far = 0
        if self._dedup is not None:
            symbol, now_ns, tickets = alert.symbol, alert.received_ns, self.broker.tickets.values()
            is_open = alert.closes and any(t.symbol == symbol and t.opened_ns < now_ns for t in tickets)
            first = self._dedup.check(alert, is_open)
            if first is not None:
                self.decisions.without_plugin(alert, "duplicate", "duplicate", {"first": first})
                return
        taken = heard_by_all(self, alert) if self.hearers else alert
        if taken is not None:
            self.services.on_alert(taken)
            self.delegate_to_plugin(taken)

    def set_aside(self, row: Quarantined) -> None:
        """A body that nobody could read: a decision of its own, and people are told."""
        self.decisions.quarantined(row)
        self.tell("alert_error", f"{row.reason}: {row.detail}", "")

    def delegate_to_plugin(self, alert: Alert) -> None:
        """Hand an alert to the plugins its route names, each with a decision of its own."""
        route = self.router.route_signal(alert)
        if not route.plugins:
            outcome = "ignored" if route.reason == "no_plugin_found" else "error"
            note = {"detail": route.detail, "route": route.note} if route.note else {"detail": route.detail}
            self.decisions.without_plugin(alert, outcome, route.reason, note)
            return
        for plugin in route.plugins:
            self._decide(self._running[plugin.plugin_id], alert, route.note)

    def _decide(self, running: Running, alert: Alert, note: str) -> None:
        plugin = running.plugin
        handling = self.decisions.open(alert, plugin.plugin_id, plugin.info.strategy, note)
        name = handler_name(alert)
        if not plugin.enabled and (alert.type == "entry" or running.is_given_up(name)):
            handling.answer = Decision.refused("plugin_disabled")
            return
        if alert.is_action:
            refused = self.broker.refusal_for(alert.symbol)
            if refused is not None:
                handling.answer = Decision.refused(refused.reason, detail=refused.detail)
                return
        self._reined.hear(plugin.plugin_id, alert)
        self._handling = handling
        try:
            answer = called(self.watch, getattr(plugin, name), plugin.plugin_id, name, alert)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - isolated: one alert's failure is its decision
            failed(self, running, name, error)
            reason = "would_block" if isinstance(error, WouldBlockError) else "strategy_error"
            handling.answer = Decision("error", reason, {"detail": str(error)[:500]})
        else:
            handling.answer = taken_answer(self, running, name, answer)
        finally:
            self._handling = None

    def rein(self, plugin_id: str) -> None:
        """No new risk of that plugin, on any symbol, until somebody resumes it."""
        self._reined.add((plugin_id, "*"))

    # --- handlers -------------------------------------------------------------------------------------------------

    def _wake(self, plugin_id: str, name: str, event: Event, alert_id: str) -> Any:
        running = self._running.get(plugin_id)
        if running is None or name not in running.hooks:
            return None
        self._handling = self.decisions.reopen(alert_id, plugin_id)
        answer = self._hook(running, name, event)
        self._handling = None
        return answer

    def _hook(self, running: Running, name: str, *args: Any) -> Any:
        hook = running.hook(name)
        if hook is None:
            return None
        try:
            answer = called(self.watch, hook, running.plugin.plugin_id, name, *args)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - isolated like an alert's handler
            failed(self, running, name, error)
            return None
        running.failures[name] = 0
        return answer

    # --- the gate (services.ports.OrderGate, market.WatchPort) ------------------------------------------------------

    @property
    def alert_id(self) -> str:
        return "" if self._handling is None else self._handling.alert_id

    @property
    def alert(self) -> Alert | None:
        return None if self._handling is None else self._handling.alert

    def next_order_id(self) -> int:
        return self.last_order + 1

    def submit(self, order: Order, after: Sequence[int]) -> Accepted | Refused:
        """The one door to the broker: no new risk while paused, for a disabled plugin, or where it is not offered."""
        if order.opens:
            running = self._running.get(order.plugin_id)
            if running is not None and not running.plugin.enabled:
                return self.refuse(Refused("plugin_disabled", "disabled after failures in a row"))
            if self.is_paused:
                return self.refuse(Refused("paused"))
            refused = None if self.guard is None else self.guard.refusal()
            if refused is not None:
                return self.refuse(refused)
            if self._reined and self._reined.hold(order.plugin_id, order.symbol):
                return self.refuse(Refused("paused_by_alert", f"{order.symbol} waits for an alert that resumes it"))
            refused = None if self.restrictions is None else self.restrictions.refusal(order)
            if refused is not None:
                return self.refuse(refused)
        if after:
            pending = tuple(n for n in after if self._is_under_way(n))
            if pending:
                order.after, order.status = pending, "held"
        order.from_timer = self._from_timer
        if self.on_command is not None:
            refused = self.on_command(order)
            if refused is not None:
                return self.refuse(refused)
        answer = self.broker.submit(order)
        if self._handling is not None:
            self._handling.orders.append(order)
        self.orders.append(order)
        if not self.last_order:
            self.first_order_ns = order.decided_ns
        self.last_order += 1
        if isinstance(answer, Refused):
            order.status, order.reason, order.answered_ns = "refused", answer.reason, self.now_ns
            self._write(self.now_ns, "refused", order)
        return answer

    def _is_under_way(self, number: int) -> bool:
        place = bisect_left(self.orders, number, key=lambda order: order.id)
        return place < len(self.orders) and self.orders[place].id == number and self.orders[place].is_under_way

    def refuse(self, refused: Refused) -> Refused:
        if self._handling is not None:
            self._handling.refusals.append(refused)
        return refused

    def watch_price(self, plugin_id: str, symbol: str, direction: int, points: int) -> int:
        watch_id = int(self.broker.watch_price(symbol, direction, points))
        self._watchers[watch_id] = plugin_id
        return watch_id

    def drop_watch(self, watch_id: int) -> None:
        self.broker.drop_watch(watch_id)

    def subscribe(self, plugin_id: str, symbol: str, timeframe: str) -> None:
        self.timers.subscribe(plugin_id, symbol, timeframe, self.now_ns)

    def set_timer(self, plugin_id: str, at_ns: int, tag: str) -> int:
        """A timer; timers set for this very instant again and again raise ZepixError, what is no time ValueError."""
        if not math.isfinite(at_ns) or not -MAX_NS < at_ns < MAX_NS:
            raise ValueError(f"{at_ns} is no time in nanoseconds")
        at_ns = int(at_ns)
        if at_ns <= self.now_ns:
            self._spins.count(self.now_ns, plugin_id)
        return self.timers.set(plugin_id, max(at_ns, self.now_ns), tag)

    # --- what strategies write --------------------------------------------------------------------------------------

    def write_log(self, plugin_id: str, level: str, text: str) -> None:
        said = {"plugin": plugin_id, "level": level, "alert": self.alert_id, "text": text[:2000]}
        self._write(self.now_ns, "log", said)

    def write_record(self, plugin_id: str, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.recorded.setdefault(f"{plugin_id}.{name}", []).append((self.now_ns, float(value)))
