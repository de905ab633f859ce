"""Runs cells on a Dask cluster: the same jobs, the same rows; results come back to where the sweep was started.

Every worker opens the prices from the same paths as here (a shared folder, or copies in the same places) and compares
their checksum with what the sweep began with. The code is compared too. A worker that dies is Dask's matter: it gives
the cell to another one, up to the scheduler's ``allowed-failures``; then the cell has failed.
"""

from __future__ import annotations

import queue
import threading
from typing import Any, Final

from zepix.errors import ConfigError, DataError
from zepix.research.sweep.job import Desk, Job, Task, code_checksum
from zepix.research.sweep.outcome import Row, failed, outcome

__all__ = ["Cluster", "run_there"]

_CONNECT_S: Final = 20
_POLL_S: Final = 0.5
_AHEAD: Final = 2
_DESKS: dict[str, Desk] = {}
_LOCK = threading.Lock()


def run_there(token: str, packed: bytes, code: str, task: Task) -> Row:
    """One cell, on a worker; the job is unpacked once a process. Never raises for what a cell does."""
    try:
        with _LOCK:
            if token not in _DESKS:
                _DESKS.clear()
                _DESKS[token] = Desk(Job.unpacked(packed))
            desk = _DESKS[token]
            if code != code_checksum():
                return failed(
                    task, "the worker has another version of zepix; install the same everywhere and restart it"
                )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - told as the cell's error
        return failed(task, f"{type(error).__name__}: {error}")
    return outcome(desk, task)


class Cluster:
    """The workers behind a scheduler's address. Raises ConfigError where Dask is missing or nobody answers."""

    def __init__(self, job: Job, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise ConfigError("a cluster needs Dask: pip install 'zepix[dask]'; workers=N needs nothing") from None
        try:
            make: Any = distributed.Client
            self._client: Any = make(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(
                f"no Dask scheduler answers at {address} ({str(error)[:200]}); dask scheduler starts one, and "
                "dask worker ADDRESS its workers (docs/sweeps.md)"
            ) from error
        self._address = address
        self._packed = self._client.scatter(job.packed(), hash=False)
        self._token = str(self._packed.key)
        self._answers: queue.SimpleQueue[tuple[Task, Any]] = queue.SimpleQueue()
        self._running: dict[int, Any] = {}

    @property
    def free(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return max(1, _AHEAD * threads) - len(self._running)

    def submit(self, task: Task) -> None:
        future = self._client.submit(
            run_there,
            self._token,
            self._packed,
            code_checksum(),
            task,
            key=f"zepix-{self._token}-{task.number}",
            pure=False,
        )
        self._running[task.number] = future
        future.add_done_callback(lambda one: self._answers.put((task, one)))

    def wait(self) -> tuple[Task, Row]:
        while True:
            try:
                task, future = self._answers.get(timeout=_POLL_S)
                break
            except queue.Empty:
                if self._client.status not in ("running", "connecting"):
                    raise DataError(f"the Dask scheduler at {self._address} is gone; resume goes on") from None
        self._running.pop(task.number, None)
        if future.status == "finished":
            row: Row = future.result()
            return task, row
        if future.status in ("cancelled", "lost"):
            raise DataError(
                f"the Dask scheduler at {self._address} dropped the cells ({future.status}); resume goes on"
            )
        error = future.exception()
        return task, failed(task, f"on the cluster: {type(error).__name__}: {str(error)[:500]}")

    def close(self) -> None:
        """Cancel what still runs, and let go of the cluster."""
        if self._running and self._client.status == "running":
            self._client.cancel(list(self._running.values()))
        self._client.close()
