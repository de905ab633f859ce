"""EXIT alerts of V6: which side they close, how much, what stays. Bid 110_000, ask 110_010, unless prices move."""

from __future__ import annotations

import pytest

from tests.unit.strategies.fakes import V6, Fakes, body, v6_alert
from tests.world import market

CODES = {"1m": "1", "5m": "5", "15m": "15", "1h": "60"}
RISING = [(p, p, p, p) for p in range(110_000, 110_180)]
"""A point a minute, short of TP1 at 110_200: a buy of minute 2 is in profit from minute 13 on."""
FAR = (1.09, 1.12, 1.13, 1.14)


def exit_alert(at, word="EXIT_BULLISH", tf="5", number=0):
    return body(f"{word}|EURUSD|{tf}|1.1|15", at, number)


def closed(played):
    """(role, steps, reason, minute of the exit) of what left before the end of the data."""
    start = played.record.series["EURUSD"].time[0]
    rows = [f for f in played.record.fills if f.exit_reason != "end_of_data"]
    return [(f.role, f.steps, f.exit_reason, (f.exit_ns - start) // 60_000_000_000) for f in rows]


def left(played):
    return {f.role: f.steps for f in played.record.fills if f.exit_reason == "end_of_data"}


PORTIONS = [
    ("1m", [("B", 10)], {}),
    ("5m", [("B", 5), ("A", 3)], {"A": 2}),
    ("15m", [("A", 10)], {}),
    ("1h", [("A", 5)], {"A": 5}),
]


@pytest.mark.parametrize(("tf", "goes", "stays"), PORTIONS)
def test_an_exit_takes_its_portion_nearest_target_first(tf, goes, stays):
    """§3.4: 1m all, 5m 80 % (the runner is in profit), 15m all, 1h half; of 0.10 lots."""
    alerts = [v6_alert(2, tf=CODES[tf], levels=FAR), exit_alert(60, tf=CODES[tf])]
    played = Fakes().play(alerts, V6[tf], prices=market(*RISING))
    assert [(role, steps) for role, steps, _, _ in closed(played)] == goes
    assert left(played) == stays
    assert played.outcomes[1] == ("closed", "")


def test_exit_bullish_closes_buys_and_leaves_sells():
    """§3.4: the code closed shorts on EXIT_BULLISH."""
    both = [v6_alert(1, tf="15"), v6_alert(2, "BEARISH_ENTRY", tf="15")]
    settings = {"opposite_entry_reverses": False}
    for word, side in (("EXIT_BULLISH", 1), ("EXIT_BEARISH", -1)):
        played = Fakes().play([*both, exit_alert(20, word, tf="15")], V6["15m"], **settings)
        assert [f.side for f in played.record.fills if f.exit_reason == "signal"] == [side]
        assert [f.side for f in played.record.fills if f.exit_reason == "end_of_data"] == [-side]


def test_a_runner_that_is_not_in_profit_leaves_too():
    """Flat market: a close would lose the spread."""
    played = Fakes().play([v6_alert(1), exit_alert(20)], V6["5m"])
    assert [(role, steps) for role, steps, _, _ in closed(played)] == [("B", 5), ("A", 5)]


def test_an_entry_too_small_to_part_leaves_whole():
    """0.02 lots at 80 %: what would stay is less than a step. An exit never does nothing."""
    fakes = Fakes()
    fakes.risk.lots = "0.02"
    played = fakes.play([v6_alert(2, levels=FAR), exit_alert(60)], V6["5m"], prices=market(*RISING))
    assert [(role, steps) for role, steps, _, _ in closed(played)] == [("B", 1), ("A", 1)]


def test_the_same_exit_sent_again_takes_nothing_more():
    """Exits are never dropped as duplicates while something older is open, so the plugin must know a resend."""
    alerts = [v6_alert(2, levels=FAR), exit_alert(60), exit_alert(60.2, number=1), exit_alert(63, number=2)]
    played = Fakes().play(alerts, V6["5m"], prices=market(*RISING))
    assert [(role, steps) for role, steps, _, _ in closed(played)] == [("B", 5), ("A", 3)]
    assert played.outcomes[2:] == [("ignored", "already_parted")] * 2
    assert left(played) == {"A": 2}


def test_a_later_exit_takes_the_runner_of_5m_and_leaves_that_of_1h():
    later = [v6_alert(2, levels=FAR), exit_alert(60), exit_alert(80, number=1)]
    played = Fakes().play(later, V6["5m"], prices=market(*RISING))
    assert [(role, steps, at) for role, steps, _, at in closed(played)] == [("B", 5, 60), ("A", 3, 60), ("A", 2, 80)]
    hourly = [v6_alert(2, tf="60", levels=FAR), exit_alert(60, tf="60"), exit_alert(150, tf="60", number=1)]
    played = Fakes().play(hourly, V6["1h"], prices=market(*RISING))
    assert [(role, steps, at) for role, steps, _, at in closed(played)] == [("A", 5, 60)]
    assert played.outcomes[2] == ("ignored", "already_parted")


def test_a_new_entry_parts_like_the_first_one_beside_an_old_runner():
    alerts = [v6_alert(2, levels=FAR), exit_alert(60), v6_alert(70, levels=FAR, number=1), exit_alert(100, number=1)]
    played = Fakes().play(alerts, V6["5m"], prices=market(*RISING))
    assert [(role, steps, at) for role, steps, _, at in closed(played)] == [
        ("B", 5, 60),
        ("A", 3, 60),
        ("A", 2, 100),
        ("B", 5, 100),
        ("A", 3, 100),
    ]


def test_an_exit_takes_an_entry_under_way_along():
    alerts = [v6_alert(1), exit_alert(1, number=1)]
    played = Fakes().play(alerts, V6["5m"])
    assert sorted((f.role, f.exit_reason) for f in played.record.fills) == [("A", "signal"), ("B", "signal")]


def test_an_exit_without_tickets_is_ignored():
    assert Fakes().play([exit_alert(5)], V6["5m"]).outcomes == [("ignored", "nothing_to_close")]


def test_an_exit_of_another_timeframe_is_not_ours():
    alerts = [v6_alert(1), exit_alert(20, tf="240")]
    assert Fakes().play(alerts, V6["5m"], V6["1h"]).outcomes[1] == ("refused", "wrong_timeframe")


# --- the rest waits for the pulse ------------------------------------------------------------------------------------


def pulse(at, state, tf="60"):
    return body(f"TREND_PULSE|EURUSD|{tf}|1|5|15:BULL→BEAR|{state}", at)


@pytest.mark.parametrize("state", ["TRENDING_BEARISH", "MIXED_BEARISH"])
def test_the_rest_of_an_hourly_trade_leaves_with_the_reversal_of_the_pulse(state):
    alerts = [v6_alert(2, tf="60", levels=FAR), exit_alert(60, tf="60"), pulse(70, "NEUTRAL"), pulse(80, state)]
    played = Fakes().play(alerts, V6["1h"], prices=market(*RISING))
    assert [(steps, at) for _, steps, _, at in closed(played)] == [(5, 60), (5, 80)]
    assert played.outcomes[2:] == [("info", "trend_pulse"), ("closed", "")]


def test_a_pulse_closes_nothing_before_an_exit_and_nothing_of_a_newer_entry():
    early = [v6_alert(2, tf="60", levels=FAR), pulse(30, "TRENDING_BEARISH")]
    assert closed(Fakes().play(early, V6["1h"], prices=market(*RISING))) == []
    newer = [
        v6_alert(2, tf="60", levels=FAR),
        exit_alert(20, tf="60"),
        v6_alert(100, tf="60", levels=FAR, number=1),
        pulse(120, "TRENDING_BEARISH"),
    ]
    played = Fakes().play(newer, V6["1h"], prices=market(*RISING))
    assert [(steps, at) for _, steps, _, at in closed(played)] == [(5, 20), (5, 120)]
    assert left(played) == {"A": 10}


# --- the ladder of the plan ------------------------------------------------------------------------------------------

LADDERS = [
    ("1m", [("TP1", 5, 110_200), ("TP2", 5, 110_400)]),
    ("5m", [("TP1", 5, 110_200), ("TP2", 3, 110_400), ("TP3", 2, 110_600)]),
    ("15m", [("TP1", 4, 110_200), ("TP2", 4, 110_400), ("TP3", 2, 110_600)]),
    ("1h", [("TP1", 2, 110_200), ("TP2", 4, 110_400), ("TP3", 4, 110_600)]),
]


@pytest.mark.parametrize(("tf", "expected"), LADDERS)
def test_the_plan_places_a_ticket_a_level(tf, expected):
    """§3.4: 50/50, 50/30/20, 40/40/20, 20/40/40 of 0.10 lots."""
    played = Fakes().play([v6_alert(tf=CODES[tf])], V6[tf], exit_mode="plan")
    opened = [(o.role, o.volume_steps, o.tp) for o in played.record.orders if o.opens]
    assert opened == expected
    assert played.outcomes == [("filled", "")]


def test_the_plan_of_5m_moves_the_stop_to_the_entry_at_tp1():
    """TP1 at 110_200 is reached, then the price falls: the rest leaves two pips above the entry, not at the stop."""
    up = [(p, p, p, p) for p in range(110_000, 110_230, 10)]
    down = [(p, p, p, p) for p in range(110_230, 109_700, -10)]
    played = Fakes().play([v6_alert(1)], V6["5m"], prices=market(*up, *down), exit_mode="plan")
    entry = played.record.fills[0].entry_points
    exits = {f.role: (f.exit_reason, f.exit_points) for f in played.record.fills}
    assert exits["TP1"] == ("tp", 110_200)
    assert exits["TP2"] == exits["TP3"] == ("sl", entry + 20)


def test_the_plan_of_1m_ends_after_fifteen_minutes():
    played = Fakes().play([v6_alert(1, tf="1", levels=FAR)], V6["1m"], exit_mode="plan")
    assert {(role, at) for role, _, _, at in closed(played)} == {("TP1", 16), ("TP2", 16)}


def test_an_exit_takes_its_portion_of_a_ladder():
    alerts = [v6_alert(2, levels=FAR), exit_alert(60), exit_alert(60.2, number=1)]
    played = Fakes().play(alerts, V6["5m"], prices=market(*RISING), exit_mode="plan")
    assert [(role, steps) for role, steps, _, _ in closed(played)] == [("TP1", 5), ("TP2", 3)]
    assert left(played) == {"TP3": 2}
    assert [o for o, _ in played.outcomes] == ["filled", "closed", "ignored"]


def test_a_ladder_without_targets_is_refused():
    fakes = Fakes()
    fakes.risk.table_sl = 1.09
    assert fakes.play([v6_alert(levels=())], V6["5m"], exit_mode="plan").outcomes == [("refused", "no_target")]
