"""What the services say to each other of recoveries and shields: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final

__all__ = ["ALLOWED", "ReentryEvent", "SafetyCheckResult", "ShieldCase"]


@dataclass(frozen=True, slots=True)
class ReentryEvent:
    """Something after which a chain may re-enter: ``sl_hunt, tp_cont`` or ``exit_cont``."""

    trade_id: str
    plugin_id: str
    symbol: str
    reentry_type: str
    entry_price: float
    exit_price: float
    sl_price: float
    direction: str
    chain_level: int
    metadata: Mapping[str, Any] = field(default_factory=dict)
    timestamp: int = 0


@dataclass(frozen=True, slots=True)
class SafetyCheckResult:
    """Whether a recovery may start, with the counts that decided; true where it may.

    Money in the account's currency. ``reason`` is empty where it is allowed, else one of ``SAFETY_REASONS``.
    """

    allowed: bool
    reason: str = ""
    daily_count: int = 0
    daily_limit: int = 0
    concurrent_count: int = 0
    concurrent_limit: int = 0
    current_profit: float = 0.0
    profit_threshold: float = 0.0
    timestamp: int = 0

    def __bool__(self) -> bool:
        return self.allowed


ALLOWED: Final = SafetyCheckResult(True)


@dataclass(frozen=True, slots=True)
class ShieldCase:
    """The stopped order that a shield is asked to guard: order A of a re-entry chain.

    ``side`` is the original's (+1 bought, -1 sold), ``lots`` its lots, entry and stop in points, ``window_ends_ns`` the
    end of its recovery window.
    """

    chain_id: str
    plugin_id: str
    symbol: str
    alert_id: str
    side: int
    lots: Decimal
    entry_points: int
    sl_points: int
    window_ends_ns: int

    def state(self) -> dict[str, Any]:
        return {**asdict(self), "lots": str(self.lots)}

    @classmethod
    def of(cls, state: dict[str, Any]) -> ShieldCase:
        """One as ``state`` wrote it."""
        return cls(**{**state, "lots": Decimal(state["lots"])})
