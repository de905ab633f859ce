"""What environment variables and flags say, as tables; their text is kept (``Raw``) until the type is known."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from zepix.config.check import Raw
from zepix.config.files import MAX_DEPTH, check_shape
from zepix.config.keys import KEYS, near
from zepix.config.merge import copied, lay
from zepix.errors import ConfigError

__all__ = ["nested", "read_environment", "read_flags"]

PREFIX: Final = "ZEPIX_"
_RESERVED: Final = frozenset({"ZEPIX_CACHE_DIR"})
_MAX_FLAGS: Final = 1_000


def read_environment(environ: Mapping[str, str], problems: list[str] | None = None) -> dict[str, Any]:
    """The settings among environment variables: ``ZEPIX_ACCOUNT__BALANCE=10000`` is ``account.balance``.

    A variable without a double underscore counts only where it is a key by itself (``ZEPIX_COSTS``); others that
    begin with ``ZEPIX_`` belong to somebody else, unless they nearly name such a key: that is a problem. Problems are
    added to ``problems``; where it is not given they raise ConfigError.
    """
    singles = [name for name, kind in KEYS.items() if not isinstance(kind, dict)]
    flat: dict[str, Any] = {}
    found: list[str] = []
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or name.upper() in _RESERVED:
            continue
        key = name[len(PREFIX) :].lower()
        if "__" in key:
            flat[key.replace("__", ".")] = Raw(environ[name])
        elif key in singles:
            flat[key] = Raw(environ[name])
        elif get_close_matches(key, singles, n=1, cutoff=0.75):
            found.append(f"environment variable {name}: unknown setting{near(key, singles)}")
    tree = nested(flat, found, where="environment variable")
    _tell(found, problems)
    return tree


def read_flags(pairs: Iterable[str]) -> dict[str, Any]:
    """``key=value`` as it stands after ``--set``, by dotted key; raises ConfigError for what is no such pair."""
    given = list(itertools.islice(pairs, _MAX_FLAGS + 1))
    if len(given) > _MAX_FLAGS:
        raise ConfigError(f"more than {_MAX_FLAGS} times --set; put the settings into a file")
    flags: dict[str, Any] = {}
    problems: list[str] = []
    for pair in given:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            problems.append(f"--set {pair!r}: expected key=value, as in --set account.balance=10000")
            continue
        flags.pop(key.strip(), None)  # the later one wins, also over a table given between the two
        flags[key.strip()] = Raw(text.strip())
    if problems:
        raise ConfigError(problems)
    return flags


def nested(flat: Mapping[str, Any], problems: list[str] | None = None, where: str = "--set") -> dict[str, Any]:
    """Dotted keys as tables; a later key wins over an earlier one. A key with an empty part is a problem.

    Problems are added to ``problems``; where it is not given they raise ConfigError.
    """
    tree: dict[str, Any] = {}
    found: list[str] = []
    for key, value in flat.items():
        parts = key.split(".")
        if not all(parts) or len(parts) > MAX_DEPTH:
            found.append(f"{where} {key!r}: a key is a few words joined by dots, as account.balance")
            continue
        said: Any = _table_of(value)
        if not isinstance(said, dict) and any(other.startswith(f"{key}.") for other in flat):
            found.append(f"{where} {key}: expected a table of settings, for {key}.* are given too")
            continue
        for part in reversed(parts):
            said = {part: said}
        lay(tree, said)
    try:
        check_shape(tree, where)
    except ConfigError as error:
        found.extend(error.problems)
        tree = {}
    _tell(found, problems)
    return tree


def _tell(found: list[str], problems: list[str] | None) -> None:
    if problems is not None:
        problems.extend(found)
    elif found:
        raise ConfigError(found)


def _table_of(value: Any) -> Any:
    """An inline table typed in a flag is a table; everything else stays as it was typed."""
    if isinstance(value, Raw) and value.lstrip().startswith("{") and isinstance(value.value, dict):
        return value.value
    return copied(value)
