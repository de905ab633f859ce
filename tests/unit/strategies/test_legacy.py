"""Legacy alerts (ZepixPremium) on fakes: what each closes, what an entry needs, which side an exit means."""

from __future__ import annotations

import json

import pytest

from tests.unit.strategies.fakes import Fakes, body, shipped
from tests.world import flat, market
from zepix.errors import ConfigError

LEGACY = shipped("legacy")


def sent(minute, kind, signal, tf="5m", number=0, **more):
    """A legacy body: ``{"type": "trend", "symbol": "EURUSD", "signal": "bull", "tf": "15m", ...}``."""
    fields = {"type": kind, "symbol": "EURUSD", "signal": signal, "tf": tf, "price": 1.1, "strategy": "ZepixPremium"}
    return body(json.dumps(fields | more), minute, number)


def bullish():
    fakes = Fakes()
    fakes.trend.trends = {"15m": 1, "1h": 1, "1d": 1}
    fakes.risk.table_sl = 1.085
    return fakes


def mixed():
    """Trends that let both sides in, so that tickets of both can be there."""
    fakes = bullish()
    fakes.trend.check_logic_alignment = lambda symbol, logic, side: type("A", (), _ALIGNED)()  # type: ignore[method-assign]
    return fakes


_ALIGNED = {"aligned": True, "detail": "", "count": 2, "needed": 2, "reason": ""}


def play(fakes, *alerts, **settings):
    played = fakes.play(alerts, LEGACY, **settings)
    assert not played.simulation.engine.errors
    return played


LOGICS = [("5m", "LOGIC1"), ("15m", "LOGIC2"), ("1h", "LOGIC3")]


@pytest.mark.parametrize(("tf", "logic"), LOGICS)
def test_the_timeframe_names_the_logic(tf, logic):
    """§12.1: the name ZepixPremium once gave "Unknown logic"."""
    fakes = bullish()
    played = play(fakes, sent(1, "entry", "buy", tf))
    assert played.outcomes == [("filled", "")]
    assert (fakes.risk.asked[0].logic, fakes.plans[0].logic) == (logic, logic)
    assert played.record.decisions[0].plugin_id == "legacy"


NEEDS = [("5m", ("1h", "15m")), ("15m", ("1h", "15m")), ("1h", ("1d", "1h"))]


@pytest.mark.parametrize(("tf", "pair"), NEEDS)
def test_an_entry_needs_both_trends_of_its_logic(tf, pair):
    """§2.4: legacy entries must pass; §9.1: LOGIC1 and LOGIC2 by 1h and 15m, LOGIC3 by 1d and 1h."""
    for missing in pair:
        fakes = bullish()
        fakes.trend.trends[missing] = 0
        played = play(fakes, sent(1, "entry", "buy", tf))
        assert played.outcomes == [("refused", "trend_mismatch")]
        numbers = played.record.decisions[0].numbers
        assert (numbers["trends_aligned"], numbers["trends_needed"]) == (1, 2)
        assert missing in numbers["trends"]
        assert not fakes.risk.asked
    against = play(bullish(), sent(1, "entry", "sell", tf))
    assert against.outcomes == [("refused", "trend_mismatch")]
    assert play(bullish(), sent(1, "entry", "sell", tf), needs_trend=False).outcomes[0][1] != "trend_mismatch"


def test_daily_charts_have_no_entries():
    assert play(bullish(), sent(1, "entry", "buy", "1d")).outcomes == [("refused", "wrong_timeframe")]


def test_stop_and_target_are_the_alerts_else_of_the_table_and_the_ratio():
    fakes = bullish()
    play(fakes, sent(1, "entry", "buy", sl=1.09, tp=1.12))
    play(fakes, sent(1, "entry", "buy"))
    first, second = fakes.plans
    assert (first.sl, first.tp_a) == (1.09, 1.12)
    assert (second.sl, second.tp_a, second.rr_ratio) == (1.085, None, 1.5)
    assert first.routing == "order_a_only"


@pytest.mark.parametrize("reason", ["daily_cap", "session_closed", "plugin_open_limit"])
def test_the_gates_refusal_is_the_decisions(reason):
    fakes = bullish()
    fakes.risk.reason = reason
    assert play(fakes, sent(1, "entry", "buy")).outcomes == [("refused", reason)]
    assert not fakes.plans


