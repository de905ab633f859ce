"""What only informs: pulses, changes, breaks, the screener; and what settings may make of them, all off by default."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.unit.strategies.fakes import V6, Fakes, body, v6_alert
from tests.world import flat, market

INFORMATION = [
    ("TREND_PULSE|EURUSD|5|4|2|15:BULL→BEAR,60:SIDE→BEAR|MIXED_BULLISH", "trend_pulse"),
    ("TREND_PULSE|EURUSD|5|4|2|15:BULL->BEAR|MIXED_BULLISH", "trend_pulse"),
    ("STATE_CHANGE|EURUSD|5|TRENDING_BEARISH|NEUTRAL|1/5", "state_change"),
    ("MOMENTUM_CHANGE|EURUSD|5|18|WEAK|26|STRONG|DECREASING", "momentum_change"),
    ("SIDEWAYS_BREAKOUT|EURUSD|5|BULLISH|26.1|STRONG|SIDEWAYS|INCREASING", "sideways_breakout"),
    ("TRENDLINE_BULLISH_BREAK|EURUSD|5|1.1|0.0006|60", "trendline_break"),
    ("BREAKOUT|EURUSD|5|1.1|3|10|40", "breakout"),
    ("BREAKDOWN|EURUSD|5|1.1|3|10|40", "breakdown"),
    ("SCREENER_FULL_BEARISH|EURUSD|5|9|MACD,STOCH,VORTEX,MOMENTUM,RSI,PSAR,DMI,MFI,FISHER", "screener"),
]
FAR = (1.09, 1.12, 1.13, 1.14)
SCREENER = "SCREENER_FULL_BULLISH|EURUSD|{tf}|{score}|MACD,STOCH,VORTEX,MOMENTUM,RSI,PSAR,DMI,MFI,FISHER"
WAVES = [(p, p + 5, p - 5, p) for p in (110_000, 110_010) * 400]
"""Bars of one shape, so that an ATR is there and does not change: 1m 0.00015, known after 14 bars."""


@pytest.mark.parametrize(("text", "word"), INFORMATION)
def test_information_is_heard_and_trades_nothing(text, word):
    """§12.2.10: pulses fell through to the entry handler. A ticket is open, so that nothing is closed either."""
    played = Fakes().play([v6_alert(1), body(text, 20)], V6["5m"])
    assert played.outcomes[1] == ("info", word)
    assert len(played.record.orders) == 2, "the two legs of the entry"
    assert {f.exit_reason for f in played.record.fills} == {"end_of_data"}


def test_information_asks_nobody_and_makes_no_new_decision():
    """541 of 546 alerts of one recorded log are pulses: they must be cheap and quiet (§1.5)."""
    pulses = [body(INFORMATION[0][0], n, n) for n in range(1, 50)]
    fakes = Fakes()
    played = fakes.play(pulses, V6["5m"])
    assert not fakes.risk.asked and not fakes.plans
    assert not played.lines("log")
    metrics = played.simulation.apis["v6_price_action_5m"].get_metrics()
    assert {name for name, counted in metrics.items() if counted.calls} == set()


def test_a_type_that_v6_does_not_have_is_ignored():
    strange = dataclasses.replace(body(INFORMATION[0][0], 1), type="squeeze")
    assert Fakes().play([strange], V6["5m"]).outcomes == [("ignored", "unknown_type")]


# --- state and momentum ----------------------------------------------------------------------------------------------


def test_a_state_against_us_closes_where_that_is_on():
    alerts = [v6_alert(1), body(INFORMATION[2][0], 20)]
    played = Fakes().play(alerts, V6["5m"], state_change_closes=True)
    assert {f.exit_reason for f in played.record.fills} == {"signal"}
    assert played.outcomes[1] == ("closed", "")


def test_neutral_takes_half_and_tightens_where_that_is_on():
    """Bid 110_000, stop 109_000: a quarter nearer is 109_250."""
    alerts = [v6_alert(1, tf="15", levels=FAR), body("STATE_CHANGE|EURUSD|15|NEUTRAL|TRENDING_BULLISH|3/3", 20)]
    played = Fakes().play(alerts, V6["15m"], neutral_close_frac=0.5, neutral_tighten_frac=0.25)
    assert [(f.steps, f.exit_reason) for f in played.record.fills] == [(5, "signal"), (5, "end_of_data")]
    assert played.record.fills[-1].sl == 109_250


def test_weakening_momentum_tightens_where_that_is_on():
    sell = v6_alert(1, "BEARISH_ENTRY", levels=(1.11, 1.09, 1.08, 1.07))
    played = Fakes().play([sell, body(INFORMATION[3][0], 20)], V6["5m"], weak_momentum_tighten_frac=0.5)
    assert {f.sl for f in played.record.fills} == {110_505}, "ask 110_010, stop 111_000: half way"
    assert {f.sl for f in Fakes().play([sell, body(INFORMATION[3][0], 20)], V6["5m"]).record.fills} == {111_000}


# --- trend lines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bars", "slope", "age", "expected"),
    [
        (20, 0.0001, 10, 70.0),  # +10 for its side
        (30, 0.0003, 10, 80.0),  # and +10: significant
        (30, 0.0006, 10, 85.0),  # and +5: steep
        (30, 0.0006, 25, 85.0),  # five bars of 5m
        (30, 0.0006, 26, 60.0),  # too old
    ],
)
def test_a_broken_trend_line_adds_confidence_on_5m(bars, slope, age, expected):
    broken = body(f"TRENDLINE_BULLISH_BREAK|EURUSD|5|1.1|{slope}|{bars}", 1)
    fakes = Fakes()
    entry = v6_alert(1 + age, score="MODERATE|60")
    played = fakes.play([broken, entry], V6["5m"], trendline_entries=True)
    numbers = played.record.decisions[1].numbers
    assert numbers["confidence"] == expected
    assert played.outcomes[1] == (("filled", "") if expected >= 70 else ("refused", "confidence_low"))
    assert fakes.play([broken, entry], V6["5m"]).record.decisions[1].numbers["confidence"] == 60.0


def test_a_trend_line_of_the_other_side_adds_nothing():
    broken = body("TRENDLINE_BEARISH_BREAK|EURUSD|5|1.1|-0.0006|60", 1)
    played = Fakes().play([broken, v6_alert(5)], V6["5m"], trendline_entries=True)
    assert played.record.decisions[1].numbers["confidence"] == 85.0


@pytest.mark.parametrize(("tf", "code", "factor"), [("15m", "15", 1.2), ("1h", "60", 1.25 * 1.2)])
def test_a_significant_trend_line_enters_on_15m_and_1h(tf, code, factor):
    """60 bars old: min(60 / 50, 1.5) = 1.2 times the lots; stop 2 ATR."""
    line = body(f"TRENDLINE_BULLISH_BREAK|EURUSD|{code}|1.1|0.0006|60", 900)
    long = market(*[(p, p + 5, p - 5, p) for p in (110_000, 110_010) * 500])
    fakes = Fakes()
    played = fakes.play([line], V6[tf], prices=long, trendline_entries=True)
    assert fakes.risk.asked[0].lot_multiplier == pytest.approx(V6[tf].lot_multiplier * factor)
    assert [o.role for o in played.record.orders] == ["A"]
    young = body(f"TRENDLINE_BULLISH_BREAK|EURUSD|{code}|1.1|0.0006|20", 900)
    refused = Fakes().play([young], V6[tf], prices=long, trendline_entries=True)
    assert refused.outcomes == [("refused", "trendline_insignificant")]


def test_the_1m_plugin_never_trades_trend_lines():
    line = body("TRENDLINE_BULLISH_BREAK|EURUSD|1|1.1|0.0006|60", 20)
    assert Fakes().play([line], V6["1m"], trendline_entries=True).outcomes == [("info", "trendline_break")]


# --- the screener ----------------------------------------------------------------------------------------------------


def test_the_full_screener_enters_at_most_five_times_a_day():
    alerts = [body(SCREENER.format(tf="1", score=9), 60 + n * 5, n) for n in range(7)]
    fakes = Fakes()
    played = fakes.play(alerts, V6["1m"], prices=market(*WAVES), screener_entries=True)
    assert [reason or outcome for outcome, reason in played.outcomes] == ["filled"] * 5 + ["screener_daily_limit"] * 2
    assert fakes.risk.asked[0].lot_multiplier == pytest.approx(0.5 * 1.5 * 0.5)
    (plan, *_), numbers = fakes.plans, played.record.decisions[0].numbers
    price, atr = fakes.risk.asked[0].entry_price, numbers["atr"]
    assert plan.sl == pytest.approx(price - 1.2 * atr)
    assert plan.tp_b == pytest.approx(price + 2 * atr)


def test_the_screener_needs_nine_of_nine_and_its_switch():
    eight = body(SCREENER.format(tf="1", score=8), 60)
    played = Fakes().play([eight], V6["1m"], prices=market(*WAVES), screener_entries=True)
    assert played.outcomes == [("refused", "screener_score_low")]
    nine = body(SCREENER.format(tf="1", score=9), 60)
    assert Fakes().play([nine], V6["1m"], prices=market(*WAVES)).outcomes == [("info", "screener")]


def test_no_atr_is_no_entry():
    early = body(SCREENER.format(tf="1", score=9), 2)
    played = Fakes().play([early], V6["1m"], prices=market(*flat(60)), screener_entries=True)
    assert played.outcomes == [("refused", "atr_unknown")]


# --- what is remembered ----------------------------------------------------------------------------------------------


def test_what_is_remembered_survives_as_json():
    """An hourly runner, a cooldown, a trend line and the screener's count, in a new plugin."""
    alerts = [
        v6_alert(20, tf="60", levels=FAR),
        body("EXIT_BULLISH|EURUSD|60|1.1|15", 60),
        body(SCREENER.format(tf="60", score=9), 900, 1),
    ]
    long = market(*[(p, p + 5, p - 5, p) for p in (110_000, 110_010) * 500])
    played = Fakes().play(alerts, V6["1h"], prices=long, screener_entries=True)
    state = json.loads(json.dumps(played.plugin().state()))
    assert set(state["entered"]) == {"EURUSD buy"} and state["screened"] and state["runners"]
    other = market(*flat(3)).prepare(V6["1h"]).registry.get_plugin("v6_price_action_1h")
    other.load_state(state)
    assert json.loads(json.dumps(other.state())) == state
    with pytest.raises(TypeError):
        other.load_state({"what": {}})
