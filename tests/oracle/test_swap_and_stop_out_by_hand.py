"""The oracle against answers worked out by hand: swap over nights, weekends and daylight saving; the account watch."""

from __future__ import annotations

from typing import Any

import pytest

from .hand import (
    ACCOUNT,
    FILL,
    FLAT,
    H1,
    INSTRUMENTS,
    M5,
    alert,
    at,
    exits,
    flat_at,
    minutes,
    only,
    order,
    replay,
)
from .money import rollovers
from .oracle import simulate

# -- swap -------------------------------------------------------------------------------------------------------------

SWAPPED = {"swap_long_points": "-7.5", "swap_short_points": "2.5", "triple_swap_weekday": 2}
CARRIED = INSTRUMENTS | {"EURUSD": INSTRUMENTS["EURUSD"] | SWAPPED, "USDJPY": INSTRUMENTS["USDJPY"] | SWAPPED}


@pytest.mark.parametrize(
    ("after", "before", "count"),
    [
        (("12:00", "2024-03-04"), ("12:00", "2024-03-11"), 7),  # Monday to Friday, Wednesday threefold
        (("12:00", "2024-03-08"), ("12:00", "2024-03-11"), 1),  # over the weekend only Friday's
        (("21:59:59", "2024-03-08"), ("22:00:01", "2024-03-08"), 1),  # winter: 17:00 New York is 22:00 UTC
        (("20:59:59", "2024-03-08"), ("21:59:59", "2024-03-08"), 0),
        (("20:59:59", "2024-03-11"), ("21:00:01", "2024-03-11"), 1),  # summer, from 10 March on: 21:00 UTC
        (("21:00:01", "2024-03-11"), ("23:00", "2024-03-11"), 0),
        (("20:59:59", "2024-11-01"), ("21:00:01", "2024-11-01"), 1),  # the last Friday of summer
        (("21:59:59", "2024-11-04"), ("22:00:01", "2024-11-04"), 1),  # the first Monday of winter
        (("20:00", "2024-11-04"), ("21:59:59", "2024-11-04"), 0),
        (("22:00", "2024-03-06"), ("23:00", "2024-03-06"), 0),  # at the very rollover: strictly between
        (("21:00", "2024-03-06"), ("22:00", "2024-03-06"), 0),
        (("21:00", "2024-03-06"), ("23:00", "2024-03-06"), 3),
    ],
)
def test_rollovers_are_at_five_in_new_york(after: tuple[str, str], before: tuple[str, str], count: int) -> None:
    times = [at(clock if clock.count(":") == 2 else f"{clock}:00", day) for clock, day in (after, before)]
    assert rollovers(times[0], times[1], triple_weekday=2) == count


def night(side: str, volume: float = 0.1, day: str = "2024-03-05", hours: tuple[int, int] = (20, 23)) -> dict[str, Any]:
    """A ticket over an evening, in hourly bars from 18:00 that go on for three days."""
    bars = minutes(*[FLAT] * 60, start=at("18:00", day), timeframe=H1)
    enter, leave = (at(f"{hour}:00", day) for hour in hours)
    alerts = alert(enter, "entry", side, volume=volume), alert(leave, "exit", side)
    return only(replay(bars, *alerts, instruments=CARRIED))


def test_a_night_costs_or_pays_its_points() -> None:
    # 0.10 lots are 10 cents a point. Tuesday, rollover at 22:00 UTC: -7.5 points long, +2.5 points short.
    assert [night(side)["swap_minor"] for side in ("buy", "sell")] == [-75, 25]
    assert night("buy")["pnl_minor"] == -100 - 75
    wednesday = [night(side, day="2024-03-06")["swap_minor"] for side in ("buy", "sell")]
    assert wednesday == [-225, 75]


@pytest.mark.parametrize(("hours", "minor"), [((22, 23), 0), ((20, 22), 0), ((21, 23), -75)])
def test_entry_and_exit_at_the_rollover_do_not_count(hours: tuple[int, int], minor: int) -> None:
    assert night("buy", hours=hours)["swap_minor"] == minor


