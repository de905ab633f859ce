"""Prices to points: the rounding of Python's ``round``, and everything that is no price counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels.quantise import FLOAT32_TOLERANCE_POINTS, PriceFaults, quantise, raise_asks


def points_of(prices: list[float], point: float) -> tuple[list[int], PriceFaults]:
    points, faults = quantise(np.array(prices, np.float64), point)
    assert points.dtype == np.int32
    return points.tolist(), faults


CLEAN = PriceFaults(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("case", "price", "point", "points"),
    [
        ("EURUSD", 1.38657, 1e-5, 138_657),
        ("USDJPY", 102.347, 1e-3, 102_347),
        ("gold", 1285.123, 1e-3, 1_285_123),
        ("an index", 17_432.5, 0.1, 174_325),
        ("the largest that fits", 2_147_483_646.0, 1.0, 2_147_483_646),
        ("one point", 1e-5, 1e-5, 1),
    ],
)
def test_prices_of_each_kind(case: str, price: float, point: float, points: int) -> None:
    assert points_of([price], point) == ([points], CLEAN)


@pytest.mark.parametrize(("price", "points"), [(0.5, 0), (1.5, 2), (2.5, 2), (3.5, 4)])
def test_ties_go_to_the_even_neighbour(price: float, points: int) -> None:
    assert points_of([price], 1.0)[0] == [points]


@pytest.mark.parametrize(
    ("case", "price", "faults"),
    [
        ("NaN", math.nan, PriceFaults(0, 1, 0, 0)),
        ("infinity", math.inf, PriceFaults(0, 1, 0, 0)),
        ("minus infinity", -math.inf, PriceFaults(0, 1, 0, 0)),
        ("zero", 0.0, PriceFaults(0, 0, 1, 0)),
        ("minus zero", -0.0, PriceFaults(0, 0, 1, 0)),
        ("negative", -1.1, PriceFaults(0, 0, 1, 0)),
        ("hugely negative", -1e300, PriceFaults(0, 0, 1, 0)),
        ("rounds to no point at all", 4e-6, PriceFaults(0, 0, 1, 0)),
        ("just too large", 21_474.83647, PriceFaults(0, 0, 0, 1)),
        ("hugely too large", 1e308, PriceFaults(0, 0, 0, 1)),
    ],
)
def test_what_is_no_price_is_counted_and_leaves_zero(case: str, price: float, faults: PriceFaults) -> None:
    assert points_of([1.1, price, 1.2], 1e-5) == ([110_000, 0, 120_000], faults)
    assert faults.unusable == 1


def test_prices_finer_than_the_point_are_rounded_and_counted() -> None:
    points, faults = points_of([1.10000, 1.100004, 1.1000055, 1.10002], 1e-5)
    assert points == [110_000, 110_000, 110_001, 110_002]
    assert faults == PriceFaults(2, 0, 0, 0)


def test_float_noise_of_a_million_points_is_not_finer() -> None:
    rng = np.random.default_rng(5)
    whole = rng.integers(1, 1_300_000, 50_000)
    for point in (1e-5, 1e-3, 1e-2, 0.1, 0.25):
        computed = whole * point + 17 * point - 17 * point  # as a bid with a spread added and taken off
        points, faults = quantise(computed, point)
        assert faults == CLEAN
        assert np.array_equal(points, whole)
        single = (whole * point).astype(np.float32).astype(np.float64)
        points, faults = quantise(single, point, tolerance_points=FLOAT32_TOLERANCE_POINTS)
        assert faults == CLEAN
        assert np.array_equal(points, whole)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.floats(1e-3, 20_000), max_size=80), st.sampled_from([1e-5, 1e-3, 1e-2, 0.1]))
def test_bit_for_bit_the_rounding_of_python(prices: list[float], point: float) -> None:
    prices = [p for p in prices if 0 < round(p / point) < 2**31 - 1]
    assert points_of(prices, point)[0] == [round(p / point) for p in prices]


def test_the_callers_array_is_filled() -> None:
    out = np.zeros(2, np.int32)
    points, _ = quantise(np.array([1.0, 2.0]), 0.5, out)
    assert points is out
    assert out.tolist() == [2, 4]


@pytest.mark.parametrize("point", [0.0, -1e-5, math.nan, math.inf])
def test_a_point_that_is_none_is_said(point: float) -> None:
    with pytest.raises(ValueError, match="a point must be"):
        quantise(np.array([1.0]), point)


def test_an_output_of_another_length_is_said() -> None:
    with pytest.raises(ValueError, match="3 prices do not fit into 2 rows"):
        quantise(np.ones(3), 1.0, np.zeros(2, np.int32))


def test_no_prices_no_faults() -> None:
    assert points_of([], 1e-5) == ([], CLEAN)


def test_crossed_asks_are_raised_to_the_bid_and_counted() -> None:
    bid = np.array([100, 100, 100], np.int32)
    ask = np.array([101, 100, 98], np.int32)
    assert raise_asks(bid, ask) == 1
    assert ask.tolist() == [101, 100, 100]
    assert bid.tolist() == [100, 100, 100]
