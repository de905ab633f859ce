"""Local clocks and UTC, for whole columns of times at once, by the time zone database.

A zone is always named, never guessed: ``UTC``; a name of the database such as ``Europe/Athens``; an offset such as
``+02:00``; or ``NY+7``, the clock of most MetaTrader servers: New York wall time plus seven hours, so that the trading
day begins at midnight, with New York's daylight saving (not Europe's).

Where clocks go back an hour occurs twice: of two equal times the first counts as summer time, and where the order does
not tell, a time counts as summer time; both are counted. A time skipped in spring is read with the offset before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from zepix.errors import ConfigError
from zepix.model.series import Int64

__all__ = ["NEW_YORK", "Zone", "local_to_utc", "parse_zone", "utc_to_local"]

NEW_YORK: Final = "America/New_York"
HOUR_NS: Final = 3_600_000_000_000
_DAY_S: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS: Final = 1_000_000_000
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?")
_SERVER: Final = re.compile(r"(?:NY|America/New_York)\+(\d{1,2})", re.IGNORECASE)

_OFFSETS_MIN: Final = (-12 * 60, 14 * 60)
"""Clocks on Earth differ from UTC by so much at most."""
_MOST_SERVER_HOURS: Final = 19
"""New York plus these is UTC+14 in winter."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A clock: the offset of ``key`` (None: UTC) plus ``shift_ns``."""

    name: str
    key: str | None
    shift_ns: int


def parse_zone(text: str | None, *, what: str = "these times") -> Zone:
    """The clock that ``text`` names. Raises ConfigError if it is missing or unknown."""
    name = (text or "").strip()
    if not name:
        raise ConfigError(
            f"{what} carry no time zone, and zepix never guesses one: say it, as UTC, Europe/Athens, +02:00, "
            "or NY+7 (the clock of most MetaTrader servers)"
        )
    if name.upper() in ("UTC", "GMT", "Z"):
        return Zone("UTC", None, 0)
    server = _SERVER.fullmatch(name)
    if server and int(server[1]) <= _MOST_SERVER_HOURS:
        return Zone(name, NEW_YORK, int(server[1]) * HOUR_NS)
    offset = _OFFSET.fullmatch(name)
    if offset and int(offset[3] or 0) < 60:
        minutes = (1 if offset[1] == "+" else -1) * (int(offset[2]) * 60 + int(offset[3] or 0))
        if _OFFSETS_MIN[0] <= minutes <= _OFFSETS_MIN[1]:
            return Zone(name, None, minutes * 60 * _NS)
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as why:  # a key outside the database, or an unknown one
        raise ConfigError(
            f"{name[:60]!r} is no time zone; examples: UTC, Europe/Athens, America/New_York, +02:00 (-12:00 to "
            "+14:00), NY+7 (to NY+19)"
        ) from why
    return Zone(name, name, 0)


def _offset_s(zone: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds())


def _transitions(key: str, first_ns: int, last_ns: int) -> tuple[Int64, Int64]:
    """Instants (ns UTC) from which an offset (ns) holds; the first lies before ``first_ns``."""
    zone = ZoneInfo(key)
    start = first_ns // _NS - 3 * _DAY_S
    end = last_ns // _NS + 3 * _DAY_S
    instants, offsets = [start], [_offset_s(zone, start)]
    step = 14 * _DAY_S  # no zone of interest changes twice within a fortnight
    low = start
    while low < end:
        high = min(low + step, end)
        if _offset_s(zone, high) != offsets[-1]:
            left, right = low, high
            while right - left > 1:
                middle = (left + right) // 2
                if _offset_s(zone, middle) == offsets[-1]:
                    left = middle
                else:
                    right = middle
            instants.append(right)
            offsets.append(_offset_s(zone, right))
            low = right
        else:
            low = high
    return np.array(instants, np.int64) * _NS, np.array(offsets, np.int64) * _NS


def utc_to_local(time_ns: Int64, zone: Zone) -> Int64:
    """Wall-clock nanoseconds (as if they were UTC) of instants."""
    if zone.key is None or not len(time_ns):
        return time_ns + zone.shift_ns
    starts, offsets = _transitions(zone.key, int(time_ns.min()), int(time_ns.max()))
    at = np.searchsorted(starts, time_ns, side="right") - 1
    return time_ns + offsets[at] + zone.shift_ns


def local_to_utc(local_ns: Int64, zone: Zone) -> tuple[Int64, dict[str, int]]:
    """Instants of wall-clock nanoseconds, with the counts ``ambiguous`` and ``skipped``.

    Of a repeated hour, rows after the clock has gone back within the file (a time not above the one before it) are
    read as winter time up to the end of that hour.
    """
    if zone.key is None or not len(local_ns):
        return local_ns - zone.shift_ns, {"ambiguous": 0, "skipped": 0}
    wall = local_ns - zone.shift_ns
    starts, offsets = _transitions(zone.key, int(wall.min()), int(wall.max()))
    # in wall time, a change of offset happens at start + the offset before; read all with the offset before it
    before = np.concatenate((offsets[:1], offsets[:-1]))
    late = np.maximum(before, offsets)  # wall time at which the old reading surely ends
    at = np.searchsorted(starts + late, wall, side="right") - 1
    at = np.maximum(at, 0)
    utc = wall - offsets[at]
    skipped = _skipped(wall, starts, before, offsets)
    ambiguous = _ambiguous(wall, starts, before, offsets)
    second = ambiguous & _second_pass(wall, ambiguous)
    if second.any():
        utc = np.where(second, wall - offsets[np.minimum(at + 1, len(offsets) - 1)], utc)
    return utc, {"ambiguous": int(ambiguous.sum()), "skipped": int(skipped.sum())}


def _skipped(wall: Int64, starts: Int64, before: Int64, after: Int64) -> NDArray[Any]:
    return _between(wall, starts + before, starts + after)


def _ambiguous(wall: Int64, starts: Int64, before: Int64, after: Int64) -> NDArray[Any]:
    return _between(wall, starts + after, starts + before)


def _between(wall: Int64, first: Int64, end: Int64) -> NDArray[Any]:
    """Which walls lie in any ``[first[k], end[k])`` that is not empty; few are not."""
    inside = np.zeros(len(wall), bool)
    for low, high in zip(first[1:], end[1:], strict=True):
        if high > low:
            inside |= (wall >= low) & (wall < high)
    return inside


def _second_pass(wall: Int64, ambiguous: NDArray[Any]) -> NDArray[Any]:
    """Of ambiguous rows, those after a step back (or a standstill) within their run of ambiguous rows."""
    back = np.zeros(len(wall), bool)
    back[1:] = (wall[1:] <= wall[:-1]) & ambiguous[1:] & ambiguous[:-1]
    if not back.any():
        return back
    run = np.cumsum(~ambiguous)  # constant within a run
    steps = np.cumsum(back)
    first_of_run = np.searchsorted(run, run, side="left")
    passed: NDArray[Any] = steps - steps[first_of_run] > 0
    return passed
