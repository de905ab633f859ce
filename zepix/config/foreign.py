"""A settings file that another program wrote, read as kindly as can be: comments, byte-order marks, UTF-16.

What could be read in two ways is refused: a key that stands twice, text that is not UTF-8, a number that is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from zepix.config.files import MAX_BYTES, MAX_DEPTH, check_shape, read_settings
from zepix.errors import ConfigError

__all__ = ["read_foreign"]

OTHERS: Final = (".toml", ".yaml", ".yml")
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_COMMENT: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
"""Texts, and comments outside of them; what never ends is taken to the end, or a file of beginnings took for ever."""
_MOST_TOLD: Final = 20


def read_foreign(path: Path) -> tuple[dict[str, Any], list[str]]:
    """(tables, remarks on how it was read). Raises ConfigError with every key that stands twice, or why not.

    JSON whatever the suffix, but for ``.toml``, ``.yaml`` and ``.yml``; at most 1 MiB, 16 levels, 20,000 values.
    """
    if path.suffix.lower() in OTHERS:
        return read_settings(path), []
    notes: list[str] = []
    text = _without_comments(_decoded(path, _content(path), notes), notes)
    twice: dict[str, None] = {}
    try:
        tree = json.loads(text, object_pairs_hook=lambda pairs: _table(pairs, twice), parse_constant=_no_constant)
    except RecursionError:
        raise ConfigError(f"{path}: more than {MAX_DEPTH} levels deep; flatten it") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid JSON: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(tree, dict):
        kind = "a list" if isinstance(tree, list) else "one value"
        raise ConfigError(f"{path}: the file must hold a table of settings, not {kind}")
    if twice:
        raise ConfigError(
            f"{path}: the key {ascii(key)[:60]} stands twice in one table; take one of them away"
            for key in list(twice)[:_MOST_TOLD]
        )
    check_shape(tree, str(path))
    return tree, notes


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes; a settings file is shorter than that")
    return raw


def _decoded(path: Path, raw: bytes, notes: list[str]) -> str:
    if raw[:2] in _MARKS:
        try:
            text = raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: begins as UTF-16 and is none at byte {error.start}; save it as UTF-8") from None
        notes.append(f"{path} was written as UTF-16 and is read as such")
        return text
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None


def _without_comments(text: str, notes: list[str]) -> str:
    """``// ...`` and ``/* ... */`` outside of texts become blanks, so that the lines keep their numbers."""
    found = 0

    def blank(match: re.Match[str]) -> str:
        nonlocal found
        if match.group().startswith('"'):
            return match.group()
        found += 1
        return re.sub(r"[^\n]", " ", match.group())

    cleaned = _COMMENT.sub(blank, text)
    if found:
        notes.append(f"{found} comment{'s are' if found > 1 else ' is'} left out: JSON has none")
    return cleaned


def _table(pairs: Iterable[tuple[str, Any]], twice: dict[str, None]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            twice[key] = None
        table[key] = value
    return table


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number that a setting can have")
