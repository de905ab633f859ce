"""The shadow broker: a simulated account with hedged tickets on recorded or live prices, after docs/fills.md.

One step takes one entry from the agenda, does one deed (an arrival, a fill, an end), and leaves its events in
``events``; handlers hear them before the next step. Commands come in by ``submit`` and are answered by events:

    opening  arrival: volume, market_closed  ->  its open: invalid_stops, no_money  ->  a ticket
    pending  arrival: volume  ->  its first open: invalid_price  ->  its price: invalid_stops, no_money  ->  a ticket
    closing  arrival: what it covers (open tickets; entries under way)  ->  their open
    changes, cancels  act at their arrival
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from zepix.brokers.shadow.account_watch import LOOK, LOOK_ON, AccountWatch
from zepix.brokers.shadow.agenda import VOID, Agenda, Entry, Place
from zepix.brokers.shadow.array_form import ArrayForm
from zepix.brokers.shadow.arrivals import ARRIVE, LATE, OPEN, Arrivals
from zepix.brokers.shadow.book import Book
from zepix.brokers.shadow.closes import CLOSE, Closes
from zepix.brokers.shadow.equity_watch import EQUITY, EquityWatches
from zepix.brokers.shadow.exits import APPLY, Exits
from zepix.brokers.shadow.forms import ENTRY_GAP, ENTRY_RANGE, GAP, RANGE, TRAIL, Form
from zepix.brokers.shadow.pendings import CHECK, EXPIRE, INSIDE, RIVAL, Pendings
from zepix.brokers.shadow.rules import Chains, Tradable, stops_are_valid
from zepix.brokers.shadow.watches import PRICE, PriceWatches
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
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["ShadowBroker"]

UNCHANGED: Final = (None, None)
NOWHERE: Final[Entry] = (0, 0, 0, 0, 0, 0, 0, None)


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
        self.slippage = {p.symbol: fill_model.slippage_of(p.instrument, p.tf_ns) for p in prices}
        self.conversions = Conversions(prices, account.currency)
        self.book = Book(account, prices, self.conversions, has_costs)
        self.agenda = Agenda() if agenda is None else agenda
        self.form: Form = ArrayForm(self.agenda) if form is None else form
        self.arrivals = Arrivals(self)
        self.closes = Closes(self)
        self.exits = Exits(self)
        self._followed = self.exits.follows.tickets
        self._carried = self.exits.carried
        self.pendings = Pendings(self)
        self.account_watch = AccountWatch(self, fill_model.stop_out_frac)
        self.equity_watches = EquityWatches(self)
        self.watches = PriceWatches(prices)
        self.events: list[Event] = []
        self.now_ns = 0
        self.phase = 0
        self.part = 0
        self._entry = self._farthest = NOWHERE
        self.counts = {"does_nothing": 0}
        self.opening: dict[int, Order] = {}
        self._after: dict[int, list[Order]] = {}
        self.cause: Order | None = None
        self._filled: dict[int, Order] = {}
        self._filled_ns = -1
        self._tradable = Tradable(catalogue, prices, self.conversions)
        self.is_over = False
        self._chains = Chains()
        self._actions = self._by_action()
        self.form.arm(self.account_watch)

    def _by_action(self) -> dict[int, Callable[[Any], None]]:
        """Who does what an entry of the agenda says."""
        return {
            ARRIVE: self.arrivals.arrive,
            OPEN: self.fill,
            LATE: self.arrivals.late,
            GAP: self.exits.gap,
            RANGE: self.exits.range,
            TRAIL: self.exits.moved,
            APPLY: self.exits.apply,
            CHECK: self.pendings.check,
            ENTRY_GAP: self.pendings.gap,
            ENTRY_RANGE: self.pendings.reached,
            RIVAL: self.pendings.rival,
            INSIDE: self.pendings.inside,
            EXPIRE: self.pendings.expire,
            CLOSE: lambda subject: self.closes.act(*subject),
            PRICE: lambda watch: self.watches.fire(watch, self.now_ns, self.events),
            LOOK: self.account_watch.look,
            LOOK_ON: self.account_watch.look_on,
            EQUITY: self.equity_watches.look,
            VOID: lambda _: None,
        }

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

    @property
    def touched(self) -> Sequence[Ticket]:
        """See ``Book.touched``."""
        return self.book.touched

    def refusal_for(self, symbol: str) -> Refused | None:
        return self._tradable.refusal_for(symbol)

    def require_conversions(self, symbols: Iterable[str]) -> None:
        """Raise DataError where money of one of these symbols cannot be put into the account's currency."""
        instruments = [self.prices[s].instrument for s in symbols if s in self.prices]
        self.conversions.require(c for i in instruments for c in (i.profit_currency, i.margin_currency))

    def under_way(self) -> Sequence[Order]:
        return list(self.opening.values())

    @property
    def balance(self) -> Decimal:
        """The account's balance alone, for who needs no more of it."""
        return self.book.balance

    @property
    def free_margin(self) -> Decimal:
        """``account().free_margin`` alone: every entry asks for it."""
        book = self.book
        return book.equity(self.now_ns, max(self.phase, 1)) - book.shown(book.margin())

    def account(self) -> AccountState:
        book = self.book
        equity = book.equity(self.now_ns, max(self.phase, 1))
        return AccountState(book.balance, equity, book.shown(book.margin()), book.spec.currency)

    def submit(self, order: Order) -> Accepted | Refused:
        """Take a command on its way; ``order.decided_ns`` is now.

        Refused at once for a symbol that cannot be traded, and ``market_closed`` once the data have ended.
        """
        refused = self.refusal_for(order.symbol)
        if refused is not None:
            return refused
        if self.is_over:
            return Refused("market_closed", "the data have ended")
        self._chains.count(order, self.cause, self.now_ns)
        if order.opens:
            self.opening[order.id] = order
            if order.oco:
                self.pendings.join(order)
        if order.status == "held":
            for number in order.after:
                self._after.setdefault(number, []).append(order)
        else:
            self.arrivals.send(order)
        return Accepted(order.id)

    def watch_price(self, symbol: str, direction: int, points: int) -> int:
        here = (self.now_ns, self.phase, self.part, 0)
        watch = self.watches.new(symbol, direction, points, max(here, self.far[:4]))
        prices = self.prices.get(symbol)
        if prices is not None:
            self.form.watch_level(watch, prices)
        return watch.id

    def drop_watch(self, watch_id: int) -> None:
        self.watches.drop(watch_id)

    def watch_equity(self, below: Decimal | None, above: Decimal | None) -> int:
        """Wake (``EquityReached``) when equity <= ``below`` or >= ``above`` (None: no such level), from now on."""
        return self.equity_watches.watch(below, above)

    def drop_equity_watch(self, watch_id: int) -> None:
        self.equity_watches.drop(watch_id)

    # --- the session's side ---------------------------------------------------------------------------------------

    def step(self) -> None:
        """Take the next entry of the agenda; events of what it did are appended to ``events``."""
        entry = self.agenda.pop()
        self.now_ns, self.phase, self.part = entry[0], entry[1], entry[2]
        self._entry = entry
        if entry > self._farthest:  # noqa: PLR1730 - the session's innermost step: a call of max costs twice as much
            self._farthest = entry
        self.cause = None
        self._actions[entry[6]](entry[7])
        if self.events and self._followed:
            self.exits.follows.catch_up()

    def then(self, action: int, subject: Any) -> None:
        """What comes next at this very place, once the handlers of this deed have run."""
        self.agenda.add(*self._entry[:5], action, subject)

    @property
    def far(self) -> Place:
        """The farthest place reached: within an instant what answers a later place may take time back."""
        return self._farthest[:5]

    def at(self, now_ns: int, phase: int) -> None:
        """The session's own turn (timers, alerts): tells the broker the time."""
        self.now_ns = now_ns
        self.phase = phase
        self.part = 0
        self.cause = None
        if self._followed:
            self.exits.follows.catch_up()

    def end_of_data(self) -> None:
        """After everything else: what is under way is cancelled, open tickets close at their symbol's last close."""
        self.at(self.end_ns, 4)
        self.is_over = True
        self.closes.expire_all()
        for order in list(self.opening.values()):
            if order.is_under_way:
                self.end(order, "cancelled", "end_of_data")
        for ticket in sorted(self.book.tickets.values(), key=lambda t: (t.index, t.id)):
            prices = self.prices[ticket.symbol]
            row = prices.n - 1
            price = int(prices.bid_close[row] if ticket.side > 0 else prices.ask_close[row])
            self.book_close(ticket, ticket.steps, prices, prices.end_ns, row, price, "end_of_data", row)

    # --- fills ----------------------------------------------------------------------------------------------------

    def fill(self, order: Order) -> None:
        """A market order meets the open of this instant (or of the bar in progress): a refusal, or a ticket."""
        if not order.is_under_way:
            return
        self.cause = order
        prices = self.prices[order.symbol]
        row = prices.row_at(self.now_ns)
        opened_ns = prices.time.item(row)
        if self.arrivals.comes_too_late(order, opened_ns, prices):
            return
        bid, ask = prices.bid_open.item(row), prices.ask_open.item(row)
        side = order.side
        points = (ask if side > 0 else bid) + side * self.slippage[order.symbol]
        ticket = self.take(order, prices, row, points, bid if side > 0 else ask, opened_ns)
        if ticket is not None and (ticket.sl or ticket.tp or ticket.trails):
            self.exits.watch(ticket, prices, row, with_open=False)

    def take(
        self, order: Order, prices: SymbolPrices, row: int, points: int, closing: int, fill_ns: int
    ) -> Ticket | None:
        """A fill at ``points`` in ``row``, the closing side's price being ``closing``: a ticket, or a refusal (None).

        ``fill_ns`` is the row's open, or its end for a fill inside it.
        """
        opened_ns = prices.time.item(row)
        later = self.closes.levels_at(order, opened_ns) if order.id in self.closes.changes else UNCHANGED
        sl = order.sl if order.sl_offset is None else min(max(points + order.sl_offset, 1), MAX_POINTS)
        tp = order.tp if order.tp_offset is None else min(max(points + order.tp_offset, 1), MAX_POINTS)
        order.sl, order.tp = sl, tp
        if not stops_are_valid(order.side, closing, sl, tp, prices.instrument.stops_level_points):
            order.why = {"closing_price": prices.instrument.price(closing)}
            self.end(order, "refused", "invalid_stops", fill_ns)
            return None
        phase = max(self.phase, 1 if fill_ns > opened_ns else 2)
        if not self.book.is_converted(prices.instrument, fill_ns, at_open=phase > 1):
            self.end(order, "refused", "no_conversion", fill_ns)
            return None
        margin = self.book.margin_of(prices.instrument, order.volume_steps, fill_ns)
        if not self.book.affords(order.symbol, order.side, margin, self.now_ns, phase):
            order.why = self.book.means(self.now_ns, phase, margin)
            self.end(order, "refused", "no_money", fill_ns)
            return None
        lived_from = row if fill_ns == opened_ns else row + 1
        ticket = self.book.open(order, prices, row, points, sl, tp, margin, fill_ns, lived_from, self.now_ns)
        self.opening.pop(order.id, None)
        order.move("filled", self.now_ns)
        order.fill_ns, order.fill_points, order.filled_steps = fill_ns, points, order.volume_steps
        order.ticket = ticket.id
        if self._filled_ns != self.now_ns:
            self._filled_ns = self.now_ns
            self._filled.clear()
        self._filled[ticket.id] = order
        self.events.append(OrderFilled(fill_ns, self.now_ns, order, ticket))
        if later != UNCHANGED:
            self.exits.inherit(ticket, *later)
        if order.trails:
            self.exits.trail(ticket)
        if order.oco:
            self.pendings.cancel_rest(order)
        if order.taken_by:
            self._take_along(order, ticket)
        self.account_watch.opened(ticket)
        if self.equity_watches.is_on:
            self.equity_watches.changed()
        if order.id in self._after:
            self.release_after(order)
        return ticket

    def _take_along(self, order: Order, ticket: Ticket) -> None:
        """Closes that met the entry under way close its ticket right after its fill."""
        ticket.closing.extend(order.taken_by)
        for close in order.taken_by:
            self.then(CLOSE, (close, ticket))

    def end(self, order: Order, status: str, reason: str, happened_ns: int = -1) -> None:
        """An opening order ends unfilled; what was to be taken along lapses."""
        self.opening.pop(order.id, None)
        self.closes.changes.pop(order.id, None)
        order.move(status, self.now_ns, reason)
        event = OrderRefused if status == "refused" else OrderCancelled
        self.events.append(event(self.now_ns if happened_ns < 0 else happened_ns, self.now_ns, order))
        for close in order.taken_by:
            self.closes.part_done(close)
        self.release_after(order)

    def release_after(self, done: Order) -> None:
        """What was held for ``done`` alone leaves now; at the end of the data nothing leaves any more."""
        if self.is_over:
            return
        for order in self._after.pop(done.id, ()):
            order.after = tuple(n for n in order.after if n != done.id)
            if not order.after and order.status == "held":
                order.move("decided", self.now_ns)
                order.decided_ns = self.now_ns
                self.arrivals.send(order)

    def book_close(
        self,
        ticket: Ticket,
        steps: int,
        prices: SymbolPrices,
        exit_ns: int,
        row: int,
        points: int,
        reason: str,
        last_lived: int,
        is_ambiguous: bool = False,
    ) -> None:
        """Close ``steps`` of a ticket at ``points`` in ``row``; ``last_lived`` is the last row it lived through."""
        if self.cause is None and ticket.opened_ns == self.now_ns:
            self.cause = self._filled.get(ticket.id)  # so that an endless chain is known as one
        if self._followed:
            self.exits.follows.look(ticket)
        excursion = self.form.excursion(ticket, prices, last_lived, points)
        doubt = is_ambiguous or ticket.is_ambiguous
        fill = self.book.close(ticket, steps, exit_ns, row, points, reason, excursion, doubt, self.now_ns)
        self.events.append(TicketClosed(exit_ns, self.now_ns, fill, ticket))
        if not ticket.is_open:
            if self._carried:
                self._carried.pop(ticket.id, None)
            if self._followed:
                self._followed.pop(ticket.id, None)
            for order in ticket.closing:
                self.closes.part_done(order)
        self.account_watch.closed(ticket, fill)
        if self.equity_watches.is_on:
            self.equity_watches.changed()
