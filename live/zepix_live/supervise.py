"""Two processes under one: the receiver, which must not die, and the engine, which may be started again.

- A child ends when its standard input closes, so nothing outlives the process that was started for longer than a few
  seconds, however that one dies and whatever a strategy is busy with.
- The receiver is started again at once. The engine too, but five restarts in ten minutes are the end of it, and so is
  a status that says that no start can help: the receiver goes on taking alerts, and the operator is told. The API,
  which nothing waits for, is tried again after a rest.
- An engine that is silent for too long (``watchdog.py``) is ended and started again.
- SIGTERM or Ctrl+C ends all of it within five seconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final, Protocol

__all__ = ["Child", "Supervisor", "Watch", "end_with_parent"]

MAX_RESTARTS: Final = 5
RESTART_WINDOW_S: Final = 600.0
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
GRACE_S: Final = 4.0
OVERDUE: Final = 70
LOOK_EVERY_S: Final = 0.05
AFTERMATH: Final = (
    "alerts are taken and kept, none is acted on; mend it, end this (Ctrl+C, SIGTERM) and start zepix live anew: what "
    "came meanwhile is taken then"
)


class Watch(Protocol):
    """Looks at a child from outside while it runs."""

    def begin(self) -> None: ...

    def look(self, passed_s: float) -> str | None:
        """Why it is to be ended; None while it is well. ``passed_s``: since the last look."""


@dataclass(slots=True)
class Child:
    """One process to keep alive. ``gives_up``: whether restarts in quick succession end it for good."""

    name: str
    command: Sequence[str]
    gives_up: bool
    fatal: frozenset[int] = frozenset()
    """Statuses that say that no start can help: a wrong configuration, data that cannot be read."""
    ends_all: bool = True
    """Whether a fatal status of its first start ends the others too; else they go on without it."""
    watch: Watch | None = None
    on_given_up: Callable[[str], None] | None = None
    """Is told, in a sentence, why it is not started any more."""
    aftermath: str = AFTERMATH
    """What holds from then on, told with it."""
    environ: Mapping[str, str] | None = None
    """What it gets beside our own environment: what a command line, which everybody sees, must not hold."""
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=deque)
    again_after_s: float | None = None
    """A rest after which one that was given up is tried again, as often as needed; None: never."""
    is_given_up: bool = False
    times_rested: int = 0
    again_at: float = 0.0
    lives: int = 0
    """How often it was started."""

    def start(self) -> None:
        self.lives += 1
        self.starts.append(time.monotonic())
        self._let_go()
        if self.watch is not None:
            self.watch.begin()
        environ = None if self.environ is None else {**os.environ, **self.environ}
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            self.command, stdin=subprocess.PIPE, env=environ
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end: its standard input closes, and where there are signals it gets one."""
        self._let_go()
        if self.is_running and self.process is not None and os.name == "posix":
            with contextlib.suppress(OSError):
                self.process.terminate()

    def _let_go(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def kill(self) -> None:
        if self.is_running and self.process is not None:
            with contextlib.suppress(OSError):
                self.process.kill()
            self.process.wait()


class Supervisor:
    """Keeps children alive until it is told to stop."""

    def __init__(self, children: Sequence[Child], tell: Callable[[str], None]) -> None:
        self.children = list(children)
        self._tell = tell
        self._is_over = threading.Event()
        self._status = 0
        self._looked = time.monotonic()

    def stop(self) -> None:
        """End all of it; may be called from a signal handler."""
        self._is_over.set()

    def run(self) -> int:
        """Start the children and keep them; 0 where it was told to stop, else the status of a child's fatal start."""
        with _stopped_by_signals(self.stop):
            for child in self.children:
                child.start()
            try:
                while not self._is_over.wait(LOOK_EVERY_S):
                    now = time.monotonic()
                    passed_s, self._looked = now - self._looked, now
                    for child in self.children:
                        self._watch(child, passed_s)
                        self._look_after(child)
            finally:
                self._end()
        return self._status

    def _watch(self, child: Child, passed_s: float) -> None:
        """End a child that runs and does nothing any more; it is started again as after any death."""
        if child.watch is None or not child.is_running:
            return
        why = child.watch.look(passed_s)
        if why is not None:
            self._tell(f"CRITICAL {why}")
            child.kill()

    def _look_after(self, child: Child) -> None:
        if child.is_running or child.is_given_up:
            return
        now = time.monotonic()
        if child.process is not None and not child.again_at:
            while child.starts and child.starts[0] < now - RESTART_WINDOW_S:
                child.starts.popleft()
            status, quick = child.process.poll(), len(child.starts) - 1
            if self._is_the_end(child, status, quick):
                return
            child.again_at = now + min(FIRST_WAIT_S * 2**quick, LONGEST_WAIT_S)
            self._tell(f"WARN the {child.name} ended with status {status}; it is started again")
        if now >= child.again_at:
            child.again_at = 0.0
            child.start()

    def _is_the_end(self, child: Child, status: int | None, quick: int) -> bool:
        """Whether a child that ended is not started again, and perhaps nothing goes on without it."""
        if status in child.fatal and child.lives == 1 and child.ends_all:
            self._status = int(status or 0)
            self.stop()
        elif status in child.fatal and child.gives_up:
            self._give_up(child, f"the {child.name} cannot be started (status {status}; its reason stands above)")
        elif child.gives_up and quick >= MAX_RESTARTS:
            self._give_up(child, f"the {child.name} died {quick + 1} times within {RESTART_WINDOW_S / 60:.0f} minutes")
        else:
            return False
        return True

    def _give_up(self, child: Child, why: str) -> None:
        """For good, or for a while: then the first time is CRITICAL, since it says all that the next ones do."""
        if child.again_after_s is None:
            child.is_given_up = True
            what, level = "is not started again", "CRITICAL"
        else:
            child.again_at = time.monotonic() + child.again_after_s
            child.starts.clear()
            child.times_rested += 1
            what = f"is tried again in {child.again_after_s / 60:g} minutes"
            level = "CRITICAL" if child.times_rested == 1 else "WARN"
        self._tell(f"{level} {why} and {what}; {child.aftermath}")
        if child.on_given_up is not None:
            child.on_given_up(why)

    def _end(self) -> None:
        for child in self.children:
            child.stop()
        deadline = time.monotonic() + GRACE_S
        for child in self.children:
            while child.is_running and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY_S)
            child.kill()


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]):  # type: ignore[no-untyped-def]
    """While inside, SIGINT, SIGTERM and Windows' SIGBREAK call ``stop``; elsewhere than in the main thread, nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(_number: int, _frame: FrameType | None) -> None:
        stop()

    names = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), handler) for name in names}
    try:
        yield
    finally:
        for name, old in before.items():
            signal.signal(getattr(signal, name), old)


def end_with_parent(stop: Callable[[], None], grace_s: float = GRACE_S) -> None:
    """Call ``stop`` once standard input closes: whoever started this process is gone, or asks it to end.

    What has not ended ``grace_s`` later (a strategy that never returns) is ended at once: it would keep the folder to
    itself, and there is nothing to save.
    """

    def watch() -> None:
        stream = sys.stdin
        if stream is None:
            return
        with contextlib.suppress(OSError, ValueError):
            while stream.buffer.read(1):
                pass
        stop()
        time.sleep(grace_s)
        os._exit(OVERDUE)

    threading.Thread(target=watch, name="parent", daemon=True).start()
