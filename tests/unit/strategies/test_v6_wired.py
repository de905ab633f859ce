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


def test_the_decision_has_the_numbers_of_both_legs():
    """Order, lots, stop, target, ticket and price of A and of B, not of the first alone."""
    numbers = play([v6_alert(1)], V6["5m"]).record.decisions[0].numbers
    names = ("order", "volume", "sl", "tp", "ticket", "price")
    assert [numbers[f"{name}_a"] for name in names] == [1, 0.1, 1.098, 1.104, 1, 1.1001]
    assert [numbers[f"{name}_b"] for name in names] == [2, 0.1, 1.098, 1.102, 2, 1.1001]
    assert [numbers[name] for name in names] == [numbers[f"{name}_a"] for name in names]


def test_one_leg_has_its_numbers_once_and_a_ladder_those_of_each_portion():
    alone = play([v6_alert(1, tf="60")], V6["1h"]).record.decisions[0].numbers
    assert alone["tp"] == 1.106 and not [name for name in alone if name.startswith("order_")]
    ladder = play([v6_alert(1)], V6["5m"], exit_mode="plan").record.decisions[0].numbers
    assert [ladder[f"tp_{role}"] for role in ("tp1", "tp2", "tp3")] == [1.102, 1.104, 1.106]
    assert [ladder[f"volume_{role}"] for role in ("tp1", "tp2", "tp3")] == [0.1, 0.06, 0.04]


def test_information_reaches_every_plugin_of_the_run_and_entries_that_of_their_chart():
    """§1.6: pulses, states and the like are shared; §9.2: they speak of six timeframes, whatever chart they are of."""
    shared = [
        "TREND_PULSE|EURUSD|30|1|5|5:BULL→BEAR|TRENDING_BEARISH",
        "STATE_CHANGE|EURUSD|5|MIXED_BULLISH|NEUTRAL|4/2",
        "MOMENTUM_CHANGE|EURUSD|15|18|WEAK|26|STRONG|DECREASING",
        "SIDEWAYS_BREAKOUT|EURUSD|60|BULLISH|22|MODERATE|SIDEWAYS|INCREASING",
        "BREAKOUT|EURUSD|15|1.1|3|10|20",
        "TRENDLINE_BEARISH_BREAK|EURUSD|1|1.1|-0.0003|42",
        "SCREENER_FULL_BULLISH|EURUSD|240|9|MACD,STOCH,VORTEX,MOMENTUM,RSI,PSAR,DMI,MFI,FISHER",
    ]
    alerts = [body(text, n + 1) for n, text in enumerate(shared)] + [v6_alert(20, tf="60", number=9)]
    played = play(alerts, *V6.values())
    assert not played.simulation.engine.errors
    told = [(d.type, d.plugin_id.removeprefix("v6_price_action_"), d.outcome) for d in played.record.decisions]
    assert told[:-1] == [(alert.type, tf, "info") for alert in alerts[:-1] for tf in V6]
    assert told[-1] == ("entry", "1h", "filled")
    assert not [o for o in played.record.orders if o.plugin_id != "v6_price_action_1h"]


def test_a_pulse_of_any_chart_closes_what_an_exit_left_to_the_1h_plugin():
    """§3.4: exit alert 50 %, the rest until the pulse reverses. The pulse of the 5m chart says the same state."""
    alerts = [
        v6_alert(1, tf="60"),
        body("EXIT_BULLISH|EURUSD|60|1.1|15", 10),
        body("TREND_PULSE|EURUSD|5|4|2|5:BEAR→BULL|MIXED_BULLISH", 20),
        body("TREND_PULSE|EURUSD|5|1|5|5:BULL→BEAR|TRENDING_BEARISH", 30),
    ]
    played = play(alerts, V6["1h"])
    assert played.outcomes[2:] == [("info", "trend_pulse"), ("closed", "")]
    assert [f.exit_reason for f in played.record.fills] == ["signal", "signal"]


def test_the_trend_service_learns_of_alerts_that_no_plugin_takes():
    pulse = body("TREND_PULSE|EURUSD|5|1|5|5:BULL→BEAR|TRENDING_BEARISH", 1)
    untaken = v6_alert(2, tf="30")
    played = play([pulse, untaken], V6["15m"])
    assert played.outcomes[1] == ("ignored", "no_plugin_found")
    assert played.plugin().api.trend.get_market_state("EURUSD") == "TRENDING_BEARISH"


