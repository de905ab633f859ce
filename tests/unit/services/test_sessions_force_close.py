"""The dead zone closes what is open, once, whatever happens. Source: the rules of the trade, sections 9.4 and 12.1."""

from __future__ import annotations

import pytest

from tests.unit.services.session_world import World, instant
from zepix.services.sessions import FORCE_CLOSE_REASON


def test_dead_zone_closes_everything_of_the_plugins_that_take_part() -> None:
    world = World("2024-03-06 20:00")
    for plugin_id, symbol in (("mine", "EURUSD"), ("free", "EURUSD"), ("mine", "XAUUSD"), ("mine", "EURUSD")):
        world.broker.open(plugin_id, symbol)
    assert world.sessions.force_close_at == instant("2024-03-07 03:30")
    assert world.run_to("2024-03-07 03:29") == []
    assert world.run_to("2024-03-07 05:00") == [instant("2024-03-07 03:30")]
    assert world.closed == [("mine", "EURUSD", FORCE_CLOSE_REASON), ("mine", "XAUUSD", FORCE_CLOSE_REASON)]


def test_order_under_way_is_closed_too() -> None:
    world = World("2024-03-06 20:00")
    world.broker.open("mine", "EURUSD")
    world.broker.orders.append(world.broker.tickets.pop(1))
    world.run_to("2024-03-07 04:00")
    assert world.closed == [("mine", "EURUSD", FORCE_CLOSE_REASON)]


def test_every_day_has_its_forced_close_and_only_one() -> None:
    world = World("2024-03-06 20:00")
    fired = world.run_to("2024-03-10 20:00")
    assert fired == [instant(f"2024-03-{day:02} 03:30") for day in (7, 8, 9, 10)]


def test_plugin_that_takes_no_part_needs_no_timer() -> None:
    world = World()
    world.core._followers.clear()
    assert world.core.next_timer_ns(world.clock.now_ns) is None


def test_run_that_begins_inside_the_dead_zone_closes_at_once_and_once() -> None:
    """After a restart at 04:00 the tickets of the evening are still there."""
    world = World("2024-03-07 04:00")
    world.broker.open("mine", "EURUSD")
    assert world.core.next_timer_ns(world.clock.now_ns) == instant("2024-03-07 04:00")
    assert world.run_to("2024-03-07 04:59") == [instant("2024-03-07 04:00")]
    assert len(world.closed) == 1


def test_restart_inside_the_dead_zone_does_not_close_twice() -> None:
    first = World("2024-03-06 20:00")
    first.broker.open("mine", "EURUSD")
    first.run_to("2024-03-07 04:00")
    second = World("2024-03-07 04:00")
    second.broker.open("mine", "EURUSD")
    second.core.load_state(first.core.state())
    assert second.run_to("2024-03-07 20:00") == []
    assert second.closed == []


def test_refused_close_is_sent_again_three_times_and_then_given_up() -> None:
    """4: close retries 3."""
    world = World("2024-03-06 20:00")
    world.broker.open("mine", "EURUSD")
    world.run_to("2024-03-07 03:31")
    for tried in range(1, 4):
        world.refuse_close("EURUSD")
        assert len(world.closed) == 1 + tried
        assert world.core.is_healthy()
    world.refuse_close("EURUSD")
    assert len(world.closed) == 4
    assert not world.core.is_healthy()
    assert world.core.get_status()["gave_up"] == 1


def test_each_night_has_its_own_retries() -> None:
    world = World("2024-03-06 20:00")
    world.broker.open("mine", "EURUSD")
    for day in (7, 8):
        world.run_to(f"2024-03-{day:02} 03:31")
        for _ in range(3):
            world.refuse_close("EURUSD")
    assert len(world.closed) == 8
    assert world.core.is_healthy()


def test_other_refusals_are_not_our_business() -> None:
    world = World("2024-03-06 20:00")
    world.broker.open("mine", "EURUSD")
    world.refuse_close("EURUSD")  # before the dead zone: of last night
    world.run_to("2024-03-07 03:31")
    world.refuse_close("EURUSD", reason="signal")
    world.refuse_close("EURUSD", plugin_id="free")
    world.refuse_close("XAUUSD")  # nothing is open there any more
    assert len(world.closed) == 1


def test_forced_close_in_a_zone_with_daylight_saving() -> None:
    """17:00 New York: 22:00 UTC in winter, 21:00 in summer; 10 March 2024 is the change."""
    windows = {"rest": {"start": "17:00", "end": "18:00", "zone": "America/New_York", "force_close": True}}
    world = World("2024-03-08 12:00", windows=windows, default_windows=False)
    fired = world.run_to("2024-03-12 12:00")
    assert fired == [
        instant("2024-03-08 22:00", "UTC"),
        instant("2024-03-09 22:00", "UTC"),
        instant("2024-03-10 21:00", "UTC"),
        instant("2024-03-11 21:00", "UTC"),
    ]


def test_window_inside_the_dead_zone_ends_with_a_forced_close_of_its_own() -> None:
    windows = {"early": {"start": "04:00", "end": "04:30", "symbols": ["XAUUSD"]}}
    world = World("2024-03-06 20:00", windows=windows)
    fired = world.run_to("2024-03-07 12:00")
    assert fired == [instant("2024-03-07 03:30"), instant("2024-03-07 04:30")]


def test_dead_zone_hidden_by_a_later_window_closes_nothing() -> None:
    windows = {
        "rest": {"start": "03:00", "end": "05:00", "force_close": True},
        "all": {"start": "03:00", "end": "06:00", "symbols": ["*"]},
    }
    world = World("2024-03-06 20:00", windows=windows, default_windows=False)
    assert world.core.next_timer_ns(world.clock.now_ns) is None


def test_windows_without_forced_close_need_no_timer() -> None:
    world = World(windows={"dead_zone": {"force_close": False}})
    assert world.core.next_timer_ns(world.clock.now_ns) is None
    refused = world.at("2024-03-07 04:00").refusal("EURUSD")
    assert refused is not None
    assert refused.reason == "session_closed"


def test_switch_turned_on_inside_the_dead_zone_closes_at_once() -> None:
    world = World("2024-03-07 04:00", enabled=False)
    world.broker.open("mine", "EURUSD")
    world.core.on_timer(world.clock.now_ns)
    assert world.closed == []
    world.core.switch(True)
    world.run_to("2024-03-07 04:01")
    assert len(world.closed) == 1


@pytest.mark.parametrize("late_s", [1, 1800])
def test_timer_that_comes_late_still_closes(late_s: int) -> None:
    world = World("2024-03-06 20:00")
    world.broker.open("mine", "EURUSD")
    world.core.on_timer(instant("2024-03-07 03:30") + late_s * 10**9)
    assert len(world.closed) == 1
