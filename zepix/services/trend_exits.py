"""A trend that turned against a trade closes it, five minutes later, where it is still against it then.

    a change of one of the logic's two timeframes, after which both point against the trade -> a timer of
    ``trend_reversal_grace_s`` -> still against it: its tickets are closed (``reversal``)

An entry that stood against the trends from the beginning is left alone until they turn; one whose trends turn back in
time stays. All entries of one plugin, symbol, logic and side turn together, so that an alert costs no more where many
are open. A pyramid is of the entry that it began with, also where all of that has closed since: what is open of it
goes, and what is under way. (A recovery that only waits asks the trends itself.) A plugin takes part by having the
settings ``trend_reversal_close`` and ``trend_reversal_grace_s``; which logic a ticket trades stands in the comment of
its order. Shields are left to the shield.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final, NamedTuple

from zepix.model import Order, OrderFilled, Refused, Ticket, TicketClosed
from zepix.model.timeframe import NS
from zepix.services.driving import given
from zepix.services.hearing import Hearing, Kinds
from zepix.services.orders import OrderExecutionService
from zepix.services.ports import BrokerPort, Clock, Notify, PriceWaker
from zepix.services.trend_values import TrendUpdate

__all__ = ["TrendExits", "logic_in"]

SHIELDS: Final = ("SA", "SB")
CLOSE_RETRY_NS: Final = 5 * NS
CLOSE_RETRIES: Final = 3
_LOGIC: Final = re.compile(r"LOGIC\d", re.IGNORECASE)


@lru_cache(maxsize=1024)
def logic_in(comment: str) -> str:
    """The logic that an order's comment names; nothing where it names none."""
    found = _LOGIC.search(comment)
    return "" if found is None else found.group().upper()


class Trader(NamedTuple):
    """A plugin that may take part: its orders, its trend service, the strategy itself."""

    orders: OrderExecutionService
    trend: Any
    owner: Callable[[], Any]


class Group:
    """The open tickets of a plugin on one side of a symbol that trade one logic, by alert, and how its trend turned.

    ``entries``: alert -> [when its first ticket opened, ticket numbers]; ``closed``: those of them without tickets, to
    be forgotten unless an order of theirs is under way. ``turned_ns``: when the trend turned against it, ``due_ns``:
    when it is looked at again (0: it is not against it); ``timer_ns``: the timer that is set (0: none).
    """

    __slots__ = ("closed", "due_ns", "entries", "key", "number", "retries", "timer_ns", "turned_ns")

    def __init__(self, number: int, key: tuple[str, str, str, int]) -> None:
        self.number = number
        self.key = key
        self.turned_ns = self.due_ns = self.timer_ns = self.retries = 0
        self.entries: dict[str, tuple[int, list[int]]] = {}
        self.closed: dict[str, None] = {}

    def row(self) -> list[Any]:
        entries = [[alert_id, begun_ns, list(tickets)] for alert_id, (begun_ns, tickets) in self.entries.items()]
        return [self.number, list(self.key), self.turned_ns, self.due_ns, self.timer_ns, self.retries, entries]

    @classmethod
    def of(cls, row: Sequence[Any]) -> Group:
        number, (plugin_id, symbol, logic, side), turned_ns, due_ns, timer_ns, retries, entries = row
        group = cls(number, (plugin_id, symbol, logic, side))
        group.turned_ns, group.due_ns, group.timer_ns, group.retries = turned_ns, due_ns, timer_ns, retries
        group.entries = {alert_id: (begun_ns, list(tickets)) for alert_id, begun_ns, tickets in entries}
        group.closed = dict.fromkeys(alert_id for alert_id, (_, tickets) in group.entries.items() if not tickets)
        return group


