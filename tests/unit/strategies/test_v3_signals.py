"""V3: which signal, which logic, how convinced. Answers are those of the rules of the trade, §2.1 to §2.3."""

from __future__ import annotations

import dataclasses

import pytest

from tests.unit.strategies.fakes import Fakes
from tests.unit.strategies.v3_fakes import ALONE, v3_alert, v3_exit, v3_pulse, v3_squeeze

ALIASES = [
    ("Institutional_Launchpad", "Institutional_Launchpad"),
    ("Liquidity_Trap_Reversal", "Liquidity_Trap_Reversal"),
    ("Liquidity_Trap", "Liquidity_Trap_Reversal"),
    ("Momentum_Breakout", "Momentum_Breakout"),
    ("Momentum_Ignition", "Momentum_Breakout"),
    ("Mitigation_Test_Entry", "Mitigation_Test_Entry"),
    ("Mitigation_Test", "Mitigation_Test_Entry"),
    ("Mitigation_Block", "Mitigation_Test_Entry"),
    ("Golden_Pocket_Flip", "Golden_Pocket_Flip"),
    ("Golden_Pocket", "Golden_Pocket_Flip"),
    ("Screener_Full_Bullish", "Screener_Full_Bullish"),
    ("Screener", "Screener_Full_Bullish"),
    ("Sideways_Breakout", "Sideways_Breakout"),
]


def asked(alert, **settings):
    """The request that reached the gate, and the decision."""
    fakes = Fakes()
    played = fakes.play([alert], ALONE, **settings)
    assert not played.simulation.engine.errors
    return (fakes.risk.asked or [None])[0], played.record.decisions[0]


@pytest.mark.parametrize("spelling", [str, str.lower, str.upper], ids=["as sent", "lower", "upper"])
@pytest.mark.parametrize(("word", "known"), ALIASES)
def test_every_spelling_of_an_entry_enters(word, known, spelling):
    """§2.1: the handler map did not know Mitigation_Test_Entry, the lists said Liquidity_Trap."""
    request, row = asked(v3_alert(signal=spelling(word), score=9))
    assert (request.signal, row.outcome) == (known, "filled")


def test_the_short_screener_goes_by_its_side():
    request, _ = asked(v3_alert(signal="Screener", side="sell", score=0))
    assert request.signal == "Screener_Full_Bearish"


@pytest.mark.parametrize("word", ["Exit_Bullish", "Bullish_Exit", "BULLISH_EXIT", "exit_bullish"])
def test_every_spelling_of_an_exit_exits(word):
    played = Fakes().play([v3_alert(1), v3_exit(20, word)], ALONE)
    assert [o for o, _ in played.outcomes] == ["filled", "closed"]


def test_a_word_that_nobody_knows_is_never_entered():
    """§1.6: unknown types were tried as entries."""
    for word in ("Moon_Rocket", "", "Trend_Pulse", "Volatility_Squeeze"):
        _, row = asked(v3_alert(signal=word))
        assert (row.outcome, row.reason) == ("refused", "unknown_signal")


def test_pulse_and_squeeze_are_information():
    """§12.2.10: both fell through to the entry handler, and failed the model for want of a direction."""
    played = Fakes().play([v3_pulse(1), v3_squeeze(2)], ALONE)
    assert played.outcomes == [("info", "trend_pulse"), ("info", "squeeze")]
    assert not played.record.orders


# --- logic (§2.2) ----------------------------------------------------------------------------------------------------

ROUTES = [
    ("Momentum_Breakout", "5", "LOGIC1"),
    ("Momentum_Breakout", "15", "LOGIC2"),
    ("Momentum_Breakout", "60", "LOGIC3"),
    ("Momentum_Breakout", "240", "LOGIC3"),
    ("Momentum_Breakout", "1D", "LOGIC3"),
    ("Momentum_Breakout", "30", "LOGIC2"),
    ("Momentum_Breakout", "1", "LOGIC2"),
    ("Screener_Full_Bullish", "5", "LOGIC3"),
    ("Screener_Full_Bullish", "15", "LOGIC3"),
    ("Golden_Pocket_Flip", "5", "LOGIC1"),
    ("Golden_Pocket_Flip", "15", "LOGIC2"),
    ("Golden_Pocket_Flip", "60", "LOGIC3"),
    ("Golden_Pocket_Flip", "240", "LOGIC3"),
]


@pytest.mark.parametrize(("signal", "tf", "logic"), ROUTES)
def test_the_signal_goes_before_the_chart_and_the_chart_before_the_default(signal, tf, logic):
    request, row = asked(v3_alert(signal=signal, tf=tf, score=9))
    assert request.logic == logic
    assert row.numbers["logic"] == logic


def test_a_golden_pocket_of_an_hour_is_logic3_even_where_hours_are_another_logic():
    table = {"1h": "LOGIC2"}
    assert asked(v3_alert(signal="Golden_Pocket_Flip", tf="60"), timeframe_logic=table)[0].logic == "LOGIC3"
    assert asked(v3_alert(tf="60"), timeframe_logic=table)[0].logic == "LOGIC2"
    assert asked(v3_alert(tf="5"), timeframe_logic=table)[0].logic == "LOGIC1", "the other rows stay"


