"""The quality report: problems, gaps, spikes and spreads known by hand."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from bars_by_hand import MARKET, MINUTE, MONDAY, NO_MARKET, columns, times, write

from zepix.data import default_catalogue, load_bars
from zepix.data.names import PriceFile
from zepix.data.quality import QualityReport, check
from zepix.errors import DataError

EURUSD = default_catalogue()["EURUSD"]


def _made(count: int = 600) -> dict[str, object]:
    return columns([(1.1, 1.10004, 1.09996, 1.1)] * count, 0.0001)


def test_good_bars_are_usable_and_whole(tmp_path: Path) -> None:
    found = check(PriceFile(write(tmp_path / "EURUSD_M1_x.parquet", _made()), "EURUSD", "1m"), EURUSD)
    assert found.is_usable and found.rows == 600
    assert (found.coverage_frac, found.missing_bars, found.gap_count, found.spike_count) == (1.0, 0, 0, 0)
    assert found.spread_points == {"min": 10, "median": 10, "p95": 10, "max": 10, "mean": 10}
    assert found.spread_by_hour_points[10] == 10 and found.spread_by_hour_points[3] is None
    json.dumps(found.as_dict())
    assert ("usable", "yes") in found.lines()


def test_a_loaded_series_gives_the_same_report_as_its_file(tmp_path: Path) -> None:
    path = write(tmp_path / "EURUSD_M1_x.parquet", _made())
    series = load_bars([str(path)], default_catalogue(), cache=False).series["EURUSD"]
    assert check(series, EURUSD) == check(path, EURUSD, timeframe="M1")


def test_a_spike_that_nobody_confirms_is_found_a_move_is_not(tmp_path: Path) -> None:
    made = _made()
    made["bid_high"] = [*made["bid_high"][:300], 1.1060, *made["bid_high"][301:]]  # a lone wick of 600 points
    for name in ("bid_open", "bid_high", "bid_low", "bid_close"):  # a move of 600 points that stays
        made[name] = [*made[name][:400], *[price + 0.006 for price in made[name][400:]]]
        made[name.replace("bid", "ask")] = [price + 0.0001 for price in made[name]]
    found = check(write(tmp_path / "x.parquet", made), EURUSD, timeframe="M1")
    assert found.spike_count == 1
    assert found.spikes == [{"row": 300, "time": "2024-01-08 15:00 UTC", "points": 596, "usual": 8.0}]


def test_gaps_are_listed_longest_first_without_weekends(tmp_path: Path) -> None:
    friday = MONDAY + timedelta(days=4)
    moments = (
        times(60) + times(60, MONDAY + 3 * 60 * MINUTE) + times(60, friday) + times(60, friday + timedelta(days=3))
    )
    made = _made(240) | {"time": pa.array(moments, pa.timestamp("us", tz="UTC"))}
    found = check(write(tmp_path / "x.parquet", made), EURUSD, timeframe="M1")
    assert found.gap_count == 3
    assert [gap["hours"] for gap in found.gaps] == [
        92.0,
        23.0,
        2.0,
    ]  # Friday 11:00 to 22:00, Sunday 22:00 to Monday 10:00
    assert found.gaps[-1] == {"from": "2024-01-08 11:00 UTC", "to": "2024-01-08 13:00 UTC", "hours": 2.0}
    assert found.missing_bars == 60 * (2 + 92 + 23)
    assert found.coverage_frac == 240 / (240 + found.missing_bars)


def test_problems_are_reported_not_raised(tmp_path: Path) -> None:
    made = _made(50)
    made["bid_high"] = [*made["bid_high"][:9], 1.0, *made["bid_high"][10:]]
    made["time"] = pa.array([*times(49), MONDAY], pa.timestamp("us", tz="UTC"))
    made["ask_open"] = [1.0999, *made["ask_open"][1:]]
    found = check(write(tmp_path / "x.parquet", made), EURUSD, timeframe="M1", crossed="raise_ask")
    assert not found.is_usable
    assert any("1 highs are below their lows" in problem for problem in found.problems)
    assert any("1 rows are earlier" in problem for problem in found.problems)
    assert found.counts["crossed"] == 1
    assert ("usable", "no") in found.lines()


def test_hours_outside_the_trading_week_cast_a_doubt_on_the_zone(tmp_path: Path) -> None:
    """A winter week of EURUSD, Sunday to Friday 22:00 UTC, written two hours late."""
    sunday = MONDAY - timedelta(hours=12)
    made = _made(120 * 60)

    def _found(start: datetime) -> QualityReport:
        moments = pa.array(times(120 * 60, start), pa.timestamp("us", tz="UTC"))
        return check(write(tmp_path / "x.parquet", made | {"time": moments}), EURUSD, timeframe="M1")

    assert _found(sunday).doubts == [] and _found(sunday).counts["outside_week"] == 0
    late = _found(sunday + timedelta(hours=2))
    assert late.counts["outside_week"] == 120 and "would if they were 2 h earlier" in late.doubts[0]
    assert ("doubt", late.doubts[0]) in late.lines() and late.is_usable


def test_a_file_that_is_no_prices_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"no")
    with pytest.raises(DataError):
        check(tmp_path / "x.parquet", EURUSD, timeframe="M1")


@pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)
def test_known_events_in_recorded_prices() -> None:
    """The yen's flash crash of 2 January 2019 (New York time), gold's of 20 July 2015; Christmas is a gap."""
    yen = check(
        PriceFile(MARKET / "USDJPY_H1_20150102_20220304.parquet", "USDJPY", "1h"), default_catalogue()["USDJPY"]
    )
    assert [spike["time"] for spike in yen.spikes] == ["2019-01-02 22:00 UTC"]
    assert any(gap["from"].startswith("2018-12-24") for gap in yen.gaps)
    gold = check(
        PriceFile(MARKET / "XAUUSD_H1_20060320_20190225.parquet", "XAUUSD", "1h"), default_catalogue()["XAUUSD"]
    )
    assert [spike["time"] for spike in gold.spikes] == ["2015-07-20 01:00 UTC"]
