"""Routing, targets, size, cooldown and reversals of V6 entries.

R is 0.00200: stop 1.098, TP1 1.102, TP2 1.104, TP3 1.106.
"""

from __future__ import annotations

import dataclasses

import pytest

from tests.unit.strategies.fakes import V6, Fakes, body, v6_alert
from tests.world import flat, market
from zepix.engine.registry import PluginRegistry, builtin_strategies
from zepix.errors import ConfigError

CODES = {"1m": "1", "5m": "5", "15m": "15", "1h": "60"}
ROUTES = [
    ("1m", [("B", 110_200)]),
    ("5m", [("A", 110_400), ("B", 110_200)]),
    ("15m", [("A", 110_400)]),
    ("1h", [("A", 110_600)]),
]


def legs(played):
    """(role, target, stop) of every opening order, in points."""
    return [(o.role, o.tp, o.sl) for o in played.record.orders if o.opens]


@pytest.mark.parametrize(("tf", "expected"), ROUTES)
def test_routing_and_targets_by_timeframe(tf, expected):
    """§3.1: B / A+B / A / A; B to TP1, A to TP2, on 1h to TP3; one stop for both."""
    played = Fakes().play([v6_alert(tf=CODES[tf])], V6[tf])
    assert legs(played) == [(role, tp, 109_800) for role, tp in expected]
    assert played.outcomes == [("filled", "")]


REQUESTS = [
    ("1m", 1.0, 0.5, 0.10, 3, 20, 200.0, 1),
    ("5m", 1.5, 1.0, 0.20, 4, 12, 300.0, 2),
    ("15m", 1.5, 1.2, 0.20, 3, 8, 400.0, 1),
    ("1h", 2.0, 1.5, 0.15, 2, 5, 500.0, 1),
]


@pytest.mark.parametrize(("tf", "percent", "times", "lot", "most_open", "a_day", "loss", "tickets"), REQUESTS)
def test_the_gate_is_asked_with_the_plugins_own_numbers(tf, percent, times, lot, most_open, a_day, loss, tickets):
    """§3.1 [PC] and REC: risk, multiplier, caps; the price that the order would pay, the alert's stop."""
    fakes = Fakes()
    fakes.play([v6_alert(tf=CODES[tf])], V6[tf])
    (asked,) = fakes.risk.asked
    assert (asked.risk_percent, asked.lot_multiplier, asked.max_lot, asked.legs) == (percent, times, lot, tickets)
    assert (asked.max_open, asked.max_trades_day, asked.daily_loss_limit) == (most_open, a_day, loss)
    assert (asked.entry_price, asked.sl_price, asked.signal) == (1.1001, 1.098, "BULLISH_ENTRY")


@pytest.mark.parametrize("reason", ["daily_cap", "session_closed", "no_money", "equity_guard"])
def test_the_gates_refusal_is_the_decisions_and_nothing_is_ordered(reason):
    fakes = Fakes()
    fakes.risk.reason = reason
    played = fakes.play([v6_alert(1)], V6["5m"])
    assert played.outcomes == [("refused", reason)]
    assert played.record.decisions[0].numbers["day_left"] == 150.0
    assert not played.record.orders


def test_the_decision_keeps_every_number():
    numbers = Fakes().play([v6_alert(1)], V6["5m"]).record.decisions[0].numbers
    expected = {"adx": 26.5, "confidence": 85.0, "aligned": 6, "stop": 1.098, "lots": 0.1, "day_left": 150.0}
    assert {name: numbers[name] for name in expected} == expected


def test_a_missing_third_target_means_the_second():
    alert = v6_alert(tf="60")
    fields = {name: value for name, value in alert.fields.items() if name != "tp3"}
    played = Fakes().play([_with(alert, fields=fields)], V6["1h"])
    assert legs(played) == [("A", 110_400, 109_800)]


