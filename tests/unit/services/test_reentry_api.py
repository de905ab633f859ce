"""``api.reentry`` by hand: chains of other tickets, what a strategy records itself, what it stops."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.reentry_world import QUADS, Rider, bar, calm, rides
from tests.world import alert
from zepix.engine import PluginInfo
from zepix.model import Refused
from zepix.services.dual_plan import DualPlan
from zepix.services.safety_values import ReentryEvent


class ByHand(Rider):
    """Names no services, so it has them all, and nothing happens by itself."""

    info = PluginInfo(strategy="by_hand")
    role: str = "mine"
    recover: str = "record"

    async def on_fill(self, event: Any) -> None:
        if event.order.role == "mine":
            self.chain = self.api.reentry.create_chain(event.ticket, logic="LOGIC3", max_level=2)
            self.twice = self.api.reentry.create_chain(event.ticket)

    async def on_sl_hit(self, event: Any) -> None:
        if self.recover == "record":
            self.answer = self.api.reentry.record_sl_hit(event)
        elif self.recover == "start":
            self.answer = await self.api.start_recovery(event)
        else:
            told = ReentryEvent(
                self.chain.chain_id, self.plugin_id, "EURUSD", self.recover, 1.1001, 1.0991, 1.0991, "buy", 1
            )
            self.answer = await self.api.start_recovery(told)
        self.seen = self.api.reentry.active_chains()

    async def on_tp_hit(self, event: Any) -> None:
        self.answer = self.api.reentry.record_tp_hit(event)


def played(rows: list[Any], *alerts: Any, **plugin: Any) -> tuple[Any, Any]:
    run = rides(rows, alerts, ByHand, plugin=plugin)
    return run, next(iter(run.simulation.registry.get_all_plugins().values()))


@pytest.mark.parametrize("recover", ["record", "start", "sl_hunt"])
def test_strategy_that_records_its_stop_has_its_recovery_once(recover: str) -> None:
    run, plugin = played(QUADS, recover=recover)
    assert run.roles == ["mine", "R"]
    assert plugin.twice.chain_id == plugin.chain.chain_id, "one ticket has one chain"
    assert (plugin.chain.logic, plugin.chain.max_level, plugin.chain.status) == ("LOGIC3", 2, "ACTIVE")
    assert [(one.state, one.status) for one in plugin.seen] == [("recovery_mode", "RECOVERY_MODE")]


def test_strategy_that_records_its_target_goes_on_to_the_levels_it_named() -> None:
    up = [bar(110_000 + n * 400, 110_400 + n * 400, 110_400 + n * 400, 110_000 + n * 400) for n in range(8)]
    run, plugin = played([*calm(3), *up])
    assert run.roles == ["mine", "C2"] and run.end == ("completed", "max_level")
    assert plugin.answer is False, "the second target was the end"


def test_plugin_that_names_no_services_has_no_chains_by_itself() -> None:
    run, plugin = played(QUADS, role="A")
    assert run.steps == [] and plugin.api.reentry.active_chains() == []


class Careful(ByHand):
    info = PluginInfo(strategy="careful")

    async def on_fill(self, event: Any) -> None:
        await super().on_fill(event)
        reentry = self.api.reentry
        told = ReentryEvent("nobody", "careful", "EURUSD", "sl_hunt", 1.1, 1.1, 1.1, "buy", 1)
        self.unknown = await self.api.start_recovery(told)
        open_one = ReentryEvent(self.chain.chain_id, "careful", "EURUSD", "sl_hunt", 1.1, 1.1, 1.1, "buy", 1)
        self.still_open = await self.api.start_recovery(open_one)
        self.levels = (reentry.get_chain_level(self.chain.chain_id), reentry.get_chain_level(str(event.ticket.id)))
        self.none = reentry.get_chain_level("nobody"), reentry.get_max_chain_level()
        self.stopped = reentry.stop_chain(self.chain.chain_id), reentry.stop_chain(self.chain.chain_id)

    async def on_sl_hit(self, event: Any) -> None:
        self.after = self.api.reentry.record_sl_hit(event), await self.api.start_recovery(event)
        self.closed = self.api.reentry.create_chain(event.ticket)


def test_what_cannot_be_is_refused_with_its_word() -> None:
    run = rides(QUADS, [], Careful)
    plugin: Any = next(iter(run.simulation.registry.get_all_plugins().values()))
    assert (plugin.unknown.reason, plugin.still_open.reason) == ("unknown_chain", "still_open")
    assert plugin.levels == (1, 1) and plugin.none == (0, 5) and plugin.stopped == (True, False)
    assert plugin.after[0] is False and plugin.after[1].reason == "unknown_chain"
    assert isinstance(plugin.closed, Refused) and plugin.closed.reason == "unknown_ticket"
    assert run.path == [("active", "created"), ("stopped", "manual")]
    assert run.roles == ["mine"]


class Dual(Rider):
    info = PluginInfo(strategy="dual", services=("reentry", "dual_order", "risk"))

    async def process_entry_signal(self, alert: Any) -> Any:
        plan = DualPlan(symbol="EURUSD", side=alert.side, lots=0.2, sl=1.099, tp_a=1.102, comment="LOGIC2 Screener")  # type: ignore[arg-type]
        await self.api.dual_order.create_dual_orders(plan)


def test_only_leg_a_of_a_dual_order_has_a_chain_and_it_keeps_its_id() -> None:
    run = rides([*calm(3), bar(109_880, 110_000, 109_900), *calm(3, 109_900)], [alert(1, id="first")], Dual)
    assert {step.chain_id for step in run.steps} == {"EURUSD_00000001"}
    assert {f.role: f.chain_id for f in run.record.fills} == {"A": "EURUSD_00000001", "B": "PROFIT_EURUSD_00000001"}
    assert run.path[2] == ("recovery_mode", "waits")
