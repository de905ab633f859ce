"""The chains of order A: what becomes of each after a stop, a target or an exit. One a run, shared by all plugins.

What happens acts after the plugin has been heard (``on_follow``); an answer False of its ``on_fill``, ``on_sl_hit`` or
``on_tp_hit`` means that the service leaves it alone. How a chain waits stands in reentry_wait.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from zepix.model import Alert, Order, OrderCancelled, OrderFilled, OrderRefused, Ticket, TicketClosed
from zepix.model.stop_trail import ceil_share
from zepix.model.timeframe import NS
from zepix.services.entry_legs import has_leg_beside
from zepix.services.hearing import Hearing, Kinds
from zepix.services.opposing import opposes
from zepix.services.ports import NoShield
from zepix.services.reentry_orders import PluginPorts
from zepix.services.reentry_values import ReentryChain
from zepix.services.reentry_wait import WaitingChains
from zepix.services.safety_values import ReentryEvent
from zepix.services.trend_exits import logic_in

__all__ = ["ReentryCore"]

_V3_LOGICS: Final = {"5m": "LOGIC1", "15m": "LOGIC2", "1h": "LOGIC3", "4h": "LOGIC3", "1d": "LOGIC3"}


class ReentryCore(WaitingChains, Hearing):
    """Moves chains from state to state; its state is data."""

    FOLLOWS: ClassVar[Kinds] = {
        TicketClosed: "on_closed",
        OrderFilled: "on_filled",
        OrderRefused: "on_ended",
        OrderCancelled: "on_ended",
    }

    def add_plugin(self, ports: PluginPorts) -> None:
        """Know how to reach a plugin."""
        self._plugins[ports.plugin_id] = ports

    # --- events ---------------------------------------------------------------------------------------------------

    def on_closed(self, event: TicketClosed, answer: Any) -> None:
        """A ticket of a chain, or a part of it."""
        chain = self.book.of_ticket(event.fill.ticket)
        if chain is not None:
            self._closed(chain, event, answer)

    def on_filled(self, event: OrderFilled, answer: Any) -> None:
        """A chain begins, or goes on with a ticket."""
        is_whole = None if event.ticket is None else self._filled(event, event.ticket, answer)
        if self.book.untold:
            self._tell_begun(event.order, is_whole)

    def on_ended(self, event: OrderRefused | OrderCancelled, answer: Any) -> None:
        """An order of ours that came to nothing."""
        del answer
        chain = self.book.of_order(event.order.id)
        if chain is not None:
            self.end(chain, "stopped", event.order.reason or "cancelled")
        if self.book.untold:
            self._tell_begun(event.order)

    def on_alert(self, alert: Alert) -> None:
        """A signal against what waits ends it; information may be the trend that it waits for."""
        for chain in self.book.pending(alert.symbol):
            reason = self._ends(chain, alert)
            if reason:
                self.end(chain, "stopped", reason)
            elif chain.waits_for_trend and not alert.is_action:
                self.attempt(chain)
        if alert.type == "exit":
            for chain in self.book.chains(symbol=alert.symbol):
                if not chain.is_left and self._ends(chain, alert):
                    chain.is_left = True

    def on_end_of_data(self) -> None:
        """Nothing comes any more: whatever is not over ends here."""
        for chain in self.book.chains():
            self.end(chain, "stopped", "end_of_data")

    def _ends(self, chain: ReentryChain, alert: Alert) -> str:
        """Why an alert ends a chain that waits; nothing where it does not."""
        reason = opposes(alert, chain.side)
        return reason if reason and self._concerns(chain.plugin_id, alert) else ""

    # --- a chain begins -------------------------------------------------------------------------------------------

    def _filled(self, event: OrderFilled, ticket: Ticket, answer: Any) -> bool | None:
        """Whether the order's entry is whole, where that mattered."""
        chain = self.book.of_order(event.order.id)
        if chain is not None:
            self.book.relink(chain, ticket=ticket.id)
            chain.ticket_minor = 0
            state = "recovering" if chain.kind == "sl_hunt" else "active"
            self.book.move(chain, state, "filled", order_id=event.order.id, ticket=ticket.id)
            return None
        ports = self._plugins.get(ticket.plugin_id)
        if ports is None or not ports.is_automatic or answer is False:
            return None
        if ticket.role not in self.settings.chain_roles or self.book.of_ticket(ticket.id) is not None:
            return None
        is_whole = self._is_whole(event.order)
        self.create(ports, ticket, comment=event.order.comment, is_told=is_whole)
        return is_whole

    def _is_whole(self, order: Order) -> bool:
        """Whether no other leg of the order's entry is under way."""
        return not has_leg_beside(self._under_way(), order)

    def _tell_begun(self, order: Order, is_whole: bool | None = None) -> None:
        """The last leg of an entry has its answer: the chains that began with others of them are written down."""
        plugin_id, alert_id = order.plugin_id, order.alert_id
        mine = [c for c in self.book.untold.values() if c.alert_id == alert_id and c.plugin_id == plugin_id]
        if mine and (self._is_whole(order) if is_whole is None else is_whole):
            for chain in mine:
                self.book.tell_begun(chain)

    def create(
        self,
        ports: PluginPorts,
        ticket: Ticket,
        *,
        logic: str = "",
        timeframe: str = "",
        comment: str = "",
        is_told: bool = True,
    ) -> ReentryChain:
        """A chain that begins with an open ticket; ``is_told`` False: written down with the last leg of its entry."""
        alert = self._gate.alert
        timeframe = timeframe or (alert.timeframe or "" if alert is not None else "")
        if not logic:
            logic = logic_in(comment) or self._logic_of(ports, timeframe)
        own = ports.ask("get_max_chain_level")
        most = own if _is_count(own) else self.settings.max_level(ports.plugin_id, ports.family)
        chain = ReentryChain(
            chain_id=self.book.new_id(ticket.symbol, ticket.chain_id),
            plugin_id=ticket.plugin_id,
            symbol=ticket.symbol,
            alert_id=ticket.alert_id,
            side=ticket.side,
            steps=ticket.entry_steps or ticket.steps,
            entry_points=ticket.entry_points,
            stop_distance=abs(ticket.entry_points - ticket.initial_sl) if ticket.initial_sl else 0,
            target_points=ticket.initial_tp,
            max_level=most,
            created_ns=self._gate.now_ns,
            logic=logic,
            timeframe=timeframe,
            trails=[list(trail) for trail in ticket.trails],
            ticket=ticket.id,
            is_told=is_told,
        )
        self.book.add(chain)
        return chain

    @staticmethod
    def _logic_of(ports: PluginPorts, timeframe: str) -> str:
        """What the plugins of V3 and legacy make of a chart; V6 knows no logics."""
        return "" if ports.family.upper() == "V6_PRICE_ACTION" else _V3_LOGICS.get(timeframe, "")

    # --- its ticket closes ----------------------------------------------------------------------------------------

    def _closed(self, chain: ReentryChain, event: TicketClosed, answer: Any) -> None:
        reason, was_recovery = event.fill.exit_reason, chain.state == "recovering"
        self.book_close(chain, event)
        if event.ticket.is_open:
            return
        if answer is False and reason in ("sl", "tp"):
            self.end(chain, "stopped", "declined")
        elif reason == "tp":
            self.after_target(chain)
        elif was_recovery:
            self._after_recovery(chain, reason)
        elif reason == "sl":
            self.after_stop(chain)
        else:
            self._after_exit(chain, reason)

    def book_close(self, chain: ReentryChain, event: TicketClosed) -> None:
        """Count what a close brought; once nothing of its ticket is left, remember its prices."""
        fill = event.fill
        chain.profit_minor += fill.pnl_minor
        chain.ticket_minor += fill.pnl_minor
        self.book.tell(chain, fill.exit_reason, ticket=fill.ticket, money_minor=fill.pnl_minor)
        if event.ticket.is_open:
            return
        stop = fill.initial_sl or fill.sl
        chain.stop_points, chain.last_entry, chain.last_exit = fill.sl, fill.entry_points, fill.exit_points
        chain.applied = abs(fill.entry_points - stop) if stop else 0
        self.book.relink(chain)
        if chain.state == "recovering":
            self.recovery_over(chain, chain.ticket_minor > 0 or fill.exit_reason == "tp")

    def take_prices(self, chain: ReentryChain, event: ReentryEvent) -> None:
        """The prices of a ticket that closed, as somebody tells them; what it brought is not counted."""
        level = self._catalogue[chain.symbol].level
        chain.stop_points, chain.last_entry = level(event.sl_price), level(event.entry_price)
        chain.last_exit = level(event.exit_price)
        chain.applied = abs(chain.last_entry - chain.stop_points) if chain.stop_points else 0
        self.book.relink(chain)

    def _after_recovery(self, chain: ReentryChain, reason: str) -> None:
        """A recovery that its target did not end."""
        if reason == "end_of_data":
            self.end(chain, "stopped", reason)
        elif chain.ticket_minor > 0:
            self.end(chain, "completed", "recovered")
        else:
            self.end(chain, "stopped", "recovery_lost")

    def after_stop(self, chain: ReentryChain) -> bool:
        """SL hunt: whether the chain waits for the price to come back."""
        settings, ports = self.settings, self._plugins.get(chain.plugin_id)
        gap = chain.side * (chain.last_entry - chain.stop_points)
        window_ns = self._window_ns(chain, ports, is_recovery=True)
        reason = (
            "sl_hit" if not settings.sl_hunt or not settings.recovery_attempts
            else "max_recoveries" if chain.attempts_recovery >= settings.recovery_attempts
            else "stopped_in_profit" if gap <= 0
            else "exit_signal" if chain.is_left
            else "plugin_gone" if ports is None
            else "plugin_disabled" if not ports.is_enabled
            else "no_window" if not window_ns
            else ""
        )  # fmt: skip
        if not reason:
            chain.kind = "sl_hunt"
            chain.trigger = chain.stop_points + chain.side * ceil_share(gap, settings.recovery_frac)
            loss = self._orders.potential_loss_minor(chain)
            event = self._orders.event(chain, self._gate.now_ns)
            check = self._safety.check(chain.plugin_id, chain.symbol, "sl_hunt", loss, chain.profit_minor, event)
            reason = "" if check.allowed else check.reason or "not_safe"
        if reason:
            self.end(chain, "stopped", reason)
            return False
        chain.attempts_recovery += 1
        chain.is_counted = True
        self._safety.started("sl_hunt")
        self.wait(chain, 0, window_ns)
        return True

    def after_target(self, chain: ReentryChain) -> bool:
        """TP continuation: whether the chain waits for its next level."""
        ports = self._plugins.get(chain.plugin_id)
        if not self.settings.tp_continuation:
            self.end(chain, "completed", "tp_hit")
            return False
        reason = (
            "plugin_gone" if ports is None
            else "plugin_disabled" if not ports.is_enabled
            else "exit_signal" if chain.is_left
            else "no_stop" if not chain.stop_distance
            else ""
        )  # fmt: skip
        if reason or ports is None:
            self.end(chain, "stopped", reason)
            return False
        own, most = ports.ask("get_chain_level", chain.chain_id), ports.ask("get_max_chain_level")
        chain.level = own if _is_count(own) else chain.level
        chain.max_level = most if _is_count(most) else chain.max_level
        if chain.level >= chain.max_level:
            self.end(chain, "completed", "max_level")
            return False
        chain.level += 1
        chain.kind = "tp_cont"
        pip = self._catalogue[chain.symbol].pip_points
        gap = ceil_share(pip, self.settings.continuation_gap_pips)
        chain.trigger = chain.last_exit + chain.side * gap if gap else 0
        cooldown_ns = self.settings.cooldown_ns(ports.plugin_id, ports.family)
        self.wait(chain, cooldown_ns, self._window_ns(chain, ports))
        return True

    def _after_exit(self, chain: ReentryChain, reason: str) -> None:
        """Exit continuation, where it is on; else the chain ends with its exit."""
        settings, ports = self.settings, self._plugins.get(chain.plugin_id)
        is_good = chain.ticket_minor > 0 and bool(chain.applied)
        is_on = settings.exit_continuation and reason in settings.exit_reasons and is_good
        if not is_on or chain.attempts_exit >= settings.exit_attempts or ports is None or not ports.is_enabled:
            self.end(chain, "stopped", reason)
            return
        chain.kind = "exit_cont"
        pip = self._catalogue[chain.symbol].pip_points
        gap = ceil_share(pip, settings.exit_gap_pips)
        chain.trigger = chain.last_exit + chain.side * gap if gap else 0
        if ports.ask("on_exit", self._orders.event(chain, self._gate.now_ns)) is False:
            self.end(chain, "stopped", "declined")
            return
        chain.attempts_exit += 1
        self.wait(chain, round(settings.exit_check_s * NS), round(settings.exit_watch_s * NS))

    def _window_ns(self, chain: ReentryChain, ports: PluginPorts | None, *, is_recovery: bool = False) -> int:
        family = "" if ports is None else ports.family
        if is_recovery:
            return self.settings.recovery_window_ns(chain.symbol, chain.logic, chain.plugin_id, family)
        return self.settings.window_ns(chain.logic, chain.plugin_id, family)

    # --- people, state --------------------------------------------------------------------------------------------

    def alerts_in_hand(self) -> list[tuple[str, str]]:
        """(alert, plugin) of every chain that is not over."""
        return [(chain.alert_id, chain.plugin_id) for chain in self.book.chains()]

    def state(self) -> dict[str, Any]:
        return self.book.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; what waited for a shield that is not here any more waits plainly."""
        self.book.load_state(state)
        for chain in self.book.chains():
            if chain.is_shielded and chain.plugin_id not in self._plugins:
                chain.is_shielded = False  # there is nothing left to drop
                self.end(chain, "stopped", "plugin_gone")
            elif chain.is_shielded and isinstance(self._shield, NoShield):
                self.unshielded(chain.chain_id)

    def is_healthy(self) -> bool:
        return True

    def get_status(self) -> dict[str, Any]:
        by_state: dict[str, int] = {}
        for chain in self.book.chains():
            by_state[chain.state] = by_state.get(chain.state, 0) + 1
        return {**dict(self.book.counts), "chains": by_state}

    def ports_of(self, plugin_id: str) -> PluginPorts:
        return self._plugins[plugin_id]


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
