"""The engine: one event in, handlers run, commands out; and what strategies see of it."""

from zepix.engine.engine import TradingEngine
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.router import PluginRouter
from zepix.engine.service_api import ServiceAPI, ServiceMetrics, ServiceRegistration
from zepix.engine.session import Session
from zepix.engine.strategy import BaseLogicPlugin, PluginInfo, Strategy

__all__ = [
    "BaseLogicPlugin",
    "PluginConfig",
    "PluginInfo",
    "PluginRegistry",
    "PluginRouter",
    "ServiceAPI",
    "ServiceMetrics",
    "ServiceRegistration",
    "Session",
    "Strategy",
    "TradingEngine",
]
