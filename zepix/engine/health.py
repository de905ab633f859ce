"""How a plugin is doing: from what the engine counted, and from what somebody with a clock has seen of it.

    HUNG      a handler of it has been running for longer than ``handler_ms``; told from outside: nothing else runs then
    DEAD      disabled after failures in a row: no new risk; its tickets keep stops, trailing, booking and exits
    FAILING   its last handler raised, its services fail often, or its handlers take too long
    STALE     none of its handlers ran for a long time, though prices move
    HEALTHY   none of these
    UNKNOWN   not loaded, or nobody has seen it

The engine reads no clock. A replay gives no ``look``: then nothing is STALE or HUNG. A live runner measures handlers by
its own clock, and gives what it has seen (``Seen``); times without a unit of the wall are the session's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from zepix.engine.registry import PluginRegistry
from zepix.model.timeframe import NS, minutes

__all__ = ["STATES", "HealthLimits", "HealthSource", "PluginHealthMonitor", "Seen"]

STATES: Final = ("HEALTHY", "FAILING", "STALE", "HUNG", "DEAD", "UNKNOWN")
BARS_OF_SILENCE: Final = 3
"""A plugin of the hour is not STALE after five minutes, but after three of its bars."""


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """From where on a plugin is not healthy."""

    handler_ms: float = 5000.0
    """Of its handlers: the 95th percentile, and how long one may run before it hangs."""
    error_rate: float = 5.0
    """Errors per hundred calls of its services."""
    heartbeat_s: float = 300.0
    """So long without any of its handlers, while prices move, and it is STALE; or three of its longest bars."""
    zombie_s: float = 600.0
    """So long, and people are told; or six of its longest bars."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody with a clock has seen of a plugin. ``running_ms``: how long its handler has been running by now."""

    last_ns: int = 0
    now_ns: int = 0
    feed_ns: int = 0
    """When the newest price of any symbol came; 0: never."""
    p95_ms: float = 0.0
    running_ms: float = 0.0
    handler: str = ""


class HealthSource(Protocol):
    """Who knows how often in a row a plugin failed."""

    def failures_in_a_row(self, plugin_id: str) -> int: ...


class PluginHealthMonitor:
    """Says of each plugin ``HEALTHY, FAILING, STALE, HUNG, DEAD`` or ``UNKNOWN``, and why."""

    def __init__(
        self,
        registry: PluginRegistry,
        source: HealthSource,
        limits: HealthLimits | None = None,
        look: Callable[[str], Seen | None] | None = None,
    ) -> None:
        """``look``: what was seen of a plugin, by its id; None where nobody looks."""
        self._registry = registry
        self._source = source
        self.limits = limits or HealthLimits()
        self._look = look

    def check_plugin_health(self, plugin_id: str) -> dict[str, Any]:
        """State, why, and figures of one plugin; ``UNKNOWN`` for one that is not loaded."""
        plugin = self._registry.get_plugin(plugin_id)
        if plugin is None:
            return {"plugin_id": plugin_id, "state": "UNKNOWN", "why": "not loaded"}
        metrics = plugin.service_api.get_metrics().values()
        calls, errors = sum(m.calls for m in metrics), sum(m.errors for m in metrics)
        rate = 100.0 * errors / calls if calls else 0.0
        failures = self._source.failures_in_a_row(plugin_id)
        seen = None if self._look is None else self._look(plugin_id)
        timeframes = self._registry.timeframes_of(plugin_id)
        state, why = self._state(plugin.enabled, failures, rate, seen, timeframes)
        found = {
            "plugin_id": plugin_id,
            "state": state,
            "why": why,
            "failures_in_a_row": failures,
            "service_calls": calls,
            "error_rate": rate,
        }
        if seen is not None:
            zombie = self._is_zombie(seen, timeframes)
            found |= {"p95_ms": seen.p95_ms, "silent_s": _silent_s(seen), "is_zombie": zombie}
        return found

    def get_all_plugin_status(self) -> dict[str, dict[str, Any]]:
        return {plugin_id: self.check_plugin_health(plugin_id) for plugin_id in self._registry.get_all_plugins()}

    def _state(
        self,
        is_enabled: bool,
        failures: int,
        error_rate: float,
        seen: Seen | None,
        timeframes: Sequence[str],
    ) -> tuple[str, str]:
        limits = self.limits
        if seen is not None and seen.running_ms > limits.handler_ms:
            return "HUNG", f"{seen.handler or 'a handler'} has been running for {seen.running_ms / 1000:.0f} s"
        if not is_enabled:
            return "DEAD", "disabled: no new risk; its tickets keep stops, trailing, booking and exits"
        if failures:
            return "FAILING", f"{failures} failure{'s' if failures > 1 else ''} in a row"
        if error_rate > limits.error_rate:
            return "FAILING", f"{error_rate:.1f} % of its service calls fail"
        if seen is None:
            return "HEALTHY", ""
        if seen.p95_ms > limits.handler_ms:
            return "FAILING", f"its handlers take {seen.p95_ms / 1000:.1f} s (95th percentile)"
        if self._is_silent(seen, timeframes, limits.heartbeat_s, 1):
            return "STALE", f"none of its handlers ran for {_silent_s(seen):.0f} s, though prices move"
        return "HEALTHY", ""

    def _is_zombie(self, seen: Seen, timeframes: Sequence[str]) -> bool:
        return self._is_silent(seen, timeframes, self.limits.zombie_s, 2)

    def _is_silent(self, seen: Seen, timeframes: Sequence[str], least_s: float, factor: int) -> bool:
        """Whether nothing of it ran for so long, or so many bars of its own, while prices come."""
        bar_s = max((60 * minutes(one) for one in timeframes if one != "tick"), default=0)
        limit_s = max(least_s, factor * BARS_OF_SILENCE * bar_s)
        moves = bool(seen.feed_ns) and seen.now_ns - seen.feed_ns <= self.limits.heartbeat_s * NS
        return moves and _silent_s(seen) > limit_s


def _silent_s(seen: Seen) -> float:
    return max(0, seen.now_ns - seen.last_ns) / NS
