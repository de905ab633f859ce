"""Two processes under one: the receiver, which must not die, and the engine, which may be started again.

- A child ends when its standard input closes, so nothing outlives the process that was started for longer than a few
  seconds, however that one dies and whatever a strategy is busy with.
- The receiver is started again at once. The engine too, but five restarts in ten minutes are the end of it: the
  receiver goes on taking alerts, and the operator is told.
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

__all__ = ["Child", "Supervisor", "end_with_parent"]

MAX_RESTARTS: Final = 5
RESTART_WINDOW_S: Final = 600.0
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
GRACE_S: Final = 4.0
OVERDUE: Final = 70
LOOK_EVERY_S: Final = 0.05


@dataclass(slots=True)
class Child:
    """One process to keep alive. ``gives_up``: whether restarts in quick succession end it for good."""

    name: str
    command: Sequence[str]
    gives_up: bool
    fatal: frozenset[int] = frozenset()
    """Statuses of a first start that say that no start can help: a wrong configuration, data that cannot be read."""
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=deque)
    is_given_up: bool = False
    again_at: float = 0.0

    def start(self) -> None:
        self.starts.append(time.monotonic())
        self._let_go()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE)  # noqa: S603 - our own interpreter

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
                    for child in self.children:
                        self._look_after(child)
            finally:
                self._end()
        return self._status

    def _look_after(self, child: Child) -> None:
        if child.is_running or child.is_given_up:
            return
        now = time.monotonic()
        if child.process is not None and not child.again_at:
            while child.starts and child.starts[0] < now - RESTART_WINDOW_S:
                child.starts.popleft()
            status, quick = child.process.poll(), len(child.starts) - 1
            if quick == 0 and status in child.fatal:
                self._status = int(status or 0)
                self.stop()
                return
            if child.gives_up and quick >= MAX_RESTARTS:
                child.is_given_up = True
                self._tell(
                    f"CRITICAL the {child.name} died {quick + 1} times within {RESTART_WINDOW_S / 60:.0f} minutes "
                    "and is not started again; alerts are taken and kept, none is acted on; start zepix live anew"
                )
                return
            child.again_at = now + min(FIRST_WAIT_S * 2**quick, LONGEST_WAIT_S)
            self._tell(f"WARN the {child.name} ended with status {status}; it is started again")
        if now >= child.again_at:
            child.again_at = 0.0
            child.start()

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
