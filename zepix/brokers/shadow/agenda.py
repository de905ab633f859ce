"""What is due, in the order of an instant: one heap for everything that a simulated broker has to do.

One instant t, over all symbols (docs/fills.md, "Time"):

    1  range events of bars that end at t: symbol by symbol, kind by kind, older fill first
    2  open events of bars that open at t:
         0 commands that arrive   1 gaps   2 account watch   3 waiting closes   4 waiting openings
    3  expiries, rollover, timers, on_bar
    4  alerts, and what acts at once with them, in the order raised

A key is (t, phase, part, a, b, seq): what a and b mean depends on the part; ``seq`` grows with every entry, so ties go
by the order in which things were raised and no two entries compare equal.
"""

from __future__ import annotations

import heapq
from typing import Any, Final

__all__ = ["ARRIVALS", "AT_ONCE", "CLOSES", "GAPS", "OPENINGS", "WATCHES", "Agenda", "Entry"]

ARRIVALS: Final = 0
GAPS: Final = 1
CLOSES: Final = 3
OPENINGS: Final = 4
AT_ONCE: Final = 0
WATCHES: Final = 1 << 30
"""Price watches come after all symbols' range events in phase 1, and after the gaps in phase 2."""

Entry = tuple[int, int, int, int, int, int, int, Any]
"""(t_ns, phase, part, a, b, seq, action, subject)"""


class Agenda:
    """A heap of entries; what was cancelled stays in it and is told apart by its subject's state."""

    __slots__ = ("_seq", "heap")

    def __init__(self) -> None:
        self.heap: list[Entry] = []
        self._seq = 0

    def add(self, t_ns: int, phase: int, part: int, a: int, b: int, action: int, subject: Any) -> None:
        self._seq += 1
        heapq.heappush(self.heap, (t_ns, phase, part, a, b, self._seq, action, subject))

    def pop(self) -> Entry:
        return heapq.heappop(self.heap)
