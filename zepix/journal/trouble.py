"""What can go wrong with a durable log, by name, and a finding that points at one row of it.

JournalError
├── JournalFull      the disk is full: nothing was written; the same call works once there is room
├── JournalLocked    another process owns it (or a reader's recovery held it too long)
├── JournalBroken    rows are missing, altered or unreadable: a human looks before anything goes on
├── JournalNewer     written by a newer version: update the program
├── BadRow           one row cannot be journaled as it is; the others can
├── Overloaded       too much is waiting to be written: try again later
└── WriterStopped    the log was closed or its writing thread has died
"""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zepix.errors import JournalError

__all__ = [
    "BadRow",
    "JournalBroken",
    "JournalFull",
    "JournalLocked",
    "JournalNewer",
    "Overloaded",
    "Problem",
    "WriterStopped",
    "lost_rows",
    "named",
]


class JournalFull(JournalError):
    """The disk (or a quota) has no room; nothing of the call was written and the log stays usable."""


class JournalLocked(JournalError):
    """Another process owns the log; the sentence names it where it is known."""


class JournalBroken(JournalError):
    """The log cannot be believed: rows are missing or altered. The sentence names the row, and the byte if known."""


class JournalNewer(JournalError):
    """The log was written by a newer version of zepix."""


class BadRow(JournalError):
    """One row cannot be journaled as it is; ``index`` is its place in the call."""

    def __init__(self, index: int, what: str) -> None:
        self.index = index
        super().__init__(f"row {index} of the call cannot be journaled: {what}")


class Overloaded(JournalError):
    """More waits to be written than is allowed to wait."""


class WriterStopped(JournalError):
    """The log is closed, or the thread that writes it has died."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about a log: the file, the row and the byte of the row's body, as far as they are known."""

    path: Path
    seq: int | None
    byte: int | None
    what: str

    def __str__(self) -> str:
        row = "" if self.seq is None else f", row {self.seq}"
        byte = "" if self.byte is None else f" (byte {self.byte} of its body)"
        return f"{self.path}{row}{byte}: {self.what}"


def lost_rows(path: Path, last_seq: int, promised_seq: int) -> JournalBroken:
    """A log that ends before a row that was durable once."""
    return JournalBroken(
        f"{path} ends at row {last_seq}, but row {promised_seq} was durable once: rows {last_seq + 1} to "
        f"{promised_seq} are lost (a damaged disk, or an old copy put back). Bring the newest copy back; "
        "to go on without them, move the .mark and -snapshots files beside it away"
    )


_PRIMARY: Final = 0xFF  # the low byte of SQLite's extended result codes
_FULL: Final = {sqlite3.SQLITE_FULL}
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_CLOSED_DOOR: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_NO_ROOM: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def named(error: sqlite3.Error | OSError, path: Path, what: str) -> JournalError:
    """The error of the database or the system as one of ours; ``what`` is what was tried (``"be written"``)."""
    if isinstance(error, OSError):
        kind = JournalFull if error.errno in _NO_ROOM else JournalError
        return kind(f"{path} could not {what} ({error.strerror or error}); is the folder there and writable?")
    code = getattr(error, "sqlite_errorcode", 0) or 0
    primary = code & _PRIMARY
    if primary in _FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return JournalFull(f"{path} could not {what}: the disk is full ({error}); make room, nothing else is needed")
    if primary in _BUSY:
        return JournalLocked(f"{path} could not {what}: another process holds it ({error})")
    if primary in _CLOSED_DOOR:
        return JournalError(f"{path} could not {what} ({error}); is the folder there and writable for this user?")
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return JournalBroken(f"{path} could not {what} ({error}); another program wrote to it, which none may")
    if primary in _BROKEN or type(error) is sqlite3.DatabaseError:
        return JournalBroken(f"{path} could not {what}: the file is damaged or no journal ({error})")
    return JournalError(f"{path} could not {what} ({error}); the disk or the system refused")
