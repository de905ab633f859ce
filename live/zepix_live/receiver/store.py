"""Where the inbox's rows become durable: a queue with a thread behind it, or a log written on the spot.

``put`` gives a future of the row's number, done once the row is on the disk. What cannot be stored now is
``Unavailable``: at once where too much waits already, else as the future's exception.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from zepix.errors import JournalError
from zepix.journal.trouble import BadRow, Overloaded
from zepix_live.clock import Clock

__all__ = ["CommitterStore", "InboxStore", "LogStore", "Unavailable", "as_unavailable"]

_log = logging.getLogger("zepix.receiver")
_STOPPED: Final = "the thread that writes the inbox has stopped; it is being started again"
_GONE: Final = "the data folder was moved or removed while it was in use; put it back and start again"
_PAUSE_NS: Final = 1_000_000_000
"""A dead writer is not started again more often than once a second."""


class Unavailable(Exception):
    """A row could not be made durable; ``reason`` is the word of the answer, the text is for the log."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class InboxStore(Protocol):
    """What keeps the inbox's rows."""

    def put(self, t_ns: int, kind: str, body: str) -> asyncio.Future[int]:
        """The number of the row, once it is durable. Raises Unavailable."""

    def trouble(self) -> str:
        """Why nothing can be stored now, in a sentence; empty while all is well."""


class _Log(Protocol):
    def append(self, rows: Sequence[tuple[int, str, str]]) -> list[int]: ...


class _Committer(Protocol):
    @property
    def is_alive(self) -> bool: ...

    def submit(self, t_ns: int, kind: str, body: str) -> concurrent.futures.Future[int]: ...

    def restart(self) -> None: ...


def as_unavailable(error: BaseException) -> Unavailable:
    """The error of a store as the one that is answered."""
    if isinstance(error, Unavailable):
        return error
    return Unavailable("overloaded" if isinstance(error, Overloaded) else "journal_unavailable", str(error))


class LogStore:
    """Writes each row in place, before ``put`` returns: for one process without threads, and for simulations."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._trouble = ""

    def put(self, t_ns: int, kind: str, body: str) -> asyncio.Future[int]:
        done = asyncio.get_running_loop().create_future()
        try:
            [seq] = self._log.append([(t_ns, kind, body)])
        except JournalError as error:
            self._trouble = "" if isinstance(error, BadRow) else str(error)
            raise as_unavailable(error) from error
        self._trouble = ""
        done.set_result(seq)
        return done

    def trouble(self) -> str:
        return self._trouble


class CommitterStore:
    """Hands rows to a committing thread (``zepix.journal.group_commit``), and starts that again where it has died."""

    def __init__(self, committer: _Committer, clock: Clock, is_there: Callable[[], bool] = lambda: True) -> None:
        """``is_there``: whether the files still lie where they would be found; an open file that was removed takes
        everything and keeps nothing."""
        self._committer = committer
        self._is_there = is_there
        self._clock = clock
        self._trouble = ""
        self._tried_ns = clock.monotonic_ns() - _PAUSE_NS
        self._starting: asyncio.Future[None] | None = None

    def put(self, t_ns: int, kind: str, body: str) -> asyncio.Future[int]:
        if not self._committer.is_alive:
            self._start_again()
            raise Unavailable("journal_unavailable", _STOPPED)
        if not self._is_there():
            raise Unavailable("journal_unavailable", _GONE)
        try:
            waiting = self._committer.submit(t_ns, kind, body)
        except JournalError as error:
            raise as_unavailable(error) from error
        stored: asyncio.Future[int] = asyncio.wrap_future(waiting)
        stored.add_done_callback(self._note)
        return stored

    def trouble(self) -> str:
        if not self._committer.is_alive:
            self._start_again()
            return _STOPPED
        return self._trouble if self._is_there() else _GONE

    def _note(self, stored: asyncio.Future[int]) -> None:
        if stored.cancelled():
            return
        error = stored.exception()
        if error is None:
            self._trouble = ""
        elif not isinstance(error, BadRow):
            self._trouble = str(error)

    def _start_again(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if self._starting is not None or now_ns - self._tried_ns < _PAUSE_NS:
            return
        self._tried_ns = now_ns
        self._starting = asyncio.ensure_future(self._restart())

    async def _restart(self) -> None:
        try:
            await asyncio.to_thread(self._committer.restart)
            _log.warning("the inbox's writer had stopped and was started again")
        except Exception as error:  # noqa: BLE001 - it is tried again, and said until then
            _log.critical("the inbox's writer has stopped and cannot be started again: %s", error)
        finally:
            self._starting = None
