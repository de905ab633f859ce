"""A file of dialects: TOML with tables ``[dialect.NAME]``, read within limits, all its problems told at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from zepix.alerts.dialects import known
from zepix.alerts.own.problems import Problems, near
from zepix.alerts.own.reader import OwnDialect, dialect_of
from zepix.alerts.own.table import check_table
from zepix.errors import ConfigError

__all__ = ["DIALECTS_LIMIT", "FILE_LIMIT_BYTES", "load", "loads"]

FILE_LIMIT_BYTES: Final = 256 * 1024
DIALECTS_LIMIT: Final = 64


def load(path: str | Path) -> tuple[OwnDialect, ...]:
    """The dialects of a file, in its order. Raises ConfigError with every problem of the file."""
    path = Path(path)
    try:
        with path.open("rb") as handle:
            raw = handle.read(FILE_LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; a TOML file with tables [dialect.NAME] was expected"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(raw) > FILE_LIMIT_BYTES:
        raise ConfigError(f"{path}: larger than {FILE_LIMIT_BYTES} bytes; a file of dialects is shorter than that")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    return loads(text, str(path))


def loads(text: str, where: str = "dialects") -> tuple[OwnDialect, ...]:
    """The dialects of a text; ``where`` names it in problems. Raises ConfigError with every problem."""
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        said = "nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())[:300]
        raise ConfigError(f"{where}: not valid TOML: {said}") from None
    problems = Problems(where)
    for key in tree:
        if key != "dialect":
            tail = near(key, ["dialect"]) or "; a dialect is a table [dialect.NAME]"
            problems.add(ascii(key[:60])[1:-1], f"unknown key{tail}")
    tables: Any = problems.table("dialect", tree.get("dialect", {}), DIALECTS_LIMIT)
    if not tables and not problems.found:
        problems.add("dialect", "there is no table [dialect.NAME]")
    taken = {dialect.name for dialect in known() if not isinstance(dialect, OwnDialect)}
    checked = [check_table(name, raw, problems, taken) for name, raw in tables.items()]
    problems.raise_any()
    return tuple(dialect_of(table) for table in checked if table is not None)
