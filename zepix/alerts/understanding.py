"""What a user said of dialects, made into an AlertProcessor: files of their own dialects, settings, names of symbols.

``dialects.NAME.KEY`` is a setting of a dialect, built in or of one's own: usually the unit of a number that the dialect
leaves open. All problems are told at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.dialects import Dialect, known
from zepix.alerts.processor import AlertProcessor
from zepix.errors import ConfigError
from zepix.model import Catalogue

__all__ = ["processor_for"]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def processor_for(
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = _NOTHING,
    files: Sequence[str | Path] = (),
    settings: Mapping[str, Mapping[str, Any]] = _NOTHING,
) -> AlertProcessor:
    """The reader of alerts as a user wants it.

    files: TOML files of dialects of one's own (docs/dialects.md). settings: by dialect and key. Raises ConfigError with
    every problem: a file, a dialect, a setting or a word that is not there.
    """
    problems: list[str] = []
    own: list[Dialect] = []
    if files:
        from zepix.alerts.own import load

        for file in files:
            try:
                own += load(Path(file))
            except ConfigError as error:
                problems += error.problems
    by_name = {dialect.name: dialect for dialect in [*known(), *own]}
    for name in sorted({d.name for d in own if sum(o.name == d.name for o in own) > 1}):
        problems.append(f"two files have a dialect {name!r}")
    checked: dict[str, dict[str, str]] = {}
    for name, table in settings.items():
        if name not in by_name:
            problems.append(f"dialects.{name}: there is no such dialect{_near(name, by_name)}")
        else:
            checked[name] = {key: str(word) for key, word in table.items()}
            problems += _problems(by_name[name], checked[name])
    if problems:
        raise ConfigError(problems)
    return AlertProcessor(catalogue, symbol_map, settings=checked, own=own)


def _problems(dialect: Dialect, table: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for key, word in table.items():
        words = dialect.settings.get(key)
        place = f"dialects.{dialect.name}.{key}"
        if words is None:
            has = f"it has {', '.join(dialect.settings)}" if dialect.settings else "it has none"
            found.append(f"{place}: the dialect has no such setting; {has}{_near(key, dialect.settings)}")
        elif word not in words:
            found.append(f"{place}: {word!r} is none of {', '.join(words)}{_near(word, words)}")
    return found


def _near(word: str, words: Mapping[str, Any] | Sequence[str]) -> str:
    close = get_close_matches(word, list(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
