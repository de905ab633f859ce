"""What the nine indicators say at each bar (rising, falling), and the numbers that alerts carry.

| indicator  | rises where                                   | falls where |
|------------|-----------------------------------------------|-------------|
| MACD       | the line is above its signal                  | below       |
| STOCH      | K is above D                                  | below       |
| VORTEX     | VI+ is above VI-                              | below       |
| MOMENTUM   | the close is above that of ten bars ago       | below       |
| RSI        | it is above 50                                | below       |
| PSAR       | the close is above the stop                   | below       |
| DMI        | +DI is above -DI                              | below       |
| MFI        | it is above 50; nothing without volumes       | below       |
| FISHER     | the line is above that of the bar before      | below       |

The description of the scripts names the nine and their weights, not these readings or the lengths: they are the
built-in indicators' defaults and their usual reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.alerts.generate.chart import Chart
from zepix.alerts.generate.settings import IndicatorSettings
from zepix.alerts.generate.trends import trend_of
from zepix.kernels.atr import atr
from zepix.kernels.indicators_dmi import dmi
from zepix.kernels.indicators_fisher import fisher
from zepix.kernels.indicators_macd import macd
from zepix.kernels.indicators_mfi import mfi
from zepix.kernels.indicators_rsi import rsi
from zepix.kernels.indicators_sar import sar
from zepix.kernels.indicators_stochastic import stochastic
from zepix.kernels.indicators_vortex import vortex
from zepix.kernels.indicators_windows import momentum

__all__ = ["NAMES", "Readings", "crossings", "first_full", "read"]

NAMES: Final = ("MACD", "STOCH", "VORTEX", "MOMENTUM", "RSI", "PSAR", "DMI", "MFI", "FISHER")
Float64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Arrays as long as the chart. ``margins``: by name, above zero rises, below falls, NaN unknown.

    ``adx`` in per cent, ``atr`` and ``average`` (zero-lag) in points, ``trend`` of the chart itself.
    ``first`` is the first row at which all of them are known (the length of the chart where there is none).
    """

    margins: dict[str, Float64]
    adx: Float64
    atr: Float64
    average: Float64
    trend: NDArray[np.int8]
    first: int


def read(chart: Chart, settings: IndicatorSettings) -> Readings:
    """The indicators of a chart; row i of each knows bars up to i. MFI is missing where the chart has no volumes."""
    high, low, close = chart.high, chart.low, chart.close
    line, signal = macd(close, settings.macd_fast, settings.macd_slow, settings.macd_signal)
    k, d = stochastic(
        high, low, close, settings.stochastic_period, settings.stochastic_smooth_k, settings.stochastic_smooth_d
    )
    plus_vi, minus_vi = vortex(high, low, close, settings.vortex_period)
    adx, plus_di, minus_di = dmi(high, low, close, settings.dmi_period, settings.adx_smoothing)
    fish, trigger = fisher((high + low) / 2.0, settings.fisher_period)
    margins = {
        "MACD": line - signal,
        "STOCH": k - d,
        "VORTEX": plus_vi - minus_vi,
        "MOMENTUM": momentum(close, settings.momentum_period),
        "RSI": rsi(close, settings.rsi_period) - settings.rsi_level,
        "PSAR": close - sar(high, low, close, settings.sar_start, settings.sar_step, settings.sar_most),
        "DMI": plus_di - minus_di,
        "FISHER": fish - trigger,
    }
    if chart.volume is not None:
        typical = (high + low + close) / 3.0
        margins["MFI"] = mfi(typical, chart.volume, settings.mfi_period) - settings.mfi_level
    span = atr(high, low, close, settings.atr_period)
    trend, average = trend_of(chart, settings)
    first = first_full([*margins.values(), adx, span, average], len(chart))
    return Readings(margins, adx, span, average, trend, first)


def first_full(columns: list[Float64], count: int) -> int:
    """The first row by which each column has had a number; ``count`` where one never has."""
    firsts = []
    for column in columns:
        known = ~np.isnan(column)
        firsts.append(int(np.argmax(known)) if known.any() else count)
    return max(firsts, default=0)


def crossings(close: Float64, found: Readings) -> tuple[Bools, Bools, Bools, Bools]:
    """Where the chart's trend turns up, down; and where the close crosses the average up, down within a trend."""
    trend, average = found.trend, found.average
    before = np.concatenate((trend[:1], trend[:-1]))
    turns_up, turns_down = (trend == 1) & (before != 1), (trend == -1) & (before != -1)
    over: Any = np.zeros(len(close), np.bool_)
    under: Any = np.zeros(len(close), np.bool_)
    over[1:] = (close[1:] > average[1:]) & (close[:-1] <= average[:-1])
    under[1:] = (close[1:] < average[1:]) & (close[:-1] >= average[:-1])
    return turns_up, turns_down, over & (trend == 1) & (before == 1), under & (trend == -1) & (before == -1)
