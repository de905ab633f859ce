"""Locks, ages, and whether trends agree with a trade. Answers: the rules of the trade, 2.2, 2.4, 2.7, 9.1, 9.2, 12."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.trend_world import World, legacy, v3_pulse, v6_pulse
from tests.world import minute
from zepix.model import Side
from zepix.services.trend import logic_of

DAY = 1440


def told(world: World, **trends: int) -> None:
    """Trends by timeframe: ``told(world, h1=1)`` is 1h."""
    for name, direction in trends.items():
        world.trend.update_trend("EURUSD", name[1:] + name[0], direction, "v3")


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_trend_set_by_hand_is_locked_against_alerts_and_says_so() -> None:
    """9.1 and 12.1: manual locks silently ignored signals."""
    world = World()
    world.trend.update_trend("EURUSD", "15m", "BULLISH", "operator", mode="MANUAL")
    heard = world.hear(legacy("trend", "bear", "15m"))
    found = world.trend.get_timeframe_trend("EURUSD", "15m")
    assert (found.direction, found.mode, found.source) == (1, "MANUAL", "manual")
    (update,) = world.trend.changes_of(heard.id)
    assert (update.reason, update.is_applied, update.before, update.after) == ("locked", False, 1, 1)
    ((level, sentence),) = world.said
    assert level == "warning"
    assert sentence.startswith("EURUSD 15m is locked at BULLISH by hand; legacy says BEARISH")
    assert world.core.get_status()["locks"] == ["EURUSD 15m BULLISH"]
    assert world.core.get_status()["locked"] == 1


def test_lock_holds_against_a_source_that_spoke_before_it() -> None:
    world = World()
    world.hear(legacy("trend", "bull", "15m"))
    world.trend.update_trend("EURUSD", "15m", "BULLISH", mode="MANUAL")
    heard = world.hear(legacy("trend", "bear", "15m"))
    assert [update.reason for update in world.trend.changes_of(heard.id)] == ["locked"]
    assert world.trend.get_timeframe_trend("EURUSD", "15m").direction == 1


def test_lock_given_up_lets_count_what_was_said_meanwhile() -> None:
    world = World()
    world.trend.update_trend("EURUSD", "15m", 1, mode="MANUAL")
    world.hear(legacy("trend", "bear", "15m"))
    (released,) = world.trend.set_auto("EURUSD", "15")
    assert (released.reason, released.before, released.after) == ("released", 1, -1)
    assert world.trend.get_timeframe_trend("EURUSD", "15m").mode == "AUTO"
    assert world.trend.set_auto("EURUSD") == []


def test_all_locks_of_a_symbol_are_given_up_together() -> None:
    world = World()
    for timeframe in ("15m", "1h"):
        world.trend.update_trend("EURUSD", timeframe, -1, mode="MANUAL")
    assert {update.timeframe for update in world.trend.set_auto("EURUSD")} == {"15m", "1h"}
    assert world.trend.get_mtf_trends("EURUSD") == {"15m": 0, "1h": 0, "4h": 0, "1d": 0}


def test_lock_does_not_repeat_itself_when_the_alert_agrees() -> None:
    world = World()
    world.trend.update_trend("EURUSD", "15m", 1, mode="MANUAL")
    world.hear(legacy("trend", "bull", "15m"))
    assert world.said == []


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (("EURUSD", "banana", 1), "timeframe"),
        (("EURUSD", "15m", 7), "direction"),
        (("EURUSD", "15m", 1, "x", "auto"), "mode"),
    ],
)
def test_trend_that_cannot_be_is_an_error_and_changes_nothing(given: Any, match: str) -> None:
    world = World()
    with pytest.raises(ValueError, match=match):
        world.trend.update_trend(*given)
    assert world.core.get_status()["trends"] == 0


# --- age --------------------------------------------------------------------------------------------------------------

AGES = [("15m", DAY), ("1h", DAY), ("4h", DAY), ("1d", 3 * DAY), ("8h", DAY), ("12h", 1.5 * DAY), ("1w", 21 * DAY)]


@pytest.mark.parametrize(("timeframe", "limit"), AGES)
def test_trend_too_old_is_neutral_and_says_that_it_is_stale(timeframe: str, limit: float) -> None:
    """9.1: a trend of last week counted. Limit: three bars or a day, whichever is longer."""
    world = World()
    world.trend.update_trend("EURUSD", timeframe, 1)
    for when, direction, is_stale in ((limit, 1, False), (limit + 0.001, 0, True)):
        world.clock.at(when)
        found = world.trend.get_timeframe_trend("EURUSD", timeframe)
        assert (found.direction, found.is_stale, found.last_direction) == (direction, is_stale, 1)
        assert found.is_known is not is_stale
        assert found.updated_ns == minute(0)


def test_stale_trend_told_again_is_news() -> None:
    world = World()
    world.hear(legacy("trend", "bull", "15m"), at=0)
    again = world.hear(legacy("trend", "bull", "15m"), at=DAY + 1)
    assert [(u.before, u.after, u.reason) for u in world.trend.changes_of(again.id)] == [(0, 1, "updated")]


def test_trends_of_friday_are_no_trends_on_monday() -> None:
    """T0 is a Wednesday, 10:00; two days later it is Friday, five days later Monday."""
    world = World()
    world.hear(v3_pulse("1,1,1,1,1,1"), at=2 * DAY)
    world.clock.at(5 * DAY + 60)
    answer = world.trend.validate_v3_trend_alignment("EURUSD", "buy")
    assert (answer.aligned, answer.count, answer.reason) == (False, 0, "trend_stale")
    assert "too old" in answer.detail


def test_age_limits_are_settings_and_zero_is_never() -> None:
    world = World(max_age_minutes={"15": 10, "1h": 0}, manual_max_age_minutes=20)
    told(world, m15=1, h1=1)
    world.trend.update_trend("EURUSD", "4h", 1, mode="MANUAL")
    world.clock.at(15)
    assert world.trend.get_mtf_trends("EURUSD") == {"15m": 0, "1h": 1, "4h": 1, "1d": 0}
    world.clock.at(100 * DAY)
    assert world.trend.get_mtf_trends("EURUSD") == {"15m": 0, "1h": 1, "4h": 0, "1d": 0}


def test_trend_set_by_hand_does_not_age_by_default() -> None:
    world = World()
    world.trend.update_trend("EURUSD", "15m", -1, mode="MANUAL")
    world.clock.at(100 * DAY)
    assert world.trend.get_timeframe_trend("EURUSD", "15m").direction == -1


# --- pillars ----------------------------------------------------------------------------------------------------------

PILLARS = [  # 15m, 1h, 4h, 1d -> buy, sell
    ((1, 1, 1, 1), True, False),
    ((1, 1, 1, -1), True, False),
    ((0, 1, 1, 1), True, False),
    ((1, 1, -1, -1), False, False),
    ((1, 1, 0, 0), False, False),
    ((-1, -1, 0, -1), False, True),
    ((0, 0, 0, 0), False, False),
]


@pytest.mark.parametrize(("trends", "buy", "sell"), PILLARS)
def test_three_of_four_pillars_agree_and_neutral_is_for_neither(trends: tuple[int, ...], buy: bool, sell: bool) -> None:
    world = World()
    m15, h1, h4, d1 = trends
    told(world, m1=1, m5=1, m15=m15, h1=h1, h4=h4, d1=d1)
    for side, aligned in (("buy", buy), (Side.SELL, sell)):
        assert bool(world.trend.validate_v3_trend_alignment("EURUSD", side)) is aligned


def test_all_trends_hold_the_four_hours() -> None:
    """9.1: ``get_all_trends`` left 4h out, which made three of four three of three."""
    world = World()
    told(world, m15=1, h1=1, d1=1)
    assert list(world.trend.get_mtf_trends("EURUSD")) == ["15m", "1h", "4h", "1d"]
    assert set(world.trend.get_all_trends("EURUSD")) == {"15m", "1h", "4h", "1d"}
    answer = world.trend.validate_v3_trend_alignment("EURUSD", "buy", 4)
    assert (answer.aligned, answer.reason, answer.detail) == (
        False,
        "trend_unknown",
        "15m BULLISH, 1h BULLISH, 4h unknown, 1d BULLISH",
    )
    assert answer.numbers() == {
        "aligned": 3,
        "needed": 4,
        "trend_15m": 1,
        "trend_1h": 1,
        "trend_4h": 0,
        "trend_1d": 1,
    }


def test_pillars_by_weight_as_an_option() -> None:
    """2.7: weights 1.0, 1.5, 2.0, 2.5, used by nothing; here an option."""
    weights = {"15m": 1.0, "1h": 1.5, "4h": 2.0, "1d": 2.5}
    world = World(pillar_weights=weights, min_aligned=4)
    told(world, m15=1, h1=1, h4=-1, d1=-1)
    trend = world.trend
    assert trend.validate_v3_trend_alignment("EURUSD", "buy").count == 2.5
    assert not trend.validate_v3_trend_alignment("EURUSD", "buy").aligned
    assert trend.validate_v3_trend_alignment("EURUSD", "sell").aligned


# --- logics -----------------------------------------------------------------------------------------------------------

LOGICS = [  # logic, 15m, 1h, 1d -> where it points
    ("LOGIC1", 1, 1, -1, 1),
    ("LOGIC2", -1, -1, 1, -1),
    ("combinedlogic-2", 1, 1, 0, 1),
    ("LOGIC1", 1, -1, 1, 0),
    ("LOGIC1", 0, 0, 1, 0),
    ("logic3", -1, 1, 1, 1),
    ("LOGIC3", 1, 1, -1, 0),
    ("LOGIC3", 1, 1, 0, 0),
]


@pytest.mark.parametrize(("logic", "m15", "h1", "d1", "points"), LOGICS)
def test_logic_is_aligned_where_its_two_timeframes_agree(logic: str, m15: int, h1: int, d1: int, points: int) -> None:
    """9.1: LOGIC1 and 2 want 1h and 15m equal and not neutral, LOGIC3 1d and 1h."""
    world = World()
    told(world, m15=m15, h1=h1, d1=d1)
    found = world.trend.check_logic_alignment("EURUSD", logic)
    assert (found.aligned, found.direction) == (bool(points), points)
    assert bool(world.trend.check_logic_alignment("EURUSD", logic, "buy")) is (points == 1)
    assert bool(world.trend.check_logic_alignment("EURUSD", logic, "sell")) is (points == -1)


@pytest.mark.parametrize("name", ["ZepixPremium", "zepix", "premium"])
def test_name_of_the_script_stands_for_the_logic_of_its_timeframe(name: str) -> None:
    """9.1 and 12.1: strategy "ZepixPremium" gave "Unknown logic"."""
    world = World()
    told(world, m15=-1, h1=1, d1=1)
    assert world.trend.check_logic_alignment("EURUSD", name, "buy", "1h").aligned
    assert not world.trend.check_logic_alignment("EURUSD", name, "buy", "15").aligned
    with pytest.raises(ValueError, match="no logic; there are LOGIC1, LOGIC2, LOGIC3"):
        world.trend.check_logic_alignment("EURUSD", "LOGIC9", "buy")


@pytest.mark.parametrize(
    ("timeframe", "logic"),
    [("5", "LOGIC1"), ("15", "LOGIC2"), ("60", "LOGIC3"), ("240", "LOGIC3"), ("1D", "LOGIC3"), ("30", "LOGIC2")],
)
def test_logic_of_a_timeframe(timeframe: str, logic: str) -> None:
    assert logic_of(timeframe) == logic


# --- pulses -----------------------------------------------------------------------------------------------------------


def test_pulses_of_three_charts_are_summed() -> None:
    """9.2: over 5, 15 and 60; a difference of one is enough, none is not; the 1m chart does not count."""
    world = World()
    for chart, bull, bear in (("1", 0, 6), ("5", 3, 2), ("15", 2, 3), ("60", 2, 2)):
        world.hear(v6_pulse(chart, bull, bear))
    found = world.trend.check_pulse_alignment("EURUSD", "buy")
    assert (found.aligned, found.count, found.reason) == (False, 0, "pulse_misaligned")
    world.hear(v6_pulse("60", 3, 2))
    assert world.trend.check_pulse_alignment("EURUSD", "BUY").aligned
    assert not world.trend.check_pulse_alignment("EURUSD", "SELL").aligned
    assert world.trend.check_pulse_alignment("EURUSD", "SELL").count == -1


def test_pulse_that_is_unknown_or_too_old_agrees_with_nobody() -> None:
    world = World()
    assert world.trend.check_pulse_alignment("EURUSD", "buy").reason == "pulse_unknown"
    world.hear(v6_pulse("15", 6, 0, state="TRENDING_BULLISH"))
    world.clock.at(DAY + 1)
    found = world.trend.check_pulse_alignment("EURUSD", "buy")
    assert (found.aligned, found.reason) == (False, "pulse_stale")
    assert world.trend.get_market_state("EURUSD") == "UNKNOWN"
    assert world.trend.get_pulse_data("EURUSD")["15m"].is_stale


def test_market_state_is_the_one_named_last_or_that_of_a_chart() -> None:
    world = World()
    assert world.trend.get_market_state("EURUSD") == "UNKNOWN"
    world.hear(v6_pulse("5", state="MIXED_BULLISH"))
    world.hear(v6_pulse("15", state="TRENDING_BEARISH"))
    assert world.trend.get_market_state("EURUSD") == "TRENDING_BEARISH"
    assert world.trend.get_market_state("EURUSD", "5") == "MIXED_BULLISH"
    world.hear(v6_pulse("5", state="NEUTRAL"))
    assert world.trend.get_market_state("EURUSD") == "NEUTRAL"


def test_pulse_told_by_hand_is_as_one_heard() -> None:
    world = World()
    (update,) = world.trend.update_trend_pulse("EURUSD", "15", 4, 2, "MIXED_BULLISH", "60:SIDE->BULL", "v6")
    assert (update.timeframe, update.after) == ("1h", 1)
    heard = World()
    heard.hear(v6_pulse("15", 4, 2, "60:SIDE->BULL", "MIXED_BULLISH"))
    assert world.core.book.state() == heard.core.book.state()


@pytest.mark.parametrize(
    "given", [("15", 7, 0), ("15", 4, 3), ("15", -1, 0), ("15", 1.5, 0), ("x", 1, 1), ("15", 1, 1, "", "15:BULL->FISH")]
)
def test_pulse_that_cannot_be_is_an_error_and_tells_nothing(given: Any) -> None:
    world = World()
    with pytest.raises(ValueError):
        world.trend.update_trend_pulse("EURUSD", *given)
    assert world.core.get_status()["pulses"] == 0


# --- the timeframe above ----------------------------------------------------------------------------------------------

ABOVE = [("1", "5m"), ("5", "15m"), ("15", "1h"), ("60", "4h")]


@pytest.mark.parametrize(("signal_tf", "higher"), ABOVE)
def test_higher_timeframe_is_the_next_one_and_its_own_trend_counts(signal_tf: str, higher: str) -> None:
    """9.2: 1 -> 5 -> 15 -> 60 -> 240. The counts of that chart's pulse do not say where it points."""
    world = World()
    world.trend.update_trend("EURUSD", higher, -1)
    world.hear(v6_pulse({"5m": "5", "15m": "15", "1h": "60", "4h": "240"}[higher], 5, 1))
    buy, sell = (world.trend.check_higher_tf_trend("EURUSD", signal_tf, side) for side in ("buy", "sell"))
    assert (buy.aligned, buy.higher_tf, buy.direction, buy.reason) == (False, higher, -1, "higher_tf_misaligned")
    assert (buy.bull, buy.bear) == (5, 1)
    assert (sell.aligned, sell.reason) == (True, "")


