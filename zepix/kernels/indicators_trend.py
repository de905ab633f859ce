"""Trend by a zero-lag average and a band around it: +1, -1, or 0 before the band was first left.

- Zero-lag average: ``ema(close + (close - close of lag rows ago), period)``, lag the whole part of
  ``(period - 1) / 2``; first at row ``lag + period - 1``.
- Band: ``width * highest(atr(period), 3 * period)`` to either side.
- The trend turns up at a row whose close crosses above the upper edge (it was at or below it in the row before), down
  where it crosses below the lower edge; else it stays. Edges begin at row ``3 * period - 1``: there is no trend
  before the row after.
- Row i uses rows up to i; prices may be whole points or floats, the average has their unit. A NaN in a bar makes the
  band NaN from there on (see ``atr``), and the trend then stays as it is.

Source: the published TradingView indicator "Zero Lag Trend Signals (MTF)", whose numbers are 70 and 1.2.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.atr import AtrState, atr_of, atr_start, atr_step
from zepix.kernels.compiled import jit
from zepix.kernels.indicators_averages import AverageState, average_start, average_step, ema_weight
from zepix.kernels.indicators_windows import (
    ExtremeState,
    LagState,
    extreme_start,
    extreme_step,
    lag_start,
    lag_step,
)

__all__ = ["TrendState", "trend_start", "trend_step", "zero_lag_trend", "zlema"]

Float64 = NDArray[np.float64]
Int8 = NDArray[np.int8]
Prices = NDArray[Any]


class TrendState(NamedTuple):
    """The parts of the average and the band, close and edges of the row before, and the trend as this row shows it."""

    lag: LagState
    average: AverageState
    span: AtrState
    widest: ExtremeState
    close: float
    upper: float
    lower: float
    trend: int


@jit
def trend_start(period: int) -> TrendState:
    """The state before the first row; ``period`` is 3 or more."""
    nan = math.nan
    lag = lag_start((period - 1) // 2)
    return TrendState(lag, average_start(), atr_start(), extreme_start(3 * period), nan, nan, nan, 0)


@jit
def trend_step(state: TrendState, high: float, low: float, close: float, period: int, width: float) -> TrendState:
    """Take one bar in; ``trend`` and ``average.value`` are what this row shows. Cost: as ``extreme_step``."""
    lag = lag_step(state.lag, close)
    average = average_step(state.average, close + (close - lag.value), period, ema_weight(period))
    span = atr_step(state.span, high, low, close, period)
    widest = extreme_step(state.widest, atr_of(span, period), 1.0)
    upper, lower = average.value + width * widest.value, average.value - width * widest.value
    trend = state.trend
    if close > upper and state.close <= state.upper:
        trend = 1
    elif close < lower and state.close >= state.lower:
        trend = -1
    return TrendState(lag, average, span, widest, close, upper, lower, trend)


@jit
def zero_lag_trend(high: Prices, low: Prices, close: Prices, period: int, width: float) -> tuple[Int8, Float64]:
    """Trend (int8: -1, 0, 1) and zero-lag average (float64) at every row, as long as the input.

    Raises ValueError for a period below 3. Cost: one pass.
    """
    if period < 3:
        raise ValueError("the period of a zero-lag trend must be 3 or more")
    trends = np.empty(len(close), np.int8)
    averages = np.empty(len(close), np.float64)
    state = trend_start(period)
    for row in range(len(close)):
        state = trend_step(state, float(high[row]), float(low[row]), float(close[row]), period, width)
        trends[row], averages[row] = state.trend, state.average.value
    return trends, averages


@jit
def zlema(values: Prices, period: int) -> Float64:
    """The zero-lag average alone, at every row. Raises ValueError for a period below 3."""
    if period < 3:
        raise ValueError("the period of a zero-lag average must be 3 or more")
    out = np.empty(len(values), np.float64)
    lag, average = lag_start((period - 1) // 2), average_start()
    for row in range(len(values)):
        value = float(values[row])
        lag = lag_step(lag, value)
        average = average_step(average, value + (value - lag.value), period, ema_weight(period))
        out[row] = average.value
    return out
