"""The oracle against answers worked out by hand: stops, targets, and the open that an order gets."""

from __future__ import annotations

from typing import Any

import pytest

from .hand import FLAT, H1, M1, RISING, alert, at, exits, minutes, only, replay, words

# -- stops and targets ------------------------------------------------------------------------------------------------


def test_stop_gapped_through_fills_at_open() -> None:
    # Bought at the ask 110010 of 10:00, stop 109950; 10:01 opens at 109900, 50 below the stop: out at 109900.
    # -110 points x 10 cents = -11.00. Fully lived: 10:00 (low 109990: 20 against; high 110010: 0 for us).
    bars = minutes((110_000, 110_010, 109_990, 110_005), (109_900, 109_920, 109_890, 109_900))
    outcome = replay(bars, alert("10:00:00", "entry", "buy", sl=1.0995))
    trade = only(outcome)
    assert trade == {
        "ticket": 1,
        "part": 1,
        "symbol": "EURUSD",
        "side": 1,
        "steps": 10,
        "entry_ns": at("10:00:00"),
        "entry_points": 110_010,
        "exit_ns": at("10:01:00"),
        "exit_points": 109_900,
        "initial_sl": 109_950,
        "initial_tp": 0,
        "sl": 109_950,
        "tp": 0,
        "exit_reason": "sl",
        "gross_minor": -1100,
        "commission_minor": 0,
        "swap_minor": 0,
        "pnl_minor": -1100,
        "pnl_points": -110,
        "mae_points": 110,
        "mfe_points": 0,
        "bars_held": 2,
        "ambiguous": False,
        "alert_id": "entry buy 10:00:00",
    }
    assert outcome.balance_minor == 1_000_000 - 1100
    assert words(outcome) == ["filled"]


def test_target_gapped_through_fills_at_the_better_open() -> None:
    bars = minutes(FLAT, (110_080, 110_090, 110_070, 110_080))
    outcome = replay(bars, alert("10:00:00", "entry", "buy", tp=1.1005))
    assert exits(outcome) == [("tp", at("10:01:00"), 110_080)]
    assert only(outcome)["pnl_points"] == 70


@pytest.mark.parametrize(("low", "reason"), [(109_950, "sl"), (109_951, "end_of_data")])
def test_a_long_stop_is_touched_by_the_bid_to_the_point(low: int, reason: str) -> None:
    bars = minutes(FLAT, (110_000, 110_000, low, 110_000))
    trade = only(replay(bars, alert("10:00:00", "entry", "buy", sl=1.0995)))
    assert trade["exit_reason"] == reason
    assert trade["exit_points"] == (109_950 if reason == "sl" else 110_000)
    assert trade["exit_ns"] == at("10:02:00")  # a range exit carries the bar's end


@pytest.mark.parametrize(("high", "reason"), [(110_040, "sl"), (110_039, "end_of_data")])
def test_a_short_stop_is_touched_by_the_ask(high: int, reason: str) -> None:
    # Stop 110050 on the ask: the bid's high of 110040 plus 10 of spread touches it.
    bars = minutes(FLAT, (110_000, high, 110_000, 110_000))
    assert only(replay(bars, alert("10:00:00", "entry", "sell", sl=1.1005)))["exit_reason"] == reason


@pytest.mark.parametrize(("low", "reason"), [(109_940, "tp"), (109_941, "end_of_data")])
def test_a_short_target_is_touched_by_the_ask(low: int, reason: str) -> None:
    bars = minutes(FLAT, (110_000, 110_000, low, 110_000))
    assert only(replay(bars, alert("10:00:00", "entry", "sell", tp=1.0995)))["exit_reason"] == reason


@pytest.mark.parametrize(
    ("intrabar", "reason", "points"), [("pessimistic", "sl", 109_950), ("optimistic", "tp", 110_050)]
)
def test_stop_and_target_in_one_bar_is_a_matter_of_the_setting(intrabar: str, reason: str, points: int) -> None:
    bars = minutes(FLAT, (110_000, 110_060, 109_940, 110_000))
    outcome = replay(bars, alert("10:00:00", "entry", "buy", sl=1.0995, tp=1.1005), intrabar=intrabar)
    assert exits(outcome) == [(reason, at("10:02:00"), points)]
    assert only(outcome)["ambiguous"]


