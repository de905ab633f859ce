"""Basic risk: how large a position a stop allows, and what an order would risk."""

from __future__ import annotations

from decimal import Decimal

from zepix.model import Catalogue, Refused, Side
from zepix.services.account import AccountService
from zepix.services.conversion import Conversions
from zepix.services.ports import Clock

__all__ = ["RiskManagementService"]


class RiskManagementService:
    """Sizes and checks by an instrument's own numbers; no other place knows what a pip is worth."""

    def __init__(self, clock: Clock, account: AccountService, catalogue: Catalogue, conversions: Conversions) -> None:
        self._clock = clock
        self._account = account
        self._catalogue = catalogue
        self._conversions = conversions

    def risk_money(self, symbol: str, volume: float | str, entry_price: float, sl_price: float) -> Decimal:
        """Money lost if ``volume`` lots opened at ``entry_price`` close at ``sl_price``, without costs; at least 0."""
        instrument = self._catalogue[symbol]
        points = abs(instrument.points(entry_price) - instrument.points(sl_price))
        rate = self._conversions.rate(instrument.profit_currency, self._clock.now_ns)
        return points * Decimal(str(volume)) * instrument.point_value * rate

    def calculate_lot_size(
        self, symbol: str, entry_price: float, sl_price: float, risk_percent: float = 1.0
    ) -> Decimal:
        """Lots whose loss at the stop is ``risk_percent`` of the balance, rounded down to whole steps.

        Zero where not even the minimum fits or entry and stop are one price; never above the instrument's maximum.
        """
        instrument = self._catalogue[symbol]
        per_lot = self.risk_money(symbol, 1, entry_price, sl_price)
        if not per_lot:
            return Decimal(0)
        budget = self._account.balance * Decimal(str(risk_percent)) / 100
        lots = min(instrument.lots(instrument.steps(budget / per_lot)), instrument.volume_max)
        return lots if lots >= instrument.volume_min else Decimal(0)

    def validate_trade(
        self, symbol: str, side: Side | str, volume: float | str, sl_price: float | None = None
    ) -> Refused | None:
        """The first thing that speaks against a trade by what is known now; None where nothing does."""
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
