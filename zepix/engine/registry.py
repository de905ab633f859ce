"""Which strategies there are, and which plugins run: discovery in folders and by entry point, loading, switching.

A strategy is the class; a plugin is a configured instance of it, known by ``plugin_id``. What cannot be loaded is
reported with its reason and the rest go on.
"""

from __future__ import annotations

import copy
import difflib
import importlib.metadata
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zepix.engine.capabilities import capabilities_of
from zepix.engine.service_api import ServiceAPI
from zepix.engine.strategy import PluginInfo, Strategy, settings_fields
from zepix.errors import ConfigError
from zepix.model import Alert

__all__ = [
    "ENTRY_POINTS",
    "PluginConfig",
    "PluginRegistry",
    "answers_to",
    "builtin_strategies",
    "find_strategies",
    "names_of",
]

ENTRY_POINTS = "zepix.strategies"
MAX_FILES = 500

CheckSettings = Callable[[str, Mapping[str, tuple[Any, Any]], Mapping[str, Any]], Mapping[str, Any]]
"""(plugin id, fields, given settings) -> complete settings; raises ConfigError."""


@dataclass(frozen=True, slots=True)
class PluginConfig:
    """A plugin as configured: an instance of ``strategy`` with settings of its own."""

    plugin_id: str
    strategy: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    timeframes: tuple[str, ...] | None = None
    enabled: bool = True
    shadow_mode: bool = False


