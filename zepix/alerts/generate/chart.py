"""The bars of one chart as the indicators see them, and which of them have closed.

Prices are those of the bid, as float64 points (whole numbers, so nothing is lost). A longer bar is made of the rows
that begin in it, as everywhere in zepix, and counts from the moment it has ended: a bar that the data leave unfinished
is not there yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.errors import ConfigError
from zepix.kernels.resample import fold_first, fold_last, fold_max, fold_min, group_starts, group_times
from zepix.model import Series
from zepix.model import timeframe as timeframes
from zepix.model.series import Int64

__all__ = ["Chart", "chart_of", "code", "length_ns"]

Float64 = NDArray[np.float64]
_MINUTE_NS: Final = 60_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Closed bars: ``end`` (int64 ns UTC, the moment each was known), prices and volumes (None: the feed has none)."""

    symbol: str
    timeframe: str
    end: Int64
    open: Float64
    high: Float64
    low: Float64
    close: Float64
    volume: Float64 | None

    def __len__(self) -> int:
        return len(self.end)


def length_ns(timeframe: str) -> int:
    """The length of a bar. Raises ConfigError for what is no timeframe."""
    try:
        return timeframes.minutes(timeframe) * _MINUTE_NS
    except ValueError as why:
        raise ConfigError(f"timeframe of a chart: {why}") from why


def code(timeframe: str) -> str:
    """As TradingView writes it in these alerts: ``5``, ``60``, ``240``, ``1D``."""
    count = timeframes.minutes(timeframe)
    return f"{count // 1440}D" if count % 1440 == 0 else str(count)


def chart_of(series: Series, timeframe: str, volume: NDArray[Any] | None = None) -> Chart:
    """The closed bars of ``timeframe`` made of the bars of ``series``; ``volume`` stands beside its rows, or is None.

    Raises ConfigError where such bars cannot be made of these.
    """
    target_ns = length_ns(timeframe)
    if series.timeframe_ns <= 0 or target_ns % series.timeframe_ns:
        raise ConfigError(
            f"{series.symbol}: bars of {series.timeframe} cannot be made into bars of {timeframe}; "
            "expected bars, and a timeframe that is a whole multiple of theirs"
        )
    starts = group_starts(series.time, target_ns)
    end = group_times(series.time, starts, target_ns) + target_ns
    closed = int(np.searchsorted(end, series.end_ns, side="right")) if len(series) else 0
    folded = (
        fold_first(series.bid_open, starts),
        fold_max(series.bid_high, starts),
        fold_min(series.bid_low, starts),
        fold_last(series.bid_close, starts),
    )
    prices = [column[:closed].astype(np.float64) for column in folded]
    volumes = None
    if volume is not None:
        volumes = np.add.reduceat(volume.astype(np.float64), starts)[:closed] if len(starts) else np.zeros(0)
    opened, high, low, close = prices
    return Chart(series.symbol, timeframes.normalise(timeframe), end[:closed], opened, high, low, close, volumes)
