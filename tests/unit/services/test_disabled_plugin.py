"""A plugin that is disabled, by hand or by five failures in a row: no new risk, and what is open is managed on.

No entry, level, recovery, continuation or shield; stops, targets, trailing, booking, ladders and exits go on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.services.profit_play import Booker, path, story
from tests.unit.services.reentry_world import QUADS, Rider, Run, calm, simulation
from tests.unit.services.shield_world import STOPPED, Guarded, Told, guarded, prepared
from tests.unit.strategies.fakes import V6, body, v6_alert
from tests.unit.strategies.v3_fakes import ALONE, v3_alert, v3_pulse
from tests.world import Market, alert, bars, flat, market
from zepix.engine import PluginInfo, Strategy
from zepix.engine.registry import PluginConfig
from zepix.model import Alert, Decision
from zepix.model.settings_dual_order import DualOrderSettings

WAYS = ("hand", "failures")
BROKERS = ("shadow", "backtrader")


def breakable(cls: type[Strategy]) -> type[Strategy]:
    """The same strategy; an alert may make its entry handler fail, or switch it off as a human does."""

    class Breakable(cls):  # type: ignore[misc, valid-type]
        info = replace(cls.info, plugin_id=f"breakable_{cls.info.plugin_id}", strategy=cls.info.strategy)

        async def process_entry_signal(self, alert: Alert) -> Decision | None:
            if alert.comment == "fail":
                raise ValueError("cannot read it")
            if alert.comment == "off":
                HANDS[-1].disable_plugin(self.plugin_id)
                return None
            return await super().process_entry_signal(alert)  # type: ignore[no-any-return]

    return Breakable


HANDS: list[Any] = []


def at_hand(simulation: Any) -> None:
    HANDS[:] = [simulation.registry]


def off(way: str, at: float, **fields: Any) -> list[Alert]:
    """The alerts that switch a plugin off at a minute."""
    if way == "hand":
        return [alert(at, comment="off", id="off", **fields)]
    return [alert(at + n / 100, comment="fail", id=f"fail {n}", **fields) for n in range(5)]


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", [2.0, 4.5], ids=["before the stop", "while it waits"])
def test_nothing_is_recovered_and_the_stop_is_kept(way: str, at: float, broker: str) -> None:
    """Bought at minute 1, stopped in minute 3, back at the level in minute 6."""
    found = isolated(QUADS, [alert(1, id="first"), *off(way, at)], breakable(Rider), broker=broker)
    assert found.roles == ["A"] and found.end == ("stopped", "plugin_disabled")
    assert [f.exit_reason for f in found.record.fills] == ["sl"]


def isolated(quads: Any, alerts: Any, cls: Any, **given: Any) -> Any:
    """``rides``, where handlers may fail."""
    made = simulation(quads, cls, **given)
    at_hand(made)
    record = made.run(sorted(alerts, key=lambda a: a.received_ns))
    return Run(record, list(made.house.chains.steps), made)


@pytest.mark.parametrize("way", WAYS)
def test_no_entry(way: str) -> None:
    found = isolated(calm(12), [*off(way, 1), alert(3, id="late")], breakable(Rider))
    assert found.roles == []
    assert (found.record.decisions[-1].outcome, found.record.decisions[-1].reason) == ("refused", "plugin_disabled")


RISES = [*calm(4), (110_000, 110_200, 110_000, 110_180), *calm(8, 110_180)]


@pytest.mark.parametrize("way", WAYS)
def test_no_continuation_and_the_target_is_kept(way: str) -> None:
    assert isolated(RISES, [alert(1, id="first")], breakable(Rider)).roles == ["A", "C2"]
    found = isolated(RISES, [alert(1, id="first"), *off(way, 2)], breakable(Rider))
    assert found.roles == ["A"] and found.end == ("stopped", "plugin_disabled")
    assert [f.exit_reason for f in found.record.fills] == ["tp"]


@pytest.mark.parametrize("way", WAYS)
def test_an_exit_alert_closes_and_nothing_goes_on_after_it(way: str) -> None:
    quads = [*calm(4), (110_000, 110_080, 110_000, 110_080), *calm(2, 110_080), *calm(6, 110_110)]
    leave = alert(5.5, "exit", "buy", id="leave")
    on = {"reentry": {"exit_continuation": True}}
    assert isolated(quads, [alert(1, id="first"), leave], breakable(Rider), **on).roles == ["A", "X"]
    found = isolated(quads, [alert(1, id="first"), *off(way, 2), leave], breakable(Rider), **on)
    assert found.roles == ["A"]
    assert [f.exit_reason for f in found.record.fills] == ["manual"]


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("way", WAYS)
def test_trailing_goes_on(way: str, broker: str) -> None:
    """50 points ahead the stop goes to the entry, then 25 on for each 25."""
    rising = [(110_000 + 20 * n, 110_020 + 20 * n, 110_000 + 20 * n, 110_020 + 20 * n) for n in range(5)]
    quads = [*calm(3), *rising, (110_100, 110_100, 109_950, 109_960), *calm(2, 109_960)]
    alerts = [alert(1, id="first"), *off(way, 2.2)]
    found = isolated(quads, alerts, breakable(Rider), broker=broker, plugin={"trails": True})
    (fill,) = found.record.fills
    assert fill.exit_reason == "trailing" and fill.exit_points > 110_010
    assert found.roles == ["A"]


def booked(way: str, quads: Any, at: float, **given: Any) -> Any:
    made = story(quads, [], breakable(Booker), run=False, **given).simulation
    at_hand(made)
    record = made.run([alert(1), *off(way, at)])
    return record, [(s.level, s.state, s.reason) for s in record.chains if s.state == "stopped"]


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("booking_at", ["broker", "engine"])
@pytest.mark.parametrize("way", WAYS)
def test_booking_goes_on_and_no_level_follows(way: str, booking_at: str, broker: str) -> None:
    dual = DualOrderSettings(stops_level_if_none_points=0, booking_at=booking_at)
    record, ends = booked(way, path("..u..."), 1.5, dual=dual, broker=broker)
    assert [f.exit_reason for f in record.fills] == ["profit_booking"]
    assert [o.role for o in record.orders if o.opens] == ["B"] and ends == [(0, "stopped", "plugin_disabled")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", [1.5, 3.5], ids=["before the loss", "while it waits"])
def test_no_lost_order_of_a_pyramid_is_recovered(way: str, at: float) -> None:
    record, ends = booked(way, [*path("..d"), *path(".uu..", 109_900)], at)
    assert [o.role for o in record.orders if o.opens] == ["B"]
    assert [f.exit_reason for f in record.fills] == ["sl"]
    assert ends[-1][2] == ("strict_loss" if at == 1.5 else "recovery_failed")
    told = [(s.state, s.reason) for s in record.chains]
    assert ("lost" if at == 1.5 else "recovery_failed", "plugin_disabled") in told


@pytest.mark.parametrize("way", WAYS)
def test_a_loss_of_a_disabled_plugin_uses_up_no_recovery_of_the_others(way: str) -> None:
    """The day's attempts and those under way are of all plugins together."""

    class Safe(Booker):
        info = replace(Booker.info, services=(*Booker.info.services, "autonomous"))

    for at, attempts in ((1.5, 0), (3.5, 1)):
        quads = [*path("..d"), *path(".uu..", 109_900)]
        made = story(quads, [], breakable(Safe), run=False).simulation
        at_hand(made)
        made.run([alert(1), *off(way, at)])
        assert made.house.safety.autonomous.stats()["attempts"] == attempts


