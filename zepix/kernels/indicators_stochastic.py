"""Stochastic oscillator as TradingView's built-in one: where the close stands in the range of the last bars, 0 to 100.

- Raw: ``100 * (close - lowest low) / (highest high - lowest low)`` over ``period`` bars (Pine's ``ta.stoch``), first at
  row ``period - 1``; NaN where the range is zero or a price is NaN.
- ``k = sma(raw, smooth_k)``, ``d = sma(k, smooth_d)``; a NaN is passed over, its row shows what stood before.
- Row i uses rows up to i; float64.

Source: TradingView's Pine reference, ``ta.stoch``, and its built-in "Stochastic" (14, 1, 3).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.kernels.indicators_averages import SmaState, sma_start, sma_step
from zepix.kernels.indicators_windows import ExtremeState, extreme_start, extreme_step

__all__ = ["StochasticState", "stochastic", "stochastic_start", "stochastic_step"]

Float64 = NDArray[np.float64]
Prices = NDArray[Any]


class StochasticState(NamedTuple):
    """Highest high and lowest low, and the two averages: ``k.value`` and ``d.value`` are what this row shows."""

    high: ExtremeState
    low: ExtremeState
    k: SmaState
    d: SmaState


@jit
def stochastic_start(period: int, smooth_k: int, smooth_d: int) -> StochasticState:
    """The state before the first row."""
    return StochasticState(extreme_start(period), extreme_start(period), sma_start(smooth_k), sma_start(smooth_d))


@jit
def stochastic_step(state: StochasticState, high: float, low: float, close: float) -> StochasticState:
    """Take one bar in. Cost: constant as a rule, the period where an extreme has just left."""
    top = extreme_step(state.high, high, 1.0)
    bottom = extreme_step(state.low, low, -1.0)
    span = top.value - bottom.value
    raw = 100.0 * (close - bottom.value) / span if span > 0.0 else math.nan
    k = sma_step(state.k, raw)
    return StochasticState(top, bottom, k, sma_step(state.d, k.value))


@jit
def stochastic(
    high: Prices, low: Prices, close: Prices, period: int, smooth_k: int, smooth_d: int
) -> tuple[Float64, Float64]:
    """K and D at every row: two float64 arrays as long as the input, in per cent. Raises ValueError for periods < 1."""
    if period < 1 or smooth_k < 1 or smooth_d < 1:
        raise ValueError("the periods of a stochastic must be 1 or more")
    ks = np.empty(len(high), np.float64)
    ds = np.empty(len(high), np.float64)
    state = stochastic_start(period, smooth_k, smooth_d)
    for row in range(len(high)):
        state = stochastic_step(state, float(high[row]), float(low[row]), float(close[row]))
        ks[row], ds[row] = state.k.value, state.d.value
    return ks, ds