def test_without_stop_and_targets_the_table_gives_the_stop_and_the_ratio_the_target():
    """Risk management off in the script leaves stop and targets out."""
    fakes = Fakes()
    fakes.risk.table_sl = 1.085
    fakes.play([v6_alert(levels=())], V6["5m"])
    (plan,) = fakes.plans
    assert (plan.sl, plan.tp_a, plan.tp_b, plan.rr_ratio) == (1.085, None, None, 1.5)
    assert Fakes().play([v6_alert(levels=())], V6["5m"], missing_stop="refuse").outcomes == [("refused", "no_stop")]


WRONG_STOPS = [
    ("above the price of a buy", "BULLISH_ENTRY", 1.10100),
    ("inside the spread of a buy", "BULLISH_ENTRY", 1.10005),
    ("at the bid of a buy", "BULLISH_ENTRY", 1.10000),
    ("below the price of a sell", "BEARISH_ENTRY", 1.09900),
    ("inside the spread of a sell", "BEARISH_ENTRY", 1.10005),
]


@pytest.mark.parametrize(("case", "word", "stop"), WRONG_STOPS)
def test_a_stop_that_a_close_would_meet_at_once_is_refused(case, word, stop):
    """§12.1: invalid stops 10016, both legs failed; §12.2.1: side validation was skipped."""
    sign = 1 if "BULLISH" in word else -1
    levels = (stop, 1.1 + sign * 0.002, 1.1 + sign * 0.004, 1.1 + sign * 0.006)
    fakes = Fakes()
    played = fakes.play([v6_alert(word=word, levels=levels)], V6["5m"])
    assert played.outcomes == [("refused", "invalid_stops")], case
    assert played.record.decisions[0].numbers["stop"] == stop
    assert not fakes.risk.asked


def test_both_cases_of_the_side_trade_the_same_way():
    """§12.2.1: "BUY" once fell into the SELL branch."""
    for word, sign in (("BULLISH_ENTRY", 1), ("BEARISH_ENTRY", -1)):
        played = Fakes().play([v6_alert(word=word)], V6["5m"])
        assert [o.side for o in played.record.orders] == [sign, sign]


# --- size ----------------------------------------------------------------------------------------------------------


def test_reducers_are_off_and_cut_what_the_gate_gave():
    fakes = Fakes()
    fakes.trend.momentum = "DECREASING"
    weak = v6_alert(tf="15", adx="19|WEAK")
    settings = {"adx_threshold": 10}
    fakes.play([weak], V6["15m"], **settings)
    fakes.play([weak], V6["15m"], **settings, weak_adx_factor=0.5)
    fakes.play([weak], V6["15m"], **settings, weak_adx_factor=0.5, decreasing_momentum_factor=0.75)
    assert [float(plan.lots) for plan in fakes.plans] == [0.1, 0.05, 0.0375]


def test_the_second_leg_goes_where_the_first_is_refused():
    """§4: no rollback; the decision says what failed."""
    fakes = Fakes(refuse={"B": "volume_too_small: half of 0.01"})
    played = fakes.play([v6_alert(1)], V6["5m"])
    assert played.outcomes == [("filled", "")]
    assert played.record.decisions[0].numbers["legs"] == "volume_too_small: half of 0.01"
    both = Fakes(refuse={"A": "invalid_stops: too near", "B": "volume_too_small: half"})
    played = both.play([v6_alert(1)], V6["5m"])
    assert played.outcomes == [("refused", "invalid_stops")]
    assert not played.record.orders


# --- cooldown --------------------------------------------------------------------------------------------------------


def test_a_second_entry_within_a_bar_waits():
    """§13: max(60 s, one bar). V6 fires inside bars, so one signal may come again."""
    alerts = [v6_alert(at, number=n) for n, at in enumerate((1, 3, 5.4, 6))]
    assert [d.reason for d in Fakes().play(alerts, V6["5m"]).record.decisions] == ["", "cooldown", "cooldown", ""]
    alerts = [v6_alert(at, tf="1", number=n) for n, at in enumerate((1, 1.52, 2.04))]
    assert [d.reason for d in Fakes().play(alerts, V6["1m"]).record.decisions] == ["", "cooldown", ""]


