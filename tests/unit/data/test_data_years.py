"""Times that no market knew: refused with their line before anything is written, in every format and unit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from bars_by_hand import as_datetimes, flat, utc, write

from zepix.data import default_catalogue, load_bars
from zepix.data.build import series_from_arrays
from zepix.data.importers import Options
from zepix.data.importing import import_bars
from zepix.errors import ConfigError, DataError

CATALOGUE = default_catalogue()
Rows = Callable[[list[str]], tuple[str, str]]


def _chart(times: list[str]) -> tuple[str, str]:
    return "OANDA_EURUSD, 5.csv", "time,open,high,low,close\n" + "".join(f"{t},1.1,1.2,1.0,1.1\n" for t in times)


def _histdata(times: list[str]) -> tuple[str, str]:
    return "DAT_ASCII_EURUSD_M1_201202.csv", "".join(f"{t};1.3;1.3;1.3;1.3;0\n" for t in times)


def _histdata_ticks(times: list[str]) -> tuple[str, str]:
    return "DAT_ASCII_EURUSD_T_201202.csv", "".join(f"{t},1.3066,1.3068,0\n" for t in times)


def _metatrader(times: list[str]) -> tuple[str, str]:
    head = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    rows = (f"{t.replace(' ', chr(9))}\t1.1\t1.1\t1.1\t1.1\t5\t0\t7\n" for t in times)
    return "EURUSD_M1_x.csv", head + "".join(rows)


def _dukascopy(times: list[str]) -> tuple[str, str]:
    rows = "".join(f"{t},1.1,1.2,1.0,1.1,3\n" for t in times)
    return "EURUSD_Candlestick_1_M_BID_01.01.2020-02.01.2020.csv", "Gmt time,Open,High,Low,Close,Volume\n" + rows


def _store(tmp_path: Path, made: tuple[str, str], **more: Any) -> dict[str, object]:
    name, text = made
    (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    return import_bars(tmp_path / name, tmp_path / "store", CATALOGUE, overwrite=True, **more)


def _times(tmp_path: Path, made: tuple[str, str], **more: Any) -> list[str]:
    report = _store(tmp_path, made, **more)
    series = load_bars([str(report["written"])], CATALOGUE, cache=False).series["EURUSD"]
    return list(as_datetimes(series.time))


@pytest.mark.parametrize("second", [20_150_000_000, 17_042_706_000, 9_300_000_000, 18_446_744_373, -300], ids=str)
def test_seconds_of_no_market_are_refused_and_do_not_wrap_into_one(second: int, tmp_path: Path) -> None:
    made = _chart([str(second + 300 * k) for k in range(4)])
    with pytest.raises(DataError, match=rf"line 2: {second}, as seconds .* lies before 1970 or after 2199"):
        _store(tmp_path, made)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("rows", "good", "bad"),
    [
        (_histdata, ["20120201 000000", "20120201 000100"], "26000101 000000"),
        (_histdata, ["20120201 000000"], "17000101 000000"),
        (_histdata_ticks, ["20120201 000003660"], "26000101 000000000"),
        (_metatrader, ["2024.01.03 10:00:00"], "2600.01.01 00:00:00"),
        (_metatrader, ["2024.01.03 10:00:00"], "1969.12.30 10:00:00"),
        (_dukascopy, ["01.01.2020 22:00:00.000"], "01.01.2600 22:00:00.000"),
        (_chart, ["2024-01-03T10:00:00Z"], "2600-01-03T10:00:00Z"),
        (_chart, ["2024-01-03T10:00:00+02:00"], "2200-01-01T00:00:00+00:00"),
    ],
)
def test_a_year_of_no_market_is_said_with_its_line(rows: Rows, good: list[str], bad: str, tmp_path: Path) -> None:
    made = rows([*good, bad])
    line = len(made[1].splitlines())
    with pytest.raises(DataError, match=rf"line {line}: .*lies before 1970 or after 2199 \(1 such times\)"):
        _store(tmp_path, made)
    assert not (tmp_path / "store").exists()


def test_a_year_is_looked_at_again_when_the_clock_is_taken_into_account(tmp_path: Path) -> None:
    made = _chart(["1970-01-01 00:00:00", "1970-01-01 00:05:00"])
    with pytest.raises(DataError, match=r"line 2: '1970-01-01 00:00:00' lies before 1970"):
        _store(tmp_path, made, options=Options(zone="+02:00"))
    assert _times(tmp_path, made, options=Options(zone="-05:00"))[0] == "1970-01-01T05:00:00"
    last = _chart(["2199-12-31 23:50:00", "2199-12-31 23:55:00"])
    assert _times(tmp_path, last, options=Options(zone="UTC"))[-1] == "2199-12-31T23:55:00"


@pytest.mark.parametrize("times", [[1_704_276_000, 1_704_276_300_000], [1_704_276_000_000_000, 1_704_276_300_000]])
def test_one_column_has_one_unit(times: list[int], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is no time in m\w+ like .*; write all times in one unit"):
        _store(tmp_path, _chart([str(t) for t in times]))


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_seconds_to_nanoseconds_are_told_by_their_size(unit: int, tmp_path: Path) -> None:
    made = _chart([str((1_704_276_000 + 300 * k) * unit) for k in range(3)])
    assert _times(tmp_path, made) == ["2024-01-03T10:00:00", "2024-01-03T10:05:00", "2024-01-03T10:10:00"]


def test_parts_of_a_second_are_kept(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,bid,ask\n1704276000.25,1.1,1.2\n1704276000.5,1.1,1.3\n", encoding="utf-8")
    report = import_bars(tmp_path / "x.csv", tmp_path, CATALOGUE, symbol="EURUSD", options=Options(zone="UTC"))
    series = load_bars([str(report["written"])], CATALOGUE, cache=False).series["EURUSD"]
    assert list(series.time - utc("2024-01-03 10:00")) == [250_000_000, 500_000_000]


@pytest.mark.parametrize(
    ("unit", "value"), [("s", 20_150_000_000), ("ms", -1), ("us", 7_258_118_400_000_000), ("ns", 2**63 - 1)]
)
def test_a_store_with_such_times_is_refused_with_its_row(unit: str, value: int, tmp_path: Path) -> None:
    made = flat(3)
    since = utc("2024-01-08 10:00") // {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    made["time"] = pa.array([since, since + 1, value], pa.timestamp(unit, tz="UTC"))
    write(tmp_path / "EURUSD_M1_x.parquet", made)
    with pytest.raises(DataError, match=r"1 times lie before 1970 or after 2199 \(first: row 2, "):
        load_bars([str(tmp_path)], CATALOGUE, cache=False)


def test_arrays_in_memory_are_held_to_the_same_years() -> None:
    price = np.array([1.1, 1.1])
    arrays = {"time": np.array([utc("2024-01-08 10:00"), -5]), **{f"bid_{n}": price for n in ("open", "high", "low")}}
    with pytest.raises(DataError, match=r"first: row 1, 1969-12-31"):
        series_from_arrays(CATALOGUE["EURUSD"], "M1", {**arrays, "bid_close": price})


@pytest.mark.parametrize(
    ("rows", "good", "bad", "more"),
    [
        (_histdata, "20120603 000600", "20120603 000060", {}),
        (_histdata, "20120603 000600", "20120603 000061", {}),
        (_histdata_ticks, "20120603 000600000", "20120603 000660000", {}),
        (_dukascopy, "01.06.2020 22:00:00.601", "01.06.2020 22:01:60.000", {}),
        (_chart, "3/6/2012 0:06:1", "3/6/2012 0:06:60", {"time_format": "%d/%m/%Y %H:%M:%S", "zone": "UTC"}),
    ],
)
def test_a_minute_has_sixty_seconds(rows: Rows, good: str, bad: str, more: dict[str, Any], tmp_path: Path) -> None:
    options = Options(**more)
    assert len(_times(tmp_path, rows([good]), options=options, timeframe=None if "T_" in rows([])[0] else "M1")) == 1
    with pytest.raises(DataError, match=r"line \d: .* is no time like the others \(1 such values\)"):
        _store(tmp_path, rows([good, bad]), options=options)


@pytest.mark.parametrize("given", ["%Q", "%Y %Y", "%"])
def test_a_format_that_is_none_is_said(given: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="time format"):
        _store(tmp_path, _chart(["3 6"]), options=Options(time_format=given, zone="UTC"))


def test_half_a_line_is_called_that(tmp_path: Path) -> None:
    name, text = _histdata(["20120201 000000", "20120201 000100"])
    with pytest.raises(
        DataError, match=r"line 3, column 2: there is nothing; is the line complete\? \(1 such values\)"
    ):
        _store(tmp_path, (name, text + "20120203 0000"))


@pytest.mark.parametrize("rows_before", [1, 1200])
def test_a_line_of_megabytes_makes_a_short_error(rows_before: int, tmp_path: Path) -> None:
    name, text = _histdata([f"20120201 {k // 60:02d}{k % 60:02d}00" for k in range(rows_before)])
    with pytest.raises(DataError) as error:
        _store(tmp_path, (name, text + "2" * 5_000_000 + "\n"))
    assert len(str(error.value)) < 400 and f"line {rows_before + 1}" in str(error.value)
