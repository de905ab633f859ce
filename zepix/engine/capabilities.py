"""What a strategy can do beyond signals: protocols it has by having the methods, and the values they speak in.

The services do the work by default; a strategy that defines one of these methods overrides that decision of the service
for its own tickets. The ``I...`` names are aliases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from zepix.model import Alert, Decision
from zepix.services.dual_plan import DualOrderResult, OrderConfig
from zepix.services.profit_values import BookingResult, ProfitChain
from zepix.services.safety_values import ReentryEvent, SafetyCheckResult

__all__ = [
    "CAPABILITIES",
    "AutonomousCapable",
    "BookingResult",
    "DatabaseCapable",
    "DualOrderCapable",
    "DualOrderResult",
    "IAutonomousCapable",
    "IDatabaseCapable",
    "IDualOrderCapable",
    "IOrderExecutor",
    "IProfitBookingCapable",
    "IReentryCapable",
    "ISignalProcessor",
    "OrderConfig",
    "OrderExecutor",
    "ProfitBookingCapable",
    "ProfitChain",
    "ReentryCapable",
    "ReentryEvent",
    "SafetyCheckResult",
    "SignalProcessor",
    "capabilities_of",
]


@runtime_checkable
class SignalProcessor(Protocol):
    def get_supported_strategies(self) -> Sequence[str]: ...
    def get_supported_timeframes(self) -> Sequence[str]: ...
    def can_process_signal(self, alert: Alert) -> bool: ...
    async def process_signal(self, alert: Alert) -> Decision | None: ...


@runtime_checkable
class OrderExecutor(Protocol):
    async def execute_order(self, params: Mapping[str, Any]) -> Any: ...
    async def modify_order(self, order_id: int, changes: Mapping[str, Any]) -> Any: ...
    async def close_order(self, order_id: int, reason: str) -> Any: ...


@runtime_checkable
class ReentryCapable(Protocol):
    async def on_sl_hit(self, event: Any) -> Any: ...
    async def on_tp_hit(self, event: Any) -> Any: ...
    async def on_exit(self, event: Any) -> Any: ...
    async def on_recovery_signal(self, event: Any) -> Any: ...
    def get_chain_level(self, trade_id: str) -> int: ...
    def get_max_chain_level(self) -> int: ...


@runtime_checkable
class DualOrderCapable(Protocol):
    async def create_dual_orders(self, signal: Any) -> Any: ...
    def get_order_a_config(self, signal: Any) -> OrderConfig: ...
    def get_order_b_config(self, signal: Any) -> OrderConfig: ...
    async def on_order_a_closed(self, event: Any) -> Any: ...
    async def on_order_b_closed(self, event: Any) -> Any: ...


@runtime_checkable
class ProfitBookingCapable(Protocol):
    async def create_profit_chain(self, order_b_id: int, signal: Any) -> Any: ...
    async def on_profit_target_hit(self, event: Any) -> Any: ...
    async def on_chain_sl_hit(self, event: Any) -> Any: ...
    def get_active_chains(self) -> Sequence[ProfitChain]: ...
    def get_pyramid_config(self) -> Mapping[str, Any]: ...


@runtime_checkable
class AutonomousCapable(Protocol):
    def check_recovery_allowed(self, event: Any) -> SafetyCheckResult: ...
    async def activate_reverse_shield(self, event: Any) -> Any: ...
    async def deactivate_reverse_shield(self, event: Any) -> Any: ...
    def get_safety_stats(self) -> Mapping[str, Any]: ...


@runtime_checkable
class DatabaseCapable(Protocol):
    def get_database_config(self) -> Mapping[str, Any]: ...
    def initialize_database(self) -> Any: ...
    def execute_query(self, query: str, parameters: Sequence[Any] = ()) -> Any: ...


ISignalProcessor = SignalProcessor
IOrderExecutor = OrderExecutor
IReentryCapable = ReentryCapable
IDualOrderCapable = DualOrderCapable
IProfitBookingCapable = ProfitBookingCapable
IAutonomousCapable = AutonomousCapable
IDatabaseCapable = DatabaseCapable

CAPABILITIES: dict[str, type] = {
    "signals": SignalProcessor,
    "orders": OrderExecutor,
    "reentry": ReentryCapable,
    "dual_orders": DualOrderCapable,
    "profit_booking": ProfitBookingCapable,
    "autonomous": AutonomousCapable,
    "database": DatabaseCapable,
}


def capabilities_of(strategy: object) -> tuple[str, ...]:
    """The capabilities a strategy has, by having their methods."""
    return tuple(name for name, protocol in CAPABILITIES.items() if isinstance(strategy, protocol))
