"""Vortex indicator (E. Botes and D. Siepman, 2010) as TradingView's built-in one: VI+ and VI-, pure numbers about 1.

- From row 1 on: ``up = |high - previous low|``, ``down = |low - previous high|``, true range as in ``atr``.
- ``VI+ = sum(up) / sum(true range)`` over the last ``period`` of these rows, ``VI-`` with ``down``; first at row
  ``period``. Both are NaN where nothing ranged.
- Row i uses rows up to i. A NaN in a bar leaves its row and the next out of the sums; they show what stood before.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.atr import true_range
from zepix.kernels.compiled import jit
from zepix.kernels.indicators_windows import SumState, sum_start, sum_step

__all__ = ["VortexState", "vortex", "vortex_of", "vortex_start", "vortex_step"]

Float64 = NDArray[np.float64]
Prices = NDArray[Any]


class VortexState(NamedTuple):
    """The bar before (NaN before the first), and the three sums."""

    high: float
    low: float
    close: float
    up: SumState
    down: SumState
    span: SumState


@jit
def vortex_start(period: int) -> VortexState:
    """The state before the first row."""
    return VortexState(math.nan, math.nan, math.nan, sum_start(period), sum_start(period), sum_start(period))


@jit
def vortex_step(state: VortexState, high: float, low: float, close: float) -> VortexState:
    """Take one bar in; ``vortex_of`` reads VI+ and VI-. Cost: the period."""
    span = true_range(high, low, state.close) + 0.0 * (state.high + state.low)
    gap = 0.0 * span  # a NaN anywhere leaves the row out of all three sums
    up = sum_step(state.up, abs(high - state.low) + gap)
    down = sum_step(state.down, abs(low - state.high) + gap)
    return VortexState(high, low, close, up, down, sum_step(state.span, span))


@jit
def vortex_of(state: VortexState) -> tuple[float, float]:
    """VI+ and VI- after the bars seen; NaN before the warm-up ends."""
    if state.span.value > 0.0:
        return state.up.value / state.span.value, state.down.value / state.span.value
    return math.nan, math.nan


@jit
def vortex(high: Prices, low: Prices, close: Prices, period: int) -> tuple[Float64, Float64]:
    """VI+ and VI- at every row: two float64 arrays as long as the input. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of a vortex must be 1 or more")
    plus = np.empty(len(high), np.float64)
    minus = np.empty(len(high), np.float64)
    state = vortex_start(period)
    for row in range(len(high)):
        state = vortex_step(state, float(high[row]), float(low[row]), float(close[row]))
        plus[row], minus[row] = vortex_of(state)
    return plus, minus
