"""What was received already: bodies for 30 s from the first of them, numbered alerts and signatures for longer.

Time is the monotonic clock's, so that a wall clock that somebody sets reopens nothing. The window is anchored at the
first: the same body 31 s later is new, and opens a window of its own; exactly 30 s later it still is the first one's.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

__all__ = ["IDS_LIMIT", "First", "Seen"]

WINDOW_S: Final = 30.0
IDS_LIMIT: Final = 100_000
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class First:
    """The first alert of its kind: its number in the inbox, its id, and when it came (monotonic clock)."""

    seq: int
    id: str
    at_ns: int


class Seen:
    """Remembers keys for a while: at most ``lifetime_s`` (None: for good), and only the newest ``most``."""

    def __init__(self, lifetime_s: float | None, most: int = IDS_LIMIT) -> None:
        self._lifetime_ns = None if lifetime_s is None else round(lifetime_s * _NS)
        self._most = most
        self._firsts: OrderedDict[str, First] = OrderedDict()

    def __len__(self) -> int:
        return len(self._firsts)

    def find(self, key: str, monotonic_ns: int) -> First | None:
        """The first one of that key; None if there is none, or it is too old to count."""
        first = self._firsts.get(key)
        if first is None or self._is_old(first, monotonic_ns):
            return None
        return first

    def remember(self, key: str, first: First) -> None:
        """From now on the key belongs to this one; what is too old is forgotten."""
        self._firsts[key] = first
        self._firsts.move_to_end(key)
        while len(self._firsts) > self._most or self._is_old(next(iter(self._firsts.values())), first.at_ns):
            self._firsts.popitem(last=False)

    def _is_old(self, first: First, monotonic_ns: int) -> bool:
        return self._lifetime_ns is not None and monotonic_ns - first.at_ns > self._lifetime_ns
