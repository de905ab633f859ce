"""How much a test does: a share in the suite that everybody waits for, all of it with ``ZEPIX_THOROUGH=1``.

With it hypothesis draws anew in every run, too (conftest.py)."""

from __future__ import annotations

import os
from typing import Final, TypeVar

__all__ = ["THOROUGH", "share"]

T = TypeVar("T")
THOROUGH: Final = os.environ.get("ZEPIX_THOROUGH", "") not in ("", "0")


def share(everything: T, usually: T) -> T:
    """``everything`` where somebody has an hour, else ``usually``."""
    return everything if THOROUGH else usually
