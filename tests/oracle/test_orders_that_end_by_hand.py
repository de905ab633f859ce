"""The oracle against answers worked out by hand: groups in which one cancels the other, expiry, cancels, exits.

The bid starts at 110000 and the ask is 10 above it.
"""

from __future__ import annotations

from typing import Any

import pytest

from .hand import FLAT, alert, at, entries, exits, flat_at, minutes, only, order, replay, words

# -- groups -----------------------------------------------------------------------------------------------------------


def straddle(first: tuple[str, str, int], second: tuple[str, str, int], **given: Any) -> list[dict[str, Any]]:
    """Two orders of one group, raised at 10:00 one after the other."""
    return [
        order("10:00:00", side, kind, price, oco="g", id=name, **given)
        for name, (side, kind, price) in (("first", first), ("second", second))
    ]


def test_a_fill_cancels_the_rest_of_its_group() -> None:
    # 10:01 rises to the ask 110060: the buy stop fills; the sell stop is gone when 10:02 falls.
    bars = minutes(FLAT, (110_000, 110_050, 110_000, 110_000), (110_000, 110_000, 109_900, 110_000))
    outcome = replay(bars, *straddle(("buy", "stop", 110_050), ("sell", "stop", 109_950)))
    assert outcome.decisions == {"first": ("filled", ""), "second": ("expired", "oco")}
    assert entries(outcome) == [(at("10:02:00"), 110_050)]
    assert not only(outcome)["ambiguous"]


@pytest.mark.parametrize(
    ("first", "second", "filled", "price"),
    [
        # distances from the open 110000 / 110010, each on its own side: 40 for the buy, 30 for the sell
        (("buy", "stop", 110_050), ("sell", "stop", 109_970), "second", 109_970),
        (("buy", "stop", 110_050), ("sell", "limit", 110_030), "second", 110_030),
        # both 30: the stop before the limit, whichever came first
        (("sell", "limit", 110_030), ("sell", "stop", 109_970), "second", 109_970),
        # both 30, both stops: the older
        (("buy", "stop", 110_040), ("sell", "stop", 109_970), "first", 110_040),
        (("sell", "stop", 109_970), ("buy", "stop", 110_040), "first", 109_970),
    ],
)
def test_two_of_a_group_in_one_range_are_decided_by_the_distance_from_the_open(
    first: tuple[str, str, int], second: tuple[str, str, int], filled: str, price: int
) -> None:
    bars = minutes(FLAT, (110_000, 110_060, 109_940, 110_000), FLAT)
    outcome = replay(bars, *straddle(first, second))
    other = "first" if filled == "second" else "second"
    assert outcome.decisions == {filled: ("filled", ""), other: ("expired", "oco")}
    assert entries(outcome) == [(at("10:02:00"), price)]
    assert only(outcome)["ambiguous"]


def test_if_the_nearer_is_refused_the_next_one_fills() -> None:
    # The sell stop is nearer; its stop lies on the wrong side: refused, and a refusal cancels nothing.
    bars = minutes(FLAT, (110_000, 110_060, 109_940, 110_000), FLAT)
    buy, sell = straddle(("buy", "stop", 110_050), ("sell", "stop", 109_970))
    outcome = replay(bars, buy, sell | {"sl": 1.09})
    assert outcome.decisions == {"first": ("filled", ""), "second": ("refused", "invalid_stops")}
    assert only(outcome)["ambiguous"]


def test_a_stop_limit_that_waits_for_its_trigger_is_no_rival() -> None:
    # Its trigger, 20 away, is touched too; a trigger is no fill: the buy stop, 40 away, fills and is not ambiguous.
    bars = minutes(FLAT, (110_000, 110_060, 109_940, 110_000), FLAT)
    sell = order("10:00:00", "sell", "stop_limit", 109_980, 109_990, oco="g", id="sell")
    buy = order("10:00:00", "buy", "stop", 110_050, oco="g", id="buy")
    outcome = replay(bars, sell, buy)
    assert outcome.decisions == {"sell": ("expired", "oco"), "buy": ("filled", "")}
    assert not only(outcome)["ambiguous"]


