"""Fewer points that still show what happened: a bucket keeps its extremes, so a touched level stays touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zepix.model.series import Int32, Int64

__all__ = ["Buckets", "buckets", "extremes"]


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Bars put together ``size`` at a time, in points: the first open, the extremes, the last close."""

    size: int
    time: Int64
    open: Int32
    high: Int32
    low: Int32
    close: Int32


def buckets(time: Int64, prices: tuple[Int32, Int32, Int32, Int32], limit: int) -> Buckets:
    """At most ``limit`` buckets of equally many bars; each bar one bucket where there are few enough."""
    opens, highs, lows, closes = prices
    size = max(1, -(-len(time) // limit))
    starts = np.arange(0, len(time), size)
    if size == 1 or not len(time):
        return Buckets(size, time, opens, highs, lows, closes)
    ends = np.append(starts[1:], len(time)) - 1
    high, low = np.maximum.reduceat(highs, starts), np.minimum.reduceat(lows, starts)
    return Buckets(size, time[starts], opens[starts], high, low, closes[ends])


def extremes(values: NDArray[Any], limit: int) -> Int64:
    """Rows to keep of a curve: of each bucket the first, the lowest, the highest, and the very last of all."""
    size = max(1, -(-4 * len(values) // limit))
    if size <= 4:
        return np.arange(len(values))
    whole = len(values) // size * size
    grid = values[:whole].reshape(-1, size)
    offset = np.arange(0, whole, size)
    kept = [offset, offset + grid.argmin(axis=1), offset + grid.argmax(axis=1), np.arange(whole, len(values), 4)]
    return np.unique(np.concatenate([*kept, [0, len(values) - 1]]))
