"""Every kernel three times: step by step, as an array, and as plain Python; all the same, to the last bit.

"Plain Python" is a second copy of the kernels' files, executed with a ``jit`` that compiles nothing, so that callees
are plain as well.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zepix.kernels import adx, atr, compiled, crossing, pyramid, quantise, search, spread

NAMES = ("search", "crossing", "quantise", "atr", "adx", "spread", "pyramid")
relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def plain() -> Iterator[dict[str, ModuleType]]:
    """The kernels' modules without compilation; the compiled ones are put back before a test runs."""
    full = [f"zepix.kernels.{name}" for name in NAMES]
    kept = {name: sys.modules.pop(name) for name in full}
    package = sys.modules["zepix.kernels"]
    attributes = {name: getattr(package, name) for name in NAMES}
    jit = compiled.jit
    compiled.jit = lambda function: function
    try:
        modules = {name: importlib.import_module(f"zepix.kernels.{name}") for name in NAMES}
    finally:
        compiled.jit = jit
        sys.modules.update(kept)
        for name, module in attributes.items():
            setattr(package, name, module)
    yield modules


def columns(rows: list[tuple[int, int, int]], scale: float | None) -> tuple[Any, Any, Any]:
    """High, low and close: int32 points, or floats where a scale is given."""
    table = np.array(rows, np.int32).reshape(-1, 3)
    parts = [table[:, i].copy() for i in range(3)]
    return tuple(part * scale for part in parts) if scale else tuple(parts)


bars = st.lists(st.tuples(st.integers(1_000, 1_100), st.integers(0, 40), st.integers(0, 40)), max_size=50).map(
    lambda rows: [(low + height, low, low + min(where, height)) for low, height, where in rows]
)
scales = st.sampled_from([None, 1e-5])
periods = st.integers(1, 16)


def same(left: Any, right: Any) -> bool:
    return bool(np.array_equal(np.asarray(left, np.float64), np.asarray(right, np.float64), equal_nan=True))


def test_the_plain_copies_are_plain_and_the_compiled_ones_compiled(plain: dict[str, ModuleType]) -> None:
    assert type(plain["adx"].true_range).__name__ == "function"
    assert hasattr(adx.adx, "py_func")
    assert sys.modules["zepix.kernels.adx"] is adx


@relaxed
@given(rows=bars, scale=scales, period=periods)
def test_atr(plain: dict[str, ModuleType], rows: list[tuple[int, int, int]], scale: float | None, period: int) -> None:
    high, low, close = columns(rows, scale)
    array = atr.atr(high, low, close, period)
    state = atr.atr_start()
    stepped = []
    for bar in zip(high.tolist(), low.tolist(), close.tolist(), strict=True):
        state = atr.atr_step(state, *map(float, bar), period)
        stepped.append(atr.atr_of(state, period))
    assert same(array, stepped)
    assert same(array, plain["atr"].atr(high, low, close, period))


@relaxed
@given(rows=bars, scale=scales, period=periods)
def test_adx(plain: dict[str, ModuleType], rows: list[tuple[int, int, int]], scale: float | None, period: int) -> None:
    high, low, close = columns(rows, scale)
    array = np.array(adx.adx(high, low, close, period)).T
    state = adx.adx_start()
    stepped = []
    for bar in zip(high.tolist(), low.tolist(), close.tolist(), strict=True):
        state = adx.adx_step(state, *map(float, bar), period)
        stepped.append(adx.adx_of(state, period))
    assert same(array, np.array(stepped, np.float64).reshape(-1, 3))
    assert same(array, np.array(plain["adx"].adx(high, low, close, period)).T)


def test_a_nan_is_the_same_compiled_or_not(plain: dict[str, ModuleType]) -> None:
    for column in range(3):
        parts = [np.linspace(3, 9, 30) + shift for shift in (1.0, -1.0, 0.0)]
        parts[column][12] = np.nan
        assert same(atr.atr(*parts, 4), plain["atr"].atr(*parts, 4))
        assert same(adx.adx(*parts, 4), plain["adx"].adx(*parts, 4))


quotes = st.lists(st.tuples(st.integers(0, 10**16), st.integers(1, 2**30), st.integers(-5, 200)), max_size=50)


