"""Settings of the market service (section ``market``): when a price is fresh, and how volatile is volatile."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["MarketSettings"]


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """Settings ``market.*``; raises ValueError with every problem at once, each with its key."""

    max_price_age_s: float = 60.0
    """A market counts as open while a bar is in progress, or its last price is younger than this."""
    volatility_fast_period: int = 20
    """Bars of the ATR that is compared."""
    volatility_slow_period: int = 100
    """Bars of the ATR that it is compared with."""
    volatility_high_ratio: float = 1.5
    """Fast by slow above this is HIGH."""
    volatility_moderate_ratio: float = 0.8
    """Above this MODERATE, else LOW."""

    def __post_init__(self) -> None:
        problems = [
            f"{name} must be above zero, not {getattr(self, name)!r}"
            for name in self.__dataclass_fields__
            if not _is_positive(getattr(self, name))
        ]
        if not problems:
            if self.volatility_fast_period >= self.volatility_slow_period:
                slow = self.volatility_slow_period
                problems.append(f"volatility_fast_period {self.volatility_fast_period} is not below the slow {slow}")
            if self.volatility_moderate_ratio >= self.volatility_high_ratio:
                high = self.volatility_high_ratio
                problems.append(f"volatility_moderate_ratio {self.volatility_moderate_ratio} is not below {high}")
        if problems:
            raise ValueError("market: " + "; ".join(problems))


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
