"""A plotly figure that prints as words, shows itself in a notebook, and saves itself as one file that opens offline."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go

from zepix.errors import ConfigError, DataError
from zepix.journal.atomic import written_whole
from zepix.research.report_parts.figures import styled
from zepix.research.report_parts.markup import Html, escape, joined, note
from zepix.research.report_parts.page import page, placeholder

__all__ = ["Picture", "nothing_to_show", "picture"]

_IMAGES: Final = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
_TITLE_ROOM: Final = 38
_NOTE_ROOM: Final = 16
_NOTES: Final = "zepix-notes"
Again = Callable[[int, int], Sequence[Mapping[str, Any]]]
"""From and to in nanoseconds -> the first traces of the figure for that stretch."""


class Picture(go.Figure):  # type: ignore[misc]
    """A ``plotly`` figure with what it says in words: ``words`` print, ``notes`` stand under its title.

    Everything of a figure works on it (``update_layout``, ``show``, ...). ``save(path)`` writes one HTML file with
    everything in it, or an image where kaleido is installed. ``widget()`` gives a figure that draws prices anew for the
    stretch that is zoomed to.
    """

    def __init__(
        self,
        data: Any = None,
        layout: Any = None,
        frames: Any = None,
        skip_invalid: bool = False,
        *,
        heading: str = "",
        notes: Sequence[str] = (),
        words: Sequence[str] = (),
        again: Again | None = None,
        **more: Any,
    ) -> None:
        super().__init__(data, layout, frames, skip_invalid, **more)
        self._heading = heading
        self._notes = list(notes)
        self._words = list(words)
        self._again = again

    # -- words ----------------------------------------------------------------------------------------------------

    @property
    def heading(self) -> str:
        """What it is a picture of."""
        return self._heading

    @property
    def notes(self) -> list[str]:
        """Sentences to read with it: what is left out, units, zones."""
        return list(self._notes)

    @property
    def words(self) -> list[str]:
        """What it shows, in words: the text form, for a terminal."""
        return list(self._words)

    def __str__(self) -> str:
        return "\n".join([self._heading or "a picture", *self._words, *(f"note: {one}" for one in self._notes)])

    def __repr__(self) -> str:
        return str(self)

    # IPython would hand the figure to a browser, which a terminal may not have; it asks for the bundle instead.
    _ipython_display_ = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **more: Any) -> dict[str, Any]:
        import plotly.io as pio

        bundle: dict[str, Any] = {}
        if pio.renderers.default not in ("", None, "browser"):
            bundle = dict(super()._repr_mimebundle_(include, exclude, **more))
        return {**bundle, "text/plain": str(self)}

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def __reduce__(self) -> Any:
        made = (self.to_dict(), self._heading, self._notes, self._words)
        return _restored, made

    # -- out ------------------------------------------------------------------------------------------------------

    def show(self, *args: Any, **more: Any) -> None:
        """As plotly shows it. Raises ConfigError where there is no browser to show it in."""
        import webbrowser

        try:
            super().show(*args, **more)
        except webbrowser.Error as error:
            raise ConfigError(
                f"there is no browser here to show a picture in ({error}); print(...) tells it in words, "
                "save('picture.html') writes a file that opens anywhere"
            ) from error

    def save(self, path: str | Path) -> Path:
        """Writes one HTML file that opens offline, its folder made where missing; returns its path.

        ``.png, .svg, .pdf, .jpg, .webp`` need kaleido and a browser, which are not part of zepix: ConfigError says so
        where they are missing. Raises DataError where the file cannot be written.
        """
        place = Path(path)
        if place.suffix.lower() in _IMAGES:
            return self._save_image(place)
        if place.suffix.lower() not in (".html", ".htm"):
            raise ConfigError(f"{place.name}: expected a name that ends in .html, or one of {', '.join(_IMAGES)}")
        text = self.page()
        with written_whole(place) as draft:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(text.encode("utf-8", "xmlcharrefreplace"))
        return place

    def page(self) -> str:
        """The whole page, as ``save`` writes it."""
        figure = json.loads(self.to_json())
        figure.get("layout", {}).pop("template", None)
        figure.setdefault("layout", {}).setdefault("height", 460)
        self._hand_over(figure["layout"])
        lead = Html(f'<p class="brand">zepix</p><h1>{escape(self._heading or "picture")}</h1>')
        parts = [placeholder("picture", figure["layout"]["height"], self._heading), *(note(one) for one in self._notes)]
        return page(f"zepix: {self._heading}", lead, [("Picture", "", joined(parts))], {"picture": figure})

    def _hand_over(self, layout: dict[str, Any]) -> None:
        """Take the heading and the notes out of a layout, unless they were changed: the page says them itself."""
        if (layout.get("title") or {}).get("text") != _title(self._heading)["text"]:
            return
        kept = [one for one in layout.get("annotations", []) if one.get("name") != _NOTES]
        for name in ("title", "margin", "annotations"):
            layout.pop(name, None)
        if kept:
            layout["annotations"] = kept

    def _save_image(self, place: Path) -> Path:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self.write_image(place)
        except OSError as error:
            raise DataError(f"{place} could not be written ({error.strerror or error})") from error
        except (ValueError, RuntimeError, ImportError) as error:
            raise ConfigError(
                f"{place.name}: images are drawn by kaleido with a Chrome, which are not both here; "
                "pip install kaleido, or save('picture.html'), which needs nothing"
            ) from error
        return place

    def widget(self) -> go.FigureWidget:
        """The figure as a widget of Jupyter: a picture of prices is drawn anew, bar by bar, for what is zoomed to.

        Raises ConfigError where the widgets are not installed.
        """
        from zepix.research.pictures.zoom import widget_of

        return widget_of(self, self._again)


def picture(
    figure: Mapping[str, Any],
    heading: str,
    *,
    notes: Sequence[str] = (),
    words: Sequence[str] = (),
    again: Again | None = None,
) -> Picture:
    """The picture of a figure that is a dictionary, in the report's manner, its heading and notes in it."""
    made = styled(figure)
    layout = dict(made["layout"])
    lines = [line for one in notes for line in _lines(one)]
    is_above = layout.get("showlegend", True) and layout.get("legend", {}).get("y", 1) >= 1
    legend = 34 if is_above or layout.get("annotations") else 6
    room = _TITLE_ROOM + _NOTE_ROOM * len(lines) + legend
    layout |= {
        "title": _title(heading),
        "annotations": [*layout.get("annotations", []), *_noted(lines, layout["margin"]["l"], legend)],
        "height": layout.get("height", 440) + room - layout["margin"]["t"],
        "margin": {**layout["margin"], "t": room},
        "template": "none",
    }
    return Picture(made["data"], layout, heading=heading, notes=notes, words=words, again=again)


