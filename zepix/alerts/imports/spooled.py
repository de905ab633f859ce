"""Rows in order of time without holding them all: sorted in runs that go to a temporary file, then merged.

A log of a few thousand rows never touches the disk. Runs that follow each other in time are one run, so that a log that
was in order is written once and read once. The file is private, removed when it is closed, and read only by the process
that wrote it.
"""

from __future__ import annotations

import heapq
import marshal
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

from zepix.alerts.payload import body_text
from zepix.alerts.rows import LogRow

__all__ = ["in_time_order"]

RUN_ROWS: Final = 50_000
_BLOCK_ROWS: Final = 500
Item = tuple[int, int, tuple[Any, ...]]
"""(nanoseconds or -1, place among rows of one instant, the row)."""


def in_time_order(rows: Iterable[tuple[int, int, tuple[Any, ...]]]) -> Iterator[tuple[Any, ...]]:
    """The rows by their first number, those of one instant by their second; both are whole numbers, no pair twice."""
    waiting: list[Item] = []
    remaining = iter(rows)
    for item in remaining:
        waiting.append(item)
        if len(waiting) >= RUN_ROWS:
            break
    else:
        waiting.sort()
        yield from (item[2] for item in waiting)
        return
    with tempfile.TemporaryFile(prefix="zepix-") as spool:
        runs = _Runs(spool)
        for item in remaining:
            if len(waiting) >= RUN_ROWS:
                runs.add(waiting)
                waiting = []
            waiting.append(item)
        runs.add(waiting)
        del waiting
        found = map(runs.read, runs.runs)
        yield from (item[2] for item in (heapq.merge(*found) if len(runs.runs) > 1 else next(found)))


class _Runs:
    """Sorted runs in one file: of each run where its blocks begin, and their sizes."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self.runs: list[list[tuple[int, int]]] = []
        self._end = 0
        self._last: tuple[int, int] | None = None

    def add(self, items: list[Item]) -> None:
        """Sorts and writes; where they follow the run before, they become part of it."""
        items.sort(key=_key)
        if self._last is None or _key(items[0]) < self._last:
            self.runs.append([])
        self._last = _key(items[-1])
        for start in range(0, len(items), _BLOCK_ROWS):
            block = _dumped(items[start : start + _BLOCK_ROWS])
            self.runs[-1].append((self._end, len(block)))
            self._spool.write(block)
            self._end += len(block)

    def read(self, run: list[tuple[int, int]]) -> Iterator[Item]:
        for place, size in run:
            self._spool.seek(place)
            yield from marshal.loads(self._spool.read(size))  # noqa: S302  written by this process


def _key(item: Item) -> tuple[int, int]:
    return item[0], item[1]


def _dumped(items: list[Item]) -> bytes:
    plain = [(ns, place, tuple(row)) for ns, place, row in items]
    try:
        return marshal.dumps(plain)
    except ValueError:  # nested too deep for it, or something else than plain values: as text it means the same
        return marshal.dumps([(ns, place, _flat(row)) for ns, place, row in plain])


def _flat(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        cell if cell is None or isinstance(cell, str | int | float | tuple) else body_text(cell) for cell in row
    )


def log_rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[LogRow]:
    """Rows that come back from ``in_time_order`` as what they were."""
    return (row if type(row) is LogRow else LogRow._make(row) for row in rows)
