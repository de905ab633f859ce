"""What each plugin did: by signal, role of the ticket, trading session and hour, with money, points and drawdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zepix.research.groups import DIMENSIONS, NONE
from zepix.research.headline import EMPTY, count, money, number, percent
from zepix.research.pictures.groups import groups_figure
from zepix.research.report_parts.markup import Html, empty, escape, joined, note, table
from zepix.research.report_parts.page import placeholder

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["plugins_section"]

MAX_PLUGINS: Final = 8
MAX_ROWS: Final = 24
_HEADS: Final = ("tickets", "won", "net", "drawdown", "profit factor", "expectancy", "points", "mean points")
_TITLES: Final = {"signal": "signal", "role": "role", "session": "session of the entry"}


def plugins_section(result: Result, figures: dict[str, Any]) -> Html:
    """Every plugin beside the others, then each one's signals, roles, sessions and hours."""
    stats = result.stats
    if not stats["tickets"]:
        return empty("No ticket, nothing to tell apart.")
    parts: list[Html | str] = [_beside(result)]
    inside: Mapping[str, Any] = stats["by_plugin_and"]
    shown = list(inside)[:MAX_PLUGINS]
    for number_, plugin in enumerate(shown):
        parts.append(_one(plugin, inside[plugin], number_, figures, stats["currency"], is_only=len(inside) == 1))
    if len(inside) > len(shown):
        parts.append(note(f"The {len(shown)} plugins with the most tickets of {len(inside)}; run.json has all."))
    parts.append(
        note(
            "Drawdown is the largest fall of a row's own closed money, ticket by ticket; points of several symbols are "
            "added as they are. Sessions: Asia 09-18 in Tokyo, London 08-17, New York 08-17, each by its own clock; "
            "hours are UTC, of the entry."
        )
    )
    return joined(parts)


def _beside(result: Result) -> Html:
    """One row a plugin: what it was asked, what it refused, what its tickets made."""
    outcomes: dict[str, dict[str, int]] = {}
    for row in result.record.decisions:
        if row.plugin_id:
            mine = outcomes.setdefault(row.plugin_id, {})
            mine[row.outcome] = mine.get(row.outcome, 0) + 1
    groups: Mapping[str, Any] = result.stats["by_plugin"]
    rows = [
        [
            plugin or NONE,
            f"{sum(outcomes.get(plugin, {}).values()):,}",
            f"{outcomes.get(plugin, {}).get('refused', 0):,}",
            *(_figures(groups[plugin]) if plugin in groups else [0, *[EMPTY] * (len(_HEADS) - 1)]),
        ]
        for plugin in dict.fromkeys([*groups, *outcomes])
    ]
    return table(["plugin", "alerts", "refused", *_HEADS], rows, css="even")


def _one(
    plugin: str, dimensions: Mapping[str, Any], at: int, figures: dict[str, Any], unit: str, *, is_only: bool
) -> Html:
    """One plugin's tables and its hours, under its name where there are several."""
    parts: list[Html | str] = []
    for name in DIMENSIONS[:3]:
        groups = dimensions[name]
        if name == "role" and set(groups) == {NONE}:
            continue
        rows = [[word, *_figures(group)] for word, group in list(groups.items())[:MAX_ROWS]]
        parts.append(table([_TITLES[name], *_HEADS], rows, css="even"))
        if len(groups) > MAX_ROWS:
            parts.append(note(f"The {MAX_ROWS} with the most tickets of {len(groups)}."))
    figure = groups_figure(dimensions["hour"], "hour", unit)
    figures[f"hours-{at}"] = figure
    parts.append(placeholder(f"hours-{at}", figure["layout"]["height"], f"money by hour of the entry, {plugin}"))
    tickets = sum(group["tickets"] for group in dimensions["hour"].values())
    title = "" if is_only else Html(f"<h3>{escape(plugin)}: {count(tickets, 'ticket')}</h3>")
    return joined([title, *parts])


def _figures(group: Mapping[str, Any]) -> list[Any]:
    net = group["net_profit"]
    mood = "good" if net > 0 else "bad" if net < 0 else ""
    return [
        f"{group['tickets']:,}",
        percent(group["win_rate"]),
        Html(f'<span class="{mood}">{money(net, sign=True)}</span>'),
        money(group["max_drawdown"]),
        number(group["profit_factor"]),
        money(group["expectancy"], sign=True),
        number(group["points"], 0),
        number(group["expectancy_points"], 1),
    ]