def test_a_triggered_stop_limit_is_a_rival_as_a_limit() -> None:
    # Triggered inside 10:01 (bid low 109980). In 10:02, open 110000 / 110010: its limit 110030 is 30 away, the buy stop
    # 110050 is 40 away: the limit fills.
    bars = minutes(FLAT, (110_000, 110_000, 109_980, 110_000), (110_000, 110_060, 110_000, 110_000), FLAT)
    sell = order("10:00:00", "sell", "stop_limit", 109_980, 110_030, oco="g", id="sell")
    buy = order("10:00:00", "buy", "stop", 110_050, oco="g", id="buy")
    outcome = replay(bars, buy, sell)
    assert outcome.decisions == {"buy": ("expired", "oco"), "sell": ("filled", "")}
    assert entries(outcome) == [(at("10:03:00"), 110_030)]


def test_of_two_gapped_by_one_open_the_earlier_arrival_fills() -> None:
    # Both are buy stops below the open of 10:01; the farther one came first.
    bars = minutes(FLAT, (110_100, 110_100, 110_100, 110_100))
    outcome = replay(bars, *straddle(("buy", "stop", 110_090), ("buy", "stop", 110_050)))
    assert words(outcome) == ["filled", "oco"]
    assert not only(outcome)["ambiguous"]


def test_across_symbols_the_catalogue_decides() -> None:
    # Both are touched in 10:01; EURUSD stands first in the catalogue, the pound's order came first and is nearer.
    bars = {
        "EURUSD": minutes(FLAT, (110_000, 110_060, 110_000, 110_000)),
        "GBPUSD": minutes((125_000,) * 4, (125_000, 125_060, 125_000, 125_000)),
    }
    pound = order("10:00:00", "buy", "stop", 125_020, symbol="GBPUSD", oco="g", id="pound")
    euro = order("10:00:00", "buy", "stop", 110_050, oco="g", id="euro")
    outcome = replay(bars, pound, euro)
    assert outcome.decisions == {"pound": ("expired", "oco"), "euro": ("filled", "")}


def test_market_orders_cancel_and_are_cancelled() -> None:
    # The market order of 10:00:30 fills at 10:01 and cancels the limit; a market order refused cancels nothing.
    limit = order("10:00:00", "buy", "limit", 109_950, oco="g", id="limit")
    market = alert("10:00:30", "entry", "buy", oco="g")
    bars = minutes(FLAT, FLAT, (110_000, 110_000, 109_930, 110_000))
    assert words(replay(bars, limit, market)) == ["oco", "filled"]
    assert words(replay(bars, limit, market | {"sl": 1.2})) == ["filled", "invalid_stops"]
    # Here the limit fills inside 10:01, while a market order with 90 s of latency is on its way: that one is cancelled.
    bars = minutes(FLAT, FLAT, (110_000, 110_000, 109_930, 110_000), FLAT, FLAT)
    early = order("09:58:00", "buy", "limit", 109_950, oco="g", id="limit")
    late = alert("10:02:10", "entry", "buy", oco="g")
    assert words(replay(bars, early, late, latency_ms=90_000)) == ["filled", "oco"]


def test_a_group_of_one_is_an_order_and_who_joins_after_the_fill_is_a_new_chance() -> None:
    bars = minutes(FLAT, (110_000, 110_000, 109_930, 110_000), (110_000, 110_000, 109_930, 110_000))
    one = order("10:00:00", "buy", "limit", 109_950, oco="g")
    assert words(replay(bars, one)) == ["filled"]
    assert words(replay(bars, one, order("10:02:00", "buy", "limit", 109_950, oco="g"))) == ["filled", "filled"]


# -- expiry -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "word"),
    [
        (120, "filled"),  # until 10:02:00: the range that ends there may still fill
        (119.999, "expired"),
    ],
)
def test_a_range_that_ends_at_the_expiry_may_still_fill(seconds: float, word: str) -> None:
    bars = minutes(FLAT, (110_000, 110_000, 109_940, 110_000), FLAT)
    assert words(replay(bars, order("10:00:00", "buy", "limit", 109_950, expires_s=seconds))) == [word]


@pytest.mark.parametrize(("seconds", "word"), [(120, "filled"), (119, "expired")])
def test_an_open_at_the_expiry_may_still_fill(seconds: float, word: str) -> None:
    bars = minutes(FLAT, FLAT, (109_900, 109_900, 109_900, 109_900))
    assert words(replay(bars, order("10:00:00", "buy", "limit", 109_950, expires_s=seconds))) == [word]


