"""The real services behind V6 and legacy: risk, trend, dual orders, exits, told of what happens as a run tells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.unit.strategies.fakes import add_exits
from tests.world import Market, Played, flat, market
from zepix.engine.registry import PluginConfig
from zepix.engine.strategy import Strategy
from zepix.model import Alert
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_trend import TrendSettings
from zepix.research.simulate import Simulation
from zepix.services.account import AccountService
from zepix.services.dual_orders import DualOrderBook, DualOrderService
from zepix.services.risk_core import RiskCore
from zepix.services.trend import TrendCore

__all__ = ["play"]


def play(
    alerts: Iterable[Alert],
    *classes: type[Strategy],
    prices: Market | None = None,
    risk: RiskSettings | None = None,
    **settings: Any,
) -> Played:
    """A replay with the real services; a simulation that has them already is left as it is."""
    plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings) for cls in classes]
    given = prices or market(*flat(400))

    def wire(simulation: Simulation) -> None:
        if risk is not None or not all(api.has_service("trend") for api in simulation.apis.values()):
            _wire(simulation, risk or RiskSettings())

    return given.play(list(alerts), *classes, plugins=plugins, before=wire)


def _wire(simulation: Simulation, settings: RiskSettings) -> None:
    engine, broker, catalogue = simulation.engine, simulation.broker, simulation.catalogue
    first = next(iter(simulation.apis.values()))
    trend = TrendCore(TrendSettings(), engine)
    account = AccountService(broker)
    risk = RiskCore(settings, engine, account, catalogue, broker.conversions, broker, first.market)
    dual = DualOrderBook(DualOrderSettings(), engine, catalogue, broker.conversions)
    for plugin_id, api in simulation.apis.items():
        service = risk.for_plugin(plugin_id)
        api.register_service("risk", service)
        api.register_service("trend", trend.for_plugin(plugin_id))
        api.register_service("dual_order", DualOrderService(dual, plugin_id, api.orders, api.market, service, engine))
    add_exits(simulation)
    step, process = engine.step, engine.process_alert

    def told(event: Any) -> None:
        risk.on_event(event)
        dual.on_event(event)
        step(event)

    def heard(alert: Alert) -> None:
        trend.on_alert(alert)
        risk.on_alert(alert)
        process(alert)

    engine.step, engine.process_alert = told, heard  # type: ignore[method-assign]
