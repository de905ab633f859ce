"""Profit booking: order B begins a pyramid; each level books its orders one by one, and a level that has won is
followed by the next, larger one.

    level 0 (order B) -> its orders are over -> strict: none lost for good -> level 1: two orders -> ... -> completed

- A level is over once no order of it is open or under way and no recovery is waited for. Then it is judged: in strict
  mode one unrecovered loss stops the chain, else too small a share of winners does; a level that is switched off, or
  that the risk gate refuses, stops it too. The last level is booked as the others are.
- An exit (signal, reversal, session end, guard, by hand) stops the chain and closes what is left of it.
- Orders that were refused have neither won nor lost. Whatever happens to a chain, it has exactly one end, and no chain
  is ever looked at again and again: an order that the broker does not know is looked for a few times, then the chain is
  stale, once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Final

from zepix.model import (
    Alert,
    Order,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    PriceReached,
    Refused,
    Ticket,
    TicketClosed,
)
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.timeframe import NS
from zepix.services.driving import given
from zepix.services.hearing import ANSWERS, Hearing, Kinds
from zepix.services.order_parts import CLOSE_REASONS
from zepix.services.orders import OrderExecutionService
from zepix.services.profit_begins import Beginnings
from zepix.services.profit_chain import Chain, ChainOrder
from zepix.services.profit_desk import Gate, Plugin, Prices, ProfitDesk, ProfitPorts
from zepix.services.profit_hunts import Hunts
from zepix.services.profit_levels import LevelMaker

__all__ = ["ProfitBook"]

NOBODYS: Final = ("stop_out", "end_of_data")
"""Closed by the broker for reasons of the account: nothing else of the chain is closed for it."""


class ProfitBook(Hearing):
    """The pyramids of a run: what happens to their orders, and what follows of it."""

    HEARS: ClassVar[Kinds] = {
        TicketClosed: "note_close",
        OrderFilled: "note_fill",
        OrderRefused: "note_end",
        OrderCancelled: "note_end",
    }
    FOLLOWS: ClassVar[Kinds] = {TicketClosed: "on_closed", **dict.fromkeys(ANSWERS, "on_answered")}

    def __init__(self, settings: ProfitBookingSettings, legs: DualOrderSettings, ports: ProfitPorts) -> None:
        """``legs``: the settings of dual orders, whose order B a level's orders are like."""
        self.desk = ProfitDesk(settings, legs, ports)
        self._levels = LevelMaker(self.desk)
        self._beginnings = Beginnings(self.desk)
        self._hunts = Hunts(self.desk, self._levels)
        self._counts = {"begun": 0, "completed": 0, "stopped": 0, "stale": 0, "numbered": 0}

    def add_plugin(
        self,
        plugin_id: str,
        orders: OrderExecutionService,
        market: Prices,
        risk: Gate | None,
        *,
        by_itself: bool = True,
        daily_loss_limit: Callable[[], Any] = lambda: None,
        agrees: Callable[[str, int, str], bool] = lambda *_: True,
        is_enabled: Callable[[], bool] = lambda: True,
    ) -> None:
        """Know a plugin's own services; ``risk`` None: its levels pass no gate. ``by_itself``: its orders B begin
        chains without being asked. See ``Plugin``."""
        self.desk.plugins[plugin_id] = Plugin(orders, market, risk, by_itself, daily_loss_limit, agrees, is_enabled)

    def knows(self, order_id: int) -> bool:
        """Whether an order is of a chain that is not over."""
        return order_id in self.desk.by_order

    def next_number(self) -> int:
        """The number of a chain whose order has no chain id, in a run without dual orders."""
        self._counts["numbered"] += 1
        return self._counts["numbered"]

    # --- what happens: bookkeeping, before the plugin hears of it ----------------------------------------------------

    def on_alert(self, alert: Alert) -> None:
        """What an alert does to recoveries that wait."""
        for chain, reason in self._hunts.hear(alert):
            if reason:
                self._stop(chain, reason)
            self._go_on(chain)

    def note_close(self, event: TicketClosed) -> None:
        """Keep each order's standing: what closed of it."""
        chain = self.desk.by_order.get(event.ticket.order_id)
        if chain is not None:
            chain.orders[event.ticket.order_id].take_close(event)

    def note_fill(self, event: OrderFilled) -> None:
        """It is open."""
        chain = self.desk.by_order.get(event.order.id)
        if chain is not None and event.ticket is not None:
            chain.orders[event.order.id].take_fill(event.ticket)

    def note_end(self, event: OrderRefused | OrderCancelled) -> None:
        """It never became a ticket."""
        chain = self.desk.by_order.get(event.order.id)
        if chain is not None:
            chain.orders[event.order.id].status = "refused"

    # --- and what follows --------------------------------------------------------------------------------------------

    def on_closed(self, event: TicketClosed, answer: Any) -> None:
        """Book, recover, go up, end."""
        chain = self.desk.by_order.get(event.ticket.order_id)
        if chain is not None:
            self._closed(chain, chain.orders[event.ticket.order_id], event, answer)

    def on_answered(self, event: OrderFilled | OrderRefused | OrderCancelled, answer: Any) -> None:
        """Begin, or know that nothing came of an order; a close that is done may be an exit."""
        if not event.order.opens:
            if event.order.kind == "close" and self.desk.chains:
                self._exit_done(event.order)
        elif isinstance(event, OrderFilled):
            self._filled(event, answer)
        else:
            self._unfilled(event.order)

    def _filled(self, event: OrderFilled, answer: Any) -> None:
        order, chain = event.order, self.desk.by_order.get(event.order.id)
        if chain is None:
            if self._beginnings.is_booking_b(event) and answer is not False:
                self.begin(order.id, ticket=event.ticket, comment=order.comment)
            return
        known = chain.orders[order.id]
        self.desk.log(chain, "filled", known.role, known)
        self.desk.watch_booking(chain, known)
        if not chain.is_active and chain.closes_all:
            self._sweep(chain)

    def begin(
        self, order_id: int, *, asked: bool = False, ticket: Ticket | None = None, comment: str = ""
    ) -> Chain | None:
        """See ``Beginnings.begin``."""
        known = self.desk.by_order.get(order_id)
        chain = self._beginnings.begin(order_id, asked=asked, ticket=ticket, comment=comment)
        self._counts["begun"] += chain is not None and known is None
        return chain

    def _unfilled(self, order: Order) -> None:
        chain = self.desk.by_order.get(order.id)
        if chain is None:
            return
        known = chain.orders[order.id]
        self.desk.log(chain, "refused", order.reason or order.status, known)
        if known.recovers:
            self._hunts.over(chain, known, won=None, reason=order.reason)
        elif chain.is_active and not chain.doom and all(o.status == "refused" for o in chain.of_level()):
            chain.doom = order.reason or order.status
        self._go_on(chain)

    def _closed(self, chain: Chain, order: ChainOrder, event: TicketClosed, answer: Any) -> None:
        desk, fill = self.desk, event.fill
        reason, money = fill.exit_reason, fill.pnl_minor
        if event.ticket.is_open:
            desk.log(chain, "part_closed", reason, order, money)
            return
        desk.unwatch(order)
        desk.log(chain, order.status, reason, order, money)
        if order.status == "closed":
            if order.recovers:
                self._hunts.over(chain, order, won=money > 0, reason=reason)
            self._stop(chain, reason, closes_all=reason not in NOBODYS)
        elif order.recovers:
            self._hunts.over(chain, order, won=order.status == "booked", reason=reason)
        elif order.status == "lost" and chain.is_active:
            self._hunts.begin(chain, order, answer)
        elif order.status == "booked" and chain.is_active:
            self._ask_whether_to_go_on(chain)
        self._go_on(chain)

    def _ask_whether_to_go_on(self, chain: Chain) -> None:
        if self.desk.told_of(chain, "on_profit_target_hit") is False and not chain.doom:
            chain.doom = "plugin_decided"

    # --- progress ----------------------------------------------------------------------------------------------------

    def _go_on(self, chain: Chain) -> None:
        """Judge the level once it is over, and begin the next; an ended chain is forgotten with its last order."""
        desk = self.desk
        if chain.is_active and chain.doom:
            self._hunts.drop(chain, chain.doom)
        if chain.is_busy:
            return
        if chain.is_active:
            settings = desk.settings_of(chain.plugin_id)
            reason = chain.doom or chain.judgement(settings)
            if reason:
                self._stop(chain, reason)
            elif chain.level + 1 >= len(settings.multipliers):
                self._end(chain, "completed", "booked_all")
            elif not settings.is_on(chain.level + 1):
                self._stop(chain, "level_disabled")
            else:
                self._go_up(chain, settings)
        if not chain.is_active and not chain.is_busy:
            desk.forget(chain)

    def _go_up(self, chain: Chain, settings: ProfitBookingSettings) -> None:
        desk = self.desk
        below = chain.of_level()
        booked = sum(o.money_minor for o in chain.orders.values() if o.level == chain.level) / desk.unit
        chain.level += 1
        refused = self._levels.place_level(chain, settings)
        if refused is not None:
            chain.level -= 1
            self._stop(chain, refused.reason)
            return
        desk.log(chain, "active", "level_up")
        text = f"{chain.symbol}: level {chain.level - 1} booked {booked:.2f}, {len(chain.of_level())} orders follow"
        desk.tell("PROFIT_BOOKING", chain, text, booked=booked, orders=len(below))

    # --- ends --------------------------------------------------------------------------------------------------------

    def stop_chain(self, chain_id: str, reason: str = "manual", closing: Collection[int] = ()) -> bool:
        """End a chain and close what is left of it but for orders that somebody closes (``closing``); whether there was
        one to end."""
        chain = self.desk.chains.get(chain_id)
        if chain is None or not chain.is_active:
            return False
        self._stop(chain, reason, closes_all=True)
        self._sweep(chain, closing)
        self._go_on(chain)
        return True

    def _exit_done(self, close: Order) -> None:
        """A close is done: what it was about has ended, and what an exit left of a stopped chain is closed too."""
        for chain in [c for c in self.desk.chains.values() if c.plugin_id == close.plugin_id]:
            chain.closing = [one for one in chain.closing if one[0] != close.id]
            is_exit = not (close.tickets or close.targets) and close.frac is None and close.side in (0, chain.side)
            if chain.symbol != close.symbol:
                continue
            if chain.is_active and is_exit and chain.begun_ns <= close.decided_ns:
                self._stop(chain, close.reason_to_close, closes_all=True)
            if not chain.is_active and chain.closes_all:
                self._sweep(chain)
            self._go_on(chain)

    def _sweep(self, chain: Chain, closing: Collection[int] = ()) -> None:
        """Close what is left of a stopped chain, unless that is under way or has been refused too often."""
        desk = self.desk
        taken = {one.id for one in desk.ports.broker.under_way() if one.taken_by}
        covered = {*closing, *(number for one in chain.closing for number in one[1:])}
        left: list[int] = []
        for order in chain.pending():
            ticket = desk.ticket(order)
            if ticket is not None:
                is_closing = bool(ticket.closing)
            else:
                is_closing = order.status == "filled" or order.order_id in taken
            if not is_closing and order.order_id not in covered:
                left.append(order.order_id)
        plugin = desk.plugins.get(chain.plugin_id)
        if not left or plugin is None or chain.sweeps > desk.settings_of(chain.plugin_id).close_retries:
            return
        chain.sweeps += 1
        reason = chain.reason if chain.reason in CLOSE_REASONS else "signal"
        answer = given(plugin.orders.close_positions(chain.symbol, None, orders=left, reason=reason))
        if not isinstance(answer, Refused):
            chain.closing.append([answer.order_id, *left])

    def _stop(self, chain: Chain, reason: str, *, closes_all: bool = False) -> None:
        if chain.is_active:
            chain.closes_all = closes_all
            self._end(chain, "stopped", reason)

    def _end(self, chain: Chain, status: str, reason: str) -> None:
        desk = self.desk
        chain.status, chain.reason = status, reason
        self._hunts.drop(chain, reason)
        self._counts[status] += 1
        desk.log(chain, status, reason)
        money = chain.money_minor / desk.unit
        desk.tell(
            "PROFIT_BOOKING", chain, f"{chain.symbol}: chain {status} ({reason}), {money:.2f} in all", total=money
        )

    def on_end_of_data(self) -> None:
        """Nothing comes any more: what still waits ends."""
        for chain in list(self.desk.chains.values()):
            self._stop(chain, "end_of_data")
            self._go_on(chain)

    # --- prices and times --------------------------------------------------------------------------------------------

    def on_price(self, event: PriceReached) -> None:
        """A booking price, or the recovery level of a lost order."""
        found = self.desk.watches.pop(event.watch_id, None)
        if found is None:
            return
        chain, order = found
        order.watch_id = 0
        if order.recovery == "watching" and order.is_over:
            if chain.is_active and not self._hunts.reached(chain, order):
                self._go_on(chain)
        elif order.status == "filled":
            self.book(chain, order)

    def book(self, chain: Chain, order: ChainOrder) -> str:
        """Close an order with what it has won; why it could not be, nothing where it is on its way."""
        plugin, ticket = self.desk.plugins.get(chain.plugin_id), self.desk.ticket(order)
        if plugin is None or ticket is None:
            return "unknown_ticket"
        answer = given(plugin.orders.close_order(ticket.id, "profit_booking"))
        return answer.reason if isinstance(answer, Refused) else ""

    def on_wake(self, now_ns: int, tag: str) -> None:  # noqa: ARG002 - the engine's time is the same
        """A recovery's window is over, or an order that the broker does not know is looked for again."""
        what, _, name = tag.partition(":")
        if what == "stale":
            chain = self.desk.chains.get(name)
            if chain is not None:
                self._look_for_tickets(chain)
            return
        chain = self.desk.by_order.get(int(name))
        if chain is not None and what == "trend":
            if not self._hunts.look_again(chain, chain.orders[int(name)]):
                self._go_on(chain)
        elif chain is not None and self._hunts.window_over(chain, chain.orders[int(name)]):
            self._go_on(chain)

    def check_tickets(self) -> None:
        """Look for every open order's ticket at the broker, as after a restart."""
        for chain in list(self.desk.chains.values()):
            if not chain.checks:
                self._look_for_tickets(chain)

    def _look_for_tickets(self, chain: Chain) -> None:
        desk, settings = self.desk, self.desk.settings
        missing = [o for o in chain.pending() if o.status == "filled" and desk.ticket(o) is None]
        if not missing:
            chain.checks = 0
            return
        chain.checks += 1
        if chain.checks < settings.stale_checks:
            desk.ports.waker.wake_at(desk.now_ns + round(settings.stale_check_s * NS), f"stale:{chain.chain_id}")
            return
        for order in missing:
            desk.unwatch(order)
            order.status = "missing"
            desk.log(chain, "missing", "unknown_ticket", order)
        if chain.is_active:
            desk.ports.say(f"{chain.chain_id}: the broker does not know {len(missing)} of its tickets; it is stale")
            self._end(chain, "stale", "unknown_ticket")
        self._go_on(chain)

    # --- state -------------------------------------------------------------------------------------------------------

    def alerts_in_hand(self) -> list[tuple[str, str]]:
        """(alert, plugin) of every chain that is not over."""
        return [(chain.alert_id, chain.plugin_id) for chain in self.desk.chains.values()]

    def state(self) -> dict[str, Any]:
        """The chains that have not ended, and counts, as JSON values."""
        return {"counts": dict(self._counts), "chains": [chain.state() for chain in self.desk.chains.values()]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; what was here is forgotten. Tickets that are gone are looked for, then given up."""
        desk = self.desk
        desk.chains, desk.by_order, desk.watches, desk.hunted = {}, {}, {}, {}
        self._counts = dict(state["counts"])
        for one in state["chains"]:
            chain = Chain.of(one)
            desk.chains[chain.chain_id] = chain
            for order in chain.orders.values():
                desk.by_order[order.order_id] = chain
                if order.watch_id:
                    desk.watches[order.watch_id] = (chain, order)
                if order.recovery == "watching":
                    desk.hunted[order.order_id] = chain
        for chain in list(desk.chains.values()):
            if chain.plugin_id not in desk.plugins:
                self._stop(chain, "plugin_gone")
        self.check_tickets()

    def is_healthy(self) -> bool:
        return not any(chain.checks for chain in self.desk.chains.values())

    def get_status(self) -> dict[str, Any]:
        return {**self._counts, "open": sum(1 for chain in self.desk.chains.values() if chain.is_active)}
