"""Event by event: what is done, and told, when a trade opens, is stopped, reaches its target, books its profit.

The order is that of the journal, with each step of a chain, each price that is waited for, and each order that goes out
where it happens. One strategy names all services that act by themselves. EURUSD, 0.10 lots a leg, no spread: B books at
70 points and is stopped at 100; A's stop and target are the alert's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from tests.world import CATALOGUE, Quad, alert, bars
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.house import ServiceSettings
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, Decision, FillModel, Side
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.research.simulate import Rules, Simulation
from zepix.services.chain_log import ChainStep
from zepix.services.dual_plan import DualPlan

BROKERS = ("shadow", "backtrader")
REENTRY, PROFIT = "EURUSD_00000001", "PROFIT_EURUSD_00000001"


class Everything(Strategy):
    """A and B of 0.10 lots each, with the alert's stop and target."""

    info = PluginInfo(
        strategy="everything",
        services=("risk", "trend", "dual_order", "exits", "profit_booking", "reentry", "autonomous", "telegram"),
    )

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        levels: dict[str, Any] = {"sl": alert.sl, "tp_a": alert.tp}
        plan = DualPlan(
            symbol=alert.symbol, side=Side.BUY, lots=Decimal("0.2"), routing="dual_orders", a_trailing=False, **levels
        )
        result = await self.api.dual_order.create_dual_orders(plan)
        return None if result else Decision.refused(result.reason)


@dataclass
class Trace:
    """All that happens, as words, in its order."""

    simulation: Simulation
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        made = self.simulation
        made.log = _Heard(self.line)
        engine, chains = made.engine, made.house.chains
        add, watch, submit = chains.add, engine.watch_price, engine.submit

        def added(step: ChainStep) -> None:
            self.told.append(f"{step.kind} {step.state}, {step.reason}")
            add(step)

        def watched(owner: str, symbol: str, direction: int, points: int) -> int:
            self.told.append(f"watch of {owner.removeprefix('service:')} at {points}")
            return watch(owner, symbol, direction, points)

        def submitted(order: Any, *more: Any, **named: Any) -> Any:
            self.told.append(f"order {order.role or order.kind}")
            return submit(order, *more, **named)

        vars(chains).update(add=added)
        vars(engine).update(watch_price=watched, submit=submitted)

    def line(self, kind: str, what: Any) -> None:
        if kind == "notification":
            self.told.append(f"notice {what['notice']}")
        elif kind in ("filled", "closed", "alert"):
            self.told.append(f"{kind} {getattr(what, 'role', what.id if kind == 'alert' else '')}")


class _Heard(list):  # type: ignore[type-arg]
    """The journal, heard line by line."""

    def __init__(self, tell: Any) -> None:
        super().__init__()
        self._tell = tell

    def append(self, line: tuple[int, str, Any]) -> None:
        super().append(line)
        self._tell(*line[1:])


def prepared(broker: str, *quads: Quad) -> Simulation:
    """Bars that stand at 110_000 for three minutes, then ``quads``."""
    registry = PluginRegistry(check_settings=complete_settings)
    registry.register(Everything)
    calm = (110_000,) * 4
    rules = Rules(
        account=AccountSpec(),
        fill_model=FillModel(),
        costs="none",
        broker=broker,
        settings=ServiceSettings(
            risk=RiskSettings(default_risk_tier="10000"),
            dual_order=DualOrderSettings(stops_level_if_none_points=0),
            reentry=ReentrySettings(default_trend_check="none"),
        ),
    )
    series = {"EURUSD": bars(calm, calm, calm, *quads, spread=0)}
    return Simulation(series, CATALOGUE, registry, [PluginConfig("everything", "everything", {})], rules)


def played(broker: str, *quads: Quad, sl: float = 1.0995, tp: float = 1.103) -> Trace:
    """A buy at minute 1."""
    trace = Trace(prepared(broker, *quads))
    trace.simulation.run([alert(1, id="first", sl=sl, tp=tp)])
    assert not trace.simulation.engine.errors, trace.simulation.engine.errors
    return trace


def since(trace: Trace, word: str, until: str) -> list[str]:
    """What was told from a word on, up to and with another."""
    begun = trace.told[trace.told.index(word) :]
    return begun[: begun.index(until) + 1]


def to(*points: int) -> list[Quad]:
    """Bars that go to these points, one after another."""
    ends = (110_000, *points)
    return [(a, max(a, b), min(a, b), b) for a, b in zip(ends, points, strict=False)]


OPENED = ["order A", "order B", "filled A", "filled B", "profit active, begun", "reentry active, created"]


