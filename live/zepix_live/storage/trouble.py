"""What can go wrong with a database, by name. None of it stops an engine: the journal goes on without a database.

StorageError
├── StorageLocked    another process holds it for too long: try again, or end the other one
├── StorageFull      no room: make some, nothing else is needed
├── StorageGone      not there (any more): a file removed, a server down, a connection dropped
├── StorageRefused   it is there and does not let us in: user, password, rights
├── StorageOlder     its tables are an older version's: a writer brings them up to date
├── StorageNewer     its tables are a newer version's: update the program
└── StorageBroken    damaged, or another program's, or of another journal: a human looks

Sentences name the database without its password, and quote nothing of a driver's that may hold one.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy import exc

from zepix.errors import DataError

__all__ = [
    "StorageBroken",
    "StorageError",
    "StorageFull",
    "StorageGone",
    "StorageLocked",
    "StorageNewer",
    "StorageOlder",
    "StorageRefused",
    "named",
]


class StorageError(DataError):
    """The database cannot be used as it is; the sentence says what to do."""


class StorageLocked(StorageError):
    """Another process or connection holds it; the same call works later."""


class StorageFull(StorageError):
    """There is no room for more; the same call works once there is."""


class StorageGone(StorageError):
    """It is not there, or not any more."""


class StorageRefused(StorageError):
    """It does not let us in, or not write."""


class StorageOlder(StorageError):
    """Its tables are those of an older version; whoever may write brings them up to date."""


class StorageNewer(StorageError):
    """Its tables are those of a newer version; nothing was touched."""


class StorageBroken(StorageError):
    """It cannot be believed: damaged, another program's, or made of another journal."""


_PRIMARY: Final = 0xFF  # the low byte of SQLite's extended result codes
_SQLITE: Final[dict[int, tuple[type[StorageError], str]]] = {
    sqlite3.SQLITE_BUSY: (StorageLocked, "another process holds it"),
    sqlite3.SQLITE_LOCKED: (StorageLocked, "another connection holds it"),
    sqlite3.SQLITE_PROTOCOL: (StorageLocked, "another process holds it"),
    sqlite3.SQLITE_INTERRUPT: (
        StorageLocked,
        "it took longer than it may; ask for less, or by a filter that is indexed",
    ),
    sqlite3.SQLITE_FULL: (StorageFull, "the disk is full; make room, nothing else is needed"),
    sqlite3.SQLITE_CANTOPEN: (StorageGone, "it cannot be opened; is the folder there and readable for this user?"),
    sqlite3.SQLITE_READONLY: (StorageRefused, "it cannot be written; is the folder writable for this user?"),
    sqlite3.SQLITE_PERM: (StorageRefused, "the system does not let this user in"),
    sqlite3.SQLITE_AUTH: (StorageRefused, "the system does not let this user in"),
    sqlite3.SQLITE_CORRUPT: (StorageBroken, "the file is damaged; move it away and run zepix live rebuild"),
    sqlite3.SQLITE_NOTADB: (StorageBroken, "the file is no database; move it away, or name another one"),
    sqlite3.SQLITE_IOERR: (StorageGone, "the disk does not answer as it should"),
}
_STATES: Final[dict[str, tuple[type[StorageError], str]]] = {
    "53100": (StorageFull, "the server's disk is full; make room, nothing else is needed"),
    "53200": (StorageFull, "the server is out of memory"),
    "53300": (StorageLocked, "the server has no connection left"),
    "55P03": (StorageLocked, "another connection holds what is needed"),
    "57014": (StorageLocked, "the statement took longer than the server allows"),
    "40001": (StorageLocked, "another connection wrote the same"),
    "40P01": (StorageLocked, "another connection wrote the same"),
    "3D000": (StorageGone, "the server has no database of this name; make it (createdb)"),
    "42501": (StorageRefused, "this user may not do that there; grant it, or name another user"),
    "25006": (StorageRefused, "the server takes no writes just now"),
    "XX001": (StorageBroken, "the server found damaged data; move the database away and run zepix live rebuild"),
    "XX002": (StorageBroken, "the server found a damaged index; run zepix live rebuild"),
}
_CLASSES: Final[dict[str, tuple[type[StorageError], str]]] = {
    "08": (StorageGone, "the connection was lost"),
    "28": (StorageRefused, "the server refuses this user or its password"),
    "53": (StorageFull, "the server has run out of something"),
    "57": (StorageGone, "the server is stopping or has ended the connection"),
    "58": (StorageGone, "the server's disk does not answer as it should"),
}
_MISSING: Final = frozenset({"42P01", "42703", "3F000"})
_REFUSALS: Final = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")


def named(error: Exception, shown: str, what: str) -> StorageError:
    """An error of SQLAlchemy, a driver or the system as one of ours; ``shown`` is the database as it may be written,
    ``what`` what was tried (``"be read"``)."""
    kind, why = _kind(error)
    return kind(f"the database {shown} could not {what}: {why}")


def _kind(error: Exception) -> tuple[type[StorageError], str]:
    if isinstance(error, exc.TimeoutError):
        return StorageLocked, "all its connections are in use"
    if isinstance(error, OSError):
        return StorageGone, f"{error.strerror or type(error).__name__}; is the folder there and writable?"
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original)
    return _of_server(error, original)


def _of_sqlite(error: sqlite3.Error) -> tuple[type[StorageError], str]:
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & _PRIMARY
    if code in _SQLITE:
        return _SQLITE[code]
    if "no such table" in str(error) or "no such column" in str(error):
        return StorageBroken, "its tables are not those of this version; run zepix live rebuild"
    return StorageBroken, f"{type(error).__name__}, code {code}; run zepix live rebuild"


def _of_server(error: Exception, original: object) -> tuple[type[StorageError], str]:
    state = str(getattr(original, "sqlstate", None) or "")
    if state in _STATES:
        return _STATES[state]
    if state in _MISSING:
        return StorageBroken, "its tables are not those of this version; run zepix live rebuild"
    if state[:2] in _CLASSES:
        return _CLASSES[state[:2]]
    text = str(original)
    if any(word in text for word in _REFUSALS):  # what is said while a connection is made has no state
        return StorageRefused, "the server refuses this user or its password"
    if "too many clients" in text or "remaining connection slots" in text:
        return StorageLocked, "the server has no connection left"
    if 'database "' in text and "does not exist" in text:
        return StorageGone, "the server has no database of this name; make it (createdb)"
    if not state and isinstance(error, exc.OperationalError | exc.InterfaceError):
        return StorageGone, "the server does not answer, or dropped the connection"
    return StorageBroken, f"{type(original).__name__}{', state ' + state if state else ''}"
