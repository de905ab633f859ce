"""Ticks into points: equal times, order, crossed quotes, spreads, index, cache, cutting, joining, and real files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from bars_by_hand import MARKET, MONDAY, NO_MARKET, as_datetimes, utc, write

from zepix.data import default_catalogue, load_bars, resample, series_from_arrays
from zepix.data.names import PriceFile
from zepix.data.quality import check
from zepix.errors import ConfigError, DataError
from zepix.kernels.crossing import build_index
from zepix.kernels.ticks import order_of_times, part_equal_times
from zepix.model import Catalogue, Series, SpreadModel
from zepix.model.series import PRICE_COLUMNS

CATALOGUE = default_catalogue()
EURUSD = CATALOGUE["EURUSD"]
SECOND = timedelta(seconds=1)


def _made(rows: list[tuple[float, float, float]], spread: bool = True) -> dict[str, Any]:
    """Columns of ticks from (seconds after Monday 10:00, bid, ask)."""
    moments = [MONDAY + row[0] * SECOND for row in rows]
    made: dict[str, Any] = {"time": pa.array(moments, pa.timestamp("us", tz="UTC")), "bid": [row[1] for row in rows]}
    return made | ({"ask": [row[2] for row in rows]} if spread else {})


def _load(folder: Path, made: dict[str, Any], name: str = "EURUSD_TICK_x.parquet", **more: Any) -> Series:
    catalogue = more.pop("catalogue", CATALOGUE)
    return load_bars([str(write(folder / name, made))], catalogue, cache=False, **more).series["EURUSD"]


ROWS = [(0, 1.1, 1.10012), (0.5, 1.10001, 1.10011), (7, 1.09999, 1.1001)]


def test_a_row_is_one_bid_and_one_ask_shared_by_its_four_prices(tmp_path: Path) -> None:
    series = _load(tmp_path, _made(ROWS))
    assert (series.timeframe, series.timeframe_ns, len(series)) == ("tick", 0, 3)
    assert list(series.bid_open) == [110_000, 110_001, 109_999]
    assert list(series.ask_close) == [110_012, 110_011, 110_010]
    for side in ("bid", "ask"):
        first = getattr(series, f"{side}_open")
        assert all(getattr(series, f"{side}_{price}") is first for price in ("high", "low", "close"))
    assert series.start_ns == utc("2024-01-08 10:00") and series.end_ns == series.start_ns + 7 * 10**9
    assert (series.facts["spread"], series.facts["quotes"]) == ("data", "ask columns")
    assert series.facts["missing_bars"] == 0 and series.facts["equal_times"] == 0


def test_the_index_is_that_of_the_one_price_of_a_side(tmp_path: Path) -> None:
    rows = [(k, 1.1 + (k * 37 % 100) / 1e5, 1.1011 + (k * 13 % 50) / 1e5) for k in range(5000)]
    series = _load(tmp_path, _made(rows))
    mins, maxs = build_index(series.bid_low, series.bid_high)
    assert (series.bid_mins == mins).all() and (series.bid_maxs == maxs).all()
    assert series.ask_mins.min() == series.ask_low.min() and series.ask_maxs.max() == series.ask_high.max()


@pytest.mark.parametrize(
    ("written", "expected", "equal"),
    [
        ([5, 6, 7], [5, 6, 7], 0),
        ([5, 5, 9], [5, 6, 9], 1),
        ([5, 5, 5, 9], [5, 6, 7, 9], 2),
        ([5, 5, 5, 6, 6, 9], [5, 6, 7, 8, 9, 10], 3),  # pushed on where a tick would reach the next
        ([5, 5, 7, 7, 7, 8], [5, 6, 7, 8, 9, 10], 3),
        ([5], [5], 0),
        ([], [], 0),
    ],
)
def test_ticks_of_equal_time_are_a_nanosecond_apart(written: list[int], expected: list[int], equal: int) -> None:
    time = np.array(written, np.int64)
    assert order_of_times(time) == (0, -1, equal)
    part_equal_times(time)
    assert list(time) == expected


def test_equal_times_are_counted_and_keep_the_order_of_the_rows(tmp_path: Path) -> None:
    series = _load(tmp_path, _made([(0, 1.1, 1.2), (0, 1.11, 1.2), (0, 1.12, 1.2), (1, 1.13, 1.2)]))
    assert list(series.time - series.start_ns) == [0, 1, 2, 10**9]
    assert list(series.bid_open) == [110_000, 111_000, 112_000, 113_000]
    assert series.facts["equal_times"] == 2
    assert (np.diff(series.time) > 0).all()


def test_arrays_in_memory_are_ticks_too_and_stay_as_they_are() -> None:
    time = np.array([1, 1, 2], np.int64) * 10**18
    series = series_from_arrays(EURUSD, "TICK", {"time": time, "bid": np.array([1.1, 1.2, 1.3])})
    assert list(series.time) == [10**18, 10**18 + 1, 2 * 10**18] and list(time) == [10**18, 10**18, 2 * 10**18]
    assert series.facts["quotes"] == "spread model"


BAD = {
    "out of order": (_made([(0, 1.1, 1.2), (3, 1.1, 1.2), (2, 1.1, 1.2)]), r"1 rows are earlier.*row 2, .*10:00:02"),
    "NaN": (_made([(0, 1.1, 1.2), (1, float("nan"), 1.2)]), r"1 prices are missing or no number \(first: row 1"),
    "negative": (_made([(0, -1.1, 1.2)]), "1 prices are zero or below"),
    "zero": (_made([(0, 1.1, 0.0)]), "1 prices are zero or below"),
    "too large": (_made([(0, 30_000.0, 30_001.0)]), r"2 prices are too large for points of 0\.00001"),
    "finer": (_made([(0, 1.100005, 1.2)]), r"1 of 2 prices are finer than the point"),
    "no rows": (_made([]), "holds no rows"),
    "no bid": ({k: v for k, v in _made(ROWS).items() if k != "bid"}, "columns missing: bid; it has: time, ask"),
    "bars": ({"time": _made(ROWS)["time"]} | {f"bid_{p}": [1.1] * 3 for p in ("open", "high")}, "look like bars"),
    "text": (_made(ROWS) | {"ask": ["1.1"] * 3}, "expected numbers"),
    "negative spread": (_made(ROWS, spread=False) | {"spread": [1, -2, 3]}, "1 spreads are missing, negative"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_ticks_get_a_clear_error(case: str, tmp_path: Path) -> None:
    made, expected = BAD[case]
    with pytest.raises(DataError, match=expected):
        _load(tmp_path, made)


def test_crossed_quotes_are_raised_and_counted_or_an_error(tmp_path: Path) -> None:
    made = _made([(0, 1.1, 1.0999), (1, 1.1, 1.1), (2, 1.1, 1.1001)])
    series = _load(tmp_path, made)
    assert list(series.ask_open) == [110_000, 110_000, 110_010]
    assert (series.facts["crossed_raised"], series.facts["crossed_rows"]) == (1, 1)
    with pytest.raises(DataError, match="1 asks are below their bids"):
        _load(tmp_path, made, crossed="error")


def test_a_few_finer_prices_are_rounded_and_counted(tmp_path: Path) -> None:
    rows = [(k, 1.1, 1.1001) for k in range(100)]
    rows[40] = (40, 1.100004, 1.1001)
    series = _load(tmp_path, _made(rows))
    assert series.facts["finer_than_point"] == 1 and series.bid_open[40] == 110_000


def test_without_an_ask_the_spread_column_or_the_model_makes_it(tmp_path: Path) -> None:
    made = _made(ROWS, spread=False)
    assert list(_load(tmp_path, made | {"spread": [3, 0, 5]}).ask_open) == [110_003, 110_001, 110_004]
    mine = Catalogue([replace(EURUSD, spread=SpreadModel(0, tuple(range(24))))])
    series = _load(tmp_path, made, catalogue=mine)
    assert list(series.ask_open - series.bid_open) == [10, 10, 10] and series.facts["spread"] == "session"


def test_ticks_come_from_the_cache_mapped_and_shared(tmp_path: Path) -> None:
    path = write(tmp_path / "EURUSD_TICK_x.parquet", _made([(k // 2, 1.1 + k / 1e5, 1.2) for k in range(500)]))
    first, second = (load_bars([str(path)], CATALOGUE).series["EURUSD"] for _ in range(2))
    assert (first.facts["cached"], second.facts["cached"]) == (False, True)
    assert second.bid_high is second.bid_open and second.ask_low is second.ask_open
    for name in ("time", *PRICE_COLUMNS, "bid_mins", "ask_maxs"):
        assert (getattr(first, name) == getattr(second, name)).all()
    assert first.facts["equal_times"] == second.facts["equal_times"] == 250
    [cache] = (tmp_path / ".zepix").glob("*.bars")
    assert cache.stat().st_size < 500 * 17 + 4096


def test_bars_and_ticks_of_one_file_are_different_caches(tmp_path: Path) -> None:
    made = _made([(60 * k, 1.1, 1.2) for k in range(3)])
    bars = {f"{side}_{price}": made[side] for side in ("bid", "ask") for price in ("open", "high", "low", "close")}
    path = write(tmp_path / "both.parquet", made | bars)
    for word, timeframe in (("TICK", "tick"), ("M1", "1m"), ("TICK", "tick")):
        assert load_bars([f"EURUSD:{word}={path}"], CATALOGUE).series["EURUSD"].timeframe == timeframe


def test_ticks_from_the_end_on_are_left_out(tmp_path: Path) -> None:
    series = _load(tmp_path, _made(ROWS), to_ns=utc("2024-01-08 10:00") + 7 * 10**9)
    assert len(series) == 2 and series.bid_high is series.bid_open  # a tick at the end belongs to the next bar
    assert len(_load(tmp_path, _made(ROWS), to_ns=utc("2024-01-08 10:00") + 7 * 10**9 + 1)) == 3


def test_files_of_ticks_may_meet_at_one_time_but_not_overlap(tmp_path: Path) -> None:
    first = [(0, 1.1, 1.2), (5, 1.11, 1.2), (5, 1.12, 1.2)]
    write(tmp_path / "EURUSD_TICK_1.parquet", _made(first))
    write(tmp_path / "EURUSD_TICK_2.parquet", _made([(5, 1.13, 1.2), (6, 1.14, 1.2)]))
    series = load_bars([str(tmp_path)], CATALOGUE, cache=False).series["EURUSD"]
    assert list(series.time - series.start_ns) == [0, 5 * 10**9, 5 * 10**9 + 1, 5 * 10**9 + 2, 6 * 10**9]
    assert list(series.bid_open) == [110_000, 111_000, 112_000, 113_000, 114_000]
    assert series.facts["equal_times"] == 2 and series.facts["rows"] == 5 and series.bid_low is series.bid_open
    write(tmp_path / "EURUSD_TICK_2.parquet", _made([(4, 1.13, 1.2), (6, 1.14, 1.2)]))
    with pytest.raises(DataError, match=r"TICK_2\.parquet begins at 2024-01-08 10:00:04 UTC .*has rows 1 to 2"):
        load_bars([str(tmp_path)], CATALOGUE, cache=False)


class TestResample:
    def test_bid_and_ask_each_by_itself_only_bars_that_have_ticks(self, tmp_path: Path) -> None:
        rows = [  # two ticks of one time, one at the very end of a minute, a minute without any
            (1, 1.10000, 1.10020),
            (20, 1.10010, 1.10015),
            (20, 1.09990, 1.10030),
            (59.999999, 1.10005, 1.10025),
            (60, 1.10001, 1.10011),
            (185, 1.10002, 1.10012),
        ]
        found = resample(_load(tmp_path, _made(rows)), "M1")
        assert as_datetimes(found.time) == ["2024-01-08T10:00:00", "2024-01-08T10:01:00", "2024-01-08T10:03:00"]
        assert list(found.bid_open) == [110_000, 110_001, 110_002]
        assert list(found.bid_high) == [110_010, 110_001, 110_002]
        assert list(found.bid_low) == [109_990, 110_001, 110_002]
        assert list(found.bid_close) == [110_005, 110_001, 110_002]
        assert list(found.ask_open) == [110_020, 110_011, 110_012]
        assert list(found.ask_high) == [110_030, 110_011, 110_012]
        assert list(found.ask_low) == [110_015, 110_011, 110_012]
        assert list(found.ask_close) == [110_025, 110_011, 110_012]
        assert (found.timeframe, found.timeframe_ns) == ("1m", 60 * 10**9)
        assert (found.facts["resampled_from"], found.facts["missing_bars"]) == ("tick", 1)
        assert list(found.bid_mins) == [109_990] * 3  # one block on each of three levels

    def test_ticks_are_never_made_of_bars(self, tmp_path: Path) -> None:
        ticks = _load(tmp_path, _made(ROWS))
        assert resample(ticks, "tick") is ticks
        with pytest.raises(ConfigError, match="cannot be made into bars of tick"):
            resample(resample(ticks, "5m"), "TICK")

    def test_by_way_of_minutes_gives_the_same_hours(self, tmp_path: Path) -> None:
        rows = [(k * 7.3, 1.1 + (k * 37 % 101) / 1e5, 1.102 + (k * 53 % 97) / 1e5) for k in range(3000)]
        ticks = _load(tmp_path, _made(rows))
        direct, stepwise = resample(ticks, "1h"), resample(resample(resample(ticks, "M1"), "M15"), "H1")
        for name in ("time", *PRICE_COLUMNS):
            assert (getattr(direct, name) == getattr(stepwise, name)).all()


@pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)
@pytest.mark.parametrize(("symbol", "rows", "equal"), [("EURUSD", 532_903, 4494), ("XAUUSD", 2_022_969, 0)])
def test_recorded_ticks_make_exactly_the_recorded_minutes(symbol: str, rows: int, equal: int) -> None:
    """Equal times were counted once with pandas; the minutes are a file of their own from the same broker."""
    ticks = load_bars([str(MARKET / f"{symbol}_TICK_20140501_20140515.parquet")], CATALOGUE, cache=False)
    series = ticks.series[symbol]
    assert (len(series), series.facts["equal_times"]) == (rows, equal)
    assert (np.diff(series.time) > 0).all() and (series.ask_open >= series.bid_open).all()
    made = resample(series, "M1")
    recorded = load_bars([str(MARKET / f"{symbol}_M1_20140501_20140515.parquet")], CATALOGUE, cache=False)
    for name in ("time", *PRICE_COLUMNS):
        assert (getattr(made, name) == getattr(recorded.series[symbol], name)).all(), name


class TestQuality:
    def test_rates_repeats_and_spreads(self, tmp_path: Path) -> None:
        rows = [(k * 30, 1.1 + k // 2 / 1e5, 1.1001 + k // 2 / 1e5) for k in range(241)]  # two hours
        found = check(PriceFile(write(tmp_path / "x.parquet", _made(rows)), "EURUSD", "tick"), EURUSD)
        assert found.is_usable and (found.timeframe, found.rows) == ("TICK", 241)
        assert found.ticks["unchanged_frac"] == 120 / 241 and found.ticks["per_hour"] == 120.5
        assert found.ticks["by_hour"][10:13] == [120, 120, 1] and sum(found.ticks["by_hour"]) == 241
        assert found.spread_points["median"] == 10 and found.spread_by_hour_points[10] == 10
        assert (found.coverage_frac, found.missing_bars, found.gap_count) == (1.0, 0, 0)

    def test_equal_times_gaps_and_a_lone_bad_tick(self, tmp_path: Path) -> None:
        rows = [(k * 10, 1.1 + k % 5 / 1e5, 1.1002) for k in range(1200)]
        rows += [(3 * 3600 + 12_000 + k * 10, 1.1 + k % 5 / 1e5, 1.1002) for k in range(600)]
        rows[300] = (rows[299][0], 1.2, 1.3)
        found = check(write(tmp_path / "x.parquet", _made(rows)), EURUSD, timeframe="TICK")
        assert found.counts["equal_times"] == 1 and found.gap_count == 1
        assert found.gaps[0]["hours"] == 3.0
        assert found.spikes[0]["time"] == "2024-01-08 10:49 UTC" and found.spike_count == 1
        assert found.missing_bars == 180

    def test_problems_are_reported_not_raised(self, tmp_path: Path) -> None:
        found = check(write(tmp_path / "x.parquet", _made([(5, 1.1, 1.2), (3, 1.1, 1.2)])), EURUSD, timeframe="tick")
        assert not found.is_usable and "1 rows are earlier" in found.problems[0]

    def test_a_loaded_series_gives_the_same_report_as_its_file(self, tmp_path: Path) -> None:
        rows = [(k // 2, 1.1 + k % 7 / 1e5, 1.1002) for k in range(500)]
        series = _load(tmp_path, _made(rows))
        assert check(series, EURUSD) == check(tmp_path / "EURUSD_TICK_x.parquet", EURUSD, timeframe="TICK")
