"""One file of a durable log, as its writer sees it: opened or made, its end verified, rows added, pages copied back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from zepix.errors import JournalError
from zepix.journal.files import Connection, Files
from zepix.journal.layout import CREATE, PartHeader
from zepix.journal.part_scan import AFTER, believed, chain_of, header_of
from zepix.journal.trouble import JournalBroken, named

__all__ = ["Part", "read_header"]

TAIL_ROWS: Final = 100
"""So many last rows are verified when a log is opened; ``verify`` reads all."""
WAL_KEPT_BYTES: Final = 16 * 1024 * 1024

_SETTINGS: Final = (
    "PRAGMA synchronous=FULL",  # a commit returns when the disk has it
    "PRAGMA fullfsync=1",  # macOS: past the drive's own cache
    "PRAGMA checkpoint_fullfsync=1",
    "PRAGMA wal_autocheckpoint=0",  # checkpoints are ours alone, at times of our choice
    f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}",
    "PRAGMA cell_size_check=1",
    "PRAGMA trusted_schema=0",
    "PRAGMA temp_store=MEMORY",
)


class Part:
    """The connection that writes one part; nobody else writes or checkpoints it.

    ``last_seq`` and ``last_hash`` are those of the last durable row, or of the row before the part where it is empty
    (then the hash is the header's digest). Where the file was never begun it is, with the header that ``new`` gives.
    Raises JournalError and its kinds.
    """

    def __init__(self, path: Path, files: Files, new: Callable[[], PartHeader]) -> None:
        self.path: Final = path
        self._files: Final = files
        try:
            self._connection: Connection = files.connect(path)
        except (sqlite3.Error, OSError) as error:
            raise named(error, path, "be opened") from error
        try:
            self.header: PartHeader = self._opened(new)
            self.last_seq, self.last_hash = self._tail()
        except BaseException:
            self._close_connection()
            raise

    def _opened(self, new: Callable[[], PartHeader]) -> PartHeader:
        with self._naming("be opened"):
            mode = self._connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            if mode != "wal":
                raise JournalError(f"{self.path}: this folder's file system cannot keep a journal (mode {mode})")
            for setting in _SETTINGS:
                self._connection.execute(setting).fetchall()
        found = header_of(self.path, self._connection)
        if found is not None:
            return found
        header = new()
        with self._naming("be begun"), self._transaction():
            for statement in CREATE:
                self._connection.execute(statement)
            self._connection.execute("INSERT INTO header VALUES (1, ?, ?)", (header.encoded(), header.digest))
        with self._naming("be begun"):
            self._files.sync_folder(self.path.parent)
        return header

    def _tail(self) -> tuple[int, bytes]:
        """The number and chain of the last row, the last rows before it verified."""
        with self._naming("be read"):
            last = self._connection.execute("SELECT max(seq) FROM rows").fetchone()[0]
        before = self.header.first_seq - 1
        seq = before if last is None else max(before, last - TAIL_ROWS)
        chain = chain_of(self.path, self._connection, self.header, seq)
        with self._naming("be read"):
            records = self._connection.execute(AFTER, (seq, TAIL_ROWS + 1)).fetchall()
        for row, stored in believed(self.path, records, seq, chain):
            seq, chain = row.seq, stored
        return seq, chain

    def hash_of(self, seq: int) -> bytes:
        """The chain of row ``seq`` of this part or of the row just before it. Raises JournalBroken if not there."""
        if seq == self.header.first_seq - 1:
            return self.header.previous
        return chain_of(self.path, self._connection, self.header, seq)

    def add(self, records: Sequence[tuple[int, int, str, str, bytes]]) -> None:
        """Makes records durable, all or none. ``last_seq`` and ``last_hash`` move only on success."""
        with self._naming("be written"), self._transaction():
            self._connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", records)
        self.last_seq, self.last_hash = records[-1][0], records[-1][4]

    def look_again(self) -> None:
        """Reads the end anew, after a write whose end is not known."""
        self.last_seq, self.last_hash = self._tail()

    def checkpoint(self, *, truncate: bool) -> bool:
        """Copies pages from the log of pages into the file; True if none is left (a reader may hold some back)."""
        with self._naming("be checkpointed"):
            mode = "TRUNCATE" if truncate else "PASSIVE"
            busy, total, done = self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        return bool(busy == 0 and total == done)

    def close(self) -> None:
        """Leaves one plain file where no reader holds on to it; never raises (all rows are durable already)."""
        with contextlib.suppress(JournalError):
            self.checkpoint(truncate=True)
        self._close_connection()

    def _close_connection(self) -> None:
        with contextlib.suppress(sqlite3.Error, OSError):
            self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite has often rolled back already
                self._connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _naming(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise named(error, self.path, what) from error


def read_header(path: Path, files: Files) -> PartHeader | None:
    """The header of a part, by a connection that cannot write; None where the part was never begun."""
    connection: Any = None
    try:
        connection = files.connect(path, read_only=True)
        return header_of(path, connection)
    except (sqlite3.Error, OSError) as error:
        raise named(error, path, "be read") from error
    finally:
        if connection is not None:
            connection.close()


def assert_same_name(header: PartHeader, name: str, path: Path) -> None:
    """Raises JournalBroken where a log was opened under another log's name."""
    if header.name != name:
        raise JournalBroken(f"{path} is the log {header.name!r}, not {name!r}; is the path right?")
