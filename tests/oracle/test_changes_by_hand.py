"""The oracle against answers worked out by hand: changed levels, trailing stops, break-even.

The bid starts at 110000 and the ask is 10 above it: bought at 110010, sold at 110000.
"""

from __future__ import annotations

from typing import Any

import pytest

from .hand import FLAT, Quad, alert, at, exits, minutes, only, order, replay, words

BUY = alert("10:00:00", "entry", "buy", sl=1.099, tp=1.102)
Answer = tuple[str, str, int]


def answered(outcome: Any) -> list[Answer]:
    return [(reason, clock_of(t), price) for reason, t, price in exits(outcome)]


def clock_of(t: int) -> str:
    seconds = (t - at("00:00")) // 10**9
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


# -- changes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "latency_ms", "answer"),
    [
        # The bar of 10:01 falls to 109940. The stop moves from 109900 up to 109950.
        ("10:01:00", 0, ("sl", "10:02:00", 109_950)),  # with the open: that bar counts
        ("10:00:59", 1000, ("sl", "10:02:00", 109_950)),
        ("10:01:00.001", 0, ("sl", "10:03:00", 109_950)),  # too late for 10:01: the old stop stands, untouched
        ("10:00:59", 1001, ("sl", "10:03:00", 109_950)),
        ("10:01:02", 0, ("sl", "10:03:00", 109_950)),  # no grace for changes
    ],
)
def test_a_change_counts_from_the_first_open_at_or_after_its_arrival(
    received: str, latency_ms: int, answer: Answer
) -> None:
    dip = (110_000, 110_000, 109_940, 110_000)
    entry = BUY | {"received_ns": at("10:00:00") - latency_ms * 10**6}
    change = alert(received, "modify", "buy", sl=1.0995)
    outcome = replay(minutes(FLAT, dip, dip, FLAT), entry, change, latency_ms=latency_ms)
    assert answered(outcome) == [answer]
    assert words(outcome) == ["filled", "modified"]
    assert (only(outcome)["initial_sl"], only(outcome)["sl"], only(outcome)["tp"]) == (109_900, 109_950, 110_200)


def test_until_it_counts_the_old_levels_stand() -> None:
    # At 10:01:30 the stop is lowered out of reach; the bar in progress touches the old one.
    dip = (110_000, 110_000, 109_890, 110_000)
    outcome = replay(minutes(FLAT, dip), BUY, alert("10:01:30", "modify", "buy", sl=1.09))
    assert answered(outcome) == [("sl", "10:02:00", 109_900)]
    assert (words(outcome)[1], only(outcome)["sl"]) == ("modified", 109_900)


@pytest.mark.parametrize(
    ("levels", "answer"),
    [
        ({"sl": 1.1}, ("sl", "10:01:00", 109_997)),  # exactly at the bid of the open: filled there, less 3
        ({"sl": 1.1005}, ("sl", "10:01:00", 109_997)),  # a stop above the market is never refused
        ({"tp": 1.0998}, ("tp", "10:01:00", 110_000)),
        ({"sl": 1.1005, "tp": 1.0998}, ("sl", "10:01:00", 109_997)),  # beyond both: the stop
        ({"sl": 1.09999}, ("end_of_data", "10:02:00", 110_000)),
    ],
)
@pytest.mark.parametrize(("received", "latency_ms"), [("10:01:00", 0), ("10:00:30", 0), ("10:00:59", 1000)])
def test_a_change_beyond_the_open_at_which_it_counts_fills_there(
    levels: dict[str, float], answer: Answer, received: str, latency_ms: int
) -> None:
    entry = BUY | {"received_ns": at("10:00:00") - latency_ms * 10**6}
    change = alert(received, "modify", None, **levels)
    outcome = replay(minutes(FLAT, FLAT), entry, change, latency_ms=latency_ms, slippage_points=3)
    assert answered(outcome) == [answer]


