"""Small answers worked out with pencil and paper, where each number can be followed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from zepix.kernels.indicators_averages import ema, rma, sma
from zepix.kernels.indicators_dmi import dmi
from zepix.kernels.indicators_fisher import fisher
from zepix.kernels.indicators_macd import macd
from zepix.kernels.indicators_mfi import mfi
from zepix.kernels.indicators_rsi import rsi
from zepix.kernels.indicators_sar import sar
from zepix.kernels.indicators_stochastic import stochastic
from zepix.kernels.indicators_trend import zero_lag_trend, zlema
from zepix.kernels.indicators_vortex import vortex
from zepix.kernels.indicators_windows import highest, lowest, momentum

NAN = math.nan


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def same(found: np.ndarray, expected: list[float]) -> None:
    assert found.tolist() == pytest.approx(expected, nan_ok=True, rel=1e-12)


def test_averages_begin_with_the_mean_of_their_first_numbers() -> None:
    values = column(3, 6, 9, 12, 0)
    same(sma(values, 3), [NAN, NAN, 6, 9, 7])
    same(ema(values, 3), [NAN, NAN, 6, 9, 4.5])  # weight 1/2: 6 + (12 - 6) / 2, 9 + (0 - 9) / 2
    same(rma(values, 3), [NAN, NAN, 6, 8, 8 - 8 / 3])  # weight 1/3: 6 + (12 - 6) / 3, 8 + (0 - 8) / 3


def test_a_hole_is_passed_over() -> None:
    values = column(3, NAN, 6, 9, NAN, 12)
    same(sma(values, 3), [NAN, NAN, NAN, 6, 6, 9])
    same(ema(values, 3), [NAN, NAN, NAN, 6, NAN, 9])
    same(highest(values, 2), [NAN, NAN, 6, 9, NAN, 12])
    same(lowest(values, 2), [NAN, NAN, 6, 6, NAN, 12])


def test_windows_forget_what_leaves_them() -> None:
    values = column(5, 9, 2, 4, 1, 1)
    same(highest(values, 3), [NAN, NAN, 9, 9, 4, 4])
    same(lowest(values, 3), [NAN, NAN, 2, 2, 1, 1])
    same(momentum(values, 2), [NAN, NAN, -3, -5, -1, -3])


def test_rsi_of_four_changes() -> None:
    # rises 2, 0, 4, 0 and falls 0, 1, 0, 5, period 2: means (1, 0.5); then (2.5, 0.25); then (1.25, 2.625)
    found = rsi(column(10, 12, 11, 15, 10), 2)
    same(found, [NAN, NAN, 100 * 1 / 1.5, 100 * 2.5 / 2.75, 100 * 1.25 / 3.875])


def test_rsi_without_falls_is_a_hundred_and_without_rises_nought() -> None:
    assert rsi(column(1, 2, 3, 4), 2)[2:].tolist() == [100, 100]
    assert rsi(column(4, 3, 2, 1), 2)[2:].tolist() == [0, 0]
    assert rsi(column(4, 4, 4, 4), 2)[2:].tolist() == [100, 100]  # as in Pine; TA-Lib says 0


def test_macd_of_a_straight_line_is_half_the_difference_of_its_lengths() -> None:
    # the EMA of a line of slope 1, seeded by its mean, stays (period - 1) / 2 behind: 2 ahead of the one of 5 bars
    line, signal = macd(np.arange(20.0), 1, 5, 3)
    same(line[3:6], [NAN, 2, 2])
    assert line[4:].tolist() == pytest.approx([2.0] * 16)
    same(signal[:7], [NAN] * 6 + [2])


def test_stochastic_places_the_close_in_its_range() -> None:
    high, low, close = column(10, 12, 11, 11), column(8, 9, 9, 11), column(9, 11, 9, 11)
    k, d = stochastic(high, low, close, 2, 1, 2)
    same(k, [NAN, 75, 0, 100])  # (11 - 8) / (12 - 8), (9 - 9) / (12 - 9), (11 - 9) / (11 - 9)
    same(d, [NAN, NAN, 37.5, 50])


def test_a_window_without_range_leaves_the_stochastic_where_it_was() -> None:
    flat = column(10, 10, 10)
    assert np.isnan(stochastic(flat, flat, flat, 2, 1, 1)[0]).all()
    k, _ = stochastic(column(12, 10, 10), column(8, 10, 10), column(10, 10, 10), 2, 1, 1)
    same(k, [NAN, 50, 50])  # Pine's sma of nothing new is the one before


def test_vortex_of_three_bars() -> None:
    # row 1: up |12 - 8| 4, down |9 - 10| 1, range 3; row 2: up |11 - 9| 2, down |7 - 12| 5, range 4 (close before 11)
    plus, minus = vortex(column(10, 12, 11), column(8, 9, 7), column(9, 11, 8), 2)
    same(plus, [NAN, NAN, 6 / 7])
    same(minus, [NAN, NAN, 6 / 7])


def test_dmi_begins_with_the_mean_of_its_first_rows() -> None:
    # the bars of the test of ``adx``: +DM 2, 1, 0, 0; -DM 0, 0, 2, 0; range 3, 2, 3, 1; rma of 2
    high, low, close = column(10, 12, 13, 12, 11), column(8, 9, 11, 9, 10), column(9, 11, 12, 10, 10)
    adx, plus, minus = dmi(high, low, close, 2, 2)
    # means: row 2 (1.5, 0, 2.5), row 3 (0.75, 1, 2.75), row 4 (0.375, 0.5, 1.875)
    same(plus, [NAN, NAN, 60, 75 / 2.75, 20])
    same(minus, [NAN, NAN, 0, 100 / 2.75, 50 / 1.875])
    # DX 1, then 0.25 / 1.75 = 1/7 twice: ADX (1 + 1/7) / 2 = 4/7, then (4/7 + 1/7) / 2
    same(adx, [NAN, NAN, NAN, 400 / 7, 250 / 7])


def test_sar_rises_with_the_extreme_and_turns_where_it_is_passed() -> None:
    high, low = column(10, 12, 14, 16, 13), column(8, 10, 12, 13, 7)
    close = column(9, 11, 13, 15, 8)
    found = sar(high, low, close, 0.1, 0.1, 0.2)
    # row 1: up, from 8 towards 12 by a tenth: 8.4, but not above the low before, 8
    # row 2: 8 + 0.1 (12 - 8) = 8.4, not above 8 (two bars before); extreme 14, acceleration 0.2
    # row 3: 8 + 0.2 (14 - 8) = 9.2, below 10 and 12; extreme 16
    # row 4: 9.2 + 0.2 (16 - 9.2) = 10.56 is above the low of 7: turns down, to the extreme of 16
    same(found, [NAN, 8, 8, 9.2, 16])


def test_mfi_counts_the_first_row_on_both_sides_as_pine_does() -> None:
    # flows 10, 24, 22, 12; gains 10 + 24, then 24, then 12; losses 10, then 22, then 22
    found = mfi(column(10, 12, 11, 12), column(1, 2, 2, 1), 2)
    same(found, [NAN, 100 * 34 / 44, 100 * 24 / 46, 100 * 12 / 34])


def test_mfi_without_losses_is_a_hundred() -> None:
    assert mfi(column(1, 2, 3, 4), column(1, 1, 1, 1), 2)[2:].tolist() == [100, 100]


def test_fisher_of_two_prices() -> None:
    # row 1: place 0.66 (1 - 0.5) = 0.33; row 2: 0.66 (0 - 0.5) + 0.67 * 0.33 = -0.1089
    line, trigger = fisher(column(10, 12, 11), 2)
    first = 0.5 * math.log(1.33 / 0.67)
    same(line, [NAN, first, 0.5 * math.log(0.8911 / 1.1089) + 0.5 * first])
    same(trigger, [NAN, NAN, first])


def test_fisher_is_held_inside_one() -> None:
    line, _ = fisher(np.arange(60.0), 5)
    assert line[-1] == pytest.approx(math.log(1.999 / 0.001), rel=1e-9)  # place 0.999, the line doubles its half


def test_zero_lag_average_of_a_straight_line_is_the_line() -> None:
    # lag 2: close + (close - close of 2 ago) is 2 ahead; the EMA of 5 bars is 2 behind
    assert zlema(np.arange(40.0), 5)[6:].tolist() == pytest.approx(list(range(6, 40)))


def test_a_trend_turns_where_the_close_leaves_the_band_and_stays_in_between() -> None:
    close = column(*[100] * 30, 120, 121, 121, 121, 90)
    trend, average = zero_lag_trend(close + 1, close - 1, close, 7, 1.0)
    # weight 1/4, lag 3: 100 + (140 - 100) / 4, then towards 142, 142, 122 and 59
    same(average[30:], [110, 118, 124, 123.5, 107.375])
    # ATR (6 * 2 + 21) / 7 = 4.71: the close of 120 is above 114.71; later the lower edge lies under 119.3
    # at last the widest ATR is (6 * 3.25 + 32) / 7 = 7.4 or less: 90 is below 99.9
    assert trend.tolist() == [0] * 30 + [1, 1, 1, 1, -1]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: sma(x, 0),
        lambda x: ema(x, 0),
        lambda x: rma(x, -1),
        lambda x: highest(x, 0),
        lambda x: lowest(x, 0),
        lambda x: momentum(x, 0),
        lambda x: rsi(x, 0),
        lambda x: macd(x, 0, 2, 2),
        lambda x: stochastic(x, x, x, 2, 0, 2),
        lambda x: vortex(x, x, x, 0),
        lambda x: dmi(x, x, x, 2, 0),
        lambda x: mfi(x, x, 0),
        lambda x: fisher(x, 0),
        lambda x: zlema(x, 2),
        lambda x: zero_lag_trend(x, x, x, 2, 1.0),
    ],
)
def test_a_period_that_is_none_is_said(call: Callable[[np.ndarray], object]) -> None:
    with pytest.raises(ValueError, match=r"must be [13] or more"):
        call(column(1, 2, 3))
