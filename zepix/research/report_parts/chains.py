"""What became of chains: all of them over time, a table for each kind, and the pyramids level by level.

The pyramids stand beside their own arithmetic: what a level books, and what is left where all of a level loses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.research.chain_sums import TITLES, ChainSum, chain_sums
from zepix.research.headline import EMPTY, count, money, number, percent
from zepix.research.report_parts.figures import BAD, GOOD, GREY, Figure, axis, milliseconds, packed, time_axis
from zepix.research.report_parts.markup import Html, escape, joined, note, table
from zepix.research.report_parts.page import placeholder
from zepix.research.report_parts.pyramids import pyramid_tables
from zepix.research.write import iso_utc

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["chains_figure", "chains_section"]

MAX_DRAWN: Final = 1500
MAX_LISTED: Final = 100
MAX_ENDS: Final = 24
_SIGNS: Final = {"profit": "triangle-up", "reentry": "circle", "shield": "square"}
_SAID: Final = {
    "profit": "A pyramid begins with order B, level 0; money is that of all its orders, recoveries among them. A "
    "shield's B begins one too, with a stop of its own.",
    "reentry": "A chain begins with order A, level 1; a target that is followed up adds one. Orders are those after A.",
    "shield": "Two opposite orders for a stopped order A. Where its B books by a pyramid of its own, that ticket "
    "stands in both tables.",
}


def chains_section(result: Result, figures: dict[str, Any]) -> Html:
    """All of it; the run has chains."""
    record = result.record
    unit, currency = 10**record.account.digits, record.account.currency
    chains = chain_sums(record.chains)
    drawn = chains[:: -(-len(chains) // MAX_DRAWN)]
    figures["chains"] = figure = chains_figure(drawn, unit, currency)
    some = f"{len(drawn):,} of {len(chains):,} chains are drawn, evenly spread. " if len(drawn) < len(chains) else ""
    parts: list[Html | str] = [
        placeholder("chains", figure["layout"]["height"], "chains over time and what each brought"),
        note(
            f"{some}Each chain from its begin to its end, at the height of what it brought; filled where it completed. "
            "chains.parquet has every step, zepix why those of one alert."
        ),
    ]
    for kind, title in TITLES.items():
        mine = [chain for chain in chains if chain.kind == kind]
        if mine:
            parts += [Html(f"<h3>{escape(title)}: {count(len(mine), 'chain')}</h3>"), _ends(mine, unit)]
            parts += [note(_SAID[kind])]
            parts += pyramid_tables(mine, result.spec, unit) if kind == "profit" else []
            parts += [_levels(mine, unit)] if kind == "reentry" else []
            parts += [_listed(mine, unit)]
    return joined(parts)


# --- over time ------------------------------------------------------------------------------------------------------


def chains_figure(chains: Sequence[ChainSum], unit: int, currency: str) -> Figure:
    """A line from begin to end of each, a sign at its end: the kind's own, in the colour of what it brought."""
    data: list[dict[str, Any]] = []
    for kind, title in TITLES.items():
        mine = [chain for chain in chains if chain.kind == kind]
        if mine:
            data += [_spans(mine, unit, title), _signs(mine, unit, title, currency)]
    return {
        "data": data,
        "layout": {
            "height": 360,
            "showlegend": True,
            "xaxis": time_axis(),
            "yaxis": axis(currency, tickformat=",.2~f", zeroline=True),
        },
    }


def _spans(chains: Sequence[ChainSum], unit: int, title: str) -> dict[str, Any]:
    times = np.array([[c.begun_ns, _end_ns(c), c.begun_ns] for c in chains], np.int64).ravel() // 1_000_000
    heights = np.array([[c.money_minor / unit, c.money_minor / unit, np.nan] for c in chains]).ravel()
    return {
        "type": "scatter", "mode": "lines", "x": packed(times), "y": packed(heights), "legendgroup": title,
        "showlegend": False, "hoverinfo": "skip", "line": {"color": GREY, "width": 1.5}, "connectgaps": False,
    }  # fmt: skip


