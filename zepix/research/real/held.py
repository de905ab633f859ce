"""What a strategy holds besides what a replay gives it: data in its module, its class, its closures, its services.

Walked are the class and its bases up to ``Strategy``, the functions of it with what they captured and the globals they
name, and what those hold in turn; of modules only those that are neither Python's, nor an installed package's, nor
zepix's own. Every place found can be filled with something else for the time of one run.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from zepix.engine.strategy import Strategy
from zepix.research.real.timed import before, instants, is_timeless

__all__ = ["Held", "held_by", "is_own_module", "packages_named", "without_future"]

_DEEPEST: Final = 6
_MOST_OBJECTS: Final = 20_000
_PLAIN: Final = (str, bytes, int, float, complex, bool, type(None))


@dataclass(eq=False, slots=True)
class Held:
    """One value at one place; ``last_ns`` is when its last row was known, None for numbers without times."""

    place: str
    value: Any
    put: Callable[[Any], None]
    last_ns: int | None
    rows: int

    @property
    def text(self) -> str:
        return f"{self.place} ({type(self.value).__name__}, {self.rows:,} rows)"


def held_by(classes: Iterable[type[Strategy]], services: Iterable[tuple[str, Any]] = ()) -> list[Held]:
    """Every table or row of numbers that strategies (and services of the user's own) hold."""
    walk = _Walk()
    wanted = list(classes)
    walk.own = {cls.__module__.partition(".")[0] for cls in wanted} - {"zepix"}
    for cls in wanted:
        walk.of_class(cls)
    for name, service in services:
        walk.look(f"service {name}", service, _no_put, 0)
    return walk.found


@contextmanager
def without_future(found: Iterable[Held], at_ns: int) -> Iterator[None]:
    """For a while, what is held ends at an instant; then everything is as it was."""
    changed: list[Held] = []
    try:
        for one in found:
            if one.last_ns is not None and one.last_ns >= at_ns:
                one.put(before(one.value, at_ns))
                changed.append(one)
        yield
    finally:
        for one in changed:
            one.put(one.value)


def packages_named(classes: Iterable[type[Strategy]]) -> set[str]:
    """The packages that strategies' modules hold, and those that their functions import by themselves."""
    found: set[str] = set()
    for cls in classes:
        for base in cls.__mro__:
            if base in (Strategy, object):
                break
            held = vars(sys.modules.get(base.__module__, base))
            for value in [*held.values(), *vars(base).values()]:
                if isinstance(value, ModuleType):
                    found.add(value.__name__.partition(".")[0])
                function = _function(value)
                if function is not None and function.__module__ == base.__module__:
                    found |= {name.partition(".")[0] for name in _names_in(function.__code__)}
    return found


def is_own_module(module: Any) -> bool:
    """Whether a module is the user's: no part of Python, of an installed package, or of zepix."""
    if not isinstance(module, ModuleType):
        return False
    name, file = module.__name__.partition(".")[0], getattr(module, "__file__", None)
    if name in ("zepix", "zepix_live") or name in sys.stdlib_module_names:
        return False
    if file is None:
        return name == "__main__"
    path = Path(file).resolve()
    return not any(path.is_relative_to(one) for one in _INSTALLED)


_INSTALLED: Final = tuple(
    Path(sysconfig.get_paths()[name]).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def _no_put(_value: Any) -> None:
    return None


class _Walk:
    def __init__(self) -> None:
        self.found: list[Held] = []
        self.own: set[str] = set()
        """Packages of the strategies asked about: theirs, wherever they are installed."""
        self._seen: dict[int, Any] = {}  # kept, so that no id is used twice

    def of_class(self, cls: type[Any]) -> None:
        for base in cls.__mro__:
            if base is Strategy or base is object:
                break
            for name, value in list(vars(base).items()):
                if not name.startswith("__") and name != "info":
                    self.look(f"{base.__name__}.{name}", value, _setter(base, name), 0)

    def look(self, place: str, value: Any, put: Callable[[Any], None], depth: int) -> None:
        if isinstance(value, _PLAIN) or id(value) in self._seen or depth > _DEEPEST:
            return
        if len(self._seen) >= _MOST_OBJECTS:
            return
        self._seen[id(value)] = value
        if isinstance(value, type):
            if issubclass(value, Strategy) or self._is_class(value):
                self.of_class(value)
            return
        function = _function(value)
        if function is not None:
            self._function(place, function, depth)
            return
        known = instants(value)
        if known is not None:
            self.found.append(Held(place, value, put, int(known.max()), len(known)))
        elif is_timeless(value):
            self.found.append(Held(place, value, put, None, len(value)))
        else:
            self._inside(place, value, depth + 1)

    def _inside(self, place: str, value: Any, depth: int) -> None:
        if isinstance(value, dict):
            for key, one in list(value.items()):
                self.look(f"{place}[{key!r}]", one, _item_setter(value, key), depth)
        elif isinstance(value, list):
            for number, one in enumerate(value):
                self.look(f"{place}[{number}]", one, _item_setter(value, number), depth)
        elif isinstance(value, tuple | set | frozenset):
            for one in value:
                self.look(place, one, _no_put, depth)
        elif isinstance(value, ModuleType):
            if self._is_module(value):
                self._names(value.__name__, vars(value), list(vars(value)), depth)
        elif self._is_class(type(value)) and hasattr(value, "__dict__"):
            self._names(place, vars(value), list(vars(value)), depth)
            self.of_class(type(value))

    def _is_module(self, module: Any) -> bool:
        is_theirs = isinstance(module, ModuleType) and module.__name__.partition(".")[0] in self.own
        return is_theirs or is_own_module(module)

    def _is_class(self, cls: type) -> bool:
        return self._is_module(sys.modules.get(cls.__module__))

    def _function(self, place: str, function: FunctionType, depth: int) -> None:
        if not self._is_module(sys.modules.get(function.__module__)) and not _is_loose(function):
            return
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self._cell(f"{name}, captured by {place}", cell, depth + 1)
        for number, value in enumerate(function.__defaults__ or ()):
            self.look(f"default {number + 1} of {place}", value, _no_put, depth + 1)
        names = sorted(_names_in(function.__code__) & function.__globals__.keys())
        self._names(function.__module__.removeprefix("zepix_strategies."), function.__globals__, names, depth + 1)

    def _cell(self, place: str, cell: CellType, depth: int) -> None:
        try:
            value = cell.cell_contents
        except ValueError:  # empty
            return

        def put(new: Any) -> None:
            cell.cell_contents = new

        self.look(place, value, put, depth)

    def _names(self, owner: str, table: dict[str, Any], names: list[str], depth: int) -> None:
        for name in names:
            if not name.startswith("__"):
                self.look(f"{owner}.{name}", table[name], _item_setter(table, name), depth)


def _setter(owner: type, name: str) -> Callable[[Any], None]:
    return lambda value: setattr(owner, name, value)


def _item_setter(table: Any, key: Any) -> Callable[[Any], None]:
    def put(value: Any) -> None:
        table[key] = value

    return put


def _function(value: Any) -> FunctionType | None:
    if isinstance(value, staticmethod | classmethod | MethodType):
        value = value.__func__
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "__wrapped__", value) if callable(value) else value
    return value if isinstance(value, FunctionType) else None


def _names_in(code: CodeType) -> set[str]:
    found = set(code.co_names)
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found |= _names_in(one)
    return found


def _is_loose(function: FunctionType) -> bool:
    """Of no module that is there: a notebook's or one that was taken out again."""
    return function.__module__ not in sys.modules or function.__module__.startswith("zepix_strategies")
