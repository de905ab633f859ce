"""Figures as plotly.js reads them: plain dictionaries, numbers as packed arrays, text escaped.

No plotly object is built: its checks would cost more time than the whole report. Colours are of Okabe and Ito's
palette, told apart by colour-blind readers; what has a direction or an outcome differs in shape or dash as well.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from zepix.research.columns import Float64
from zepix.research.equity import EquityCurve
from zepix.research.report_parts.markup import escape
from zepix.research.report_parts.thin import extremes

__all__ = [
    "BAD",
    "BASE",
    "GOOD",
    "GREY",
    "INK",
    "Figure",
    "axis",
    "equity_figure",
    "histogram_figure",
    "milliseconds",
    "packed",
    "recorded_figure",
    "styled",
    "time_axis",
    "title_of",
]

GOOD: Final = "#0072B2"
BAD: Final = "#D55E00"
GREY: Final = "#8a93a0"
INK: Final = "#1f2933"
_CURVE_POINTS: Final = 5000

Figure = dict[str, Any]
"""``{"data": [...], "layout": {...}}``."""

BASE: Final[Mapping[str, Any]] = {
    "font": {"family": "system-ui, -apple-system, Segoe UI, Roboto, Arial, sans-serif", "size": 12, "color": INK},
    "paper_bgcolor": "#ffffff",
    "plot_bgcolor": "#ffffff",
    "margin": {"l": 64, "r": 14, "t": 58, "b": 38},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
    "hoverlabel": {"font": {"size": 12}, "align": "left"},
}
"""The manner of every figure, in a page and in a notebook."""
_TITLED: Final = {"l": 56, "r": 14, "t": 44, "b": 40}


def styled(figure: Mapping[str, Any]) -> Figure:
    """The figure in the common manner; what it says itself wins."""
    layout = figure["layout"]
    titled = {"margin": _TITLED} if layout.get("title") else {}
    return {**figure, "layout": {**BASE, **titled, **layout}}


def title_of(text: str) -> dict[str, Any]:
    """A title at the left."""
    return {"text": str(escape(text)), "font": {"size": 14}, "x": 0.01, "xanchor": "left"}


def packed(values: Any) -> dict[str, str]:
    """Numbers as plotly.js takes them in bulk: float64, little-endian, base64; NaN breaks a line."""
    data = np.ascontiguousarray(values, "<f8").tobytes()
    return {"dtype": "f8", "bdata": base64.b64encode(data).decode("ascii")}


def milliseconds(times_ns: Any) -> dict[str, str]:
    """Instants as a time axis takes them."""
    return packed(np.asarray(times_ns, np.int64) // 1_000_000)


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """An axis in the report's manner."""
    made: dict[str, Any] = {"gridcolor": "#e8ebef", "zerolinecolor": "#c9d0d8", "linecolor": "#c9d0d8", "ticks": "",
                            "automargin": True}  # fmt: skip
    if title:
        made["title"] = {"text": str(escape(title)), "font": {"size": 12, "color": "#5b6675"}, "standoff": 8}
    return {**made, **more}


def time_axis(**more: Any) -> dict[str, Any]:
    """An axis of instants, which says that they are UTC."""
    return axis("time (UTC)", type="date", **more)


def equity_figure(curve: EquityCurve, currency: str) -> Figure:
    """Equity and balance above, the fall from the peak below, on one time axis."""
    keep = extremes(curve.equity, _CURVE_POINTS)
    time = milliseconds(curve.time_ns[keep])
    peak = np.maximum.accumulate(curve.equity)
    fall = ((curve.equity - peak) / peak * 100)[keep]
    deepest = min(float(fall.min()) * 1.08, -0.1)
    line = {"mode": "lines", "type": "scatter", "x": time}
    return {
        "data": [
            {**line, "y": packed(curve.balance[keep]), "name": "balance",
             "line": {"color": GREY, "width": 1, "shape": "hv", "dash": "dot"}},
            {**line, "y": packed(curve.equity[keep]), "name": "equity", "line": {"color": GOOD, "width": 1.6}},
            {**line, "y": packed(fall), "name": "below the peak", "yaxis": "y2", "fill": "tozeroy",
             "line": {"color": BAD, "width": 1}, "fillcolor": "rgba(213,94,0,0.18)",
             "hovertemplate": "%{y:.2f} %<extra>below the peak</extra>"},
        ],
        "layout": {
            "height": 440,
            "hovermode": "x unified",
            "xaxis": time_axis(anchor="y2"),
            "yaxis": axis(currency, domain=[0.34, 1], tickformat=",.2~f"),
            "yaxis2": axis("below peak", domain=[0, 0.26], ticksuffix=" %", range=[deepest, 0]),
        },
    }  # fmt: skip


def histogram_figure(points: Float64, symbol: str) -> Figure:
    """How many tickets ended with how many points, losses and wins in their colours, the median as a line."""
    edges = _edges(points)
    counts, _ = np.histogram(points, edges)
    middles = (edges[:-1] + edges[1:]) / 2
    median = float(np.median(points))
    colours = [GOOD if middle > 0 else BAD for middle in middles.tolist()]
    return {
        "data": [
            {
                "type": "bar",
                "x": packed(middles),
                "y": packed(counts),
                "width": float(edges[1] - edges[0]),
                "marker": {"color": colours, "line": {"color": "#ffffff", "width": 0.5}},
                "hovertemplate": "%{y} tickets around %{x:.0f} points<extra></extra>",
            }
        ],
        "layout": {
            "height": 280,
            "showlegend": False,
            "title": title_of(symbol),
            "xaxis": axis("points"),
            "yaxis": axis("tickets"),
            "shapes": [{"type": "line", "x0": median, "x1": median, "y0": 0, "y1": 1, "yref": "paper",
                        "line": {"color": INK, "width": 1.2, "dash": "dot"}}],
            "annotations": [{"x": median, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
                             "text": f"median {median:.0f}", "font": {"size": 11, "color": INK}}],
        },
    }  # fmt: skip


def _edges(points: Float64) -> Float64:
    """Bins of one width with an edge at zero, so that no bin mixes wins and losses; about forty of them."""
    low, high = min(0.0, float(points.min())), max(0.0, float(points.max()))
    width = max(1.0, float(np.ceil((high - low) / 40)))
    first, last = np.floor(low / width), np.ceil(high / width)
    edges: Float64 = np.arange(first, max(last, first + 1) + 1) * width
    return edges


def recorded_figure(name: str, points: Sequence[tuple[int, float]]) -> Figure:
    """A series that a strategy recorded."""
    values = np.array([value for _, value in points], np.float64)
    keep = extremes(np.nan_to_num(values), _CURVE_POINTS // 2)
    times = np.array([ns for ns, _ in points], np.int64)[keep]
    return {
        "data": [{"type": "scatter", "mode": "lines", "x": milliseconds(times), "y": packed(values[keep]),
                  "line": {"color": GOOD, "width": 1.2, "shape": "hv"}}],
        "layout": {"height": 240, "showlegend": False, "xaxis": time_axis(), "yaxis": axis(),
                   "title": title_of(name)},
    }  # fmt: skip
