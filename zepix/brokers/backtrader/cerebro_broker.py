"""The broker that a ``bt.Cerebro`` sees: cash, value, positions, orders; behind it the broker of tickets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from zepix.brokers.backtrader.accounts import TicketMoney, units_of
from zepix.brokers.backtrader.border import bt
from zepix.brokers.backtrader.broker import PlainBroker
from zepix.brokers.backtrader.crank import Crank
from zepix.brokers.backtrader.feed import symbol_of
from zepix.brokers.backtrader.notices import Notices
from zepix.brokers.backtrader.user_orders import UserOrders
from zepix.errors import ConfigError
from zepix.model import Event, Instrument, Order, OrderFilled, Ticket, TicketClosed

__all__ = ["CerebroBroker"]


class CerebroBroker(bt.BrokerBase):  # type: ignore[misc]
    """``next`` turns the session to the instant that the rows just delivered end at.

    Sizes are units of the base currency (lots times contract size). Value is equity, cash the free margin.
    """

    def __init__(self, plain: PlainBroker, crank: Crank, feeds: dict[str, Any]) -> None:
        super().__init__()
        self.plain = plain
        self.crank = crank
        self.feeds = feeds
        self.host: Any = None
        self.startingcash = float(plain.book.balance())
        self.notices = Notices(feeds, plain.account_spec.digits)
        self.users = UserOrders(crank.engine, plain, self.notices)
        self.now_ns = 0
        self._money = (self.startingcash, self.startingcash)
        self._is_stale = True
        self._has_views = False
        self._rows: list[tuple[Any, Any, int]] = []
        """(first line, ends, number of rows) of each feed"""
        plain.floor.listeners.append(self._hear)

    # --- the run --------------------------------------------------------------------------------------------------

    def next(self) -> None:
        """Rows were delivered: everything up to their end happens, opens at that instant included."""
        if not self._has_views:
            self._give_views()
        now_ns, is_last = -1, True
        for line, ends, count in self._rows:
            row = line.lencount
            if row:
                now_ns = max(now_ns, ends[row - 1])
            is_last = is_last and row == count
        if now_ns < 0:
            return
        self.now_ns, self._is_stale = now_ns, True
        self.crank.until(now_ns)
        if is_last and not self.crank.is_over:
            self.crank.through(self.now_ns)
            self.crank.finish()
            self.users.is_over = True
        self.notices.flush()

    def _give_views(self) -> None:
        """Ordinary strategies see the positions of their own tickets as theirs."""
        self._has_views = True
        self._rows = [(feed.lines[0], feed.ends_ns, len(feed.ends_ns)) for feed in self.feeds.values()]
        for strategy in self.host.cerebro.runningstrats:
            if strategy is not self.host:
                strategy.broker = OwnView(self, self.users.plugin_of(strategy))
                strategy._sizer.broker = strategy.broker

    def _hear(self, event: Event, cause: Order | None) -> None:
        """Every event of the broker of tickets, when it happens."""
        self._is_stale = True
        if isinstance(event, TicketClosed):
            if self.users.owns(event.fill.plugin_id):
                self.users.hear(event, cause)
            else:
                self.notices.closed(self.host, event.fill, self.plain.catalogue[event.fill.symbol])
            return
        order = getattr(event, "order", None)
        if order is None or not order.opens:
            return
        if self.users.owns(order.plugin_id):
            self.users.hear(event, cause)
        elif isinstance(event, OrderFilled) and event.ticket is not None:
            self.notices.opened(self.host, order, event.ticket, self.plain.catalogue[order.symbol])

    def get_notification(self) -> Any:
        return self.notices.next()

    # --- money ----------------------------------------------------------------------------------------------------

    def _account(self) -> tuple[float, float]:
        """(equity, free margin) as floats; for reading, nothing decides by them."""
        if self._is_stale:
            self._is_stale = False
            floor, book = self.plain.floor, self.plain.book
            equity = free = book.balance_minor / 10**book.money.account.digits
            if book.tickets:
                for position in book.positions.values():
                    ticket = position.ticket
                    points = ticket.steps * ticket.side * (book.price_now(position) - ticket.entry_points)
                    equity += points * book.money.step_value(position.tape.instrument, floor.now_ns)
                free = equity - float(book.margin())
            self._money = (equity, free)
        return self._money

    def getcash(self) -> float:
        return self._account()[1]

    def getvalue(self, datas: Any = None) -> float:
        """Equity; of some feeds, what the net of all their tickets is worth in the account's currency."""
        if datas is None:
            return self._account()[0]
        return self.worth_of(datas, None)

    def worth_of(self, datas: Any, plugin_id: str | None) -> float:
        """What the tickets of some feeds, perhaps of one plugin only, are worth at the prices they would close at."""
        symbols = {symbol_of(data) for data in datas}
        total = 0.0
        for position in self.plain.book.positions.values():
            ticket = position.ticket
            if ticket.symbol in symbols and plugin_id in (None, ticket.plugin_id):
                points = ticket.side * ticket.steps * self.plain.book.price_now(position)
                total += points * self.plain.book.money.step_value(position.tape.instrument, self.plain.now_ns)
        return total

    get_cash = getcash
    get_value = getvalue

    def get_fundvalue(self) -> float:
        return self._account()[0]

    fundvalue = property(get_fundvalue)

    def getcommissioninfo(self, data: Any) -> Any:
        """With the rate of now from the instrument's profit currency to the account's, where it can be traded."""
        instrument = self.instrument_of(data)
        if self.plain.refusal_for(instrument.symbol) is not None:
            return TicketMoney(instrument=instrument)
        step_units = float(instrument.volume_step * instrument.contract_size)
        worth = self.plain.book.money.step_value(instrument, self.plain.now_ns) / instrument.point_float
        return TicketMoney(instrument=instrument, rate=worth / step_units)

    # --- positions ------------------------------------------------------------------------------------------------

    def instrument_of(self, data: Any) -> Instrument:
        """The instrument that a feed shows; ConfigError for a feed of no symbol of this run."""
        symbol = symbol_of(data)
        if symbol not in self.plain.catalogue:
            raise ConfigError(f"the feed {symbol or data!r} shows no symbol of the catalogue; it cannot be traded")
        return self.plain.catalogue[symbol]

    def getposition(self, data: Any) -> Any:
        """The net of all tickets of a feed's symbol."""
        return self.position_of(data, None)

    def position_of(self, data: Any, plugin_id: str | None) -> Any:
        symbol = symbol_of(data)
        tickets = [t for t in self.plain.tickets.values() if t.symbol == symbol and plugin_id in (None, t.plugin_id)]
        return _net(tickets, self.plain.catalogue[symbol]) if tickets else bt.Position(0, 0.0)

    @property
    def positions(self) -> dict[Any, Any]:
        return {feed: self.getposition(feed) for feed in self.feeds.values()}

    # --- orders of ordinary strategies ----------------------------------------------------------------------------

    def buy(self, owner: Any, data: Any, size: float, **given: Any) -> Any:
        return self._order(bt.BuyOrder, owner, data, size, **given)

    def sell(self, owner: Any, data: Any, size: float, **given: Any) -> Any:
        return self._order(bt.SellOrder, owner, data, size, **given)

    def _order(
        self,
        cls: Any,
        owner: Any,
        data: Any,
        size: float,
        price: float | None = None,
        plimit: float | None = None,
        exectype: int | None = None,
        valid: Any = None,
        tradeid: int = 0,
        oco: Any = None,
        trailamount: float | None = None,
        trailpercent: float | None = None,
        parent: Any = None,
        transmit: bool = True,
        histnotify: bool = False,
        **info: Any,
    ) -> Any:
        order = cls(
            owner=owner, data=data, size=_float(size), price=_float(price), pricelimit=_float(plimit),
            exectype=exectype, valid=valid, tradeid=tradeid, oco=oco, trailamount=trailamount,
            trailpercent=trailpercent, parent=parent, transmit=transmit, histnotify=histnotify,
        )  # fmt: skip
        order.addinfo(**info)
        return self.users.send(order)

    def submit(self, order: Any) -> Any:
        return self.users.send(order)

    def cancel(self, order: Any) -> None:
        self.users.cancel(order)

    def orderstatus(self, order: Any) -> int:
        return int(order.status)


