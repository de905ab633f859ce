"""What is asked of the risk service, and what it answers, in prices, lots and the account's money.

Request and answer are named tuples: they are made for every entry, and a frozen dataclass costs several times as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from zepix.model import Refused, Side

__all__ = [
    "GATE_REASONS",
    "EquityGate",
    "GateAnswer",
    "LossLimit",
    "QuoteSource",
    "RiskCheck",
    "SessionGate",
    "TradeRequest",
]

GATE_REASONS: Final = (
    "unknown_symbol",
    "paused",
    "equity_guard",
    "session_closed",
    "symbol_not_in_session",
    "no_conversion",
    "plugin_trades_limit",
    "plugin_open_limit",
    "plugin_daily_loss",
    "cross_plugin_conflict",
    "daily_cap",
    "lifetime_cap",
    "concurrent_limit",
    "symbol_exposure",
    "spread_unknown",
    "spread_high",
    "no_entry_price",
    "invalid_stops",
    "rr_too_low",
    "volume_too_small",
    "risk_too_large",
    "no_money",
)
"""Every reason of the gate, in the order in which it asks."""


class SessionGate(Protocol):
    """Who knows the trading sessions."""

    def refusal(self, symbol: str, is_recovery: bool = False) -> Refused | None:
        """``session_closed`` or ``symbol_not_in_session``; None where a symbol may be entered now.

        Whether recoveries are bound too is the sessions' own setting.
        """
        ...


class EquityGate(Protocol):
    """Who knows whether the account has been stopped."""

    def refusal(self) -> Refused | None: ...


class QuoteSource(Protocol):
    """Who knows the prices of this instant."""

    def quote_points(self, symbol: str) -> tuple[int, int] | None:
        """(bid, ask) in points; None where nothing is known."""
        ...


class TradeRequest(NamedTuple):
    """An entry that a plugin would like to make, before it is sized.

    entry_price: the price it would pay; None: that of a market order now. lots: the base size of all legs together;
    else risk_percent: per cent of the balance lost at the stop; else as the settings' ``lot_mode`` says. Every base is
    multiplied by lot_multiplier, the logic's and the symbol's multiplier. sl_multiplier and the logic's are of stops
    that the tables make. max_lot .. daily_loss_limit: None is the plugin's own limit. legs: tickets that it becomes.
    is_recovery: a re-entry after a stop. tp_price: only judged by ``min_rr``. continues: more of an entry of the same
    plugin, alert, symbol and side: no new trade of the day, and its lots carry their symbol's multiplier already.
    is_open: that entry is open now, so that it is among those counted as open already. reverses: the plugin closes what
    it has on the other side of the symbol first: that counts with what a close loses now, and as nothing open.
    """

    symbol: str
    side: Side | str
    entry_price: float | None = None
    sl_price: float | None = None
    lots: Decimal | float | str | None = None
    risk_percent: Decimal | float | None = None
    lot_multiplier: Decimal | float = 1.0
    sl_multiplier: Decimal | float = 1.0
    logic: str = ""
    signal: str = ""
    max_lot: Decimal | float | None = None
    max_spread_pips: float | None = None
    max_open: int | None = None
    max_trades_day: int | None = None
    daily_loss_limit: Decimal | float | None = None
    legs: int = 1
    is_recovery: bool = False
    tp_price: float | None = None
    continues: bool = False
    is_open: bool = False
    reverses: bool = False


class GateAnswer(NamedTuple):
    """Whether an entry may be made, its size and stop, and all numbers that decided.

    ``reason`` is empty where it is allowed, else one of ``GATE_REASONS``; ``lots`` are then 0. ``risk_left``: money
    that the entry may lose at its stops, whatever it is made of (``DualPlan.risk_left``).
    """

    allowed: bool
    reason: str
    lots: Decimal
    sl_price: float | None
    numbers: Mapping[str, float | str]
    risk_left: Decimal | None = None

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def refused(self) -> Refused | None:
        """The refusal as other services give theirs; None where the entry is allowed."""
        if self.allowed:
            return None
        said = ", ".join(f"{name} {value}" for name, value in self.numbers.items())
        return Refused(self.reason, said)


@dataclass(frozen=True, slots=True)
class LossLimit:
    """A cap on losses and how much of it is used: ``loss`` gross, ``open_risk`` of what is open and under way."""

    loss: Decimal
    open_risk: Decimal
    limit: Decimal
    remaining: Decimal
    can_trade: bool
    risk_tier: str


@dataclass(frozen=True, slots=True)
class RiskCheck:
    """Everything that speaks against a trade at once: stable reasons, and the numbers behind them."""

    allowed: bool
    violations: tuple[str, ...]
    numbers: Mapping[str, float | str]

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def valid(self) -> bool:
        return self.allowed

    @property
    def reason(self) -> str:
        return self.violations[0] if self.violations else ""
