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
    nights = 0
    for year in range(_year_of(entry_ns), _year_of(exit_ns) + 1):
        instants, counts = _of_year(year)
        first, last = bisect_right(instants, entry_ns), bisect_left(instants, exit_ns)
        if last > first:
            triple = counts[triple_weekday]
            nights += last - first + 2 * (triple[last] - triple[first])
    return nights


@lru_cache(maxsize=4096)
def _year_start_ns(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=NEW_YORK).timestamp()) * NS


@lru_cache(maxsize=4096)
def _year_of_day(day: int) -> int:
    """The New York year of a whole UTC day, counted from 1970; 0 for a day that lies in two."""
    first, last = _year_at(day * DAY_NS), _year_at((day + 1) * DAY_NS - 1)
    return first if first == last else 0


def _year_of(t_ns: int) -> int:
    """The New York year of an instant."""
    return _year_of_day(t_ns // DAY_NS) or _year_at(t_ns)


def _year_at(t_ns: int) -> int:
    guess = datetime.fromtimestamp(t_ns // NS, UTC).year
    return guess if t_ns >= _year_start_ns(guess) else guess - 1
