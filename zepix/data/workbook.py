"""The first sheet of an Excel workbook as a table: cells by column, times from Excel's day numbers.

Only what price files use is read: numbers, text, dates. The sheet is read row by row; nothing is calculated, nothing
outside the file is opened, and a document type (the door of XML attacks) is refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final
from xml.etree import ElementTree

from zepix.data.foreign import SAMPLE_LINES, Table
from zepix.data.unpack import DAMAGES
from zepix.errors import DataError

__all__ = ["read_workbook"]

MAX_SHEET_BYTES: Final = 1_000_000_000
MAX_ROWS: Final = 1_048_576  # Excel's own limit
MAX_COLUMNS: Final = 64
_SHEET: Final = "xl/worksheets/sheet1.xml"
_STRINGS: Final = "xl/sharedStrings.xml"
_BOOK: Final = "xl/workbook.xml"
_LETTERS: Final = re.compile(r"[A-Z]+")
_SERIALS: Final = (20_000.0, 80_000.0)  # 1954 to 2119 as day numbers; no price of the first column lies there


def read_workbook(path: Path) -> Table:
    """The cells of the first sheet as columns ``1``, ``2``, ...; a first column of day numbers becomes times.

    Raises DataError for a workbook that is damaged, too large, empty, or whose rows have different lengths.
    """
    import pandas as pd

    try:
        with zipfile.ZipFile(path) as archive:
            sheet = _member(archive, _SHEET, path.name)
            strings = _strings(archive, path.name)
            epoch = _epoch(archive, path.name)
            with archive.open(sheet) as stream:
                rows = list(_rows(stream, strings, path.name))
    except (*DAMAGES, ElementTree.ParseError) as why:
        raise DataError(f"{path.name} cannot be read as a workbook: {why}") from why
    if not rows:
        raise DataError(f"{path.name} holds no rows")
    width = len(rows[0])
    odd = next((k for k, row in enumerate(rows) if len(row) != width), None)
    if odd is not None:
        raise DataError(f"{path.name} row {odd + 1} has {len(rows[odd])} cells, the first has {width}")
    headings = tuple(str(k + 1) for k in range(width))
    lines = [";".join(str(cell) for cell in row) for row in rows[:SAMPLE_LINES]]
    frame = pd.DataFrame(rows, columns=list(headings))
    if frame["1"].map(_is_serial).all():
        frame["1"] = [_moment(float(cell), epoch).isoformat(" ") for cell in frame["1"]]
    return Table(path, frame, headings, lines, ";", 1, is_workbook=True)


def _member(archive: zipfile.ZipFile, name: str, of: str) -> zipfile.ZipInfo:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise DataError(f"{of} has no {name}; save the prices as its first sheet, or as CSV") from None
    if info.file_size > MAX_SHEET_BYTES or info.flag_bits & 1:
        raise DataError(f"{of}: {name} is too large ({info.file_size} bytes) or encrypted; save it as CSV")
    with archive.open(info) as stream:
        if b"<!DOCTYPE" in stream.read(4096):
            raise DataError(f"{of}: {name} declares a document type; that is no price table")
    return info


def _elements(stream: IO[bytes], wanted: str) -> Iterator[Any]:
    """Elements of one kind, each cleared after use so that a long sheet takes little memory."""
    for _, element in ElementTree.iterparse(stream):  # noqa: S314  a document type was refused before
        if element.tag.rpartition("}")[2] == wanted:
            yield element
            element.clear()


def _strings(archive: zipfile.ZipFile, of: str) -> list[str]:
    """The texts that cells refer to by number."""
    if _STRINGS not in archive.namelist():
        return []
    with archive.open(_member(archive, _STRINGS, of)) as stream:
        return ["".join(part.text or "" for part in item.iter() if _is(part, "t")) for item in _elements(stream, "si")]


def _epoch(archive: zipfile.ZipFile, of: str) -> datetime:
    """Day number 0: Excel counts from the end of 1899, workbooks of old Macs from 1904."""
    with archive.open(_member(archive, _BOOK, of)) as stream:
        for settings in _elements(stream, "workbookPr"):
            if settings.get("date1904") in ("1", "true"):
                return datetime(1904, 1, 1)  # noqa: DTZ001  wall clock, its zone is said by the reader
    return datetime(1899, 12, 30)  # noqa: DTZ001


def _is(element: Any, tag: str) -> bool:
    return bool(element.tag.rpartition("}")[2] == tag)


def _rows(stream: IO[bytes], strings: list[str], of: str) -> Iterator[list[Any]]:
    """The cells of each row that has any, from the first column on."""
    for count, row in enumerate(_elements(stream, "row")):
        if count >= MAX_ROWS:
            raise DataError(f"{of} holds more than {MAX_ROWS} rows")
        cells: list[Any] = []
        for cell in row:
            if _is(cell, "c"):
                column = _column(cell.get("r") or "", len(cells))
                if column >= MAX_COLUMNS:
                    raise DataError(f"{of} row {count + 1} has more than {MAX_COLUMNS} columns")
                cells += [""] * (column - len(cells))
                cells.append(_value(cell, strings))
        if any(cell != "" for cell in cells):
            yield cells


def _column(reference: str, following: int) -> int:
    """The column of ``B7`` (1); a cell without a reference follows the one before."""
    letters = _LETTERS.match(reference)
    if letters is None:
        return following
    column = 0
    for letter in letters[0]:
        column = column * 26 + ord(letter) - 64
    return column - 1


def _value(cell: Any, strings: list[str]) -> Any:
    """A number as it is written, or text."""
    kind = cell.get("t") or "n"
    text = "".join(part.text or "" for part in cell.iter() if _is(part, "v") or _is(part, "t")).strip()
    if kind == "s" and text:
        return strings[int(text)].strip() if int(text) < len(strings) else ""
    return float(text) if kind == "n" and text else text


def _is_serial(cell: Any) -> bool:
    return isinstance(cell, float) and _SERIALS[0] < cell < _SERIALS[1]


def _moment(serial: float, epoch: datetime) -> datetime:
    """A day number as wall time, to the second: some writers keep five decimals of a day only."""
    return epoch + timedelta(seconds=round(serial * 86_400))
