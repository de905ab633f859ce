"""The distance between ask and bid, in points, in pips, and by hour of the day.

Prices are whole points (int32). ``pip_points`` is how many points make a pip of the spread, ``spread_pip / point`` of
the instrument (10 for EURUSD, 100 for gold); only the instrument knows it. Row i uses row i only; there is no warm-up
and no NaN among whole numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.model.series import Int32, Int64

__all__ = [
    "hour_step",
    "spread_by_hour",
    "spread_pips",
    "spread_pips_step",
    "spread_points",
    "spread_points_step",
]

Float64 = NDArray[np.float64]

HOUR_NS = 3_600_000_000_000


@jit
def spread_points_step(bid: int, ask: int) -> int:
    """Ask less bid in points; negative for a crossed quote."""
    return int(ask) - int(bid)


@jit
def spread_pips_step(bid: int, ask: int, pip_points: float) -> float:
    """Ask less bid in pips; infinite for a pip that is not above zero: an unknown spread is wider than any limit."""
    if not pip_points > 0:
        return np.inf
    return spread_points_step(bid, ask) / pip_points


@jit
def spread_points(bid: Int32, ask: Int32) -> Int32:
    """Ask less bid at every row, int32 points. The fold of ``spread_points_step``."""
    out = np.empty(len(bid), np.int32)
    for row in range(len(bid)):
        out[row] = spread_points_step(bid[row], ask[row])
    return out


@jit
def spread_pips(bid: Int32, ask: Int32, pip_points: float) -> Float64:
    """Ask less bid at every row, float64 pips. The fold of ``spread_pips_step``."""
    out = np.empty(len(bid), np.float64)
    for row in range(len(bid)):
        out[row] = spread_pips_step(bid[row], ask[row], pip_points)
    return out


@jit
def hour_step(sums: Int64, counts: Int64, time_ns: int, bid: int, ask: int) -> None:
    """Add one quote to the 24 ``sums`` (points) and ``counts`` of its UTC hour, in place."""
    hour = (time_ns // HOUR_NS) % 24
    sums[hour] += spread_points_step(bid, ask)
    counts[hour] += 1


@jit
def spread_by_hour(time: Int64, bid: Int32, ask: Int32) -> Float64:
    """The mean spread in points for each of the 24 hours UTC (float64); NaN for an hour without rows.

    ``time`` is int64 nanoseconds. The fold of ``hour_step``. Cost: one pass.
    """
    sums = np.zeros(24, np.int64)
    counts = np.zeros(24, np.int64)
    for row in range(len(time)):
        hour_step(sums, counts, time[row], bid[row], ask[row])
    means = np.empty(24, np.float64)
    for hour in range(24):
        means[hour] = sums[hour] / counts[hour] if counts[hour] else np.nan
    return means
