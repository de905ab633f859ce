"""Which cells a sweep tries: every combination of a grid, random draws, or what a search asks for.

A parameter is a dotted key (``account.balance``, ``strategy.sl_pips``) with what it may be: a list of values, or a
range: ``("float", low, high)``, ``("int", low, high)``, ``("log", low, high)`` (a float, its logarithm evenly drawn);
floats and integers also with a step. A grid needs values or steps. Both ends belong to a range.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.config.keys import near
from zepix.config.merge import is_secret
from zepix.errors import ConfigError

__all__ = ["MOST_CELLS", "Cell", "Domain", "Range", "Space", "space_of", "without_password"]

MOST_CELLS: Final = 100_000
MOST_PARAMETERS: Final = 50
_MOST_TRIES: Final = 20
_KINDS: Final = ("float", "int", "log")
_RANDOM: Final = {"samples": 100, "seed": 1}
STUDY: Final = ("trials", "objective", "direction", "sampler", "seed", "storage", "name", "space")
_NOT_SWEPT: Final = {
    "out": "it says where a run is written",
    "report": "cells write no report",
    "title": "it changes no result",
    "data.cache": "it changes no result",
    "plugin_system": "a sweep finds its strategies once",
    "sweep": "it is the sweep itself",
    "live": "a replay does not read it",
    "journal": "a replay does not read it",
    "telegram": "a replay does not read it",
    "shadow_mode": "who trades live is no question of a replay",
}

Cell = dict[str, Any]
"""Dotted key -> value."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``, both ends included; ``kind`` is float, int or log, ``step`` 0 for none."""

    kind: str
    low: float
    high: float
    step: float = 0.0

    def values(self) -> list[Any] | None:
        """Every one of them; None where there is no end of them."""
        step = self.step or (1 if self.kind == "int" else 0)
        if not step:
            return None
        many = min(math.floor((self.high - self.low) / step + 1e-9) + 1, MOST_CELLS + 1)
        found = [self.low + step * n for n in range(many)]
        return [int(one) for one in found] if self.kind == "int" else [_short(one) for one in found]

    def drawn(self, unit: float) -> Any:
        """The number at ``unit`` of [0, 1)."""
        values = self.values()
        if values is not None:
            return values[int(unit * len(values))]
        if self.kind == "log":
            return math.exp(math.log(self.low) + unit * (math.log(self.high) - math.log(self.low)))
        return self.low + unit * (self.high - self.low)

    def as_list(self) -> list[Any]:
        return [self.kind, self.low, self.high, *([self.step] if self.step else [])]


Domain = tuple[Any, ...] | Range


@dataclass(frozen=True, slots=True)
class Space:
    """``kind`` is grid, random or study; ``domains`` what each parameter may be; ``options`` those of the kind."""

    kind: str
    domains: Mapping[str, Domain]
    options: Mapping[str, Any] = field(default_factory=dict)

    def size(self) -> int:
        """How many cells there will be at most."""
        if self.kind == "grid":
            return math.prod(len(_listed(domain)) for domain in self.domains.values())
        return int(self.options["samples" if self.kind == "random" else "trials"])

    def cells(self) -> Iterator[Cell]:
        """The cells of a grid (the last parameter turns fastest) or the draws, each once; none of a study."""
        if self.kind == "grid":
            for values in itertools.product(*(_listed(domain) for domain in self.domains.values())):
                yield dict(zip(self.domains, values, strict=True))
        elif self.kind == "random":
            yield from self._drawn()

    def samples_of(self, name: str) -> list[Any]:
        """Values of one parameter that show whether it is understood: all of a list, the ends of a range."""
        domain = self.domains[name]
        if isinstance(domain, Range):
            ends = (domain.low, domain.high)
            return [int(one) for one in ends] if domain.kind == "int" else list(ends)
        return list(domain)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the sweep's description."""
        domains = {k: d.as_list() if isinstance(d, Range) else list(d) for k, d in self.domains.items()}
        told = {name: _told(value) for name, value in self.options.items()}
        return {"kind": self.kind, "space": domains, "options": told, "cells": self.size()}

    def _drawn(self) -> Iterator[Cell]:
        import random

        source = random.Random(self.options["seed"])  # noqa: S311 - a sample, no secret
        seen: set[str] = set()
        for _ in range(int(self.options["samples"])):
            for _try in range(_MOST_TRIES):
                cell = {name: _draw(domain, source.random()) for name, domain in self.domains.items()}
                if repr(cell) not in seen:
                    seen.add(repr(cell))
                    yield cell
                    break


def space_of(
    grid: Mapping[str, Any] | None = None,
    random: Mapping[str, Any] | None = None,
    study: Mapping[str, Any] | None = None,
    *,
    limit: int = MOST_CELLS,
) -> Space:
    """The one space that is asked for. Raises ConfigError with every problem: shapes, ranges, limits, both at once."""
    given = {k: v for k, v in (("grid", grid), ("random", random), ("study", study)) if v is not None}
    if len(given) != 1:
        raise ConfigError(f"a sweep needs one of grid, random and study, not {', '.join(given) or 'none of them'}")
    ((kind, said),) = given.items()
    problems: list[str] = []
    if not isinstance(said, Mapping):
        raise ConfigError(f"{kind}: expected a table, not {said!r}")
    options: dict[str, Any] = {}
    table: Any = said
    if kind != "grid":
        known = (*_RANDOM, "space") if kind == "random" else STUDY
        hint = "; known are " + ", ".join(known)
        problems += [f"{kind}.{key}: unknown{near(key, known) or hint}" for key in said if key not in known]
        table = said.get("space")
        usual: Mapping[str, Any] = _RANDOM if kind == "random" else {"trials": 100}
        options = {**usual, **{key: value for key, value in said.items() if key != "space"}}
        problems += _counts_wrong(kind, options)
    domains = _domains(kind, table, problems)
    if problems:
        raise ConfigError(problems)
    space = Space(kind, domains, options)
    most = min(limit, MOST_CELLS)
    if space.size() > most:
        sizes = " x ".join(str(len(_listed(d))) for d in domains.values()) if kind == "grid" else str(space.size())
        raise ConfigError(f"{sizes} = {space.size():,} cells are too many, at most {most:,}; name fewer values")
    return space


