"""Which symbols may be entered when. Answers: the owner's table in the rules of the trade, section 9.4, and clocks."""

from __future__ import annotations

import pytest

from tests.unit.services.session_world import KOLKATA, World, instant

TABLE = [  # local time of Kolkata, session
    ("04:59", "dead_zone"),
    ("05:00", "asian"),
    ("13:29:59", "asian"),
    ("13:30", "london"),
    ("18:29:59", "london"),
    ("18:30", "overlap"),
    ("22:29:59", "overlap"),
    ("22:30", "ny_late"),
    ("23:59:59", "ny_late"),
    ("00:00", "ny_late"),
    ("03:29:59", "ny_late"),
    ("03:30", "dead_zone"),
]


@pytest.mark.parametrize(("clock", "name"), TABLE)
def test_owners_table_covers_the_day(clock: str, name: str) -> None:
    session = World().at(f"2024-03-06 {clock}").current()
    assert session is not None
    assert session.name == name
    assert session.start_ns <= instant(f"2024-03-06 {clock}") < session.end_ns


ALLOWED = {
    "asian": "USDJPY AUDJPY AUDUSD NZDUSD",
    "london": "EURUSD GBPUSD EURGBP GBPJPY EURJPY XAUUSD",
    "overlap": "EURUSD GBPUSD XAUUSD USDJPY",
    "ny_late": "USDJPY XAUUSD USDCAD",
    "dead_zone": "",
}
MIDDLE = {"asian": "09:00", "london": "15:00", "overlap": "20:00", "ny_late": "01:00", "dead_zone": "04:00"}
SYMBOLS = sorted({symbol for listed in ALLOWED.values() for symbol in listed.split()} | {"BTCUSD"})


@pytest.mark.parametrize("name", list(ALLOWED))
def test_only_the_symbols_of_a_session_are_entered(name: str) -> None:
    sessions = World().at(f"2024-03-06 {MIDDLE[name]}")
    for symbol in SYMBOLS:
        refused = sessions.refusal(symbol)
        if symbol in ALLOWED[name].split():
            assert refused is None
        else:
            assert refused is not None
            assert refused.reason == ("session_closed" if name == "dead_zone" else "symbol_not_in_session")
        assert sessions.is_open(symbol) is (refused is None)


def test_usdcad_is_tradable_in_ny_late_only() -> None:
    world = World()
    assert [name for name, clock in MIDDLE.items() if world.at(f"2024-03-06 {clock}").is_open("USDCAD")] == ["ny_late"]


def test_refusal_says_what_the_session_takes_and_until_when() -> None:
    refused = World().at("2024-03-06 15:00").refusal("USDCAD")
    assert refused is not None
    listed = "EURUSD, GBPUSD, EURGBP, GBPJPY, EURJPY, XAUUSD"
    assert refused.detail == f"london until Wed 18:30 Asia/Kolkata takes {listed}, not USDCAD"


def test_between_sessions_nothing_is_entered_and_the_next_one_is_named() -> None:
    windows = {"day": {"start": "09:00", "end": "17:00", "symbols": ["*"], "zone": "Europe/London"}}
    world = World(windows=windows, default_windows=False)
    sessions = world.at("2024-03-06 08:00", "Europe/London")
    assert sessions.current() is None
    refused = sessions.refusal("EURUSD")
    assert refused is not None
    assert refused.reason == "session_closed"
    assert "day begins Wed 09:00 Europe/London" in refused.detail
    assert world.at("2024-03-06 09:00", "Europe/London").is_open("BTCUSD")


def test_brokers_suffix_and_case_do_not_matter() -> None:
    sessions = World().at("2024-03-06 15:00")
    assert sessions.is_open("EURUSD.a")
    assert sessions.is_open("eurusd")


def test_other_instants_can_be_asked() -> None:
    sessions = World().at("2024-03-06 15:00")
    assert not sessions.is_open("USDCAD")
    assert sessions.is_open("USDCAD", at_ns=instant("2024-03-07 01:00"))


# --- master switch, recoveries ----------------------------------------------------------------------------------------


def test_master_switch_off_lets_everything_pass() -> None:
    """9.4: off is "allow all", not "no trading"."""
    world = World(enabled=False)
    sessions = world.at("2024-03-06 04:00")
    assert sessions.is_open("BTCUSD")
    assert sessions.refusal("EURUSD") is None
    assert sessions.force_close_at is None
    assert world.core.next_timer_ns(world.clock.now_ns) is None
    session = sessions.current()
    assert session is not None
    assert session.name == "dead_zone"