def test_the_cooldown_is_of_a_symbol_and_a_side():
    alerts = [v6_alert(1), v6_alert(2, "BEARISH_ENTRY")]
    played = Fakes().play(alerts, V6["5m"], opposite_entry_reverses=False)
    assert played.outcomes == [("filled", ""), ("filled", "")]


def test_a_refused_entry_does_not_start_the_cooldown():
    """§1.7: stored only after success, so that a failed order does not block the next try."""
    low = v6_alert(1, adx="5|WEAK")
    assert Fakes().play([low, v6_alert(2)], V6["5m"]).outcomes == [("refused", "adx_low"), ("filled", "")]
    levels = (1.098, 1.0995, 1.0996, 1.0997)  # targets on the wrong side: the broker says no
    wrong = v6_alert(1, levels=levels)
    played = Fakes().play([wrong, v6_alert(3)], V6["5m"])
    assert played.outcomes == [("refused", "invalid_stops"), ("filled", "")]


# --- reversals -------------------------------------------------------------------------------------------------------


def test_a_reversal_closes_and_enters_after_the_confirmed_close():
    alerts = [v6_alert(1), v6_alert(20, "REVERSAL_BEARISH")]
    played = Fakes().play(alerts, V6["5m"])
    first, second = played.record.fills[:2], played.record.fills[2:]
    assert [(f.side, f.exit_reason) for f in first] == [(1, "reversal")] * 2
    assert [f.side for f in second] == [-1, -1]
    assert min(f.entry_ns for f in second) >= max(f.exit_ns for f in first)
    close = next(o for o in played.record.orders if o.kind == "close")
    plans = [o for o in played.record.orders if o.opens and o.side < 0]
    assert all(o.id > close.id for o in plans)
    assert played.outcomes == [("filled", ""), ("filled", "")]


def test_a_reversal_closes_even_where_its_entry_is_refused():
    alerts = [v6_alert(1), v6_alert(20, "REVERSAL_BEARISH", adx="5|WEAK")]
    played = Fakes().play(alerts, V6["5m"])
    assert played.outcomes == [("filled", ""), ("refused", "adx_low")]
    assert [f.exit_reason for f in played.record.fills] == ["reversal", "reversal"]


def test_an_opposite_entry_is_a_reversal_and_a_switch():
    alerts = [v6_alert(1), v6_alert(20, "BEARISH_ENTRY")]
    played = Fakes().play(alerts, V6["5m"])
    assert [f.exit_reason for f in played.record.fills][:2] == ["reversal", "reversal"]
    hedged = Fakes().play(alerts, V6["5m"], opposite_entry_reverses=False)
    assert {f.exit_reason for f in hedged.record.fills} == {"end_of_data"}


def test_an_opposite_entry_that_is_refused_closes_nothing():
    """Only an explicit reversal closes whatever the filters say."""
    for settings, change in (({}, {"adx": "5|WEAK"}), ({}, {"levels": (1.09, 1.098, 1.096, 1.094)})):
        played = Fakes().play([v6_alert(1), v6_alert(20, "BEARISH_ENTRY", **change)], V6["5m"], **settings)
        assert {f.exit_reason for f in played.record.fills} == {"end_of_data"}


def test_entries_that_are_about_to_leave_do_not_fill_the_limit_of_open_ones():
    fakes = Fakes()
    fakes.play([v6_alert(1), v6_alert(20, "BEARISH_ENTRY")], V6["5m"])
    fakes.play([v6_alert(1)], V6["5m"], opposite_entry_reverses=False)
    assert [(asked.max_open, asked.reverses) for asked in fakes.risk.asked] == [(4, True), (4, True), (4, False)]