def builtin_strategies() -> Path:
    """The folder of the strategies that ship with zepix: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_strategies"
    return shipped if shipped.is_dir() else package.parent / "strategies"


def find_strategies(folders: Iterable[Path] = (), check_settings: CheckSettings | None = None) -> PluginRegistry:
    """The strategies that ship with zepix, those of ``folders``, and those of installed packages."""
    registry = PluginRegistry(check_settings)
    registry.discover_plugins([builtin_strategies(), *folders])
    return registry


class PluginRegistry:
    """Classes by family and default plugin id; instances by plugin id, in the order in which they were loaded."""

    def __init__(self, check_settings: CheckSettings | None = None) -> None:
        self.classes: dict[str, type[Strategy]] = {}
        self.failures: dict[str, str] = {}
        self.notes: list[str] = []
        self._plugins: dict[str, Strategy] = {}
        self._timeframes: dict[str, tuple[str, ...]] = {}
        self._check_settings = check_settings or _only_known

    # --- discovery ------------------------------------------------------------------------------------------------

    def discover_plugins(self, folders: Iterable[Path] = (), *, entry_points: bool = True) -> dict[str, type[Strategy]]:
        """Find strategy classes in folders (a file or a package each) and by entry point; later ones win by name."""
        for folder in {Path(one).resolve(): Path(one) for one in folders}.values():  # each once, however it is named
            self._discover_folder(folder)
        if entry_points:
            for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
                try:
                    self.register(point.load())
                except (Exception, SystemExit) as error:  # noqa: BLE001 - a foreign package must not stop the rest
                    self.failures[f"entry point {point.name}"] = f"{type(error).__name__}: {error}"
        return dict(self.classes)

    def register(self, cls: type[Strategy]) -> None:
        """Make a class known; raises ConfigError for what is no strategy or declares no ``info``."""
        if not (isinstance(cls, type) and issubclass(cls, Strategy)):
            raise ConfigError(f"{cls!r} is no Strategy")
        if not hasattr(cls, "info"):
            raise ConfigError(f"strategy {cls.__name__} declares no info = PluginInfo(strategy=...)")
        known = self.classes.get(cls.info.plugin_id)
        if known is not None and known.__module__ != cls.__module__ and _source(known) != _source(cls):
            self.notes.append(
                f"strategy {cls.info.plugin_id!r} of {cls.__module__} replaces that of {known.__module__}"
            )
        self.classes[cls.info.plugin_id] = cls

    def _discover_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self.failures[folder.name] = "no such folder"
            return
        found = [p for p in sorted(folder.iterdir()) if not p.name.startswith(("_", "."))]
        for path in found[:MAX_FILES]:
            entry = path if path.suffix == ".py" else path / "__init__.py"
            if not entry.is_file() and (path / "plugin.py").is_file():
                entry = path / "plugin.py"
            if entry.suffix == ".py" and entry.is_file():
                self._load_file(entry, path.stem)

    def _load_file(self, entry: Path, name: str) -> None:
        module_name = _module_name(entry, name)
        try:
            spec = importlib.util.spec_from_file_location(
                module_name, entry, submodule_search_locations=[str(entry.parent)] if entry.stem != name else None
            )
            if spec is None or spec.loader is None:
                raise ImportError(f"{entry.name} is no Python file")
            module = importlib.util.module_from_spec(spec)
            sys.modules[module_name] = module
            spec.loader.exec_module(module)
            classes = [
                c
                for c in vars(module).values()
                if isinstance(c, type)
                and issubclass(c, Strategy)
                and c is not Strategy
                and c.__module__.startswith(module_name)
            ]
            for cls in classes:
                if hasattr(cls, "info"):
                    self.register(cls)
            if not any(hasattr(c, "info") for c in classes):
                self.failures[name] = "holds no Strategy with an info = PluginInfo(strategy=...)"
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one broken file must not stop the rest
            sys.modules.pop(module_name, None)
            self.failures[name] = f"{type(error).__name__}: {error}"

    def find_classes(self, name: str) -> list[type[Strategy]]:
        """The class of a plugin id or of its alias; those of a family, in the order of discovery.

        Raises ConfigError with near names.
        """
        found = [cls for cls in self.classes.values() if cls.info.is_named(name)]
        found = [cls for cls in found if cls.info.plugin_id.lower() == name.lower()] or found
        found = found or [cls for cls in self.classes.values() if cls.info.is_family(name)]
        if found:
            return found
        names = {word.lower() for cls in self.classes.values() for word in names_of(cls.info)}
        near = difflib.get_close_matches(name.lower(), sorted(names), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are {', '.join(self.classes) or 'none'}"
        broken = "".join(f"; {file} could not be loaded ({why})" for file, why in self.failures.items())
        raise ConfigError(f"no strategy {name!r}{hint}{broken}")

    def find_class(self, name: str) -> type[Strategy]:
        """The class of a plugin id, family or alias, the first of a family's; raises ConfigError with near names."""
        return self.find_classes(name)[0]

    def members(self, plugin_id: str, strategy: str, timeframes: Iterable[str] | None = None) -> list[str]:
        """Which plugins a configured one stands for: those of the family that it is named after, else none but itself.

        ``timeframes``: of a family only those that are for one of them. Raises ConfigError for an unknown strategy, for
        a family without such a plugin, and for a plugin with a name of its own whose strategy is several.
        """
        classes = self.find_classes(strategy)
        names = [cls.info.plugin_id for cls in classes]
        if len(names) < 2:
            return [plugin_id]
        if plugin_id.lower() == strategy.lower():
            wanted = None if timeframes is None else set(timeframes)
            taken = [c.info.plugin_id for c in classes if wanted is None or wanted & set(c.info.timeframes)]
            if taken:
                return taken
            raise ConfigError(f"plugin {plugin_id!r}: none of {', '.join(names)} is for {', '.join(wanted or ())}")
        raise ConfigError(
            f"plugin {plugin_id!r}: strategy {strategy!r} is {len(names)} plugins; name one of {', '.join(names)}"
        )

    # --- plugins --------------------------------------------------------------------------------------------------

    def load_all_plugins(
        self, configs: Iterable[PluginConfig], make_api: Callable[[PluginConfig, str, Mapping[str, Any]], ServiceAPI]
    ) -> dict[str, Strategy]:
        """Make an instance of each enabled configuration; every problem of every one at once, as ConfigError.

        One that is named after a family is each of its plugins, but for those that are configured themselves.
        """
        problems: list[str] = []
        for config in self._each(configs, problems):
            try:
                cls = self.find_class(config.strategy)
                settings = self._check_settings(config.plugin_id, settings_fields(cls), config.settings)
                api = make_api(config, cls.info.strategy, settings)
                plugin = cls(config.plugin_id, copy.deepcopy(dict(settings)), api)
                problems += [f"plugin {config.plugin_id!r}: {problem}" for problem in plugin.setting_problems()]
                self.add(plugin, config.timeframes)
            except ConfigError as error:
                problems.extend(error.problems)
            except Exception as error:  # noqa: BLE001 - a class that cannot be made is a problem to tell, not a crash
                problems.append(f"plugin {config.plugin_id!r} cannot be made: {type(error).__name__}: {error}")
        if problems:
            raise ConfigError(problems)
        return dict(self._plugins)

    def _each(self, configs: Iterable[PluginConfig], problems: list[str]) -> list[PluginConfig]:
        given = list(configs)
        own = {config.plugin_id for config in given}
        found: list[PluginConfig] = []
        for config in given:
            if not config.enabled:
                continue
            try:
                names = self.members(config.plugin_id, config.strategy, config.timeframes)
            except ConfigError as error:
                problems += error.problems
                continue
            if names == [config.plugin_id]:
                found.append(config)
            else:
                mine = replace(config, timeframes=None)
                found += [replace(mine, plugin_id=name, strategy=name) for name in names if name not in own]
        return found

    def add(self, plugin: Strategy, timeframes: tuple[str, ...] | None = None) -> None:
        self._plugins[plugin.plugin_id] = plugin
        self._timeframes[plugin.plugin_id] = plugin.info.timeframes if timeframes is None else timeframes

    def get_plugin(self, plugin_id: str) -> Strategy | None:
        return self._plugins.get(plugin_id)

    def plugins(self) -> Iterable[Strategy]:
        """The plugins as they are, without a copy."""
        return self._plugins.values()

    def get_all_plugins(self) -> dict[str, Strategy]:
        return dict(self._plugins)

    def timeframes_of(self, plugin_id: str) -> tuple[str, ...]:
        """Timeframes a plugin is for; empty for any."""
        return self._timeframes[plugin_id]

    def get_plugin_for_signal(self, alert: Alert) -> Strategy | None:
        """The first enabled plugin of the alert's family and timeframe; the router decides the whole question."""
        for plugin in self._plugins.values():
            frames = self._timeframes[plugin.plugin_id]
            is_meant = alert.strategy is not None and answers_to(plugin, alert.strategy)
            if plugin.enabled and is_meant and (not frames or alert.timeframe in frames):
                return plugin
        return None

    def enable_plugin(self, plugin_id: str) -> bool:
        return self._switch(plugin_id, True)

    def disable_plugin(self, plugin_id: str) -> bool:
        return self._switch(plugin_id, False)

    def get_plugin_status(self, plugin_id: str) -> dict[str, Any]:
        """What is known of a plugin; raises ConfigError for an unknown one."""
        plugin = self._plugins.get(plugin_id)
        if plugin is None:
            raise ConfigError(f"no plugin {plugin_id!r}; loaded are {', '.join(self._plugins) or 'none'}")
        return {
            **plugin.get_status(),
            "capabilities": capabilities_of(plugin),
            "timeframes": self._timeframes[plugin_id],
        }

    def _switch(self, plugin_id: str, on: bool) -> bool:
        plugin = self._plugins.get(plugin_id)
        if plugin is not None:
            plugin.enabled = on
        return plugin is not None


