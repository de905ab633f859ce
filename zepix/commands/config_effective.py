"""What holds after everything was merged, with where each setting came from, and everything that is wrong with it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.commands.outside import beside_verbs
from zepix.config.lines import KeyLines, key_lines, line_of

if TYPE_CHECKING:
    from zepix.config import ConfigManager
    from zepix.engine.strategy import Strategy
    from zepix.spec import Spec

__all__ = ["Asked", "Setting", "asked", "bare_api", "effective"]

KeyPath = tuple[str, ...]
GIVEN: Final = ("file", "environment", "flag")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its value, the layer it came from, and where in that layer it was said."""

    key: str
    value: Any
    origin: str
    where: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"key": self.key, "value": _json(self.value), "origin": self.origin, "where": self.where}


@dataclass(slots=True)
class Asked:
    """What was asked for: the merged settings, the spec where there is one, every problem and remark."""

    config: ConfigManager
    spec: Spec | None
    lines: KeyLines
    problems: list[str]
    notes: list[str]

    def where(self, path: KeyPath, origin: str) -> str:
        """Where a setting was said, in words; nothing for what nobody said."""
        if origin == "environment":
            return "ZEPIX_" + "__".join(part.upper() for part in self._said(path))
        if origin == "flag":
            return f"--set {'.'.join(self._said(path))}"
        if origin != "file" or self.config.file is None:
            return ""
        line = line_of(self.lines, path)
        return str(self.config.file) if line is None else f"{self.config.file}:{line}"

    def _said(self, path: KeyPath) -> KeyPath:
        """As it was said: what ``strategy.<name>`` says stands among the plugin's settings too."""
        short = ("strategy", *path[3:])
        is_spread = path[0] == "plugins" and path[2:3] == ("settings",)
        return short if is_spread and any(one == short for one, *_ in self.config.leaves()) else path


def asked(file: Path | None, flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Asked:
    """Merge and check everything: the spec, its strategies, and what packages beside zepix read. ``environ``: the
    process's own where it is not given."""
    environ = os.environ if environ is None else environ
    from zepix.config import ConfigManager
    from zepix.errors import ConfigError
    from zepix.spec import DEFAULTS, load_spec

    problems: list[str] = []
    spec = None
    try:
        spec = load_spec(file, flags=flags, environ=environ)
        config = spec.config
    except ConfigError as error:
        problems += error.problems
        config = ConfigManager(defaults=DEFAULTS, file=file, environ=environ, flags=flags, strict=False)
    plugins, wrong = _plugins_of(config)
    problems += wrong
    for outside in beside_verbs("settings_problems"):
        problems += outside(config, plugins)
    lines = key_lines(file) if file is not None else {}
    found = Asked(config, spec, lines, [], [])
    found.problems += [_placed(one, found) for one in dict.fromkeys(problems)]
    found.notes += _secrets_in_files(found)
    return found


def effective(found: Asked) -> list[Setting]:
    """Every setting that holds, by key. Secrets are masked."""
    if found.spec is not None:
        _load_parameters(found.spec)
    rows = {path: Setting(".".join(path), value, origin, found.where(path, origin))
            for path, value, origin in found.config.leaves()}  # fmt: skip
    tables = {path[:at] for path in rows for at in range(1, len(path))}
    for path, value in _defaults(found):
        if path not in rows and path not in tables and not any(path[:at] in rows for at in range(1, len(path))):
            rows[path] = Setting(".".join(path), value, "default")
    return [rows[path] for path in sorted(rows)]


def _plugins_of(config: ConfigManager) -> tuple[list[Strategy], list[str]]:
    """The plugins that the settings make, or what the strategies say is wrong, also where something else is too."""
    from zepix.config import complete_settings
    from zepix.engine.registry import PluginConfig, find_strategies
    from zepix.errors import ConfigError
    from zepix.spec import load_spec

    flags = {name: config.get(name) for name in ("strategy", "plugins", "plugin_system") if config.get(name)}
    if config.origin("plugin_system.plugin_dir") == "file" and config.file is not None:
        folders = config.get("plugin_system.plugin_dir")
        flags["plugin_system"]["plugin_dir"] = [str(config.file.parent / Path(one).expanduser()) for one in folders]
    try:
        spec = load_spec(None, flags=flags, environ={}, check_strategies=False)
        given = [PluginConfig(p.plugin_id, p.strategy, p.settings, p.timeframes, p.enabled) for p in spec.plugins]
        made = find_strategies(spec.strategy_folders, complete_settings).load_all_plugins(given, bare_api)
    except ConfigError as error:
        return [], list(error.problems)
    return list(made.values()), []


def bare_api(config: Any, _family: str, settings: Mapping[str, Any]) -> Any:
    """What a plugin needs to be made; it is asked for its settings' problems and never woken."""
    from types import SimpleNamespace

    from zepix.engine.service_api import ServiceAPI

    never: Any = SimpleNamespace(now_ns=0, phase=0)
    return ServiceAPI(config.plugin_id, clock=never, config={}, plugin_config=settings)


def _load_parameters(spec: Spec) -> None:
    """The parameters that the classes declare become the lowest layer."""
    from zepix.config import complete_settings
    from zepix.engine.registry import find_strategies
    from zepix.engine.strategy import settings_fields

    registry = find_strategies(spec.strategy_folders, complete_settings)
    spec.config.load_plugins(
        {
            one.plugin_id: {
                name: default
                for name, (_, default) in settings_fields(registry.find_class(one.strategy)).items()
                if default is not ...
            }
            for one in spec.plugins
        }
    )


def _defaults(found: Asked) -> Iterator[tuple[KeyPath, Any]]:
    """What holds of the services, and in packages beside zepix, where nobody said anything."""
    from zepix.config.keys import SERVICES

    for section, cls in SERVICES.items():
        usual = dict(_leaves(cls(), (section,)))
        made = usual if found.spec is None else dict(_leaves(getattr(found.spec.services, section), (section,)))
        yield from ((path, value) for path, value in usual.items() if made.get(path) == value)
    for outside in beside_verbs("default_settings"):
        for key, value in outside().items():
            yield tuple(key.split(".")), value


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if dataclasses.is_dataclass(value):
        value = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping) and value:
        for name, child in value.items():
            yield from _leaves(child, (*path, str(name)))
    else:
        yield path, value


def _placed(problem: str, found: Asked) -> str:
    """A problem of the file, with the line where it stands."""
    key, mark, rest = problem.partition(" (file): ")
    if not mark or found.config.file is None:
        return problem
    line = next((line for path, line in found.lines.items() if ".".join(path) == key), None)
    return problem if line is None else f"{key} ({found.config.file.name}:{line}): {rest}"


def _secrets_in_files(found: Asked) -> list[str]:
    from zepix.config.merge import is_secret

    return [
        f"{'.'.join(path)} stands in {found.where(path, origin)}: a secret in a file is copied with it; "
        f"say it in the environment instead, ZEPIX_{'__'.join(part.upper() for part in path)}"
        for path, value, origin in found.config.leaves()
        if origin == "file" and value and is_secret(path)
    ]


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json(child) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json(one) for one in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
