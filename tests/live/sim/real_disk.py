"""The real ``DurableLog`` and ``LogReader`` on real files, with the same deaths and refusals as their twins.

A death between two statements closes the connections of the dead process without a commit, which is what ``kill -9``
leaves of an SQLite file as far as its readers can tell. Loss of power and torn pages are not made here: the tests of
the log itself do that at every write (tests/unit/journal).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live.sim.disk import Disk
from tests.live.sim.loop import OWNER, Process
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.files import RealFiles
from zepix.journal.rows import Row

__all__ = ["RealDisk", "real_parts", "rot"]


@dataclass
class RealDisk(Disk):
    """What is wrong with the disk, and which connections and locks belong to whom."""

    held: list[tuple[Process | None, Any]] = field(default_factory=list)

    def killed(self, process: Process) -> None:
        for owner, thing in self.held:
            if owner is process:
                thing.drop()
        self.held = [one for one in self.held if one[0] is not process]

    def close(self) -> None:
        for _, thing in self.held:
            thing.drop()
        self.held.clear()


class SimFiles(RealFiles):
    """Files that know who asked for them."""

    def __init__(self, disk: RealDisk, now_ns: Any) -> None:
        self._disk = disk
        self._now_ns = now_ns

    def connect(self, path: Path, *, read_only: bool = False) -> Any:
        owner = OWNER.get(None)
        found = _Connection(super().connect(path, read_only=read_only), owner, self._disk, path.stem, self._now_ns)
        self._disk.held.append((owner, found))
        return found

    def open_bytes(self, path: Path, *, write: bool) -> Any:
        found = super().open_bytes(path, write=write)
        self._disk.held.append((OWNER.get(None), _File(found)))
        return found

    def lock(self, folder: Path, name: str) -> Any:
        found = _Lock(super().lock(folder, name))
        self._disk.held.append((OWNER.get(None), found))
        return found


class _File:
    """An open file, to be closed with its process."""

    def __init__(self, handle: Any) -> None:
        self.drop = handle.close


class _Lock:
    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def release(self) -> None:
        self._lock.release()

    def drop(self) -> None:
        with contextlib.suppress(Exception):
            self._lock.release()


class _Connection:
    """A connection that dies with its process, and whose commits may be refused."""

    def __init__(self, inner: Any, owner: Process | None, disk: RealDisk, name: str, now_ns: Any) -> None:
        self._inner, self._owner, self._disk, self._name, self._now_ns = inner, owner, disk, name, now_ns

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        self._assert_alive()
        word = sql.split(maxsplit=1)[0]
        if self._owner is None or word not in ("BEGIN", "COMMIT"):
            return self._inner.execute(sql, parameters)
        self._disk.step(self._owner, f"{self._name} {word.lower()}")
        if word == "COMMIT":
            self._refuse()
        found = self._inner.execute(sql, parameters)
        if word == "COMMIT":
            self._disk.wait(self._owner, self._now_ns())
            self._disk.step(self._owner, f"{self._name} committed")
        return found

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        self._assert_alive()
        return self._inner.executemany(sql, parameters)

    def close(self) -> None:
        self._inner.close()

    drop = close

    def _refuse(self) -> None:
        if self._disk.is_full or self._disk.refuses:
            code = sqlite3.SQLITE_FULL if self._disk.is_full else sqlite3.SQLITE_IOERR_WRITE
            self._disk.refuses -= not self._disk.is_full
            error = sqlite3.OperationalError("database or disk is full" if self._disk.is_full else "disk I/O error")
            error.sqlite_errorcode = code
            raise error

    def _assert_alive(self) -> None:
        """What a dead process still tries on its way out comes to nothing."""
        if self._owner is not None and not self._owner.is_alive:
            raise sqlite3.OperationalError("the process is gone")


def real_parts(disk: RealDisk, now_ns: Any) -> tuple[Any, Any]:
    """(what stands for DurableLog, what stands for LogReader)"""
    files = SimFiles(disk, now_ns)

    class Log(DurableLog):
        def __init__(self, path: Path, *, name: str, header: Any = None) -> None:
            disk.step(OWNER.get(), f"{name} open")
            super().__init__(path, name=name, header=header, files=files)

        def append(self, rows: Sequence[tuple[int, str, str]]) -> list[int]:
            seqs = super().append(rows)
            disk.told(self.name, [Row(seq, *row) for seq, row in zip(seqs, rows, strict=True)])
            return seqs

    return Log, lambda path: LogReader(path, files=files)


def rot(path: Path, seq: int) -> None:
    """A row of a log vanishes while nobody looks."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM rows WHERE seq = ?", (seq,))
        connection.commit()
