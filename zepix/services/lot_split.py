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
from functools import lru_cache
from typing import Final, NamedTuple

from zepix.model import Instrument

__all__ = ["Size", "Sizes", "halves", "min_steps", "portions"]


MOST_SIZES: Final = 4096


class Size(NamedTuple):
    """So many steps in lots, in the forms in which they are asked for."""

    lots: Decimal
    number: float
    text: str


class Sizes:
    """Volumes of steps; the same few come again and again, so each is worked out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Size] = {}
        self._least: dict[str, int] = {}

    def of(self, instrument: Instrument, steps: int) -> Size:
        known = self._known.get((instrument.symbol, steps))
        if known is None:
            lots = instrument.lots(steps)
            known = Size(lots, float(lots), str(lots))
            if len(self._known) < MOST_SIZES:
                self._known[instrument.symbol, steps] = known
        return known

    def least(self, instrument: Instrument) -> int:
        """``min_steps``"""
        known = self._least.get(instrument.symbol)
        if known is None:
            known = self._least[instrument.symbol] = min_steps(instrument)
        return known


@lru_cache(maxsize=64)
def _exactly(frac: float) -> Decimal:
    return Decimal(str(frac))


def min_steps(instrument: Instrument) -> int:
    """The least volume that the instrument takes, in steps."""
    return _least(instrument.volume_min, instrument.volume_step)


@lru_cache(maxsize=1024)
def _least(volume_min: Decimal, volume_step: Decimal) -> int:
    return max(1, math.ceil(volume_min / volume_step))


def halves(total: int, least: int, b_share_frac: float, *, is_full: bool, force_min_lot: bool) -> tuple[int, int]:
    """(A, B) in steps of ``total``; a leg that does not go has 0. ``is_full``: each has the total."""
    if is_full:
        a = b = total
    else:
        b = int(total * _exactly(b_share_frac))
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
