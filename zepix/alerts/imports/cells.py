"""A statement's file as rows of cells with their line numbers: HTML, workbooks, text with separators.

Nothing of a page is run or loaded; only the text of table cells is read. Sizes are limited.
"""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from zepix.errors import DataError
from zepix.workbook import Workbook, is_workbook

__all__ = ["CellRow", "Cells", "read_cells"]

FILE_LIMIT: Final = 200_000_000
ROWS_LIMIT: Final = 1_000_000
CELLS_LIMIT: Final = 256
CELL_LIMIT: Final = 4096
_BOMS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_DELIMITERS: Final = ",;\t|"
_LOOKED_AT: Final = 50


class CellRow(NamedTuple):
    """A row with the line (of a workbook: the row) at which it stands."""

    line: int
    cells: list[Any]


class Cells(NamedTuple):
    """All rows of a file. ``dot_is_decimal``: what the format says of numbers, not what they look like."""

    name: str
    rows: list[CellRow]
    dot_is_decimal: bool
    moment: Any = None
    """Makes a time of a workbook's day number."""


def read_cells(path: Path) -> Cells:
    """The rows of a file that are not blank. Raises DataError where it cannot be read, or is too large."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise DataError(f"{path} is larger than {FILE_LIMIT // 1_000_000} MB; export a shorter period")
        with path.open("rb") as handle:
            start = handle.read(4096)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); a statement was expected") from error
    if is_workbook(path):
        return _of_workbook(path)
    text = _text(path, start)
    if text.lstrip()[:1] == "<":
        parser = _Tables(path)
        parser.feed(text)
        parser.close()
        return Cells(path.name, parser.rows, True)
    return _of_text(path, text)


def _of_workbook(path: Path) -> Cells:
    rows = []
    with Workbook(path, what="a statement") as book:
        for line, cells in enumerate(book.rows(None), 1):
            if any(cell != "" for cell in cells):
                rows.append(CellRow(line, cells))
                _limit(path, len(rows))
        moment = book.moment
    return Cells(path.name, rows, True, moment)


def _text(path: Path, start: bytes) -> str:
    encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "")
    if not encoding:
        encoding = "utf-16-le" if start[1:2] == b"\0" else "utf-8"
    try:
        return path.read_text(encoding=encoding)
    except UnicodeError:
        return path.read_text(encoding="cp1252", errors="replace")
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from error


def _of_text(path: Path, text: str) -> Cells:
    lines = text.splitlines(keepends=True)
    delimiter = max(_DELIMITERS, key=lambda mark: _columns(lines, mark))
    rows = []
    reader = csv.reader(iter(lines), delimiter=delimiter)
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                rows.append(CellRow(reader.line_num, [cell.strip() for cell in cells[:CELLS_LIMIT]]))
                _limit(path, len(rows))
    except csv.Error as error:
        raise DataError(f"{path}: no table at line {reader.line_num} ({error}); export it again") from error
    return Cells(path.name, rows, delimiter == ",")


def _columns(lines: list[str], mark: str) -> int:
    """The most cells of one of the first lines, were this the separator."""
    try:
        return max((len(row) for row in islice(csv.reader(lines[:_LOOKED_AT], delimiter=mark), _LOOKED_AT)), default=0)
    except csv.Error:
        return 0


def _limit(path: Path, count: int) -> None:
    if count > ROWS_LIMIT:
        raise DataError(f"{path} has more than {ROWS_LIMIT:,} rows; export a shorter period")


class _Tables(HTMLParser):
    """The cells of all tables of a page, row by row; cells that the page hides are left out."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.rows: list[CellRow] = []
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._line = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._end_row()
            self._row, self._line = [], self.getpos()[0]
        elif tag in ("td", "th") and self._row is not None:
            self._end_cell()
            is_hidden = any(name == "class" and "hidden" in (value or "") for name, value in attrs)
            self._cell = None if is_hidden else []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def close(self) -> None:
        super().close()
        self._end_row()

    def _end_cell(self) -> None:
        if self._cell is not None and self._row is not None and len(self._row) < CELLS_LIMIT:
            self._row.append(" ".join("".join(self._cell).split())[:CELL_LIMIT])
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None and any(self._row):
            self.rows.append(CellRow(self._line, list(self._row)))
            _limit(self.path, len(self.rows))
        self._row = None
