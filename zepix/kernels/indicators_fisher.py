"""Fisher transform (J. F. Ehlers, 2002) as TradingView's built-in one: the line and, as its trigger, the line before.

- ``place = 0.66 * ((price - lowest) / (highest - lowest) - 0.5) + 0.67 * place before`` over the last ``period`` prices
  (usually the middle of high and low), held inside 0.999 where it passes 0.99, and likewise below.
- ``line = 0.5 * ln((1 + place) / (1 - place)) + 0.5 * line before``; what is not there yet counts as 0.
- First at row ``period - 1``. A row whose window has no range, or a NaN, is NaN, and the next one begins from 0.
- Row i uses rows up to i; a pure number, float64.

Source: TradingView's built-in "Fisher Transform" (length 9).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.kernels.indicators_windows import ExtremeState, extreme_start, extreme_step

__all__ = ["FisherState", "fisher", "fisher_start", "fisher_step"]

Float64 = NDArray[np.float64]
Values = NDArray[Any]


class FisherState(NamedTuple):
    """Highest and lowest, the place, the line and the trigger as this row shows them (NaN: nothing)."""

    high: ExtremeState
    low: ExtremeState
    place: float
    line: float
    trigger: float


@jit
def fisher_start(period: int) -> FisherState:
    """The state before the first row."""
    return FisherState(extreme_start(period), extreme_start(period), math.nan, math.nan, math.nan)


@jit
def _number(value: float) -> float:
    return 0.0 if math.isnan(value) else value


@jit
def fisher_step(state: FisherState, price: float) -> FisherState:
    """Take one row in. Cost: constant as a rule, the period where an extreme has just left."""
    top = extreme_step(state.high, price, 1.0)
    bottom = extreme_step(state.low, price, -1.0)
    span = top.value - bottom.value
    if not span > 0.0:
        return FisherState(top, bottom, math.nan, math.nan, state.line)
    place = 0.66 * ((price - bottom.value) / span - 0.5) + 0.67 * _number(state.place)
    if place > 0.99:
        place = 0.999
    elif place < -0.99:
        place = -0.999
    line = 0.5 * math.log((1.0 + place) / (1.0 - place)) + 0.5 * _number(state.line)
    return FisherState(top, bottom, place, line, state.line)


@jit
def fisher(prices: Values, period: int) -> tuple[Float64, Float64]:
    """Line and trigger at every row: two float64 arrays as long as the input. Raises ValueError for a period < 1."""
    if period < 1:
        raise ValueError("the period of a Fisher transform must be 1 or more")
    lines = np.empty(len(prices), np.float64)
    triggers = np.empty(len(prices), np.float64)
    state = fisher_start(period)
    for row in range(len(prices)):
        state = fisher_step(state, float(prices[row]))
        lines[row], triggers[row] = state.line, state.trigger
    return lines, triggers
