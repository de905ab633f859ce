"""Longer bars from shorter ones: which rows belong together, and what is left of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels.resample import fold_first, fold_last, fold_max, fold_min, group_starts, group_times

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
MONDAY_NS = 1_764_547_200_000_000_000  # 2025-12-01 00:00 UTC


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def test_minutes_become_quarters_of_an_hour() -> None:
    time = MONDAY_NS + MINUTE_NS * np.array([13, 14, 15, 16, 29, 31], np.int64)
    starts = group_starts(time, 15 * MINUTE_NS)
    assert starts.tolist() == [0, 2, 5]
    assert ((group_times(time, starts, 15 * MINUTE_NS) - MONDAY_NS) // MINUTE_NS).tolist() == [0, 15, 30]
    values = ints(5, 9, 7, 2, 4, 6)
    assert fold_first(values, starts).tolist() == [5, 7, 6]
    assert fold_last(values, starts).tolist() == [9, 4, 6]
    assert fold_max(values, starts).tolist() == [9, 7, 6]
    assert fold_min(values, starts).tolist() == [5, 2, 6]
    assert {f(values, starts).dtype for f in (fold_first, fold_last, fold_max, fold_min)} == {np.dtype(np.int32)}


@pytest.mark.parametrize(
    ("case", "offsets_ns", "timeframe_ns", "starts"),
    [
        ("a day begins at midnight UTC", [-1, 0, DAY_NS - 1, DAY_NS], DAY_NS, [0, 1, 3]),
        (
            "four hours begin at 0, 4, 8 ...",
            [3 * HOUR_NS, 4 * HOUR_NS, 7 * HOUR_NS, 8 * HOUR_NS],
            4 * HOUR_NS,
            [0, 1, 3],
        ),
        ("hours without rows make no bar", [0, 9 * HOUR_NS], HOUR_NS, [0, 1]),
        ("the same length changes nothing", [0, MINUTE_NS, 2 * MINUTE_NS], MINUTE_NS, [0, 1, 2]),
        ("all in one", [1, 2, 3], HOUR_NS, [0]),
        ("none at all", [], HOUR_NS, []),
    ],
)
def test_where_groups_begin(case: str, offsets_ns: list[int], timeframe_ns: int, starts: list[int]) -> None:
    time = MONDAY_NS + np.array(offsets_ns, np.int64)
    assert group_starts(time, timeframe_ns).tolist() == starts
    assert group_starts(time, timeframe_ns).dtype == np.int64


def test_times_before_1970_are_grouped_downwards() -> None:
    time = np.array([-MINUTE_NS, 0], np.int64)
    starts = group_starts(time, HOUR_NS)
    assert starts.tolist() == [0, 1]
    assert group_times(time, starts, HOUR_NS).tolist() == [-HOUR_NS, 0]


def test_no_rows_fold_to_none() -> None:
    none = np.empty(0, np.int64)
    for fold in (fold_first, fold_last, fold_max, fold_min):
        assert fold(ints(), none).dtype == np.int32
        assert len(fold(ints(), none)) == 0


@pytest.mark.parametrize("timeframe_ns", [0, -1])
def test_a_timeframe_that_is_none_is_said(timeframe_ns: int) -> None:
    with pytest.raises(ValueError, match="a timeframe must be above zero"):
        group_starts(np.array([1], np.int64), timeframe_ns)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(-(2**31), 2**31 - 1)), max_size=80), st.integers(1, 100))
def test_groups_are_those_of_a_dictionary(rows: list[tuple[int, int]], timeframe_ns: int) -> None:
    rows.sort(key=lambda row: row[0])
    groups: dict[int, list[int]] = {}
    for when, value in rows:
        groups.setdefault(when // timeframe_ns * timeframe_ns, []).append(value)
    time = np.array([when for when, _ in rows], np.int64)
    values = np.array([value for _, value in rows], np.int32)
    starts = group_starts(time, timeframe_ns)
    assert group_times(time, starts, timeframe_ns).tolist() == list(groups)
    assert fold_first(values, starts).tolist() == [g[0] for g in groups.values()]
    assert fold_last(values, starts).tolist() == [g[-1] for g in groups.values()]
    assert fold_max(values, starts).tolist() == [max(g) for g in groups.values()]
    assert fold_min(values, starts).tolist() == [min(g) for g in groups.values()]
