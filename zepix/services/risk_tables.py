"""Stops that nobody gave: from the table in force, from money, or from the ATR.

    distance = pips x pip x sl_multiplier x logic multiplier x (1 - symbol's reduction) x re-entry adjustment

It is never nearer than the symbol's least stop distance and the broker's stops level. Symbols that the table lacks, and
all with the system ``off``, get the distance at which the lots lose the tier's share of the balance.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Context, Decimal
from typing import Final

from zepix.model import Instrument, Side
from zepix.model.instrument import MAX_POINTS
from zepix.model.settings_risk import TIERS, RiskSettings

__all__ = ["StopTables", "atr_level", "stop_level"]

ONE: Final = Decimal(1)
_UP: Final = Context(prec=28, rounding=ROUND_CEILING)


class StopTables:
    """The stop tables of the settings."""

    def __init__(self, settings: RiskSettings) -> None:
        self._settings = settings

    def pips(self, symbol: str, tier: str, table: str = "") -> Decimal | None:
        """The cell of a table (empty: the one in force), without any multiplier; None where there is none."""
        row = self._settings.stop_pips.get(table or self._settings.sl_system, {}).get(symbol)
        return None if row is None else Decimal(str(row[TIERS.index(tier)]))

    def widest_pips(self, symbol: str, tier: str) -> Decimal | None:
        """The widest cell that any table has for a symbol: what a ticket without a stop counts."""
        found = [self.pips(symbol, tier, table) for table in self._settings.stop_pips]
        return max((pips for pips in found if pips is not None), default=None)

    def multiplier(self, symbol: str, sl_multiplier: Decimal, logic: str, is_recovery: bool) -> Decimal:
        """What a table's distance is multiplied by, all in all."""
        settings = self._settings
        reduced = ONE - settings.sl_reduction_percents.get(symbol, Decimal(0)) / 100
        again = settings.reentry_sl_multiplier if is_recovery else ONE
        return sl_multiplier * settings.logic_sl_multipliers.get(logic, ONE) * reduced * again


def stop_level(instrument: Instrument, side: Side, entry_price: float, distance: Decimal) -> float | None:
    """The stop of an entry at a distance, rounded away from it to points, never nearer than the symbol allows.

    None where it would lie at or below nothing, or above all prices.
    """
    least = max(distance, instrument.min_stop_distance, instrument.point * instrument.stops_level_points)
    points = _UP.divide(least, instrument.point).to_integral_value(ROUND_CEILING)
    if points <= 0 or points > MAX_POINTS:
        return None
    level = instrument.points(entry_price) - side.sign * int(points)
    return instrument.price(level) if 0 < level <= MAX_POINTS else None


def atr_level(instrument: Instrument, sign: int, entry_price: float, atr: float, multiplier: float) -> float | None:
    """A level so many ATR from the entry (``sign`` +1 above), to points; None where the ATR is unknown or nothing."""
    if not (math.isfinite(atr) and math.isfinite(multiplier) and atr > 0 and multiplier > 0):
        return None
    level = instrument.points(entry_price + sign * atr * multiplier)
    return instrument.price(level) if 0 < level <= MAX_POINTS else None