def test_a_ticket_of_this_very_open_is_closed_with_its_entrys_time() -> None:
    outcome = replay(minutes(FLAT), BUY, alert("10:00:00", "modify", "buy", sl=1.1))
    trade = only(outcome)
    assert (trade["entry_ns"], trade["exit_ns"], trade["exit_points"]) == (at("10:00:00"), at("10:00:00"), 110_000)
    assert (trade["bars_held"], trade["mae_points"], trade["initial_sl"], trade["sl"]) == (1, 10, 109_900, 110_000)


def test_nought_removes_a_level_and_nothing_leaves_it() -> None:
    # The stop goes, the target stays; 10:02 falls through the old stop, 10:03 rises to the target.
    bars = minutes(FLAT, FLAT, (110_000, 110_000, 109_000, 110_000), (110_000, 110_200, 110_000, 110_200))
    outcome = replay(bars, BUY, alert("10:00:30", "modify", "buy", sl=0))
    assert answered(outcome) == [("tp", "10:04:00", 110_200)]
    assert (only(outcome)["sl"], only(outcome)["tp"], only(outcome)["initial_sl"]) == (0, 110_200, 109_900)


def test_of_two_changes_the_later_wins_level_by_level() -> None:
    changes = (
        alert("10:00:10", "modify", "buy", sl=1.0991, tp=1.103),
        alert("10:00:20", "modify", "buy", sl=1.0992),
    )
    trade = only(replay(minutes(FLAT, FLAT), BUY, *changes))
    assert (trade["sl"], trade["tp"]) == (109_920, 110_300)


def test_what_a_change_covers_and_what_it_answers() -> None:
    sell, limit = alert("10:00:01", "entry", "sell"), order("10:00:02", "buy", "limit", 109_000)
    nothing = alert("10:00:10", "modify", "buy")
    one = alert("10:00:11", "modify", None, ref=sell["id"], sl=1.2)
    side = alert("10:00:12", "modify", "buy", sl=1.05)
    unknown = alert("10:00:13", "modify", None, ref="nobody", sl=1.05)
    outcome = replay(minutes(FLAT, FLAT), BUY, sell, limit, nothing, one, side, unknown)
    assert words(outcome) == [
        *("filled", "filled", "end_of_data"),
        *("no_levels", "modified", "modified", "nothing_to_modify"),
    ]
    assert [(t["side"], t["sl"]) for t in outcome.trades] == [(1, 105_000), (-1, 120_000)]
    late = alert("10:01:00", "modify", "sell", sl=1.2)
    gone = alert("10:00:00", "entry", "buy", sl=1.2)
    assert words(replay(minutes(FLAT, FLAT), gone, late)) == ["invalid_stops", "nothing_to_modify"]


# -- changes of orders under way --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "initial", "answer"),
    [
        # The limit 109950 fills inside 10:01. Arrived by that bar's open, the new stop 109930 is the ticket's from the
        # start: 109930 was touched in that bar.
        ("10:01:00", 109_930, ("sl", "10:02:00", 109_930)),
        # Later, the ticket is filled with 109800 and inherits the change: 10:02 falls to 109930.
        ("10:01:00.001", 109_800, ("sl", "10:03:00", 109_930)),
    ],
)
def test_a_pending_order_fills_with_the_levels_that_had_arrived_by_its_bars_open(
    received: str, initial: int, answer: Answer
) -> None:
    dip = (110_000, 110_000, 109_930, 110_000)
    limit = order("10:00:00", "buy", "limit", 109_950, sl=1.098)
    bars = minutes(FLAT, dip, dip, FLAT)
    outcome = replay(bars, limit, alert(received, "modify", None, ref=limit["id"], sl=1.0993))
    assert answered(outcome) == [answer]
    assert (only(outcome)["initial_sl"], words(outcome)) == (initial, ["filled", "modified"])


