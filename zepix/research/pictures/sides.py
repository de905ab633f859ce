"""Two sides of a comparison over time and ticket by ticket: a replay beside live, live beside a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.config.keys import near
from zepix.errors import ConfigError
from zepix.model.series import Int64
from zepix.research.columns import Float64
from zepix.research.comparing.distance import gaps_of
from zepix.research.comparing.words import amount
from zepix.research.headline import count
from zepix.research.pictures.distances import distance_figure, distance_words
from zepix.research.pictures.picture import Picture, nothing_to_show, picture
from zepix.research.report_parts.figures import BAD, GOOD, GREY, Figure, axis, milliseconds, packed, time_axis
from zepix.research.report_parts.markup import escape
from zepix.research.report_parts.thin import extremes

if TYPE_CHECKING:
    from zepix.research.comparing.books import Book
    from zepix.research.comparing.comparison import Comparison

__all__ = ["KINDS", "side_picture", "sides_figure", "tickets_figure"]

KINDS: Final = ("waterfall", "equity", "tickets", "distance")
MAX_DRAWN: Final = 4000
_POINTS: Final = 4000
_NAME: Final = 40


def side_picture(found: Comparison, what: str) -> Picture:
    """``waterfall``, ``equity``, ``tickets`` or ``distance`` of a comparison. Raises ConfigError for another one."""
    if what not in KINDS:
        raise ConfigError(f"there is no picture {what!r}{near(what, KINDS) or '; there are ' + ', '.join(KINDS)}")
    names = f"{found.a.name} (here) and {found.b.name} (there)"
    notes = list(found.different[:2])
    if len(found.different) > 2:
        notes.append(f"And {count(len(found.different) - 2, 'difference')} more in .different.")
    if what == "waterfall":
        from zepix.research.comparing.page import bars_of, figure_of, waterfall_words

        bars = bars_of(found)
        return picture(figure_of(bars, found.currency), f"From one profit to the other: {names}", notes=notes,
                       words=waterfall_words(bars, found.currency))  # fmt: skip
    if what == "equity":
        words = [
            f"{side}: {amount(book.money(book.profit), sign=False)} {book.currency}, {count(len(book.tickets), noun)}"
            for side, book, noun in (("here", found.a, "ticket"), ("there", found.b, "ticket"))
        ]
        notes.append("Money of closing fills and charges, added up in the order in which they happened.")
        words.append(f"difference {amount(found.sum)} {found.currency}")
        return picture(sides_figure(found), f"Closed profit over time: {names}", notes=notes, words=words)
    return _distance(found, names, notes) if what == "distance" else _tickets(found, names, notes)


def _distance(found: Comparison, names: str, notes: list[str]) -> Picture:
    gaps = gaps_of(found.pairs, found.lonely)
    heading = f"How far apart, ticket by ticket: {names}"
    if not gaps:
        return nothing_to_show(heading, "No ticket was closed.")
    notes.append("Each ticket when the later of its two sides ended; R is the distance of the stop that it began with.")
    without = sum(gap.gap_r is None for gap in gaps)
    if without:
        notes.append(f"{count(without, 'ticket')} without a stop counted below only.")
    return picture(distance_figure(found, gaps), heading, notes=notes, words=distance_words(found, gaps))


def sides_figure(found: Comparison) -> Figure:
    """The closed money of both sides as steps above, there less here below."""
    (time_a, money_a), (time_b, money_b) = _curve(found.a), _curve(found.b)
    times = np.union1d(time_a, time_b)
    both = [_at(times, *side) for side in ((time_a, money_a), (time_b, money_b))]
    gap = both[1] - both[0]
    keep = np.unique(np.concatenate([extremes(line, _POINTS) for line in (*both, gap)]))
    time = milliseconds(times[keep])
    line = {"type": "scatter", "mode": "lines", "x": time}
    form = "%{y:,.2f} " + str(escape(found.currency))
    return {
        "data": [
            {**line, "y": packed(both[0][keep]), "name": _name(found.a, "here"), "hovertemplate": form,
             "line": {"color": GOOD, "width": 1.6, "shape": "hv"}},
            {**line, "y": packed(both[1][keep]), "name": _name(found.b, "there"), "hovertemplate": form,
             "line": {"color": BAD, "width": 1.6, "shape": "hv", "dash": "dash"}},
            {**line, "y": packed(gap[keep]), "name": "there less here", "yaxis": "y2", "fill": "tozeroy",
             "hovertemplate": form, "line": {"color": GREY, "width": 1, "shape": "hv"},
             "fillcolor": "rgba(138,147,160,0.25)"},
        ],
        "layout": {
            "height": 440,
            "hovermode": "x unified",
            "xaxis": time_axis(anchor="y2"),
            "yaxis": axis(f"profit, {found.currency}", domain=[0.36, 1], tickformat=",.2~f"),
            "yaxis2": axis("there less here", domain=[0, 0.28], tickformat=",.2~f"),
        },
    }  # fmt: skip


def _curve(book: Book) -> tuple[Int64, Float64]:
    """Instants and the money closed up to each, from nothing at the first entry."""
    paid = [(leg.exit_ns, leg.profit) for ticket in book.tickets for leg in ticket.legs]
    paid = sorted([*paid, *((one.t_ns, one.minor) for one in book.charges)])
    if not paid:
        return np.empty(0, np.int64), np.empty(0)
    period = book.period()
    first = min(paid[0][0], period[0] if period else paid[0][0])
    times = np.array([first, *(t for t, _ in paid)], np.int64)
    return times, np.cumsum([0, *(minor for _, minor in paid)]) / 10**book.digits


def _at(times: Int64, own: Int64, money: Float64) -> Float64:
    """What had been closed by each instant."""
    if not len(own):
        return np.zeros(len(times))
    row = np.searchsorted(own, times, side="right") - 1
    found: Float64 = np.where(row >= 0, money[np.maximum(row, 0)], 0.0)
    return found


def _tickets(found: Comparison, names: str, notes: list[str]) -> Picture:
    unit = 10**found.a.digits
    gaps = [(one.b.profit - one.a.profit) / unit for one in found.pairs]
    same = sum(1 for gap in gaps if not gap)
    words = [
        f"{count(len(gaps), 'ticket')} on both sides: {same:,} of the same money, "
        f"{sum(1 for gap in gaps if gap > 0):,} better there, {sum(1 for gap in gaps if gap < 0):,} better here",
        f"{count(len(found.lonely), 'ticket')} on one side only (not drawn)",
    ]
    notes.append("On the dotted line both sides made the same.")
    if len(gaps) > MAX_DRAWN:
        notes.append(f"{MAX_DRAWN:,} of {len(gaps):,} tickets are drawn, evenly spread.")
    return picture(tickets_figure(found), f"Ticket by ticket: {names}", notes=notes, words=words)


def tickets_figure(found: Comparison) -> Figure:
    """What each paired ticket made here (across) and there (up)."""
    pairs = list(found.pairs)
    pairs = pairs[:: -(-len(pairs) // MAX_DRAWN)] if pairs else pairs
    unit = 10**found.a.digits
    here, there = (np.array([getattr(p, side).profit / unit for p in pairs], np.float64) for side in ("a", "b"))
    low, high = (float(f(np.concatenate([here, there, [0.0]]))) for f in (np.min, np.max))
    data: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "lines", "x": [low, high], "y": [low, high], "name": "the same",
         "hoverinfo": "skip", "line": {"color": GREY, "width": 1, "dash": "dot"}}
    ]  # fmt: skip
    for mine, name, symbol, colour in (
        (there == here, "the same", "circle-open", GREY),
        (there > here, "better there", "triangle-up", GOOD),
        (there < here, "better here", "triangle-down", BAD),
    ):
        where = np.flatnonzero(mine)
        data.append(
            {
                "type": "scatter", "mode": "markers", "name": name, "x": packed(here[where]), "y": packed(there[where]),
                "showlegend": name != "the same", "text": [_words(pairs[at]) for at in where.tolist()],
                "hovertemplate": "%{text}<br>here %{x:,.2f}, there %{y:,.2f} " + str(escape(found.currency))
                + "<extra></extra>",
                "marker": {"symbol": symbol, "size": 7 if len(pairs) <= 1000 else 5, "color": colour, "opacity": 0.8},
            }
        )  # fmt: skip
    return {
        "data": data,
        "layout": {
            "height": 460,
            "hovermode": "closest",
            "xaxis": axis(f"{_name(found.a, 'here')}, {found.currency} a ticket", tickformat=",.2~f"),
            "yaxis": axis(f"there, {found.currency} a ticket", tickformat=",.2~f"),
        },
    }


def _words(pair: Any) -> str:
    parts = sorted(pair.parts.items(), key=lambda part: -abs(part[1]))[:3]
    alert = (pair.a.alert or pair.a.id)[:_NAME]
    told = ", ".join(name for name, minor in parts if minor)
    side = "buy" if pair.a.side > 0 else "sell"
    return str(escape(f"{alert} {pair.a.symbol} {side}{'; by ' + told if told else ''}"))


def _name(book: Book, where: str) -> str:
    name = book.name if len(book.name) <= _NAME else book.name[: _NAME - 1] + "…"
    return str(escape(f"{name} ({where})"))
