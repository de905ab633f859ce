"""The durable log: rows that are on the disk when ``append`` returns, numbered without a gap, written by one process.

Rules:

- One writer. It holds a lock for as long as it lives; the second one is refused by name. Its one connection writes and
  checkpoints, readers can do neither (that also keeps clear of the defect of SQLite before 3.51.3 in which a checkpoint
  races a write of another connection).
- ``append`` is one transaction: all rows or none, and durable on return. After an error the log stays usable: rows are
  not there, numbers are not used up, the next call tries the disk anew.
- Nothing is ever changed or removed. A part that has grown large is followed by a new one.
- Opening verifies the last rows and the mark (see ``mark.py``), not everything: that is ``LogReader.verify``.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from zepix.errors import JournalError
from zepix.journal.files import REAL, Files
from zepix.journal.layout import PartHeader, lock_folder, mark_path, part_path, parts_of, snapshots_path, wal_path
from zepix.journal.mark import Mark, MarkFile, read_mark
from zepix.journal.part import Part, assert_same_name, read_header
from zepix.journal.rows import checked_rows, link
from zepix.journal.snapshots import MAX_SNAPSHOT_BYTES, Snapshot, SnapshotStore
from zepix.journal.trouble import JournalBroken, Problem, WriterStopped, lost_rows, named

__all__ = ["CHECKPOINT_BYTES", "MAX_PART_BYTES", "DurableLog"]

CHECKPOINT_BYTES: Final = 8 * 1024 * 1024
"""So much may lie in the log of pages before an ``append`` copies it back itself."""
MAX_PART_BYTES: Final = 1024 * 1024 * 1024
_PAGE: Final = 4096


class DurableLog:
    """The one writer of the log at ``path`` (``DIR/journal.sqlite``), which is made if it is not there.

    ``name`` says which log it is and must be the same each time; ``header`` is kept with a log that is made here.
    Threads may share it: calls wait for each other. Raises JournalLocked, JournalNewer, JournalBroken, JournalFull,
    or JournalError where the folder cannot be written; nothing is left open then.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        header: Mapping[str, Any] | None = None,
        files: Files = REAL,
        checkpoint_bytes: int = CHECKPOINT_BYTES,
        max_part_bytes: int = MAX_PART_BYTES,
    ) -> None:
        self.path: Final = path
        self.name: Final = name
        self.trouble: JournalError | None = None  # the last checkpoint or rotation that failed; no row suffers from it
        self.snapshot_problems: tuple[Problem, ...] = ()
        self._files: Final = files
        self._checkpoint_bytes: Final = checkpoint_bytes
        self._max_part_bytes: Final = max_part_bytes
        self._guard: Final = threading.RLock()
        self._is_doubtful = False
        self._leftover: Path | None = None
        self._uncopied_bytes = 0
        with contextlib.ExitStack() as undo:
            try:
                files.make_folder(path.parent)
                undo.callback(files.lock(lock_folder(path), path.stem).release)
                self._part: Part | None = self._opened(PartHeader(name, 1, 1, b"", header or {}))
                undo.callback(self._close_part)
                self._mark: Final = MarkFile(mark_path(path), files)
            except OSError as error:
                raise named(error, path, "be opened") from error
            undo.callback(self._mark.close)
            self._snapshots: Final = SnapshotStore(snapshots_path(path), files)
            undo.callback(self._snapshots.close)
            self._undo: Final = undo.pop_all()

    # -- what it knows ---------------------------------------------------------------------------------------------

    @property
    def last_seq(self) -> int:
        """The number of the last durable row; 0 while there is none."""
        return self._open_part().last_seq

    @property
    def last_hash(self) -> bytes:
        """The chain of the last durable row (of the part's header while it has none): 16 bytes."""
        return self._open_part().last_hash

    @property
    def header(self) -> dict[str, Any]:
        """The fields given when the log was made."""
        return dict(self._open_part().header.fields)

    @property
    def uncopied_bytes(self) -> int:
        """About how much was appended since the last checkpoint."""
        return self._uncopied_bytes

    # -- writing ---------------------------------------------------------------------------------------------------

    def append(self, rows: Sequence[tuple[int, str, str]]) -> list[int]:
        """Makes ``(t_ns, kind, body)`` rows durable in one transaction; their numbers, in order.

        ``body`` is JSON text. All or nothing: raises BadRow (which row, and why) before anything is written,
        JournalFull, JournalBroken, WriterStopped after ``close``, else JournalError; the log stays usable.
        """
        checked = checked_rows(rows)
        with self._guard:
            part = self._sound_part()
            records, seq, chain, size = [], part.last_seq, part.last_hash, 3 * _PAGE
            for (t_ns, kind, raw), (_, word, body) in zip(checked, rows, strict=True):
                seq += 1
                chain = link(chain, seq, t_ns, kind, raw)
                records.append((seq, t_ns, word, body, chain))
                size += len(raw) + 64
            if records:
                self._is_doubtful = True
                part.add(records)
                self._is_doubtful = False
                self._mark.advance(Mark(seq, chain))
                self._uncopied_bytes += size
                self._keep_small()
            return [record[0] for record in records]

    def checkpoint(self) -> bool:
        """Copies what was appended into the main file; True if all of it (a reader may hold some back).

        Rows are durable without it; it keeps the log of pages short. Raises JournalError; no row suffers.
        """
        with self._guard:
            is_whole = self._sound_part().checkpoint(truncate=False)
            self._uncopied_bytes = 0 if is_whole else min(self._uncopied_bytes, self._checkpoint_bytes * 3 // 4)
            return is_whole

    def rotate(self) -> Path:
        """Begins the next part, numbers and chain go on; its path. Raises JournalError, then the old part stays."""
        with self._guard:
            old = self._sound_part()
            old.checkpoint(truncate=True)
            header = self._header_after(old)
            path = part_path(self.path, header.part)
            try:
                new = Part(path, self._files, lambda: header)
            except BaseException:
                self._leftover = path
                with contextlib.suppress(JournalError):
                    self._forget_leftover()
                raise
            self._part, self._uncopied_bytes = new, 0
            old.close()
            return path

    def close(self) -> None:
        """Ends writing and gives the lock back; nothing is saved here that was not durable before."""
        with self._guard:
            self._undo.close()

    # -- snapshots -------------------------------------------------------------------------------------------------

    def save_snapshot(self, seq: int, schema: int, body: bytes) -> None:
        """Keeps the state after row ``seq`` (durable already), the newest two of them. Raises JournalError."""
        with self._guard:
            part = self._sound_part()
            if not 0 <= seq <= part.last_seq:
                raise ValueError(f"a snapshot is taken after a durable row: 0 to {part.last_seq}, not {seq}")
            if len(body) > MAX_SNAPSHOT_BYTES:
                raise JournalError(f"a snapshot of {len(body)} bytes is too large; at most {MAX_SNAPSHOT_BYTES}")
            self._snapshots.save(Snapshot(seq, schema, bytes(body), self._hash_at(seq)))

    def latest_snapshot(self) -> Snapshot | None:
        """The newest snapshot that can be believed; None if there is none. ``snapshot_problems`` says what was not.

        Raises JournalBroken where a snapshot was taken after a row that this log does not have, or has otherwise: then
        rows were lost or replaced, and a human decides.
        """
        with self._guard:
            good, bad = self._snapshots.load()
            self.snapshot_problems = tuple(bad)
            for snapshot in good:
                if snapshot.seq > self.last_seq or self._hash_at(snapshot.seq) != snapshot.chain:
                    raise JournalBroken(
                        f"{self.path}: a snapshot was taken after row {snapshot.seq}, which this log (it ends at row "
                        f"{self.last_seq}) does not have like that; was an old copy put back? If on purpose, move "
                        f"{self._snapshots.path.name} away"
                    )
            return good[0] if good else None

    # -- inside ----------------------------------------------------------------------------------------------------

    def _opened(self, first: PartHeader) -> Part:
        """The last part, made if there is none, and compared with the mark."""
        parts = parts_of(self.path, self._files)
        mark = read_mark(mark_path(self.path), self._files)
        number, path = parts[-1] if parts else (1, self.path)
        if not self._files.size(path) and (mark.seq if number == 1 else self._files.size(wal_path(path))):
            raise lost_rows(path, 0, mark.seq)  # before SQLite deletes the log of pages of a file that was emptied
        self._copy_back(parts[:-1])
        part = Part(path, self._files, lambda: first if number == 1 else self._continued(parts))
        try:
            assert_same_name(part.header, self.name, path)
            if mark.seq > part.last_seq:
                raise lost_rows(path, part.last_seq, mark.seq)
            if mark.seq and mark.seq >= part.header.first_seq - 1 and part.hash_of(mark.seq) != mark.chain:
                raise JournalBroken(
                    f"{path}, row {mark.seq}: it is not the row that was promised; was the file replaced?"
                )
        except BaseException:
            part.close()
            raise
        return part

    def _continued(self, parts: list[tuple[int, Path]]) -> PartHeader:
        """The header that the last part must get, where its making was interrupted."""
        number, path = parts[-1]
        if len(parts) < 2 or parts[-2][0] != number - 1:
            raise JournalBroken(f"{path} was never begun and the part before it is missing; put that part back")
        old = Part(parts[-2][1], self._files, partial(_never_begun, parts[-2][1]))
        try:
            return self._header_after(old)
        finally:
            old.close()

    def _header_after(self, old: Part) -> PartHeader:
        before = old.last_hash if old.last_seq >= old.header.first_seq else old.header.previous
        return PartHeader(self.name, old.header.part + 1, old.last_seq + 1, before, old.header.fields)

    def _copy_back(self, parts: list[tuple[int, Path]]) -> None:
        """Makes earlier parts plain files again, where a reader held their pages back when they were left."""
        for _, path in parts:
            if self._files.size(wal_path(path)):
                Part(path, self._files, partial(_never_begun, path)).close()

    def _close_part(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.close()

    def _open_part(self) -> Part:
        part = self._part
        if part is None:
            raise WriterStopped(f"{self.path}: the log is closed")
        return part

    def _sound_part(self) -> Part:
        """The part, its end read anew where the last write failed half-way."""
        part = self._open_part()
        self._forget_leftover()
        if self._is_doubtful:
            known = part.last_seq
            part.look_again()
            if part.last_seq < known:
                raise lost_rows(part.path, part.last_seq, known)
            self._is_doubtful = False
        return part

    def _hash_at(self, seq: int) -> bytes:
        """The chain of row ``seq``, in whichever part it is; for 0, nothing."""
        part = self._open_part()
        if seq == 0:
            return b""
        if seq >= part.header.first_seq - 1:
            return part.hash_of(seq)
        for _, path in reversed(parts_of(self.path, self._files)):
            header = read_header(path, self._files)
            if header is not None and header.first_seq <= seq:
                return _stored_hash(path, self._files, seq)
        raise JournalBroken(f"{self.path}, row {seq}: the part that held it is not here")

    def _keep_small(self) -> None:
        """Checkpoints and rotates when it is time; what fails is noted and tried again later, the rows are safe."""
        if self._uncopied_bytes < self._checkpoint_bytes:
            return
        try:
            self.checkpoint()
            if (self._files.size(self._open_part().path) or 0) > self._max_part_bytes:
                self.rotate()
            self.trouble = None
        except (JournalError, OSError) as error:
            self._uncopied_bytes = self._checkpoint_bytes // 2
            self.trouble = error if isinstance(error, JournalError) else named(error, self.path, "be rotated")

    def _forget_leftover(self) -> None:
        """Removes a part that could not be begun: were rows added before it is gone, a later start would miss them."""
        path = self._leftover
        if path is None:
            return
        try:
            for tail in ("-journal", "-wal", "-shm", ""):
                self._files.remove(path.with_name(path.name + tail))
            self._files.sync_folder(path.parent)
        except OSError as error:
            raise named(error, path, "be removed after it could not be begun") from error
        self._leftover = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _never_begun(path: Path) -> PartHeader:
    raise JournalBroken(f"{path} is empty though a later part follows it; put the part back")


def _stored_hash(path: Path, files: Files, seq: int) -> bytes:
    try:
        connection = files.connect(path, read_only=True)
        try:
            found = connection.execute("SELECT chain FROM rows WHERE seq = ?", (seq,)).fetchone()
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise named(error, path, "be read") from error
    if found is None:
        raise JournalBroken(f"{path}, row {seq}: it is missing")
    return bytes(found[0])
