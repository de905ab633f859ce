"""After a target: the next level, with a nearer stop; after an exit with a profit: once more in the same direction.

Bought at 1.10010 in minute 1, target 150 points: reached in minute 3, known at its end, minute 4.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.reentry_world import Rider, Run, bar, calm, rides
from tests.world import alert, minute
from zepix.engine import PluginInfo

BROKERS = ("shadow", "backtrader")
HIGH = 110_170
UP = bar(110_000, HIGH, HIGH)
HIT = [*calm(3), UP]


def step_up(points: int) -> Any:
    """A bar that goes up by 400 points: every target of these chains."""
    return bar(points, points + 400, points + 400, points)


def staircase(floors: int, pause: int = 3) -> list[Any]:
    """The first target, then a floor after each pause."""
    rows = [*calm(3), step_up(110_000)]
    for floor in range(1, floors + 1):
        rows += [*calm(pause, 110_000 + floor * 400), step_up(110_000 + floor * 400)]
    return [*rows, *calm(5, 110_000 + (floors + 1) * 400)]


def continued(*after: Any, **given: Any) -> Run:
    return rides([*HIT, *after, *calm(10, HIGH)], **given)


@pytest.mark.parametrize("broker", BROKERS)
def test_target_is_followed_by_the_next_level(broker: str) -> None:
    """Five seconds after 10:04:00 the order goes out, so it fills at 10:05; stop 90 of 100 points, target 135."""
    run = continued(broker=broker)
    order = run.order("C2")
    assert (order.sl_offset, order.tp_offset, order.volume_steps, order.alert_id) == (-90, 135, 10, "first")
    assert (order.decided_ns, order.fill_ns) == (minute(4) + 5_000_000_000, minute(5))
    assert [step.level for step in run.steps] == [1, 1, 2, 2, 2, 2, 2]


@pytest.mark.parametrize("broker", BROKERS)
def test_five_levels_by_ten_per_cent_and_then_it_is_completed(broker: str) -> None:
    """Stops of 100, 90, 80, 70, 60 points; level 5 is the last."""
    run = rides(staircase(6), broker=broker)
    assert run.roles == ["A", "C2", "C3", "C4", "C5"]
    assert [-(order.sl_offset or 0) for order in run.record.orders] == [100, 90, 80, 70, 60]
    assert run.end == ("completed", "max_level")
    assert run.steps[-1].level == 5


@pytest.mark.parametrize(
    ("name", "stops"),
    [("compounding", [100, 70, 49, 35, 25]), ("aggressive", [100, 60, 36, 22, 13]),
     ("conservative", [100, 80, 64, 52, 41]), ("adaptive", [100, 75, 57, 43, 32]),
     ("table", [100, 90, 75, 60, 50])],
)  # fmt: skip
def test_stops_by_other_ways_to_reduce(name: str, stops: list[int]) -> None:
    """0.7, 0.6, 0.8 and EURUSD's 0.75 of the level before, rounded up: 34.3 is 35, 56.25 is 57."""
    run = rides(staircase(6), reentry={"sl_reduction": name})
    assert [-(order.sl_offset or 0) for order in run.record.orders] == stops


def test_reduction_stops_at_half_of_the_first_stop() -> None:
    run = rides(staircase(8), reentry={"default_max_level": 8})
    assert [-(order.sl_offset or 0) for order in run.record.orders] == [100, 90, 80, 70, 60, 50, 50, 50]


@pytest.mark.parametrize(("most", "roles"), [(1, ["A"]), (2, ["A", "C2"]), (3, ["A", "C2", "C3"])])
def test_levels_of_the_plugin_count(most: int, roles: list[str]) -> None:
    run = rides(staircase(6), reentry={"max_levels": {"rider": most}})
    assert run.roles == roles and run.end == ("completed", "max_level")


def test_continuations_may_be_off() -> None:
    assert continued(reentry={"tp_continuation": False}).end == ("completed", "tp_hit")


def test_cooldown_of_the_plugin() -> None:
    run = continued(reentry={"continuation_cooldown_s": {"rider": 65}})
    assert run.order("C2").fill_ns == minute(6)


def test_a_minute_lies_between_two_reentries_of_a_symbol() -> None:
    """C2 goes out at 10:04:05 and wins at 10:06; a cooldown of 5 s is over before 300 s since 10:04:05 are."""
    quick = [*HIT, *calm(1, HIGH), step_up(HIGH), *calm(10, HIGH + 400)]
    assert rides(quick).order("C3").decided_ns == minute(6) + 5_000_000_000
    slow = rides(quick, reentry={"min_between_s": 300})
    assert slow.order("C3").decided_ns == minute(9) + 5_000_000_000


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("high", "is_beyond"), [(110_179, False), (110_180, True)])
def test_gap_beyond_the_target_may_be_asked_for(broker: str, high: int, is_beyond: bool) -> None:
    """Two pips beyond 1.10160."""
    rows = [*calm(3), bar(110_000, 110_165, 110_165), *calm(2, 110_165), bar(110_165, high, 110_165, 110_165)]
    run = rides([*rows, *calm(3, 110_165)], reentry={"continuation_gap_pips": 2}, broker=broker)
    assert run.roles == (["A", "C2"] if is_beyond else ["A"])


