"""What alerts do to the trends. Answers: the rules of the trade, sections 1.2-1.6, 2.4, 9.1, 9.2, 12, 14.6."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.services.trend_world import ARROW, World, legacy, v3_entry, v3_pulse, v6_pulse
from tests.world import alert, minute
from zepix.alerts.log import read_log
from zepix.data import default_catalogue
from zepix.model import Alert

# --- V3 ---------------------------------------------------------------------------------------------------------------


def test_entry_with_five_trends_updates_them() -> None:
    """2.4: the original's updater took six values only, so that no entry ever updated a trend."""
    world = World()
    world.hear(v3_entry(trends="1,1,-1,1,1"))
    assert world.trend.get_mtf_trends("EURUSD") == {"15m": 1, "1h": -1, "4h": 1, "1d": 1}
    assert world.trend.get_timeframe_trend("EURUSD", "5").source == "v3"


@pytest.mark.parametrize("body", [v3_entry(trends="1,1,-1,1,1"), v3_pulse("0,1,1,-1,1,1")])
def test_worked_example_of_the_pillars(body: dict[str, Any]) -> None:
    """14.6: both forms give the same verdict: BUY 3 of 4 passes, SELL 1 of 4 is rejected."""
    world = World()
    world.hear(body)
    buy, sell = (world.trend.validate_v3_trend_alignment("EURUSD", side) for side in ("BUY", "sell"))
    assert (buy.aligned, buy.count, buy.needed, buy.reason) == (True, 3, 3, "")
    assert (sell.aligned, sell.count, sell.reason) == (False, 1, "trend_misaligned")
    assert buy.trends == {"15m": 1, "1h": -1, "4h": 1, "1d": 1}


def test_changes_are_found_against_our_own_books() -> None:
    """1.5: ``previous_trends`` always equals ``current_trends``, so it is never asked."""
    world = World()
    world.hear(v3_pulse("1,1,1,1,1,1"))
    second = world.hear(v3_pulse("1,1,-1,1,0,1"))
    changed = {u.timeframe: (u.before, u.after) for u in world.trend.changes_of(second.id)}
    assert changed == {"15m": (1, -1), "4h": (1, 0)}
    third = world.hear(v3_pulse("1,1,-1,1,0,1"))
    assert world.trend.changes_of(third.id) == ()
    assert world.trend.changes_of(second.id) == ()


def test_pulse_and_squeeze_without_direction_are_heard() -> None:
    """12.2.10: the original's model wanted a direction, so that both failed."""
    world = World()
    squeeze = {k: v for k, v in v3_pulse().items() if "trend" not in k and "chang" not in k}
    heard = world.hear(squeeze | {"type": "squeeze_v3", "signal_type": "Volatility_Squeeze"})
    assert heard.type == "squeeze"
    assert world.trend.get_mtf_trends("EURUSD") == {"15m": 0, "1h": 0, "4h": 0, "1d": 0}
    assert world.hear(v3_pulse()).type == "trend_pulse"
    assert world.trend.get_timeframe_trend("EURUSD", "15m").direction == 1


def test_pulse_whose_current_trends_are_broken_still_tells_its_details() -> None:
    world = World()
    world.hear(v3_pulse("1,1,1", change_details="15:-1;60:1;"))
    assert world.trend.get_mtf_trends("EURUSD") == {"15m": -1, "1h": 1, "4h": 0, "1d": 0}
    assert world.core.get_status()["unread"] == 1


# --- V6 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrow", [ARROW, "->"])
def test_timeframe_of_a_pulse_is_its_charts(arrow: str) -> None:
    """9.2: counts of the 15m chart's pulse cover six timeframes and say nothing of 15m; ``changes`` does."""
    world = World()
    world.hear(v6_pulse("15", bull=5, bear=1, changes=f"60:SIDE{arrow}BEAR", state="TRENDING_BULLISH"))
    assert world.trend.get_timeframe_trend("EURUSD", "15m").updated_ns is None
    assert world.trend.get_timeframe_trend("EURUSD", "1h").direction == -1
    pulse = world.trend.get_pulse_data("EURUSD", "15m")
    assert pulse is not None
    assert (pulse.bull, pulse.bear, pulse.state, pulse.changes) == (5, 1, "TRENDING_BULLISH", {"1h": -1})
    world.hear(v6_pulse("15", changes=f"15:BULL{arrow}BEAR,60:BEAR{arrow}SIDE"))
    trends = world.trend.get_mtf_trends("EURUSD")
    assert (trends["15m"], trends["1h"]) == (-1, 0)


