"""Windows of the calendar: so long to choose on, then so long to show it, then on by a step.

Lengths are numbers of days, ``timedelta``, or words: ``10d``, ``4w``, ``6mo``, ``1y``. Months and years are the
calendar's, from the same day on; where a month is too short for it, from its last.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from zepix.errors import ConfigError

__all__ = ["MOST_WINDOWS", "Length", "Span", "length_of", "windows_of"]

MOST_WINDOWS: Final = 1000
_WORD: Final = re.compile(r"(\d{1,5})\s*(d|w|mo|y)")
_MOST_DAYS: Final = 36_525
Length = int | str | dt.timedelta


@dataclass(frozen=True, slots=True)
class _Reach:
    months: int = 0
    time: dt.timedelta = dt.timedelta()

    def after(self, start: dt.datetime, times: int = 1) -> dt.datetime:
        """So long after a moment, counted at once, so that twelve months are a year."""
        months = start.year * 12 + start.month - 1 + self.months * times
        year, month = divmod(months, 12)
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day) + self.time * times


@dataclass(frozen=True, slots=True)
class Span:
    """One window: [train_from, train_to) to choose on, [test_from, test_to) to show it."""

    train_from: dt.datetime
    train_to: dt.datetime
    test_from: dt.datetime
    test_to: dt.datetime


def length_of(name: str, given: Length, *, least: bool = True) -> _Reach:
    """A length as it was given. Raises ConfigError for what is none, or no time at all where some is needed."""
    found = None
    if isinstance(given, dt.timedelta):
        found = _Reach(time=given)
    elif isinstance(given, int) and not isinstance(given, bool) and abs(given) <= _MOST_DAYS:
        found = _Reach(time=dt.timedelta(days=given))
    elif isinstance(given, str) and (match := _WORD.fullmatch(given.strip())) is not None:
        count, unit = int(match[1]), match[2]
        if unit in ("mo", "y"):
            found = _Reach(months=count * (12 if unit == "y" else 1))
        else:
            found = _Reach(time=dt.timedelta(days=count * (7 if unit == "w" else 1)))
    is_whole = found is not None and found.months <= 1200 and dt.timedelta() <= found.time <= dt.timedelta(_MOST_DAYS)
    if not is_whole or (least and found == _Reach()):
        raise ConfigError(f"{name}={given!r} is no length of time; examples: 30 (days), '4w', '6mo', '1y', timedelta")
    assert found is not None
    return found


def windows_of(
    first: dt.datetime,
    last: dt.datetime,
    *,
    train: Length,
    test: Length,
    step: Length | None = None,
    embargo: Length = 0,
    anchored: bool = False,
) -> list[Span]:
    """Every whole window in [first, last); ``step`` is the test's length where none is given.

    ``anchored``: all of them begin at the first day. Raises ConfigError for lengths that are none, for a step shorter
    than the test (its days would be counted twice), and where not one window fits, or more than 1,000 do.
    """
    lengths = length_of("train", train), length_of("test", test), length_of("embargo", embargo, least=False)
    choosing, showing, between = lengths
    going = showing if step is None else length_of("step", step)
    if going.after(first) < showing.after(first):
        raise ConfigError(f"step={step!r} is shorter than test={test!r}: days would be counted twice")
    found: list[Span] = []
    while len(found) <= MOST_WINDOWS:
        begins = going.after(first, len(found))
        train_to = choosing.after(begins)
        test_from = between.after(train_to)
        test_to = showing.after(test_from)
        if test_to > last:
            break
        found.append(Span(first if anchored else begins, train_to, test_from, test_to))
    if not found:
        raise ConfigError(
            f"train={train!r}, embargo={embargo!r} and test={test!r} take from {first:%Y-%m-%d} to "
            f"{showing.after(between.after(choosing.after(first))):%Y-%m-%d}, and the data end on {last:%Y-%m-%d}; "
            "name shorter ones"
        )
    if len(found) > MOST_WINDOWS:
        raise ConfigError(f"more than {MOST_WINDOWS:,} windows; name a longer step")
    return found
