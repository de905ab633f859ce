"""The pyramid's promises hold in every world: drawn prices, settings, entries, exits, latencies.

Levels go up by one; a level has as many orders as its multiplier, less those that were refused; no order without a
chain, no chain without exactly one end; never more than the gate allowed; a run that is left anywhere and gone on with
is the same run.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.unit.services.profit_play import Booker, Story, prepared
from tests.world import Quad, alert
from zepix.engine import PluginInfo
from zepix.journal.digest import digest
from zepix.model import Alert
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_risk import RiskSettings
from zepix.services.risk_core import RiskCore
from zepix.services.safety_values import SafetyCheckResult

SEEDS = 40
ENDS = ("completed", "stopped", "stale")


class Drawn(Booker):
    """Books by hand, closes by hand and decides against recoveries now and then, by the order's number."""

    info = PluginInfo(strategy="drawn", services=("risk", "dual_order", "profit_booking"))

    async def on_fill(self, event: Any) -> None:
        number = event.order.id % 37
        if number == 5:
            await self.api.profit_booking.handle_profit_target_hit(event.order.id)
        elif number == 11:
            await self.api.orders.close_order(event.ticket.id, "manual")

    async def on_sl_hit(self, event: Any) -> Any:
        return event.ticket.id % 13 != 7


class Tally:
    """A safety that allows most recoveries, and counts their beginnings and ends."""

    def __init__(self) -> None:
        self.asked = self.begun = self.over = 0

    def check(self, *case: Any) -> SafetyCheckResult:
        assert case[2] == "profit" and case[3] > 0, case
        self.asked += 1
        return SafetyCheckResult(self.asked % 5 != 0, "recovery_concurrent")

    def started(self, kind: str) -> None:
        self.begun += 1

    def ended(self, kind: str, won: bool | None) -> None:
        self.over += 1


def walk(rng: random.Random, count: int) -> list[Quad | None]:
    found: list[Quad | None] = []
    close = 110_000
    for _ in range(count):
        opened = close + rng.choice((0, 0, 0, 5, -5, 60, -60))
        close = opened + rng.randint(-60, 60)
        high, low = max(opened, close) + rng.randint(0, 50), min(opened, close) - rng.randint(0, 50)
        found.append(None if found and rng.random() < 0.05 else (opened, high, low, close))
    return found


def world(seed: int, broker: str = "shadow") -> tuple[Any, list[Alert]]:
    rng = random.Random(f"pyramid {seed}")
    count = rng.choice((60, 120))
    alerts = []
    for number in range(rng.randint(1, 8)):
        kind, side = rng.choice(("entry", "entry", "entry", "exit")), rng.choice(("buy", "sell"))
        alerts.append(alert(rng.randint(4, count * 4) / 4, kind, side, id=f"a{number}"))
    settings = {"lots": rng.choice((0.05, 0.1, 0.2)), "both": rng.random() < 0.4, "sl_points": rng.choice((200, 900))}
    on = rng.choice((2, 3, 5))
    return prepared(
        walk(rng, count), alerts, Drawn, broker=broker, spread=rng.choice((0, 7)),
        latency_ms=rng.choice((0, 0, 250, 61_000)), account=None,
        risk=RiskSettings(default_risk_tier=rng.choice(("5000", "10000", "50000"))),
        dual=DualOrderSettings(booking_at=rng.choice(("broker", "broker", "engine"))),
        settings=settings, others=None,
        enabled_levels=tuple(n < on for n in range(5)),
        allow_partial_progression=rng.random() < 0.5,
        partial_success_threshold=rng.choice((0.25, 0.5, 0.75)),
        sl_hunt=rng.random() < 0.7, stop_chain_on_fail=rng.random() < 0.6,
        recovery_attempts=rng.choice((0, 1, 2)), recovery_windows={"EURUSD": rng.choice((1, 5, 30))},
    )  # fmt: skip


