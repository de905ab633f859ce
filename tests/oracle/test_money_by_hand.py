"""The oracle against answers worked out by hand: conversion, commission, rounding."""

from __future__ import annotations

import pytest

from .hand import FLAT, INSTRUMENTS, M5, alert, at, exits, flat_at, minutes, only, replay, words


def test_yen_are_converted_at_one_over_the_mid() -> None:
    # Bought 0.10 at 150.010, target 150.210: 200 points x 10 JPY = 2000 JPY. The mid of the bar that just ended is
    # (150.200 + 150.210) / 2 = 150.205: 2000 / 150.205 = 13.3151... = 13.32 USD.
    bars = minutes((150_000, 150_000, 150_000, 150_000), (150_000, 150_220, 150_000, 150_200), digits=3)
    outcome = replay({"USDJPY": bars}, alert("10:00:00", "entry", "buy", symbol="USDJPY", tp=150.21))
    assert (only(outcome)["pnl_points"], only(outcome)["gross_minor"]) == (200, 1332)


def test_a_cross_is_converted_through_the_dollar() -> None:
    # GBPJPY, account in euro. JPY to EUR: 1 / 150.000 x 1 / 1.25 = 1 / 187.5. Sold 1 lot at 190.000, bought back at
    # 189.700: 300 points x 100 JPY = 30,000 JPY = 160.00 EUR.
    # Margin: GBP to EUR = 1.25 x 1 / 1.25 = 1: 100,000 / 100 = 1000.00 EUR, to the cent.
    cross = minutes((190_000, 190_000, 190_000, 190_000), (190_000, 190_000, 189_600, 190_000), spread=0, digits=3)
    others = {"EURUSD": flat_at(125_000, 5), "GBPUSD": flat_at(125_000, 5), "USDJPY": flat_at(150_000, 3)}
    entry = alert("10:00:00", "entry", "sell", symbol="GBPJPY", volume=1, tp=189.7)
    outcome = replay(others | {"GBPJPY": cross}, entry, currency="EUR", balance="1000")
    assert only(outcome)["gross_minor"] == 16_000
    assert words(replay(others | {"GBPJPY": cross}, entry, currency="EUR", balance="999.99")) == ["no_money"]
    del others["GBPUSD"]
    with pytest.raises(ValueError, match="GBP to EUR"):
        replay(others | {"GBPJPY": cross}, entry, currency="EUR")


def test_a_graced_exit_is_converted_at_the_opens_rate() -> None:
    # Grace of two minutes. GBPJPY M5 opens 10:05 at 190.300; the exit comes 10:06:30. USDJPY M1 stood at 150.000 until
    # 10:05 and ended 10:06 at 100.000: the rate is the open's. 300 points x 10 JPY = 3000 JPY / 150 = 20.00.
    cross = minutes(*[(p, p, p, p) for p in (190_000, 190_300)], spread=0, digits=3, timeframe=M5)
    dollar = [(150_000, 150_000, 150_000, 150_000)] * 5 + [(100_000, 100_000, 100_000, 100_000)] * 5
    bars = {"GBPJPY": cross, "USDJPY": minutes(*dollar, spread=0, digits=3), "GBPUSD": flat_at(125_000, 5, 10)}
    alerts = [alert(t, kind, "buy", symbol="GBPJPY") for t, kind in (("10:00:00", "entry"), ("10:06:30", "exit"))]
    outcome = replay(bars, *alerts, open_grace_ms=120_000)
    assert exits(outcome) == [("signal", at("10:05:00"), 190_300)]
    assert only(outcome)["gross_minor"] == 2000


@pytest.mark.parametrize(("balance", "word"), [("125", "filled"), ("124.99", "no_money")])
def test_a_graced_entry_holds_margin_at_the_opens_rate(balance: str, word: str) -> None:
    # The entry comes 10:06:30 into the M5 bar of 10:05. The pound stood at 1.25 until 10:05 and ended 10:06 at 2.50.
    # 0.1 lots: 10,000 GBP x 1.25 / 100 = 125.00 USD.
    pound = [(125_000, 125_000, 125_000, 125_000)] * 5 + [(250_000, 250_000, 250_000, 250_000)] * 5
    bars = {
        "GBPJPY": flat_at(190_000, 3, 2, M5),
        "USDJPY": flat_at(150_000, 3, 10),
        "GBPUSD": minutes(*pound, spread=0),
    }
    entry = alert("10:06:30", "entry", "buy", symbol="GBPJPY")
    assert words(replay(bars, entry, open_grace_ms=120_000, balance=balance)) == [word]


@pytest.mark.parametrize(
    ("volume", "commission_minor"),
    [(0.01, -8), (0.03, -20), (0.1, -70), (1, -700)],
)
def test_commission_is_rounded_half_even_side_by_side(volume: float, commission_minor: int) -> None:
    # 3.50 a lot and side: 0.01 lots 3.5 cents -> 4, twice 8; 0.03 lots 10.5 cents -> 10, twice 20.
    instruments = INSTRUMENTS | {"EURUSD": INSTRUMENTS["EURUSD"] | {"commission_per_lot": "3.50"}}
    entry = alert("10:00:00", "entry", "buy", volume=volume)
    trade = only(replay(minutes(FLAT), entry, instruments=instruments))
    assert trade["commission_minor"] == commission_minor
    assert trade["pnl_minor"] == trade["gross_minor"] + commission_minor


@pytest.mark.parametrize(("points", "minor"), [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)])
def test_gross_is_rounded_half_even(points: int, minor: int) -> None:
    # 0.005 lots of EURUSD are half a cent a point.
    fine = INSTRUMENTS["EURUSD"] | {"volume_step": "0.001", "volume_min": "0.001"}
    bars = minutes((110_000, 110_100, 109_900, 110_000 + points), spread=0)
    entry = alert("10:00:00", "entry", "buy", volume=0.005)
    assert only(replay(bars, entry, instruments={"EURUSD": fine}))["gross_minor"] == minor


def test_a_yen_account_has_no_cents() -> None:
    # 0.01 lots of USDJPY are 1 JPY a point: 7 points are 7 JPY. A commission of 2.5 JPY a side is 2.
    yen = INSTRUMENTS["USDJPY"] | {"commission_per_lot": "250"}
    bars = minutes((150_000, 150_000, 150_000, 150_007), spread=0, digits=3)
    entry = alert("10:00:00", "entry", "buy", symbol="USDJPY", volume=0.01)
    outcome = replay({"USDJPY": bars}, entry, instruments={"USDJPY": yen}, currency="JPY", digits=0, balance="100000")
    assert (only(outcome)["gross_minor"], only(outcome)["commission_minor"]) == (7, -4)
    assert outcome.balance_minor == 100_003
