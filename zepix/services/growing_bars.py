"""Bars of a longer timeframe over prices that still grow: the same bars and averages as over whole arrays, row by row.

A bar is whole once its time is over; the last one may still grow, and nobody reads it before its end
(``BarTable.ended_row``). What ended is folded once; asking costs the rows that came since, not those before. Ticks that
were forgotten since the last time are taken in as the minutes that they have left.
"""

from __future__ import annotations

from zepix.model.series import Int32, Int64
from zepix.services.minute_fold import Fold
from zepix.services.prices import SymbolPrices

__all__ = ["GrowingBars"]

Columns = tuple[Int32, Int32, Int32, Int32]


class GrowingBars:
    """Bid bars of ``tf_ns`` over ``prices``; ``refresh`` takes in the rows that came since the last time."""

    def __init__(self, prices: SymbolPrices, tf_ns: int) -> None:
        self._prices = prices
        self._fold = Fold(tf_ns)
        self._from_row = 0
        """The first row that is not folded in for good: rows of the last bar may still change, a tick never does."""
        self._from_ns = 0
        self._seen = (0, 0)

    def refresh(self) -> tuple[Int64, Columns] | None:
        """(times, (open, high, low, close)) of all bars, the last possibly unfinished; None if nothing came."""
        prices = self._prices
        seen = prices.progress()
        if seen == self._seen:
            return None
        self._seen = seen
        if self._from_row < prices.first:
            self._fold.fold(*prices.minutes.since(self._from_ns))
            self._from_row = prices.first
        rows = slice(self._from_row, prices.n)
        whole = (prices.bid_open[rows], prices.bid_high[rows], prices.bid_low[rows], prices.bid_close[rows])
        last = self._fold.fold(prices.time[rows], whole, anew=bool(prices.tf_ns))
        self._from_row = self._from_row + last if prices.tf_ns else prices.n
        self._from_ns = prices.time.item(prices.n - 1)
        return self._fold.bars()
