"""Times of foreign tables: words or numbers in a file's own clock become nanoseconds UTC.

Dates are read only if year, month and day cannot be confused (the year first); else the format has to be said. What is
no time, or lies outside 1970 to 2199, is an error that names the line, before anything is multiplied or cast: such a
number would wrap around into a year that looks right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.clock import local_to_utc, parse_zone
from zepix.data.columns import END_NS
from zepix.data.foreign import Table, as_numbers, is_empty, shown
from zepix.errors import ConfigError, DataError
from zepix.model.series import Int64

__all__ = ["as_utc"]

_OFFSET: Final = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_SPELLINGS: Final = (
    (re.compile(r"\d{4}[-./]\d{2}[-./]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?"), "iso"),
    (re.compile(r"\d{8}[ T]?\d{6}"), "%Y%m%d%H%M%S"),
    (re.compile(r"\d{8}[ T]?\d{9}"), "%Y%m%d%H%M%S%f"),
    (re.compile(r"\d{8}"), "%Y%m%d"),
)
_UNITS: Final = (
    (1e17, "nanoseconds", 1),
    (1e14, "microseconds", 10**3),
    (1e11, "milliseconds", 10**6),
    (0.0, "seconds", 10**9),
)
"""From which number on times since 1970 are taken to be in a unit, and its nanoseconds."""
_FIELDS: Final = {"S": r"(?P<second>\d\d?)", "f": r"\d{1,9}", "Y": r"\d{4}", "p": "[AaPp][Mm]", "%": "%"}
_FIELDS_OF_TWO: Final = dict.fromkeys("mdHIMy", r"\d\d?")


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
    1970), unless ``epoch_is_utc``. Raises ConfigError for a missing zone or format, DataError for what is no time or
    lies outside 1970 to 2199.
    """
    import pandas as pd

    columns = [table.column(heading) for heading in headings]
    what = f"{table.path.name}: times"
    if len(columns) == 1 and pd.api.types.is_numeric_dtype(columns[0]) and not time_format:
        text = columns[0].iloc[0]
        if not re.fullmatch(r"\d{8}|\d{14}", str(text)):
            clock = parse_zone(zone or ("UTC" if epoch_is_utc else None), what=what)
            utc, said = local_to_utc(_epoch_ns(table, headings[0]), clock)
            return _in_years(table, columns[0], utc), {"zone": clock.name, **said}
    words = columns[0].astype("string").str.strip()
    for column in columns[1:]:
        words = words + " " + column.astype("string").str.strip()
    utc, said = _from_words(table, words, zone, time_format, what)
    return _in_years(table, words, utc), said


