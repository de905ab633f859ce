"""Refusals by reason over time: a stacked chart, one bar a stretch of time, and what the reasons mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from zepix.engine.record import RunRecord
from zepix.model import DecisionRow
from zepix.research.headline import count
from zepix.research.report_parts.figures import GREY, Figure, axis, time_axis
from zepix.research.report_parts.markup import Html, empty, escape, joined, note
from zepix.research.report_parts.page import placeholder
from zepix.research.report_parts.words import REASONS

__all__ = ["meaning", "refusals_figure", "refusals_section"]

_GATE: Final = {
    "session_closed": "the trading session in force takes no entries now",
    "symbol_not_in_session": "the trading session in force does not take this symbol",
    "plugin_trades_limit": "the plugin had made its trades of the day",
    "plugin_open_limit": "the plugin had as many entries open as it may",
    "plugin_daily_loss": "the plugin had lost what it may lose in a day, open risk counted",
    "daily_cap": "nothing was left of what the account may lose in a day",
    "lifetime_cap": "nothing was left of what the account may lose before somebody resets it",
    "concurrent_limit": "as many entries were open as the account may have",
    "symbol_exposure": "as many entries or lots were open on this symbol as there may be",
    "spread_high": "the spread was wider than the limit",
    "spread_too_wide": "the spread was wider than the alert allows",
    "spread_unknown": "nobody knew the spread, which is no trade",
    "risk_too_large": "the loss at the stop did not fit what may be lost",
    "equity_guard": "the account's guard had stopped trading",
    "paused_by_alert": "an alert had paused entries on this symbol",
    "unit_unknown": "nobody said what a number is counted in",
    "no_levels": "a change without a stop or a target",
    "duplicate": "the same alert had come before",
}
"""Reasons of the risk service's gate and of alerts with units, beside those of ``words``."""
_SHOWN: Final = 7
_FEW: Final = 6
"""Up to so many refusals the chart's axis counts one by one: there is no half a refusal."""
_WHY: Final = "zepix why RUN ALERT_ID tells the whole path of one alert, with the numbers that decided."
_BARS: Final = 60
_SPANS: Final = ((timedelta(hours=1), "hour"), (timedelta(days=1), "day"), (timedelta(days=7), "week"))
_MONTH_NS: Final = 30 * 86_400_000_000_000
_COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#5b6675")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)


def meaning(reason: str) -> str:
    """What a reason means, in words; nothing for one that a strategy of somebody's own made up."""
    return REASONS.get(reason) or _GATE.get(reason) or ""


def refusals_section(record: RunRecord, figures: dict[str, Any]) -> Html:
    """The chart and a sentence; where nothing was refused, the sentence alone."""
    rows = [row for row in record.decisions if row.outcome == "refused" and row.received_ns is not None]
    if not rows:
        return empty("Nothing was refused.")
    figure, unit = refusals_figure(rows)
    figures["refusals"] = figure
    reasons = Counter(row.reason for row in rows)
    more = len(reasons) - _SHOWN
    rest = f" The {more} rarest reasons stand together as others." if more > 0 else ""
    return joined(
        [
            placeholder("refusals", figure["layout"]["height"], "refusals by reason over time"),
            note(f"{count(len(rows), 'refusal')}, one bar a {unit} (UTC, by the alert's arrival).{rest} {_WHY}"),
        ]
    )


def refusals_figure(rows: Sequence[DecisionRow]) -> tuple[Figure, str]:
    """(figure, what one bar covers) of refused decisions; the commonest reasons apart, the rest together."""
    times = [row.received_ns or 0 for row in rows]
    unit = _unit(min(times), max(times))
    starts = {ns: _start(ns, unit) for ns in set(times)}
    bars = sorted(set(starts.values()))
    place = {bar: n for n, bar in enumerate(bars)}
    common = [reason for reason, _ in Counter(row.reason for row in rows).most_common(_SHOWN)]
    stacks: dict[str, list[int]] = {reason: [0] * len(bars) for reason in common}
    for row, ns in zip(rows, times, strict=True):
        name = row.reason if row.reason in stacks and row.reason in common else ""
        stacks.setdefault(name, [0] * len(bars))[place[starts[ns]]] += 1
    data = [
        {"type": "bar", "name": str(escape(reason or "others")), "x": bars, "y": counts,
         "marker": {"color": _COLOURS[n] if reason and n < len(_COLOURS) else GREY},
         "hovertemplate": "%{y} " + str(escape(reason or "others")) + "<extra></extra>"}
        for n, (reason, counts) in enumerate(stacks.items())
    ]  # fmt: skip
    highest = max(map(sum, zip(*stacks.values(), strict=True)))
    layout = {
        "height": 300,
        "barmode": "stack",
        "bargap": 0.15,
        "hovermode": "x unified",
        "showlegend": True,
        "xaxis": time_axis(),
        "yaxis": axis("refusals", rangemode="tozero", **({"dtick": 1} if highest <= _FEW else {})),
    }
    return {"data": data, "layout": layout}, unit


def _unit(first_ns: int, last_ns: int) -> str:
    """The shortest stretch of which at most sixty cover the time; months where even weeks are too many."""
    for span, unit in _SPANS:
        if (last_ns - first_ns) / (span / timedelta(microseconds=1) * 1000) <= _BARS:
            return unit
    return "month" if (last_ns - first_ns) / _MONTH_NS <= 2 * _BARS else "year"


def _start(ns: int, unit: str) -> str:
    """The beginning of the stretch that holds an instant, as a date that the chart's axis reads."""
    moment = _EPOCH + timedelta(microseconds=ns // 1000)
    if unit == "hour":
        return f"{moment:%Y-%m-%d %H}:00"
    if unit == "week":
        moment = _MONDAY + (moment - _MONDAY) // timedelta(days=7) * timedelta(days=7)
    if unit == "month":
        moment = moment.replace(day=1)
    if unit == "year":
        moment = moment.replace(month=1, day=1)
    return f"{moment:%Y-%m-%d}"
