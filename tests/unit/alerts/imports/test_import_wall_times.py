"""Times as exports write them: which are read, which wait for a word, which are none."""

from __future__ import annotations

import contextlib
from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix.alerts.imports.wall_times import WallTimes
from zepix.alerts.timestamps import NoZone, from_ns
from zepix.errors import ConfigError, DataError

BERLIN = ZoneInfo("Europe/Berlin")

SAME = [
    "2025-12-01 08:00:00",
    "2025-12-01 08:00",
    "2025-12-01T08:00:00",
    "2025-12-01 8:00",
    "01.12.2025 08:00",
    "01.12.2025, 08:00:00",
    "1/12/2025 8:00 AM",
    "01-12-2025 08:00",
    "2025/12/1 8:00",
    "2025.12.01 08:00",
    "Dec 1, 2025, 8:00:00 AM",
    "Dec 01, 2025, 08:00",
    "December 1, 2025 8:00 am",
    "1 Dec 2025 08:00",
    "Mon, 1 Dec 2025, 08:00",
    "1. Dezember 2025 08:00",
    "1 d\u00e9c. 2025 \u00e0 08:00",
    "1 d\u00e9c. 2025 08h00",
    "1 dic 2025, 8:00 a. m.",
    "1 de dez. de 2025, 08:00",
    "1 dic 2025 08:00",
    "1 \u0434\u0435\u043a. 2025 \u0433., 08:00",
    "1 Aral\u0131k 2025 08:00",
    "2025\u5e7412\u67081\u65e5 8:00",
    "2025\u5e7412\u67081\u65e5 \u4e0a\u53488:00",
    "2025\u5e7412\u67081\u65e5 8\u664200\u5206",
    "2025\ub144 12\uc6d4 1\uc77c \uc624\uc804 8:00",
    "2025. 12. 1. \uc624\uc804 8:00",
    "Dec 1, 2025, 8:00\u202fAM",
    "Dec 1, 2025, 7:00 AM UTC",
    "Dec 1, 2025, 10:00 AM GMT+3",
    "2025-12-01T07:00:00Z",
    "20251201T070000Z",
    "20251201T080000",
    "2025-12-01 12:30 GMT+5:30",
]


@pytest.mark.parametrize("text", SAME)
def test_one_moment_in_many_spellings(text: str) -> None:
    assert from_ns(WallTimes(BERLIN, "day-first").ns(text)) == "2025-12-01T07:00:00Z"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "13/13/2025", "2025-02-30 08:00", "Foo 1, 2025", "1/2", "25:00", "Dec 1, 2025, 13:00 PM", "9" * 70,
     "01.12.25 08:00", "2025-12-01 24:61", "1 Jan Feb 2025", "31.12.1969 08:00"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        WallTimes(UTC, "day-first").ns(text)


def test_wall_time_without_a_zone_waits_for_one() -> None:
    for text in ("2025-12-01 08:00", "Dec 1, 2025, 8:00 AM"):
        with pytest.raises(NoZone):
            WallTimes().ns(text)
    assert from_ns(WallTimes(timezone(timedelta(hours=2))).ns("2025-12-01 08:00")) == "2025-12-01T06:00:00Z"


@given(st.text(max_size=70) | st.from_regex(r"[0-9./, :\u5e74\u6708\u65e5APMapmzZ+-]{0,40}"))
def test_no_text_does_more_than_be_no_time(text: str) -> None:
    times = WallTimes(BERLIN, "day-first")
    times.look(text)
    times.wall_text(text)
    with contextlib.suppress(ValueError, OverflowError):
        assert 0 <= times.ns(text) < 2**63


def settled(*texts: str, order: str | None = None) -> WallTimes:
    times = WallTimes(UTC, order, "log.csv")
    for text in texts:
        times.look(text)
    times.settle()
    return times


def test_order_of_day_and_month_follows_from_rows_that_are_clear() -> None:
    german = settled("01.12.2025 08:00", "31.12.2025 08:00")
    assert from_ns(german.ns("01.12.2025 08:00")) == "2025-12-01T08:00:00Z"
    assert german.facts == {"date_order": "day-first, by '31.12.2025 08:00'"}
    american = settled("12/31/2025 8:00 AM", "1/12/2025 8:00 PM")
    assert from_ns(american.ns("1/12/2025 8:00 PM")) == "2025-01-12T20:00:00Z"


def test_order_that_every_row_leaves_open_must_be_said() -> None:
    with pytest.raises(ConfigError, match=r"log\.csv: '01\.12\.2025 08:00'.*--date-order day-first or --date-order"):
        settled("01.12.2025 08:00", "02.12.2025 08:00")
    assert from_ns(settled("01.12.2025", order="month-first").ns("01.12.2025")) == "2025-01-12T00:00:00Z"
    assert from_ns(settled("05.05.2025").ns("05.05.2025")) == "2025-05-05T00:00:00Z"  # means one day either way


def test_rows_that_contradict_each_other_are_no_guess() -> None:
    with pytest.raises(DataError, match="both orders"):
        settled("31.12.2025", "12.31.2025")
    with pytest.raises(ConfigError, match="expected day-first or month-first"):
        WallTimes(UTC, "first-day")


def test_hours_of_a_clock_change_are_counted() -> None:
    times = WallTimes(BERLIN)
    assert from_ns(times.ns("2025-10-26 02:30")) == "2025-10-26T00:30:00Z"  # the first of the two
    times.ns("2025-03-30 02:30")  # was never
    times.ns("2025-06-01 12:00")
    assert times.facts == {"times_in_a_doubled_hour": 1, "times_that_never_were": 1}