def test_a_second_entry_within_five_minutes_waits():
    """§13: legacy 300 s, by symbol, timeframe and side."""
    alerts = [sent(at, "entry", "buy", number=n) for n, at in enumerate((1, 3, 5.4, 6))]
    other = sent(3, "entry", "buy", "15m", number=9)
    played = play(bullish(), *alerts, other)
    reasons = {(d.timeframe, d.received_ns): d.reason for d in played.record.decisions}
    assert [reason for _, reason in sorted((ns, r) for (tf, ns), r in reasons.items() if tf == "5m")] == [
        "",
        "cooldown",
        "cooldown",
        "",
    ]
    assert [reason for (tf, _), reason in reasons.items() if tf == "15m"] == [""]


def test_a_refused_entry_does_not_start_the_cooldown():
    wrong = sent(1, "entry", "buy", sl=1.09, tp=1.0995)  # the broker refuses a target on the wrong side
    played = play(bullish(), wrong, sent(3, "entry", "buy"))
    assert played.outcomes == [("refused", "invalid_stops"), ("filled", "")]


CLOSES = [  # what comes, the side of the tickets that it closes (1 buys, -1 sells, 0 none), and why
    (("exit", "bull", "5m"), -1, "signal"),
    (("exit", "bear", "5m"), 1, "signal"),
    (("reversal", "reversal_bull", "5m"), -1, "reversal"),
    (("reversal", "reversal_bear", "5m"), 1, "reversal"),
    (("trend", "bull", "15m"), -1, "reversal"),
    (("trend", "bear", "1h"), 1, "reversal"),
    (("bias", "bear", "1d"), 0, ""),
]


@pytest.mark.parametrize(("alert", "side", "why"), CLOSES)
def test_what_closes_which_side(alert, side, why):
    """§1.2: bull closes sells, bear closes buys; an opposite trend closes, a bias does not; nothing is entered."""
    fakes = mixed()
    alerts = [sent(1, "entry", "buy"), sent(2, "entry", "sell", sl=1.12), sent(20, *alert)]
    played = play(fakes, *alerts, opposite_entry_closes=False)
    closed = {(f.side, f.exit_reason) for f in played.record.fills if f.exit_reason != "end_of_data"}
    assert closed == ({(side, why)} if side else set())
    assert len([o for o in played.record.orders if o.opens]) == 2
    assert played.outcomes[2] == (("closed", "") if side else ("info", "trend_unchanged"))


def test_a_trend_may_be_told_not_to_close():
    played = play(bullish(), sent(1, "entry", "buy"), sent(20, "trend", "bear", "15m"), trend_closes=False)
    assert {f.exit_reason for f in played.record.fills} == {"end_of_data"}


@pytest.mark.parametrize("alert", [("exit", "bull"), ("reversal", "reversal_bear")])
def test_nothing_to_close_is_said(alert):
    assert play(bullish(), sent(1, *alert)).outcomes == [("ignored", "nothing_to_close")]


def test_an_opposite_entry_closes_first_and_waits_for_it():
    """§2.6: opposite entry, reason OPPOSITE_SIGNAL."""
    fakes = mixed()
    played = play(fakes, sent(1, "entry", "buy"), sent(20, "entry", "sell", sl=1.12))
    (buy,) = [f for f in played.record.fills if f.side > 0]
    (sell,) = [f for f in played.record.fills if f.side < 0]
    assert buy.exit_reason == "reversal" and sell.entry_ns >= buy.exit_ns
    assert fakes.plans[1].after == (2,)


def test_an_opposite_entry_that_is_refused_closes_nothing():
    fakes = bullish()
    played = play(fakes, sent(1, "entry", "buy"), sent(20, "entry", "sell", sl=1.12))
    assert played.outcomes[1] == ("refused", "trend_mismatch")
    assert {f.exit_reason for f in played.record.fills} == {"end_of_data"}


def test_the_cooldown_survives_as_json():
    played = play(bullish(), sent(1, "entry", "buy"))
    state = json.loads(json.dumps(played.plugin().state()))
    other = market(*flat(3)).prepare(LEGACY).registry.get_plugin("legacy")
    other.load_state(state)
    assert other.state() == state and list(state["entered"]) == ["EURUSD 5m buy"]


def test_settings_that_make_no_sense_are_refused_all_at_once():
    with pytest.raises(ConfigError) as raised:
        market(*flat(3)).prepare(LEGACY, rr_ratio=0, max_lot=-1, cooldown_s=-5)
    assert all(name in str(raised.value) for name in ("rr_ratio", "max_lot", "cooldown_s"))
