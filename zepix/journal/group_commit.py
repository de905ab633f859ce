"""Many rows, one force to the disk: a thread gathers what waits, makes it durable at once and answers each sender.

Rules:

- A future is resolved with the row's number after the disk has it, or with the error that kept it out; never neither.
- One bad row fails alone. A disk that refuses fails the rows of that batch; the next batch tries anew.
- What waits is bounded in rows and bytes; one more raises Overloaded at once.
- If the thread dies (a bug), all that wait fail, ``is_alive`` is false and every later ``submit`` raises
  WriterStopped at once; ``restart`` brings it back.
- A future cancelled before its batch is begun is not written.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Final, Protocol

from zepix.errors import JournalError
from zepix.journal.rows import checked_row
from zepix.journal.trouble import BadRow, Overloaded, WriterStopped

__all__ = ["GroupCommitter", "WritableLog"]

MAX_WAITING_ROWS: Final = 8_192
MAX_WAITING_BYTES: Final = 32 * 1024 * 1024
MAX_BATCH_ROWS: Final = 256
IDLE_CHECKPOINT_BYTES: Final = 1024 * 1024


class WritableLog(Protocol):
    """What it needs of a DurableLog."""

    @property
    def uncopied_bytes(self) -> int: ...

    def append(self, rows: Sequence[tuple[int, str, str]]) -> list[int]: ...

    def checkpoint(self) -> bool: ...


@dataclass(slots=True)
class _Waiting:
    row: tuple[int, str, str]
    size: int
    future: Future[int]


class GroupCommitter:
    """Writes to ``log`` from one thread of its own, which is started here; the log is closed by whoever opened it."""

    def __init__(
        self,
        log: WritableLog,
        *,
        max_waiting_rows: int = MAX_WAITING_ROWS,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        max_batch_rows: int = MAX_BATCH_ROWS,
        idle_checkpoint_bytes: int = IDLE_CHECKPOINT_BYTES,
    ) -> None:
        self._log: Final = log
        self._max_rows: Final = max_waiting_rows
        self._max_bytes: Final = max_waiting_bytes
        self._max_batch: Final = max_batch_rows
        self._idle_bytes: Final = idle_checkpoint_bytes
        self._wake: Final = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._in_flight = 0
        self._is_closing = False
        self.died_of: BaseException | None = None
        self._thread = self._started()

    # -- the senders' side -----------------------------------------------------------------------------------------

    def submit(self, t_ns: int, kind: str, body: str) -> Future[int]:
        """A future of the row's number, resolved once the row is durable, or with the error that kept it out.

        A row that cannot be journaled gives a future that has failed with BadRow already. Raises Overloaded where too
        much waits, WriterStopped where nothing is written any more; both at once.
        """
        future: Future[int] = Future()
        try:
            raw = checked_row(0, t_ns, kind, body)[2]
        except BadRow as error:
            future.set_exception(error)
            return future
        waiting = _Waiting((t_ns, kind, body), len(raw) + 256, future)
        with self._wake:
            self._assert_writing()
            if len(self._queue) + self._in_flight >= self._max_rows or self._bytes + waiting.size > self._max_bytes:
                raise Overloaded(
                    f"{len(self._queue) + self._in_flight} rows ({self._bytes} bytes) wait for the disk; "
                    "no more are taken until some are written"
                )
            self._queue.append(waiting)
            self._bytes += waiting.size
            if len(self._queue) == 1:
                self._wake.notify()
        return future

    @property
    def is_alive(self) -> bool:
        """Whether a submitted row will be written or refused by name."""
        return self._thread.is_alive() and not self._is_closing and self.died_of is None

    @property
    def waiting_rows(self) -> int:
        """Rows submitted and not yet answered."""
        return len(self._queue) + self._in_flight

    def restart(self) -> None:
        """Starts writing anew after the thread died; does nothing while it lives. Raises WriterStopped once closed."""
        with self._wake:
            if self._is_closing:
                raise WriterStopped("the group committer is closed; make a new one")
            if self.died_of is None and self._thread.is_alive():
                return
        self._thread.join()
        with self._wake:
            self.died_of = None
            self._thread = self._started()

    def close(self, timeout_s: float = 5.0) -> bool:
        """Writes what waits and ends the thread; False if it did not end in time (what waits has then failed)."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        is_ended = not self._thread.is_alive()
        self._fail_waiting(WriterStopped("the journal's writer was closed before this row was written"))
        return is_ended

    def _assert_writing(self) -> None:
        if self._is_closing:
            raise WriterStopped("the journal's writer is closed")
        if self.died_of is not None or not self._thread.is_alive():
            raise WriterStopped(f"the journal's writer has died ({self.died_of!r}); restart it")

    # -- the thread's side -----------------------------------------------------------------------------------------

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        batch: list[_Waiting] = []
        try:
            while batch := self._gathered():
                self._write(batch)
                self._done(batch)
                self._copy_back_when_idle()
        except BaseException as error:  # noqa: BLE001 - whatever kills the thread must not leave a sender waiting
            with self._wake:
                self.died_of = error
            death = WriterStopped(
                f"the journal's writer has died ({error!r}); whether this row was written is not known"
            )
            for waiting in batch:
                _fail(waiting.future, death)
            self._done(batch)
            self._fail_waiting(death)

    def _gathered(self) -> list[_Waiting]:
        """The next batch, waited for; empty when it is time to end."""
        with self._wake:
            while not self._queue and not self._is_closing:
                self._wake.wait()
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]
            self._in_flight = len(batch)
            return batch

    def _done(self, batch: list[_Waiting]) -> None:
        with self._wake:
            self._bytes -= sum(waiting.size for waiting in batch)
            self._in_flight = 0
            batch.clear()

    def _write(self, batch: list[_Waiting]) -> None:
        wanted = [waiting for waiting in batch if waiting.future.set_running_or_notify_cancel()]
        try:
            seqs = self._log.append([waiting.row for waiting in wanted])
        except BadRow:
            for waiting in wanted:
                self._write_alone(waiting)
        except JournalError as error:
            for waiting in wanted:
                _fail(waiting.future, error)
        else:
            for waiting, seq in zip(wanted, seqs, strict=True):
                _resolve(waiting.future, seq)

    def _write_alone(self, waiting: _Waiting) -> None:
        try:
            _resolve(waiting.future, self._log.append([waiting.row])[0])
        except JournalError as error:
            _fail(waiting.future, error)

    def _copy_back_when_idle(self) -> None:
        if not self._queue and self._log.uncopied_bytes > self._idle_bytes:
            with contextlib.suppress(JournalError):  # the log tries again itself; every row is durable
                self._log.checkpoint()

    def _fail_waiting(self, error: JournalError) -> None:
        with self._wake:
            left, self._queue = list(self._queue), deque()
            self._bytes -= sum(waiting.size for waiting in left)
        for waiting in left:
            if waiting.future.set_running_or_notify_cancel():
                _fail(waiting.future, error)


def _resolve(future: Future[int], seq: int) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_result(seq)


def _fail(future: Future[int], error: JournalError) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_exception(error)
