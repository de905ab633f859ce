"""The oracle against answers worked out by hand: exits, reversals, and several symbols at one instant."""

from __future__ import annotations

import pytest

from .hand import FLAT, M5, RISING, alert, at, exits, flat_at, minutes, only, replay, words


def test_an_exit_closes_the_side_it_names_and_without_a_side_both() -> None:
    buy, sell = alert("10:00:00", "entry", "buy"), alert("10:00:01", "entry", "sell")
    one = replay(minutes(FLAT, FLAT), buy, sell, alert("10:01:00", "exit", "buy"))
    assert [(t["ticket"], t["exit_reason"]) for t in one.trades] == [(1, "signal"), (2, "end_of_data")]
    both = replay(minutes(FLAT, FLAT), buy, sell, alert("10:01:00", "exit", None))
    assert exits(both) == [("signal", at("10:01:00"), 110_000), ("signal", at("10:01:00"), 110_010)]
    none = replay(minutes(FLAT, FLAT), buy, alert("10:01:00", "exit", "sell"))
    assert words(none) == ["filled", "nothing_to_close"]


def test_an_exit_takes_along_an_entry_under_way() -> None:
    outcome = replay(RISING, alert("10:00:30", "entry", "buy"), alert("10:00:40", "exit", "buy"))
    trade = only(outcome)  # in at the ask 110110 and out at the bid 110100 of 10:01
    assert (trade["entry_ns"], trade["exit_ns"], trade["pnl_points"]) == (at("10:01:00"), at("10:01:00"), -10)
    assert (trade["exit_reason"], trade["bars_held"], trade["mae_points"]) == ("signal", 1, 10)
    assert words(outcome) == ["filled", "closed"]


def test_an_exit_lapses_with_the_entry_that_it_took_along() -> None:
    outcome = replay(RISING, alert("10:00:30", "entry", "buy", sl=1.2), alert("10:00:40", "exit", "buy"))
    assert words(outcome) == ["invalid_stops", "nothing_to_close"]


def test_of_two_exits_the_first_takes_the_ticket() -> None:
    first, second = alert("10:00:40", "exit", None), alert("10:00:50", "exit", "buy")
    outcome = replay(RISING, alert("10:00:00", "entry", "buy"), first, second)
    assert words(outcome) == ["filled", "closed", "nothing_to_close"]


def test_an_exit_in_flight_takes_along_an_entry_decided_before_it_arrives() -> None:
    # Latency 2 s. The exit of 10:00:10 arrives at 10:00:12 and meets the entry decided at 10:00:11, still on its way.
    # At 10:01 ticket 1 is closed by the exit, then ticket 2 opens and is closed right after.
    alerts = [alert("10:00:00", "entry", "buy"), alert("10:00:10", "exit", "buy"), alert("10:00:11", "entry", "buy")]
    outcome = replay(RISING, *alerts, latency_ms=2000)
    assert [(t["ticket"], t["entry_ns"], t["exit_ns"]) for t in outcome.trades] == [
        (1, at("10:00:00"), at("10:01:00")),
        (2, at("10:01:00"), at("10:01:00")),
    ]


def test_a_gapped_stop_comes_before_a_waiting_exit() -> None:
    bars = minutes(FLAT, (109_900, 109_900, 109_900, 109_900))
    outcome = replay(bars, alert("10:00:00", "entry", "buy", sl=1.0995), alert("10:00:30", "exit", "buy"))
    assert exits(outcome) == [("sl", at("10:01:00"), 109_900)]
    assert words(outcome) == ["filled", "nothing_to_close"]


def test_closes_free_margin_for_the_entries_of_the_same_open() -> None:
    # One lot needs 1100.05. The lot closes at 10:01 with 10.00 lost: 1190.00 is enough for the next, not for two.
    first, close = alert("10:00:00", "entry", "buy", volume=1), alert("10:00:30", "exit", "buy")
    second = alert("10:00:40", "entry", "buy", volume=1)
    outcome = replay(minutes(FLAT, FLAT), first, close, second, balance="1200")
    assert words(outcome) == ["filled", "closed", "filled"]
    assert words(replay(minutes(FLAT, FLAT), first, second, balance="1200")) == ["filled", "no_money"]


@pytest.mark.parametrize("received", ["10:00:30", "10:01:00", "10:01:03"])
def test_a_reversal_closes_and_enters_at_the_same_open(received: str) -> None:
    outcome = replay(RISING, alert("10:00:00", "entry", "sell"), alert(received, "reversal", "buy"))
    # Sold at 110000, bought back at the ask 110110 of 10:01, and bought there.
    assert exits(outcome) == [("reversal", at("10:01:00"), 110_110), ("end_of_data", at("10:04:00"), 110_400)]
    assert (outcome.trades[1]["side"], outcome.trades[1]["entry_ns"]) == (1, at("10:01:00"))
    assert words(outcome) == ["filled", "filled"]


def test_a_reversal_pays_the_latency_twice() -> None:
    # Raised 10:00:56, the close arrives 10:00:59 and fills at 10:01; the entry goes out then, arrives 10:01:03: graced.
    # With no grace it waits for 10:02.
    alerts = alert("09:59:57", "entry", "sell"), alert("10:00:56", "reversal", "buy")
    entered = [replay(RISING, *alerts, latency_ms=3000, open_grace_ms=g).trades[1]["entry_ns"] for g in (5000, 0)]
    assert entered == [at("10:01:00"), at("10:02:00")]


def test_a_flat_reversal_is_a_plain_entry() -> None:
    outcome = replay(RISING, alert("10:00:00", "reversal", "buy"))
    assert only(outcome)["entry_ns"] == at("10:00:00")