@pytest.mark.parametrize(("volume", "minor"), [(0.01, -8), (0.03, -22), (0.05, -38)])
def test_swap_is_rounded_once_half_even(volume: float, minor: int) -> None:
    # -7.5, -22.5, -37.5 cents
    assert night("buy", volume)["swap_minor"] == minor


def test_points_are_summed_over_the_nights_and_rounded_once() -> None:
    # 0.01 lots over Monday's and Tuesday's rollover: -15 points, -15 cents; night by night it would be -16.
    bars = minutes(*[FLAT] * 60, start=at("18:00", "2024-03-04"), timeframe=H1)
    alerts = (
        alert(at("20:00", "2024-03-04"), "entry", "buy", volume=0.01),
        alert(at("23:00", "2024-03-05"), "exit", "buy"),
    )
    assert only(replay(bars, *alerts, instruments=CARRIED))["swap_minor"] == -15


def test_each_part_of_a_ticket_pays_for_its_own_nights() -> None:
    bars = minutes(*[FLAT] * 60, start=at("18:00", "2024-03-04"), timeframe=H1)
    alerts = (
        alert(at("20:00", "2024-03-04"), "entry", "buy"),
        alert(at("23:00", "2024-03-04"), "exit", "buy", close_frac=0.4),
        alert(at("23:00", "2024-03-05"), "exit", "buy"),
    )
    # 0.04 lots one night: -30 cents; 0.06 lots two nights: -15 points x 6 cents = -90.
    assert [t["swap_minor"] for t in replay(bars, *alerts, instruments=CARRIED).trades] == [-30, -90]


def test_without_costs_there_is_neither_swap_nor_commission() -> None:
    dear = INSTRUMENTS["EURUSD"] | SWAPPED | {"commission_per_lot": "7"}
    bars = minutes(*[FLAT] * 8, start=at("18:00", "2024-03-05"), timeframe=H1)
    entry = alert(at("18:00", "2024-03-05"), "entry", "buy")
    for costs, wanted in (("none", (0, 0, -100)), ("instrument", (-140, -75, -315))):
        trade = only(simulate({"EURUSD": bars}, {"EURUSD": dear}, ACCOUNT, FILL | {"costs": costs}, [entry]))
        assert (trade["commission_minor"], trade["swap_minor"], trade["pnl_minor"]) == wanted


def test_swap_is_converted_at_the_close() -> None:
    # 0.1 lots of USDJPY: 10 JPY a point, -7.5 points: -75 JPY. The yen stands at 150 at the rollover and at 100 at the
    # close: 0.75 USD.
    quads = [(150_000,) * 4] * 4 + [(100_000,) * 4] * 2
    bars = minutes(*quads, start=at("19:00", "2024-03-05"), timeframe=H1, digits=3, spread=0)
    alerts = (
        alert(at("19:00", "2024-03-05"), "entry", "buy", symbol="USDJPY"),
        alert(at("00:00", "2024-03-06"), "exit", "buy", symbol="USDJPY"),
    )
    assert only(replay({"USDJPY": bars}, *alerts, instruments=CARRIED))["swap_minor"] == -75


def test_a_ticket_filled_inside_the_bar_before_the_rollover_was_entered_at_its_end() -> None:
    # Filled inside 21:00 to 22:00: the entry's time is 22:00, not before the rollover.
    dip = (110_000, 110_000, 109_930, 110_000)
    bars = minutes(FLAT, dip, FLAT, FLAT, start=at("20:00", "2024-03-05"), timeframe=H1)
    limit = order(at("20:00", "2024-03-05"), "buy", "limit", 109_950)
    assert only(replay(bars, limit, instruments=CARRIED))["swap_minor"] == 0


# -- the account watch ------------------------------------------------------------------------------------------------

LOT = alert("10:00:00", "entry", "buy", volume=1)
"""1 lot at 110010: 1.00 a point, margin 1100.05, of which half is 550.025."""


