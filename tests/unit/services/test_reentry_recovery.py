"""After a stop: the chain waits for the price to come back 70 % of the way, within its window, once.

The market of most cases: bought at 1.10010 (the bid stands at 1.10000), stop 1.09910, so the level is 1.09980.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.reentry_world import BACK, LOW, STOPPED, bar, calm, recovered, rides
from tests.world import T0, alert, bars, minute, series
from zepix.model import Alert

BROKERS = ("shadow", "backtrader")
# --- the level (worked example 14.1) ----------------------------------------------------------------------------------


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("high", "reached"), [(2_647_000, True), (2_646_999, False)])
def test_buy_of_gold_at_2650_stopped_at_2640_recovers_at_2647(broker: str, high: int, reached: bool) -> None:
    gold = [*calm(3, 2_649_990), bar(2_639_000, 2_649_990, 2_641_000, 2_649_990), *calm(2, 2_641_000)]
    back = bar(2_641_000, high, 2_641_000, 2_641_000)
    series = {"XAUUSD": bars(*gold, back, *calm(3, 2_641_000), symbol="XAUUSD")}
    run = rides(series, [alert(1, symbol="XAUUSD", sl=2640.0, tp=2665.0)], broker=broker)
    assert run.record.fills[0].entry_points == 2_650_000
    assert run.roles == (["A", "R"] if reached else ["A"])


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("ask_low", "reached"), [(110_150, True), (110_151, False)])
def test_sale_at_1_10000_stopped_at_1_10500_recovers_when_the_ask_falls_to_1_10150(
    broker: str, ask_low: int, reached: bool
) -> None:
    """The side of a short's level is the ask: the bid lies 10 points below."""
    up = [*calm(3), bar(110_000, 110_600, 110_500), *calm(2, 110_500)]
    back = bar(ask_low - 10, 110_500, 110_500, 110_500)
    run = rides([*up, back, *calm(3, 110_500)], [alert(1, side="sell", sl=1.105, tp=1.09)], broker=broker)
    assert run.record.fills[0].entry_points == 110_000
    assert run.roles == (["A", "R"] if reached else ["A"])


def test_longs_level_waits_for_the_bid() -> None:
    """The ask comes to 1.09980 when the bid is at 1.09970: not yet."""
    ask_only = bar(LOW, 109_970, LOW, LOW)
    assert rides([*STOPPED, *calm(2, LOW), ask_only, *calm(3, LOW)]).roles == ["A"]


# --- the order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broker", BROKERS)
def test_recovery_has_half_the_stop_and_the_lots_of_the_first_order(broker: str) -> None:
    """Half of 100 points; target 1.5 times that; same lots, alert and chain; at the next open."""
    run = recovered(broker=broker)
    order = run.order("R")
    assert (order.sl_offset, order.tp_offset, order.volume_steps) == (-50, 75, 10)
    assert (order.alert_id, order.chain_id) == ("first", run.steps[0].chain_id)
    assert (order.fill_points, order.fill_ns) == (109_995, minute(7))


def test_recovery_may_ask_for_the_first_orders_target() -> None:
    order = recovered(reentry={"recovery_target": "original"}).order("R")
    assert (order.tp, order.tp_offset) == (110_160, None)


def test_recovery_trails_in_proportion_to_its_stop() -> None:
    """Half the stop: a trail from 50 points in steps of 25 becomes one from 25 in steps of 13."""
    run = recovered(plugin={"trails": True})
    assert [tuple(trail) for trail in run.order("R").trails] == [(25, 13, 25)]
    assert recovered(plugin={"trails": True}, reentry={"trailing": False}).order("R").trails == ()


@pytest.mark.parametrize("broker", BROKERS)
def test_recovery_that_wins_goes_on_at_the_next_level(broker: str) -> None:
    up = bar(109_985, 110_200, 110_200, 109_985)
    run = recovered(up, *calm(5, 110_200), broker=broker)
    assert run.roles == ["A", "R", "C2"]
    assert ("continuing", "waits") in run.path
    assert run.steps[-1].level == 2


