"""How lots are shared out in whole steps: halves for dual orders, portions for declared exits.

Everything is counted in the instrument's volume steps, and nothing is ever rounded up in sum:

- *halves*: the total is cut to steps, B gets its share cut to steps, A the rest. Where B would be below the minimum, A
  goes alone with everything, or both go at the minimum (``force_min_lot``).
- *portions*: every level but the first gets its share cut to steps, the first (the nearest target) the rest. A total
  too small for all levels keeps as many of the nearest as it can, each at least the minimum; the share of those that
  were dropped goes to the last one kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from zepix.model import Instrument

__all__ = ["halves", "min_steps", "portions"]


def min_steps(instrument: Instrument) -> int:
    """The least volume that the instrument takes, in steps."""
    return max(1, math.ceil(instrument.volume_min / instrument.volume_step))


def halves(total: int, least: int, b_share_frac: float, *, is_full: bool, force_min_lot: bool) -> tuple[int, int]:
    """(A, B) in steps of ``total``; a leg that does not go has 0. ``is_full``: each has the total."""
    if is_full:
        a = b = total
    else:
        b = int(total * Decimal(str(b_share_frac)))
        a = total - b
    if b >= least:
        return a, b
    if force_min_lot:
        return least, least
    return (total, 0) if total >= least else (0, 0)


def portions(total: int, least: int, shares: Sequence[float]) -> list[int]:
    """Steps for each level kept, nearest first; shorter than ``shares`` where the total is too small for all.

    Empty where not even one level can have the minimum.
    """
    kept = min(len(shares), total // least)
    if kept < 1:
        return []
    wanted = [Decimal(str(share)) for share in shares]
    wanted[kept - 1] += sum(wanted[kept:], Decimal(0))
    steps = [max(least, int(share * total)) for share in wanted[1:kept]]
    first = total - sum(steps)
    while first < least:  # what the minimum of the others took away, the largest of them gives back
        largest = max(range(len(steps)), key=steps.__getitem__)
        given = min(least - first, steps[largest] - least)
        steps[largest] -= given
        first += given
    return [first, *steps]
