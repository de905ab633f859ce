"""The oracle against answers worked out by hand: ticks, which are bars of no length with four equal prices."""

from __future__ import annotations

import pytest

from .hand import alert, at, entries, exits, flat_at, minutes, only, order, replay, ticks, words

FOUR = ticks(
    ("10:00:00", 110_000, 110_010),
    ("10:00:01", 110_005, 110_015),
    ("10:00:04", 109_950, 109_960),
    ("10:00:09", 109_990, 110_000),
)
BUY = alert("10:00:00", "entry", "buy")


@pytest.mark.parametrize(
    ("received", "entry"),
    [
        ("10:00:01", ("10:00:01", 110_015)),  # at the tick: it fills there
        ("10:00:00.999", ("10:00:01", 110_015)),
        ("10:00:01.001", ("10:00:04", 109_960)),  # no grace on ticks
        ("09:59:00", ("10:00:00", 110_010)),
    ],
)
def test_an_entry_gets_the_first_tick_at_or_after_its_arrival(received: str, entry: tuple[str, int]) -> None:
    assert entries(replay(FOUR, alert(received, "entry", "buy"))) == [(at(entry[0]), entry[1])]


@pytest.mark.parametrize(("latency_ms", "entry"), [(0, 110_010), (1000, 110_015), (1001, 109_960), (5000, 110_000)])
def test_ticks_can_see_a_delay_of_a_second(latency_ms: int, entry: int) -> None:
    assert entries(replay(FOUR, BUY, latency_ms=latency_ms))[0][1] == entry


@pytest.mark.parametrize(
    ("max_wait_s", "word"),
    [(600, "filled"), (599, "market_closed"), (0, "market_closed")],
)
def test_on_ticks_an_entry_waits_as_long_as_the_setting_says(max_wait_s: int, word: str) -> None:
    bars = ticks(("10:00:00", 110_000, 110_010), ("10:10:30", 110_000, 110_010))
    assert words(replay(bars, alert("10:00:30", "entry", "buy"), max_wait_s=max_wait_s)) == [word]


@pytest.mark.parametrize("intrabar", ["pessimistic", "optimistic"])
def test_a_stop_fills_at_the_tick_that_is_beyond_it(intrabar: str) -> None:
    # Stop 109990; the ticks go from 110005 to 109950: filled at 109950 less 3. Nothing is ambiguous.
    entry = alert("10:00:00", "entry", "buy", sl=1.0999, tp=1.1002)
    outcome = replay(FOUR, entry, intrabar=intrabar, slippage_points=3)
    assert exits(outcome) == [("sl", at("10:00:04"), 109_947)]
    assert not only(outcome)["ambiguous"]


def test_a_target_fills_at_the_better_tick() -> None:
    bars = ticks(("10:00:00", 110_000, 110_010), ("10:00:02", 110_055, 110_065))
    outcome = replay(bars, alert("10:00:00", "entry", "buy", tp=1.1005), slippage_points=3)
    assert exits(outcome) == [("tp", at("10:00:02"), 110_055)]


def test_excursions_and_bars_held_are_counted_in_ticks() -> None:
    # Bought at 110010; the bid of the entry's own tick is 10 against us, the next 20 for us; the exit's tick counts by
    # its price, 110020.
    bars = ticks(("10:00:00", 110_000, 110_010), ("10:00:01", 110_030, 110_040), ("10:00:02", 110_020, 110_030))
    trade = only(replay(bars, BUY, alert("10:00:02", "exit", "buy")))
    assert (trade["bars_held"], trade["mae_points"], trade["mfe_points"], trade["pnl_points"]) == (3, 10, 20, 10)


def test_at_the_end_of_data_the_last_tick_closes() -> None:
    outcome = replay(FOUR, alert("10:00:09", "entry", "buy"))
    trade = only(outcome)
    assert (trade["entry_ns"], trade["exit_ns"], trade["exit_points"]) == (at("10:00:09"), at("10:00:09"), 109_990)
    assert (trade["exit_reason"], trade["bars_held"], trade["mae_points"]) == ("end_of_data", 1, 10)


