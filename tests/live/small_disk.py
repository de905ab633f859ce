"""A file system of a few megabytes, so that a full disk is a full disk and no pretence of one.

Linux lets root mount one in memory; anybody else skips, with the reason.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["SmallDisk", "small_disk"]

PAGE = 4096


class SmallDisk:
    """``path`` is its root; ``fill`` leaves not a byte, ``make_room`` takes away what ``fill`` put there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as handle:
            try:
                while handle.write(b"x" * PAGE):
                    pass
            except OSError:
                assert self.free_bytes() == 0

    def make_room(self) -> None:
        self._ballast.unlink()

    def free_bytes(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(path: Path, mib: int) -> Iterator[SmallDisk]:
    """A disk of ``mib`` MiB at ``path`` while inside. Skips the test where this user may not make one."""
    if not sys.platform.startswith("linux"):
        pytest.skip("a file system in memory is mounted as Linux has it")
    path.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "zepix-test", str(path)]
    made = subprocess.run(asked, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"this user may mount no file system of its own: {made.stderr.strip()[:200]}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
