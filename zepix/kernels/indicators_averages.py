"""Moving averages as Pine's ``ta.sma``, ``ta.ema`` and ``ta.rma`` reckon them.

- ``sma``: the mean of the last ``period`` numbers.
- ``ema`` (weight ``2 / (period + 1)``) and ``rma`` (Wilder's: ``1 / period``): the first value is the mean of the first
  ``period`` numbers; then ``average = average + weight * (value - average)``.
- A NaN is no number: the average stays as it was, so each sees the last numbers only. Its row shows NaN in ``ema`` and
  ``rma``, the average as it stands in ``sma``. The first value stands at the row of the ``period``-th number.
- Row i uses rows up to i. Values may have any unit; the result has it too, float64.

Source: TradingView's Pine reference, ``ta.sma``, ``ta.ema``, ``ta.rma``. TA-Lib seeds its EMA alike.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit

__all__ = [
    "AverageState",
    "SmaState",
    "average_start",
    "average_step",
    "ema",
    "ema_weight",
    "rma",
    "sma",
    "sma_start",
    "sma_step",
]

Float64 = NDArray[np.float64]
Values = NDArray[Any]


class AverageState(NamedTuple):
    """Numbers seen, the average (their sum before the warm-up ends), and what this row shows (NaN: nothing)."""

    seen: int
    average: float
    value: float


class SmaState(NamedTuple):
    """The last ``period`` numbers as a ring (changed in place by the step), numbers seen, what this row shows."""

    ring: Float64
    seen: int
    value: float


@jit
def average_start() -> AverageState:
    """The state of an ``ema`` or ``rma`` before the first row."""
    return AverageState(0, 0.0, math.nan)


@jit
def average_step(state: AverageState, value: float, period: int, weight: float) -> AverageState:
    """Take one row in; ``weight`` of the newest is ``2 / (period + 1)`` (ema) or ``1 / period`` (rma)."""
    if math.isnan(value):
        return AverageState(state.seen, state.average, math.nan)
    seen = state.seen + 1
    if seen < period:
        return AverageState(seen, state.average + value, math.nan)
    average = (state.average + value) / period if seen == period else state.average + weight * (value - state.average)
    return AverageState(seen, average, average)


@jit
def ema_weight(period: int) -> float:
    """The weight of the newest number in an ``ema``."""
    return 2.0 / (period + 1.0)


@jit
def _fold(values: Values, period: int, weight: float) -> Float64:
    out = np.empty(len(values), np.float64)
    state = average_start()
    for row in range(len(values)):
        state = average_step(state, float(values[row]), period, weight)
        out[row] = state.value
    return out


@jit
def ema(values: Values, period: int) -> Float64:
    """The exponential average at every row: float64, as long as the input. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of an EMA must be 1 or more")
    return _fold(values, period, ema_weight(period))


@jit
def rma(values: Values, period: int) -> Float64:
    """Wilder's average at every row: float64, as long as the input. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of an RMA must be 1 or more")
    return _fold(values, period, 1.0 / period)


@jit
def sma_start(period: int) -> SmaState:
    """The state of an ``sma`` before the first row."""
    return SmaState(np.zeros(period, np.float64), 0, math.nan)


@jit
def sma_step(state: SmaState, value: float) -> SmaState:
    """Take one row in. The sum is taken anew each time, oldest slot first: no rounding creeps in. Cost: the period."""
    if math.isnan(value):
        return state
    ring = state.ring
    period = len(ring)
    ring[state.seen % period] = value
    seen = state.seen + 1
    if seen < period:
        return SmaState(ring, seen, math.nan)
    total = 0.0
    for slot in range(period):
        total += ring[slot]
    return SmaState(ring, seen, total / period)


@jit
def sma(values: Values, period: int) -> Float64:
    """The simple average at every row: float64, as long as the input. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of an SMA must be 1 or more")
    out = np.empty(len(values), np.float64)
    state = sma_start(period)
    for row in range(len(values)):
        state = sma_step(state, float(values[row]))
        out[row] = state.value
    return out