def test_ticks_of_one_time_follow_each_other_by_a_nanosecond() -> None:
    # Three ticks of 10:00:01 and one a nanosecond later: they stand at 0, 1, 2 and 3 ns. The target 110030 is reached
    # by the third, 110040 by the fourth.
    bars = ticks(
        ("10:00:00", 110_000, 110_010),
        ("10:00:01", 110_005, 110_015),
        ("10:00:01", 110_020, 110_030),
        ("10:00:01", 110_030, 110_040),
        ("10:00:01.000000001", 110_045, 110_055),
        ("10:00:02", 110_000, 110_010),
    )
    first, second = (alert("10:00:00", "entry", "buy", tp=tp, id=str(tp)) for tp in (1.1003, 1.1004))
    outcome = replay(bars, first, second)
    assert exits(outcome) == [("tp", at("10:00:01") + 2, 110_030), ("tp", at("10:00:01") + 3, 110_045)]
    # An alert of that second comes after the first of them and is filled there.
    assert entries(replay(bars, alert("10:00:01", "entry", "buy"))) == [(at("10:00:01"), 110_015)]


@pytest.mark.parametrize(
    ("side", "kind", "price", "entry"),
    [
        ("buy", "limit", 109_990, ("10:00:04", 109_960)),
        ("sell", "limit", 110_004, ("10:00:01", 110_005)),
        ("buy", "stop", 110_012, ("10:00:01", 110_018)),  # 110015 and 3 of slippage
        ("sell", "stop", 109_970, ("10:00:04", 109_947)),
    ],
)
def test_pending_orders_fill_at_the_tick_that_is_beyond_them(
    side: str, kind: str, price: int, entry: tuple[str, int]
) -> None:
    outcome = replay(FOUR, order("10:00:00", side, kind, price), slippage_points=3)
    assert entries(outcome) == [(at(entry[0]), entry[1])]
    assert not only(outcome)["ambiguous"]


def test_the_first_tick_checks_a_pending_order() -> None:
    # Raised at 10:00:02, its first tick is 10:00:04 with an ask of 109960.
    assert words(replay(FOUR, order("10:00:02", "buy", "limit", 109_960))) == ["invalid_price"]
    assert words(replay(FOUR, order("10:00:02", "buy", "limit", 109_959))) == ["end_of_data"]


@pytest.mark.parametrize(("limit", "entry"), [(110_012, ("10:00:04", 109_960)), (109_960, ("10:00:04", 109_960))])
def test_a_stop_limit_is_a_limit_from_the_tick_after_its_trigger(limit: int, entry: tuple[str, int]) -> None:
    outcome = replay(FOUR, order("10:00:00", "buy", "stop_limit", 110_015, limit))
    assert entries(outcome) == [(at(entry[0]), entry[1])]
    # A limit that the trigger's own tick would have filled waits for the next one all the same.
    outcome = replay(FOUR, order("10:00:00", "buy", "stop_limit", 110_015, 110_100))
    assert entries(outcome) == [(at("10:00:04"), 109_960)]


@pytest.mark.parametrize(("seconds", "word"), [(4, "filled"), (3.999, "expired")])
def test_a_tick_at_the_expiry_may_still_fill(seconds: float, word: str) -> None:
    assert words(replay(FOUR, order("10:00:00", "buy", "limit", 109_990, expires_s=seconds))) == [word]


def test_of_a_group_gapped_by_one_tick_the_earlier_arrival_fills() -> None:
    near, far = (order("10:00:00", "sell", "stop", price, oco="g", id=str(price)) for price in (109_990, 109_970))
    outcome = replay(FOUR, far, near)
    assert words(outcome) == ["filled", "oco"]
    assert not only(outcome)["ambiguous"]


def test_a_trailing_stop_moves_at_a_tick_and_counts_from_the_next() -> None:
    # Bought at 110010. 110060 is 50 ahead: stop 110010 + 50 - 20 = 110040; the tick of 110035 fills it there.
    bars = ticks(("10:00:00", 110_000, 110_010), ("10:00:01", 110_060, 110_070), ("10:00:02", 110_035, 110_045))
    outcome = replay(bars, BUY | {"trailing": {"start": 50, "step": 10, "distance": 20}})
    assert exits(outcome) == [("trailing", at("10:00:02"), 110_035)]
    assert only(outcome)["sl"] == 110_040


