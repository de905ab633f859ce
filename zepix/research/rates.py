"""Rates into the account's currency at many instants at once, as floats: for curves and statistics, never for a fill.

The rules are those of ``services.conversion``, which also says which pairs make a rate: the mid of the last close of a
bar that ended at or before t, before the first bar's end the mid of its first open; direct, inverse, or through USD.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import Series
from zepix.model.series import Int64
from zepix.research.columns import Float64
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["Rates", "mids_at"]


class Rates:
    """What one unit of a currency is worth in the account's currency, at arrays of instants."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._home = record.account.currency
        self._conversions: Conversions | None = None

    def at(self, currency: str, times_ns: Int64) -> Float64:
        """Rates at ``times_ns``, float64 of the same length. Raises DataError if no pair of the run serves."""
        rate = np.ones(len(times_ns))
        if currency == self._home:
            return rate
        source = currency
        for symbol in self._pairs(currency):
            mid = mids_at(self._record.series[symbol], times_ns) * self._record.catalogue[symbol].point_float
            is_direct = symbol.startswith(source)
            rate = rate * mid if is_direct else rate / mid
            source = symbol[len(source) :] if is_direct else symbol[: -len(source)]
        return rate

    def _pairs(self, currency: str) -> tuple[str, ...]:
        if self._conversions is None:
            self._conversions = Conversions(_book(self._record.series, self._record), self._home)
        self._conversions.require([currency])
        return self._conversions.pairs(currency)


def mids_at(series: Series, times_ns: Int64) -> Float64:
    """Mid prices in points of the last close known at each instant, before the first bar's end of its open."""
    row = np.searchsorted(series.time, times_ns - series.timeframe_ns, side="right") - 1
    first_open = int(series.bid_open[0]) + int(series.ask_open[0])
    closes = series.bid_close[row].astype(np.int64) + series.ask_close[row]
    return np.where(row >= 0, closes, first_open) / 2


def _book(series: Mapping[str, Series], record: RunRecord) -> PriceBook:
    order = {symbol: index for index, symbol in enumerate(record.catalogue)}
    return PriceBook(SymbolPrices(s, record.catalogue[s.symbol], order[s.symbol]) for s in series.values() if len(s))
