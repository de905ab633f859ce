"""The shadow broker: market orders with stop and target on recorded or live prices, after docs/fills.md.

One step takes one entry from the agenda, acts, and leaves the events that follow in ``events``. Commands come in by
``submit`` and are answered by events; what they become:

    opening  arrival: volume, market_closed  ->  its open: invalid_stops, no_money  ->  a ticket
    closing  arrival: what it covers (open tickets; entries under way are taken along)  ->  their open

An arrival exactly at an open waits for it in phase 2, or acts at once if it was raised in phase 3 or 4. Otherwise
grace: an arrival at most ``open_grace_ms`` after its bar's open acts at once in phase 4 at that open. Otherwise the
next open. Closing orders wait as long as it takes.

The array form (``ArrayForm``) and the step form (``StepForm``) differ only in how touched levels and opens are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from zepix.brokers.shadow.agenda import ARRIVALS, AT_ONCE, CLOSES, OPENINGS, Agenda, Entry
from zepix.brokers.shadow.book import Book
from zepix.brokers.shadow.closes import CLOSE, Closes
from zepix.brokers.shadow.forms import GAP, RANGE, ArrayForm, Form, Scheduled, touches
from zepix.brokers.shadow.rules import MAX_ANSWERS, MAX_CHAIN, Tradable, endless, stops_are_valid
from zepix.brokers.shadow.watches import PRICE, PriceWatches
from zepix.errors import ZepixError
from zepix.model import (
    Accepted,
    AccountSpec,
    AccountState,
    Catalogue,
    Event,
    FillModel,
    Order,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    Refused,
    Ticket,
    TicketClosed,
)
from zepix.model.instrument import MAX_POINTS
from zepix.model.timeframe import NS
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["ShadowBroker"]

ARRIVE: Final = 0
OPEN: Final = 3
MS: Final = 1_000_000


class ShadowBroker:
    """A simulated account with hedged tickets; ``agenda.heap`` tells the session when it is due."""

    def __init__(
        self,
        prices: PriceBook,
        catalogue: Catalogue,
        account: AccountSpec,
        fill_model: FillModel,
        *,
        has_costs: bool = True,
        agenda: Agenda | None = None,
        form: Form | None = None,
    ) -> None:
        self.prices = prices
        self.catalogue = catalogue
        self.fill_model = fill_model
        self.conversions = Conversions(prices, account.currency)
        self.book = Book(account, prices, self.conversions, has_costs)
        self.agenda = Agenda() if agenda is None else agenda
        self.form: Form = ArrayForm(self.agenda) if form is None else form
        self.closes = Closes(self)
        self.watches = PriceWatches(prices)
        self.events: list[Event] = []
        self.now_ns = 0
        self.phase = 0
        self.counts = {"does_nothing": 0}
        self._latency_ns = fill_model.latency_ms * MS
        self._grace_ns = fill_model.open_grace_ms * MS
        self.opening: dict[int, Order] = {}
        self._turn = 0
        self._after: dict[int, list[Order]] = {}
        self.cause: Order | None = None
        self._tradable = Tradable(catalogue, prices, self.conversions)
        self.is_over = False
        self._chain_ns = -1
        self._chained = 0

    # --- the port -------------------------------------------------------------------------------------------------

    @property
    def heap(self) -> list[Entry]:
        """What is due, the next first; keys as in ``agenda``."""
        return self.agenda.heap

    @property
    def end_ns(self) -> int:
        return self.prices.end_ns

    @property
    def tickets(self) -> dict[int, Ticket]:
        return self.book.tickets

    def refusal_for(self, symbol: str) -> Refused | None:
        return self._tradable.refusal_for(symbol)

    def require_conversions(self, symbols: Iterable[str]) -> None:
        """Raise DataError where money of one of these symbols cannot be put into the account's currency."""
        instruments = [self.prices[s].instrument for s in symbols if s in self.prices]
        self.conversions.require(c for i in instruments for c in (i.profit_currency, i.margin_currency))

    def under_way(self) -> Sequence[Order]:
        return list(self.opening.values())

    def account(self) -> AccountState:
        book = self.book
        equity = book.equity(self.now_ns, max(self.phase, 1))
        return AccountState(book.balance, equity, book.margin(), book.spec.currency)

    def submit(self, order: Order) -> Accepted | Refused:
        """Take a command on its way; ``order.decided_ns`` is now. Refused only for a symbol that cannot be traded."""
        refused = self.refusal_for(order.symbol)
        if refused is not None:
            return refused
        if self.is_over:
            return Refused("market_closed", "the data have ended")
        self._chain(order)
        if order.kind == "market":
            self.opening[order.id] = order
        if order.status == "held":
            for number in order.after:
                self._after.setdefault(number, []).append(order)
        else:
            self._send(order)
        return Accepted(order.id)

    def watch_price(self, symbol: str, direction: int, points: int) -> int:
        watch = self.watches.new(symbol, direction, points, self.now_ns, self.phase)
        prices = self.prices.get(symbol)
        if prices is not None:
            self.form.watch_level(watch, prices)
        return watch.id

    def drop_watch(self, watch_id: int) -> None:
        self.watches.drop(watch_id)

    # --- the session's side ---------------------------------------------------------------------------------------

    def step(self) -> None:
        """Take the next entry of the agenda; events of what it did are appended to ``events``."""
        entry = self.agenda.pop()
        self.now_ns, self.phase = entry[0], entry[1]
        self.cause = None
        action, subject = entry[6], entry[7]
        if action == RANGE:
            self._range(subject)
        elif action == GAP:
            self._gap(subject)
        elif action == ARRIVE:
            self._arrive(subject)
        elif action == OPEN:
            self._fill(subject)
        elif action == CLOSE:
            self.closes.act(*subject)
        elif action == PRICE:
            self.watches.fire(subject, self.now_ns, self.events)

    def at(self, now_ns: int, phase: int) -> None:
        """The session's own turn (timers, alerts): tells the broker the time."""
        self.now_ns = now_ns
        self.phase = phase
        self.cause = None

    def end_of_data(self) -> None:
        """After everything else: what is under way is cancelled, open tickets close at their symbol's last close."""
        self.at(self.end_ns, 4)
        self.is_over = True
        self.closes.expire_all()
        for order in list(self.opening.values()):
            if order.is_under_way:
                self._end(order, "cancelled", "end_of_data")
        for ticket in sorted(self.book.tickets.values(), key=lambda t: (t.index, t.id)):
            prices = self.prices[ticket.symbol]
            row = prices.n - 1
            price = int(prices.bid_close[row] if ticket.side > 0 else prices.ask_close[row])
            self.book_close(ticket, prices, prices.end_ns, row, price, "end_of_data", row)

    # --- commands -------------------------------------------------------------------------------------------------

    def _chain(self, order: Order) -> None:
        """Count commands that answer a command of the same instant; raises ZepixError that names an endless chain."""
        cause = self.cause
        if cause is None or cause.decided_ns != self.now_ns:
            return
        order.cause, order.depth = cause, cause.depth + 1
        self._chained = self._chained + 1 if self._chain_ns == self.now_ns else 1
        self._chain_ns = self.now_ns
        if order.depth > MAX_CHAIN or self._chained > MAX_ANSWERS:
            raise ZepixError(endless(order))

    def _send(self, order: Order) -> None:
        now = self.now_ns
        self._turn += 1
        order.seq = self._turn
        order.arrival_ns = now + self._latency_ns
        if order.arrival_ns > now or self.phase < 3:
            self.agenda.add(order.arrival_ns, 2, ARRIVALS, order.seq, 0, ARRIVE, order)
        else:
            self.agenda.add(now, 4, AT_ONCE, order.seq, 0, ARRIVE, order)

    def _arrive(self, order: Order) -> None:
        if not order.is_under_way:
            return
        self.cause = order
        prices = self.prices[order.symbol]
        row = prices.row_at(order.arrival_ns)
        opens_now = row >= 0 and int(prices.time[row]) == order.arrival_ns
        at_once = opens_now and self.phase == 4
        if not opens_now and not order.from_timer and self._is_graced(prices, order.arrival_ns):
            if self.phase != 4:
                self.agenda.add(self.now_ns, 4, AT_ONCE, order.seq, 0, ARRIVE, order)
                return
            at_once = True
        if order.kind == "market":
            self._arrive_opening(order, prices, opens_now, at_once)
        elif opens_now and not at_once and order.status == "decided":
            order.move("waiting", self.now_ns)
            self.agenda.add(self.now_ns, 2, CLOSES, order.arrival_ns, order.seq, ARRIVE, order)
        else:
            self.closes.arrive(order, prices, opens_now, at_once)

    def _is_graced(self, prices: SymbolPrices, arrival_ns: int) -> bool:
        row = prices.row_at(arrival_ns)
        if row < 0 or not prices.tf_ns:
            return False
        since_open = arrival_ns - int(prices.time[row])
        return 0 < since_open <= self._grace_ns and since_open < prices.tf_ns

    def _arrive_opening(self, order: Order, prices: SymbolPrices, opens_now: bool, at_once: bool) -> None:
        instrument = prices.instrument
        lots = instrument.lots(order.volume_steps)
        if not order.volume_steps or lots < instrument.volume_min:
            order.why = {"volume_min": float(instrument.volume_min)}
            self._end(order, "refused", "volume_too_small")
        elif lots > instrument.volume_max:
            order.why = {"volume_max": float(instrument.volume_max)}
            self._end(order, "refused", "volume_too_large")
        elif at_once:
            self._fill(order)
        elif opens_now:
            order.move("waiting", self.now_ns)
            self.agenda.add(self.now_ns, 2, OPENINGS, order.arrival_ns, order.seq, OPEN, order)
        else:
            opens_ns = self.form.next_open_ns(prices, order.arrival_ns)
            if opens_ns is None or opens_ns - order.arrival_ns > self._max_wait_ns(prices):
                if opens_ns is not None:
                    order.why = {"opens_in_s": (opens_ns - order.arrival_ns) / NS}
                self._end(order, "refused", "market_closed")
            else:
                order.move("waiting", self.now_ns)
                self.form.wait(prices, OPENINGS, order.arrival_ns, order.seq, OPEN, order)

    def _max_wait_ns(self, prices: SymbolPrices) -> int:
        return max(self.fill_model.max_wait_s * 1000 * MS, prices.tf_ns)

    # --- fills ----------------------------------------------------------------------------------------------------

    def _fill(self, order: Order) -> None:
        """An opening order meets the open of this instant (or of the bar in progress): a refusal, or a ticket."""
        if not order.is_under_way:
            return
        self.cause = order
        prices = self.prices[order.symbol]
        row = prices.row_at(self.now_ns)
        bid, ask = int(prices.bid_open[row]), int(prices.ask_open[row])
        side = order.side
        points = (ask if side > 0 else bid) + side * self.fill_model.slippage_points
        sl = order.sl if order.sl_offset is None else min(max(points + order.sl_offset, 1), MAX_POINTS)
        tp = order.tp if order.tp_offset is None else min(max(points + order.tp_offset, 1), MAX_POINTS)
        if not stops_are_valid(side, bid if side > 0 else ask, sl, tp, prices.instrument.stops_level_points):
            order.sl, order.tp = sl, tp
            order.why = {"bid": prices.instrument.price(bid), "ask": prices.instrument.price(ask)}
            self._end(order, "refused", "invalid_stops", row)
            return
        fill_ns = int(prices.time[row])
        margin = self.book.margin_of(prices.instrument, order.volume_steps, fill_ns)
        if not self.book.affords(order.symbol, side, margin, self.now_ns, max(self.phase, 2)):
            order.why = self.book.means(self.now_ns, max(self.phase, 2), margin)
            self._end(order, "refused", "no_money", row)
            return
        ticket = self.book.open(order, prices, row, points, sl, tp, margin, self.now_ns)
        self.opening.pop(order.id, None)
        order.move("filled", self.now_ns)
        order.fill_ns, order.fill_points, order.filled_steps = fill_ns, points, order.volume_steps
        order.ticket, order.sl, order.tp = ticket.id, sl, tp
        if sl or tp:
            self.form.watch(ticket, prices, row)
        self.events.append(OrderFilled(fill_ns, self.now_ns, order, ticket))
        ticket.closing.extend(order.taken_by)
        for close in order.taken_by:
            part = (
                (self.now_ns, 4, AT_ONCE, order.seq, 0)
                if self.phase == 4
                else (self.now_ns, 2, OPENINGS, order.arrival_ns, order.seq)
            )
            self.agenda.add(*part, CLOSE, (close, ticket))
        self.release_after(order)

    def _end(self, order: Order, status: str, reason: str, row: int = -1) -> None:
        """An opening order ends unfilled; what was taken along lapses."""
        self.opening.pop(order.id, None)
        order.move(status, self.now_ns, reason)
        happened = int(self.prices[order.symbol].time[row]) if row >= 0 else self.now_ns
        event = OrderRefused if status == "refused" else OrderCancelled
        self.events.append(event(happened, self.now_ns, order))
        for close in order.taken_by:
            self.closes.part_done(close)
        self.release_after(order)

    def _range(self, subject: Scheduled) -> None:
        ticket, version, row = subject
        if not ticket.is_open or ticket.version != version:
            return
        prices = self.prices[ticket.symbol]
        if ticket.side > 0:
            low, high = int(prices.bid_low[row]), int(prices.bid_high[row])
        else:
            low, high = int(prices.ask_low[row]), int(prices.ask_high[row])
        stop, target = touches(ticket, low, high)
        if stop and not (target and self.fill_model.intrabar == "optimistic"):
            price, reason = ticket.sl - ticket.side * self.fill_model.slippage_points, "sl"
        else:
            price, reason = ticket.tp, "tp"
        self.book_close(ticket, prices, self.now_ns, row, price, reason, row - 1, stop and target)

    def _gap(self, subject: Scheduled) -> None:
        ticket, version, row = subject
        if not ticket.is_open or ticket.version != version:
            return
        prices = self.prices[ticket.symbol]
        price = int(prices.bid_open[row] if ticket.side > 0 else prices.ask_open[row])
        stop, _ = touches(ticket, price, price)
        if stop:
            price -= ticket.side * self.fill_model.slippage_points
        self.book_close(ticket, prices, self.now_ns, row, price, "sl" if stop else "tp", row - 1)

    def release_after(self, done: Order) -> None:
        """What was held for ``done`` alone leaves now."""
        for order in self._after.pop(done.id, ()):
            order.after = tuple(n for n in order.after if n != done.id)
            if not order.after and order.status == "held":
                order.move("decided", self.now_ns)
                order.decided_ns = self.now_ns
                self._send(order)

    def book_close(
        self,
        ticket: Ticket,
        prices: SymbolPrices,
        exit_ns: int,
        row: int,
        points: int,
        reason: str,
        last_lived: int,
        is_ambiguous: bool = False,
    ) -> None:
        excursion = self.form.excursion(ticket, prices, last_lived, points)
        fill = self.book.close(ticket, exit_ns, row, points, reason, excursion, is_ambiguous, self.now_ns)
        self.events.append(TicketClosed(exit_ns, self.now_ns, fill, ticket))
        for order in ticket.closing:
            self.closes.part_done(order)
