"""Tables from outside as rows of cells: text with separators, workbooks, Parquet, JSON lines, frames in memory.

Every table can be read again from its beginning, so that a first reading may learn (marks, orders of dates) what the
second one needs, and a file of any length is never held in memory. A line has at most 1 MiB, a field 128 KiB.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from zepix.alerts.jsonl_log import read_objects
from zepix.alerts.payload import shown
from zepix.errors import DataError
from zepix.workbook import Workbook

__all__ = [
    "LinesTable",
    "MemoryTable",
    "ParquetTable",
    "SheetTable",
    "Table",
    "TableRow",
    "TextTable",
    "cell_text",
]

LINE_LIMIT: Final = 1024 * 1024
COLUMNS_LIMIT: Final = 256
SHEET_LIMIT_BYTES: Final = 400_000_000
_SURVEYED_LINES: Final = 1000
_BATCH_ROWS: Final = 8192
_DELIMITERS: Final = ",;\t|"
_BOMS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


class TableRow(NamedTuple):
    """A row, counted from 1 without the heading; ``problem`` is (reason, detail) of what is no row."""

    number: int
    cells: Sequence[Any]
    problem: tuple[str, str] | None = None


class Table(Protocol):
    """What an importer reads: headings, and rows as often as it wants."""

    name: str
    headings: tuple[str, ...]

    def rows(self) -> Iterator[TableRow]: ...


class TextTable:
    """A text file with separators; its encoding and separator are known by its beginning."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        try:
            with path.open("rb") as handle:
                start = handle.read(4)
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror or error}); a table was expected") from error
        self.encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
        first = next(self._lines(), "")
        self.delimiter = _delimiter(first)
        self.headings = _split(first, self.delimiter)

    def rows(self) -> Iterator[TableRow]:
        """The rows that are not blank. Raises DataError for a line without an end, and for quotes that do not close."""
        lines = self._lines()
        next(lines, None)
        number = 0
        reader = csv.reader(lines, delimiter=self.delimiter)
        try:
            for cells in reader:
                if any(map(str.strip, cells)):
                    number += 1
                    yield TableRow(number, cells)
        except csv.Error as error:
            raise DataError(f"{self.path}: no CSV after row {number} ({error}); export it again") from error

    def _lines(self) -> Iterator[str]:
        """Lines with their ends, each of a bounded length."""
        errors = "replace" if self.encoding == "utf-16" else "surrogateescape"
        try:
            with self.path.open("r", encoding=self.encoding, errors=errors, newline="") as handle:
                number = 0
                while line := handle.readline(LINE_LIMIT):
                    number += 1
                    if len(line) >= LINE_LIMIT and line[-1] not in "\r\n":
                        raise DataError(f"{self.path}: no CSV, line {number} has more than {LINE_LIMIT} characters")
                    yield line
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror or error}); a table was expected") from error
        except UnicodeError as error:
            raise DataError(f"{self.path} is no text in {self.encoding} ({error}); save it as UTF-8") from error


class SheetTable:
    """One sheet of a workbook; dates come as day numbers (``day`` makes them times)."""

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self.path = path
        self.name = path.name if sheet is None else f"{path.name}, sheet {sheet!r}"
        self.sheet = sheet
        with self._book() as book:
            first = next(book.rows(sheet), [])
            self.day = book.moment
        self.headings = tuple(str(cell).strip() for cell in first)

    def rows(self) -> Iterator[TableRow]:
        with self._book() as book:
            cells = book.rows(self.sheet)
            next(cells, None)
            width = len(self.headings)
            for number, row in enumerate(cells, 1):  # a row ends with its last cell that holds something
                yield TableRow(number, row + [""] * (width - len(row)))

    def _book(self) -> Workbook:
        return Workbook(self.path, what="the trades", max_part_bytes=SHEET_LIMIT_BYTES)


