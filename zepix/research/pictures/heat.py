"""A sweep over two of its settings: a figure for each pair, as numbers, as a table of words, as a heat map."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.config.keys import near
from zepix.errors import ConfigError
from zepix.research.report_parts.figures import INK, Figure, axis
from zepix.research.report_parts.markup import escape

if TYPE_CHECKING:
    import pandas as pd

    from zepix.research.pictures.picture import Picture

__all__ = ["HOW", "Heatmap", "check_axes", "gathered", "heat_figure", "values_in_order"]

HOW: Final = ("best", "mean")
MOST_VALUES: Final = 200
_SAID_UP_TO: Final = 160
_WORDS_UP_TO: Final = 12
_WIDE: Final = 24
_DIVERGING: Final = [[0, "#B24A00"], [0.25, "#E9A36B"], [0.5, "#F7F7F7"], [0.75, "#7DB3D5"], [1, "#00588A"]]
"""Orange below zero, blue above, told apart by colour-blind readers; lightness tells the distance from zero."""


class Heatmap:
    """Two axes and a figure for each pair: ``x`` and ``y`` (values as given), ``values`` float64 (y, x), NaN for none.

    ``plot()`` is the picture, which it shows itself as in a notebook; printing gives a table; ``frame()`` a DataFrame.
    """

    def __init__(
        self,
        x_name: str,
        y_name: str,
        figure: str,
        x: Sequence[Any],
        y: Sequence[Any],
        values: Any,
        *,
        how: str = "best",
        smaller_is_better: bool = False,
        others: int = 0,
    ) -> None:
        """``others``: how many further axes the sweep has, over which ``how`` was taken."""
        self.x_name, self.y_name, self.figure = x_name, y_name, figure
        self.x, self.y, self.values = tuple(x), tuple(y), values
        self.how, self.smaller_is_better, self.others = how, smaller_is_better, others

    @property
    def best(self) -> tuple[int, int] | None:
        """Row and column of the best pair (the first of equals), None where no pair has a figure."""
        if not np.isfinite(self.values).any():
            return None
        kept = np.where(np.isfinite(self.values), self.values, np.nan)
        at = int(np.nanargmin(kept) if self.smaller_is_better else np.nanargmax(kept))
        row, column = divmod(at, int(kept.shape[1]))
        return row, column

    def frame(self) -> pd.DataFrame:
        """Rows by ``y``, columns by ``x``."""
        import pandas as pd

        return pd.DataFrame(
            self.values, index=pd.Index(self.y, name=self.y_name), columns=pd.Index(self.x, name=self.x_name)
        )

    def plot(self) -> Picture:
        """The heat map."""
        return self._picture

    def save(self, path: str | Path) -> Path:
        """Writes the picture as one HTML file; see ``Picture.save``."""
        return self.plot().save(path)

    @cached_property
    def _picture(self) -> Picture:
        from zepix.research.pictures.picture import picture

        notes = [
            *([f"Of the cells that share a pair the {self.how} is shown."] if self.others else []),
            *(["Grey: no cell, or the figure does not exist there."] if not np.isfinite(self.values).all() else []),
            "The best of many looks better than it is: look at its neighbours.",
        ]
        heading = f"{self.figure} by {self.x_name} and {self.y_name}"
        return picture(heat_figure(self), heading, notes=notes, words=self.lines()[1:])

    def lines(self) -> list[str]:
        """What printing shows: the best pair, and the table where it is small."""
        said = [f"{self.figure} by {self.x_name} (across) and {self.y_name} (down)"]
        best = self.best
        if best is None:
            return [*said, "no pair has this figure"]
        row, column = best
        said.append(
            f"best {_number(self.values[row, column])} at {self.x_name} {_label(self.x[column])}, "
            f"{self.y_name} {_label(self.y[row])}"
        )
        if len(self.x) <= _WORDS_UP_TO and len(self.y) <= 2 * _WORDS_UP_TO:
            heads = ["", *(_label(one) for one in self.x)]
            rows = [
                [_label(name), *(_number(v) for v in line)]
                for name, line in zip(self.y, self.values.tolist(), strict=True)
            ]
            widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
            said += ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in [heads, *rows]]
        return said

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<Heatmap {self.figure}, {len(self.x)} x {len(self.y)} pairs>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **more: Any) -> dict[str, Any]:
        return {**self.plot()._repr_mimebundle_(include, exclude, **more), "text/plain": str(self)}


def heat_figure(heat: Heatmap) -> Figure:
    """Every value of an axis is as wide as the others; a frame stands around the best pair."""
    values = np.asarray(heat.values, np.float64)
    known = values[np.isfinite(values)]
    x, y = ([str(escape(one)) for one in _apart(labels)] for labels in (heat.x, heat.y))
    name = str(escape(heat.figure))
    is_said = values.size <= _SAID_UP_TO and len(x) <= 16
    cells: dict[str, Any] = {
        "type": "heatmap",
        "x": x,
        "y": y,
        "z": [[None if not np.isfinite(v) else v for v in line] for line in values.tolist()],
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {"title": {"text": name, "side": "top"}, "thickness": 14, "tickformat": ",.4~g"},
        "hovertemplate": f"{escape(heat.x_name)} %{{x}}<br>{escape(heat.y_name)} %{{y}}<br>"
        f"{name} %{{z:,.6~g}}<extra></extra>",
        **_colours(known),
    }
    if is_said:
        cells |= {"texttemplate": "%{z:,.3~s}" if len(known) and abs(known).max() >= 1e5 else "%{z:,.4~g}"}
        cells |= {"textfont": {"size": 11}}
    layout = {
        "height": max(320, min(900, 120 + 26 * len(y))),
        "showlegend": False,
        "plot_bgcolor": "#d5d9de",
        "xaxis": axis(heat.x_name, type="category", showgrid=False),
        "yaxis": axis(heat.y_name, type="category", showgrid=False),
        "shapes": _frame(heat.best),
    }
    return {"data": [cells], "layout": layout}


def _colours(known: Any) -> dict[str, Any]:
    """Around zero where the figure has both signs, else from dark to light."""
    if len(known) and known.min() < 0 < known.max():
        far = float(np.abs(known).max())
        return {"colorscale": _DIVERGING, "zmin": -far, "zmax": far}
    return {"colorscale": "Cividis"}


def _frame(best: tuple[int, int] | None) -> list[dict[str, Any]]:
    if best is None:
        return []
    row, column = best
    return [
        {"type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5,
         "line": {"color": INK, "width": 3}}
    ]  # fmt: skip


def gathered(
    cells: Iterable[tuple[Any, Any, Any]],
    x: tuple[str, Sequence[Any]],
    y: tuple[str, Sequence[Any]],
    figure: str,
    *,
    how: str,
    smaller_is_better: bool,
    others: int = 0,
) -> Heatmap:
    """The heat map of (x value, y value, figure) of each cell; ``x`` and ``y`` are names with their values in order."""
    places = [{_key(value): at for at, value in enumerate(values)} for _, values in (x, y)]
    found: dict[tuple[int, int], list[float]] = {}
    for x_value, y_value, number in cells:
        if number is not None and np.isfinite(number):
            found.setdefault((places[1][_key(y_value)], places[0][_key(x_value)]), []).append(float(number))
    values = np.full((len(y[1]), len(x[1])), np.nan)
    for at, numbers in found.items():
        picked = min(numbers) if smaller_is_better else max(numbers)
        values[at] = sum(numbers) / len(numbers) if how == "mean" else picked
    return Heatmap(x[0], y[0], figure, x[1], y[1], values, how=how, smaller_is_better=smaller_is_better, others=others)


def check_axes(x: str, y: str, names: Iterable[str], how: str) -> None:
    """Raises ConfigError with every problem of two axes and of ``how``."""
    known = list(names)
    wrong = [
        f"{one!r} was not swept{near(one, known) or '; there are ' + ', '.join(known)}"
        for one in dict.fromkeys((x, y))
        if one not in known
    ]
    if x == y:
        wrong.append(f"{x!r} is named twice; a heat map has two axes")
    if how not in HOW:
        wrong.append(f"how: expected best or mean, not {how!r}")
    if wrong:
        raise ConfigError(wrong)


def values_in_order(values: Iterable[Any]) -> list[Any]:
    """The different values of an axis: numbers by size, anything else as it came, none last.

    Raises ConfigError for more than ``MOST_VALUES``.
    """
    different = list({_key(value): value for value in values}.values())
    if len(different) > MOST_VALUES:
        raise ConfigError(
            f"{len(different):,} different values are too many for an axis of a heat map, at most {MOST_VALUES}; "
            "sweep a grid, or draw frame() yourself"
        )
    numbers = [v for v in different if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) + sum(v is None for v in different) < len(different):
        return different
    return [*sorted(numbers), *(v for v in different if v is None)]


def _key(value: Any) -> str:
    return repr(value)


def _label(value: Any) -> str:
    """A value as an axis says it, in one line."""
    text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDE else text[: _WIDE - 1] + "…"


def _apart(values: Sequence[Any]) -> list[str]:
    """Labels of which no two are the same: a category axis would put them into one place."""
    made: list[str] = []
    for value in values:
        label = _label(value)
        made.append(label if label not in made else f"{label} ({len(made) + 1})")
    return made


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "-"
    return f"{value:,.2f}" if abs(value) < 1e6 else f"{value:.4g}"
