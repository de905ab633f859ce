"""Convergence and divergence of two averages as Pine's ``ta.macd``: a line and its signal, in the unit of the values.

- ``line = ema(fast) - ema(slow)``, each seeded by the mean of its own first numbers; first at row ``slow - 1``.
- ``signal = ema(line)``, seeded by the mean of the first ``smooth`` lines; first at row ``slow + smooth - 2``.
- Row i uses rows up to i; a NaN gives NaN in its row and is passed over.

Source: TradingView's Pine reference, ``ta.macd``. TA-Lib begins the fast average later (so that both begin at one
row): the two agree once that difference has died away.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.kernels.indicators_averages import AverageState, average_start, average_step, ema_weight

__all__ = ["MacdState", "macd", "macd_start", "macd_step"]

Float64 = NDArray[np.float64]
Values = NDArray[Any]


class MacdState(NamedTuple):
    """The two averages, that of their difference, and the line as this row shows it (the signal: ``smooth.value``)."""

    fast: AverageState
    slow: AverageState
    smooth: AverageState
    line: float


@jit
def macd_start() -> MacdState:
    """The state before the first row."""
    return MacdState(average_start(), average_start(), average_start(), math.nan)


@jit
def macd_step(state: MacdState, value: float, fast: int, slow: int, smooth: int) -> MacdState:
    """Take one row in. Cost: constant."""
    short = average_step(state.fast, value, fast, ema_weight(fast))
    long = average_step(state.slow, value, slow, ema_weight(slow))
    line = short.value - long.value
    return MacdState(short, long, average_step(state.smooth, line, smooth, ema_weight(smooth)), line)


@jit
def macd(values: Values, fast: int, slow: int, smooth: int) -> tuple[Float64, Float64]:
    """Line and signal at every row: two float64 arrays as long as the input. Raises ValueError for a period below 1."""
    if fast < 1 or slow < 1 or smooth < 1:
        raise ValueError("the periods of a MACD must be 1 or more")
    lines = np.empty(len(values), np.float64)
    signals = np.empty(len(values), np.float64)
    state = macd_start()
    for row in range(len(values)):
        state = macd_step(state, float(values[row]), fast, slow, smooth)
        lines[row], signals[row] = state.line, state.smooth.value
    return lines, signals
