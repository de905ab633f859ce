"""A ticket with trailing stops, followed row by row until its stop or its target is hit, in one call.

Rules (docs/fills.md, "Stops and targets"), for a long; a short is mirrored:

- a row's open decides first: at or beyond the stop or the target it ends the ticket; then the row's range does;
- at the end of a row each trail in its turn looks at the best price since ``LIVED_FROM``: ``start`` points ahead of the
  entry or more, it wants ``entry + start + floor((move - start) / step) * step - distance``, and gets it where that is
  better than the last stop; with step 0 once;
- the new stop counts from the next row; where the row closed at or beyond it, the next open ends the ticket.

Between two rows that matter everything is skipped by the index of ``crossing``. Whole points throughout.
"""

from __future__ import annotations

from typing import Final

from zepix.kernels.compiled import jit
from zepix.kernels.crossing import NO_HIGH, NO_LOW, crossing, range_max, range_min
from zepix.model.series import Int32, Int64

__all__ = [
    "BY",
    "ENTRY",
    "FORCED",
    "FROM_ROW",
    "GAPPED",
    "LIVED_FROM",
    "MOVED_ROW",
    "NEXT",
    "OPEN_COUNTS",
    "ROW",
    "SIDE",
    "SIZE",
    "STOP",
    "TARGET",
    "TOUCHED",
    "USED",
    "follow",
]

SIDE: Final = 0
"""+1 long, -1 short."""
ENTRY: Final = 1
TARGET: Final = 2
"""Points, 0 for none."""
LIVED_FROM: Final = 3
"""The first row whose prices count as the best."""
FROM_ROW: Final = 4
"""The first row at whose end a stop may move."""
ROW: Final = 5
"""The next row to come."""
OPEN_COUNTS: Final = 6
"""Whether that row's open can end the ticket."""
STOP: Final = 7
"""The stop in force, 0 for none."""
USED: Final = 8
"""A bit for each trail with step 0 that has moved."""
BY: Final = 9
"""Which trail moved last, -1 for none."""
MOVED_ROW: Final = 10
"""At the end of which row, -1 for none."""
FORCED: Final = 11
"""Whether that row closed at or beyond the new stop."""
NEXT: Final = 12
"""The next row at which something may happen."""
SIZE: Final = 13

GAPPED: Final = 1
TOUCHED: Final = 2
MAX_POINTS: Final = 2**31 - 2
NEVER: Final = 2**62


@jit
def _threshold(trails: Int64, state: Int64) -> int:
    """How far ahead of the entry the price must be for a trail to better the stop; ``NEVER`` if none ever does."""
    nearest = NEVER
    last = state[SIDE] * (state[STOP] - state[ENTRY])
    for number in range(len(trails)):
        start, step, distance = trails[number]
        first = start - distance
        if step == 0 and state[USED] & (1 << number):
            continue
        if state[STOP] == 0 or first > last:
            nearest = min(nearest, start)
        elif step > 0:
            nearest = min(nearest, start + ((last - first) // step + 1) * step)
    return nearest


@jit
def _move(trails: Int64, state: Int64, row: int, move: int, close: int) -> None:
    """The end of a row by which the price has come ``move`` points ahead: each trail in its turn."""
    side, entry = state[SIDE], state[ENTRY]
    for number in range(len(trails)):
        start, step, distance = trails[number]
        if move < start or (step == 0 and state[USED] & (1 << number)):
            continue
        steps = (move - start) // step * step if step > 0 else 0
        stop = min(max(entry + side * (start + steps - distance), 1), MAX_POINTS)
        if state[STOP] and side * (stop - state[STOP]) <= 0:
            continue
        state[STOP] = stop
        state[BY] = number
        state[MOVED_ROW] = row
        state[FORCED] = 1 if side * (close - stop) <= 0 else 0
        if step == 0:
            state[USED] |= 1 << number


@jit
def _levels(state: Int64, ahead: int) -> tuple[int, int]:
    """(low level, high level) that end the ticket or, ``ahead`` points ahead of its entry, may move its stop."""
    stop, target = state[STOP], state[TARGET]
    if state[SIDE] > 0:
        low = stop if stop else NO_LOW
        high = target if target else NO_HIGH
        return low, min(high, state[ENTRY] + ahead)
    low = target if target else NO_LOW
    high = stop if stop else NO_HIGH
    return max(low, state[ENTRY] - ahead), high


@jit
def _best(low: Int32, high: Int32, mins: Int32, maxs: Int32, state: Int64, last: int) -> int:
    """How far ahead of the entry the price has been over the rows up to ``last``."""
    if state[SIDE] > 0:
        return int(range_max(high, maxs, state[LIVED_FROM], last) - state[ENTRY])
    return int(state[ENTRY] - range_min(low, mins, state[LIVED_FROM], last))


@jit
def follow(
    opens: Int32,
    low: Int32,
    high: Int32,
    close: Int32,
    mins: Int32,
    maxs: Int32,
    trails: Int64,
    state: Int64,
    until: int,
) -> int:
    """Follow a ticket through the rows before ``until``: 0, or how it ends in the row ``state[ROW]``.

    The prices are those of the closing side (bid of a long, ask of a short), int32 points, with ``mins`` and ``maxs``
    from ``build_index(low, high)``; ``trails`` is an int64 array (number, 3) of start, step and distance; ``state``
    holds ``SIZE`` int64 and is changed in place. ``GAPPED``: the row's open ends the ticket; ``TOUCHED``: its range.
    Cost: some 300 nanoseconds a move of the stop, and a microsecond for the call.
    """
    side = state[SIDE]
    ended = 0
    while not ended:
        row = state[ROW]
        ahead = _threshold(trails, state)
        if row < state[FROM_ROW]:
            ahead = NEVER
        forced = state[FORCED] == 1 and state[MOVED_ROW] == row - 1
        hit = row
        if not forced:
            is_due = ahead < NEVER and row > state[LIVED_FROM] and _best(low, high, mins, maxs, state, row - 1) >= ahead
            if not is_due:
                low_level, high_level = _levels(state, min(ahead, MAX_POINTS))
                hit = crossing(low, high, mins, maxs, row, low_level, high_level)
            if row < state[FROM_ROW]:
                hit = min(hit, state[FROM_ROW] - 1)
        state[NEXT] = hit
        if hit >= until or hit >= len(low):
            break
        stop, target = state[STOP], state[TARGET]
        if hit > row or state[OPEN_COUNTS]:
            opened = opens[hit]
            if forced or (stop and side * (opened - stop) <= 0) or (target and side * (opened - target) >= 0):
                ended = GAPPED
        worst, best = (low[hit], high[hit]) if side > 0 else (high[hit], low[hit])
        if not ended and ((stop and side * (worst - stop) <= 0) or (target and side * (best - target) >= 0)):
            ended = TOUCHED
        if ended:
            state[ROW] = hit
        else:
            if hit >= state[FROM_ROW]:
                _move(trails, state, hit, _best(low, high, mins, maxs, state, hit), close[hit])
            state[ROW] = hit + 1
            state[OPEN_COUNTS] = 1
    if not ended and until > state[ROW]:
        state[ROW] = min(until, len(low))
        state[OPEN_COUNTS] = 1
    return ended
