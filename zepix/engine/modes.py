"""Whose orders are real: LIVE, SHADOW or HYBRID, and which plugins run in shadow. Plain state; who sends reads it.

    global mode   plugin in the shadow set   its orders are
    LIVE          either                     real
    SHADOW        either                     virtual
    HYBRID        yes                        virtual
    HYBRID        no                         real

A replay is all virtual and needs no mode; live asks ``is_plugin_in_shadow`` at the last gate before a broker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

__all__ = ["ExecutionMode", "ShadowModeManager"]

MAX_VIRTUAL_ORDERS: Final = 10_000


class ExecutionMode(StrEnum):
    LIVE = "LIVE"
    SHADOW = "SHADOW"
    HYBRID = "HYBRID"


class ShadowModeManager:
    """The modes of a run. Starts in SHADOW: nothing is sent to a broker that nobody asked for."""

    def __init__(self, mode: ExecutionMode | str = ExecutionMode.SHADOW, shadow_plugins: Iterable[str] = ()) -> None:
        self._mode = ExecutionMode(mode)
        self._shadow = set(shadow_plugins)
        self.virtual_orders: deque[dict[str, Any]] = deque(maxlen=MAX_VIRTUAL_ORDERS)

    def set_mode(self, mode: ExecutionMode | str) -> None:
        """Change the global mode; raises ValueError for a word that is none."""
        self._mode = ExecutionMode(mode)

    def get_execution_mode(self, plugin_id: str | None = None) -> ExecutionMode:
        """The global mode, or what it means for one plugin (LIVE or SHADOW)."""
        if plugin_id is None:
            return self._mode
        return ExecutionMode.SHADOW if self.is_plugin_in_shadow(plugin_id) else ExecutionMode.LIVE

    def is_plugin_in_shadow(self, plugin_id: str) -> bool:
        if self._mode is ExecutionMode.HYBRID:
            return plugin_id in self._shadow
        return self._mode is ExecutionMode.SHADOW

    def record_virtual_order(self, plugin_id: str, order: Mapping[str, Any]) -> None:
        """Keep what a plugin would have sent; the oldest go once ``MAX_VIRTUAL_ORDERS`` are kept."""
        self.virtual_orders.append({"plugin_id": plugin_id, **order})

    def promote(self, plugin_id: str) -> None:
        """Take a plugin out of the shadow set."""
        self._shadow.discard(plugin_id)

    def demote(self, plugin_id: str) -> None:
        """Put a plugin into the shadow set."""
        self._shadow.add(plugin_id)
