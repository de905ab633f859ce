"""The one merge of settings, the same for a spec and for live; every value remembers where it came from.

The order, each layer winning over those before it:

    plugin < default < file < environment < flag

``plugin`` are the parameters that a strategy's class declares. They are known only after the plugins are loaded, so the
merge is run again then (``load_plugins``): what a file, the environment or a flag said of a plugin survives that.

``[strategy]`` is the short form of one plugin: its keys are merged into ``plugins.<name>.settings``, in their layer.
If a flag names another strategy than the file does, the file's ``[strategy]`` keys were meant for that other one and
are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from zepix.config.check import plain
from zepix.config.files import read_settings
from zepix.config.keys import KEYS
from zepix.config.layers import nested, read_environment
from zepix.config.merge import MASK, Origins, checked, copied, is_secret, lay, spread_strategy
from zepix.errors import ConfigError

__all__ = ["ORIGINS", "ConfigManager"]

ORIGINS: Final = ("plugin", "default", "file", "environment", "flag")


class ConfigManager:
    """Settings by dotted key, merged from layers and checked; all problems are found before any is told.

    Raises ConfigError from the constructor and from ``load_plugins``, never from ``get``; with ``strict=False`` the
    constructor keeps what it found in ``problems``, so that a reader can add its own and tell all at once.
    """

    def __init__(
        self,
        *,
        defaults: Mapping[str, Any] | None = None,
        file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        flags: Mapping[str, Any] | None = None,
        strict: bool = True,
    ) -> None:
        self.problems: list[str] = []
        problems = self.problems
        self.file = file
        self._layers: dict[str, dict[str, Any]] = {
            "plugin": {},
            "default": copied(defaults or {}),
            "file": {} if file is None else _read(file, problems),
            "environment": read_environment(environ or {}, problems),
            "flag": nested(flags or {}, problems),
        }
        self._values: dict[str, Any] = {}
        self._origins: Origins = {}
        problems += self._merge()
        if problems and strict:
            raise ConfigError(problems)

    def load_plugins(self, parameters: Mapping[str, Mapping[str, Any]]) -> None:
        """Run the merge again over the parameters that loaded plugins declare: plugin id -> name -> default."""
        self._layers["plugin"] = {"plugins": {name: {"settings": dict(given)} for name, given in parameters.items()}}
        problems = self._merge()
        if problems:
            raise ConfigError(problems)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a dotted key (a table comes as a dict, all of them for ``""``), else ``default``."""
        found, value = _find(self._values, key) if key else (True, self._values)
        return plain(copied(value)) if found else default

    def origin(self, key: str) -> str | None:
        """Which layer a key's value came from: ``plugin``, ``default``, ``file``, ``environment`` or ``flag``."""
        return next((origin for path, origin in self._origins.items() if ".".join(path) == key), None)

    def plugin_settings(self, plugin_id: str) -> dict[str, Any]:
        """What holds for one plugin: its class's parameters (once loaded) under all that was said above them."""
        found, settings = _find(self._values, f"plugins.{plugin_id}.settings")
        return dict(plain(copied(settings))) if found else {}

    def given_settings(self, plugin_id: str) -> dict[str, Any]:
        """As ``plugin_settings``, without the class's own parameters, and as typed: for ``check_settings``."""
        found, settings = _find(self._values, f"plugins.{plugin_id}.settings")
        prefix = ("plugins", plugin_id, "settings")
        own = {path[3] for path, origin in self._origins.items() if path[:3] == prefix and origin == "plugin"}
        return {key: copied(value) for key, value in settings.items() if key not in own} if found else {}

    def show(self) -> Iterator[tuple[str, Any, str]]:
        """Every key with its value and where it came from, lowest layer first; secrets are masked."""
        for path, value, origin in self.leaves():
            yield ".".join(path), value, origin

    def leaves(self) -> Iterator[tuple[tuple[str, ...], Any, str]]:
        """As ``show``, each key in its parts: a name may hold dots itself."""
        for path, origin in self._origins.items():
            value: Any = self._values
            for part in path:
                value = value.get(part) if isinstance(value, Mapping) else None
            yield path, MASK if is_secret(path) and value else plain(value), origin

    def _merge(self) -> list[str]:
        layers = {origin: copied(values) for origin, values in self._layers.items()}
        spread_strategy(layers)
        merged: dict[str, Any] = {}
        self._origins = {}
        for origin, values in layers.items():
            lay(merged, values, origin, self._origins)
        problems: list[str] = []
        self._values = checked(KEYS, merged, self._origins, problems)
        return problems


def _find(values: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    """A dotted key where names may hold dots themselves (``data.choice.EURUSD.m``)."""
    if key in values:
        return True, values[key]
    for at in [i for i, letter in enumerate(key) if letter == "."]:
        child = values.get(key[:at])
        if isinstance(child, Mapping):
            found, value = _find(child, key[at + 1 :])
            if found:
                return True, value
    return False, None


def _read(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return read_settings(file)
    except ConfigError as error:
        problems.extend(error.problems)
        return {}
