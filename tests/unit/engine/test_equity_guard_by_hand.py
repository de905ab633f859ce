"""The equity guard in a replay, on both brokers: answers worked out by hand.

A lot of EURUSD bought at minute 1 costs 110,010 points, and a point of it is a dollar. So 1,000 dollars are 800, the
stop, when the bid is at 109,810, and 1,200, the target, when it is at 110,210. Leverage 500: the margin is 220.02.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.world import CATALOGUE, FLAT, Quad, alert, bars, flat, minute
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, FillModel, Series
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.research.simulate import Rules, Simulation
from zepix.services.equity_guard import EquityGuard

BROKERS = ("shadow", "backtrader")
DIP: Quad = (110_000, 110_000, 109_810, 110_000)
PEAK: Quad = (110_000, 110_210, 110_000, 110_000)


class Follower(Strategy):
    """Does what the alert says, at the market."""

    info = PluginInfo(strategy="follower", services=())

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order(alert.symbol, alert.side or "buy", alert.volume, sl=alert.sl)


class Run:
    """A finished replay under a guard, in the words of a trader."""

    def __init__(
        self,
        broker: str,
        series: Sequence[Series],
        alerts: Sequence[Alert],
        *,
        balance: int = 1000,
        leverage: int = 500,
        fill: FillModel | None = None,
        before: Callable[[Simulation], None] | None = None,
        strategy: type[Strategy] = Follower,
        **guard: Any,
    ) -> None:
        registry = PluginRegistry(check_settings=complete_settings)
        registry.register(strategy)
        rules = Rules(
            account=AccountSpec(Decimal(balance), leverage=Decimal(leverage)),
            fill_model=fill or FillModel(slippage_points=0),
            settings=ServiceSettings(equity_guard=EquityGuardSettings(enabled=True, **guard)),
            broker=broker,
        )
        name = strategy.info.strategy
        plugins = [PluginConfig(name, name, {})]
        self.simulation = Simulation({s.symbol: s for s in series}, CATALOGUE, registry, plugins, rules)
        if before is not None:
            before(self.simulation)
        self.simulation.rules = replace(rules, broker="shadow")  # turned by the session alone, without a cerebro
        self.record: RunRecord = self.simulation.run(alerts)

    @property
    def guard(self) -> EquityGuard:
        assert self.simulation.house.guard is not None
        return self.simulation.house.guard

    @property
    def exits(self) -> list[tuple[float, int, str]]:
        """(minute, points, reason) of every closing fill."""
        return [((f.exit_ns - minute(0)) / 60e9, f.exit_points, f.exit_reason) for f in self.record.fills]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(row.outcome, row.reason) for row in self.record.decisions]

    @property
    def tripped(self) -> tuple[str, float, float]:
        """(by what, at which minute, at which equity); an empty word where it is not."""
        state = self.guard.state()
        at_ns = state["tripped_ns"]
        at = -1.0 if at_ns is None else (at_ns - minute(0)) / 60e9
        return state["tripped_by"], at, float(Decimal(state["tripped_equity"]))


def eurusd(*quads: Quad | None) -> list[Series]:
    return [bars(*quads)]


def lot(at: float, side: str = "buy", **fields: Any) -> Alert:
    return alert(at, side=side, volume=1, **fields)


GONE = "end_of_data"
NOT = ("", -1, 0)
CASES: dict[str, tuple[list[Quad | None], str, tuple[str, float, float], tuple[float, int, str]]] = {
    # bars, side, (tripped by, minute, equity), (exit minute, points, reason)
    "stop_within_a_bar_closes_at_the_next_open": (
        [*flat(2), DIP, *flat(2)], "buy", ("stop", 3, 800), (3, 110_000, "equity_guard")),
    "a_point_short_of_the_stop": (
        [*flat(2), (110_000, 110_000, 109_811, 110_000), *flat(2)], "buy", NOT, (5, 110_000, GONE)),
    "target_within_a_bar": (
        [*flat(2), PEAK, *flat(2)], "buy", ("target", 3, 1200), (3, 110_000, "equity_guard")),
    "a_point_short_of_the_target": (
        [*flat(2), (110_000, 110_209, 110_000, 110_000), *flat(2)], "buy", NOT, (5, 110_000, GONE)),
    "gap_over_the_stop_closes_at_that_open": (
        [*flat(2), (109_500, 109_500, 109_500, 109_500), *flat(2)], "buy", ("stop", 2, 490),
        (2, 109_500, "equity_guard")),
    "gap_over_the_target_closes_at_that_open": (
        [*flat(2), (110_500, 110_500, 110_500, 110_500), *flat(2)], "buy", ("target", 2, 1490),
        (2, 110_500, "equity_guard")),
    "both_in_one_bar_is_the_stop": (
        [*flat(2), (110_000, 110_210, 109_810, 110_000), *flat(2)], "buy", ("stop", 3, 800),
        (3, 110_000, "equity_guard")),
    "short_is_judged_by_the_ask": (  # sold at 110,000: 200 dollars are lost when the ask is at 110,200
        [*flat(2), (110_000, 110_190, 110_000, 110_000), *flat(2)], "sell", ("stop", 3, 800),
        (3, 110_010, "equity_guard")),
    "after_a_break_in_the_bars_the_close_waits_for_the_next_open": (
        [*flat(2), DIP, None, None, FLAT], "buy", ("stop", 3, 800), (5, 110_000, "equity_guard")),
}  # fmt: skip


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("name", CASES)
def test_one_ticket(name: str, broker: str) -> None:
    quads, side, tripped, left = CASES[name]
    run = Run(broker, eurusd(*quads), [lot(1, side)])
    assert (run.tripped, run.exits) == (tripped, [left])
    assert run.guard.get_status()["is_exact"] is True


@pytest.mark.parametrize("broker", BROKERS)
def test_hedge_is_judged_at_both_lows_or_both_highs(broker: str) -> None:
    """1,000 points down, the long loses 1,010 and the short wins 990: 980 are left all the way."""
    wild = (110_000, 111_000, 109_000, 110_000)
    run = Run(broker, eurusd(*flat(2), wild, *flat(1)), [lot(1), lot(1, "sell")])
    assert run.tripped[0] == ""


YENS = {  # low of USDJPY, tripped by: a point of its lot is 100 yen, a dollar at 100.000
    "both_symbols_together": (99_900, ("stop", 3, 800)),
    "a_point_short": (99_901, NOT),
}


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("name", YENS)
def test_symbols_count_together_in_the_accounts_currency(name: str, broker: str) -> None:
    """100 dollars are lost in EURUSD at its low, and 10,000 yen in USDJPY at its own, each worth a cent."""
    low, tripped = YENS[name]
    euro = bars(*flat(2), (110_000, 110_000, 109_900, 110_000), *flat(2), spread=0)
    yen = bars(
        *flat(2, 100_000), (100_000, 100_000, low, 100_000), *flat(2, 100_000), spread=0, symbol="USDJPY"
    )  # fmt: skip
    run = Run(broker, [euro, yen], [lot(1), lot(1, symbol="USDJPY", id="yen")])
    assert run.tripped == tripped
    assert {reason for _, _, reason in run.exits} == {GONE if tripped is NOT else "equity_guard"}


RATES = {  # the close of USDJPY: 100,000 yen are 1,005.005 dollars, or 1,004.995
    "reached": (99_502, "target", 5),
    "not_quite": (99_503, "", -1),
}


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("name", RATES)
def test_rate_alone_reaches_the_target(name: str, broker: str) -> None:
    """A lot of GBPJPY is 1,000 points ahead and stays there: 100,000 yen. They become more dollars as the yen rises."""
    close, word, at = RATES[name]
    pound = bars(*flat(2, 150_000), *flat(5, 151_000), symbol="GBPJPY", spread=0)
    yen = bars(*flat(4, 100_000), (100_000, 100_000, close, close), *flat(2, close), symbol="USDJPY", spread=0)
    margin = bars(*flat(7, 125_000), symbol="GBPUSD", spread=0)
    run = Run(broker, [pound, yen, margin], [lot(1, symbol="GBPJPY")], target_frac="2.005")
    assert run.tripped[:2] == (word, at)


@pytest.mark.parametrize("broker", BROKERS)
def test_symbol_whose_bar_goes_on_counts_at_its_open(broker: str) -> None:
    """USDJPY has bars of five minutes: its low of 99,000 is known at minute 5, the EURUSD's at minute 3."""
    euro = bars(*flat(2), (110_000, 110_000, 109_900, 110_000), *flat(3), spread=0)
    yen = bars((100_000, 100_000, 99_000, 100_000), *flat(1, 100_000), spread=0, symbol="USDJPY", timeframe="5m")
    alerts = [lot(0), lot(0, symbol="USDJPY", id="yen")]
    assert Run(broker, [euro, yen], alerts).tripped[:2] == ("stop", 5)


