"""Local clocks: dates known by hand, and the time zone database itself on thousands of instants."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from bars_by_hand import ns, utc

from zepix.data.clock import local_to_utc, parse_zone, utc_to_local
from zepix.errors import ConfigError


@pytest.mark.parametrize(
    ("server", "instant"),
    [
        ("2024-01-15 00:00", "2024-01-14 22:00"),  # winter: UTC+2
        ("2024-07-15 00:00", "2024-07-14 21:00"),  # summer: UTC+3
        ("2024-03-08 23:59", "2024-03-08 21:59"),  # last Friday before New York's change on 10 March
        ("2024-03-11 00:00", "2024-03-10 21:00"),  # New York has changed, Europe not before 31 March
        ("2024-10-28 00:00", "2024-10-27 21:00"),  # Europe has changed back, New York not before 3 November
        ("2024-11-01 23:59", "2024-11-01 20:59"),
        ("2024-11-04 00:00", "2024-11-03 22:00"),
        ("2006-03-27 00:00", "2006-03-26 22:00"),  # until 2006 New York changed on the first Sunday of April
        ("2006-04-03 00:00", "2006-04-02 21:00"),
    ],
)
def test_metatrader_server_clock_follows_new_york(server: str, instant: str) -> None:
    found, said = local_to_utc(np.array([utc(server)]), parse_zone("NY+7"))
    assert found[0] == utc(instant)
    assert said == {"ambiguous": 0, "skipped": 0}


def test_the_weekly_close_is_midnight_of_saturday_on_the_server_all_year() -> None:
    for close in ("2024-01-12 22:00", "2024-03-15 21:00", "2024-07-12 21:00", "2024-10-30 21:00"):
        shown = utc_to_local(np.array([utc(close)]), parse_zone("NY+7"))[0]
        assert shown % (24 * 3600 * 10**9) == 0


@pytest.mark.parametrize("key", ["America/New_York", "Europe/Athens", "Australia/Sydney", "Asia/Tokyo", "Asia/Kolkata"])
def test_whole_columns_agree_with_the_time_zone_database(key: str) -> None:
    chance = random.Random(key)
    zone = ZoneInfo(key)
    start = datetime(1990, 1, 1, tzinfo=UTC)
    moments = sorted(start + timedelta(minutes=chance.randrange(40 * 525_960)) for _ in range(3000))
    instants = np.array([ns(m) for m in moments])
    walls = np.array([ns(m.astimezone(zone).replace(tzinfo=UTC)) for m in moments])
    assert (utc_to_local(instants, parse_zone(key)) == walls).all()
    back, said = local_to_utc(walls, parse_zone(key))
    expected = [ns(m.astimezone(zone).replace(fold=0).astimezone(UTC)) for m in moments]
    assert (back == expected).all()
    assert said["skipped"] == 0


def test_a_repeated_hour_is_summer_time_first_and_winter_time_after_the_clock_went_back() -> None:
    walls = ["2024-10-27 02:00", "2024-10-27 02:30", "2024-10-27 02:00", "2024-10-27 02:30", "2024-10-27 03:00"]
    found, said = local_to_utc(np.array([utc(w) for w in walls]), parse_zone("Europe/Berlin"))
    assert list(found) == [
        utc(t)
        for t in ("2024-10-27 00:00", "2024-10-27 00:30", "2024-10-27 01:00", "2024-10-27 01:30", "2024-10-27 02:00")
    ]
    assert said == {"ambiguous": 4, "skipped": 0}


def test_a_skipped_hour_is_counted() -> None:
    _, said = local_to_utc(np.array([utc("2024-03-31 02:30")]), parse_zone("Europe/Berlin"))
    assert said == {"ambiguous": 0, "skipped": 1}


@pytest.mark.parametrize(
    ("name", "hours"), [("UTC", 0), ("Z", 0), ("+02:00", 2), ("-0530", -5.5), ("UTC+3", 3), ("GMT-4", -4)]
)
def test_fixed_offsets(name: str, hours: float) -> None:
    found, _ = local_to_utc(np.array([utc("2024-01-15 12:00")]), parse_zone(name))
    assert found[0] == utc("2024-01-15 12:00") - int(hours * 3600) * 10**9


@pytest.mark.parametrize(
    "name", ["", None, "  ", "Mars/Olympus", "../etc/passwd", "+25:00", "+14:30", "-13:00", "NY+99", "NY+20"]
)
def test_a_zone_is_never_guessed(name: str | None) -> None:
    with pytest.raises(ConfigError):
        parse_zone(name)


def test_the_farthest_clocks_there_are() -> None:
    names = ("+14:00", "-12:00", "NY+19", "NY+0")
    shifts = [
        utc("2024-01-15 12:00") - int(local_to_utc(np.array([utc("2024-01-15 12:00")]), parse_zone(n))[0][0])
        for n in names
    ]
    assert [shift / 3600e9 for shift in shifts] == [14, -12, 14, -5]
