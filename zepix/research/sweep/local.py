"""Runs cells in this process, or in worker processes on this machine, each watched by a thread of its own.

A worker that dies takes one cell with it, and it is known which: a new worker tries that cell once more, and if that
one dies too the cell has failed and the sweep goes on. A worker that never gets ready ends the sweep, with its reason.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from typing import IO, Any, Final, Protocol, cast

from zepix.errors import ConfigError
from zepix.research.sweep.job import Desk, Job, Task
from zepix.research.sweep.outcome import Row, failed, outcome
from zepix.research.sweep.worker import READY, read_message, write_message

__all__ = ["InProcess", "Processes", "Runner", "default_workers"]

MOST_WORKERS: Final = 256
_TRIES: Final = 2
_STARTS: Final = 3
_POLL_S: Final = 0.5
_GRACE_S: Final = 2
_WORDS: Final = 500


class Runner(Protocol):
    """Where cells run: ``submit`` up to ``free`` of them, ``wait`` for the next that is ready, ``close`` at the end."""

    @property
    def free(self) -> int: ...

    def submit(self, task: Task) -> None: ...

    def wait(self) -> tuple[Task, Row]: ...

    def close(self) -> None: ...


def default_workers() -> int:
    """As many as this process may use cores."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class InProcess:
    """One cell after the other, here."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: deque[Task] = deque()

    @property
    def free(self) -> int:
        return 1 - len(self._tasks)

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def wait(self) -> tuple[Task, Row]:
        task = self._tasks.popleft()
        return task, outcome(self._desk, task)

    def close(self) -> None:
        self._tasks.clear()


class _Died(Exception):
    """A worker is gone; the words are the last it wrote to standard error."""


class _Process:
    """One worker process, ready for cells. Raises ConfigError where it says what is wrong, _Died where it is gone."""

    def __init__(self, job_text: bytes) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "zepix.research.sweep.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)},
            )
        except OSError as error:
            self._log.close()
            raise ConfigError(
                f"{sys.executable} cannot be started as a worker ({error.strerror or error}); "
                "workers=0 runs the cells in this process"
            ) from error
        self.pid = self._process.pid
        answer = self.ask(pickle.dumps((job_text, sys.path)))
        if answer != READY:
            self.end()
            raise ConfigError(f"a worker process could not begin: {answer}")

    def ask(self, text: bytes) -> Any:
        try:
            write_message(cast("IO[bytes]", self._process.stdin), text)
            return read_message(cast("IO[bytes]", self._process.stdout))
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise _Died(self._last_words()) from error

    def _last_words(self) -> str:
        """How it ended, once it has; then everything of it is closed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_GRACE_S)
        self._process.kill()
        self._process.wait()
        said = ""
        with contextlib.suppress(OSError, ValueError):  # closed by who ended it
            size = self._log.seek(0, os.SEEK_END)
            self._log.seek(max(0, size - _WORDS))
            said = " ".join(self._log.read().decode("utf-8", "replace").split())
        self.end()
        return f"exit status {self._process.returncode}" + (f", last words: {said}" if said else "")

    def end(self) -> None:
        """End it, at once; harmless if it has."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            with contextlib.suppress(OSError, AttributeError):
                cast("IO[bytes]", stream).close()
        self._process.wait()


class Processes:
    """``workers`` processes; ``ahead`` cells may wait for each, so that none is idle while results are written."""

    def __init__(self, job: Job, workers: int, *, ahead: int = 1) -> None:
        self._job_text = job.packed()
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Task, Row] | BaseException] = queue.SimpleQueue()
        self._room = workers + ahead
        self._running = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._processes: set[_Process] = set()
        self._threads = [
            threading.Thread(target=self._serve, name=f"zepix-sweep-{n}", daemon=True) for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def free(self) -> int:
        return self._room - self._running

    @property
    def pids(self) -> list[int]:
        """Of the worker processes there are now."""
        with self._lock:
            return [one.pid for one in self._processes]

    def submit(self, task: Task) -> None:
        self._running += 1
        self._tasks.put(task)

    def wait(self) -> tuple[Task, Row]:
        while True:  # bounded waits, so that an interrupt is heard on every system
            try:
                found = self._answers.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(found, BaseException):
                raise found
            self._running -= 1
            return found

    def close(self) -> None:
        """End all workers, in the middle of a cell too."""
        self._over.set()
        for _ in self._threads:
            self._tasks.put(None)
        with self._lock:
            processes = list(self._processes)
        for process in processes:
            process.end()
        for thread in self._threads:
            thread.join(timeout=10)

    def _serve(self) -> None:
        """One thread: its worker, and the cells it gives it."""
        process: _Process | None = None
        try:
            while (task := self._tasks.get()) is not None and not self._over.is_set():
                process, row = self._tried(process, task)
                self._answers.put((task, row))
        except BaseException as error:  # noqa: BLE001 - raised where the sweep waits
            self._answers.put(error)
        finally:
            if process is not None:
                self._gone(process)

    def _tried(self, process: _Process | None, task: Task) -> tuple[_Process | None, Row]:
        said = ""
        for _ in range(_TRIES):
            process = process or self._started()
            try:
                row: Row = process.ask(pickle.dumps(task))
            except _Died as death:
                said = str(death)
                self._gone(process)
                process = None
                if self._over.is_set():
                    break
            else:
                return process, row
        return process, failed(task, f"the worker process died, twice ({said}); out of memory?")

    def _started(self) -> _Process:
        said = ""
        for _ in range(_STARTS):
            if self._over.is_set():
                break
            try:
                process = _Process(self._job_text)
            except _Died as death:
                said = str(death)
                continue
            with self._lock:
                self._processes.add(process)
            if self._over.is_set():
                process.end()
            return process
        raise ConfigError(f"worker processes do not start ({said}); workers=0 runs the cells in this process")

    def _gone(self, process: _Process) -> None:
        with self._lock:
            self._processes.discard(process)
        process.end()
