"""One table ``[dialect.NAME]`` of a file, checked: what it claims, where its fields stand, what its words mean.

Every problem of a table is noted, each with its place and near names; a table without problems is complete, so that
reading a body never meets a surprise of the table's making.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zepix.alerts.own.matching import REQUIRED_LIMIT, Match, check_match
from zepix.alerts.own.paths import PATH_LIMIT, FieldPath, parse_path
from zepix.alerts.own.patterns import PATTERN_LIMIT, Pattern
from zepix.alerts.own.problems import Problems, near
from zepix.alerts.own.rules import INFORMATION, RULES, TRAILING, TYPES, word_of
from zepix.alerts.payload import shown
from zepix.alerts.reasons import Unreadable

__all__ = ["DEFAULT_RANK", "NAMES_LIMIT", "Table", "Unit", "check_table"]

DEFAULT_RANK: Final = 20
RANK_LIMIT: Final = 1000
NAMES_LIMIT: Final = 8
VALUES_LIMIT: Final = 256
PATTERNS_LIMIT: Final = 16
SECRETS_LIMIT: Final = 32
_TEXT_LIMIT: Final = 256
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_KEYS: Final = (
    "match", "fields", "values", "regex", "text", "units", "constants", "rank", "secrets", "refuse", "ignore",
    "strategy",
)  # fmt: skip
OTHERWISE: Final = "*"
"""The word of a map of values that stands for every word it does not name."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a field: a word, or where the body says it and what its words mean."""

    word: str = ""
    paths: tuple[FieldPath, ...] = ()
    words: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A dialect as its table says it. ``fields`` maps a field of the Alert to the places it may stand at.

    ``refuse`` are places that must hold nothing: a body that says something there is set aside, not half understood.
    ``ignore`` are places that are passed over although they are named like a level, a size or a kind of order.
    """

    name: str
    rank: int
    match: Match
    fields: Mapping[str, tuple[FieldPath, ...]]
    values: Mapping[str, Mapping[str, Any]]
    patterns: tuple[Pattern, ...]
    text: FieldPath | None
    units: Mapping[str, Unit]
    constants: Mapping[str, Any]
    secrets: tuple[FieldPath, ...]
    strategy: str | None
    refuse: tuple[FieldPath, ...] = ()
    ignore: tuple[FieldPath, ...] = ()

    @property
    def reads_text(self) -> bool:
        """Whether its bodies are text; else they are JSON objects."""
        return self.match.is_text


def check_table(name: str, raw: Any, problems: Problems, taken: Collection[str]) -> Table | None:
    """The table, or None with its problems noted."""
    place, before = f"dialect.{shown(name)[1:-1]}", len(problems.found)
    if not _NAME.fullmatch(name):
        problems.add(place, "a name is a-z, 0-9 and _, starts with a letter, and has at most 32 characters")
    elif name in taken:
        problems.add(place, f"{name} is a dialect of zepix; choose another name")
    raw = problems.table(place, raw, len(_KEYS) * 2)
    problems.known(place, raw, _KEYS)
    patterns = _patterns(f"{place}.regex", raw.get("regex"), problems)
    text = _path(f"{place}.text", raw["text"], problems) if "text" in raw else None
    if text is not None and not patterns and "regex" not in raw:
        problems.add(f"{place}.text", "says where the text of a regex stands, but there is no regex")
    fields = _fields(f"{place}.fields", raw.get("fields", {}), problems)
    names = {group for pattern in patterns for group in pattern.names}
    fields |= {group: (FieldPath(group, (group,)),) for group in names if group in RULES and group not in fields}
    match = check_match(f"{place}.match", raw.get("match"), problems, "regex" in raw and "text" not in raw)
    if match.is_text:
        _check_groups(f"{place}.fields", fields, names, problems)
    units = _units(f"{place}.units", raw.get("units", {}), problems)
    table = Table(
        name=name,
        rank=_rank(f"{place}.rank", raw.get("rank", DEFAULT_RANK), problems),
        match=match,
        fields=fields,
        values=_values(f"{place}.values", raw.get("values", {}), units, problems),
        patterns=patterns,
        text=text,
        units=units,
        constants=_constants(f"{place}.constants", raw.get("constants", {}), problems),
        secrets=_paths(f"{place}.secrets", raw["secrets"], SECRETS_LIMIT, problems) if "secrets" in raw else (),
        strategy=problems.text(f"{place}.strategy", raw["strategy"], _TEXT_LIMIT) if "strategy" in raw else None,
        refuse=_paths(f"{place}.refuse", raw["refuse"], REQUIRED_LIMIT, problems) if "refuse" in raw else (),
        ignore=_paths(f"{place}.ignore", raw["ignore"], REQUIRED_LIMIT, problems) if "ignore" in raw else (),
    )
    if match.is_text:
        _check_groups(place, {"refuse": table.refuse, "ignore": table.ignore}, names, problems)
    _check_whole(place, table, problems)
    return table if len(problems.found) == before else None


def _rank(place: str, value: Any, problems: Problems) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= RANK_LIMIT:
        return value
    problems.add(place, f"expected a whole number from 0 to {RANK_LIMIT}, not {shown(value)}")
    return DEFAULT_RANK


def _path(place: str, value: Any, problems: Problems) -> FieldPath | None:
    text = problems.text(place, value, PATH_LIMIT)
    if text is None:
        return None
    try:
        return parse_path(text)
    except ValueError as error:
        problems.add(place, str(error))
        return None


def _paths(place: str, value: Any, count: int, problems: Problems) -> tuple[FieldPath, ...]:
    if isinstance(value, list) and not 0 < len(value) <= count:
        problems.add(place, f"expected 1 to {count} paths, not {len(value)}")
        return ()
    found = [_path(place, one, problems) for one in (value if isinstance(value, list) else [value])]
    return tuple(path for path in found if path is not None)


def _patterns(place: str, value: Any, problems: Problems) -> tuple[Pattern, ...]:
    if value is None:
        return ()
    found = []
    for text in problems.texts(place, value, PATTERN_LIMIT, PATTERNS_LIMIT):
        try:
            found.append(Pattern(text))
        except ValueError as error:
            problems.add(place, str(error))
    if found and not any(pattern.names for pattern in found):
        problems.add(place, "has no named group; a part to read is written (?P<side>buy|sell)")
    return tuple(found)


def _fields(place: str, value: Any, problems: Problems) -> dict[str, tuple[FieldPath, ...]]:
    raw = problems.table(place, value, len(RULES) * 2)
    known = problems.known(place, raw, RULES, "field")
    return {name: _paths(f"{place}.{name}", raw[name], NAMES_LIMIT, problems) for name in raw if name in known}


def _check_groups(place: str, fields: Mapping[str, tuple[FieldPath, ...]], names: set[str], problems: Problems) -> None:
    """In text a path is the name of a group."""
    for field, paths in fields.items():
        for path in paths:
            if path.steps[0] not in names or len(path.steps) > 1:
                tail = near(path.steps[0], names) or (f"; there are {', '.join(sorted(names))}" if names else "")
                problems.add(f"{place}.{field}", f"no group of the regex is named {path.text!r}{tail}")


def _units(place: str, value: Any, problems: Problems) -> dict[str, Unit]:
    measured = [name for name, rule in RULES.items() if rule.units]
    raw = problems.table(place, value, len(measured) * 2)
    found = {}
    for name in problems.known(place, raw, measured, "field with a unit"):
        here, said = f"{place}.{name}", raw[name]
        if isinstance(said, Mapping):
            found[name] = _unit_in_body(here, said, RULES[name].units, problems)
        elif isinstance(said, str) and said in RULES[name].units:
            found[name] = Unit(said)
        else:
            tail = near(said, RULES[name].units) if isinstance(said, str) else ""
            problems.add(here, f"{shown(said)} is no unit of {name}; one of {', '.join(RULES[name].units)}{tail}")
    return found


def _unit_in_body(place: str, said: Mapping[str, Any], units: tuple[str, ...], problems: Problems) -> Unit:
    """``{ path = "stop.unit", values = { PIPS = "pips" } }``."""
    problems.known(place, said, ("path", "values"))
    if "path" not in said:
        problems.add(place, 'expected { path = "where.the.unit.stands", values = { THEIRS = "pips" } }')
    paths = _paths(f"{place}.path", said.get("path", "unit"), NAMES_LIMIT, problems)
    words = {}
    for theirs, ours in problems.table(f"{place}.values", said.get("values", {}), VALUES_LIMIT).items():
        if isinstance(ours, str) and ours in units:
            words[word_of(theirs)] = ours
        else:
            problems.add(f"{place}.values.{shown(theirs)[1:-1]}", f"{shown(ours)} is none of {', '.join(units)}")
    return Unit("", paths, words)


def _values(place: str, value: Any, units: Mapping[str, Unit], problems: Problems) -> dict[str, dict[str, Any]]:
    raw = problems.table(place, value, len(RULES) * 2)
    found = {}
    for name in problems.known(place, raw, RULES, "field"):
        words: dict[str, Any] = {}
        for theirs, ours in problems.table(f"{place}.{name}", raw[name], VALUES_LIMIT).items():
            here = f"{place}.{name}.{shown(theirs)[1:-1]}"
            if word_of(theirs) in words:
                problems.add(here, "stands twice; case does not matter here")
            _check_value(here, name, ours, units.get(name), problems)
            words[word_of(theirs)] = ours
        found[name] = words
    return found


def _constants(place: str, value: Any, problems: Problems) -> dict[str, Any]:
    raw = problems.table(place, value, len(RULES) * 2)
    known = problems.known(place, raw, RULES, "field")
    for name in known:
        _check_value(f"{place}.{name}", name, raw[name], None, problems)
    return {name: raw[name] for name in raw if name in known}


def _check_value(place: str, name: str, value: Any, unit: Unit | None, problems: Problems) -> None:
    """A word of ours must be one that the field takes; an empty text means that there is no value."""
    if not isinstance(value, str | int | float | bool):
        problems.add(place, f"expected a text, a number or a truth value, not {shown(value)}")
        return
    if value == "" or (RULES[name].units and unit is not None):
        return
    try:
        RULES[name].read(name, value)
    except Unreadable as error:
        words = (*TYPES, *INFORMATION) if name == "type" else ()
        problems.add(place, error.detail + near(str(value), words))


def _check_whole(place: str, table: Table, problems: Problems) -> None:
    """What only the table as a whole shows."""
    if "type" not in table.fields and "type" not in table.constants:
        problems.add(place, 'says no type; give fields.type its place, or write constants.type = "entry"')
    for name in table.values:
        if name not in table.fields:
            problems.add(f"{place}.values.{name}", f"maps words of a field that fields does not name: {name}")
    for name in table.units:
        if name not in table.fields and name not in table.constants:
            problems.add(f"{place}.units.{name}", f"is the unit of a field that fields does not name: {name}")
    trailing = {name for name in TRAILING if name in table.fields or name in table.constants}
    if trailing and len(trailing) < len(TRAILING):
        missing = ", ".join(name for name in TRAILING if name not in trailing)
        problems.add(place, f"trailing needs start, step and distance; missing is {missing}")
    if table.strategy is not None and ("strategy" in table.constants or "strategy" in table.fields):
        problems.add(f"{place}.strategy", "is said twice; keep strategy, or the one in fields or constants")
