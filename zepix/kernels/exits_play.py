"""One cell of an exits sweep played entry by entry: the closing fills of its tickets, then their sums.

The rules: see ``exits_group`` (tickets), ``exits_money`` (their bill) and ``exits_grid`` (the flat rule, the order of
the sums). ``play`` appends the fills of one symbol's entries; ``fold`` sums the fills of all symbols.

A fill is a row of ``FILL_SIZE`` int64 with the places named here; ``KEY`` is ``LATE`` where the data end the ticket,
``PLACE`` breaks ties (symbol, then age).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from zepix.kernels.compiled import jit
from zepix.kernels.exits_group import (
    BOTH,
    CODE,
    NO_TICKET,
    OPEN,
    POINTS,
    REASON,
    STEPS,
    follow_group,
)
from zepix.kernels.exits_levels import LATE, instant_of, key_of
from zepix.kernels.exits_money import bill
from zepix.kernels.exits_sums import AMBIGUOUS, AT_END, REFUSED_ENTRIES, SKIPPED, add
from zepix.model.series import Int64

__all__ = ["BY_BOOKING", "BY_END", "FILL_SIZE", "fold", "play"]

KEY: Final = 0
PLACE: Final = 1
ENTRY: Final = 2
"""Which entry (column)."""
LEG: Final = 3
FILL_CODE: Final = 4
EXIT_NS: Final = 5
FILL_POINTS: Final = 6
FILL_REASON: Final = 7
FILL_STEPS: Final = 8
GROSS: Final = 9
COMMISSION: Final = 10
SWAP: Final = 11
MOVED: Final = 12
RISK: Final = 13
FILL_BOTH: Final = 14
IN_ROW: Final = 15
"""The row of the ticket's entry."""
IN_NS: Final = 16
IN_POINTS: Final = 17
FILL_SIZE: Final = 18

BY_END: Final = 5
BY_BOOKING: Final = 6


@jit
def write_fill(time: Int64, tf_ns: int, terms: Any, out: Any, code: int, price: int, last_ns: int, steps: int) -> None:
    """Complete a fill of which entry, side and reason stand already: when it was, what it moved, its bill.

    ``FILL_POINTS`` holds the side on arrival.
    """
    side = out[FILL_POINTS]
    out[FILL_CODE] = code
    out[FILL_POINTS] = price
    out[FILL_STEPS] = steps
    if code == OPEN:
        out[KEY] = LATE
        out[EXIT_NS] = last_ns
    else:
        out[KEY] = key_of(time, tf_ns, code)
        out[EXIT_NS] = instant_of(time, tf_ns, code)
    out[MOVED] = side * (price - out[IN_POINTS])
    gross, charged, swap = bill(terms, side, out[MOVED], steps, out[IN_NS], out[EXIT_NS])
    out[GROSS] = gross
    out[COMMISSION] = charged
    out[SWAP] = swap


@jit
def play(
    bid: Any, ask: Any, time: Int64, facts: Int64, terms: Any, entries: Any, cell: Int64, legs: Any, steps: Any,
    trails: Any, state: Any, fills: Any, count: int, sums: Int64,
) -> int:  # fmt: skip
    """Append the fills of one symbol's entries to ``fills``; returns how many there are then.

    ``facts``: (bar length ns, stops level, slippage, flat, optimistic, last instant). ``entries``: int64 arrays
    (column, side, row, points, closing, entry ns, decided, answered, place, first row whose end counts, answered
    if the volume is wrong), by decision.
    ``cell``: (stop points). ``steps`` (entries, tickets): the volume of each ticket, 0 for none; of the first ticket
    0 for an order of a wrong volume, -1 for no order at all. ``legs`` is written to.
    """
    tf_ns, least, slippage = facts[0], facts[1], facts[2]
    flat, optimistic, last_ns = facts[3] == 1, facts[4] == 1, facts[5]
    free_from = 0
    for number in range(len(entries[0])):
        row, decided = entries[2][number], entries[6][number]
        if flat and free_from > decided:
            sums[SKIPPED] += 1 if row >= 0 else 0
            continue
        if row >= 0 and steps[number, 0] <= 0:  # refused before it could fill; unsent: nothing was under way
            sums[REFUSED_ENTRIES] += 1
            free_from = max(free_from, entries[10][number] if steps[number, 0] == 0 else 0)
            continue
        free_from = max(free_from, entries[7][number])
        if row < 0:
            continue
        side, entry = entries[1][number], entries[3][number]
        legs[:, STEPS] = steps[number]
        prices = bid if side > 0 else ask
        opened = follow_group(
            prices, legs, trails, state, side, row, entry, entries[4][number], cell[0], least, slippage, optimistic,
            entries[9][number],
        )  # fmt: skip
        if opened == 0:
            sums[REFUSED_ENTRIES] += 1
            continue
        for leg in range(len(legs)):
            one = state[leg]
            if one[CODE] == NO_TICKET:
                continue
            out = fills[count]
            count += 1
            out[PLACE], out[ENTRY], out[LEG] = entries[8][number], entries[0][number], leg
            out[IN_ROW], out[IN_NS], out[IN_POINTS] = row, entries[5][number], entry
            out[RISK], out[FILL_BOTH], out[FILL_REASON] = cell[0], one[BOTH], one[REASON]
            out[FILL_POINTS] = side
            price = int(one[POINTS])
            if one[CODE] == OPEN:
                out[FILL_REASON] = BY_END
                price = int(prices[3][len(time) - 1])
            write_fill(time, tf_ns, terms, out, one[CODE], price, last_ns, legs[leg, STEPS])
            free_from = LATE if one[CODE] == OPEN else max(free_from, out[EXIT_NS])
    return count


@jit
def fold(fills: Any, count: int, sums: Int64) -> tuple[float, Int64]:
    """Sum the first ``count`` fills in the order in which they happened; returns the sum of R, and that order."""
    keys = fills[:count, KEY].copy()
    order = np.argsort(fills[:count, PLACE].copy(), kind="mergesort")
    order = order[np.argsort(keys[order], kind="mergesort")]
    total = 0.0
    for place in range(count):
        one = fills[order[place]]
        sums[AMBIGUOUS] += one[FILL_BOTH]
        sums[AT_END] += 1 if one[KEY] == LATE else 0
        money = one[GROSS] + one[COMMISSION] + one[SWAP]
        total += add(sums, money, one[MOVED], one[RISK])
    return total, order
