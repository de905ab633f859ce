"""The only place of the live runner that reads a clock; everything else is given one.

Two times: ``now_ns`` is the wall's (UTC, it may jump when somebody sets it), ``monotonic_ns`` only ever goes forward
and says nothing but how long something took.
"""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock", "VirtualClock"]


class Clock(Protocol):
    """What tells the time: nanoseconds since 1970, and nanoseconds since some moment that never changes."""

    def now_ns(self) -> int: ...

    def monotonic_ns(self) -> int: ...


class SystemClock:
    """The machine's own clocks."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class VirtualClock:
    """A clock that stands still until it is moved: for tests and simulations."""

    def __init__(self, now_ns: int = 1_767_225_600_000_000_000, monotonic_ns: int = 1_000_000_000) -> None:
        """Starts at 2026-01-01, unless told otherwise."""
        self._now_ns = now_ns
        self._monotonic_ns = monotonic_ns

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def advance(self, seconds: float) -> None:
        """Time passes, on both clocks. Raises ValueError for a negative time."""
        passed_ns = round(seconds * 1e9)
        if passed_ns < 0:
            raise ValueError(f"time passes forward, not by {seconds} s; jump_wall sets the wall clock back")
        self._now_ns += passed_ns
        self._monotonic_ns += passed_ns

    def jump_wall(self, seconds: float) -> None:
        """Somebody sets the wall clock, forward or back; no time passes."""
        self._now_ns += round(seconds * 1e9)
