"""V3: what the gate is asked, what is ordered, what is refused. R is 0.00200: stop 1.098, TP1 1.103, TP2 1.106."""

from __future__ import annotations

import dataclasses

import pytest

from tests.unit.strategies.fakes import Fakes, body
from tests.unit.strategies.v3_fakes import ALONE, V3, v3_alert, v3_exit, v3_pulse, v3_squeeze
from tests.world import flat, market
from zepix.engine.registry import PluginRegistry
from zepix.errors import ConfigError
from zepix.model import Quantity


def test_the_gate_is_asked_with_the_plugins_own_numbers():
    """§2.7: 5 open, 10 a day, 500 of money, at most one lot; the tier's lots, times the conviction's factor."""
    fakes = Fakes()
    fakes.play([v3_alert(1)], ALONE)
    (asked,) = fakes.risk.asked
    assert (asked.max_open, asked.max_trades_day, asked.daily_loss_limit, asked.max_lot) == (5, 10, 500.0, 1.0)
    assert (asked.entry_price, asked.sl_price, asked.tp_price) == (1.1001, 1.098, 1.106)
    assert (asked.lots, asked.risk_percent, asked.lot_multiplier) == (None, None, 0.8)
    assert (asked.logic, asked.signal, asked.legs) == ("LOGIC1", "Momentum_Breakout", 2)
    assert not asked.is_recovery


def test_the_plan_has_the_alerts_levels_and_leaves_b_to_the_dual_orders():
    """§2.6, §2.7: A has the alert's stop, TP2 and trails; B TP1, where nothing is booked."""
    fakes = Fakes()
    fakes.play([v3_alert(1)], ALONE)
    (plan,) = fakes.plans
    assert (plan.sl, plan.tp_a, plan.tp_b) == (1.098, 1.106, 1.103)
    assert (plan.logic, plan.timeframe, plan.a_trailing, plan.rr_ratio) == ("LOGIC1", "5m", True, 1.5)
    assert (plan.routing, plan.order_b_sl, plan.profit_booking) == (None, None, None), "the service's own settings"
    assert plan.sl_multiplier == 1.0, "an alert's stop is never multiplied"


@pytest.mark.parametrize("reason", ["daily_cap", "session_closed", "no_money", "equity_guard", "cross_plugin_conflict"])
def test_the_gates_refusal_is_the_decisions_and_nothing_is_ordered(reason):
    fakes = Fakes()
    fakes.risk.reason = reason
    played = fakes.play([v3_alert(1)], ALONE)
    assert played.outcomes == [("refused", reason)]
    assert not played.record.orders
    numbers = played.record.decisions[0].numbers
    assert (numbers["conviction"], numbers["logic"], numbers["day_left"]) == (7, "LOGIC1", 150.0)


def test_the_bots_trends_block_no_fresh_entry():
    """§12.1: V3 entries blocked by an added trend check. All four pillars stand against this buy."""
    against = v3_pulse(1, "-1,-1,-1,-1,-1,-1")
    played = Fakes().play([against, v3_alert(2, mtf_trends="-1,-1,-1,-1,-1")], ALONE)
    assert played.outcomes[1] == ("filled", "")


def test_the_alerts_stop_is_the_stop():
    """§12.1: Pine SL ignored."""
    played = Fakes().play([v3_alert(1)], ALONE)
    assert {o.sl for o in played.record.orders} == {109_800}


def test_sells_are_entered():
    """§12.2.11: all V3 sells failed; §12.2.1: "BUY" fell into the branch of sells."""
    played = Fakes().play([v3_alert(1, side="sell")], ALONE)
    assert played.outcomes == [("filled", "")]
    assert [(o.side, o.sl, o.tp) for o in played.record.orders] == [(-1, 110_200, 109_400), (-1, 110_200, 109_700)]


def test_only_prices_are_levels():
    sent = dataclasses.replace(v3_alert(1), sl=Quantity(20.0, "pips"))
    assert Fakes().play([sent], ALONE).outcomes == [("refused", "unit_unknown")]


def test_a_squeeze_is_remembered_for_five_minutes():
    """§1.6, §13: a flag of 300 s, which entries note."""
    alerts = [v3_squeeze(1), v3_alert(5.5), v3_alert(7, "Liquidity_Trap", number=1)]
    played = Fakes().play(alerts, ALONE)
    notes = [row.numbers.get("high_alert") for row in played.record.decisions]
    assert notes == [None, 1.0, None]
    assert played.plugin().is_high_alert("EURUSD") is False


# --- cooldown (§1.7) -------------------------------------------------------------------------------------------------


def words(*alerts, **settings):
    played = Fakes().play(alerts, ALONE, **settings)
    return [reason or outcome for outcome, reason in played.outcomes]


def test_the_same_signal_of_one_bar_is_entered_once():
    alerts = [v3_alert(at, number=n) for n, at in enumerate((5, 6, 9.9, 10))]
    assert words(*alerts) == ["filled", "cooldown", "cooldown", "filled"]


def test_the_signal_of_the_next_bar_is_entered_however_late_the_last_one_came():
    """The real log: 23:25:07, then 23:30:00. A window of 300 s would have lost the second."""
    assert words(v3_alert(5.12), v3_alert(10, number=1)) == ["filled", "filled"]


