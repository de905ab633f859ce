"""How many bars a second each indicator takes, on one core; the table of docs/generate.md.

    python tests/unit/kernels/indicator_speed.py

A million bars of a seeded walk in memory, the fastest of seven calls, compiling not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from indicator_bars import Bars, walk

from zepix.kernels.atr import atr
from zepix.kernels.indicators_averages import ema, rma, sma
from zepix.kernels.indicators_dmi import dmi
from zepix.kernels.indicators_fisher import fisher
from zepix.kernels.indicators_macd import macd
from zepix.kernels.indicators_mfi import mfi
from zepix.kernels.indicators_rsi import rsi
from zepix.kernels.indicators_sar import sar
from zepix.kernels.indicators_stochastic import stochastic
from zepix.kernels.indicators_trend import zero_lag_trend, zlema
from zepix.kernels.indicators_vortex import vortex
from zepix.kernels.indicators_windows import highest, momentum

CALLS: dict[str, Callable[[Bars], object]] = {
    "sma(20)": lambda b: sma(b.close, 20),
    "ema(20)": lambda b: ema(b.close, 20),
    "rma(14)": lambda b: rma(b.close, 14),
    "highest(14)": lambda b: highest(b.high, 14),
    "highest(210)": lambda b: highest(b.high, 210),
    "momentum(10)": lambda b: momentum(b.close, 10),
    "rsi(14)": lambda b: rsi(b.close, 14),
    "macd(12, 26, 9)": lambda b: macd(b.close, 12, 26, 9),
    "stochastic(14, 1, 3)": lambda b: stochastic(b.high, b.low, b.close, 14, 1, 3),
    "vortex(14)": lambda b: vortex(b.high, b.low, b.close, 14),
    "dmi(14, 14)": lambda b: dmi(b.high, b.low, b.close, 14, 14),
    "sar(0.02, 0.02, 0.2)": lambda b: sar(b.high, b.low, b.close, 0.02, 0.02, 0.2),
    "mfi(14)": lambda b: mfi(b.close, b.volume, 14),
    "fisher(9)": lambda b: fisher(b.close, 9),
    "atr(14)": lambda b: atr(b.high, b.low, b.close, 14),
    "zlema(70)": lambda b: zlema(b.close, 70),
    "zero_lag_trend(70, 1.2)": lambda b: zero_lag_trend(b.high, b.low, b.close, 70, 1.2),
}


def bars_a_second(call: Callable[[Bars], object], bars: Bars) -> float:
    """The fastest of seven calls, after one that is not counted."""
    call(bars)
    best_s = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        call(bars)
        best_s = min(best_s, time.perf_counter() - start)
    return len(bars.close) / best_s


if __name__ == "__main__":
    million = walk(1_000_000)
    for name, call in CALLS.items():
        print(f"| `{name}` | {bars_a_second(call, million) / 1e6:.1f} |")
