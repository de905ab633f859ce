"""The trends of six timeframes as a chart sees them at each of its closes: -1, 0 or 1.

Each timeframe's bars are made of the same data and only closed ones count: at a close the trend of a longer (or
shorter) timeframe is that of its last bar that has ended by then. A timeframe shorter than the data, or none of whose
bars has left its band yet, has no trend: 0. Nothing is guessed from longer bars.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.alerts.generate.chart import Chart, chart_of, length_ns
from zepix.alerts.generate.settings import IndicatorSettings, LegacySettings
from zepix.kernels.indicators_trend import zero_lag_trend
from zepix.model import Series

__all__ = ["TIMEFRAMES", "Trends", "changed", "counts", "is_known", "trend_of"]

TIMEFRAMES: Final = ("1m", "5m", "15m", "1h", "4h", "1d")
Int8 = NDArray[np.int8]
Float64 = NDArray[np.float64]


def is_known(series: Series, timeframe: str) -> bool:
    """Whether bars of ``timeframe`` can be made of these."""
    return series.timeframe_ns > 0 and length_ns(timeframe) % series.timeframe_ns == 0


def trend_of(chart: Chart, settings: IndicatorSettings | LegacySettings) -> tuple[Int8, Float64]:
    """Trend and zero-lag average (points) at each bar of a chart."""
    return zero_lag_trend(chart.high, chart.low, chart.close, settings.trend_period, settings.trend_width)


class Trends:
    """The six trends of one series; computed once, read by every chart of it."""

    def __init__(self, series: Series, settings: IndicatorSettings) -> None:
        self.unknown = tuple(word for word in TIMEFRAMES if not is_known(series, word))
        self._of: list[tuple[NDArray[np.int64], Int8] | None] = []
        for word in TIMEFRAMES:
            if word in self.unknown:
                self._of.append(None)
                continue
            chart = chart_of(series, word)
            self._of.append((chart.end, trend_of(chart, settings)[0]))

    def at(self, moments: NDArray[np.int64]) -> Int8:
        """The six trends (columns, 1m to 1d) as they were known at each moment (rows)."""
        out = np.zeros((len(moments), len(TIMEFRAMES)), np.int8)
        for column, known in enumerate(self._of):
            if known is None or not len(known[0]):
                continue
            end, trend = known
            last = np.searchsorted(end, moments, side="right") - 1
            out[:, column] = np.where(last >= 0, trend[np.maximum(last, 0)], 0)
        return out


def counts(trends: Int8) -> tuple[NDArray[Any], NDArray[Any]]:
    """How many of the six rise, and how many fall, at each row."""
    return (trends > 0).sum(axis=1), (trends < 0).sum(axis=1)


def changed(trends: Int8) -> NDArray[np.bool_]:
    """Which trends are others than in the row before; none in the first."""
    out = np.zeros(trends.shape, np.bool_)
    out[1:] = trends[1:] != trends[:-1]
    return out
