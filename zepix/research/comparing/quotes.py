"""What bid and ask were at an instant, as exact prices: by the open of the bar in progress, else the last close."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from zepix.model import Catalogue, Series

__all__ = ["Quote", "Quotes"]


class Quote(NamedTuple):
    """Bid and ask."""

    bid: Fraction
    ask: Fraction

    @property
    def spread(self) -> Fraction:
        return self.ask - self.bid

    def paid(self, at_ask: bool) -> Fraction:
        """The side at which one trades."""
        return self.ask if at_ask else self.bid


class Quotes:
    """The prices of one side by symbol; of several ticks of one instant the first counts, at which orders fill.

    ``wider``: by so many points its broker's ask lies above the feed's, in ``series`` already.
    """

    def __init__(self, series: Mapping[str, Series], catalogue: Catalogue, wider: int = 0) -> None:
        self._series = series
        self._wider = wider
        self._same: dict[tuple[int, str], bool] = {}
        self._points = {symbol: Fraction(catalogue[symbol].point) for symbol in series if symbol in catalogue}

    def at(self, symbol: str, t_ns: int) -> Quote | None:
        """Bid and ask at an instant; None for a symbol without prices, and before the first of them."""
        series = self._series.get(symbol)
        if series is None or symbol not in self._points or not len(series):
            return None
        row = int(np.searchsorted(series.time, t_ns, side="right")) - 1
        if row < 0:
            return None
        if series.time[row] == t_ns:
            row = int(np.searchsorted(series.time, t_ns, side="left"))
        if t_ns < series.time[row] + max(series.timeframe_ns, 1):
            return self.open_of(symbol, row)
        point = self._points[symbol]
        return Quote(int(series.bid_close[row]) * point, int(series.ask_close[row]) * point)

    def open_of(self, symbol: str, row: int) -> Quote:
        """Bid and ask at the open of a row."""
        series, point = self._series[symbol], self._points[symbol]
        return Quote(int(series.bid_open[row]) * point, int(series.ask_open[row]) * point)

    def row_time(self, symbol: str, row: int) -> int:
        """The open time of a row, -1 where there is none."""
        series = self._series.get(symbol)
        return int(series.time[row]) if series is not None and 0 <= row < len(series) else -1

    def fill_ns(self, symbol: str, arrival_ns: int, grace_ns: int) -> int | None:
        """When a market order that arrives then is filled: at the open of a bar just begun, else at the next open."""
        series = self._series.get(symbol)
        if series is None or not len(series):
            return None
        row = int(np.searchsorted(series.time, arrival_ns, side="left"))
        is_inside = row == len(series) or series.time[row] != arrival_ns
        if row and is_inside and series.timeframe_ns and arrival_ns - series.time[row - 1] <= grace_ns:
            return int(series.time[row - 1])
        return int(series.time[row]) if row < len(series) else None

    def is_same(self, other: Quotes, symbol: str) -> bool:
        """Whether both hold the same opens of a symbol, row by row, wherever both have prices."""
        key = (id(other), symbol)
        if key not in self._same:
            self._same[key] = self._agrees(other, symbol, 0)
        return self._same[key]

    def is_of_one_feed(self, other: Quotes, symbol: str) -> bool:
        """The same, but for a broker's own ask: whether both were given the same prices."""
        return self._agrees(other, symbol, other._wider - self._wider)

    def _agrees(self, other: Quotes, symbol: str, wider: int) -> bool:
        one, two = self._series.get(symbol), other._series.get(symbol)
        if one is None or two is None or not len(one) or not len(two):
            return False
        if one is two:
            return not wider
        first, last = max(one.time[0], two.time[0]), min(one.time[-1], two.time[-1])
        rows = [
            slice(int(np.searchsorted(s.time, first, "left")), int(np.searchsorted(s.time, last, "right")))
            for s in (one, two)
        ]
        names = (("time", 0), ("bid_open", 0), ("ask_open", wider))
        return first <= last and all(
            np.array_equal(getattr(one, name)[rows[0]] + more, getattr(two, name)[rows[1]]) for name, more in names
        )
