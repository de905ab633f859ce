"""Logs in memory that promise what ``DurableLog`` promises, and break where a disk or a process breaks.

``append`` is all or nothing. A death before the force to the disk loses the rows or keeps them, by the seed's coin; a
death after it keeps them, told or not. A call that failed may turn out to be there if the process dies before the next
one (the pages were written, the force was not answered).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from tests.live.sim.loop import OWNER, Killed, Process
from zepix.errors import JournalError
from zepix.journal.rows import Row, checked_rows
from zepix.journal.snapshots import Snapshot
from zepix.journal.trouble import JournalFull, JournalLocked, WriterStopped

FORCES = True
"""Whether ``append`` waits for the disk; a planted bug says that it does not."""


@dataclass
class StoredLog:
    """What lies on the disk."""

    name: str
    rows: list[Row] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    in_doubt: list[Row] = field(default_factory=list)
    owner: Process | None = None
    header: dict[str, Any] = field(default_factory=dict)
    forced: int = 0
    """So many rows outlive a death for certain."""


@dataclass
class Disk:
    """The one disk of a world: its logs by file name, and what is wrong with it now."""

    step: Callable[[Process, str], None] = lambda _process, _place: None
    """Called before and after everything that a disk does; kills the process that asks, perhaps."""
    coin: Callable[[], bool] = lambda: True
    note: Callable[[str], None] = lambda _text: None
    told: Callable[[str, list[Row]], None] = lambda _name, _rows: None
    """Is shown every row that has become durable."""
    logs: dict[str, StoredLog] = field(default_factory=dict)
    is_full: bool = False
    refuses: int = 0
    """So many more writes end in an I/O error whose outcome is not known."""
    unreadable: int = 0
    """So many more reads fail after their first row."""
    slow_ns: int = 0
    plain: dict[str, bytes] = field(default_factory=dict)
    """Plain files by name."""

    def killed(self, process: Process) -> None:
        """What a dead process leaves behind: its locks are free, what was in doubt is there or not."""
        for log in self.logs.values():
            if log.owner is process:
                log.owner = None
                if not FORCES and self.coin():
                    del log.rows[log.forced :]
                self.settle(log)

    def settle(self, log: StoredLog) -> None:
        """Decide about rows whose write was not answered, as the next one who opens the file would find it."""
        if log.in_doubt and self.coin():
            log.rows += log.in_doubt
            self.note(f"{log.name} rows {log.in_doubt[0].seq}.. that nobody was promised are there")
        log.in_doubt = []

    def wait(self, process: Process, now_ns: int) -> None:
        if self.slow_ns:
            process.busy_until_ns = max(process.busy_until_ns, now_ns) + self.slow_ns


class TwinLog:
    """``DurableLog`` on a ``Disk``; belongs to the process that opened it."""

    disk: Disk
    now_ns: Callable[[], int] = staticmethod(lambda: 0)

    def __init__(self, path: PurePosixPath, *, name: str, header: Any = None) -> None:
        self.process = OWNER.get()
        self.path, self.name, self.uncopied_bytes = path, name, 0
        self._is_open = True
        self.disk.step(self.process, f"{name} open")
        self.log = self.disk.logs.setdefault(path.name, StoredLog(name, header=dict(header or {})))
        if self.log.owner is not None and self.log.owner.is_alive:
            raise JournalLocked(f"{path} belongs to {self.log.owner}")
        self.log.owner = self.process

    @property
    def last_seq(self) -> int:
        return len(self.log.rows)

    @property
    def header(self) -> dict[str, Any]:
        return dict(self.log.header)

    def append(self, rows: Sequence[tuple[int, str, str]]) -> list[int]:
        checked_rows(rows)
        self._assert_open()
        disk, log = self.disk, self.log
        disk.step(self.process, f"{self.name} before append")
        if log.in_doubt:  # the writer looked again and wrote over it
            log.in_doubt = []
        first = len(log.rows) + 1
        new = [Row(first + place, t_ns, kind, body) for place, (t_ns, kind, body) in enumerate(rows)]
        if disk.is_full:
            raise JournalFull(f"{self.path.name} could not be written: the disk is full")
        log.in_doubt = new
        disk.step(self.process, f"{self.name} written, not forced")
        if disk.refuses:
            disk.refuses -= 1
            raise JournalError(
                f"{self.path.name} could not be written (disk I/O error); the disk or the system refused"
            )
        log.in_doubt = []
        log.rows += new
        log.forced = len(log.rows) if FORCES or len(log.rows) % 4 == 0 else log.forced
        if new:
            disk.told(self.name, new)
        disk.wait(self.process, self.now_ns())
        disk.step(self.process, f"{self.name} after append")
        return [row.seq for row in new]

    def save_snapshot(self, seq: int, schema: int, body: bytes) -> None:
        self._assert_open()
        self.disk.step(self.process, f"{self.name} before snapshot")
        if self.disk.is_full:
            raise JournalFull("the disk is full")
        kept = [one for one in self.log.snapshots if one.seq < seq]
        self.log.snapshots = [*kept, Snapshot(seq, schema, bytes(body), b"")][-2:]
        self.disk.note(f"{self.name} snapshot after {seq}")
        self.disk.step(self.process, f"{self.name} after snapshot")

    def latest_snapshot(self) -> Snapshot | None:
        return self.log.snapshots[-1] if self.log.snapshots else None

    def checkpoint(self) -> bool:
        return True

    def close(self) -> None:
        self._is_open = False
        if self.log.owner is self.process:
            self.log.owner = None

    def _assert_open(self) -> None:
        if not self.process.is_alive:
            raise Killed
        if not self._is_open:
            raise WriterStopped(f"{self.path}: the log is closed")


class TwinReader:
    """``LogReader`` on a ``Disk``."""

    disk: Disk

    def __init__(self, path: PurePosixPath) -> None:
        self.path = path

    def header(self) -> dict[str, Any]:
        return dict(self.disk.logs[self.path.name].header)

    def rows(
        self, after_seq: int = 0, limit: int | None = 10_000, kinds: Collection[str] | None = None
    ) -> Iterator[Row]:
        log = self.disk.logs.get(self.path.name)
        if log is None:
            raise JournalError(f"{self.path}: there is no journal")
        found = self._read(log, after_seq)
        if kinds is not None:
            wanted = frozenset(kinds)
            found = (row for row in found if row.kind in wanted)
        return found if limit is None else islice(found, limit)

    def _read(self, log: StoredLog, after_seq: int) -> Iterator[Row]:
        place = after_seq
        while place < len(log.rows):
            if self.disk.unreadable and (place > after_seq or self.disk.coin()):
                self.disk.unreadable -= 1
                raise JournalError(f"{self.path.name} could not be read (disk I/O error)")
            yield log.rows[place]
            place += 1

    def last_seq(self) -> int:
        return len(self.disk.logs[self.path.name].rows)

    def stamp(self) -> tuple[int, int]:
        log = self.disk.logs.get(self.path.name)
        return 1, 0 if log is None else len(log.rows)

    def close(self) -> None:
        pass

    def __enter__(self) -> TwinReader:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def digest(rows: Sequence[Row]) -> str:
    """Eight characters that stand for what rows say."""
    found = blake2b(digest_size=4)
    for row in rows:
        found.update(f"{row.seq}|{row.t_ns}|{row.kind}|{row.body}\n".encode())
    return found.hexdigest()