def _signs(chains: Sequence[ChainSum], unit: int, title: str, currency: str) -> dict[str, Any]:
    said = [
        f"{escape(c.chain_id)}<br>{escape(c.plugin_id)} {escape(c.symbol)}, level {c.level}, {escape(c.end)}"
        for c in chains
    ]
    signs = [_SIGNS[c.kind] + ("" if c.state == "completed" else "-open") for c in chains]
    return {
        "type": "scatter", "mode": "markers", "name": title, "legendgroup": title,
        "x": milliseconds([_end_ns(c) for c in chains]), "y": packed([c.money_minor / unit for c in chains]),
        "text": said, "hovertemplate": "%{text}<br>%{y:,.2f} " + str(escape(currency)) + "<extra></extra>",
        "marker": {"symbol": signs, "size": 8, "color": [GOOD if c.money_minor > 0 else BAD for c in chains],
                   "line": {"width": 1.4}},
    }  # fmt: skip


def _end_ns(chain: ChainSum) -> int:
    return chain.last_ns if chain.ended_ns is None else chain.ended_ns


# --- tables ---------------------------------------------------------------------------------------------------------


def _ends(chains: Sequence[ChainSum], unit: int) -> Html:
    """How they ended, the commonest first: how many, how far, with what."""
    common = [end for end, _ in Counter(chain.end for chain in chains).most_common(MAX_ENDS)]
    rows = [[end, *_figures([c for c in chains if c.end == end], len(chains), unit)] for end in common]
    rest = [chain for chain in chains if chain.end not in common]
    rows += [["other ends", *_figures(rest, len(chains), unit)]] if rest else []
    rows += [["all", *_figures(chains, len(chains), unit)]] if len(common) > 1 else []
    heads = ["ended", "chains", "share", "orders", "mean level", "highest", "net", "mean"]
    return table(heads, rows, css="even")


def _figures(chains: Sequence[ChainSum], of: int, unit: int) -> list[Any]:
    levels, net = [chain.level for chain in chains], sum(chain.money_minor for chain in chains) / unit
    return [
        f"{len(chains):,}",
        percent(len(chains) / of),
        f"{sum(len(chain.orders) for chain in chains):,}",
        EMPTY if chains[0].kind == "shield" else number(sum(levels) / len(levels)),
        EMPTY if chains[0].kind == "shield" else max(levels),
        _coloured(net),
        _coloured(net / len(chains)),
    ]


def _levels(chains: Sequence[ChainSum], unit: int) -> Html:
    """How many reached each level, and what those made that went no further."""
    rows = []
    for level in range(min(c.level for c in chains), max(c.level for c in chains) + 1):
        last = [chain for chain in chains if chain.level == level]
        reached = sum(1 for chain in chains if chain.level >= level)
        net = sum(chain.money_minor for chain in last) / unit
        rows.append([f"level {level}", f"{reached:,}", f"{len(last):,}", _coloured(net), _mean(net, len(last))])
    return table(["highest level", "reached it", "went no further", "their net", "mean"], rows, css="even")


def _listed(chains: Sequence[ChainSum], unit: int) -> Html:
    """The chains that moved most money, in order of time."""
    most = sorted(chains, key=lambda chain: -abs(chain.money_minor))[:MAX_LISTED]
    rows = [
        [
            chain.chain_id, chain.plugin_id, _moment(chain.begun_ns),
            EMPTY if chain.ended_ns is None else _moment(chain.ended_ns), chain.end, chain.alert_id, chain.level,
            len(chain.orders), _coloured(chain.money_minor / unit),
        ]
        for chain in sorted(most, key=lambda chain: chain.begun_ns)
    ]  # fmt: skip
    which = f"The {MAX_LISTED} that moved most money" if len(chains) > MAX_LISTED else "Every chain"
    heads = ["chain", "plugin", "begun (UTC)", "ended (UTC)", "end", "alert", "level", "orders", "net"]
    listed = table(heads, rows, words=6)
    return Html(f"<details><summary>{escape(which)}</summary>{listed}</details>")


def _mean(net: float, chains: int) -> Html | str:
    return _coloured(net / chains) if chains else EMPTY


def _coloured(value: float) -> Html:
    mood = "good" if value > 0 else "bad" if value < 0 else ""
    return Html(f'<span class="{mood}">{money(value, sign=True)}</span>')


def _moment(ns: int) -> str:
    return (iso_utc(ns) or "")[:19].replace("T", " ")
