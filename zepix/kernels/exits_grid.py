"""The cells of a stop/target grid, put together from first crossings: which level ends each ticket, and the sums.

The rules: of stop and target the one with the lower code ends the ticket; equal codes are one range that holds both,
and ``optimistic`` says which (an open that holds both: the stop). With the flat rule an entry is left out while a
ticket of its symbol is open in this cell, or an order of its symbol is under way. Closing fills are summed in the
order in which they happen: by key, then symbol, then age; the end of the data comes last.

Entries are columns in order of their orders. ``LATE`` as a key means "at the end of the data". Cost: some 10
microseconds a cell of 1,000 entries, without any array being made.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.kernels.compiled import jit
from zepix.kernels.exits_levels import LATE, NEVER, UNSENT, UNSIZED
from zepix.kernels.exits_sums import AMBIGUOUS, AT_END, REFUSED_ENTRIES, SKIPPED, add
from zepix.model.series import Int64

__all__ = ["run_cells"]

NOTHING: Final = 0
BY_STOP: Final = 1
BY_TARGET: Final = 2
BY_END: Final = 3


@jit
def _decide(stop: int, target: int, optimistic: bool) -> tuple[int, bool]:
    """(what ends the ticket, whether one range held both) of two codes; ``NOTHING`` where the order is refused."""
    if stop < 0 or target < 0:
        return NOTHING, False
    if stop == NEVER and target == NEVER:
        return BY_END, False
    if stop == target:
        both = bool(stop & 1)
        return (BY_TARGET if optimistic and both else BY_STOP), both
    return (BY_STOP if stop < target else BY_TARGET), False


@jit
def _walk(
    entries: Any, stops: Any, targets: Any, stop: int, target: int, flat: bool, optimistic: bool, kinds: Any,
    free_from: Int64, out: Int64,
) -> None:  # fmt: skip
    """Which level ends each entry, in ``kinds``; entries left out and refused are counted."""
    symbol, decided, filled, answered, arrived = entries[0], entries[1], entries[2], entries[3], entries[5]
    free_from[:] = 0
    for one in range(len(symbol)):
        kinds[one] = NOTHING
        place = symbol[one]
        if flat and free_from[place] > decided[one]:
            if filled[one] >= 0:
                out[SKIPPED] += 1
            continue
        if filled[one] < 0:
            free_from[place] = max(free_from[place], answered[one])
            continue
        stop_code = stops[0][stop, one] if stop >= 0 else NEVER
        target_code = targets[0][target, one] if target >= 0 else NEVER
        kind, both = _decide(stop_code, target_code, optimistic)
        kinds[one] = kind
        if stop_code in (UNSENT, UNSIZED):
            out[REFUSED_ENTRIES] += 1
            if stop_code == UNSIZED:
                free_from[place] = max(free_from[place], arrived[one])
            continue
        free_from[place] = max(free_from[place], answered[one])
        if kind == NOTHING:
            out[REFUSED_ENTRIES] += 1
        elif kind == BY_STOP:
            free_from[place] = max(free_from[place], stops[2][stop, one] >> 1)
        elif kind == BY_TARGET:
            free_from[place] = max(free_from[place], targets[2][target, one] >> 1)
        else:
            free_from[place] = LATE
        if both:
            out[AMBIGUOUS] += 1


@jit
def run_cells(
    stop_of: Int64,
    target_of: Int64,
    entries: Any,
    stops: Any,
    targets: Any,
    ends: Any,
    risks: Int64,
    flat: bool,
    optimistic: bool,
    kinds: Any,
    free_from: Int64,
    out: Int64,
    shares: Any,
) -> None:
    """Fill a row of ``out`` (cells, ``SIZE``; int64) and of ``shares`` (float64: the sum of R) for each cell.

    ``stop_of``, ``target_of``: the cell's rows in the tables, -1 for none. ``entries``: (symbol, decided, row of the
    fill or -1, from when on its order is answered, place, from when on an order of a wrong volume is), int64.
    ``stops``, ``targets``: (codes, moves, keys, money, columns by key). ``ends``: (moves, money, order) of tickets that
    the data end; ``risks`` (stops, entries): points of the first stop. ``kinds`` (int8), ``free_from`` are scratch.
    """
    place = entries[4]
    for cell in range(len(stop_of)):
        stop, target, sums = stop_of[cell], target_of[cell], out[cell]
        _walk(entries, stops, targets, stop, target, flat, optimistic, kinds, free_from, sums)
        total = 0.0
        left, right, most = 0, 0, len(kinds)
        while True:
            while left < most and (stop < 0 or kinds[stops[4][stop, left]] != BY_STOP):
                left = most if stop < 0 else left + 1
            while right < most and (target < 0 or kinds[targets[4][target, right]] != BY_TARGET):
                right = most if target < 0 else right + 1
            if left >= most and right >= most:
                break
            by_stop = right >= most
            if left < most and right < most:
                first, second = stops[4][stop, left], targets[4][target, right]
                one_key, other_key = stops[2][stop, first], targets[2][target, second]
                by_stop = one_key < other_key or (one_key == other_key and place[first] < place[second])
            if by_stop:
                one = stops[4][stop, left]
                left += 1
                total += add(sums, stops[3][stop, one], int(stops[1][stop, one]), risks[stop, one])
            else:
                one = targets[4][target, right]
                right += 1
                risk = risks[stop, one] if stop >= 0 else 0
                total += add(sums, targets[3][target, one], int(targets[1][target, one]), risk)
        for number in range(most):
            one = ends[2][number]
            if kinds[one] == BY_END:
                sums[AT_END] += 1
                total += add(sums, ends[1][one], int(ends[0][one]), risks[stop, one] if stop >= 0 else 0)
        shares[cell] = total
