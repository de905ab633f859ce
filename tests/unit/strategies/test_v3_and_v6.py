"""V3 and V6 on one symbol: ``risk.cross_plugin_conflict`` (the rules of the trade, §2.5), on both brokers."""

from __future__ import annotations

import pytest

from tests.unit.strategies.fakes import V6, body, v6_alert
from tests.unit.strategies.v3_fakes import ALONE, play, v3_alert, v3_exit
from tests.world import Market, bars, flat
from zepix.model.settings_risk import RiskSettings

BROKERS = ("shadow", "backtrader")
BOTH = (ALONE, V6["5m"], V6["1h"])
LEAVE = "EXIT_BULLISH|EURUSD|5|1.1|15"


def met(broker, *alerts, rule="block_opposite", others=()):
    """(plugin, what became of it) of every alert."""
    prices = Market([bars(*flat(120)), *others], broker=broker)
    settings = RiskSettings(default_risk_tier="25000", cross_plugin_conflict=rule)
    return play(prices, alerts, classes=BOTH, risk=settings)


def told(played):
    return [(row.family, row.reason or row.outcome) for row in played.record.decisions]


def v3(at, side="buy", **changes):
    return v3_alert(at, side=side, **changes)


def v6(at, side="buy", **changes):
    return v6_alert(at, "BULLISH_ENTRY" if side == "buy" else "BEARISH_ENTRY", **changes)


V3_NAME, V6_NAME = "V3_COMBINED", "v6_price_action"


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("first", "second", "other"), [("buy", "sell", V6_NAME), ("sell", "buy", V6_NAME)])
def test_the_other_side_of_v3_is_closed_to_v6(first, second, other, broker):
    played = met(broker, v3(1, first), v6(10, second))
    assert told(played) == [(V3_NAME, "filled"), (other, "cross_plugin_conflict")]
    numbers = played.record.decisions[1].numbers
    assert (numbers["conflict_plugin"], numbers["conflict_side"]) == ("v3_combined", first)
    assert {o.plugin_id for o in played.record.orders} == {"v3_combined"}


@pytest.mark.parametrize("broker", BROKERS)
def test_the_other_side_of_v6_is_closed_to_v3_and_its_reversal_takes_only_its_own(broker):
    played = met(broker, v6(1), v3(10, "sell"))
    assert told(played) == [(V6_NAME, "filled"), (V3_NAME, "cross_plugin_conflict")]
    assert {f.exit_reason for f in played.record.fills} == {"end_of_data"}


@pytest.mark.parametrize("broker", BROKERS)
def test_the_same_side_is_open_to_both(broker):
    assert told(met(broker, v3(1), v6(10))) == [(V3_NAME, "filled"), (V6_NAME, "filled")]
    assert told(met(broker, v6(1, "sell"), v3(10, "sell"))) == [(V6_NAME, "filled"), (V3_NAME, "filled")]


def test_both_sides_are_open_where_it_is_allowed():
    assert told(met("shadow", v3(1), v6(10, "sell"), rule="allow")) == [(V3_NAME, "filled"), (V6_NAME, "filled")]


def test_the_charts_of_v6_are_one_family():
    """§2.5: different timeframes of V6 are independent."""
    played = met("shadow", v6(1), v6(10, "sell", tf="60"))
    assert told(played) == [(V6_NAME, "filled"), (V6_NAME, "filled")]


def test_another_symbol_is_another_matter():
    gold = bars(*flat(120, 2_030_490), symbol="XAUUSD")
    levels = (2028.0, 2033.0, 2035.5, 2038.0)
    sell = v6_alert(10, "BEARISH_ENTRY", symbol="XAUUSD", price=2030.5, levels=tuple(4061 - x for x in levels))
    assert told(met("shadow", v3(1), sell, others=[gold])) == [(V3_NAME, "filled"), (V6_NAME, "filled")]


def test_what_is_under_way_stands_in_the_way_too():
    """Both in one instant: the first is decided, and not yet filled."""
    assert told(met("shadow", v3(1), v6(1, "sell"))) == [(V3_NAME, "filled"), (V6_NAME, "cross_plugin_conflict")]


def test_what_is_closed_stands_in_nobodys_way():
    played = met("shadow", v3(1), v3_exit(10), v6(20, "sell"))
    assert told(played) == [(V3_NAME, "filled"), (V3_NAME, "closed"), (V6_NAME, "filled")]


def test_each_closes_its_own():
    """§12.3: a clear separation of V3 and V6: exits, money and limits."""
    played = met("shadow", v3(1), v6(2), body(LEAVE, 20), v3_exit(30))
    by_plugin = {f.plugin_id: f.exit_reason for f in played.record.fills}
    assert by_plugin == {"v3_combined": "signal", "v6_price_action_5m": "signal"}
    ends = {f.plugin_id: f.exit_ns for f in played.record.fills}
    assert ends["v6_price_action_5m"] < ends["v3_combined"]


def test_the_rule_is_one_of_two_words():
    with pytest.raises(ValueError, match="cross_plugin_conflict must be one of block_opposite, allow, not 'maybe'"):
        RiskSettings(cross_plugin_conflict="maybe")
