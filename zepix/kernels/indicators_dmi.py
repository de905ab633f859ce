"""Directional movement as Pine's ``ta.dmi``: +DI, -DI and ADX in per cent.

It differs from ``kernels.adx`` (TA-Lib's convention) in how it begins, and so for some hundred bars:

- From row 1 on: ``up = high - previous high``, ``down = previous low - low``; +DM is ``up`` if it is above zero and
  above ``down``, -DM is ``down`` if it is above zero and above ``up``, else 0; true range with the previous close.
- Each is smoothed by ``rma`` over ``period``, which starts from the mean of its first ``period`` rows; the DIs are
  first at row ``period``. Without any true range they keep their last value.
- ``ADX = 100 * rma(|+DI - -DI| / (+DI + -DI), smooth)``, a DI sum of zero counting as 1; first at row
  ``period + smooth - 1``.
- Row i uses rows up to i. A NaN in a bar gives NaN in its row and the next, which are passed over.

Source: TradingView's Pine reference, ``ta.dmi`` and its built-in "Directional Movement Index".
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.atr import true_range
from zepix.kernels.compiled import jit
from zepix.kernels.indicators_averages import AverageState, average_start, average_step

__all__ = ["DmiState", "dmi", "dmi_start", "dmi_step"]

Float64 = NDArray[np.float64]
Prices = NDArray[Any]


class DmiState(NamedTuple):
    """The bar before (NaN before the first), the smoothed movements and range, the DIs, the smoothed ADX."""

    high: float
    low: float
    close: float
    plus: AverageState
    minus: AverageState
    span: AverageState
    plus_di: float
    minus_di: float
    strength: AverageState


@jit
def dmi_start() -> DmiState:
    """The state before the first row."""
    nothing = average_start()
    return DmiState(math.nan, math.nan, math.nan, nothing, nothing, nothing, math.nan, math.nan, nothing)


@jit
def _movement(ours: float, other: float) -> float:
    """The movement if it is above zero and the larger one, else 0; NaN of NaN."""
    if math.isnan(ours + other):
        return math.nan
    return ours if ours > other and ours > 0.0 else 0.0


@jit
def dmi_step(state: DmiState, high: float, low: float, close: float, period: int, smooth: int) -> DmiState:
    """Take one bar in; ``plus_di``, ``minus_di`` and 100 times ``strength.value`` are what this row shows."""
    weight = 1.0 / period
    up, down = high - state.high, state.low - low
    spread = true_range(high, low, state.close) + 0.0 * (up + down)
    span = average_step(state.span, spread, period, weight)
    plus = average_step(state.plus, _movement(up, down) + 0.0 * spread, period, weight)
    minus = average_step(state.minus, _movement(down, up) + 0.0 * spread, period, weight)
    plus_di, minus_di = state.plus_di, state.minus_di
    if math.isnan(span.value) or span.value > 0.0:
        plus_di, minus_di = 100.0 * plus.value / span.value, 100.0 * minus.value / span.value
    total = plus_di + minus_di
    strength = average_step(
        state.strength, abs(plus_di - minus_di) / (1.0 if total == 0.0 else total), smooth, 1.0 / smooth
    )
    return DmiState(high, low, close, plus, minus, span, plus_di, minus_di, strength)


@jit
def dmi(high: Prices, low: Prices, close: Prices, period: int, smooth: int) -> tuple[Float64, Float64, Float64]:
    """ADX, +DI and -DI at every row: three float64 arrays as long as the input, in per cent.

    Raises ValueError for a period below 1. Cost: one pass.
    """
    if period < 1 or smooth < 1:
        raise ValueError("the periods of a DMI must be 1 or more")
    adx = np.empty(len(high), np.float64)
    plus = np.empty(len(high), np.float64)
    minus = np.empty(len(high), np.float64)
    state = dmi_start()
    for row in range(len(high)):
        state = dmi_step(state, float(high[row]), float(low[row]), float(close[row]), period, smooth)
        adx[row], plus[row], minus[row] = 100.0 * state.strength.value, state.plus_di, state.minus_di
    return adx, plus, minus
