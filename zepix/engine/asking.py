"""What a service asks a strategy: a method that it has only where it wants to decide (``zepix.engine.capabilities``).

A method that raises is isolated as a hook is: an error of the plugin, and no answer.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

from zepix.engine.engine import TradingEngine
from zepix.engine.failing import failed
from zepix.engine.stepping import run_to_completion

__all__ = ["ask", "decides", "own_daily_loss_limit"]


NUMBERS: Final = (int, float)


def ask(engine: TradingEngine, plugin_id: str, name: str, *args: Any) -> Any:
    """What the plugin's method answers; None where it has none, is disabled, or failed."""
    running = engine._running.get(plugin_id)
    if running is None or not running.plugin.enabled:
        return None
    method = getattr(running.plugin, name, None)
    if method is None:
        return None
    watch = engine.watch
    if watch is not None:
        watch(plugin_id, name)
    try:
        answer = method(*args)
        if inspect.iscoroutine(answer):
            answer = run_to_completion(answer, plugin_id, name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - isolated like a hook
        failed(engine, running, name, error)
        return None
    finally:
        if watch is not None:
            watch(plugin_id, "")
    running.failures[name] = 0
    return answer


def decides(engine: TradingEngine, plugin_id: str, name: str) -> bool:
    """Whether the plugin would answer; what it is told need not be put together for one without the method."""
    running = engine._running.get(plugin_id)
    return running is not None and running.plugin.enabled and getattr(running.plugin, name, None) is not None


def own_daily_loss_limit(engine: TradingEngine, plugin_id: str) -> float | None:
    """What the plugin may lose in a day by its own settings; None where it says nothing."""
    own = getattr(engine.registry.get_plugin(plugin_id), "daily_loss_limit", None)
    return own if isinstance(own, NUMBERS) and not isinstance(own, bool) else None
