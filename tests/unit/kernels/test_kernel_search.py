"""Rows by time: what is found before, at, between and after the rows, and among equal times."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels import search

#            instant, first_at_or_after, first_after, last_at_or_before, last_before in 10 20 20 30
TABLE = [
    ("before the first row", 5, 0, 0, -1, -1),
    ("at the first row", 10, 0, 1, 0, -1),
    ("between two rows", 15, 1, 1, 0, 0),
    ("at a time two rows share", 20, 1, 3, 2, 0),
    ("at the last row", 30, 3, 4, 3, 2),
    ("after the last row", 31, 4, 4, 3, 3),
]


@pytest.mark.parametrize(("case", "instant", "at_or_after", "after", "at_or_before", "before"), TABLE)
def test_rows_of_an_instant(
    case: str, instant: int, at_or_after: int, after: int, at_or_before: int, before: int
) -> None:
    time = np.array([10, 20, 20, 30], np.int64)
    assert search.first_at_or_after(time, instant) == at_or_after
    assert search.first_after(time, instant) == after
    assert search.last_at_or_before(time, instant) == at_or_before
    assert search.last_before(time, instant) == before


def test_no_rows_at_all() -> None:
    time = np.empty(0, np.int64)
    assert (search.first_at_or_after(time, 1), search.first_after(time, 1)) == (0, 0)
    assert (search.last_at_or_before(time, 1), search.last_before(time, 1)) == (-1, -1)


def test_rows_are_plain_python_integers() -> None:
    assert type(search.first_at_or_after(np.array([1], np.int64), 1)) is int


def test_instants_of_our_days_in_nanoseconds() -> None:
    start = 1_764_547_200_000_000_000  # 2025-12-01 00:00 UTC
    time = start + 60_000_000_000 * np.arange(1_440, dtype=np.int64)
    assert search.last_at_or_before(time, start + 61_000_000_000) == 1
    assert search.first_at_or_after(time, start + 61_000_000_000) == 2


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50), max_size=200), st.integers(-55, 55))
def test_agrees_with_pythons_bisect(times: list[int], instant: int) -> None:
    times.sort()
    time = np.array(times, np.int64)
    left, right = bisect_left(times, instant), bisect_right(times, instant)
    assert search.first_at_or_after(time, instant) == left
    assert search.first_after(time, instant) == right
    assert search.last_at_or_before(time, instant) == right - 1
    assert search.last_before(time, instant) == left - 1
