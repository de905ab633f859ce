"""The filters of a V6 entry: which of them refuses, in which order, and the numbers that the decision keeps.

Thresholds are those of the rules of the trade, §3.1 REC and §13.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.strategies.fakes import V6, Fakes, body, v6_alert
from tests.world import CATALOGUE, Market, bars, flat, instrument, market, minute

PASSES = ("filled", "")


def first(fakes, alert, tf="5m", prices=None, **settings):
    """(outcome, reason) and numbers of one alert at one plugin."""
    played = fakes.play([alert], V6[tf], prices=prices, **settings)
    assert not played.simulation.engine.errors
    return played.outcomes[0], played.record.decisions[0].numbers


TF_CODE = {"1m": "1", "5m": "5", "15m": "15", "1h": "60"}
THRESHOLDS = [("1m", 20, 80, 0), ("5m", 25, 70, 3), ("15m", 20, 65, 3), ("1h", 15, 60, 4)]


@pytest.mark.parametrize(("tf", "adx", "score", "aligned"), THRESHOLDS)
def test_each_timeframe_passes_at_its_thresholds_and_refuses_just_below(tf, adx, score, aligned):
    code = TF_CODE[tf]
    at_all = {"adx": f"{adx}|WEAK", "score": f"LOW|{score}", "align": f"{aligned}/{6 - aligned}"}
    assert first(Fakes(), v6_alert(tf=code, **at_all), tf)[0] == PASSES
    low_adx = v6_alert(tf=code, **{**at_all, "adx": f"{adx - 0.1}|STRONG"})
    assert first(Fakes(), low_adx, tf)[0] == ("refused", "adx_low")
    low_score = v6_alert(tf=code, **{**at_all, "score": f"HIGH|{score - 1}"})
    assert first(Fakes(), low_score, tf)[0] == ("refused", "confidence_low")
    if aligned:
        few = v6_alert(tf=code, **{**at_all, "align": f"{aligned - 1}/{7 - aligned}"})
        assert first(Fakes(), few, tf)[0] == ("refused", "alignment_failed")


def test_a_sell_counts_the_falling_timeframes():
    assert first(Fakes(), v6_alert(word="BEARISH_ENTRY", align="2/4"))[0] == PASSES
    refused, numbers = first(Fakes(), v6_alert(word="BEARISH_ENTRY", align="4/2"))
    assert refused == ("refused", "alignment_failed")
    assert (numbers["aligned"], numbers["aligned_min"]) == (2, 3)


def test_filters_are_asked_in_their_order():
    """Everything is wrong; each repair shows the next filter (§3.2)."""
    fakes = Fakes()
    fakes.trend.market_state = "TRENDING_BEARISH"
    wrong = {"tf": "15", "adx": "5|WEAK", "score": "LOW|5", "align": "1/5"}
    wide = market(*flat(60), spread=30)
    settings = {"max_spread_pips": 2.0, "require_15m_alignment": True}
    repairs = [
        ("adx_low", {"adx": "30|STRONG"}),
        ("confidence_low", {"score": "HIGH|90"}),
        ("spread_high", {}),
        ("market_state_unfavorable", {}),
        ("alignment_failed", {"align": "5/1"}),
        ("higher_tf_misaligned", {}),
    ]
    for reason, repair in repairs:
        assert first(fakes, v6_alert(**wrong), "15m", wide, **settings)[0] == ("refused", reason)
        wrong |= repair
        if reason == "spread_high":
            wide = market(*flat(60), spread=20)
        if reason == "market_state_unfavorable":
            fakes.trend.market_state = "NEUTRAL"
    fakes.trend.trends["15m"] = 1
    assert first(fakes, v6_alert(**wrong), "15m", wide, **settings)[0] == PASSES


def test_a_refusal_keeps_the_numbers_that_decided():
    outcome, numbers = first(Fakes(), v6_alert(adx="18.2|WEAK"))
    assert outcome == ("refused", "adx_low")
    assert (numbers["adx"], numbers["adx_min"]) == (18.2, 25.0)
    assert "confidence" not in numbers, "what was not asked has no number"


def test_missing_adx_passes_and_is_said_unless_required():
    """ "NA" refuses nothing: the rules' REC is ``require_adx`` only."""
    outcome, numbers = first(Fakes(), v6_alert(adx="NA|NA"))
    assert (outcome, numbers["unknown"]) == (PASSES, "adx")
    assert first(Fakes(), v6_alert(adx="NA|NA"), require_adx=True)[0] == ("refused", "adx_unknown")


def test_missing_confidence_is_refused_unless_nothing_is_asked_of_it():
    alert = body('{"type":"entry_v6","ticker":"EURUSD","tf":"5","price":1.1,"direction":"BUY","adx":30,"sl":1.098}', 1)
    assert first(Fakes(), alert)[0] == ("refused", "confidence_unknown")
    assert first(Fakes(), alert, confidence_threshold=0)[0] == PASSES


def test_the_word_of_the_confidence_decides_nothing():
    assert first(Fakes(), v6_alert(score="LOW|95"))[0] == PASSES
    assert first(Fakes(), v6_alert(score="HIGH|69"))[0] == ("refused", "confidence_low")


