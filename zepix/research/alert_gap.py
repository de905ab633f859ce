"""How far the prices in the alerts lie from ours, and whether moving the bars by whole hours would mend it.

An alert often carries its chart's price. Ours at that instant is the mid of the price then known. The gap is in points,
unsigned. A few points are two feeds; a large gap that shrinks to a few points when the bars are moved by some hours is
a wrong time zone, the commonest mistake with recorded prices. Hours from -14 to +14 are tried, and a shift is only
named where the median gap falls below a third, on enough alerts, in enough different bars, and from more than the
spread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import Alert, Instrument, Series
from zepix.model.series import Int64
from zepix.research.columns import Float64, quotes_at

__all__ = ["MIN_ALERTS", "SHIFTS_H", "AlertGap", "alert_gaps"]

SHIFTS_H: Final = tuple(h for h in range(-14, 15) if h)
MIN_ALERTS: Final = 8
_MAX_SEARCHED: Final = 2000
_FITS_BETTER: Final = 1 / 3
_HOUR_NS: Final = 3_600_000_000_000
_STALE_NS: Final = 600_000_000_000


@dataclass(frozen=True, slots=True)
class AlertGap:
    """The gap of one symbol: alerts compared, median, 95th percentile and largest in points; the better shift, if any.

    ``compared`` counts alerts with a price of their own while ours was at most ten minutes (or one bar) old.
    ``shift_h`` is by how many hours the bars would have to be moved, ``shift_median_points`` the median then.
    """

    symbol: str
    compared: int
    median_points: float | None = None
    p95_points: float | None = None
    max_points: float | None = None
    median_pips: float | None = None
    shift_h: int | None = None
    shift_median_points: float | None = None

    @property
    def warning(self) -> str | None:
        """A sentence where moving the bars would fit the alerts far better."""
        if self.shift_h is None:
            return None
        return (
            f"{self.symbol}: alert prices fit the bars far better when the bars are moved by {self.shift_h:+d} h "
            f"(median gap {self.shift_median_points:.0f} points instead of {self.median_points:.0f}, "
            f"{self.compared} alerts): is the bars' time zone wrong?"
        )

    def as_dict(self) -> dict[str, Any]:
        """The fields, and ``warning`` where there is one."""
        return {**asdict(self), "warning": self.warning}


def alert_gaps(record: RunRecord) -> list[AlertGap]:
    """One entry a symbol that has prices and at least one alert with a price, in the order of the series."""
    by_symbol: dict[str, list[Alert]] = {}
    for alert in record.alerts:
        if isinstance(alert, Alert) and alert.price is not None and math.isfinite(alert.price) and alert.price > 0:
            by_symbol.setdefault(alert.symbol, []).append(alert)
    return [
        _gap(series, record.catalogue[symbol], by_symbol[symbol])
        for symbol, series in record.series.items()
        if symbol in by_symbol and len(series)
    ]


def _gap(series: Series, instrument: Instrument, alerts: Sequence[Alert]) -> AlertGap:
    times = np.array([a.received_ns for a in alerts], np.int64)
    quoted = np.array([a.price for a in alerts], np.float64) / instrument.point_float
    gaps = _gaps(series, times, quoted, 0)
    if not len(gaps):
        return AlertGap(series.symbol, 0)
    median = float(np.median(gaps))
    shift_h, shift_median = _better_shift(series, times, quoted, median)
    return AlertGap(
        symbol=series.symbol,
        compared=len(gaps),
        median_points=median,
        p95_points=float(np.percentile(gaps, 95)),
        max_points=float(gaps.max()),
        median_pips=median / instrument.pip_points if instrument.pip_points else None,
        shift_h=shift_h,
        shift_median_points=shift_median,
    )


def _better_shift(series: Series, times: Int64, quoted: Float64, median: float) -> tuple[int | None, float | None]:
    """The shift with the smallest median gap, if it is far below ``median`` and rests on enough alerts and bars."""
    if median <= _median_spread(series):
        return None, None
    if len(times) > _MAX_SEARCHED:
        some = np.linspace(0, len(times) - 1, _MAX_SEARCHED).astype(np.int64)
        times, quoted = times[some], quoted[some]
    best: tuple[float, int] | None = None
    for shift_h in SHIFTS_H:
        gaps = _gaps(series, times, quoted, shift_h)
        if len(gaps) >= max(MIN_ALERTS, len(times) / 2) and _bars_met(series, times, shift_h) >= MIN_ALERTS:
            candidate = (float(np.median(gaps)), shift_h)
            best = candidate if best is None else min(best, candidate)
    if best is None or best[0] >= median * _FITS_BETTER:
        return None, None
    return best[1], best[0]


def _gaps(series: Series, times: Int64, quoted: Float64, shift_h: int) -> Float64:
    """Unsigned gaps in points with the bars moved by ``shift_h``, of the alerts at which our price is fresh."""
    at = times - shift_h * _HOUR_NS
    bid, ask, known = quotes_at(series, at)
    mids = (bid + ask) / 2
    gaps: Float64 = np.abs(quoted - mids)[known & _is_fresh(series, at)]
    return gaps


def _is_fresh(series: Series, at: Int64) -> Any:
    """Whether the last bar before an instant ended at most ten minutes, or one bar, before it."""
    row = np.maximum(np.searchsorted(series.time, at, side="right") - 1, 0)
    return at - (series.time[row] + series.timeframe_ns) <= max(_STALE_NS, series.timeframe_ns)


def _bars_met(series: Series, times: Int64, shift_h: int) -> int:
    return len(np.unique(np.searchsorted(series.time, times - shift_h * _HOUR_NS, side="right")))


def _median_spread(series: Series) -> float:
    step = max(1, len(series) // 10_000)
    return float(np.median(series.ask_close[::step].astype(np.int64) - series.bid_close[::step]))
