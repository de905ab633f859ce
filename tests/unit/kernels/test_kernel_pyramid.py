"""The worked examples of the product's rules: page `zepix-rules`, §5, §14.2 and §14.8."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zepix.kernels.pyramid import (
    LAST_LEVEL,
    MULTIPLIERS,
    RISK_DOLLARS,
    TARGET_DOLLARS,
    break_even_frac,
    dollars_to_points,
    dollars_to_points_step,
    orders_at,
    pyramid,
    pyramid_step,
)

# §5 and §14.8: level, orders, level total, cumulative profit, booked before, net if all of the level lose
LEVELS = [
    (0, 1, 7, 7, 0, -10),
    (1, 2, 14, 21, 7, -13),
    (2, 4, 28, 49, 21, -19),
    (3, 8, 56, 105, 49, -31),
    (4, 16, 112, 217, 105, -55),
]


@pytest.mark.parametrize(("level", "orders", "total", "cumulative", "before", "net"), LEVELS)
def test_levels_of_the_rules(level: int, orders: int, total: int, cumulative: int, before: int, net: int) -> None:
    assert orders_at(level) == orders
    assert pyramid_step(float(before), orders, TARGET_DOLLARS, RISK_DOLLARS) == (orders, total, cumulative, net)
    totals, cumulatives, nets = pyramid(np.array(MULTIPLIERS, np.int64), TARGET_DOLLARS, RISK_DOLLARS)
    assert (totals[level], cumulatives[level], nets[level]) == (total, cumulative, net)


def test_the_whole_pyramid() -> None:
    assert sum(MULTIPLIERS) == 31
    assert LAST_LEVEL == 4
    assert pyramid(np.array(MULTIPLIERS, np.int64), 7.0, 10.0)[1][-1] == 217


def test_with_only_three_levels_enabled_a_full_chain_books_49_dollars() -> None:
    assert pyramid(np.array(MULTIPLIERS[:3], np.int64), 7.0, 10.0)[1][-1] == 49


def test_levels_that_do_not_exist_open_nothing() -> None:
    assert (orders_at(-1), orders_at(5)) == (0, 0)
    assert [len(values) for values in pyramid(np.empty(0, np.int64), 7.0, 10.0)] == [0, 0, 0]


def test_break_even_win_rate_of_seven_to_ten() -> None:
    assert break_even_frac(7.0, 10.0) == pytest.approx(10 / 17)
    assert round(break_even_frac(7.0, 10.0), 3) == 0.588


LOTS = [0.01, 0.05, 0.10, 0.50, 1.00]
# §14.2: value of a pip per lot, then pips for $10 and for $7 at each of LOTS, as the page rounds them
PIPS = [
    ("EURUSD", 10.0, [100, 20, 10, 2, 1], [70, 14, 7, 1.4, 0.7]),
    ("XAUUSD", 1.0, [1000, 200, 100, 20, 10], [700, 140, 70, 14, 7]),
    ("USDJPY", 9.1, [109.89, 21.98, 10.99, 2.20, 1.10], [76.92, 15.38, 7.69, 1.54, 0.77]),
    ("GBPJPY", 9.0, [111.11, 22.22, 11.11, 2.22, 1.11], [77.78, 15.56, 7.78, 1.56, 0.78]),
]


@pytest.mark.parametrize(("symbol", "pip_value", "stop", "target"), PIPS)
def test_ten_and_seven_dollars_in_pips(symbol: str, pip_value: float, stop: list[float], target: list[float]) -> None:
    lots = np.array(LOTS)
    assert [round(p, 2) for p in dollars_to_points(10.0, lots, pip_value).tolist()] == stop
    assert [round(p, 2) for p in dollars_to_points(7.0, lots, pip_value).tolist()] == target


@pytest.mark.parametrize(
    ("case", "dollars", "lots", "point_value", "points"),
    [
        ("EURUSD, a point is 0.00001 of 100,000: $1 a lot", 10.0, 0.01, 1.0, 1_000.0),
        ("gold, a point is 0.001 of 100 ounces: $0.10 a lot", 10.0, 0.05, 0.1, 2_000.0),
        ("a loss is a negative distance", -7.0, 0.1, 1.0, -70.0),
        ("no dollars, no distance", 0.0, 0.1, 1.0, 0.0),
    ],
)
def test_dollars_in_points(case: str, dollars: float, lots: float, point_value: float, points: float) -> None:
    assert dollars_to_points_step(dollars, lots, point_value) == pytest.approx(points)


@pytest.mark.parametrize(("lots", "value"), [(0.0, 1.0), (-0.1, 1.0), (0.1, 0.0), (0.1, -1.0), (math.nan, 1.0)])
def test_without_volume_or_value_there_is_no_distance(lots: float, value: float) -> None:
    assert math.isnan(dollars_to_points_step(10.0, lots, value))