def test_recoveries_pass_by_default_but_never_into_a_forced_close() -> None:
    """9.4: all fresh entries, recoveries by option. 12.1: re-entries went on after the session's end."""
    world = World()
    assert world.at("2024-03-06 15:00").refusal("USDCAD", is_recovery=True) is None
    refused = world.at("2024-03-06 04:00").refusal("USDCAD", is_recovery=True)
    assert refused is not None
    assert refused.reason == "session_closed"
    strict = World(recoveries=True).at("2024-03-06 15:00").refusal("USDCAD", is_recovery=True)
    assert strict is not None
    assert strict.reason == "symbol_not_in_session"


# --- overlap ----------------------------------------------------------------------------------------------------------


def test_of_overlapping_windows_the_one_that_began_last_counts() -> None:
    windows = {
        "long": {"start": "08:00", "end": "20:00", "symbols": ["EURUSD"]},
        "short": {"start": "12:00", "end": "14:00", "symbols": ["USDJPY"]},
        "tail": {"start": "13:00", "end": "13:30", "symbols": ["XAUUSD"]},
    }
    world = World(windows=windows, default_windows=False)
    expected = (
        ("07:59", None),
        ("08:00", "long"),
        ("12:00", "short"),
        ("13:00", "tail"),
        ("13:30", "short"),
        ("14:00", "long"),
        ("20:00", None),
    )
    for clock, name in expected:
        session = world.at(f"2024-03-06 {clock}").current()
        assert (None if session is None else session.name) == name


def test_of_windows_that_begin_together_the_later_of_the_table_counts() -> None:
    windows = {name: {"start": "08:00", "end": "20:00", "symbols": [name]} for name in ("EURUSD", "USDJPY")}
    session = World(windows=windows, default_windows=False).at("2024-03-06 12:00").current()
    assert session is not None
    assert session.name == "USDJPY"


def test_evening_window_wins_over_yesterdays_that_runs_past_midnight() -> None:
    """It began last by the calendar, though its clock shows less."""
    windows = {
        "night": {"start": "22:00", "end": "10:00", "symbols": ["EURUSD"]},
        "dawn": {"start": "01:00", "end": "02:00", "symbols": ["USDJPY"]},
    }
    world = World(windows=windows, default_windows=False)
    names = [world.at(f"2024-03-06 {clock}").current() for clock in ("00:30", "01:30", "02:30", "10:00")]
    assert [None if s is None else s.name for s in names] == ["night", "dawn", "night", None]


# --- zones and daylight saving ----------------------------------------------------------------------------------------

LONDON = {"city": {"start": "08:00", "end": "16:30", "zone": "Europe/London", "symbols": ["*"]}}
NEW_YORK = {"wall": {"start": "09:30", "end": "16:00", "zone": "America/New_York", "symbols": ["*"]}}

BY_UTC = [  # windows, day, first and (excluded) last instant in UTC
    (LONDON, "2024-03-29", "08:00", "16:30"),  # Greenwich time
    (LONDON, "2024-04-01", "07:00", "15:30"),  # summer time since Sunday, 31 March, 01:00 UTC
    (LONDON, "2024-10-25", "07:00", "15:30"),
    (LONDON, "2024-10-28", "08:00", "16:30"),  # back since 27 October, 01:00 UTC
    (NEW_YORK, "2024-03-08", "14:30", "21:00"),  # eastern standard time
    (NEW_YORK, "2024-03-11", "13:30", "20:00"),  # daylight time since 10 March
    (NEW_YORK, "2024-11-01", "13:30", "20:00"),
    (NEW_YORK, "2024-11-04", "14:30", "21:00"),  # back since 3 November
]


@pytest.mark.parametrize(("windows", "day", "first", "last"), BY_UTC)
def test_window_follows_the_clock_of_its_zone(
    windows: dict[str, dict[str, object]], day: str, first: str, last: str
) -> None:
    """9.4: fixed windows of Kolkata drift by an hour against London and New York; a zone per session does not."""
    sessions = World(windows=windows, default_windows=False).sessions
    begin, end = instant(f"{day} {first}", "UTC"), instant(f"{day} {last}", "UTC")
    asked = (begin - 1, begin, end - 1, end)
    assert [sessions.is_open("EURUSD", at_ns) for at_ns in asked] == [False, True, True, False]


def test_windows_of_kolkata_know_no_daylight_saving() -> None:
    """05:30 ahead all year: london from 08:00 UTC in winter and in summer."""
    sessions = World().sessions
    for day in ("2024-01-15", "2024-07-15"):
        begin = instant(f"{day} 08:00", "UTC")
        assert [sessions.is_open("EURUSD", at_ns) for at_ns in (begin - 1, begin)] == [False, True]


