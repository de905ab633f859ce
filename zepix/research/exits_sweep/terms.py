"""How money is counted, as whole numbers for the kernels: units, commission, the conversion pair, rollovers.

Every amount is the books' own decimal (docs/fills.md, "Money"), written as a fraction. What cannot be written so
is refused: a currency that reaches the account's through two pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import numpy as np

from zepix.errors import ConfigError
from zepix.kernels.exits_money import empty_ties
from zepix.model import AccountSpec, Instrument
from zepix.model.series import Int64
from zepix.model.timeframe import NS
from zepix.services.conversion import MONEY, Conversions
from zepix.services.prices import SymbolPrices
from zepix.services.rollover import CLOSE, NEW_YORK

__all__ = ["Terms", "settle_ties", "terms_of"]

MOST: Final = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The arrays of ``exits_money.bill`` for one symbol, and what decimals need to settle a tie."""

    units: Int64
    commission: Int64
    pair: tuple[Any, Any, Any]
    facts: Int64
    instants: Int64
    counts: Int64
    scale: int
    values: tuple[Decimal, Decimal, Decimal]
    """Account money of a point and step, of a long's night and of a short's, per doubled mid and half point."""
    half_point: Decimal
    digits: int

    def arrays(self, ties: Int64) -> tuple[Any, ...]:
        """As kernels take them, with a table of ties."""
        return (self.units, self.commission, *self.pair, self.facts, self.instants, self.counts, ties)

    def check_size(self, symbol: str, steps: int) -> None:
        """Raise ConfigError where a volume of so many steps would not fit the kernels' whole numbers."""
        highest = int(self.facts[2]) * max(1, steps)
        doubled = int(self.facts[3])
        for numerator, denominator, mode in self.units.tolist():
            if abs(numerator) * highest * (doubled if mode == 1 else 1) * 4 >= MOST or denominator * doubled >= MOST:
                raise ConfigError(f"lots: {steps} steps of {symbol} are more than whole numbers of 64 bits can count")


def terms_of(
    prices: SymbolPrices,
    account: AccountSpec,
    conversions: Conversions,
    *,
    has_costs: bool,
) -> Terms:
    """The terms of one symbol; raises ConfigError for what fractions cannot say."""
    instrument = prices.instrument
    way = conversions._way(instrument.profit_currency) or ()
    if len(way) > 1:
        raise ConfigError(
            f"account.currency: {instrument.profit_currency} of {instrument.symbol} reaches {account.currency} through "
            "two pairs, which only the replay rounds as the books do; use zx.sweep"
        )
    scale = 10**account.digits
    unit = instrument.volume_step * instrument.point_value
    mode, half_point, pair = 0, Decimal(1), (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    first, length, highest = 1, 0, 1
    if way:
        leg, half_point, is_inverse = way[0]
        mode = 2 if is_inverse else 1
        pair = (leg.time, np.ascontiguousarray(leg.bid_close), np.ascontiguousarray(leg.ask_close))
        first, length = int(leg.bid_open[0]) + int(leg.ask_open[0]), leg.tf_ns
        highest = int(leg.ask_high.max()) * 2
    nights = (instrument.swap_long_points, instrument.swap_short_points) if has_costs else (Decimal(0), Decimal(0))
    values = (Decimal(1), *nights)
    units = [_fraction(v * unit * scale, half_point, mode) for v in values]
    charge = instrument.volume_step * instrument.commission_per_lot * scale if has_costs else Decimal(0)
    commission = Fraction(charge)
    instants, counts = _rollovers(instrument, prices, any(nights))
    most = int(max(prices.ask_high.max(), 1))
    return Terms(
        np.array(units, np.int64),
        np.array([commission.numerator, commission.denominator], np.int64),
        pair,
        np.array([length, first, most, highest], np.int64),
        instants,
        counts,
        scale,
        values,
        half_point,
        account.digits,
    )


def _fraction(value: Decimal, half_point: Decimal, mode: int) -> tuple[int, int, int]:
    exact = Fraction(value)
    if mode == 1:
        exact *= Fraction(half_point)
    elif mode == 2:
        exact /= Fraction(half_point)
    return exact.numerator, exact.denominator, mode


def _rollovers(instrument: Instrument, prices: SymbolPrices, has_swap: bool) -> tuple[Int64, Int64]:
    """Instants of the rollovers within the prices, and how many nights count before each (one entry more)."""
    if not has_swap:
        return np.empty(0, np.int64), np.zeros(1, np.int64)
    first, last = (datetime.fromtimestamp(t // NS, UTC).date() for t in (int(prices.time[0]), prices.end_ns))
    instants: list[int] = []
    counts = [0]
    day = first - timedelta(days=3)
    while day <= last + timedelta(days=3):
        if day.weekday() < 5:
            instants.append(int(datetime.combine(day, CLOSE, NEW_YORK).astimezone(UTC).timestamp()) * NS)
            counts.append(counts[-1] + (3 if day.weekday() == instrument.triple_swap_weekday else 1))
        day += timedelta(days=1)
    return np.array(instants, np.int64), np.array(counts, np.int64)


def settle_ties(terms: Terms, unit: Decimal, ties: Int64) -> bool:
    """Answer the ties that a kernel wrote down, in the books' decimals; whether there were any (then ask again).

    ``unit``: what a point and step of the symbol is worth in its profit currency.
    """
    known, wanted = int(ties[0, 0]), int(ties[0, 1])
    for row in range(1 + known, 1 + known + wanted):
        number, amount, doubled = (int(v) for v in ties[row, :3])
        mid = MONEY.multiply(Decimal(doubled), terms.half_point)
        gross = MONEY.multiply(Decimal(terms.values[number] * amount), unit)
        money = MONEY.multiply(gross, MONEY.divide(Decimal(1), mid))
        ties[row, 3] = int(money.quantize(Decimal(1).scaleb(-terms.digits), context=MONEY).scaleb(terms.digits))
    ties[0, 0], ties[0, 1] = known + wanted, 0
    return wanted > 0


def new_ties() -> Int64:
    """An empty table of ties."""
    return empty_ties()
