"""The page of a stress of the alerts, and its charts: how far each level moved the net, with the range of chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from zepix.research.headline import count
from zepix.research.report_parts import sections
from zepix.research.report_parts.figures import BAD, GOOD, INK, Figure, axis
from zepix.research.report_parts.markup import Html, cards, details, empty, escape, joined, note, table
from zepix.research.report_parts.page import page, placeholder
from zepix.research.stress_result import KINDS
from zepix.research.stress_words import HEADS, cells, signed, title
from zepix.research.write import iso_utc

if TYPE_CHECKING:
    from zepix.research.stress_result import AlertChange, Level, StressResult

__all__ = ["kind_figure", "stress_html", "whole_figure"]

TITLES: Final = {
    "delay": "Every alert later",
    "loss": "Alerts lost",
    "duplicate": "Alerts sent again",
    "reorder": "Neighbours swapped",
}
SAID_OF_BARS: Final = (
    "A bar is the median change of the net result against the run as recorded; the whisker holds nine of ten "
    "deliveries. Where a whisker crosses zero, chance decides whether it helps or hurts. All charts have one scale."
)
_COLUMNS: Final = (
    "Medians over the deliveries of a level. Per alert: the change for each alert that asks for something. Same open: "
    "the share of alerts that came at another time and fill at the same open as before; what happened to them is "
    "hidden by the bars."
)
_CHANGED: Final = (
    "The level of each kind at which single alerts changed most. In: in how many deliveries the alert came to another "
    "outcome (the commonest is shown). Change: of the money of the tickets it opened, the mean over all deliveries; "
    "it may change without another outcome, where the fill or the exit is another."
)
_ALERTS_SHOWN: Final = 10
_TEXT_LIMIT: Final = 60


def stress_html(result: StressResult) -> str:
    """The whole page; it opens offline."""
    figures: dict[str, Figure] = {}
    drawn: list[Html | str] = []
    for kind in [kind for kind in _kinds(result) if _has_moved(result, kind)]:
        figures[kind] = kind_figure(result, kind)
        label = f"change of the net, {TITLES[kind].lower()}"
        drawn.append(placeholder(kind, figures[kind]["layout"]["height"], label))
    parts = [
        ("Headline", "Headline", joined([sections.warnings(list(result.warnings)), _headline(result)])),
        ("In words", "In words", Html("<ul>") + joined(_item(said) for said in result.notes) + Html("</ul>")),
        ("Charts", "How far the net moved", _charts(result, drawn)),
        ("Levels", "Every level", joined([_levels(result), note(_COLUMNS)])),
        ("Refused", "Refusals", _refusals(result)),
        ("Alerts", "Alerts that changed most", _alerts(result)),
        ("Run", "This run", _run(result)),
    ]
    name = str(result.spec.get("title") or "replay")
    lead = Html(
        f'<p class="brand">zepix stress</p><h1>{escape(name)}</h1><p>as recorded {signed(result.base.net)} '
        f"{escape(result.currency)}, {escape(count(round(result.base.tickets), 'ticket'))} &middot; "
        f"{escape(', '.join(result.timeframes))} &middot; {escape(count(result.replays, 'replay'))}</p>"
    )
    made = [(word, title, Html(content)) for word, title, content in parts]
    return page(f"zepix stress: {name}", lead, made, figures)


def kind_figure(result: StressResult, kind: str) -> Figure:
    """The levels of one kind as bars with their ranges; all kinds of a result share one scale."""
    return {
        "data": [_bars(_of(result, kind))],
        "layout": {
            "height": 320,
            "showlegend": False,
            "title": {"text": TITLES[kind], "font": {"size": 14}, "x": 0.01, "xanchor": "left"},
            "xaxis": axis(type="category"),
            "yaxis": axis(f"change, {result.currency}", range=_scale(result), tickformat=",.2~f", zerolinecolor=INK),
        },
    }


def whole_figure(result: StressResult) -> Figure:
    """All kinds side by side on one scale, as a notebook shows them."""
    kinds = _kinds(result)
    width = 1 / max(1, len(kinds))
    data, titles = [], []
    layout: dict[str, Any] = {"height": 400, "showlegend": False}
    layout["yaxis"] = axis(
        f"change, {result.currency}", range=_scale(result), tickformat=",.2~f", zerolinecolor=INK, anchor="x"
    )
    for column, kind in enumerate(kinds):
        name = "" if column == 0 else str(column + 1)
        data.append({**_bars(_of(result, kind)), "xaxis": f"x{name}"})
        domain = [column * width, (column + 1) * width - 0.03]
        layout[f"xaxis{name}"] = axis(type="category", domain=domain, anchor="y")
        titles.append(
            {"text": TITLES[kind], "x": sum(domain) / 2, "y": 1, "xref": "paper", "yref": "paper", "yanchor": "bottom",
             "showarrow": False, "font": {"size": 13}}
        )  # fmt: skip
    layout["annotations"] = titles
    return {"data": data, "layout": layout}


def _kinds(result: StressResult) -> list[str]:
    return [kind for kind in KINDS if _of(result, kind)]


def _of(result: StressResult, kind: str) -> list[Level]:
    return [level for level in result.levels if level.kind == kind]


def _bars(levels: Sequence[Level]) -> dict[str, Any]:
    bars: dict[str, Any] = {
        "type": "bar",
        "x": [level.name for level in levels],
        "y": [round(level.change, 6) for level in levels],
        "marker": {"color": [GOOD if level.change >= 0 else BAD for level in levels]},
        "customdata": [[signed(level.net), signed(level.net_p5), signed(level.net_p95)] for level in levels],
        "hovertemplate": "%{x}: %{y:+,.2f}<br>net %{customdata[0]}<br>9 in 10 between %{customdata[1]} and "
        "%{customdata[2]}<extra></extra>",
    }
    if any(level.runs > 1 for level in levels):
        bars["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": [round(max(0.0, level.net_p95 - level.net), 6) for level in levels],
            "arrayminus": [round(max(0.0, level.net - level.net_p5), 6) for level in levels],
            "color": INK,
            "thickness": 1.2,
            "width": 5,
        }
    return bars


def _scale(result: StressResult) -> list[float]:
    ends = [0.0]
    for level in result.levels:
        ends += [level.change, level.net_p5 - result.base.net, level.net_p95 - result.base.net]
    low, high = min(ends), max(ends)
    room = 0.06 * (high - low) or 1.0
    return [low - room, high + room]


def _headline(result: StressResult) -> Html:
    """For each kind the level that moved the net most for the worse."""
    shown = []
    for kind in _kinds(result):
        worst = min(_of(result, kind), key=lambda level: level.change)
        below = worst.name
        if not _has_moved(result, kind):
            below = "no level moved the net"
        elif worst.runs > 1:
            low, high = worst.net_p5 - result.base.net, worst.net_p95 - result.base.net
            below += f": 9 in 10 between {signed(low)} and {signed(high)}"
        mood = "bad" if worst.change < 0 else "good" if worst.change > 0 else ""
        shown.append((f"{TITLES[kind]}, at worst", f"{signed(worst.change)} {result.currency}", below, mood))
    return cards(shown)


def _charts(result: StressResult, drawn: list[Html | str]) -> Html:
    parts: list[Html | str] = [Html(f'<div class="grid">{joined(drawn)}</div>'), note(SAID_OF_BARS)] if drawn else []
    still = [TITLES[kind].lower() for kind in _kinds(result) if not _has_moved(result, kind)]
    if still:
        parts.append(note(f"Not drawn, since no delivery moved the net: {', '.join(still)}."))
    return joined(parts)


def _has_moved(result: StressResult, kind: str) -> bool:
    """Whether any level's net, or its range, is another than as recorded."""
    net = result.base.net
    return any((level.net, level.net_p5, level.net_p95) != (net, net, net) for level in _of(result, kind))


