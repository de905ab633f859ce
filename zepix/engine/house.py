"""The services of one run, made and joined: risk, trend, sessions, dual orders, exits, the equity guard.

Each has one core that every plugin shares and a facade for each plugin. Only what a run needs is made: a strategy's
``PluginInfo.services`` names what it uses (None: everything), and what the settings switch on is made anyway. The guard
hears of an event before risk does, since risk asks it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.engine import TradingEngine
from zepix.engine.house_profit import profit_book, register_profit
from zepix.engine.house_safety import SafetyWing
from zepix.engine.service_api import ServiceAPI
from zepix.engine.service_host import Waker
from zepix.engine.strategy import Strategy
from zepix.model import Catalogue, Order
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.model.settings_market import MarketSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.model.settings_trend import TrendSettings
from zepix.services.account import AccountService
from zepix.services.chain_log import ChainLog
from zepix.services.conversion import Conversions
from zepix.services.dual_orders import DualOrderBook, DualOrderService
from zepix.services.equity_guard import EquityGuard, EquityWatch
from zepix.services.exits import ExitBook, ExitService
from zepix.services.market import MarketDataService
from zepix.services.ports import BrokerPort
from zepix.services.profit_booking import ProfitBook
from zepix.services.reentry_trend import TrendCheck
from zepix.services.risk_core import RiskCore
from zepix.services.sessions import SessionCore
from zepix.services.trend import TrendCore
from zepix.services.trend_exits import Trader, TrendExits

if TYPE_CHECKING:
    from zepix.services.reentry_core import ReentryCore

__all__ = ["OPTIONAL", "House", "ServiceSettings"]

OPTIONAL: Final = (
    "risk",
    "trend",
    "sessions",
    "dual_order",
    "exits",
    "profit_booking",
    "reentry",
    "autonomous",
    "telegram",
)
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
    reentry: ReentrySettings = field(default_factory=ReentrySettings)
    profit_booking: ProfitBookingSettings = field(default_factory=ProfitBookingSettings)
    autonomous: AutonomousSettings = field(default_factory=AutonomousSettings)
    reverse_shield: ReverseShieldSettings = field(default_factory=ReverseShieldSettings)


class House:
    """The cores, and the way to what they close."""

    trend_exits: TrendExits | None = None

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
        self._engine, self._broker = engine, broker
        self._check = TrendCheck(settings.reentry)
        self.chains = ChainLog()
        """What became of every chain of the run."""
        wanted = set(needed)
        self.guard = self._make_guard(settings.equity_guard, account)
        self.sessions: SessionCore | None = None
        self.risk: RiskCore | None = None
        self.trend: TrendCore | None = None
        self.dual: DualOrderBook | None = None
        self.exits: ExitBook | None = None
        self.profits: ProfitBook | None = None
        self.safety = SafetyWing(
            engine, broker, catalogue, conversions, account, settings, wanted, self.chains,
            leverage=leverage, money_digits=money_digits,
        )  # fmt: skip
        """Notifications, the safety gate and the shield, and the ports to them that others are given."""
        if self.guard is not None:
            self._live("equity_guard", self.guard)
        if "sessions" in wanted:
            self.sessions = self._live("sessions", SessionCore(settings.sessions, engine, broker, self))
        if "risk" in wanted:
            risk = RiskCore(
                settings.risk, engine, account, catalogue, conversions, broker, quotes,
                leverage=leverage, money_digits=money_digits,
                sessions=None if self.sessions is None else self.sessions.for_plugin("", force_close=False),
                guard=self.guard, is_paused=lambda: engine.is_paused, family_of=self._family_of,
            )  # fmt: skip
            self.risk = self._live("risk", risk)
        if "trend" in wanted:
            self._begin_trends(settings)
        if "dual_order" in wanted:
            book = DualOrderBook(settings.dual_order, engine, catalogue, conversions)
            self.dual = self._live("dual_order", book)
        if "exits" in wanted:
            self.exits = self._live("exits", ExitBook(catalogue, broker))
        if "profit_booking" in wanted:
            self.profits = self._live(
                "profit_booking", self._make_profits(settings, catalogue, conversions, money_digits)
            )
        self.reentry: ReentryCore | None = None
        if "reentry" in wanted:
            self.reentry = self._live("reentry", self._make_reentry(settings, catalogue, conversions, money_digits))
        self.safety.live(self.profits, self.risk, self.trend, self.sessions)
        engine.guard = self.guard

    def register(self, api: ServiceAPI, plugin_id: str, used: Iterable[str] | None) -> None:
        """The facades of what the plugin uses (None: all), under the owner's names; others leave it alone.

        Sessions close what a plugin has, and chains begin by themselves, only where it names them: one that never heard
        of sessions keeps its tickets.
        """
        names = ("sessions", "telegram", "reentry", "profit_booking")
        names_sessions, announces, names_reentry, names_profits = (used is not None and name in used for name in names)
        engine, orders, market, used = self._engine, api.orders, api.market, set(OPTIONAL if used is None else used)
        if self.risk is not None and "risk" in used:
            api.register_service("risk", self.risk.for_plugin(plugin_id), self.risk.is_healthy)
        if self.trend is not None and "trend" in used:
            trend = self.trend.for_plugin(plugin_id)
            api.register_service("trend", trend, self.trend.is_healthy)
            assert self.trend_exits is not None, "made with the trends"
            trader = Trader(api.service_behind("order"), trend, partial(engine.registry.get_plugin, plugin_id))
            self.trend_exits.add_plugin(plugin_id, trader)
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

        has_risk = self.risk is not None and "risk" in used
        has_trend = self.trend is not None and "trend" in used
        if self.profits is not None and "profit_booking" in used:
            register_profit(
                self.profits, engine, api, plugin_id, self._check,
                has_risk=has_risk, has_trend=has_trend, names_it=names_profits,
            )  # fmt: skip
        if self.reentry is not None and "reentry" in used:
            from zepix.engine.house_reentry import register_reentry

            register_reentry(
                self.reentry, engine, api, plugin_id, has_risk=has_risk, has_trend=has_trend, is_automatic=names_reentry
            )
        self.safety.register(api, plugin_id, used, has_risk=has_risk, announces=announces)

    def _make_reentry(
        self, settings: ServiceSettings, catalogue: Catalogue, conversions: Conversions, money_digits: int
    ) -> ReentryCore:
        from zepix.engine.house_reentry import make_reentry  # only a run that re-enters pays for it

        dual, wing = self.dual, self.safety

        def next_id(symbol: str) -> str:
            assert dual is not None, "only asked where there are dual orders"
            return dual.next_chain(symbol)[0]

        return make_reentry(
            settings.reentry, self._engine, catalogue, conversions, self.chains, money_digits=money_digits,
            next_id=None if dual is None else next_id, safety=wing.safety, shield=wing.shields, notify=wing.notify,
        )  # fmt: skip

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

    def _begin_trends(self, settings: ServiceSettings) -> None:
        """The trends, and what they close where they turn."""
        engine = self._engine
        self.trend = self._live("trend", TrendCore(settings.trend, engine, say=self._say))
        exits = TrendExits(
            settings.trend.logics, engine, self._broker, Waker(engine, "trend_exits"), self.safety.notify
        )
        self.trend_exits = self._live("trend_exits", exits)
        self.trend.listeners.append(exits.on_trends)

    def _make_guard(self, settings: EquityGuardSettings, account: AccountService) -> EquityGuard | None:
        if not settings.enabled:
            return None
        return EquityGuard(settings, self._engine, account, self, _watch_of(self._broker))

    def _make_profits(
        self, settings: ServiceSettings, catalogue: Catalogue, conversions: Conversions, money_digits: int
    ) -> ProfitBook:
        both = (settings.profit_booking, settings.dual_order)
        joined = (self._check, self.dual, self.safety, self.chains)
        return profit_book(self._engine, self._broker, catalogue, conversions, both, *joined, money_digits)

    def _things(self) -> list[Any]:
        return [*self._broker.tickets.values(), *self._broker.under_way()]

    def _family_of(self, plugin_id: str) -> str | None:
        plugin = self._engine.registry.get_plugin(plugin_id)
        return None if plugin is None else plugin.info.strategy

    def _live(self, name: str, core: Any) -> Any:
        self._engine.services.add(name, core)
        return core

    def _say(self, level: str, text: str) -> None:
        self._engine.write_log("trend", level, text)


def _watch_of(broker: BrokerPort) -> EquityWatch | None:
    """The broker itself, where it knows the first instant at which the equity reaches a level."""
    return broker if isinstance(broker, EquityWatch) else None
