"""The day of the caps: when it turns, in which zone, and what daylight saving does to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.services.risk_desk import Desk, at
from zepix.model.timeframe import NS
from zepix.services.risk_day import TradingDay

KOLKATA, BERLIN = "Asia/Kolkata", "Europe/Berlin"

RESETS = {  # reset time, zone, now (UTC), the last reset, the next one (UTC)
    "india_before": ("03:35", KOLKATA, "2024-03-06 22:04", "2024-03-05 22:05", "2024-03-06 22:05"),
    "india_at_the_reset": ("03:35", KOLKATA, "2024-03-06 22:05", "2024-03-06 22:05", "2024-03-07 22:05"),
    "utc": ("03:35", "UTC", "2024-03-06 12:00", "2024-03-06 03:35", "2024-03-07 03:35"),
    "midnight": ("00:00", "UTC", "2024-03-06 00:00", "2024-03-06 00:00", "2024-03-07 00:00"),
    "berlin_before_summer": ("03:35", BERLIN, "2024-03-30 12:00", "2024-03-30 02:35", "2024-03-31 01:35"),
    "berlin_in_summer": ("03:35", BERLIN, "2024-03-31 12:00", "2024-03-31 01:35", "2024-04-01 01:35"),
    "berlin_skips_half_past_two": ("02:30", BERLIN, "2024-03-31 12:00", "2024-03-31 01:30", "2024-04-01 00:30"),
    "berlin_has_half_past_two_twice": ("02:30", BERLIN, "2024-10-27 00:45", "2024-10-27 00:30", "2024-10-28 01:30"),
    "new_york_is_behind": ("17:00", "America/New_York", "2024-07-01 20:59", "2024-06-30 21:00", "2024-07-01 21:00"),
    "kiritimati": ("01:00", "Pacific/Kiritimati", "2024-03-06 12:00", "2024-03-06 11:00", "2024-03-07 11:00"),
}  # fmt: skip


@pytest.mark.parametrize(("reset", "zone", "now", "last", "following"), RESETS.values(), ids=RESETS)
def test_day_turns_at_the_local_time(reset: str, zone: str, now: str, last: str, following: str) -> None:
    day = TradingDay(reset, zone)
    assert (day.start_ns(at(now)), day.end_ns(at(now))) == (at(last), at(following))


@given(st.integers(at("2010-01-01 00:00") // NS, at("2030-01-01 00:00") // NS), st.sampled_from(["02:30", "03:35"]))
def test_every_instant_has_one_day_of_about_a_day(second: int, reset: str) -> None:
    day = TradingDay(reset, BERLIN)
    start, end = day.start_ns(second * NS), day.end_ns(second * NS)
    assert start <= second * NS < end
    assert 22 * 3600 * NS <= end - start <= 26 * 3600 * NS
    assert TradingDay(reset, BERLIN).start_ns(end) == end
    assert TradingDay(reset, BERLIN).start_ns(end - 1) == start


def test_losses_end_with_the_day_while_the_run_goes_on() -> None:
    # §12.2, 17: the reset never came at 03:35, only at a start-up
    desk = Desk(now_ns=at("2024-03-06 03:34", KOLKATA))
    desk.lose(150)
    assert desk.risk.check_daily_limit().remaining == 50
    desk.clock.now_ns = at("2024-03-06 03:35", KOLKATA)
    assert desk.risk.check_daily_limit().remaining == 200
    assert desk.risk.check_lifetime_limit().loss == 150


def test_loss_at_the_very_reset_belongs_to_the_new_day() -> None:
    desk = Desk(now_ns=at("2024-03-06 03:34", KOLKATA))
    desk.lose(150)
    desk.clock.now_ns = at("2024-03-06 03:35", KOLKATA)
    desk.lose(20)
    assert desk.risk.check_daily_limit().loss == 20


def test_open_risk_goes_on_over_the_reset() -> None:
    desk = Desk(now_ns=at("2024-03-06 03:00", KOLKATA))
    desk.ticket(lots="0.1", entry=1.1, sl=1.09)  # $100
    desk.clock.now_ns += 3600 * NS
    assert desk.risk.check_daily_limit().remaining == 100


def test_status_says_when_the_next_day_begins() -> None:
    desk = Desk(now_ns=at("2024-03-06 12:00"))
    assert desk.core.get_status()["next_reset_ns"] == at("2024-03-07 03:35", KOLKATA)
