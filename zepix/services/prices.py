"""What is known of prices at an instant: the one place that turns a time into a row.

Rules (docs/fills.md):

- a bar is named by its open, covers [open, open + timeframe), and is known as a whole at its end;
- the *last known price* at t is the open of the bar in progress, else the last close; an open at t counts from phase 2
  of t. In phase 1 of t the price is the close just ended;
- nothing here looks past t, except ``next_open``, which is what a trading calendar would say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from zepix.kernels.search import last_at_or_before
from zepix.model import Instrument, Series
from zepix.services.minute_fold import Minutes

__all__ = ["PriceBook", "SymbolPrices"]

NONE: Final = -1
EVER: Final = 1 << 62
NO_MINUTES: Final = Minutes()


class SymbolPrices:
    """One symbol's rows; answers are remembered as long as they hold, since an instant asks several times."""

    is_growing: ClassVar[bool] = False
    """Whether rows are still to come, as a feed brings them."""

    __slots__ = (
        "_from_ns",
        "_mid",
        "_mid_ns",
        "_quote",
        "_quoted",
        "_row",
        "_until_ns",
        "ask_close",
        "ask_high",
        "ask_low",
        "ask_open",
        "bid_close",
        "bid_high",
        "bid_low",
        "bid_open",
        "index",
        "instrument",
        "n",
        "series",
        "symbol",
        "tf_ns",
        "time",
    )

    def __init__(self, series: Series, instrument: Instrument, index: int) -> None:
        self.series = series
        self.symbol = series.symbol
        self.instrument = instrument
        self.index = index
        self.tf_ns = series.timeframe_ns
        self.time = series.time
        self.n = len(series)
        self.bid_open, self.bid_high, self.bid_low, self.bid_close = (
            series.bid_open,
            series.bid_high,
            series.bid_low,
            series.bid_close,
        )
        self.ask_open, self.ask_high, self.ask_low, self.ask_close = (
            series.ask_open,
            series.ask_high,
            series.ask_low,
            series.ask_close,
        )
        self.forget_rows()

    def forget_rows(self) -> None:
        """Look everything up anew: there are other rows now."""
        self._row = NONE
        self._from_ns, self._until_ns = EVER, -EVER
        """From when until before when ``_row`` is the last row that opened."""
        self._quoted = (-EVER, 0)
        self._quote: tuple[int, int] | None = None
        self._mid_ns = -EVER
        self._mid = 0

    def row_at(self, t_ns: int) -> int:
        """The last row that opened at or before t, -1 before the first."""
        if self._from_ns <= t_ns < self._until_ns:
            return self._row
        row = self._row = int(last_at_or_before(self.time, t_ns))
        self._from_ns = self.time.item(row) if row >= 0 else -EVER
        self._until_ns = self.time.item(row + 1) if row + 1 < self.n else t_ns + 1
        return row

    def ended_row(self, t_ns: int) -> int:
        """The last row that had ended at or before t, -1 if none."""
        row = self.row_at(t_ns)
        if self._from_ns + self.tf_ns > t_ns:
            row -= 1
            while row >= 0 and self.time.item(row) + self.tf_ns > t_ns:
                row -= 1
        return row

    def next_open(self, t_ns: int) -> int:
        """The first row that opens at or after t, -1 if none ever does."""
        row = self.row_at(t_ns)
        if row >= 0 and self._from_ns == t_ns:
            while row > 0 and self.time[row - 1] == t_ns:
                row -= 1
            return row
        return row + 1 if row + 1 < self.n else NONE

    def quote(self, t_ns: int, phase: int) -> tuple[int, int] | None:
        """(bid, ask) in points as known in ``phase`` of t; None before the first open."""
        if self._quoted == (t_ns, phase):
            return self._quote
        quote = self._quote_at(t_ns, phase)
        if not self.is_growing:  # rows that are still to come may change it within the instant
            self._quoted, self._quote = (t_ns, phase), quote
        return quote

    def _quote_at(self, t_ns: int, phase: int) -> tuple[int, int] | None:
        row = self.row_at(t_ns)
        opened_ns = self._from_ns
        if phase == 1 and opened_ns >= t_ns:
            while row >= 0 and self.time[row] >= t_ns:
                row -= 1
            opened_ns = int(self.time[row]) if row >= 0 else 0
        if row < 0:
            return None
        if opened_ns + self.tf_ns > t_ns:
            return self.bid_open.item(row), self.ask_open.item(row)
        return self.bid_close.item(row), self.ask_close.item(row)

    def doubled_mid(self, t_ns: int) -> int:
        """bid + ask (points) of the last close ended at or before t; before the first bar's end, of its open."""
        if t_ns == self._mid_ns:
            return self._mid
        row = self.ended_row(t_ns)
        if row < 0:
            mid = int(self.bid_open[0]) + int(self.ask_open[0])
        else:
            mid = self.bid_close.item(row) + self.ask_close.item(row)
        if not self.is_growing:
            self._mid_ns, self._mid = t_ns, mid
        return mid

    @property
    def end_ns(self) -> int:
        return int(self.time[self.n - 1]) + self.tf_ns

    @property
    def first(self) -> int:
        """The first row that is not forgotten."""
        return 0

    @property
    def begins_ns(self) -> int:
        """When the first row opened; where that is forgotten, the minute that it opened in."""
        return int(self.minutes.bars()[0][0]) if self.first else int(self.time[0])

    @property
    def minutes(self) -> Minutes:
        """What forgotten rows have left."""
        return NO_MINUTES

    def known_until(self, t_ns: int) -> int:
        """Up to when everything that happened is known at t: t itself, unless bars come some time after their end."""
        return t_ns

    def progress(self) -> tuple[int, int]:
        """(rows that opened, rows that ended); what was made of the rows is out of date when it changes."""
        return self.n, self.n


class PriceBook:
    """All symbols of a run, in catalogue order."""

    def __init__(self, symbols: Iterable[SymbolPrices]) -> None:
        ordered = sorted(symbols, key=lambda p: p.index)
        self._by_symbol = {p.symbol: p for p in ordered}

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._by_symbol

    def __getitem__(self, symbol: str) -> SymbolPrices:
        return self._by_symbol[symbol]

    def __iter__(self) -> Iterator[SymbolPrices]:
        return iter(self._by_symbol.values())

    def __len__(self) -> int:
        return len(self._by_symbol)

    def get(self, symbol: str) -> SymbolPrices | None:
        return self._by_symbol.get(symbol)

    @property
    def end_ns(self) -> int:
        """The run's last instant: the latest bar end of all series."""
        return max(p.end_ns for p in self)