@pytest.mark.parametrize("broker", BROKERS)
def test_tripped_guard_refuses_entries_of_every_symbol(broker: str) -> None:
    run = Run(broker, eurusd(*flat(2), DIP, *flat(4)), [lot(1), lot(4), lot(5, "sell")])
    assert run.outcomes == [("filled", ""), ("refused", "equity_guard"), ("refused", "equity_guard")]
    assert run.exits == [(3, 110_000, "equity_guard")]


@pytest.mark.parametrize("broker", BROKERS)
def test_entry_that_waits_for_its_open_is_closed_at_that_open(broker: str) -> None:
    """Ordered at 2:30, while nobody knows yet: it fills at minute 3, where all is closed, and costs the spread."""
    run = Run(broker, eurusd(*flat(2), DIP, *flat(2)), [lot(1), lot(2.5, id="late")])
    assert run.exits == [(3, 110_000, "equity_guard")] * 2
    assert [f.pnl_minor for f in run.record.fills] == [-1000, -1000]


@pytest.mark.parametrize("broker", BROKERS)
def test_entry_on_its_way_with_latency_is_closed_where_it_fills(broker: str) -> None:
    """Half a minute from us to the broker: the ticket of 1:00 opens at 2; the order of 3:54 arrives at 4:24, the close
    of 4:00 at 4:30; both meet the open of minute 5."""
    fill = FillModel(slippage_points=0, latency_ms=30_000)
    run = Run(broker, eurusd(*flat(3), DIP, *flat(3)), [lot(1), lot(3.9, id="late")], fill=fill)
    assert run.tripped[:2] == ("stop", 4)
    assert run.exits == [(5, 110_000, "equity_guard")] * 2
    assert [f.entry_ns for f in run.record.fills] == [minute(2), minute(5)]


