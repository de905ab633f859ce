"""One entry of several tickets (a ladder's portions), followed until all are closed by stops, targets and trails.

The rules (docs/fills.md, docs/exits.md), for longs; shorts are mirrored:

- a row's open decides first, ticket by ticket, older first; then its range; then, at its end, the trails of each ticket
  in their turn. A trailing stop counts from the next row; where the row closed at or beyond it, the next open ends it;
- a target that is hit may send the stops of the others to a place, where that betters them. Hit at an open, the change
  counts at that open; hit in a range, from the next row on, and it replaces what a trail set at the end of that row;
- a stop is only known to be better by what shows: the stop in force and what was asked for before.

Between two rows that matter everything is skipped by the index of ``crossing``. Whole points throughout. One ticket
with its trails is a group of one.

``legs`` (tickets, ``LEG_SIZE``; int64) says what each ticket is; ``trails`` (tickets, 2, 3; int64) start, step and
distance, a start below 0 for none. ``state`` (tickets, ``STATE_SIZE``; int64) is scratch and holds how each ended.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.kernels.compiled import jit
from zepix.kernels.crossing import NO_HIGH, NO_LOW, crossing, range_max, range_min
from zepix.kernels.exits_levels import MAX_POINTS, is_refused
from zepix.model.series import Int64

__all__ = ["LEG_SIZE", "MOVES_STOP", "STATE_SIZE", "STEPS", "STOP_TO", "TARGET_POINTS", "follow_group"]

TARGET_POINTS: Final = 0
"""How far ahead of the fill the target lies, 0 for none."""
STEPS: Final = 1
MOVES_STOP: Final = 2
"""Whether its target, once hit, moves the others' stops."""
STOP_TO: Final = 3
"""And how far ahead of the fill to, in points."""
LEG_SIZE: Final = 4

STOP: Final = 0
TARGET: Final = 1
USED: Final = 2
"""A bit for each trail with step 0 that has moved."""
REASON: Final = 3
"""What set the stop in force, and at last why the ticket ended."""
MOVED_ROW: Final = 4
FORCED: Final = 5
ASKED: Final = 6
"""The last stop that was asked for, 0 for none."""
CHANGE: Final = 7
"""A stop that counts from the next row, 0 for none."""
CODE: Final = 8
"""How it ended: see ``exits_levels``; ``OPEN`` while it has not, ``NO_TICKET`` where its order was refused."""
POINTS: Final = 9
BOTH: Final = 10
"""Whether one range held its stop and its target."""
STATE_SIZE: Final = 11

OPEN: Final = 2**31 - 1
NO_TICKET: Final = -1
NEVER: Final = 2**62

BY_SL: Final = 1
BY_TP: Final = 2
BY_TRAILING: Final = 3
BY_BREAK_EVEN: Final = 4


