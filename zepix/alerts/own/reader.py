"""A body read by the table of a dialect of one's own: values found, words translated, units attached.

- A value comes from the first of its places that is there; null and, where a field may be empty, an empty text are
  nothing. Then its word is translated (``values``; ``*`` stands for every other word; ``""`` makes it nothing).
- What the body does not say comes from ``constants``.
- What no field takes stays in ``fields``, secrets excepted. A body that says something of its levels, its size or its
  kind of order that no field takes is set aside, unless the table says ``ignore``; so is one that holds something at a
  place of ``refuse``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect
from zepix.alerts.own.concealing import conceal, secrets_of
from zepix.alerts.own.matching import claims
from zepix.alerts.own.paths import FieldPath, Used, find, first, used_steps, without
from zepix.alerts.own.rules import INFORMATION, RULES, TRAILING, measured, word_of
from zepix.alerts.own.table import OTHERWISE, Table, Unit
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import UNIMPORTANT, Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.trade_words import kind_of, refuse_beside
from zepix.model.quantity import UNKNOWN, Quantity

__all__ = ["OwnDialect", "dialect_of"]

_NEEDS_SIDE: Final = frozenset({"entry", "reversal"})
_NO_SIDE: Final = frozenset({"pause", "resume"})
_LEVELS: Final = ("sl", "tp", "entry_price", "limit_price")
_COMMON: Final = ("symbol", "timeframe", "price", "time", "id", "plugin_hint", "comment")


@dataclass(frozen=True, slots=True)
class OwnDialect(Dialect):
    """A dialect that a table says."""

    table: Table | None = None

    def secrets(self, body: Body) -> list[str]:
        """The secret texts of a body that the table names, for whoever receives and verifies them."""
        return secrets_of(self._said, body)

    def conceal(self, text: str, body: Body) -> str:
        """Blots out the secrets that the table names: in the body, and in its text, which is given back.

        ``text`` is the body as it arrived; a JSON body that holds a secret is written anew.
        """
        return conceal(self._said, text, body)

    @property
    def _said(self) -> Table:
        assert self.table is not None, "a dialect of one's own has a table"
        return self.table


def dialect_of(table: Table) -> OwnDialect:
    """The dialect that a table says; its settings are the units that the table leaves open (``sl_unit``)."""
    steps = _steps(table)
    open_units = {
        f"{step.name}_unit": tuple(word for word in RULES[step.name].units if word != UNKNOWN)
        for step in steps
        if step.unit is not None and step.unit.word in ("", UNKNOWN)
    }
    units = [path for unit in table.units.values() for path in unit.paths]
    used = used_steps([*(path for step in steps for path in step.paths), *units, *table.secrets])
    return OwnDialect(
        name=table.name,
        rank=table.rank,
        claims=lambda body: claims(table.match, table.patterns, body),
        read=lambda reading: _read(table, steps, used, reading),
        settings=MappingProxyType(open_units),
        table=table,
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """How one field is read."""

    name: str
    paths: tuple[FieldPath, ...]
    words: Mapping[str, Any] | None
    constant: Any
    unit: Unit | None
    may_be_empty: bool
    key: str | None
    """The name at the top of the body, where the field has this one place: most have, and it is found at once."""


def _steps(table: Table) -> tuple[_Step, ...]:
    """One a field, in the order of ``RULES``, so that the order in a file means nothing."""
    return tuple(
        _Step(
            name,
            table.fields.get(name, ()),
            table.values.get(name),
            table.constants.get(name),
            table.units.get(name, Unit(rule.unit)) if rule.units else None,
            rule.may_be_empty,
            _only_key(table.fields.get(name, ())),
        )
        for name, rule in RULES.items()
        if name in table.fields or name in table.constants
    )


def _only_key(paths: tuple[FieldPath, ...]) -> str | None:
    return paths[0].steps[0] if len(paths) == 1 and len(paths[0].steps) == 1 else None


def source_of(table: Table, body: Body) -> Mapping[str, Any]:
    """What the paths are looked up in: the fields of the JSON, the groups of the text, or both. Raises Unreadable."""
    text: Any = body.text
    fields = body.fields
    if fields is not None:
        if not table.patterns:
            return fields
        text = find(fields, table.text) if table.text is not None else None
    groups = table.patterns[0].groups(text) if isinstance(text, str) else None
    if groups is None:
        raise Unreadable("bad_field", f"the text does not fit the regex of the dialect {table.name}")
    for pattern in table.patterns[1:]:
        groups |= pattern.groups(text) or {}
    return groups if fields is None else {**fields, **groups}


def _read(table: Table, steps: tuple[_Step, ...], used: Used, reading: Reading) -> dict[str, Any]:
    """The fields of the Alert. Raises Unreadable."""
    source = source_of(table, reading.body)
    for path in table.refuse:
        if find(source, path) not in (None, ""):
            raise Unreadable("unsupported_parameter", f"something stands at {path.text}, which the dialect refuses")
    found: dict[str, Any] = {}
    word: Any = None
    for step in steps:
        value = source.get(step.key) if step.key is not None else first(source, step.paths)
        if word is None and step.name in ("type", "side"):
            word = value
        if value is None or (value == "" and step.may_be_empty and step.words is None):
            value = step.constant
        elif step.words is not None:
            value = _translated(step, value)
        if value is None:
            continue
        if isinstance(value, str) and reading.body.has_placeholders and "{{" in value:
            value = _mended(reading, step.name, value)
        if value is not None and not (value == "" and step.may_be_empty):
            found[step.name] = value
    if "type" not in found:
        raise Unreadable("missing_type", f"there is no type at {_places(table, 'type')}")
    kind = RULES["type"].read("type", found.pop("type"))
    out = reading.common({name: found.pop(name) for name in _COMMON if name in found})
    out["type"] = kind
    signal = found.pop("signal", None) or word
    out["signal"] = values.text("signal", signal) if isinstance(signal, str) and len(signal) <= 256 else kind
    if (strategy := found.pop("strategy", None) or table.strategy) is not None:
        out["strategy"] = values.text("strategy", strategy)
    if kind in INFORMATION or kind in _NO_SIDE:
        _keep(reading, found)
        _keep_rest(table, used, source, reading, is_trade=False)
        return out
    _keep_rest(table, used, source, reading, is_trade=True, has_size="volume" in found)
    for step in steps:
        if step.name in found:
            out[step.name] = _converted(table, step, found[step.name], source, reading)
    _check(table, out)
    return out


def _translated(step: _Step, value: Any) -> Any:
    """What the table's words make of a value: the value itself where they do not name it, None for ``""``."""
    assert step.words is not None
    found = step.words.get(word_of(value), step.words.get(OTHERWISE, value))
    return None if found == "" else found


