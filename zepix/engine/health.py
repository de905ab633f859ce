"""How a plugin is doing, from what the engine counted: failures in a row, alerts handled, errors of its services."""

from __future__ import annotations

from typing import Any, Final, Protocol

from zepix.engine.registry import PluginRegistry

__all__ = ["HealthSource", "PluginHealthMonitor"]

MAX_ERROR_RATE: Final = 5.0
"""Errors per hundred service calls above which a plugin is not healthy."""


class HealthSource(Protocol):
    """Who knows how often in a row a plugin failed."""

    def failures_in_a_row(self, plugin_id: str) -> int: ...


class PluginHealthMonitor:
    """``HEALTHY``, ``FAILING`` (its last handler raised, or its services fail often) or ``DEAD`` (disabled)."""

    def __init__(self, registry: PluginRegistry, source: HealthSource) -> None:
        self._registry = registry
        self._source = source

    def check_plugin_health(self, plugin_id: str) -> dict[str, Any]:
        """State and figures of one plugin; ``UNKNOWN`` for one that is not loaded."""
        plugin = self._registry.get_plugin(plugin_id)
        if plugin is None:
            return {"plugin_id": plugin_id, "state": "UNKNOWN"}
        metrics = plugin.service_api.get_metrics().values()
        calls, errors = sum(m.calls for m in metrics), sum(m.errors for m in metrics)
        rate = 100.0 * errors / calls if calls else 0.0
        failures = self._source.failures_in_a_row(plugin_id)
        state = "FAILING" if failures or rate > MAX_ERROR_RATE else "HEALTHY"
        return {
            "plugin_id": plugin_id,
            "state": state if plugin.enabled else "DEAD",
            "failures_in_a_row": failures,
            "service_calls": calls,
            "error_rate": rate,
        }

    def get_all_plugin_status(self) -> dict[str, dict[str, Any]]:
        return {plugin_id: self.check_plugin_health(plugin_id) for plugin_id in self._registry.get_all_plugins()}
