"""The equity guard: where it trips, what it closes, and that only a human arms it again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.services.risk_desk import Broker, Clock, Desk
from tests.world import alert, minute
from zepix.model import OrderFilled, OrderRefused
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.services.account import AccountService
from zepix.services.equity_guard import MAX_CLOSES, EquityGuard


class Closer:
    """Notes what was ordered; ``is_open`` stays as it is put."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.is_open = True

    def close_everything(self, reason: str) -> int:
        self.reasons.append(reason)
        return 1

    def is_anything_open(self) -> bool:
        return self.is_open


class Watch:
    """Notes the levels that are watched, by number."""

    def __init__(self) -> None:
        self.levels: dict[int, tuple[Decimal | None, Decimal | None]] = {}
        self.last = 0

    def watch_equity(self, below: Decimal | None, above: Decimal | None) -> int:
        self.last += 1
        self.levels[self.last] = (below, above)
        return self.last

    def drop_equity_watch(self, watch_id: int) -> None:
        self.levels.pop(watch_id, None)


class World:
    """A guard with its account, closer and watch in hand."""

    def __init__(self, *, exact: bool = True, **given: Any) -> None:
        self.settings = EquityGuardSettings(**({"enabled": True} | given))
        self.clock, self.broker = Clock(minute(1)), Broker(Decimal(10_000))
        self.closer, self.watch = Closer(), Watch() if exact else None
        self.guard = self.fresh()

    def fresh(self) -> EquityGuard:
        account = AccountService(self.broker)  # type: ignore[arg-type]
        return EquityGuard(self.settings, self.clock, account, self.closer, self.watch)

    def equity(self, dollars: str | int) -> None:
        self.broker.equity = Decimal(dollars)

    def wakes(self, direction: int, equity: str | int) -> None:
        assert self.watch is not None
        self.watch.levels.pop(self.watch.last)
        self.guard.on_equity(self.watch.last, direction, Decimal(equity))


def test_off_by_default_with_four_fifths_and_six_fifths() -> None:
    world = World(enabled=False)
    assert (world.settings.stop_frac, world.settings.target_frac) == (Decimal("0.80"), Decimal("1.20"))
    assert EquityGuardSettings().enabled is False
    world.guard.start()
    world.equity(1)
    world.guard.on_alert(alert(1))
    assert world.guard.refusal() is None
    assert world.guard.get_status()["state"] == "off"
    assert world.watch is not None
    assert world.watch.levels == {}


def test_broker_watches_both_levels_of_the_base() -> None:
    world = World()
    world.guard.start()
    assert world.watch is not None
    assert world.watch.levels == {1: (Decimal(8000), Decimal(12000))}
    assert world.guard.get_status()["is_exact"] is True


LEVELS = {  # settings, below, above
    "stop_only": ({"target_frac": 0}, Decimal(8000), None),
    "target_only": ({"stop_frac": 0}, None, Decimal(12000)),
    "base_of_ones_own": ({"base_equity": 20_000, "stop_frac": 0.4}, Decimal(8000), Decimal(24000)),
}


@pytest.mark.parametrize(("given", "below", "above"), LEVELS.values(), ids=LEVELS)
def test_levels(given: dict, below: Decimal | None, above: Decimal | None) -> None:
    world = World(**given)
    world.guard.start()
    assert world.guard.levels == (below, above)


@pytest.mark.parametrize(("direction", "equity", "word"), [(-1, "7999.90", "stop"), (1, 12_000, "target")])
def test_breach_closes_everything_once_and_refuses_entries(direction: int, equity: str | int, word: str) -> None:
    world = World()
    world.guard.start()
    world.wakes(direction, equity)
    assert world.closer.reasons == ["equity_guard"]
    refused = world.guard.refusal()
    assert refused is not None
    assert refused.reason == "equity_guard"
    assert word in refused.detail
    assert world.watch is not None
    assert world.watch.levels == {}
    world.equity(10_000)  # it has come back: nothing changes
    world.guard.on_alert(alert(2))
    assert world.guard.is_tripped


def test_touch_inside_a_bar_counts_though_the_equity_came_back() -> None:
    world = World()
    world.guard.start()
    world.equity(9_500)
    world.wakes(-1, 7_900)
    assert world.guard.get_status()["tripped_by"] == "stop"


def test_wake_of_a_watch_that_was_dropped_says_nothing() -> None:
    world = World()
    world.guard.start()
    world.guard.rearm(20_000)
    world.guard.on_equity(1, -1, Decimal(7_900))
    assert world.guard.is_tripped is True  # the new base: 10,000 of 20,000 is below its stop
    world.guard.rearm()
    world.guard.on_equity(1, -1, Decimal(7_900))
    assert world.guard.is_tripped is False


LOOKS = {  # equity, tripped by (exact=False: the guard looks at alerts and events itself)
    "just_above_the_stop": ("8000.01", ""),
    "at_the_stop": ("8000", "stop"),
    "below_it": ("1", "stop"),
    "just_below_the_target": ("11999.99", ""),
    "at_the_target": ("12000", "target"),
}


@pytest.mark.parametrize(("equity", "word"), LOOKS.values(), ids=LOOKS)
def test_without_a_watch_it_looks_at_every_alert(equity: str, word: str) -> None:
    world = World(exact=False)
    world.guard.start()
    world.equity(equity)
    world.guard.on_alert(alert(1))
    status = world.guard.get_status()
    assert (status["tripped_by"], status["is_exact"]) == (word, False)


def test_what_fills_after_the_trip_is_closed_too() -> None:
    world, desk = World(), Desk()
    world.guard.start()
    world.wakes(-1, 7_000)
    for _ in range(20):
        world.guard.on_event(OrderFilled(1, 1, desk.order(), desk.ticket()))
    assert len(world.closer.reasons) == 21


