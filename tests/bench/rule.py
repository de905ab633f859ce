"""The bench's rule, written plainly and slowly: what every peer and zepix should trade on the same arrays.

One ticket at a time. A signal of bar i, with no ticket open after bar i - 1, enters at the open of bar i; stop and
target lie at the signal's distances from that open. A bar that opens at or beyond a level fills at its open, one whose
range touches a level fills at the level; where both are touched, the stop. What is open at the end closes at the last
close. Prices are integer points of one quote: no spread.

``entry_bar_counts``: whether the range of the entry's own bar may already hit stop or target. Simulators differ in
that, and it is the chief reason why their trades differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOOK_AHEAD_ROWS = 512


@dataclass(frozen=True)
class Total:
    """Number of trades and the sum of their points."""

    trades: int
    points: int


def expected(arrays: Path, *, entry_bar_counts: bool) -> Total:
    """Trades and points of the rule on the arrays that ``workload.write_arrays`` wrote."""
    with np.load(arrays) as stored:
        data = {name: stored[name] for name in stored.files}
    trades = points = 0
    free_from = 0
    for row, side, stop, target in zip(*(data[k].tolist() for k in ("row", "side", "stop", "target")), strict=True):
        if row < free_from:
            continue
        entry = int(data["open"][row])
        exit_row, price = _exit(data, row, side, entry - side * stop, entry + side * target, entry_bar_counts)
        trades += 1
        points += side * (price - entry)
        free_from = exit_row + 1
    return Total(trades, points)


def _exit(
    data: dict[str, NDArray[np.int64]], row: int, side: int, stop: int, target: int, entry_bar_counts: bool
) -> tuple[int, int]:
    """(bar, price) of the close."""
    against, towards = ("low", "high") if side > 0 else ("high", "low")
    first = row if entry_bar_counts else row + 1
    for start in range(first, len(data["open"]), LOOK_AHEAD_ROWS):
        part = slice(start, start + LOOK_AHEAD_ROWS)
        stopped = side * (data[against][part] - stop) <= 0
        reached = side * (data[towards][part] - target) >= 0
        hits = np.flatnonzero(stopped | reached)
        if len(hits):
            hit = int(hits[0])
            opened = int(data["open"][start + hit])
            level = stop if stopped[hit] else target
            gapped = side * (opened - stop) <= 0 or side * (opened - target) >= 0
            return start + hit, opened if gapped and start + hit > row else level
    return len(data["open"]) - 1, int(data["close"][-1])
