"""Spreads in points and pips, and their mean by hour of the day."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zepix.kernels.spread import spread_by_hour, spread_pips, spread_pips_step, spread_points, spread_points_step

HOUR_NS = 3_600_000_000_000


@pytest.mark.parametrize(
    ("case", "bid", "ask", "pip_points", "points", "pips"),
    [
        ("EURUSD 1.38657 / 1.38669, pip 0.0001", 138_657, 138_669, 10, 12, 1.2),
        ("USDJPY 102.340 / 102.358, pip 0.01", 102_340, 102_358, 10, 18, 1.8),
        ("gold 1285.10 / 1285.30, spread pip 0.10 in points of 0.001", 1_285_100, 1_285_300, 100, 200, 2.0),
        ("no spread", 100, 100, 10, 0, 0.0),
        ("a crossed quote", 102, 100, 10, -2, -0.2),
    ],
)
def test_spread_of_a_quote(case: str, bid: int, ask: int, pip_points: float, points: int, pips: float) -> None:
    assert spread_points_step(bid, ask) == points
    assert spread_pips_step(bid, ask, pip_points) == pytest.approx(pips)
    bids, asks = np.array([bid], np.int32), np.array([ask], np.int32)
    assert spread_points(bids, asks).tolist() == [points]
    assert spread_pips(bids, asks, pip_points).tolist() == pytest.approx([pips])


@pytest.mark.parametrize("pip_points", [0.0, -10.0, math.nan])
def test_an_unknown_pip_is_wider_than_any_limit(pip_points: float) -> None:
    assert spread_pips_step(100, 101, pip_points) == math.inf


def test_mean_spread_of_each_hour_utc() -> None:
    day = 24 * HOUR_NS
    time = np.array([0, HOUR_NS - 1, HOUR_NS, day, 5 * day + 23 * HOUR_NS], np.int64)
    bid = np.full(5, 100, np.int32)
    ask = np.array([110, 120, 107, 130, 141], np.int32)
    means = spread_by_hour(time, bid, ask)
    assert len(means) == 24
    # hour 0: 10, 20 and, a day later, 30; hour 1: 7; hour 23: 41
    assert (means[0], means[1], means[23]) == (20.0, 7.0, 41.0)
    assert np.isnan(means[2:23]).all()


def test_hours_before_1970_are_hours_too() -> None:
    means = spread_by_hour(np.array([-1], np.int64), np.array([1], np.int32), np.array([4], np.int32))
    assert means[23] == 3.0


def test_no_rows() -> None:
    empty = np.empty(0, np.int32)
    assert len(spread_points(empty, empty)) == len(spread_pips(empty, empty, 10.0)) == 0
    assert np.isnan(spread_by_hour(np.empty(0, np.int64), empty, empty)).all()
