"""The comparison with TradingView's trades as text: a table one line a trade, and the totals in sentences. ASCII."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from zepix.alerts.timestamps import from_ns
from zepix.research.compare_rows import ComparedTrade

__all__ = ["row_lines", "total_lines"]

_HEADS: Final = ("trade", "side", "entered", "there", "here", "left", "there", "here", "points", "money", "why")
_WORDS: Final = frozenset({0, 1, 2, 5, 10})


def row_lines(rows: Sequence[ComparedTrade]) -> list[str]:
    """A heading and a line each; prices there and here, the difference in points and money at our volume."""
    if not rows:
        return []
    cells = [list(_HEADS), *(_cells(row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(_HEADS))]
    return [
        "  ".join(
            cell.ljust(width) if place in _WORDS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ] + [""]


def _cells(row: ComparedTrade) -> list[str]:
    name = str(row.trade) if row.part == 1 else f"{row.trade}/{row.part}"
    return [
        name if row.alert_id.endswith(f"T{row.trade}") else f"{name} of {row.alert_id}",
        row.side,
        _moment(row.entry_ns_theirs),
        _price(row.entry_price_theirs),
        _price(row.entry_price_ours),
        _moment(row.exit_ns_theirs),
        _price(row.exit_price_theirs),
        _price(row.exit_price_ours),
        _signed(row.difference_points, 0),
        _signed(row.difference_money, 2),
        row.reason.encode("ascii", "replace").decode("ascii"),
    ]


def _moment(ns: int | None) -> str:
    return "open" if ns is None else from_ns(ns)[:16].replace("T", " ")


def _price(value: float | None) -> str:
    return "-" if value is None else f"{value:.10g}"


def _signed(value: float | None, digits: int) -> str:
    return "" if value is None else f"{round(value, digits) + 0.0:+,.{digits}f}"


def total_lines(totals: Mapping[str, Any]) -> list[str]:
    said = [
        f"{totals['trades']} trades at TradingView, {totals['both']} with a ticket here (matched {totals['matched']}); "
        f"{totals['tickets_without_trade']} tickets without a trade",
    ]
    said += [f"  {count} without a ticket: {reason}" for reason, count in totals["without_ticket"].items()]
    if totals["open_at_tradingview"]:
        said.append(f"  {totals['open_at_tradingview']} open at TradingView when the list was exported")
    if totals["shift_hours"]:
        hours = totals["shift_hours"]
        said.append(
            f"nearly all trades are {abs(hours):g} h {'later' if hours > 0 else 'earlier'} here: "
            "is the zone (--zone) that of the chart?"
        )
    said.append(
        f"same entry time {totals['same_entry_time']}, same exit time {totals['same_exit_time']}; "
        f"median difference in points (plus is better here): entry {_shown(totals['entry_points_median'])}, "
        f"exit {_shown(totals['exit_points_median'])}"
    )
    if totals["difference_points"] is not None:
        said.append(
            f"points {_shown(totals['points_theirs'])} there, {_shown(totals['points_ours'])} here, "
            f"difference {_shown(totals['difference_points'])}, at our volumes "
            f"{_shown(totals['difference_money'])} {totals['currency']}"
        )
    said.append(
        f"profit {_shown(totals['pnl_ours'])} {totals['currency']} here at our volumes, "
        f"{_shown(totals['pnl_theirs'])} there at TradingView's"
    )
    return said


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")