def test_a_reversal_takes_an_entry_under_way_along():
    """Both in one second: the buy has not been filled when the reversal comes."""
    alerts = [v6_alert(1), v6_alert(1, "REVERSAL_BEARISH", number=1)]
    played = Fakes().play(alerts, V6["5m"])
    assert {(f.side, f.exit_reason) for f in played.record.fills} == {(1, "reversal"), (-1, "end_of_data")}


# --- which plugin ----------------------------------------------------------------------------------------------------


def test_each_timeframe_goes_to_its_plugin_and_no_other():
    alerts = [v6_alert(n + 1, tf=code) for n, code in enumerate(CODES.values())]
    played = Fakes().play(alerts, *V6.values())
    assert [d.plugin_id for d in played.record.decisions] == [f"v6_price_action_{tf}" for tf in CODES]


@pytest.mark.parametrize("code", ["240", "1D", "30", "5"])
def test_an_alert_of_another_timeframe_never_falls_to_the_first_plugin(code):
    """§11.4: strategy alone once sent 240 to the 1m plugin."""
    (decision,) = Fakes().play([v6_alert(tf=code)], V6["1m"]).record.decisions
    assert (decision.outcome, decision.reason) == ("ignored", "no_plugin_found")


def test_four_hours_go_to_the_1h_plugin_where_it_accepts_them():
    refused = Fakes().play([v6_alert(tf="240")], *V6.values())
    assert (refused.record.decisions[0].plugin_id, *refused.outcomes[0]) == (
        "v6_price_action_1h",
        "refused",
        "wrong_timeframe",
    )
    taken = Fakes().play([v6_alert(tf="240")], V6["1h"], accept_4h=True)
    assert taken.outcomes == [("filled", "")]


def test_a_hint_does_not_get_past_the_timeframe():
    hinted = _with(v6_alert(tf="5"), plugin_hint="v6_price_action_1h")
    assert Fakes().play([hinted], *V6.values()).outcomes == [("refused", "wrong_timeframe")]


@pytest.mark.parametrize("name", ["price_action_1m", "price_action_5m", "PRICE_ACTION_15M", "v6_price_action_1h"])
def test_the_aliases_find_the_plugins(name):
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    found = registry.find_class(name).info
    assert found.plugin_id == f"v6_{name.lower().removeprefix('v6_')}"


def test_settings_that_make_no_sense_are_refused_all_at_once():
    wrong = {"max_lot": 0, "adx_threshold": 120, "min_alignment": 7, "cooldown_s": -1}
    wrong["exits"] = {"levels": [{"at": "tp1", "portion": 1.5}]}
    with pytest.raises(ConfigError) as raised:
        market(*flat(3)).prepare(V6["5m"], **wrong)
    said = str(raised.value)
    assert all(name in said for name in wrong), said


def test_two_plugins_of_one_symbol_do_not_touch_each_others_tickets():
    """§12.2.16: a magic number for all. An exit of the 15m chart leaves the 5m plugin's tickets alone."""
    alerts = [v6_alert(1, tf="5"), v6_alert(2, tf="15"), body("EXIT_BULLISH|EURUSD|15|1.1|15", 20)]
    fills = Fakes().play(alerts, V6["5m"], V6["15m"]).record.fills
    assert sorted((f.plugin_id, f.exit_reason) for f in fills) == [
        ("v6_price_action_15m", "signal"),
        ("v6_price_action_5m", "end_of_data"),
        ("v6_price_action_5m", "end_of_data"),
    ]


def test_the_next_bar_counts_in_a_falling_market_too():
    """The order goes at the price that is there, not at the alert's: a stale alert price once made wrong stops."""
    falling = market(*[(p, p, p, p) for p in range(110_000, 109_900, -1)])
    alert = v6_alert(30, levels=(1.0980, 1.102, 1.104, 1.106))
    fakes = Fakes()
    fakes.play([alert], V6["5m"], prices=falling)
    assert fakes.risk.asked[0].entry_price == pytest.approx(1.0998, abs=2e-5)


def _with(alert, **changes):
    return dataclasses.replace(alert, **changes)
