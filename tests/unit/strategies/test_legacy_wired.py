"""Legacy alerts on the real services: the trends they tell are the trends that their entries need."""

from __future__ import annotations

import pytest

from tests.unit.strategies.fakes import shipped
from tests.unit.strategies.test_legacy import sent
from tests.unit.strategies.wired import play
from tests.world import flat, market
from zepix.engine.registry import PluginConfig
from zepix.model.settings_dual_order import DualOrderSettings

LEGACY = shipped("legacy")
TRENDS = [sent(1, "trend", "bull", "15m"), sent(2, "trend", "bull", "1h")]


def test_trends_are_told_and_said():
    played = play([*TRENDS, sent(3, "trend", "bull", "15m", 1), sent(4, "bias", "bear", "1d")], LEGACY)
    assert played.outcomes == [
        ("info", "trend_updated"),
        ("info", "trend_updated"),
        ("info", "trend_unchanged"),
        ("info", "trend_updated"),
    ]


def test_an_entry_is_refused_until_its_trends_are_told():
    """§12.1: "no trades", because of a trend mismatch that nobody could see; here the decision names the trends."""
    before = play([TRENDS[0], sent(5, "entry", "buy")], LEGACY)
    assert before.outcomes[1] == ("refused", "trend_mismatch")
    numbers = before.record.decisions[1].numbers
    assert numbers["why"] == "trend_unknown" and "1h unknown" in numbers["trends"]
    after = play([*TRENDS, sent(5, "entry", "buy")], LEGACY)
    assert after.outcomes[2] == ("filled", "")


def test_lots_and_stop_are_those_of_the_tier_and_the_logic():
    """10,000: tier lots 0.05, sl-1 150 pips. LOGIC1 x 1.25 is 0.06 lots (steps are cut), LOGIC2's stop x 1.5."""
    one = play([*TRENDS, sent(5, "entry", "buy", "5m")], LEGACY).record.orders[0]
    two = play([*TRENDS, sent(5, "entry", "buy", "15m")], LEGACY).record.orders[0]
    assert (one.volume_steps, one.sl) == (6, 110_010 - 1500)
    assert (two.volume_steps, two.sl) == (5, 110_010 - 2250)
    assert one.tp_offset == 2250 or one.tp == 110_010 + 2250, "1.5 stop distances"


def test_a_trend_against_a_trade_closes_it_and_the_next_entry_needs_new_trends():
    alerts = [*TRENDS, sent(5, "entry", "buy"), sent(30, "trend", "bear", "15m"), sent(40, "entry", "buy", number=1)]
    played = play(alerts, LEGACY)
    assert [reason or outcome for outcome, reason in played.outcomes[2:]] == ["filled", "closed", "trend_mismatch"]


def test_manual_locks_are_said():
    """§12.1: manual locks silently ignored signals."""

    class Locked(LEGACY):
        async def on_start(self):
            self.api.trend.update_trend("EURUSD", "15m", "BEARISH", mode="MANUAL")

    played = play(TRENDS[:1], Locked)
    assert played.outcomes == [("info", "trend_locked")]


class ByHand(LEGACY):
    """A hand sets 15m to rise once the buy is there."""

    word = "BULLISH"

    async def on_fill(self, event):
        self.api.trend.update_trend("EURUSD", "15m", self.word, mode="MANUAL")


class ByHandAsTold(ByHand):
    word = "BEARISH"


def test_a_trend_against_one_set_by_hand_closes_nothing_and_says_what_it_kept():
    """The lock stands against every alert: the falling 15m counts for nothing, so it ends no buy either."""
    alerts = [*TRENDS, sent(5, "entry", "buy"), sent(30, "trend", "bear", "15m")]
    played = play(alerts, ByHand)
    assert played.outcomes[3] == ("info", "trend_locked")
    told = played.record.decisions[3].numbers
    assert (told["trend"], told["by_hand"], told["kept_open"]) == ("15m bear", "15m BULLISH", 1)
    assert [f.exit_reason for f in played.record.fills] == ["end_of_data"]
    assert any("locked at BULLISH by hand" in str(line) for line in played.record.journal)


