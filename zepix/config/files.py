"""A settings file, read: TOML, JSON or YAML into plain tables, with limits, so that no file can hurt the reader.

Limits: 1 MiB, 16 levels, 20,000 values. A key that stands twice in one table is a problem in every format (TOML has
that rule itself; JSON and YAML would silently keep the last).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_VALUES", "check_shape", "read_settings"]

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 16
MAX_VALUES: Final = 20_000


def read_settings(path: Path) -> dict[str, Any]:
    """The tables of a settings file, by its suffix (``.toml``, ``.json``, ``.yaml``, ``.yml``).

    Raises ConfigError for a file that is missing, too large, not UTF-8, not of its format, or too deep.
    """
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        raise ConfigError(f"{path}: a settings file ends in {', '.join(sorted(_PARSERS))}; rename it after its format")
    text = _read_text(path)
    try:
        tree = parse(text)
    except RecursionError:
        raise ConfigError(f"{path}: more than {MAX_DEPTH} levels deep; flatten it") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid {path.suffix[1:].upper()}: {_one_line(error)}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: the file must hold a table of settings, not {_kind(tree)}")
    check_shape(tree, str(path))
    return tree


def check_shape(tree: Any, where: str) -> None:
    """Raises ConfigError if the tree is too deep, too large, or has keys that are no text."""
    count = 0
    stack: list[tuple[Any, int]] = [(tree, 0)]
    while stack:
        value, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise ConfigError(f"{where}: more than {MAX_DEPTH} levels deep; flatten it")
        if count > MAX_VALUES:
            raise ConfigError(f"{where}: more than {MAX_VALUES} values; a settings file is shorter than that")
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise ConfigError(f"{where}: the key {key!r} is no text; put it in quotes")
            stack.extend((child, depth + 1) for child in value.values())
        elif isinstance(value, list):
            stack.extend((child, depth + 1) for child in value)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes; a settings file is shorter than that")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ConfigError(f"{path}: written as UTF-16 (an editor or PowerShell does that); save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None


def _no_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"the key {key!r} stands twice in one table")
        table[key] = value
    return table


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number that a setting can have")


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant) if text.strip() else None


def _yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader of YAML, which also refuses a key that stands twice."""

    def table(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.value in seen and key_node.tag != "tag:yaml.org,2002:merge":
                raise ValueError(f"the key {key_node.value!r} stands twice in one table")
            if isinstance(key_node.value, str):
                seen.add(key_node.value)
        loader.flatten_mapping(node)
        return loader.construct_mapping(node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, table)
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


_PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    ".json": _json,
    ".toml": tomllib.loads,
    ".yaml": _yaml,
    ".yml": _yaml,
}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"only {str(value)[:40]!r}"
