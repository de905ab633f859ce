"""The arithmetic of a profit booking pyramid: orders a level, what each level books, what its failure costs.

- Level n opens ``MULTIPLIERS[n]`` orders of the same volume, each booked by itself at its target (7 dollars) and
  stopped at its risk (10 dollars). A level that is booked whole adds ``orders * target``; the next one begins then.
- A level that fails loses with all its orders, after everything below it was booked:
  ``net = booked before - orders * risk``.
- ``points = dollars / (lots * point value per lot)`` turns money into a distance. It is no whole number: who places
  a stop rounds it, and knows which way.
- One order breaks even at a win rate of ``risk / (target + risk)``, before costs.

Source: the trading rules of the product's owner, pyramid on order B (levels 0 to 4, multipliers 1, 2, 4, 8, 16; $7
a target, $10 a stop). Amounts are float64 in the account's currency, for sizing; what is booked is Decimal and lives at
the closing fill. A NaN or a divisor that is not above zero gives NaN. Level n uses levels up to n.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.compiled import jit
from zepix.model.series import Int64

__all__ = [
    "LAST_LEVEL",
    "MULTIPLIERS",
    "RISK_DOLLARS",
    "TARGET_DOLLARS",
    "PyramidLevel",
    "break_even_frac",
    "dollars_to_points",
    "dollars_to_points_step",
    "orders_at",
    "pyramid",
    "pyramid_step",
]

Float64 = NDArray[np.float64]

MULTIPLIERS: Final = (1, 2, 4, 8, 16)
LAST_LEVEL: Final = len(MULTIPLIERS) - 1
TARGET_DOLLARS: Final = 7.0
RISK_DOLLARS: Final = 10.0


class PyramidLevel(NamedTuple):
    """One level: its orders, what it books, what all levels up to it have booked, what its failure leaves."""

    orders: int
    level_total: float
    cumulative: float
    net_if_failed: float


def orders_at(level: int, multipliers: tuple[int, ...] = MULTIPLIERS) -> int:
    """How many orders a level opens; 0 for a level that does not exist."""
    return multipliers[level] if 0 <= level < len(multipliers) else 0


@jit
def pyramid_step(booked: float, orders: int, target: float, risk: float) -> PyramidLevel:
    """One level, after ``booked`` was booked below it; its ``cumulative`` is what the next one takes as ``booked``."""
    level_total = orders * target
    return PyramidLevel(int(orders), level_total, booked + level_total, booked - orders * risk)


@jit
def pyramid(multipliers: Int64, target: float, risk: float) -> tuple[Float64, Float64, Float64]:
    """All levels: ``level_total``, ``cumulative`` and ``net_if_failed``, each float64, one entry a level.

    ``multipliers`` (int64) are the orders of each level. The fold of ``pyramid_step``. Cost: one pass.
    """
    count = len(multipliers)
    totals = np.empty(count, np.float64)
    cumulative = np.empty(count, np.float64)
    nets = np.empty(count, np.float64)
    booked = 0.0
    for level in range(count):
        step = pyramid_step(booked, multipliers[level], target, risk)
        totals[level], cumulative[level], nets[level] = step.level_total, step.cumulative, step.net_if_failed
        booked = step.cumulative
    return totals, cumulative, nets


@jit
def dollars_to_points_step(dollars: float, lots: float, point_value: float) -> float:
    """The distance in points at which ``lots`` gain or lose ``dollars``; ``point_value`` is money per point and lot.

    With the value of a pip per lot in its place, the distance is in pips. NaN unless lots and value are above zero.
    """
    per_point = lots * point_value
    return dollars / per_point if lots > 0 and point_value > 0 else math.nan


@jit
def dollars_to_points(dollars: float, lots: Float64, point_value: float) -> Float64:
    """The distance in points for each of ``lots`` (float64). The fold of ``dollars_to_points_step``."""
    out = np.empty(len(lots), np.float64)
    for row in range(len(lots)):
        out[row] = dollars_to_points_step(dollars, lots[row], point_value)
    return out


@jit
def break_even_frac(target: float, risk: float) -> float:
    """The share of winners at which one order after another neither wins nor loses, before costs."""
    return risk / (target + risk)
