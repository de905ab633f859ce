"""The last few rows: highest, lowest, sum, and how far the price is from where it was (Pine's ``ta.mom``).

- A window holds the last ``period`` rows; in the first ``period - 1`` rows the result is NaN.
- Highest and lowest are NaN where the value is; they then look at the rows after it only, and have a result from the
  next number on (so a source that begins with NaN has one at row ``period - 1``, or its first number if later).
- A sum passes a NaN over: it is that of the last ``period`` numbers. In ``momentum`` a NaN at either end gives NaN.
- Row i uses rows up to i. The result has the unit of the values, float64.

Source: TradingView's Pine reference, ``ta.highest``, ``ta.lowest``, ``ta.mom``, ``math.sum``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit

__all__ = [
    "ExtremeState",
    "LagState",
    "SumState",
    "extreme_start",
    "extreme_step",
    "highest",
    "lag_start",
    "lag_step",
    "lowest",
    "momentum",
    "sum_start",
    "sum_step",
]

Float64 = NDArray[np.float64]
Values = NDArray[Any]


class ExtremeState(NamedTuple):
    """The window as a ring of values times ``sign``; rows seen, numbers since the last NaN, the largest of them and
    which it was; what this row shows."""

    ring: Float64
    rows: int
    seen: int
    largest: float
    at: int
    value: float


class LagState(NamedTuple):
    """The last ``period`` rows as a ring, rows seen, and the value ``period`` rows ago (NaN: there is none)."""

    ring: Float64
    seen: int
    value: float


class SumState(NamedTuple):
    """The window as a ring, numbers seen, and their sum as this row shows it (NaN: fewer than the window holds)."""

    ring: Float64
    seen: int
    value: float


@jit
def extreme_start(period: int) -> ExtremeState:
    """The state before the first row."""
    return ExtremeState(np.zeros(period, np.float64), 0, 0, -math.inf, 0, math.nan)


@jit
def extreme_step(state: ExtremeState, value: float, sign: float) -> ExtremeState:
    """Take one row in; ``sign`` 1 looks for the highest, -1 for the lowest.

    Cost: constant as a rule, the period where the extreme has just left the window.
    """
    rows = state.rows + 1
    if math.isnan(value):
        return ExtremeState(state.ring, rows, 0, -math.inf, 0, math.nan)
    ring, at, largest = state.ring, state.at, state.largest
    period = len(ring)
    number = state.seen
    ring[number % period] = sign * value
    if sign * value >= largest:
        largest, at = sign * value, number
    elif at <= number - period:
        at, largest = _largest(ring, number)
    return ExtremeState(ring, rows, number + 1, largest, at, sign * largest if rows >= period else math.nan)


@jit
def _largest(ring: Float64, newest: int) -> tuple[int, float]:
    """The number and the value of the largest in a full ring; the newer one of equals."""
    at, largest = newest, ring[newest % len(ring)]
    for number in range(newest - 1, newest - len(ring), -1):
        if ring[number % len(ring)] > largest:
            at, largest = number, ring[number % len(ring)]
    return at, largest


@jit
def _extremes(values: Values, period: int, sign: float) -> Float64:
    out = np.empty(len(values), np.float64)
    state = extreme_start(period)
    for row in range(len(values)):
        state = extreme_step(state, float(values[row]), sign)
        out[row] = state.value
    return out


@jit
def highest(values: Values, period: int) -> Float64:
    """The highest of the last ``period`` numbers at every row. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of a highest must be 1 or more")
    return _extremes(values, period, 1.0)


@jit
def lowest(values: Values, period: int) -> Float64:
    """The lowest of the last ``period`` numbers at every row. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of a lowest must be 1 or more")
    return _extremes(values, period, -1.0)


@jit
def sum_start(period: int) -> SumState:
    """The state before the first row."""
    return SumState(np.zeros(period, np.float64), 0, math.nan)


@jit
def sum_step(state: SumState, value: float) -> SumState:
    """Take one row in; the sum is taken anew, so no rounding creeps in. Cost: the period."""
    if math.isnan(value):
        return state
    ring = state.ring
    ring[state.seen % len(ring)] = value
    seen = state.seen + 1
    if seen < len(ring):
        return SumState(ring, seen, math.nan)
    total = 0.0
    for slot in range(len(ring)):
        total += ring[slot]
    return SumState(ring, seen, total)


@jit
def lag_start(period: int) -> LagState:
    """The state before the first row."""
    return LagState(np.zeros(period, np.float64), 0, math.nan)


@jit
def lag_step(state: LagState, value: float) -> LagState:
    """Take one row in; ``value`` of the state is then the row ``period`` before it. Cost: constant."""
    ring = state.ring
    slot = state.seen % len(ring)
    before = ring[slot] if state.seen >= len(ring) else math.nan
    ring[slot] = value
    return LagState(ring, state.seen + 1, before)


@jit
def momentum(values: Values, period: int) -> Float64:
    """``value - value of period rows ago`` at every row, NaN in the first ``period``. Raises ValueError below 1."""
    if period < 1:
        raise ValueError("the period of a momentum must be 1 or more")
    out = np.empty(len(values), np.float64)
    state = lag_start(period)
    for row in range(len(values)):
        state = lag_step(state, float(values[row]))
        out[row] = values[row] - state.value
    return out
