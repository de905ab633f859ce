"""Keeps the tables up with the journal beside a running engine, in a thread that nothing stops but its owner.

Whatever fails is said once, tried again after longer and longer pauses, and said again when it is over. The engine
writes its journal meanwhile and knows nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zepix_live.storage.address import Address
from zepix_live.storage.projector import BATCH, Projector
from zepix_live.storage.trouble import StorageBroken

__all__ = ["ProjectionKeeper"]

EVERY_S: Final = 0.25
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
FIRST_LOOK_S: Final = 2.0


class ProjectionKeeper:
    """``start``, and the tables follow; ``stop`` ends it within a batch."""

    def __init__(
        self,
        data_dir: Path,
        address: Address,
        say: Callable[[str], None],
        *,
        every_s: float = EVERY_S,
        busy_s: float | None = None,
        batch: int = BATCH,
    ) -> None:
        """``say`` hears, from the thread, what is wrong and when it is over; what it raises is passed over."""
        waits = {} if busy_s is None else {"busy_s": busy_s}
        self._projector: Final = Projector(data_dir, address, **waits)
        self._journal: Final = data_dir / "journal.sqlite"
        self._say: Final = say
        self._every_s: Final = every_s
        self._batch: Final = batch
        self._over: Final = threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble: str | None = None
        """Why the tables do not follow just now; None while they do."""
        self.broken: str | None = None
        """Why what stands in the tables is not to be believed (of another journal, damaged); None where it is."""
        self._has_looked: Final = threading.Event()

    @property
    def position(self) -> int:
        """The last row of the journal that is in the tables."""
        return self._projector.position

    def why_broken(self) -> str | None:
        """``broken``, once it is known: whoever asks in the first moments waits for the first look, at most 2 s."""
        if self._thread is not None:
            self._has_looked.wait(FIRST_LOOK_S)
        return self.broken

    def start(self) -> None:
        """Begin; the second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="projection", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End it and close the database; whoever is in the middle of a batch finishes it."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _keep(self) -> None:
        pause_s, failures = 0.0, 0
        try:
            while not self._over.wait(pause_s):
                try:
                    taken = self._projector.advance(self._batch) if self._journal.exists() else 0
                except Exception as error:  # noqa: BLE001 - said, and tried again: nothing here may end
                    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**failures)
                    failures = min(failures + 1, 10)
                    self.broken = str(error) if isinstance(error, StorageBroken) else self.broken
                    self._wrong(f"{type(error).__name__}: {error}")
                    self._has_looked.set()
                    continue
                failures, pause_s = 0, 0.0 if taken >= self._batch else self._every_s
                self._well()
                self._has_looked.set()
        finally:
            self._projector.close()

    def _wrong(self, why: str) -> None:
        if why != self.trouble:
            self.trouble = why
            self._tell(f"the tables do not follow the journal: {why}. The engine goes on; nothing is lost")

    def _well(self) -> None:
        notes, self._projector.notes = self._projector.notes, []
        for note in notes:
            self._tell(note)
        self.broken = None
        if self.trouble is not None:
            self.trouble = None
            self._tell("the tables follow the journal again")

    def _tell(self, text: str) -> None:
        try:
            self._say(text)
        except Exception:  # noqa: BLE001 - a log that cannot be written is no reason to end
            return
