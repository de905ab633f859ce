"""The kernels of an exits sweep, by hand: first crossings, rounding, sums, groups of tickets."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels import exits_sums as at
from zepix.kernels.compiled import python_of
from zepix.kernels.crossing import build_index
from zepix.kernels.exits_group import (
    BOTH,
    BY_BREAK_EVEN,
    BY_SL,
    BY_TP,
    BY_TRAILING,
    CODE,
    LEG_SIZE,
    MOVES_STOP,
    NO_TICKET,
    OPEN,
    POINTS,
    REASON,
    STATE_SIZE,
    STEPS,
    STOP_TO,
    TARGET_POINTS,
    follow_group,
)  # fmt: skip
from zepix.kernels.exits_levels import NEVER, REFUSED, find_levels, key_of
from zepix.kernels.exits_money import empty_ties, half_even, worth
from zepix.kernels.exits_pyramid import level_size
from zepix.kernels.exits_sums import SIZE, add

NONE = (-1, 0, 0)


def prices(*quads):
    """(open, high, low, close) rows as kernels take them: open, low, high, close, mins, maxs."""
    opens, high, low, close = (np.array(column, np.int32) for column in zip(*quads, strict=True))
    return (opens, low, high, close, *build_index(low, high))


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_half_even_is_that_of_decimals(numerator, denominator):
    exact = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), ROUND_HALF_EVEN)
    assert half_even(numerator, denominator) == int(exact)
    assert python_of(half_even)(numerator, denominator) == int(exact)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (-1, 3, 0), (-2, 3, -1)]
)
def test_half_even_by_hand(numerator, denominator, rounded):
    assert half_even(numerator, denominator) == rounded


def test_a_tie_under_division_is_written_down_once_and_looked_up_when_it_is_known():
    units, ties = np.array([[1, 1, 2]] * 3, np.int64), empty_ties()
    assert worth(units, 0, 5, 2, ties) == 2  # 5 / 2: between 2 and 3, to the even one until somebody knows
    assert worth(units, 0, 5, 2, ties) == 2
    assert ties[0].tolist() == [0, 1, 0, 0]
    assert ties[1, :3].tolist() == [0, 5, 2]
    ties[1, 3], ties[0, 0], ties[0, 1] = 3, 1, 0
    assert worth(units, 0, 5, 2, ties) == 3
    assert worth(units, 0, 7, 3, ties) == 2  # 2.33 is no tie
    assert ties[0, 1] == 0


def test_settled_ties_are_those_of_28_digits():
    from zepix.research.exits_sweep.terms import Terms, settle_ties

    none = np.empty(0, np.int64)
    one = Decimal(1)
    terms = Terms(none, none, (none, none, none), none, none, none, 100, (one, one, one), Decimal("0.0005"), 2)
    ties = empty_ties()
    ties[0, 1] = 1
    ties[1, :3] = (0, 3, 240_000)  # 3 JPY at a mid of 120 are 0.025 USD: 1 / 120 is cut below, so 2 cents either way
    assert settle_ties(terms, one, ties)
    assert ties[1, 3] == 2
    ties[0], ties[1, :3] = (0, 1, 0, 0), (0, 9, 1_200_000)  # 9 at 600 are 0.015: 1 / 600 is 0.00166...67, above
    assert settle_ties(terms, one, ties)
    assert ties[1, 3] == 2
    assert not settle_ties(terms, one, ties)


def crossed(rows, side, distances, is_stop, *, entry=100, closing=100, slippage=0, least=0, row=0):
    one = [np.array([v], np.int64) for v in (0, side, row, entry, closing)]
    codes = np.full((len(distances), 1), NEVER, np.int32)
    moves = np.zeros((len(distances), 1), np.int32)
    find_levels(
        prices(*rows), *one, np.array(distances, np.int64), side, is_stop, slippage, least, codes, moves
    )  # fmt: skip
    return [(int(c), int(m)) for c, m in zip(codes[:, 0], moves[:, 0], strict=True)]


ROWS = [(100, 103, 98, 101), (101, 106, 95, 96), (90, 92, 85, 91), (91, 120, 90, 119)]


@pytest.mark.parametrize(
    ("side", "is_stop", "distances", "found"),
    [
        (1, True, [2, 5, 10, 20], [(1, -2), (3, -5), (4, -10), (NEVER, 0)]),  # range, range, gap at 90, never
        (1, False, [3, 6, 20, 21], [(1, 3), (3, 6), (7, 20), (NEVER, 0)]),
        (-1, True, [3, 6, 20], [(1, -3), (3, -6), (7, -20)]),
        (-1, False, [2, 5, 9, 15], [(1, 2), (3, 5), (4, 10), (5, 15)]),  # the gap fills better than the target
    ],
)
def test_each_level_is_found_where_it_is_touched_first(side, is_stop, distances, found):
    assert crossed(ROWS, side, distances, is_stop) == found


def test_slippage_is_taken_off_stops_and_never_off_targets():
    assert crossed(ROWS, 1, [2, 10], True, slippage=3) == [(1, -5), (4, -13)]
    assert crossed(ROWS, 1, [3], False, slippage=3) == [(1, 3)]


def test_a_level_on_the_wrong_side_of_the_closing_price_is_refused():
    assert crossed(ROWS, 1, [2, 4], True, closing=97) == [(REFUSED, 0), (3, -4)]
    assert crossed(ROWS, 1, [2, 4], True, least=3)[0][0] == REFUSED


def test_the_open_of_the_entry_row_ends_nothing():
    assert crossed([(90, 103, 89, 101)], 1, [5], True) == [(1, -5)]


def test_ends_of_bars_come_before_the_opens_of_their_instant_and_ends_of_ticks_after():
    time = np.array([0, 60], np.int64)
    assert key_of(time, 60, 1) < key_of(time, 60, 2)
    assert key_of(time, 60, 0) < key_of(time, 60, 1)
    assert key_of(time, 0, 2) < key_of(time, 0, 3)


def test_sums_by_hand():
    sums = np.zeros(SIZE, np.int64)
    shares = [add(sums, *one) for one in ((50, 10, 5), (-80, -16, 8), (20, 4, 0), (-5, -1, 5), (0, 0, 5))]
    assert shares == [2.0, -2.0, 0.0, -0.2, 0.0]
    names = (at.NET, at.FILLS, at.WINS, at.WON, at.LOST, at.BEST, at.WORST, at.DRAWDOWN, at.LOWEST, at.WITH_R)
    assert [int(sums[n]) for n in names] == [-15, 5, 2, 70, -85, 50, -80, 80, -30, 4]


def group(rows, legs, *, side=1, stop=0, trails=None, optimistic=False, slippage=0, entry=100):
    """How each ticket ends: (code, points, reason, both)."""
    table = np.zeros((len(legs), LEG_SIZE), np.int64)
    for number, (target, to) in enumerate(legs):
        table[number, [TARGET_POINTS, STEPS, MOVES_STOP, STOP_TO]] = (target, 1, to is not None, to or 0)
    state = np.zeros((len(legs), STATE_SIZE), np.int64)
    own = np.array([[trails[0], trails[1]] if trails else [NONE, NONE]] * len(legs), np.int64)
    follow_group(prices(*rows), table, own, state, side, 0, entry, entry, stop, 0, slippage, optimistic, 0)
    return [tuple(int(v) for v in one[[CODE, POINTS, REASON, BOTH]]) for one in state]


def test_a_target_moves_the_stop_of_the_rest_from_the_next_row_on():
    rows = [(100, 106, 99, 104), (104, 105, 101, 101), (101, 104, 99, 100)]
    assert group(rows, [(5, 0), (20, None)], stop=10) == [(1, 105, BY_TP, 0), (5, 100, BY_SL, 0)]


def test_the_range_that_hits_the_target_still_meets_the_old_stop():
    rows = [(100, 106, 99, 104), (103, 107, 97, 104)]
    assert group(rows, [(5, 2), (20, None)], stop=10)[1] == (3, 102, BY_SL, 0)


def test_a_target_gapped_at_an_open_moves_the_others_at_that_open():
    rows = [(100, 101, 99, 100), (108, 108, 101, 102)]
    assert group(rows, [(5, 2), (20, None)], stop=10) == [(2, 108, BY_TP, 0), (3, 102, BY_SL, 0)]


def test_both_levels_in_one_range_take_the_stop_unless_optimistic():
    rows = [(100, 106, 94, 100)]
    assert group(rows, [(5, None)], stop=5) == [(1, 95, BY_SL, 1)]
    assert group(rows, [(5, None)], stop=5, optimistic=True) == [(1, 105, BY_TP, 1)]


def test_a_trailing_stop_that_the_close_has_passed_is_filled_by_the_next_open():
    rows = [(100, 110, 99, 101), (103, 104, 90, 91)]
    assert group(rows, [(0, None)], stop=20, trails=[NONE, (5, 1, 5)]) == [(2, 103, BY_TRAILING, 0)]


def test_break_even_moves_once():
    rows = [(100, 106, 99, 105), (105, 120, 104, 119), (119, 119, 90, 95)]
    assert group(rows, [(0, None)], stop=20, trails=[(5, 0, 3), NONE]) == [(5, 102, BY_BREAK_EVEN, 0)]


def test_a_ticket_without_volume_is_none_and_one_without_levels_stays_open():
    rows = [(100, 106, 94, 100)]
    assert group(rows, [(0, None)])[0][0] == OPEN
    table = np.zeros((1, LEG_SIZE), np.int64)
    state = np.zeros((1, STATE_SIZE), np.int64)
    trails = np.array([[NONE, NONE]], np.int64)
    assert follow_group(prices(*rows), table, trails, state, 1, 0, 100, 100, 5, 0, 0, False, 0) == 0
    assert state[0, CODE] == NO_TICKET


@pytest.mark.parametrize(
    ("spread", "steps", "found"),
    [
        (1, 10, (10, 100, 70)),  # 10 dollars at 0.10 lots of 1 dollar a point and lot: 100 points; 7 dollars: 70
        (60, 10, (5, 180, 140)),  # three spreads are 180 points: only 0.05 lots lose no more than 10 there
        (2000, 10, (0, 0, 0)),  # no lot is small enough
    ],
)
def test_a_level_of_the_pyramid_by_hand(spread, steps, found):
    facts = np.array([10, 3, 1, 1, 1], np.int64)
    lots = np.arange(20) / 100
    size = level_size(facts, lots, np.array([10.0, 7.0, 1.0, 0.01]), spread, steps, 1.0)
    if found[0] == 5:
        assert size[:2] == (5, 200)
        assert size[2] == 140
    else:
        assert size == found
