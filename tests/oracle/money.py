"""Money of the oracle: what an instrument is worth, conversion to the account's currency, rounding.

All sums are Decimal with 28 digits; the order of operations is the page's. Amounts that are booked are whole minor
units of the account's currency, rounded half-even once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from .bars import Bars

__all__ = ["Instrument", "Rates", "to_minor"]


def to_minor(amount: Decimal, digits: int) -> int:
    """The amount in minor units of a currency with so many digits, half-even."""
    return int(amount.scaleb(digits).quantize(Decimal(1), ROUND_HALF_EVEN))


@dataclass(frozen=True)
class Instrument:
    """One symbol as its contract says; ``commission_per_lot`` is the account's money per lot and side."""

    symbol: str
    point: Decimal
    contract_size: Decimal
    profit_currency: str
    margin_currency: str
    volume_step: Decimal
    volume_min: Decimal
    volume_max: Decimal
    stops_level_points: int
    commission_per_lot: Decimal

    @classmethod
    def from_strings(cls, symbol: str, given: Mapping[str, object]) -> Instrument:
        return cls(
            symbol=symbol,
            point=Decimal(str(given["point"])),
            contract_size=Decimal(str(given["contract_size"])),
            profit_currency=str(given["profit_currency"]),
            margin_currency=str(given["margin_currency"]),
            volume_step=Decimal(str(given["volume_step"])),
            volume_min=Decimal(str(given["volume_min"])),
            volume_max=Decimal(str(given["volume_max"])),
            stops_level_points=int(str(given["stops_level_points"])),
            commission_per_lot=Decimal(str(given["commission_per_lot"])),
        )

    def gross(self, points: int, steps: int, rate: Decimal) -> Decimal:
        """points * steps * step * point_value * rate, in that order."""
        point_value = self.contract_size * self.point
        return Decimal(points) * steps * self.volume_step * point_value * rate

    def lots(self, steps: int) -> Decimal:
        return steps * self.volume_step


class Rates:
    """What one unit of a currency is worth in the account's: direct, else inverse, else both ways through USD."""

    def __init__(self, bars: Mapping[str, Bars], points: Mapping[str, Decimal], account_currency: str) -> None:
        self.bars = bars
        self.points = points
        self.account_currency = account_currency

    def pair(self, base: str, quote: str) -> list[tuple[str, bool]] | None:
        """The series that turns base into quote, and whether it stands on its head; empty for the same currency."""
        if base == quote:
            return []
        if base + quote in self.bars:
            return [(base + quote, False)]
        if quote + base in self.bars:
            return [(quote + base, True)]
        return None

    def route(self, currency: str) -> list[tuple[str, bool]]:
        """The series from a currency to the account's; raises ValueError when the prices hold none."""
        whole = self.pair(currency, self.account_currency)
        if whole is not None:
            return whole
        first, second = self.pair(currency, "USD"), self.pair("USD", self.account_currency)
        if first is None or second is None:
            raise ValueError(f"no prices convert {currency} to {self.account_currency}")
        return first + second

    def rate(self, currency: str, t: int) -> Decimal:
        """rate(t): mids of the last closes known at ``t``, inverse as 1 / mid, multiplied along the route."""
        rate = Decimal(1)
        for symbol, is_inverse in self.route(currency):
            mid = self.bars[symbol].twice_mid(t) * self.points[symbol] / 2
            rate *= 1 / mid if is_inverse else mid
        return rate
