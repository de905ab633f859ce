"""V3: aggressive reversals, the gap that is an option, conservative exits (the rules of the trade, §2.5)."""

from __future__ import annotations

import json

import pytest

from tests.unit.strategies.fakes import Fakes
from tests.unit.strategies.v3_fakes import ALONE, config_of, v3_alert, v3_exit
from tests.world import market
from zepix.alerts import AlertProcessor
from zepix.engine.registry import PluginConfig
from zepix.model import FillModel, Quarantined

BUY = v3_alert(1, "Sideways_Breakout", score=5)


def sides(played):
    """(side, why it ended) of each ticket, in the order of its end."""
    return [("buy" if f.side > 0 else "sell", f.exit_reason) for f in played.record.fills]


NO_TRENDS = {"trend_reversal_close": False}
"""An entry tells its trends too, which would close the other side five minutes later (test_trend_exits.py)."""
AGGRESSIVE = [
    ("Liquidity_Trap_Reversal", 4, True),
    ("Golden_Pocket_Flip", 4, True),
    ("Screener_Full_Bearish", 0, True),
    ("Momentum_Breakout", 2, True),
    ("Momentum_Breakout", 3, False),
    ("Sideways_Breakout", 4, False),
    ("Mitigation_Test_Entry", 2, True),
]


@pytest.mark.parametrize(("signal", "score", "closes"), AGGRESSIVE)
def test_four_signals_and_a_conviction_of_7_close_the_other_side(signal, score, closes):
    """A sell's conviction is 9 less its score: 2 is 7, 3 is 6."""
    played = Fakes().play([BUY, v3_alert(20, signal, "sell", score=score)], ALONE, **NO_TRENDS)
    assert played.outcomes == [("filled", ""), ("filled", "")]
    ended = {reason for side, reason in sides(played) if side == "buy"}
    assert ended == {"reversal" if closes else "end_of_data"}
    assert played.record.decisions[1].numbers.get("reverses", 0.0) == float(closes)


def test_the_new_entry_waits_for_the_confirmed_close():
    played = Fakes().play([BUY, v3_alert(20, side="sell")], ALONE)
    buys = [f for f in played.record.fills if f.side > 0]
    sells = [f for f in played.record.fills if f.side < 0]
    assert min(f.entry_ns for f in sells) >= max(f.exit_ns for f in buys)
    close = next(o for o in played.record.orders if o.kind == "close")
    assert all(o.id > close.id for o in played.record.orders if o.opens and o.side < 0)


def test_a_buy_reverses_sells_just_so():
    played = Fakes().play([v3_alert(1, side="sell", score=4), v3_alert(20)], ALONE)
    assert sides(played)[:2] == [("sell", "reversal")] * 2


def test_a_reversal_whose_entry_the_gate_refuses_closes_all_the_same():
    """It says that the other side is wrong; that the day's money is used up does not make it right."""
    fakes = Fakes()
    gate = fakes.risk.gate

    def then_no(request):
        fakes.risk.reason = "daily_cap" if fakes.risk.asked else ""
        return gate(request)

    fakes.risk.gate = then_no
    played = fakes.play([BUY, v3_alert(20, side="sell")], ALONE)
    assert played.outcomes == [("filled", ""), ("refused", "daily_cap")]
    assert sides(played) == [("buy", "reversal")] * 2


def test_a_reversal_that_a_filter_refuses_closes_nothing():
    weak = v3_alert(20, "Liquidity_Trap", "sell", score=6)
    played = Fakes().play([BUY, weak], ALONE, **NO_TRENDS)
    assert played.outcomes == [("filled", ""), ("refused", "conviction_low")]
    assert sides(played) == [("buy", "end_of_data")] * 2


def test_entries_that_leave_do_not_count_among_those_open():
    fakes = Fakes()
    fakes.play([BUY, v3_alert(20, side="sell")], ALONE)
    assert [(asked.max_open, asked.reverses) for asked in fakes.risk.asked] == [(5, False), (5, True)]


def test_entries_that_leave_while_they_are_under_way_do_not_count_either():
    """A latency of 61 s: the buy has no ticket yet when it is taken along."""
    fakes = Fakes()
    prices = market(*[(110_000,) * 4] * 60)
    prices.fill = FillModel(latency_ms=61_000)
    prices.play([BUY, v3_alert(1.5, side="sell")], ALONE, before=fakes.register)
    assert [(asked.max_open, asked.reverses) for asked in fakes.risk.asked] == [(5, False), (5, True)]


def test_only_own_tickets_are_closed():
    """§2.5: own plugin only. Another plugin of the same class keeps its buy."""
    plugins = [config_of(), PluginConfig("other_v3", "v3_combined", dict(NO_TRENDS))]
    other = v3_alert(2, "Sideways_Breakout", score=5, plugin_hint="other_v3", number=1)
    sell = v3_alert(20, side="sell", plugin_hint="v3_combined")
    fakes = Fakes()
    mine = v3_alert(1, "Sideways_Breakout", score=5, plugin_hint="v3_combined")
    prices = market(*[(110_000,) * 4] * 60)
    played = prices.play([mine, other, sell], ALONE, plugins=plugins, before=fakes.register)
    ended = {(f.plugin_id, f.exit_reason) for f in played.record.fills if f.side > 0}
    assert ended == {("v3_combined", "reversal"), ("other_v3", "end_of_data")}


