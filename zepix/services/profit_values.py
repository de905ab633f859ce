"""What profit booking tells a strategy: a chain in progress, and what became of one booked order."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BookingResult", "ProfitChain"]


@dataclass(frozen=True, slots=True)
class ProfitChain:
    """A pyramid; ``status`` is ``active, sl_hunt`` (a lost order is being recovered), ``completed, stopped, stale``.

    orders_in_level: how many the level began with; orders_booked: of them, those that won so far. total_profit: of all
    its orders, losses and costs included, in the account's currency. reason: why it ended, a stable word.
    """

    chain_id: str
    plugin_id: str
    symbol: str
    direction: str
    level: int
    orders_in_level: int
    orders_booked: int
    total_profit: float
    status: str = "active"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BookingResult:
    """One booked profit, and whether the chain went up a level."""

    success: bool
    order_id: int
    profit_amount: float
    chain_advanced: bool = False
    new_level: int = 0
    error: str = ""
