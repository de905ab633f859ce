"""Times of ticks: are they in order, how many are equal, and equal ones put a nanosecond apart.

Every tick is an instant of its own. Of ticks that were written with one time the second is put 1 ns after the first,
the third 2 ns, and so on; one that would reach the next tick's time pushes that on likewise. The result is strictly
increasing, keeps the order of the rows, and moves no tick that shares its time with none before it and is pushed by
none.
"""

from __future__ import annotations

from zepix.kernels.compiled import jit
from zepix.model.series import Int64

__all__ = ["order_of_times", "part_equal_times"]


@jit
def order_of_times(time: Int64) -> tuple[int, int, int]:
    """How many times are earlier than the one before, the first such row (-1: none), and how many equal it.

    ``time`` is int64 nanoseconds. Cost: one pass.
    """
    falls = 0
    first_fall = -1
    equal = 0
    for row in range(1, len(time)):
        step = time[row] - time[row - 1]
        equal += step == 0
        if step < 0:
            falls += 1
            if first_fall < 0:
                first_fall = row
    return falls, first_fall, equal


@jit
def part_equal_times(time: Int64) -> int:
    """Put equal times 1 ns apart, in place, and return how many rows were moved; ``time`` must not fall.

    Row i uses the rows before it only. Cost: one pass.
    """
    moved = 0
    for row in range(1, len(time)):
        if time[row] <= time[row - 1]:
            time[row] = time[row - 1] + 1
            moved += 1
    return moved
