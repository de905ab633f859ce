"""Python's cycle collector, off for a while."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["without_collector"]


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Python's cycle collector off for the run: a replay makes many objects and no cycles, and the collector would walk
    all of them again and again (a quarter of the time at 10,000 alerts)."""
    was_on = gc.isenabled()
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
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
