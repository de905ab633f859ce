"""The risk of one run: what was lost, what is at stake, and the answers that need both; shared by all plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final

from zepix.model import Alert, Catalogue, Instrument, OrderFilled, Refused, Side, TicketClosed
from zepix.model.settings_risk import PluginLimits, RiskSettings
from zepix.services.account import AccountService
from zepix.services.conversion import Conversions
from zepix.services.hearing import Hearing, Kinds
from zepix.services.ports import BrokerPort, Clock
from zepix.services.risk_day import TradingDay
from zepix.services.risk_gate import RiskGate
from zepix.services.risk_ledger import RiskLedger
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_open import OpenRisk
from zepix.services.risk_tables import StopTables, stop_level
from zepix.services.risk_tiers import RiskTiers
from zepix.services.risk_values import EquityGate, GateAnswer, LossLimit, QuoteSource, SessionGate, TradeRequest

if TYPE_CHECKING:
    from zepix.services.risk import RiskManagementService

__all__ = ["RiskCore"]

ZERO: Final = Decimal(0)


class RiskCore(Hearing):
    """The risk of one run, shared by all plugins; told of events, asked by facades."""

    HEARS: ClassVar[Kinds] = {OrderFilled: "on_filled", TicketClosed: "on_closed"}

    def __init__(
        self,
        settings: RiskSettings,
        clock: Clock,
        account: AccountService,
        catalogue: Catalogue,
        conversions: Conversions,
        broker: BrokerPort,
        quotes: QuoteSource,
        *,
        leverage: Decimal = Decimal(100),
        money_digits: int = 2,
        sessions: SessionGate | None = None,
        guard: EquityGate | None = None,
        is_paused: Callable[[], bool] | None = None,
        family_of: Callable[[str], str | None] | None = None,
    ) -> None:
        """``sessions``, ``guard``, ``is_paused``: None where the run has none, then they refuse nothing.

        ``family_of``: the strategy of a plugin; None: no plugin stands in another's way.

        ``money_digits``: of the account's currency, in which fills count minor units.
        """
        self.settings = settings
        self.clock = clock
        self.account = account
        self.catalogue = catalogue
        self.conversions = conversions
        self.quotes = quotes
        self.leverage = leverage
        self.tiers = RiskTiers(settings)
        self.tables = StopTables(settings)
        self.money = RiskMoney(clock, conversions)
        self.day = TradingDay(settings.daily_reset_time, settings.daily_reset_zone)
        self._ledger = RiskLedger(self.day, money_digits)
        self.at_stake = OpenRisk(settings, self.tables, self.money, catalogue, broker, quotes)
        self._sessions = sessions
        self._guard = guard
        self._is_paused = is_paused
        self._family_of = family_of
        self._gate = RiskGate(self)

    # --- events and state ------------------------------------------------------------------------------------------

    def on_alert(self, alert: Alert) -> None:
        """Alerts say nothing of losses; the day turns with them."""
        self._ledger.turn(alert.received_ns)

    def on_filled(self, event: OrderFilled) -> None:
        """Fills count entries; everything but losses is read from the broker when it is asked for."""
        if event.ticket is not None:
            self._ledger.opened(event.ticket, event.ts_recv_ns)

    def on_closed(self, event: TicketClosed) -> None:
        """Closes count losses."""
        self._ledger.closed(event.fill, event.ts_recv_ns)

    def state(self) -> dict[str, Any]:
        return {"ledger": self._ledger.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version, and keeps what it had."""
        self._ledger.load_state(state["ledger"])
        self.at_stake.forget()

    def is_healthy(self) -> bool:
        """Whether the account's money is known: a balance that is a number."""
        return self.account.balance.is_finite()

    def get_status(self) -> dict[str, Any]:
        """What the day and the lifetime have used, for people."""
        daily, lifetime = self.daily_limit(), self.lifetime_limit()
        return {
            "risk_tier": daily.risk_tier,
            "daily_loss": str(daily.loss),
            "daily_net": str(self.ledger.day_net),
            "open_risk": str(daily.open_risk),
            "daily_cap": str(daily.limit),
            "daily_remaining": str(daily.remaining),
            "lifetime_loss": str(lifetime.loss),
            "lifetime_cap": str(lifetime.limit),
            "lifetime_remaining": str(lifetime.remaining),
            "next_reset_ns": self.day.end_ns(self.clock.now_ns),
        }

    def reset_lifetime(self) -> None:
        """A human forgives the lifetime's losses."""
        self._ledger.reset_lifetime()

    def for_plugin(self, plugin_id: str, limits: PluginLimits | None = None) -> RiskManagementService:
        """The service of one plugin; ``limits`` are its own, beside those of its requests."""
        from zepix.services.risk import RiskManagementService  # the facade knows its core, so not above

        return RiskManagementService(
            self.clock, self.account, self.catalogue, self.conversions, self, plugin_id, limits or PluginLimits()
        )

    # --- what the gate asks ----------------------------------------------------------------------------------------

    @property
    def ledger(self) -> RiskLedger:
        """The ledger, turned to the day of now."""
        self._ledger.turn(self.clock.now_ns)
        return self._ledger

    def check(self, request: TradeRequest, plugin_id: str, limits: PluginLimits) -> GateAnswer:
        return self._gate.check(request, plugin_id, limits)

    def standing_refusal(self) -> Refused | None:
        if self._is_paused is not None and self._is_paused():
            return Refused("paused")
        return None if self._guard is None else self._guard.refusal()

    def session_refusal(self, symbol: str, is_recovery: bool) -> Refused | None:
        return None if self._sessions is None else self._sessions.refusal(symbol, is_recovery)

    def family_of(self, plugin_id: str) -> str | None:
        return None if self._family_of is None else self._family_of(plugin_id)

    def table_stop(
        self,
        instrument: Instrument,
        side: Side,
        entry_price: float,
        lots: Decimal | float | str | None,
        multiplier: Decimal,
    ) -> tuple[float | None, str]:
        """The stop that nobody gave, and where it comes from: the table's name, or ``risk_percent``.

        Where the table in force lacks the symbol, it stands where the lots (None: the tier's) lose the tier's share of
        the balance. None where there can be none.
        """
        if not multiplier.is_finite() or multiplier <= 0:
            return None, ""
        tier = self.tier()
        pips = self.tables.pips(instrument.symbol, tier)
        if pips is not None:
            distance, source = pips * instrument.pip * multiplier, self.settings.sl_system
        else:
            volume = self.tiers.lots(tier) if lots is None else Decimal(str(lots))
            balance = self.account.balance
            if not volume.is_finite() or volume <= 0 or balance <= 0:
                return None, ""
            money = balance * self.tiers.risk_percent(tier, instrument) / 100
            distance, source = self.money.distance(instrument, volume, money) * multiplier, "risk_percent"
        return stop_level(instrument, side, entry_price, distance), source

    def tier(self) -> str:
        return self.tiers.tier_of(self.account.balance)

    def daily_limit(self) -> LossLimit:
        tier = self.tier()
        return self._limit(self.ledger.day_loss, self.settings.daily_caps[tier], tier)

    def lifetime_limit(self) -> LossLimit:
        tier = self.tier()
        return self._limit(self.ledger.lifetime_loss, self.settings.lifetime_caps[tier], tier)

    def _limit(self, loss: Decimal, cap: Decimal, tier: str) -> LossLimit:
        stake = self.at_stake.look(tier).risk
        left = cap - loss - stake
        return LossLimit(loss, stake, cap, max(left, ZERO), left >= self.settings.min_remaining, tier)
