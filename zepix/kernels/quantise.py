"""Prices become whole points, once, when they enter; from then on "touched" is an exact comparison of integers.

The rules:

- ``points = round(price / point)``: one true division of doubles, then to the nearest integer, ties to even; bit for
  bit what Python's ``round(price / point)`` and ``Instrument.points`` give.
- A price has to be a finite number above zero that stays below ``NO_HIGH`` points. Others are counted by what is wrong
  with them, and leave a 0 in the output: the caller decides (and should raise).
- A price is *finer than the point* if it lies further than the tolerance from a whole number of points. The tolerance
  only has to let through what a float cannot say: a double is off by 2**-53 of itself, the point and the division
  by as much again, so that 2**31 points are off by less than 1e-6 points; 1e-3 leaves room for prices that were
  computed (bid + spread) and is a hundred times less than one digit too many (0.1 points). A price kept as float32
  is off by 2**-24 of itself, 0.06 points at 1e6 points; its tolerance of 0.08 is still below that digit.
- An ask below its bid is raised to it, price by price, and counted.

Everything works column by column on contiguous arrays, in loops without branches, which the compiler turns into vector
instructions.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.kernels.crossing import NO_HIGH
from zepix.model.series import Int32

__all__ = ["FLOAT32_TOLERANCE_POINTS", "FLOAT64_TOLERANCE_POINTS", "PriceFaults", "quantise", "raise_asks"]

Float64 = NDArray[np.float64]

FLOAT64_TOLERANCE_POINTS: Final = 1e-3
FLOAT32_TOLERANCE_POINTS: Final = 0.08


class PriceFaults(NamedTuple):
    """How many prices of a column are not as they should be; ``finer`` ones are rounded, the others have no points."""

    finer: int
    not_finite: int
    not_positive: int
    too_large: int

    @property
    def unusable(self) -> int:
        return self.not_finite + self.not_positive + self.too_large


@jit
def quantise_into(prices: Float64, point: float, tolerance_points: float, out: Int32) -> tuple[int, int]:
    """Fill ``out`` (int32, points) from ``prices`` (float64); returns how many are finer and how many unusable."""
    finer = 0
    usable = 0
    for row in range(len(prices)):
        exact = prices[row] / point
        points = np.rint(exact)
        # NaN fails both comparisons; what a point makes of a tiny price may round to 0 and is no price either
        is_price = (points > 0.0) & (points < NO_HIGH)
        out[row] = np.int32(points if is_price else 0.0)
        usable += is_price
        finer += is_price & (abs(exact - points) > tolerance_points)
    return finer, len(prices) - usable


def quantise(
    prices: Float64,
    point: float,
    out: Int32 | None = None,
    tolerance_points: float = FLOAT64_TOLERANCE_POINTS,
) -> tuple[Int32, PriceFaults]:
    """A column of prices in whole points (int32), with what was wrong with it.

    ``prices`` is a contiguous float64 array; ``out``, if given, an int32 array of its length, which is filled and
    returned. Prices above zero that round to 0 points count as not positive. NaN counts as not finite. Row i uses row
    i only. Cost: about a nanosecond a price. Raises ValueError for a point that is not above zero, or another length.
    """
    if not (np.isfinite(point) and point > 0):
        raise ValueError(f"a point must be a finite number above zero, not {point!r}")
    points = np.empty(len(prices), np.int32) if out is None else out
    if len(points) != len(prices):
        raise ValueError(f"{len(prices)} prices do not fit into {len(points)} rows")
    finer, unusable = quantise_into(prices, float(point), float(tolerance_points), points)
    if not unusable:
        return points, PriceFaults(finer, 0, 0, 0)
    not_finite = int(np.count_nonzero(~np.isfinite(prices)))
    not_positive = int(np.count_nonzero(np.isfinite(prices) & (points == 0) & (prices < point)))
    return points, PriceFaults(finer, not_finite, not_positive, unusable - not_finite - not_positive)


@jit
def raise_asks(bid: Int32, ask: Int32) -> int:
    """Raise every ask below its bid to the bid, in place (int32, points); returns how many there were."""
    raised = 0
    for row in range(len(bid)):
        raised += ask[row] < bid[row]
        ask[row] = max(ask[row], bid[row])
    return raised