def test_an_entry_under_way_is_taken_along():
    played = Fakes().play([BUY, v3_alert(1, side="sell", number=1)], ALONE)
    assert {reason for side, reason in sides(played) if side == "buy"} == {"reversal"}


def test_a_reversal_alert_of_another_dialect_closes_whatever_its_score():
    sent = {"type": "reversal", "strategy": "V3", "symbol": "EURUSD", "side": "sell", "signal": "Momentum_Breakout"}
    from tests.unit.strategies.fakes import body

    played = Fakes().play([BUY, body(json.dumps(sent), 20)], ALONE)
    assert played.outcomes[1] == ("refused", "score_unknown")
    assert sides(played) == [("buy", "reversal")] * 2


# --- the gap (an option) ---------------------------------------------------------------------------------------------

MINUTE_20 = [(110_000,) * 4] * 20


def gap_played(rows, *alerts, **settings):
    """The bars before the reversal are flat, ``rows`` begin at minute 20; the sell comes at its opening."""
    prices = market(*MINUTE_20, *rows, *[rows[-1][3:] * 4] * 20)
    return Fakes().play(
        [BUY, v3_alert(20, side="sell"), *alerts], ALONE, prices=prices, reversal_mode="gap", **settings
    )


def test_the_gap_comes_in_time_and_the_entry_is_that_alerts():
    """20 pips below the ask of 110_010 are 109_810; the bar falls to an ask of 109_790."""
    played = gap_played([(110_000, 110_000, 109_780, 109_790)], gap_wait_s=90)
    assert played.outcomes[1] == ("closed", "")
    sold = [o for o in played.record.orders if o.opens and o.side < 0]
    assert [(o.role, o.status, o.alert_id) for o in sold] == [(leg, "filled", "20/0") for leg in "AB"]
    assert sold[0].decided_ns > played.record.decisions[1].received_ns
    assert played.record.decisions[1].numbers["gap_level"] == pytest.approx(1.0981)


def test_a_gap_too_small_or_too_late_enters_nothing():
    small = gap_played([(110_000, 110_000, 109_805, 109_810)], gap_wait_s=90)
    late = gap_played([(110_000,) * 4, (110_000, 110_000, 109_780, 109_790)])
    for played in (small, late):
        assert not [o for o in played.record.orders if o.opens and o.side < 0]
        assert sides(played) == [("buy", "reversal")] * 2
        assert any("no gap of 20 pips" in fields["text"] for _, fields in played.lines("log"))
        assert not played.plugin().memory.waiting


def test_an_exit_of_the_new_side_ends_the_wait():
    leave = v3_exit(20.1, "Bearish_Exit")
    played = gap_played([(110_000,) * 4, (110_000, 110_000, 109_780, 109_790)], leave, gap_wait_s=600)
    assert not [o for o in played.record.orders if o.opens and o.side < 0]


def test_without_anything_to_close_there_is_no_waiting():
    played = Fakes().play([v3_alert(20, side="sell")], ALONE, reversal_mode="gap")
    assert played.outcomes == [("filled", "")]


# --- exits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "gone"), [("Bullish_Exit", "buy"), ("Bearish_Exit", "sell")])
def test_the_word_of_an_exit_names_the_tickets(word, gone):
    """§2.5: the code closed sells on Bullish_Exit."""
    alerts = [BUY, v3_alert(2, side="sell", score=4), v3_exit(20, word)]
    played = Fakes().play(alerts, ALONE, **NO_TRENDS)
    assert played.outcomes[2] == ("closed", "")
    assert {side for side, reason in sides(played) if reason == "signal"} == {gone}


def test_an_exit_enters_nothing():
    played = Fakes().play([BUY, v3_exit(20)], ALONE)
    assert [o.kind for o in played.record.orders] == ["market", "market", "close"]


def test_an_exit_of_nothing_says_so():
    assert Fakes().play([v3_exit(20, "Bearish_Exit")], ALONE).outcomes == [("ignored", "nothing_to_close")]
    played = Fakes().play([BUY, v3_exit(20), v3_exit(25, number=1)], ALONE)
    assert played.outcomes[2] == ("ignored", "nothing_to_close"), "nothing is closed twice"


def test_an_exit_whose_direction_says_otherwise_is_set_aside():
    """§2.5: the direction is the side of the closing deal, and a cross-check."""
    sent = {"type": "exit_v3", "signal_type": "Bullish_Exit", "symbol": "EURUSD", "direction": "buy", "tf": "5"}
    from tests.world import CATALOGUE, T0

    found = AlertProcessor(CATALOGUE).parse(json.dumps({**sent, "price": 1.1}), received_ns=T0, id="x")
    assert isinstance(found, Quarantined) and found.reason == "conflicting_side"


def test_an_exit_of_any_chart_closes_the_symbol():
    played = Fakes().play([BUY, v3_alert(2, tf="60"), v3_exit(20, tf="15")], ALONE)
    assert {reason for _, reason in sides(played)} == {"signal"}
