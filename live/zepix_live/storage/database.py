"""One database, its connections and what may go wrong with them: short reads by many, writes by one.

A read takes a connection and always gives it back, however it ends. A write is one transaction: all of it or none. What
fails is told as one of ``trouble.py``'s, and the next call tries anew: nothing here has to be opened again.

SQLite: write-ahead log, one connection writes and copies back (Pythons bring versions of SQLite in which two could
damage a file; see ``docs/journal.md``), readers open read-only. PostgreSQL: a connection is asked whether it lives
before it is used; waits for locks end after ``busy_s``.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Connection, exc
from sqlalchemy.pool import QueuePool

from zepix_live.storage import schema
from zepix_live.storage.address import Address
from zepix_live.storage.engines import BUSY_S, file_reader, file_writer, held_to, server
from zepix_live.storage.trouble import StorageError, StorageGone, named

__all__ = ["Database"]


class Database:
    """Connections to one database; threads may share it. Nothing is opened before the first call."""

    def __init__(self, address: Address, *, busy_s: float = BUSY_S) -> None:
        """``busy_s``: how long a call waits for whoever holds what it needs."""
        self.address: Final = address
        self._busy_s: Final = busy_s
        self._file: tuple[int, int] | None = None
        self._is_checked = False
        if address.path is not None:
            self._writer = file_writer(address.path, busy_s)
            self._reader = file_reader(address.path, busy_s)
        else:
            self._writer = self._reader = server(address, busy_s)

    @property
    def checked_out(self) -> int:
        """How many connections are in use now."""
        pools = {id(engine.pool): engine.pool for engine in (self._writer, self._reader)}
        return sum(pool.checkedout() for pool in pools.values() if isinstance(pool, QueuePool))

    @contextlib.contextmanager
    def reading(self, limit_s: float | None = None) -> Iterator[Connection]:
        """A connection for reads, which sees one moment; what takes longer than ``limit_s`` ends as StorageLocked.
        Raises StorageError; StorageOlder where nobody has made the tables yet."""
        with self._told("be read"):
            self.look(is_needed=True)
            with self._reader.connect() as connection, held_to(connection, limit_s):
                if not self._is_checked:
                    schema.check(connection)
                    self._is_checked = True
                self._note()
                yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, kept if the block ends well. Raises StorageError; what a block raises goes through."""
        with self._told("be written"):
            self.look(is_needed=False)
            with self._writer.begin() as connection:
                yield connection
            self._note()

    def migrate(self) -> bool:
        """Bring its tables to this version's, making the file where there is none; whether there was anything to do.
        Raises StorageError."""
        if self.address.path is not None and not self.address.path.parent.is_dir():
            raise StorageGone(f"the folder of the database {self.address} is not there; make it, or name another one")
        with self.writing() as connection:
            is_changed = schema.migrate(connection)
        self._is_checked = False
        return is_changed

    def drop_tables(self, *, is_searched: bool = True) -> None:
        """All of the projection goes, in one transaction with making its tables anew. Raises StorageError.

        ``is_searched``: with the indexes that searches need; else ``migrate`` makes them, once the tables are full.
        """
        with self.writing() as connection:
            schema.make_anew(connection, schema.HEAD if is_searched else schema.BARE)
        self._is_checked = False

    def gather(self) -> None:
        """Let a server look at what it holds after a rebuild, so that it searches by the right index at once.

        A file is left without: SQLite takes an index where it knows nothing, and would keep for good what it learned
        of a table while that was small.
        """
        if not self.address.is_sqlite:
            with self.writing() as connection:
                connection.exec_driver_sql("ANALYZE")

    def forget(self) -> None:
        """Close what is not in use; the next call opens it again."""
        self._file = None
        self._is_checked = False
        for engine in {id(one): one for one in (self._writer, self._reader)}.values():
            engine.dispose()

    close = forget

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- a file that was removed or replaced -----------------------------------------------------------------------

    def look(self, *, is_needed: bool = False) -> None:
        """Whether the open file is still the one at its path: SQLite itself would go on with one that was removed.
        Raises StorageGone once; ``is_needed``: also where there is none."""
        path = self.address.path
        if path is None:
            return
        found = _identity(path)
        if self._file is not None and found != self._file:
            self.forget()
            raise StorageGone(f"the database {path} was removed or replaced while it was open; it is opened anew")
        if found is None and is_needed:
            raise StorageGone(f"there is no database {path}; the runner makes it, or zepix live rebuild")

    def _note(self) -> None:
        """What the open file is. Raises StorageGone where it went away before anybody knew it: SQLite would go on with
        it, and nobody would ever notice."""
        path = self.address.path
        if path is None or self._file is not None:
            return
        self._file = _identity(path)
        if self._file is None:
            self.forget()
            raise StorageGone(f"the database {path} was removed while it was opened; it is opened anew")

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except StorageError:
            raise
        except (exc.SQLAlchemyError, sqlite3.Error) as error:
            if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
                self._is_checked = False
            raise named(error, str(self.address), what) from None  # its text may hold what was written, or a password


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
