"""Parabolic stop and reverse as Pine's ``ta.sar`` (J. Welles Wilder, 1978), in the unit of the prices.

- Row 0 shows nothing. At row 1 the direction is that of the close (above the one before: up); the stop begins at the
  low before (down: the high before), the extreme is the high of row 1 (the low).
- Every row: ``stop = stop + acceleration * (extreme - stop)``. A stop that the bar has passed reverses: it jumps to the
  extreme (or the bar's own high or low, if further), the extreme begins anew and the acceleration at ``start``. Else a
  new extreme adds ``step`` to the acceleration, up to ``most``.
- At last the stop may not lie inside the two bars before.
- Row i uses rows up to i. A NaN in a bar makes the stop NaN from its row on; it never comes back.

Source: the Pine code that TradingView's reference prints beside ``ta.sar``. TA-Lib begins otherwise (direction by
directional movement): the two agree from a common reversal on.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit

__all__ = ["SarState", "sar", "sar_start", "sar_step"]

Float64 = NDArray[np.float64]
Prices = NDArray[Any]


class SarState(NamedTuple):
    """Bars seen, the bar before and the one before it, direction, stop (what is shown), extreme, acceleration."""

    seen: int
    high: float
    low: float
    close: float
    older_high: float
    older_low: float
    is_up: bool
    stop: float
    extreme: float
    acceleration: float


@jit
def sar_start() -> SarState:
    """The state before the first row."""
    nan = math.nan
    return SarState(0, nan, nan, nan, nan, nan, False, nan, nan, 0.0)


@jit
def _first(state: SarState, high: float, low: float, close: float, start: float) -> SarState:
    """Row 1, as if it were a row after a reversal: direction, stop, extreme."""
    if close > state.close:
        return SarState(1, state.high, state.low, state.close, math.nan, math.nan, True, state.low, high, start)
    return SarState(1, state.high, state.low, state.close, math.nan, math.nan, False, state.high, low, start)


@jit
def _is_lost(state: SarState, prices: float) -> bool:
    """Whether this bar or one before it held a NaN."""
    return math.isnan(prices + state.high + state.low + state.close) or (state.seen > 1 and math.isnan(state.stop))


@jit
def sar_step(
    state: SarState, high: float, low: float, close: float, start: float, step: float, most: float
) -> SarState:
    """Take one bar in; ``stop`` is what this row shows (NaN at the first). Cost: constant."""
    if state.seen == 0:
        return SarState(1, high, low, close, math.nan, math.nan, False, math.nan, math.nan, start)
    if _is_lost(state, high + low + close):
        return SarState(state.seen + 1, high, low, close, math.nan, math.nan, False, math.nan, math.nan, start)
    is_new = state.seen == 1
    before = _first(state, high, low, close, start) if is_new else state
    is_up, extreme, acceleration = before.is_up, before.extreme, before.acceleration
    stop = before.stop + acceleration * (extreme - before.stop)
    if is_up and stop > low:
        is_new, is_up, stop, extreme, acceleration = True, False, max(high, extreme), low, start
    elif not is_up and stop < high:
        is_new, is_up, stop, extreme, acceleration = True, True, min(low, extreme), high, start
    if not is_new and ((is_up and high > extreme) or (not is_up and low < extreme)):
        extreme = high if is_up else low
        acceleration = min(acceleration + step, most)
    if is_up:
        stop = min(stop, state.low)
        if state.seen > 1:
            stop = min(stop, state.older_low)
    else:
        stop = max(stop, state.high)
        if state.seen > 1:
            stop = max(stop, state.older_high)
    return SarState(state.seen + 1, high, low, close, state.high, state.low, is_up, stop, extreme, acceleration)


@jit
def sar(high: Prices, low: Prices, close: Prices, start: float, step: float, most: float) -> Float64:
    """The stop at every row: float64 in the unit of the prices, as long as the input, NaN at row 0. Cost: one pass."""
    out = np.empty(len(high), np.float64)
    state = sar_start()
    for row in range(len(high)):
        state = sar_step(state, float(high[row]), float(low[row]), float(close[row]), start, step, most)
        out[row] = state.stop
    return out