@pytest.mark.parametrize(
    ("low", "reason"),
    [
        (109_410, "stop_out"),  # 1150 - 600 = 550.00: at or below 550.025
        (109_411, "end_of_data"),
    ],
)
def test_a_bar_whose_low_takes_half_the_margin_is_a_stop_out(low: int, reason: str) -> None:
    trade = only(replay(minutes(FLAT, (110_000, 110_300, low, 110_000), FLAT), LOT, balance="1150"))
    assert trade["exit_reason"] == reason
    if reason == "stop_out":
        assert (trade["exit_ns"], trade["exit_points"]) == (at("10:02:00"), 109_410)
        # The bar had ended before the watch: it was lived, its high of 290 for us included.
        assert (trade["bars_held"], trade["mae_points"], trade["mfe_points"]) == (2, 600, 290)


def test_slippage_moves_a_stop_out() -> None:
    # Bought at 110013. Low 109413: 600 lost at the corner; out at 109410.
    bars = minutes(FLAT, (110_000, 110_000, 109_413, 110_000))
    trade = only(replay(bars, LOT, balance="1150", slippage_points=3))
    assert (trade["exit_reason"], trade["exit_points"], trade["pnl_points"]) == ("stop_out", 109_410, -603)


def test_an_open_can_be_a_stop_out_too() -> None:
    bars = minutes(FLAT, (109_400, 110_500, 109_400, 110_500))
    trade = only(replay(bars, LOT, balance="1150"))
    assert (trade["exit_reason"], trade["exit_ns"], trade["exit_points"]) == ("stop_out", at("10:01:00"), 109_400)
    assert (trade["bars_held"], trade["mfe_points"]) == (2, 0)


@pytest.mark.parametrize(("sl", "exit_"), [(1.095, ("sl", 109_500)), (1.094, ("stop_out", 109_410))])
def test_stops_of_the_bar_come_before_the_watch(sl: float, exit_: tuple[str, int]) -> None:
    trade = only(replay(minutes(FLAT, (110_000, 110_000, 109_410, 110_000)), LOT | {"sl": sl}, balance="1150"))
    assert (trade["exit_reason"], trade["exit_points"]) == exit_


def test_a_stop_out_shows_the_stop_that_trailed_at_that_very_end() -> None:
    # 10:01 goes 100 ahead and 600 back: the stop is set to 110010 + 50 + 50 - 20 = 110090 for the next bar, then the
    # watch closes the ticket at the low.
    trail = {"start": 50, "step": 10, "distance": 20}
    bars = minutes(FLAT, (110_000, 110_110, 109_410, 110_000))
    trade = only(replay(bars, LOT | {"trailing": trail}, balance="1150"))
    assert (trade["exit_reason"], trade["exit_points"], trade["sl"]) == ("stop_out", 109_410, 110_090)


@pytest.mark.parametrize(("frac", "low", "reason"), [(0, 108_860, "stop_out"), (0, 108_861, "end_of_data")])
def test_a_share_of_nought_waits_until_the_equity_is_gone(frac: float, low: int, reason: str) -> None:
    bars = minutes(FLAT, (110_000, 110_000, low, 110_000), FLAT)
    assert only(replay(bars, LOT, balance="1150", stop_out_frac=frac))["exit_reason"] == reason


def test_where_nothing_is_said_the_share_is_a_half() -> None:
    fill = {name: value for name, value in FILL.items() if name != "stop_out_frac"}
    bars = {"EURUSD": minutes(FLAT, (110_000, 110_000, 109_410, 110_000))}
    outcome = simulate(bars, INSTRUMENTS, ACCOUNT | {"balance": "1150"}, fill, [LOT])
    assert only(outcome)["exit_reason"] == "stop_out"


@pytest.mark.parametrize(
    ("volumes", "closed"),
    [
        # 1500 - 1.2 x 700 = 660.00, half of 1320.06 is 660.03: breached. The larger loss goes; 660 bear the rest.
        ((0.2, 1), [2]),
        ((1, 0.2), [1]),
        ((0.6, 0.6), [1]),  # equal losses: the older; 1080 - 420 = 660 bear 330.015
    ],
)
def test_the_largest_loss_is_closed_until_the_account_holds(volumes: tuple[float, float], closed: list[int]) -> None:
    tickets = [alert(f"10:00:0{n}", "entry", "buy", volume=volume) for n, volume in enumerate(volumes)]
    bars = minutes(FLAT, (110_000, 110_000, 109_310, 110_000), FLAT)
    outcome = replay(bars, *tickets, balance="1500")
    assert [t["ticket"] for t in outcome.trades if t["exit_reason"] == "stop_out"] == closed


