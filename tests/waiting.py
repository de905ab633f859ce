"""How tests wait for what another process or thread does.

A wait is over when its thing is there, so patience costs nothing where all is well, and a busy machine gets the time it
needs. What a test says of *how long* something took is another matter: such tests are marked ``clock`` (conftest.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["PATIENCE_S", "until"]

PATIENCE_S: Final = 120.0


def until(done: Callable[[], object], what: str = "it did not come to that", seconds: float = PATIENCE_S) -> None:
    """Until ``done()`` is true, else ``what`` after ``seconds``; ``OSError`` (nobody listens yet) is "not yet"."""
    end = time.monotonic() + seconds
    while True:
        try:
            if done():
                return
        except OSError:
            pass
        assert time.monotonic() < end, what
        time.sleep(0.02)
