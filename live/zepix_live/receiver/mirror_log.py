"""What became of each body that was handed on: lines of JSON in the data folder, two files of bounded size.

    {"t_ns": 1767225600000000000, "seq": 7, "to": 1, "host": "https://hooks.example.org", "status": 200, "ms": 31}
    {"t_ns": ..., "seq": 8, "to": 1, "host": ..., "error": "timeout"}

It is for people, and for a start that wants to know what the last one did not get to; it is not forced to the disk.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["FILE_NAME", "MirrorLog"]

FILE_NAME: Final = "mirror.jsonl"
_OLD_NAME: Final = "mirror.old.jsonl"
_MOST_BYTES: Final = 4 * 1024 * 1024
_LINE_BYTES: Final = 4 * 1024


class MirrorLog:
    """The log of one data folder; may be written by several threads. A disk that takes nothing is passed over."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME
        self._old = data_dir / _OLD_NAME
        self._lock = threading.Lock()
        self.unwritten = 0

    def write(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Adds lines. Never raises."""
        content = b"".join(json.dumps(one, separators=(",", ":")).encode("ascii") + b"\n" for one in lines)
        with self._lock:
            try:
                if self._size() + len(content) > _MOST_BYTES:
                    self._path.replace(self._old)
                with self._path.open("ab") as handle:
                    handle.write(content)
            except OSError:
                self.unwritten += 1

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def told(self) -> Counter[int]:
        """For each alert, of how many receivers it says what became of it."""
        found: Counter[int] = Counter()
        for path in (self._old, self._path):
            for line in _lines(path):
                with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                    found[int(json.loads(line)["seq"])] += 1
        return found


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as handle:
            while line := handle.readline(_LINE_BYTES):
                yield line
    except OSError:
        return
