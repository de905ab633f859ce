"""The oracle against answers worked out by hand: limit, stop and stop-limit orders.

The bid starts at 110000 and the ask is 10 above it: a buy is touched by the ask, a sell by the bid.
"""

from __future__ import annotations

from typing import Any

import pytest

from .hand import FLAT, alert, at, entries, exits, minutes, only, order, replay, words

# -- touched in a range -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "kind", "price", "extreme", "filled"),
    [
        ("buy", "limit", 109_950, (110_000, 109_940), True),  # the ask's low is 109950
        ("buy", "limit", 109_950, (110_000, 109_941), False),
        ("sell", "limit", 110_050, (110_050, 110_000), True),  # the bid's high
        ("sell", "limit", 110_050, (110_049, 110_000), False),
        ("buy", "stop", 110_050, (110_040, 110_000), True),  # the ask's high is 110050
        ("buy", "stop", 110_050, (110_039, 110_000), False),
        ("sell", "stop", 109_950, (110_000, 109_950), True),  # the bid's low
        ("sell", "stop", 109_950, (110_000, 109_951), False),
    ],
)
def test_a_pending_order_is_touched_to_the_point_on_its_entry_side(
    side: str, kind: str, price: int, extreme: tuple[int, int], filled: bool
) -> None:
    # Touched in the bar of 10:01: filled at its price, known at the bar's end.
    bars = minutes(FLAT, (110_000, *extreme, 110_000), FLAT)
    outcome = replay(bars, order("10:00:00", side, kind, price))
    assert entries(outcome) == ([(at("10:02:00"), price)] if filled else [])
    assert words(outcome) == ["filled" if filled else "end_of_data"]


@pytest.mark.parametrize(
    ("side", "kind", "price", "entry"),
    [
        ("buy", "limit", 109_950, 109_950),
        ("sell", "limit", 110_050, 110_050),
        ("buy", "stop", 110_050, 110_053),
        ("sell", "stop", 109_950, 109_947),
    ],
)
def test_slippage_moves_stop_entries_and_no_limits(side: str, kind: str, price: int, entry: int) -> None:
    bars = minutes(FLAT, (110_000, 110_060, 109_930, 110_000), FLAT)
    outcome = replay(bars, order("10:00:00", side, kind, price), slippage_points=3)
    assert entries(outcome) == [(at("10:02:00"), entry)]


def test_a_ticket_filled_inside_a_bar_holds_that_bar_but_did_not_live_it() -> None:
    # Bought 109950 inside 10:01 (low 109800, high 110300: neither counts). 10:02 is lived: bid 110000 to 110080.
    # Out at 10:03's open by signal, bid 110020. Rows 10:01, 10:02, 10:03: three bars held.
    bars = minutes(
        FLAT,
        (110_000, 110_300, 109_800, 110_000),
        (110_000, 110_080, 109_930, 110_000),
        (110_020, 110_020, 110_020, 110_020),
    )
    trade = only(replay(bars, order("10:00:00", "buy", "limit", 109_950), alert("10:02:30", "exit", "buy")))
    assert (trade["entry_ns"], trade["exit_ns"], trade["bars_held"]) == (at("10:02:00"), at("10:03:00"), 3)
    assert (trade["pnl_points"], trade["mae_points"], trade["mfe_points"]) == (70, 20, 130)


# -- gapped -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "kind", "price", "opened", "entry"),
    [
        ("buy", "limit", 109_950, 109_900, 109_910),  # the better open
        ("sell", "limit", 110_050, 110_100, 110_100),
        ("buy", "stop", 110_050, 110_100, 110_113),  # the worse open, and slippage
        ("sell", "stop", 109_950, 109_900, 109_897),
        ("buy", "limit", 109_950, 109_940, 109_950),  # exactly at it
        ("buy", "stop", 110_050, 110_040, 110_053),
    ],
)
def test_a_gapped_pending_order_fills_at_the_open(side: str, kind: str, price: int, opened: int, entry: int) -> None:
    bars = minutes(FLAT, (opened, opened, opened, opened), FLAT)
    outcome = replay(bars, order("10:00:00", side, kind, price), slippage_points=3)
    assert entries(outcome) == [(at("10:01:00"), entry)]


