"""Takes the journal on into the tables: a batch of rows and how far it went are one transaction, so that whatever
kills it, every row is in the tables exactly once.

What was in memory of a transaction that did not come to its end is forgotten, and read again from the tables. A second
projector on the same database would wait for the first one's transaction and then go on where that one ended.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, select

from zepix.errors import JournalError
from zepix.journal.durable_reader import LogReader
from zepix.journal.lock import FolderLock
from zepix.journal.rows import Row as JournalRow
from zepix_live.identity import JOURNAL_FIELD
from zepix_live.storage.address import Address
from zepix_live.storage.database import Database
from zepix_live.storage.engines import BUSY_S
from zepix_live.storage.fold import FOLD, Fold
from zepix_live.storage.owning import owned
from zepix_live.storage.putting import put
from zepix_live.storage.tables import PROJECTION
from zepix_live.storage.trouble import StorageBroken, StorageError, StorageGone, StorageNewer
from zepix_live.storage.wording import text_of

__all__ = ["BATCH", "Projector"]

BATCH: Final = 5_000
"""So many rows of the journal one call takes at most."""


class Projector:
    """The one writer of a data folder's database; for one thread."""

    def __init__(self, data_dir: Path, address: Address, *, busy_s: float = BUSY_S) -> None:
        """Opens nothing yet."""
        self.database: Final = Database(address, busy_s=busy_s)
        self.position = 0
        """The last row of the journal that is in the tables, as far as is known."""
        self.notes: list[str] = []
        """What was passed over or begun anew, in sentences."""
        self._journal: Final = data_dir / "journal.sqlite"
        self._reader: LogReader | None = None
        self._fold: Fold | None = None
        self._lock: FolderLock | None = None
        self._is_ready = False

    def advance(self, limit: int = BATCH) -> int:
        """Take what the journal has beyond the tables, at most ``limit`` rows; how many it were, 0 where it is at the
        end. Raises StorageError, JournalError; the next call goes on as if this one had never been."""
        position, notes = self.position, len(self.notes)
        try:
            self._prepare()
            if self._is_at_the_end():
                return 0
            with self.database.writing() as connection:
                return self._advance(connection, limit)
        except BaseException as error:
            self._fold = None
            self.position = position  # also where nothing but the commit failed, as on a full disk
            del self.notes[notes:]
            if isinstance(error, StorageError):
                self._is_ready = False
            if isinstance(error, StorageGone):
                self._release()  # what is made in its place is another file, with another lock beside it
            if isinstance(error, JournalError):
                self._close_reader()
            raise

    def begin_anew(self) -> None:
        """Empty tables, position 0; other tables of the database stay. They cannot be searched before ``finish``, or
        the next start of a projector. Raises StorageError."""
        self._own()
        self.database.drop_tables(is_searched=False)
        self._fold, self._is_ready, self.position = None, True, 0

    def finish(self) -> None:
        """After ``begin_anew`` and all of the journal: what searches need. Raises StorageError."""
        self.database.migrate()
        self.database.gather()

    def close(self) -> None:
        """Closes everything; nothing has to be saved."""
        self._close_reader()
        self.database.close()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- one batch --------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if not self._is_ready:
            self._own()
            self.database.migrate()
            self._is_ready = True

    def _is_at_the_end(self) -> bool:
        """Whether there is nothing to do, asked of the journal alone; a file that went away is noticed all the same."""
        self.database.look()
        return self._fold is not None and self._opened().last_seq() == self.position

    def _own(self) -> None:
        """One process alone writes a file; a server looks after itself. Raises StorageLocked."""
        if self._lock is None:
            self._lock = owned(self.database.address)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _advance(self, connection: Connection, limit: int) -> int:
        asked = select(PROJECTION).where(PROJECTION.c.id == 1)
        found = connection.execute(asked.with_for_update() if not self._is_file else asked).mappings().first()
        if found is not None and found["fold"] > FOLD:
            raise StorageNewer(
                f"the database {self.database.address} was projected by a newer zepix; that one goes on with it"
            )
        if found is not None and found["fold"] < FOLD:
            self.notes.append("the tables were made by an older zepix and are made anew from the journal")
            _empty(connection)
            found, self._fold = None, None
        reader = self._opened()
        start = 0 if found is None else int(found["journal_seq"])
        fold = self._fold if self._fold is not None and start == self.position else None
        if fold is None:
            fold = self._loaded(connection, reader, found)
        state_before = text_of(fold.state) if found is None else found["state"]
        rows = list(islice(reader.rows(start, limit), limit))
        if rows:
            fold.begin(connection)
            for row in rows:
                fold.take(row)
            for table, changed in fold.batches():
                put(connection, table, changed)
            _mark(connection, fold, rows[-1], reader, is_new=found is None, state_before=state_before)
            fold.end()
            self.position = rows[-1].seq
        else:
            self.position = start
        self.notes += fold.passed_over
        fold.passed_over = []
        self._fold = fold
        return len(rows)

    @property
    def _is_file(self) -> bool:
        return self.database.address.is_sqlite

    def _loaded(self, connection: Connection, reader: LogReader, found: Any) -> Fold:
        """What there is to remember at the position of the tables."""
        if found is None:
            return Fold({}, is_new=True)
        self._compare(reader, found)
        fold = Fold(json.loads(found["state"]), is_new=False)
        fold.load_waiting(connection)
        return fold

    def _compare(self, reader: LogReader, found: Any) -> None:
        """That the tables are of this journal. Raises StorageBroken."""
        seq = int(found["journal_seq"])
        row = next(iter(reader.rows(seq - 1, 1)), None) if seq and seq <= reader.last_seq() else None
        if row is None or _digest(row) != found["digest"] or _inbox(reader) != found["inbox"]:
            raise StorageBroken(
                f"the database {self.database.address} was made of another journal than {self._journal} (row {seq} is "
                "not the same); zepix live rebuild makes it anew, or name another database"
            )

    def _opened(self) -> LogReader:
        if self._reader is None:
            self._reader = LogReader(self._journal)
        return self._reader

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _digest(row: JournalRow) -> str:
    said = f"{row.seq} {row.t_ns} {row.kind} {row.body}"
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _inbox(reader: LogReader) -> str:
    return str(reader.header().get(JOURNAL_FIELD, ""))


def _mark(
    connection: Connection, fold: Fold, last: JournalRow, reader: LogReader, *, is_new: bool, state_before: str
) -> None:
    """How far the tables are, in the transaction of what brought them there."""
    done: dict[str, Any] = {"journal_seq": last.seq, "digest": _digest(last), "fold": FOLD}
    state = text_of(fold.state)
    if is_new:
        connection.execute(PROJECTION.insert(), {"id": 1, **done, "inbox": _inbox(reader), "state": state})
        return
    if state != state_before:
        done["state"] = state
    connection.execute(PROJECTION.update().where(PROJECTION.c.id == 1).values(**done))


def _empty(connection: Connection) -> None:
    for table in reversed(PROJECTION.metadata.sorted_tables):
        connection.execute(table.delete())