def test_an_inherited_change_is_not_refused_and_fills_at_the_next_open() -> None:
    limit = order("10:00:00", "buy", "limit", 109_950)
    bars = minutes(FLAT, (110_000, 110_000, 109_930, 110_000), FLAT)
    late = alert("10:01:30", "modify", "buy", sl=1.2)
    assert answered(replay(bars, limit, late)) == [("sl", "10:02:00", 110_000)]
    # In time for the fill it is judged there like any stop.
    assert words(replay(bars, limit, late | {"received_ns": at("10:01:00")})) == ["invalid_stops", "modified"]


def test_a_market_order_takes_the_change_or_inherits_it() -> None:
    # Raised 10:00:30, it fills at 10:01: the change of 10:00:40 is in time.
    market = alert("10:00:30", "entry", "buy", sl=1.099)
    in_time = only(replay(minutes(FLAT, FLAT, FLAT), market, alert("10:00:40", "modify", "buy", sl=1.0985)))
    assert (in_time["initial_sl"], in_time["sl"]) == (109_850, 109_850)
    # Latency 2 s: the change arrives 10:01:02.4 and meets the order on its way, which arrives 10:01:02.5 and by grace
    # gets the open of 10:01. The change had not arrived by that open: inherited, it counts from 10:02.
    change = alert("10:01:00.400", "modify", "buy", sl=1.0985)
    graced = alert("10:01:00.500", "entry", "buy", sl=1.099)
    outcome = replay(minutes(FLAT, FLAT, FLAT), change, graced, latency_ms=2000)
    assert words(outcome) == ["modified", "filled"]
    assert (only(outcome)["initial_sl"], only(outcome)["sl"]) == (109_900, 109_850)
    dip = (110_000, 110_000, 109_890, 110_000)
    assert answered(replay(minutes(FLAT, dip, FLAT), change, graced, latency_ms=2000)) == [("sl", "10:02:00", 109_900)]


def test_a_change_in_prices_takes_the_place_of_a_distance() -> None:
    entry = alert("10:00:30", "entry", "buy", price=1.2, sl=1.199, tp=1.203)
    outcome = replay(minutes(FLAT, FLAT), entry, alert("10:00:40", "modify", "buy", sl=1.0985), levels="distance")
    # The target stays a distance: 300 points from the fill at 110010.
    assert (only(outcome)["initial_sl"], only(outcome)["initial_tp"]) == (109_850, 110_310)


# -- trailing ---------------------------------------------------------------------------------------------------------


def trailed(*quads: Quad, side: str = "buy", **given: Any) -> dict[str, Any]:
    return only(replay(minutes(*quads), alert("10:00:00", "entry", side, **given)))


@pytest.mark.parametrize(
    ("high", "stop"),
    [
        (110_059, 0),  # 49 ahead of 110010: the start is 50
        (110_060, 110_040),  # 50 ahead: 110010 + 50 - 20
        (110_069, 110_040),
        (110_070, 110_050),  # one step of 10 more
        (110_095, 110_070),  # 85 ahead: three whole steps
    ],
)
def test_a_trailing_stop_moves_in_whole_steps(high: int, stop: int) -> None:
    quad = (110_000, high, 110_000, high)
    trade = trailed(quad, (high, high, high, high), trailing={"start": 50, "step": 10, "distance": 20})
    assert (trade["initial_sl"], trade["sl"], trade["exit_reason"]) == (0, stop, "end_of_data")


def test_a_sells_trailing_stop_is_mirrored_on_the_ask() -> None:
    # Sold at 110000. The ask's low is 109925: 75 ahead, two steps: 110000 - 50 - 20 + 20 = 109950. 10:01 rises to it.
    trail = {"start": 50, "step": 10, "distance": 20}
    fall, rise = (110_000, 110_000, 109_915, 109_920), (109_920, 109_940, 109_920, 109_940)
    trade = trailed(fall, rise, side="sell", sl=1.102, trailing=trail)
    assert (trade["exit_reason"], trade["exit_points"], trade["exit_ns"]) == ("trailing", 109_950, at("10:02:00"))
    assert (trade["initial_sl"], trade["sl"]) == (110_200, 109_950)