def test_a_trend_that_says_what_the_hand_says_closes_the_other_side():
    alerts = [*TRENDS, sent(5, "entry", "buy"), sent(30, "trend", "bear", "15m")]
    played = play(alerts, ByHandAsTold)
    assert [f.exit_reason for f in played.record.fills] == ["reversal"]


def bought(*rows, alerts=(), **settings):
    """A buy of 5m at the open of minute 4, 1.10010: A 0.03 with its stop 150 pips below and its target 225 above; B
    0.03, which books 7 USD (234 points) and loses 10 (334)."""
    played = play(
        [*TRENDS, sent(3, "entry", "buy", "5m"), *alerts], LEGACY, prices=market(*flat(6), *rows),
        routing="dual_orders", trailing=False, **settings,
    )  # fmt: skip
    assert not played.simulation.engine.errors
    return played, [(s.kind, s.state, s.reason) for s in played.record.chains]


BOOKS_B = (110_000, 110_260, 110_000, 110_250)


def test_a_booked_b_goes_up_and_a_reversal_ends_its_pyramid():
    """§5 and §2.6: level 1 goes out after B; a reversal closes its two orders, and the chain is over."""
    played, steps = bought(BOOKS_B, *flat(10, 110_250), alerts=[sent(10, "reversal", "reversal_bear")])
    assert [o.role for o in played.record.orders if o.opens] == ["A", "B", "P1.1", "P1.2"]
    assert {f.role: f.exit_reason for f in played.record.fills} == {
        "A": "reversal", "B": "profit_booking", "P1.1": "reversal", "P1.2": "reversal",
    }  # fmt: skip
    assert ("profit", "stopped", "reversal") in steps


STOPS_A = (110_000, 110_000, 108_400, 108_450)
BACK = [*flat(3, 108_450), *flat(12, 109_700)]


def test_a_stopped_a_is_recovered_where_the_logic_agrees():
    """§6.3: the stop at 1.08510 is 1500 points from 1.10010, 70 % of the way back 1.09560. A trend alert would close;
    the trends of the logic are still on its side."""
    played, steps = bought(STOPS_A, *BACK)
    assert [o.role for o in played.record.orders if o.opens][:2] == ["A", "B"]
    (recovery,) = [o for o in played.record.orders if o.role == "R" and o.chain_id.startswith("EURUSD_")]
    assert recovery.sl_offset == -750, "half the stop"
    assert ("reentry", "recovering", "placed") in steps


def test_a_recovery_waits_while_the_logic_does_not_agree():
    """§2.4: legacy's re-entries need their trends too. A bias closes nothing and turns 1h."""
    played, steps = bought(STOPS_A, *BACK, alerts=[sent(7.5, "bias", "bear", "1h")])
    assert not [o for o in played.record.orders if o.chain_id.startswith("EURUSD_") and o.role == "R"]
    assert ("reentry", "recovery_mode", "trend_against") in steps


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_b_is_booked_by_the_engine_where_it_is_told_to(broker):
    """0.06 lots are A 0.03 and B 0.03: 7 USD are 234 points. Seen at the end of the bar, closed at the next open."""

    def told(simulation):
        settings = DualOrderSettings(booking_at="engine")
        simulation.house.dual.settings = simulation.house.profits.desk.legs = settings

    quads = [*flat(6), (110_000, 110_250, 110_000, 110_240), *flat(3, 110_230)]
    plugins = [PluginConfig("legacy", "legacy", {"routing": "dual_orders", "trailing": False})]
    prices = market(*quads, broker=broker)
    played = prices.play([*TRENDS, sent(3, "entry", "buy", "5m")], LEGACY, plugins=plugins, before=told)
    assert not played.simulation.engine.errors
    assert [(o.role, o.volume_steps, bool(o.tp)) for o in played.record.orders if o.opens] == [
        ("A", 3, True),
        ("B", 3, False),
        ("P1.1", 3, False),
        ("P1.2", 3, False),
    ]
    booked = played.record.fills[0]
    assert (booked.role, booked.exit_points, booked.exit_reason) == ("B", 110_230, "profit_booking")
