"""Where a database is: a file of SQLite by default, PostgreSQL by URL. A password in it is never shown.

| given | database |
|---|---|
| nothing | ``zepix.db`` in the data folder |
| ``some/file.db``, ``sqlite:///some/file.db`` | that file of SQLite |
| ``postgresql://user:password@host:5432/name`` | PostgreSQL, by psycopg; ``PGPASSWORD`` and the like count |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from zepix.errors import ConfigError

__all__ = ["VARIABLE", "Address", "address_of"]

FILE_NAME: Final = "zepix.db"
VARIABLE: Final = "ZEPIX_DATABASE_URL"
_SERVERS: Final = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
_JOURNALS: Final = ("journal", "inbox")


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where one database is. Its text is what may be shown: no password, and nothing after a question mark."""

    url: URL
    path: Path | None
    """Of a file of SQLite."""

    @property
    def is_sqlite(self) -> bool:
        return self.path is not None

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        port = f":{self.url.port}" if self.url.port else ""
        user = f"{self.url.username}@" if self.url.username else ""
        return f"postgresql://{user}{self.url.host or ''}{port}/{self.url.database or ''}"

    __repr__ = __str__


def address_of(data_dir: Path, given: str | None = None, environ: Mapping[str, str] | None = None) -> Address:
    """What was asked for: ``given``, else ``ZEPIX_DATABASE_URL``, else the data folder's own file.

    Raises ConfigError, quoting nothing of what was given, for what is no address of a database.
    """
    text = given or (environ or {}).get(VARIABLE, "")
    if not text:
        return _file(data_dir / FILE_NAME)
    if "://" not in text:
        return _file(Path(text))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _no_address() from None
    if url.drivername in _SERVERS:
        if not url.database:
            raise ConfigError("the address of the database names no database: postgresql://user@host/NAME")
        return Address(url.set(drivername="postgresql+psycopg"), None)
    if url.drivername in ("sqlite", "sqlite+pysqlite") and url.database and url.database != ":memory:":
        return _file(Path(url.database))
    raise _no_address()


def _no_address() -> ConfigError:
    return ConfigError(
        "the address of the database is none: expected a file such as zepix.db, sqlite:///FILE or "
        "postgresql://user:password@host:5432/name (special characters of a password as %40)"
    )


def _file(path: Path) -> Address:
    if path.suffix == ".sqlite" and path.stem.split("-")[0] in _JOURNALS:
        raise ConfigError(f"{path} is a log that the runner writes, not a place for a database; name another file")
    return Address(URL.create("sqlite+pysqlite", database=str(path)), path)
