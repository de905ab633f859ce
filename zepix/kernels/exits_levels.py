"""First crossings of every stop and every target of a grid, each by itself: S + T searches an entry, not S * T.

The rules (docs/fills.md, "Stops and targets"): a level lives from the fill; the entry's own row counts with its range,
its open does not; a later open at or beyond the level fills there, else the range fills at the level, at the row's
end. A level of which an order would be refused (``invalid_stops``) is ``REFUSED``.

A *code* is ``2 * row`` for a fill at the row's open and ``2 * row + 1`` for one inside it, so codes are in order of
time; ``NEVER`` for a level that is not reached. Tables have shape (levels, entries): codes int32, moves int32 points
(in our favour), keys int64 (``exits_grid``), money int64 minor units. Levels come nearest first: each search begins
where the nearer level was found.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.kernels.compiled import jit
from zepix.kernels.crossing import NO_HIGH, NO_LOW, crossing
from zepix.kernels.exits_money import bill
from zepix.model.series import Int32, Int64

__all__ = [
    "LATE",
    "NEVER",
    "REFUSED",
    "UNSENT",
    "UNSIZED",
    "find_levels",
    "instant_of",
    "key_of",
    "price_ends",
    "price_levels",
]

NEVER: Final = 2**31 - 1
REFUSED: Final = -1
"""At its fill."""
UNSIZED: Final = -2
"""At its arrival: the instrument does not take the volume."""
UNSENT: Final = -3
"""Before it was an order: nobody knows its volume."""
LATE: Final = 2**63 - 1
MAX_POINTS: Final = 2**31 - 2


@jit
def instant_of(time: Int64, tf_ns: int, code: int) -> int:
    """When a fill of this code happens: its row's open, or its end."""
    return int(time[code >> 1]) + (tf_ns if code & 1 else 0)


@jit
def key_of(time: Int64, tf_ns: int, code: int) -> int:
    """Twice the instant, and its turn within it: ends of bars before opens, ends of ticks after them."""
    at_end = code & 1
    return 2 * instant_of(time, tf_ns, code) + (at_end if tf_ns == 0 else 1 - at_end)


@jit
def is_refused(side: int, closing: int, level: int, is_stop: bool, least: int) -> bool:
    """Whether an order with this level (0: none) is refused at its fill, the closing side's price being ``closing``."""
    if level == 0:
        return False
    away = side * (closing - level) if is_stop else side * (level - closing)
    return not (away > 0 and away >= least)


@jit
def find_levels(
    prices: Any,
    number: Int64,
    side: Int64,
    row: Int64,
    entry: Int64,
    closing: Int64,
    distances: Int64,
    wanted: int,
    is_stop: bool,
    slippage: int,
    least: int,
    codes: Int32,
    moves: Int32,
) -> None:
    """Fill ``codes`` and ``moves`` for the entries named by ``number`` (columns of the tables) on the side ``wanted``.

    ``prices``: (open, low, high, close, mins, maxs) of that side's closing prices, int32; ``distances`` int64 points,
    ascending; ``least``: the stops level. Cost: 50 to 300 nanoseconds a level.
    """
    opens, low, high, mins, maxs = prices[0], prices[1], prices[2], prices[4], prices[5]
    for place in range(len(number)):
        if side[place] != wanted or row[place] < 0:
            continue
        one, first, bought = number[place], row[place], entry[place]
        start = first
        downwards = (wanted > 0) == is_stop
        for level_number in range(len(distances)):
            ahead = -distances[level_number] if is_stop else distances[level_number]
            level = min(max(bought + wanted * ahead, 1), MAX_POINTS)
            if is_refused(wanted, closing[place], level, is_stop, least):
                codes[level_number, one] = REFUSED
                continue
            if downwards:
                start = crossing(low, high, mins, maxs, start, level, NO_HIGH)
            else:
                start = crossing(low, high, mins, maxs, start, NO_LOW, level)
            if start >= len(low):
                codes[level_number, one] = NEVER
                continue
            price, code = level, 2 * start + 1
            if start > first and (opens[start] <= level if downwards else opens[start] >= level):
                price, code = int(opens[start]), 2 * start
            if is_stop:
                price -= wanted * slippage
            codes[level_number, one] = code
            moves[level_number, one] = wanted * (price - bought)


@jit
def price_levels(
    time: Int64,
    tf_ns: int,
    number: Int64,
    side: Int64,
    entry_ns: Int64,
    steps: Int64,
    terms: Any,
    codes: Int32,
    moves: Int32,
    keys: Int64,
    money: Int64,
) -> None:
    """Fill ``keys`` and ``money`` of what ``find_levels`` has found; ``steps`` is each entry's volume (by column)."""
    for level in range(len(codes)):
        for place in range(len(number)):
            one = number[place]
            code = codes[level, one]
            if code < 0 or code == NEVER:
                keys[level, one] = LATE
                money[level, one] = 0
                continue
            keys[level, one] = key_of(time, tf_ns, code)
            exit_ns = instant_of(time, tf_ns, code)
            gross, charged, swap = bill(
                terms, side[place], int(moves[level, one]), steps[one], entry_ns[place], exit_ns
            )
            money[level, one] = gross + charged + swap


@jit
def price_ends(
    bid_close: Int32,
    ask_close: Int32,
    number: Int64,
    side: Int64,
    row: Int64,
    entry: Int64,
    entry_ns: Int64,
    steps: Int64,
    last_ns: int,
    terms: Any,
    moves: Int32,
    money: Int64,
) -> None:
    """Fill ``moves`` and ``money`` (by column) of entries that only the end of the data closes, without slippage."""
    last = len(bid_close) - 1
    for place in range(len(number)):
        if row[place] < 0:
            continue
        one = number[place]
        price = int(bid_close[last]) if side[place] > 0 else int(ask_close[last])
        moved = side[place] * (price - entry[place])
        gross, charged, swap = bill(terms, side[place], moved, steps[one], entry_ns[place], last_ns)
        moves[one] = moved
        money[one] = gross + charged + swap
