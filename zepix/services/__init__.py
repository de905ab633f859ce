"""Services: what a strategy reaches through its ServiceAPI, and what simulators and live share below it."""

from zepix.services.account import AccountService
from zepix.services.market import MarketDataService
from zepix.services.orders import OrderExecutionService
from zepix.services.risk import RiskManagementService

__all__ = ["AccountService", "MarketDataService", "OrderExecutionService", "RiskManagementService"]
