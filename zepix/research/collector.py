"""Python's cycle collector, off for a while."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator
from typing import Final

__all__ = ["without_collector"]

MOST_UNSEEN: Final = 200_000
"""So many objects may grow old unseen before all are walked; more where the process holds more than four times that."""

PYTHONS_OWN: Final = 1_000 if sys.version_info[:2] == (3, 12) else 0
"""Python 3.12 begins with some hundred frozen objects of its own; they may thaw."""


class _Unseen:
    """How many objects went to the oldest generation since the last full walk, and how many make one due."""

    def __init__(self) -> None:
        self.count = 0
        self.most = MOST_UNSEEN
        self._walks = _full_walks()

    def add(self, count: int) -> None:
        """So many objects more; those from before a full walk that anybody made have been seen."""
        walks = _full_walks()
        self.count = count if walks != self._walks else self.count + count
        self._walks = walks

    def walk_if_due(self) -> None:
        """Python itself does not count what was moved by hand: runs dropped one after the other would all be kept."""
        self.add(0)
        if self.count >= self.most:
            gc.collect()
            self.add(0)
            self.most = max(MOST_UNSEEN, len(gc.get_objects()) // 4)


def _full_walks() -> int:
    """How many full walks there have been in this process, whoever asked for them."""
    return int(gc.get_stats()[-1]["collections"])


_UNSEEN: Final = _Unseen()


@contextlib.contextmanager
def without_collector(*, ends: bool = False) -> Iterator[None]:
    """Python's cycle collector off for the run: a replay makes many objects, and the collector would walk all of them
    again and again (a quarter of the time at 10,000 alerts). Every so many objects a full walk is made before a run.

    ``ends``: the end of a run that has been on its way. It makes no walk: all that the run made is still in use, and a
    walk would find nothing in a tenth of the run's time.
    """
    was_on = gc.isenabled()
    if was_on and not ends:
        _UNSEEN.walk_if_due()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            _call_them_old()
            gc.enable()


def _call_them_old() -> None:
    """All objects go to the oldest generation unseen, else the next object made would have every one of them walked.

    Where the caller has frozen objects of its own nothing is done: they would thaw.
    """
    if gc.get_freeze_count() <= PYTHONS_OWN:
        _UNSEEN.add(gc.get_count()[0])
        gc.freeze()
        gc.unfreeze()
