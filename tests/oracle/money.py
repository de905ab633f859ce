"""Money of the oracle: what an instrument is worth, conversion to the account's currency, swap, rounding.

All sums are Decimal with 28 digits; the order of operations is the page's. Amounts that are booked are whole minor
units of the account's currency, rounded half-even once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from .bars import Bars

__all__ = ["Instrument", "Rates", "rollovers", "to_minor"]

NEW_YORK = ZoneInfo("America/New_York")
SECOND_NS = 10**9
FRIDAY = 4


def to_minor(amount: Decimal, digits: int) -> int:
    """The amount in minor units of a currency with so many digits, half-even."""
    return int(amount.scaleb(digits).quantize(Decimal(1), ROUND_HALF_EVEN))


def rollovers(after_ns: int, before_ns: int, triple_weekday: int) -> int:
    """Rollovers strictly between two times: 17:00 New York, Monday to Friday; the triple day's counts three times."""
    day = datetime.fromtimestamp(after_ns // SECOND_NS, UTC).astimezone(NEW_YORK).date() - timedelta(days=1)
    last = datetime.fromtimestamp(before_ns // SECOND_NS, UTC).astimezone(NEW_YORK).date()
    count = 0
    while day <= last:
        moment = datetime(day.year, day.month, day.day, 17, tzinfo=NEW_YORK)
        if day.weekday() <= FRIDAY and after_ns < int(moment.timestamp()) * SECOND_NS < before_ns:
            count += 3 if day.weekday() == triple_weekday else 1
        day += timedelta(days=1)
    return count


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
    swap_long_points: Decimal
    swap_short_points: Decimal
    triple_swap_weekday: int

    @classmethod
    def from_strings(cls, symbol: str, given: Mapping[str, object], with_costs: bool = True) -> Instrument:
        """The contract as it is given; without costs it has no commission and no swap."""
        costs = given if with_costs else {"commission_per_lot": "0"}
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
            commission_per_lot=Decimal(str(costs["commission_per_lot"])),
            swap_long_points=Decimal(str(costs.get("swap_long_points", "0"))),
            swap_short_points=Decimal(str(costs.get("swap_short_points", "0"))),
            triple_swap_weekday=int(str(given.get("triple_swap_weekday", 2))),
        )

    def gross(self, points: int | Decimal, steps: int, rate: Decimal) -> Decimal:
        """points * steps * step * point_value * rate, in that order."""
        point_value = self.contract_size * self.point
        return Decimal(points) * steps * self.volume_step * point_value * rate

    def lots(self, steps: int) -> Decimal:
        return steps * self.volume_step

    def swap_points(self, side: int, entry_ns: int, exit_ns: int) -> Decimal:
        """Swap of one position in points, summed over the rollovers that it lived through."""
        each = self.swap_long_points if side > 0 else self.swap_short_points
        return each * rollovers(entry_ns, exit_ns, self.triple_swap_weekday) if each else Decimal(0)


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

    def is_known(self, currency: str, t: int, inside: bool) -> bool:
        """Whether each series of the route has opened at ``t``; for a fill inside a bar, before its end."""
        firsts = [self.bars[symbol].bars[0].open_ns for symbol, _ in self.route(currency)]
        return all(first < t if inside else first <= t for first in firsts)

    def rate(self, currency: str, t: int) -> Decimal:
        """rate(t): mids of the last closes known at ``t``, inverse as 1 / mid, multiplied along the route."""
        rate = Decimal(1)
        for symbol, is_inverse in self.route(currency):
            mid = self.bars[symbol].twice_mid(t) * self.points[symbol] / 2
            rate *= 1 / mid if is_inverse else mid
        return rate