@pytest.mark.parametrize(("tf", "codes"), [("5m", "5"), ("15m", "15"), ("1h", "60")])
def test_a_stopped_order_a_is_recovered_at_seventy_per_cent(tf, codes):
    """§4, §6.3: V6's order A goes on as V3's does, once the pulse is with it; B has no chain of this kind."""
    rows = [*flat(4), (110_000, 110_000, 109_790, 109_790), *flat(3, 109_800), *flat(12, 109_960)]
    pulse = body("TREND_PULSE|EURUSD|5|5|1|5:SIDE->BULL|TRENDING_BULLISH", 2)
    played = play([v6_alert(1, tf=codes), pulse], V6[tf], prices=market(*rows), cooldown_s=0)
    assert not played.simulation.engine.errors
    roles = [o.role for o in played.record.orders if o.opens]
    assert roles.count("R") == 1, [(s.state, s.reason) for s in played.record.chains]


RISING = [(110_000 + 10 * n,) * 4 for n in range(400)]
PULSE = "TREND_PULSE|EURUSD|5|6|0|5:SIDE->BULL|TRENDING_BULLISH"


def chain_of_a(tf, rows, *, pulses=(0.5,), **settings):
    """The steps of the chain of one order A, where V6 is told of the pulse at these minutes."""
    told = [body(PULSE, at, n) for n, at in enumerate(pulses, 1)]
    alone = {"routing": "order_a_only", "trailing": False, "max_trades_day": 20, **settings}
    prices = market(*rows, account=AccountSpec(balance=Decimal(100_000)))
    played = play([v6_alert(1, tf=CODES[tf]), *told], V6[tf], prices=prices, **alone)
    assert not played.simulation.engine.errors
    return played, [s for s in played.record.chains if s.kind == "reentry"]


@pytest.mark.parametrize(("tf", "levels"), [("1m", 3), ("5m", 4), ("15m", 5), ("1h", 5)])
def test_order_a_goes_on_by_so_many_levels(tf, levels):
    """§6.2: 3, 4, 5, 5. The market rises through every target; the last level's target completes the chain."""
    played, steps = chain_of_a(tf, RISING, pulses=tuple(range(0, 400, 20)))
    assert [o.role for o in played.record.orders if o.opens] == ["A", *(f"C{n}" for n in range(2, levels + 1))]
    assert (steps[-1].state, steps[-1].reason, steps[-1].level) == ("completed", "max_level", levels)


SECOND = 1_000_000_000


@pytest.mark.parametrize(("tf", "cooldown_s"), [("1m", 3), ("5m", 5), ("15m", 10), ("1h", 15)])
def test_a_continuation_waits_for_its_cooldown(tf, cooldown_s):
    """§6.2: 3, 5, 10, 15 s after the target was hit."""
    _, steps = chain_of_a(tf, RISING)
    waits, placed = (next(s.t_ns for s in steps if s.reason == word) for word in ("waits", "placed"))
    assert placed - waits == cooldown_s * SECOND


@pytest.mark.parametrize(("tf", "minutes"), [("1m", 15), ("5m", 20), ("15m", 30), ("1h", 60)])
def test_a_continuation_waits_for_its_trend_as_long_as_its_window(tf, minutes):
    """§6.3: 15, 20, 30, 60 min. Nobody tells of a pulse, and the candles are too few to say anything."""
    _, steps = chain_of_a(tf, RISING[:200], pulses=())
    waits = next(s.t_ns for s in steps if s.reason == "waits")
    over = next(s.t_ns for s in steps if s.reason == "window_over")
    assert over - waits == minutes * 60 * SECOND
    assert "trend_against" in [s.reason for s in steps]


def test_order_b_of_1m_begins_no_chain():
    """§3.1: 1m trades B alone, and only order A goes on."""
    played = play([v6_alert(1, tf="1"), body(PULSE, 0.5)], V6["1m"], prices=market(*RISING))
    assert [o.role for o in played.record.orders if o.opens] == ["B"] and not played.record.chains


def test_v6_tells_of_its_trades_and_chains():
    """§10.1: opened, target hit, what goes on."""
    played, _ = chain_of_a("5m", RISING)
    told = [line["notice"] for _, line in played.lines("notification")]
    assert [kind for kind in told if kind in ("trade_opened", "tp_hit", "tp_reentry_executed")][:3] == [
        "trade_opened", "tp_hit", "tp_reentry_executed",
    ]  # fmt: skip
