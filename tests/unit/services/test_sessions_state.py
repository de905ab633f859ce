"""Settings of the sessions service, and its state as data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.services.session_world import World, instant
from zepix.model.settings_sessions import SessionSettings, SessionWindow

START = instant("2024-03-06 00:00")
DEEDS = st.one_of(
    st.builds(lambda minutes: ("wait", minutes), st.integers(1, 2000)),
    st.builds(lambda on: ("switch", on), st.booleans()),
    st.builds(
        lambda name, end: ("amend", (name, end)),
        st.sampled_from(["asian", "dead_zone"]),
        st.sampled_from(["04:45", "14:00", "05:30"]),
    ),
    st.just(("refuse", None)),
)


def do(world: World, deed: tuple[str, Any]) -> None:
    kind, what = deed
    if kind == "switch":
        world.core.switch(what)
    elif kind == "amend":
        world.core.amend(what[0], end=what[1])
    elif kind == "refuse":
        world.refuse_close("EURUSD")
    else:
        end_ns = world.clock.now_ns + what * 60 * 10**9
        due = world.core.next_timer_ns(world.clock.now_ns)
        while due is not None and due <= end_ns:
            world.clock.now_ns = due
            world.core.on_timer(due)
            due = world.core.next_timer_ns(due)
        world.clock.now_ns = end_ns


def seen(world: World) -> tuple[Any, ...]:
    asked = [START + hour * 3600 * 10**9 for hour in range(0, 240, 7)]
    return (
        [world.sessions.is_open(symbol, at_ns) for at_ns in asked for symbol in ("EURUSD", "USDCAD")],
        world.sessions.current(),
        world.core.get_status(),
        world.core.next_timer_ns(world.clock.now_ns),
    )


@settings(max_examples=40, deadline=None)
@given(deeds=st.lists(DEEDS, max_size=8), cut=st.integers(0, 8))
def test_loaded_service_goes_on_as_the_saved_one(deeds: list[tuple[str, Any]], cut: int) -> None:
    first, second = World(), World()
    first.broker.open("mine", "EURUSD")
    second.broker.open("mine", "EURUSD")
    for deed in deeds[:cut]:
        do(first, deed)
    second.core.load_state(json.loads(json.dumps(first.core.state())))
    second.clock.now_ns = first.clock.now_ns
    done = len(first.closed)
    for deed in deeds[cut:]:
        do(first, deed)
        do(second, deed)
        assert seen(second) == seen(first)
    assert second.closed == first.closed[done:]
    assert json.dumps(second.core.state()) == json.dumps(first.core.state())


def test_state_that_is_none_is_an_error_and_changes_nothing() -> None:
    world = World()
    before = world.core.state()
    with pytest.raises(ValueError, match="no time zone"):
        world.core.load_state(before | {"windows": [["x", "01:00", "02:00", "Mars", [], False]]})
    assert world.core.state() == before


def test_window_given_in_part_keeps_the_rest_of_the_default() -> None:
    table = SessionSettings(windows={"asian": {"start": "06:00"}, "mine": {"start": "1:00", "end": "2:00"}}).table
    assert list(table) == ["asian", "london", "overlap", "ny_late", "dead_zone", "mine"]
    assert (table["asian"].start, table["asian"].end, table["asian"].symbols[0]) == ("06:00", "13:30", "USDJPY")
    assert table["mine"].zone == "Asia/Kolkata"


def test_window_can_be_taken_out() -> None:
    assert "dead_zone" not in SessionSettings(windows={"dead_zone": {"enabled": False}}).table
    assert SessionSettings(default_windows=False).table == {}


def test_every_problem_is_told_with_its_key_and_a_near_name() -> None:
    windows: dict[str, Any] = {
        "asian": {"start": "25:00", "ende": "13:00"},
        "london": {"zone": "Europe/Lodon"},
        "empty": {"start": "08:00", "end": "08:00"},
        "shut": {"start": "08:00", "end": "09:00", "force_close": True, "symbols": ["EURUSD"]},
        "odd": {"start": "24:00", "end": "01:00", "symbols": [7], "enabled": "yes"},
        "none": 5,
    }
    with pytest.raises(ValueError, match=r"^sessions: ") as caught:
        SessionSettings(zone="Asia/Kolkatta", windows=windows, advance_notice_minutes=-1, force_close_retries=True)
    for words in (
        "zone: 'Asia/Kolkatta' is no time zone, did you mean Asia/Kolkata?",
        "advance_notice_minutes must lie between",
        "force_close_retries must lie between",
        "windows.asian.ende: unknown, did you mean end?",
        "windows.asian.start: '25:00' is no time of the day",
        "windows.london.zone: 'Europe/Lodon' is no time zone, did you mean Europe/London?",
        "windows.empty: it begins and ends at 08:00",
        "windows.shut: it closes everything",
        "windows.odd.start: 24:00 is the next day's 00:00",
        "windows.odd.symbols: names of symbols",
        "windows.odd.enabled: must be true or false",
        "windows.none: a table",
    ):
        assert words in str(caught.value)


def test_too_many_windows_are_refused() -> None:
    windows = {f"w{n}": SessionWindow("01:00", "02:00") for n in range(40)}
    with pytest.raises(ValueError, match="windows: 45 are too many, at most 32"):
        SessionSettings(windows=windows)


@pytest.mark.parametrize("zone", ["", "../../etc/passwd", "/etc/localtime", 7, None])
def test_zone_that_is_a_path_or_no_text_is_refused(zone: Any) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        SessionSettings(zone=zone)


@pytest.mark.parametrize("name", ["enabled", "recoveries", "default_windows"])
def test_switch_that_is_a_word_is_no_switch(name: str) -> None:
    given: Any = {name: "no"}
    with pytest.raises(ValueError, match=f"{name} must be true or false, not 'no'"):
        SessionSettings(**given)


def test_table_that_is_none_is_a_problem() -> None:
    given: Any = {"windows": 3}
    with pytest.raises(ValueError, match="windows must be a table"):
        SessionSettings(**given)
