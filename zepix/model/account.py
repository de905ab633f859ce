"""The account a run starts with, and what a broker says of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["AccountSpec", "AccountState"]


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """Deposit, currency and leverage; ``digits`` are the currency's (2 for USD, 0 for JPY)."""

    balance: Decimal = Decimal(10_000)
    currency: str = "USD"
    leverage: Decimal = Decimal(100)
    digits: int = 2

    def __post_init__(self) -> None:
        problems: list[str] = []
        if not (self.balance.is_finite() and self.balance > 0):
            problems.append(f"balance must be above zero, not {self.balance}")
        if not (self.leverage.is_finite() and self.leverage > 0):
            problems.append(f"leverage must be above zero, not {self.leverage}")
        if not (len(self.currency) == 3 and self.currency.isalpha() and self.currency.isupper()):
            problems.append(f"currency must be three capital letters, not {self.currency!r}")
        if not 0 <= self.digits <= 8:
            problems.append(f"digits must lie between 0 and 8, not {self.digits}")
        if problems:
            raise ValueError("account: " + "; ".join(problems))


@dataclass(frozen=True, slots=True)
class AccountState:
    """Money at one instant, in the account's currency; ``equity`` and ``margin`` are unrounded."""

    balance: Decimal
    equity: Decimal
    margin: Decimal
    currency: str

    @property
    def free_margin(self) -> Decimal:
        return self.equity - self.margin
