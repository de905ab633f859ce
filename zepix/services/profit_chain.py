"""One pyramid as data: its orders, level by level, and how far each has come. Values of JSON in and out.

An order goes ``placed -> filled -> booked | lost | closed``, or ends ``refused`` or ``missing``. A lost one may be
recovered (``recovery``: ``watching, placed``, then ``recovered`` or ``failed``) by an order that ``recovers`` it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from zepix.model import Ticket, TicketClosed
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.services.profit_values import ProfitChain

__all__ = ["Chain", "ChainOrder"]

ENDED: Final = frozenset({"booked", "lost", "closed", "refused", "missing"})
HUNTED: Final = frozenset({"watching", "placed"})
WON: Final = frozenset({"profit_booking", "tp"})
LOST: Final = frozenset({"sl", "trailing", "break_even"})
"""Closed by a stop; one that a moved stop closed with a profit has won."""
ALIVE: Final = "active"


@dataclass(slots=True)
class ChainOrder:
    """One order of a chain. Points are those of the symbol; ``index`` counts from 1 within the level."""

    order_id: int
    role: str
    level: int
    index: int
    steps: int
    status: str = "placed"
    ticket: int = 0
    entry_points: int = 0
    sl_points: int = 0
    money_minor: int = 0
    booking_points: int = 0
    watch_id: int = 0
    recovery: str = ""
    attempts: int = 0
    until_ns: int = 0
    recovers: int = 0
    """The order that this one recovers."""
    trigger_points: int = 0
    """The price that a recovery of it waits for."""
    waits_for_trend: bool = False
    """The price was there, and the trend was not."""

    def take_fill(self, ticket: Ticket) -> None:
        """It is open, as this ticket."""
        self.status, self.ticket, self.steps = "filled", ticket.id, ticket.entry_steps
        self.entry_points, self.sl_points = ticket.entry_points, ticket.initial_sl

    def take_close(self, event: TicketClosed) -> None:
        """Note what a closing fill brought, and how the order ended."""
        self.money_minor += event.fill.pnl_minor
        if event.ticket.is_open:
            return
        reason = event.fill.exit_reason
        if reason in WON or (reason in LOST and event.fill.pnl_points > 0):
            self.status = "booked"
        else:
            self.status = "lost" if reason in LOST else "closed"

    @property
    def is_over(self) -> bool:
        return self.status in ENDED

    @property
    def has_won(self) -> bool:
        """Booked, or lost and then recovered."""
        return self.status == "booked" or self.recovery == "recovered"

    @property
    def is_hunted(self) -> bool:
        """Whether a recovery of it is waited for or open."""
        return self.recovery in HUNTED


ORDER_FIELDS: Final = tuple(one.name for one in fields(ChainOrder))


@dataclass(slots=True)
class Chain:
    """A pyramid. ``status``: ``active, completed, stopped, stale``; ``doom``: why it ends once its orders have."""

    chain_id: str
    plugin_id: str
    symbol: str
    side: int
    alert_id: str
    begun_ns: int
    base_steps: int
    level: int = 0
    status: str = ALIVE
    reason: str = ""
    doom: str = ""
    closes_all: bool = False
    """Stopped by an exit: what is left of it is closed."""
    closing: list[list[int]] = field(default_factory=list)
    """Closes of ours that are under way: each with the orders that it is about."""
    sweeps: int = 0
    checks: int = 0
    logic: str = ""
    """LOGIC1..3 where its order B named one."""
    orders: dict[int, ChainOrder] = field(default_factory=dict)
    """By order id, in the order in which they were placed."""

    @property
    def is_active(self) -> bool:
        return self.status == ALIVE

    @property
    def money_minor(self) -> int:
        return sum([order.money_minor for order in self.orders.values()])

    def of_level(self, level: int | None = None) -> list[ChainOrder]:
        """Orders of a level (None: the present one), recoveries left out."""
        wanted = self.level if level is None else level
        return [o for o in self.orders.values() if o.level == wanted and not o.recovers]

    def pending(self) -> Iterator[ChainOrder]:
        """Orders under way or open, recoveries too."""
        return (order for order in self.orders.values() if not order.is_over)

    @property
    def is_busy(self) -> bool:
        """Whether an order is under way or open, or a recovery is waited for."""
        return any(order.status not in ENDED or order.recovery in HUNTED for order in self.orders.values())

    def judgement(self, settings: ProfitBookingSettings) -> str:
        """Why a level that is over does not lead to the next; nothing where it does."""
        orders = [order for order in self.of_level() if order.status != "refused"]
        won = sum(1 for order in orders if order.has_won)
        if won == len(orders):  # refused ones have neither won nor lost; a level of only such has its reason already
            return ""
        if not settings.allow_partial_progression:
            return "strict_loss"
        return "" if won >= settings.partial_success_threshold * len(orders) else "too_few_winners"

    def view(self, unit: int) -> ProfitChain:
        """What a strategy sees; ``unit``: minor units of money in one."""
        level = self.of_level()
        status = self.status
        if self.is_active and any(order.is_hunted for order in self.orders.values()):
            status = "sl_hunt"
        return ProfitChain(
            self.chain_id,
            self.plugin_id,
            self.symbol,
            "buy" if self.side > 0 else "sell",
            self.level,
            len(level),
            sum(1 for order in level if order.has_won),
            self.money_minor / unit,
            status,
            self.reason,
        )

    def state(self) -> dict[str, Any]:
        """JSON values; an order is a list of its fields in their order."""
        found = {name: getattr(self, name) for name in CHAIN_FIELDS}
        found["orders"] = [[getattr(order, name) for name in ORDER_FIELDS] for order in self.orders.values()]
        return found

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Chain:
        """One as ``state`` wrote it."""
        chain = cls(**{name: value for name, value in state.items() if name != "orders"})
        for row in state["orders"]:
            order = ChainOrder(*row)
            chain.orders[order.order_id] = order
        return chain


CHAIN_FIELDS: Final = tuple(one.name for one in fields(Chain) if one.name != "orders")
