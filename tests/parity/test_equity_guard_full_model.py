"""The equity guard: the shadow broker's two forms, the backtrader broker and the naive oracle agree on every ticket,
decision and cent, on random markets whose guard stands close to the equity; and on recorded bars.

The oracle looks at every open and every bar end and knows no bands; so a level that was reached and not seen, or seen
at another instant, shows as another ticket.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.markets import KINDS
from tests.oracle.recorded_bars import MARKET, recorded, resampled
from tests.oracle.scenarios import Scenario, random_full_scenario, random_scenario
from tests.parity.backtrader import prepared as prepared_plain
from tests.parity.backtrader import replay as replay_in_cerebro
from tests.parity.backtrader import replay_without_cerebro
from tests.parity.shadow import (
    alerts,
    decisions,
    drive_stepwise,
    first_difference,
    prepared,
    replay_stepwise,
    trades,
)
from tests.parity.test_shadow_full_model import RECORDED, on_recorded
from tests.thorough import share
from zepix.journal.digest import digest
from zepix.research.simulate import Simulation

BLOCK = 40
HAS_BACKTRADER = importlib.util.find_spec("backtrader") is not None
Totals = Counter[str]


def random_guard(rng: random.Random, balance: float) -> dict[str, Any]:
    """Levels from a hair to half of the account away; sometimes one alone, sometimes a base of one's own."""
    near = rng.choice((0.0005, 0.002, 0.01, 0.05, 0.2, 0.5))
    stop, target = (f"{1 + sign * near * rng.uniform(0.2, 1):.6f}" for sign in (-1, 1))
    which = rng.choice(("both", "both", "stop", "target"))
    base = "0" if rng.random() < 0.85 else str(round(balance * rng.choice((0.9, 1, 1.1)), 2))
    return {
        "stop_frac": stop if which != "target" else "0",
        "target_frac": target if which != "stop" else "0",
        "base_equity": base,
    }


def guarded(scenario: Scenario, ticks: bool) -> Scenario:
    rng = random.Random(f"guard {scenario.seed} {ticks}")
    guard = random_guard(rng, float(scenario.account["balance"]))
    all_open = max(rows[0][0] for _, rows in scenario.bars.values())  # so that the step form can play it
    heard = [a for a in scenario.alerts if a["received_ns"] >= all_open]
    return dataclasses.replace(scenario, guard=guard, alerts=heard)


def assert_agree(scenario: Scenario) -> Totals:
    """Fails with the first difference; how tickets ended, and what the guard did."""
    oracle, where = scenario.play(), f"seed {scenario.seed}"
    simulation = prepared(scenario)[0]
    shadow = simulation.run(alerts(scenario.alerts))
    assert simulation.house.guard is not None
    status = simulation.house.guard.get_status()
    assert status["is_exact"] is True
    assert first_difference(trades(shadow.fills), oracle.trades) == "", where
    assert decisions(shadow) == oracle.decisions, where
    assert shadow.balances[-1][1] == oracle.balance_minor, where
    tripped = {"stop": oracle.notes["guard: stop"], "target": oracle.notes["guard: target"]}
    assert [word for word, count in tripped.items() if count] == ([status["tripped_by"]] if status["trips"] else [])
    plain = replay_without_cerebro(scenario)
    assert first_difference(trades(plain.fills), oracle.trades) == "", where
    assert decisions(plain) == oracle.decisions, where
    assert digest(plain) == digest(shadow), where
    step = replay_stepwise(scenario)
    assert first_difference(trades(step.broker.book.fills), trades(shadow.fills)) == "", where
    assert step.house.guard is not None
    assert step.house.guard.get_status() == status, where
    return Counter(t["exit_reason"] for t in oracle.trades) + Counter(oracle.notes)


@pytest.mark.parametrize("first", range(0, share(160, 80), BLOCK))
def test_random_markets_on_bars(first: int) -> None:
    totals: Totals = Counter()
    for seed in range(first, first + BLOCK):
        totals += assert_agree(guarded(random_full_scenario(seed), ticks=False))
    assert min(totals[word] for word in ("equity_guard", "guard: stop", "guard: target")) > 1


def test_random_markets_on_ticks() -> None:
    totals: Totals = Counter()
    for seed in range(5000, 5000 + BLOCK):
        totals += assert_agree(guarded(random_full_scenario(seed, ticks=True), ticks=True))
    assert min(totals[word] for word in ("equity_guard", "guard: stop", "guard: target")) > 1


def test_market_orders_on_several_timeframes() -> None:
    totals: Totals = Counter()
    for seed in range(1000, 1000 + BLOCK):
        totals += assert_agree(guarded(random_scenario(seed), ticks=False))
    assert totals["equity_guard"] > 5


