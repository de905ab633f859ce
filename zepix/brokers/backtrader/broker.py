"""A broker of hedged tickets in plain Python: docs/fills.md, event by event, without index or compiled code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from decimal import Decimal
from typing import Any

from zepix.brokers.backtrader.bars import Bars
from zepix.brokers.backtrader.book import Book, Place
from zepix.brokers.backtrader.calm import Calm
from zepix.brokers.backtrader.changes import Changes
from zepix.brokers.backtrader.closings import Closings
from zepix.brokers.backtrader.equity_levels import EquityLevels
from zepix.brokers.backtrader.floor import Floor
from zepix.brokers.backtrader.money import Money
from zepix.brokers.backtrader.openings import Entry, Fill, Openings
from zepix.brokers.backtrader.stop_out import StopOut
from zepix.model import (
    Accepted,
    AccountSpec,
    AccountState,
    Catalogue,
    Event,
    FillModel,
    Order,
    Refused,
    Ticket,
)
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook

__all__ = ["PlainBroker"]


class Agenda:
    """The broker's next place in time, as the session looks at it: empty, or one entry."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._due: tuple[int, int, int] | None = None

    def __bool__(self) -> bool:
        self._due = self._floor.due()
        return self._due is not None

    def __getitem__(self, _: int) -> tuple[int, int, int] | None:
        return self._due


