"""The report of a run: one HTML file that opens offline, for years.

It carries plotly's JavaScript once (about 4.8 MB), its figures as packed numbers and its tables as text. Prices are
thinned to some twenty thousand points over all symbols, tickets on the charts to 2,500 a symbol, the tickets table to
2,000 rows; where something is left out, the page says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.journal.atomic import written_whole
from zepix.research.headline import count, period, title
from zepix.research.report_parts import sections
from zepix.research.report_parts.chains import chains_section
from zepix.research.report_parts.figures import equity_figure, histogram_figure, recorded_figure
from zepix.research.report_parts.markup import Html, empty, escape, joined, note
from zepix.research.report_parts.page import page, placeholder
from zepix.research.report_parts.plugins import plugins_section
from zepix.research.report_parts.prices import price_figure
from zepix.research.report_parts.refusals import refusals_section
from zepix.research.report_parts.tickets import tickets_section

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["report_html", "write_report"]

MAX_SYMBOLS: Final = 8
MAX_HISTOGRAMS: Final = 6
MAX_RECORDED: Final = 12
_BUCKETS: Final = 6000

Figures = dict[str, Any]


def write_report(result: Result, path: Path) -> Path:
    """Writes the report of ``result`` to ``path``, its folder made where missing; raises DataError if it cannot."""
    text = report_html(result)
    with written_whole(path) as draft:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(text.encode("utf-8", "xmlcharrefreplace"))
    return path


def report_html(result: Result) -> str:
    """The whole page."""
    figures: Figures = {}
    stats, record = result.stats, result.record
    parts = [
        ("Headline", "Headline", joined([sections.warnings(result.warnings), sections.headline(stats)])),
        ("Equity", "Equity and drawdown", _equity(result, figures)),
        ("Prices", "Prices and tickets", _prices(result, figures)),
        ("Tickets", "Tickets", tickets_section(record)),
        ("Decisions", "Decisions", sections.decisions(result)),
        ("Refusals", "Refusals over time", refusals_section(record, figures)),
        ("Plugins", "Plugins, signals, roles, sessions", plugins_section(result, figures)),
        *([("Chains", "Chains", chains_section(result, figures))] if record.chains else []),
        ("Points", "Points a ticket", _points(result, figures)),
        ("Breakdown", "By symbol and exit", sections.breakdown(stats)),
        ("All figures", "All figures", sections.figures_table(stats)),
        ("Fills", "Fill model and ambiguity", sections.ambiguity(result)),
        ("Alert gap", "Alert prices and ours", sections.alert_gap(result)),
        ("Data", "Data quality", sections.data_quality(result)),
        *([("Recorded", "Recorded series", _recorded(result, figures))] if record.recorded else []),
        ("Limits", "What a bar cannot know", sections.cannot_know()),
        ("Run", "This run", sections.run_facts(result)),
    ]
    name = str(result.spec.get("title") or title(record))
    return page(f"zepix: {name}", _lead(result, name), parts, figures)


def _lead(result: Result, name: str) -> Html:
    record = result.record
    below = title(record) if name != title(record) else f"{count(len(record.alerts), 'alert')} replayed"
    return Html(
        f'<p class="brand">zepix replay</p><h1>{escape(name)}</h1>'
        f"<p>{escape(below)} &middot; {escape(period(record))} &middot; account in {escape(record.account.currency)}, "
        f"leverage {escape(record.account.leverage)} &middot; digest <code>{escape(result.digest[:16])}</code></p>"
    )


def _equity(result: Result, figures: Figures) -> Html:
    figure = equity_figure(result.curve, result.record.account.currency)
    figures["equity"] = figure
    said = "A point at every change of the balance and at 17:00 New York of each trading day, open tickets included."
    if not result.record.fills:
        said = "No ticket was closed, so the balance is the deposit throughout."
    return joined([placeholder("equity", figure["layout"]["height"], "equity and drawdown over time"), note(said)])


def _prices(result: Result, figures: Figures) -> Html:
    """One chart a symbol, those with the most tickets first."""
    record, rows = result.record, result.fills.rows_of("symbol")
    symbols = [symbol for symbol, one in record.series.items() if len(one)]
    if not symbols:
        return empty("The run had no prices.")
    symbols.sort(key=lambda symbol: -len(rows.get(symbol, ())))
    drawn = symbols[:MAX_SYMBOLS]
    parts: list[Html | str] = []
    for number, symbol in enumerate(drawn):
        made = price_figure(
            record, result.fills, symbol, rows.get(symbol, np.empty(0, np.int64)), max(1000, _BUCKETS // len(drawn))
        )
        figures[f"price-{number}"] = made.figure
        parts += [
            Html(f"<h3>{escape(symbol)} {escape(record.series[symbol].timeframe)}</h3>"),
            placeholder(f"price-{number}", made.figure["layout"]["height"], f"price of {symbol} with its tickets"),
            note(f"{made.said()} The legend switches them. Scroll to zoom, drag to move."),
        ]
    if len(symbols) > len(drawn):
        parts.append(note(f"{len(symbols) - len(drawn)} more symbols are not drawn; their tickets are in the tables."))
    return joined(parts)


def _points(result: Result, figures: Figures) -> Html:
    """How the points of tickets are spread, one chart a symbol."""
    rows = result.fills.rows_of("symbol")
    if not rows:
        return empty("No ticket, no distribution.")
    most = sorted(rows, key=lambda symbol: -len(rows[symbol]))[:MAX_HISTOGRAMS]
    parts: list[Html | str] = []
    for number, symbol in enumerate(most):
        figure = histogram_figure(result.fills.integer("pnl_points")[rows[symbol]].astype(np.float64), symbol)
        figures[f"points-{number}"] = figure
        parts.append(placeholder(f"points-{number}", figure["layout"]["height"], f"points a ticket of {symbol}"))
    left = f" The {len(most)} symbols with the most tickets of {len(rows)}." if len(rows) > len(most) else ""
    return joined([Html(f'<div class="grid">{joined(parts)}</div>'), note(f"Points between entry and exit.{left}")])


def _recorded(result: Result, figures: Figures) -> Html:
    """What strategies recorded, one chart a name."""
    parts: list[Html | str] = []
    for number, (name, points) in enumerate(list(result.record.recorded.items())[:MAX_RECORDED]):
        if points:
            figures[f"recorded-{number}"] = recorded_figure(name, points)
            parts.append(placeholder(f"recorded-{number}", 240, f"recorded series {name}"))
    return joined([Html(f'<div class="grid">{joined(parts)}</div>')])