@pytest.mark.parametrize(("price", "word"), [(109_950, "expired"), (110_010, "invalid_price")])
def test_an_expiry_before_the_arrival_acts_at_the_arrival(price: int, word: str) -> None:
    # Sent 10:00:58 for one second, arrives at 10:01:00 with an open: first the check, then the expiry.
    bars = minutes(FLAT, (110_000, 110_000, 109_900, 110_000))
    limit = order("10:00:58", "buy", "limit", price, expires_s=1)
    outcome = replay(bars, limit, alert("10:00:59.500", "exit", "buy"), latency_ms=2000)
    assert words(outcome)[0] == word
    # While it is on its way it is under way, though its time is over: the exit of 10:00:59.5 had something to close,
    # and found nothing when it arrived.
    assert words(outcome)[1] == "nothing_to_close"


def test_a_market_order_ignores_an_expiry() -> None:
    assert words(replay(minutes(FLAT, FLAT), alert("10:00:10", "entry", "buy", expires_s=1))) == ["filled"]


# -- cancels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "latency_ms", "words_wanted"),
    [
        ("10:01:30", 0, ["cancel", "cancelled"]),  # the range of the bar it falls into no longer fills
        ("10:02:00", 0, ["filled", "nothing_to_cancel"]),  # the range has been
        ("10:01:59.999", 1, ["filled", "nothing_to_cancel"]),  # it arrives with the bar's end
        ("10:01:59", 999, ["cancel", "cancelled"]),
    ],
)
def test_a_cancel_acts_at_its_arrival(received: str, latency_ms: int, words_wanted: list[str]) -> None:
    bars = minutes(FLAT, (110_000, 110_000, 109_940, 110_000), FLAT)
    limit = order("09:59:00", "buy", "limit", 109_950)
    cancel = alert(received, "cancel", None, ref=limit["id"])
    assert words(replay(bars, limit, cancel, latency_ms=latency_ms)) == words_wanted


def test_a_cancel_that_arrives_at_an_open_comes_before_the_gap() -> None:
    bars = minutes(FLAT, (109_900, 109_900, 109_900, 109_900))
    limit = order("09:59:00", "buy", "limit", 109_950)
    cancel = alert("10:00:58", "cancel", None, ref=limit["id"])
    assert words(replay(bars, limit, cancel, latency_ms=2000)) == ["cancel", "cancelled"]
    assert words(replay(bars, limit, cancel | {"received_ns": at("10:01:00")})) == ["filled", "nothing_to_cancel"]


def test_a_cancel_without_a_name_takes_the_pending_orders_of_its_side_only() -> None:
    buy, sell = order("10:00:00", "buy", "limit", 109_950), order("10:00:00", "sell", "limit", 110_050)
    market = alert("10:00:10", "entry", "buy")
    cancel = alert("10:00:20", "cancel", "buy")
    assert words(replay(minutes(FLAT, FLAT), buy, sell, market, cancel)) == [
        "cancel",
        "end_of_data",
        "filled",
        "cancelled",
    ]
    both = alert("10:00:20", "cancel", None)
    assert words(replay(minutes(FLAT, FLAT), buy, sell, both)) == ["cancel", "cancel", "cancelled"]


def test_a_cancel_by_name_takes_a_market_order_on_its_way() -> None:
    market = alert("10:00:10", "entry", "buy")
    named = alert("10:00:20", "cancel", None, ref=market["id"])
    assert words(replay(minutes(FLAT, FLAT), market, named)) == ["cancel", "cancelled"]
    assert words(replay(minutes(FLAT, FLAT), market, named | {"ref": "nobody"})) == ["filled", "nothing_to_cancel"]


def test_a_cancel_that_arrives_with_its_order_between_opens_comes_first() -> None:
    # Both arrive 10:00:32. The order has not been answered (0.001 lots are too few) nor graced (10:01:03): cancelled.
    small = order("10:00:30", "buy", "limit", 109_950, volume=0.001)
    cancel = alert("10:00:30", "cancel", None, ref=small["id"])
    assert words(replay(minutes(FLAT, FLAT), small, cancel, latency_ms=2000)) == ["cancel", "cancelled"]
    market = alert("10:01:01", "entry", "buy")
    cancel = alert("10:01:01", "cancel", None, ref=market["id"])
    assert words(replay(minutes(FLAT, FLAT), market, cancel, latency_ms=2000)) == ["cancel", "cancelled"]
    # Arriving with an open they act as raised: the order is answered, then there is nothing to cancel.
    small, cancel = (given | {"received_ns": at("10:00:58")} for given in (small, alert("10:00:30", "cancel", "buy")))
    assert words(replay(minutes(FLAT, FLAT), small, cancel, latency_ms=2000)) == [
        "volume_too_small",
        "nothing_to_cancel",
    ]