def test_state_change_names_the_state_and_its_counts() -> None:
    world = World()
    world.hear("STATE_CHANGE|EURUSD|15|TRENDING_BEARISH|NEUTRAL|1/5")
    assert world.trend.get_market_state("EURUSD") == "TRENDING_BEARISH"
    pulse = world.trend.get_pulse_data("EURUSD", "15")
    assert pulse is not None
    assert (pulse.bull, pulse.bear) == (1, 5)
    assert world.trend.get_mtf_trends("EURUSD")["15m"] == 0


def test_momentum_change_is_kept_by_chart() -> None:
    world = World()
    world.hear("MOMENTUM_CHANGE|EURUSD|5|18.5|WEAK|26.0|STRONG|DECREASING")
    found = world.trend.get_momentum("EURUSD", "5m")
    assert found is not None
    assert (found.adx, found.strength, found.change, found.is_stale) == (18.5, "WEAK", "DECREASING", False)
    assert world.trend.get_momentum("EURUSD", "15m") is None


# --- legacy -----------------------------------------------------------------------------------------------------------

LEGACY = [
    ("bias", "bull", "1d", 1),
    ("bias", "bear", "1h", -1),
    ("trend", "bull", "15m", 1),
    ("trend", "bear", "5m", -1),
]


@pytest.mark.parametrize(("kind", "signal", "timeframe", "direction"), LEGACY)
def test_legacy_bias_and_trend_set_the_timeframe_they_name(
    kind: str, signal: str, timeframe: str, direction: int
) -> None:
    world = World()
    world.hear(legacy(kind, signal, timeframe))
    found = world.trend.get_timeframe_trend("EURUSD", timeframe)
    assert (found.direction, found.mode, found.source) == (direction, "AUTO", "legacy")


def test_trend_told_again_changes_nothing_and_is_young_again() -> None:
    """1.7: a bias or trend that equals the stored one is no news, whatever its age."""
    world = World()
    world.hear(legacy("trend", "bull", "15m"), at=0)
    again = world.hear(legacy("trend", "bull", "15m"), at=1000)
    assert world.trend.changes_of(again.id) == ()
    assert world.trend.update_trend("EURUSD", "15m", "bull", "legacy").reason == "unchanged"
    assert world.trend.get_timeframe_trend("EURUSD", "15m").updated_ns == minute(1000)


@pytest.mark.parametrize("kind", ["entry", "exit", "reversal"])
def test_legacy_actions_say_nothing_of_trends(kind: str) -> None:
    world = World()
    world.hear(legacy(kind, {"entry": "buy", "exit": "bull", "reversal": "reversal_bull"}[kind], "15m"))
    assert world.core.get_status()["alerts"] == 0


def test_v6_entry_says_nothing_of_single_trends() -> None:
    world = World()
    world.hear("BULLISH_ENTRY|EURUSD|5|1.1|BUY|HIGH|85|26.5|STRONG|1.09|1.11|1.12|1.13|5/1|TL_OK|")
    assert world.trend.get_mtf_trends("EURUSD") == {"15m": 0, "1h": 0, "4h": 0, "1d": 0}


# --- one store, several sources ---------------------------------------------------------------------------------------


def test_the_youngest_source_counts_and_each_can_be_asked() -> None:
    """9.2: one store with a column for the source, instead of a file for V3 and a table for V6."""
    world = World()
    world.hear(v3_entry(trends="1,1,1,1,1"), at=0)
    world.hear(v6_pulse("5", changes="15:BULL->BEAR"), at=1)
    trend = world.trend
    assert trend.get_timeframe_trend("EURUSD", "15m")[:3] == (-1, "AUTO", "v6")
    assert trend.get_timeframe_trend("EURUSD", "15m", "v3").direction == 1
    assert trend.get_timeframe_trend("EURUSD", "15m", "legacy").updated_ns is None
    assert trend.get_mtf_trends("EURUSD", "v3") == {"15m": 1, "1h": 1, "4h": 1, "1d": 1}
    assert trend.validate_v3_trend_alignment("EURUSD", "buy", 4, source="v3").aligned
    assert not trend.validate_v3_trend_alignment("EURUSD", "buy", 4).aligned


def test_source_that_speaks_again_counts_again() -> None:
    world = World()
    for number, (signal, body) in enumerate(
        ((1, legacy("trend", "bull", "15m")), (-1, v6_pulse("5", changes="15:BULL->BEAR")))
    ):
        world.hear(body, at=number)
        assert world.trend.get_timeframe_trend("EURUSD", "15m").direction == signal
    heard = world.hear(legacy("trend", "bull", "15m"), at=3)
    assert world.trend.get_timeframe_trend("EURUSD", "15m")[:3] == (1, "AUTO", "legacy")
    assert [(u.before, u.after) for u in world.trend.changes_of(heard.id)] == [(-1, 1)]


