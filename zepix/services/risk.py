"""Risk: how large a position may be, where its stop lies, and whether it may be opened at all.

A strategy sees it as ``api.risk``, one service a plugin over the run's ``RiskCore``. The rules stand where they are
kept: tiers in risk_tiers.py, stops in risk_tables.py, the day in risk_day.py and risk_ledger.py, what is at stake in
risk_open.py, the order of checks in risk_gate.py, sizes in risk_size.py.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from zepix.model import Catalogue, Instrument, Refused, Side
from zepix.model.settings_risk import PluginLimits
from zepix.services.account import AccountService
from zepix.services.conversion import Conversions
from zepix.services.ports import Clock
from zepix.services.risk_core import RiskCore
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_tables import atr_level
from zepix.services.risk_values import GateAnswer, LossLimit, RiskCheck, TradeRequest

__all__ = ["GateAnswer", "LossLimit", "RiskCheck", "RiskCore", "RiskManagementService", "TradeRequest"]

ZERO: Final = Decimal(0)
PLAIN_PERCENT: Final = Decimal(1)
"""Per cent of the balance that a service without a core risks."""


class RiskManagementService:
    """Sizes and checks by an instrument's own numbers; no other place knows what a pip is worth."""

    def __init__(
        self,
        clock: Clock,
        account: AccountService,
        catalogue: Catalogue,
        conversions: Conversions,
        core: RiskCore | None = None,
        plugin_id: str = "",
        limits: PluginLimits | None = None,
    ) -> None:
        """Without a ``core`` it only sizes and counts; whatever needs the account's history raises LookupError."""
        self._clock = clock
        self._account = account
        self._catalogue = catalogue
        self._conversions = conversions
        self._core = core
        self._plugin_id = plugin_id
        self._limits = limits or PluginLimits()
        self._money = RiskMoney(clock, conversions)

    @property
    def core(self) -> RiskCore:
        """The run's own risk; raises LookupError where there is none, so that nothing is traded unchecked."""
        if self._core is None:
            raise LookupError("this risk service has no core to ask for losses and limits; see RiskCore.for_plugin")
        return self._core

    # --- the gate --------------------------------------------------------------------------------------------------

    def gate(self, request: TradeRequest) -> GateAnswer:
        """May this entry be made, how large, with which stop: every check, in the order of risk_gate.py."""
        return self.core.check(request, self._plugin_id, self._limits)

    def check_daily_limit(self) -> LossLimit:
        """The day's gross losses and open risk against the tier's cap."""
        return self.core.daily_limit()

    def check_lifetime_limit(self) -> LossLimit:
        """The lifetime's gross losses and open risk against the tier's cap."""
        return self.core.lifetime_limit()

    def get_remaining_daily_loss(self) -> Decimal:
        """Money that the day may still lose, open risk taken off; at least 0."""
        return self.core.daily_limit().remaining

    def check_risk_limits(
        self, symbol: str, lots: Decimal | float | str, side: Side | str, sl_price: float | None = None
    ) -> RiskCheck:
        """Everything that speaks against opening so many lots now, at the market, at once.

        ``violations`` are reasons of the gate, and those of ``validate_trade``. Without a stop the table's counts.
        """
        refused = self.validate_trade(symbol, side, lots, sl_price)
        if refused is not None:
            return RiskCheck(False, (refused.reason,), {"detail": refused.detail})
        core = self.core
        answer = self.gate(TradeRequest(symbol, side, sl_price=sl_price, lots=lots))
        found = [] if answer else [answer.reason]
        for reason, limit in (("daily_cap", core.daily_limit()), ("lifetime_cap", core.lifetime_limit())):
            if not limit.can_trade and reason not in found:
                found.append(reason)
        wanted = self._catalogue[symbol].lots(self._catalogue[symbol].steps(lots))
        if answer and answer.lots < wanted:
            found.append("risk_too_large")
        return RiskCheck(not found, tuple(found), answer.numbers)

    def validate_trade_risk(
        self, symbol: str, lots: Decimal | float | str, sl_pips: Decimal | float | None = None
    ) -> RiskCheck:
        """Whether the loss of so many lots at a stop so many pips away fits what the caps leave.

        None: the table's pips. Raises ValueError for a symbol that no catalogue has.
        """
        instrument = self._instrument(symbol)
        core = self.core
        pips = core.tables.pips(symbol, core.tier()) if sl_pips is None else Decimal(str(sl_pips))
        volume = instrument.lots(instrument.steps(lots))
        daily, lifetime = core.daily_limit(), core.lifetime_limit()
        numbers: dict[str, float | str] = {
            "lots": float(volume),
            "daily_remaining": float(daily.remaining),
            "lifetime_remaining": float(lifetime.remaining),
        }
        if volume < instrument.volume_min:
            return RiskCheck(False, ("volume_too_small",), numbers)
        if pips is None or not pips.is_finite() or pips <= 0:
            return RiskCheck(False, ("invalid_stops",), numbers)
        loss = pips * self._money.per_pip(instrument) * volume
        numbers |= {"sl_pips": float(pips), "risk_money": float(loss)}
        found = [
            reason
            for reason, limit in (("daily_cap", daily), ("lifetime_cap", lifetime))
            if loss > limit.remaining or not limit.can_trade
        ]
        return RiskCheck(not found, tuple(found), numbers)

    def validate_trade(
        self, symbol: str, side: Side | str, volume: Decimal | float | str, sl_price: float | None = None
    ) -> Refused | None:
        """The first thing that speaks against a trade by what the instrument says; None where nothing does."""
        instrument = self._catalogue.get(symbol)
        if instrument is None:
            return Refused("unknown_symbol", f"{symbol} is in no catalogue")
        lots = instrument.lots(instrument.steps(volume))
        if lots < instrument.volume_min:
            return Refused("volume_too_small", f"{volume} lots, the minimum is {instrument.volume_min}")
        if lots > instrument.volume_max:
            return Refused("volume_too_large", f"{volume} lots, the maximum is {instrument.volume_max}")
        if sl_price is not None and sl_price <= 0:
            return Refused("invalid_stops", f"a {side} with its stop at {sl_price}")
        return None

    # --- sizes and money -------------------------------------------------------------------------------------------

    def risk_money(self, symbol: str, volume: Decimal | float | str, entry_price: float, sl_price: float) -> Decimal:
        """Money lost if ``volume`` lots opened at ``entry_price`` close at ``sl_price``, without costs; at least 0."""
        instrument = self._catalogue[symbol]
        points = abs(instrument.points(entry_price) - instrument.points(sl_price))
        return points * Decimal(str(volume)) * instrument.point_value * self._money.rate(instrument)

    def calculate_lot_size(
        self,
        symbol: str,
        entry_price: float,
        sl_price: float,
        risk_percent: Decimal | float | None = None,
    ) -> Decimal:
        """Lots whose loss at the stop is ``risk_percent`` of the balance, rounded down to whole steps.

        None: the tier's per cent for the instrument's volatility class (one per cent without a core). Zero where not
        even the minimum fits or entry and stop are one price; never above the instrument's maximum.
        """
        instrument = self._catalogue[symbol]
        if risk_percent is None:
            core = self._core
            percent = PLAIN_PERCENT if core is None else core.tiers.risk_percent(core.tier(), instrument)
        else:
            percent = Decimal(str(risk_percent))
        per_lot = self.risk_money(symbol, 1, entry_price, sl_price)
        if not per_lot:
            return ZERO
        budget = self._account.balance * percent / 100
        most = instrument.volume_max if self._core is None else min(instrument.volume_max, self._core.settings.max_lot)
        lots = instrument.lots(instrument.steps(min(budget / per_lot, most)))
        return lots if lots >= instrument.volume_min else ZERO

    def get_fixed_lot_size(self, balance: Decimal | float | None = None) -> Decimal:
        """The fixed lots of the tier of a balance, None: of now; a manual override wins."""
        core = self.core
        return core.tiers.lots(core.tiers.tier_of(self._account.balance if balance is None else Decimal(str(balance))))

    def pips_for_money(self, symbol: str, lots: Decimal | float | str, money: Decimal | float | str) -> Decimal:
        """Pips at which so many lots lose (or win) the money; raises ValueError for no lots or an unknown symbol."""
        instrument = self._instrument(symbol)
        return self._money.distance(instrument, Decimal(str(lots)), Decimal(str(money))) / instrument.pip

    # --- levels ----------------------------------------------------------------------------------------------------

    def calculate_sl_price(
        self,
        symbol: str,
        side: Side | str,
        entry_price: float,
        lots: Decimal | float | str | None = None,
        sl_multiplier: Decimal | float = 1.0,
        *,
        logic: str = "",
        is_recovery: bool = False,
    ) -> float | None:
        """The stop that the table in force gives an entry; None where there can be none.

        ``lots`` count where no table has the symbol: then the stop stands where they lose the tier's share of the
        balance (None: the tier's lots). Raises ValueError for an unknown symbol.
        """
        if not math.isfinite(entry_price) or entry_price <= 0:
            return None
        multiplier = self.core.tables.multiplier(symbol, Decimal(str(sl_multiplier)), logic, is_recovery)
        return self.core.table_stop(self._instrument(symbol), Side.of(side), entry_price, lots, multiplier)[0]

    def calculate_tp_price(
        self,
        symbol: str,
        side: Side | str,
        entry_price: float,
        sl_price: float,
        rr: Decimal | float | None = None,
    ) -> float | None:
        """The target at ``rr`` (None: the settings' ratio) times the stop's distance; None where there can be none."""
        instrument = self._instrument(symbol)
        ratio = float(self.core.settings.rr_ratio if rr is None else rr)
        return atr_level(instrument, Side.of(side).sign, entry_price, abs(entry_price - sl_price), ratio)

    def calculate_atr_sl(
        self, symbol: str, side: Side | str, entry_price: float, atr: float, multiplier: float = 1.5
    ) -> float | None:
        """A stop so many ATR against the entry; None where the ATR is unknown (NaN) or nothing."""
        return atr_level(self._instrument(symbol), -Side.of(side).sign, entry_price, atr, multiplier)

    def calculate_atr_tp(
        self, symbol: str, side: Side | str, entry_price: float, atr: float, multiplier: float = 2.0
    ) -> float | None:
        """A target so many ATR ahead of the entry; None where the ATR is unknown (NaN) or nothing."""
        return atr_level(self._instrument(symbol), Side.of(side).sign, entry_price, atr, multiplier)

    def _instrument(self, symbol: str) -> Instrument:
        found = self._catalogue.get(symbol)
        if found is None:
            raise ValueError(f"{symbol!r} is in no catalogue; known are {', '.join(list(self._catalogue)[:10])}, ...")
        return found