def test_night_that_loses_an_hour_is_an_hour_shorter() -> None:
    """New York, 10 March 2024: 01:59:59 is followed by 03:00. 22:00 to 05:00 lasts six hours."""
    windows = {"night": {"start": "22:00", "end": "05:00", "zone": "America/New_York", "symbols": ["*"]}}
    world = World(windows=windows, default_windows=False)
    hours = {}
    for day in ("2024-03-08", "2024-03-09", "2024-11-02"):
        session = world.at(f"{day} 23:00", "America/New_York").current()
        assert session is not None
        hours[day] = (session.end_ns - session.start_ns) / 3600e9
    assert hours == {"2024-03-08": 7, "2024-03-09": 6, "2024-11-02": 8}


def test_start_that_the_clock_skips_is_an_hour_later() -> None:
    """New York, 10 March 2024: there is no 02:30; the window begins at 03:30 daylight time, 07:30 UTC."""
    windows = {"night": {"start": "02:30", "end": "05:00", "zone": "America/New_York", "symbols": ["*"]}}
    session = World(windows=windows, default_windows=False).at("2024-03-10 04:00", "America/New_York").current()
    assert session is not None
    assert session.start_ns == instant("2024-03-10 07:30", "UTC")
    assert session.end_ns == instant("2024-03-10 09:00", "UTC")


def test_window_that_the_clock_skips_whole_is_not_there_that_day() -> None:
    windows = {"gap": {"start": "02:30", "end": "03:00", "zone": "America/New_York", "symbols": ["*"]}}
    sessions = World(windows=windows, default_windows=False).sessions
    asked = [sessions.is_open("EURUSD", instant(f"2024-03-{day} 07:15", "UTC")) for day in ("09", "10")]
    assert asked == [False, False]
    assert sessions.is_open("EURUSD", instant("2024-03-09 07:45", "UTC"))
    assert not any(
        sessions.is_open("EURUSD", instant("2024-03-10 05:00", "UTC") + m * 60 * 10**9) for m in range(4 * 60)
    )


def test_time_that_is_shown_twice_is_the_first() -> None:
    """New York, 3 November 2024: 01:30 comes at 05:30 and at 06:30 UTC."""
    windows = {"night": {"start": "01:30", "end": "04:00", "zone": "America/New_York", "symbols": ["*"]}}
    sessions = World(windows=windows, default_windows=False).sessions
    begin = instant("2024-11-03 05:30", "UTC")
    assert [sessions.is_open("EURUSD", at_ns) for at_ns in (begin - 1, begin)] == [False, True]


def test_whole_day_of_another_zone() -> None:
    windows = {"day": {"start": "00:00", "end": "24:00", "zone": "Europe/London", "symbols": ["EURUSD"]}}
    world = World(windows=windows, default_windows=False)
    for day in ("2024-03-30", "2024-03-31", "2024-10-27"):
        for clock in ("00:00", "23:59:59"):
            assert world.at(f"{day} {clock}", "Europe/London").is_open("EURUSD")


def test_a_year_of_hours_by_a_plain_reading_of_the_clock() -> None:
    """Against the clock of the zone itself: inside 08:00-16:30 of London, else not; every hour and half of 2024."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    sessions = World(windows=LONDON, default_windows=False).sessions
    begin = instant("2024-01-01 00:00", "UTC")
    for half_hour in range(366 * 48):
        at_ns = begin + half_hour * 1800 * 10**9
        local = datetime.fromtimestamp(at_ns // 10**9, ZoneInfo("Europe/London"))
        inside = (8, 0) <= (local.hour, local.minute) < (16, 30)
        assert sessions.is_open("EURUSD", at_ns) is inside, local


# --- status, changes --------------------------------------------------------------------------------------------------


def test_next_session_is_announced_half_an_hour_ahead() -> None:
    world = World()
    for clock, is_announced in (("12:59", False), ("13:00", True)):
        world.at(f"2024-03-06 {clock}")
        status = world.core.get_status()
        assert (status["session"], status["next"], status["is_announced"]) == ("asian", "london", is_announced)
        assert status["next_ns"] == instant("2024-03-06 13:30")


def test_window_is_changed_by_hand_and_wrong_changes_change_nothing() -> None:
    world = World()
    world.core.amend("london", end="19:00", symbols=("EURUSD",))
    assert world.at("2024-03-06 15:00").refusal("XAUUSD") is not None
    before = world.core.state()
    for changes in ({"start": "25:00"}, {"zone": "Mars"}, {"colour": "red"}, {"start": "19:00"}):
        with pytest.raises(ValueError):
            world.core.amend("london", **changes)
    with pytest.raises(ValueError, match="no session 'tokyo'"):
        world.core.amend("tokyo", start="01:00")
    assert world.core.state() == before


def test_refusals_are_counted() -> None:
    world = World()
    for symbol in ("USDCAD", "EURUSD", "BTCUSD"):
        world.sessions.refusal(symbol)
    assert world.core.get_status()["refusals"] == 2
    assert world.core.settings.zone == KOLKATA
