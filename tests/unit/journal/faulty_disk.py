"""A disk in memory that fails, fills up or loses power at the n-th write or sync; apsw's SQLite runs on it.

A file has what was written and what of that was synced. After a loss of power any of the writes since the last sync may
be there, or not, or half: ``images`` gives such disks. Names of new files are writes too, made durable by a sync of the
folder (or of the file itself for SQLite's logs, as SQLite's own VFS for Unix does it).
"""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import itertools
import random
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
_COUNTER = itertools.count()


class PowerLost(BaseException):
    """The machine is gone; nothing of the program runs any more."""


@dataclass
class StoredFile:
    now: bytearray = field(default_factory=bytearray)
    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(
        default_factory=list
    )  # (offset, data), or (size, None): a truncation
    has_durable_name: bool = False

    def write(self, offset: int, data: bytes) -> None:
        _put(self.now, offset, data)
        self.pending.append((offset, bytes(data)))

    def sync(self) -> None:
        self.synced = bytearray(self.now)
        self.pending = []


def _put(image: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del image[offset:]
        return
    if len(image) < offset:
        image.extend(b"\0" * (offset - len(image)))
    image[offset : offset + len(data)] = data


class FaultyDisk:
    """The disk, and the ``Files`` of a log on it. ``fault`` comes at action ``at`` and, if ``is_lasting``, after it."""

    def __init__(self, fault: str = "", at: int = -1, *, is_lasting: bool = False) -> None:
        self.stored: dict[str, StoredFile] = {}
        self.fault, self.at, self.is_lasting = fault, at, is_lasting
        self.actions = 0
        self.has_fired = False
        self.is_off = False
        self._name = f"faulty-{next(_COUNTER)}"
        self._vfs = _Vfs(self._name, self)

    # -- faults ----------------------------------------------------------------------------------------------------

    def act(self, path: str, data: bytes | None = None, offset: int = 0) -> None:
        """Counts one write, sync or removal and fails where it must; a write may be torn by the loss of power."""
        if self.is_off:
            raise PowerLost
        here, self.actions = self.actions, self.actions + 1
        if not self.fault or here < self.at or (here > self.at and not self.is_lasting):
            return
        self.has_fired = True
        if self.fault == "power":
            if data is not None and path in self.stored:  # half of it got through, perhaps
                self.stored[path].write(offset, data[: len(data) // 2])
            self.is_off = True
            raise PowerLost
        raise OSError(errno.ENOSPC if self.fault == "full" else errno.EIO, self.fault)

    def mend(self) -> None:
        self.fault = ""

    def images(self, seed: int) -> Iterator[tuple[str, dict[str, bytes]]]:
        """Disks that the machine may find when power is back."""
        rng = random.Random(seed)
        yield "all unsynced lost", {p: bytes(f.synced) for p, f in self.stored.items() if f.has_durable_name}
        yield "all kept", {p: bytes(f.now) for p, f in self.stored.items()}
        yield (
            "in part",
            {p: _in_part(f, rng) for p, f in self.stored.items() if f.has_durable_name or rng.random() < 0.5},
        )
        yield "torn", {p: _torn(f, rng) for p, f in self.stored.items() if f.has_durable_name or rng.random() < 0.5}

    # -- Files -----------------------------------------------------------------------------------------------------

    def connect(self, path: Path, *, read_only: bool = False) -> Any:
        try:
            return _Connection(self, apsw.Connection(str(path), vfs=self._name))
        except apsw.Error as error:
            raise _translated(error) from error

    def lock(self, folder: Path, name: str) -> Any:
        return _NoLock()

    def size(self, path: Path) -> int | None:
        file = self.stored.get(str(path))
        return None if file is None else len(file.now)

    def names(self, folder: Path) -> list[str]:
        return sorted(Path(p).name for p in self.stored if Path(p).parent == folder)

    def make_folder(self, folder: Path) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        self.act("")
        for file in self.stored.values():
            file.has_durable_name = True

    def open_bytes(self, path: Path, *, write: bool) -> Any:
        if not write and str(path) not in self.stored:
            raise FileNotFoundError(str(path))
        self.stored.setdefault(str(path), StoredFile())
        return _Bytes(self, str(path))

    def rename(self, old: Path, new: Path) -> None:
        self.act("")
        self.stored[str(new)] = self.stored.pop(str(old))

    def remove(self, path: Path) -> None:
        self.act("")
        self.stored.pop(str(path), None)


def _in_part(file: StoredFile, rng: random.Random) -> bytes:
    """Some of the pending writes, sector by sector."""
    image = bytearray(file.synced)
    for offset, data in file.pending:
        if data is None:
            if rng.random() < 0.5:
                _put(image, offset, None)
            continue
        for at in range(0, len(data), SECTOR):
            if rng.random() < 0.6:
                _put(image, offset + at, data[at : at + SECTOR])
    return bytes(image)


def _torn(file: StoredFile, rng: random.Random) -> bytes:
    """The first so many pending writes, the next one in half."""
    image = bytearray(file.synced)
    whole = rng.randint(0, len(file.pending))
    for offset, data in file.pending[:whole]:
        _put(image, offset, data)
    for offset, data in file.pending[whole : whole + 1]:
        if data:
            _put(image, offset, data[: rng.randint(1, len(data))])
    return bytes(image)


class _NoLock:
    def release(self) -> None:
        pass


class _Bytes(io.RawIOBase):
    """A plain file on the disk."""

    def __init__(self, disk: FaultyDisk, path: str) -> None:
        self._disk, self._path, self._at = disk, path, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        return bytes(self._disk.stored[self._path].now[self._at :][:size])

    def write(self, data: Any) -> int:
        self._disk.act(self._path, bytes(data), self._at)
        self._disk.stored[self._path].write(self._at, bytes(data))
        return len(data)


class _Cursor:
    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[Any]:
        return self._rows


class _Connection:
    """apsw's connection with the manners of the standard library's."""

    def __init__(self, disk: FaultyDisk, inner: apsw.Connection) -> None:
        self._disk, self._inner = disk, inner
        self.execute("PRAGMA locking_mode=EXCLUSIVE")  # without shared memory, which this disk has not

    def execute(self, sql: str, parameters: Any = (), /) -> _Cursor:
        return self._tried(lambda: _Cursor(list(self._inner.execute(sql, parameters))))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        return self._tried(lambda: _Cursor(list(self._inner.executemany(sql, parameters))))

    def close(self) -> None:
        self._tried(self._inner.close)

    def _tried(self, what: Any) -> Any:
        try:
            return what()
        except apsw.Error as error:
            if self._disk.is_off:
                raise PowerLost from None
            raise _translated(error) from error


@contextlib.contextmanager
def only_error_codes() -> Iterator[None]:
    """SQLite hears of a fault by its error code; apsw reports the exception behind it as lost too, which is hushed."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, apsw.Error) else before(lost)
    try:
        yield
    finally:
        gc.collect()  # connections that the loss of power left behind close here
        sys.unraisablehook = before


def _translated(error: apsw.Error) -> sqlite3.OperationalError:
    ours = {apsw.FullError: sqlite3.SQLITE_FULL, apsw.IOError: sqlite3.SQLITE_IOERR}  # raised by us, without a code
    translated = sqlite3.OperationalError(str(error) or type(error).__name__)
    translated.sqlite_errorcode = getattr(error, "extendedresult", 0) or ours.get(type(error), 0)
    return translated


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: FaultyDisk) -> None:
        self._disk = disk
        super().__init__(name, base="")

    def xFullPathname(self, name: str) -> str:
        return name

    def xAccess(self, path: str, flags: int) -> bool:
        return path in self._disk.stored

    def xDelete(self, path: str, sync_folder: bool) -> None:
        _acted(self._disk, path)
        if path not in self._disk.stored:
            raise apsw.IOError
        del self._disk.stored[path]

    def xOpen(self, name: Any, flags: list[int]) -> _VfsFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else (name or f"temporary-{next(_COUNTER)}")
        return _VfsFile(self._disk, path, flags)


class _VfsFile:
    def __init__(self, disk: FaultyDisk, path: str, flags: list[int]) -> None:
        if disk.is_off or (path not in disk.stored and not flags[0] & apsw.SQLITE_OPEN_CREATE):
            raise apsw.CantOpenError
        self._disk, self._path = disk, path
        self._syncs_name = bool(flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL))
        disk.stored.setdefault(path, StoredFile())
        flags[1] = flags[0]

    @property
    def _file(self) -> StoredFile:
        return self._disk.stored.setdefault(self._path, StoredFile())

    def xRead(self, amount: int, offset: int) -> bytes:
        if self._disk.is_off:
            raise apsw.IOError
        return bytes(self._file.now[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        _acted(self._disk, self._path, data, offset)
        self._file.write(offset, data)

    def xTruncate(self, size: int) -> None:
        _acted(self._disk, self._path)
        del self._file.now[size:]
        self._file.pending.append((size, None))

    def xSync(self, flags: int) -> None:
        _acted(self._disk, self._path)
        self._file.sync()
        if self._syncs_name:
            self._file.has_durable_name = True

    def xFileSize(self) -> int:
        return len(self._file.now)

    def xClose(self) -> None:
        pass

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, operation: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return 0


def _acted(disk: FaultyDisk, path: str, data: bytes | None = None, offset: int = 0) -> None:
    """``act`` with the errors that SQLite understands."""
    try:
        disk.act(path, data, offset)
    except PowerLost:
        raise apsw.IOError from None
    except OSError as error:
        raise (apsw.FullError if error.errno == errno.ENOSPC else apsw.IOError) from None
