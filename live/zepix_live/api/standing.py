"""How a session stands, out of what the engine says of itself, its newest configuration and its sign of life.

Everything may be missing: an engine that never started has said nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zepix.config.merge import MASK, is_secret
from zepix_live.heartbeat import EngineState
from zepix_live.view_file import read_view

__all__ = ["Standing", "engine_row", "masked"]

_PLUGINS: Final = "plugins."


class Standing:
    """Read anew whenever somebody asks; the files are small."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir: Final = data_dir

    def view(self) -> dict[str, Any]:
        """What the engine last said; empty where it has not."""
        return read_view(self._data_dir) or {}

    def plugins(self, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One row a plugin: what the configuration says, what the engine says. ``settings``: those that hold."""
        view = self.view()
        told = _table(view.get("plugins"))
        mode = _table(view.get("mode"))
        modes = _table(mode.get("plugins"))
        ids = sorted({*told, *modes, *_configured(settings)})
        return [self._plugin(one, _table(told.get(one)), modes.get(one), mode, settings) for one in ids]

    def _plugin(
        self, plugin_id: str, told: Mapping[str, Any], mode: Any, of_all: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        said = mode if isinstance(mode, Mapping) else {"mode": mode}
        own = f"{_PLUGINS}{plugin_id}."
        enabled = told.get("enabled", settings.get(f"{own}enabled", True))
        wanted = said.get("mode") or of_all.get("global")
        return {
            "plugin": plugin_id,
            "strategy": str(told.get("strategy") or settings.get(f"{own}strategy") or plugin_id),
            "enabled": bool(enabled),
            "mode": None if wanted is None else str(wanted),
            "effective_mode": None if said.get("effective") is None else str(said["effective"]),
            "state": None if told.get("state") is None else str(told["state"]),
            "settings": masked({key: value for key, value in settings.items() if key.startswith(own)}),
            "told": dict(told),
        }

    def strategies(self, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One row a strategy, with the plugins that are instances of it."""
        found: dict[str, list[str]] = {}
        for one in self.plugins(settings):
            found.setdefault(one["strategy"], []).append(one["plugin"])
        return [{"strategy": name, "plugins": plugins} for name, plugins in sorted(found.items())]


def masked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by dotted key, without a secret."""
    return {key: _shown(tuple(key.split(".")), value) for key, value in settings.items()}


def _shown(path: tuple[str, ...], value: Any) -> Any:
    if is_secret(path):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): _shown((*path, str(key)), one) for key, one in value.items()}
    return [_shown(path, one) for one in value] if isinstance(value, list | tuple) else value


def _configured(settings: Mapping[str, Any]) -> set[str]:
    named = {key.removeprefix(_PLUGINS).split(".")[0] for key in settings if key.startswith(_PLUGINS)}
    alone = settings.get("strategy.name")
    return {str(alone)} if alone and str(alone) not in named else named


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def engine_row(state: EngineState) -> dict[str, Any]:
    """An engine's sign of life as a row."""
    return {"state": state.state, "detail": state.detail, "t_ns": state.t_ns, "inbox_seq": state.inbox_seq}
