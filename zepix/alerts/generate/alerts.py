"""The alerts of one series, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from zepix.alerts.generate import legacy, v3, v6
from zepix.alerts.generate.chart import Chart, chart_of
from zepix.alerts.generate.settings import LegacySettings, Settings, V3Settings, settings_of
from zepix.alerts.generate.trends import Trends
from zepix.errors import ConfigError
from zepix.model import Instrument, Series
from zepix.model import timeframe as timeframes

__all__ = ["Generated", "charts_of", "generate"]


class Generated(NamedTuple):
    """One alert: when the bar ended that sent it, what it is, and its body as it goes over the wire."""

    received_ns: int
    symbol: str
    timeframe: str
    kind: str
    body: str


def generate(
    series: Series,
    instrument: Instrument,
    dialect: str,
    *,
    timeframes: Sequence[str] = (),
    settings: Settings | None = None,
    volume: NDArray[Any] | None = None,
    from_ns: int | None = None,
    to_ns: int | None = None,
) -> Iterator[Generated]:
    """The alerts that the script of ``dialect`` (``v3, v6, legacy``) would have sent, bar close by bar close.

    ``series`` are bars of any timeframe, of which bid prices are used; ``timeframes`` the charts it runs on (none: the
    bars' own), each a multiple of theirs. ``volume`` stands beside the rows of ``series``, where the feed counts any.
    An alert is received at its bar's end, and knows rows that ended by then only. All bars warm the indicators up;
    alerts received before ``from_ns`` or from ``to_ns`` on are left away. Charts are merged in order of time, shorter
    ones first.

    Raises ConfigError for ticks, an unknown dialect, settings of another one, a chart that cannot be made of these
    bars, or volumes of another length.
    """
    chosen = settings_of(dialect) if settings is None else settings
    if not isinstance(chosen, type(settings_of(dialect))):
        raise ConfigError(f"dialect {dialect} needs its own settings, not {type(chosen).__name__}")
    charts = charts_of(series, timeframes, volume)
    if isinstance(chosen, LegacySettings):
        legacy.check(charts)
        trends = None
    else:
        trends = Trends(series, chosen)
    streams = [_alerts(chart, trends, chosen, instrument.point_float, rank) for rank, chart in enumerate(charts)]
    return (
        alert
        for _, _, alert in heapq.merge(*streams, key=lambda item: item[:2])
        if (from_ns is None or alert.received_ns >= from_ns) and (to_ns is None or alert.received_ns < to_ns)
    )


def charts_of(series: Series, words: Sequence[str], volume: NDArray[Any] | None = None) -> list[Chart]:
    """The charts of a series, shortest first, each once. Raises ConfigError."""
    if series.timeframe_ns <= 0:
        raise ConfigError(f"{series.symbol}: alerts are made from bars, and these are ticks; make bars of them first")
    if volume is not None and len(volume) != len(series):
        raise ConfigError(f"{series.symbol}: {len(volume)} volumes stand beside {len(series)} bars; as many are needed")
    try:
        minutes = {timeframes.minutes(word) for word in words or (series.timeframe,)}
    except ValueError as why:
        raise ConfigError(f"timeframe of a chart: {why}") from why
    return [chart_of(series, str(count), volume) for count in sorted(minutes)]


def _alerts(
    chart: Chart, trends: Trends | None, settings: Settings, point: float, rank: int
) -> Iterator[tuple[int, int, Generated]]:
    """(moment, rank of the chart, alert) of one chart."""
    if isinstance(settings, LegacySettings):
        found = legacy.bodies(chart, settings, point)
    else:
        assert trends is not None, "V3 and V6 look at six timeframes"
        if isinstance(settings, V3Settings):
            found = v3.bodies(chart, trends, settings, point)
        else:
            found = v6.bodies(chart, trends, settings, point)
    for row, kind, body in found:
        moment = int(chart.end[row])
        yield moment, rank, Generated(moment, chart.symbol, chart.timeframe, kind, body)