def test_cancelling_a_reversals_entry_leaves_its_closes() -> None:
    sell, turn = alert("10:00:00", "entry", "sell"), alert("10:00:10", "reversal", "buy")
    cancel = alert("10:00:20", "cancel", None, ref=turn["id"])
    outcome = replay(minutes(FLAT, FLAT), sell, turn, cancel)
    assert words(outcome) == ["filled", "cancel", "cancelled"]
    assert exits(outcome) == [("reversal", at("10:01:00"), 110_010)]


# -- exits and pending orders -----------------------------------------------------------------------------------------


def test_an_exit_cancels_the_pending_orders_of_its_side() -> None:
    buy, sell = order("10:00:00", "buy", "limit", 109_950), order("10:00:00", "sell", "limit", 110_050)
    outcome = replay(minutes(FLAT, FLAT), buy, sell, alert("10:00:20", "exit", "buy"))
    assert outcome.decisions[buy["id"]] == ("expired", "exit")
    assert words(outcome) == ["exit", "end_of_data", "cancelled"]


def test_a_pending_order_gapped_at_the_open_at_which_an_exit_arrives_is_filled_first() -> None:
    # The exit arrives at 10:01:00, where the open gaps the buy limit: bought at 109910, closed at the bid 109900.
    bars = minutes(FLAT, (109_900, 109_900, 109_900, 109_900))
    limit = order("09:59:00", "buy", "limit", 109_950)
    outcome = replay(bars, limit, alert("10:00:58", "exit", "buy"), latency_ms=2000)
    assert exits(outcome) == [("signal", at("10:01:00"), 109_900)]
    assert words(outcome) == ["filled", "closed"]
    # Half a second earlier it cancels the order before that open.
    outcome = replay(bars, limit, alert("10:00:57.500", "exit", "buy"), latency_ms=2000)
    assert words(outcome) == ["exit", "cancelled"]


def test_a_reversal_needs_nothing_but_a_pending_order_of_the_other_side_to_wait_for() -> None:
    # Latency 2 s: its close arrives 10:00:12 and cancels the sell limit; the buy leaves then, arrives 10:00:14.
    sell = order("09:59:00", "sell", "limit", 110_050)
    outcome = replay(minutes(FLAT, FLAT), sell, alert("10:00:10", "reversal", "buy"), latency_ms=2000)
    assert words(outcome) == ["exit", "filled"]
    assert entries(outcome) == [(at("10:01:00"), 110_010)]


def test_a_reversals_pending_entry_is_held_and_its_expiry_counts_from_its_release() -> None:
    # The short closes at 10:01; the buy limit of 60 s is released then and lives until 10:02:00: the range that ends
    # there fills it.
    bars = minutes(FLAT, (110_000, 110_000, 109_930, 110_000), FLAT)
    sell = alert("10:00:00", "entry", "sell")
    turn = order("10:00:30", "buy", "limit", 109_950, expires_s=60) | {"type": "reversal"}
    outcome = replay(bars, sell, turn)
    assert words(outcome) == ["filled", "filled"]
    assert entries(outcome)[1] == (at("10:02:00"), 109_950)
    # An exit of its side that comes while it is held cancels it.
    outcome = replay(bars, sell, turn, alert("10:00:40", "exit", "buy"))
    assert words(outcome) == ["filled", "exit", "cancelled"]


def test_an_exit_by_name_takes_that_order_alone() -> None:
    first, second = alert("10:00:00", "entry", "buy"), alert("10:00:01", "entry", "buy")
    named = alert("10:00:30", "exit", "sell", ref=first["id"], symbol="GBPUSD")  # the order's own side and symbol count
    both = {"EURUSD": minutes(FLAT, FLAT), "GBPUSD": flat_at(125_000, 5)}
    outcome = replay(both, first, second, named)
    assert [(t["ticket"], t["exit_reason"]) for t in outcome.trades] == [(1, "signal"), (2, "end_of_data")]
    limit = order("10:00:00", "buy", "limit", 109_950)
    assert words(replay(both, limit, alert("10:00:30", "exit", None, ref=limit["id"]))) == ["exit", "cancelled"]
    waiting = alert("10:00:10", "entry", "buy")
    outcome = replay(both, waiting, alert("10:00:30", "exit", None, ref=waiting["id"]))
    assert exits(outcome) == [("signal", at("10:01:00"), 110_000)]  # taken along: in and out at the same open
    for unknown in ("nobody", "entry sell 10:00:05", "exit buy 10:00:06"):
        refused = alert("10:00:05", "entry", "sell", break_even_points=-1)
        outcome = replay(
            both, first, refused, alert("10:00:06", "exit", "sell"), alert("10:00:30", "exit", "buy", ref=unknown)
        )
        assert words(outcome)[-1] == "nothing_to_close"
    gone = alert("10:00:00", "entry", "buy", sl=1.2)
    assert words(replay(both, gone, alert("10:00:30", "exit", None, ref=gone["id"]))) == [
        "invalid_stops",
        "nothing_to_close",
    ]


