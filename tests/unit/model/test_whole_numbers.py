"""Prices of points, and shares of distances: worked out in whole numbers or in one division, exact as decimals are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from zepix.model import Instrument
from zepix.model.order import MAX_TRAIL_POINTS
from zepix.model.stop_trail import StopTrail, share_up


def _instrument(point: str) -> Instrument:
    step = Decimal(point)
    return Instrument("SYMBOL", "forex", step, step, Decimal(1), "USD", "USD")


@pytest.mark.parametrize(
    ("point", "points", "price"),
    [
        ("0.00001", 110_010, 1.1001),
        ("0.00001", 7, 0.00007),
        ("0.00001", -128, -0.00128),
        ("0.001", 151_237, 151.237),
        ("0.01", 265_047, 2650.47),
        ("0.1", 203_413, 20341.3),
        ("1", 42, 42.0),
        ("0.25", 3, 0.75),
        ("0.05", 7, 0.35),
        ("5", 3, 15.0),
        ("0.00001", 0, 0.0),
    ],
)
def test_so_many_points_are_the_price_as_it_is_written(point: str, points: int, price: float) -> None:
    assert _instrument(point).price(points) == price


@pytest.mark.parametrize(
    ("points", "frac", "share"),
    [
        (100, 0.5, 50),
        (101, 0.5, 51),
        (101, 0.25, 26),
        (30, 0.1, 3),  # in floats 3.0000000000000004
        (31, 0.1, 4),
        (7, 3.0, 21),
        (0, 0.5, 0),
        (100, 0.0, 0),
        (1 << 29, 4.0, MAX_TRAIL_POINTS),
    ],
)
def test_a_share_of_a_distance_is_rounded_up_to_points(points: int, frac: float, share: int) -> None:
    assert share_up(points, frac) == share


def test_a_trail_in_shares_is_made_anew_for_the_distance_of_its_fill() -> None:
    at_decision = StopTrail.of(100, 0.5, 0.25, 10)
    assert tuple(at_decision) == (50, 25, 50)
    assert tuple(at_decision.at(101)) == (51, 26, 51)
    assert tuple(at_decision.at(12)) == (10, 3, 10)  # never nearer than the stops level