def test_the_range_of_the_bar_that_gapped_it_counts_for_its_levels() -> None:
    # Bought at 109910, the open of 10:01; that bar falls to 109850 and touches the stop 109860. Not ambiguous: the
    # fill was at the open.
    bars = minutes(FLAT, (109_900, 109_900, 109_850, 109_880), FLAT)
    outcome = replay(bars, order("10:00:00", "buy", "limit", 109_950, sl=1.0986))
    assert exits(outcome) == [("sl", at("10:02:00"), 109_860)]
    assert not only(outcome)["ambiguous"]


def test_gapped_stops_and_targets_come_before_gapped_pending_orders() -> None:
    # 1 lot bought at 110010 holds 1100.05 of 1300.00. At 10:01 the bid opens at 110200: its target 110100 fills there,
    # 190.00 earned, and frees the margin for the buy stop of the same open: 1490.00 bear 1100.05, but not twice that.
    bars = minutes(FLAT, (110_200, 110_200, 110_200, 110_200))
    first = alert("10:00:00", "entry", "buy", volume=1, tp=1.101)
    stop = order("10:00:00", "buy", "stop", 110_150, volume=1, id="stop")
    outcome = replay(bars, first, stop, balance="1300")
    assert words(outcome) == ["filled", "filled"]
    assert [(t["ticket"], t["exit_reason"]) for t in outcome.trades] == [(1, "tp"), (2, "end_of_data")]
    assert words(replay(bars, first | {"tp": None}, stop, balance="1300")) == ["filled", "no_money"]


# -- the first open ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "kind", "price", "word"),
    [
        ("buy", "limit", 110_009, "end_of_data"),  # below the ask of 110010: it works
        ("buy", "limit", 110_010, "invalid_price"),
        ("buy", "limit", 110_011, "invalid_price"),
        ("sell", "limit", 110_001, "end_of_data"),
        ("sell", "limit", 110_000, "invalid_price"),
        ("buy", "stop", 110_011, "end_of_data"),
        ("buy", "stop", 110_010, "invalid_price"),
        ("sell", "stop", 109_999, "end_of_data"),
        ("sell", "stop", 110_000, "invalid_price"),
    ],
)
def test_the_price_lies_strictly_on_its_own_side_of_the_first_open(side: str, kind: str, price: int, word: str) -> None:
    # One bar that stands still, so nothing is touched: a buy limit of 110009 needs an ask of 110009.
    assert words(replay(minutes(FLAT), order("10:00:00", side, kind, price))) == [word]


@pytest.mark.parametrize(("trigger", "word"), [(110_011, "end_of_data"), (110_010, "invalid_price")])
@pytest.mark.parametrize("limit", [109_000, 110_010, 110_500])
def test_of_a_stop_limit_only_the_trigger_is_checked(trigger: int, limit: int, word: str) -> None:
    assert words(replay(minutes(FLAT), order("10:00:00", "buy", "stop_limit", trigger, limit))) == [word]


@pytest.mark.parametrize("received", ["10:00:00.001", "10:00:03", "10:00:59"])
def test_a_pending_order_works_from_the_next_open_without_grace(received: str) -> None:
    # The bar in progress falls to 109900; the order comes after its open and does not get it.
    bars = minutes((110_000, 110_000, 109_900, 110_000), FLAT)
    assert words(replay(bars, order(received, "buy", "limit", 109_950))) == ["end_of_data"]
    # Raised at the open itself, the bar counts.
    assert words(replay(bars, order("10:00:00", "buy", "limit", 109_950))) == ["filled"]


def test_the_first_open_does_not_gap_an_order_but_refuses_it() -> None:
    # 10:01 opens at the ask 110110, beyond the stop entry of 110050: MetaTrader would not take such an order.
    bars = minutes(FLAT, (110_100, 110_100, 110_100, 110_100))
    assert words(replay(bars, order("10:00:30", "buy", "stop", 110_050))) == ["invalid_price"]
    assert words(replay(bars, order("10:00:00", "buy", "stop", 110_050))) == ["filled"]


def test_a_pending_order_waits_for_its_first_open_as_long_as_it_takes() -> None:
    # A market order would be market_closed after ten minutes; twenty bars are missing.
    bars = minutes(FLAT, *[None] * 20, (110_000, 110_000, 109_930, 110_000))
    outcome = replay(bars, order("10:00:30", "buy", "limit", 109_950))
    assert entries(outcome) == [(at("10:22:00"), 109_950)]