@jit
def _threshold(trails: Any, state: Int64, side: int, entry: int) -> int:
    """How far ahead the price must be for a trail to better the stop; ``NEVER`` if none ever does."""
    nearest = NEVER
    last = side * (state[STOP] - entry)
    for number in range(2):
        start, step, distance = trails[number, 0], trails[number, 1], trails[number, 2]
        if start < 0 or (step == 0 and state[USED] & (1 << number)):
            continue
        first = start - distance
        if state[STOP] == 0 or first > last:
            nearest = min(nearest, start)
        elif step > 0:
            nearest = min(nearest, start + ((last - first) // step + 1) * step)
    return nearest


@jit
def _trail(trails: Any, state: Int64, side: int, entry: int, row: int, move: int, close: int) -> None:
    """The end of a row by which the price has come ``move`` points ahead: each trail in its turn."""
    for number in range(2):
        start, step, distance = trails[number, 0], trails[number, 1], trails[number, 2]
        if start < 0 or move < start or (step == 0 and state[USED] & (1 << number)):
            continue
        steps = (move - start) // step * step if step > 0 else 0
        stop = min(max(entry + side * (start + steps - distance), 1), MAX_POINTS)
        if state[STOP] and side * (stop - state[STOP]) <= 0:
            continue
        state[STOP] = stop
        state[REASON] = BY_TRAILING if step > 0 else BY_BREAK_EVEN
        state[MOVED_ROW] = row
        state[FORCED] = 1 if side * (close - stop) <= 0 else 0
        if step == 0:
            state[USED] |= 1 << number


@jit
def _ends(state: Int64, side: int, worst: int, best: int) -> tuple[bool, bool]:
    """(stop, target) touched by prices between the two."""
    stop, target = state[STOP], state[TARGET]
    return (stop != 0 and side * (worst - stop) <= 0), (target != 0 and side * (best - target) >= 0)


@jit
def _ask(legs: Int64, state: Any, hit: int, side: int, entry: int, at_once: bool) -> bool:
    """The target of a ticket was hit: the others' stops are changed where that betters them. Whether any was."""
    if legs[hit, MOVES_STOP] == 0:
        return False
    points = entry + side * legs[hit, STOP_TO]
    asked = False
    for leg in range(len(legs)):
        one = state[leg]
        if one[CODE] != OPEN or points <= 0:
            continue
        if one[STOP] != 0 and side * (points - one[STOP]) <= 0:
            continue
        if one[ASKED] != 0 and side * (points - one[ASKED]) <= 0:
            continue
        one[ASKED] = points
        asked = True
        if at_once:
            one[STOP] = min(points, MAX_POINTS)
            one[REASON] = BY_SL
            one[FORCED] = 0
        else:
            one[CHANGE] = min(points, MAX_POINTS)
    return asked


@jit
def _at_open(legs: Int64, state: Any, side: int, entry: int, row: int, opened: int, slippage: int) -> None:
    """What a row's open ends; a target that moves stops has the others looked at anew."""
    leg = 0
    while leg < len(legs):
        one = state[leg]
        leg += 1
        if one[CODE] != OPEN:
            continue
        by_stop, by_target = _ends(one, side, opened, opened)
        forced = one[FORCED] == 1 and one[MOVED_ROW] == row - 1
        if not (by_stop or by_target or forced):
            continue
        one[CODE] = 2 * row
        if by_target and not by_stop:
            one[POINTS] = opened
            one[REASON] = BY_TP
            if _ask(legs, state, leg - 1, side, entry, True):
                leg = 0
        else:
            one[POINTS] = opened - side * slippage


@jit
def _in_range(
    legs: Int64, state: Any, side: int, entry: int, row: int, worst: int, best: int, slippage: int, optimistic: bool
) -> None:
    """What a row's range ends, all by the levels that stood before it."""
    for leg in range(len(legs)):
        one = state[leg]
        if one[CODE] != OPEN:
            continue
        by_stop, by_target = _ends(one, side, worst, best)
        if not (by_stop or by_target):
            continue
        one[CODE] = 2 * row + 1
        one[BOTH] = 1 if by_stop and by_target else 0
        if by_stop and not (by_target and optimistic):
            one[POINTS] = one[STOP] - side * slippage
        else:
            one[POINTS] = one[TARGET]
            one[REASON] = BY_TP
            _ask(legs, state, leg, side, entry, False)


@jit
def _begin(legs: Int64, state: Any, side: int, entry: int, closing: int, stop_points: int, least: int) -> int:
    """Every ticket at its fill; returns how many there are."""
    opened = 0
    for leg in range(len(legs)):
        one = state[leg]
        one[:] = 0
        one[MOVED_ROW] = -1
        one[REASON] = BY_SL
        if stop_points > 0:
            one[STOP] = min(max(entry - side * stop_points, 1), MAX_POINTS)
        if legs[leg, TARGET_POINTS] > 0:
            one[TARGET] = min(max(entry + side * legs[leg, TARGET_POINTS], 1), MAX_POINTS)
        refused = (
            legs[leg, STEPS] == 0
            or is_refused(side, closing, one[STOP], True, least)
            or is_refused(side, closing, one[TARGET], False, least)
        )
        one[CODE] = NO_TICKET if refused else OPEN
        opened += 0 if refused else 1
    return opened


@jit
def _next_row(
    prices: Any, trails: Any, state: Any, side: int, entry: int, lived_from: int, from_row: int, row: int
) -> int:
    """The first row from ``row`` on at which anything may happen to any ticket; the number of rows if none."""
    low, high, mins, maxs = prices[1], prices[2], prices[4], prices[5]
    low_level, high_level = NO_LOW, NO_HIGH
    ahead = NEVER
    for leg in range(len(state)):
        one = state[leg]
        if one[CODE] != OPEN:
            continue
        if one[FORCED] == 1 and one[MOVED_ROW] == row - 1:
            return row
        stop, target = one[STOP], one[TARGET]
        if side > 0:
            low_level = max(low_level, stop if stop else NO_LOW)
            high_level = min(high_level, target if target else NO_HIGH)
        else:
            low_level = max(low_level, target if target else NO_LOW)
            high_level = min(high_level, stop if stop else NO_HIGH)
        ahead = min(ahead, _threshold(trails[leg], one, side, entry))
    if row < from_row:
        return min(crossing(low, high, mins, maxs, row, low_level, high_level), from_row)
    if ahead < NEVER:
        if row > lived_from and _best(prices, side, entry, lived_from, row - 1) >= ahead:
            return row
        if side > 0:
            high_level = min(high_level, entry + min(ahead, MAX_POINTS))
        else:
            low_level = max(low_level, entry - min(ahead, MAX_POINTS))
    return crossing(low, high, mins, maxs, row, low_level, high_level)


@jit
def _best(prices: Any, side: int, entry: int, first: int, last: int) -> int:
    """How far ahead of the entry the price has been over these rows."""
    if side > 0:
        return int(range_max(prices[2], prices[5], first, last) - entry)
    return int(entry - range_min(prices[1], prices[4], first, last))


@jit
def follow_group(
    prices: Any, legs: Int64, trails: Any, state: Any, side: int, row: int, entry: int, closing: int,
    stop_points: int, least: int, slippage: int, optimistic: bool, from_row: int,
) -> int:  # fmt: skip
    """Follow the tickets of one entry to their ends, in ``state``; returns how many tickets there were.

    ``prices``: (open, low, high, close, mins, maxs) of the closing side, int32 points; filled at the open of ``row``
    for ``entry`` points while the closing side stood at ``closing``; ``stop_points`` 0: no stop; ``from_row``: the
    first row at whose end a stop may move. A ticket that the data end keeps the code ``OPEN``. Cost: some 300
    nanoseconds a move of a stop.
    """
    opens, low, high, close = prices[0], prices[1], prices[2], prices[3]
    count = _begin(legs, state, side, entry, closing, stop_points, least)
    left = count
    at = row
    while left:
        hit = _next_row(prices, trails, state, side, entry, row, from_row, at)
        if hit >= len(low):
            break
        worst, best = (int(low[hit]), int(high[hit])) if side > 0 else (int(high[hit]), int(low[hit]))
        if hit > row:
            _at_open(legs, state, side, entry, hit, int(opens[hit]), slippage)
        _in_range(legs, state, side, entry, hit, worst, best, slippage, optimistic)
        left = 0
        move = -NEVER
        for leg in range(len(legs)):
            one = state[leg]
            if one[CODE] != OPEN:
                continue
            left += 1
            if hit >= from_row and (trails[leg, 0, 0] >= 0 or trails[leg, 1, 0] >= 0):
                if move == -NEVER:
                    move = _best(prices, side, entry, row, hit)
                _trail(trails[leg], one, side, entry, hit, move, int(close[hit]))
            if one[CHANGE] != 0:
                one[STOP] = one[CHANGE]
                one[REASON] = BY_SL
                one[FORCED] = 0
                one[CHANGE] = 0
        at = hit + 1
    return count
