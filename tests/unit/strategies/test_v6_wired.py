"""V6 on the real risk, trend, dual order and exits services: sizes, splits, caps, and the trend that is really kept."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.strategies.fakes import V6, body, v6_alert
from tests.unit.strategies.wired import play
from tests.world import flat, market
from zepix.model import AccountSpec

GOLD = {"symbol": "XAUUSD", "price": 2030.5, "levels": (2028.0, 2033.0, 2035.5, 2038.0)}
CODES = {"1m": "1", "5m": "5", "15m": "15", "1h": "60"}


def gold(account=None):
    """Ask 2030.500: a stop at 2028.000 is 2.50 away, 250 pips."""
    return market(*flat(60, 2_030_490), symbol="XAUUSD", spread=10, account=account or AccountSpec())


def test_risk_based_lot_of_the_page():
    """§14.4: 10,000 x 1.5 % = 150; 2.50 of gold is 250 a lot: 0.60 lots, capped to the 5m plugin's 0.20."""
    played = play([v6_alert(1, **GOLD)], V6["5m"], prices=gold())
    assert played.outcomes == [("filled", "")]
    numbers = played.record.decisions[0].numbers
    assert numbers["lots"] == 0.20
    assert [(o.role, o.volume_steps) for o in played.record.orders] == [("A", 10), ("B", 10)]
    assert 0.60 in numbers.values(), f"the lots before the cap are kept: {numbers}"


@pytest.mark.parametrize("tf", ["1m", "5m", "15m", "1h"])
def test_every_plugin_trades_on_the_real_services(tf):
    """§12.2.2, .4, .6: wrong arguments, missing methods, a field read after the order: no plugin ever traded."""
    prices = market(*flat(60), spread=10)
    played = play([v6_alert(1, tf=CODES[tf])], V6[tf], prices=prices)
    assert not played.simulation.engine.errors
    assert played.outcomes == [("filled", "")]
    most = Decimal(str(V6[tf].max_lot))
    total = sum(o.volume_steps for o in played.record.orders)
    assert 0 < total <= int(most * 100)
    assert all(o.sl == 109_800 for o in played.record.orders)


def test_trailing_and_break_even_go_to_the_broker_with_order_a():
    """§4: from half the stop distance (105 of 210 points) by quarters; §3.3: break-even at TP1, 2 pips beyond."""
    played = play([v6_alert(1)], V6["5m"])
    trails = {o.role: [tuple(trail) for trail in o.trails] for o in played.record.orders}
    assert trails["B"] == []
    assert (105, 53, 105) in trails["A"]
    assert any(step == 0 and start - distance == 20 for start, step, distance in trails["A"])
    hourly = play([v6_alert(1, tf="60")], V6["1h"])
    assert [o.trails for o in hourly.record.orders] == [()]


def test_the_daily_loss_of_the_plugin_stops_it():
    """Gold falls through the stop: 0.20 lots lose 50 a time; at 300 a day, and the account's cap of 200, no more."""
    drop = [2_030_490, 2_020_000]
    rows = [(p, p, p, p) for p in drop * 30]
    prices = market(*rows, symbol="XAUUSD", spread=10)
    alerts = [v6_alert(n, **GOLD, number=n) for n in range(2, 58, 8)]
    played = play(alerts, V6["5m"], prices=prices)
    reasons = [reason or outcome for outcome, reason in played.outcomes]
    assert reasons[0] == "filled"
    assert reasons[-1] in ("daily_cap", "risk_too_large", "volume_too_small")


def test_the_number_of_open_entries_is_limited():
    """1h: two entries, whose legs are one entry each; the third waits."""
    alerts = [v6_alert(n * 61 + 1, tf="60", number=n) for n in range(3)]
    played = play(alerts, V6["1h"], risk=None)
    assert [reason or outcome for outcome, reason in played.outcomes] == ["filled", "filled", "plugin_open_limit"]


def test_a_pulse_of_any_chart_tells_the_15m_trend():
    """§9.2: the chart's timeframe says nothing of that timeframe; ``changes`` do."""
    told = body("TREND_PULSE|EURUSD|60|4|2|15:BEAR→BULL|MIXED_BULLISH", 1)
    chart = body("TREND_PULSE|EURUSD|15|6|0|60:BEAR→BULL|TRENDING_BULLISH", 1)
    on = {"require_15m_alignment": True}
    assert play([told, v6_alert(5)], V6["5m"], **on).outcomes[1] == ("filled", "")
    assert play([chart, v6_alert(5)], V6["5m"], **on).outcomes[1] == ("refused", "higher_tf_misaligned")
    assert play([chart, v6_alert(5)], V6["5m"]).outcomes[1] == ("filled", "")


def test_the_15m_plugin_hears_the_state_that_a_pulse_of_another_chart_told():
    pulse = body("TREND_PULSE|EURUSD|5|1|5|5:BULL→BEAR|TRENDING_BEARISH", 1)
    played = play([pulse, v6_alert(5, tf="15")], V6["15m"])
    assert played.outcomes[1] == ("refused", "market_state_unfavorable")
    assert played.record.decisions[1].numbers["market_state"] == "TRENDING_BEARISH"


def test_a_reversal_on_the_real_services_waits_for_its_close():
    played = play([v6_alert(1), v6_alert(30, "REVERSAL_BEARISH")], V6["5m"])
    buys = [f for f in played.record.fills if f.side > 0]
    sells = [f for f in played.record.fills if f.side < 0]
    assert {f.exit_reason for f in buys} == {"reversal"} and sells
    assert min(f.entry_ns for f in sells) >= max(f.exit_ns for f in buys)
    assert all(o.after == () for o in played.record.orders), "nothing is held any more"
    held = [o for o in played.record.orders if o.opens and o.side < 0]
    assert [o.status for o in held] == ["filled", "filled"]


def test_a_lot_too_small_to_split_goes_as_a_alone():
    """200 of balance: 1.5 % is 3.00, a hundredth of a lot loses 2.10 at the stop: 0.01 lots, A alone."""
    small = market(*flat(60), account=AccountSpec(balance=Decimal(200)))
    played = play([v6_alert(1)], V6["5m"], prices=small)
    assert [(o.role, o.volume_steps) for o in played.record.orders] == [("A", 1)]
    assert played.record.decisions[0].numbers["b_left_out"] == "volume_too_small"


def test_a_ladder_on_the_real_services():
    played = play([v6_alert(1)], V6["5m"], exit_mode="plan")
    assert [o.role for o in played.record.orders] == ["TP1", "TP2", "TP3"]
    assert played.outcomes == [("filled", "")]
