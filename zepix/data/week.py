"""The trading week: how much trading time lies between two instants, and how many bars are missing where.

Weeks by name, all in New York's clock with its daylight saving:

- ``24/5``: Sunday 17:00 to Friday 17:00 (currencies);
- ``23/5``: the same without the hour from 17:00 to 18:00 (metals, indices);
- ``24/7``: always open (crypto).

Holidays are not in the table: on Christmas a quiet market shows as a gap, which is what a reader should see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.clock import HOUR_NS, parse_zone, utc_to_local
from zepix.model.series import Int64

__all__ = ["Gaps", "find_gaps", "is_outside", "traded_until"]

DAY_NS: Final = 24 * HOUR_NS
WEEK_NS: Final = 7 * DAY_NS
_MONDAY: Final = 4 * DAY_NS  # 1970-01-01 was a Thursday
_CLOCK: Final = parse_zone("NY+7")  # in it the trading day begins at midnight and the week on Monday


def traded_until(time_ns: Int64, week: str) -> Int64:
    """Trading time (ns) from a fixed Monday long ago to each instant; a difference is the trading time between."""
    if week == "24/7":
        return time_ns
    clock = utc_to_local(time_ns, _CLOCK) - _MONDAY
    weeks, rest = clock // WEEK_NS, clock % WEEK_NS
    closed = HOUR_NS if week == "23/5" else 0  # each trading day begins with so much
    day = DAY_NS - closed
    days = np.minimum(rest // DAY_NS, 5)
    today = np.where(days < 5, np.maximum(rest % DAY_NS - closed, 0), 0)
    return np.asarray((weeks * 5 + days) * day + today, np.int64)


def is_outside(time_ns: Int64, length_ns: int, week: str) -> NDArray[np.bool_]:
    """Which rows (bars of ``length_ns``, or ticks: 0) hold no trading time at all."""
    end = traded_until(time_ns + max(length_ns, 1), week)
    return np.asarray(end == traded_until(time_ns, week), np.bool_)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Holes in a series: ``missing_bars`` in all; ``rows`` before the long ones, and the trading time lost there.

    A hole is long (a gap) if it misses more than an hour and at least three bars of trading time; a minute without
    a tick is a missing bar, no gap. Ticks have gaps, but no missing bars.
    """

    missing_bars: int
    rows: Int64
    lost_ns: Int64


def find_gaps(time_ns: Int64, timeframe_ns: int, week: str) -> Gaps:
    """The gaps of bars named by ascending open times (of ticks: length 0) against a trading week.

    Cost: one pass, plus the holes.
    """
    holes = np.flatnonzero(np.diff(time_ns) > (timeframe_ns or HOUR_NS))
    if not len(holes):
        return Gaps(0, holes, holes)
    lost = traded_until(time_ns[holes + 1], week) - traded_until(time_ns[holes] + timeframe_ns, week)
    lost = np.maximum(lost, 0)
    long = lost >= max(HOUR_NS + 1, 3 * timeframe_ns)
    missing = int((lost // timeframe_ns).sum()) if timeframe_ns else 0
    return Gaps(missing, holes[long], lost[long])