# -- shares -----------------------------------------------------------------------------------------------------------


def parts(frac: float, *, volume: float = 0.1, times: int = 1) -> list[tuple[int, int, str]]:
    """Part, steps and reason of each closing fill after so many exits of this share."""
    leave = [alert(f"10:0{n}:30", "exit", "buy", close_frac=frac) for n in range(times)]
    outcome = replay(minutes(*[FLAT] * 4), alert("10:00:00", "entry", "buy", volume=volume), *leave)
    return [(trade["part"], trade["steps"], trade["exit_reason"]) for trade in outcome.trades]


def test_a_share_is_of_the_volume_at_the_entry_rounded_down() -> None:
    assert parts(0.5) == [(1, 5, "signal"), (2, 5, "end_of_data")]
    assert parts(0.37) == [(1, 3, "signal"), (2, 7, "end_of_data")]
    assert parts(0.6, times=2) == [(1, 6, "signal"), (2, 4, "signal")]  # more than the rest closes the rest
    assert parts(1) == [(1, 10, "signal")]
    assert parts(0.29, volume=1) == [(1, 29, "signal"), (2, 71, "end_of_data")]  # as written, not 28.999...


def test_a_share_of_less_than_a_step_is_refused_and_closes_nothing() -> None:
    small, large = alert("10:00:00", "entry", "buy", volume=0.01), alert("10:00:01", "entry", "buy", volume=0.1)
    leave = alert("10:00:30", "exit", "buy", close_frac=0.5)
    outcome = replay(minutes(FLAT, FLAT), small, leave)
    assert outcome.decisions[leave["id"]] == ("refused", "volume_too_small")
    assert exits(outcome) == [("end_of_data", at("10:02:00"), 110_000)]
    # Beside a ticket that is large enough, the small one is left alone.
    outcome = replay(minutes(FLAT, FLAT), small, large, leave)
    assert words(outcome) == ["filled", "filled", "closed"]
    assert [(t["ticket"], t["part"], t["steps"]) for t in outcome.trades] == [(2, 1, 5), (1, 1, 1), (2, 2, 5)]


def test_each_part_pays_its_own_costs() -> None:
    # 0.05 of 0.10 lots at the bid 110100: 90 points x 5 cents = 4.50; the rest at the end at 110200: 190 x 5 = 9.50.
    bars = minutes(FLAT, (110_100,) * 4, (110_200,) * 4)
    outcome = replay(bars, alert("10:00:00", "entry", "buy"), alert("10:01:00", "exit", None, close_frac=0.5))
    assert [(t["gross_minor"], t["mfe_points"], t["bars_held"]) for t in outcome.trades] == [
        (450, 90, 2),
        (950, 190, 3),
    ]


def test_a_share_of_an_entry_taken_along() -> None:
    outcome = replay(
        minutes(FLAT, FLAT),
        alert("10:00:10", "entry", "buy"),
        alert("10:00:20", "exit", "buy", close_frac=0.5),
        alert("10:00:30", "exit", "buy", close_frac=0.2),
    )
    assert [(t["steps"], t["exit_ns"]) for t in outcome.trades] == [
        (5, at("10:01:00")),
        (2, at("10:01:00")),
        (3, at("10:02:00")),
    ]
    assert words(outcome) == ["filled", "closed", "closed"]


@pytest.mark.parametrize(("balance", "word"), [("1110.05", "filled"), ("1110.04", "no_money")])
def test_a_partial_close_frees_its_share_of_the_margin(balance: str, word: str) -> None:
    # 1 lot, half closed: 5.00 of spread booked, 5.00 open loss, 550.025 of margin. Half a lot more needs as much again:
    # 1100.05 against the balance less 10.00.
    bars = minutes(FLAT, FLAT, FLAT)
    first, leave = alert("10:00:00", "entry", "buy", volume=1), alert("10:01:00", "exit", "buy", close_frac=0.5)
    assert words(replay(bars, first, leave, alert("10:02:00", "entry", "buy", volume=0.5), balance=balance))[-1] == word
