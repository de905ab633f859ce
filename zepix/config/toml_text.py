"""Settings written as TOML, as a human would: values first, then tables; nothing is lost when it is read again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

__all__ = ["toml_key", "toml_text", "toml_value"]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SHORT: Final[Mapping[str, str]] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def toml_text(tree: Mapping[str, Any]) -> str:
    """The whole file. Raises ValueError for what TOML cannot hold (nothing, other objects)."""
    return "\n".join(_table(tree, ())).lstrip("\n") + "\n"


def toml_key(path: tuple[str, ...]) -> str:
    """A dotted key, each part in quotes where it needs them."""
    return ".".join(part if _BARE.fullmatch(part) else toml_value(part) for part in path)


def toml_value(value: Any) -> str:
    """One value on one line; a decimal is written as a number. Raises ValueError for what TOML cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_letter(one) for one in value) + '"'
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key((str(key),))} = {toml_value(child)}" for key, child in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    raise ValueError(f"{type(value).__name__} is nothing that TOML can hold")


def _table(tree: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    flat = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    if path and (flat or not tree):
        yield f"\n[{toml_key(path)}]"
    for key, value in flat.items():
        yield f"{toml_key((key,))} = {toml_value(value)}"
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _table(value, (*path, key))


def _letter(one: str) -> str:
    if one in _SHORT:
        return _SHORT[one]
    code = ord(one)
    if code < 0x20 or code == 0x7F:
        return f"\\u{code:04x}"
    return one
