"""Bars that grow by rows which never change: a tick, or a minute that was made of ticks.

Taking rows again that were taken before changes nothing, as long as the newest of them come last: highs and lows are
what they were, the open stays the first one's, the close is the last one's.
"""

from __future__ import annotations

import numpy as np

from zepix.kernels.resample import fold_first, fold_last, fold_max, fold_min, group_starts, group_times
from zepix.model.series import Int32, Int64
from zepix.model.timeframe import NS

__all__ = ["Fold", "Minutes"]

FOLDS = (fold_first, fold_max, fold_min, fold_last)
Columns = tuple[Int32, Int32, Int32, Int32]


class Fold:
    """Bars of ``tf_ns`` that rows are folded into; rows come in the order of their time."""

    def __init__(self, tf_ns: int) -> None:
        self.tf_ns = tf_ns
        self.count = 0
        self._time = np.empty(64, np.int64)
        self._columns = [np.empty(64, np.int32) for _ in FOLDS]

    def fold(self, time: Int64, columns: Columns, *, anew: bool = False) -> int:
        """Take rows in: (open, high, low, close) of each, which are one and the same for ticks. The place among them at
        which the last bar begins. ``anew``: the first of their bars is made of them alone."""
        if not len(time):
            return 0
        starts = group_starts(time, self.tf_ns)
        times = group_times(time, starts, self.tf_ns)
        made = [fold(values, starts) for fold, values in zip(FOLDS, columns, strict=True)]
        at = int(np.searchsorted(self._time[: self.count], times[0]))
        joins = not anew and at < self.count and self._time[at] == times[0]
        before = [int(column[at]) for column in self._columns] if joins else []
        self._make_room(at + len(starts))
        self._time[at : at + len(starts)] = times
        for column, values in zip(self._columns, made, strict=True):
            column[at : at + len(starts)] = values
        if joins:
            first, high, low, _ = self._columns
            first[at] = before[0]
            high[at], low[at] = max(before[1], int(high[at])), min(before[2], int(low[at]))
        self.count = at + len(starts)
        return int(starts[-1])

    def bars(self) -> tuple[Int64, Columns]:
        """(times, (open, high, low, close)) of all bars."""
        first, high, low, last = (column[: self.count] for column in self._columns)
        return self._time[: self.count], (first, high, low, last)

    def _make_room(self, count: int) -> None:
        while count > len(self._time):
            self._time = np.concatenate([self._time, np.empty_like(self._time)])
            self._columns = [np.concatenate([column, np.empty_like(column)]) for column in self._columns]


class Minutes(Fold):
    """What forgotten ticks have left: minutes of the bid."""

    def __init__(self, time: Int64 | None = None, columns: Columns | None = None) -> None:
        super().__init__(60 * NS)
        if time is not None and columns is not None:
            self.fold(time, columns)

    def take(self, time: Int64, bid: Int32) -> None:
        """Forget these ticks."""
        self.fold(time, (bid, bid, bid, bid))

    def since(self, t_ns: int) -> tuple[Int64, Columns]:
        """The minutes from the one on that ``t_ns`` is in."""
        time, columns = self.bars()
        at = int(np.searchsorted(time, t_ns // self.tf_ns * self.tf_ns))
        first, high, low, last = (column[at:] for column in columns)
        return time[at:], (first, high, low, last)
