"""The part of the house that keeps the pyramids: profit booking, joined to its ports."""

from __future__ import annotations

from functools import partial
from typing import Any

from zepix.engine.asking import ask, decides, own_daily_loss_limit
from zepix.engine.engine import TradingEngine
from zepix.engine.house_safety import SafetyWing
from zepix.engine.service_api import ServiceAPI
from zepix.engine.service_host import Waker
from zepix.model import Catalogue
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.services.chain_log import ChainLog
from zepix.services.conversion import Conversions
from zepix.services.dual_orders import DualOrderBook
from zepix.services.ports import BrokerPort
from zepix.services.profit_booking import ProfitBook, ProfitBookingService, ProfitPorts
from zepix.services.reentry_trend import TrendCheck

__all__ = ["NAME", "profit_book", "register_profit"]

NAME = "profit_booking"


def profit_book(
    engine: TradingEngine,
    broker: BrokerPort,
    catalogue: Catalogue,
    conversions: Conversions,
    settings: tuple[ProfitBookingSettings, DualOrderSettings],
    trend: TrendCheck,
    dual: DualOrderBook | None,
    safety: SafetyWing,
    chains: ChainLog,
    money_digits: int,
) -> ProfitBook:
    """The pyramids of a run; where it has no dual orders of its own, none begins by itself."""

    def no_points(_: int) -> int:
        return 0

    book: ProfitBook

    def counted(symbol: str) -> str:
        return f"PROFIT_{symbol}_{book.next_number():08x}"

    ports = ProfitPorts(
        clock=engine,
        broker=broker,
        catalogue=catalogue,
        rates=conversions,
        waker=Waker(engine, NAME),
        log=chains,
        next_chain=counted if dual is None else lambda symbol: dual.next_chain(symbol)[1],
        booking_points=no_points if dual is None else dual.booking_points,
        take_booking=no_points if dual is None else dual.hand_over_booking,
        ask=partial(ask, engine),
        decides=partial(decides, engine),
        say=lambda text: engine.write_log(NAME, "warning", text),
        safety=safety.safety,
        notify=safety.notify,
        concerns=lambda plugin_id, alert: engine.router.reaches(alert, plugin_id),
        next_look_ns=trend.next_look_ns,
        money_digits=money_digits,
    )
    book = ProfitBook(*settings, ports)
    return book


def register_profit(
    book: ProfitBook,
    engine: TradingEngine,
    api: ServiceAPI,
    plugin_id: str,
    check: TrendCheck,
    *,
    has_risk: bool,
    has_trend: bool,
    names_it: bool,
) -> None:
    """The facade of a plugin that books profits; ``has_risk``: its levels pass the gate; ``has_trend``: its recoveries
    ask the trends that it has; ``names_it``: its chains begin by themselves."""
    risk: Any = api.risk if has_risk else None
    trend = api.service_behind("trend") if has_trend else None
    candles = api.service_behind("market")

    def agrees(symbol: str, side: int, logic: str) -> bool:
        plugin = engine.registry.get_plugin(plugin_id)
        mode = check.settings.trend_check(plugin_id, "" if plugin is None else plugin.info.strategy)
        return check.check(mode, symbol, side, logic, trend, candles).aligned

    def is_enabled() -> bool:
        plugin = engine.registry.get_plugin(plugin_id)
        return plugin is not None and plugin.enabled

    book.add_plugin(
        plugin_id, api.orders, api.market, risk, by_itself=names_it,
        daily_loss_limit=partial(own_daily_loss_limit, engine, plugin_id), agrees=agrees, is_enabled=is_enabled,
    )  # fmt: skip
    api.register_service(NAME, ProfitBookingService(book, plugin_id), book.is_healthy)
