"""The seam between a durable log and the disk: every file, connection and lock is asked for here.

The real one is ``REAL``. A simulator brings its own and makes the disk slow, full, torn or gone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol
from urllib.parse import quote

from zepix.journal.lock import FolderLock

__all__ = ["REAL", "Connection", "Cursor", "Files", "Lock", "RealFiles"]

BUSY_S: Final = 2.0
"""How long a statement waits for another process; only a reader's recovery after a crash ever holds the writer up."""


class Cursor(Protocol):
    """What a statement answers."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """A connection in autocommit mode: transactions are begun and ended by statements. Raises sqlite3.Error."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any: ...

    def close(self) -> None: ...


class Lock(Protocol):
    """Ownership of a folder, until released or until the process is gone."""

    def release(self) -> None: ...


class Files(Protocol):
    """All that a log asks of the disk. Raises OSError, connections raise sqlite3.Error, locks JournalLocked."""

    def connect(self, path: Path, *, read_only: bool = False) -> Connection: ...

    def lock(self, folder: Path, name: str) -> Lock: ...

    def size(self, path: Path) -> int | None: ...

    def names(self, folder: Path) -> list[str]: ...

    def make_folder(self, folder: Path) -> None: ...

    def sync_folder(self, folder: Path) -> None: ...

    def open_bytes(self, path: Path, *, write: bool) -> BinaryIO: ...

    def rename(self, old: Path, new: Path) -> None: ...

    def remove(self, path: Path) -> None: ...


class RealFiles:
    """The disk as it is."""

    def connect(self, path: Path, *, read_only: bool = False) -> Connection:
        """A connection that one thread at a time may use; a reader's can neither write nor checkpoint."""
        if not read_only:
            return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        # Without a log of pages no writer is about; then a folder that we may not write can be read all the same.
        still = not os.access(path.parent, os.W_OK) and self.size(path.with_name(path.name + "-wal")) is None
        return sqlite3.connect(
            _uri(path) + ("?mode=ro&immutable=1" if still else "?mode=ro"),
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )

    def lock(self, folder: Path, name: str) -> Lock:
        return FolderLock(folder, name)

    def size(self, path: Path) -> int | None:
        """Bytes, or None where there is no such file."""
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None

    def names(self, folder: Path) -> list[str]:
        """The names in a folder, sorted; none if there is no such folder."""
        try:
            return sorted(entry.name for entry in folder.iterdir())
        except FileNotFoundError:
            return []

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Makes new and removed names durable; Windows does so by itself and cannot be asked."""
        if os.name == "nt":
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # some network folders refuse; SQLite shrugs at it too
                os.fsync(handle)
        finally:
            os.close(handle)

    def open_bytes(self, path: Path, *, write: bool) -> BinaryIO:
        """An unbuffered file, made if it is to be written and is not there."""
        if write:
            with contextlib.suppress(FileExistsError):
                path.open("xb").close()
        return path.open("r+b" if write else "rb", buffering=0)

    def rename(self, old: Path, new: Path) -> None:
        old.rename(new)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)


def _uri(path: Path) -> str:
    """``file://`` with an empty host, as SQLite wants it, drive letters and network shares included."""
    text = path.absolute().as_posix()
    return "file://" + quote(text if text.startswith("/") else f"/{text}")


REAL: Final = RealFiles()
