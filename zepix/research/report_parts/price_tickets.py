"""Tickets over a price: entries and exits, stops and targets as they moved, the way of a chain, alerts refused."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import DecisionRow, Instrument, Series
from zepix.model.series import Int64
from zepix.research.columns import FillColumns, Float64, prices_of, quotes_at
from zepix.research.headline import money
from zepix.research.report_parts.figures import BAD, GOOD, INK, milliseconds, packed
from zepix.research.report_parts.level_paths import Path, level_paths
from zepix.research.report_parts.markup import escape
from zepix.research.report_parts.words import REASONS

__all__ = ["refused_marks", "ticket_traces"]

CHAIN: Final = "#CC79A7"
_FAINT: Final = "#5b6675"
_FEW: Final = 400
"""Up to so many tickets levels are shown at first, and each ticket says what its decision was made of."""
_NUMBERS: Final = 6
_OF_THE_ORDER: Final = frozenset({"order", "volume", "sl", "tp", "ticket", "price", "trade", "alert"})
"""How names of numbers begin that repeat the order or the alert, which the picture shows already."""
_WIDE: Final = 48


def ticket_traces(
    record: RunRecord, fills: FillColumns, rows: Int64, series: Series, instrument: Instrument
) -> list[dict[str, Any]]:
    """Levels, ways, chains and marks of the closing fills in ``rows``."""

    def column(name: str) -> Int64:
        return fills.integer(name)[rows]

    start, end = column("entry_ns"), column("exit_ns")
    paid, got = prices_of(instrument, column("entry_points")), prices_of(instrument, column("exit_points"))
    is_long, has_won = column("side") > 0, column("pnl_minor") > 0
    is_few = len(rows) <= _FEW
    words = _words(record, fills, rows, is_few=is_few)
    stops, targets = level_paths(record, [fills.fills[row] for row in rows.tolist()], series)
    shown: Any = True if is_few else "legendonly"
    way = _polyline(start, end, paid, got)
    return [
        _levels(stops, instrument, "stop", BAD, shown),
        _levels(targets, instrument, "target", GOOD, shown),
        {"type": "scatter", "mode": "lines", **way, "name": "entry to exit", "hoverinfo": "skip",
         "line": {"color": "rgba(31,41,51,0.45)", "width": 1, "dash": "dot"}},
        *_chains(fills, rows, start, end, paid, got),
        _marks(start, paid, is_long, words, "long entry", "triangle-up", INK),
        _marks(start, paid, ~is_long, words, "short entry", "triangle-down", INK),
        _marks(end, got, has_won, words, "exit, won", "circle", GOOD),
        _marks(end, got, ~has_won, words, "exit, not won", "x", BAD),
    ]  # fmt: skip


def refused_marks(
    record: RunRecord, symbol: str, series: Series, instrument: Instrument, window: tuple[int, int], most: int
) -> list[dict[str, Any]]:
    """The alerts of a symbol that were refused, at the bid known when they came; nothing where there are none."""
    found = [
        row
        for row in record.decisions
        if row.outcome == "refused" and row.symbol == symbol and window[0] <= (row.received_ns or 0) <= window[1]
    ]
    if not found or not len(series):
        return []
    found = found[:: -(-len(found) // most)]
    times = np.array([row.received_ns for row in found], np.int64)
    bids = prices_of(instrument, quotes_at(series, times)[0])
    words = [_refusal(row) for row in found]
    made = _marks(times, bids, np.ones(len(found), bool), words, "alert refused", "diamond-open", _FAINT)
    return [{**made, "visible": True if len(found) <= _FEW else "legendonly"}]


def _refusal(row: DecisionRow) -> str:
    meaning = REASONS.get(row.reason, "")
    asked = f"{row.type} {row.side}".strip()
    return "<br>".join(
        str(part)
        for part in (
            escape(_short(f"alert {row.alert_id}: {asked}")),
            escape(f"refused: {row.reason}"),
            *([_wrapped(meaning)] if meaning else []),
            *_numbers(row),
        )
    )


def _marks(
    time: Int64, price: Float64, mine: Any, words: list[str], name: str, symbol: str, colour: str
) -> dict[str, Any]:
    size = 9 if len(time) <= 100 else 7 if len(time) <= 500 else 5 if len(time) <= 1500 else 4
    where = np.flatnonzero(mine)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": milliseconds(time[where]),
        "y": packed(price[where]),
        "text": [words[at] for at in where.tolist()],
        "hovertemplate": "%{text}<br>%{x|%Y-%m-%d %H:%M:%S} UTC  %{y}<extra>" + name + "</extra>",
        "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 1, "color": "#ffffff"}},
    }


def _levels(paths: list[Path], instrument: Instrument, name: str, colour: str, visible: Any) -> dict[str, Any]:
    """One line of steps a ticket."""
    gap = [(0, 0)]
    steps = [step for path in paths if path for step in [*path, *gap]]
    times = np.array([t for t, _ in steps], np.int64)
    points = np.array([p for _, p in steps], np.int64)
    breaks = np.flatnonzero(points == 0)
    times[breaks] = times[breaks - 1] if len(breaks) else times[breaks]
    prices = prices_of(instrument, points)
    prices[breaks] = np.nan
    return {
        "type": "scatter", "mode": "lines", "name": name, "hoverinfo": "skip", "opacity": 0.75, "visible": visible,
        "line": {"color": colour, "width": 1.2, "dash": "dash", "shape": "hv"},
        "x": milliseconds(times), "y": packed(prices),
    }  # fmt: skip


def _chains(
    fills: FillColumns, rows: Int64, start: Int64, end: Int64, paid: Float64, got: Float64
) -> list[dict[str, Any]]:
    """From the exit of each ticket of a chain to the entry of its next; nothing where no chain has two."""
    ids, last = fills.text("chain_id"), dict[str, int]()
    pairs: list[tuple[int, int]] = []
    for at in np.argsort(start, kind="stable").tolist():
        chain = ids[int(rows[at])]
        if chain and chain in last:
            pairs.append((last[chain], at))
        if chain:
            last[chain] = at
    if not pairs:
        return []
    before, after = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
    way = _polyline(end[before], start[after], got[before], paid[after])
    return [
        {"type": "scatter", "mode": "lines", **way, "name": "on in its chain", "hoverinfo": "skip",
         "line": {"color": CHAIN, "width": 1.6}}
    ]  # fmt: skip


def _polyline(start: Int64, end: Int64, first: Float64, last: Float64) -> dict[str, Any]:
    """One line of many pieces: from (start, first) to (end, last), then a break."""
    x = np.column_stack((start, end, end)).ravel()
    y = np.column_stack((first, last, np.full(len(first), np.nan))).ravel()
    return {"x": milliseconds(x), "y": packed(y)}


def _words(record: RunRecord, fills: FillColumns, rows: Int64, *, is_few: bool) -> list[str]:
    """What the pointer reads at a ticket; plotly reads a little markup in it, hence escaped."""
    decided = {(row.alert_id, row.plugin_id): row for row in record.decisions} if is_few else {}
    unit, currency = 10**record.account.digits, record.account.currency
    said = []
    for f in (fills.fills[row] for row in rows.tolist()):
        role = f" {f.role}" if f.role else ""
        lines: list[str] = [
            escape(f"#{f.ticket}{role} {'buy' if f.side > 0 else 'sell'}, {f.exit_reason}, {f.pnl_points:+,d} points"),
        ]
        if is_few:
            lots = record.catalogue[f.symbol].lots(f.steps)
            lines.append(escape(f"{lots} lots, {money(f.pnl_minor / unit, sign=True)} {currency}"))
            lines += [escape(_short(f"chain {f.chain_id}"))] if f.chain_id else []
            lines += [escape(_short(f"alert {f.alert_id}, {f.plugin_id}"))] if f.alert_id else []
            row = decided.get((f.alert_id, f.plugin_id))
            lines += [] if row is None else _numbers(row)
        said.append("<br>".join(str(line) for line in lines))
    return said


def _numbers(row: DecisionRow) -> list[str]:
    """The first numbers and words that decided, two a line; else those of the order."""
    said = {name: value for name, value in row.numbers.items() if value not in (None, "")}
    told = {name: value for name, value in said.items() if name.partition("_")[0] not in _OF_THE_ORDER} or said
    words = [f"{name} {_shown(value)}" for name, value in list(told.items())[:_NUMBERS]]
    return [str(escape(_short(", ".join(words[at : at + 2])))) for at in range(0, len(words), 2)]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _WIDE else text[: _WIDE - 1] + "…"


def _wrapped(text: str) -> str:
    """A sentence in lines of a readable length."""
    import textwrap

    return "<br>".join(str(escape(line)) for line in textwrap.wrap(text, _WIDE))
