"""Excel workbooks (``.xlsx``) from outside as rows of cells, within limits: prices and trades come in them.

Only what tables use is read: numbers, text, truth values, the last result of a formula. Nothing is calculated, no other
file is opened, and a document type (the door of XML attacks) is refused. The text of a sheet is read block by block and
never becomes a tree, so that a workbook that unpacks to gigabytes is stopped at a limit and not by the memory.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final
from xml.parsers import expat

from zepix.errors import DataError

__all__ = ["Cell", "Workbook", "is_workbook"]

Cell = float | str | bool
"""A number (a date is a number of days, too), text, or a truth value; what is empty or an error is an empty text."""

MAX_PART_BYTES: Final = 1_000_000_000
MAX_STRINGS: Final = 5_000_000
MAX_ROWS: Final = 1_048_576  # Excel's own limit
MAX_COLUMNS: Final = 64
MAX_SHEETS: Final = 256
MAX_CELL: Final = 65_536
MAX_DEPTH: Final = 64
MAX_TEXT: Final = 400_000_000
_BLOCK: Final = 1 << 16
_BOOK: Final = "xl/workbook.xml"
_STRINGS: Final = "xl/sharedStrings.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_LETTERS: Final = re.compile(r"[A-Z]{1,3}")
_DAMAGES: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError, expat.ExpatError)


def is_workbook(path: Path) -> bool:
    """Whether the file is a workbook, by its content. Raises DataError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"PK\x03\x04":
                return False
    except OSError as why:
        raise DataError(f"{path} cannot be read: {why.strerror or why}") from why
    try:
        with zipfile.ZipFile(path) as archive:
            return _BOOK in archive.namelist()
    except _DAMAGES:
        return False


class Workbook:
    """An open workbook: ``sheets`` are its names in their order, ``rows(sheet)`` the cells of one. Close it after use.

    ``what`` says in errors what was expected in it (``prices``). ``max_part_bytes`` limits each of its parts unpacked.
    """

    def __init__(self, path: Path, *, what: str = "a table", max_part_bytes: int | None = None) -> None:
        self.path = path
        self._what = what
        self._limit = MAX_PART_BYTES if max_part_bytes is None else max_part_bytes
        with self._damages():
            self._archive = zipfile.ZipFile(path)
        try:
            self._targets, self.epoch = self._contents()
        except BaseException:
            self.close()
            raise
        self._strings: list[str] | None = None

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._archive.close()

    @property
    def sheets(self) -> tuple[str, ...]:
        return tuple(self._targets)

    def rows(self, sheet: str | None = None) -> Iterator[list[Cell]]:
        """The cells of each row that has any, from the first column on; without a name those of the first sheet.

        Raises DataError for a part that is missing, damaged or too large, and for too many rows or columns.
        """
        if not self._targets:
            raise DataError(f"{self.path.name} has no sheet; save {self._what} as its first sheet, or as CSV")
        target = next(iter(self._targets.values())) if sheet is None else self._targets[sheet]
        if self._strings is None:
            self._strings = self._shared() if _STRINGS in self._archive.namelist() else []
        reader = _SheetReader(self._strings, self.path.name)
        for count, row in enumerate(self._parsed(target, reader)):
            if count >= MAX_ROWS:
                raise DataError(f"{self.path.name} holds more than {MAX_ROWS} rows")
            if any(cell != "" for cell in row):
                yield row

    def moment(self, serial: float) -> datetime:
        """A day number as wall time, to the second: some writers keep five decimals of a day only."""
        return self.epoch + timedelta(seconds=round(serial * 86_400))

    def _contents(self) -> tuple[dict[str, str], datetime]:
        """Sheets by name with their parts, and day number 0: the end of 1899, on old Macs 1904."""
        reader = _BookReader()
        deque(self._parsed(_BOOK, reader), maxlen=0)
        relations = _RelationReader()
        if _RELATIONS in self._archive.namelist():
            deque(self._parsed(_RELATIONS, relations), maxlen=0)
        epoch = datetime(1904, 1, 1) if reader.since_1904 else datetime(1899, 12, 30)  # noqa: DTZ001  wall clock
        named = {name: relations.targets.get(link, "") for name, link in reader.sheets}
        found = {name: _part(target) for name, target in named.items() if target}
        return found or {"1": "xl/worksheets/sheet1.xml"}, epoch

    def _shared(self) -> list[str]:
        """The texts that cells refer to by number."""
        return list(self._parsed(_STRINGS, _StringReader(self.path.name)))

    def _parsed(self, part: str, reader: _Reader) -> Iterator[Any]:
        with self._damages(), self._opened(part) as stream:
            parser = expat.ParserCreate()
            parser.buffer_text = True
            parser.StartElementHandler = reader.enter
            parser.EndElementHandler = reader.leave
            parser.CharacterDataHandler = reader.text
            parser.StartDoctypeDeclHandler = self._refuse_doctype
            while block := stream.read(_BLOCK):
                parser.Parse(block, False)
                yield from reader.taken()
            parser.Parse(b"", True)
            yield from reader.taken()

    def _refuse_doctype(self, *_: object) -> None:
        raise DataError(f"{self.path.name}: its XML declares a document type; that is no table of {self._what}")

    def _opened(self, part: str) -> IO[bytes]:
        try:
            info = self._archive.getinfo(part)
        except KeyError:
            raise DataError(
                f"{self.path.name} has no {part}; save {self._what} as its first sheet, or as CSV"
            ) from None
        if info.file_size > self._limit or info.flag_bits & 1:
            raise DataError(
                f"{self.path.name}: {part} is too large ({info.file_size} bytes) or encrypted; save it as CSV"
            )
        return self._archive.open(info)

    @contextmanager
    def _damages(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGES as why:
            raise DataError(f"{self.path.name} cannot be read as a workbook: {why}") from why


class _Reader:
    """What is told of elements and text; what it has made so far is taken from it block by block."""

    def __init__(self) -> None:
        self._made: list[Any] = []
        self._depth = 0

    def enter(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"its XML is nested deeper than {MAX_DEPTH} levels")
        self.start(name, attributes)

    def leave(self, name: str) -> None:
        self._depth -= 1
        self.end(name)

    def taken(self) -> list[Any]:
        made, self._made = self._made, []
        return made

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, data: str) -> None: ...


