"""HistData's files, in the shapes its own page of formats shows; instants are known by hand (UTC-5 all year)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from bars_by_hand import as_datetimes
from workbook_by_hand import write_workbook

from zepix.data import default_catalogue, load_bars
from zepix.data.foreign_names import Told, told_by_name
from zepix.data.importers import Options, detect
from zepix.data.importing import import_bars
from zepix.errors import ConfigError, DataError
from zepix.model import Series

CATALOGUE = default_catalogue()
MINUTES = (
    "20120201 000000;1.306600;1.306600;1.306560;1.306560;0\n"
    "20120201 000100;1.306570;1.306570;1.306470;1.306560;0\n"
    "20120201 000200;1.306520;1.306560;1.306520;1.306560;0\n"
)
TICKS = (
    "20120201 000003660,1.306600,1.306770,0\n"
    "20120201 000003973,1.306580,1.306750,0\n"
    "20120201 000105003,1.306590,1.306760,0\n"
)
METATRADER = (
    "2012.02.01,00:00,1.306600,1.306600,1.306560,1.306560,0\n2012.02.01,00:01,1.306570,1.306570,1.306470,1.306560,0\n"
)
FIRST_THREE = ["2012-02-01T05:00:00", "2012-02-01T05:01:00", "2012-02-01T05:02:00"]


def _text(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="\r\n")
    return path


def _import(path: Path, **more: object) -> tuple[dict[str, object], Series]:
    report = import_bars(path, path.parent / "store", CATALOGUE, **more)  # type: ignore[arg-type]
    loaded = load_bars([str(report["written"])], CATALOGUE, cache=False)
    return report, next(iter(loaded.series.values()))


def test_minutes_are_bids_five_hours_behind_utc(tmp_path: Path) -> None:
    report, series = _import(_text(tmp_path, "DAT_ASCII_EURUSD_M1_201202.csv", MINUTES))
    assert as_datetimes(series.time) == FIRST_THREE
    assert list(series.bid_low) == [130_656, 130_647, 130_652]
    assert series.facts["quotes"] == "spread model"
    assert (report["format"], report["zone"], report["symbol"]) == ("histdata", "-05:00", "EURUSD")
    assert (report["timeframe"], report["timeframe_from"], report["decimals"]) == ("M1", "file name", 6)
    assert Path(str(report["written"])).name == "EURUSD_M1_20120201_20120201.parquet"


def test_there_is_no_daylight_saving_in_summer(tmp_path: Path) -> None:
    path = _text(tmp_path, "DAT_ASCII_EURUSD_M1_2012.csv", MINUTES.replace("20120201", "20120702"))
    assert as_datetimes(_import(path)[1].time)[0] == "2012-07-02T05:00:00"  # New York's own clock would give 04:00
    _, series = _import(path, options=Options(zone="America/New_York"), overwrite=True)
    assert as_datetimes(series.time)[0] == "2012-07-02T04:00:00"


def test_ticks_are_bid_and_ask_with_milliseconds(tmp_path: Path) -> None:
    report, series = _import(_text(tmp_path, "DAT_ASCII_EURUSD_T_201202.csv", TICKS))
    assert (report["symbol"], report["timeframe"], report["equal_times"]) == ("EURUSD", "TICK", 0)
    assert series.timeframe == "tick" and Path(str(report["written"])).name.startswith("EURUSD_TICK_2012")
    assert [int(t) for t in series.time - series.start_ns] == [0, 313_000_000, 61_343_000_000]
    assert as_datetimes(series.time)[0] == "2012-02-01T05:00:03"
    assert list(series.bid_open) == [130_660, 130_658, 130_659]
    assert list(series.ask_open) == [130_677, 130_675, 130_676]


def test_ticks_become_two_sided_minutes_where_a_timeframe_is_said(tmp_path: Path) -> None:
    report, series = _import(_text(tmp_path, "DAT_ASCII_EURUSD_T_201202.csv", TICKS), timeframe="M1")
    assert (report["timeframe"], report["resampled_from"]) == ("M1", "TICK")
    assert (report["rows_read"], report["rows_written"]) == (3, 2)
    assert as_datetimes(series.time) == FIRST_THREE[:2]
    assert list(series.bid_open) == [130_660, 130_659] and list(series.bid_low) == [130_658, 130_659]
    assert list(series.ask_close) == [130_675, 130_676] and series.facts["finer_than_point"] == 0


def test_the_metatrader_shape_is_histdatas_by_name_or_by_word(tmp_path: Path) -> None:
    named = _text(tmp_path, "DAT_MT_EURUSD_M1_201202.csv", METATRADER)
    assert as_datetimes(_import(named)[1].time) == FIRST_THREE[:2]
    other = _text(tmp_path, "EURUSD_M1_x.csv", METATRADER)
    with pytest.raises(ConfigError, match=r"MetaTrader 4 export .* say --format histdata for the one, --zone"):
        _import(other)
    assert as_datetimes(_import(other, kind="histdata", overwrite=True)[1].time)[0] == FIRST_THREE[0]
    _, series = _import(other, options=Options(zone="NY+7"))
    assert as_datetimes(series.time)[0] == "2012-01-31T22:00:00"


@pytest.mark.parametrize("moment", [40_940.0, "2012.02.01 00:00:00", "2012-02-01 00:00"])
def test_a_workbook_has_the_same_six_columns(tmp_path: Path, moment: float | str) -> None:
    path = tmp_path / "DAT_XLSX_EURUSD_M1_201202.xlsx"
    write_workbook(path, [[moment, 1.3066, 1.3066, 1.30656, 1.30656, 0]])
    report, series = _import(path)
    assert as_datetimes(series.time) == FIRST_THREE[:1] and list(series.bid_low) == [130_656]
    assert (report["format"], report["decimals"]) == ("histdata", 5)


def test_days_of_a_workbook_are_rounded_to_the_second(tmp_path: Path) -> None:
    """Minutes as a fraction of a day, cut as writers cut them."""
    path = tmp_path / "DAT_XLSX_EURUSD_M1_201202.xlsx"
    moments = [40_940.0, 40_940.00069, 40_940.0013888888]
    write_workbook(path, [[moment, 1.3066, 1.3066, 1.30656, 1.30656, 0] for moment in moments])
    assert as_datetimes(_import(path)[1].time) == FIRST_THREE
    old = tmp_path / "DAT_XLSX_GBPUSD_M1_201202.xlsx"
    write_workbook(old, [[moment - 1462, 1.3066, 1.3066, 1.30656, 1.30656, 0] for moment in moments], since_1904=True)
    assert as_datetimes(_import(old)[1].time) == FIRST_THREE


def test_a_workbook_of_somebody_else_needs_a_word(tmp_path: Path) -> None:
    path = tmp_path / "prices.xlsx"
    write_workbook(path, [[40_940.0, 1.3066, 1.3066, 1.30656, 1.30656, 0]])
    with pytest.raises(ConfigError, match="say --format histdata"):
        _import(path, symbol="EURUSD", timeframe="M1")
    assert len(_import(path, symbol="EURUSD", timeframe="M1", kind="histdata")[1]) == 1


def test_the_archive_as_it_is_downloaded(tmp_path: Path) -> None:
    path = tmp_path / "HISTDATA_COM_ASCII_EURUSD_M1201202.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("DAT_ASCII_EURUSD_M1_201202.txt", "gaps: none\n")
        archive.writestr("DAT_ASCII_EURUSD_M1_201202.csv", MINUTES)
    report, series = _import(path)
    assert as_datetimes(series.time) == FIRST_THREE
    assert (report["source"], report["member"]) == (path.name, "DAT_ASCII_EURUSD_M1_201202.csv")


def test_shapes_are_told_by_content(tmp_path: Path) -> None:
    for text in (MINUTES, TICKS, METATRADER):
        assert detect(_text(tmp_path, "x.csv", text)) == "histdata"
    for text in ("20120201;1.3;1.3;1.3;1.3;0\n", "20120201 000000,1.3,1.3\n", "2012-02-01 00:00;1;1;1;1;0\n"):
        assert detect(_text(tmp_path, "x.csv", text)) == "csv"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MINUTES + "20120201 006000;1.3;1.3;1.3;1.3;0\n", "line 4: .* is no time"),
        (MINUTES + "20120201 000300;1.3;;1.3;1.3;0\n", "line 4, column 3"),
        (MINUTES + "20120201 000300;1.3;1.3;1.3;1.3;0;7;8\n", "cannot be read as a table"),
        (MINUTES + "20120201 000200;1.4;1.4;1.4;1.4;0\n", "1 rows have the time of another"),
        (MINUTES.replace("1.306600", "0.000000"), "zero or below"),
        ("20120201 000000\n", "none of HistData's shapes"),
    ],
)
def test_broken_rows_are_said_with_their_line(tmp_path: Path, text: str, expected: str) -> None:
    path = _text(tmp_path, "DAT_ASCII_EURUSD_M1_201202.csv", text)
    with pytest.raises(DataError, match=expected):
        _import(path, kind="histdata")


def test_rows_outside_the_week_cast_a_doubt_on_the_zone(tmp_path: Path) -> None:
    """Friday 6 July 2012: New York closes at 17:00 daylight time, 16:00 of a clock without it."""
    rows = "".join(f"20120706 16{minute:02d}00;1.3;1.3;1.3;1.3;0\n" for minute in range(30))
    path = _text(tmp_path, "DAT_ASCII_EURUSD_M1_201207.csv", rows)
    report, _ = _import(path)
    assert report["outside_week"] == 30 and "were 1 h earlier; is the zone right?" in str(report["warning"])
    report, _ = _import(path, options=Options(zone="America/New_York"), overwrite=True)
    assert report["outside_week"] == 0 and "warning" not in report


@pytest.mark.parametrize(
    ("stem", "told"),
    [
        ("DAT_ASCII_EURUSD_M1_201202", Told("EURUSD", "1m")),
        ("DAT_ASCII_EURUSD_T_201202", Told("EURUSD", "tick")),
        ("DAT_XLSX_XAUUSD_M1_2012", Told("XAUUSD", "1m")),
        ("HISTDATA_COM_ASCII_EURUSD_M12012", Told("EURUSD", "1m")),
        ("HISTDATA_COM_ASCII_EURUSD_T201202", Told("EURUSD", "tick")),
        ("EURUSD_Candlestick_1_M_BID_01.01.2020-31.12.2020", Told("EURUSD", "1m")),
        ("EURUSD_Candlestick_4_Hour_ASK_01.01.2020-31.12.2020", Told("EURUSD", "4h")),
        ("EURUSD_Candlestick_1_D_BID_01.01.2020-31.12.2020", Told("EURUSD", "1d")),
        ("EURUSD_Ticks_01.01.2020-02.01.2020", Told("EURUSD", "tick")),
        ("XAUUSD_1 Min_Bid_2012.01.01_2012.02.01", Told("XAUUSD", "1m")),
        ("EURUSD_UTC_15 Mins_Bid_2003.05.04_2015.03.23", Told("EURUSD", "15m")),
        ("EURUSD_Hourly_Ask_2012.01.01_2012.02.01", Told("EURUSD", "1h")),
        ("EURUSD_M15_202401010000_202412312359", Told("EURUSD", "15m")),
        ("EURUSD_202401020000_202401022359", Told("EURUSD", None)),
        ("OANDA_XAUUSD, 5", Told("XAUUSD", "5m")),
        ("prices", Told(None, None)),
    ],
)
def test_names_tell_symbol_and_timeframe(stem: str, told: Told) -> None:
    assert told_by_name(stem) == told