@pytest.mark.parametrize("broker", BROKERS)
def test_recovery_that_loses_stops_the_chain_for_good(broker: str) -> None:
    again = [bar(109_900, 109_985, 109_900, 109_985), *calm(5, LOW), bar(LOW, 110_100, 110_100, LOW)]
    run = recovered(*again, broker=broker)
    assert run.roles == ["A", "R"]
    assert run.end == ("stopped", "recovery_lost")


def test_second_stop_of_a_chain_is_not_recovered() -> None:
    """A stopped, R wins, C2 is stopped: the one attempt is used up."""
    up = bar(109_985, 110_200, 110_200, 109_985)
    run = recovered(up, *calm(2, 110_200), bar(110_000, 110_200, 110_000, 110_200), *calm(3))
    assert run.roles == ["A", "R", "C2"]
    assert run.end == ("stopped", "max_recoveries")


def test_two_attempts_recover_twice() -> None:
    up = bar(109_985, 110_200, 110_200, 109_985)
    second = [bar(110_100, 110_200, 110_100, 110_200), bar(110_100, 110_200, 110_200, 110_100)]
    run = recovered(up, *calm(2, 110_200), *second, reentry={"recovery_attempts": 2})
    assert run.roles == ["A", "R", "C2", "R"]


# --- the window -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("wait", "is_in_time"), [(29, True), (30, False)])
def test_window_of_eurusd_is_half_an_hour(broker: str, wait: int, is_in_time: bool) -> None:
    """Stopped at minute 4. The 29th bar after it ends at minute 34, its last instant; the price of the next is late."""
    run = recovered(wait=wait, broker=broker)
    assert run.roles == (["A", "R"] if is_in_time else ["A"])
    if not is_in_time:
        assert run.end == ("stopped", "window_over")
        assert run.at("stopped", "window_over") == 34


def test_windows_of_the_configuration_win() -> None:
    run = recovered(wait=11, reentry={"windows_minutes": {"eurusd": 10}})
    assert run.at("stopped", "window_over") == 14


def test_window_of_nought_never_recovers() -> None:
    assert recovered(reentry={"windows_minutes": {"EURUSD": 0}}).end == ("stopped", "no_window")


@pytest.mark.parametrize("broker", BROKERS)
def test_window_that_ends_in_the_weekend_is_over(broker: str) -> None:
    """Stopped on Friday at 21:49, window until 22:19; no price until Monday, which opens at the level."""
    friday = T0 + 2 * 86_400_000_000_000 + 11 * 3_600_000_000_000 + 45 * 60_000_000_000
    last = [(friday + n * 60_000_000_000, quad) for n, quad in enumerate([*STOPPED, *calm(5, LOW)])]
    monday = friday + 2 * 86_400_000_000_000
    first = [(monday + n * 60_000_000_000, quad) for n, quad in enumerate([BACK, *calm(5, 109_985)])]
    run = rides({"EURUSD": _series([*last, *first])}, [_alert_at(friday + 60_000_000_000)], broker=broker)
    assert run.roles == ["A"]
    assert run.end == ("stopped", "window_over")
    assert run.steps[-1].t_ns == friday + 34 * 60_000_000_000


@pytest.mark.parametrize("broker", BROKERS)
def test_recovery_at_the_weeks_last_price_finds_the_market_closed(broker: str) -> None:
    friday = [(minute(n), quad) for n, quad in enumerate([*STOPPED, *calm(2, LOW), BACK])]
    monday = [(minute(3000 + n), quad) for n, quad in enumerate(calm(5, 109_985))]
    run = rides({"EURUSD": _series([*friday, *monday])}, broker=broker)
    assert [order.reason for order in run.record.orders] == ["", "market_closed"]
    assert run.end == ("stopped", "market_closed")


def _series(rows: list[tuple[int, Any]]) -> Any:
    return series("EURUSD", "1m", [(t, q, (q[0] + 10, q[1] + 10, q[2] + 10, q[3] + 10)) for t, q in rows])


def _alert_at(t_ns: int) -> Alert:
    return alert((t_ns - T0) / 60_000_000_000, id="first")