def _epoch_ns(table: Table, heading: str) -> Int64:
    """Numbers since 1970 in nanoseconds, to the microsecond at least; the largest tells the unit of all."""
    import pandas as pd

    numbers, column = as_numbers(table, heading), table.column(heading)
    largest = int(numbers.argmax())
    least, unit, factor = next((u for u in _UNITS if numbers[largest] >= u[0]), _UNITS[-1])
    _refuse(table, column, (numbers < 0) | (numbers >= END_NS // factor), f", as {unit} since 1970,")
    if numbers.min() < least:
        row = int(np.argmax(numbers < least))
        raise DataError(
            f"{table.path.name} line {row + table.first_line}: {shown(column.iloc[row])} is no time in {unit} like "
            f"{shown(column.iloc[largest])} in line {largest + table.first_line}; write all times in one unit, those "
            "before April 1973 as dates"
        )
    if pd.api.types.is_integer_dtype(column):
        return np.ascontiguousarray(column.to_numpy(np.int64) * factor)
    whole = np.floor(numbers)
    parts = np.rint((numbers - whole) * (factor / 1000)).astype(np.int64) * 1000
    return np.ascontiguousarray(whole.astype(np.int64) * factor + parts)


def _in_years(table: Table, column: Any, utc: Int64) -> Int64:
    """The instants, which lie within 1970 to 2199 also after the clock was taken into account."""
    _refuse(table, column, (utc < 0) | (utc >= END_NS))
    return utc


def _refuse(table: Table, column: Any, outside: NDArray[np.bool_], how: str = "") -> None:
    """Raise DataError that names the first line of those outside 1970 to 2199."""
    if outside.any():
        row = int(np.argmax(outside))
        raise DataError(
            f"{table.path.name} line {row + table.first_line}: {shown(column.iloc[row])}{how} lies before 1970 or "
            f"after 2199 ({int(outside.sum())} such times)"
        )


def _from_words(
    table: Table, words: Any, zone: str | None, time_format: str | None, what: str
) -> tuple[Int64, dict[str, Any]]:
    if not time_format and is_empty(words.iloc[0]):
        raise _no_time(table, words, np.flatnonzero(words.isna().to_numpy() | (words == "").fillna(False).to_numpy()))
    spelling = time_format or _spelling(table, words.iloc[0])
    if spelling == "iso":
        offsets = words.str.contains(_OFFSET).fillna(False)
        if offsets.any() and not offsets.all():
            row = int(np.argmin(offsets.to_numpy()))
            raise DataError(
                f"{table.path.name} line {row + table.first_line}: {shown(words.iloc[row])} has no offset, others have"
            )
        has_offset = bool(offsets.all())
        words = words.str.slice(0, 10).str.replace(r"[./]", "-", regex=True) + words.str.slice(10)
        spelling = "ISO8601"
    else:
        has_offset = "%z" in spelling
        if not time_format:
            words = words.str.replace(r"[ T]", "", regex=True)
    times = _parsed(words, spelling, has_offset)
    wrong = np.flatnonzero(times.isna().to_numpy() | _leap_seconds(words, times, spelling, is_told=not time_format))
    if len(wrong):
        raise _no_time(table, words, wrong)
    if has_offset:
        as_written = {"zone": "as written", "ambiguous": 0, "skipped": 0}
        return _nanoseconds(table, words, times.dt.tz_convert(None)), as_written
    clock = parse_zone(zone, what=what)
    utc, said = local_to_utc(_nanoseconds(table, words, times), clock)
    return utc, {"zone": clock.name, **said}


def _parsed(words: Any, spelling: str, has_offset: bool) -> Any:
    """Times as pandas reads them, NaT for what it cannot. Raises ConfigError for a format that is none."""
    import pandas as pd

    try:
        return pd.to_datetime(words, format=spelling, errors="coerce", utc=has_offset)
    except (ValueError, re.error) as why:
        raise ConfigError(
            f"time format {shown(spelling)}: {str(why)[:200]}; expected one such as '%d.%m.%Y %H:%M:%S'"
        ) from why


def _no_time(table: Table, words: Any, rows: NDArray[Any]) -> DataError:
    row = int(rows[0])
    word = words.iloc[row]
    what = "there is no time; is the line complete?" if is_empty(word) else f"{shown(word)} is no time like the others"
    return DataError(f"{table.path.name} line {row + table.first_line}: {what} ({len(rows)} such values)")


def _leap_seconds(words: Any, times: Any, spelling: str, *, is_told: bool) -> NDArray[np.bool_]:
    """Which rows say second 60 or 61, which pandas takes for the next minute.

    ``is_told``: the spelling is one of ours, without marks between its fields.
    """
    found = np.zeros(len(words), bool)
    at = spelling.find("%S")
    if at < 0:
        return found
    mark = re.escape(spelling[at - 1]) if at and spelling[at - 2 : at - 1] != "%" else ""
    before = r"^\d{12}" if is_told else mark
    near = words.str.contains(f"{before}6[01]").fillna(False).to_numpy(bool)
    if near.any():
        pattern = re.compile(re.sub("%(.)", _field, re.escape(spelling)))
        for row in np.flatnonzero(near & (times.dt.second <= 1).to_numpy()):
            match = pattern.fullmatch(words.iloc[row])
            found[row] = match is not None and int(match["second"]) > 59
    return found


def _field(found: re.Match[str]) -> str:
    """What a field of a format looks like in a time that was read with it."""
    return _FIELDS.get(found[1]) or _FIELDS_OF_TWO.get(found[1], ".+?")


def _nanoseconds(table: Table, words: Any, times: Any) -> Int64:
    """Wall-clock nanoseconds of times in whatever unit pandas chose; the years are looked at in that unit."""
    moments = times.to_numpy()
    first, end = (np.datetime64(day).astype(moments.dtype) for day in ("1970-01-01", "2200-01-01"))
    _refuse(table, words, (moments < first) | (moments >= end))
    return np.ascontiguousarray(moments.astype("datetime64[ns]").view(np.int64))


def _spelling(table: Table, text: Any) -> str:
    """How times are written, told from the first. Raises ConfigError where day and month could be confused."""
    for pattern, spelling in _SPELLINGS:
        if pattern.fullmatch(str(text)):
            return spelling
    raise ConfigError(
        f"{table.path.name}: times like {shown(text)} can be read in more than one way; say the format, "
        "such as --time-format '%d.%m.%Y %H:%M:%S'"
    )
