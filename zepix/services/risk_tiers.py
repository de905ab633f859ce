"""Tiers: what a balance may lose, how large its lots are, and how much of it one entry risks.

The tier is the one that the user chose (``default_risk_tier``), else the highest that the balance reaches; below the
first, the first holds. Lots of a tier: the manual ones, else the settings' own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from zepix.model import Instrument
from zepix.model.settings_risk import TIERS, RiskSettings

__all__ = ["RiskTiers"]


INFINITE: Final = Decimal("Infinity")


class RiskTiers:
    """Reads every number that depends on the tier; knows no account."""

    def __init__(self, settings: RiskSettings) -> None:
        self._settings = settings
        self._levels = [(Decimal(tier), tier) for tier in reversed(TIERS)]
        self._band = (INFINITE, INFINITE, "")
        """The tier that was found last: from which balance on, and below which."""

    def tier_of(self, balance: Decimal) -> str:
        if self._settings.default_risk_tier:
            return self._settings.default_risk_tier
        low, high, tier = self._band
        if not low <= balance < high:
            low, high, tier = self._band = self._band_of(balance)
        return tier

    def _band_of(self, balance: Decimal) -> tuple[Decimal, Decimal, str]:
        high = INFINITE
        for level, tier in self._levels:
            if balance >= level:
                return level, high, tier
            high = level
        return -INFINITE, high, TIERS[0]

    def lots(self, tier: str) -> Decimal:
        manual = self._settings.manual_lots.get(tier)
        return self._settings.tier_lots[tier] if manual is None else manual

    def max_lot(self, tier: str) -> Decimal:
        most = self._settings.max_lot
        return min(most, self._settings.max_lots_by_tier.get(tier, most))

    def max_concurrent(self, tier: str) -> int:
        return self._settings.max_concurrent_by_tier.get(tier, self._settings.max_concurrent)

    def risk_percent(self, tier: str, instrument: Instrument) -> Decimal:
        """Per cent of the balance; a volatility class that nobody knows counts as the one with the least."""
        row = self._settings.risk_percents[tier]
        return row.get(instrument.volatility_class) or min(row.values())
