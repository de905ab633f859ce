"""Real recorded files load whole; what is counted is counted again by pandas, which the loader does not use."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from bars_by_hand import MARKET, NO_MARKET

from zepix.data import default_catalogue, load_bars
from zepix.errors import ConfigError

pytestmark = pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)

CATALOGUE = default_catalogue()
FILES = [
    ("EURUSD", "H1", "EURUSD_H1_20070101_20181231.parquet"),
    ("EURUSD", "M1", "EURUSD_M1_20140501_20140515.parquet"),
    ("EURUSD", "M1", "fxcm_EURUSD_M1_20140501_20140516.parquet"),
    ("GBPUSD", "M1", "GBPUSD_M1_20120201_20120301.parquet"),
    ("USDJPY", "H1", "USDJPY_H1_20150102_20220304.parquet"),
    ("XAUUSD", "H1", "XAUUSD_H1_20060320_20190225.parquet"),
    ("XAUUSD", "M1", "XAUUSD_M1_20140501_20140515.parquet"),
]
PRICES = ("open", "high", "low", "close")


@pytest.mark.parametrize(("symbol", "timeframe", "name"), FILES)
def test_recorded_file_loads_whole(symbol: str, timeframe: str, name: str) -> None:
    path = MARKET / name
    series = load_bars([f"{symbol}:{timeframe}={path}"], CATALOGUE, cache=False).series[symbol]
    frame = pd.read_parquet(path)
    assert len(series) == pq.ParquetFile(path).metadata.num_rows == series.facts["rows"] == len(frame)
    assert (series.time == frame["time"].dt.as_unit("ns").astype("int64").to_numpy()).all()
    assert series.facts["finer_than_point"] == series.facts["widened"] == 0

    if "ask_open" in frame:
        crossed = [(frame[f"ask_{p}"] < frame[f"bid_{p}"]) for p in PRICES]
        assert series.facts["crossed_raised"] == sum(int(c.sum()) for c in crossed)
        assert series.facts["crossed_rows"] == int(pd.concat(crossed, axis=1).any(axis=1).sum())
        assert series.facts["spread"] == "data"
    else:
        assert series.facts["spread"] == "session"
    for price in PRICES:
        assert (getattr(series, f"ask_{price}") >= getattr(series, f"bid_{price}")).all()


@pytest.mark.parametrize(("symbol", "timeframe", "name"), FILES)
def test_points_are_what_decimal_arithmetic_gives(symbol: str, timeframe: str, name: str) -> None:
    series = load_bars([f"{symbol}:{timeframe}={MARKET / name}"], CATALOGUE, cache=False).series[symbol]
    frame = pd.read_parquet(MARKET / name)
    point = CATALOGUE[symbol].point
    for row in np.linspace(0, len(frame) - 1, 50).astype(int):
        for price in PRICES:
            exact = Decimal(repr(float(frame[f"bid_{price}"].iloc[row]))) / point
            assert getattr(series, f"bid_{price}")[row] == int(exact.to_integral_value(ROUND_HALF_EVEN))


def test_known_counts_of_crossed_quotes() -> None:
    """Counted once with pandas and written down: prices of GBPUSD, February 2012, and of FXCM's EURUSD."""
    gbpusd = load_bars([str(MARKET / "GBPUSD_M1_20120201_20120301.parquet")], CATALOGUE, cache=False)
    assert gbpusd.series["GBPUSD"].facts["crossed_raised"] == 347 + 523 + 254 + 347
    fxcm = load_bars([f"EURUSD:M1={MARKET / 'fxcm_EURUSD_M1_20140501_20140516.parquet'}"], CATALOGUE, cache=False)
    assert fxcm.series["EURUSD"].facts["crossed_raised"] == 652 + 539 + 557 + 374


def test_the_store_as_a_folder_needs_a_choice_and_then_loads() -> None:
    with pytest.raises(ConfigError, match=r"EURUSD has several series.*XAUUSD has several series"):
        load_bars([str(MARKET)], CATALOGUE, cache=False)
    loaded = load_bars([str(MARKET)], CATALOGUE, cache=False, choice={"EURUSD": "H1", "XAUUSD": "M1"})
    assert list(loaded.series) == ["XAUUSD", "EURUSD", "GBPUSD", "USDJPY"]
    assert any("fxcm_EURUSD" in note for note in loaded.notes)


def test_loading_brings_no_pandas(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = MARKET / "USDJPY_H1_20150102_20220304.parquet"
    code = (
        "import sys; from zepix.data import default_catalogue, load_bars, resample; "
        f"s = load_bars([{str(path)!r}], default_catalogue(), cache=False).series['USDJPY']; resample(s, '4h'); "
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
