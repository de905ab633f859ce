"""On which line of a settings file each key stands, so that a human finds what a setting came from.

For files that were read without a problem only (``read_settings``); what cannot be placed is simply not there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from zepix.config.files import MAX_VALUES

__all__ = ["KeyLines", "key_lines", "line_of"]

KeyPath = tuple[str, ...]
KeyLines = dict[KeyPath, int]
_JSON: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|\n|[^\s{}\[\]:,"]+')
_TOML: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
    r'|#[^\n]*|[\[\]{}]|\n|[^\s\[\]{}"\'#]+|[ \t]+',
    re.DOTALL,
)


def key_lines(path: Path) -> KeyLines:
    """Line numbers from 1 by the keys' whole names; nothing where the file cannot be read."""
    find = {".toml": _toml, ".json": _json, ".yaml": _yaml, ".yml": _yaml}.get(path.suffix.lower())
    if find is None:
        return {}
    found: KeyLines = {}
    try:
        for key, line in find(path.read_text(encoding="utf-8-sig")):
            found.setdefault(key, line)
    except (OSError, ValueError, RecursionError):
        return found
    return found


def line_of(lines: KeyLines, path: KeyPath) -> int | None:
    """The line of a key, else of the table it stands in; what ``[strategy]`` says of a plugin is found there."""
    if path in lines:
        return lines[path]
    if path[:1] == ("plugins",) and path[2:3] == ("settings",) and ("strategy", *path[3:]) in lines:
        return lines["strategy", *path[3:]]
    return next((lines[path[:at]] for at in range(len(path) - 1, 0, -1) if path[:at] in lines), None)


def _toml(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Statements of TOML: a header names a table, everything else is ``key = value``, over lines where brackets are
    open."""
    table: KeyPath = ()
    for line, statement in _statements(text):
        if statement.startswith("["):
            table = _parts(statement.strip("[] \t"))
            yield table, line
            continue
        key = _key_of(statement)
        if key:
            yield (*table, *key), line
            for inner in _inner(statement):
                yield (*table, *key, *inner), line


def _statements(text: str) -> Iterator[tuple[int, str]]:
    line, depth, started = 1, 0, 1
    words: list[str] = []
    for match in _TOML.finditer(text):
        word = match.group()
        if word == "\n" and not depth:
            if words:
                yield started, "".join(words).strip()
            words = []
        elif not word.startswith("#") and word != "\n" and (words or not word.isspace()):
            if not words:
                started = line
            depth += (word in "[{") - (word in "]}")
            words.append(word)
        line += word.count("\n")
    if words:
        yield started, "".join(words).strip()


def _key_of(statement: str) -> KeyPath:
    """What stands before the first ``=`` outside of quotes."""
    quote = ""
    for at, letter in enumerate(statement):
        if letter == quote:
            quote = ""
        elif not quote and letter in "\"'":
            quote = letter
        elif not quote and letter == "=":
            return _parts(statement[:at])
    return ()


def _parts(written: str) -> KeyPath:
    """``a."b.c".d`` as its parts."""
    try:
        found: Any = tomllib.loads(f"{written} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str] = []
    while isinstance(found, dict) and found:
        (name, found), *_ = found.items()
        parts.append(name)
    return tuple(parts)


def _inner(statement: str) -> Iterator[KeyPath]:
    """The keys of an inline table, which all stand on the line of its name."""
    if "{" not in statement:
        return
    try:
        found: Any = tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return
    for _ in _key_of(statement):
        found = next(iter(found.values()))
    yield from _keys(found)


def _keys(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield (*path, name)
            yield from _keys(child, (*path, name))


def _json(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Tokens of valid JSON; a text before a colon is a key."""
    import json

    line = 1
    path: list[str | None] = []
    last, last_line = "", 1
    for match in _JSON.finditer(text):
        word = match.group()
        if word == "\n":
            line += 1
            continue
        if word == ":" and path and path[-1] is not None:
            path[-1] = json.loads(last)
            yield tuple(part for part in path if part is not None), last_line
        elif word == "{":
            path.append("")
        elif word == "[":
            path.append(None)
        elif word in "}]" and path:
            path.pop()
        last, last_line = word, line


def _yaml(text: str) -> Iterator[tuple[KeyPath, int]]:
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return
    waiting: list[tuple[KeyPath, Any]] = [((), root)]
    for _ in range(MAX_VALUES):
        if not waiting:
            return
        path, node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            for name, child in node.value:
                here = (*path, str(name.value))
                yield here, name.start_mark.line + 1
                waiting.append((here, child))
