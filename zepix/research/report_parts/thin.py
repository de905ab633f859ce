"""Fewer points that still show what happened: a bucket keeps its extremes, so a touched level stays touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zepix.model.series import Int32, Int64

__all__ = ["Buckets", "buckets", "extremes", "shape"]


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
    """Rows to keep of a curve: of each bucket the first, the lowest, the highest and the last (M4).

    At as many buckets as pixels the line looks as it would with every point, and no extreme is lost.
    """
    if len(values) <= limit:
        return np.arange(len(values))
    from tsdownsample import M4Downsampler

    thinner: Any = M4Downsampler  # its classes are not typed
    kept = thinner().downsample(np.ascontiguousarray(values), n_out=max(4, limit // 4 * 4))
    return np.unique(np.concatenate([kept.astype(np.int64), [0, len(values) - 1]]))


def shape(values: NDArray[Any], limit: int) -> Int64:
    """Rows to keep of a line whose extremes are drawn beside it: those that carry its shape (MinMaxLTTB)."""
    if len(values) <= limit:
        return np.arange(len(values))
    from tsdownsample import MinMaxLTTBDownsampler

    thinner: Any = MinMaxLTTBDownsampler  # its classes are not typed
    kept = thinner().downsample(np.ascontiguousarray(values), n_out=max(3, limit))
    return np.unique(kept.astype(np.int64))