class ParquetTable:
    """The columns of a Parquet file, batch by batch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        with self._opened() as file:
            self.headings = tuple(file.schema_arrow.names)

    def rows(self) -> Iterator[TableRow]:
        from zepix.alerts.parquet_log import column_values

        number = 0
        with self._opened() as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for cells in zip(*(column_values(column) for column in batch.columns), strict=True):
                    number += 1
                    yield TableRow(number, cells)

    def _opened(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self.path)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path} cannot be read as Parquet ({str(error)[:200]})") from error


class LinesTable:
    """JSON lines, one object a row; the headings are the keys of the first 1000."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        keys: dict[str, None] = {}
        for _, (found, _problem) in zip(range(_SURVEYED_LINES), read_objects(path), strict=False):
            if isinstance(found, dict) and len(keys) < COLUMNS_LIMIT:
                keys |= dict.fromkeys(found)
        self.headings = tuple(keys)

    def rows(self) -> Iterator[TableRow]:
        for number, (found, problem) in enumerate(read_objects(self.path), 1):
            cells = [found.get(name) for name in self.headings] if isinstance(found, dict) else [found]
            yield TableRow(number, cells, problem)


class MemoryTable:
    """A DataFrame, an Arrow table, a mapping of columns, or a sequence of mappings."""

    def __init__(self, given: Any, name: str = "the table") -> None:
        self.name = name
        self._columns = _columns_of(given, name)
        self.headings = tuple(self._columns)

    def rows(self) -> Iterator[TableRow]:
        for number, cells in enumerate(zip(*self._columns.values(), strict=True), 1):
            yield TableRow(number, cells)


def _columns_of(given: Any, name: str) -> dict[str, list[Any]]:
    """Columns as lists of plain values. Raises DataError for what is no table, and for columns of unlike length."""
    if isinstance(given, Mapping):
        found = {str(key): _plain_list(column) for key, column in given.items()}
    elif hasattr(given, "column_names") and hasattr(given, "column"):
        found = {str(key): given.column(key).to_pylist() for key in given.column_names}
    elif hasattr(given, "columns") and hasattr(given, "__getitem__"):
        found = {str(key): _plain_list(given[key]) for key in given.columns}
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        rows = list(given)
        if not all(isinstance(row, Mapping) for row in rows):
            raise DataError(f"{name}: expected a DataFrame, a mapping of columns, or mappings one a row")
        keys = dict.fromkeys(str(key) for row in rows for key in row)
        found = {key: [row.get(key) for row in rows] for key in keys}
    else:
        raise DataError(f"{name}: expected a DataFrame, a mapping of columns, or mappings one a row, not {given!r:.80}")
    if len({len(column) for column in found.values()}) > 1:
        raise DataError(f"{name}: its columns have different lengths")
    return found


def _plain_list(column: Any) -> list[Any]:
    """Python values of a list, an array, a Series; times of an array in nanoseconds become text."""
    kind = getattr(getattr(column, "dtype", None), "kind", "")
    if kind == "M" and not hasattr(column, "dt"):
        return [str(value) for value in column.astype("datetime64[ns]")]
    values = column.tolist() if hasattr(column, "tolist") else list(column)
    return list(values)


def _delimiter(first: str) -> str:
    """The separator that makes the most cells of the heading; a comma where none does."""
    best = max(_DELIMITERS, key=lambda mark: (len(_split(first, mark)), -_DELIMITERS.index(mark)))
    return best if len(_split(first, best)) > 1 else ","


def _split(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return ()
    return tuple(cell.strip() for cell in cells[:COLUMNS_LIMIT])


def cell_text(value: Any) -> str:
    """A cell as text: numbers as they are written, times in ISO 8601, nothing for nothing (``None``, a NaN, a NaT)."""
    if isinstance(value, str):
        return value.strip()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124  a NaN stands for nothing in tables
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, Mapping | list):
        return json.dumps(value)
    return str(value) if isinstance(value, int) and abs(value) < 1e30 else shown(value)
