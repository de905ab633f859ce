"""Bars of a longer timeframe over prices that still grow: the same bars and averages as over whole arrays, row by row.

A bar is whole once its time is over; the last one may still grow, and nobody reads it before its end
(``BarTable.ended_row``). What ended is folded once; asking costs the rows that came since, not those before.
"""

from __future__ import annotations

import numpy as np

from zepix.kernels.resample import fold_first, fold_last, fold_max, fold_min, group_starts, group_times
from zepix.model.series import Int32, Int64
from zepix.services.prices import SymbolPrices

__all__ = ["GrowingBars"]

FOLDS = (fold_first, fold_max, fold_min, fold_last)
Columns = tuple[Int32, Int32, Int32, Int32]


class GrowingBars:
    """Bid bars of ``tf_ns`` over ``prices``; ``refresh`` takes in the rows that came since the last time."""

    def __init__(self, prices: SymbolPrices, tf_ns: int) -> None:
        self._prices = prices
        self._tf_ns = tf_ns
        self._from_row = 0
        """The row at which the last bar, which may still grow, begins."""
        self._seen = (0, 0)
        self._bars = 0
        self._time = np.empty(64, np.int64)
        self._columns = [np.empty(64, np.int32) for _ in FOLDS]

    def refresh(self) -> tuple[Int64, Columns] | None:
        """(times, (open, high, low, close)) of all bars, the last possibly unfinished; None if nothing came."""
        prices = self._prices
        seen = prices.progress()
        if seen == self._seen:
            return None
        self._seen = seen
        rows = slice(self._from_row, prices.n)
        time = prices.time[rows]
        starts = group_starts(time, self._tf_ns)
        whole = (prices.bid_open, prices.bid_high, prices.bid_low, prices.bid_close)
        kept = max(self._bars - 1, 0)
        count = kept + len(starts)
        self._make_room(count)
        self._time[kept:count] = group_times(time, starts, self._tf_ns)
        for column, fold, values in zip(self._columns, FOLDS, whole, strict=True):
            column[kept:count] = fold(values[rows], starts)
        self._bars = count
        self._from_row += int(starts[-1])
        first, high, low, last = (column[:count] for column in self._columns)
        return self._time[:count], (first, high, low, last)

    def _make_room(self, count: int) -> None:
        while count > len(self._time):
            self._time = np.concatenate([self._time, np.empty_like(self._time)])
            self._columns = [np.concatenate([column, np.empty_like(column)]) for column in self._columns]
