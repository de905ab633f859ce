"""One symbol's rows as plain integers, read in the order of time."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

from zepix.services.prices import SymbolPrices

__all__ = ["NONE", "Tape"]

NONE: Final = -1


class Tape:
    """The prices of one symbol, row by row; ``opening`` and ``ending`` remember where the walk stands.

    ``bid`` and ``ask`` hold four columns each: open, high, low, close, in points.
    """

    __slots__ = ("_end_at", "_open_at", "ask", "bid", "index", "instrument", "n", "prices", "symbol", "tf_ns", "time")

    def __init__(self, prices: SymbolPrices) -> None:
        self.prices = prices
        self.symbol = prices.symbol
        self.instrument = prices.instrument
        self.index = prices.index
        self.tf_ns = prices.tf_ns
        self.n = len(prices.series)
        series = prices.series
        self.time = _view(series.time)
        self.bid = tuple(_view(c) for c in (series.bid_open, series.bid_high, series.bid_low, series.bid_close))
        self.ask = tuple(_view(c) for c in (series.ask_open, series.ask_high, series.ask_low, series.ask_close))
        self._open_at = 0
        self._end_at = 0

    @property
    def is_ticks(self) -> bool:
        return self.tf_ns == 0

    @property
    def end_ns(self) -> int:
        return int(self.time[self.n - 1]) + self.tf_ns

    def opening(self, t_ns: int) -> int:
        """The row that opens at t, -1 for none."""
        row = self._open_at = self._seek(self._open_at, t_ns)
        return row if row < self.n and self.time[row] == t_ns else NONE

    def ending(self, t_ns: int) -> int:
        """The row that ends at t, -1 for none."""
        wanted = t_ns - self.tf_ns
        row = self._end_at = self._seek(self._end_at, wanted)
        return row if row < self.n and self.time[row] == wanted else NONE

    def first_open(self, t_ns: int) -> int:
        """The first row that opens at or after t, -1 if none ever does."""
        row = bisect_left(self.time, t_ns)
        return row if row < self.n else NONE

    def opens_at(self, t_ns: int) -> bool:
        return self.first_ns(bisect_left(self.time, t_ns)) == t_ns

    def holding(self, t_ns: int) -> int:
        """The row of a bar that opened before t and has not ended at t, -1 for none or where one opens at t."""
        row = bisect_left(self.time, t_ns) - 1
        return row if row >= 0 and t_ns < self.time[row] + self.tf_ns and self.first_ns(row + 1) != t_ns else NONE

    def first_ns(self, row: int) -> int:
        """When a row opens; -1 past the last."""
        return int(self.time[row]) if row < self.n else NONE

    def last_row(self, t_ns: int, phase: int) -> int:
        """The row of the last known price in ``phase`` of t: an open at t counts from phase 2; -1 before the first."""
        return bisect_left(self.time, t_ns + (phase > 1)) - 1

    def known(self, row: int, t_ns: int) -> tuple[int, int]:
        """(bid, ask) of a row as known at t: its open while it lasts, then its close."""
        column = 0 if self.time[row] + self.tf_ns > t_ns else 3
        return self.bid[column][row], self.ask[column][row]

    def _seek(self, row: int, t_ns: int) -> int:
        """The first row at or after t, looked for near ``row`` first."""
        time, n = self.time, self.n
        if row < n and time[row] < t_ns:
            row += 1
            if row < n and time[row] < t_ns:
                return bisect_left(time, t_ns, row)
            return row
        if row and time[row - 1] >= t_ns:
            return bisect_left(time, t_ns, 0, row)
        return row


def _view(column: Any) -> Any:
    """A column whose items are read as Python's own integers."""
    return memoryview(column)
