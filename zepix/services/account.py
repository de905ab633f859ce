"""The account as a strategy sees it: money at this instant, in the account's currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from zepix.services.ports import BrokerPort

__all__ = ["AccountService"]


class AccountService:
    """Balance, equity and margin, computed when asked for."""

    def __init__(self, broker: BrokerPort) -> None:
        self._broker = broker
        self._knows_balance = hasattr(broker, "balance")
        self._knows_free_margin = hasattr(broker, "free_margin")

    @property
    def balance(self) -> Decimal:
        broker: Any = self._broker
        found: Decimal = broker.balance if self._knows_balance else broker.account().balance
        return found

    @property
    def equity(self) -> Decimal:
        """Balance plus the unrounded gross of open tickets at the prices of this instant."""
        return self._broker.account().equity

    @property
    def margin(self) -> Decimal:
        return self._broker.account().margin

    @property
    def free_margin(self) -> Decimal:
        broker: Any = self._broker
        found: Decimal = broker.free_margin if self._knows_free_margin else broker.account().free_margin
        return found

    @property
    def currency(self) -> str:
        return self._broker.account().currency

    def get_balance(self) -> Decimal:
        return self.balance

    def get_equity(self) -> Decimal:
        return self.equity
