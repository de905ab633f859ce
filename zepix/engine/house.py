"""The services of one run, made and joined: risk, trend, sessions, dual orders, exits, the equity guard.

Each has one core that every plugin shares and a facade for each plugin. Only what a run needs is made: a strategy's
``PluginInfo.services`` names what it uses (None: everything), and what the settings switch on is made anyway. The guard
hears of an event before risk does, since risk asks it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from zepix.engine.engine import TradingEngine
from zepix.engine.service_api import ServiceAPI
from zepix.engine.strategy import Strategy
from zepix.model import Catalogue, Order
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.model.settings_market import MarketSettings
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.model.settings_trend import TrendSettings
from zepix.services.account import AccountService
from zepix.services.conversion import Conversions
from zepix.services.dual_orders import DualOrderBook, DualOrderService
from zepix.services.equity_guard import EquityGuard, EquityWatch
from zepix.services.exits import ExitBook, ExitService
from zepix.services.market import MarketDataService
from zepix.services.ports import BrokerPort
from zepix.services.risk_core import RiskCore
from zepix.services.sessions import SessionCore
from zepix.services.trend import TrendCore

__all__ = ["OPTIONAL", "House", "ServiceSettings"]

OPTIONAL: Final = ("risk", "trend", "sessions", "dual_order", "exits")
"""Services with a memory, made where a strategy of the run uses them."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """The sections of a spec that services read."""

    risk: RiskSettings = field(default_factory=RiskSettings)
    trend: TrendSettings = field(default_factory=TrendSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    market: MarketSettings = field(default_factory=MarketSettings)
    dual_order: DualOrderSettings = field(default_factory=DualOrderSettings)
    equity_guard: EquityGuardSettings = field(default_factory=EquityGuardSettings)


class House:
    """The cores, and the way to what they close."""

    def __init__(
        self,
        engine: TradingEngine,
        broker: BrokerPort,
        catalogue: Catalogue,
        conversions: Conversions,
        account: AccountService,
        quotes: MarketDataService,
        settings: ServiceSettings,
        needed: Iterable[str],
        *,
        leverage: Decimal,
        money_digits: int,
    ) -> None:
        """``needed``: of ``OPTIONAL``; ``quotes``: any market service."""
        self._engine = engine
        self._broker = broker
        wanted = set(needed)
        self.guard = (
            EquityGuard(settings.equity_guard, engine, account, self, _watch_of(broker))
            if settings.equity_guard.enabled
            else None
        )
        self.sessions: SessionCore | None = None
        self.risk: RiskCore | None = None
        self.trend: TrendCore | None = None
        self.dual: DualOrderBook | None = None
        self.exits: ExitBook | None = None
        if self.guard is not None:
            self._live("equity_guard", self.guard)
        if "sessions" in wanted:
            self.sessions = self._live("sessions", SessionCore(settings.sessions, engine, broker, self))
        if "risk" in wanted:
            self.risk = self._live(
                "risk",
                RiskCore(
                    settings.risk, engine, account, catalogue, conversions, broker, quotes,
                    leverage=leverage, money_digits=money_digits,
                    sessions=None if self.sessions is None else self.sessions.for_plugin("", force_close=False),
                    guard=self.guard, is_paused=lambda: engine.is_paused,
                ),
            )  # fmt: skip
        if "trend" in wanted:
            self.trend = self._live("trend", TrendCore(settings.trend, engine, say=self._say))
        if "dual_order" in wanted:
            book = DualOrderBook(settings.dual_order, engine, catalogue, conversions)
            self.dual = self._live("dual_order", book)
        if "exits" in wanted:
            self.exits = self._live("exits", ExitBook(catalogue, broker))
        engine.guard = self.guard

    def register(self, api: ServiceAPI, plugin_id: str, used: Iterable[str] | None) -> None:
        """The facades of what the plugin uses (None: all), under the owner's names; others leave it alone.

        Sessions close what a plugin has only where it names them: a strategy that never heard of sessions keeps its
        tickets.
        """
        names_sessions = used is not None and "sessions" in used
        engine, orders, market, used = self._engine, api.orders, api.market, set(OPTIONAL if used is None else used)
        if self.risk is not None and "risk" in used:
            api.register_service("risk", self.risk.for_plugin(plugin_id), self.risk.is_healthy)
        if self.trend is not None and "trend" in used:
            api.register_service("trend", self.trend.for_plugin(plugin_id), self.trend.is_healthy)
        if self.sessions is not None and "sessions" in used:
            facade = self.sessions.for_plugin(plugin_id, force_close=names_sessions)
            api.register_service("sessions", facade, self.sessions.is_healthy)
        if self.dual is not None and "dual_order" in used:
            stops: Any = api.risk if self.risk is not None and "risk" in used else None

            def owner() -> Strategy | None:
                return engine.registry.get_plugin(plugin_id)

            service = DualOrderService(self.dual, plugin_id, orders, market, stops, engine, owner)
            api.register_service("dual_order", service)
        if self.exits is not None and "exits" in used:

            def set_timer(at_ns: int, tag: str) -> int:
                return engine.set_timer(plugin_id, at_ns, tag)

            api.register_service("exits", ExitService(self.exits, plugin_id, orders, market, set_timer, engine))

    # --- what services close (sessions.ClosePort, equity_guard.CloseEverything) -------------------------------------

    def close_all(self, plugin_id: str, symbol: str, reason: str) -> None:
        """Close every ticket of a plugin on a symbol, and cancel what it has under way there."""
        engine = self._engine
        now_ns = engine.now_ns
        family = next((t.family for t in self._things() if t.plugin_id == plugin_id), plugin_id)
        order = Order(engine.next_order_id(), "close", plugin_id, family, "", symbol, 0, now_ns, now_ns)
        order.reason_to_close = reason
        engine.submit(order, ())

    def close_everything(self, reason: str) -> int:
        """A close for each plugin and symbol that has something; how many went out."""
        places = dict.fromkeys((one.plugin_id, one.symbol) for one in self._things())
        for plugin_id, symbol in places:
            self.close_all(plugin_id, symbol, reason)
        return len(places)

    def is_anything_open(self) -> bool:
        return bool(self._things())

    def _things(self) -> list[Any]:
        return [*self._broker.tickets.values(), *self._broker.under_way()]

    def _live(self, name: str, core: Any) -> Any:
        self._engine.services.add(name, core)
        return core

    def _say(self, level: str, text: str) -> None:
        self._engine.write_log("trend", level, text)


def _watch_of(broker: BrokerPort) -> EquityWatch | None:
    """The broker itself, where it knows the first instant at which the equity reaches a level."""
    return broker if isinstance(broker, EquityWatch) else None