@pytest.mark.parametrize(("sent", "filled"), [("10:00:58", True), ("10:00:58.001", False)])
def test_an_order_that_arrives_at_an_open_works_from_it(sent: str, filled: bool) -> None:
    bars = minutes(FLAT, (110_000, 110_000, 109_930, 110_000), FLAT)
    outcome = replay(bars, order(sent, "buy", "limit", 109_950), latency_ms=2000)
    assert words(outcome) == ["filled" if filled else "end_of_data"]


@pytest.mark.parametrize(
    ("volume", "word"), [(0.009, "volume_too_small"), (50.01, "volume_too_large"), (0.01, "invalid_price")]
)
def test_the_volume_is_answered_at_arrival_and_the_price_at_the_open(volume: float, word: str) -> None:
    assert words(replay(minutes(FLAT), order("10:00:00", "buy", "limit", 110_010, volume=volume))) == [word]


# -- refused at the fill ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sl", "tp", "word"),
    [
        (1.09939, 1.09941, "filled"),  # the bid at the fill counts as 109950 - 10, the spread of the bar's open
        (1.09940, None, "invalid_stops"),
        (None, 1.09940, "invalid_stops"),
    ],
)
def test_levels_are_judged_against_the_orders_price_less_the_spread(
    sl: float | None, tp: float | None, word: str
) -> None:
    bars = minutes(FLAT, (110_000, 110_000, 109_940, 109_940), FLAT)
    assert words(replay(bars, order("10:00:00", "buy", "limit", 109_950, sl=sl, tp=tp))) == [word]


@pytest.mark.parametrize(("balance", "word"), [("1100.05", "filled"), ("1100.04", "no_money")])
def test_the_money_is_looked_for_at_the_fill(balance: str, word: str) -> None:
    # 1 lot inside 10:01; the mid at its end is 1.10005: margin 1100.05.
    bars = minutes(FLAT, (110_000, 110_000, 109_940, 110_000), FLAT)
    assert words(replay(bars, order("10:00:00", "buy", "limit", 109_950, volume=1), balance=balance)) == [word]


# -- the exit inside the entry's bar ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intrabar", "quad", "answer"),
    [
        # pessimistic: the range touches the stop 109900, so it was hit after the entry
        ("pessimistic", (110_000, 110_000, 109_900, 110_000), ("sl", "10:02:00", 109_900)),
        # the target 109990 was touched, perhaps before the entry: it counts as the close is beyond it
        ("pessimistic", (110_000, 110_000, 109_940, 109_990), ("tp", "10:02:00", 109_990)),
        # and not where the close is short of it: 10:02 opens at 110000 and gaps it
        ("pessimistic", (110_000, 110_000, 109_940, 109_989), ("tp", "10:02:00", 110_000)),
        # optimistic: the target, even with the stop in the range
        ("optimistic", (110_000, 110_000, 109_890, 109_890), ("tp", "10:02:00", 109_990)),
    ],
)
def test_both_readings_of_the_entrys_own_bar(
    intrabar: str, quad: tuple[int, int, int, int], answer: tuple[str, str, int]
) -> None:
    outcome = replay(
        minutes(FLAT, quad, FLAT), order("10:00:00", "buy", "limit", 109_950, sl=1.099, tp=1.0999), intrabar=intrabar
    )
    assert exits(outcome) == [(answer[0], at(answer[1]), answer[2])]
    assert only(outcome)["ambiguous"]  # the mark stays, though the open of 10:02 decided


@pytest.mark.parametrize(("close", "price"), [(109_900, 109_900), (109_901, 110_000)])
def test_optimistic_takes_the_stop_only_if_the_bar_closed_beyond_it(close: int, price: int) -> None:
    # Stop 109900 touched, no target: at the close 109900 it is hit; at 109901 the ticket lives on to the end of data.
    bars = minutes(FLAT, (110_000, 110_000, 109_890, close), FLAT)
    outcome = replay(bars, order("10:00:00", "buy", "limit", 109_950, sl=1.099), intrabar="optimistic")
    assert only(outcome)["exit_points"] == price
    assert only(outcome)["ambiguous"]


def test_an_exit_inside_the_entrys_bar_counts_that_bar_once() -> None:
    # Bought 109950, stopped 109900 less 3 of slippage: 53 against us, nothing for us.
    bars = minutes(FLAT, (110_000, 110_200, 109_800, 110_000))
    trade = only(replay(bars, order("10:00:00", "buy", "limit", 109_950, sl=1.099), slippage_points=3))
    assert (trade["entry_ns"], trade["exit_ns"], trade["bars_held"]) == (at("10:02:00"), at("10:02:00"), 1)
    assert (trade["pnl_points"], trade["mae_points"], trade["mfe_points"]) == (-53, 53, 0)


