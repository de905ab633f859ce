"""The table of tickets: the first two thousand rows, sorted and filtered in the page, each with its bars on a click."""

from __future__ import annotations

from typing import Any, Final

from zepix.engine.record import RunRecord
from zepix.model import ClosingFill, Instrument
from zepix.research.headline import EMPTY, money
from zepix.research.report_parts.excerpts import excerpts
from zepix.research.report_parts.markup import Html, empty, escape, joined, note, to_json
from zepix.research.write import iso_utc

__all__ = ["MAX_ROWS", "tickets_section"]

MAX_ROWS: Final = 2000
_HEADERS: Final = (
    ("ticket", "n"), ("symbol", ""), ("plugin", ""), ("side", ""), ("lots", "n"), ("entry (UTC)", ""), ("price", "n"),
    ("exit (UTC)", ""), ("price", "n"), ("stop", "n"), ("target", "n"), ("reason", ""), ("points", "n"), ("P/L", "n"),
    ("bars", "n"), ("MAE", "n"), ("MFE", "n"),
)  # fmt: skip


def tickets_section(record: RunRecord) -> Html:
    """The table, its filter, and the bars around the first tickets as data."""
    if not record.fills:
        return empty("No ticket was closed. The decisions below say why: look at the refusals and their reasons.")
    shown = record.fills[:MAX_ROWS]
    unit, digits = 10**record.account.digits, record.account.digits
    rows = joined(_row(at, fill, record.catalogue[fill.symbol], unit, digits) for at, fill in enumerate(shown))
    head = "".join(f'<th class="{css}"><button type="button">{escape(name)}</button></th>' for name, css in _HEADERS)
    bars = excerpts((fill, record.series[fill.symbol]) for fill in shown)
    levels = [_levels(fill, record.catalogue[fill.symbol]) for fill in shown[: len(bars)]]
    data = to_json({"bars": bars, "levels": levels})
    return joined(
        [
            note(_said(len(shown), len(record.fills), len(bars))),
            Html(
                '<div class="filter"><label>Filter <input id="filter" type="search" placeholder="symbol, reason, side, '
                'ticket ..."></label><span id="filtered" class="muted" role="status"></span></div>'
            ),
            Html(
                f'<div class="scroll tall"><table id="ticket-rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
            ),
            Html("</table></div>"),
            Html('<p class="note on-paper">On paper the first 60 rows.</p>') if len(shown) > 60 else Html(""),
            Html(f'<script type="application/json" id="excerpts">{data}</script>'),
        ]
    )


def _said(shown: int, total: int, with_bars: int) -> str:
    first = f"The first {shown:,} of {total:,} rows (trades.parquet has all). " if shown < total else ""
    some = "" if with_bars == shown else f" (the first {with_bars:,})"
    return (
        f"{first}Click a heading to sort, a row{some} to see the bars around the ticket, on the side it closes at. "
        "A mark (a) is ambiguous: one bar held its stop and its target."
    )


def _row(at: int, fill: ClosingFill, instrument: Instrument, unit: int, digits: int) -> Html:
    """One ``<tr>``; numbers carry their own value for sorting in ``data-v``."""
    pnl = fill.pnl_minor / unit
    mark = ' <abbr title="ambiguous: one bar held the stop and the target">(a)</abbr>' if fill.ambiguous else ""
    part = f".{fill.part}" if fill.part > 1 else ""
    css = "good" if pnl > 0 else "bad" if pnl < 0 else ""
    cells = [
        _number(fill.ticket, f"{fill.ticket}{part}"),
        _word(fill.symbol),
        _word(fill.plugin_id),
        _word("buy" if fill.side > 0 else "sell"),
        _number(fill.steps, f"{instrument.lots(fill.steps)}"),
        _word(_moment(fill.entry_ns)),
        _price(fill.entry_points, instrument),
        _word(_moment(fill.exit_ns)),
        _price(fill.exit_points, instrument),
        _price(fill.sl, instrument),
        _price(fill.tp, instrument),
        Html(f"<td>{escape(fill.exit_reason)}{mark}</td>"),
        _number(fill.pnl_points, f"{fill.pnl_points:+,d}"),
        Html(f'<td class="n {css}" data-v="{pnl:.{digits}f}">{money(pnl, sign=True)}</td>'),
        _number(fill.bars_held, f"{fill.bars_held:,d}"),
        _number(fill.mae_points, f"{fill.mae_points:,d}"),
        _number(fill.mfe_points, f"{fill.mfe_points:,d}"),
    ]
    return Html(f'<tr data-row="{at}">{joined(cells)}</tr>')


def _word(text: str) -> Html:
    return Html(f"<td>{escape(text)}</td>")


def _number(value: float, text: str) -> Html:
    return Html(f'<td class="n" data-v="{value}">{escape(text)}</td>')


def _price(points: int, instrument: Instrument) -> Html:
    if not points:
        return _number(0, EMPTY)
    return _number(points, f"{instrument.price(points):.{instrument.digits}f}")


def _moment(ns: int) -> str:
    return (iso_utc(ns) or "")[:19].replace("T", " ")


def _levels(fill: ClosingFill, instrument: Instrument) -> dict[str, Any]:
    """What is drawn over the bars of a ticket, in prices and milliseconds."""

    def level(points: int) -> float | None:
        return instrument.price(points) if points else None

    return {
        "side": "buy" if fill.side > 0 else "sell",
        "entry": [fill.entry_ns // 1_000_000, instrument.price(fill.entry_points)],
        "exit": [fill.exit_ns // 1_000_000, instrument.price(fill.exit_points)],
        "sl": level(fill.sl),
        "tp": level(fill.tp),
        "point": instrument.point_float,
        "digits": instrument.digits,
    }  # fmt: skip