def test_a_gapped_open_decides_before_the_range_and_is_not_ambiguous() -> None:
    # 10:01 opens below the stop and its range reaches the target later.
    bars = minutes(FLAT, (109_940, 110_060, 109_930, 110_000))
    outcome = replay(bars, alert("10:00:00", "entry", "buy", sl=1.0995, tp=1.1005), intrabar="optimistic")
    assert exits(outcome) == [("sl", at("10:01:00"), 109_940)]
    assert not only(outcome)["ambiguous"]


def test_the_entry_bars_own_range_counts() -> None:
    bars = minutes((110_000, 110_000, 109_940, 110_000), FLAT)
    outcome = replay(bars, alert("10:00:00", "entry", "buy", sl=1.0995))
    assert exits(outcome) == [("sl", at("10:01:00"), 109_950)]
    # Its one bar is not fully lived: only the exit price counts, 60 against.
    assert (only(outcome)["mae_points"], only(outcome)["mfe_points"], only(outcome)["bars_held"]) == (60, 0, 1)


def test_the_whole_bar_counts_for_a_graced_entry() -> None:
    # The alert comes 4 s into the bar; the low may have been before it, still it counts.
    bars = minutes((110_000, 110_000, 109_940, 110_000), FLAT)
    assert exits(replay(bars, alert("10:00:04", "entry", "buy", sl=1.0995))) == [("sl", at("10:01:00"), 109_950)]


def test_excursions_are_over_bars_fully_lived_and_the_exit_price() -> None:
    # Sold at the bid 110000. On the ask: 10:00 high 110040 (40 against), low 110000 (0); 10:01 high 110020, low
    # 109910 (90 for us); 10:02 touches the stop 110100 and is not lived: its low of 109810 on the ask does not count.
    bars = minutes(
        (110_000, 110_030, 109_990, 110_000), (110_000, 110_010, 109_900, 110_000), (110_000, 110_100, 109_800, 110_000)
    )
    trade = only(replay(bars, alert("10:00:00", "entry", "sell", sl=1.1010)))
    assert (trade["exit_reason"], trade["pnl_points"]) == ("sl", -100)
    assert (trade["mae_points"], trade["mfe_points"], trade["bars_held"]) == (100, 90, 3)


def test_at_the_end_of_data_the_last_bar_was_lived() -> None:
    bars = minutes(FLAT, (110_000, 110_070, 109_980, 110_020))
    trade = only(replay(bars, alert("10:00:00", "entry", "buy"), slippage_points=3))
    # Bought at 110013; low 109980: 33 against; high 110070: 57 for us; out at the close 110020 without slippage.
    assert (trade["exit_reason"], trade["exit_points"], trade["exit_ns"]) == ("end_of_data", 110_020, at("10:02:00"))
    assert (trade["mae_points"], trade["mfe_points"], trade["pnl_points"]) == (33, 57, 7)


# -- when orders fill -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "given", "entered", "points"),
    [
        ("10:01:00", {}, "10:01:00", 110_110),
        ("10:01:05", {}, "10:01:00", 110_110),
        ("10:01:05.001", {}, "10:02:00", 110_210),
        ("10:01:00.001", {"open_grace_ms": 0}, "10:02:00", 110_210),
        ("10:01:00", {"open_grace_ms": 0}, "10:01:00", 110_110),
        ("10:00:58.500", {"latency_ms": 1500, "open_grace_ms": 0}, "10:01:00", 110_110),
        ("10:00:58.501", {"latency_ms": 1500, "open_grace_ms": 0}, "10:02:00", 110_210),
        ("10:00:58.501", {"latency_ms": 1500}, "10:01:00", 110_110),
        ("10:01:00", {"latency_ms": 5000}, "10:01:00", 110_110),
        ("10:01:00", {"latency_ms": 5001}, "10:02:00", 110_210),
        ("09:55:00", {}, "10:00:00", 110_010),
    ],
)
def test_the_open_an_entry_gets(received: str, given: dict[str, Any], entered: str, points: int) -> None:
    trade = only(replay(RISING, alert(received, "entry", "buy"), **given))
    assert (trade["entry_ns"], trade["entry_points"]) == (at(entered), points)


