"""Values: frozen, small, and ignorant of files, clocks and brokers. Standard library and numpy only."""

from zepix.model.account import AccountSpec, AccountState
from zepix.model.alert import Alert, Quarantined
from zepix.model.decision import Accepted, Decision, DecisionRow, Refused
from zepix.model.event import (
    AlertArrived,
    Bar,
    BarClosed,
    EquityReached,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    PriceReached,
    TicketClosed,
    TimerFired,
)
from zepix.model.fill_model import FillModel
from zepix.model.instrument import Catalogue, Instrument, SpreadModel
from zepix.model.order import Order, Trail
from zepix.model.quantity import Quantity
from zepix.model.series import Series
from zepix.model.side import Side
from zepix.model.ticket import ClosingFill, Ticket

__all__ = [
    "Accepted",
    "AccountSpec",
    "AccountState",
    "Alert",
    "AlertArrived",
    "Bar",
    "BarClosed",
    "Catalogue",
    "ClosingFill",
    "Decision",
    "DecisionRow",
    "EquityReached",
    "Event",
    "FillModel",
    "Instrument",
    "Order",
    "OrderCancelled",
    "OrderFilled",
    "OrderRefused",
    "PriceReached",
    "Quantity",
    "Quarantined",
    "Refused",
    "Series",
    "Side",
    "SpreadModel",
    "Ticket",
    "TicketClosed",
    "TimerFired",
    "Trail",
]
