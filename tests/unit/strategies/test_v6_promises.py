"""V6: what the decisions say and what settings do not do by the way."""

from __future__ import annotations

import pytest

from tests.unit.strategies.fakes import V6, Fakes, body, v6_alert
from tests.unit.strategies.wired import play
from tests.world import Market, bars, flat, market
from zepix.model import FillModel
from zepix.model.settings_risk import RiskSettings


@pytest.mark.parametrize(("tf", "code"), [("1m", "1"), ("5m", "5")])
def test_reward_is_that_of_the_order_that_goes(tf, code):
    """1m goes to TP1 with B alone, 5m to TP2 with A; the stop is 210 points from the ask, TP1 190, TP2 390."""
    played = play([v6_alert(1, tf=code)], V6[tf], prices=market(*flat(20)))
    reward = 190 if tf == "1m" else 390
    assert played.record.decisions[0].numbers["rr"] == pytest.approx(reward / 210)
    at_most = play([v6_alert(1, tf=code)], V6[tf], prices=market(*flat(20)), risk=RiskSettings(min_rr=1))
    assert at_most.outcomes == [("refused", "rr_too_low") if tf == "1m" else ("filled", "")]


def test_size_that_our_own_reducer_makes_too_small_closes_nothing():
    """docs/v6.md: an entry that does not pass closes nothing."""
    fakes = Fakes()
    fakes.risk.lots = "0.01"
    alerts = [v6_alert(1), v6_alert(8, "BEARISH_ENTRY", adx="26|STRONG", number=1)]
    played = fakes.play(alerts, V6["5m"], weak_adx_below=26.2, weak_adx_factor=0.5)
    assert played.outcomes == [("filled", ""), ("refused", "volume_too_small")]
    numbers = played.record.decisions[1].numbers
    assert (numbers["lots_gate"], numbers["lots"]) == (0.01, 0.005)
    assert [order.kind for order in played.record.orders] == ["market"] * len(played.record.orders)
    assert all(fill.exit_reason == "end_of_data" for fill in played.record.fills)


@pytest.mark.parametrize("cooldown_s", [0.0, 3600.0])
def test_resent_exit_is_known_by_the_bar_and_not_by_the_cooldown(cooldown_s):
    """docs/v6.md: the same exit once more *within a bar* takes nothing; a later one takes the runner."""
    rising = [(p, p, p, p) for p in range(110_000, 110_150, 5)]
    leave = "EXIT_BULLISH|EURUSD|5|1.1|15"
    alerts = [v6_alert(1), body(leave, 10), body(leave, 12, 1), body(leave, 16, 2)]
    fakes = Fakes()
    played = fakes.play(alerts, V6["5m"], prices=market(*rising), cooldown_s=cooldown_s)
    assert [reason or outcome for outcome, reason in played.outcomes] == [
        "filled",
        "closed",
        "already_parted",
        "closed",
    ]


PASSED = (1.098, 1.0999, 1.0999, 1.0999)
"""A stop that holds, and targets that the price has left behind."""


@pytest.mark.parametrize("mode", ["targets", "plan", "managed"])
@pytest.mark.parametrize(("tf", "code"), [("1m", "1"), ("5m", "5"), ("15m", "15"), ("1h", "60")])
def test_alert_whose_targets_are_passed_closes_nothing(tf, code, mode):
    """It reversed: the sells went, and the order after them was refused."""
    alerts = [v6_alert(1, "BEARISH_ENTRY", tf=code), v6_alert(10, tf=code, levels=PASSED, number=1)]
    played = play(alerts, V6[tf], prices=market(*flat(20)), exit_mode=mode, max_spread_pips=None)
    assert played.outcomes == [("filled", ""), ("refused", "invalid_stops")]
    assert {fill.exit_reason for fill in played.record.fills} <= {"end_of_data", "time_exit"}


def test_alert_with_one_target_ahead_goes_with_that():
    played = play([v6_alert(1, levels=(1.098, 1.0999, 1.104, 1.106))], V6["5m"], prices=market(*flat(20)))
    assert played.outcomes == [("filled", "")]
    assert [order.role for order in played.record.orders if order.opens] == ["A"]


def test_entry_under_way_that_the_reversal_takes_along_counts_no_more():
    """docs/v6.md: everything of the other side leaves first, also what is not filled yet."""
    late = FillModel(latency_ms=61_000)
    alerts = [v6_alert(1, "BEARISH_ENTRY"), v6_alert(1.1, number=1)]
    played = play(alerts, V6["5m"], prices=Market([bars(*flat(20))], fill=late), max_open_trades=1)
    assert played.outcomes == [("filled", ""), ("filled", "")]
    assert [fill.exit_reason for fill in played.record.fills[:2]] == ["reversal", "reversal"]