def test_a_guarded_run_that_is_saved_and_loaded_between_two_events_ends_the_same() -> None:
    for seed in range(7200, 7215):
        scenario = guarded(random_full_scenario(seed), ticks=False)
        rows = alerts(scenario.alerts)
        whole = prepared(scenario)[0]
        digest_of_whole = digest(whole.run(rows))
        first, second = prepared(scenario)[0], prepared(scenario)[0]
        first.begin(rows)
        first.go_on(random.Random(seed).randrange(1, whole.session.events))
        second.load_state(json.loads(json.dumps(first.save_state(history=True))))
        second.begin(rows)
        second.go_on()
        assert digest(second.finish()) == digest_of_whole, f"seed {seed}"
        assert whole.house.guard is not None
        assert second.house.guard is not None
        assert second.house.guard.state() == whole.house.guard.state(), f"seed {seed}"


@pytest.mark.skipif(not HAS_BACKTRADER, reason="backtrader is not installed (extra backtrader)")
@pytest.mark.parametrize("ticks", [False, True], ids=["bars", "ticks"])
def test_a_guard_in_a_cerebro(ticks: bool) -> None:
    """There bars at which nothing can happen are passed over: not those at which a level may be reached."""
    for seed in range(7100, 7112):
        scenario = guarded(random_full_scenario(seed, ticks=ticks), ticks)
        shadow = prepared(scenario)[0].run(alerts(scenario.alerts))
        assert digest(replay_in_cerebro(scenario)) == digest(shadow), f"seed {seed}"


# --- watches that are set again and again, and several at once -------------------------------------------------------


class Watchful:
    """Sets a new watch for each that woke, close to the equity of now; writes down what woke it and when."""

    def __init__(self, simulation: Simulation, seed: int) -> None:
        self.engine, self.broker, self.rng = simulation.engine, simulation.broker, random.Random(f"watches {seed}")
        self.heard: list[tuple[int, int, int, int, Decimal]] = []
        self.refuses = False
        self.engine.guard = self
        self.engine.services.add("watchful", self)

    def start(self) -> None:
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            self.set_one()

    def set_one(self) -> None:
        equity = self.broker.account().equity
        away = [equity * Decimal(str(round(self.rng.choice((1e-5, 1e-4, 1e-3, 0.01, 0.1)), 5))) for _ in range(2)]
        which = self.rng.choice(("both", "both", "below", "above"))
        below = None if which == "above" else equity - away[0]
        self.broker.watch_equity(below, None if which == "below" else equity + away[1])

    def refusal(self) -> None:
        return None

    def on_equity(self, watch_id: int, direction: int, equity: Decimal) -> None:
        self.heard.append((self.engine.now_ns, self.engine.phase, watch_id, direction, equity))
        if len(self.heard) < 400:
            self.set_one()
            if self.rng.random() < 0.1:
                self.broker.drop_equity_watch(self.rng.randint(1, watch_id + 2))
                self.set_one()


def watched(scenario: Scenario, ticks: bool) -> int:
    """Fails where the three do not wake at the same instants with the same equity; how often they woke."""
    scenario = dataclasses.replace(guarded(scenario, ticks), guard=None)
    simulations = (prepared(scenario)[0], prepared_plain(scenario), *prepared(scenario, stepwise=True))
    shadow, plain, step, feed = simulations
    assert step is not None
    seen = [Watchful(one, scenario.seed) for one in (shadow, plain, step)]
    shadow.run(alerts(scenario.alerts))
    plain.rules = dataclasses.replace(plain.rules, broker="shadow")  # turned by the session alone
    plain.run(alerts(scenario.alerts))
    drive_stepwise(step, feed, alerts(scenario.alerts))
    for other in seen[1:]:
        assert first_difference(other.heard, seen[0].heard) == "", f"seed {scenario.seed}"
    return len(seen[0].heard)


@pytest.mark.parametrize("ticks", [False, True], ids=["bars", "ticks"])
def test_watches_wake_at_the_same_instants_with_the_same_equity(ticks: bool) -> None:
    assert sum(
        watched(random_full_scenario(seed, ticks=ticks), ticks) for seed in range(7000, 7000 + share(BLOCK, 20))
    ) > share(1000, 500)


# --- recorded bars ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real bars of ../shared/data/market are not at hand")
@pytest.mark.parametrize(("file", "symbol", "timeframe", "spread"), RECORDED)
def test_a_guard_on_real_bars(file: str, symbol: str, timeframe: int | None, spread: float) -> None:
    bars = recorded(file, spread=spread, digits=KINDS[symbol]["digits"])
    if timeframe is not None:
        bars = resampled(bars, timeframe)
    guard = {"stop_frac": "0.97", "target_frac": "1.03", "base_equity": "0"}
    scenario = dataclasses.replace(on_recorded(file, symbol, bars, 300), guard=guard)
    heard = [a for a in scenario.alerts if a["received_ns"] >= bars[1][0][0]]
    totals = assert_agree(dataclasses.replace(scenario, alerts=heard))
    assert totals["guard: stop"] + totals["guard: target"] == 1
    assert totals["equity_guard"] > 0
