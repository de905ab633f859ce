"""A broker's restrictions by name: from the spec's own tables, from a TOML file, or from the examples that come along.

    [restrictions.my_broker]
    about = "no forex, no crypto shorts"
    offers = ["equity", "crypto"]     # classes that can be opened; all unless said
    shorts = ["equity"]               # classes that can be sold short; all unless said
    whole = []                        # classes traded in whole units only
    whole_shorts = ["equity"]         # classes sold short in whole units only
    missing = ["BTCUSD"]              # symbols that are not offered although their class is, in any spelling

``broker.restrictions`` is a name, ``FILE.toml`` that holds one such table, or ``FILE.toml#NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from zepix.config.files import read_settings
from zepix.config.keys import KEYS, near
from zepix.config.merge import checked
from zepix.errors import ConfigError
from zepix.model.asset import classify
from zepix.model.restriction import Restriction

__all__ = ["builtin_restrictions", "find_restriction"]

_TABLE: Final = "restrictions"
_NO_NAMES: Final = ("empty", "too_long", "odd_characters")
_FILE: Final = re.compile(r"(.+\.toml)(?:#([^#]*))?", re.IGNORECASE)


@cache
def builtin_restrictions() -> Mapping[str, Restriction]:
    """The examples that come with zepix, by name."""
    tables = _read(Path(__file__).with_name("restrictions.toml"))
    return {name: _made(name, table, name) for name, table in tables.items()}


def find_restriction(
    said: str, own: Mapping[str, Mapping[str, Any]], place: Callable[[str], Path] = Path
) -> Restriction:
    """The restriction that ``broker.restrictions`` names; ``own`` are the spec's tables, ``place`` finds its files.

    A table of the spec wins over an example of the same name. Raises ConfigError for a name that nobody knows, a file
    that cannot be read or holds no such table, and a table with wrong words.
    """
    file = _FILE.fullmatch(said)
    if file is not None:
        return _from_file(place(file[1]), file[2])
    if said in own:
        return _made(said, own[said], f"{_TABLE}.{said}")
    examples = builtin_restrictions()
    if said not in examples:
        known = (*own, *examples)
        hint = near(said, known) or f"; there is {', '.join(known)}, or a file FILE.toml or FILE.toml#NAME"
        raise ConfigError(f"broker.restrictions: {said!r} is unknown{hint}")
    return examples[said]


def _from_file(path: Path, name: str | None) -> Restriction:
    tables = _read(path)
    if name is not None and name not in tables:
        raise ConfigError(f"{path}: no table [{_TABLE}.{name}]{near(name, tables)}")
    if name is None and len(tables) != 1:
        names = ", ".join(tables) or "none"
        raise ConfigError(f"{path}: expected one table [{_TABLE}.NAME], found {names}; say {path.name}#NAME for one")
    chosen = next(iter(tables)) if name is None else name
    return _made(chosen, tables[chosen], f"{path}: {_TABLE}.{chosen}")


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """The tables of a file that holds restrictions and nothing else."""
    problems: list[str] = []
    found = checked({_TABLE: KEYS[_TABLE]}, read_settings(path), {}, problems)
    if problems:
        raise ConfigError(f"{path}: {problem}" for problem in problems)
    tables: dict[str, dict[str, Any]] = found.get(_TABLE, {})
    return tables


def _made(name: str, table: Mapping[str, Any], where: str) -> Restriction:
    try:
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
        wrong = [word for word in values.get("missing", ()) if classify(word).rule in _NO_NAMES]
        if wrong:
            raise ValueError(f"missing: {wrong[0]!r} is no symbol; expected one as BTCUSD or OANDA:EUR_USD")
        return Restriction(name, **values)
    except ValueError as error:
        raise ConfigError(f"{where}.{error}") from None