class TrendExits(Hearing):
    """The tickets of a run that a turning trend closes; its state is data."""

    HEARS: ClassVar[Kinds] = {OrderFilled: "on_filled", TicketClosed: "on_closed"}

    def __init__(
        self,
        logics: Mapping[str, Sequence[str]],
        clock: Clock,
        broker: BrokerPort,
        waker: PriceWaker,
        notify: Notify,
    ) -> None:
        """``logics``: the timeframes of each, as the trend service has them."""
        self._logics = logics
        self._clock = clock
        self._broker = broker
        self._waker = waker
        self._notify = notify
        self._traders: dict[str, Trader] = {}
        self._grace_ns: dict[str, int] = {}
        """By plugin, -1 for one that does not take part; asked once."""
        self._groups: dict[str, dict[tuple[str, str, str, int], Group]] = {}
        """By symbol; the key is (plugin, symbol, logic, side)."""
        self._by_ticket: dict[int, tuple[Group, str]] = {}
        """Group and alert of every open ticket."""
        self._last = 0

    def add_plugin(self, plugin_id: str, trader: Trader) -> None:
        self._traders[plugin_id] = trader

    # --- what is open ----------------------------------------------------------------------------------------------

    def on_filled(self, event: OrderFilled) -> None:
        """Know tickets as long as they are open."""
        if event.ticket is not None and event.order.plugin_id in self._traders:
            self._filled(event.order, event.ticket)

    def on_closed(self, event: TicketClosed) -> None:
        """A ticket is over; an entry without tickets is, once nothing of it is under way."""
        if not event.ticket.is_open:
            found = self._by_ticket.pop(event.ticket.id, None)
            if found is not None:
                group, alert_id = found
                tickets = group.entries[alert_id][1]
                tickets.remove(event.ticket.id)
                if not tickets:
                    group.closed[alert_id] = None

    def _filled(self, order: Order, ticket: Ticket) -> None:
        if self._grace_of(order.plugin_id) < 0 or order.role in SHIELDS:
            return
        logic = logic_in(order.comment)
        if logic not in self._logics:
            return
        groups = self._groups.setdefault(order.symbol, {})
        key = (order.plugin_id, order.symbol, logic, ticket.side)
        group = groups.get(key)
        if group is None:
            self._last += 1
            group = groups[key] = Group(self._last, key)
        group.closed.pop(order.alert_id, None)
        if group.closed:
            self._forget_closed(group)
        group.entries.setdefault(order.alert_id, (self._clock.now_ns, []))[1].append(ticket.id)
        self._by_ticket[ticket.id] = (group, order.alert_id)

    def _under_way(self, group: Group) -> list[Order]:
        """Opening orders of the group's entries that are not answered yet."""
        plugin_id, symbol, logic, side = group.key
        return [
            order
            for order in self._broker.under_way()
            if order.plugin_id == plugin_id
            and order.symbol == symbol
            and order.side == side
            and order.alert_id in group.entries
            and logic_in(order.comment) == logic
        ]

    def _forget_closed(self, group: Group) -> None:
        """Entries of which nothing is open and nothing is under way are over."""
        alive = {order.alert_id for order in self._under_way(group)}
        for alert_id in [one for one in group.closed if one not in alive]:
            del group.closed[alert_id], group.entries[alert_id]

    def _grace_of(self, plugin_id: str) -> int:
        found = self._grace_ns.get(plugin_id)
        if found is None:
            owner = self._traders[plugin_id].owner()
            is_on = getattr(owner, "trend_reversal_close", False) is True
            found = round(getattr(owner, "trend_reversal_grace_s", 0.0) * NS) if is_on else -1
            self._grace_ns[plugin_id] = found
        return found

    # --- what turns ------------------------------------------------------------------------------------------------

    def on_trends(self, updates: Sequence[TrendUpdate]) -> None:
        """Trends of one symbol were told: begin to wait, or wait no more."""
        groups = self._groups.get(updates[0].symbol) if updates else None
        if not groups:
            return
        changed = {update.timeframe for update in updates if update.is_changed}
        directions: dict[str, int] = {}
        for group in groups.values():
            logic, side = group.key[2:]
            if changed.isdisjoint(self._logics[logic]):
                continue
            if logic not in directions:
                directions[logic] = self._direction(group)
            if directions[logic] != -side:
                group.due_ns = group.retries = 0
            elif not group.due_ns:
                self._forget_closed(group)
                if group.entries:
                    group.turned_ns = self._clock.now_ns
                    self._wait(group, self._grace_of(group.key[0]))

    def on_wake(self, now_ns: int, tag: str) -> None:
        """The grace is over, or has begun anew since."""
        number = int(tag.removeprefix("turn "))
        group = next((g for found in self._groups.values() for g in found.values() if g.number == number), None)
        if group is None or now_ns < group.timer_ns:
            return
        group.timer_ns = 0
        if group.due_ns > now_ns:
            self._wait(group, group.due_ns - now_ns)
        elif group.due_ns:
            group.due_ns = 0
            if self._direction(group) == -group.key[3]:
                self._close(group)

    def _wait(self, group: Group, wait_ns: int) -> None:
        """One timer a group: where one is set for earlier, it sets the next."""
        group.due_ns = self._clock.now_ns + wait_ns
        if not group.timer_ns or group.timer_ns > group.due_ns:
            group.timer_ns = group.due_ns
            self._waker.wake_at(group.due_ns, f"turn {group.number}")

    def _direction(self, group: Group) -> int:
        """Where both timeframes of the logic point, 0 where they do not agree."""
        plugin_id, symbol, logic, _ = group.key
        return int(self._traders[plugin_id].trend.check_logic_alignment(symbol, logic).direction)

    def _close(self, group: Group) -> None:
        """Close the entries that were there when it turned; where that is refused, try again a few times."""
        plugin_id, symbol, logic, sign = group.key
        self._forget_closed(group)
        before = {a: tickets for a, (begun_ns, tickets) in group.entries.items() if begun_ns <= group.turned_ns}
        known = self._broker.tickets
        left = [
            known[n].order_id for tickets in before.values() for n in tickets if n in known and not known[n].closing
        ]
        left += [order.id for order in self._under_way(group) if order.alert_id in before and not order.taken_by]
        if not left:
            return
        orders = self._traders[plugin_id].orders
        answer = given(orders.close_positions(symbol, None, orders=left, reason="reversal"))
        if isinstance(answer, Refused):
            if group.retries < CLOSE_RETRIES:
                group.retries += 1
                self._wait(group, CLOSE_RETRY_NS)
            return
        side = "BUY" if sign > 0 else "SELL"
        text = f"{symbol} {side}: the trend of {logic} turned against it, {len(left)} closed"
        alerts = list(before)
        told = {"symbol": symbol, "side": side, "logic": logic, "alerts": alerts}
        self._notify.send("reversal_exit", text, plugin_id, alert_id=alerts[0], **told)

    # --- state -----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        groups = [group.row() for found in self._groups.values() for group in found.values()]
        return {"last": self._last, "groups": groups}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; tickets of plugins that are not here keep their stops and nothing else."""
        self._last = int(state["last"])
        self._groups, self._by_ticket = {}, {}
        for row in state["groups"]:
            group = Group.of(row)
            plugin_id, symbol, logic, _ = group.key
            if plugin_id not in self._traders or logic not in self._logics:
                continue
            self._groups.setdefault(symbol, {})[group.key] = group
            for alert_id, (_, tickets) in group.entries.items():
                self._by_ticket.update(dict.fromkeys(tickets, (group, alert_id)))
