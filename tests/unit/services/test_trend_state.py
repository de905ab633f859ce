"""The state of the trend service is data: saved at any moment and loaded into a fresh one, it goes on the same."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.services.trend_world import World, legacy, v3_entry, v3_pulse, v6_pulse

TRENDS = st.lists(st.sampled_from(["-1", "0", "1"]), min_size=5, max_size=6).map(",".join)
WORDS = st.sampled_from(["BULL", "BEAR", "SIDE"])
CHANGES = st.lists(st.tuples(st.sampled_from(["1", "5", "15", "60", "240", "1D"]), WORDS), max_size=3).map(
    lambda pairs: ",".join(f"{tf}:SIDE->{word}" for tf, word in pairs)
)
CHARTS = st.sampled_from(["5", "15", "60"])
PERIODS = st.sampled_from(["5m", "15m", "1h", "1d"])
DEEDS = st.one_of(
    st.builds(lambda t: ("hear", v3_pulse(t)), TRENDS),
    st.builds(lambda t: ("hear", v3_entry(trends=t)), TRENDS),
    st.builds(lambda s, tf: ("hear", legacy("trend", s, tf)), st.sampled_from(["bull", "bear"]), PERIODS),
    st.builds(
        lambda c, n, ch, s: ("hear", v6_pulse(c, n, 6 - n, ch, s)),
        CHARTS,
        st.integers(0, 6),
        CHANGES,
        st.sampled_from(["TRENDING_BULLISH", "NEUTRAL"]),
    ),
    st.builds(lambda c: ("hear", f"STATE_CHANGE|EURUSD|{c}|TRENDING_BEARISH|NEUTRAL|1/5"), CHARTS),
    st.builds(lambda c: ("hear", f"MOMENTUM_CHANGE|EURUSD|{c}|18.5|WEAK|26.0|STRONG|DECREASING"), CHARTS),
    st.builds(lambda tf, d: ("lock", (tf, d)), PERIODS, st.integers(-1, 1)),
    st.builds(lambda tf: ("release", tf), PERIODS),
    st.builds(lambda minutes: ("wait", minutes), st.sampled_from([1, 60, 1000, 3000])),
)


def do(world: World, deed: tuple[str, Any]) -> None:
    kind, what = deed
    if kind == "hear":
        world.hear(what)
    elif kind == "lock":
        world.trend.update_trend("EURUSD", what[0], what[1], mode="MANUAL")
    elif kind == "release":
        world.trend.set_auto("EURUSD", what)
    else:
        world.clock.now_ns += what * 60 * 10**9


def seen(world: World) -> tuple[Any, ...]:
    trend = world.trend
    return (
        trend.get_all_trends("EURUSD"),
        trend.get_pulse_data("EURUSD"),
        [trend.get_market_state("EURUSD", tf) for tf in (None, "5m", "15m", "1h")],
        [trend.get_momentum("EURUSD", tf) for tf in ("5m", "15m", "1h")],
        [trend.validate_v3_trend_alignment("EURUSD", side) for side in ("buy", "sell")],
        [trend.check_logic_alignment("EURUSD", "LOGIC3", side) for side in ("buy", "sell")],
        [trend.check_pulse_alignment("EURUSD", side) for side in ("buy", "sell")],
        [trend.check_higher_tf_trend("EURUSD", tf, "buy") for tf in ("5m", "15m", "1h")],
        world.core.get_status(),
        world.core.is_healthy(),
    )


@settings(max_examples=60, deadline=None)
@given(deeds=st.lists(DEEDS, max_size=14), cut=st.integers(0, 14))
def test_loaded_service_goes_on_as_the_saved_one(deeds: list[tuple[str, Any]], cut: int) -> None:
    first = World()
    for deed in deeds[:cut]:
        do(first, deed)
    second = World()
    second.core.load_state(json.loads(json.dumps(first.core.state())))
    second.clock.now_ns, second._heard = first.clock.now_ns, first._heard
    assert seen(second) == seen(first)
    for deed in deeds[cut:]:
        do(first, deed)
        do(second, deed)
        assert seen(second) == seen(first)
    assert json.dumps(second.core.state()) == json.dumps(first.core.state())


def test_state_that_is_none_is_an_error_and_changes_nothing() -> None:
    world = World()
    world.hear(v3_pulse())
    before = world.core.state()
    broken = copy.deepcopy(before)
    broken["book"]["told"][0][3] = 7
    with pytest.raises(ValueError, match="no direction"):
        world.core.load_state(broken)
    assert world.core.state() == before
