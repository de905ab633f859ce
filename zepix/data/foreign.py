"""Foreign text tables of prices: their encoding, separator and headings, and their columns as numbers and times.

What cannot be read as a number or a time is an error that names the line; nothing is dropped silently. Dates are read
only if year, month and day cannot be confused (the year first); else the format has to be said. pandas reads the text;
it is imported here only when a file is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from zepix.data.clock import local_to_utc, parse_zone
from zepix.data.columns import MAX_ROWS, Float64
from zepix.errors import ConfigError, DataError
from zepix.model.series import Int64

__all__ = ["Table", "as_numbers", "as_utc", "decimals_of", "read_table"]

MAX_TEXT_BYTES: Final = 8_000_000_000
SAMPLE_LINES: Final = 1000
NOISE_DECIMALS: Final = 10
_BOMS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_OFFSET: Final = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_SPELLINGS: Final = (
    (re.compile(r"\d{4}[-./]\d{2}[-./]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?"), "iso"),
    (re.compile(r"\d{8}[ T]?\d{6}"), "%Y%m%d%H%M%S"),
    (re.compile(r"\d{8}[ T]?\d{9}"), "%Y%m%d%H%M%S%f"),
    (re.compile(r"\d{8}"), "%Y%m%d"),
)


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
        raise DataError(f"{path.name} cannot be read as a table separated by {sep!r}: {why}") from why
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
            lines = [line.rstrip("\n") for line, _ in zip(text, range(SAMPLE_LINES), strict=False)]
    except OSError as why:
        raise DataError(f"{path} cannot be read: {why.strerror or why}") from why
    except UnicodeError as why:
        raise DataError(f"{path.name} is no text in {encoding}: {why}") from why
    if not lines or not lines[0].strip():
        raise DataError(f"{path.name} is empty or begins with an empty line")
    return encoding, lines


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
        row = int(wrong[0])
        raise DataError(
            f"{table.path.name} line {row + table.first_line}, column {heading}: {column.iloc[row]!r} is no number "
            f"({len(wrong)} such values)"
        )
    return np.ascontiguousarray(numbers)


def as_utc(
    table: Table,
    headings: Sequence[str],
    zone: str | None,
    time_format: str | None = None,
    *,
    epoch_is_utc: bool = False,
) -> tuple[Int64, dict[str, Any]]:
    """The instants (ns UTC) that one column, or a date and a time column, say; and how they were read.

    Times that carry an offset need no zone. Others do; so do numbers (seconds, milli-, micro- or nanoseconds since
    1970), unless ``epoch_is_utc``. Raises ConfigError for a missing zone or format, DataError for what is no time.
    """
    import pandas as pd

    columns = [table.column(heading) for heading in headings]
    what = f"{table.path.name}: times"
    if len(columns) == 1 and pd.api.types.is_numeric_dtype(columns[0]) and not time_format:
        text = columns[0].iloc[0]
        if not re.fullmatch(r"\d{8}|\d{14}", str(text)):
            name = zone or ("UTC" if epoch_is_utc else None)
            clock = parse_zone(name, what=what)
            utc, said = local_to_utc(_epoch_ns(as_numbers(table, headings[0])), clock)
            return utc, {"zone": clock.name, **said}
    words = columns[0].astype("string").str.strip()
    for column in columns[1:]:
        words = words + " " + column.astype("string").str.strip()
    return _from_words(table, words, zone, time_format, what)


def _epoch_ns(numbers: Float64) -> Int64:
    """Numbers since 1970 in nanoseconds; their size tells the unit."""
    largest = float(np.abs(numbers).max())
    factor = next((f for limit, f in ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3)) if largest < limit), 1)
    return np.rint(numbers).astype(np.int64) * factor


def _from_words(
    table: Table, words: Any, zone: str | None, time_format: str | None, what: str
) -> tuple[Int64, dict[str, Any]]:
    import pandas as pd

    spelling = time_format or _spelling(table, str(words.iloc[0]))
    if spelling == "iso":
        offsets = words.str.contains(_OFFSET).fillna(False)
        if offsets.any() and not offsets.all():
            row = int(np.argmin(offsets.to_numpy()))
            raise DataError(
                f"{table.path.name} line {row + table.first_line}: {words.iloc[row]!r} has no offset, others have"
            )
        has_offset = bool(offsets.all())
        words = words.str.slice(0, 10).str.replace(r"[./]", "-", regex=True) + words.str.slice(10)
        spelling = "ISO8601"
    else:
        has_offset = "%z" in spelling
        if not time_format:
            words = words.str.replace(r"[ T]", "", regex=True)
    times = pd.to_datetime(words, format=spelling, errors="coerce", utc=has_offset)
    wrong = np.flatnonzero(times.isna().to_numpy())
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{table.path.name} line {row + table.first_line}: {words.iloc[row]!r} is no time like those before "
            f"({len(wrong)} such values)"
        )
    if has_offset:
        return _nanoseconds(times.dt.tz_convert(None)), {"zone": "as written", "ambiguous": 0, "skipped": 0}
    clock = parse_zone(zone, what=what)
    utc, said = local_to_utc(_nanoseconds(times), clock)
    return utc, {"zone": clock.name, **said}


def _nanoseconds(times: Any) -> Int64:
    return np.ascontiguousarray(times.to_numpy().astype("datetime64[ns]").view(np.int64))


def _spelling(table: Table, text: str) -> str:
    """How times are written, told from the first. Raises ConfigError where day and month could be confused."""
    for pattern, spelling in _SPELLINGS:
        if pattern.fullmatch(text):
            return spelling
    raise ConfigError(
        f"{table.path.name}: times like {text!r} can be read in more than one way; say the format, "
        "such as --time-format '%d.%m.%Y %H:%M:%S'"
    )


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
