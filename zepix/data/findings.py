"""What is wrong with rows of prices, counted by a word, each with the first row; and which of it is refused.

Refused, because a replay on such rows would be a guess: missing, zero, negative or too large prices, rows out of
order or of equal time, bars that begin before the one before has ended, a high below its low, an open or close more
than one point outside its bar, a spread that is no spread, and more than 1 % of prices finer than the point.
Mended and counted: an open or close one point outside its bar (the bar is widened; a rounding of the exporter), and
crossed quotes under the policy ``raise_ask``. Only counted: a few prices finer than the point, times off the grid.
Bars longer than an hour may overlap in one row of a hundred: days of a local clock have 23 hours once a year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.errors import DataError
from zepix.model.series import Int64

__all__ = ["FINER_LIMIT_FRAC", "Findings", "time_text"]

FINER_LIMIT_FRAC: Final = 0.01
LONG_OVERLAP_FRAC: Final = 0.01
HOUR_NS: Final = 3_600_000_000_000

_SENTENCES: Final = {
    "no_price": "{count} prices are missing or no number",
    "not_positive": "{count} prices are zero or below",
    "too_large": "{count} prices are too large for points of {point}; name the right point in an instrument file",
    "bad_spread": "{count} spreads are missing, negative or larger than the price",
    "unsorted": "{count} rows are earlier than the row before; `zepix bars import` sorts them",
    "duplicates": "{count} rows have the time of the row before; `zepix bars import` can drop them",
    "overlapping": "{count} rows begin before the bar before has ended; is it really {timeframe}?",
    "high_below_low": "{count} highs are below their lows",
    "outside_range": "{count} opens or closes lie outside their bar by more than a point",
    "crossed": "{count} asks are below their bids, and the policy for crossed quotes is `error`",
    "finer_than_point": "{count} of {prices} prices are finer than the point {point} (more than 1 %); "
    "name the right point in an instrument file",
}


def time_text(time_ns: int) -> str:
    """An instant as a person reads it: ``2014-05-01 00:17 UTC``; seconds only where there are some."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(time_ns) // 1000)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC" if moment.second or moment.microsecond else "%Y-%m-%d %H:%M UTC")


@dataclass(slots=True)
class Findings:
    """Counts by word, and the first row (counted from 0) of each; ``prices`` is how many prices were looked at."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    prices: int = 0

    def add(self, word: str, count: int, first_row: int) -> None:
        if count:
            self.counts[word] = self.counts.get(word, 0) + int(count)
            self.first[word] = min(self.first.get(word, first_row), int(first_row))

    def add_rows(self, word: str, mask: NDArray[Any], shift: int = 0) -> None:
        """Count the true rows of a mask; row ``i`` of it is row ``i + shift``."""
        count = int(np.count_nonzero(mask))
        if count:
            self.add(word, count, int(np.argmax(mask)) + shift)

    def __getitem__(self, word: str) -> int:
        return self.counts.get(word, 0)

    def refused(self, *, rows: int, timeframe_ns: int, crossed: str) -> list[str]:
        """The words for which these rows are not loaded."""
        words = [w for w in _SENTENCES if self[w]]
        if self["finer_than_point"] <= FINER_LIMIT_FRAC * self.prices and "finer_than_point" in words:
            words.remove("finer_than_point")
        if "overlapping" in words and timeframe_ns > HOUR_NS and self["overlapping"] <= LONG_OVERLAP_FRAC * rows:
            words.remove("overlapping")
        if crossed != "error" and "crossed" in words:
            words.remove("crossed")
        return words

    def sentences(self, words: list[str], time: Int64, *, point: str, timeframe: str) -> list[str]:
        """One sentence a word, with the first row and its time."""
        said = []
        for word in words:
            text = _SENTENCES[word].format(count=self[word], prices=self.prices, point=point, timeframe=timeframe)
            row = self.first[word]
            said.append(f"{text} (first: row {row}, {time_text(int(time[row]))})")
        return said

    def refuse(self, name: str, time: Int64, *, timeframe_ns: int, timeframe: str, point: str, crossed: str) -> None:
        """Raise DataError with everything that is refused; return if nothing is."""
        words = self.refused(rows=len(time), timeframe_ns=timeframe_ns, crossed=crossed)
        if words:
            said = self.sentences(words, time, point=point, timeframe=timeframe)
            raise DataError(f"{name}: " + "; ".join(said))