def test_the_corner_is_the_worse_for_all_tickets_of_the_symbol_together() -> None:
    # Long 0.5 at 110010, short 1 at 110000. High 111170 / 111180: +580 and -1180, the low is no harm: equity
    # 1150 - 600 = 550.00, half the larger side's margin 550.025. The short is closed at the ask 111180; then
    # 1150 - 1180 + 580 = 550.00 bear 275.01.
    alerts = alert("10:00:00", "entry", "buy", volume=0.5), alert("10:00:01", "entry", "sell", volume=1)
    outcome = replay(minutes(FLAT, (110_000, 111_170, 110_000, 110_000)), *alerts, balance="1150")
    assert exits(outcome) == [("stop_out", at("10:02:00"), 111_180), ("end_of_data", at("10:02:00"), 110_000)]
    held = replay(minutes(FLAT, (110_000, 111_169, 110_000, 110_000)), *alerts, balance="1150")
    assert [reason for reason, _, _ in exits(held)] == ["end_of_data"] * 2


def test_symbols_whose_bar_goes_on_stand_at_their_last_known_price() -> None:
    # GBPUSD M5, 0.5 lots at 125010, margin 625.025; EURUSD M1, 0.2 lots at 110010, margin 220.01; half: 422.5175.
    # 10:05: the pound opens at 124000, 505.00 down: 960 - 505 - 2 = 453.00 holds. The euro's low in 10:05 is 109810,
    # 40.00 down: 415.00 does not. The pound has the larger loss: closed at 10:06 at the open of its bar in progress,
    # whose own range it has not lived. Then 960 - 505 - 40 = 415.00 bear 110.005.
    dip = (110_000, 110_000, 109_810, 110_000)
    bars = {
        "EURUSD": minutes(*[FLAT] * 5, dip, *[FLAT] * 4),
        "GBPUSD": minutes((125_000,) * 4, (124_000, 124_500, 123_000, 124_000), timeframe=M5),
    }
    pound = alert("10:00:00", "entry", "buy", symbol="GBPUSD", volume=0.5)
    outcome = replay(bars, pound, alert("10:00:01", "entry", "buy", volume=0.2), balance="960")
    trade = outcome.trades[0]
    assert (trade["ticket"], trade["exit_reason"]) == (1, "stop_out")
    assert (trade["exit_ns"], trade["exit_points"]) == (at("10:06:00"), 124_000)
    assert (trade["bars_held"], trade["mae_points"], trade["mfe_points"]) == (2, 1010, 0)
    assert outcome.trades[1]["exit_reason"] == "end_of_data"


@pytest.mark.parametrize(
    ("balance", "reasons"), [("2362", ["stop_out", "end_of_data"]), ("2363", ["end_of_data", "end_of_data"])]
)
def test_all_symbols_are_adverse_together(balance: str, reasons: list[str]) -> None:
    # The euro's low takes 300.00 from the long, the pound's high 300.00 from the short, as if at one moment. Margins
    # 1100.05 + 1250.05, three quarters of them 1762.575: 2362 - 600 is below, 2363 - 600 above. Of equal losses the
    # older goes.
    bars = {
        "EURUSD": minutes((110_000, 110_000, 109_710, 110_000)),
        "GBPUSD": minutes((125_000, 125_290, 125_000, 125_000)),
    }
    short = alert("10:00:01", "entry", "sell", symbol="GBPUSD", volume=1)
    outcome = replay(bars, LOT, short, balance=balance, stop_out_frac=0.75)
    assert [(trade["ticket"], trade["exit_reason"]) for trade in outcome.trades] == list(enumerate(reasons, 1))


def test_a_flat_account_has_no_stop_out() -> None:
    bars = {"EURUSD": minutes(FLAT, FLAT), "GBPUSD": flat_at(125_000, 5)}
    assert replay(bars, alert("10:00:00", "exit", "buy"), balance="0.01").trades == []
