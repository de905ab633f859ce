"""A desk for tests of risk: an account, tickets and orders that stand as they are put, quotes by hand, a clock.

The catalogue is zepix's own. The yen's rate comes of USDJPY at 109.89, at which a pip of a lot is 9.10 dollars, as the
page's table says (zepix-rules §8.2).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.world import bars, flat, minute
from zepix.data import default_catalogue
from zepix.model import AccountState, ClosingFill, Order, OrderFilled, Refused, Ticket, TicketClosed
from zepix.model.settings_risk import PluginLimits, RiskSettings
from zepix.model.timeframe import NS
from zepix.services.account import AccountService
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices
from zepix.services.risk_core import RiskCore

CATALOGUE = default_catalogue()
QUOTES = {"EURUSD": (1.1, 1.1), "XAUUSD": (2050.0, 2050.0), "USDJPY": (109.89, 109.89), "GBPUSD": (1.25, 1.25)}


def at(text: str, zone: str = "UTC") -> int:
    """The instant of a local time, ``2024-03-06 10:00``, in nanoseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * NS


def conversions(currency: str = "USD", **points: int) -> Conversions:
    """Rates of flat bars without a spread."""
    given = {"EURUSD": 110_000, "USDJPY": 109_890, "GBPUSD": 125_000, "XAUUSD": 2_050_000} | points
    series = [bars(*flat(2, p), symbol=s, spread=0) for s, p in given.items()]
    book = PriceBook(SymbolPrices(s, CATALOGUE[s.symbol], n) for n, s in enumerate(series))
    return Conversions(book, currency)


class Clock:
    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.phase = 4


class Broker:
    """Tickets, orders under way, and an account; nothing moves by itself."""

    def __init__(self, balance: Decimal) -> None:
        self.balance = balance
        self.equity: Decimal | None = None
        self.tickets: dict[int, Ticket] = {}
        self.orders: list[Order] = []

    def under_way(self) -> list[Order]:
        return self.orders

    def account(self) -> AccountState:
        margin = sum((t.margin for t in self.tickets.values()), Decimal(0))
        return AccountState(self.balance, self.balance if self.equity is None else self.equity, margin, "USD")


class Quotes:
    def __init__(self) -> None:
        self.points: dict[str, tuple[int, int] | None] = {}
        for symbol, (bid, ask) in QUOTES.items():
            self.put(symbol, bid, ask)

    def put(self, symbol: str, bid: float, ask: float) -> None:
        instrument = CATALOGUE[symbol]
        self.points[symbol] = (instrument.points(bid), instrument.points(ask))

    def quote_points(self, symbol: str) -> tuple[int, int] | None:
        return self.points.get(symbol)


class Refuses:
    """A service that refuses with one reason, or nothing."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.asked: list[tuple[str, bool]] = []

    def refusal(self, symbol: str = "", is_recovery: bool = False) -> Refused | None:
        self.asked.append((symbol, is_recovery))
        return Refused(self.reason, "said the test") if self.reason else None


class Desk:
    """A risk core with all its ports in hand; ``risk`` is the service of plugin ``p``."""

    def __init__(
        self,
        balance: str | int = 10_000,
        *,
        limits: PluginLimits | None = None,
        now_ns: int | None = None,
        leverage: int = 500,
        **settings: Any,
    ) -> None:
        self.clock = Clock(minute(1) if now_ns is None else now_ns)
        self.broker: Any = Broker(Decimal(balance))
        self.quotes = Quotes()
        self.sessions, self.guard = Refuses(), Refuses()
        self.is_paused = False
        self.settings = RiskSettings(**settings)
        self._leverage = leverage
        self.core = self.fresh()
        self.risk = self.core.for_plugin("p", limits)
        self._last = 0

    def fresh(self) -> RiskCore:
        """Another core over the same ports and settings, which remembers nothing."""
        return RiskCore(
            self.settings,
            self.clock,
            AccountService(self.broker),
            CATALOGUE,
            conversions(),
            self.broker,
            self.quotes,
            leverage=Decimal(self._leverage),
            sessions=self.sessions,
            guard=self.guard,
            is_paused=lambda: self.is_paused,
        )

    def ticket(
        self,
        symbol: str = "EURUSD",
        side: int = 1,
        lots: float | str = 0.1,
        entry: float = 1.1,
        sl: float | None = 1.09,
        *,
        plugin: str = "p",
        alert: str = "",
        margin: str = "0",
    ) -> Ticket:
        """A ticket that was filled this instant; the core is told."""
        self._last += 1
        number, instrument = self._last, CATALOGUE[symbol]
        steps, points, stop = instrument.steps(lots), instrument.points(entry), instrument.level(sl)
        name, money = alert or f"alert {number}", Decimal(margin)
        ticket = Ticket(
            number, number, plugin, "family", name, symbol, 0, side, steps, self.clock.now_ns, 0, points, stop, 0,
            stop, 0, money, entry_steps=steps,
        )  # fmt: skip
        self.broker.tickets[number] = ticket
        self.core.on_event(OrderFilled(self.clock.now_ns, self.clock.now_ns, self.order(symbol, side), ticket))
        return ticket

    def close(self, ticket: Ticket, pnl: float | str) -> TicketClosed:
        """Close a ticket with a result in dollars; balance and core hear of it."""
        event = TicketClosed(self.clock.now_ns, self.clock.now_ns, fill(ticket, Decimal(str(pnl))), ticket)
        self.broker.tickets.pop(ticket.id)
        self.broker.balance += Decimal(str(pnl))
        self.core.on_event(event)
        return event

    def lose(self, dollars: float | str, plugin: str = "p", **fields: Any) -> None:
        """A ticket that came and went with a loss; the balance is put back, so that the tier stays."""
        balance = self.broker.balance
        self.close(self.ticket(plugin=plugin, **fields), -Decimal(str(dollars)))
        self.broker.balance = balance

    def order(
        self,
        symbol: str = "EURUSD",
        side: int = 1,
        lots: float | str = 0.1,
        sl: float | None = None,
        *,
        plugin: str = "p",
        alert: str = "",
        kind: str = "market",
        **fields: Any,
    ) -> Order:
        """An order; it is not under way until it is put into ``broker.orders``."""
        instrument, now = CATALOGUE[symbol], self.clock.now_ns
        order = Order(9000 + len(self.broker.orders), kind, plugin, "family", alert, symbol, side, now, now)
        order.volume_steps, order.sl = instrument.steps(lots), instrument.level(sl)
        for name, value in fields.items():
            setattr(order, name, value)
        return order


def fill(ticket: Ticket, pnl: Decimal) -> ClosingFill:
    minor = int(pnl * 100)
    return ClosingFill(
        ticket.id, 1, ticket.plugin_id, ticket.family, ticket.symbol, ticket.side, ticket.role, ticket.steps,
        ticket.entry_ns, ticket.entry_points, ticket.entry_ns, ticket.entry_points, ticket.sl, 0, ticket.sl, 0, "sl",
        minor, 0, 0, minor, 0, 0, 0, 1, False, ticket.alert_id, "", ticket.entry_ns, 0, 0,
    )  # fmt: skip