@pytest.mark.parametrize("broker", BROKERS)
def test_opened_is_a_then_b_then_the_profit_chain_of_b_then_the_re_entry_chain_of_a_then_told(broker: str) -> None:
    trace = played(broker, *to(110_000))
    assert since(trace, "order A", "notice trade_opened") == [*OPENED, "notice trade_opened"]
    first = [(step.kind, step.chain_id, step.ticket) for step in trace.simulation.house.chains.steps[:2]]
    assert first == [("profit", PROFIT, 2), ("reentry", REENTRY, 1)]


def test_what_opened_is_saved_at_every_event() -> None:
    """From A's fill on its chain is in the state, and from B's fill on so is the pyramid; a state that is loaded
    between the two fills goes on the same."""
    rows: list[Any] = [alert(1, id="first", sl=1.0995, tp=1.103)]
    found = []
    for events in range(1, 8):
        made = prepared("shadow", *to(110_000))
        made.begin(rows)
        made.go_on(events)
        state = json.loads(json.dumps(made.save_state(history=True)))
        services = state["services"]
        chains = [(c["chain_id"], c["is_told"]) for c in services["reentry"]["chains"]]
        found.append((chains, [c["chain_id"] for c in services["profit_booking"]["chains"]]))
        again = prepared("shadow", *to(110_000))
        again.load_state(state)
        again.begin(rows)
        again.go_on()
        again.finish()
        assert [(s.kind, s.state) for s in again.house.chains.steps][:2] == [
            ("profit", "active"),
            ("reentry", "active"),
        ]
    kinds = [one for n, one in enumerate(found) if n == 0 or one != found[n - 1]]
    assert kinds == [([], []), ([(REENTRY, False)], []), ([(REENTRY, True)], [PROFIT])]


@pytest.mark.parametrize("broker", BROKERS)
def test_stop_hit_is_recorded_then_recovery_mode_then_the_watch_then_told(broker: str) -> None:
    """1.09950 is the stop, 70 % of the way back to 1.10000 is 1.09985."""
    trace = played(broker, *to(109_940, 109_940))
    assert since(trace, "closed A", "notice sl_hit") == [
        "closed A",
        "reentry active, sl",
        "reentry recovery_mode, waits",
        "watch of reentry at 109985",
        "notice sl_hunt_activated",
        "notice sl_hit",
    ]


@pytest.mark.parametrize("broker", BROKERS)
def test_target_hit_is_recorded_then_the_continuation_then_told(broker: str) -> None:
    trace = played(broker, *to(110_065, 110_065, 110_065), tp=1.1006)
    assert since(trace, "closed A", "filled C2") == [
        "closed A",
        "reentry active, tp",
        "reentry continuing, waits",
        "notice tp_reentry_started",
        "notice tp_hit",
        "order C2",
        "reentry entering, placed",
        "notice tp_reentry_executed",
        "filled C2",
    ]


@pytest.mark.parametrize("broker", BROKERS)
def test_profit_target_hit_is_closed_then_booked_then_the_next_level_then_advanced_then_told(broker: str) -> None:
    """The level's message stands for the close, which is not told by itself."""
    trace = played(broker, *to(110_080, 110_080))
    assert since(trace, "closed B", "filled P1.1") == [
        "closed B",
        "profit booked, profit_booking",
        "order P1.1",
        "profit placed, level",
        "order P1.2",
        "profit placed, level",
        "profit active, level_up",
        "notice profit_booking",
        "filled P1.1",
    ]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_lost_order_of_a_pyramid_is_recorded_then_waited_for_then_told(broker: str) -> None:
    """B at 1.10000 is stopped at 1.09900 and waits for 1.09970."""
    trace = played(broker, *to(109_890, 109_890), sl=1.098)
    assert since(trace, "closed B", "notice sl_hit") == [
        "closed B",
        "profit lost, sl",
        "profit recovery, watching",
        "watch of profit_booking at 109970",
        "notice sl_hunt_activated",
        "notice sl_hit",
    ]


def test_a_chain_whose_entry_never_stands_whole_is_told_before_its_next_step() -> None:
    """A leg without an answer, as a live account may have one, while A is stopped already."""
    trace = Trace(prepared("shadow", *to(109_940, 109_940)))
    vars(trace.simulation.house.reentry).update(_is_whole=lambda _: False)
    trace.simulation.run([alert(1, id="first", sl=1.0995, tp=1.103)])
    told = [line for line in trace.told if line.startswith("reentry")]
    assert told[:3] == ["reentry active, created", "reentry active, sl", "reentry recovery_mode, waits"]
