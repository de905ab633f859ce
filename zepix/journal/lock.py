"""One owner of a folder at a time, by a lock that the system takes back however the owner ends.

The lock is an exclusive SQLite transaction that is never committed, on an empty database of its own: the one portable
lock in the standard library that ``kill -9`` releases. Beside it lies ``lock-NAME.pid``, for the sentence of the one
who comes second.

Open a lock's file with nothing but SQLite: on Linux and macOS any other handle, when closed, drops the lock of the
whole process.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from zepix.errors import JournalError
from zepix.journal.trouble import JournalLocked, named

__all__ = ["FolderLock"]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class FolderLock:
    """Owns ``folder`` under ``name`` from its making to ``release``; the folder is made if it is not there.

    Raises JournalLocked, naming the owner's process, where another holds it; JournalError where the folder cannot be
    written.
    """

    def __init__(self, folder: Path, name: str = "zepix") -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a lock's name is letters, digits, - and _ (at most 64), not {name!r}")
        self.path: Final = folder / f"lock-{name}.sqlite"
        self._pid_path: Final = folder / f"lock-{name}.pid"
        self._connection: sqlite3.Connection | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = self._taken()
            self._pid_path.write_text(f"{os.getpid()}\n", encoding="ascii", newline="\n")
        except (sqlite3.Error, OSError) as error:
            self.release()
            raise named(error, self.path, "be locked") from error

    def _taken(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if isinstance(named(error, self.path, "be locked"), JournalLocked):
                raise self._held() from None
            raise
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _held(self) -> JournalError:
        try:
            pid = self._pid_path.read_text(encoding="ascii")[:20].strip()
        except (OSError, ValueError):
            pid = ""
        who = f"process {pid}" if pid.isdigit() else "another process"
        return JournalLocked(
            f"{self.path.parent} is in use by {who} ({self.path.name}); "
            "two runners on one folder would spoil it: stop that one, or use another folder"
        )

    @property
    def is_held(self) -> bool:
        return self._connection is not None

    def release(self) -> None:
        """Gives the folder back; does nothing the second time."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                self._pid_path.unlink()
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
