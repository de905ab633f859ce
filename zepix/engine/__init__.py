"""The engine: one event in, handlers run, commands out; and what strategies see of it."""

from zepix.engine.capabilities import (
    AutonomousCapable,
    BookingResult,
    DatabaseCapable,
    DualOrderCapable,
    DualOrderResult,
    IAutonomousCapable,
    IDatabaseCapable,
    IDualOrderCapable,
    IOrderExecutor,
    IProfitBookingCapable,
    IReentryCapable,
    ISignalProcessor,
    OrderConfig,
    OrderExecutor,
    ProfitBookingCapable,
    ProfitChain,
    ReentryCapable,
    ReentryEvent,
    SafetyCheckResult,
    SignalProcessor,
)
from zepix.engine.engine import TradingEngine
from zepix.engine.health import PluginHealthMonitor
from zepix.engine.modes import ExecutionMode, ShadowModeManager
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.router import PluginRouter
from zepix.engine.service_api import ServiceAPI, ServiceMetrics, ServiceRegistration
from zepix.engine.session import Session
from zepix.engine.strategy import BaseLogicPlugin, PluginInfo, Strategy

__all__ = [
    "AutonomousCapable",
    "BaseLogicPlugin",
    "BookingResult",
    "DatabaseCapable",
    "DualOrderCapable",
    "DualOrderResult",
    "ExecutionMode",
    "IAutonomousCapable",
    "IDatabaseCapable",
    "IDualOrderCapable",
    "IOrderExecutor",
    "IProfitBookingCapable",
    "IReentryCapable",
    "ISignalProcessor",
    "OrderConfig",
    "OrderExecutor",
    "PluginConfig",
    "PluginHealthMonitor",
    "PluginInfo",
    "PluginRegistry",
    "PluginRouter",
    "ProfitBookingCapable",
    "ProfitChain",
    "ReentryCapable",
    "ReentryEvent",
    "SafetyCheckResult",
    "ServiceAPI",
    "ServiceMetrics",
    "ServiceRegistration",
    "Session",
    "ShadowModeManager",
    "SignalProcessor",
    "Strategy",
    "TradingEngine",
]