class PlainBroker:
    """Fills orders on recorded prices; ``step`` does what is due next, answers are ``events``.

    Raises DataError from ``require_conversions``, ZepixError where over 64 commands answer one another at one instant.
    """

    def __init__(
        self,
        prices: PriceBook,
        catalogue: Catalogue,
        account: AccountSpec,
        fill_model: FillModel,
        *,
        has_costs: bool = True,
    ) -> None:
        self.prices = prices
        self.catalogue = catalogue
        self.account_spec = account
        self.conversions = Conversions(prices, account.currency)
        self.floor = Floor(prices, fill_model)
        self.book = Book(self.floor, Money(account, self.conversions, has_costs=has_costs))
        self.orders: dict[int, Order] = {}
        self.openings = Openings(self.floor, self.book)
        self.closings = Closings(self.floor, self.book, self.openings, self.orders)
        self.changes = Changes(self.floor, self.book, self.openings, self.orders)
        stop_out = StopOut(self.floor, self.book)
        self.equity_levels = EquityLevels(self.floor, self.book)
        self.bars = Bars(self.floor, self.book, self.openings, stop_out, self.equity_levels)
        self.calm = Calm(self.floor, self.book, self.openings, self.bars, stop_out)
        self.heap: Any = Agenda(self.floor)
        self.netting: set[str] = set()
        """Plugins whose opposite orders close their own tickets first-in-first-out; no grace for them."""
        self.openings.net = self._net
        self._held: list[Order] = []
        self._is_over = False
        self.openings.on_done.append(self._release)

    # --- the clock, as the session turns it -----------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        return self.floor.now_ns

    @property
    def phase(self) -> int:
        return self.floor.phase

    @property
    def end_ns(self) -> int:
        return self.floor.end_ns

    @property
    def events(self) -> list[Event]:
        return self.floor.events

    @events.setter
    def events(self, events: list[Event]) -> None:
        self.floor.events = events

    @property
    def counts(self) -> Counter[str]:
        return Counter(does_nothing=self.closings.does_nothing + self.changes.does_nothing)

    def at(self, now_ns: int, phase: int) -> None:
        self.floor.at(now_ns, phase)
        self.floor.acting = None

    def step(self) -> None:
        """Do the next piece of what is due."""
        floor = self.floor
        place = floor.due()
        assert place is not None, "step is called when something is due"
        if floor.is_market(place):
            floor.push(place[0], place[1:], 0, 0, self.bars.begin(place))
        floor.work()

    def end_of_data(self) -> None:
        """Cancel what is under way, then close every ticket at its symbol's last close."""
        self.at(self.end_ns, 4)
        self._is_over = True
        for number in sorted([*self.closings.exits, *self.changes.under_way]):
            if number in self.closings.exits:
                self.closings.end_of_data(self.closings.exits[number])
            else:
                self.changes.end_of_data(self.changes.under_way[number])
        for entry in tuple(self.openings.entries.values()):
            self.openings.end(entry, "end_of_data")
        for tape in self.floor.tapes.values():
            for position in tuple(self.book.positions.values()):
                if position.tape is tape:
                    row = tape.n - 1
                    price = position.closing_price(row, 3)
                    place = Place(tape.end_ns, row, row)
                    self.book.close(position, price, position.ticket.steps, "end_of_data", place)

    # --- the port -------------------------------------------------------------------------------------------------

    @property
    def tickets(self) -> dict[int, Ticket]:
        return self.book.tickets

    def under_way(self) -> Sequence[Order]:
        return [e.order for e in self.openings.entries.values()]

    def submit(self, order: Order) -> Accepted | Refused:
        """Take a command; what becomes of it is told by events.

        Refused at once where the symbol cannot be traded, and ``market_closed`` once the data have ended.
        """
        refused = self.refusal_for(order.symbol)
        if refused is None and self._is_over:
            refused = Refused("market_closed", "the data have ended")
        if refused is not None:
            return refused
        self.floor.chain(order)
        if order.plugin_id in self.netting:
            order.from_timer = True
        self.orders[order.id] = order
        if order.opens:
            if order.status == "held":
                self._held.append(order)
            self.openings.submit(order)
        elif order.kind == "close":
            self.closings.submit(order)
        else:
            self.changes.submit(order)
        return Accepted(order.id)

    def refusal_for(self, symbol: str) -> Refused | None:
        """Why a symbol cannot be traded here at all: ``unknown_symbol, no_prices, no_conversion``; else None."""
        instrument = self.catalogue.get(symbol)
        if instrument is None:
            return Refused("unknown_symbol", f"{symbol} is in no catalogue")
        if symbol not in self.prices:
            return Refused("no_prices", f"{symbol} has no prices in this run")
        for currency in (instrument.profit_currency, instrument.margin_currency):
            if not self.conversions.has(currency):
                return Refused("no_conversion", f"{currency} cannot be converted to {self.account_spec.currency}")
        return None

    def require_conversions(self, symbols: Iterable[str]) -> None:
        """Raise DataError where the money of a priced symbol cannot be converted."""
        named = [self.catalogue[s] for s in symbols if s in self.catalogue and s in self.prices]
        self.conversions.require({c for i in named for c in (i.profit_currency, i.margin_currency)})

    def account(self) -> AccountState:
        book = self.book
        return AccountState(book.balance(), book.equity(), book.margin_shown(), self.account_spec.currency)

    def watch_price(self, symbol: str, direction: int, points: int) -> int:
        """Wake when the bid rises to (+1), or the ask falls to (-1), ``points``; bars that open from now on count."""
        return self.bars.watch(symbol, direction, points)

    def drop_watch(self, watch_id: int) -> None:
        self.bars.watches.pop(watch_id, None)

    def watch_equity(self, below: Decimal | None, above: Decimal | None) -> int:
        """Tell when the equity is at or below, or at or above, a level (None: no such level) from now on; once."""
        return self.equity_levels.watch(below, above)

    def drop_equity_watch(self, watch_id: int) -> None:
        self.equity_levels.waiting.pop(watch_id, None)

    def _net(self, entry: Entry, fill: Fill) -> Generator[None, None, int]:
        """Close own tickets of the other side at the fill's price, older first; the steps that are left to open."""
        order = entry.order
        left = order.volume_steps
        if order.plugin_id not in self.netting:
            return left
        for position in tuple(self.book.positions.values()):
            ticket = position.ticket
            if left and (ticket.plugin_id, ticket.symbol, ticket.side) == (order.plugin_id, order.symbol, -order.side):
                steps = min(left, ticket.steps)
                left -= steps
                order.closed += 1
                self.book.close(position, fill.price, steps, "signal", Place(fill.at_ns, fill.row, fill.row - 1), order)
                yield
        return left

    # --- orders that wait for others ------------------------------------------------------------------------------

    def _release(self, done: Order) -> None:
        """What was held for this order alone is decided now, in the order in which it was raised."""
        if self._is_over:
            return
        for order in [o for o in self._held if done.id in o.after]:
            order.after = tuple(n for n in order.after if n != done.id)
            if not order.after:
                self._held.remove(order)
                if order.status == "held":
                    self.openings.release(order)