def _mended(reading: Reading, name: str, value: str) -> Any:
    """A placeholder left in place: symbol and timeframe have a stand-in beside the body, some fields become nothing."""
    if name in ("symbol", "timeframe"):
        return value
    reading.give_up(name, value, important=name not in UNIMPORTANT)
    return None


def _keep_rest(
    table: Table, used: Used, source: Mapping[str, Any], reading: Reading, *, is_trade: bool, has_size: bool = False
) -> None:
    """What no field takes goes to ``fields``. Raises Unreadable for what changes the trade, and is not to be ignored.

    A stop, a size or a kind of order that the table does not know would be traded without; so the body is set aside.
    """
    rest = without(source, used)
    if table.text is not None and len(table.text.steps) == 1:
        rest.pop(table.text.steps[0], None)
    asked = without(rest, used_steps(table.ignore)) if is_trade else {}
    refuse_beside(asked, has_size=has_size)
    for name, value in rest.items():
        if reading.body.has_placeholders and isinstance(value, str) and "{{" in value:
            reading.give_up(name, value, important=name in asked and kind_of(name) != "")
            rest[name] = None
    _keep(reading, rest)


def _keep(reading: Reading, rest: Mapping[str, Any]) -> None:
    for name, value in rest.items():
        if not isinstance(name, str):
            raise Unreadable("bad_json", f"the key {shown(name)} is no text")
        if not values.is_finite_throughout(value):
            raise Unreadable("bad_number", f"{shown(name)} holds a number that is not finite")
        reading.extras[name] = value


def _converted(table: Table, step: _Step, value: Any, source: Mapping[str, Any], reading: Reading) -> Any:
    name = step.name
    if step.unit is None:
        return RULES[name].read(name, value)
    unit = step.unit.word or _unit_in_body(name, step.unit, source)
    if unit == UNKNOWN:
        unit = reading.settings.get(f"{name}_unit", UNKNOWN)
    if unit == UNKNOWN:
        found = values.number(name, value, "bad_volume" if name == "volume" else "bad_price")
        if not 0.0 <= found <= values.PRICE_LIMIT or (name == "volume" and found == 0.0):
            RULES[name].read(name, value)  # raises with the reason
        return Quantity(found, UNKNOWN, f"dialects.{table.name}.{name}_unit")
    return measured(name, value, unit)


def _unit_in_body(name: str, unit: Unit, source: Mapping[str, Any]) -> str:
    """The unit that the body itself names; unknown where it names none. Raises Unreadable for a word nobody mapped."""
    sent = first(source, unit.paths)
    if sent is None or sent == "":
        return UNKNOWN
    word = word_of(sent)
    found = (unit.words or {}).get(word) or (word if word in RULES[name].units else None)
    if found is None:
        raise Unreadable("bad_field", f"the unit of {name}, {shown(sent)}, is none that the dialect's table maps")
    return found


def _check(table: Table, out: dict[str, Any]) -> None:
    """What must hold whatever the table, and the parts of a trailing stop put together. Raises Unreadable."""
    kind = out["type"]
    if kind in _NEEDS_SIDE and "side" not in out:
        raise Unreadable("missing_side", f"{kind} needs a side; there is none at {_places(table, 'side')}")
    for name in _LEVELS:
        level = out.get(name)
        if level is None or (level.value if isinstance(level, Quantity) else level) != 0.0:
            continue
        if kind != "modify" or name in ("entry_price", "limit_price"):
            raise Unreadable("bad_price", f'{name} must be above zero, not 0; map 0 to "" where it means none')
        out[name] = 0.0
    if not TRAILING.keys().isdisjoint(out):
        parts = {part: out.pop(name) for name, part in TRAILING.items() if name in out}
        if len(parts) == len(TRAILING):
            out["trailing"] = parts


def _places(table: Table, name: str) -> str:
    return " or ".join(path.text for path in table.fields.get(name, ())) or "any place of the table"
