"""Overnight rollovers: 17:00 New York, Monday to Friday by New York's date, daylight saving counted.

A ticket pays (or earns) its swap points for each rollover r with ``entry < r < exit``, threefold on the instrument's
triple day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from zepix.model.timeframe import NS

__all__ = ["rollovers_between"]

NEW_YORK: Final = ZoneInfo("America/New_York")
CLOSE: Final = time(17)
DAY_NS: Final = 86_400 * NS
NEVER_NS: Final = 1 << 70


@lru_cache(maxsize=256)
def _of_year(year: int) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Instants of a New York year's rollovers, and per weekday how many of them came before each."""
    instants: list[int] = []
    counts: list[list[int]] = [[0] for _ in range(7)]
    day = date(year, 1, 1)
    while day.year == year:
        weekday = day.weekday()
        if weekday < 5:
            instants.append(int(datetime.combine(day, CLOSE, NEW_YORK).astimezone(UTC).timestamp()) * NS)
            for number, count in enumerate(counts):
                count.append(count[-1] + (number == weekday))
        day += timedelta(days=1)
    return tuple(instants), tuple(tuple(count) for count in counts)


def rollovers_between(entry_ns: int, exit_ns: int, triple_weekday: int) -> int:
    """How many nights count between two instants (both excluded); one on ``triple_weekday`` (0 Monday) counts three."""
    year, first, of_first_day = _of_day(entry_ns // DAY_NS)
    last_year, last, of_last_day = _of_day(exit_ns // DAY_NS)
    if year and year == last_year:
        return _nights(year, first + (of_first_day <= entry_ns), last + (of_last_day < exit_ns), triple_weekday)
    nights = 0
    for year in range(_year_at(entry_ns), _year_at(exit_ns) + 1):
        instants, _ = _of_year(year)
        nights += _nights(year, bisect_right(instants, entry_ns), bisect_left(instants, exit_ns), triple_weekday)
    return nights


def _nights(year: int, first: int, last: int, triple_weekday: int) -> int:
    """What a year's rollovers from the first to before the last count."""
    if last <= first:
        return 0
    triple = _of_year(year)[1][triple_weekday]
    return last - first + 2 * (triple[last] - triple[first])


@lru_cache(maxsize=4096)
def _year_start_ns(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=NEW_YORK).timestamp()) * NS


@lru_cache(maxsize=4096)
def _of_day(day: int) -> tuple[int, int, int]:
    """Of a whole UTC day, counted from 1970: its New York year (0 where it lies in two), how many of the year's
    rollovers came before it, and its own, which is never where it has none."""
    begin_ns, end_ns = day * DAY_NS, (day + 1) * DAY_NS
    year = _year_at(begin_ns)
    if year != _year_at(end_ns - 1):
        return 0, 0, NEVER_NS
    instants, _ = _of_year(year)
    before = bisect_left(instants, begin_ns)
    has_one = before < len(instants) and instants[before] < end_ns
    return year, before, instants[before] if has_one else NEVER_NS


def _year_at(t_ns: int) -> int:
    guess = datetime.fromtimestamp(t_ns // NS, UTC).year
    return guess if t_ns >= _year_start_ns(guess) else guess - 1
