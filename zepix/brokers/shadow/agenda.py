"""What is due, in the order of an instant: one heap for everything that a simulated broker has to do.

One instant t, over all symbols (docs/fills.md, "Time"):

    1  range events of bars that end at t, symbol by symbol: stops and targets (older fill first), pending entries
       (earlier arrival first), trailing moves; then the account watch; then price watches
    2  open events of bars that open at t:
         0 commands that arrive, and what waited for this open   1 gaps of tickets   2 gaps of pending orders
         3 account watch   4 price watches   5 waiting closes   6 waiting openings
         8 and above: what phase 1 is for bars, for ticks, which end as they open
    3  expiries, and what timers and ``on_bar`` raise, which acts at once
    4  alerts, and what acts at once with them, in the order raised

Handlers run after every entry. What they raise in phase 2 may belong to a part that is over: it comes next then.

A key is (t, phase, part, a, b, seq): what a and b mean depends on the part; ``seq`` grows with every entry, so ties go
by the order in which things were raised and no two entries compare equal.
"""

from __future__ import annotations

import heapq
from typing import Any, Final

__all__ = [
    "ACCOUNT",
    "ARRIVALS",
    "AT_ONCE",
    "CLOSES",
    "ENTRIES",
    "GAPS",
    "LEVELS",
    "OPENINGS",
    "TICK_ENDS",
    "VOID",
    "Agenda",
    "Entry",
    "Place",
    "end_key",
]

ARRIVALS: Final = 0
GAPS: Final = 1
ENTRIES: Final = 2
ACCOUNT: Final = 3
LEVELS: Final = 4
CLOSES: Final = 5
OPENINGS: Final = 6
TICK_ENDS: Final = 8
AT_ONCE: Final = 0
VOID: Final = -1
"""The action of an entry whose subject is over: it does nothing, at its place (``state``)."""
AFTER_SYMBOLS: Final = 1 << 30
"""In phase 1 the part is the symbol's place in the catalogue; the account watch (a = 0), then the price watches (a = 1)
come after all."""

OF_TICKETS: Final = 0
OF_ORDERS: Final = 1
OF_TRAILS: Final = 2
"""The kinds of range events of one symbol, in their order."""

Place = tuple[int, int, int, int, int]
"""(t_ns, phase, part, a, b)"""
Entry = tuple[int, int, int, int, int, int, int, Any]
"""(t_ns, phase, part, a, b, seq, action, subject)"""


def end_key(end_ns: int, is_tick: bool, part: int) -> tuple[int, int, int]:
    """(t, phase, part) of a range event; a tick ends right after it opened."""
    return (end_ns, 2, TICK_ENDS + part) if is_tick else (end_ns, 1, part)


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
