"""The caps of the risk service as a spec sets them: money by name, for the tier that the balance is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from zepix.errors import ConfigError
from zepix.model.settings_risk import RiskSettings
from zepix.services.risk_tiers import RiskTiers

__all__ = ["risk_caps", "risk_settings"]


def risk_settings(given: Mapping[str, Any]) -> RiskSettings:
    """The service's settings from the keys ``risk.*``; names that it does not have stay out. Raises ConfigError."""
    known = {one.name for one in fields(RiskSettings)}
    try:
        return RiskSettings(**{name: value for name, value in given.items() if name in known})
    except ValueError as error:
        raise ConfigError(str(error).removeprefix("risk: ").split("; ")) from error


def risk_caps(given: Mapping[str, Any], balance: Decimal) -> dict[str, Decimal]:
    """``risk.daily_caps`` and ``risk.lifetime_caps`` of the tier of ``balance``, in the account's currency."""
    settings = risk_settings(given)
    tier = RiskTiers(settings).tier_of(balance)
    return {
        f"risk.daily_caps.{tier}": settings.daily_caps[tier],
        f"risk.lifetime_caps.{tier}": settings.lifetime_caps[tier],
    }
