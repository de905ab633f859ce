"""Directional movement: +DI, -DI and ADX (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, ch. IV).

Wilder's book smooths sums; where to begin is a convention, and this one is TA-Lib's, so that charts agree:

- From row 1 on, ``up = high - previous high``, ``down = previous low - low``; +DM is ``up`` if it is above zero and
  above ``down``, -DM is ``down`` if it is above zero and above ``up``, else 0. True range as in ``atr``.
- +DM, -DM and true range are summed over the first ``period - 1`` of these rows; then each row smooths
  ``sum = sum - sum / period + value``. +DI and -DI are 100 times the DM sums over the true range's, first at row
  ``period``.
- ``DX = 100 * |+DI - -DI| / (+DI + -DI)``. The first ADX is the mean of the first ``period`` DX, at row
  ``2 * period - 1``; then ``ADX = (ADX * (period - 1) + DX) / period``.
- Without any true range the DIs are 0; without any DI the row counts as DX 0 in the first mean, and later leaves the
  ADX as it was.
- Row i uses rows up to i. Prices may be whole points (int32) or floats; the result is in per cent, float64. A NaN makes
  everything NaN from its row on (in a close: from the next).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.atr import true_range
from zepix.kernels.compiled import jit

__all__ = ["AdxState", "adx", "adx_of", "adx_start", "adx_step"]

Float64 = NDArray[np.float64]
Prices = NDArray[Any]


class AdxState(NamedTuple):
    """What one bar hands to the next: bars seen, its prices, the smoothed sums, the DIs, the ADX.

    ``average`` is the sum of the DX before the warm-up ends, then the ADX.
    """

    seen: int
    high: float
    low: float
    close: float
    plus_sum: float
    minus_sum: float
    range_sum: float
    plus_di: float
    minus_di: float
    average: float


@jit
def adx_start() -> AdxState:
    """The state before the first bar."""
    return AdxState(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, math.nan, math.nan, 0.0)


@jit
def _average_step(average: float, plus_di: float, minus_di: float, dx_seen: int, period: int) -> float:
    """One DX into the ADX (or into its sum); ``dx_seen`` counts it."""
    total = plus_di + minus_di
    if total == 0.0 and dx_seen > period:
        return average
    dx = 0.0 if total == 0.0 else 100.0 * abs(plus_di - minus_di) / total
    if dx_seen < period:
        return average + dx
    if dx_seen == period:
        return (average + dx) / period
    return (average * (period - 1) + dx) / period


@jit
def adx_step(state: AdxState, high: float, low: float, close: float, period: int) -> AdxState:
    """Take one bar in; ``adx_of`` reads ADX, +DI and -DI. ``period`` is 1 or more. Cost: constant."""
    high, low, close = float(high), float(low), float(close)
    seen = state.seen + 1
    if seen == 1:
        return AdxState(1, high, low, close, 0.0, 0.0, 0.0, math.nan, math.nan, 0.0)
    up, down = high - state.high, state.low - low
    plus = up if up > down and up > 0.0 else 0.0
    minus = down if down > up and down > 0.0 else 0.0
    # a NaN in a bar or in the one before makes the range NaN, and through it all that follows
    span = true_range(high, low, state.close) + 0.0 * (up + down)
    if seen <= period:
        sums = (state.plus_sum + plus, state.minus_sum + minus, state.range_sum + span)
        return AdxState(seen, high, low, close, sums[0], sums[1], sums[2], math.nan, math.nan, 0.0)
    plus_sum = state.plus_sum - state.plus_sum / period + plus
    minus_sum = state.minus_sum - state.minus_sum / period + minus
    range_sum = state.range_sum - state.range_sum / period + span
    plus_di = 0.0 if range_sum == 0.0 else 100.0 * (plus_sum / range_sum)
    minus_di = 0.0 if range_sum == 0.0 else 100.0 * (minus_sum / range_sum)
    average = _average_step(state.average, plus_di, minus_di, seen - period, period)
    return AdxState(seen, high, low, close, plus_sum, minus_sum, range_sum, plus_di, minus_di, average)


@jit
def adx_of(state: AdxState, period: int) -> tuple[float, float, float]:
    """ADX, +DI and -DI after the bars seen, in per cent; NaN before each has warmed up."""
    average = state.average if state.seen >= 2 * period else math.nan
    return average, state.plus_di, state.minus_di


@jit
def adx(high: Prices, low: Prices, close: Prices, period: int) -> tuple[Float64, Float64, Float64]:
    """ADX, +DI and -DI at every row: three float64 arrays as long as the input, in per cent.

    NaN in rows before ``2 * period - 1`` (ADX) and ``period`` (DIs). The fold of ``adx_step``. Raises ValueError for a
    period below 1. Cost: one pass.
    """
    if period < 1:
        raise ValueError("the period of an ADX must be 1 or more")
    count = len(high)
    averages = np.empty(count, np.float64)
    plus_dis = np.empty(count, np.float64)
    minus_dis = np.empty(count, np.float64)
    state = adx_start()
    for row in range(count):
        state = adx_step(state, high[row], low[row], close[row], period)
        averages[row], plus_dis[row], minus_dis[row] = adx_of(state, period)
    return averages, plus_dis, minus_dis
