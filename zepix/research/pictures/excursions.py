"""How far tickets went against and for us, and what they ended with: MAE and MFE beside the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.research.columns import Float64
from zepix.research.report_parts.figures import BAD, GOOD, GREY, Figure, axis, packed
from zepix.research.report_parts.markup import escape

__all__ = ["MAX_DRAWN", "Excursions", "excursions_figure"]

MAX_DRAWN: Final = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Excursions:
    """Of each closing fill: how far against us, how far for us, and its result, in one ``unit``; a label each."""

    against: Float64
    for_us: Float64
    result: Float64
    unit: str
    labels: list[str]

    def __len__(self) -> int:
        return len(self.result)


def excursions_figure(found: Excursions) -> Figure:
    """Two scatters over one scale of results: MAE left, MFE right; on the dotted lines the exit was the extreme."""
    rows = np.arange(len(found))
    if len(rows) > MAX_DRAWN:
        rows = np.linspace(0, len(rows) - 1, MAX_DRAWN).astype(np.int64)
    has_won = found.result[rows] > 0
    data: list[dict[str, Any]] = []
    for axis_name, values, sign, title in (("x", found.against, -1, "MAE"), ("x2", found.for_us, 1, "MFE")):
        most = float(values[rows].max()) if len(rows) else 0.0
        data.append(
            {"type": "scatter", "mode": "lines", "x": [0, most], "y": [0, sign * most], "xaxis": axis_name,
             "name": "left at the extreme", "legendgroup": "extreme", "showlegend": axis_name == "x",
             "hoverinfo": "skip", "line": {"color": GREY, "width": 1, "dash": "dot"}}
        )  # fmt: skip
        for mine, name, symbol, colour in ((has_won, "won", "circle", GOOD), (~has_won, "not won", "x", BAD)):
            data.append(_dots(found, rows[mine], values, axis_name, name, symbol, colour, title))
    unit = str(escape(found.unit))
    return {
        "data": data,
        "layout": {
            "height": 420,
            "hovermode": "closest",
            "xaxis": axis(f"furthest against us (MAE), {unit}", domain=[0, 0.48], rangemode="tozero"),
            "xaxis2": axis(f"furthest for us (MFE), {unit}", domain=[0.52, 1], rangemode="tozero", anchor="y"),
            "yaxis": axis(f"result, {unit}", zerolinecolor="#5b6675"),
        },
    }


def _dots(
    found: Excursions,
    rows: NDArray[Any],
    values: Float64,
    axis_name: str,
    name: str,
    symbol: str,
    colour: str,
    title: str,
) -> dict[str, Any]:
    size = 8 if len(found) <= 200 else 6 if len(found) <= 1000 else 4
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "legendgroup": name,
        "showlegend": axis_name == "x",
        "x": packed(values[rows]),
        "y": packed(found.result[rows]),
        "xaxis": axis_name,
        "text": [str(escape(found.labels[row])) for row in rows.tolist()],
        "hovertemplate": "%{text}<br>" + title + " %{x:,.4~g}, result %{y:,.4~g}<extra>" + name + "</extra>",
        "marker": {"symbol": symbol, "size": size, "color": colour, "opacity": 0.75, "line": {"width": 0}},
    }