def test_source_of_another_dialect_is_the_family_it_names_else_its_own_name() -> None:
    world = World()
    for family, dialect in (("V6_PRICE_ACTION", "own"), (None, "own")):
        given = {"strategy": family, "dialect": dialect, "timeframe": "15m", "fields": {"direction": "bear"}}
        world.core.on_alert(alert(0, "trend", None, **given))
        assert world.trend.get_timeframe_trend("EURUSD", "15m").source == ("v6" if family else "own")


# --- hostile input ----------------------------------------------------------------------------------------------------

HOSTILE = [
    ("trend", {"timeframe": None, "fields": {"direction": "bull"}}),
    ("trend", {"timeframe": "banana", "fields": {"direction": "bull"}}),
    ("trend", {"timeframe": "15m", "fields": {"direction": ["bull"]}}),
    ("bias", {"timeframe": "15m"}),
    ("entry", {"fields": {"mtf_trends": "1,1,1"}}),
    ("entry", {"fields": {"mtf_trends": 7}}),
    ("entry", {"fields": {"mtf_trends": (1, 1, [], 1, 1)}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"changes": "15:BULL->FISH"}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"changes": "x" * 10_000}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"bull_count": 99.0, "bear_count": 0.0}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"bull_count": 4.0, "bear_count": 4.0}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"bull_count": 2.5, "bear_count": 1.0}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"bull_count": float("nan"), "bear_count": 1.0}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"bull_count": 4.0}}),
    ("trend_pulse", {"timeframe": None, "fields": {"bull_count": 4.0, "bear_count": 2.0}}),
    ("trend_pulse", {"timeframe": "15m", "fields": {"current_trends": {"a": 1}}}),
    ("state_change", {"timeframe": None, "fields": {"new_state": "NEUTRAL"}}),
]


@pytest.mark.parametrize(("kind", "given"), HOSTILE)
def test_what_cannot_be_read_is_told_and_changes_nothing(kind: str, given: dict[str, Any]) -> None:
    world = World()
    world.core.on_alert(alert(0, kind, "buy" if kind == "entry" else None, **given))
    status = world.core.get_status()
    assert status["unread"] == 1, status
    assert "alert " in status["last_unread"]
    assert status["trends"] == status["pulses"] == 0
    assert world.core.is_healthy()


def test_pulse_with_absurd_counts_still_tells_its_changes() -> None:
    world = World()
    world.hear(v6_pulse("15", bull=9, bear=9, changes="15:BULL->BEAR"))
    assert world.trend.get_timeframe_trend("EURUSD", "15m").direction == -1
    assert world.trend.get_pulse_data("EURUSD", "15m") is None
    assert world.trend.get_market_state("EURUSD") == "MIXED_BULLISH"


def test_endless_symbols_and_timeframes_are_limited_and_said() -> None:
    from zepix.services.trend_book import MOST_SYMBOLS, MOST_TIMEFRAMES

    world = World()
    for number in range(MOST_SYMBOLS + 5):
        given = {"symbol": f"S{number}", "timeframe": "15m", "fields": {"direction": "bull"}}
        world.core.on_alert(alert(number, "trend", None, **given))
    assert world.core.get_status()["symbols"] == MOST_SYMBOLS
    assert world.core.get_status()["full"] == 5
    assert not world.core.is_healthy()
    updates = [world.trend.update_trend("S0", str(number), 1) for number in range(1, MOST_TIMEFRAMES + 3)]
    assert updates[-1].reason == "full"
    assert not updates[-1].is_applied


# --- real alerts ------------------------------------------------------------------------------------------------------

LOGS = Path(__file__).resolve().parents[4] / "shared" / "data" / "alerts"
V3_LOGS = ["TradingView_Alerts_Log_2026-01-05.csv", "TradingView_Alerts_Log_2026-01-06.csv"]


@pytest.mark.parametrize("name", V3_LOGS)
def test_changes_of_a_real_log_are_those_between_one_alert_and_the_next(name: str) -> None:
    """1.5: 541 of 546 alerts of one log are pulses, each of which claims that nothing changed."""
    if not (LOGS / name).is_file():
        pytest.skip(f"{name} is not at hand")
    world = World()
    plain: dict[tuple[str, int], int] = {}
    differences = found = claimed = 0
    for row in read_log(LOGS / name, default_catalogue()).rows:
        assert isinstance(row, Alert)
        world.clock.now_ns = row.received_ns
        found += len(world.core.on_alert(row))
        sent = row.fields.get("current_trends") or row.fields.get("mtf_trends", ())[::-1]
        claimed += sent != row.fields.get("previous_trends", sent)
        first = 6 - len(sent)  # five trends leave the first, 1m, out
        for place, trend in enumerate(sent, first):
            differences += plain.get((row.symbol, place), 0) != trend
            plain[row.symbol, place] = trend
    assert found == differences > 0
    assert claimed == 0
    assert world.core.get_status()["unread"] == 0