def test_higher_timeframe_that_is_neutral_agrees_with_nobody() -> None:
    world = World()
    world.trend.update_trend("EURUSD", "15m", "SIDE")
    for side in Side:
        assert world.trend.check_higher_tf_trend("EURUSD", "5m", side).reason == "higher_tf_misaligned"


@pytest.mark.parametrize("passes", [True, False])
def test_higher_timeframe_that_is_missing_or_too_old_passes_as_set(passes: bool) -> None:
    """9.2: missing counts as aligned; a setting."""
    world = World(missing_higher_is_aligned=passes)
    found = world.trend.check_higher_tf_trend("EURUSD", "5m", "buy")
    assert (found.aligned, found.reason) == (passes, "higher_tf_unknown")
    world.trend.update_trend("EURUSD", "15m", -1)
    world.clock.at(DAY + 1)
    found = world.trend.check_higher_tf_trend("EURUSD", "5m", "buy")
    assert (found.aligned, found.reason, found.direction) == (passes, "higher_tf_stale", 0)


def test_nothing_stands_above_the_last_timeframe_unless_set() -> None:
    found = World().trend.check_higher_tf_trend("EURUSD", "4h", "buy")
    assert (found.aligned, found.higher_tf, found.reason) == (True, "", "no_higher_tf")
    world = World(higher_timeframes={"240": "1D"})
    world.trend.update_trend("EURUSD", "1d", -1)
    assert world.trend.check_higher_tf_trend("EURUSD", "4h", "buy").reason == "higher_tf_misaligned"
    assert world.trend.check_higher_tf_trend("EURUSD", "5m", "buy").higher_tf == "15m"