@pytest.mark.parametrize(
    ("received", "word"),
    [
        ("10:01:00", "filled"),  # the next open is 10:11:00, exactly ten minutes away
        ("10:00:59.999", "market_closed"),
        ("10:11:30", "filled"),
        ("10:12:30", "market_closed"),  # the last bar is in progress: no later open
        ("10:13:00", "market_closed"),  # the run's last instant
        ("10:13:00.001", "after_end_of_data"),
    ],
)
def test_an_entry_waits_ten_minutes_and_not_longer(received: str, word: str) -> None:
    bars = minutes(FLAT, *[None] * 10, FLAT, FLAT)
    assert words(replay(bars, alert(received, "entry", "buy"))) == [word]


def test_on_hourly_bars_an_entry_waits_an_hour() -> None:
    bars = minutes(FLAT, FLAT, None, None, FLAT, timeframe=H1)
    outcome = replay(bars, alert("10:00:06", "entry", "buy"), alert("11:00:06", "entry", "buy"))
    assert words(outcome) == ["filled", "market_closed"]
    assert only(outcome)["entry_ns"] == at("11:00:00")


def test_over_the_weekend_entries_are_refused_and_exits_wait() -> None:
    friday, sunday = "2024-03-08", "2024-03-10"
    week = minutes(FLAT, FLAT, start=at("21:58:00", friday))[1]
    bars = (M1, week + minutes((109_500, 109_500, 109_500, 109_500), start=at("22:00:00", sunday))[1])
    entry, late = (alert(at(t, friday), "entry", "buy") for t in ("21:58:00", "21:59:30"))
    outcome = replay(bars, entry, late, alert(at("12:00:00", "2024-03-09"), "exit", "buy"))
    assert words(outcome) == ["filled", "market_closed", "closed"]
    assert exits(outcome) == [("signal", at("22:00:00", sunday), 109_500)]


def test_an_order_still_on_its_way_at_the_end_expires() -> None:
    outcome = replay(RISING, alert("10:03:30", "entry", "buy"), latency_ms=60_000)
    assert outcome.decisions == {"entry buy 10:03:30": ("expired", "end_of_data")}
    assert outcome.trades == []


def test_an_exit_that_finds_no_later_open_expires_and_the_end_closes() -> None:
    outcome = replay(RISING, alert("10:00:00", "entry", "buy"), alert("10:03:30", "exit", "buy"))
    assert words(outcome) == ["filled", "end_of_data"]
    assert exits(outcome) == [("end_of_data", at("10:04:00"), 110_400)]


def test_slippage_moves_entries_stops_and_signals_but_no_targets() -> None:
    # Bought at 110010 + 3. Stop 109950: out at 109947. Target 110050: out at 110050. Signal at the bid 110000: 109997.
    entry = alert("10:00:00", "entry", "buy", sl=1.0995, tp=1.1005)
    stopped = replay(minutes(FLAT, (110_000, 110_000, 109_940, 110_000)), entry, slippage_points=3)
    gapped = replay(minutes(FLAT, (109_940, 109_940, 109_940, 109_940)), entry, slippage_points=3)
    target = replay(minutes(FLAT, (110_000, 110_060, 110_000, 110_000)), entry, slippage_points=3)
    signal = replay(minutes(FLAT, FLAT), entry, alert("10:01:00", "exit", None), slippage_points=3)
    assert only(stopped)["entry_points"] == 110_013
    assert [only(o)["exit_points"] for o in (stopped, gapped, target, signal)] == [109_947, 109_937, 110_050, 109_997]
