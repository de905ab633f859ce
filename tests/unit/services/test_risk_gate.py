"""The gate: its order, its reasons, and the size it lets through; numbers as zepix-rules §4, §8 and §14 work them."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.services.risk_desk import Desk
from zepix.model import Refused
from zepix.model.settings_risk import PluginLimits
from zepix.services.risk import TradeRequest
from zepix.services.risk_values import GATE_REASONS


def ask(symbol: str = "EURUSD", side: str = "buy", entry: float | None = 1.1, sl: float | None = 1.099, **rest: Any):
    return TradeRequest(symbol, side, entry, sl, **rest)


# --- what passes --------------------------------------------------------------------------------------------------


def test_entry_that_passes_says_its_size_its_stop_and_every_number() -> None:
    # §12.2, 5: the original raised NameError exactly where everything was fine
    answer = Desk().risk.gate(ask(legs=2, max_spread_pips=2.0, max_open=3, max_trades_day=10, daily_loss_limit=300))
    assert (answer.allowed, answer.reason, answer.lots, answer.sl_price) == (True, "", Decimal("0.05"), 1.099)
    assert bool(answer)
    assert answer.refused is None
    assert answer.numbers == {
        "risk_tier": "10000", "plugin_trades": 0, "plugin_max_trades": 10, "plugin_open": 0, "plugin_max_open": 3,
        "plugin_loss": 0, "plugin_open_risk": 0, "plugin_day_left": 300, "open_risk": 0, "day_loss": 0,
        "daily_cap": 200, "day_left": 200, "lifetime_loss": 0, "lifetime_cap": 1000, "lifetime_left": 1000,
        "concurrent": 0, "max_concurrent": 10, "spread": 0, "max_spread": 2, "entry": 1.1, "sl": 1.099,
        "sl_source": "alert", "lots_base": 0.05, "lots_multiplied": 0.05, "lots_capped": 0.05, "day_reduction": 1,
        "lots_reduced": 0.05, "lots_fitted": 0.05, "risk_left": 200, "lots": 0.05, "risk_money": 5,
        "margin_wanted": 11, "free_margin": 10_000,
    }  # fmt: skip


def test_margin_level_of_nothing_is_safe() -> None:
    # §12.1: 24 hours, 27 alerts, no trade: a margin level of 0 % without positions was read as unsafe
    desk = Desk(100)
    assert desk.broker.account().margin == 0
    assert desk.risk.gate(ask(lots="0.01")).allowed


# --- what does not ------------------------------------------------------------------------------------------------

Spoil = Callable[[Desk], Any]
SPOILED: dict[str, tuple[Spoil, dict[str, Any], str]] = {
    "unknown_symbol": (lambda d: None, {"symbol": "DOGEUSD"}, "unknown_symbol"),
    "paused": (lambda d: setattr(d, "is_paused", True), {}, "paused"),
    "guarded": (lambda d: setattr(d.guard, "reason", "equity_guard"), {}, "equity_guard"),
    "out_of_session": (lambda d: setattr(d.sessions, "reason", "session_closed"), {}, "session_closed"),
    "not_in_it": (lambda d: setattr(d.sessions, "reason", "symbol_not_in_session"), {}, "symbol_not_in_session"),
    "traded_enough": (lambda d: None, {"max_trades_day": 0}, "plugin_trades_limit"),
    "open_enough": (lambda d: d.ticket(), {"max_open": 1}, "plugin_open_limit"),
    "plugin_lost_enough": (lambda d: d.lose(50), {"daily_loss_limit": 50}, "plugin_daily_loss"),
    "day_lost": (lambda d: d.lose(200), {}, "daily_cap"),
    "spread_unknown": (lambda d: d.quotes.points.clear(), {}, "spread_unknown"),
    "spread_high": (lambda d: d.quotes.put("EURUSD", 1.1, 1.10021), {"max_spread_pips": 2.0}, "spread_high"),
    "no_price": (lambda d: None, {"entry": math.nan}, "no_entry_price"),
    "negative_price": (lambda d: None, {"entry": -1.1}, "no_entry_price"),
    "no_size": (lambda d: None, {"lots": 0}, "volume_too_small"),
    "negative_size": (lambda d: None, {"lots": -1}, "volume_too_small"),
    "size_is_no_number": (lambda d: None, {"lots": "many"}, "volume_too_small"),
    "multiplier_is_no_number": (lambda d: None, {"lot_multiplier": math.nan}, "volume_too_small"),
    "most_is_no_number": (lambda d: None, {"max_lot": math.nan}, "volume_too_small"),
    "less_than_a_step": (lambda d: None, {"lots": "0.009"}, "volume_too_small"),
    "less_than_the_minimum_by_logic": (lambda d: None, {"lots": 0.01, "logic": "LOGIC3"}, "volume_too_small"),
    "risk_does_not_fit": (lambda d: d.lose(199), {"lots": 0.05, "sl": 1.08}, "risk_too_large"),
    "no_money": (lambda d: setattr(d.broker, "equity", Decimal(5)), {}, "no_money"),
}


@pytest.mark.parametrize(("spoil", "asked", "reason"), SPOILED.values(), ids=SPOILED)
def test_refused_with_its_reason(spoil: Spoil, asked: dict, reason: str) -> None:
    desk = Desk()
    spoil(desk)
    answer = desk.risk.gate(ask(**asked))
    assert (answer.allowed, answer.reason, answer.lots) == (False, reason, 0)
    assert isinstance(answer.refused, Refused)
    assert answer.reason in GATE_REASONS


def test_no_conversion_where_no_bars_make_the_rate() -> None:
    desk = Desk()
    desk.quotes.put("EURCHF", 0.95, 0.95)
    assert desk.risk.gate(ask("EURCHF", entry=0.95, sl=0.94)).allowed  # the table's pip value serves in dollars
    desk.quotes.put("AUDNZD", 1.1, 1.1)
    assert desk.risk.gate(ask("AUDNZD", entry=1.1, sl=1.09)).reason == "no_conversion"  # its margin is in AUD


ORDER = ("paused", "equity_guard", "session_closed", "plugin_trades_limit", "plugin_open_limit", "plugin_daily_loss",
         "daily_cap", "lifetime_cap", "concurrent_limit", "symbol_exposure", "spread_unknown")  # fmt: skip


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_first_of_all_that_speak_against_it_is_the_reason(first: int) -> None:
    # §8.4's order: everything from ORDER[first] on speaks against the entry, what comes before it does not
    wrong = set(ORDER[first:])
    settings: dict[str, Any] = {"max_symbol_open": 1 if "symbol_exposure" in wrong else 0}
    settings["max_concurrent"] = 1 if "concurrent_limit" in wrong else 10
    desk = Desk(**settings)
    desk.is_paused = "paused" in wrong
    desk.guard.reason = "equity_guard" if "equity_guard" in wrong else ""
    desk.sessions.reason = "session_closed" if "session_closed" in wrong else ""
    desk.ticket(lots="0.01", sl=1.0999)
    if "lifetime_cap" in wrong:
        desk.lose(999, plugin="other")
        if "daily_cap" not in wrong:
            desk.clock.now_ns += 86_400 * 10**9
    elif "daily_cap" in wrong:
        desk.lose(199, plugin="other")
    if "spread_unknown" in wrong:
        desk.quotes.points.clear()
    limits = {"max_trades_day": 1, "max_open": 1, "daily_loss_limit": 0}
    names = ("plugin_trades_limit", "plugin_open_limit", "plugin_daily_loss")
    given = {key: value for (key, value), name in zip(limits.items(), names, strict=True) if name in wrong}
    if "plugin_trades_limit" in given and "daily_cap" not in wrong:
        given.pop("max_trades_day")
    assert desk.risk.gate(ask(**given)).reason == ORDER[first]


# --- counts and exposure ------------------------------------------------------------------------------------------


def test_ten_entries_are_enough_whatever_their_legs() -> None:
    desk = Desk()
    for number in range(9):
        for _ in range(3):
            desk.ticket(alert=f"a{number}", lots="0.01", sl=1.0999, plugin=f"p{number % 2}")
    assert desk.risk.gate(ask(legs=3)).allowed
    desk.broker.orders.append(desk.order(alert="the tenth", lots="0.01", sl=1.0999))
    answer = desk.risk.gate(ask(legs=3))
    assert (answer.reason, answer.numbers["concurrent"]) == ("concurrent_limit", 10)


def test_tickets_may_be_counted_instead() -> None:
    desk = Desk(count_by="tickets", max_concurrent_by_tier={"10000": 4})
    desk.ticket(alert="a", lots="0.01", sl=1.0999)
    desk.ticket(alert="a", lots="0.01", sl=1.0999)
    assert desk.risk.gate(ask(legs=2)).allowed
    assert desk.risk.gate(ask(legs=3)).reason == "concurrent_limit"


def test_entries_on_one_symbol() -> None:
    desk = Desk(max_symbol_open=1)
    desk.ticket("XAUUSD", 1, "0.01", 2050.0, 2049.0)
    assert desk.risk.gate(ask()).allowed
    assert desk.risk.gate(ask("XAUUSD", entry=2050.0, sl=2049.0)).reason == "symbol_exposure"


def test_size_is_cut_to_what_the_symbols_exposure_leaves() -> None:
    # §2.7: V3's exposure limit of 0.30 a symbol, both sides together
    desk = Desk(limits=PluginLimits(max_symbol_lots=Decimal("0.30")))
    desk.ticket(lots="0.17", sl=1.0999)
    desk.ticket(side=-1, lots="0.10", sl=1.1001)
    desk.ticket(lots="0.50", sl=1.0999, plugin="other")
    answer = desk.risk.gate(ask())
    assert (answer.lots, answer.numbers["exposure_left"]) == (Decimal("0.03"), 0.03)
    desk.ticket(lots="0.03", sl=1.0999)
    assert desk.risk.gate(ask()).reason == "symbol_exposure"


def test_exposure_of_the_whole_account() -> None:
    desk = Desk(max_symbol_lots=1)
    desk.ticket(lots="0.98", sl=1.0999, plugin="other")
    assert desk.risk.gate(ask()).lots == Decimal("0.02")


# --- spread -------------------------------------------------------------------------------------------------------

SPREADS = {  # symbol, bid, ask, allowed: 2.0 pips, of gold 0.10 each (§13)
    "euro_at_the_limit": ("EURUSD", 1.1, 1.1002, True),
    "euro_above": ("EURUSD", 1.1, 1.10021, False),
    "gold_at_twenty_cents": ("XAUUSD", 2050.0, 2050.2, True),
    "gold_above": ("XAUUSD", 2050.0, 2050.201, False),
    "yen_at_the_limit": ("USDJPY", 109.89, 109.91, True),
}


@pytest.mark.parametrize(("symbol", "bid", "offer", "allowed"), SPREADS.values(), ids=SPREADS)
def test_two_pips_of_spread(symbol: str, bid: float, offer: float, allowed: bool) -> None:
    desk = Desk()
    desk.quotes.put(symbol, bid, offer)
    answer = desk.risk.gate(ask(symbol, entry=None, sl=bid * 0.999, max_spread_pips=2.0))
    assert (answer.allowed, answer.reason) == (allowed, "" if allowed else "spread_high")


def test_spread_limit_of_a_symbol() -> None:
    desk = Desk(max_spread_pips={"EURUSD": 1})
    desk.quotes.put("EURUSD", 1.1, 1.10015)
    assert desk.risk.gate(ask()).reason == "spread_high"
    assert desk.risk.gate(ask(max_spread_pips=2)).allowed


def test_unknown_spread_never_trades_even_without_a_limit() -> None:
    # §12.2, 4: a spread that was always 999.9 must refuse, and say so
    desk = Desk()
    desk.quotes.points["EURUSD"] = None
    answer = desk.risk.gate(ask())
    assert (answer.reason, answer.numbers["spread"]) == ("spread_unknown", 999.9)


# --- stops --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "sl"), [("buy", 1.1), ("BUY", 1.2), ("sell", 1.0), ("SELL", 1.1), ("buy", -5.0)])
def test_stop_on_the_wrong_side_is_replaced_by_the_tables(side: str, sl: float) -> None:
    # §2.6: the alert's stop if present and on the right side, else the table; §12.1: stops on the wrong side
    answer = Desk().risk.gate(ask(side=side, sl=sl))
    away = -0.015 if side.lower() == "buy" else 0.015
    assert answer.sl_price == pytest.approx(1.1 + away)
    assert (answer.numbers["sl_source"], answer.numbers["sl_asked"]) == ("sl-1", sl)
    assert Desk(wrong_side_stop="refuse").risk.gate(ask(side=side, sl=sl)).reason == "invalid_stops"


def test_no_stop_given_takes_the_tables_with_the_logics_multiplier() -> None:
    answer = Desk(daily_caps={"10000": 1000}).risk.gate(ask(sl=None, logic="LOGIC2", side="sell"))
    assert answer.sl_price == pytest.approx(1.1225)  # 150 pips x 1.5
    assert answer.lots == Decimal("0.05")


def test_alerts_own_stop_is_never_multiplied() -> None:
    # §2.2: the multipliers are of stops that the bot computes
    assert Desk().risk.gate(ask(logic="LOGIC3", sl_multiplier=2.0)).sl_price == 1.099


def test_entry_without_a_price_pays_the_market() -> None:
    desk = Desk()
    desk.quotes.put("EURUSD", 1.1, 1.1002)
    assert desk.risk.gate(ask(entry=None)).numbers["entry"] == 1.1002
    assert desk.risk.gate(ask(entry=None, side="sell", sl=1.2)).numbers["entry"] == 1.1


def test_reward_too_small_for_the_risk() -> None:
    desk = Desk(min_rr=1.5)
    assert desk.risk.gate(ask(tp_price=1.1015)).allowed
    answer = desk.risk.gate(ask(tp_price=1.1014))
    assert (answer.reason, answer.numbers["rr"]) == ("rr_too_low", 1.4)
    assert desk.risk.gate(ask(side="sell", sl=1.101, tp_price=1.1015)).reason == "rr_too_low"
    assert desk.risk.gate(ask()).allowed


# --- sizes --------------------------------------------------------------------------------------------------------

V3_LOTS = {  # §14.3: base, multiplier of the score, logic, the total cut to the step
    ("0.05", 1.0, "LOGIC1"): "0.06",
    ("0.05", 1.0, "LOGIC2"): "0.05",
    ("0.05", 1.0, "LOGIC3"): "0.03",
    ("0.05", 0.8, "LOGIC1"): "0.05",
    ("0.05", 0.8, "LOGIC2"): "0.04",
    ("0.05", 0.8, "LOGIC3"): "0.02",
    ("0.10", 1.0, "LOGIC1"): "0.12",
    ("0.10", 1.0, "LOGIC2"): "0.10",
    ("0.10", 1.0, "LOGIC3"): "0.06",
    ("0.10", 0.8, "LOGIC1"): "0.10",
    ("0.10", 0.8, "LOGIC2"): "0.08",
    ("0.10", 0.8, "LOGIC3"): "0.05",
    ("0.01", 1.0, "LOGIC1"): "0.01",
    ("0.01", 1.0, "LOGIC2"): "0.01",
}


@pytest.mark.parametrize(("asked", "lots"), V3_LOTS.items())
def test_lots_of_v3(asked: tuple[str, float, str], lots: str) -> None:
    base, score, logic = asked
    answer = Desk(manual_lots={"10000": base}).risk.gate(ask(lot_multiplier=score, logic=logic, legs=2))
    assert answer.lots == Decimal(lots)


def test_lots_of_v6_by_risk_capped_by_the_plugin() -> None:
    # §14.4: 10,000 x 1.5 % = $150; $2.50 of gold are 250 pips x $1 = $250 a lot: 0.60, capped to 0.20
    answer = Desk().risk.gate(ask("XAUUSD", "buy", 2050.0, 2047.5, risk_percent=1.5, max_lot=0.20))
    assert (answer.lots, answer.numbers["lots_base"], answer.numbers["lots_capped"]) == (Decimal("0.20"), 0.6, 0.2)


def test_lot_mode_risk_uses_the_tiers_percent() -> None:
    # gold is HIGH at 10k: 1 % = $100 of $250 a lot
    answer = Desk(lot_mode="risk").risk.gate(ask("XAUUSD", "buy", 2050.0, 2047.5))
    assert answer.lots == Decimal("0.40")


def test_lots_are_rounded_down_to_the_step() -> None:
    # §12.2, 9: 0.0125 went out and came back as 10014
    answer = Desk().risk.gate(ask(lots="0.025", lot_multiplier=0.5))
    assert (answer.lots, answer.numbers["lots_multiplied"]) == (Decimal("0.01"), 0.0125)


CAPPED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {  # settings, request, lots
    "by_the_request": ({}, {"lots": 1, "max_lot": 0.15}, "0.15"),
    "by_the_settings": ({"max_lot": 0.5}, {"lots": 1, "max_lot": 3}, "0.5"),
    "by_the_tier": ({"max_lots_by_tier": {"10000": "0.1"}}, {"lots": 1}, "0.1"),
    "by_the_symbol": ({"symbol_lot_multipliers": {"EURUSD": 0.5}}, {"lots": 1}, "0.5"),
}


@pytest.mark.parametrize(("settings", "asked", "lots"), CAPPED.values(), ids=CAPPED)
def test_never_above_the_most(settings: dict, asked: dict, lots: str) -> None:
    assert Desk(**settings).risk.gate(ask(sl=1.0999, **asked)).lots == Decimal(lots)


def test_stop_next_to_the_price_makes_no_enormous_size() -> None:
    # 0.1 pip of stop would be 100 lots at $100; the least distance of EURUSD is 5 pips: 2 lots
    desk = Desk(max_lot=50)
    desk.quotes.put("EURUSD", 1.1, 1.1)
    assert desk.risk.gate(ask(sl=1.09999, risk_percent=1)).lots == Decimal(2)


REDUCED = {  # dollars lost of 200, what goes out of 0.40 lots (§4: >= 50 % left whole, >= 25 % 75 %, less 50 %)
    "nothing_lost": (0, "0.40"),
    "exactly_half_left": (100, "0.40"),
    "less_than_half": (101, "0.30"),
    "exactly_a_quarter_left": (150, "0.30"),
    "less_than_a_quarter": (151, "0.20"),
}


@pytest.mark.parametrize(("lost", "lots"), REDUCED.values(), ids=REDUCED)
def test_size_shrinks_with_the_day(lost: float, lots: str) -> None:
    # §12.2, 4: it never applied, for the methods it asked for did not exist
    desk = Desk()
    desk.lose(lost)
    assert desk.risk.gate(ask(lots="0.40", sl=1.0999)).lots == Decimal(lots)
    assert Desk(has_smart_reduction=False).risk.gate(ask(lots="0.40", sl=1.0999)).lots == Decimal("0.40")


def test_open_risk_shrinks_the_size_too() -> None:
    desk = Desk()
    desk.ticket(lots="0.1", entry=1.1, sl=1.0899)  # $101
    answer = desk.risk.gate(ask(lots="0.40", sl=1.0999))
    assert (answer.lots, answer.numbers["day_reduction"]) == (Decimal("0.30"), 0.75)


FITTED = {  # lots asked, stop, lots: hard fit to $200 of a day, 10k tier, EURUSD
    "fits_exactly": ("0.20", 1.09, "0.20"),  # 100 pips x $2 = $200
    "cut": ("0.50", 1.09, "0.20"),
    "cut_down_to_a_step": ("0.50", 1.0867, "0.15"),  # 133 pips x $10 = $1330 a lot: 0.1503
}


@pytest.mark.parametrize(("asked", "stop", "lots"), FITTED.values(), ids=FITTED)
def test_loss_at_the_stop_fits_what_the_day_leaves(asked: str, stop: float, lots: str) -> None:
    answer = Desk().risk.gate(ask(sl=stop, lots=asked))
    assert answer.lots == Decimal(lots)
    assert answer.numbers["risk_money"] <= 200


def test_the_nearest_cap_fits_the_size() -> None:
    # lifetime: $1000, of which 950 are gone on earlier days; plugin: $30 of today
    desk = Desk()
    for _ in range(5):
        desk.lose(190, plugin="other")
        desk.clock.now_ns += 86_400 * 10**9
    assert desk.risk.gate(ask(lots="0.50", sl=1.09)).lots == Decimal("0.05")
    assert desk.risk.gate(ask(lots="0.50", sl=1.09, daily_loss_limit=30)).lots == Decimal("0.03")


def test_part_of_what_is_left_may_be_kept_back() -> None:
    assert Desk(fit_buffer_frac=0.05).risk.gate(ask(lots="0.50", sl=1.09)).lots == Decimal("0.19")


def test_minimum_lot_may_be_forced_where_it_fits() -> None:
    desk = Desk(force_min_lot=True)
    assert desk.risk.gate(ask(lots=0.01, logic="LOGIC3")).lots == Decimal("0.01")
    desk.lose(198)
    # $2 are left: 20 pips of 0.01 lots
    assert desk.risk.gate(ask(lots=0.01, sl=1.0979)).reason == "risk_too_large"
    assert desk.risk.gate(ask(lots=0.01, sl=1.098, lot_multiplier=0.5)).lots == Decimal("0.01")


# --- money --------------------------------------------------------------------------------------------------------


def test_margin_of_the_larger_side_counts() -> None:
    # 0.05 lots at 1.10 and 1:500 need $11; a hedge of less than what is open needs nothing more
    desk = Desk()
    desk.ticket(side=-1, lots="0.10", sl=1.1001, margin="22")
    desk.broker.equity = Decimal(22)
    assert desk.risk.gate(ask()).allowed
    desk.broker.equity = Decimal("32.99")
    assert desk.risk.gate(ask(side="sell", sl=1.101)).reason == "no_money"
    desk.broker.equity = Decimal(33)
    assert desk.risk.gate(ask(side="sell", sl=1.101)).allowed


def test_sessions_are_told_of_a_recovery() -> None:
    desk = Desk()
    desk.sessions.reason = "session_closed"
    assert [desk.risk.gate(ask(is_recovery=again)).reason for again in (False, True)] == ["session_closed"] * 2
    assert desk.sessions.asked == [("EURUSD", False), ("EURUSD", True)]


def test_word_that_is_no_side_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no side"):
        Desk().risk.gate(ask(side="up"))
