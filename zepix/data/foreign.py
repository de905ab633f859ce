"""Foreign text tables of prices: their encoding, separator and headings, and their columns as numbers.

What cannot be read as a number is an error that names the line; nothing is dropped silently. Times: see
``foreign_times``. pandas reads the text; it is imported here only when a file is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.columns import MAX_ROWS, Float64
from zepix.errors import DataError

__all__ = [
    "Table",
    "as_numbers",
    "decimals_of",
    "is_empty",
    "no_number",
    "read_table",
    "shown",
    "shown_headings",
]

MAX_TEXT_BYTES: Final = 8_000_000_000
MAX_LINE_CHARS: Final = 100_000
SAMPLE_LINES: Final = 1000
NOISE_DECIMALS: Final = 10
_BOMS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(slots=True)
class Table:
    """A text file or workbook as columns of a pandas frame.

    ``lines`` are its first lines, ``first_line`` is the number of row 0.
    """

    path: Path
    frame: Any
    headings: tuple[str, ...]
    lines: list[str]
    separator: str
    first_line: int
    is_workbook: bool = False

    def column(self, heading: str) -> Any:
        return self.frame[heading]


def read_table(path: Path, *, separator: str | None = None, decimal: str = ".") -> Table:
    """The whole file. A first line without letters means there are no headings: columns are then ``1``, ``2``, ...

    Raises DataError if it is absent, empty, too large, not text, or its lines have different numbers of fields.
    """
    import pandas as pd

    encoding, lines = _head(path)
    sep = separator or _separator(lines[0])
    has_headings = bool(re.search(r"[A-Za-z]", lines[0]))
    first = [word.strip().strip('"') for word in lines[0].split(sep)]
    headings = tuple(first) if has_headings else tuple(str(k + 1) for k in range(len(first)))
    if len(set(headings)) < len(headings):
        headings = _told_apart(headings)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a line with too many fields
            frame = pd.read_csv(
                path,
                sep=sep,
                header=None,
                names=list(headings),
                index_col=False,
                skiprows=1 if has_headings else 0,
                encoding=encoding,
                decimal=decimal,
                skipinitialspace=True,
                nrows=MAX_ROWS + 1,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeError, ValueError) as why:
        raise DataError(f"{path.name} cannot be read as a table separated by {sep!r}: {str(why)[:200]}") from why
    if not len(frame):
        raise DataError(f"{path.name} holds no rows")
    if len(frame) > MAX_ROWS:
        raise DataError(f"{path.name} holds more than {MAX_ROWS} rows; split it by year")
    return Table(path, frame, headings, lines[has_headings:], sep, 2 if has_headings else 1)


def _head(path: Path) -> tuple[str, list[str]]:
    """The encoding, and the first lines that are not empty."""
    try:
        if not path.is_file():
            raise DataError(f"{path} does not exist or is no file")
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise DataError(f"{path} is larger than {MAX_TEXT_BYTES} bytes; split it by year")
        with path.open("rb") as stream:
            start = stream.read(4)
        encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
        with path.open(encoding=encoding, newline=None) as text:
            lines = _lines(text, path)
    except OSError as why:
        raise DataError(f"{path} cannot be read: {why.strerror or why}") from why
    except UnicodeError as why:
        raise DataError(f"{path.name} is no text in {encoding}: {why}") from why
    if not lines or not lines[0].strip():
        raise DataError(f"{path.name} is empty or begins with an empty line")
    return encoding, lines


def _lines(text: IO[str], path: Path) -> list[str]:
    """The first lines. Raises DataError for one that is longer than a row of prices can be."""
    lines: list[str] = []
    while len(lines) < SAMPLE_LINES and (line := text.readline(MAX_LINE_CHARS)):
        if len(line) == MAX_LINE_CHARS:
            raise DataError(
                f"{path.name} line {len(lines) + 1} is longer than {MAX_LINE_CHARS} characters and begins with "
                f"{line[:40]!r}; is this a table of prices?"
            )
        lines.append(line.rstrip("\n"))
    return lines


def _separator(line: str) -> str:
    """The separator that occurs most in the first line, of tab, semicolon, comma and bar."""
    return max("\t;,|", key=lambda mark: (line.count(mark), mark == ","))


def _told_apart(headings: Sequence[str]) -> tuple[str, ...]:
    """Headings that repeat (indicators of a chart) with a number behind, so that each names one column."""
    seen: dict[str, int] = {}
    told = []
    for word in headings:
        seen[word] = seen.get(word, 0) + 1
        told.append(word if seen[word] == 1 else f"{word}.{seen[word]}")
    return tuple(told)


def as_numbers(table: Table, heading: str) -> Float64:
    """A column as float64. Raises DataError that names the first line without a number."""
    import pandas as pd

    column = table.column(heading)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise no_number(table, heading, wrong)
    return np.ascontiguousarray(numbers)


def no_number(table: Table, heading: str, rows: NDArray[Any]) -> DataError:
    """The error for the values of a column in ``rows``, of which the first is named."""
    row = int(rows[0])
    value = table.column(heading).iloc[row]
    what = "there is nothing; is the line complete?" if is_empty(value) else f"{shown(value)} is no number"
    return DataError(
        f"{table.path.name} line {row + table.first_line}, column {_shown_heading(heading)}: {what} "
        f"({len(rows)} such values)"
    )


def is_empty(value: Any) -> bool:
    """Whether a cell held nothing (or a word for nothing, such as ``NA``)."""
    import pandas as pd

    return bool(pd.isna(value)) or value == ""


def shown(value: Any, most: int = 60) -> str:
    """A value of a file as an error says it: in quotes if it is text, and never longer than a line."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= most else f"{text[: most - 3]}... ({len(text)} characters)"


def _shown_heading(heading: str) -> str:
    return heading if len(heading) <= 60 else shown(heading)


def shown_headings(headings: Sequence[str]) -> str:
    """The first headings, for an error."""
    return ", ".join(_shown_heading(heading) for heading in headings[:20])


def decimals_of(table: Table, headings: Sequence[str]) -> int:
    """How many decimals the prices of the first thousand lines are written with.

    More than ten are what a program made of a double (1.1370200000000001), and are rounded away.
    """
    at = [table.headings.index(heading) for heading in headings]
    most = 0
    for line in table.lines:
        fields = line.split(table.separator)
        for k in at:
            if k < len(fields):
                most = max(most, _decimals(fields[k].strip().strip('"').replace(",", ".")))
    return most


def _decimals(text: str) -> int:
    whole, _, decimals = text.partition(".")
    if not decimals.isdigit():
        return 0
    if len(decimals) > NOISE_DECIMALS and whole.isdigit():
        decimals = f"{float(text):.{NOISE_DECIMALS}f}".partition(".")[2].rstrip("0")
    return len(decimals)
