"""Average true range, Wilder's smoothing (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, ch. III).

- True range: the largest of high - low, high - previous close, previous close - low. The first bar has no previous
  close: its true range is high - low.
- The first average is the mean of the first ``period`` true ranges, at row ``period - 1``; before it there is NaN.
  Then ``average = (average * (period - 1) + true range) / period``.
- Row i uses rows up to i. Prices may be whole points (int32) or floats; the result is in their unit, float64.
- A NaN in a bar makes the average NaN from that row on (in a close: from the next); it never comes back.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit

__all__ = ["AtrState", "atr", "atr_of", "atr_start", "atr_step", "true_range"]

Float64 = NDArray[np.float64]
Prices = NDArray[Any]


class AtrState(NamedTuple):
    """What one bar hands to the next: bars seen, the average (their sum before the warm-up ends), the last close."""

    seen: int
    average: float
    close: float


@jit
def true_range(high: float, low: float, previous_close: float) -> float:
    """How far the price travelled in a bar, the gap before it included; NaN if any of the three is NaN."""
    if math.isnan(high + low + previous_close):
        return math.nan
    return max(high, previous_close) - min(low, previous_close)


@jit
def atr_start() -> AtrState:
    """The state before the first bar."""
    return AtrState(0, 0.0, 0.0)


@jit
def atr_step(state: AtrState, high: float, low: float, close: float, period: int) -> AtrState:
    """Take one bar in; ``atr_of`` reads the average. ``period`` is 1 or more. Cost: constant."""
    span = true_range(float(high), float(low), float(state.close if state.seen else low))
    seen = state.seen + 1
    if seen < period:
        average = state.average + span
    elif seen == period:
        average = (state.average + span) / period
    else:
        average = (state.average * (period - 1) + span) / period
    return AtrState(seen, average, float(close))


@jit
def atr_of(state: AtrState, period: int) -> float:
    """The average after the bars seen; NaN before ``period`` of them."""
    return state.average if state.seen >= period else math.nan


@jit
def atr(high: Prices, low: Prices, close: Prices, period: int) -> Float64:
    """The average true range at every row: float64, as long as the input, NaN in rows before ``period - 1``.

    The fold of ``atr_step``. Raises ValueError for a period below 1. Cost: one pass.
    """
    if period < 1:
        raise ValueError("the period of an ATR must be 1 or more")
    out = np.empty(len(high), np.float64)
    state = atr_start()
    for row in range(len(high)):
        state = atr_step(state, high[row], low[row], close[row], period)
        out[row] = atr_of(state, period)
    return out
