"""Longer bars from shorter ones or from ticks, both sides of the quote.

A longer bar begins at a multiple of its length since 1970 UTC (a day at 00:00 UTC) and holds the bars that begin in it:
first open, highest high, lowest low, last close. Hours without any bar give none. The first and the last may be made
of fewer rows than the others, as the data begins or ends inside them. A bar made of ticks holds those from its time
on that come before the next bar's; bid and ask have their own highs and lows.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from zepix.data.build import series_of, timeframe_ns
from zepix.data.week import find_gaps
from zepix.errors import ConfigError
from zepix.kernels.resample import fold_first, fold_last, fold_max, fold_min, group_starts, group_times
from zepix.model import Series
from zepix.model import timeframe as timeframes

__all__ = ["resample"]

_FOLDS = {"open": fold_first, "high": fold_max, "low": fold_min, "close": fold_last}


def resample(series: Series, timeframe: str) -> Series:
    """The series (bars or ticks) in bars of ``timeframe`` (``15m``, ``H1``, ...), with its own index.

    Itself if it is of that timeframe already. Raises ConfigError if ``timeframe`` is none, shorter than the bars, or
    no multiple of them.
    """
    try:
        word = timeframes.from_file_name(timeframe)
    except ValueError as why:
        raise ConfigError(f"resampling {series.symbol}: {why}") from why
    if word == series.timeframe:
        return series
    length_ns = timeframe_ns(word)
    if length_ns < max(series.timeframe_ns, 1) or (series.timeframe_ns and length_ns % series.timeframe_ns):
        raise ConfigError(
            f"{series.symbol}: bars of {series.timeframe} cannot be made into bars of {word}; "
            "expected a longer timeframe, a whole multiple"
        )
    starts = group_starts(series.time, length_ns)
    arrays: dict[str, NDArray[Any]] = {"time": group_times(series.time, starts, length_ns)}
    for side in ("bid", "ask"):
        for price, fold in _FOLDS.items():
            arrays[f"{side}_{price}"] = fold(getattr(series, f"{side}_{price}"), starts)
    return series_of(series.symbol, word, arrays, _facts(series, arrays["time"], length_ns))


def _facts(series: Series, time: NDArray[Any], length_ns: int) -> dict[str, Any]:
    """Facts of the longer bars; counts of repaired prices stay those of the source."""
    gaps = find_gaps(time, length_ns, str(series.facts.get("trading_week", "24/5")))
    kept = {key: value for key, value in series.facts.items() if key != "written_last_ns"}
    return {
        **kept,
        "resampled_from": series.timeframe,
        "rows": len(time),
        "first_ns": int(time[0]) if len(time) else 0,
        "last_ns": int(time[-1]) if len(time) else 0,
        "gaps": len(gaps.rows),
        "missing_bars": gaps.missing_bars,
    }
