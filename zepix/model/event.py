"""What happened: every event has the time it happened (``ts_event_ns``) and the time we learned of it (``ts_recv_ns``).

The two differ where a broker's answer carries an earlier bar's open (grace), and live by the way of the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from zepix.model.alert import Alert
from zepix.model.order import Order
from zepix.model.ticket import ClosingFill, Ticket

__all__ = [
    "AlertArrived",
    "Bar",
    "BarClosed",
    "EquityReached",
    "Event",
    "OrderCancelled",
    "OrderFilled",
    "OrderRefused",
    "PriceReached",
    "TicketClosed",
    "TimerFired",
]


@dataclass(frozen=True, slots=True)
class Event:
    ts_event_ns: int
    ts_recv_ns: int


@dataclass(frozen=True, slots=True)
class AlertArrived(Event):
    alert: Alert


@dataclass(frozen=True, slots=True)
class OrderFilled(Event):
    """An opening order was filled (``ticket`` is new), or a closing order has done all it could (no ticket)."""

    order: Order
    ticket: Ticket | None


@dataclass(frozen=True, slots=True)
class OrderRefused(Event):
    order: Order


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """Ended unfilled: ``order.reason`` is ``cancel, oco, exit, expired`` or ``end_of_data``."""

    order: Order


@dataclass(frozen=True, slots=True)
class TicketClosed(Event):
    fill: ClosingFill
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class PriceReached(Event):
    """A price watch: the bid rose to (``direction`` +1), or the ask fell to (-1), ``price``."""

    watch_id: int
    symbol: str
    direction: int
    price: float


@dataclass(frozen=True, slots=True)
class EquityReached(Event):
    """An equity watch: the account's equity fell to its stop (``direction`` -1) or rose to its target (+1).

    ``equity`` is what the books show at the prices that reached the level, unrounded.
    """

    watch_id: int
    direction: int
    equity: Decimal


@dataclass(frozen=True, slots=True)
class TimerFired(Event):
    timer_id: int
    tag: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that has ended: ``open_ns`` its name, bid prices as floats."""

    symbol: str
    timeframe: str
    open_ns: int
    end_ns: int
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class BarClosed(Event):
    bar: Bar
