"""The oracle against answers worked out by hand: what is refused, by what word, and what a distance is."""

from __future__ import annotations

import pytest

from .hand import FLAT, INSTRUMENTS, alert, at, minutes, only, replay, words


@pytest.mark.parametrize(
    ("side", "sl", "tp", "level", "word"),
    [
        ("buy", 1.09999, 1.10001, 0, "filled"),  # bid 110000: the stop is below it, the target above
        ("buy", 1.10000, None, 0, "invalid_stops"),
        ("buy", None, 1.10000, 0, "invalid_stops"),
        ("buy", 1.10100, None, 0, "invalid_stops"),
        ("buy", 1.09980, 1.10020, 20, "filled"),
        ("buy", 1.09981, None, 20, "invalid_stops"),
        ("buy", None, 1.10019, 20, "invalid_stops"),
        ("sell", 1.10011, 1.10009, 0, "filled"),  # a sell is measured from the ask, 110010
        ("sell", 1.10010, None, 0, "invalid_stops"),
        ("sell", None, 1.10010, 0, "invalid_stops"),
        ("sell", 1.10029, None, 20, "invalid_stops"),
    ],
)
def test_stops_must_lie_on_their_side_of_the_closing_price(
    side: str, sl: float | None, tp: float | None, level: int, word: str
) -> None:
    instruments = INSTRUMENTS | {"EURUSD": INSTRUMENTS["EURUSD"] | {"stops_level_points": level}}
    outcome = replay(minutes(FLAT), alert("10:00:00", "entry", side, sl=sl, tp=tp), instruments=instruments)
    assert words(outcome) == [word]


@pytest.mark.parametrize(
    ("volume", "word", "steps"),
    [
        (None, "filled", 1),  # the instrument's minimum
        (0.019, "filled", 1),  # rounded down to 0.01
        (0.3, "filled", 30),  # as written, not as 0.299999...
        (0.009, "volume_too_small", 0),
        (0, "volume_too_small", 0),
        (-1, "volume_too_small", 0),
        (50.01, "volume_too_large", 0),
        (50.009, "filled", 5000),
    ],
)
def test_volumes_are_whole_steps(volume: float | None, word: str, steps: int) -> None:
    outcome = replay(minutes(FLAT), alert("10:00:00", "entry", "buy", volume=volume), balance="1000000")
    assert words(outcome) == [word]
    assert [trade["steps"] for trade in outcome.trades] == ([steps] if steps else [])


def test_the_volume_is_answered_before_the_closed_market_and_the_stops_before_the_money() -> None:
    bars = minutes(FLAT)
    small = alert("10:00:30", "entry", "buy", volume=0.001)
    rich = alert("10:00:00", "entry", "buy", volume=50, sl=1.2)
    assert words(replay(bars, rich, small)) == ["invalid_stops", "volume_too_small"]


@pytest.mark.parametrize(("balance", "word"), [("1100.05", "filled"), ("1100.04", "no_money")])
def test_one_lot_needs_its_margin_to_the_cent(balance: str, word: str) -> None:
    # No bar has ended: the rate of the euro is the mid of the first open, 1.10005. 100,000 x 1.10005 / 100 = 1100.05.
    outcome = replay(minutes(FLAT), alert("10:00:00", "entry", "buy", volume=1), balance=balance)
    assert words(outcome) == [word]


def test_a_hedge_needs_no_margin_but_a_second_buy_does() -> None:
    # After the first buy equity is 1100.05 - 10.00 of spread, below its margin; a sell of the same size adds nothing.
    first, hedge, second = (
        alert(t, "entry", side, volume=1)
        for t, side in (("10:00:00", "buy"), ("10:00:01", "sell"), ("10:00:02", "buy"))
    )
    assert words(replay(minutes(FLAT), first, hedge, second, balance="1100.05")) == ["filled", "filled", "no_money"]


def test_open_losses_count_against_a_new_ticket() -> None:
    # 10:01 opens at 109000: the open lot is 1010 points = 1010.00 USD down. Equity 2200.10 - 1010.00 = 1190.10, margin
    # after: 1100.05 + 1100.05 (the last close is still 1.10005) = 2200.10: no money. Without the loss it just fits.
    first = alert("10:00:00", "entry", "buy", volume=1)
    second = alert("10:01:00", "entry", "buy", volume=1)
    flat, fallen = minutes(FLAT, FLAT), minutes(FLAT, (109_000, 109_000, 109_000, 109_000))
    assert words(replay(fallen, first, second, balance="2200.10")) == ["filled", "no_money"]
    assert words(replay(flat, first, second, balance="2210.10")) == ["filled", "filled"]  # 10.00 of spread is lost
    assert words(replay(flat, first, second, balance="2210.09")) == ["filled", "no_money"]


