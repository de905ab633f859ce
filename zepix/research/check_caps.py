"""The caps of the risk service as a spec sets them: money by name, for the tier that the balance is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from zepix.errors import ConfigError
from zepix.model.settings_risk import TIERS, RiskSettings
from zepix.services.risk_tiers import RiskTiers

__all__ = ["risk_caps", "risk_settings", "wider_caps"]


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


def wider_caps(given: Mapping[str, Any], balance: Decimal) -> str:
    """A sentence about the next tier whose day may lose more, which profits can reach; nothing where none is."""
    settings = risk_settings(given)
    if settings.default_risk_tier:
        return ""
    now = settings.daily_caps[RiskTiers(settings).tier_of(balance)]
    for tier in TIERS:
        if Decimal(tier) > balance and settings.daily_caps[tier] > now:
            return (
                f"caps move with the balance: from {Decimal(tier):,.2f} on, risk.daily_caps.{tier} lets a day lose "
                f"{settings.daily_caps[tier]:,.2f}; set risk.default_risk_tier to keep one tier"
            )
    return ""
