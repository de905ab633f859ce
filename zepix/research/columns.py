"""The closing fills of a run as columns, and the prices of a series at many instants: what all results are made of."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zepix.model import ClosingFill, Instrument, Series
from zepix.model.series import Int64

__all__ = ["Float64", "FillColumns", "integers", "prices_of", "quotes_at", "texts"]

Float64 = NDArray[np.float64]


class FillColumns:
    """Closing fills column by column, in their order: integers as int64 arrays, words as lists, each made once."""

    def __init__(self, fills: Sequence[ClosingFill]) -> None:
        self.fills = fills
        self._integers: dict[str, Int64] = {}
        self._texts: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self.fills)

    def integer(self, name: str) -> Int64:
        """The field ``name`` of all fills: points, steps, nanoseconds or minor units; flags as 0 and 1."""
        if name not in self._integers:
            self._integers[name] = integers(self.fills, name)
        return self._integers[name]

    def text(self, name: str) -> list[str]:
        """The field ``name`` of all fills as words."""
        if name not in self._texts:
            self._texts[name] = texts(self.fills, name)
        return self._texts[name]

    def rows_of(self, name: str) -> dict[str, Int64]:
        """Rows by the value of a text field, in order of first appearance."""
        rows: dict[str, list[int]] = {}
        for row, value in enumerate(self.text(name)):
            rows.setdefault(value, []).append(row)
        return {value: np.array(where, np.int64) for value, where in rows.items()}


def integers(items: Sequence[Any], name: str) -> Int64:
    """One integer field of many objects, as int64."""
    return np.fromiter(map(attrgetter(name), items), np.int64, len(items))


def texts(items: Sequence[Any], name: str) -> list[str]:
    """One text field of many objects."""
    return list(map(attrgetter(name), items))


def prices_of(instrument: Instrument, points: Int64) -> Float64:
    """Prices for points: the float nearest to the decimal number, as ``Instrument.price`` gives one by one."""
    scale: int = 10**instrument.digits
    return points * int(instrument.point * scale) / np.float64(scale)


def quotes_at(series: Series, times_ns: Int64) -> tuple[Int64, Int64, NDArray[np.bool_]]:
    """(bid, ask, is known) in points at instants: the open of the bar in progress, else the last close.

    An instant before the first bar is not known; its prices are those of the first open.
    """
    row = np.searchsorted(series.time, times_ns, side="right") - 1
    known = row >= 0
    row = np.maximum(row, 0)
    in_progress = ~known | (times_ns < series.time[row] + series.timeframe_ns)
    bid = np.where(in_progress, series.bid_open[row], series.bid_close[row]).astype(np.int64)
    ask = np.where(in_progress, series.ask_open[row], series.ask_close[row]).astype(np.int64)
    return bid, ask, known
