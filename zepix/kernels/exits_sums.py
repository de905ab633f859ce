"""What a cell's closing fills sum up to, one fill after the other; whole minor units and counts.

A row of sums is int64 with the places named here. The drawdown is that of closed equity: from the highest sum so far,
the deposit included. R of a fill is the points it moved over the points of its ticket's first stop; fills of tickets
without a stop have none. Nothing is reordered: the same fills in the same order give the same sums, floats included.
"""

from __future__ import annotations

from typing import Final

from zepix.kernels.compiled import jit
from zepix.model.series import Int64

__all__ = [
    "AMBIGUOUS",
    "AT_END",
    "BEST",
    "DRAWDOWN",
    "FILLS",
    "LOSSES",
    "LOST",
    "LOWEST",
    "NET",
    "PEAK",
    "REFUSED_ENTRIES",
    "SIZE",
    "SKIPPED",
    "WINS",
    "WITH_R",
    "WON",
    "WORST",
    "add",
]

NET: Final = 0
FILLS: Final = 1
WINS: Final = 2
WON: Final = 3
"""Sum of the fills above zero."""
LOST: Final = 4
"""Sum of the fills below zero, negative."""
BEST: Final = 5
WORST: Final = 6
PEAK: Final = 7
DRAWDOWN: Final = 8
"""The deepest fall from the peak, at least 0."""
AMBIGUOUS: Final = 9
AT_END: Final = 10
SKIPPED: Final = 11
"""Entries left out by the flat rule."""
REFUSED_ENTRIES: Final = 12
"""Orders refused: ``invalid_stops``, or a volume that risk leaves too small or too large."""
WITH_R: Final = 13
LOSSES: Final = 14
LOWEST: Final = 15
"""The lowest sum, at most 0."""
SIZE: Final = 16


@jit
def add(sums: Int64, money: int, moved: int, risk: int) -> float:
    """Take one closing fill into a row of sums; returns its R, 0 without a stop."""
    sums[BEST] = money if sums[FILLS] == 0 else max(sums[BEST], money)
    sums[WORST] = money if sums[FILLS] == 0 else min(sums[WORST], money)
    sums[NET] += money
    sums[FILLS] += 1
    if money > 0:
        sums[WINS] += 1
        sums[WON] += money
    elif money < 0:
        sums[LOSSES] += 1
        sums[LOST] += money
    sums[PEAK] = max(sums[PEAK], sums[NET])
    sums[LOWEST] = min(sums[LOWEST], sums[NET])
    sums[DRAWDOWN] = max(sums[DRAWDOWN], sums[PEAK] - sums[NET])
    if risk > 0:
        sums[WITH_R] += 1
        return moved / risk
    return 0.0
