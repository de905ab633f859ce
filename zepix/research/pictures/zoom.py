"""A widget that draws prices anew for the stretch that is zoomed to, so that of a million bars each can be seen."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from zepix.errors import ConfigError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from zepix.research.pictures.picture import Again, Picture

__all__ = ["instant_ns", "widget_of"]

_COLUMNS = ("x", "y", "open", "high", "low", "close", "visible")


def widget_of(picture: Picture, again: Again | None) -> go.FigureWidget:
    """The widget; with ``again`` its first traces follow the range of the time axis."""
    import plotly.graph_objects as go

    try:
        widget = go.FigureWidget(_traces(picture, again), picture.layout)
    except ImportError as error:
        raise ConfigError(
            "the widgets of Jupyter are not installed; pip install ipywidgets anywidget, or look at a stretch with "
            "from_= and to="
        ) from error
    if again is None:
        return widget

    def redraw(_: Any, span: Any) -> None:
        if span is None or len(span) != 2:
            return
        traces = again(*sorted(instant_ns(one) for one in span))
        with widget.batch_update():
            for drawn, made in zip(widget.data, traces, strict=False):
                for name in _COLUMNS:
                    if name in made:
                        drawn[name] = _dates(made[name]) if name == "x" else _unpacked(made[name])

    widget.layout.on_change(redraw, "xaxis.range")
    return widget


def _traces(picture: Picture, again: Again | None) -> list[Any]:
    """The picture's traces; those of prices all three, of which the picture holds only those that are visible."""
    if again is None:
        return list(picture.data)
    prices = again(*(instant_ns(bound) for bound in picture.layout.xaxis.range))
    rest = sum(1 for trace in prices if trace["visible"])
    kept = [trace.to_plotly_json() for trace in picture.data[rest:]]
    return [{**trace, "x": _dates(trace["x"])} if "x" in trace else trace for trace in (*prices, *kept)]


def _unpacked(value: Any) -> Any:
    """Numbers as an array: plotly.js takes its packed form for a whole picture only, not for changes."""
    if isinstance(value, dict) and "bdata" in value:
        return np.frombuffer(base64.b64decode(value["bdata"]), f"<{value['dtype']}")
    return value


def _dates(value: Any) -> Any:
    """Times that say they are: plotly.js looks anew what kind an axis is when its numbers change, and would count."""
    found = np.asarray(_unpacked(value))
    return found.astype("datetime64[ms]") if found.dtype.kind in "iuf" else value


def instant_ns(value: Any) -> int:
    """A bound of a time axis as the browser sends it (a date in UTC, or milliseconds), in nanoseconds."""
    if isinstance(value, int | float):
        return int(value * 1_000_000)
    return int(np.datetime64(str(value).strip().replace(" ", "T").removesuffix("Z"), "ns").astype(np.int64))
