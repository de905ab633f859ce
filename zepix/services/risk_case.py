"""One request on its way through the gate, and what the gate needs of the house."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Protocol

from zepix.model import Catalogue, Instrument, Refused, Side
from zepix.model.numbers import SaidNumbers
from zepix.model.settings_risk import PluginLimits, RiskSettings
from zepix.services.account import AccountService
from zepix.services.risk_ledger import RiskLedger
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_open import AtStake, OpenRisk
from zepix.services.risk_tables import StopTables
from zepix.services.risk_tiers import RiskTiers
from zepix.services.risk_values import GateAnswer, QuoteSource, TradeRequest

__all__ = ["Case", "GatePorts"]

ZERO: Final = Decimal(0)
NOTHING_OPEN: Final = AtStake()


class GatePorts(Protocol):
    """What the gate needs of the risk service's core."""

    settings: RiskSettings
    account: AccountService
    catalogue: Catalogue
    quotes: QuoteSource
    tiers: RiskTiers
    tables: StopTables
    money: RiskMoney
    at_stake: OpenRisk
    leverage: Decimal

    @property
    def ledger(self) -> RiskLedger: ...

    def table_stop(
        self,
        instrument: Instrument,
        side: Side,
        entry_price: float,
        lots: Decimal | float | str | None,
        multiplier: Decimal,
    ) -> tuple[float | None, str]: ...

    def standing_refusal(self) -> Refused | None:
        """``paused`` or ``equity_guard``; None where entries are open."""
        ...

    def session_refusal(self, symbol: str, is_recovery: bool) -> Refused | None: ...

    def family_of(self, plugin_id: str) -> str | None:
        """The strategy that a plugin is of; None where nobody knows."""
        ...


class Case:
    """One request on its way through the gate, with what was found out so far."""

    __slots__ = (
        "balance",
        "day_left",
        "entry_points",
        "exposure_left",
        "instrument",
        "left",
        "limits",
        "lots",
        "per_point",
        "plugin_id",
        "quote",
        "request",
        "room",
        "said",
        "side",
        "sign",
        "sl_points",
        "stake",
        "tier",
    )

    def __init__(
        self,
        request: TradeRequest,
        plugin_id: str,
        limits: PluginLimits,
        side: Side,
        instrument: Instrument,
        tier: str,
        balance: Decimal,
    ) -> None:
        self.request = request
        self.plugin_id = plugin_id
        self.limits = limits
        self.side = side
        self.sign = side.sign
        self.instrument = instrument
        self.tier = tier
        self.balance = balance
        self.said: list[Any] = []
        """Names and what was computed, by turns; they become the answer's numbers when somebody reads them."""
        self.stake = NOTHING_OPEN
        self.left = ZERO
        """Money that the nearest of the caps leaves."""
        self.day_left = ZERO
        self.exposure_left: Decimal | None = None
        self.quote: tuple[int, int] | None = None
        self.entry_points = 0
        self.sl_points = 0
        self.lots = ZERO
        self.per_point = ZERO
        """Money of one point of one lot."""
        self.room = ZERO
        """Money that this entry may lose at its stops."""

    def say(self, *said: Any) -> None:
        """Keep numbers under their names: name, value, name, value."""
        self.said += said

    def answer(self, reason: str) -> GateAnswer:
        numbers = SaidNumbers(self.said)
        if reason:
            return GateAnswer(False, reason, ZERO, None, numbers)
        return GateAnswer(True, "", self.lots, self.instrument.price(self.sl_points), numbers, self.room)
