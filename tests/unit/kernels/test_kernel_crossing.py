"""The first touch of a level against a naive scan, above all at the borders of blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels.crossing import NO_HIGH, NO_LOW, build_index, crossing, index_size, range_max, range_min

BORDERS = [0, 1, 2, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 10_000, 262_143, 262_144, 262_145, 300_000]


def walk(count: int, seed: int, step: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Bars of a random walk: low and high, int32."""
    rng = np.random.default_rng(seed)
    middle = 100_000 + np.cumsum(rng.integers(-step, step + 1, count))
    low = middle - rng.integers(0, 8, count)
    high = middle + rng.integers(0, 8, count)
    return low.astype(np.int32), high.astype(np.int32)


def naive_crossing(low: np.ndarray, high: np.ndarray, start: int, low_level: int, high_level: int) -> int:
    touched = np.flatnonzero((low[start:] <= low_level) | (high[start:] >= high_level))
    return start + int(touched[0]) if len(touched) else max(start, len(low)) if start > len(low) else len(low)


@pytest.mark.parametrize("count", BORDERS)
def test_the_index_holds_the_extremes_of_every_block(count: int) -> None:
    low, high = walk(count, seed=count)
    mins, maxs = build_index(low, high)
    expected_mins: list[int] = []
    expected_maxs: list[int] = []
    for size in (64, 64**2, 64**3):
        expected_mins += [int(low[i : i + size].min()) for i in range(0, count, size)]
        expected_maxs += [int(high[i : i + size].max()) for i in range(0, count, size)]
    assert mins.tolist() == expected_mins
    assert maxs.tolist() == expected_maxs
    assert index_size(count) == len(mins)
    assert mins.dtype == maxs.dtype == np.int32


@pytest.mark.parametrize("count", BORDERS)
def test_first_touch_is_that_of_a_naive_scan(count: int) -> None:
    low, high = walk(count, seed=count + 1)
    mins, maxs = build_index(low, high)
    rng = np.random.default_rng(count)
    starts = [0, count - 1, count // 2, *(b for b in BORDERS if b < count), *rng.integers(0, count + 1, 40).tolist()]
    for start in (s for s in starts if 0 <= s < count):
        for distance in (0, 5, 30, 200, 1_500):
            down = int(low[start]) - distance
            up = int(high[start]) + distance
            for levels in ((down, up), (down, NO_HIGH), (NO_LOW, up)):
                expected = naive_crossing(low, high, start, *levels)
                assert crossing(low, high, mins, maxs, start, *levels) == expected, (start, levels)


@pytest.mark.parametrize("count", [c for c in BORDERS if c])
def test_a_single_touch_is_found_in_every_place_that_borders_a_block(count: int) -> None:
    places = sorted({p for b in BORDERS for p in (b - 1, b, b + 1) if 0 <= p < count} | {count - 1})
    low = np.full(count, 100, np.int32)
    high = np.full(count, 200, np.int32)
    for place in places:
        low[place] = 50
        mins, maxs = build_index(low, high)
        for start in (p for p in places if p <= place):
            assert crossing(low, high, mins, maxs, start, 50, NO_HIGH) == place
        after = [p for p in places if p > place]
        assert all(crossing(low, high, mins, maxs, start, 50, NO_HIGH) == count for start in after)
        low[place] = 100


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_first_touch_on_random_arrays(data: st.DataObject) -> None:
    count = data.draw(st.one_of(st.integers(0, 300), st.sampled_from([4095, 4096, 4097, 10_000])), "rows")
    low, high = walk(count, data.draw(st.integers(0, 2**31), "seed"), step=data.draw(st.integers(0, 5), "step"))
    mins, maxs = build_index(low, high)
    start = data.draw(st.integers(0, count + 2), "start")
    down = data.draw(st.one_of(st.just(NO_LOW), st.integers(99_700, 100_050)), "low level")
    up = data.draw(st.one_of(st.just(NO_HIGH), st.integers(99_950, 100_300)), "high level")
    expected = naive_crossing(low, high, start, down, up) if start < count else count
    assert crossing(low, high, mins, maxs, start, down, up) == expected


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_extremes_of_a_range_are_those_of_the_slice(data: st.DataObject) -> None:
    count = data.draw(st.one_of(st.integers(1, 300), st.sampled_from(BORDERS[3:])), "rows")
    low, high = walk(count, data.draw(st.integers(0, 2**31), "seed"))
    mins, maxs = build_index(low, high)
    first, last = sorted((data.draw(st.integers(0, count - 1), "a"), data.draw(st.integers(0, count - 1), "b")))
    assert range_min(low, mins, first, last) == low[first : last + 1].min()
    assert range_max(high, maxs, first, last) == high[first : last + 1].max()


def test_a_range_of_no_rows_changes_no_comparison() -> None:
    low, high = walk(100, seed=1)
    mins, maxs = build_index(low, high)
    assert range_min(low, mins, 5, 4) == NO_HIGH
    assert range_max(high, maxs, 5, 4) == NO_LOW
    assert range_min(low[:0], mins[:0], 0, 10) == NO_HIGH


def test_a_range_that_reaches_beyond_the_rows_is_cut() -> None:
    low, high = walk(100, seed=2)
    mins, maxs = build_index(low, high)
    assert range_min(low, mins, -5, 1_000) == low.min()
    assert range_max(high, maxs, -5, 1_000) == high.max()


@pytest.mark.parametrize(
    ("case", "low_level", "high_level", "row"),
    [
        ("the low touches exactly", 90, NO_HIGH, 2),
        ("one point short is no touch", 89, NO_HIGH, 4),
        ("the high touches exactly", NO_LOW, 130, 1),
        ("both levels, the nearer row", 90, 130, 1),
        ("no level at all", NO_LOW, NO_HIGH, 4),
    ],
)
def test_touching_is_exact(case: str, low_level: int, high_level: int, row: int) -> None:
    low = np.array([100, 100, 90, 95], np.int32)
    high = np.array([120, 130, 120, 120], np.int32)
    mins, maxs = build_index(low, high)
    assert crossing(low, high, mins, maxs, 0, low_level, high_level) == row


def test_the_start_itself_counts_and_rows_before_it_do_not() -> None:
    low = np.array([50, 100, 100, 60], np.int32)
    high = low + np.int32(10)
    mins, maxs = build_index(low, high)
    assert crossing(low, high, mins, maxs, 0, 50, NO_HIGH) == 0
    assert crossing(low, high, mins, maxs, 1, 60, NO_HIGH) == 3
    assert crossing(low, high, mins, maxs, -7, 50, NO_HIGH) == 0
    assert crossing(low, high, mins, maxs, 4, 60, NO_HIGH) == 4


def test_levels_beyond_int32_mean_none() -> None:
    low, high = walk(1_000, seed=3)
    mins, maxs = build_index(low, high)
    assert crossing(low, high, mins, maxs, 0, -(2**40), 2**40) == 1_000


def test_rows_are_plain_python_integers() -> None:
    low, high = walk(100, seed=4)
    mins, maxs = build_index(low, high)
    assert type(crossing(low, high, mins, maxs, 0, NO_LOW, int(high[-1]))) is int
    assert type(range_min(low, mins, 0, 99)) is int