def test_a_reversal_whose_ticket_is_stopped_while_it_waits_enters_at_the_next_open() -> None:
    # The short's stop 110050 is touched in 10:00 (ask high 110110), processed at 10:01; the buy joins that open.
    alerts = alert("10:00:00", "entry", "sell", sl=1.1005), alert("10:00:30", "reversal", "buy")
    outcome = replay(RISING, *alerts)
    assert exits(outcome)[0] == ("sl", at("10:01:00"), 110_050)
    assert outcome.trades[1]["entry_ns"] == at("10:01:00")


def test_a_reversal_keeps_its_own_side_and_one_at_a_time_refuses_only_the_entry() -> None:
    both = [alert("10:00:00", "entry", "buy"), alert("10:00:01", "entry", "sell")]
    hedged = replay(RISING, *both, alert("10:01:00", "reversal", "buy"))
    assert [(t["ticket"], t["exit_reason"]) for t in hedged.trades] == [
        (2, "reversal"),
        (1, "end_of_data"),
        (3, "end_of_data"),
    ]
    single = replay(RISING, both[1], alert("10:01:00", "reversal", "buy"), one_at_a_time=True)
    assert words(single) == ["filled", "filled"]  # the ticket that it closes does not count
    again = replay(RISING, both[0], alert("10:01:00", "reversal", "buy"), one_at_a_time=True)
    assert words(again) == ["filled", "one_at_a_time"]


def test_a_reversal_refused_for_its_price_still_closes() -> None:
    alerts = alert("10:00:00", "entry", "sell"), alert("10:01:00", "reversal", "buy", price=1.2)
    outcome = replay(RISING, *alerts, max_price_gap=0.001)
    assert exits(outcome) == [("reversal", at("10:01:00"), 110_110)]
    assert words(outcome) == ["filled", "price_far_from_alert"]


def test_a_reversal_takes_along_entries_of_the_other_side() -> None:
    # The sell of 10:00:30 waits; the reversal takes it along: sold and bought back at 10:01, then bought.
    outcome = replay(RISING, alert("10:00:30", "entry", "sell"), alert("10:00:40", "reversal", "buy"))
    assert [(t["side"], t["entry_ns"], t["exit_reason"]) for t in outcome.trades] == [
        (-1, at("10:01:00"), "reversal"),
        (1, at("10:01:00"), "end_of_data"),
    ]


def test_two_reversals_under_way_together_do_not_wait_for_each_other() -> None:
    # Latency 2 s: the second reversal comes before the first one's close has arrived. At 10:01 the short is closed;
    # the first buy arrives 10:01:02 and is taken along; the second sell arrives 10:01:04. All at the open of 10:01.
    alerts = [
        alert("09:59:58", "entry", "sell"),
        alert("10:00:30", "reversal", "buy"),
        alert("10:00:31", "reversal", "sell"),
    ]
    outcome = replay(RISING, *alerts, latency_ms=2000)
    assert [(t["side"], t["entry_ns"], t["exit_ns"], t["exit_reason"]) for t in outcome.trades] == [
        (-1, at("10:00:00"), at("10:01:00"), "reversal"),
        (1, at("10:01:00"), at("10:01:00"), "reversal"),
        (-1, at("10:01:00"), at("10:04:00"), "end_of_data"),
    ]


# -- several symbols --------------------------------------------------------------------------------------------------


def test_orders_for_one_open_fill_in_order_of_arrival_over_symbols_and_timeframes() -> None:
    bars = {"EURUSD": flat_at(110_000, 5, 10), "GBPUSD": flat_at(125_000, 5, 2, M5)}
    alerts = [
        alert("10:00:20", "entry", "buy", symbol="GBPUSD"),  # waits for the M5 bar of 10:05
        alert("10:00:30", "entry", "buy"),  # fills at 10:01
        alert("10:04:30", "entry", "buy"),  # waits for 10:05, arrived after the pound
    ]
    trades = sorted(replay(bars, *alerts).trades, key=lambda trade: trade["ticket"])
    assert [(t["symbol"], t["entry_ns"]) for t in trades] == [
        ("EURUSD", at("10:01:00")),
        ("GBPUSD", at("10:05:00")),
        ("EURUSD", at("10:05:00")),
    ]


def test_the_end_closes_symbols_in_catalogue_order_at_their_own_last_close() -> None:
    bars = {"GBPUSD": flat_at(125_000, 5, 3), "EURUSD": flat_at(110_000, 5, 2)}
    alerts = [alert(t, "entry", "buy", symbol=s) for t, s in (("10:00:00", "GBPUSD"), ("10:00:01", "EURUSD"))]
    outcome = replay(bars, *alerts)
    assert [(t["symbol"], t["exit_ns"]) for t in outcome.trades] == [
        ("EURUSD", at("10:02:00")),
        ("GBPUSD", at("10:03:00")),
    ]


def test_range_exits_of_one_instant_come_in_catalogue_order_and_by_age() -> None:
    # Both symbols fall through every stop in the bar of 10:00. GBPUSD was bought first, EURUSD stands first in the
    # catalogue; of the two euros the older goes first.
    fall = [(price, price, price - 200, price) for price in (110_000, 125_000)]
    bars = {"EURUSD": minutes(fall[0]), "GBPUSD": minutes(fall[1])}
    alerts = [
        alert("10:00:00", "entry", "buy", symbol="GBPUSD", sl=1.249),
        alert("10:00:01", "entry", "buy", sl=1.099),
        alert("10:00:02", "entry", "buy", sl=1.0995),
    ]
    assert [trade["ticket"] for trade in replay(bars, *alerts).trades] == [2, 3, 1]
