"""The part of the house that watches over recoveries: notifications, the safety gate, the reverse shield."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from zepix.engine.asking import ask, decides, own_daily_loss_limit
from zepix.engine.engine import TradingEngine
from zepix.engine.engine_parts import OrderCheck
from zepix.engine.service_api import ServiceAPI
from zepix.engine.service_host import Waker
from zepix.model import Catalogue, Order, Refused
from zepix.services.account import AccountService
from zepix.services.autonomous import AutonomousCore
from zepix.services.autonomous_watches import AutonomousWatches
from zepix.services.chain_log import ChainLog
from zepix.services.conversion import Conversions
from zepix.services.house_notices import HouseNotices
from zepix.services.notifications import NotificationCore
from zepix.services.ports import BrokerPort, EverythingAllowed, NoShield, Notify, SafetyPort, ShieldPort, Silence
from zepix.services.profit_book import ProfitBook
from zepix.services.risk_core import RiskCore
from zepix.services.risk_day import TradingDay
from zepix.services.risk_money import RiskMoney
from zepix.services.sessions import SessionCore
from zepix.services.shield import ShieldCore
from zepix.services.shield_booking import ShieldProfits
from zepix.services.shield_size import ShieldSizes
from zepix.services.trend import TrendCore

if TYPE_CHECKING:
    from zepix.engine.house import ServiceSettings

__all__ = ["SafetyWing"]


class SafetyWing:
    """Its cores are None, and its ports say yes and nothing, where the run's strategies do not use them.

    ``live`` is called once the other services of the run have been added: what people are told comes last.
    """

    def __init__(
        self,
        engine: TradingEngine,
        broker: BrokerPort,
        catalogue: Catalogue,
        conversions: Conversions,
        account: AccountService,
        settings: ServiceSettings,
        wanted: Iterable[str],
        chains: ChainLog,
        *,
        leverage: Decimal,
        money_digits: int,
    ) -> None:
        self._engine = engine
        self.telegram: NotificationCore | None = None
        self.autonomous: AutonomousCore | None = None
        self.shield: ShieldCore | None = None
        wanted = set(wanted)
        if "telegram" in wanted:
            self.telegram = NotificationCore(engine, broker, engine._write)
        notify = self.notify
        if "autonomous" not in wanted:
            return
        if settings.reverse_shield.enabled:
            money = RiskMoney(engine, conversions)
            sizes = ShieldSizes(settings.reverse_shield, catalogue, account, money, leverage)
            waker = Waker(engine, "shield")
            self.shield = ShieldCore(settings.reverse_shield, engine, catalogue, sizes, waker, chains, notify)
        watches = AutonomousWatches(settings.autonomous, engine, catalogue, Waker(engine, "autonomous"), notify)
        day = TradingDay(settings.risk.daily_reset_time, settings.risk.daily_reset_zone)
        self.autonomous = AutonomousCore(
            settings.autonomous, engine, day, watches, money_digits=money_digits, shield=self.shield
        )
        if self.shield is not None:
            self.autonomous.add_check("shields", self.shield.close_overdue)
        if settings.autonomous.direction_block:
            engine.restrictions = _Both(engine.restrictions, watches)

    @property
    def notify(self) -> Notify:
        return self.telegram or Silence()

    @property
    def safety(self) -> SafetyPort:
        return self.autonomous or EverythingAllowed()

    @property
    def shields(self) -> ShieldPort:
        return self.shield or NoShield()

    def live(
        self,
        profits: ProfitBook | None,
        risk: RiskCore | None,
        trend: TrendCore | None,
        sessions: SessionCore | None,
    ) -> None:
        """Take part in the run; ``profits`` book shield B, where the run has them; of the others people are told."""
        if self.shield is not None and profits is not None:
            self.shield.booking = ShieldProfits(profits)
        for name, core in (("autonomous", self.autonomous), ("shield", self.shield), ("telegram", self.telegram)):
            if core is not None:
                self._engine.services.add(name, core)
        if self.telegram is not None:
            if profits is not None:
                self.telegram.in_pyramid = profits.knows
            notices = HouseNotices(self.telegram, risk, sessions, partial(own_daily_loss_limit, self._engine))
            self._engine.services.add("notices", notices)
            self._engine.tell = self.telegram.tell
            if trend is not None:
                notices.alert_in_hand = lambda: trend.alert_in_hand
                trend.listeners.append(notices.on_trends)

    def register(
        self, api: ServiceAPI, plugin_id: str, used: Iterable[str], *, has_risk: bool, announces: bool
    ) -> None:
        """The facades of what a plugin uses; ``announces``: its trades are told without being asked."""
        used = set(used)
        if self.telegram is not None and "telegram" in used:
            api.register_service("telegram", self.telegram.for_plugin(plugin_id))
            if announces:
                self.telegram.announce(plugin_id)
        if self.autonomous is not None and "autonomous" in used:
            decisions = partial(ask, self._engine, plugin_id)
            self.autonomous.add_plugin(plugin_id, api.orders, decisions, partial(decides, self._engine, plugin_id))
            api.register_service("autonomous", self.autonomous.for_plugin(plugin_id), self.autonomous.is_healthy)
            if self.shield is not None:
                risk: Any = api.service_behind("risk") if has_risk else None
                own_limit = partial(own_daily_loss_limit, self._engine, plugin_id)
                self.shield.add_plugin(plugin_id, api.orders, api.market, risk, decisions, own_limit)


class _Both:
    """What cannot be opened, and the direction block."""

    def __init__(self, first: OrderCheck | None, block: AutonomousWatches) -> None:
        self._first = first
        self._block = block

    def refusal(self, order: Order) -> Refused | None:
        refused = None if self._first is None else self._first.refusal(order)
        return self._block.refusal(order) if refused is None else refused
