"""The last two snapshots of a state, each with the row it was taken after; what can be rebuilt is never in the way.

They lie in a database of their own, so that the log stays append-only and damage there costs only time: a snapshot
that cannot be believed is passed over, and the state is rebuilt from an older one or from the first row.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from zepix.errors import JournalError
from zepix.journal.files import Connection, Files
from zepix.journal.trouble import JournalBroken, Problem, named

__all__ = ["MAX_SNAPSHOT_BYTES", "Snapshot", "SnapshotStore"]

MAX_SNAPSHOT_BYTES: Final = 256 * 1024 * 1024
KEPT: Final = 2
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS snapshots "
    "(seq INTEGER PRIMARY KEY, schema INTEGER NOT NULL, chain BLOB NOT NULL, body BLOB NOT NULL, digest BLOB NOT NULL)"
)
_ALL: Final = "SELECT seq, schema, chain, body, digest FROM snapshots ORDER BY seq DESC"
_OLD: Final = "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state after row ``seq``, whose chain was ``chain``; ``schema`` is the state's own, the caller's matter."""

    seq: int
    schema: int
    body: bytes
    chain: bytes


class SnapshotStore:
    """The file of snapshots; opened when first used, set aside where it is damaged."""

    def __init__(self, path: Path, files: Files) -> None:
        self.path: Final = path
        self._files: Final = files
        self._connection: Connection | None = None

    def save(self, snapshot: Snapshot) -> None:
        """Makes it durable and lets all but the newest two go. Raises JournalFull, JournalError."""
        try:
            self._write(snapshot)
        except JournalBroken:
            self._set_aside()
            self._write(snapshot)

    def _write(self, snapshot: Snapshot) -> None:
        try:
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute("DELETE FROM snapshots WHERE seq > ?", (snapshot.seq,))
                connection.execute(
                    "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?)",
                    (snapshot.seq, snapshot.schema, snapshot.chain, snapshot.body, _digest(snapshot)),
                )
                connection.execute(_OLD, (KEPT,))
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise named(error, self.path, "be written") from error

    def load(self) -> tuple[list[Snapshot], list[Problem]]:
        """The snapshots that can be believed, newest first, and what is wrong with the others."""
        if self._files.size(self.path) is None:
            return [], []
        try:
            found = self._opened().execute(_ALL).fetchall()
        except (sqlite3.Error, OSError) as error:
            self.close()
            return [], [Problem(self.path, None, None, str(named(error, self.path, "be read")))]
        except JournalError as error:
            return [], [Problem(self.path, None, None, str(error))]
        return sorted_out(self.path, found)

    def _opened(self) -> Connection:
        if self._connection is None:
            is_new = self._files.size(self.path) is None
            connection = self._files.connect(self.path)
            try:
                connection.execute("PRAGMA synchronous=EXTRA").fetchall()
                connection.execute("PRAGMA fullfsync=1").fetchall()
                connection.execute(_TABLE)
                if is_new:
                    self._files.sync_folder(self.path.parent)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _set_aside(self) -> None:
        """Renames the damaged file, closed before; its name says so, and nothing reads it again."""
        self.close()
        for number in range(1, 100):
            aside = self.path.with_name(f"{self.path.stem}.broken-{number:02d}{self.path.suffix}")
            if self._files.size(aside) is None:
                break
        try:
            self._files.rename(self.path, aside)
            self._files.remove(self.path.with_name(self.path.name + "-journal"))
        except OSError as error:
            raise named(error, self.path, "be set aside") from error

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error, OSError):
                connection.close()


def sorted_out(path: Path, records: list[Any]) -> tuple[list[Snapshot], list[Problem]]:
    """The records whose checksum holds, and a finding for each that does not."""
    good: list[Snapshot] = []
    bad: list[Problem] = []
    for seq, schema, chain, body, digest in records:
        is_typed = type(schema) is int and type(chain) is bytes and type(body) is bytes
        snapshot = Snapshot(seq, schema, body, chain) if is_typed else None
        if snapshot is not None and _digest(snapshot) == digest:
            good.append(snapshot)
        else:
            bad.append(Problem(path, seq, None, "this snapshot's checksum is wrong; an older one or none is used"))
    return good, bad


def _digest(snapshot: Snapshot) -> bytes:
    head = struct.pack(">qqH", snapshot.seq, snapshot.schema, len(snapshot.chain)) + snapshot.chain
    return blake2b(head + snapshot.body, digest_size=16).digest()
