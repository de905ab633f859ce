"""A pyramid on each entry of a cell: levels of 1, 2, 4, 8, 16 orders, the next one once a level has booked whole.

The rules (docs/chains.md): level 0 is the entry's own order. All orders of a level are alike, so they fill, book and
stop together; a stop ends the chain. The next level goes out at the market where the last one booked: it fills at the
open of that instant, else at the next open if that comes in time. Its stop and booking are so much money at its volume,
the stop not nearer than a floor that hangs on the spread; where that costs more, the volume shrinks.

Arrays are as in ``exits_play``; amounts of money are float64, as the rules have them, counted as there.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from zepix.kernels.compiled import jit
from zepix.kernels.crossing import NO_HIGH, NO_LOW, crossing
from zepix.kernels.exits_group import BY_SL, BY_TP, OPEN
from zepix.kernels.exits_levels import LATE, MAX_POINTS, instant_of, is_refused
from zepix.kernels.exits_play import (
    BY_BOOKING,
    BY_END,
    ENTRY,
    EXIT_NS,
    FILL_BOTH,
    FILL_POINTS,
    FILL_REASON,
    IN_NS,
    IN_POINTS,
    IN_ROW,
    LEG,
    PLACE,
    RISK,
    write_fill,
)  # fmt: skip
from zepix.kernels.exits_sums import REFUSED_ENTRIES, SKIPPED
from zepix.kernels.pyramid import dollars_to_points_step
from zepix.model.series import Int64

__all__ = ["LEG_BASE", "PATH_SIZE", "level_size", "play_pyramids"]

LEG_BASE: Final = 1000
"""A fill's leg is its level times this and its number from 1; 0 is the entry's own order."""
PATH_SIZE: Final = 12
"""When a ticket was filled and raised, then the same of the one whose booking raised it, and so on: the order of
tickets of equal keys."""
HAIR: Final = 1e-7
MOST: Final = 1 << 30


@jit
def level_size(facts: Int64, lots: Any, money: Any, spread: int, steps: int, share: float) -> tuple[int, int, int]:
    """(steps, stop points, target points) of each order of a level; 0 steps where the loss fits no volume.

    ``facts``: (stops level, floor's spreads as numerator, denominator, least stop, least steps); ``lots``: float64 by
    steps; ``money``: (loss, target, money of a point and lot, volume step), float64.
    """
    level = facts[0]
    floor = max(level + spread, -((-spread * facts[1]) // facts[2]), facts[3], 1)
    away = dollars_to_points_step(money[0], lots[steps], money[2])
    if away < floor - HAIR:
        steps = int(money[0] / (money[2] * floor * money[3]) + HAIR)
        if steps < facts[4]:
            return 0, 0, 0
        away = dollars_to_points_step(money[0], lots[steps], money[2])
    stop = max(floor, int(away * share + HAIR))
    ahead = np.ceil(dollars_to_points_step(money[1], lots[steps], money[2]) - HAIR)
    booked = max(1, level - spread, int(ahead))
    return steps, min(MOST, stop), min(MOST, booked)


@jit
def _first_exit(
    prices: Any, side: int, row: int, stop: int, target: int, slippage: int, optimistic: bool
) -> tuple[int, int, bool, bool]:
    """(code, price, whether by the target, whether one range held both) of a ticket filled at the open of ``row``."""
    opens, low, high = prices[0], prices[1], prices[2]
    if side > 0:
        low_level, high_level = (stop if stop else NO_LOW), (target if target else NO_HIGH)
    else:
        low_level, high_level = (target if target else NO_LOW), (stop if stop else NO_HIGH)
    hit = crossing(low, high, prices[4], prices[5], row, low_level, high_level)
    if hit >= len(low):
        return OPEN, int(prices[3][len(low) - 1]), False, False
    worst, best = (int(low[hit]), int(high[hit])) if side > 0 else (int(high[hit]), int(low[hit]))
    opened = int(opens[hit])
    if hit > row:
        by_stop = stop != 0 and side * (opened - stop) <= 0
        by_target = target != 0 and side * (opened - target) >= 0
        if by_stop:
            return 2 * hit, opened - side * slippage, False, False
        if by_target:
            return 2 * hit, opened, True, False
    by_stop = stop != 0 and side * (worst - stop) <= 0
    by_target = target != 0 and side * (best - target) >= 0
    if by_stop and not (by_target and optimistic):
        return 2 * hit + 1, stop - side * slippage, False, by_stop and by_target
    return 2 * hit + 1, target, True, by_stop and by_target


@jit
def _next_fill(time: Int64, tf_ns: int, code: int, max_wait_ns: int) -> int:
    """The row at whose open an order fills that a close of this code raised; -1 where none comes in time."""
    if code & 1 == 0:
        return code >> 1
    row = (code >> 1) + 1
    if row >= len(time):
        return -1
    waits = time[row] - instant_of(time, tf_ns, code)
    return row if waits <= max(max_wait_ns, tf_ns) else -1


@jit
def _climb(
    bid: Any, ask: Any, time: Int64, facts: Int64, sizes: Any, orders: Int64, level: int, code: int,
    base_steps: int,
) -> tuple[int, int, int, int, int]:  # fmt: skip
    """(row of the fill, -1 for none; steps; stop points; target points; from when on nothing is under way)."""
    tf_ns = facts[0]
    ended = instant_of(time, tf_ns, code)
    row = code >> 1
    spread = int(ask[3][row]) - int(bid[3][row]) if code & 1 else int(ask[0][row]) - int(bid[0][row])
    steps, stop, target = level_size(sizes[0], sizes[1], sizes[2], spread, base_steps, sizes[3][level])
    if level >= len(orders) or steps == 0:
        return -1, 0, 0, 0, ended
    row = _next_fill(time, tf_ns, code, facts[6])
    return row, steps, stop, target, (ended + 1 if row < 0 else time[row])


@jit
def _reason(level: int, code: int, won: bool) -> int:
    """Why the orders of a level ended."""
    if code == OPEN:
        return BY_END
    if not won:
        return BY_SL
    return BY_BOOKING if level else BY_TP


@jit
def _next_path(path: Int64, time: Int64, tf_ns: int, code: int, row: int) -> None:
    """The path of orders filled in ``row`` that a close of this code raised, in place."""
    path[3:] = path[1 : PATH_SIZE - 2].copy()
    turn = 1 if code & 1 == 0 else (2 if tf_ns == 0 else 0)
    path[1], path[2] = time[row], 4 * instant_of(time, tf_ns, code) + turn


@jit
def _prices_at(bid: Any, ask: Any, row: int, side: int, slippage: int) -> tuple[int, int]:
    """(price of a market order at a row's open, the closing side's price there)."""
    if side > 0:
        return int(ask[0][row]) + slippage, int(bid[0][row])
    return int(bid[0][row]) - slippage, int(ask[0][row])


@jit
def play_pyramids(
    bid: Any, ask: Any, time: Int64, facts: Int64, terms: Any, entries: Any, base: Int64, sizes: Any, orders: Int64,
    steps: Int64, paths: Any, fills: Any, count: int, sums: Int64, symbol: int,
) -> int:  # fmt: skip
    """Append the fills of one symbol's entries and their pyramids; returns how many there are then.

    As ``exits_play.play``; ``facts`` ends with the longest wait for an open, ns. ``base``: (stop, target) points of
    level 0; ``orders``: of each level, int64, level 0 first; ``sizes``: (facts, lots by steps, money) of
    ``level_size``, and the share of the stop by level. ``paths`` (fills, ``PATH_SIZE``) is written to.
    """
    tf_ns, least, slippage, optimistic = facts[0], facts[1], facts[2], facts[4] == 1
    free_from = 0
    for number in range(len(entries[0])):
        row, decided = entries[2][number], entries[6][number]
        if facts[3] == 1 and free_from > decided:
            sums[SKIPPED] += 1 if row >= 0 else 0
            continue
        if row >= 0 and steps[number] <= 0:
            sums[REFUSED_ENTRIES] += 1
            free_from = max(free_from, entries[10][number] if steps[number] == 0 else 0)
            continue
        free_from = max(free_from, entries[7][number])
        if row < 0:
            continue
        side, volume = entries[1][number], steps[number]
        prices = bid if side > 0 else ask
        entry, closing, stop_points, target_points = entries[3][number], entries[4][number], base[0], base[1]
        path, level = paths[len(paths) - 1], 0
        path[:] = 0
        path[0], path[1], path[2] = symbol, entries[7][number], 4 * decided + 3
        while True:
            stop = min(max(entry - side * stop_points, 1), MAX_POINTS) if stop_points > 0 else 0
            target = min(max(entry + side * target_points, 1), MAX_POINTS) if target_points > 0 else 0
            if is_refused(side, closing, stop, True, least) or is_refused(side, closing, target, False, least):
                sums[REFUSED_ENTRIES] += 1 if level == 0 else 0
                break
            code, price, won, both = _first_exit(prices, side, row, stop, target, slippage, optimistic)
            for place in range(orders[level]):
                out = fills[count]
                paths[count] = path
                count += 1
                out[PLACE], out[ENTRY], out[FILL_POINTS] = entries[8][number], entries[0][number], side
                out[LEG] = level * LEG_BASE + place + 1 if level else 0
                out[IN_ROW], out[IN_NS], out[IN_POINTS] = row, time[row], entry
                out[RISK], out[FILL_BOTH] = stop_points, 1 if both else 0
                out[FILL_REASON] = _reason(level, code, won)
                write_fill(time, tf_ns, terms, out, code, price, facts[5], volume)
            free_from = LATE if code == OPEN else max(free_from, fills[count - 1, EXIT_NS])
            if code == OPEN or not won or level + 1 >= len(orders):
                break
            level += 1
            row, volume, stop_points, target_points, free = _climb(
                bid, ask, time, facts, sizes, orders, level, code, steps[number]
            )
            free_from = max(free_from, free)
            if row < 0:
                break
            entry, closing = _prices_at(bid, ask, row, side, slippage)
            _next_path(path, time, tf_ns, code, row)
    return count
