"""The oracle's scenarios, given to zepix on its backtrader broker."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.oracle.scenarios import Scenario
from tests.parity.shadow import alerts, instrument, series, settings_of
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.model import AccountSpec, Catalogue, FillModel
from zepix.research.simulate import Rules, Simulation

__all__ = ["prepared", "replay", "replay_without_cerebro"]


def prepared(scenario: Scenario, broker: str = "backtrader") -> Simulation:
    catalogue = Catalogue(instrument(s, given) for s, given in scenario.instruments.items())
    prices = {s: series(s, catalogue[s].point_float, scenario.bars[s]) for s in catalogue if s in scenario.bars}
    account = scenario.account
    rules = Rules(
        account=AccountSpec(
            Decimal(str(account["balance"])), account["currency"], Decimal(str(account["leverage"])), account["digits"]
        ),
        fill_model=FillModel(**{k: v for k, v in scenario.fill.items() if k != "costs"}),
        costs=scenario.fill.get("costs", "instrument"),
        broker=broker,
        settings=settings_of(scenario),
    )
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    plugins = [PluginConfig("bracket", "bracket", dict(scenario.strategy))]
    return Simulation(prices, catalogue, registry, plugins, rules)


def replay(scenario: Scenario) -> RunRecord:
    """In a ``bt.Cerebro``, as a user runs it."""
    return prepared(scenario).run(alerts(scenario.alerts))


def replay_without_cerebro(scenario: Scenario) -> RunRecord:
    """The same broker, turned by the session alone: for many scenarios in little time."""
    simulation = prepared(scenario)
    simulation.rules = replace(simulation.rules, broker="shadow")  # only ``_drive`` looks at it from here on
    return simulation.run(alerts(scenario.alerts))
