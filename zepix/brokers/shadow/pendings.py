"""Pending orders of the shadow broker: limit, stop and stop-limit, from their arrival to their fill.

Rules (docs/fills.md, "Pending orders"):

- at work from the first bar that opens at or after arrival, where the price must lie strictly on its own side of that
  open (``invalid_price``); later opens gap it, ranges touch it as they touch targets (limits) and stops (stops);
- a fill inside a bar happens at the bar's end, with exits of its own; a stop-limit's trigger sets its limit to work
  from the next bar;
- a fill cancels the rest of its OCO group; two of a group touched in one bar: the one nearer to the open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zepix.brokers.shadow.agenda import ARRIVALS
from zepix.brokers.shadow.forms import Pending, Scheduled, touches
from zepix.model import Order, Ticket
from zepix.services.prices import SymbolPrices

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["CHECK", "EXPIRE", "INSIDE", "RIVAL", "Pendings"]

CHECK: Final = 6
EXPIRE: Final = 11
RIVAL: Final = 13
INSIDE: Final = 14


class Pendings:
    """The working orders of one broker, by order id, and its OCO groups."""

    def __init__(self, broker: ShadowBroker) -> None:
        self._broker = broker
        self._working: dict[int, Pending] = {}
        self._groups: dict[tuple[str, str], list[Order]] = {}

    # --- on the way -------------------------------------------------------------------------------------------------

    def join(self, order: Order) -> None:
        """An order of a group is submitted; it stays a member while it is under way."""
        group = self._groups.setdefault((order.plugin_id, order.oco), [])
        group[:] = [o for o in group if o.is_under_way]
        group.append(order)

    def sent(self, order: Order) -> None:
        """An order leaves: its lifetime counts from now."""
        if order.lifetime_ns:
            broker = self._broker
            order.expires_ns = broker.now_ns + order.lifetime_ns
            broker.agenda.add(max(order.expires_ns, order.arrival_ns), 3, 0, order.seq, 0, EXPIRE, order)

    def arrive(self, order: Order, prices: SymbolPrices, opens_now: bool) -> None:
        """Checked against this instant's open, or against the next one."""
        pending = self._working[order.id] = Pending(order, prices)
        order.move("waiting", self._broker.now_ns)
        if opens_now:
            self.check(pending)
        elif 0 < order.expires_ns <= self._broker.now_ns:
            self.expire(order)
        else:
            self._broker.form.wait(prices, ARRIVALS, order.arrival_ns, (order.seq, 0), CHECK, pending)

    def check(self, pending: Pending) -> None:
        """The first open of an order: its price must lie on its own side of it."""
        order, broker = pending.order, self._broker
        if order.status != "waiting":
            return
        broker.cause = order
        prices = pending.prices
        row = prices.row_at(broker.now_ns)
        opened = int(prices.ask_open[row] if order.side > 0 else prices.bid_open[row])
        if pending.is_beyond(opened):
            order.why = {"open": prices.instrument.price(opened), "wanted": prices.instrument.price(pending.level)}
            self._drop(order)
            broker.end(order, "refused", "invalid_price")
            return
        order.move("working", broker.now_ns)
        pending.row = row
        broker.form.watch_order(pending, with_open=False)

    def expire(self, order: Order) -> None:
        """Its time is over; one that has not arrived yet (between opens: in phase 4) ends where it does."""
        if order.status != "decided":
            self.cancel(order, "expired")

    def cancel(self, order: Order, reason: str) -> bool:
        """End an order that is under way; whether it was."""
        if not order.is_under_way:
            return False
        self._drop(order)
        self._broker.end(order, "cancelled", reason)
        return True

    def _drop(self, order: Order) -> None:
        self._working.pop(order.id, None)

    # --- fills ------------------------------------------------------------------------------------------------------

    def gap(self, subject: Scheduled) -> None:
        """An open at or beyond an order's level: a fill there, or a stop-limit's trigger."""
        pending, version, row = subject
        if not self._is_at_work(pending, version):
            return
        if pending.is_stop and pending.order.kind == "stop_limit":
            self._trigger(pending, row)
            return
        prices, side = pending.prices, pending.order.side
        points = int(prices.ask_open[row] if side > 0 else prices.bid_open[row])
        if pending.is_stop:
            points += side * self._broker.slippage[pending.order.symbol]
        closing = int(prices.bid_open[row] if side > 0 else prices.ask_open[row])
        ticket = self._fill(pending, row, points, closing, int(prices.time[row]))
        if ticket is not None and (ticket.sl or ticket.tp or ticket.trails):
            self._broker.exits.watch(ticket, prices, row, with_open=False)

    def reached(self, subject: Scheduled) -> None:
        """A bar whose range touched an order has ended."""
        pending, version, row = subject
        if not self._is_at_work(pending, version):
            return
        if pending.is_stop and pending.order.kind == "stop_limit":
            self._trigger(pending, row)
            return
        touched = self._touched_together(pending, row)
        self.rival((touched, row, len(touched) > 1))

    def rival(self, subject: tuple[list[Pending], int, bool]) -> None:
        """The first of those touched together is tried; if it is refused, the next one comes next."""
        touched, row, is_ambiguous = subject
        self._broker.cause = touched[0].order
        if not self._fill_inside(touched[0], row, is_ambiguous) and len(touched) > 1:
            self._broker.then(RIVAL, (touched[1:], row, is_ambiguous))

    def _is_at_work(self, pending: Pending, version: int) -> bool:
        self._broker.cause = pending.order
        return pending.order.status == "working" and pending.version == version

    def _trigger(self, pending: Pending, row: int) -> None:
        pending.is_triggered = True
        pending.version += 1
        pending.row = row + 1
        self._broker.form.watch_order(pending, with_open=True)

    def _touched_together(self, pending: Pending, row: int) -> list[Pending]:
        """The order and those of its group that the same bar's range touched, in the order in which they are tried."""
        order = pending.order
        if not order.oco:
            return [pending]
        prices = pending.prices
        group = (self._working.get(o.id) for o in self._groups[order.plugin_id, order.oco] if o.is_under_way)
        touched = [
            p
            for p in group
            if p is not None and p.order.symbol == order.symbol and p.order.status == "working" and _is_touched(p, row)
        ]

        def nearness(one: Pending) -> tuple[int, bool, int]:
            opened = int(prices.ask_open[row] if one.order.side > 0 else prices.bid_open[row])
            return abs(one.level - opened), not one.is_stop, one.order.seq

        return sorted(touched, key=nearness)

    def _fill_inside(self, pending: Pending, row: int, is_ambiguous: bool) -> bool:
        """A fill at the bar's end; what the bar's range then did to the ticket comes next. Whether it was filled."""
        prices, order, broker = pending.prices, pending.order, self._broker
        side = order.side
        spread = int(prices.ask_open[row]) - int(prices.bid_open[row])
        points = pending.level + (side * broker.slippage[order.symbol] if pending.is_stop else 0)
        ticket = self._fill(pending, row, points, pending.level - side * spread, broker.now_ns)
        if ticket is None:
            return False
        ticket.is_ambiguous = is_ambiguous
        if ticket.sl or ticket.tp:
            broker.then(INSIDE, (ticket, row))
        elif ticket.trails:
            broker.exits.watch(ticket, prices, row + 1, with_open=True)
        return True

    def inside(self, subject: tuple[Ticket, int]) -> None:
        """The bar that filled a ticket inside it may have ended it again; else it is watched from the next."""
        ticket, row = subject
        broker = self._broker
        prices = broker.prices[ticket.symbol]
        if ticket.side > 0:
            low, high, close = int(prices.bid_low[row]), int(prices.bid_high[row]), int(prices.bid_close[row])
        else:
            low, high, close = int(prices.ask_low[row]), int(prices.ask_high[row]), int(prices.ask_close[row])
        in_range, at_close = touches(ticket, low, high), touches(ticket, close, close)
        ticket.is_ambiguous = ticket.is_ambiguous or any(in_range)
        if broker.fill_model.is_optimistic:
            ends = "tp" if in_range[1] else "sl" if at_close[0] else ""
        else:
            ends = "sl" if in_range[0] else "tp" if at_close[1] else ""
        if ends:
            broker.exits.at_level(ticket, prices, row, ends == "sl", ticket.lived_from - 1)
        else:
            broker.exits.watch(ticket, prices, row + 1, with_open=True)

    def _fill(self, pending: Pending, row: int, points: int, closing: int, fill_ns: int) -> Ticket | None:
        order = pending.order
        self._drop(order)
        return self._broker.take(order, pending.prices, row, points, closing, fill_ns)

    def cancel_rest(self, filled: Order) -> None:
        """A fill ends what is left of its group."""
        for order in list(self._groups.get((filled.plugin_id, filled.oco), ())):
            if order is not filled:
                self.cancel(order, "oco")


def _is_touched(pending: Pending, row: int) -> bool:
    if pending.row > row or (pending.is_stop and pending.order.kind == "stop_limit"):
        return False
    prices = pending.prices
    if pending.order.side > 0:
        reach = prices.ask_high[row] if pending.is_upward else prices.ask_low[row]
    else:
        reach = prices.bid_high[row] if pending.is_upward else prices.bid_low[row]
    return pending.is_beyond(int(reach))