@pytest.mark.parametrize("broker", BROKERS)
def test_loss_that_is_booked_trips_it_with_nothing_open(broker: str) -> None:
    """The stop at 109,800 loses 210 dollars: 790 are left, at the end of that bar."""
    fall = (110_000, 110_000, 109_800, 109_900)
    run = Run(broker, eurusd(*flat(2), fall, *flat(3)), [lot(1, sl=1.098), lot(4, id="late")])
    assert run.exits == [(3, 109_800, "sl")]
    assert run.tripped == ("stop", 3, 790)
    assert run.outcomes[1] == ("refused", "equity_guard")


@pytest.mark.parametrize("broker", BROKERS)
def test_broker_stops_out_first_and_the_guard_looks_right_after(broker: str) -> None:
    """Half a lot at leverage 100 needs 550; at 108,000 it has lost 1,005 of 1,000: the broker closes it there, and the
    guard sees the 5 dollars of debt at the same instant."""
    fall = (110_000, 110_000, 108_000, 109_900)
    run = Run(
        broker, eurusd(*flat(2), fall, *flat(3)), [alert(1, volume=0.5), lot(4)], leverage=100
    )  # fmt: skip
    assert run.exits == [(3, 108_000, "stop_out")]
    assert run.tripped == ("stop", 3, -5)
    assert run.outcomes[1] == ("refused", "equity_guard")