def test_the_stop_counts_from_the_next_bar_and_never_goes_back() -> None:
    # 10:00 goes to 110100 and back to 110000: the stop, 110080 from its end on, is not touched by its own bar. 10:01
    # opens at 110090, goes no higher than 110095 (no move) and falls to 110080.
    trail = {"start": 50, "step": 10, "distance": 20}
    trade = trailed((110_000, 110_100, 110_000, 110_090), (110_090, 110_095, 110_080, 110_095), trailing=trail)
    assert (trade["exit_reason"], trade["exit_points"], trade["exit_ns"]) == ("trailing", 110_080, at("10:02:00"))


@pytest.mark.parametrize(
    ("opened", "reason"),
    [
        (110_050, "trailing"),  # above the stop of 110070, below it, all the same
        (110_300, "trailing"),
        (110_350, "tp"),  # the target 110350 is gapped: it goes first
    ],
)
def test_a_bar_that_closed_beyond_the_new_stop_is_filled_by_the_next_open(opened: int, reason: str) -> None:
    # High 110095: stop 110070; the close 110070 is at it.
    trail = {"start": 50, "step": 10, "distance": 20}
    bars = minutes((110_000, 110_095, 110_000, 110_070), (opened, opened, opened, opened))
    outcome = replay(bars, alert("10:00:00", "entry", "buy", tp=1.1035, trailing=trail), slippage_points=3)
    # Bought at 110013 with slippage: 82 ahead, three steps: 110013 + 50 + 30 - 20 = 110073.
    assert only(outcome)["sl"] == 110_073
    assert answered(outcome) == [(reason, "10:01:00", opened - (3 if reason == "trailing" else 0))]


@pytest.mark.parametrize(
    ("levels", "answer"),
    [
        ({"sl": 1.0999}, ("end_of_data", "10:02:00", 110_300)),  # a new stop voids it
        ({"tp": 1.105}, ("trailing", "10:01:00", 110_300)),  # a new target does not
    ],
)
def test_a_change_of_the_stop_voids_the_fill_at_the_next_open(levels: dict[str, float], answer: Answer) -> None:
    trail = {"start": 50, "step": 10, "distance": 20}
    bars = minutes((110_000, 110_095, 110_000, 110_060), (110_300,) * 4)
    entry = alert("09:59:59", "entry", "buy", trailing=trail)
    change = alert("10:00:59", "modify", "buy", **levels)  # arrives 10:01:00, after the trailing move of 10:00's end
    assert answered(replay(bars, entry, change, latency_ms=1000)) == [answer]


@pytest.mark.parametrize(
    ("new_stop", "stop", "reason"),
    [
        (1.10069, 110_070, "trailing"),  # the trailing stop 110070 is better: it discards the change's stop
        (1.10070, 110_070, "sl"),
        (1.10071, 110_071, "sl"),
    ],
)
def test_a_trailing_move_is_compared_with_a_change_that_waits(new_stop: float, stop: int, reason: str) -> None:
    # The change of 10:00:30 waits for 10:01; at the end of 10:00 the trail would set 110070. Its target counts anyway.
    trail = {"start": 50, "step": 10, "distance": 20}
    bars = minutes((110_000, 110_095, 110_000, 110_090), (110_090, 110_095, 110_000, 110_090))
    change = alert("10:00:30", "modify", "buy", sl=new_stop, tp=1.103)
    trade = only(replay(bars, alert("10:00:00", "entry", "buy", trailing=trail), change))
    assert (trade["exit_reason"], trade["exit_points"], trade["tp"]) == (reason, stop, 110_300)


