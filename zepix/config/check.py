"""Values against types: is ``"10000"`` a balance, is ``"abc"`` a number of points?

Text from a flag or the environment is read twice: as a TOML value (``true``, ``5``, ``["a"]``) and, where that does not
fit the type, as the text itself. Truth values are never numbers here, and no number is infinite or absurdly large.
"""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Union

from zepix.config.keys import near
from zepix.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["Raw", "check_settings", "check_value", "complete_settings", "plain"]

_MAX_NUMBER: Final = 10**18
_MAX_TEXT: Final = 10_000
_WORDS: Final[dict[Any, str]] = {
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    bool: "true or false",
    str: "text",
}


class Raw(str):
    """A setting as it was typed in a flag or an environment variable; ``value`` is its reading as TOML, else itself."""

    __slots__ = ()

    @property
    def value(self) -> Any:
        text = str(self)
        if len(text) > _MAX_TEXT or "\n" in text or "\r" in text:
            return text
        try:
            read = tomllib.loads(f"v = {text}")
        except (tomllib.TOMLDecodeError, RecursionError, ValueError):
            return text
        return read["v"] if set(read) == {"v"} else text


def plain(value: Any) -> Any:
    """The value without its memory of how it was typed, also inside tables and lists."""
    if isinstance(value, Raw):
        return value.value
    if isinstance(value, Mapping):
        return {key: plain(child) for key, child in value.items()}
    return [plain(child) for child in value] if isinstance(value, list) else value


def check_value(kind: Any, value: Any) -> Any:
    """The value as ``kind`` (any annotation pydantic knows); raises ValueError with a sentence that has no subject."""
    readings = [value.value, str(value)] if isinstance(value, Raw) else [plain(value)]
    if _is_list(kind):
        readings = [[reading] if isinstance(reading, str) else reading for reading in readings]
    for reading in readings:
        found, result = _fits(kind, reading)
        if found:
            _limit(result)
            return result
    raise ValueError(f"expected {_expected(kind)}, not {_shown(readings[0])}")


def check_settings(
    fields: Mapping[str, Any], settings: Mapping[str, Any], *, where: str = "strategy"
) -> dict[str, Any]:
    """The given settings in the types of a strategy's fields (name -> annotation); fields not given stay out.

    Raises ConfigError with every problem: names that the strategy does not have (with near ones), values of the wrong
    type.
    """
    problems: list[str] = []
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in fields:
            known = f"; it has {', '.join(sorted(fields))}" if fields else "; it has none"
            problems.append(f"{where}{name}: unknown setting{near(name, fields) or known}")
            continue
        try:
            checked[name] = check_value(fields[name], value)
        except ValueError as error:
            problems.append(f"{where}{name}: {error}")
    if problems:
        raise ConfigError(problems)
    return checked


def complete_settings(
    plugin_id: str, fields: Mapping[str, tuple[Any, Any]], given: Mapping[str, Any]
) -> dict[str, Any]:
    """All settings of one plugin: the given ones in their types over the defaults (name -> (annotation, default)).

    A default of ``...`` means the setting is required. Raises ConfigError with every problem.
    """
    where = f"plugin {plugin_id!r}: "
    problems: list[str] = []
    checked: dict[str, Any] = {}
    try:
        checked = check_settings({name: kind for name, (kind, _) in fields.items()}, given, where=where)
    except ConfigError as error:
        problems.extend(error.problems)
    required = [name for name, (_, default) in fields.items() if default is ... and name not in given]
    problems += [f"{where}{name}: this setting has no default; say it in [strategy] or --set" for name in required]
    if problems:
        raise ConfigError(problems)
    return {name: checked.get(name, default) for name, (_, default) in fields.items()}


def _fits(kind: Any, value: Any) -> tuple[bool, Any]:
    from pydantic import ValidationError

    if isinstance(value, bool) and not _takes_truth(kind):
        return False, None
    try:
        adapter = _adapter(kind, repr(kind))
    except TypeError:  # an annotation that cannot be hashed
        adapter = _adapter.__wrapped__(kind, "")
    try:
        return True, adapter.validate_python(value)
    except ValidationError:
        return False, None


@lru_cache(maxsize=512)
def _adapter(kind: Any, _text: str) -> TypeAdapter[Any]:
    """What checks values of a kind; ``_text`` keeps ``int | str`` from ``str | int``, which are equal to Python."""
    from pydantic import ConfigDict, TypeAdapter
    from pydantic.errors import PydanticUserError

    try:
        return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))
    except PydanticUserError:  # a type with a configuration of its own
        return TypeAdapter(kind)


def _limit(value: Any) -> None:
    if isinstance(value, int | float | Decimal) and not -_MAX_NUMBER <= value <= _MAX_NUMBER:
        raise ValueError(f"{_shown(value)} is too large for a setting")
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        raise ValueError(f"text of {len(value)} characters is too long for a setting (at most {_MAX_TEXT})")


def _members(kind: Any) -> tuple[Any, ...]:
    origin = typing.get_origin(kind)
    return typing.get_args(kind) if origin in (Union, types.UnionType) else (kind,)


def _takes_truth(kind: Any) -> bool:
    return any(
        member in (bool, Any, object) or (typing.get_origin(member) is Literal and True in typing.get_args(member))
        for member in _members(kind)
    )


def _is_list(kind: Any) -> bool:
    return any(typing.get_origin(member) in (list, tuple, set, frozenset) for member in _members(kind))


def _expected(kind: Any) -> str:
    words: list[str] = []
    for member in _members(kind):
        if member is type(None):
            continue
        if typing.get_origin(member) is Literal:
            words.append("one of " + ", ".join(str(word) for word in typing.get_args(member)))
        elif _is_list(member):
            words.append("a list of " + " or ".join(_WORDS.get(arg, "values") for arg in typing.get_args(member)[:1]))
        else:
            words.append(_WORDS.get(member, getattr(member, "__name__", str(member))))
    return " or ".join(dict.fromkeys(words))


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str | list | dict | bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
