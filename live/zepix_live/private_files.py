"""What a runner writes is its user's alone: alerts, orders and results are nobody else's on a shared machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final

__all__ = ["private_files"]

OTHERS: Final = 0o077


@contextlib.contextmanager
def private_files() -> Iterator[None]:
    """While inside, files and folders are made without rights for others, also by processes that are started meanwhile.

    What is there already keeps its rights. On Windows a folder's own rights decide.
    """
    before = os.umask(OTHERS)
    os.umask(before | OTHERS)
    try:
        yield
    finally:
        os.umask(before)