def test_unknown_symbols_and_symbols_without_prices() -> None:
    unknown = alert("10:00:00", "entry", "buy", symbol="DOGE")
    missing = alert("10:00:01", "entry", "buy", symbol="GBPUSD")
    assert words(replay(minutes(FLAT), unknown, missing)) == ["unknown_symbol", "no_prices"]


def test_one_at_a_time_counts_orders_under_way_and_tickets() -> None:
    # 10:00:30 waits for 10:01; 10:00:40 finds it under way; 10:01:30 finds the ticket; 10:02 touches the stop; at 10:03
    # the stop came before the alert of the same instant.
    bars = minutes(FLAT, FLAT, (110_000, 110_000, 109_940, 110_000), FLAT, FLAT)
    times = ("10:00:30", "10:00:40", "10:01:30", "10:03:00")
    alerts = [alert(t, "entry", side, sl=1.0995) for t, side in zip(times, ("buy", "sell", "buy", "buy"), strict=True)]
    words_wanted = ["filled", "one_at_a_time", "one_at_a_time", "filled"]
    assert words(replay(bars, *alerts, one_at_a_time=True)) == words_wanted


@pytest.mark.parametrize(("price", "word"), [(1.10055, "filled"), (1.10056, "price_far_from_alert"), (None, "filled")])
def test_an_alert_whose_price_is_far_from_ours_is_refused(price: float | None, word: str) -> None:
    # Our mid at 10:00 is 1.10005: 1.10055 is exactly 0.0005 away, which is not more.
    outcome = replay(minutes(FLAT), alert("10:00:00", "entry", "buy", price=price), max_price_gap=0.0005)
    assert words(outcome) == [word]


@pytest.mark.parametrize(
    ("received", "price", "word"),
    [
        ("10:00:30", 1.10005, "filled"),  # the bar is in progress: its open stands
        ("10:00:30", 1.10105, "price_far_from_alert"),
        ("10:01:30", 1.10105, "filled"),  # it has ended, the next one is missing: its close stands
        ("10:01:30", 1.10005, "price_far_from_alert"),
    ],
)
def test_our_price_is_the_open_in_progress_or_else_the_last_close(received: str, price: float, word: str) -> None:
    bars = minutes((110_000, 110_100, 110_000, 110_100), None, FLAT)
    assert words(replay(bars, alert(received, "entry", "buy", price=price), max_price_gap=0.0005)) == [word]


def test_an_answer_at_arrival_comes_before_the_alerts_of_that_instant() -> None:
    # Latency 1 s: the small order is answered 10:00:11, so the alert of 10:00:11 finds nothing under way.
    small, next_one = alert("10:00:10", "entry", "buy", volume=0.001), alert("10:00:11", "entry", "buy")
    outcome = replay(minutes(FLAT, FLAT), small, next_one, latency_ms=1000, one_at_a_time=True)
    assert words(outcome) == ["volume_too_small", "filled"]


def test_distances_are_taken_from_the_alerts_price_and_hung_on_our_fill() -> None:
    # The chart stands 500 points above our quote: stop 50 below it, target 100 above. Fill 110010 + 2 of slippage.
    entry = alert("10:00:00", "entry", "buy", price=1.105, sl=1.1045, tp=1.106)
    trade = only(replay(minutes(FLAT), entry, levels="distance", slippage_points=2))
    assert (trade["entry_points"], trade["sl"], trade["tp"]) == (110_012, 109_962, 110_112)
    entry = alert("10:00:00", "entry", "sell", price=1.105, sl=1.1055, tp=1.104)
    trade = only(replay(minutes(FLAT), entry, levels="distance", slippage_points=2))
    assert (trade["entry_points"], trade["sl"], trade["tp"]) == (109_998, 110_048, 109_898)


@pytest.mark.parametrize(
    ("received", "word"),
    [("10:01:00", "no_conversion"), ("10:02:00", "filled"), ("10:01:59", "filled")],  # the last waits for 10:02
)
def test_nothing_is_opened_before_the_worth_of_its_money_is_known(received: str, word: str) -> None:
    # The account is in pounds: a EURUSD ticket's dollars become pounds by GBPUSD, whose first bar opens at 10:02.
    bars = {"EURUSD": minutes(*[FLAT] * 5), "GBPUSD": minutes(*[(125_000,) * 4] * 3, start=at("10:02"))}
    outcome = replay(bars, alert(received, "entry", "buy"), currency="GBP", open_grace_ms=0)
    assert words(outcome) == [word]
