"""The price of a symbol with its tickets: where each was entered and left, and the stop and target it ended with.

A long series is thinned to buckets of bars that keep their lowest low and highest high; the page says how many bars a
bucket holds. The bars around a single ticket are in ``excerpts``, unthinned where they fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import Instrument, Series
from zepix.model.series import Int64
from zepix.research.columns import FillColumns, Float64, prices_of
from zepix.research.report_parts.figures import BAD, GOOD, INK, Figure, axis, milliseconds, packed
from zepix.research.report_parts.markup import escape
from zepix.research.report_parts.thin import Buckets, buckets

__all__ = ["MAX_DRAWN", "PriceFigure", "price_figure"]

MAX_DRAWN: Final = 2500
_HIDE_LEVELS_ABOVE: Final = 400
_LONG_GAP_NS: Final = 6 * 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class PriceFigure:
    """A figure, with what has to be said under it: bars a bucket, tickets drawn of how many."""

    figure: Figure
    bars_a_bucket: int
    drawn: int
    tickets: int


def price_figure(record: RunRecord, fills: FillColumns, symbol: str, rows: Int64, limit: int) -> PriceFigure:
    """The figure of ``symbol`` with the tickets in ``rows``, the price thinned to ``limit`` buckets."""
    series, instrument = record.series[symbol], record.catalogue[symbol]
    prices = buckets(series.time, (series.bid_open, series.bid_high, series.bid_low, series.bid_close), limit)
    drawn = rows if len(rows) <= MAX_DRAWN else rows[np.linspace(0, len(rows) - 1, MAX_DRAWN).astype(np.int64)]
    layout = {
        "height": 460,
        "hovermode": "closest",
        "dragmode": "pan",
        "xaxis": axis(type="date", range=_window(series)),
        "yaxis": axis(tickformat=f",.{instrument.digits}f"),
    }
    data = _price_traces(prices, instrument) + (_ticket_traces(fills, drawn, instrument) if len(drawn) else [])
    return PriceFigure({"data": data, "layout": layout}, prices.size, len(drawn), len(rows))


def _window(series: Series) -> list[float]:
    return [series.start_ns / 1e6, series.end_ns / 1e6]


def _price_traces(prices: Buckets, instrument: Instrument) -> list[dict[str, Any]]:
    """A band from low to high with the close on it, at the bid; both end before a long gap and begin anew after it."""
    gaps = _gaps(prices.time)
    low, high, close = (prices_of(instrument, p.astype(np.int64)) for p in (prices.low, prices.high, prices.close))
    around_x: list[Any] = []
    around_y: list[Any] = []
    for times, lows, highs in zip(*(np.split(column, gaps) for column in (prices.time, low, high)), strict=True):
        around_x += [times, times[::-1], times[:1]]
        around_y += [lows, highs[::-1], np.full(1, np.nan)]
    band = {"x": milliseconds(np.concatenate(around_x)), "y": packed(np.concatenate(around_y))}
    line = {
        "x": milliseconds(np.insert(prices.time, gaps, prices.time[gaps - 1] + 1_000_000)),
        "y": packed(np.insert(close, gaps, np.nan)),
    }
    return [
        {"type": "scatter", "mode": "lines", "name": "bid, low to high", "hoverinfo": "skip", "line": {"width": 0},
         "fill": "toself", "fillcolor": "rgba(110,122,138,0.30)", **band},
        {"type": "scatter", "mode": "lines", "name": "bid close", "hoverinfo": "skip",
         "line": {"width": 0.9, "color": "#5b6675"}, **line},
    ]  # fmt: skip


def _gaps(time: Int64) -> Int64:
    """Rows before which the price stood still for long (weekends, holes): lines end there instead of crossing."""
    steps = np.diff(time)
    usual = int(np.median(steps)) if len(steps) else 0
    found: Int64 = np.flatnonzero(steps > max(6 * usual, _LONG_GAP_NS)) + 1
    return found


def _ticket_traces(fills: FillColumns, rows: Int64, instrument: Instrument) -> list[dict[str, Any]]:
    def column(name: str) -> Int64:
        return fills.integer(name)[rows]

    start, end = column("entry_ns"), column("exit_ns")
    paid, got = prices_of(instrument, column("entry_points")), prices_of(instrument, column("exit_points"))
    is_long, has_won = column("side") > 0, column("pnl_minor") > 0
    words = _words(fills, rows)
    shown: Any = True if len(rows) <= _HIDE_LEVELS_ABOVE else "legendonly"
    levels = [
        _segments(start, end, prices_of(instrument, column(name)), column(name) > 0, title, colour, shown)
        for name, title, colour in (("sl", "stop", BAD), ("tp", "target", GOOD))
    ]
    ways = _polyline(start, end, paid, got)
    return [
        *levels,
        {"type": "scatter", "mode": "lines", **ways, "name": "entry to exit", "hoverinfo": "skip",
         "line": {"color": "rgba(31,41,51,0.45)", "width": 1, "dash": "dot"}},
        _marks(start, paid, is_long, words, "long entry", "triangle-up", INK),
        _marks(start, paid, ~is_long, words, "short entry", "triangle-down", INK),
        _marks(end, got, has_won, words, "exit, won", "circle", GOOD),
        _marks(end, got, ~has_won, words, "exit, not won", "x", BAD),
    ]  # fmt: skip


def _marks(
    time: Int64, price: Float64, mine: Any, words: list[str], name: str, symbol: str, colour: str
) -> dict[str, Any]:
    size = 9 if len(time) <= 100 else 7 if len(time) <= 500 else 5
    where = np.flatnonzero(mine)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": milliseconds(time[where]),
        "y": packed(price[where]),
        "text": [words[at] for at in where.tolist()],
        "hovertemplate": "%{text}<br>%{x|%Y-%m-%d %H:%M:%S}  %{y}<extra>" + name + "</extra>",
        "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 1, "color": "#ffffff"}},
    }


def _segments(
    start: Int64, end: Int64, price: Float64, mine: Any, name: str, colour: str, visible: Any
) -> dict[str, Any]:
    """Level lines from entry to exit."""
    line = {"color": colour, "width": 1.2, "dash": "dash"}
    way = _polyline(start[mine], end[mine], price[mine], price[mine])
    return {"type": "scatter", "mode": "lines", "name": name, "hoverinfo": "skip", "line": line, "opacity": 0.75,
            "visible": visible, **way}  # fmt: skip


def _polyline(start: Int64, end: Int64, first: Float64, last: Float64) -> dict[str, Any]:
    """One line of many pieces: from (start, first) to (end, last), then a break."""
    x = np.column_stack((start, end, end)).ravel()
    y = np.column_stack((first, last, np.full(len(first), np.nan))).ravel()
    return {"x": milliseconds(x), "y": packed(y)}


def _words(fills: FillColumns, rows: Int64) -> list[str]:
    """What the pointer reads at a ticket; plotly reads a little markup in it, hence escaped."""
    picked = [fills.fills[row] for row in rows.tolist()]
    return [
        str(escape(f"#{f.ticket} {'buy' if f.side > 0 else 'sell'}, {f.exit_reason}, {f.pnl_points:+d} points"))
        for f in picked
    ]