def test_refused_close_is_ordered_again_but_not_for_ever() -> None:
    world, desk = World(), Desk()
    world.guard.start()
    world.wakes(-1, 7_000)
    close = desk.order(kind="close", reason_to_close="equity_guard")
    for _ in range(50):
        world.guard.on_event(OrderRefused(1, 1, close))
    assert len(world.closer.reasons) == MAX_CLOSES
    assert not world.guard.is_healthy()
    world.closer.is_open = False
    assert world.guard.is_healthy()


def test_close_of_somebody_else_is_not_the_guards() -> None:
    world, desk = World(), Desk()
    world.guard.start()
    world.wakes(-1, 7_000)
    world.guard.on_event(OrderRefused(1, 1, desk.order(kind="close", reason_to_close="signal")))
    assert len(world.closer.reasons) == 1


def test_human_arms_it_again_from_the_equity_of_now() -> None:
    world = World()
    world.guard.start()
    world.wakes(-1, 7_900)
    world.equity(7_800)
    world.guard.start()
    assert world.guard.is_tripped, "a start is no human"
    world.guard.rearm()
    assert world.guard.refusal() is None
    assert world.guard.levels == (Decimal(6240), Decimal(9360))
    assert world.watch is not None
    assert list(world.watch.levels.values()) == [(Decimal(6240), Decimal(9360))]


@pytest.mark.parametrize("base", [0, -1, "nan", "inf"])
def test_arming_needs_a_base(base: Any) -> None:
    world = World()
    world.guard.start()
    world.wakes(-1, 7_900)
    with pytest.raises(ValueError, match="above 0"):
        world.guard.rearm(base)
    assert world.guard.is_tripped


def test_restart_keeps_it_tripped_and_finishes_the_closing() -> None:
    world = World()
    world.guard.start()
    world.wakes(-1, 7_900)
    text = json.dumps(world.guard.state())
    world.closer.reasons.clear()
    loaded = world.fresh()
    loaded.load_state(json.loads(text))
    loaded.start()
    assert loaded.refusal() == world.guard.refusal()
    assert world.closer.reasons == ["equity_guard"]


def test_restart_keeps_the_base() -> None:
    world = World()
    world.guard.start()
    world.equity(9_000)
    loaded = world.fresh()
    loaded.load_state(world.guard.state())
    loaded.start()
    assert loaded.levels == (Decimal(8000), Decimal(12000))


def test_guard_loaded_beside_its_brokers_watches_hears_the_one_that_was_set() -> None:
    world = World()
    world.guard.start()
    loaded = world.fresh()
    loaded.load_state(json.loads(json.dumps(world.guard.state())))
    loaded.on_equity(2, -1, Decimal(7_900))
    assert not loaded.is_tripped, "that is somebody else's"
    loaded.on_equity(1, -1, Decimal(7_900))
    assert loaded.is_tripped


def test_guard_loaded_and_started_sets_its_watch_anew() -> None:
    world = World()
    world.guard.start()
    loaded = world.fresh()
    loaded.load_state(world.guard.state())
    loaded.start()
    assert world.watch is not None
    assert world.watch.levels == {2: (Decimal(8000), Decimal(12000))}


def test_state_of_another_version_is_not_read() -> None:
    world = World()
    with pytest.raises(ValueError, match="version 9"):
        world.guard.load_state({"version": 9})


STEPS = st.one_of(
    st.tuples(st.just("equity"), st.integers(5_000, 15_000)),
    st.tuples(st.just("alert")),
    st.tuples(st.just("refused")),
    st.tuples(st.just("flat"), st.booleans()),
    st.tuples(st.just("rearm")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=20), st.lists(STEPS, max_size=20))
def test_loaded_state_goes_on_as_the_guard_that_never_stopped(before: list[Any], after: list[Any]) -> None:
    world, desk = World(exact=False), Desk()
    refused = OrderRefused(1, 1, desk.order(kind="close", reason_to_close="equity_guard"))

    def play(guards: list[EquityGuard], step: tuple[Any, ...]) -> None:
        if step[0] == "equity":
            world.equity(step[1])
        elif step[0] == "flat":
            world.closer.is_open = step[1]
        for guard in guards:
            if step[0] == "alert":
                guard.on_alert(alert(1))
            elif step[0] == "refused":
                guard.on_event(refused)
            elif step[0] == "rearm":
                guard.rearm()

    world.guard.start()
    for step in before:
        play([world.guard], step)
    loaded = world.fresh()
    loaded.load_state(json.loads(json.dumps(world.guard.state())))
    for step in after:
        play([world.guard, loaded], step)
        assert loaded.state() == world.guard.state()
        assert (loaded.refusal(), loaded.is_healthy()) == (world.guard.refusal(), world.guard.is_healthy())


ABSURD = {
    "stop_above_the_base": ({"stop_frac": 1}, "stop_frac must be below 1"),
    "target_below_the_base": ({"target_frac": 0.9}, "target_frac must be above 1"),
    "negative": ({"stop_frac": -0.1}, "stop_frac must be a number"),
    "no_number": ({"target_frac": "high"}, "target_frac must be a number"),
    "endless": ({"base_equity": float("inf")}, "base_equity"),
    "on_with_nothing": ({"enabled": True, "stop_frac": 0, "target_frac": 0}, "both 0"),
    "word_for_truth": ({"enabled": "yes"}, "enabled must be true or false"),
}


@pytest.mark.parametrize(("given", "said"), ABSURD.values(), ids=ABSURD)
def test_absurd_settings_name_their_keys(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="equity_guard: ") as error:
        EquityGuardSettings(**given)
    assert said in str(error.value)
