"""The indicators against three libraries that share no code with zepix, on a seeded walk and on recorded EURUSD H1.

- pynesys-pynecore, a Pine runtime: equal from the first row to the last, NaN for NaN.
- TA-Lib and talipp: equal from the row at which the table says that another beginning has died away. Both begin SMA,
  EMA, RSI, stochastic, momentum and vortex as Pine does. TA-Lib begins the fast average of a MACD later; it begins
  ATR and DMI with other sums. Their parabolic SAR keeps the stop outside the last two bars before it asks whether the
  price has passed it, Pine after: most rows are equal, and which side it stands on nearly always.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from indicator_bars import SOURCES, Bars
from pine_runtime import pine

from zepix.kernels.atr import atr
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


def ours(bars: Bars) -> dict[str, np.ndarray]:
    """Every indicator with the lengths of TradingView's built-in ones."""
    high, low, close, volume = bars
    found = {"sma": sma(close, 20), "ema": ema(close, 20), "rma": rma(close, 14), "rsi": rsi(close, 14)}
    found["macd line"], found["macd signal"] = macd(close, 12, 26, 9)
    found["adx"], found["+di"], found["-di"] = dmi(high, low, close, 14, 14)
    found["sar"], found["atr"] = sar(high, low, close, 0.02, 0.02, 0.2), atr(high, low, close, 14)
    found["momentum"] = momentum(close, 10)
    found["highest"], found["lowest"] = highest(high, 14), lowest(low, 14)
    found["stochastic k"], found["stochastic d"] = stochastic(high, low, close, 14, 1, 3)
    found["mfi"] = mfi((high + low + close) / 3, volume, 14)
    found["fisher"], found["fisher trigger"] = fisher((high + low) / 2, 9)
    found["vi+"], found["vi-"] = vortex(high, low, close, 14)
    trend, found["zlema"] = zero_lag_trend(high, low, close, 70, 1.2)
    found["trend"] = trend.astype(np.float64)
    holes = np.where(np.arange(len(high)) % 17 == 3, np.nan, high)
    found["highest with holes"], found["lowest with holes"] = highest(holes, 7), lowest(holes, 7)
    found["ema with holes"], found["sma with holes"] = ema(holes, 7), sma(holes, 7)
    found["rsi with holes"] = rsi(holes, 7)
    found["highest of a late source"] = highest(atr(high, low, close, 5), 7)
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_every_indicator_is_pines_from_the_first_row_on(source: str, tmp_path: Path) -> None:
    bars = SOURCES[source]()
    bars = Bars(*(column[:3000] for column in bars))
    theirs, mine = pine(bars, tmp_path), ours(bars)
    assert set(theirs) == set(mine)
    for name, values in mine.items():
        assert np.array_equal(np.isnan(values), np.isnan(theirs[name])), name
        assert np.allclose(values, theirs[name], rtol=1e-12, atol=1e-9, equal_nan=True), name
    assert set(mine["trend"]) == {-1.0, 0.0, 1.0}


# name -> the row from which it equals ours: its first one where both begin alike
TA_LIB_FROM = {
    "sma": 19, "ema": 19, "rsi": 14, "momentum": 10, "highest": 13, "lowest": 13, "stochastic k": 15,
    "stochastic d": 15, "mfi": 14, "macd line": 250, "macd signal": 260, "atr": 400, "adx": 500, "+di": 400, "-di": 400,
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_agrees_with_ta_lib(source: str) -> None:
    talib = pytest.importorskip("talib", reason="needs TA-Lib, of the extra oracle")
    bars = SOURCES[source]()
    high, low, close, volume = bars
    line, signal, _ = talib.MACD(close, 12, 26, 9)
    k, d = talib.STOCHF(high, low, close, 14, 3, 0)
    theirs = {
        "sma": talib.SMA(close, 20),
        "ema": talib.EMA(close, 20),
        "rsi": talib.RSI(close, 14),
        "momentum": talib.MOM(close, 10),
        "highest": talib.MAX(high, 14),
        "lowest": talib.MIN(low, 14),
        "stochastic k": k,
        "stochastic d": d,
        "mfi": talib.MFI(high, low, close, volume, 14),
        "macd line": line,
        "macd signal": signal,
        "atr": talib.ATR(high, low, close, 14),
        "adx": talib.ADX(high, low, close, 14),
        "+di": talib.PLUS_DI(high, low, close, 14),
        "-di": talib.MINUS_DI(high, low, close, 14),
    }
    mine = ours(bars)
    for name, first in TA_LIB_FROM.items():
        assert np.allclose(mine[name][first:], theirs[name][first:], rtol=1e-9, atol=1e-8), name
        if first < 100:
            assert np.isnan(theirs[name][:first]).all(), name


@pytest.mark.parametrize("source", SOURCES)
def test_most_stops_are_ta_libs(source: str) -> None:
    talib = pytest.importorskip("talib", reason="needs TA-Lib, of the extra oracle")
    bars = SOURCES[source]()
    mine = sar(bars.high, bars.low, bars.close, 0.02, 0.02, 0.2)[20:]
    theirs = talib.SAR(bars.high, bars.low, 0.02, 0.2)[20:]
    assert np.isclose(mine, theirs, rtol=1e-12).mean() > 0.8
    assert ((mine < bars.close[20:]) == (theirs < bars.close[20:])).mean() > 0.93


# name -> the row from which talipp equals ours
TALIPP_FROM = {
    "rsi": 14, "macd line": 25, "macd signal": 33, "stochastic k": 13, "stochastic d": 15, "vi+": 14, "vi-": 14,
    "zlema": 103, "adx": 500, "+di": 400,
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_agrees_with_talipp(source: str) -> None:
    talipp = pytest.importorskip("talipp.indicators", reason="needs talipp, of the extra oracle")
    from talipp.ohlcv import OHLCV

    bars = Bars(*(column[:3000] for column in SOURCES[source]()))
    closes = bars.close.tolist()
    rows = [OHLCV(close, high, low, close) for high, low, close in zip(*(c.tolist() for c in bars[:3]), strict=True)]

    def column(values: object, field: str = "") -> np.ndarray:
        found = [getattr(v, field, None) if field else v for v in values]  # type: ignore[attr-defined]
        return np.array([np.nan if v is None else v for v in found], np.float64)

    oscillator, vortices = talipp.Stoch(14, 3, rows), talipp.VTX(14, rows)
    line, strength = talipp.MACD(12, 26, 9, closes), talipp.ADX(14, 14, rows)
    theirs = {
        "rsi": column(talipp.RSI(14, closes)),
        "macd line": column(line, "macd"),
        "macd signal": column(line, "signal"),
        "stochastic k": column(oscillator, "k"),
        "stochastic d": column(oscillator, "d"),
        "vi+": column(vortices, "plus_vtx"),
        "vi-": column(vortices, "minus_vtx"),
        "zlema": column(talipp.ZLEMA(70, closes)),
        "adx": column(strength, "adx"),
        "+di": column(strength, "plus_di"),
    }
    mine = ours(bars)
    for name, first in TALIPP_FROM.items():
        assert np.allclose(mine[name][first:], theirs[name][first:], rtol=1e-9, atol=1e-8), name


def test_the_average_alone_is_that_of_the_trend() -> None:
    bars = SOURCES["walk"]()
    assert np.array_equal(
        zlema(bars.close, 70), zero_lag_trend(bars.high, bars.low, bars.close, 70, 1.2)[1], equal_nan=True
    )
