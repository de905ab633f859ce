"""Money flow index as Pine's ``ta.mfi``: volume times price on rising bars against falling ones, 0 to 100.

- ``flow = volume * price`` (the price is usually the mean of high, low and close); it is a gain where the price rose, a
  loss where it fell, neither where it stood. The first row has no row before it and, as in Pine, counts as both.
- ``mfi = 100 - 100 / (1 + gains / losses)`` over the last ``period`` rows, first at row ``period - 1``; without losses
  it is 100. TA-Lib does not count the first row: the two agree from row ``period`` on (TA-Lib's first).
- A NaN in price or volume gives NaN in its row and is passed over; the next row compares with the last number.
- Row i uses rows up to i; float64. Volumes are whatever the feed counts (ticks, contracts).

Source: TradingView's Pine reference, ``ta.mfi``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.kernels.indicators_windows import SumState, sum_start, sum_step

__all__ = ["MfiState", "mfi", "mfi_start", "mfi_step"]

Float64 = NDArray[np.float64]
Values = NDArray[Any]


class MfiState(NamedTuple):
    """The last price (NaN before the first), sums of gains and losses, what this row shows."""

    last: float
    gains: SumState
    losses: SumState
    value: float


@jit
def mfi_start(period: int) -> MfiState:
    """The state before the first row."""
    return MfiState(math.nan, sum_start(period), sum_start(period), math.nan)


@jit
def mfi_step(state: MfiState, price: float, volume: float) -> MfiState:
    """Take one row in. Cost: the period."""
    flow = volume * price
    if math.isnan(flow):
        return MfiState(state.last, state.gains, state.losses, math.nan)
    is_first = math.isnan(state.last)
    gains = sum_step(state.gains, flow if is_first or price > state.last else 0.0)
    losses = sum_step(state.losses, flow if is_first or price < state.last else 0.0)
    return MfiState(price, gains, losses, _index(gains.value, losses.value))


@jit
def _index(gains: float, losses: float) -> float:
    if math.isnan(gains):
        return math.nan
    return 100.0 if losses == 0.0 else 100.0 - 100.0 / (1.0 + gains / losses)


@jit
def mfi(prices: Values, volumes: Values, period: int) -> Float64:
    """The index at every row: float64 in per cent, as long as the input. Raises ValueError for a period below 1."""
    if period < 1:
        raise ValueError("the period of an MFI must be 1 or more")
    out = np.empty(len(prices), np.float64)
    state = mfi_start(period)
    for row in range(len(prices)):
        state = mfi_step(state, float(prices[row]), float(volumes[row]))
        out[row] = state.value
    return out
