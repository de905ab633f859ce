"""The re-entry service of a run, made and joined; apart from the house, so that a run without it never loads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from zepix.engine.asking import ask
from zepix.engine.engine import TradingEngine
from zepix.engine.service_api import ServiceAPI
from zepix.engine.service_host import Waker
from zepix.engine.strategy import Strategy
from zepix.model import Alert, Catalogue
from zepix.model.settings_reentry import ReentrySettings
from zepix.services.chain_log import ChainLog
from zepix.services.conversion import Conversions
from zepix.services.ports import Notify, SafetyPort, ShieldPort
from zepix.services.reentry import ReentryCore, ReentryService
from zepix.services.reentry_book import ReentryBook
from zepix.services.reentry_orders import PluginPorts, ReentryOrders
from zepix.services.risk_money import RiskMoney

__all__ = ["make_reentry", "register_reentry"]

NAME: Final = "reentry"


def make_reentry(
    settings: ReentrySettings,
    engine: TradingEngine,
    catalogue: Catalogue,
    conversions: Conversions,
    log: ChainLog,
    *,
    money_digits: int,
    next_id: Callable[[str], str] | None = None,
    safety: SafetyPort | None = None,
    shield: ShieldPort | None = None,
    notify: Notify | None = None,
) -> ReentryCore:
    """The core; ``next_id`` counts chain ids where dual orders do; None elsewhere: the run has none of it."""

    def concerns(plugin_id: str, alert: Alert) -> bool:
        return engine.router.reaches(alert, plugin_id)

    return ReentryCore(
        settings,
        engine,
        catalogue,
        ReentryBook(engine, log, next_id),
        ReentryOrders(settings, catalogue, RiskMoney(engine, conversions), money_digits),
        Waker(engine, NAME),
        safety=safety,
        shield=shield,
        notify=notify,
        concerns=concerns,
        under_way=engine.broker.under_way,
    )


def register_reentry(
    core: ReentryCore,
    engine: TradingEngine,
    api: ServiceAPI,
    plugin_id: str,
    *,
    has_risk: bool,
    has_trend: bool,
    is_automatic: bool,
) -> None:
    """The facade of one plugin. ``is_automatic``: it names the service, so its orders A begin chains by themselves."""

    def owner() -> Strategy | None:
        return engine.registry.get_plugin(plugin_id)

    def service(name: str, is_used: bool) -> Any:
        return api.service_behind(name) if is_used else None

    core.add_plugin(
        PluginPorts(
            plugin_id,
            orders=api.service_behind("order"),
            market=api.service_behind("market"),
            risk=service("risk", has_risk),
            trend=service("trend", has_trend),
            ask=partial(ask, engine, plugin_id),
            owner=owner,
            is_automatic=is_automatic,
        )
    )
    api.register_service(NAME, ReentryService(core, plugin_id), core.is_healthy)
