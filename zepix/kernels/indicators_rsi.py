"""Relative strength index as Pine's ``ta.rsi``: Wilder's average of rises against that of falls, 0 to 100.

- From row 1 on: rise ``max(change, 0)``, fall ``max(-change, 0)``, each smoothed by ``rma``; first value at row
  ``period``. ``rsi = 100 - 100 / (1 + rises / falls)``; without falls it is 100, without rises 0 (without both 100).
- A NaN in the values gives NaN in its row and is passed over.
- Row i uses rows up to i; float64. TA-Lib seeds alike, and differs only where nothing moves (it says 0 there).

Source: TradingView's Pine reference, ``ta.rsi``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.kernels.indicators_averages import AverageState, average_start, average_step

__all__ = ["RsiState", "rsi", "rsi_start", "rsi_step"]

Float64 = NDArray[np.float64]
Values = NDArray[Any]


class RsiState(NamedTuple):
    """The last number (NaN before the first), averages of rises and falls, what this row shows."""

    last: float
    rises: AverageState
    falls: AverageState
    value: float


@jit
def rsi_start() -> RsiState:
    """The state before the first row."""
    return RsiState(math.nan, average_start(), average_start(), math.nan)


@jit
def rsi_step(state: RsiState, value: float, period: int) -> RsiState:
    """Take one row in. Cost: constant."""
    if math.isnan(value):
        return RsiState(state.last, state.rises, state.falls, math.nan)
    if math.isnan(state.last):
        return RsiState(value, state.rises, state.falls, math.nan)
    change = value - state.last
    rises = average_step(state.rises, max(change, 0.0), period, 1.0 / period)
    falls = average_step(state.falls, max(-change, 0.0), period, 1.0 / period)
    return RsiState(value, rises, falls, _strength(rises.value, falls.value))


@jit
def _strength(rises: float, falls: float) -> float:
    if math.isnan(rises):
        return math.nan
    if falls == 0.0:
        return 100.0
    return 100.0 - 100.0 / (1.0 + rises / falls)


@jit
def rsi(values: Values, period: int) -> Float64:
    """The index at every row: float64 in per cent, as long as the input. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of an RSI must be 1 or more")
    out = np.empty(len(values), np.float64)
    state = rsi_start()
    for row in range(len(values)):
        state = rsi_step(state, float(values[row]), period)
        out[row] = state.value
    return out
