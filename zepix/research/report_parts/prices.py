"""The price of a symbol with its tickets, their stops and targets over time, their chains, and the alerts refused.

A long series is thinned: the band keeps the lowest low and highest high of each bucket of bars, the line of closes its
shape; the page says how many bars a bucket holds. A short stretch is drawn as candles. The bars around a single ticket
are in ``excerpts``, unthinned where they fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import Instrument, Series
from zepix.model.series import Int64
from zepix.research.columns import FillColumns, prices_of
from zepix.research.report_parts.figures import BASE, Figure, axis, milliseconds, packed, time_axis
from zepix.research.report_parts.price_tickets import refused_marks, ticket_traces
from zepix.research.report_parts.thin import buckets, shape

__all__ = ["MAX_CANDLES", "MAX_DRAWN", "PriceFigure", "price_figure", "price_traces", "rows_between"]

MAX_DRAWN: Final = 2500
MAX_CANDLES: Final = 300
"""Up to so many bars a stretch is drawn as candles, of which one can tell the single one."""
_LONG_GAP_NS: Final = 6 * 3_600_000_000_000
_GREY: Final = "#5b6675"


@dataclass(frozen=True, slots=True)
class PriceFigure:
    """A figure, with what has to be said under it: bars a bucket, tickets drawn of how many."""

    figure: Figure
    bars_a_bucket: int
    drawn: int
    tickets: int

    def said(self) -> str:
        """What is left out of it, and what its levels are."""
        size = self.bars_a_bucket
        bars = "Every bar is drawn, at the bid. " if size == 1 else f"Each point stands for {size} bars, at the bid. "
        if not self.tickets:
            return bars + "No ticket was closed here."
        some = f"{self.drawn:,} of {self.tickets:,} tickets are drawn, evenly spread. "
        return f"{bars}{some if self.drawn < self.tickets else ''}Stops and targets are drawn as they moved."


def price_figure(
    record: RunRecord,
    fills: FillColumns,
    symbol: str,
    rows: Int64,
    limit: int,
    window: tuple[int, int] | None = None,
) -> PriceFigure:
    """The figure of ``symbol`` with the tickets in ``rows``, the price thinned to ``limit`` buckets.

    ``window``: from and to in nanoseconds; only what lies in it is drawn.
    """
    series, instrument = record.series[symbol], record.catalogue[symbol]
    first, last = (series.start_ns, series.end_ns) if window is None else window
    if window is not None:
        alive = (fills.integer("entry_ns")[rows] <= last) & (fills.integer("exit_ns")[rows] >= first)
        rows = rows[alive]
    drawn = rows if len(rows) <= MAX_DRAWN else rows[np.linspace(0, len(rows) - 1, MAX_DRAWN).astype(np.int64)]
    layout = {
        "height": 490,
        "legend": {**BASE["legend"], "y": -0.17, "yanchor": "top"},  # it takes several rows: below it pushes nothing
        "hovermode": "closest",
        "dragmode": "pan",
        "xaxis": time_axis(range=[first / 1e6, last / 1e6], rangeslider={"visible": False}),
        "yaxis": axis("price", tickformat=f",.{instrument.digits}f"),
    }
    size, data = price_traces(series, instrument, first, last, limit)
    data = [trace for trace in data if trace["visible"]]
    if len(drawn):
        data += ticket_traces(record, fills, drawn, series, instrument)
    data += refused_marks(record, symbol, series, instrument, (first, last), MAX_DRAWN)
    return PriceFigure({"data": data, "layout": layout}, size, len(drawn), len(rows))


def rows_between(series: Series, first_ns: int, last_ns: int) -> slice:
    """The bars that open in a stretch of time, and one on either side."""
    first, last = np.searchsorted(series.time, [first_ns, last_ns], side="left").tolist()
    return slice(max(0, first - 1), min(len(series), last + 1))


def price_traces(
    series: Series, instrument: Instrument, first_ns: int, last_ns: int, limit: int
) -> tuple[int, list[dict[str, Any]]]:
    """(bars a bucket, three traces): band and closes, or candles; those that are not meant are empty and not visible.

    Bid prices. Lines end before a long gap and begin anew after it.
    """
    cut = rows_between(series, first_ns, last_ns)
    time = series.time[cut]
    prices = (series.bid_open[cut], series.bid_high[cut], series.bid_low[cut], series.bid_close[cut])
    are_candles = 0 < len(time) <= MAX_CANDLES and series.timeframe_ns > 0
    empty = slice(0, 0)
    some = tuple(column[empty] for column in prices)
    size, band = _band(time[empty], some, instrument, limit) if are_candles else _band(time, prices, instrument, limit)
    closes = prices[3][empty] if are_candles else prices[3]
    line = _closes(time[empty] if are_candles else time, closes, instrument, limit)
    candles = _candles(time, prices, instrument, series.timeframe_ns) if are_candles else {"x": [], "open": []}
    return size, [
        {"type": "scatter", "mode": "lines", "name": "bid, low to high", "hoverinfo": "skip", "line": {"width": 0},
         "fill": "toself", "fillcolor": "rgba(110,122,138,0.30)", "visible": not are_candles, **band},
        {"type": "scatter", "mode": "lines", "name": "bid close", "hoverinfo": "skip",
         "line": {"width": 0.9, "color": _GREY}, "visible": not are_candles, **line},
        {"type": "candlestick", "name": f"bid, {series.timeframe}", "visible": are_candles,
         "increasing": {"line": {"color": _GREY, "width": 1}, "fillcolor": "#ffffff"},
         "decreasing": {"line": {"color": _GREY, "width": 1}, "fillcolor": _GREY}, **candles},
    ]  # fmt: skip


def _band(time: Int64, prices: Any, instrument: Instrument, limit: int) -> tuple[int, dict[str, Any]]:
    """The range of each bucket, as one outline for each stretch without a gap."""
    made = buckets(time, prices, limit)
    low, high = (prices_of(instrument, p.astype(np.int64)) for p in (made.low, made.high))
    around_x: list[Any] = []
    around_y: list[Any] = []
    for times, lows, highs in zip(*(np.split(c, _gaps(made.time)) for c in (made.time, low, high)), strict=True):
        around_x += [times, times[::-1], times[:1]]
        around_y += [lows, highs[::-1], np.full(min(1, len(times)), np.nan)]
    return made.size, {"x": milliseconds(np.concatenate(around_x)), "y": packed(np.concatenate(around_y))}


def _closes(time: Int64, close: Any, instrument: Instrument, limit: int) -> dict[str, Any]:
    """The line of closes in its shape; a break stands in every long gap."""
    gaps = _gaps(time)
    kept = shape(close, 2 * limit)
    breaks = np.unique(np.searchsorted(kept, gaps))
    breaks = breaks[(breaks > 0) & (breaks < len(kept))]
    times, closes = time[kept], prices_of(instrument, close[kept].astype(np.int64))
    return {
        "x": milliseconds(np.insert(times, breaks, times[breaks - 1] + 1_000_000)),
        "y": packed(np.insert(closes, breaks, np.nan)),
    }


def _candles(time: Int64, prices: Any, instrument: Instrument, timeframe_ns: int) -> dict[str, Any]:
    """Each bar in the middle of its time, so that an entry at its open lies on its left edge."""
    names = ("open", "high", "low", "close")
    columns = {n: packed(prices_of(instrument, p.astype(np.int64))) for n, p in zip(names, prices, strict=True)}
    return {"x": milliseconds(time + timeframe_ns // 2), **columns}


def _gaps(time: Int64) -> Int64:
    """Rows before which the price stood still for long (weekends, holes): lines end there instead of crossing."""
    steps = np.diff(time)
    usual = int(np.median(steps)) if len(steps) else 0
    found: Int64 = np.flatnonzero(steps > max(6 * usual, _LONG_GAP_NS)) + 1
    return found
