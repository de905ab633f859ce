"""What each file to import is, and how its rows are read: exports, Lists of trades, logs, tables of signals or bodies.

A file is known by what is in it, never by its name alone. Rows come one by one; what was learnt about the file on the
way is in ``facts`` once they have been read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from zepix.alerts.imports.recognise import Recognised, log_columns, trade_columns
from zepix.alerts.imports.tables import LinesTable, ParquetTable, SheetTable, Table, TextTable
from zepix.alerts.imports.trade_alerts import alert_id, alerts_of, symbol_of_name
from zepix.alerts.imports.trade_list import ListedTrade, read_trades
from zepix.alerts.inbox_log import INBOX_START, read_inbox
from zepix.alerts.jsonl_log import read_jsonl
from zepix.alerts.parquet_log import read_parquet
from zepix.alerts.payload import shown
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import REQUIRED, ROWS_LIMIT, LogRow
from zepix.alerts.table_signals import SignalTable, guessed_columns
from zepix.alerts.tradingview import Exports
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue
from zepix.workbook import Workbook, is_workbook

__all__ = ["ImportOptions", "Source", "sources_of", "trades_of_file"]

_NO_VALUES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({})
_PARQUET_NAMES: Final = frozenset({".parquet", ".pq"})


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user says beside the files; ``None`` is not said. docs/imports.md has each of them."""

    zone: tzinfo | None = None
    date_order: str | None = None
    decimal: str | None = None
    columns: Mapping[str, str] | None = None
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _NO_VALUES)
    symbol: str | None = None
    received_at: str | None = None
    volume_unit: str | None = None
    strategy: str | None = None
    id_prefix: str | None = None


class Source(Protocol):
    """One or several files that are one thing. ``is_ordered``: the rows come in order of time."""

    is_ordered: bool

    @property
    def kind(self) -> str: ...

    def rows(self) -> Iterator[LogRow]: ...

    def facts(self) -> list[dict[str, Any]]:
        """One entry a file: its path, kind, rows and what was done by which rule."""
        ...


@dataclass(slots=True)
class _ExportSource:
    exports: Exports
    kind: str = "alert log of TradingView"
    is_ordered: bool = True

    def rows(self) -> Iterator[LogRow]:
        return self.exports.rows()

    def facts(self) -> list[dict[str, Any]]:
        files: list[dict[str, Any]] = self.exports.report()["files"]
        return [{"path": facts["path"], "kind": self.kind, **facts} for facts in files]


@dataclass(slots=True)
class _LogSource:
    path: Path
    read: Callable[[Path], Iterator[LogRow]] = read_jsonl
    kind: str = "alert log"
    is_ordered: bool = False
    count: int = 0

    def rows(self) -> Iterator[LogRow]:
        self.count = 0
        for row in self.read(self.path):
            if row.number > ROWS_LIMIT:
                raise DataError(f"{self.path} has more than {ROWS_LIMIT:,} rows; split it")
            self.count += 1
            yield row

    def facts(self) -> list[dict[str, Any]]:
        return [{"path": str(self.path), "kind": self.kind, "rows": self.count}]


@dataclass(slots=True)
class _TableSource:
    path: Path
    table: SignalTable
    is_ordered: bool = False

    @property
    def kind(self) -> str:
        return "table of bodies" if self.table.has_bodies else "table of signals"

    def rows(self) -> Iterator[LogRow]:
        return self.table.rows()

    def facts(self) -> list[dict[str, Any]]:
        return [{"path": str(self.path), "kind": self.kind, **self.table.report}]


@dataclass(slots=True)
class TradeSource:
    """A List of trades; ``trades`` are TradingView's own, with the ids of their entry alerts."""

    path: Path
    made: list[LogRow]
    trades: list[tuple[str, ListedTrade]]
    report: dict[str, Any]
    kind: str = "List of trades of TradingView"
    is_ordered: bool = False
    names: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[LogRow]:
        return iter(self.made)

    def facts(self) -> list[dict[str, Any]]:
        return [{"path": str(self.path), "kind": self.kind, **self.report}]


def sources_of(
    paths: list[Path], catalogue: Catalogue, processor: AlertProcessor, options: ImportOptions
) -> list[Source]:
    """The sources in the order of the files, all exports as one where the first of them stands.

    Raises DataError for a file that is missing, empty or nothing known, ConfigError where something must be said.
    """
    found: list[Source] = []
    exports: list[Path] = []
    lists: list[tuple[int, Path, Table, Recognised]] = []
    at = -1
    for path in paths:
        kind, table, columns = _recognised(path, options)
        if kind == "export":
            at = len(found) if not exports else at
            exports.append(path)
        elif kind == "trades" and table is not None and columns is not None:
            lists.append((len(found), path, table, columns))
            found.append(_LogSource(path))  # its place; filled below, when all lists are known
        elif kind == "table" and table is not None:
            found.append(_TableSource(path, _signals(table, options)))
        elif kind == "inbox":
            found.append(_LogSource(path, read_inbox, "inbox of a runner"))
        else:
            found.append(_LogSource(path, read_parquet if kind == "parquet" else read_jsonl))
    for place, path, table, columns in lists:
        found[place] = _trades(path, table, columns, catalogue, processor, options, is_alone=len(lists) == 1)
    _check_prefixes([one for one in found if isinstance(one, TradeSource)])
    if exports:
        found.insert(at, _ExportSource(Exports(exports, options.zone, options.date_order)))
    return found