# -- stop-limit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "entry"),
    [
        ((110_040, 110_040, 110_010, 110_040), ("10:03:00", 110_020)),  # touched in the range of 10:02
        ((110_040, 110_040, 110_011, 110_040), None),
        ((110_005, 110_040, 110_005, 110_040), ("10:02:00", 110_015)),  # its first open gaps it
    ],
)
def test_a_triggered_stop_limit_is_a_limit_from_the_next_bar(
    after: tuple[int, int, int, int], entry: tuple[str, int] | None
) -> None:
    # Trigger 110050 (ask high of 10:01), limit 110020. 10:01 itself falls back to the ask 110010: too early.
    bars = minutes(FLAT, (110_000, 110_040, 110_000, 110_040), after)
    outcome = replay(bars, order("10:00:00", "buy", "stop_limit", 110_050, 110_020), slippage_points=3)
    assert entries(outcome) == ([] if entry is None else [(at(entry[0]), entry[1])])


def test_a_trigger_at_an_open_leaves_that_bar_out() -> None:
    # 10:01 opens at the ask 110060, beyond the trigger; its low (ask 110010) would touch the limit. 10:02 does.
    bars = minutes(FLAT, (110_050, 110_050, 110_000, 110_050), (110_050, 110_050, 110_010, 110_050))
    outcome = replay(bars, order("10:00:00", "buy", "stop_limit", 110_050, 110_020))
    assert entries(outcome) == [(at("10:03:00"), 110_020)]


def test_a_limit_beyond_the_trigger_fills_at_the_next_open() -> None:
    bars = minutes(FLAT, (110_000, 110_050, 110_000, 110_050), (110_055, 110_060, 110_050, 110_055))
    outcome = replay(bars, order("10:00:00", "buy", "stop_limit", 110_050, 110_080), slippage_points=3)
    assert entries(outcome) == [(at("10:02:00"), 110_065)]


# -- what bracket makes of the alert ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"order_type": "limit"}, "no_entry_price"),
        ({"order_type": "stop", "entry_price": None}, "no_entry_price"),
        ({"order_type": "stop_limit", "entry_price": 1.1005}, "no_entry_price"),
        ({"order_type": "limit", "break_even_points": 0}, "invalid_trailing"),
        ({"order_type": "limit", "side": None, "break_even_points": 0}, "no_side"),
        ({"order_type": "limit", "entry_price": 1.0995}, "end_of_data"),
    ],
)
def test_what_bracket_refuses_itself_and_in_which_order(given: dict[str, Any], word: str) -> None:
    assert words(replay(minutes(FLAT), alert("10:00:00", "entry", "buy") | given)) == [word]


@pytest.mark.parametrize(
    ("kind", "limit", "fill"), [("stop", None, 110_053), ("stop_limit", 110_050, 110_050), ("limit", None, 109_950)]
)
def test_distances_are_measured_from_the_orders_price_and_hung_on_the_fill(
    kind: str, limit: int | None, fill: int
) -> None:
    # Stop 40 below and target 300 above the order's own price; the alert's price plays no part.
    anchor = 109_950 if kind == "limit" else 110_050
    given = {"sl": (anchor - 40) / 10**5, "tp": (anchor + 300) / 10**5, "price": 1.2}
    bars = minutes(FLAT, (110_000, 110_050, 109_940, 110_050), (110_050, 110_060, 110_030, 110_050))
    outcome = replay(bars, order("10:00:00", "buy", kind, anchor, limit, **given), levels="distance", slippage_points=3)
    trade = only(outcome)
    assert (trade["entry_points"], trade["initial_sl"], trade["initial_tp"]) == (fill, fill - 40, fill + 300)


def test_one_at_a_time_counts_a_pending_order_until_it_ends() -> None:
    # The limit lives 60 s: it blocks the entry of 10:00:30 and not that of 10:01:30.
    limit = order("10:00:00", "buy", "limit", 109_000, expires_s=60)
    later = [alert(t, "entry", "sell") for t in ("10:00:30", "10:01:30")]
    outcome = replay(minutes(FLAT, FLAT, FLAT), limit, *later, one_at_a_time=True)
    assert words(outcome) == ["expired", "one_at_a_time", "filled"]
