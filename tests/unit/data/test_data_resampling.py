"""Longer bars: a table by hand, and pandas on invented and recorded minutes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bars_by_hand import MARKET, NO_MARKET, utc

from zepix.data import default_catalogue, load_bars, resample, series_from_arrays
from zepix.data.synthetic import synthetic_bars
from zepix.errors import ConfigError
from zepix.kernels.crossing import build_index
from zepix.model import Series

FOLDS = {"open": "first", "high": "max", "low": "min", "close": "last"}


def test_five_minutes_of_seven_rows_with_a_missing_minute() -> None:
    rows = [  # minute, open, high, low, close in points
        (3, 100, 104, 99, 103),
        (4, 103, 103, 95, 96),
        (5, 96, 98, 96, 97),
        (6, 97, 110, 97, 108),
        (8, 108, 109, 101, 102),
        (9, 102, 103, 100, 101),
        (10, 101, 101, 101, 101),
    ]
    point = 1e-5
    arrays = {"time": np.array([utc("2024-01-08 10:00") + minute * 60 * 10**9 for minute, *_ in rows])}
    for k, price in enumerate(("open", "high", "low", "close")):
        arrays[f"bid_{price}"] = np.array([row[k + 1] * point for row in rows])
        arrays[f"ask_{price}"] = np.array([(row[k + 1] + 2 + row[0]) * point for row in rows])
    found = resample(series_from_arrays(default_catalogue()["EURUSD"], "1m", arrays), "M5")
    assert [t // (60 * 10**9) % 60 for t in found.time.tolist()] == [0, 5, 10]
    assert list(found.bid_open) == [100, 96, 101]
    assert list(found.bid_high) == [104, 110, 101]
    assert list(found.bid_low) == [95, 96, 101]
    assert list(found.bid_close) == [96, 101, 101]
    assert list(found.ask_low) == [101, 103, 113]  # 95+2+4, 96+2+5 and 101+2+10
    assert (found.timeframe, found.timeframe_ns, found.facts["resampled_from"]) == ("5m", 300 * 10**9, "1m")
    assert list(found.bid_mins) == [95, 95, 95] and list(found.ask_maxs) == [119, 119, 119]  # 109 + 2 + 8


def _agrees_with_pandas(series: Series, timeframe: str, rule: str) -> None:
    found = resample(series, timeframe)
    frame = pd.DataFrame(
        {f"{side}_{p}": getattr(series, f"{side}_{p}") for side in ("bid", "ask") for p in FOLDS},
        index=pd.to_datetime(series.time, utc=True),
    )
    expected = frame.resample(rule).agg({c: FOLDS[c[4:]] for c in frame}).dropna()
    assert (found.time == expected.index.as_unit("ns").asi8).all()
    for column in frame:
        assert (getattr(found, column) == expected[column].to_numpy()).all(), column
    mins, maxs = build_index(found.ask_low, found.ask_high)
    assert (found.ask_mins == mins).all() and (found.ask_maxs == maxs).all()


@pytest.mark.parametrize(
    ("timeframe", "rule"), [("5m", "5min"), ("M15", "15min"), ("1h", "1h"), ("4h", "4h"), ("1d", "1D")]
)
def test_agrees_with_pandas_on_invented_minutes(timeframe: str, rule: str) -> None:
    arrays = synthetic_bars("EURUSD", start="2024-01-01", bars=9000, seed=5)
    _agrees_with_pandas(series_from_arrays(default_catalogue()["EURUSD"], "1m", arrays), timeframe, rule)


@pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)
def test_agrees_with_pandas_on_recorded_minutes() -> None:
    path = MARKET / "XAUUSD_M1_20140501_20140515.parquet"
    series = load_bars([str(path)], default_catalogue(), cache=False).series["XAUUSD"]
    _agrees_with_pandas(series, "15m", "15min")


def test_only_whole_multiples_and_longer_bars() -> None:
    arrays = synthetic_bars("EURUSD", start="2024-01-01", bars=100, seed=5)
    series = resample(series_from_arrays(default_catalogue()["EURUSD"], "1m", arrays), "10m")
    assert resample(series, "10m") is series
    for wrong in ("5m", "15m", "soon"):
        with pytest.raises(ConfigError):
            resample(series, wrong)