def test_two_bars_of_a_minute_are_a_minute_apart():
    alerts = [v3_alert(at, tf="1", number=n) for n, at in enumerate((5.5, 6.2, 6.5))]
    assert words(*alerts) == ["filled", "cooldown", "filled"]


def test_the_cooldown_is_of_symbol_chart_signal_and_side():
    alerts = [
        v3_alert(5),
        v3_alert(5.1, tf="15"),
        v3_alert(5.2, "Liquidity_Trap"),
        v3_alert(5.3, side="sell", score=4),
        v3_alert(5.4, number=1),
    ]
    assert words(*alerts) == [*["filled"] * 4, "cooldown"]


def test_seconds_may_be_said_instead():
    alerts = [v3_alert(at, number=n) for n, at in enumerate((5, 9, 20))]
    assert words(*alerts, cooldown_s=600) == ["filled", "cooldown", "filled"]
    assert words(*alerts, cooldown_s=0) == ["filled"] * 3


def test_a_refused_entry_does_not_start_the_cooldown():
    low = v3_alert(5, score=4)
    assert words(low, v3_alert(6)) == ["conviction_low", "filled"]
    stale = v3_alert(5, tp1_price=1.0995, tp2_price=1.0996)  # targets behind the price: the broker says no
    assert words(stale, v3_alert(6, number=1)) == ["invalid_stops", "filled"]


# --- settings --------------------------------------------------------------------------------------------------------


def test_the_owners_two_tables_work():
    """names.md: v3_combined.settings.{entry_conditions, risk_management}."""
    fakes = Fakes()
    tables = {
        "entry_conditions": {"min_consensus_score": 8, "aggressive_reversal_signals": ["golden_pocket"]},
        "risk_management": {"max_open_trades": 2, "max_daily_trades": 4, "max_daily_loss": 250, "max_lot_size": 0.3},
    }
    played = fakes.play([v3_alert(1), v3_alert(2, score=8)], ALONE, **tables)
    assert [reason or outcome for outcome, reason in played.outcomes] == ["conviction_low", "filled"]
    (asked,) = fakes.risk.asked
    assert (asked.max_open, asked.max_trades_day, asked.daily_loss_limit, asked.max_lot) == (2, 4, 250.0, 0.3)
    plugin = played.plugin()
    assert plugin.aggressive_signals == ("Golden_Pocket_Flip",)
    assert plugin.get_status()["settings"]["max_open_trades"] == 2


PROBLEMS = [
    ({"entry_conditions": {"min_consensus": 5}}, "entry_conditions.min_consensus: unknown setting; did you mean"),
    ({"entry_conditions": {"min_consensus_score": "many"}}, "entry_conditions.min_consensus_score: expected a number"),
    ({"risk_management": {"max_lot": 0.5}, "max_lot": 0.4}, "max_lot is 0.5, and max_lot is 0.4; say it once"),
    ({"risk_management": {"max_open_trades": 0}}, "max_open_trades must be above 0"),
    ({"signals": ["Moon_Rocket"]}, "Moon_Rocket is no entry of V3"),
    ({"signals": ["Bullish_Exit"]}, "Bullish_Exit is no entry of V3"),
    ({"timeframe_logic": {"5m": "LOGIC9"}}, "LOGIC9 is no logic"),
    ({"min_consensus_score": 10}, "min_consensus_score must lie from 0 to 9"),
    ({"cooldown_s": -1}, "cooldown_s must not be negative"),
    ({"trend_rule": "both"}, "one of pillars, logic"),
]


@pytest.mark.parametrize(("settings", "said"), PROBLEMS)
def test_a_wrong_setting_is_told_before_the_run(settings, said):
    with pytest.raises(ConfigError, match="v3_combined") as raised:
        Fakes().play([], ALONE, **settings)
    assert said in str(raised.value)


# --- which plugin ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v3_combined", "combined_v3", "V3_COMBINED", "COMBINED_V3", "V3", "v3"])
def test_every_name_means_it(name):
    """§11.4, names.md."""
    registry = PluginRegistry()
    registry.register(V3)
    assert registry.find_class(name) is V3
    hinted = dataclasses.replace(v3_alert(1), strategy=None, plugin_hint=name)
    assert Fakes().play([hinted], ALONE).outcomes == [("filled", "")]


@pytest.mark.parametrize("tf", ["5", "15", "60", "240", "1D", "30"])
def test_alerts_of_every_chart_arrive(tf):
    """§11.4: 4h was missing among the timeframes, though routing knew 240."""
    played = Fakes().play([v3_alert(1, tf=tf), v3_exit(20, tf=tf)], ALONE)
    assert [o for o, _ in played.outcomes] == ["filled", "closed"]
    assert V3.info.timeframes == ("5m", "15m", "1h", "4h")


def test_v6_and_v3_alerts_do_not_mix():
    pulse = body("TREND_PULSE|EURUSD|15|4|2|15:BULL→BEAR|MIXED_BULLISH", 1)
    played = Fakes().play([pulse], ALONE, prices=market(*flat(20)))
    assert played.outcomes == [("ignored", "no_plugin_found")]
