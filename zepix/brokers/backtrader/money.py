"""Money of a ticket: exact Decimals (28 digits), rounded half-even once for each amount that is booked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from zepix.model import AccountSpec, Instrument
from zepix.services.conversion import MONEY, Conversions

__all__ = ["Money", "rollovers"]

NEW_YORK: Final = ZoneInfo("America/New_York")
ROLLOVER_HOUR: Final = 17
SATURDAY: Final = 5
SECOND: Final = 1_000_000_000
ZERO: Final = Decimal(0)


class Money:
    """Gross, commission, swap and margin in the account's currency; ``minor`` is its smallest unit."""

    def __init__(self, account: AccountSpec, conversions: Conversions, *, has_costs: bool) -> None:
        self.account = account
        self.conversions = conversions
        self.has_costs = has_costs
        self._step_values: dict[str, float] = {}

    def gross(self, instrument: Instrument, points: int, steps: int, t_ns: int) -> Decimal:
        """Unrounded money of so many points on so many steps, at the rate of t."""
        return self._times(Decimal(points), instrument, steps, t_ns)

    def step_value(self, instrument: Instrument, t_ns: int) -> float:
        """About the money of one point on one step, at the rate of t; for what decides nothing."""
        value = self._step_values.get(instrument.symbol)
        if value is None:
            value = self._step_values[instrument.symbol] = float(instrument.volume_step * instrument.point_value)
        if self.conversions.is_constant(instrument.profit_currency):
            return value
        return value * float(self.conversions.rate(instrument.profit_currency, t_ns))

    def commission_minor(self, instrument: Instrument, steps: int) -> int:
        """Both sides of a closing fill, each rounded by itself; negative."""
        if not self.has_costs or not instrument.commission_per_lot:
            return 0
        return -2 * self.minor(MONEY.multiply(instrument.commission_per_lot, instrument.lots(steps)))

    def swap_minor(self, instrument: Instrument, side: int, steps: int, entry_ns: int, exit_ns: int) -> int:
        """Swap of all rollovers strictly between entry and exit: points summed, converted at the exit, rounded once."""
        per_night = instrument.swap_long_points if side > 0 else instrument.swap_short_points
        if not self.has_costs or not per_night:
            return 0
        nights = sum(
            3 if weekday == instrument.triple_swap_weekday else 1
            for at_ns, weekday in rollovers(entry_ns, exit_ns)
            if entry_ns < at_ns < exit_ns
        )
        return self.minor(self._times(per_night * nights, instrument, steps, exit_ns)) if nights else 0

    def margin(self, instrument: Instrument, steps: int, rate: Decimal) -> Decimal:
        size = MONEY.multiply(instrument.lots(steps), instrument.contract_size)
        return MONEY.divide(MONEY.multiply(size, rate), self.account.leverage)

    def margin_rate(self, instrument: Instrument, t_ns: int) -> Decimal:
        return self.conversions.rate(instrument.margin_currency, t_ns)

    def minor(self, amount: Decimal) -> int:
        """Half-even to the account's digits, in its smallest unit."""
        return int(MONEY.scaleb(amount, self.account.digits).to_integral_value(ROUND_HALF_EVEN))

    def major(self, minor: int) -> Decimal:
        return MONEY.scaleb(Decimal(minor), -self.account.digits)

    def _times(self, points: Decimal, instrument: Instrument, steps: int, t_ns: int) -> Decimal:
        amount = MONEY.multiply(points, Decimal(steps))
        amount = MONEY.multiply(amount, instrument.volume_step)
        amount = MONEY.multiply(amount, instrument.point_value)
        return MONEY.multiply(amount, self.conversions.rate(instrument.profit_currency, t_ns))


def rollovers(start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
    """(time, weekday in New York) of every rollover on the days from ``start_ns`` to ``end_ns``, weekends left out."""
    day = datetime.fromtimestamp(start_ns // SECOND, UTC).date() - timedelta(days=1)
    last = datetime.fromtimestamp(end_ns // SECOND, UTC).date()
    while day <= last:
        if day.weekday() < SATURDAY:
            yield _rollover_ns(day), day.weekday()
        day += timedelta(days=1)


@lru_cache(maxsize=4096)
def _rollover_ns(day: date) -> int:
    moment = datetime(day.year, day.month, day.day, ROLLOVER_HOUR, tzinfo=NEW_YORK)
    return int(moment.timestamp()) * SECOND
