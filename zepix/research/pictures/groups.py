"""Money or points of tickets in groups: bars by hour, weekday, session, signal, level and the like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.research.headline import count, money, percent
from zepix.research.report_parts.figures import BAD, GOOD, Figure, axis, title_of
from zepix.research.report_parts.markup import escape

__all__ = ["HOURS", "TITLES", "groups_figure", "groups_words"]

HOURS: Final = tuple(f"{hour:02d}" for hour in range(24))
TITLES: Final = {
    "hour": "hour of the entry (UTC)",
    "weekday": "weekday of the entry (UTC)",
    "session": "session of the entry",
    "signal": "signal",
    "level": "level of the chain",
    "role": "role",
    "symbol": "symbol",
    "plugin": "plugin",
    "exit_reason": "exit reason",
}
"""What tickets may be grouped by, and how it is called."""
MOST: Final = 40
_WIDE: Final = 32
Groups = Mapping[str, Mapping[str, Any]]


def groups_figure(groups: Groups, by: str, currency: str, what: str = "profit") -> Figure:
    """A bar a group: its money (``profit``) or its summed ``points``; tickets and wins when pointed at.

    Hours stand all 24; of other groups the ``MOST`` with the most tickets. Many or long names lie on their side.
    """
    field, unit = ("net_profit", currency) if what == "profit" else ("points", "points")
    names = list(HOURS) if by == "hour" else list(groups)[:MOST]
    values = [float(groups[name][field] or 0) if name in groups else 0.0 for name in names]
    said = [_said(groups.get(name), currency, what) for name in names]
    lies = by != "hour" and (max(map(len, names), default=0) > 14 or len(names) > 10)
    labels = [str(escape(name)) for name in _labels(names)]
    form = ",.2f" if what == "profit" else ",.0f"
    hovered = "%{x:" if lies else "%{y:"
    suffix = ":00 UTC" if by == "hour" else ""
    bars = {
        "type": "bar",
        "orientation": "h" if lies else "v",
        "x": values if lies else labels,
        "y": labels if lies else values,
        "text": said,
        "textposition": "none",
        "marker": {"color": [GOOD if value >= 0 else BAD for value in values]},
        "customdata": [str(escape(name[:200])) for name in names],
        "hovertemplate": "%{customdata}" + suffix + f"<br>{hovered}{form}}} {escape(unit)}<br>%{{text}}<extra></extra>",
    }
    category = axis(type="category")
    if by == "hour" or lies:
        category["dtick"] = 1
    value = axis(unit, tickformat=",.2~f", zerolinecolor="#5b6675")
    if lies:
        category |= {"autorange": "reversed"}
    layout = {
        "height": max(240, 90 + 22 * len(names)) if lies else 240,
        "showlegend": False,
        "title": title_of(f"{'Net result' if what == 'profit' else 'Points'} by {TITLES.get(by, by)}"),
        "xaxis": value if lies else category,
        "yaxis": category if lies else value,
        "bargap": 0.25,
    }
    return {"data": [bars], "layout": layout}


def groups_words(groups: Groups, currency: str, *, has_points: bool = True) -> list[str]:
    """A line a group; points of several symbols add up to nothing, then they are left out."""
    shown = list(groups.items())[:MOST]
    wide = min(_WIDE, max((len(name) for name, _ in shown), default=0))
    return [
        f"{_short(name):<{wide}}  {money(group['net_profit'], sign=True):>12} {currency}  "
        + (f"{group['points'] or 0:>+10,.0f} points  " if has_points else "")
        + f"{count(group['tickets'], 'ticket')}, {percent(group['win_rate'])} won"
        for name, group in shown
    ]


def _said(group: Mapping[str, Any] | None, currency: str, what: str) -> str:
    if group is None:
        return "no ticket"
    other = (
        f"{group['points'] or 0:+,.0f} points"
        if what == "profit"
        else f"{money(group['net_profit'], sign=True)} {currency}"
    )
    return str(
        escape(
            f"{count(group['tickets'], 'ticket')}, {percent(group['win_rate'])} won, {other}, drawdown "
            f"{money(group['max_drawdown'])}"
        )
    )


def _labels(names: list[str]) -> list[str]:
    """Names that fit; two that would look alike get a number."""
    made: list[str] = []
    for name in names:
        short = _short(name)
        made.append(short if short not in made else f"{short} ({len(made) + 1})")
    return made


def _short(name: str) -> str:
    """The beginning and the end: long names of one family differ there."""
    return name if len(name) <= _WIDE else f"{name[: _WIDE // 2]}…{name[1 - _WIDE // 2 :]}"
