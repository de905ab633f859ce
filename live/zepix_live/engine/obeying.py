"""What a human's command does to a session, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.engine.engine_state import free_plugin
from zepix.research.simulate import Simulation

__all__ = ["DONE", "REFUSED", "obey"]

DONE: Final = "INFO"
REFUSED: Final = "WARN"


def obey(simulation: Simulation, body: Mapping[str, Any]) -> tuple[str, str]:
    """(level, what was done); a command that makes no sense here does nothing, and is told with a warning."""
    command, plugin_id = body.get("command"), str(body.get("plugin", ""))
    plugins = simulation.registry.get_all_plugins()
    if plugin_id and plugin_id not in plugins:
        return REFUSED, f"there is no plugin {ascii(plugin_id)[1:-1][:64]}; there are {', '.join(plugins)}"
    if command == "pause":
        return DONE, _pause(simulation, plugin_id)
    if command == "resume":
        return DONE, _resume(simulation, plugin_id)
    if command == "rearm":
        return _rearm(simulation, body.get("base_equity"))
    if command == "reload":  # decided before its row was written; a rerun has no file to read
        found = body.get("reload", {})
        return str(found.get("level", REFUSED)), str(found.get("text", "nobody read the settings; nothing was applied"))
    return REFUSED, f"the command {ascii(command)[:60]} is none"


def _pause(simulation: Simulation, plugin_id: str) -> str:
    if plugin_id:
        simulation.engine.rein(plugin_id)
        return f"{plugin_id} takes no new risk; what it has open goes on"
    simulation.engine.pause()
    return "no new risk is taken; what is open goes on"


def _resume(simulation: Simulation, plugin_id: str) -> str:
    engine = simulation.engine
    if not plugin_id:
        engine.resume()
        return "entries are taken again"
    if not free_plugin(engine, plugin_id):
        return f"{plugin_id} was not held back"
    still = "; but all of the session is paused" if engine.is_paused else ""
    return f"{plugin_id} takes entries again{still}"


def _rearm(simulation: Simulation, base_equity: float | None) -> tuple[str, str]:
    guard = simulation.house.guard
    if guard is None:
        return REFUSED, "there is no equity guard to arm (equity_guard.enabled)"
    try:
        guard.rearm(base_equity)
    except ValueError as error:
        return REFUSED, str(error)
    return DONE, "the equity guard is armed again"
