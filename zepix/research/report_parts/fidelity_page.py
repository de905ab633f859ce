"""The page of a measured replay: how many tickets end as on ticks, which way prices lean, every setting in figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from zepix.research.fidelity_rows import ALL, ON_TIME, Error, Row
from zepix.research.fidelity_words import ENDINGS, PRICES, about, endings_of, prices_of, usual_rows, who
from zepix.research.headline import count, percent
from zepix.research.report_parts import sections
from zepix.research.report_parts.figures import BAD, GOOD, GREY, INK, Figure, axis
from zepix.research.report_parts.markup import Html, cards, details, empty, escape, joined, note, table
from zepix.research.report_parts.page import page, placeholder
from zepix.research.stress_words import signed

if TYPE_CHECKING:
    from zepix.research.fidelity_result import FidelityResult, Truth

__all__ = ["alike_figure", "fidelity_html", "lean_figure"]

_WORDS: Final = 2
_LEANS: Final = {"entry": "entries", "stops": "stops", "targets": "targets", "closes": "closes"}
_ALIKE: Final = (
    "Share of the tickets that end for the same reason as on ticks. Dark: every alert; light: alerts that come at an "
    "open of such bars, as those of a chart of that timeframe do."
)
_LEAN: Final = (
    "Mean error of prices in points on the finest bars; above zero the replay did better for us than the ticks. The "
    "whisker is two standard errors: where it crosses zero, chance may explain the lean."
)
_ENDINGS: Final = (
    "Missing: tickets that are there on ticks only; added: on bars only. Alike: share of the tickets of either that "
    "end for the same reason. Doubt: tickets whose bar held stop and target; right: those of them that ended as on "
    "ticks. Off by: profit on bars less profit on ticks; each: the same a ticket. It adds up of: entries at another "
    "price, exits of the same kind at another price, exits of another kind (ends), unpaired tickets, and the rest "
    "(swap, rates, rounding). Intrabar any: no bar was in doubt, so all readings are one."
)
_PRICES: Final = (
    "Entries and exits: the mean error (its standard error), then the median, the size that 95 % stay within, and the "
    "largest. Stops, targets and closes by an alert: the mean of exits that ended alike."
)


def fidelity_html(result: FidelityResult) -> str:
    """The whole page; it opens offline."""
    figures: dict[str, Figure] = {}
    measured = [truth for truth in result.truths if truth.tickets]
    charts = [_chart(figures, f"alike-{n}", alike_figure(result, truth)) for n, truth in enumerate(measured)]
    leans = [_chart(figures, f"lean-{n}", lean_figure(result, truth)) for n, truth in enumerate(measured)]
    parts = [
        ("Headline", "Headline", joined([sections.warnings(list(result.warnings)), _headline(result, measured)])),
        ("In words", "In words", Html("<ul>") + joined(_item(said) for said in result.notes) + Html("</ul>")),
        ("Outcomes", "How many tickets end as on ticks", _grid(charts, _ALIKE)),
        ("Leans", "Which way prices lean", _grid(leans, _LEAN)),
        ("Settings", "Every setting", _settings(result)),
        ("Run", "This run", _run(result)),
    ]
    name = str(result.spec.get("title") or "replay")
    told = joined(Html(f"<p>{escape(about(result, truth))}</p>") for truth in result.truths)
    lead = Html(f'<p class="brand">zepix fidelity</p><h1>{escape(name)}</h1>{told}')
    made = [(word, title, Html(content)) for word, title, content in parts]
    return page(f"zepix fidelity: {name}", lead, made, figures)


def alike_figure(result: FidelityResult, truth: Truth) -> Figure:
    """Share of tickets that end alike by timeframe, under the first reading and the longest grace."""
    usual = usual_rows(result.of(truth.symbol))
    on_time = {row.setting: row for row in result.of(truth.symbol, ON_TIME) if row.tickets}
    punctual = [on_time.get(row.setting) for row in usual]
    return {
        "data": [
            _shares("every alert", INK, usual, usual),
            _shares("alerts at an open of such bars", GREY, usual, punctual),
        ],
        "layout": {
            **_layout(f"{truth.symbol}, {_named(usual)}"),
            "barmode": "group",
            "xaxis": axis(type="category"),
            "yaxis": axis("tickets alike", range=[0, 1.12], tickformat=".0%"),
            "legend": {"orientation": "h", "y": -0.15},
        },
    }


def _shares(name: str, color: str, usual: Sequence[Row], rows: Sequence[Row | None]) -> dict[str, Any]:
    shares = [None if row is None or row.same_frac is None else round(row.same_frac, 6) for row in rows]
    return {
        "type": "bar",
        "name": name,
        "x": [row.setting.timeframe for row in usual],
        "y": shares,
        "text": ["" if share is None else percent(share) for share in shares],
        "textposition": "outside",
        "marker": {"color": color},
        "hovertemplate": "%{x}: %{y:.1%}<extra></extra>",
    }


def lean_figure(result: FidelityResult, truth: Truth) -> Figure:
    """Mean errors of entries, stops, targets and closes on the finest bars, with two standard errors."""
    usual = usual_rows(result.of(truth.symbol))[:1]
    found: list[tuple[str, Error]] = [
        (word, getattr(row, name)) for row in usual for name, word in _LEANS.items() if getattr(row, name).count
    ]
    return {
        "data": [
            {
                "type": "bar",
                "x": [word for word, _ in found],
                "y": [round(error.mean or 0.0, 6) for _, error in found],
                "error_y": {
                    "type": "data",
                    "array": [round(2 * (error.standard_error or 0.0), 6) for _, error in found],
                    "color": INK,
                    "thickness": 1.2,
                    "width": 5,
                },
                "marker": {"color": [BAD if (error.mean or 0) > 0 else GOOD for _, error in found]},
                "customdata": [error.count for _, error in found],
                "hovertemplate": "%{x}: %{y:+,.2f} points, %{customdata} fills<extra></extra>",
            }
        ],
        "layout": {
            **_layout(f"{truth.symbol}, {_named(usual, with_bars=True)}"),
            "showlegend": False,
            "xaxis": axis(type="category"),
            "yaxis": axis("points in the replay's favour", zerolinecolor=INK),
        },
    }


def _layout(title: str) -> dict[str, Any]:
    return {"height": 340, "title": {"text": str(escape(title)), "font": {"size": 14}, "x": 0.01, "xanchor": "left"}}


def _named(usual: Sequence[Row], *, with_bars: bool = False) -> str:
    setting = usual[0].setting
    bars = f"{setting.timeframe} bars, " if with_bars else ""
    return f"{bars}{setting.intrabar}, grace {setting.open_grace_ms / 1000:g} s"


def _chart(figures: dict[str, Figure], name: str, figure: Figure) -> Html:
    figures[name] = figure
    return placeholder(name, figure["layout"]["height"], figure["layout"]["title"]["text"])


def _grid(drawn: Sequence[Html], said: str) -> Html:
    if not drawn:
        return empty("No ticket was closed on ticks, so there is nothing to draw.")
    return joined([Html(f'<div class="grid">{joined(drawn)}</div>'), note(said)])


def _headline(result: FidelityResult, measured: Sequence[Truth]) -> Html:
    """Of each symbol: how many tickets end alike on the finest bars, and how far the profit is off."""
    shown = []
    for truth in measured:
        row = usual_rows(result.of(truth.symbol))[0]
        bars = f"{row.setting.timeframe} bars"
        below = f"of {count(row.tickets, 'ticket')} end as on ticks"
        shown.append((f"{truth.symbol} on {bars}", percent(row.same_frac), below, ""))
        mood = "bad" if row.difference > 0 else ""
        off = f"{signed(row.difference)} {result.currency} in all; above zero flatters"
        shown.append((f"{truth.symbol} on {bars}, a ticket", signed(row.per_ticket or 0.0), off, mood))
    return cards(shown) if shown else empty("No ticket was closed on ticks.")


def _item(text: str) -> Html:
    return Html(f"<li>{escape(text)}</li>")


def _settings(result: FidelityResult) -> Html:
    parts: list[Html | str] = []
    for truth in result.truths:
        for alerts, rows in result.shown(truth.symbol):
            whose = "every alert" if alerts == ALL else who(result, alerts)
            parts.append(Html(f"<h3>{escape(truth.symbol)}, {escape(whose)}: outcomes, {escape(result.currency)}</h3>"))
            parts.append(table(ENDINGS, endings_of(rows), words=_WORDS))
            parts.append(Html(f"<h3>{escape(truth.symbol)}, {escape(whose)}: prices, points</h3>"))
            parts.append(table(PRICES, prices_of(rows), words=_WORDS))
    return joined([*parts, note(_ENDINGS), note(_PRICES)])


def _run(result: FidelityResult) -> Html:
    made = f"{result.random:,} random entries of seed {result.seed}" if result.random else "the alerts of the log"
    said = (
        f"{count(result.replays, 'replay')} of {made}. Slippage charged on bars: {result.slippage_points} points. "
        f"Digest of the run on ticks: {result.digest[:16]}. The same ticks, alerts and spec give the same page."
    )
    return joined([note(said), details("the spec", result.spec)])