class _BookReader(_Reader):
    """Names of sheets with the ids of their parts, and whether days count from 1904."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.since_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        if tag == "workbookPr":
            self.since_1904 = attributes.get("date1904") in ("1", "true")
        elif tag == "sheet" and len(self.sheets) < MAX_SHEETS:
            link = next((value for key, value in attributes.items() if _local(key) == "id"), "")
            self.sheets.append((attributes.get("name", "")[:64], link))


class _RelationReader(_Reader):
    """The parts that ids stand for."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship" and len(self.targets) < 4 * MAX_SHEETS:
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


class _StringReader(_Reader):
    """Shared strings; phonetic readings beside them are left out."""

    def __init__(self, of: str) -> None:
        super().__init__()
        self._of = of
        self._parts: list[str] = []
        self._size = self._count = self._total = 0
        self._is_text = self._is_phonetic = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        tag = _local(name)
        if tag == "si":
            self._parts, self._size = [], 0
        elif tag == "rPh":
            self._is_phonetic = True
        self._is_text = tag == "t" and not self._is_phonetic

    def text(self, data: str) -> None:
        if self._is_text and self._size < MAX_CELL:
            self._parts.append(data[:MAX_CELL])
            self._size += len(data)

    def end(self, name: str) -> None:
        tag = _local(name)
        self._is_text = False
        if tag == "rPh":
            self._is_phonetic = False
        elif tag == "si":
            self._count += 1
            self._total += self._size
            if self._count > MAX_STRINGS or self._total > MAX_TEXT:
                raise DataError(f"{self._of} holds too many texts; save it as CSV")
            self._made.append("".join(self._parts)[:MAX_CELL])


class _SheetReader(_Reader):
    """Rows of cells; a formula counts by its last result."""

    def __init__(self, strings: list[str], of: str) -> None:
        super().__init__()
        self._strings = strings
        self._of = of
        self._row: list[Cell] = []
        self._kind = "n"
        self._parts: list[str] = []
        self._size = 0
        self._column = 0
        self._is_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        if tag == "c":
            self._kind = attributes.get("t", "n")
            self._parts, self._size = [], 0
            self._column = _column(attributes.get("r", ""), len(self._row))
            if self._column >= MAX_COLUMNS:
                raise DataError(f"{self._of} has a row with more than {MAX_COLUMNS} columns")
        elif tag == "row":
            self._row = []
        self._is_value = tag in ("v", "t")

    def text(self, data: str) -> None:
        if self._is_value and self._size < MAX_CELL:
            self._parts.append(data[:MAX_CELL])
            self._size += len(data)

    def end(self, name: str) -> None:
        tag = _local(name)
        self._is_value = False
        if tag == "c":
            if self._column < len(self._row):  # a cell that stands twice: the last counts
                self._row[self._column] = self._value()
            else:
                self._row += [""] * (self._column - len(self._row))
                self._row.append(self._value())
        elif tag == "row":
            self._made.append(self._row)
            self._row = []

    def _value(self) -> Cell:
        text = "".join(self._parts)[:MAX_CELL].strip()
        if self._kind == "s":
            number = int(text) if text.isdecimal() and len(text) < 12 else -1
            return self._strings[number].strip() if 0 <= number < len(self._strings) else ""
        if self._kind == "b":
            return text == "1"
        if self._kind == "e":
            return ""
        return float(text) if self._kind == "n" and text else text


def _local(name: str) -> str:
    """A tag without the namespace's prefix."""
    return name.rpartition(":")[2]


def _part(target: str) -> str:
    """The part's name in the archive: targets are relative to ``xl/`` or absolute."""
    path = PurePosixPath("xl") / target if not target.startswith("/") else PurePosixPath(target[1:])
    return path.as_posix()


def _column(reference: str, following: int) -> int:
    """The column of ``B7`` (1); a cell without a reference follows the one before."""
    letters = _LETTERS.match(reference)
    if letters is None:
        return following
    column = 0
    for letter in letters[0]:
        column = column * 26 + ord(letter) - 64
    return column - 1