def test_charts_and_logics_may_be_refused():
    for settings, change, reason in (
        ({"default_logic": ""}, {"tf": "30"}, "wrong_timeframe"),
        ({"logics": ["LOGIC2", "LOGIC3"]}, {"tf": "5"}, "logic_off"),
        ({"signals": ["Liquidity_Trap"]}, {}, "signal_off"),
    ):
        request, row = asked(v3_alert(**change), **settings)
        assert (request, row.outcome, row.reason) == (None, "refused", reason)


# --- conviction (§2.2, §2.3) -----------------------------------------------------------------------------------------

THRESHOLDS = [
    ("Momentum_Breakout", "buy", 5, ""),
    ("Momentum_Breakout", "buy", 4, "conviction_low"),
    ("Momentum_Breakout", "sell", 4, ""),
    ("Momentum_Breakout", "sell", 5, "conviction_low"),
    ("Momentum_Breakout", "sell", 0, ""),
    ("Institutional_Launchpad", "buy", 7, ""),
    ("Institutional_Launchpad", "buy", 6, "conviction_low"),
    ("Institutional_Launchpad", "sell", 2, ""),
    ("Institutional_Launchpad", "sell", 3, "conviction_low"),
    ("Sideways_Breakout", "buy", 4, "conviction_low"),
    ("Mitigation_Test_Entry", "sell", 4, ""),
]


@pytest.mark.parametrize(("signal", "side", "score", "reason"), THRESHOLDS)
def test_conviction_counts_on_both_sides(signal, side, score, reason):
    """§12.2.11: all sells failed the score of 5. A sell's conviction is 9 less the score: 5 needs a score of 4."""
    _, row = asked(v3_alert(signal=signal, side=side, score=score))
    assert (row.outcome, row.reason) == (("refused", reason) if reason else ("filled", ""))
    assert row.numbers["conviction"] == (score if side == "buy" else 9 - score)


def test_the_score_is_a_filter():
    """§12.1: score filter missing. Each score from 0 to 9, with the default of 5."""
    words = [asked(v3_alert(score=score))[1].reason for score in range(10)]
    assert words == ["conviction_low"] * 5 + [""] * 5


FACTORS = [
    ("the alert's, for a buy", "buy", 7, {}, 0.8, "alert"),
    ("the alert's, whatever the score says", "buy", 7, {"position_multiplier": 0.5}, 0.5, "alert"),
    ("the best sell is no longer 0.2", "sell", 0, {"position_multiplier": 0.2}, 1.0, "steps"),
    ("a sell of 7", "sell", 2, {"position_multiplier": 0.2}, 0.8, "steps"),
    ("a sell of 5", "sell", 4, {"position_multiplier": 0.4}, 0.6, "steps"),
    ("the bot's own table where the alert says nothing", "buy", 7, {"position_multiplier": None}, 0.85, "table"),
    ("the same for a sell", "sell", 1, {"position_multiplier": None}, 0.9, "table"),
]


@pytest.mark.parametrize(("case", "side", "score", "changes", "factor", "told_by"), FACTORS)
def test_the_size_follows_the_conviction(case, side, score, changes, factor, told_by):
    """§2.2: the alert's multiplier is not aware of the direction."""
    request, row = asked(v3_alert(side=side, score=score, **changes))
    assert request.lot_multiplier == pytest.approx(factor), case
    assert row.numbers["size_factor_from"] == told_by


@pytest.mark.parametrize("way", ["steps", "table"])
def test_one_table_for_all_where_a_setting_says_so(way):
    expected = {"steps": [0.6, 0.6, 0.8, 0.8, 1.0], "table": [0.7, 0.8, 0.85, 0.9, 1.0]}[way]
    found = [
        asked(v3_alert(score=score, position_multiplier=0.33), consensus_sizing=way)[0].lot_multiplier
        for score in range(5, 10)
    ]
    assert found == expected


def test_the_screener_sends_its_own_multiplier_on_both_sides():
    for side, score in (("buy", 9), ("sell", 0)):
        word = "Screener_Full_Bullish" if side == "buy" else "Screener_Full_Bearish"
        request, row = asked(v3_alert(signal=word, side=side, score=score, position_multiplier=1.0))
        assert (request.lot_multiplier, row.numbers["size_factor_from"]) == (1.0, "alert")


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_missing_score_is_refused_unless_no_score_is_wanted():
    bare = v3_alert(consensus_score=None)
    assert asked(bare)[1].reason == "score_unknown"
    request, row = asked(bare, min_consensus_score=0)
    assert (row.outcome, request.lot_multiplier) == ("filled", 0.8), "a buy has the alert's multiplier"
    request, _ = asked(v3_alert(side="sell", consensus_score=None), min_consensus_score=0)
    assert request.lot_multiplier == 0.2, "a sell's means nothing, so it has the least"


@pytest.mark.parametrize("score", [10, -1, 4.5, "many", 1e999])
def test_a_score_out_of_range_never_reaches_the_strategy(score):
    """The dialect sets the body aside."""
    with pytest.raises(AssertionError, match=r"bad_number|quarantin|reason="):
        v3_alert(consensus_score=score)


@pytest.mark.parametrize("score", [10.0, -1.0, float("nan"), "x", True])
def test_a_score_out_of_range_of_another_dialect_is_refused(score):
    """An alert of another dialect may name V3 and carry anything."""
    sent = v3_alert()
    found = dataclasses.replace(sent, fields={**sent.fields, "consensus_score": score})
    expected = "score_out_of_range" if score in (10.0, -1.0) else "score_unknown"
    assert asked(found)[1].reason == expected
