"""The numbers of the equity guard: at which share of its base the account stops; docs/services.md."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["EquityGuardSettings"]


@dataclass(frozen=True, slots=True)
class EquityGuardSettings:
    """Settings ``equity_guard.*``; raises ValueError with every problem at once, each with its key."""

    enabled: bool = False
    """Whether the account's equity is guarded at all."""
    stop_frac: Decimal = Decimal("0.80")
    """Equity at or below this share of the base closes everything; 0: no stop."""
    target_frac: Decimal = Decimal("1.20")
    """Equity at or above this share of the base closes everything; 0: no target."""
    base_equity: Decimal = Decimal(0)
    """The base in the account's currency; 0: the equity when the guard is armed."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        is_on: Any = self.enabled
        if not isinstance(is_on, bool):
            problems.append(f"enabled must be true or false, not {is_on!r}")
        for name in ("stop_frac", "target_frac", "base_equity"):
            number = _number(getattr(self, name))
            if number is None:
                problems.append(f"{name} must be a number of 0 or above, not {getattr(self, name)!r}")
            else:
                object.__setattr__(self, name, number)
        if not problems:
            problems += self._contradictions()
        if problems:
            raise ValueError("equity_guard: " + "; ".join(problems))

    def _contradictions(self) -> list[str]:
        found = []
        if self.stop_frac >= 1:
            found.append(f"stop_frac must be below 1, the base itself, not {self.stop_frac}")
        if self.target_frac and self.target_frac <= 1:
            found.append(f"target_frac must be above 1, the base itself, or 0 for none, not {self.target_frac}")
        if self.enabled and not self.stop_frac and not self.target_frac:
            found.append("enabled is true, but stop_frac and target_frac are both 0: give one, or set enabled to false")
        return found


def _number(value: Any) -> Decimal | None:
    """A finite number of 0 or above, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= Decimal(10) ** 15 else None