@pytest.mark.parametrize("align", ["-", "0/0"])
def test_no_alignment_is_no_refusal_but_a_warning(align):
    fakes = Fakes()
    played = fakes.play([v6_alert(align=align)], V6["5m"])
    assert played.outcomes == [PASSES]
    assert played.record.decisions[0].numbers["unknown"] == "aligned"
    assert [fields["level"] for _, fields in played.lines("log")] == ["warning"]


def test_alignment_and_adx_of_the_json_form_are_read_too():
    text = '{"type":"entry_v6","ticker":"EURUSD","tf":"5","price":1.1,"direction":"BUY","conf_score":85,%s"sl":1.098}'
    assert first(Fakes(), body(text % '"adx":"26.5","align":"2/4",', 1))[0] == ("refused", "alignment_failed")
    assert first(Fakes(), body(text % '"adx":"NA","align":"3/3",', 1))[0] == PASSES
    assert first(Fakes(), body(text % '"adx":"20","align":"3/3",', 1))[0] == ("refused", "adx_low")


def test_one_minute_entries_need_a_spread_of_two_pips():
    alert = v6_alert(tf="1")
    assert first(Fakes(), alert, "1m", market(*flat(60), spread=20))[0] == PASSES
    outcome, numbers = first(Fakes(), alert, "1m", market(*flat(60), spread=21))
    assert (outcome, numbers["spread_pips"], numbers["spread_max"]) == (("refused", "spread_high"), 2.1, 2.0)


@pytest.mark.parametrize(("points", "expected"), [(200, PASSES), (201, ("refused", "spread_high"))])
def test_gold_counts_its_spread_in_tenths(points, expected):
    """2.0 pips of gold are 0.20 of price (§8.2): the market service's 999.9 or a factor of ten is gone."""
    prices = market(*flat(60, 2_030_500), symbol="XAUUSD", spread=points)
    prices.catalogue = CATALOGUE.with_instruments([instrument("XAUUSD", spread_pip=Decimal("0.10"))])
    alert = v6_alert(tf="1", symbol="XAUUSD", price=2030.5, levels=(2028.0, 2032.0, 2035.0, 2038.0))
    assert first(Fakes(), alert, "1m", prices)[0] == expected


def test_an_unknown_spread_never_trades():
    """Prices begin ten minutes after the first alert: 999.9 pips, whoever asks."""
    late = Market([bars(*flat(60), start=minute(10))])
    assert first(Fakes(), v6_alert(1, tf="1"), "1m", late)[0] == ("refused", "spread_unknown")
    assert first(Fakes(), v6_alert(1, tf="5"), "5m", late)[0] == ("refused", "no_prices")


STATES = [
    ("TRENDING_BULLISH", True, False),
    ("MIXED_BULLISH", True, False),
    ("NEUTRAL", True, True),
    ("UNKNOWN", True, True),
    ("SIDEWAYS", True, True),
    ("MIXED_BEARISH", False, True),
    ("TRENDING_BEARISH", False, True),
]


@pytest.mark.parametrize(("state", "buys", "sells"), STATES)
def test_fifteen_minutes_blocks_only_the_opposite_market_state(state, buys, sells):
    fakes = Fakes()
    fakes.trend.market_state = state
    refused = ("refused", "market_state_unfavorable")
    assert first(fakes, v6_alert(tf="15"), "15m")[0] == (PASSES if buys else refused)
    assert first(fakes, v6_alert(tf="15", word="BEARISH_ENTRY"), "15m")[0] == (PASSES if sells else refused)
    assert first(fakes, v6_alert(tf="5"), "5m")[0] == PASSES, "no other plugin asks for the state"


@pytest.mark.parametrize(("trend", "passes"), [(1, True), (0, False), (-1, False)])
def test_require_15m_alignment_reads_the_trend_map(trend, passes):
    """Off by default: then no trend of the bot's own blocks an entry ("Pine is boss")."""
    fakes = Fakes()
    fakes.trend.trends["15m"] = trend
    assert first(fakes, v6_alert())[0] == PASSES
    outcome, numbers = first(fakes, v6_alert(), require_15m_alignment=True)
    assert outcome == (PASSES if passes else ("refused", "higher_tf_misaligned"))
    assert numbers["trend_15m"] == trend


def test_require_higher_tf_alignment_asks_the_trend_service():
    fakes = Fakes()
    fakes.trend.higher_is_aligned = False
    assert first(fakes, v6_alert())[0] == PASSES
    assert first(fakes, v6_alert(), require_higher_tf_alignment=True)[0] == ("refused", "higher_tf_misaligned")


def test_the_owners_settings_work():
    """names.md: adx_threshold, confidence_threshold, require_15m_alignment of the 5m plugin."""
    assert first(Fakes(), v6_alert(adx="30|STRONG"), adx_threshold=31)[0] == ("refused", "adx_low")
    assert first(Fakes(), v6_alert(score="HIGH|85"), confidence_threshold=86)[0] == ("refused", "confidence_low")
    assert first(Fakes(), v6_alert(), require_15m_alignment=True)[0] == ("refused", "higher_tf_misaligned")