def check(played: Story, granted: dict[tuple[str, int], list[int]]) -> int:
    """Every promise; how many chains there were."""
    settings = played.simulation.rules.settings.profit_booking
    steps = defaultdict(list)
    for step in played.record.chains:
        steps[step.chain_id].append(step)
    for chain_id, own in steps.items():
        assert own[0].reason == "begun" and Counter(s.state in ENDS for s in own)[True] == 1, chain_id
        ups = [s.level for s in own if s.reason == "level_up"]
        assert ups == list(range(1, len(ups) + 1)), f"{chain_id}: levels {ups}"
        end = next(n for n, s in enumerate(own) if s.state in ENDS)
        assert not [s for s in own[end:] if s.state in ("placed", "recovery")], f"{chain_id}: goes on after its end"
    orders = defaultdict(list)
    for order in played.record.orders:
        if order.opens and order.role not in ("A", "B"):
            assert order.chain_id in steps, f"order {order.id} has no chain"
            orders[order.chain_id, order.role.split(".")[0]].append(order)
    for (chain_id, role), own in orders.items():
        if role == "R":
            lost = [s for s in steps[chain_id] if s.state == "recovery"]
            assert len(own) <= len(lost)
            continue
        level = int(role[1:])
        assert settings.is_on(level)
        assert [o.role for o in own] == [f"P{level}.{n}" for n in range(1, settings.orders_of(level) + 1)]
        assert sum(o.volume_steps for o in own) in [n for n in granted["level", len(own)] for n in _shares(n, len(own))]
    money = sum(s.money_minor for s in played.record.chains)
    fills = [f for f in played.record.fills if f.chain_id in steps]
    assert money == sum(f.pnl_minor for f in fills)
    return len(steps)


def _shares(steps: int, count: int) -> list[int]:
    """Totals that a level may have of what the gate allowed: no more than it, in equal orders."""
    return [count * each for each in range(1, steps // count + 1)]


def run(seed: int, monkeypatch: pytest.MonkeyPatch) -> int:
    granted: dict[tuple[str, int], list[int]] = defaultdict(list)
    asked = RiskCore.check

    def noted(core: Any, request: Any, *given: Any) -> Any:
        answer = asked(core, request, *given)
        if answer and request.continues:
            granted["level", request.legs].append(core.catalogue[request.symbol].steps(answer.lots))
        return answer

    monkeypatch.setattr(RiskCore, "check", noted)
    simulation, rows = world(seed)
    safety = simulation.house.profits.desk.ports.safety = Tally()
    played = Story(simulation, simulation.run(rows))
    assert not simulation.engine.errors
    assert safety.begun == safety.over, "each recovery ends once"
    assert not simulation.house.profits.desk.chains, "a chain that has ended is forgotten"
    return check(played, granted)


def test_promises_of_the_pyramid(monkeypatch):
    assert sum(run(seed, monkeypatch) for seed in range(SEEDS)) > SEEDS


@pytest.mark.parametrize("seed", range(12))
def test_both_brokers_agree(seed):
    found = []
    for broker in ("shadow", "backtrader"):
        simulation, rows = world(seed, broker)
        record = simulation.run(rows)
        found.append((digest(record), record.chains))
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_run_that_is_left_and_gone_on_with_is_the_same(seed):
    """Left at three events; the chains' state is JSON, the same text once loaded and saved again."""
    rng = random.Random(seed)
    simulation, rows = world(seed)
    whole = simulation.run(rows)
    simulation, rows = world(seed)
    simulation.begin(rows)
    for _ in range(3):
        if simulation.go_on(rng.randint(1, 40)):
            break
        text = json.dumps(simulation.save_state(history=True), allow_nan=False)
        simulation, rows = world(seed)
        simulation.load_state(json.loads(text))
        assert json.dumps(simulation.save_state(history=True)) == text
        simulation.begin(rows)
    simulation.go_on()
    again = simulation.finish()
    assert digest(again) == digest(whole)
    assert again.chains == whole.chains


def test_steps_are_handed_out_as_they_happen_and_make_the_same_whole():
    simulation, rows = world(3)
    whole = simulation.run(rows).chains
    simulation, rows = world(3)
    simulation.begin(rows)
    parts = []
    while not simulation.go_on(20):
        parts += simulation.forget_history().chains
    assert parts + simulation.finish().chains == whole and parts