def shielded(way: str, at: float, rows: Any) -> Any:
    made = prepared(rows, breakable(Guarded))
    at_hand(made)
    record = made.run([alert(1, id="first", symbol="XAUUSD"), *off(way, at, symbol="XAUUSD")])
    return Told(record, made)


@pytest.mark.parametrize("way", WAYS)
def test_no_shield_goes_out(way: str) -> None:
    rows = [*STOPPED, 1990.0, 1990.0]
    assert guarded(rows).roles == ["A", "SA", "SB"]
    assert shielded(way, 1.5, rows).roles == ["A"]


@pytest.mark.parametrize("way", WAYS)
def test_shields_that_are_out_are_closed_at_their_kill_level_and_nothing_is_recovered(way: str) -> None:
    rows = [*STOPPED, 1990.0, (1990, 1997.5, 1990, 1997.5), 1997.5, 1997.5, 1997.5]
    assert "R" in guarded(rows).roles
    told = shielded(way, 4.5, rows)
    assert told.roles == ["A", "SA", "SB"]
    assert {leg[4] for leg in told.shields} == {"reversal"}


# --- by hand: what strategies manage themselves -----------------------------------------------------------------------


class Operator(Strategy):
    """A human: any alert of its own switches all others off."""

    info = PluginInfo(strategy="operator")

    async def process_signal(self, alert: Alert) -> Decision | None:
        for name in HANDS[-1].get_all_plugins():
            if name != self.plugin_id:
                HANDS[-1].disable_plugin(name)
        return None


def by_operator(prices: Market, alerts: list[Alert], cls: Any, at: float, **settings: Any) -> Any:
    plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings), PluginConfig("operator", "operator")]
    human = alert(at, "note", None, strategy="operator", id="human")
    played = prices.play([*alerts, human], cls, Operator, plugins=plugins, before=at_hand)
    assert not played.plugin(cls.info.plugin_id).enabled and not played.simulation.engine.errors
    return played


@pytest.mark.parametrize("broker", BROKERS)
def test_the_ladder_of_v6_goes_on(broker: str) -> None:
    """5m: 50, 30, 20 %; at TP1 the stop of the rest goes to the entry, which the fall then takes."""
    rows = [*flat(5), (110_000, 110_230, 110_000, 110_220), *flat(3, 110_220), (110_220, 110_220, 109_900, 109_900)]
    prices = Market([bars(*rows, *flat(4, 109_900))], broker=broker)
    played = by_operator(prices, [v6_alert(1)], V6["5m"], 3, exit_mode="plan")
    found = [(f.role, f.exit_reason, f.exit_points >= f.entry_points) for f in played.record.fills]
    assert found == [("TP1", "tp", True), ("TP2", "sl", True), ("TP3", "sl", True)]


def test_the_longest_hold_of_v6_ends() -> None:
    """1m: fifteen minutes."""
    played = by_operator(market(*flat(60)), [v6_alert(1, tf="1")], V6["1m"], 3, exit_mode="plan")
    assert {f.exit_reason for f in played.record.fills} == {"time_exit"}


def test_an_exit_of_v6_takes_its_portion() -> None:
    """5m: 80 %, a runner in profit stays."""
    rows = [*flat(5), *flat(30, 110_100)]
    leave = body("EXIT_BULLISH|EURUSD|5|1.101|15", 10)
    played = by_operator(market(*rows), [v6_alert(1), leave], V6["5m"], 3)
    assert "signal" in {f.exit_reason for f in played.record.fills}
    assert "end_of_data" in {f.exit_reason for f in played.record.fills}


def test_a_trend_that_turns_closes() -> None:
    bear = "-1,-1,-1,-1,-1,-1"
    played = by_operator(market(*flat(40)), [v3_alert(1, score=5), v3_pulse(10, bear)], ALONE, 3)
    assert {f.exit_reason for f in played.record.fills} == {"reversal"}