@relaxed
@given(rows=quotes, pip_points=st.sampled_from([1.0, 10.0, 100.0, 0.0]))
def test_spread(plain: dict[str, ModuleType], rows: list[tuple[int, int, int]], pip_points: float) -> None:
    time = np.array([row[0] for row in rows], np.int64)
    bid = np.array([row[1] for row in rows], np.int32)
    ask = np.array([row[1] + row[2] for row in rows], np.int32)
    pairs = list(zip(bid.tolist(), ask.tolist(), strict=True))
    points = spread.spread_points(bid, ask)
    assert same(points, [spread.spread_points_step(*pair) for pair in pairs])
    assert same(points, plain["spread"].spread_points(bid, ask))
    pips = spread.spread_pips(bid, ask, pip_points)
    assert same(pips, [spread.spread_pips_step(*pair, pip_points) for pair in pairs])
    assert same(pips, plain["spread"].spread_pips(bid, ask, pip_points))
    sums, counts = np.zeros(24, np.int64), np.zeros(24, np.int64)
    for when, (one_bid, one_ask) in zip(time.tolist(), pairs, strict=True):
        spread.hour_step(sums, counts, when, one_bid, one_ask)
    means = np.divide(sums, counts, out=np.full(24, np.nan), where=counts > 0)
    assert same(spread.spread_by_hour(time, bid, ask), means)
    assert same(means, plain["spread"].spread_by_hour(time, bid, ask))


@relaxed
@given(
    multipliers=st.lists(st.integers(0, 64), max_size=8),
    target=st.floats(0.01, 1e4),
    risk=st.floats(0.01, 1e4),
    lots=st.lists(st.sampled_from([0.0, -0.01, float("nan")]) | st.floats(1e-3, 100), max_size=20),
)
def test_pyramid(
    plain: dict[str, ModuleType], multipliers: list[int], target: float, risk: float, lots: list[float]
) -> None:
    orders = np.array(multipliers, np.int64)
    array = np.array(pyramid.pyramid(orders, target, risk)).T
    booked = 0.0
    stepped = []
    for count in multipliers:
        level = pyramid.pyramid_step(booked, count, target, risk)
        stepped.append(level[1:])
        booked = level.cumulative
    assert same(array, np.array(stepped, np.float64).reshape(-1, 3))
    assert same(array, np.array(plain["pyramid"].pyramid(orders, target, risk)).T)
    volumes = np.array(lots, np.float64)
    distances = pyramid.dollars_to_points(target, volumes, 0.7)
    assert same(distances, [pyramid.dollars_to_points_step(target, lot, 0.7) for lot in lots])
    assert same(distances, plain["pyramid"].dollars_to_points(target, volumes, 0.7))
    assert pyramid.break_even_frac(target, risk) == plain["pyramid"].break_even_frac(target, risk)


@relaxed
@given(
    prices=st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.floats(1e-4, 3e4), max_size=50),
    point=st.sampled_from([1e-5, 1e-3, 0.1]),
)
def test_quantise(plain: dict[str, ModuleType], prices: list[float], point: float) -> None:
    column = np.array(prices, np.float64)
    points, faults = quantise.quantise(column, point)
    with np.errstate(all="ignore"):
        plain_points, plain_faults = plain["quantise"].quantise(column, point)
    assert np.array_equal(points, plain_points)
    assert faults == plain_faults
    assert faults.finer + faults.unusable <= len(prices)
    bid, ask = np.sort(points), points.copy()
    plain_ask = ask.copy()
    assert quantise.raise_asks(bid, ask) == plain["quantise"].raise_asks(bid, plain_ask)
    assert np.array_equal(ask, plain_ask)
    assert (ask >= bid).all()


@relaxed
@given(times=st.lists(st.integers(-(2**62), 2**62), max_size=60), instant=st.integers(-(2**62), 2**62))
def test_search(plain: dict[str, ModuleType], times: list[int], instant: int) -> None:
    time = np.array(sorted(times), np.int64)
    for name in ("first_at_or_after", "first_after", "last_at_or_before", "last_before"):
        for when in [instant, *times[:3]]:
            assert getattr(search, name)(time, when) == getattr(plain["search"], name)(time, when)


@pytest.mark.parametrize("count", [0, 1, 64, 65, 4097])
def test_crossing(plain: dict[str, ModuleType], count: int) -> None:
    rng = np.random.default_rng(count)
    middle = 100_000 + np.cumsum(rng.integers(-3, 4, count))
    low, high = (middle - 5).astype(np.int32), (middle + 5).astype(np.int32)
    mins, maxs = crossing.build_index(low, high)
    for ours, theirs in zip((mins, maxs), plain["crossing"].build_index(low, high), strict=True):
        assert np.array_equal(ours, theirs)
    for _ in range(100):
        start, other = sorted(rng.integers(0, count + 1, 2).tolist())
        down, up = 100_000 - int(rng.integers(0, 300)), 100_000 + int(rng.integers(0, 300))
        for arguments in ((start, down, up), (start, crossing.NO_LOW, up), (start, down, crossing.NO_HIGH)):
            ours = crossing.crossing(low, high, mins, maxs, *arguments)
            assert ours == plain["crossing"].crossing(low, high, mins, maxs, *arguments)
        assert crossing.range_min(low, mins, start, other) == plain["crossing"].range_min(low, mins, start, other)
        assert crossing.range_max(high, maxs, start, other) == plain["crossing"].range_max(high, maxs, start, other)
