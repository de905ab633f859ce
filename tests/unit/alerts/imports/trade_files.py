"""Lists of trades as TradingView writes them, made from a few trades: headings of three generations.

The headings, the order of rows, the byte-order mark and the forms of an open trade are those of exports quoted in
public repositories; the trades are made up.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


def heading_of(line: str) -> list[str]:
    """A heading as it stands in the file."""
    return line.split(",")


OLD = heading_of(
    "Trade #,Type,Signal,Date/Time,Price USD,Contracts,Profit USD,Profit %,Cum. Profit USD,Cum. Profit %,Run-up USD,"
    "Run-up %,Drawdown USD,Drawdown %"
)
NEW = heading_of(
    "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Position size (value),Net P&L USD,Net P&L %,"
    "Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,Cumulative P&L USD,"
    "Cumulative P&L %"
)
NEWEST = heading_of(
    "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD,Return %,Commission USD,"
    "Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,Cumulative PnL USD,"
    "Cumulative PnL %,Duration (bars)"
)


@dataclass
class Trade:
    """A trade as the chart shows it: times are wall clock; ``left`` None: still open."""

    number: int
    side: str
    entered: str
    at: float
    left: str | None = None
    price: float | None = None
    quantity: float = 1.0
    signal: str = "Long"
    exit_signal: str = "Close"


REVERSING = (
    Trade(1, "long", "2024-03-04 10:00", 1.0850, "2024-03-05 14:00", 1.0871, 10000, "RsiLE", "RsiSE"),
    Trade(2, "short", "2024-03-05 14:00", 1.0871, "2024-03-06 09:00", 1.0890, 10000, "RsiSE", "RsiLE"),
    Trade(3, "long", "2024-03-06 09:00", 1.0890, None, None, 10000, "RsiLE"),
)
"""Two reversals and a trade that is still open."""


def lines(
    trades: Sequence[Trade],
    heading: Sequence[str] = NEWEST,
    *,
    newest_first: bool = False,
    exit_first: bool = True,
    open_as: str = "none",
    title: bool = False,
) -> list[list[str]]:
    """Heading and rows. ``open_as``: an open trade has no exit row (``none``), or one with the word Open as its
    ``signal`` (at the list's last time) or as its ``time``."""
    place = {name.split(" USD")[0]: number for number, name in enumerate(heading)}
    last = max(time for trade in trades for time in (trade.entered, trade.left or ""))
    groups = []
    for trade in trades:
        rows = [_row(heading, place, trade, "Entry", trade.entered, trade.signal, trade.at, title)]
        if trade.left is not None:
            rows.append(_row(heading, place, trade, "Exit", trade.left, trade.exit_signal, trade.price, title))
        elif open_as == "signal":
            rows.append(_row(heading, place, trade, "Exit", last, "Open", trade.at, title))
        elif open_as == "time":
            rows.append(_row(heading, place, trade, "Exit", "Open", "", None, title))
        groups.append(rows[::-1] if exit_first else rows)
    ordered = groups[::-1] if newest_first else groups
    return [list(heading), *(row for group in ordered for row in group)]


def _row(heading, place, trade, kind, time, signal, price, title):
    cells = ["0"] * len(heading)
    number = next(name for name in ("Trade #", "Trade number") if name in place)
    when = next(name for name in ("Date/Time", "Date and time") if name in place)
    size = next(name for name in ("Contracts", "Position size (qty)", "Size (qty)") if name in place)
    pnl = next(name for name in ("Profit", "Net P&L", "Net PnL") if name in place)
    side = trade.side.capitalize() if title else trade.side
    cells[place[number]] = str(trade.number)
    cells[place["Type"]] = f"{kind} {side}"
    cells[place[when]] = time
    cells[place["Signal"]] = signal
    cells[place["Price"]] = "" if price is None else f"{price:g}"
    cells[place[size]] = f"{trade.quantity:g}"
    sign = 1 if trade.side == "long" else -1
    cells[place[pnl]] = f"{sign * ((trade.price or trade.at) - trade.at) * trade.quantity:.2f}"
    return cells


def write_csv(path: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="") as handle:
        csv.writer(handle, delimiter=delimiter).writerows(rows)
    return path
