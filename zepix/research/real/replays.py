"""Replays of one subject under other conditions: other data, other rules, strategies made anew each time.

Plugins keep state and classes are shared, so each replay has a registry of its own. Strategies that came from files are
loaded from them again, so that what they read when they are loaded can be cut, too.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from zepix.config import complete_settings
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.strategy import Strategy
from zepix.research import replay as replaying
from zepix.research.real.cuts import cut_loaded
from zepix.research.real.held import Held, held_by, is_own_module, packages_named, without_future
from zepix.research.real.reading import BLIND, Reads, reads_cut
from zepix.research.result import Result
from zepix.spec import Spec

__all__ = ["CutRun", "Subject", "subject_of"]

_LOADED: Final = "zepix_strategies."
Tell = Callable[[int, int], None]


@dataclass(slots=True)
class CutRun:
    """One replay that ends at an instant: what came of it, what strategies read by themselves, what they held."""

    result: Result
    reads: Reads
    held: list[Held]


@dataclass(slots=True)
class Subject:
    """What is asked about: a spec with its data, strategies and plugins, as a replay takes them."""

    spec: Spec
    loaded: replaying.Loaded
    registry: PluginRegistry
    plugins: Sequence[PluginConfig]
    services: Mapping[str, Any] = field(default_factory=dict)

    def run(self, loaded: replaying.Loaded | None = None, **changes: Any) -> Result:
        """One replay; ``changes`` are fields of the spec."""
        spec = replace(self.spec, profile=False, **changes)
        return self._run(spec, self.loaded if loaded is None else loaded, self._fresh())

    def run_cut(self, at_ns: int | None) -> CutRun:
        """One replay that ends at an instant (None: as it is), with all that strategies load themselves cut there."""
        files, folders = self._files()
        loaded = self.loaded if at_ns is None else cut_loaded(self.loaded, at_ns)
        with _modules_kept(), reads_cut(at_ns, files, folders) as reads:
            registry = self._again()
            classes = self._classes(registry)
            held = held_by(classes, self.services.items())
            for name in sorted(packages_named(classes).intersection(BLIND)):
                reads.note(f"with {name}", False)
            with without_future(held, at_ns if at_ns is not None else 1 << 62):
                return CutRun(self._run(self.spec, loaded, registry), reads, held)

    def classes(self) -> list[type[Strategy]]:
        """The classes of the plugins that run."""
        return self._classes(self.registry)

    def can_be_loaded_again(self, cls: type[Strategy]) -> bool:
        """Whether a class comes from a file that can be run again."""
        return cls.__module__.startswith(_LOADED) or _source_of(cls) is not None

    def _run(self, spec: Spec, loaded: replaying.Loaded, registry: PluginRegistry) -> Result:
        return replaying.run_loaded(spec, loaded, registry, self.plugins, services=self.services)

    def _classes(self, registry: PluginRegistry) -> list[type[Strategy]]:
        names = dict.fromkeys(plugin.strategy for plugin in self.plugins if plugin.enabled)
        return list(dict.fromkeys(cls for name in names for cls in registry.find_classes(name)))

    def _fresh(self) -> PluginRegistry:
        registry = PluginRegistry(complete_settings)
        registry.classes = dict(self.registry.classes)
        registry.failures, registry.notes = dict(self.registry.failures), list(self.registry.notes)
        return registry

    def _again(self) -> PluginRegistry:
        """A registry whose own classes were loaded from their files anew; those of zepix are taken as they are."""
        registry = self._fresh()
        for cls in self._classes(registry):
            made = _again(cls)
            if made is not None:
                registry.classes[cls.info.plugin_id] = made
        return registry

    def _files(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Files and folders of the strategies, by which their readings are known."""
        files: set[str] = set()
        folders = [str(folder.resolve()) for folder in self.spec.strategy_folders]
        for cls in self.classes():
            for base in cls.__mro__:
                if base in (Strategy, object):
                    break
                files |= {one.__code__.co_filename for one in vars(base).values() if hasattr(one, "__code__")}
                module = sys.modules.get(base.__module__)
                own = getattr(module, "__file__", None)
                files |= {own} if own else set()
                for one in vars(module).values() if module is not None else ():
                    if is_own_module(one) and getattr(one, "__file__", None):
                        files.add(str(one.__file__))
        return frozenset(files), tuple(folders)


def subject_of(
    spec: Spec,
    loaded: replaying.Loaded | None = None,
    registry: PluginRegistry | None = None,
    plugins: Sequence[PluginConfig] | None = None,
    services: Mapping[str, Any] | None = None,
) -> Subject:
    """The subject of a spec; what is at hand already is not loaded again. Raises ConfigError and DataError."""
    known = replaying.registry_for(spec) if registry is None else registry
    given = replaying.plugins_of(spec) if plugins is None else plugins
    return Subject(spec, replaying.load(spec) if loaded is None else loaded, known, given, services or {})


def _again(cls: type[Strategy]) -> type[Strategy] | None:
    """The class from its file, run again, with the modules of its own that it imports; None where there is no file."""
    source = _source_of(cls)
    if source is None:
        return None
    module = sys.modules.get(cls.__module__)
    for one in list(vars(module).values()) if module is not None else ():
        if is_own_module(one):
            sys.modules.pop(one.__name__, None)
        owner = getattr(one, "__module__", None)
        if isinstance(owner, str) and owner != cls.__module__ and is_own_module(sys.modules.get(owner)):
            sys.modules.pop(owner, None)
    top = _top(cls)
    places = [str(source.parent)] if source.name in ("__init__.py", "plugin.py") else None
    spec = importlib.util.spec_from_file_location(top, source, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        return None
    for name in [name for name in sys.modules if name.startswith(f"{top}.")]:
        sys.modules.pop(name)
    made = importlib.util.module_from_spec(spec)
    sys.modules[top] = made
    spec.loader.exec_module(made)
    found = getattr(sys.modules.get(cls.__module__), cls.__qualname__, None)
    return found if isinstance(found, type) and issubclass(found, Strategy) else None


def _top(cls: type[Strategy]) -> str:
    """The name of the file or package that a strategies' folder gave."""
    return ".".join(cls.__module__.split(".")[:2])


def _source_of(cls: type[Strategy]) -> Path | None:
    """The file or package of a class that a strategies' folder gave; a class within a function is not made by it."""
    if "<locals>" in cls.__qualname__ or not cls.__module__.startswith(_LOADED):
        return None
    file = getattr(sys.modules.get(_top(cls)), "__file__", None)
    if file is None or Path(file).resolve().is_relative_to(_shipped()):
        return None
    return Path(file)


def _shipped() -> Path:
    from zepix.engine.registry import builtin_strategies

    return builtin_strategies().resolve()


@contextmanager
def _modules_kept() -> Iterator[None]:
    """Modules that are loaded meanwhile are forgotten again, and those taken out are put back."""
    before = dict(sys.modules)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith(_LOADED) and name not in before]:
            del sys.modules[name]
        for name, module in before.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
