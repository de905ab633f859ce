"""The money of one closing fill in whole minor units, as the books of an account have it, without decimals.

The rules (docs/fills.md, "Money"):

- gross is ``points * steps`` times what a point and step is worth, at the rate of the exit, rounded half-even once;
- commission is charged for both sides, each rounded by itself; swap is the nights between entry and exit, both
  excluded, times a night's points, valued as gross is.

Decimals with 28 digits are exact here, so fractions of whole numbers give the same: a unit is ``(numerator,
denominator, mode)``; mode 0 has no rate, 1 multiplies by the pair's doubled mid, 2 divides by it. The one exception:
divided by a mid, an amount that lies exactly between two cents goes where the 28 digits' own rounding sends it. Such
*ties* are looked up in ``ties``; one that is not known is written down, for the caller to settle in decimals and ask
again.

Arrays are int64 but prices (int32 points); times are nanoseconds. Nothing is a float.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from zepix.kernels.compiled import jit
from zepix.kernels.search import first_after, first_at_or_after
from zepix.model.series import Int64

__all__ = ["GROSS", "MOST_TIES", "SWAP_LONG", "SWAP_SHORT", "bill", "doubled_mid", "empty_ties", "half_even"]

GROSS: Final = 0
SWAP_LONG: Final = 1
SWAP_SHORT: Final = 2
"""Rows of ``units``."""
MOST_TIES: Final = 4096
KNOWN: Final = 0
WANTED: Final = 1


def empty_ties() -> Int64:
    """A table of ties: row 0 counts the known and the wanted; known (unit, amount, doubled mid, minor units) come
    first, then the wanted, int64 of shape (1 + ``MOST_TIES``, 4)."""
    return np.zeros((1 + MOST_TIES, 4), np.int64)


@jit
def half_even(numerator: int, denominator: int) -> int:
    """The quotient of whole numbers rounded to the nearest, ties to even; the denominator is above zero."""
    whole = numerator // denominator
    twice = 2 * (numerator - whole * denominator)
    if twice > denominator or (twice == denominator and whole & 1):
        whole += 1
    return whole


@jit
def _tied(ties: Int64, unit: int, amount: int, doubled: int, fallback: int) -> int:
    """What is known of a tie; else it is written down, and the fallback stands in."""
    known, wanted = ties[0, KNOWN], ties[0, WANTED]
    for row in range(1, 1 + known + wanted):
        if ties[row, 0] == unit and ties[row, 1] == amount and ties[row, 2] == doubled:
            return int(ties[row, 3]) if row <= known else fallback
    row = 1 + known + wanted
    if row < len(ties):
        ties[row, 0] = unit
        ties[row, 1] = amount
        ties[row, 2] = doubled
        ties[0, WANTED] += 1
    return fallback


@jit
def worth(units: Int64, unit: int, amount: int, doubled: int, ties: Int64) -> int:
    """Minor units that ``amount`` point-steps are worth at the pair's doubled mid, rounded half-even."""
    numerator, denominator, mode = units[unit, 0], units[unit, 1], units[unit, 2]
    if mode == 0:
        return half_even(amount * numerator, denominator)
    if mode == 1:
        return half_even(amount * numerator * doubled, denominator)
    top, bottom = amount * numerator, denominator * doubled
    found = half_even(top, bottom)
    if top != 0 and 2 * (top - (top // bottom) * bottom) == bottom:
        return _tied(ties, unit, amount, doubled, found)
    return found


@jit
def doubled_mid(terms: Any, t_ns: int) -> int:
    """Bid + ask in points of the pair's last close that ended at or before t; before the first, of its first open.

    1 where no pair is needed.
    """
    time, bid, ask, facts = terms[2], terms[3], terms[4], terms[5]
    if len(time) == 0:
        return 1
    row = first_after(time, t_ns - facts[0]) - 1
    if row < 0:
        return int(facts[1])
    return int(bid[row]) + int(ask[row])


@jit
def nights(terms: Any, entry_ns: int, exit_ns: int) -> int:
    """Rollovers strictly between two instants, as they count."""
    instants, counts = terms[6], terms[7]
    first, last = first_after(instants, entry_ns), first_at_or_after(instants, exit_ns)
    return int(counts[last] - counts[first]) if last > first else 0


@jit
def bill(terms: Any, side: int, moved: int, steps: int, entry_ns: int, exit_ns: int) -> tuple[int, int, int]:
    """(gross, commission, swap) in minor units of a closing fill that moved so many points in our favour.

    ``terms`` is a tuple of arrays: units (3, 3), commission of a side and step as (numerator, denominator), the
    conversion pair's time, bid close and ask close (no rows: none is needed), (its bars' length, its first open
    doubled), rollovers, their running count (one entry more), ties. Cost: some 50 nanoseconds with a rate or swap.
    """
    units, commission, ties = terms[0], terms[1], terms[8]
    doubled = doubled_mid(terms, exit_ns)
    gross = worth(units, 0, moved * steps, doubled, ties)
    charged = -2 * half_even(steps * commission[0], commission[1])
    unit = 1 if side > 0 else 2
    swap = 0
    if units[unit, 0] != 0:
        slept = nights(terms, entry_ns, exit_ns)
        if slept:
            swap = worth(units, unit, slept * steps, doubled, ties)
    return gross, charged, swap
