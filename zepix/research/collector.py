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
            gc.enable()
