"""Tiers and stop tables, cell by cell as zepix-rules §8 prints them; money and pips worked in §14."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from tests.unit.services.risk_desk import CATALOGUE, Desk, conversions
from zepix.errors import DataError
from zepix.model.settings_risk import TIERS
from zepix.services.risk import RiskManagementService

DESIGN_LOTS = ("0.05", "0.10", "1.00", "2.50", "5.00")  # §8.1, last column

TABLES = {  # §8.3, as printed: pips (risk $ at design lot)
    "sl-1": {
        "EURUSD": "150 (75) | 150 (150) | 50 (500) | 40 (1000) | 40 (2000)",
        "GBPUSD, AUDUSD, USDCAD, NZDUSD": "150 (75) | 150 (150) | 50 (500) | 40 (1000) | 50 (2500)",
        "USDJPY": "166 (75) | 166 (150) | 55 (500) | 44 (1000) | 55 (2500)",
        "EURJPY, GBPJPY, AUDJPY": "111 (50) | 111 (100) | 41 (375) | 44 (1000) | 44 (2000)",
        "XAUUSD": "1000 (50) | 1500 (150) | 500 (500) | 500 (1250) | 600 (3000)",
    },
    "sl-2": {
        "EURUSD": "100 (50) | 100 (100) | 35 (350) | 30 (750) | 30 (1500)",
        "GBPUSD, AUDUSD, USDCAD, NZDUSD": "120 (60) | 120 (120) | 40 (400) | 35 (875) | 40 (2000)",
        "USDJPY": "130 (58) | 130 (117) | 45 (405) | 38 (855) | 45 (2025)",
        "EURJPY": "80 (38) | 80 (76) | 30 (285) | 35 (831) | 35 (1662)",
        "GBPJPY": "80 (36) | 80 (72) | 30 (270) | 35 (788) | 35 (1575)",
        "AUDJPY": "80 (37) | 80 (74) | 30 (276) | 35 (805) | 35 (1610)",
        "XAUUSD": "500 (25) | 800 (80) | 300 (300) | 300 (750) | 200 (1000)",
    },
}
CELLS = [
    (system, symbol, TIERS[column], *(int(number) for number in cell.strip(" )").split(" (")))
    for system, rows in TABLES.items()
    for symbols, row in rows.items()
    for symbol in symbols.split(", ")
    for column, cell in enumerate(row.split("|"))
]


@pytest.mark.parametrize(("system", "symbol", "tier", "pips", "dollars"), CELLS)
def test_stop_stands_where_the_page_says(system: str, symbol: str, tier: str, pips: int, dollars: int) -> None:
    desk = Desk(tier, sl_system=system)
    entry = {"XAUUSD": 2050.0}.get(symbol, 150.0 if symbol.endswith("JPY") else 1.1)
    pip = float(CATALOGUE[symbol].pip)
    stops = [desk.risk.calculate_sl_price(symbol, side, entry, 0.1) for side in ("BUY", "sell")]
    assert stops == [pytest.approx(entry - pips * pip, abs=1e-9), pytest.approx(entry + pips * pip, abs=1e-9)]
    if symbol in ("EURUSD", "GBPUSD", "AUDUSD", "NZDUSD", "XAUUSD"):  # where a pip's value is the page's, exactly
        lots = DESIGN_LOTS[TIERS.index(tier)]
        assert desk.risk.risk_money(symbol, lots, entry, stops[0] or 0) == dollars


def test_all_cells_are_tested() -> None:
    assert len(CELLS) == 2 * 10 * 5


def test_tier_lot_risks_half_of_what_the_table_was_designed_for() -> None:
    # §14.5: 150 pips x $10 x 0.10 = $150, 1500 x $1 x 0.10 = $150; with the configured lot of 0.05 it is $75
    desk = Desk(10_000)
    for symbol, entry in (("EURUSD", 1.1), ("XAUUSD", 2050.0)):
        stop = desk.risk.calculate_sl_price(symbol, "buy", entry, 0.1)
        assert stop is not None
        assert desk.risk.risk_money(symbol, "0.10", entry, stop) == 150
        assert desk.risk.risk_money(symbol, desk.risk.get_fixed_lot_size(), entry, stop) == 75


DOLLARS = {  # §14.2: pips of $10 / $7 by lots
    "EURUSD": {"0.01": (100, 70), "0.05": (20, 14), "0.10": (10, 7), "0.50": (2, 1.4), "1.00": (1, 0.7)},
    "XAUUSD": {"0.01": (1000, 700), "0.05": (200, 140), "0.10": (100, 70), "0.50": (20, 14), "1.00": (10, 7)},
    "USDJPY": {
        "0.01": (109.89, 76.92), "0.05": (21.98, 15.38), "0.10": (10.99, 7.69), "0.50": (2.20, 1.54),
        "1.00": (1.10, 0.77),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "lots", "pips"), [(s, lots, pips) for s, row in DOLLARS.items() for lots, pips in row.items()]
)
def test_ten_dollar_stop_and_seven_dollar_target(symbol: str, lots: str, pips: tuple[float, float]) -> None:
    risk = Desk().risk
    found = [round(float(risk.pips_for_money(symbol, lots, dollars)), 2) for dollars in (10, 7)]
    assert found == list(pips)


def test_yen_cross_by_its_rate_of_now() -> None:
    # §14.2: GBPJPY at $9.00 a pip, so a dollar is 111.11 yen: 111.11 pips of 0.01 lots are ten dollars
    desk = Desk()
    service = RiskManagementService(desk.clock, desk.core.account, CATALOGUE, conversions(USDJPY=111_111))
    assert round(service.pips_for_money("GBPJPY", 0.01, 10), 2) == Decimal("111.11")
    assert round(service.pips_for_money("GBPJPY", 0.05, 7), 2) == Decimal("15.56")


def test_pip_of_gold_is_one_cent_everywhere() -> None:
    # §12.1: a factor of 100 between two modules; §8.2: $1 a pip and lot
    risk = Desk().risk
    assert risk.risk_money("XAUUSD", 1, 2050.0, 2049.99) == 1
    assert risk.risk_money("XAUUSD", "0.05", 2050.0, 2048.0) == 10  # §4: 0.05 lots, 200 pips = $2.00 of price
    assert risk.pips_for_money("XAUUSD", "0.05", 10) == 200
    assert risk.validate_trade_risk("XAUUSD", "0.05", 200).numbers["risk_money"] == 10


def test_pip_value_of_the_table_serves_where_no_pair_converts() -> None:
    desk = Desk()
    dollars = RiskManagementService(desk.clock, desk.core.account, CATALOGUE, conversions())
    assert dollars.risk_money("USDCAD", 1, 1.36, 1.35) == 800  # §8.2: $8 a pip; no USDCAD prices in the run
    euros = RiskManagementService(desk.clock, desk.core.account, CATALOGUE, conversions("EUR"))
    with pytest.raises(DataError, match="CAD"):
        euros.risk_money("USDCAD", 1, 1.36, 1.35)


TIER_ROWS = {  # §8.1: balance, tier, daily, lifetime, lots
    "far_below_the_first": ("300", "5000", 100, 500, "0.01"),
    "first": ("5000", "5000", 100, 500, "0.01"),
    "just_below_the_second": ("9999.99", "5000", 100, 500, "0.01"),
    "second": ("10000", "10000", 200, 1000, "0.05"),
    "third": ("25000", "25000", 500, 2500, "0.10"),
    "no_midpoints": ("24999", "10000", 200, 1000, "0.05"),
    "fourth": ("50000", "50000", 1000, 5000, "0.20"),
    "fifth": ("1000000", "100000", 2000, 10000, "0.50"),
    "nothing": ("0", "5000", 100, 500, "0.01"),
    "below_nothing": ("-50", "5000", 100, 500, "0.01"),
}


@pytest.mark.parametrize(("balance", "tier", "daily", "lifetime", "lots"), TIER_ROWS.values(), ids=TIER_ROWS)
def test_tier_by_balance(balance: str, tier: str, daily: int, lifetime: int, lots: str) -> None:
    risk = Desk(balance).risk
    day, ever = risk.check_daily_limit(), risk.check_lifetime_limit()
    assert (day.risk_tier, day.limit, ever.limit) == (tier, daily, lifetime)
    assert risk.get_fixed_lot_size() == Decimal(lots)


def test_chosen_tier_wins_over_the_balance_and_manual_lots_over_both() -> None:
    assert Desk(300, default_risk_tier="10000").risk.get_fixed_lot_size() == Decimal("0.05")
    desk = Desk(6000, manual_lots={"5000": 0.04})
    assert desk.risk.get_fixed_lot_size() == Decimal("0.04")
    assert desk.risk.get_fixed_lot_size(12_000) == Decimal("0.05")


PERCENTS = {  # §8.1: LOW EURUSD, MEDIUM GBPUSD, HIGH XAUUSD
    "5000": ("1.5", "1.5", "1.0"),
    "10000": ("1.5", "1.5", "1.0"),
    "25000": ("2", "2", "1.5"),
    "50000": ("2", "2", "2"),
    "100000": ("2", "2.5", "3"),
}


@pytest.mark.parametrize(("tier", "percents"), PERCENTS.items())
def test_risk_percent_by_tier_and_volatility(tier: str, percents: tuple[str, ...]) -> None:
    core = Desk(tier).core
    for symbol, percent in zip(("EURUSD", "GBPUSD", "XAUUSD"), percents, strict=True):
        assert core.tiers.risk_percent(tier, CATALOGUE[symbol]) == Decimal(percent)


def test_lots_by_the_tiers_own_risk() -> None:
    # 10,000 x 1.5 % = $150; 50 pips x $10 = $500 a lot
    assert Desk(10_000).risk.calculate_lot_size("EURUSD", 1.1, 1.095) == Decimal("0.30")
    # gold is HIGH: 1 % = $100; 250 pips x $1
    assert Desk(10_000).risk.calculate_lot_size("XAUUSD", 2050.0, 2047.5) == Decimal("0.40")


MULTIPLIED = {  # settings, keywords, pips of EURUSD's 150; 56.25 are 562.5 points, rounded away from the entry
    "plain": ({}, {}, 150),
    "logic_1": ({}, {"logic": "LOGIC1"}, 150),
    "logic_2": ({}, {"logic": "LOGIC2"}, 225),
    "logic_3": ({}, {"logic": "LOGIC3"}, 375),
    "reduced_by_twenty_per_cent": ({"sl_reduction_percents": {"EURUSD": 20}}, {}, 120),
    "reduced_for_another_symbol": ({"sl_reduction_percents": {"GBPUSD": 20}}, {}, 150),
    "after_a_stop": ({}, {"is_recovery": True}, 75),
    "all_at_once": ({"sl_reduction_percents": {"EURUSD": 50}}, {"logic": "LOGIC2", "is_recovery": True}, 56.3),
    "asked_multiplier": ({}, {"sl_multiplier": 2.0}, 300),
    "unknown_logic_is_plain": ({}, {"logic": "LOGIC9"}, 150),
}


@pytest.mark.parametrize(("settings", "asked", "pips"), MULTIPLIED.values(), ids=MULTIPLIED)
def test_stop_distance_is_the_product_of_its_factors(settings: dict, asked: dict, pips: float) -> None:
    stop = Desk(**settings).risk.calculate_sl_price("EURUSD", "buy", 1.1, 0.1, **asked)
    assert stop == pytest.approx(1.1 - pips * 0.0001, abs=1e-9)


def test_system_off_stops_where_the_lots_lose_the_tiers_share() -> None:
    # 10,000 x 1.5 % = $150; 0.10 lots of EURUSD lose $1 a pip: 150 pips; 0.50 lots: 30 pips
    risk = Desk(sl_system="off").risk
    assert risk.calculate_sl_price("EURUSD", "buy", 1.1, "0.10") == pytest.approx(1.085)
    assert risk.calculate_sl_price("EURUSD", "sell", 1.1, "0.50") == pytest.approx(1.103)
    assert risk.calculate_sl_price("EURUSD", "sell", 1.1, 0) is None


def test_symbol_that_no_table_has_stops_by_money_too() -> None:
    # silver is HIGH: 1 % = $100; 0.05 lots x 5000 oz = $250 a dollar of price: 0.40
    assert Desk().risk.calculate_sl_price("XAGUSD", "buy", 25.0) == pytest.approx(24.6)


def test_stop_is_never_nearer_than_the_symbol_allows() -> None:
    # 150 pips x 0.01 = 1.5 pips; EURUSD's least distance is 5 pips (§8.2)
    assert Desk().risk.calculate_sl_price("EURUSD", "buy", 1.1, 0.1, 0.01) == pytest.approx(1.0995)


@pytest.mark.parametrize("multiplier", [0, -1, math.nan, math.inf])
def test_absurd_multiplier_makes_no_stop(multiplier: float) -> None:
    assert Desk().risk.calculate_sl_price("EURUSD", "buy", 1.1, 0.1, multiplier) is None


@pytest.mark.parametrize("entry", [0.0, -1.0, math.nan, math.inf, 0.001])
def test_absurd_entry_makes_no_stop(entry: float) -> None:
    assert Desk().risk.calculate_sl_price("EURUSD", "buy", entry, 0.1) is None


def test_levels_by_atr() -> None:
    risk = Desk().risk
    assert risk.calculate_atr_sl("EURUSD", "buy", 1.1, 0.002) == pytest.approx(1.097)
    assert risk.calculate_atr_sl("EURUSD", "SELL", 1.1, 0.002) == pytest.approx(1.103)
    assert risk.calculate_atr_tp("EURUSD", "buy", 1.1, 0.002) == pytest.approx(1.104)
    assert risk.calculate_atr_tp("XAUUSD", "sell", 2050.0, 4.0, 3.0) == pytest.approx(2038.0)


@pytest.mark.parametrize("atr", [math.nan, 0.0, -1.0, math.inf])
def test_unknown_atr_makes_no_level(atr: float) -> None:
    risk = Desk().risk
    assert risk.calculate_atr_sl("EURUSD", "buy", 1.1, atr) is None
    assert risk.calculate_atr_tp("EURUSD", "buy", 1.1, atr) is None


def test_target_at_one_and_a_half_times_the_risk() -> None:
    risk = Desk().risk
    assert risk.calculate_tp_price("EURUSD", "buy", 1.1, 1.098) == pytest.approx(1.103)
    assert risk.calculate_tp_price("EURUSD", "sell", 1.1, 1.102, 2) == pytest.approx(1.096)
    assert risk.calculate_tp_price("EURUSD", "sell", 1.1, 1.1) is None


def test_unknown_symbol_says_so() -> None:
    with pytest.raises(ValueError, match="DOGEUSD"):
        Desk().risk.calculate_sl_price("DOGEUSD", "buy", 1.1, 0.1)
