"""Whose orders are real: LIVE, SHADOW or HYBRID, for all and by plugin. Plain state; who sends reads it.

The first line that fits counts:

    there is no live broker         all plugins are in shadow; ``reason`` says why
    a breaker holds the plugin      shadow, until a human arms it again
    the global mode is SHADOW       shadow
    the plugin has a mode           SHADOW is shadow; LIVE and HYBRID are live
    the global mode is LIVE         live
    the global mode is HYBRID       those of the shadow set are in shadow, the others live

A plugin that is live has a shadow twin, which sees the same alerts and quotes: that is what HYBRID means of one plugin.
A replay is all virtual and needs no mode; a live session asks ``is_plugin_in_shadow`` before a plugin takes new risk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

__all__ = ["ExecutionMode", "ShadowModeManager"]

MAX_VIRTUAL_ORDERS: Final = 1_000


class ExecutionMode(StrEnum):
    LIVE = "LIVE"
    SHADOW = "SHADOW"
    HYBRID = "HYBRID"


class ShadowModeManager:
    """The modes of a run. Starts in SHADOW: nothing is sent to a broker that nobody asked for."""

    def __init__(
        self,
        mode: ExecutionMode | str = ExecutionMode.SHADOW,
        shadow_plugins: Iterable[str] = (),
        *,
        own: Mapping[str, ExecutionMode | str] | None = None,
        no_broker: str = "",
    ) -> None:
        """``own``: modes of single plugins; ``no_broker``: why there is no live broker, empty where there is one."""
        self._mode = ExecutionMode(mode)
        self._shadow = set(shadow_plugins)
        self._own = {name: ExecutionMode(word) for name, word in (own or {}).items()}
        self._held: dict[str, str] = {}
        self.no_broker = no_broker
        self.virtual_orders: deque[dict[str, Any]] = deque(maxlen=MAX_VIRTUAL_ORDERS)

    def set_mode(self, mode: ExecutionMode | str, plugin_id: str | None = None) -> None:
        """Change the global mode, or one plugin's own; raises ValueError for a word that is none."""
        word = ExecutionMode(mode)
        if plugin_id is None:
            self._mode = word
        else:
            self._own[plugin_id] = word

    def get_execution_mode(self, plugin_id: str | None = None) -> ExecutionMode:
        """The global mode, or what it means for one plugin (LIVE or SHADOW)."""
        if plugin_id is None:
            return self._mode
        return ExecutionMode.SHADOW if self.is_plugin_in_shadow(plugin_id) else ExecutionMode.LIVE

    def is_plugin_in_shadow(self, plugin_id: str) -> bool:
        return bool(self.reason(plugin_id))

    def reason(self, plugin_id: str) -> str:
        """Why a plugin is in shadow; empty where it is live."""
        if self.no_broker:
            return self.no_broker
        if plugin_id in self._held:
            return self._held[plugin_id]
        if self._mode is ExecutionMode.SHADOW:
            return "the session is in SHADOW"
        own = self._own.get(plugin_id)
        if own is not None:
            return "its own mode is SHADOW" if own is ExecutionMode.SHADOW else ""
        is_in_set = self._mode is ExecutionMode.HYBRID and plugin_id in self._shadow
        return "it is among the shadow plugins of HYBRID" if is_in_set else ""

    def asked(self, plugin_id: str) -> ExecutionMode:
        """The mode that a plugin was given: its own, else what the global one makes of it, whatever holds it now."""
        own = self._own.get(plugin_id)
        if own is not None:
            return own
        is_in_set = self._mode is ExecutionMode.HYBRID and plugin_id in self._shadow
        return ExecutionMode.SHADOW if is_in_set else self._mode

    def record_virtual_order(self, plugin_id: str, order: Mapping[str, Any]) -> None:
        """Keep what a plugin would have sent; the oldest go once ``MAX_VIRTUAL_ORDERS`` are kept."""
        self.virtual_orders.append({"plugin_id": plugin_id, **order})

    def promote(self, plugin_id: str) -> None:
        """Take a plugin out of shadow, as far as its own mode and the shadow set go."""
        self._shadow.discard(plugin_id)
        if self._own.get(plugin_id) is ExecutionMode.SHADOW:
            del self._own[plugin_id]

    def demote(self, plugin_id: str) -> None:
        """Put a plugin into shadow, whatever the global mode."""
        self._shadow.add(plugin_id)
        self._own[plugin_id] = ExecutionMode.SHADOW

    def hold(self, plugin_id: str, why: str) -> None:
        """A breaker puts a plugin into shadow until ``release``, whatever modes say."""
        self._held[plugin_id] = why

    def release(self, plugin_id: str) -> bool:
        """A human arms it again; whether it was held."""
        return self._held.pop(plugin_id, None) is not None

    @property
    def held(self) -> Mapping[str, str]:
        """Plugins that a breaker holds in shadow, with its reason."""
        return self._held

    def state(self) -> dict[str, Any]:
        """Values of JSON."""
        own = {name: str(word) for name, word in sorted(self._own.items())}
        return {"mode": str(self._mode), "shadow": sorted(self._shadow), "own": own, "held": dict(self._held)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave; whether there is a live broker is not part of it."""
        self._mode = ExecutionMode(state["mode"])
        self._shadow = set(state["shadow"])
        self._own = {name: ExecutionMode(word) for name, word in state["own"].items()}
        self._held = dict(state["held"])
