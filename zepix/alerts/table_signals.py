"""A plain table of signals, or of bodies, as rows of an alert log: CSV, XLSX, Parquet, JSON lines, a DataFrame.

A *column map* says which heading holds what (``time=Date,symbol=Pair,side=Dir``); without one, headings that are named
like the fields of the plain dialect are taken. Two kinds of tables are read:

- **signals**: one field a column (``SIGNAL_FIELDS``); each row becomes a body of the plain dialect. A row without a
  type is an entry.
- **bodies**: one column holds whole bodies (``payload=body``), of any dialect.

Nothing is dropped: a row that cannot be read becomes a quarantined row when the log is read, with the reason that the
dialect gives. A number keeps its unit: a cell such as ``20 pips``, ``1%``, ``$100`` or ``10k`` is no number, since
prices are prices here and volumes lots; it stays as it is, and its row is set aside. ``values`` translates cells
(``{"side": {"B": "buy"}}``); an empty translation means "nothing".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.imports.amounts import Amounts
from zepix.alerts.imports.tables import MemoryTable, SheetTable, Table, TableRow, TextTable, cell_text
from zepix.alerts.imports.trade_words import trade_type
from zepix.alerts.imports.wall_times import WallTimes
from zepix.alerts.payload import body_text, shown
from zepix.alerts.rows import COLUMNS, ROWS_LIMIT, LogRow
from zepix.alerts.timestamps import NS, NoZone, epoch_ns, from_ns, to_ns
from zepix.errors import ConfigError, DataError

__all__ = ["BODY_FIELDS", "SIGNAL_FIELDS", "SignalTable", "TableSignals", "guessed_columns", "rows_from_table"]

_NUMBERS: Final = (
    "volume", "sl", "tp", "price", "entry_price", "limit_price", "close_frac", "expires_s", "break_even_points",
)  # fmt: skip
SIGNAL_FIELDS: Final = (
    "time", "symbol", "side", "type", *_NUMBERS, "id", "timeframe", "order_type", "ref", "oco", "strategy",
    "plugin_hint", "comment",
)  # fmt: skip
"""What a column of a table of signals may hold; prices are prices, volumes lots."""
BODY_FIELDS: Final = COLUMNS
"""What a column of a table of bodies may hold: the columns of an alert log; ``time`` is ``received_at``."""
_NO_VALUES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({})
_ALIASES: Final = {
    "time": ("time", "date", "datetime", "timestamp", "received_at", "date_time"),
    "symbol": ("symbol", "ticker", "instrument", "pair", "asset"),
    "side": ("side", "direction", "action"),
    "volume": ("volume", "lots", "lot_size"),
    "sl": ("sl", "stop_loss", "stoploss", "sl_price"),
    "tp": ("tp", "take_profit", "takeprofit", "tp_price"),
    "timeframe": ("timeframe", "tf", "interval"),
    "plugin_hint": ("plugin_hint", "plugin"),
}
_EPOCH_DIGITS: Final = range(10, 20)
_LONG_SHORT: Final = {"buy": "long", "sell": "short"}
_trade_type: Final = lru_cache(maxsize=1024)(trade_type)
_STEP_NS: Final = NS


@dataclass(slots=True)
class TableSignals:
    """Rows of an alert log in the order of the table, and ``report``: what was read by which rule."""

    rows: list[LogRow]
    report: dict[str, Any] = field(default_factory=dict)


def rows_from_table(
    table: Any,
    columns: Mapping[str, str] | None = None,
    *,
    values: Mapping[str, Mapping[str, str]] = _NO_VALUES,
    symbol: str | None = None,
    zone: tzinfo | None = None,
    date_order: str | None = None,
    decimal: str | None = None,
    received_at: str | None = None,
    strategy: str | None = None,
) -> TableSignals:
    """Rows of a DataFrame, an Arrow table, a mapping of columns, or mappings one a row.

    ``columns`` maps fields to headings (``{"time": "Date", "side": "Dir"}``), ``values`` cells of a field to others;
    ``symbol`` stands in for a column of symbols, ``zone`` for zones that times do not name, ``received_at`` for times:
    the first row's, each next one a second later. ``write_log(path, found.rows)`` writes a log. Raises ConfigError for
    a map that does not fit or a choice that must be said, DataError for what is no table.
    """
    signals = SignalTable(
        MemoryTable(table),
        columns,
        values=values,
        symbol=symbol,
        zone=zone,
        date_order=date_order,
        decimal=decimal,
        received_at=received_at,
        strategy=strategy,
    )
    rows = list(signals.rows())
    return TableSignals(rows, signals.report)


def guessed_columns(headings: tuple[str, ...]) -> dict[str, str]:
    """Fields by headings that are named like them, in any case, with blanks or dashes for underscores."""
    plain = {heading.strip().lower().replace(" ", "_").replace("-", "_"): heading for heading in headings}
    found = {}
    for name in SIGNAL_FIELDS:
        heading = next((plain[alias] for alias in _ALIASES.get(name, (name,)) if alias in plain), None)
        if heading is not None:
            found[name] = heading
    return found


class SignalTable:
    """A table with its map. It is looked at once when it is made; ``rows()`` then reads it row by row.

    ``report`` is complete once the rows have been read.
    """

    def __init__(
        self,
        table: Table,
        columns: Mapping[str, str] | None = None,
        *,
        values: Mapping[str, Mapping[str, str]] = _NO_VALUES,
        symbol: str | None = None,
        zone: tzinfo | None = None,
        date_order: str | None = None,
        decimal: str | None = None,
        received_at: str | None = None,
        strategy: str | None = None,
    ) -> None:
        self._table = table
        self._symbol = symbol
        self._strategy = strategy
        self._columns = dict(columns) if columns else guessed_columns(table.headings)
        self.has_bodies = "payload" in self._columns
        if self.has_bodies and "time" in self._columns:
            self._columns.setdefault("received_at", self._columns.pop("time"))
        self._time_field = "received_at" if self.has_bodies else "time"
        self._start_ns = None if received_at is None else _start(received_at)
        self._places = self._checked()
        self._values = {name: {k.casefold(): v for k, v in words.items()} for name, words in values.items()}
        unknown = [name for name in self._values if name not in self._columns]
        if unknown:
            raise ConfigError([f"--values {name}: no column is read as {name}" for name in unknown])
        self._times = WallTimes(zone, date_order, table.name)
        has_commas = isinstance(table, TextTable) and table.delimiter == ","
        self._amounts = Amounts(decimal, table.name, parted_by_commas=has_commas)
        self._counts: Counter[str] = Counter()
        self._translated: Counter[str] = Counter()
        self._no_numbers: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._survey()

    @property
    def report(self) -> dict[str, Any]:
        """What was read, by which map, and what was taken for granted."""
        counts = self._counts
        found: dict[str, Any] = {
            "rows": counts["rows"],
            "columns": dict(self._columns),
            "columns_left_out": [name for name in self._table.headings if name not in self._columns.values()],
        }
        if counts["entries"]:
            found["taken_as_entries"] = counts["entries"]
        if self._translated:
            found["translated"] = dict(sorted(self._translated.items()))
        if self._start_ns is not None:
            found["times"] = f"made up: one a second from {from_ns(self._start_ns)} on"
        if counts["without_zone"]:
            found["times_without_zone"] = counts["without_zone"]
        if self._no_numbers:
            found["no_numbers"] = {
                name: f"{count}, as {self._examples[name]}" for name, count in sorted(self._no_numbers.items())
            }
        if self._amounts.rule:
            found["decimal_mark"] = f"{self._amounts.mark} {self._amounts.rule}"
        return found | self._times.facts

    def rows(self) -> Iterator[LogRow]:
        """The rows of the table, in its order, numbered from 1."""
        for counter in (self._counts, self._translated, self._no_numbers):
            counter.clear()
        for row in self._table.rows():
            self._counts["rows"] += 1
            if row.number > ROWS_LIMIT:
                raise DataError(f"{self._table.name} has more than {ROWS_LIMIT:,} rows; split it")
            yield self._log_row(row)

    def _checked(self) -> dict[str, int]:
        """The place of each column. Raises ConfigError with every problem of the map."""
        known = BODY_FIELDS if self.has_bodies else SIGNAL_FIELDS
        headings = self._table.headings
        problems = [
            f"--columns {name}={heading}: {name} is no field; there are {', '.join(known)}"
            for name, heading in self._columns.items()
            if name not in known
        ]
        there = shown(", ".join(headings))
        problems += [
            f"--columns {name}={heading}: {self._table.name} has no column {heading!r}, but {there}"
            for name, heading in self._columns.items()
            if heading not in headings
        ]
        if self._time_field not in self._columns and self._start_ns is None:
            problems.append(
                f"{self._table.name}: no column of times is named; say --columns {self._time_field}=HEADING, or "
                "--received-at TIME to make times up, one a second"
            )
        if not self.has_bodies:
            if "symbol" not in self._columns and self._symbol is None:
                problems.append(f"{self._table.name}: no column of symbols; say --columns symbol=HEADING, or --symbol")
            if "side" not in self._columns and "type" not in self._columns:
                problems.append(f"{self._table.name}: no column of sides or types; say --columns side=HEADING")
        if problems:
            raise ConfigError(problems)
        return {name: headings.index(heading) for name, heading in self._columns.items()}

    def _survey(self) -> None:
        """Learns the decimal mark and the order of dates from all rows. Raises ConfigError where they must be said."""
        numbers = [] if self.has_bodies else [name for name in _NUMBERS if name in self._places]
        if self._time_field not in self._places and not numbers:
            return
        for row in self._table.rows():
            if row.problem is None:
                self._times.look(self._time_text(row.cells))
                for name in numbers:
                    self._amounts.look(self._translate(name, self._cell(row.cells, name)))
        self._times.settle()
        self._amounts.settle()

    def _log_row(self, row: TableRow) -> LogRow:
        name = f"row-{row.number}"
        if row.problem is not None:
            return LogRow(row.number, payload=body_text(row.cells[0]), id=name, problem=row.problem)
        if len(row.cells) <= max(self._places.values()):
            detail = f"{len(row.cells)} cells, the heading has {len(self._table.headings)}"
            text = ",".join(map(cell_text, row.cells))
            return LogRow(row.number, payload=text, id=name, problem=("bad_row", detail))
        received = self._received(row)
        if self.has_bodies:
            return self._body_row(row, received, name)
        return LogRow(row.number, received, self._signal(row), id=name)

    def _body_row(self, row: TableRow, received: str | None, name: str) -> LogRow:
        payload = self._cell(row.cells, "payload")
        if not isinstance(payload, str | Mapping):
            payload = cell_text(payload)
        beside = {key: self._beside(row, key) for key in COLUMNS[2:]}
        return LogRow(
            row.number,
            received,
            payload,
            id=beside["id"] or name,
            source=beside["source"],
            source_id=beside["source_id"],
            ticker=beside["ticker"] or self._symbol,
            timeframe=beside["timeframe"],
        )

    def _beside(self, row: TableRow, name: str) -> str | None:
        if name not in self._places:
            return None
        return cell_text(self._translate(name, self._cell(row.cells, name))) or None

    def _signal(self, row: TableRow) -> dict[str, Any]:
        """The body in the plain dialect; a cell that cannot be read stays as it is, for the dialect to name."""
        found: dict[str, Any] = {}
        for name in SIGNAL_FIELDS[1:]:
            if name not in self._places:
                continue
            cell = self._translate(name, self._cell(row.cells, name))
            value = self._number(name, cell) if name in _NUMBERS else cell_text(cell)
            if value not in (None, ""):
                found[name] = value
        _say_both(found)
        if "type" not in found:
            self._counts["entries"] += 1
        found = {"type": "entry"} | found
        if self._symbol is not None:
            found.setdefault("symbol", self._symbol)
        if self._strategy is not None:
            found.setdefault("strategy", self._strategy)
        return found

    def _number(self, name: str, cell: Any) -> float | str | None:
        """The number of a cell; what is none stays as a text that no dialect takes for a number either."""
        try:
            return self._amounts.number(cell)
        except ValueError:
            text = cell_text(cell)
        self._no_numbers[name] += 1
        self._examples.setdefault(name, shown(text))
        try:
            float(text)
        except ValueError:
            return text
        return f"'{text}'"  # 1.0850 where the decimal mark is a comma, say: read by another rule it would be a number

    def _translate(self, name: str, value: Any) -> Any:
        words = self._values.get(name)
        if words is None:
            return value
        text = cell_text(value)
        if text.casefold() not in words:
            return value
        self._translated[f"{name} {text} -> {words[text.casefold()] or 'nothing'}"] += 1
        return words[text.casefold()]

    def _cell(self, cells: Any, name: str) -> Any:
        place = self._places[name]
        return cells[place] if place < len(cells) else None

    def _received(self, row: TableRow) -> str | None:
        """ISO 8601 with a zone; a text that is no such time stays, and the log's reader says why."""
        text = self._time_text(row.cells)
        if not text:
            return None if self._start_ns is None else from_ns(self._start_ns + (row.number - 1) * _STEP_NS)
        try:
            if text.isdecimal() and len(text) in _EPOCH_DIGITS:
                return from_ns(epoch_ns(int(text)))
            return from_ns(self._times.ns(text))
        except NoZone:
            self._counts["without_zone"] += 1
        except (ValueError, OverflowError):
            pass  # the log's reader names it
        return text

    def _time_text(self, cells: Any) -> str:
        if self._time_field not in self._places:
            return ""
        cell = self._cell(cells, self._time_field)
        if isinstance(cell, float) and isinstance(self._table, SheetTable) and 0 < cell < 100_000:
            return self._table.day(cell).isoformat(" ")
        return cell_text(cell)


def _say_both(found: dict[str, Any]) -> None:
    """``Exit long`` under type or under side says both, where nothing else under the other contradicts it."""
    for name, other in (("type", "side"), ("side", "type")):
        text = str(found.get(name, ""))
        both = _trade_type(text)
        if both is None:
            continue
        kind, side = both
        said = str(found.get(other, "")).casefold()
        if said in (("", kind) if other == "type" else ("", side, _LONG_SHORT[side])):
            found["type"], found["side"] = kind, side


def _start(text: str) -> int:
    try:
        return to_ns(text)
    except (ValueError, OverflowError):
        raise ConfigError(f"--received-at {text!r}: expected a time with a zone, as 2026-01-05T00:00:00Z") from None