def trades_of_file(path: Path, options: ImportOptions) -> tuple[Table, Recognised]:
    """The table of a file that is a List of trades. Raises DataError for any other file."""
    kind, table, columns = _recognised(path, options)
    if kind != "trades" or table is None or columns is None:
        raise DataError(f"{path} is no List of trades; export it from the Strategy Tester as CSV or XLSX")
    return table, columns


def _recognised(path: Path, options: ImportOptions) -> tuple[str, Table | None, Recognised | None]:
    """(``export``, ``trades``, ``table``, ``parquet``, ``inbox``, ``lines``; its table, if any; columns of trades)."""
    start = _start_of(path)
    has_map = bool(options.columns)
    if start.startswith(b"PAR1") or path.suffix.lower() in _PARQUET_NAMES:
        parquet = ParquetTable(path)
        is_log = all(name in parquet.headings for name in REQUIRED)
        return ("parquet", None, None) if is_log and not has_map else ("table", parquet, None)
    if start.startswith(INBOX_START):
        return "inbox", None, None
    if is_workbook(path):
        return _sheet(path, has_map)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return ("table", LinesTable(path), None) if has_map else ("lines", None, None)
    text = TextTable(path)
    if has_map:
        return "table", text, None
    if log_columns(text) is not None:
        return "export", text, None
    columns = trade_columns(text)
    if columns is not None:
        return "trades", text, columns
    if len(text.headings) < 2 and path.suffix.lower() != ".csv":
        return "lines", None, None
    _check_guess(text, options)
    return "table", text, None


def _start_of(path: Path) -> bytes:
    expected = "expected is an export of TradingView, an alert log or a table"
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; {expected}")
        with path.open("rb") as handle:
            start = handle.read(64)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; {expected}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); {expected}") from error
    if not start:
        raise DataError(f"{path} is empty; {expected}")
    return start


def _sheet(path: Path, has_map: bool) -> tuple[str, Table | None, Recognised | None]:
    """The sheet that is a List of trades; with a map of columns the first sheet."""
    if has_map:
        return "table", SheetTable(path), None
    with Workbook(path, what="the trades") as book:
        sheets = book.sheets
    for sheet in sheets:
        table = SheetTable(path, sheet)
        columns = trade_columns(table)
        if columns is not None:
            return "trades", table, columns
    raise DataError(
        f"{path}: none of its sheets ({shown(', '.join(sheets))}) is a List of trades; "
        "for a table of signals say --columns time=HEADING,side=HEADING,..."
    )


def _check_guess(table: TextTable, options: ImportOptions) -> None:
    found = guessed_columns(table.headings)
    has_symbol = "symbol" in found or options.symbol is not None
    has_time = "time" in found or options.received_at is not None
    if not (has_time and has_symbol and ("side" in found or "type" in found)):
        raise DataError(
            f"{table.path}: neither an alert log of TradingView, nor a List of trades, nor a table whose columns are "
            f"named like the fields of an alert, but {shown(', '.join(table.headings))}; "
            "say --columns time=HEADING,symbol=HEADING,side=HEADING,..."
        )


def _signals(table: Table, options: ImportOptions) -> SignalTable:
    return SignalTable(
        table,
        options.columns,
        values=options.values,
        symbol=options.symbol,
        zone=options.zone,
        date_order=options.date_order,
        decimal=options.decimal,
        received_at=options.received_at,
        strategy=options.strategy,
    )


def _trades(
    path: Path,
    table: Table,
    columns: Recognised,
    catalogue: Catalogue,
    processor: AlertProcessor,
    options: ImportOptions,
    *,
    is_alone: bool,
) -> TradeSource:
    types = options.values.get("type", {})
    listed = read_trades(
        table, options.zone, columns=columns, date_order=options.date_order, decimal=options.decimal, types=types
    )
    symbol = options.symbol or symbol_of_name(path, processor.resolve, catalogue)
    if symbol is None and not all(trade.symbol for trade in listed.trades):
        raise ConfigError(
            f"{path.name}: a List of trades names no symbol, and the file's name says none for certain; "
            "say it, as --symbol EURUSD"
        )
    prefix = options.id_prefix or ("" if is_alone else f"{symbol}-")
    made = alerts_of(
        listed, catalogue, symbol=symbol or "", volume_unit=options.volume_unit, prefix=prefix,
        strategy=options.strategy,
    )  # fmt: skip
    if not options.symbol and symbol:
        made.report["symbol"] = f"{symbol}, by the file's name"
    named = [(alert_id(trade.entry_number, prefix), trade) for trade in made.trades]
    return TradeSource(path, made.rows, named, made.report, names=[prefix])


def _check_prefixes(lists: list[TradeSource]) -> None:
    prefixes = [one.names[0] for one in lists]
    if len(set(prefixes)) < len(prefixes):
        raise ConfigError(
            f"{', '.join(one.path.name for one in lists)}: their trades would have the same ids; import each into a "
            "log of its own, with its own --id-prefix"
        )
