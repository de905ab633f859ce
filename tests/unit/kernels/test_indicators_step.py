"""Every indicator as an array, step by step, and with the step as plain Python: the same to the last bit.

And row i of each knows rows up to i only: rows cut off behind it change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_bars import Bars, walk

from zepix.kernels import (
    indicators_averages,
    indicators_dmi,
    indicators_fisher,
    indicators_macd,
    indicators_mfi,
    indicators_rsi,
    indicators_sar,
    indicators_stochastic,
    indicators_trend,
    indicators_vortex,
    indicators_windows,
)
from zepix.kernels.compiled import python_of

average, windows, trends = indicators_averages, indicators_windows, indicators_trend


class Case(NamedTuple):
    """``array`` takes bars; ``step`` a state, a bar and the arguments; ``shown`` reads what a row shows."""

    array: Callable[[Bars], Any]
    start: Callable[[], Any]
    step: Any
    columns: Callable[[Bars], tuple[np.ndarray, ...]]
    arguments: tuple[Any, ...]
    shown: Callable[[Any], tuple[float, ...]]


def closes(bars: Bars) -> tuple[np.ndarray, ...]:
    return (bars.close,)


def prices(bars: Bars) -> tuple[np.ndarray, ...]:
    return bars.high, bars.low, bars.close


def value(state: Any) -> tuple[float, ...]:
    return (state.value,)


CASES = {
    "ema": Case(
        lambda b: average.ema(b.close, 7), average.average_start, average.average_step, closes, (7, 0.25), value
    ),
    "rma": Case(
        lambda b: average.rma(b.close, 7), average.average_start, average.average_step, closes, (7, 1 / 7), value
    ),
    "sma": Case(lambda b: average.sma(b.close, 7), lambda: average.sma_start(7), average.sma_step, closes, (), value),
    "highest": Case(
        lambda b: windows.highest(b.close, 7),
        lambda: windows.extreme_start(7),
        windows.extreme_step,
        closes,
        (1.0,),
        value,
    ),
    "lowest": Case(
        lambda b: windows.lowest(b.close, 7),
        lambda: windows.extreme_start(7),
        windows.extreme_step,
        closes,
        (-1.0,),
        value,
    ),
    "rsi": Case(
        lambda b: indicators_rsi.rsi(b.close, 7), indicators_rsi.rsi_start, indicators_rsi.rsi_step, closes, (7,), value
    ),
    "macd": Case(
        lambda b: indicators_macd.macd(b.close, 5, 9, 4),
        indicators_macd.macd_start,
        indicators_macd.macd_step,
        closes,
        (5, 9, 4),
        lambda s: (s.line, s.smooth.value),
    ),
    "stochastic": Case(
        lambda b: indicators_stochastic.stochastic(b.high, b.low, b.close, 7, 2, 3),
        lambda: indicators_stochastic.stochastic_start(7, 2, 3),
        indicators_stochastic.stochastic_step,
        prices,
        (),
        lambda s: (s.k.value, s.d.value),
    ),
    "vortex": Case(
        lambda b: indicators_vortex.vortex(b.high, b.low, b.close, 7),
        lambda: indicators_vortex.vortex_start(7),
        indicators_vortex.vortex_step,
        prices,
        (),
        indicators_vortex.vortex_of,
    ),
    "dmi": Case(
        lambda b: indicators_dmi.dmi(b.high, b.low, b.close, 7, 5),
        indicators_dmi.dmi_start,
        indicators_dmi.dmi_step,
        prices,
        (7, 5),
        lambda s: (100.0 * s.strength.value, s.plus_di, s.minus_di),
    ),
    "sar": Case(
        lambda b: indicators_sar.sar(b.high, b.low, b.close, 0.02, 0.02, 0.2),
        indicators_sar.sar_start,
        indicators_sar.sar_step,
        prices,
        (0.02, 0.02, 0.2),
        lambda s: (s.stop,),
    ),
    "mfi": Case(
        lambda b: indicators_mfi.mfi(b.close, b.volume, 7),
        lambda: indicators_mfi.mfi_start(7),
        indicators_mfi.mfi_step,
        lambda b: (b.close, b.volume),
        (),
        value,
    ),
    "fisher": Case(
        lambda b: indicators_fisher.fisher(b.close, 7),
        lambda: indicators_fisher.fisher_start(7),
        indicators_fisher.fisher_step,
        closes,
        (),
        lambda s: (s.line, s.trigger),
    ),
    "trend": Case(
        lambda b: trends.zero_lag_trend(b.high, b.low, b.close, 7, 1.0),
        lambda: trends.trend_start(7),
        trends.trend_step,
        prices,
        (7, 1.0),
        lambda s: (s.trend, s.average.value),
    ),
}
BARS = Bars(*(column[:400] for column in walk()))
HOLED = Bars(*(np.where(np.arange(400) % 61 == 5 + k, np.nan, column) for k, column in enumerate(BARS)))


def table(found: Any) -> np.ndarray:
    parts = found if isinstance(found, tuple) else (found,)
    return np.column_stack([np.asarray(part, np.float64) for part in parts])


def stepped(case: Case, step: Any, bars: Bars) -> np.ndarray:
    state, shown = case.start(), []
    for row in zip(*(column.tolist() for column in case.columns(bars)), strict=True):
        state = step(state, *row, *case.arguments)
        shown.append(case.shown(state))
    return np.array(shown, np.float64)


@pytest.mark.parametrize("bars", [BARS, HOLED], ids=["whole", "with holes"])
@pytest.mark.parametrize("name", CASES)
def test_the_array_is_the_fold_of_the_step(name: str, bars: Bars) -> None:
    case = CASES[name]
    array = table(case.array(bars))
    assert np.array_equal(array, stepped(case, case.step, bars), equal_nan=True)
    assert np.array_equal(array, stepped(case, python_of(case.step), bars), equal_nan=True)
    assert not np.isnan(array).all()


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(sorted(CASES)), st.integers(0, 399), st.booleans())
def test_a_row_does_not_know_the_rows_after_it(name: str, cut: int, has_holes: bool) -> None:
    bars = HOLED if has_holes else BARS
    whole = table(CASES[name].array(bars))
    part = table(CASES[name].array(Bars(*(column[:cut] for column in bars))))
    assert np.array_equal(whole[:cut], part, equal_nan=True)


@pytest.mark.parametrize("name", CASES)
def test_whole_points_give_what_floats_give(name: str) -> None:
    points = Bars(*(column.astype(np.int32) for column in BARS))
    assert np.array_equal(table(CASES[name].array(points)), table(CASES[name].array(BARS)), equal_nan=True)


def test_a_momentum_is_a_difference_of_rows() -> None:
    expected = np.full(400, np.nan)
    expected[9:] = BARS.close[9:] - BARS.close[:-9]
    assert np.array_equal(windows.momentum(BARS.close, 9), expected, equal_nan=True)


def test_a_nan_in_a_bar_ends_the_stop() -> None:
    found = indicators_sar.sar(HOLED.high, HOLED.low, HOLED.close, 0.02, 0.02, 0.2)
    assert np.isnan(found[0]) and not np.isnan(found[1:5]).any() and np.isnan(found[5:]).all()


@pytest.mark.parametrize("name", CASES)
def test_nothing_in_is_nothing_out(name: str) -> None:
    assert len(table(CASES[name].array(Bars(*(column[:0] for column in BARS))))) == 0
