"""Trading weeks and gaps, by hand-known hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from bars_by_hand import ns, utc

from zepix.data.week import find_gaps, traded_until

HOUR = 3_600_000_000_000
MINUTE = HOUR // 60


def _traded_hours(first: str, last: str, week: str) -> float:
    before, after = traded_until(np.array([utc(first), utc(last)]), week)
    return float((after - before) / HOUR)


@pytest.mark.parametrize(
    ("first", "last", "week", "hours"),
    [
        ("2024-07-12 20:00", "2024-07-14 22:00", "24/5", 2),  # summer: closes 21:00, opens Sunday 21:00
        ("2024-01-12 20:00", "2024-01-14 23:00", "24/5", 3),  # winter: 22:00 and 22:00
        ("2024-03-08 20:00", "2024-03-10 23:00", "24/5", 4),  # closes 22:00, New York changes, opens 21:00
        ("2024-11-01 20:00", "2024-11-03 23:00", "24/5", 2),  # closes 21:00, changes back, opens 22:00
        ("2024-07-12 20:00", "2024-07-14 22:00", "23/5", 1),  # gold opens an hour after currencies
        ("2024-07-09 20:00", "2024-07-09 23:00", "23/5", 2),  # and pauses from 17:00 to 18:00 New York
        ("2024-07-09 21:00", "2024-07-09 22:00", "23/5", 0),
        ("2024-07-12 20:00", "2024-07-14 22:00", "24/7", 50),
        ("2024-07-08 00:00", "2024-07-15 00:00", "24/5", 120),
        ("2024-07-08 00:00", "2024-07-15 00:00", "23/5", 115),
    ],
)
def test_trading_time_between_two_instants(first: str, last: str, week: str, hours: float) -> None:
    assert _traded_hours(first, last, week) == hours


def _minutes(first: str, count: int) -> list[int]:
    return [utc(first) + k * MINUTE for k in range(count)]


def test_a_weekend_is_no_gap() -> None:
    time = np.array(_minutes("2024-07-12 20:00", 60) + _minutes("2024-07-14 21:00", 60))
    found = find_gaps(time, MINUTE, "24/5")
    assert (found.missing_bars, len(found.rows)) == (0, 0)


def test_minutes_without_a_tick_are_missing_bars_but_no_gap() -> None:
    time = np.array(_minutes("2024-07-09 10:00", 10) + _minutes("2024-07-09 10:12", 10))
    found = find_gaps(time, MINUTE, "24/5")
    assert (found.missing_bars, len(found.rows)) == (2, 0)


def test_more_than_an_hour_is_a_gap_exactly_an_hour_is_none() -> None:
    hour = np.array(_minutes("2024-07-09 10:00", 10) + _minutes("2024-07-09 11:10", 10))
    longer = np.array(_minutes("2024-07-09 10:00", 10) + _minutes("2024-07-09 11:11", 10))
    assert len(find_gaps(hour, MINUTE, "24/5").rows) == 0
    found = find_gaps(longer, MINUTE, "24/5")
    assert list(found.rows) == [9] and list(found.lost_ns) == [61 * MINUTE]


def test_hourly_bars_need_three_missing_ones() -> None:
    start = utc("2024-07-09 10:00")
    two = np.array([start, start + 3 * HOUR])
    three = np.array([start, start + 4 * HOUR])
    assert find_gaps(two, HOUR, "24/5").missing_bars == 2 and len(find_gaps(two, HOUR, "24/5").rows) == 0
    assert len(find_gaps(three, HOUR, "24/5").rows) == 1


def test_a_gap_over_a_weekend_counts_its_trading_time_only() -> None:
    time = np.array([*_minutes("2024-07-12 18:00", 1), *_minutes("2024-07-14 23:00", 1)])
    found = find_gaps(time, MINUTE, "24/5")
    assert found.missing_bars == 3 * 60 - 1 + 2 * 60


def test_counted_by_walking_the_week_minute_by_minute() -> None:
    """The slow way: each minute is open unless New York's clock says weekend or pause."""
    from zoneinfo import ZoneInfo

    new_york = ZoneInfo("America/New_York")
    start = datetime(2024, 3, 7, tzinfo=UTC)

    def is_open(moment: datetime) -> bool:
        local = moment.astimezone(new_york)
        if local.hour == 17:
            return False
        day = local.weekday()  # Monday 0
        return day < 4 or (day == 4 and local.hour < 17) or (day == 6 and local.hour > 17)

    instants = [start + timedelta(minutes=k) for k in range(6 * 1440)]
    grid = np.array([ns(m) for m in instants] + [ns(instants[-1]) + MINUTE])
    assert list(np.diff(traded_until(grid, "23/5")) > 0) == [is_open(m) for m in instants]