@pytest.mark.parametrize("broker", BROKERS)
def test_guard_looks_at_the_low_of_a_bar_that_the_broker_stopped_out_in(broker: str) -> None:
    """Half a lot and 0.3 lots need 880.08 at leverage 100. At 109,310 they have lost 560, and 440 are less than half of
    that: the broker closes the larger, which has lost 350. With the other, 210 behind there, 440 are left: below 620.
    At the close of the bar it would be 647."""
    fall = (110_000, 110_000, 109_310, 110_000)
    alerts = [alert(1, volume=0.5), alert(1, volume=0.3, id="smaller")]
    run = Run(broker, eurusd(*flat(2), fall, *flat(3)), alerts, leverage=100, stop_frac=0.62)
    assert run.tripped == ("stop", 3, 440)
    assert run.exits == [(3, 109_310, "stop_out"), (3, 110_000, "equity_guard")]


class Human(Follower):
    """Arms the guard again half a minute after minute 4."""

    info = PluginInfo(strategy="human", services=())

    async def on_start(self) -> None:
        self.api.set_timer(minute(4.5), "arm")

    async def on_timer(self, event: Any) -> None:
        GUARDS[-1].rearm()


GUARDS: list[EquityGuard] = []
"""The one that the human has in hand is the last."""


REARMED = {  # the low of minute 6: 990 are left, 198 less is the stop of the new base
    "at_the_new_stop": (109_812, ("stop", 7), [(3, 110_000, "equity_guard"), (7, 110_000, "equity_guard")]),
    "a_point_short": (109_813, NOT[:2], [(3, 110_000, "equity_guard"), (9, 110_000, GONE)]),
}


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("name", REARMED)
def test_human_arms_it_again_from_the_equity_of_now(name: str, broker: str) -> None:
    low, tripped, exits = REARMED[name]

    def know(simulation: Simulation) -> None:
        assert simulation.house.guard is not None
        GUARDS.append(simulation.house.guard)

    quads = [*flat(2), DIP, *flat(3), (110_000, 110_000, low, 110_000), *flat(2)]
    run = Run(broker, eurusd(*quads), [lot(1), lot(4), lot(5)], before=know, strategy=Human)
    assert run.outcomes == [("filled", ""), ("refused", "equity_guard"), ("filled", "")]
    assert (run.tripped[:2], run.exits) == (tripped, exits)


@pytest.mark.parametrize("broker", BROKERS)
def test_tripped_state_survives_a_restart(broker: str) -> None:
    first = Run(broker, eurusd(*flat(2), DIP, *flat(2)), [lot(1)])
    text = json.dumps(first.guard.state())

    def load(simulation: Simulation) -> None:
        assert simulation.house.guard is not None
        simulation.house.guard.load_state(json.loads(text))

    again = Run(broker, eurusd(*flat(4)), [lot(1)], before=load, balance=990)
    assert again.outcomes == [("refused", "equity_guard")]
    assert again.guard.state() == first.guard.state()


def test_account_far_from_its_levels_is_hardly_looked_at() -> None:
    """As cheap as the alerts are few: 2,000 bars, 20 tickets, and levels that nothing comes near."""
    quads = flat(2000)
    run = Run("shadow", eurusd(*quads), [alert(n * 90 + 1, volume=0.01, id=f"a{n}") for n in range(20)])
    broker: Any = run.simulation.broker
    assert len(run.record.fills) == 20
    assert broker.equity_watches.looks == 0


def test_nobody_looks_where_there_is_no_guard() -> None:
    run = Run("shadow", eurusd(*flat(2), DIP, *flat(2)), [lot(1)], before=without_guard)
    broker: Any = run.simulation.broker
    assert run.exits == [(5, 110_000, GONE)]
    assert broker.equity_watches.looks == 0
    assert not broker.equity_watches.is_on


def without_guard(simulation: Simulation) -> None:
    """As if the settings had none: it is neither started nor asked."""
    simulation.engine.guard = None
    simulation.engine.services._cores.clear()