def _source(cls: type) -> str:
    """The text of a class; its name where that is not at hand (a notebook's cell)."""
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return f"{cls.__module__}.{cls.__qualname__}"


def _module_name(entry: Path, name: str) -> str:
    """``zepix_strategies.NAME``, with a number behind it where a file of another folder has that name already."""
    wanted, count = f"zepix_strategies.{name}", 1
    while (known := sys.modules.get(wanted)) is not None and getattr(known, "__file__", None) != str(entry):
        count += 1
        wanted = f"zepix_strategies.{name}_{count}"
    return wanted


def names_of(info: PluginInfo) -> tuple[str, ...]:
    """Every name that means a plugin or its family."""
    return (info.plugin_id, info.strategy, *info.aliases, *info.family_aliases)


def answers_to(plugin: Strategy, name: str) -> bool:
    """Whether an alert for ``name`` may be the plugin's: its family's name, its own, or another for either."""
    return plugin.info.is_family(name) or plugin.info.is_named(name) or plugin.plugin_id.lower() == name.lower()


def _only_known(plugin_id: str, fields: Mapping[str, tuple[Any, Any]], given: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sorted(set(given) - set(fields))
    missing = sorted(n for n, (_, default) in fields.items() if default is ... and n not in given)
    problems = [
        f"plugin {plugin_id!r}: unknown setting {n!r}; there are {', '.join(fields) or 'none'}" for n in unknown
    ]
    problems += [f"plugin {plugin_id!r}: setting {n!r} is required" for n in missing]
    if problems:
        raise ConfigError(problems)
    return {name: given.get(name, default) for name, (_, default) in fields.items()}
