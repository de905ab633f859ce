"""What counts against the caps: gross losses, and what is still at stake; by account and by plugin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.services.risk_desk import CATALOGUE, Desk, Refuses
from zepix.model import Side
from zepix.model.settings_risk import PluginLimits
from zepix.services.risk import RiskManagementService, TradeRequest

BUY = TradeRequest("EURUSD", "buy", 1.1, 1.099)  # 10 pips: $10 a lot and pip, $5 at the tier's 0.05


def test_profits_offset_no_losses() -> None:
    desk = Desk()
    desk.lose(80)
    desk.close(desk.ticket(), 500)
    limit = desk.risk.check_daily_limit()
    assert (limit.loss, limit.remaining, limit.can_trade) == (80, 120, True)
    assert desk.core.ledger.day_net == 420


def test_daily_cap_counts_open_risk() -> None:
    # §12.1: "no trades" at $150 of $100; REC of §8.4: the sum of the losses at the stops counts, not only closed ones
    desk = Desk()
    desk.lose(60)
    desk.ticket(lots="0.1", entry=1.1, sl=1.09)  # 100 pips: $100
    limit = desk.risk.check_daily_limit()
    assert (limit.loss, limit.open_risk, limit.remaining) == (60, 100, 40)
    desk.ticket("XAUUSD", -1, "0.02", 2050.0, 2070.0)  # 2000 pips x $1 x 0.02 = $40
    limit = desk.risk.check_daily_limit()
    assert (limit.remaining, limit.can_trade) == (0, False)
    answer = desk.risk.gate(BUY)
    assert (answer.allowed, answer.reason, answer.numbers["open_risk"]) == (False, "daily_cap", 140)


def test_money_of_yen_is_converted() -> None:
    desk = Desk()
    desk.ticket("USDJPY", 1, "0.1", 109.89, 108.89)  # 100 pips of 0.1 lots are 10,000 yen, at 109.89: $91.00
    assert round(desk.risk.check_daily_limit().open_risk, 2) == Decimal("91.00")


def test_stop_that_locks_a_profit_in_risks_nothing_and_offsets_nothing() -> None:
    desk = Desk()
    desk.ticket(lots="1", entry=1.1, sl=1.15)
    desk.ticket(lots="0.1", entry=1.1, sl=1.09)
    assert desk.risk.check_daily_limit().open_risk == 100


def test_partial_close_halves_what_is_at_stake() -> None:
    desk = Desk()
    ticket = desk.ticket(lots="0.1", entry=1.1, sl=1.09)
    ticket.steps = 5
    assert desk.risk.check_daily_limit().open_risk == 50


UNSTOPPED = {  # settings, symbol, lots, entry, quote now, dollars
    "the_widest_table": ({}, "EURUSD", "0.05", 1.1, (1.1, 1.1), 75),  # sl-1 at 10k: 150 pips x $0.50
    "the_widest_even_under_the_tight_system": ({"sl_system": "sl-2"}, "EURUSD", "0.05", 1.1, (1.1, 1.1), 75),
    "what_it_has_lost_if_that_is_more": ({}, "EURUSD", "0.05", 1.1, (1.08, 1.0802), 100),  # 200 pips
    "gold": ({}, "XAUUSD", "0.05", 2050.0, (2050.0, 2050.2), 75),  # 1500 pips x $0.05
    "a_symbol_of_no_table_counts_as_the_whole_cap": ({}, "XAGUSD", "0.01", 25.0, (25.0, 25.0), 200),
    "all_of_it_if_asked": ({"unstopped_risk": "cap"}, "EURUSD", "0.05", 1.1, (1.1, 1.1), 200),
}


@pytest.mark.parametrize(("settings", "symbol", "lots", "entry", "quote", "dollars"), UNSTOPPED.values(), ids=UNSTOPPED)
def test_ticket_without_a_stop(
    settings: dict, symbol: str, lots: str, entry: float, quote: tuple[float, float], dollars: int
) -> None:
    desk = Desk(**settings)
    desk.quotes.put(symbol, *quote)
    desk.ticket(symbol, 1, lots, entry, None)
    assert desk.risk.check_daily_limit().open_risk == dollars


UNDER_WAY: dict[str, tuple[dict[str, Any], int]] = {
    "market_from_the_price_of_now": ({"sl": 1.09}, 102),  # bought at the ask of 1.1002
    "market_sell_from_the_bid": ({"side": -1, "sl": 1.11}, 100),
    "stop_at_a_distance_of_the_fill": ({"sl_offset": -500}, 50),
    "limit_from_its_own_price": ({"kind": "limit", "price": 109_500, "sl": 1.09}, 50),
    "stop_limit_from_its_limit": ({"kind": "stop_limit", "price": 111_000, "limit": 110_800, "sl": 1.1}, 80),
    "without_a_stop": ({}, 150),
}


@pytest.mark.parametrize(("order", "dollars"), UNDER_WAY.values(), ids=UNDER_WAY)
def test_orders_under_way_count_as_what_they_would_become(order: dict, dollars: int) -> None:
    desk = Desk()
    desk.quotes.put("EURUSD", 1.1, 1.1002)
    desk.broker.orders.append(desk.order(**order))
    assert desk.risk.check_daily_limit().open_risk == dollars


def test_order_without_any_price_counts_by_the_cautious_rule() -> None:
    desk = Desk()
    desk.quotes.points["EURUSD"] = None
    desk.broker.orders.append(desk.order(sl=1.09))
    assert desk.risk.check_daily_limit().open_risk == 150


def test_lifetime_ends_only_by_hand() -> None:
    desk = Desk()
    for _ in range(5):
        desk.lose(199)
        desk.clock.now_ns += 86_400 * 10**9
    assert desk.risk.check_daily_limit().loss == 0
    desk.lose(10)
    limit = desk.risk.check_lifetime_limit()
    assert (limit.loss, limit.limit, limit.can_trade) == (1005, 1000, False)
    assert desk.risk.gate(BUY).reason == "lifetime_cap"
    desk.core.reset_lifetime()
    assert desk.risk.gate(BUY).allowed
    assert desk.risk.check_daily_limit().loss == 10


def test_less_than_a_dollar_left_is_nothing_left() -> None:
    # §4: refuse if what remains is below $1
    desk = Desk()
    desk.lose("199")
    assert desk.risk.check_daily_limit().can_trade
    desk.lose("0.01")
    assert (desk.risk.check_daily_limit().can_trade, desk.risk.get_remaining_daily_loss()) == (False, Decimal("0.99"))


# --- by plugin ----------------------------------------------------------------------------------------------------


def reason(desk: Desk, **limits: Any) -> str:
    return desk.core.for_plugin("p", PluginLimits(**limits)).gate(BUY).reason


def test_plugin_that_traded_enough_for_the_day() -> None:
    desk = Desk()
    for number in range(3):
        desk.close(desk.ticket(alert=f"a{number}"), 1)
    desk.ticket(plugin="other")
    assert reason(desk, max_trades_day=4) == ""
    assert reason(desk, max_trades_day=3) == "plugin_trades_limit"
    desk.clock.now_ns += 86_400 * 10**9
    assert reason(desk, max_trades_day=3) == ""


def test_legs_and_portions_of_one_alert_are_one_trade() -> None:
    desk = Desk()
    for _ in range(3):
        desk.ticket(alert="same", lots="0.01")
    assert reason(desk, max_trades_day=2, max_open=2) == ""
    desk.ticket(alert="next", lots="0.01")
    assert reason(desk, max_trades_day=2) == "plugin_trades_limit"
    assert reason(desk, max_open=2) == "plugin_open_limit"


def test_entries_under_way_count_as_trades_and_as_open() -> None:
    desk = Desk()
    desk.broker.orders.append(desk.order(sl=1.0999, alert="on its way"))
    assert reason(desk, max_trades_day=1) == "plugin_trades_limit"
    assert reason(desk, max_open=1) == "plugin_open_limit"


def test_plugin_that_lost_enough_for_the_day() -> None:
    # §3.1: V6 5m $300; here $50, with the plugin's own open risk
    desk = Desk()
    desk.lose(30, plugin="other")
    desk.lose(30)
    assert reason(desk, daily_loss_limit=50) == ""
    desk.ticket(lots="0.01", sl=1.079)  # 210 pips x $0.10 = $21
    assert reason(desk, daily_loss_limit=50) == "plugin_daily_loss"
    assert desk.core.for_plugin("other", PluginLimits(daily_loss_limit=Decimal(50))).gate(BUY).allowed


def test_request_own_limits_win() -> None:
    desk = Desk(limits=PluginLimits(max_open=1))
    desk.ticket(lots="0.01", sl=1.0999)
    assert desk.risk.gate(BUY).reason == "plugin_open_limit"
    assert desk.risk.gate(TradeRequest("EURUSD", "buy", 1.1, 1.099, max_open=2)).allowed


# --- the other checks ---------------------------------------------------------------------------------------------


def test_check_risk_limits_lists_what_speaks_against_it() -> None:
    desk = Desk()
    assert desk.risk.check_risk_limits("EURUSD", "0.05", "BUY").violations == ()
    desk.lose(1000)
    found = desk.risk.check_risk_limits("EURUSD", "0.05", "buy")
    assert (found.allowed, found.violations) == (False, ("daily_cap", "lifetime_cap"))
    assert desk.risk.check_risk_limits("DOGEUSD", 1, "buy").violations == ("unknown_symbol",)
    assert desk.risk.check_risk_limits("EURUSD", 0, "buy").violations == ("volume_too_small",)


def test_size_that_would_have_to_shrink_is_a_violation() -> None:
    # 0.20 lots at the table's 150 pips are $300 of a $200 day
    assert Desk().risk.check_risk_limits("EURUSD", "0.20", Side.BUY).violations == ("risk_too_large",)


def test_validate_trade_risk_by_pips() -> None:
    desk = Desk()
    fine = desk.risk.validate_trade_risk("EURUSD", "0.10", 200)
    assert (fine.valid, fine.reason, fine.numbers["risk_money"]) == (True, "", 200)
    assert desk.risk.validate_trade_risk("EURUSD", "0.10", 201).reason == "daily_cap"
    assert desk.risk.validate_trade_risk("EURUSD", "0.10").numbers["sl_pips"] == 150
    assert desk.risk.validate_trade_risk("EURUSD", "0.005", 10).reason == "volume_too_small"
    assert desk.risk.validate_trade_risk("EURUSD", "0.10", -5).reason == "invalid_stops"
    assert desk.risk.validate_trade_risk("XAGUSD", "0.10").reason == "invalid_stops"


def test_service_without_a_core_trades_nothing() -> None:
    desk = Desk()
    alone = RiskManagementService(desk.clock, desk.core.account, CATALOGUE, desk.core.conversions)
    with pytest.raises(LookupError, match="no core"):
        alone.gate(BUY)


def test_status_and_health_are_for_people() -> None:
    desk = Desk()
    desk.lose(50)
    status = desk.core.get_status()
    assert (status["daily_loss"], status["daily_remaining"], status["risk_tier"]) == ("50.00", "150.00", "10000")
    assert desk.core.is_healthy()
    assert Refuses().refusal() is None