def test_after_a_change_has_removed_the_stop_any_trailing_stop_is_better() -> None:
    # The stop 110060 set by a change would stand above the trail's 110040; it is removed at 10:00:30.
    trail = {"start": 50, "step": 10, "distance": 20}
    bars = minutes((110_000, 110_060, 110_000, 110_060), (110_060,) * 4)
    entry = alert("10:00:00", "entry", "buy", sl=1.099, trailing=trail)
    trade = only(replay(bars, entry, alert("10:00:30", "modify", "buy", sl=0)))
    assert (trade["sl"], trade["initial_sl"]) == (110_040, 109_900)


def test_break_even_moves_the_stop_to_the_entry_once() -> None:
    # 30 ahead of 110010: the stop goes to 110010. A change lowers it to 109900; though the price is 30 ahead again,
    # break-even has been used.
    up = (110_000, 110_040, 110_000, 110_030)
    trade = trailed(up, (110_030, 110_030, 110_005, 110_030), break_even_points=30)
    assert (trade["exit_reason"], trade["exit_points"]) == ("break_even", 110_010)
    entry = alert("10:00:00", "entry", "buy", break_even_points=30)
    change = alert("10:01:00", "modify", "buy", sl=1.099)
    trade = only(replay(minutes(up, up[1:2] * 4, FLAT), entry, change))
    assert (trade["exit_reason"], trade["sl"]) == ("end_of_data", 109_900)


def test_an_attempt_that_is_not_better_does_not_use_break_even_up() -> None:
    # The stop stands at 110020 (a change) while the price is 30 ahead; lowered to 109900 later, break-even sets 110010.
    up = (110_030, 110_040, 110_030, 110_040)
    entry = alert("10:00:00", "entry", "buy", break_even_points=30)
    changes = alert("10:00:00.500", "modify", "buy", sl=1.1002), alert("10:01:30", "modify", "buy", sl=1.099)
    trade = only(replay(minutes(FLAT, up, up, (110_040,) * 4), entry, *changes))
    assert (trade["sl"], trade["exit_reason"]) == (110_010, "end_of_data")


def test_of_two_trails_the_better_stop_stands() -> None:
    # 60 ahead: break-even sets 110010, the trail 110010 + 50 + 10 - 80 = 109990 is not better. 120 ahead: 110050.
    trails = {"break_even_points": 40, "trailing": {"start": 50, "step": 10, "distance": 80}}
    first = trailed((110_000, 110_070, 110_000, 110_070), (110_070, 110_070, 110_005, 110_070), **trails)
    assert (first["exit_reason"], first["exit_points"]) == ("break_even", 110_010)
    second = trailed((110_000, 110_130, 110_000, 110_130), (110_130, 110_130, 110_005, 110_130), **trails)
    assert (second["exit_reason"], second["exit_points"]) == ("trailing", 110_050)


def test_the_bar_inside_which_a_ticket_was_filled_earns_no_trailing() -> None:
    # Bought 109950 inside 10:01, whose high of 110090 may have been before. 10:02 goes to 110010, 60 ahead: 109990.
    bars = minutes(
        FLAT,
        (110_000, 110_090, 109_940, 110_000),
        (110_000, 110_010, 110_000, 110_005),
        (110_005, 110_005, 109_990, 110_000),
    )
    limit = order("10:00:00", "buy", "limit", 109_950, trailing={"start": 50, "step": 10, "distance": 20})
    outcome = replay(bars, limit)
    assert answered(outcome) == [("trailing", "10:04:00", 109_990)]


@pytest.mark.parametrize(
    "given",
    [
        {"trailing": {"start": 10, "step": 5, "distance": 0}},
        {"trailing": {"start": -1, "step": 5, "distance": 5}},
        {"trailing": {"start": 10, "step": 2.5, "distance": 5}},
        {"trailing": {"start": 10, "step": 5, "distance": 5}, "break_even_points": -3},
    ],
)
def test_one_bad_trail_refuses_the_entry(given: dict[str, Any]) -> None:
    assert words(replay(minutes(FLAT), alert("10:00:00", "entry", "buy", **given))) == ["invalid_trailing"]