def _item(text: str) -> Html:
    return Html(f"<li>{escape(text)}</li>")


def _levels(result: StressResult) -> Html:
    return table(HEADS, [cells(result, level) for level in (result.base, *result.levels)], words=2)


def _refusals(result: StressResult) -> Html:
    """Refusals by reason, a delivery; reasons in columns."""
    shown = [result.base, *result.levels]
    reasons = list(dict.fromkeys(reason for level in shown for reason in level.refusals))
    if not reasons:
        return empty("Nothing was refused at any level.")
    rows = [
        [title(level), *(f"{level.refusals[reason]:,.4g}" if reason in level.refusals else "" for reason in reasons)]
        for level in shown
    ]
    return joined([table(["level", *reasons], rows), note("Means over the deliveries of a level.")])


def _alerts(result: StressResult) -> Html:
    found = [(level, one) for level in result.levels for one in level.alerts]
    if not found:
        return empty("No alert came to another outcome, and no ticket to other money.")
    parts: list[Html | str] = []
    heads = ("alert", "received", "what", "as recorded", "instead", "in", "its money", "change")
    for kind in _kinds(result):
        level = max(_of(result, kind), key=lambda one: sum(abs(a.change_mean) for a in one.alerts))
        if level.alerts:
            rows = [_alert_row(one) for one in level.alerts[:_ALERTS_SHOWN]]
            parts += [Html(f"<h3>{escape(TITLES[kind])}: {escape(level.name)}</h3>"), table(heads, rows, words=5)]
    return joined([*parts, note(_CHANGED)])


def _alert_row(one: AlertChange) -> tuple[str, ...]:
    return (
        one.alert_id[:_TEXT_LIMIT],
        (iso_utc(one.received_ns) or "")[:19].replace("T", " "),
        f"{one.type} {one.symbol}",
        one.outcome,
        one.instead if one.changed_in else "the same",
        f"{one.changed_in} of {one.runs}",
        signed(one.money),
        signed(one.change_mean),
    )


def _run(result: StressResult) -> Html:
    said = (
        f"Seed {result.seed}, {result.repeats} deliveries for each level that chance has a part in. Digest of the run "
        f"as recorded: {result.digest[:16]}. The same alerts, prices, spec and seed give the same page."
    )
    return joined([note(said), details("the spec", result.spec)])
