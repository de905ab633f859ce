"""What leaves for a reversal: it counts with what its close loses now, and neither as open nor by its lots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.unit.services.risk_desk import Desk
from zepix.model import Side
from zepix.model.settings_risk import PluginLimits
from zepix.services.risk import TradeRequest
from zepix.services.risk_values import GateAnswer


def ask(desk: Desk, *, reverses: bool, side: str = "sell", lots: str = "0.10", **more: Any) -> GateAnswer:
    """150 pips to the stop: 0.10 lots may lose 150 USD."""
    entry = 1.098
    stop = entry + 0.015 * (1 if side == "sell" else -1)
    return desk.risk.gate(TradeRequest("EURUSD", side, entry, stop, lots=lots, reverses=reverses, **more))


def bought(desk: Desk, *, now: float = 1.098, sl: float | None = 1.085) -> Desk:
    """0.10 lots at 1.1000, 150 pips to the stop; now 20 pips under water: a close costs 20 USD."""
    desk.quotes.put("EURUSD", now, now)
    desk.ticket(lots="0.10", entry=1.1, sl=sl, alert="buy")
    return desk


def test_a_reversal_has_the_room_that_its_own_close_leaves() -> None:
    """Of the day's 200 the buy may lose 150, and will lose 20: 50 left are 0.03 lots, 180 are all of 0.10."""
    desk = bought(Desk())
    beside = ask(desk, reverses=False)
    assert (beside.lots, beside.numbers["day_left"]) == (Decimal("0.03"), 50)
    instead = ask(desk, reverses=True)
    assert (instead.lots, instead.numbers["day_left"], instead.numbers["open_risk"]) == (Decimal("0.10"), 180, 20)


def test_a_ticket_that_leaves_with_a_profit_costs_nothing_and_gives_nothing() -> None:
    desk = bought(Desk(), now=1.12)
    assert ask(desk, reverses=True).numbers["day_left"] == 200


def test_what_has_no_stop_leaves_too() -> None:
    """The cautious rule has the table's 150 pips for it; the close costs 20 of them."""
    desk = bought(Desk(), sl=None)
    assert ask(desk, reverses=False).numbers["day_left"] == 50
    assert ask(desk, reverses=True).numbers["day_left"] == 180


def test_only_the_plugins_own_other_side_leaves() -> None:
    desk = bought(Desk())
    desk.ticket(lots="0.01", side=-1, entry=1.098, sl=1.108, alert="sell")  # the same side as the new one: 10 USD
    desk.ticket(lots="0.01", entry=1.1, sl=1.09, plugin="other", alert="theirs")  # 10
    desk.ticket("GBPUSD", lots="0.01", entry=1.25, sl=1.24, alert="elsewhere")  # 10
    assert ask(desk, reverses=True).numbers["day_left"] == 200 - 20 - 30


def test_entries_that_leave_fill_no_limit() -> None:
    desk = bought(Desk(limits=PluginLimits(max_open=1)))
    assert ask(desk, reverses=False).reason == "plugin_open_limit"
    assert ask(desk, reverses=True).allowed
    desk.broker.orders.append(desk.order(sl=1.085, alert="on its way"))
    assert ask(desk, reverses=True).allowed, "what is taken along neither"
    desk.ticket(side=-1, entry=1.098, sl=1.099, lots="0.01", alert="stays")
    assert ask(desk, reverses=True).reason == "plugin_open_limit"


def test_what_is_taken_along_is_a_trade_of_the_day_all_the_same() -> None:
    desk = Desk(limits=PluginLimits(max_trades_day=1))
    desk.broker.orders.append(desk.order(sl=1.085, alert="on its way"))
    assert ask(desk, reverses=True).reason == "plugin_trades_limit"


def test_lots_and_places_that_leave_are_free() -> None:
    desk = bought(Desk(max_symbol_lots=Decimal("0.10"), max_symbol_open=1, max_concurrent_by_tier={"10000": 1}))
    assert ask(desk, reverses=False).reason == "concurrent_limit"
    answer = ask(desk, reverses=True)
    assert (answer.reason, answer.lots, answer.numbers["exposure_left"]) == ("", Decimal("0.10"), 0.1)


def test_of_an_entry_of_which_a_ticket_stays_nothing_is_free() -> None:
    """A shield (SELL) leaves for a buy; B of the entry that it guards stays, and so does the entry."""
    desk = Desk()
    desk.ticket(lots="0.01", entry=1.1, sl=1.09, alert="one")
    shield = desk.ticket(lots="0.01", side=-1, entry=1.098, sl=1.1, alert="one")
    shield.chain_id = "SHIELD_EURUSD_00000001"
    look = desk.core.at_stake.look
    assert (look("10000", "p", "EURUSD").plugin_entries, look("10000", "p", "EURUSD", -1).plugin_entries) == (1, 1)
    assert look("10000", "p", "EURUSD", 1).plugin_entries == 1


def test_sides_may_be_written_in_words_or_not() -> None:
    desk = bought(Desk())
    request = TradeRequest("EURUSD", Side.SELL, 1.098, 1.113, lots="0.10", reverses=True)
    assert desk.risk.gate(request).lots == Decimal("0.10")
