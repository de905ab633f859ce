"""Reverse shield v3.0: two orders opposite to a stopped order A, until the price is back at the recovery level.

    on_stop      SA and SB go out at the market: half the lots each, their stop at the original entry; SA's target lies
                 one gap beyond the original's stop, SB is profit booking's where the run has it
    kill level   a price watch: both are closed, and once they are, the recovery begins
    window over  both are closed, no recovery
    SA's target  told; everything else goes on
    a stop       the price is back at the original entry: the other leg is closed, no recovery

Both legs or none: where one is refused or does not fill, the other is closed and the recovery goes on without a shield.
So it does where a limit says no (shield_size.py), and where a leg is closed by something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from zepix.model import (
    Catalogue,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    PriceReached,
    Refused,
    Ticket,
    TicketClosed,
)
from zepix.model.settings_autonomous import ReverseShieldSettings
from zepix.model.timeframe import NS
from zepix.services.chain_log import ChainLog, ChainStep
from zepix.services.driving import given
from zepix.services.market import MarketDataService
from zepix.services.orders import OrderExecutionService
from zepix.services.ports import Clock, Notify, PriceWaker, ShieldBooking, ShieldListener
from zepix.services.safety_values import ReentryEvent, ShieldCase
from zepix.services.shield_book import Shield, ShieldLeg
from zepix.services.shield_size import ShieldPlan, ShieldSizes

__all__ = ["ShieldCore"]

_VERSION: Final = 1
_RETRY_NS: Final = 5 * NS
_CLOSE: Final = "close "
_BOOKED: Final = ("tp", "profit_booking")
_CLOSE_REASON: Final[Mapping[str, str]] = {"kill": "reversal", "window_over": "time_exit"}


class ShieldCore:
    """The shields of a run (``zepix.services.ports.ShieldPort``); its state is data."""

    def __init__(
        self,
        settings: ReverseShieldSettings,
        clock: Clock,
        catalogue: Catalogue,
        sizes: ShieldSizes,
        waker: PriceWaker,
        chains: ChainLog,
        notify: Notify,
    ) -> None:
        self.settings = settings
        self.booking: ShieldBooking | None = None
        self._clock = clock
        self._catalogue = catalogue
        self._sizes = sizes
        self._waker = waker
        self._chains = chains
        self._notify = notify
        self._listener: ShieldListener | None = None
        self._plugins: dict[str, tuple[OrderExecutionService, MarketDataService, Any, Callable[..., Any]]] = {}
        self._limits: dict[str, Callable[[], float | None]] = {}
        self._shields: dict[str, Shield] = {}
        self._by_order: dict[int, Shield] = {}
        self._last = 0

    def add_plugin(
        self,
        plugin_id: str,
        orders: OrderExecutionService,
        market: MarketDataService,
        risk: Any,
        ask: Callable[..., Any],
        daily_loss_limit: Callable[[], float | None] = lambda: None,
    ) -> None:
        """Know a plugin; ``risk``: its service or None; ``ask(method, *args)``: its own decisions."""
        self._plugins[plugin_id] = orders, market, risk, ask
        self._limits[plugin_id] = daily_loss_limit

    @property
    def open_count(self) -> int:
        return len(self._shields)

    # --- ShieldPort ------------------------------------------------------------------------------------------------

    def listen(self, listener: ShieldListener) -> None:
        self._listener = listener

    def on_stop(self, case: ShieldCase) -> bool:
        """True: two legs are on their way; False: no shield, and why stands in the chain log and in a notification."""
        if not self.settings.enabled or case.plugin_id not in self._plugins:
            return False
        orders, market, risk, ask = self._plugins[case.plugin_id]
        if ask("activate_reverse_shield", self._event(case)) is False:
            return False
        self._last += 1
        shield = Shield(f"SHIELD_{case.symbol}_{self._last:08d}", case, 0)
        plan = self._plan(case, orders, market, risk)
        if isinstance(plan, Refused):
            self._cancelled(shield, plan)
            return False
        shield.kill_points = plan.kill_points
        return self._place(shield, plan, orders)

    def drop(self, chain_id: str, reason: str) -> None:
        for shield in [one for one in self._shields.values() if one.case.chain_id == chain_id]:
            shield.is_told = True
            if shield.status != "closing":
                self._close(shield, "dropped", reason)

    # --- beginning -------------------------------------------------------------------------------------------------

    def _plan(
        self, case: ShieldCase, orders: OrderExecutionService, market: MarketDataService, risk: Any
    ) -> ShieldPlan | Refused:
        if self.open_count >= self.settings.max_concurrent:
            return Refused("too_many_shields", f"{self.open_count} of {self.settings.max_concurrent} are there")
        limit, quote = self._limits[case.plugin_id](), market.quote_points(case.symbol)
        is_open = any(one.alert_id == case.alert_id for one in orders.open_tickets(case.symbol))
        return self._sizes.plan(case, quote, risk, daily_loss_limit=limit, is_open=is_open)

    def _place(self, shield: Shield, plan: ShieldPlan, orders: OrderExecutionService) -> bool:
        case, instrument = shield.case, self._catalogue[shield.case.symbol]
        for role in ("SA", "SB"):
            answer = given(
                orders.place_order(
                    case.symbol,
                    plan.side,
                    str(plan.lots),
                    instrument.price(plan.sl_points),
                    instrument.price(plan.tp_points) if role == "SA" else None,
                    role=role,
                    chain_id=shield.shield_id,
                    alert_id=case.alert_id,
                )
            )
            if isinstance(answer, Refused):
                shield.is_told = True  # by the answer False
                self._leg_refused(shield, answer)
                return False
            leg = ShieldLeg(role, answer.order_id)
            shield.legs.append(leg)
            self._by_order[leg.order_id] = shield
            self._step(shield, "placed", role, leg)
        self._shields[shield.shield_id] = shield
        shield.watch_id = self._waker.watch_price(case.symbol, case.side, shield.kill_points)
        self._waker.wake_at(case.window_ends_ns, shield.shield_id)
        return True

    def _leg_refused(self, shield: Shield, refused: Refused) -> None:
        """A leg never went out: the one that did is closed."""
        if not shield.legs:
            self._cancelled(shield, refused)
            return
        self._shields[shield.shield_id] = shield
        self._close(shield, "leg_failed", refused.reason)

    def _cancelled(self, shield: Shield, refused: Refused) -> None:
        self._step(shield, "stopped", refused.reason)
        text = f"{shield.case.symbol}: no shield, {refused.reason}: {refused.detail}"
        self._tell(shield, "shield_cancelled", text, reason=refused.reason)

    # --- what happens ----------------------------------------------------------------------------------------------

    def on_follow(self, event: Event, answer: Any) -> None:
        del answer
        if isinstance(event, TicketClosed):
            shield = self._by_order.get(event.ticket.order_id)
            if shield is not None and not event.ticket.is_open:
                self._leg_closed(shield, event)
        elif isinstance(event, OrderFilled):
            shield = self._by_order.get(event.order.id)
            if shield is not None and event.ticket is not None:
                self._leg_filled(shield, event.ticket)
        elif isinstance(event, OrderRefused | OrderCancelled):
            shield = self._by_order.get(event.order.id)
            if shield is not None:
                self._leg_failed(shield, event.order.id, event.order.reason)
            elif isinstance(event, OrderRefused) and event.order.kind == "close":
                self._close_refused(event.order.id)

    def on_price(self, event: PriceReached) -> None:
        """The kill level."""
        shield = next((one for one in self._shields.values() if one.watch_id == event.watch_id), None)
        if shield is not None and shield.status in ("placing", "open"):
            shield.watch_id = 0
            self._close(shield, "kill", "kill_level")

    def on_wake(self, now_ns: int, tag: str) -> None:
        """The end of a window, or a close that is sent again."""
        shield = self._shields.get(tag.removeprefix(_CLOSE))
        if shield is None:
            return
        if tag.startswith(_CLOSE):
            self._send_close(shield)
        elif shield.status in ("placing", "open") and now_ns >= shield.case.window_ends_ns:
            self._close(shield, "window_over", "window_over")

    def on_end_of_data(self) -> None:
        """Nothing comes any more: what the broker has closed ends here, and nobody goes on with it."""
        for shield in list(self._shields.values()):
            shield.is_told = True
            shield.end = shield.end or "end_of_data"
            for leg in shield.alive:
                leg.status = "left"
            self._finish_if_done(shield)

    def close_overdue(self) -> int:
        """Close what is left of windows that are over; how many: none, as long as timers come."""
        now_ns = self._clock.now_ns
        due = [s for s in self._shields.values() if s.status != "closing" and now_ns >= s.case.window_ends_ns]
        for shield in due:
            self._close(shield, "window_over", "window_over")
        return len(due)

    def _leg_filled(self, shield: Shield, ticket: Ticket) -> None:
        leg = shield.leg_of(ticket.order_id)
        assert leg is not None, "the orders that are known are those of legs"
        leg.status, leg.ticket = "filled", ticket.id
        self._step(shield, "filled", leg.role, leg)
        if shield.status == "closing":  # it filled after the close had come and gone
            if ticket.is_open and not ticket.closing:
                given(self._plugins[shield.case.plugin_id][0].close_order(ticket.id))
            return
        if leg.role == "SB" and self.booking is not None:
            leg.is_booked = self.booking.adopt(ticket)
        if all(one.status == "filled" for one in shield.legs):
            shield.status = "open"
            price = self._catalogue[shield.case.symbol].price(shield.kill_points)
            self._step(shield, "active", "deployed")
            self._tell(shield, "shield_deployed", f"{shield.case.symbol}: shields deployed, kill level {price}")

    def _leg_failed(self, shield: Shield, order_id: int, reason: str) -> None:
        leg = shield.leg_of(order_id)
        assert leg is not None, "the orders that are known are those of legs"
        leg.status, leg.reason = "failed", reason
        self._step(shield, "refused", reason or leg.role, leg)
        if shield.status == "closing":
            self._finish_if_done(shield)
        elif reason != "end_of_data":
            self._close(shield, "leg_failed", reason)

    def _leg_closed(self, shield: Shield, event: TicketClosed) -> None:
        fill = event.fill
        leg = shield.leg_of(event.ticket.order_id)
        assert leg is not None, "the orders that are known are those of legs"
        leg.status, leg.reason = "closed", fill.exit_reason
        leg.money_minor += fill.pnl_minor
        self._step(shield, "closed", fill.exit_reason, leg, fill.pnl_minor)
        if shield.status == "closing":
            self._finish_if_done(shield)
        elif fill.exit_reason in _BOOKED:
            kind = "shield_victory" if leg.role == "SA" else "shield_level_up"
            self._tell(shield, kind, f"{fill.symbol}: {leg.role} booked", money_minor=leg.money_minor)
        elif fill.exit_reason != "end_of_data":  # a stop that somebody moved ahead says nothing of the kill level
            is_back = fill.exit_reason == "sl" and shield.case.side * (fill.sl - shield.kill_points) >= 0
            self._close(shield, "shield_stopped" if is_back else "leg_closed", fill.exit_reason)

    # --- ending ----------------------------------------------------------------------------------------------------

    def _close(self, shield: Shield, end: str, why: str) -> None:
        """Close what is open, take along what is under way; the listener is told at once, of a kill when it is done."""
        shield.status, shield.end, shield.why = "closing", end, why
        if shield.watch_id:
            self._waker.drop_watch(shield.watch_id)
            shield.watch_id = 0
        self._step(shield, "closing", why)
        ask = self._plugins[shield.case.plugin_id][3]
        if end in _CLOSE_REASON and ask("deactivate_reverse_shield", self._event(shield.case)) is False:
            for leg in shield.alive:
                leg.status = "left"
        self._send_close(shield)
        for leg in shield.legs:
            if leg.is_booked and leg.status != "left" and self.booking is not None:
                self.booking.let_go(leg.order_id, end)
        tell = None if end == "kill" else self._listener_call(shield)
        self._finish_if_done(shield)
        if tell is not None:
            tell()

    def _send_close(self, shield: Shield) -> None:
        orders = self._plugins[shield.case.plugin_id][0]
        ids = [leg.order_id for leg in shield.alive]
        if not ids:
            return
        reason = _CLOSE_REASON.get(shield.end, "signal")
        answer = given(orders.close_positions(shield.case.symbol, orders=ids, reason=reason))
        if isinstance(answer, Refused):
            self._retry(shield)
        else:
            shield.close_order_id = answer.order_id

    def _close_refused(self, order_id: int) -> None:
        shield = next((one for one in self._shields.values() if one.close_order_id == order_id), None)
        if shield is not None and shield.alive:
            self._retry(shield)

    def _retry(self, shield: Shield) -> None:
        shield.close_order_id = 0
        if shield.retries < self.settings.close_retries:
            shield.retries += 1
            self._waker.wake_at(self._clock.now_ns + _RETRY_NS, _CLOSE + shield.shield_id)

    def _finish_if_done(self, shield: Shield) -> None:
        if shield.alive or shield.shield_id not in self._shields:
            return
        shield.status = "over"
        del self._shields[shield.shield_id]
        for leg in shield.legs:
            del self._by_order[leg.order_id]
        is_kill, money = shield.end == "kill", shield.money_minor
        reason = shield.why if shield.end == "dropped" else shield.end
        self._step(shield, "completed" if is_kill else "stopped", reason, None, money)
        kind = "shield_kill_switch" if is_kill else "shield_cancelled"
        self._tell(shield, kind, f"{shield.case.symbol}: shields closed, {reason}", money_minor=money, reason=reason)
        if is_kill:
            tell = self._listener_call(shield)
            if tell is not None:
                tell()

    def _listener_call(self, shield: Shield) -> Callable[[], None] | None:
        """How the listener is told, once."""
        if shield.is_told or self._listener is None:
            return None
        shield.is_told = True
        listener, chain = self._listener, shield.case.chain_id
        if shield.end == "kill":
            return partial(listener.recover, chain)
        if shield.end in ("leg_failed", "leg_closed"):
            return partial(listener.unshielded, chain)
        return partial(listener.shield_over, chain, shield.end)

    # --- words -----------------------------------------------------------------------------------------------------

    def _event(self, case: ShieldCase) -> ReentryEvent:
        instrument = self._catalogue[case.symbol]
        entry, stop = instrument.price(case.entry_points), instrument.price(case.sl_points)
        side, now_ns = "buy" if case.side > 0 else "sell", self._clock.now_ns
        told = {"lots": case.lots, "window_ends_ns": case.window_ends_ns}
        return ReentryEvent(
            case.chain_id, case.plugin_id, case.symbol, "shield", entry, stop, stop, side, 0, told, now_ns
        )

    def _step(
        self, shield: Shield, state: str, reason: str, leg: ShieldLeg | None = None, money_minor: int = 0
    ) -> None:
        case = shield.case
        order_id, ticket = (0, 0) if leg is None else (leg.order_id, leg.ticket)
        step = (case.plugin_id, case.symbol, case.alert_id, 0, state, reason, order_id, ticket, money_minor)
        self._chains.add(ChainStep(self._clock.now_ns, shield.shield_id, "shield", *step))

    def _tell(self, shield: Shield, kind: str, text: str, **fields: Any) -> None:
        case = shield.case
        told = {"shield": shield.shield_id, "chain": case.chain_id, "alert_id": case.alert_id, **fields}
        self._notify.send(kind, text, case.plugin_id, **told)

    # --- state and health ------------------------------------------------------------------------------------------

    def alerts_in_hand(self) -> list[tuple[str, str]]:
        """(alert, plugin) of every shield that is not over."""
        return [(one.case.alert_id, one.case.plugin_id) for one in self._shields.values()]

    def state(self) -> dict[str, Any]:
        return {"version": _VERSION, "last": self._last, "shields": [one.state() for one in self._shields.values()]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version.

        Shields of a plugin that is not here any more end: their legs keep their stops.
        """
        if state.get("version") != _VERSION:
            raise ValueError(f"the state of the shields has version {state.get('version')!r}, expected {_VERSION}")
        found = [Shield.of(one) for one in state["shields"]]
        self._last = int(state["last"])
        self._shields = {one.shield_id: one for one in found if one.case.plugin_id in self._plugins}
        self._by_order = {leg.order_id: one for one in self._shields.values() for leg in one.legs}
        for shield in found:
            if shield.shield_id not in self._shields:
                self._step(shield, "stopped", "plugin_gone", None, shield.money_minor)

    def is_healthy(self) -> bool:
        """False where a close was refused as often as it may be sent."""
        return all(one.retries < self.settings.close_retries or not one.alive for one in self._shields.values())

    def get_status(self) -> dict[str, Any]:
        shields = {one.shield_id: f"{one.status} of {one.case.chain_id}" for one in self._shields.values()}
        return {"open": self.open_count, "shields": shields}
