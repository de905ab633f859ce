"""How long rows wait for the disk, and how long one more would: what is too long is refused before it waits.

A 503 at once brings the alert back in 5 s; one after 3 s of waiting brings nothing, since its sender is gone. Rows are
made durable in batches, so a wait is counted in batches: that of a row behind ``ahead`` others is the rest of the batch
under way, the batches before its own, and its own.
"""

from __future__ import annotations

from typing import Final

from zepix.journal.group_commit import MAX_BATCH_ROWS

__all__ = ["Waiting"]

_WEIGHT: Final = 0.2
"""Of the newest batch in what is expected of the next."""


class Waiting:
    """Rows handed over and not yet durable; times are the monotonic clock's, in nanoseconds."""

    def __init__(self, most_ns: int) -> None:
        """``most_ns``: longer than that nobody is to wait."""
        self._most_ns = most_ns
        self._begun: dict[int, tuple[int, int]] = {}
        self._last = 0
        self._batch_ns = 0.0

    def __len__(self) -> int:
        return len(self._begun)

    def begin(self, now_ns: int) -> int:
        """A row begins to wait; its number for ``end``."""
        self._last += 1
        self._begun[self._last] = (now_ns, _batches(len(self._begun)))
        return self._last

    def end(self, number: int, now_ns: int) -> None:
        """It has its answer."""
        begun_ns, batches = self._begun.pop(number)
        self._batch_ns += _WEIGHT * ((now_ns - begun_ns) / batches - self._batch_ns)

    def is_too_long(self, now_ns: int) -> bool:
        """Whether the oldest row has waited for too long, or one more would: then no more are taken.

        What fits into the next batch is not refused for what earlier ones took, or a disk that was slow once would
        never be asked again.
        """
        if not self._begun:
            return False
        oldest_ns = now_ns - next(iter(self._begun.values()))[0]
        ahead = len(self._begun)
        return oldest_ns > self._most_ns or (
            ahead >= MAX_BATCH_ROWS and self._batch_ns * _batches(ahead) > self._most_ns
        )


def _batches(ahead: int) -> int:
    return 2 + ahead // MAX_BATCH_ROWS