def _title(heading: str) -> dict[str, Any]:
    """The heading at the top left."""
    place = {"x": 0.01, "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 10}}
    return {"text": str(escape(_short(heading))), "font": {"size": 16}, **place}


def _noted(lines: Sequence[str], left: int, above: int) -> list[dict[str, Any]]:
    """The notes below the heading, in the small voice; ``above`` pixels are left for the legend."""
    if not lines:
        return []
    return [
        {"name": _NOTES, "text": "<br>".join(str(escape(line)) for line in lines), "showarrow": False, "align": "left",
         "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom",
         "xshift": 12 - left, "yshift": above, "font": {"size": 12, "color": "#5b6675"}}
    ]  # fmt: skip


def _lines(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 120)


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:89] + "…"


def _restored(figure: Any, heading: str, notes: Sequence[str], words: Sequence[str]) -> Picture:
    return Picture(figure, heading=heading, notes=notes, words=words)


def nothing_to_show(heading: str, said: str = "No ticket was closed.") -> Picture:
    """A picture of nothing, which says so."""
    layout = {
        "height": 260,
        "showlegend": False,
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "annotations": [{"text": said, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False,
                         "font": {"size": 14, "color": "#5b6675"}}],
    }  # fmt: skip
    return picture({"data": [], "layout": layout}, heading, words=[said])
