"""Plain files on a world's disk, by a path that has what the runner asks of one: a sign of life, a cache of prices.

What was written and not forced is lost, kept or torn in half by a death, by the seed's coin.
"""

from __future__ import annotations

import errno
import io
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from tests.live.sim.disk import TwinLog
from tests.live.sim.loop import OWNER, Killed
from zepix_live.pulse import FILE_NAME, Beat, Pulse, frame_of, read_pulse

__all__ = ["SimPath", "SimPulse", "write_forced"]


class SimPath(PurePosixPath):
    """A path on the disk of the world that is running."""

    __slots__ = ()

    def exists(self) -> bool:
        return self.name in TwinLog.disk.logs or self.name in TwinLog.disk.plain

    is_file = exists

    def mkdir(self, **_: object) -> None:
        pass

    def stat(self) -> os.stat_result:
        """There is one folder, and it stays where it is."""
        size = len(TwinLog.disk.plain.get(self.name, b""))
        return os.stat_result((0, 1, 1, 1, 0, 0, size, 0, 0, 0))

    def glob(self, _pattern: str) -> list[SimPath]:
        return []

    def open(self, mode: str = "rb") -> SimFile:
        plain = TwinLog.disk.plain
        if mode == "rb" or mode == "r+b":
            if self.name not in plain:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory", self.name)
        else:
            _room()
            plain[self.name] = b""
        return SimFile(self.name, plain[self.name])

    def write_text(self, text: str, **_: object) -> int:
        _room()
        TwinLog.disk.plain[self.name] = text.encode()
        return len(text)

    def replace(self, target: PurePosixPath) -> None:
        TwinLog.disk.plain[target.name] = TwinLog.disk.plain.pop(self.name)

    def unlink(self, **_: object) -> None:
        TwinLog.disk.plain.pop(self.name, None)


class SimFile(io.BytesIO):
    """An open file; ``force`` makes it what the disk has."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name

    def force(self) -> None:
        disk, process, new = TwinLog.disk, OWNER.get(), self.getvalue()
        _room()
        old = disk.plain.get(self.name, b"")
        try:
            disk.step(process, f"{self.name} written, not forced")
        except Killed:
            if disk.coin():
                disk.plain[self.name] = new if disk.coin() else new[: (len(old) + len(new)) // 2]
            raise
        disk.plain[self.name] = new
        disk.step(process, f"{self.name} forced")


class SimPulse(Pulse):
    """The engine's pulse, overwritten in place: a death keeps what was written last, and a full disk has room."""

    def __init__(self, data_dir: Path | SimPath) -> None:
        self._path = data_dir / FILE_NAME
        self._now = replace(read_pulse(data_dir) or Beat(), state="starting", taking=False)
        self._handle = None
        self.beat()

    def _write(self, beat: Beat) -> None:
        self._now = replace(beat, beat=self._now.beat + 1)
        if isinstance(self._path, SimPath):
            TwinLog.disk.plain[FILE_NAME] = frame_of(self._now)
        else:
            self._path.write_bytes(frame_of(self._now))


def write_forced(handle: Any, frame: bytes) -> None:
    """As the runner writes its file of prices, with a force that is simulated."""
    handle.write(frame)
    handle.truncate()
    handle.force()


def _room() -> None:
    if TwinLog.disk.is_full:
        raise OSError(errno.ENOSPC, "No space left on device")
