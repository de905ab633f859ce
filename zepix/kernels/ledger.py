"""What open tickets of one symbol are worth at many instants, without asking each ticket at each instant.

The gross of the tickets open at an instant is linear in the price: for longs ``bid * sum(steps) - sum(steps * entry)``,
for shorts ``sum(steps * entry) - ask * sum(steps)``. Both sums change only where a ticket opens or closes, so running
sums over the sorted entries less running sums over the sorted exits give them anywhere. Whole numbers throughout: the
order of the sums cannot change the result. numpy alone does this at full speed; nothing here is compiled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zepix.model.series import Int64

__all__ = ["open_gross_points"]

Int8 = NDArray[np.int8]


def open_gross_points(
    side: Int8,
    steps: Int64,
    entry_points: Int64,
    entry_ns: Int64,
    exit_ns: Int64,
    mark_ns: Int64,
    bid_points: Int64,
    ask_points: Int64,
) -> Int64:
    """Points times steps that the tickets of one symbol are worth at each mark, int64.

    One entry a ticket: ``side`` (+1 long, -1 short), ``steps``, ``entry_points``, and the times between which it is
    open, ``entry_ns <= t < exit_ns`` (a ticket that ends when it begins is never open). One entry a mark: ``mark_ns``
    with the bid and ask in points. At a mark t the result is the sum over the open tickets of
    ``(price - entry) * side * steps``, the price being the bid for longs and the ask for shorts; 0 without tickets.
    Cost: (tickets + marks) * log(tickets). Sums wrap at 2**63, which only matters if the result itself does not fit.
    """
    steps = np.asarray(steps, np.int64)
    cost = steps * np.asarray(entry_points, np.int64)
    lives = np.asarray(exit_ns) > np.asarray(entry_ns)
    total = np.zeros(len(mark_ns), np.int64)
    for sign, price in ((1, bid_points), (-1, ask_points)):
        mine = lives & (np.asarray(side) == sign)
        held, paid = _open_sums(steps[mine], cost[mine], entry_ns[mine], exit_ns[mine], mark_ns)
        total += sign * (np.asarray(price, np.int64) * held - paid)
    return total


def _open_sums(steps: Int64, cost: Int64, entry_ns: Int64, exit_ns: Int64, mark_ns: Int64) -> tuple[Int64, Int64]:
    """The sums of ``steps`` and of ``cost`` over the tickets open at each mark."""
    held = np.zeros(len(mark_ns), np.int64)
    paid = np.zeros(len(mark_ns), np.int64)
    for times, sign in ((entry_ns, 1), (exit_ns, -1)):
        order = np.argsort(times, kind="stable")
        reached = np.searchsorted(times[order], mark_ns, side="right")
        held += sign * _running(steps[order])[reached]
        paid += sign * _running(cost[order])[reached]
    return held, paid


def _running(values: Int64) -> Int64:
    """Sums of the first 0, 1, 2, ... values."""
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums
