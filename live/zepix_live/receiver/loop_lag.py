"""How long requests wait before the receiver reads them: as long as its event loop takes to come round again.

A timer is due every tenth of a second. Where it is late, all that came meanwhile is as late; where it is later than
anybody should wait, what is read next is answered 503 at once, which brings the alert back in 5 s, instead of an
acknowledgement that nobody waits for any more.
"""

from __future__ import annotations

import asyncio
from typing import Final

from zepix_live.clock import Clock

__all__ = ["LoopLag"]

EVERY_S: Final = 0.1


class LoopLag:
    """Looks at the loop in which it was started."""

    def __init__(self, clock: Clock, most_ns: int) -> None:
        """``most_ns``: longer than that nobody is to wait."""
        self._clock = clock
        self._most_ns = most_ns
        self._due_ns: int | None = None
        self.newest_ms = 0.0
        """How late the timer was the last time."""

    def start(self) -> None:
        """From now on, in the loop that runs."""
        self._begin(asyncio.get_running_loop())

    def is_too_long(self) -> bool:
        """Whether what is read now has waited for too long."""
        return self._due_ns is not None and self._clock.monotonic_ns() - self._due_ns > self._most_ns

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due_ns = self._clock.monotonic_ns() + round(EVERY_S * 1e9)
        loop.call_later(EVERY_S, self._came, loop)

    def _came(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._due_ns is not None, "it was started"
        self.newest_ms = round(max(0, self._clock.monotonic_ns() - self._due_ns) / 1e6, 3)
        self._begin(loop)
