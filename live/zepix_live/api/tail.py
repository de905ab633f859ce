"""The journal's newest rows as they are written: followed in a thread, kept for a while, told to whoever waits.

What is no longer kept is read from the journal again, so that nobody needs a queue of his own: a client has a place,
and takes from there on at his own pace.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from zepix.errors import ZepixError
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import Row

__all__ = ["JournalTail"]

EVERY_S: Final = 0.1
PAUSE_S: Final = 1.0
BATCH: Final = 500
KEPT_ROWS: Final = 5_000
KEPT_BYTES: Final = 8 * 1024 * 1024
_log = logging.getLogger("zepix.api")


class JournalTail:
    """``start`` in the event loop; ``rows`` gives what comes after a place, ``wait`` returns when there is more."""

    def __init__(self, path: Path, *, every_s: float = EVERY_S, kept_bytes: int = KEPT_BYTES) -> None:
        self.last_seq = 0
        """The newest row that is known."""
        self.trouble: str | None = None
        """Why the journal cannot be read just now."""
        self._path: Final = path
        self._every_s: Final = every_s
        self._kept_bytes: Final = kept_bytes
        self._kept: Final[deque[Row]] = deque()
        self._bytes = 0
        self._over: Final = threading.Event()
        self._news: Final = asyncio.Event()
        self._looked: Final = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow from the journal's end on."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._follow, name="tail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; those who wait are woken."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(2.0)

    async def end(self) -> int:
        """The newest row, once the journal was looked at for the first time: before that nobody knows where it ends."""
        await self._looked.wait()
        return self.last_seq

    async def wait(self, seconds: float) -> None:
        """Until there is something new, or so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def rows(self, first_seq: int) -> Sequence[Row]:
        """Rows from ``first_seq`` on, in their order, at most a few hundred; none where there are none yet. Raises
        JournalError."""
        if first_seq > self.last_seq:
            return ()
        if self._kept and first_seq >= self._kept[0].seq:
            return list(islice(self._kept, first_seq - self._kept[0].seq, first_seq - self._kept[0].seq + BATCH))
        return await asyncio.to_thread(self._read, first_seq)

    def _read(self, first_seq: int) -> Sequence[Row]:
        with LogReader(self._path) as reader:
            return list(islice(reader.rows(first_seq - 1, BATCH), BATCH))

    # --- the thread -------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        reader: LogReader | None = None
        last, pause_s = -1, 0.0
        while not self._over.wait(pause_s):
            try:
                if reader is None:
                    if not self._path.exists():
                        if last < 0:
                            last = 0  # all of a journal that is made later is news
                            self._tell((), last)
                        pause_s = self._every_s
                        continue
                    reader = LogReader(self._path)
                    last = reader.last_seq() if last < 0 else last
                    self._tell((), last)
                found = list(islice(reader.rows(last, BATCH), BATCH)) if reader.last_seq() > last else []
            except (ZepixError, OSError) as error:
                self._wrong(str(error))
                if reader is not None:
                    reader.close()
                reader, pause_s = None, PAUSE_S
                continue
            self.trouble = None
            if found:
                last = found[-1].seq
                self._tell(found, last)
            pause_s = 0.0 if len(found) == BATCH else self._every_s
        if reader is not None:
            reader.close()

    def _wrong(self, why: str) -> None:
        if why != self.trouble:
            _log.warning("the journal cannot be followed: %s", why)
        self.trouble = why

    def _tell(self, found: Sequence[Row], last: int) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._keep, found, last)
        except RuntimeError:  # the loop has ended
            self._over.set()

    def _keep(self, found: Sequence[Row], last: int) -> None:
        """In the event loop: nobody else touches what is kept."""
        for row in found:
            self._kept.append(row)
            self._bytes += len(row.body)
        while self._kept and (len(self._kept) > KEPT_ROWS or self._bytes > self._kept_bytes):
            self._bytes -= len(self._kept.popleft().body)
        self.last_seq = max(self.last_seq, last)
        self._looked.set()
        self._news.set()
        self._news.clear()