def test_a_change_at_a_tick_looks_at_that_tick() -> None:
    # At 10:00:01 the bid is 110005: a stop there fills at once; a stop at 110004 waits for 10:00:04.
    for level, answer in ((1.10005, ("10:00:01", 110_005)), (1.10004, ("10:00:04", 109_950))):
        outcome = replay(FOUR, BUY, alert("10:00:01", "modify", "buy", sl=level))
        assert exits(outcome) == [("sl", at(answer[0]), answer[1])]
    # Between the ticks it waits for the next one.
    outcome = replay(FOUR, BUY, alert("10:00:02", "modify", "buy", sl=1.101))
    assert exits(outcome) == [("sl", at("10:00:04"), 109_950)]


def test_a_tick_can_be_a_stop_out() -> None:
    # 1 lot, margin 1100.05; 600 lost leave 550.00 of 1150, at or below 550.025.
    bars = ticks(("10:00:00", 110_000, 110_010), ("10:00:01", 109_410, 109_420), ("10:00:02", 110_000, 110_010))
    trade = only(replay(bars, BUY | {"volume": 1}, balance="1150"))
    assert (trade["exit_reason"], trade["exit_ns"], trade["exit_points"]) == ("stop_out", at("10:00:01"), 109_410)


def test_a_wide_tick_is_a_stop_out_of_what_it_filled() -> None:
    # The spread of the new ticket does not count for no_money: 1150 bear 1097.05 (mid 1.09705). At the end of the very
    # tick the watch counts it: 1150 - 610 = 540.00, half the margin 548.525.
    bars = ticks(("10:00:00", 109_400, 110_010), ("10:00:01", 110_000, 110_010))
    trade = only(replay(bars, alert("09:59:59", "entry", "buy", volume=1), balance="1150"))
    assert (trade["exit_reason"], trade["exit_ns"], trade["exit_points"]) == ("stop_out", at("10:00:00"), 109_400)
    # Raised at the tick's time it is filled after that watch; the next tick's price is fine.
    trade = only(replay(bars, alert("10:00:00", "entry", "buy", volume=1), balance="1150"))
    assert trade["exit_reason"] == "end_of_data"


def test_a_symbol_on_ticks_beside_one_on_bars() -> None:
    # The pound's bar of 10:00 ends at 10:01 with its target reached; the yen's tick of that very time is the rate:
    # 300 points x 10 JPY = 3000 JPY / 200 = 15.00.
    cross = minutes((190_000, 190_310, 190_000, 190_200), spread=0, digits=3)
    dollar = ticks(
        ("10:00:00", 150_000, 150_000), ("10:00:59", 100_000, 100_000), ("10:01:00", 200_000, 200_000), digits=3
    )
    bars = {"GBPJPY": cross, "USDJPY": dollar, "GBPUSD": flat_at(125_000, 5)}
    outcome = replay(bars, alert("10:00:00", "entry", "buy", symbol="GBPJPY", tp=190.3))
    assert exits(outcome) == [("tp", at("10:01:00"), 190_300)]
    assert only(outcome)["gross_minor"] == 1500


def test_orders_of_bars_and_ticks_fill_in_order_of_arrival() -> None:
    # The pound's next bar opens at 10:01; the euro ticks at 10:01 too. The pound's order came first.
    bars = {
        "EURUSD": ticks(("10:00:00", 110_000, 110_010), ("10:01:00", 110_000, 110_010)),
        "GBPUSD": flat_at(125_000, 5),
    }
    outcome = replay(bars, alert("10:00:20", "entry", "buy", symbol="GBPUSD"), alert("10:00:30", "entry", "buy"))
    assert [(t["symbol"], t["ticket"], t["entry_ns"]) for t in outcome.trades] == [
        ("EURUSD", 2, at("10:01:00")),
        ("GBPUSD", 1, at("10:01:00")),
    ]


def test_crossed_ticks_are_raised_to_the_bid() -> None:
    assert entries(replay(ticks(("10:00:00", 110_000, 109_990)), BUY)) == [(at("10:00:00"), 110_000)]
