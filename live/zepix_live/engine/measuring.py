"""How long things take in a running engine: handlers by plugin, commits to the journal, turns of the loop.

Everything is measured by the monotonic clock and kept in windows of fixed size, so that it costs a microsecond and no
memory. Nothing of it is decided by or journaled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from zepix_live.clock import Clock
from zepix_live.engine.consumer import Journal

__all__ = ["Handled", "Running", "Stopwatch", "TimedJournal", "Window", "percentile"]

NEWEST: Final = 512
MINUTE_NS: Final = 60_000_000_000
MS: Final = 1_000_000


class Window:
    """The newest durations in milliseconds, and the longest of the last minute or two."""

    __slots__ = ("_before", "_longest", "_since_ns", "count", "newest")

    def __init__(self) -> None:
        self.newest: deque[float] = deque(maxlen=NEWEST)
        self.count = 0
        self._longest = self._before = 0.0
        self._since_ns = 0

    def add(self, ms: float, now_ns: int) -> None:
        self.newest.append(ms)
        self.count += 1
        if now_ns - self._since_ns > MINUTE_NS:
            self._before, self._longest, self._since_ns = self._longest, 0.0, now_ns
        self._longest = max(self._longest, ms)

    @property
    def longest(self) -> float:
        return max(self._longest, self._before)

    def told(self, *fractions: int) -> dict[str, float]:
        """``p50_ms`` and the like for 50, and ``max_ms``; zeros before the first."""
        ordered = sorted(self.newest)
        found = {f"p{fraction}_ms": round(percentile(ordered, fraction), 3) for fraction in fractions}
        return {**found, "max_ms": round(self.longest, 3)}


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest rank of ascending values; 0 of none."""
    if not ordered:
        return 0.0
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


class TimedJournal:
    """The engine's journal, with the time that each commit took."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self.commits = Window()

    @property
    def last_seq(self) -> int:
        return self._journal.last_seq

    def append(self, rows: Sequence[tuple[int, str, str]]) -> list[int]:
        begun_ns = self._clock.monotonic_ns()
        try:
            return self._journal.append(rows)
        finally:
            now_ns = self._clock.monotonic_ns()
            self.commits.add((now_ns - begun_ns) / MS, now_ns)

    def save_snapshot(self, seq: int, schema: int, body: bytes) -> None:
        self._journal.save_snapshot(seq, schema, body)

    def latest_snapshot(self) -> Any:
        return self._journal.latest_snapshot()


@dataclass(slots=True)
class Handled:
    """What was seen of one plugin: its handlers' times, when the last one ran (session time), its last alert."""

    times: Window = field(default_factory=Window)
    last_ns: int = 0
    last_alert: str = ""
    last_outcome: str = ""
    last_reason: str = ""
    alert_ns: int = 0


class Running(NamedTuple):
    """A handler that has not returned: whose, which, and since when (monotonic)."""

    plugin_id: str
    handler: str
    since_ns: int


class Timed(Protocol):
    """What has a time of its own: an engine."""

    now_ns: int


class Stopwatch:
    """Hears of every handler's beginning and end (``zepix.engine.stepping.Watch``); the engine's own thread calls it,
    others may look at ``running``."""

    def __init__(
        self,
        clock: Clock,
        session: Timed,
        begins: Callable[[str], None] = lambda _plugin_id: None,
    ) -> None:
        """``begins``: is told whose handler begins, where it is not within another's."""
        self._monotonic_ns = clock.monotonic_ns
        self._session = session
        self._begins = begins
        self._stack: list[Running] = []
        self.plugins: dict[str, Handled] = {}

    def __call__(self, plugin_id: str, handler: str) -> None:
        now_ns = self._monotonic_ns()
        if handler:
            self._stack.append(Running(plugin_id, handler, now_ns))
            if len(self._stack) == 1:
                self._begins(plugin_id)
            return
        if not self._stack:
            return
        begun = self._stack.pop()
        handled = self.of(begun.plugin_id)
        handled.times.add((now_ns - begun.since_ns) / MS, now_ns)
        handled.last_ns = self._session.now_ns

    @property
    def running(self) -> Running | None:
        """The innermost handler that runs now."""
        stack = self._stack
        try:
            return stack[-1]
        except IndexError:
            return None

    def of(self, plugin_id: str) -> Handled:
        found = self.plugins.get(plugin_id)
        if found is None:
            found = self.plugins[plugin_id] = Handled(last_ns=self._session.now_ns)
        return found