def test_continuation_waits_no_longer_than_its_window() -> None:
    """30 minutes without a logic; by the logic of a 1h chart 120."""
    never = {"continuation_gap_pips": 50}
    rows = [*HIT, *calm(130, HIGH)]
    assert rides(rows, reentry=never).at("stopped", "window_over") == 34
    hourly = rides(rows, [alert(1, id="first", timeframe="1h")], reentry=never)
    assert hourly.at("stopped", "window_over") == 124


def test_opposite_signal_stops_a_pending_continuation() -> None:
    against = alert(5, side="sell", id="against")
    rows = [*HIT, *calm(10, HIGH)]
    run = rides(rows, [alert(1, id="first"), against], reentry={"default_cooldown_s": 120})
    own = [step for step in run.steps if step.alert_id == "first"]
    assert (own[-1].state, own[-1].reason) == ("stopped", "opposite_signal")
    assert [(o.role, o.alert_id) for o in run.record.orders] == [("A", "first"), ("A", "against")]


def test_continuation_that_is_stopped_is_recovered_with_half_of_its_own_stop() -> None:
    """C2's stop is 90 points: level 70 % of them, recovery stop 45."""
    run = continued(
        bar(HIGH, HIGH, HIGH, HIGH), bar(110_080, HIGH, 110_085, HIGH), bar(110_080, 110_160, 110_150, 110_085)
    )
    assert run.roles == ["A", "C2", "R"]
    assert run.order("R").sl_offset == -45


class Deep(Rider):
    info = PluginInfo(strategy="deep", services=("reentry",))

    def get_max_chain_level(self) -> int:
        return 2


class Climber(Rider):
    info = PluginInfo(strategy="climber", services=("reentry",))

    def get_chain_level(self, trade_id: str) -> int:
        self.asked = trade_id
        return 4


class Declines(Rider):
    info = PluginInfo(strategy="declines", services=("reentry",))

    async def on_tp_hit(self, event: Any) -> Any:
        return False


def test_strategy_says_how_many_levels_its_chains_have() -> None:
    run = rides(staircase(6), [], Deep)
    assert run.roles == ["A", "C2"] and run.end == ("completed", "max_level")


def test_strategy_says_on_which_level_a_chain_is() -> None:
    run = rides([*HIT, *calm(5, HIGH)], [], Climber)
    plugin: Any = next(iter(run.simulation.registry.get_all_plugins().values()))
    assert plugin.asked == run.steps[0].chain_id
    assert run.order("C5").sl_offset == -60


def test_strategy_that_answers_false_to_its_target_does_not_continue() -> None:
    run = rides([*HIT, *calm(5, HIGH)], [], Declines)
    assert run.roles == ["A"] and run.end == ("stopped", "declined")


# --- exit continuation ------------------------------------------------------------------------------------------------


ON = {"exit_continuation": True}
PROFIT = [*calm(3), bar(110_000, 110_060, 110_060), *calm(2, 110_060)]
"""60 points up in minute 4; the exit alert of minute 5 closes at 1.10060."""


def exited(*after: Any, **given: Any) -> Run:
    leave = alert(5, "exit", "buy", id="leave")
    return rides([*PROFIT, *after, *calm(3, 110_060)], [alert(1, id="first"), leave], **given)


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("high", "is_far"), [(110_080, True), (110_079, False)])
def test_exit_with_a_profit_goes_on_where_the_price_does(broker: str, high: int, is_far: bool) -> None:
    """Two pips beyond the exit within a minute: bought again with half of the first stop."""
    run = exited(reentry=ON, broker=broker)
    assert run.roles == ["A"], "two more minutes at the price of the exit"
    rows = [*PROFIT[:-1], bar(110_060, high, 110_060, 110_060), *calm(3, 110_060)]
    far = rides(rows, [alert(1, id="first"), alert(5, "exit", "buy", id="leave")], reentry=ON, broker=broker)
    assert far.roles == (["A", "X"] if is_far else ["A"])
    if is_far:
        assert (far.order("X").sl_offset, far.order("X").tp_offset) == (-50, 75)


def test_exit_continuation_is_off_by_default() -> None:
    rows = [*PROFIT[:-1], bar(110_060, 110_200, 110_060, 110_060), *calm(3, 110_060)]
    run = rides(rows, [alert(1, id="first"), alert(5, "exit", "buy", id="leave")])
    assert run.roles == ["A"] and run.end == ("stopped", "manual")


def test_exit_with_a_loss_is_the_end() -> None:
    rows = [*calm(5), bar(110_000, 110_200, 110_000), *calm(3)]
    run = rides(rows, [alert(1, id="first"), alert(5, "exit", "buy", id="leave")], reentry=ON)
    assert run.roles == ["A"] and run.end == ("stopped", "manual")


class Stays(Rider):
    info = PluginInfo(strategy="stays", services=("reentry",))

    async def on_exit(self, event: Any) -> Any:
        self.asked = event.reentry_type
        return False


def test_strategy_that_answers_false_to_its_exit_stays_out() -> None:
    rows = [*PROFIT[:-1], bar(110_060, 110_200, 110_060, 110_060), *calm(3, 110_060)]
    run = rides(rows, [alert(1, id="first"), alert(5, "exit", "buy", id="leave")], Stays, reentry=ON)
    assert run.roles == ["A"] and run.end == ("stopped", "declined")