class OwnView:
    """The broker as one ordinary strategy sees it: positions and their worth are those of its own tickets.

    All else is shared, the account's equity (``getvalue()`` without feeds) and free margin among it.
    """

    def __init__(self, broker: CerebroBroker, plugin_id: str) -> None:
        self._broker = broker
        self._plugin_id = plugin_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def getposition(self, data: Any) -> Any:
        return self._broker.position_of(data, self._plugin_id)

    def getvalue(self, datas: Any = None) -> float:
        if datas is None:
            return self._broker.getvalue()
        return self._broker.worth_of(datas, self._plugin_id)

    get_value = getvalue

    @property
    def positions(self) -> dict[Any, Any]:
        return {feed: self.getposition(feed) for feed in self._broker.feeds.values()}


def _float(number: Any) -> Any:
    """A Decimal as a float, which is what backtrader reckons with; anything else as it is."""
    return float(number) if isinstance(number, Decimal) else number


def _net(tickets: list[Ticket], instrument: Instrument) -> Any:
    """One position of many tickets: net units, at the mean entry of the larger side."""
    steps = sum(t.side * t.steps for t in tickets)
    if not steps:
        return bt.Position(0, 0.0)
    side = 1 if steps > 0 else -1
    mine = [t for t in tickets if t.side == side]
    mean = sum(t.entry_points * t.steps for t in mine) / sum(t.steps for t in mine)
    return bt.Position(side * units_of(instrument, abs(steps)), mean * instrument.point_float)