def without_password(address: str) -> str:
    """An address of a database as it may be shown."""
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", address)


def _told(value: Any) -> Any:
    """An option in plain words: functions and samplers by their names, no password."""
    if isinstance(value, str):
        return without_password(value)
    if isinstance(value, int | float) or value is None:
        return value
    return f"{type(value).__name__} {getattr(value, '__qualname__', '')}".strip()


def _counts_wrong(kind: str, options: Mapping[str, Any]) -> list[str]:
    problems = []
    for name, least, most in (("samples", 1, MOST_CELLS), ("trials", 1, MOST_CELLS), ("seed", 0, 2**32 - 1)):
        value = options.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            problems.append(f"{kind}.{name}: expected a whole number from {least} to {most:,}, not {value!r}")
    return problems


def _domains(kind: str, table: Any, problems: list[str]) -> dict[str, Domain]:
    where = kind if kind == "grid" else f"{kind}.space"
    if not isinstance(table, Mapping) or not table:
        problems.append(f"{where}: expected a table of parameters, as {{'account.balance': [5000, 10000]}}")
        return {}
    flat = _flat(table, problems, where)
    if len(flat) > MOST_PARAMETERS:
        problems.append(f"{where}: {len(flat)} parameters are too many, at most {MOST_PARAMETERS}")
    found: dict[str, Domain] = {}
    for name, said in flat.items():
        reason = next((why for key, why in _NOT_SWEPT.items() if name == key or name.startswith(f"{key}.")), None)
        if reason is not None:
            problems.append(f"{where}.{name}: cannot be swept; {reason}")
        elif is_secret(tuple(name.split("."))):
            problems.append(f"{where}.{name}: cannot be swept; a secret is never written into results")
        elif any(other.startswith(f"{name}.") for other in flat):
            problems.append(f"{where}.{name}: conflicts with {name}.*, which is given too")
        else:
            found |= _domain(kind, f"{where}.{name}", name, said, problems)
    return found


def _flat(table: Mapping[Any, Any], problems: list[str], where: str, prefix: str = "") -> dict[str, Any]:
    """Tables in tables as dotted keys."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        inner = _flat(value, problems, where, f"{name}.") if isinstance(value, Mapping) else {name: value}
        problems += [f"{where}.{twice}: given twice" for twice in inner if twice in found]
        found |= inner
    return found


def _domain(kind: str, where: str, name: str, said: Any, problems: list[str]) -> dict[str, Domain]:
    if isinstance(said, str) or not isinstance(said, Sequence):
        if hasattr(said, "tolist"):  # an array
            said = said.tolist()
        if isinstance(said, str) or not isinstance(said, Sequence):
            problems.append(f"{where}: expected a list of values or a range as ('float', 5, 50), not {said!r}")
            return {}
    values = [one.item() if hasattr(one, "item") and not isinstance(one, str) else one for one in said]
    if values and isinstance(values[0], str) and values[0] in _KINDS and len(values) > 1 and _are_numbers(values[1:]):
        made = _range(where, values, problems)
        if made is not None and kind == "grid" and made.values() is None:
            problems.append(f"{where}: a grid needs a step, as ('{made.kind}', {made.low:g}, {made.high:g}, STEP)")
        return {} if made is None else {name: made}
    if not values:
        problems.append(f"{where}: no value; name at least one")
    often = Counter((type(one).__name__, repr(one)) for one in values)
    problems += [f"{where}: {text} stands twice" for (_, text), times in often.items() if times > 1]
    return {name: tuple(values)}


def _range(where: str, said: Sequence[Any], problems: list[str]) -> Range | None:
    kind, *numbers = said
    if len(numbers) not in (2, 3) or (kind == "log" and len(numbers) != 2):
        more = "" if kind == "log" else "[, step]"
        problems.append(f"{where}: a range is ('{kind}', low, high{more}), not {tuple(said)}")
        return None
    low, high, step = (*numbers, 0)[:3]
    if not all(math.isfinite(one) for one in numbers) or low > high or step < 0 or (len(numbers) == 3 and step == 0):
        problems.append(f"{where}: {tuple(said)} is no range: low must not lie above high, a step must be above 0")
        return None
    if kind == "int" and any(int(one) != one for one in numbers):
        problems.append(f"{where}: {tuple(said)} is a range of whole numbers, and one of its numbers is none")
        return None
    if kind == "log" and low <= 0:
        problems.append(f"{where}: {tuple(said)}: a logarithm needs numbers above 0")
        return None
    return Range(kind, low, high, step)


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def _listed(domain: Domain) -> list[Any]:
    return (domain.values() or []) if isinstance(domain, Range) else list(domain)


def _draw(domain: Domain, unit: float) -> Any:
    return domain.drawn(unit) if isinstance(domain, Range) else domain[int(unit * len(domain))]


def _short(number: float) -> float:
    """0.30000000000000004 is 0.3."""
    return float(f"{number:.12g}")
