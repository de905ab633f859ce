"""Orders of ordinary backtrader strategies, carried to the broker of tickets and told back.

They net: an opposite order closes the strategy's own tickets first-in-first-out before it opens anything. The children
of a bracket are the stop and the target of the parent's ticket.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from typing import Any, Final

from zepix.brokers.backtrader.accounts import TicketMoney
from zepix.brokers.backtrader.border import bt, time_of
from zepix.brokers.backtrader.broker import PlainBroker
from zepix.brokers.backtrader.feed import symbol_of
from zepix.brokers.backtrader.notices import STOPS, TARGETS, Notices
from zepix.engine.engine import TradingEngine
from zepix.model import (
    ClosingFill,
    Event,
    Order,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    Refused,
    Ticket,
    TicketClosed,
)

__all__ = ["FAMILY", "UserOrders"]

FAMILY: Final = "backtrader"
KINDS: Final = {
    bt.Order.Market: "market",
    bt.Order.Limit: "limit",
    bt.Order.Stop: "stop",
    bt.Order.StopLimit: "stop_limit",
}


@dataclass(slots=True, eq=False)
class Carried:
    """An order of the user: its command at the broker once it is sent, its ticket once there is one."""

    order: Any
    symbol: str
    command: Order | None = None
    ticket: int = 0
    stop: Any = None
    target: Any = None
    children: list[Any] = field(default_factory=list)


class UserOrders:
    """What ordinary strategies have ordered, by the reference of the order and by the number of the command."""

    def __init__(self, engine: TradingEngine, broker: PlainBroker, notices: Notices) -> None:
        self.engine = engine
        self.broker = broker
        self.notices = notices
        self.is_over = False
        self._by_ref: dict[int, Carried] = {}
        self._by_command: dict[int, Carried] = {}
        self._by_ticket: dict[int, Carried] = {}
        self._untransmitted: dict[int, list[Any]] = {}
        self._groups: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._owners: dict[str, Any] = {}

    def plugin_of(self, owner: Any) -> str:
        """The name under which a strategy's tickets are recorded: ``bt.<its class>``, numbered where there are more."""
        known = self._names.get(owner._id)
        if known is None:
            known = f"bt.{type(owner).__name__}"
            if known in self._owners:
                known = f"{known}.{owner._id}"
            self._names[owner._id] = known
            self._owners[known] = owner
            self.broker.netting.add(known)
        return known

    def owns(self, plugin_id: str) -> bool:
        return plugin_id in self._owners

    # --- out ------------------------------------------------------------------------------------------------------

    def send(self, order: Any) -> Any:
        """Take an order; it leaves with the last of its bracket (``transmit``)."""
        symbol = symbol_of(order.data)
        refused = self.broker.refusal_for(symbol)
        carried = self._by_ref[order.ref] = Carried(order, symbol)
        order.addcomminfo(TicketMoney(instrument=self.broker.catalogue.get(symbol)))
        order.submit(self)
        self.notices.tell(order)
        if refused is not None or self.is_over:
            self._reject(carried, "end_of_data" if refused is None else refused.reason)
            return order
        if order.oco is not None:
            self._join(order, order.oco)
        parent = order.parent
        root = order if parent is None else parent
        waiting = self._untransmitted.setdefault(root.ref, [])
        waiting.append(order)
        if order.transmit:
            del self._untransmitted[root.ref]
            self._transmit(self._by_ref[root.ref], waiting)
        return order

    def _join(self, order: Any, other: Any) -> None:
        """Both belong to one group; the older one joins it now, if it is still under way."""
        name = self._groups.setdefault(other.ref, f"oco {other.ref}")
        self._groups[order.ref] = name
        older = self._by_ref.get(other.ref)
        if older is not None and older.command is not None and not older.command.oco:
            older.command.oco = name

    def _transmit(self, root: Carried, orders: list[Any]) -> None:
        children = [o for o in orders if o.parent is not None]
        problem = next((p for p in map(_problem, (root.order, *children)) if p), "")
        if problem:
            for order in orders:
                self._reject(self._by_ref[order.ref], problem)
            return
        for child in children:
            root.children.append(child)
            if child.exectype == bt.Order.Stop:
                root.stop = child
            else:
                root.target = child
        if root.command is None:
            self._command(root)
        elif children:
            self._change(root, stop=root.stop in children, target=root.target in children)
        for order in orders:
            if order.alive():
                order.accept(self)
                self.notices.tell(order)

    def _command(self, carried: Carried) -> None:
        """The order as the broker of tickets takes it."""
        order, instrument = carried.order, self.broker.catalogue[carried.symbol]
        lots = Decimal(str(abs(order.created.size))) / instrument.contract_size
        now_ns = self.engine.now_ns
        command = Order(
            self.engine.next_order_id(), KINDS[order.exectype], self.plugin_of(order.owner), FAMILY, "", carried.symbol,
            1 if order.isbuy() else -1, now_ns, now_ns, volume_steps=instrument.steps(lots), volume=str(lots),
        )  # fmt: skip
        if command.is_pending_kind:
            command.price = instrument.level(order.created.price)
            command.limit = instrument.level(order.created.pricelimit)
            if order.valid is not None:
                command.lifetime_ns = max(1, time_of(order.valid) - now_ns)
        command.sl = instrument.level(carried.stop.created.price) if carried.stop is not None else 0
        command.tp = instrument.level(carried.target.created.price) if carried.target is not None else 0
        command.oco = self._groups.get(order.ref, "")
        carried.command = command
        self._by_command[command.id] = carried
        answer = self.engine.submit(command, ())
        if isinstance(answer, Refused):
            self._reject(carried, answer.reason)

    def _change(self, carried: Carried, *, stop: bool, target: bool) -> None:
        """Levels given, or taken away, after the parent was sent."""
        instrument = self.broker.catalogue[carried.symbol]
        if carried.command is None or self.is_over:
            return
        command = self._follow_up("modify", carried)
        if stop:
            command.new_sl = instrument.level(carried.stop.created.price) if carried.stop is not None else 0
        if target:
            command.new_tp = instrument.level(carried.target.created.price) if carried.target is not None else 0
        self.engine.submit(command, ())

    def cancel(self, order: Any) -> None:
        """Cancel an order under way; of a bracket, a child takes the other child along."""
        carried = self._by_ref.get(order.ref)
        if carried is None or not order.alive() or self.is_over:
            return
        parent = self._by_ref.get(order.parent.ref) if order.parent is not None else None
        if parent is not None:
            self._cancel_children(parent)
            self._change(parent, stop=True, target=True)
        elif carried.command is not None and carried.command.is_under_way:
            self.engine.submit(self._follow_up("cancel", carried), ())
        else:
            for one in self._untransmitted.pop(order.ref, []):
                self._end(one, bt.Order.Canceled, "cancel")

    def _follow_up(self, kind: str, carried: Carried) -> Order:
        command = carried.command
        assert command is not None
        now_ns = self.engine.now_ns
        made = Order(
            self.engine.next_order_id(),
            kind,
            command.plugin_id,
            FAMILY,
            "",
            carried.symbol,
            command.side,
            now_ns,
            now_ns,
        )
        made.targets = (command.id,)
        return made

    # --- back -----------------------------------------------------------------------------------------------------

    def hear(self, event: Event, cause: Order | None) -> None:
        """What the broker says of these strategies' orders and tickets; ``cause``: the command that did it."""
        if isinstance(event, TicketClosed):
            self._closed(event.fill, event.ticket, cause)
            return
        order = getattr(event, "order", None)
        carried = None if order is None else self._by_command.get(order.id)
        if order is None or carried is None:
            return
        if isinstance(event, OrderFilled):
            self._filled(carried, event.ticket)
        elif isinstance(event, OrderRefused):
            self._reject(carried, order.reason)
        elif isinstance(event, OrderCancelled):
            self._end(carried.order, bt.Order.Expired if order.reason == "expired" else bt.Order.Canceled, order.reason)
            self._cancel_children(carried)

    def _filled(self, carried: Carried, ticket: Ticket | None) -> None:
        order, instrument = carried.order, self.broker.catalogue[carried.symbol]
        if ticket is None:
            self._cancel_children(carried)
        else:
            carried.ticket = ticket.id
            self._by_ticket[ticket.id] = carried

        def work() -> None:
            if ticket is not None:
                self.notices.execute_opening(order, ticket, instrument, self._key(order))
            order.completed()
            self.notices.tell(order)

        self.notices.when_shown(carried.symbol, work)

    def _closed(self, fill: ClosingFill, ticket: Ticket, cause: Order | None) -> None:
        """A ticket of the user was closed: by an opposite order, by a child of its bracket, or by the account."""
        carried = self._by_ticket[fill.ticket]
        closer = self._by_command.get(cause.id) if cause is not None else None
        if closer is not None:
            made, status = closer.order, bt.Order.Partial
        else:
            made, status = self._child(carried, fill), bt.Order.Completed
        instrument, key = self.broker.catalogue[fill.symbol], self._key(carried.order)

        def work() -> None:
            one = made or self._synthetic(carried, fill)
            self.notices.execute_closing(one, fill, instrument, key)
            one.status = status
            self.notices.tell(one)

        self.notices.when_shown(fill.symbol, work)
        if not ticket.is_open:
            self._cancel_children(carried)
            del self._by_ticket[fill.ticket]

    def _child(self, carried: Carried, fill: ClosingFill) -> Any:
        """The child of the bracket that an exit stands for, None for none; it is no longer among the children."""
        child = carried.stop if fill.exit_reason in STOPS else carried.target if fill.exit_reason in TARGETS else None
        if child is not None:
            carried.children.remove(child)
        return child

    def _synthetic(self, carried: Carried, fill: ClosingFill) -> Any:
        """An order of the broker's own: stop-out, end of data."""
        parent = carried.order
        cls = bt.SellOrder if fill.side > 0 else bt.BuyOrder
        made = cls(
            owner=parent.owner, data=parent.data, size=abs(parent.created.size), exectype=bt.Order.Market,
            tradeid=parent.tradeid,
        )  # fmt: skip
        made.addinfo(reason=fill.exit_reason)
        made.submit(self)
        made.accept(self)
        return made

    def _key(self, order: Any) -> Any:
        return order.owner, order.data, order.tradeid

    def _reject(self, carried: Carried, reason: str) -> None:
        self._end(carried.order, bt.Order.Margin if reason == "no_money" else bt.Order.Rejected, reason)
        self._cancel_children(carried)

    def _cancel_children(self, carried: Carried) -> None:
        for child in carried.children:
            self._end(child, bt.Order.Canceled, "bracket")
        carried.children.clear()
        carried.stop = carried.target = None

    def _end(self, order: Any, status: int, reason: str) -> None:
        order.status = status
        order.addinfo(reason=reason)
        self.notices.tell(order)


def _problem(order: Any) -> str:
    """Why an order cannot be carried at all; nothing if it can."""
    if order.parent is not None:
        if order.exectype not in (bt.Order.Stop, bt.Order.Limit):
            return f"a bracket's children are a Stop and a Limit, not {order.getordername()}"
        if order.isbuy() == order.parent.isbuy():
            return "a bracket's children close what the parent opens"
    elif order.exectype not in KINDS:
        return f"{order.getordername()} orders are not carried; there are Market, Limit, Stop, StopLimit"
    created = order.created
    given = [("size", abs(created.size))]
    if order.exectype != bt.Order.Market:
        given += [("price", created.price), ("plimit", created.pricelimit), ("valid", order.valid)]
    wrong = next(((name, value) for name, value in given if value is not None and not _is_number(value)), None)
    return "" if wrong is None else f"{wrong[0]} {wrong[1]!r} is no number above 0"


def _is_number(value: Any) -> bool:
    """Whether it is a finite number and not below 0 (0 is none given)."""
    return isinstance(value, Real) and math.isfinite(value) and float(value) >= 0
