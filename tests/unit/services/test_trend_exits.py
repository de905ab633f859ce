"""A trend that turned against a trade closes it five minutes later (§2.6), where it is still against it then.

V3 buys at minute 1 on a 5m chart (LOGIC1: 1h and 15m); pulses tell trends as "1m,5m,15m,1h,4h,1d".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.strategies.fakes import shipped
from tests.unit.strategies.test_legacy import sent
from tests.unit.strategies.test_legacy_wired import TRENDS
from tests.unit.strategies.v3_fakes import ALONE, config_of, play, v3_alert, v3_exit, v3_pulse, wired
from tests.world import Market, bars, flat, market, minute
from zepix.journal.digest import canonical_lines
from zepix.model import FillModel

BULL, BEAR, MIXED = "1,1,1,1,1,1", "-1,-1,-1,-1,-1,-1", "1,1,-1,1,1,1"
BOUGHT = v3_alert(1, score=5)
"""Its own trends are bullish."""
BROKERS = ("shadow", "backtrader")


def on(broker: str = "shadow", *rows: Any) -> Market:
    return Market([bars(*(rows or flat(60)))], broker=broker)


def ended(played: Any) -> list[tuple[str, str, float]]:
    """(role, why, minute) of every ticket that closed."""
    return [(f.role, f.exit_reason, (f.exit_ns - minute(0)) / 60e9) for f in played.record.fills]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_trend_that_turned_closes_after_five_minutes(broker: str) -> None:
    """The pulse of 10.5 turns all; the timer of 15.5 sees it still so; the next open is that of minute 16."""
    played = play(on(broker), [BOUGHT, v3_pulse(10.5, BEAR)])
    assert ended(played) == [("A", "reversal", 16.0), ("B", "reversal", 16.0)]


def test_a_trend_that_turned_back_in_time_closes_nothing() -> None:
    played = play(on(), [BOUGHT, v3_pulse(10.5, BEAR), v3_pulse(15.4, BULL)])
    assert {reason for _, reason, _ in ended(played)} == {"end_of_data"}


def test_turned_back_and_turned_again_it_waits_anew() -> None:
    alerts = [BOUGHT, v3_pulse(10.5, BEAR), v3_pulse(13.5, BULL), v3_pulse(14.5, BEAR, number=1)]
    assert {at for _, _, at in ended(play(on(), alerts))} == {20.0}


def test_both_timeframes_of_the_logic_must_have_turned() -> None:
    """15m alone does not: the logic has no trend then. And LOGIC3 looks at 1d and 1h."""
    played = play(on(), [BOUGHT, v3_pulse(10.5, MIXED)])
    assert {reason for _, reason, _ in ended(played)} == {"end_of_data"}
    hourly = v3_alert(1, tf="60", score=9)
    assert {r for _, r, _ in ended(play(on(), [hourly, v3_pulse(10.5, "1,1,-1,-1,1,1")]))} == {"end_of_data"}
    assert {r for _, r, _ in ended(play(on(), [hourly, v3_pulse(10.5, "1,1,1,-1,1,-1")]))} == {"reversal"}


def test_an_entry_against_its_trends_stays_until_they_turn() -> None:
    """§2.4: fresh entries bypass. The same trends told again are no turn; there and back they are."""
    against = v3_alert(1, score=5, mtf_trends="-1,-1,-1,-1,-1")
    assert {r for _, r, _ in ended(play(on(), [against, v3_pulse(10.5, BEAR)]))} == {"end_of_data"}
    turned = [against, v3_pulse(10.5, BULL), v3_pulse(20.5, BEAR)]
    assert {(r, at) for _, r, at in ended(play(on(), turned))} == {("reversal", 26.0)}


def test_settings_switch_it_off_and_set_the_grace() -> None:
    alerts = [BOUGHT, v3_pulse(10.5, BEAR)]
    off = play(on(), alerts, config_of(ALONE, trend_reversal_close=False))
    assert {reason for _, reason, _ in ended(off)} == {"end_of_data"}
    quick = play(on(), alerts, config_of(ALONE, trend_reversal_grace_s=60))
    assert {at for _, _, at in ended(quick)} == {12.0}
    assert {at for _, _, at in ended(play(on(), alerts, config_of(ALONE, trend_reversal_grace_s=0)))} == {11.0}


def test_only_the_side_that_it_is_against() -> None:
    sold = v3_alert(2, "Sideways_Breakout", "sell", score=4, mtf_trends=None, number=1)
    played = play(on(), [BOUGHT, sold, v3_pulse(10.5, BEAR)])
    assert {(f.side, f.exit_reason) for f in played.record.fills} == {(1, "reversal"), (-1, "end_of_data")}


def test_a_pyramid_leaves_with_its_entry() -> None:
    """B books at 1.10244; level 1 stands when the trend turns; all of the alert goes, and the chain ends."""
    rows = [*flat(3), (110_000, 110_260, 110_000, 110_250), *flat(40, 110_250)]
    played = play(on("shadow", *rows), [v3_alert(1, score=9), v3_pulse(10.5, BEAR)], classes=(shipped("v3_combined"),))
    assert {role: reason for role, reason, _ in ended(played)} == {
        "A": "reversal", "B": "profit_booking", "P1.1": "reversal", "P1.2": "reversal",
    }  # fmt: skip
    assert ("stopped", "reversal") in {(s.state, s.reason) for s in played.record.chains if s.kind == "profit"}
    told = [line for _, line in played.lines("notification") if line["notice"] == "reversal_exit"]
    assert [(line["plugin"], line["fields"]["logic"]) for line in told] == [("v3_combined", "LOGIC1")]


B_ALONE = {"routing": "order_b_only"}
RISEN = [*flat(12), (110_000, 110_260, 110_000, 110_250), *flat(20, 110_250)]
"""B of 0.06 lots books 117 points above 110_010 in minute 12, and level 1 goes out."""


@pytest.mark.parametrize("broker", BROKERS)
def test_a_pyramid_that_went_up_within_the_grace_is_of_the_entry_before(broker: str) -> None:
    """B alone: nothing of the entry is open when it books. Its level 1 was entered after the trend had turned, and is
    no entry of its own."""
    v3 = shipped("v3_combined")
    alerts = [v3_alert(1, score=9), v3_pulse(10.5, BEAR)]
    played = play(on(broker, *RISEN), alerts, config_of(v3, **B_ALONE), classes=(v3,))
    assert ended(played) == [
        ("B", "profit_booking", 13.0), ("P1.1", "reversal", 16.0), ("P1.2", "reversal", 16.0),
    ]  # fmt: skip


def test_a_level_that_is_under_way_when_the_trend_turns_is_of_it_too() -> None:
    """61 s from a decision to its fill: level 1, decided at 13.0, fills in minute 14; the pulse of 13.5 turns the trend
    between. A grace of nought sees nothing but what is under way."""
    v3 = shipped("v3_combined")
    alerts = [v3_alert(1, score=9), v3_pulse(13.5, BEAR)]
    for grace_s, last in ((300.0, 20.0), (0.0, 15.0)):
        prices = on("shadow", *RISEN)
        prices.fill = FillModel(latency_ms=61_000)
        settings = config_of(v3, trend_reversal_grace_s=grace_s, **B_ALONE)
        found = ended(play(prices, alerts, settings, classes=(v3,)))
        assert {reason for role, reason, _ in found if role != "B"} == {"reversal"}
        assert {role for role, _, _ in found} == {"B", "P1.1", "P1.2"}
        assert max(at for _, _, at in found) == last


def test_a_recovery_that_only_waits_is_left_to_its_own_question_of_the_trend() -> None:
    """B is stopped in minute 5 and waits for its price; A goes with the trend. The price comes back in minute 20: the
    trend is against it, and the window of 30 minutes ends."""
    rows = [*flat(5), (110_000, 110_000, 109_670, 109_900), *flat(14, 109_900), *flat(30, 109_990)]
    alerts = [v3_alert(1, score=9, risk=0.02), v3_pulse(10.5, BEAR)]
    played = play(on("shadow", *rows), alerts, classes=(shipped("v3_combined"),))
    assert [(role, reason) for role, reason, _ in ended(played)] == [("B", "sl"), ("A", "reversal")]
    assert played.record.chains[-1].reason == "recovery_timeout"


def test_entries_that_are_over_are_forgotten() -> None:
    """Five entries in turn, each closed by an exit: the state knows the last one at most."""
    alerts = [a for n in range(5) for a in (v3_alert(1 + 6 * n, score=9, number=n), v3_exit(4 + 6 * n, number=n))]
    simulation = wired(on(), config_of())
    simulation.run(alerts)
    (row,) = simulation.engine.services.state()["trend_exits"]["groups"]
    assert len(row[-1]) == 1


def test_legacy_closes_five_minutes_after_its_biases_turned() -> None:
    """A trend alert closes at once; a bias does not, and two of them turn LOGIC3: 1d and 1h."""
    legacy = shipped("legacy")
    up = [sent(0.2, "bias", "bull", "1d"), sent(0.4, "bias", "bull", "1h")]
    down = [sent(10.5, "bias", "bear", "1d"), sent(12.5, "bias", "bear", "1h")]
    played = market(*flat(60)).play([*up, sent(1, "entry", "buy", "1h"), *down], legacy)
    assert ended(played) == [("A", "reversal", 18.0)]
    at_once = market(*flat(60)).play([*TRENDS, sent(3, "entry", "buy"), sent(12.5, "trend", "bear", "15m")], legacy)
    assert ended(at_once) == [("A", "reversal", 13.0)]


def test_it_is_saved_and_loaded_between_any_two_events() -> None:
    alerts = [BOUGHT, v3_pulse(5.5, BEAR), v3_pulse(8.5, BULL), v3_pulse(9.5, BEAR, number=1)]

    def fresh() -> Any:
        return wired(on("shadow", *flat(20)), config_of())

    whole = fresh()
    expected = list(canonical_lines(whole.run(alerts)))
    for stop in range(whole.session.events):
        first = fresh()
        first.begin(alerts)
        first.go_on(stop)
        text = json.dumps(first.save_state(history=True), allow_nan=False)
        second = fresh()
        second.load_state(json.loads(text))
        second.begin(alerts)
        assert json.dumps(second.save_state(history=True), allow_nan=False) == text
        second.go_on()
        assert list(canonical_lines(second.finish())) == expected


def test_v6_has_no_logic_and_is_left_alone() -> None:
    assert not hasattr(shipped("v6_price_action_5m"), "trend_reversal_close")


def test_an_entry_of_the_grace_stays_where_an_older_one_goes() -> None:
    """Entered against the trend that has turned already: it did not turn against this one."""
    late = v3_alert(12, "Liquidity_Trap", score=5, mtf_trends=None, number=1)
    played = play(on(), [BOUGHT, v3_pulse(10.5, BEAR), late])
    found = {(f.alert_id, f.exit_reason) for f in played.record.fills}
    assert found == {(BOUGHT.id, "reversal"), (late.id, "end_of_data")}


def test_a_trend_that_flips_all_the_time_sets_one_timer_at_a_time() -> None:
    flips = [v3_pulse(5 + n / 2, BEAR if n % 2 else BULL, number=n) for n in range(40)]
    simulation = wired(on(), config_of())
    simulation.run([BOUGHT, *flips])
    assert simulation.engine.timers.state()["last"] <= 8, "20 minutes of flips, a grace of five: no timer a flip"
