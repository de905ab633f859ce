"""What a table is: an alert log of TradingView, a List of trades, or neither; by its headings, else by its cells.

A heading in a language that is not known does not stop an import: an alert's number, a ticker with an exchange, a time,
the words *Entry long* look alike in every language. What was recognised by its cells is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from zepix.alerts.imports.amounts import Amounts
from zepix.alerts.imports.headings import LOG_COLUMNS, TRADE_COLUMNS, named_columns
from zepix.alerts.imports.tables import Table, TableRow, TextTable, cell_text
from zepix.alerts.imports.trade_words import is_open_word, trade_type
from zepix.alerts.imports.wall_times import WallTimes
from zepix.alerts.timestamps import NoZone
from zepix.errors import DataError
from zepix.workbook import is_workbook

__all__ = ["LOG_NEEDS", "TRADES_NEED", "Recognised", "log_columns", "looks_like_trades", "trade_columns"]

LOG_NEEDS: Final = ("alert id", "ticker", "description", "time")
TRADES_NEED: Final = ("number", "type", "time", "price")
_SAMPLE: Final = 200
_ALERT_ID: Final = re.compile(r"\d{5,20}")
_TICKER: Final = re.compile(r"[A-Z][A-Z0-9_]{1,15}:[^\s,]{1,40}(?:, ?[0-9]{0,4}[A-Za-z]{0,3})?")
_NUMBER: Final = re.compile(r"\d{1,7}")


@dataclass(frozen=True, slots=True)
class Recognised:
    """The place of each column; ``by_cells`` names those whose headings were not known."""

    places: dict[str, int]
    by_cells: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        return f"by their cells: {', '.join(self.by_cells)}" if self.by_cells else "by their headings"


def log_columns(table: Table) -> Recognised | None:
    """The columns of an alert log, None where the table is none."""
    named = named_columns(table.headings, LOG_COLUMNS)
    if all(name in named for name in LOG_NEEDS):
        return Recognised(named)
    sample = _sample(table)
    tests: dict[str, Callable[[str], bool]] = {
        "alert id": lambda text: _ALERT_ID.fullmatch(text) is not None,
        "ticker": lambda text: _TICKER.fullmatch(text) is not None,
        "time": is_time,
    }
    found = _by_cells(sample, {}, tests)
    if found is None or len(table.headings) < len(LOG_NEEDS):
        return None
    rest = [place for place in range(len(table.headings)) if place not in found.values()]
    found["description"] = named.get("description", max(rest, key=lambda place: _length(sample, place)))
    return Recognised(found, tuple(found))


def trade_columns(table: Table) -> Recognised | None:
    """The columns of a List of trades, None where the table is none."""
    named = named_columns(table.headings, TRADE_COLUMNS)
    sample = _sample(table)
    if all(name in named for name in TRADES_NEED) and _holds_types(sample, named["type"]):
        return Recognised(named)
    known = {name: place for name, place in named.items() if name in ("number", "time")}
    tests: dict[str, Callable[[str], bool]] = {
        "type": lambda text: trade_type(text) is not None,
        "number": lambda text: _NUMBER.fullmatch(text) is not None,
        "time": lambda text: is_open_word(text) or is_time(text),
    }
    found = _by_cells(sample, {}, tests)
    if found is None:
        return None
    found = {**found, **{name: known[name] for name in known if name != "time"}}
    _add_numbers(found, named, sample, len(table.headings))
    if "price" not in found:
        return None
    return Recognised(found, tuple(name for name in found if named.get(name) != found[name]))


def looks_like_trades(path: Path) -> bool:
    """Whether a file is a List of trades (CSV), or a workbook, which may hold one."""
    try:
        return is_workbook(path) or trade_columns(TextTable(path)) is not None
    except DataError:
        return False


def is_time(text: str) -> bool:
    """Whether a text is a time, whatever its zone and the order of its date."""
    for order in (None, "day-first", "month-first"):
        try:
            WallTimes(None, order).ns(text)
        except NoZone:
            return True
        except (ValueError, OverflowError):
            continue
        return True
    return False


def _add_numbers(found: dict[str, int], named: dict[str, int], sample: list[list[str]], width: int) -> None:
    """Price and quantity: by heading, else the first two columns of numbers behind type, time and signal."""
    words = [place for place in range(width) if not _holds(sample, place, _is_number)]
    last_word = max((place for place in words if place < width - 2), default=0)
    start = max(found["type"], found["time"], last_word)
    numbers = [place for place in range(start + 1, width) if _holds(sample, place, _is_number)]
    for name, place in zip(("price", "quantity"), numbers, strict=False):
        found.setdefault(name, named.get(name, place))
    for name in ("signal", "pnl", "commission", "symbol"):
        if name in named and named[name] not in found.values():
            found[name] = named[name]
    if "signal" not in found:
        between = [place for place in words if place not in found.values() and place <= start]
        if between:
            found["signal"] = between[-1]


def _by_cells(
    sample: list[list[str]], known: dict[str, int], tests: dict[str, Callable[[str], bool]]
) -> dict[str, int] | None:
    """The first column of which every cell passes, for each test; None where one finds none."""
    found = dict(known)
    width = max(map(len, sample), default=0)
    for name, test in tests.items():
        if name in found:
            continue
        free = (place for place in range(width) if place not in found.values())
        place = next((place for place in free if _holds(sample, place, test)), None)
        if place is None:
            return None
        found[name] = place
    return found


def _holds(sample: list[list[str]], place: int, test: Callable[[str], bool]) -> bool:
    """Whether the column's cells pass, some of them not empty."""
    cells = [row[place] for row in sample if place < len(row) and row[place]]
    return len(cells) * 2 > len(sample) and all(map(test, cells))


def _holds_types(sample: list[list[str]], place: int) -> bool:
    cells = [row[place] for row in sample if place < len(row)]
    return not cells or any(trade_type(cell) is not None for cell in cells)


def _is_number(text: str) -> bool:
    for mark in (".", ","):
        try:
            Amounts(mark, is_money=True).number(text)
        except ValueError:
            continue
        return True
    return False


def _length(sample: Sequence[Sequence[str]], place: int) -> int:
    return sum(len(row[place]) for row in sample if place < len(row))


def _sample(table: Table) -> list[list[str]]:
    rows: Iterable[TableRow] = islice(table.rows(), _SAMPLE)
    return [[cell_text(cell) for cell in row.cells] for row in rows if row.problem is None]
