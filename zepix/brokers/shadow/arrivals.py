"""Commands of the shadow broker on their way: when one arrives, and what its arrival does.

An arrival exactly at an open waits for it in phase 2, or acts at once if it was raised in phase 3 or 4. Between opens
orders and closes arrive in phase 4 (one that a timer raised without a delay: there and then); a market order or close
at most ``open_grace_ms`` after its bar's open (grace) acts at once at that open, another waits for the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zepix.brokers.shadow.agenda import ARRIVALS, AT_ONCE, CLOSES, OPENINGS
from zepix.brokers.shadow.rules import volume_problem
from zepix.model import Order
from zepix.model.timeframe import NS
from zepix.services.prices import SymbolPrices

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["ARRIVE", "LATE", "OPEN", "Arrivals"]

ARRIVE: Final = 0
OPEN: Final = 3
LATE: Final = 18
MS: Final = 1_000_000


class Arrivals:
    """The way of every command from its decision to its arrival; ``seq`` of an order is its turn on that way."""

    def __init__(self, broker: ShadowBroker) -> None:
        model = broker.fill_model
        self._broker = broker
        self._latency_ns = model.latency_ms * MS
        self._grace_ns = model.open_grace_ms * MS
        self._max_wait_ns = model.max_wait_s * 1000 * MS
        self._turn = 0

    def send(self, order: Order) -> None:
        """It is decided now, and takes its turn."""
        broker = self._broker
        now, phase = broker.now_ns, broker.phase
        self._turn += 1
        order.seq = self._turn
        order.arrival_ns = now + self._latency_ns
        if order.is_pending_kind:
            broker.pendings.sent(order)
        if order.arrival_ns > now or phase < 3:
            broker.agenda.add(order.arrival_ns, 2, ARRIVALS, order.seq, 0, ARRIVE, order)
        else:
            broker.agenda.add(now, phase, AT_ONCE, order.seq, 0, ARRIVE, order)

    def arrive(self, order: Order) -> None:
        """It has arrived; between opens orders and closes come back here in phase 4."""
        if not order.is_under_way:
            return
        broker = self._broker
        broker.cause = order
        if order.kind == "modify":
            broker.closes.modify(order)
            return
        if order.kind == "cancel":
            broker.closes.cancel(order)
            return
        prices = broker.prices[order.symbol]
        row = prices.row_at(order.arrival_ns)
        opens_now = row >= 0 and prices.time.item(row) == order.arrival_ns
        phase = broker.phase
        if not opens_now and (phase < 3 or (phase == 3 and self.is_graced(order, prices))):
            broker.agenda.add(broker.now_ns, 4, AT_ONCE, order.seq, 0, ARRIVE, order)
        elif order.is_pending_kind:
            if self._has_volume(order, prices):
                broker.pendings.arrive(order, prices, opens_now)
        elif order.kind == "market":
            self._open(order, prices, opens_now)
        elif opens_now and phase < 3 and order.status == "decided":
            order.move("waiting", broker.now_ns)
            broker.agenda.add(broker.now_ns, 2, CLOSES, order.arrival_ns, order.seq, ARRIVE, order)
        else:
            broker.closes.arrive(order)

    def meets_open(self, order: Order, prices: SymbolPrices) -> bool:
        """Whether a close that arrives now fills now: a bar of the symbol has just opened, or grace serves."""
        row = prices.row_at(order.arrival_ns)
        return row >= 0 and (int(prices.time[row]) == order.arrival_ns or self.is_graced(order, prices))

    def is_graced(self, order: Order, prices: SymbolPrices) -> bool:
        """Whether a market order or a close arrives so soon after its bar's open that it fills there."""
        if order.from_timer or order.is_pending_kind:
            return False
        row = prices.row_at(order.arrival_ns)
        if row < 0 or not prices.tf_ns:
            return False
        since_open = order.arrival_ns - prices.time.item(row)
        return 0 < since_open <= self._grace_ns and since_open < prices.tf_ns

    def _has_volume(self, order: Order, prices: SymbolPrices) -> bool:
        """Whether the volume is one the instrument takes; if not, the order is refused."""
        reason, limit = volume_problem(prices.instrument, order.volume_steps)
        if reason:
            order.why = limit
            self._broker.end(order, "refused", reason)
        return not reason

    def _open(self, order: Order, prices: SymbolPrices, opens_now: bool) -> None:
        """A market order: it fills now, waits for an open, or is told that none comes in time."""
        broker = self._broker
        if not self._has_volume(order, prices):
            return
        if broker.phase >= 3 and (opens_now or self.is_graced(order, prices)):
            broker.fill(order)
        elif opens_now:
            order.move("waiting", broker.now_ns)
            broker.agenda.add(broker.now_ns, 2, OPENINGS, order.arrival_ns, order.seq, OPEN, order)
        else:
            opens_ns = broker.form.next_open_ns(prices, order.arrival_ns)
            if opens_ns is None or opens_ns - order.arrival_ns > self._longest_wait_ns(prices):
                self._too_late(order, opens_ns)
            else:
                order.move("waiting", broker.now_ns)
                key = (order.arrival_ns, order.seq)
                broker.form.wait(prices, OPENINGS, order.arrival_ns, key, OPEN, order)
                if not broker.form.knows_opens and not broker.form.is_late:
                    late_ns = order.arrival_ns + self._longest_wait_ns(prices)
                    broker.agenda.add(late_ns, 3, 0, order.seq, 0, LATE, order)

    def late(self, order: Order) -> None:
        """An order has waited for an open as long as it may, and none came."""
        if order.status == "waiting":
            self._broker.cause = order
            self._too_late(order, None)

    def comes_too_late(self, order: Order, opened_ns: int, prices: SymbolPrices) -> bool:
        """Whether the open that an order waited for came later than it may wait; the order is refused then."""
        if self._broker.form.knows_opens or opened_ns - order.arrival_ns <= self._longest_wait_ns(prices):
            return False
        self._too_late(order, opened_ns)
        return True

    def _longest_wait_ns(self, prices: SymbolPrices) -> int:
        return max(self._max_wait_ns, prices.tf_ns)

    def _too_late(self, order: Order, opens_ns: int | None) -> None:
        if opens_ns is not None:
            order.why = {"opens_in_s": (opens_ns - order.arrival_ns) / NS}
        self._broker.end(order, "refused", "market_closed")
