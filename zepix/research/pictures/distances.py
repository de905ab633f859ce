"""How far two sides lie apart, ticket by ticket in R, beside the bounds that a fidelity breaker keeps to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.model.series import Int64
from zepix.research.columns import Float64
from zepix.research.comparing.distance import Gap, mean_of
from zepix.research.headline import count
from zepix.research.report_parts.figures import BAD, GOOD, GREY, INK, Figure, axis, milliseconds, packed, time_axis
from zepix.research.report_parts.markup import escape

if TYPE_CHECKING:
    from zepix.research.comparing.comparison import Comparison

__all__ = ["distance_figure", "distance_words", "rolling"]

MAX_DRAWN: Final = 4000
LAST: Final = 20
"""Of how many tickets means are taken where no breaker says otherwise."""
_NAME: Final = 40


def distance_figure(found: Comparison, gaps: Sequence[Gap]) -> Figure:
    """Gaps in R with their mean over the last tickets above, the share that ended otherwise below."""
    bounds = found.b.facts.get("breaker") or {}
    last = int(bounds.get("tickets", LAST))
    times = np.array([gap.t_ns for gap in gaps], np.int64)
    means, shares = rolling(gaps, last)
    step = -(-len(gaps) // MAX_DRAWN)
    kept = np.unique(np.append(np.arange(0, len(gaps), step), len(gaps) - 1))
    line = {"type": "scatter", "mode": "lines", "x": milliseconds(times[kept])}
    form = f"mean of {last}: %{{y:.3f}} R<extra></extra>"
    share = f"of {last} ended otherwise: %{{y:.0%}}<extra></extra>"
    return {
        "data": [
            *(_marks(gaps, kept, is_other) for is_other in (False, True)),
            {**line, "y": packed(means[kept]), "name": f"mean of the last {last}", "hovertemplate": form,
             "line": {"color": INK, "width": 1.8, "shape": "hv"}},
            *_bound(times, bounds, "max_gap_r", "y", "bound"),
            {**line, "y": packed(shares[kept]), "name": f"of the last {last} ended otherwise", "yaxis": "y2",
             "hovertemplate": share, "fill": "tozeroy", "fillcolor": "rgba(138,147,160,0.25)",
             "line": {"color": GREY, "width": 1.4, "shape": "hv"}},
            *_bound(times, bounds, "max_differing_frac", "y2", ""),
        ],
        "layout": {
            "height": 460,
            "hovermode": "closest",
            "xaxis": time_axis(anchor="y2"),
            "yaxis": axis("apart, R", domain=[0.36, 1], rangemode="tozero"),
            "yaxis2": axis("ended otherwise", domain=[0, 0.28], tickformat=".0%", rangemode="tozero"),
        },
    }  # fmt: skip


def distance_words(found: Comparison, gaps: Sequence[Gap]) -> list[str]:
    """The figures over all tickets, and over the last that a breaker looks at."""
    bounds = found.b.facts.get("breaker") or {}
    last = int(bounds.get("tickets", LAST))
    words = [_said(f"{count(len(gaps), 'ticket')} on both sides or one", gaps)]
    if len(gaps) > last:
        words.append(_said(f"the last {last}", gaps[-last:]))
    if bounds:
        words.append(f"bounds over {last}: {bounds['max_gap_r']:g} R, {bounds['max_differing_frac']:.0%}")
    return words


def rolling(gaps: Sequence[Gap], last: int) -> tuple[Float64, Float64]:
    """Of each ticket the mean gap and the share that ended otherwise, over the ``last`` up to it; NaN before there are
    so many."""
    known = np.array([gap.gap_r is not None for gap in gaps], np.float64)
    sums = np.array([gap.gap_r or 0.0 for gap in gaps], np.float64)
    others = np.array([gap.differs for gap in gaps], np.float64)

    def over(values: Float64) -> Float64:
        total = np.concatenate([[0.0], np.cumsum(values)])
        made = np.full(len(values), np.nan)
        made[last - 1 :] = total[last:] - total[: max(0, len(total) - last)]
        return made

    counted = over(known)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Float64 = np.where(counted > 0, over(sums) / counted, np.nan)
    return means, over(others) / last


def _marks(gaps: Sequence[Gap], kept: Int64, is_other: bool) -> dict[str, Any]:
    mine = [gaps[at] for at in kept.tolist() if gaps[at].differs is is_other and gaps[at].gap_r is not None]
    return {
        "type": "scatter", "mode": "markers", "name": "ended otherwise" if is_other else "ended alike",
        "cliponaxis": False,
        "x": milliseconds(np.array([gap.t_ns for gap in mine], np.int64)), "y": packed([gap.gap_r for gap in mine]),
        "text": [_words(gap) for gap in mine],
        "hovertemplate": "%{text}<br>%{y:.3f} R, %{x|%Y-%m-%d %H:%M} UTC<extra></extra>",
        "marker": {"symbol": "x" if is_other else "circle", "size": 7 if len(gaps) <= 1000 else 5,
                   "color": BAD if is_other else GOOD, "opacity": 0.8},
    }  # fmt: skip


def _bound(times: Int64, bounds: Mapping[str, Any], name: str, where: str, called: str) -> list[dict[str, Any]]:
    if name not in bounds or not len(times):
        return []
    return [
        {"type": "scatter", "mode": "lines", "name": called, "showlegend": bool(called), "yaxis": where,
         "x": milliseconds(times[[0, -1]]), "y": [float(bounds[name])] * 2, "hoverinfo": "skip",
         "line": {"color": BAD, "width": 1.2, "dash": "dash"}}
    ]  # fmt: skip


def _said(what: str, gaps: Sequence[Gap]) -> str:
    mean, differing = mean_of(gaps), sum(gap.differs for gap in gaps) / len(gaps)
    apart = "no stop, so no R" if mean is None else f"{mean:.3f} R apart on average"
    return f"{what}: {apart}, {differing:.0%} ended otherwise"


def _words(gap: Gap) -> str:
    ticket = gap.ticket
    return str(escape(f"{(ticket.alert or ticket.id)[:_NAME]} {ticket.symbol} {'buy' if ticket.side > 0 else 'sell'}"))
