"""Foreign files: MetaTrader 5 exports, TradingView charts, any CSV; instants are known by hand."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bars_by_hand import as_datetimes

from zepix.data import default_catalogue, load_bars
from zepix.data.importers import Options, detect, parse_column_map
from zepix.data.importing import import_bars
from zepix.errors import ConfigError, DataError
from zepix.model import Series

CATALOGUE = default_catalogue()
MT5_HEAD = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
MT5 = MT5_HEAD + (
    "2024.03.08\t23:58:00\t1.09380\t1.09385\t1.09378\t1.09381\t41\t0\t4\n"
    "2024.03.08\t23:59:00\t1.09381\t1.09386\t1.09380\t1.09384\t33\t0\t0\n"
    "2024.03.11\t00:00:00\t1.09390\t1.09399\t1.09388\t1.09395\t12\t0\t25\n"
    "2024.03.11\t00:01:00\t1.09395\t1.09396\t1.09390\t1.09391\t15\t0\t12\n"
)
CHART = (
    "time,open,high,low,close,Volume,Plot,Plot\n"
    "1704708000,2045.12,2046.5,2044.9,2046.01,120,,1\n"
    "1704708300,2046.01,2047.3,2045.8,2047.15,98,2,\n"
    "1704708600,2047.15,2047.2,2046.4,2046.6,77,,\n"
)


def _text(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def _import(path: Path, **more: object) -> tuple[dict[str, object], Series]:
    report = import_bars(path, path.parent / "store", CATALOGUE, **more)  # type: ignore[arg-type]
    loaded = load_bars([str(report["written"])], CATALOGUE, cache=False)
    return report, next(iter(loaded.series.values()))


class TestMetaTrader5:
    def test_server_times_become_utc_over_the_change_of_new_york(self, tmp_path: Path) -> None:
        report, series = _import(_text(tmp_path, "EURUSD_M1_202403082358_202403110001.csv", MT5))
        assert as_datetimes(series.time) == [
            "2024-03-08T21:58:00",
            "2024-03-08T21:59:00",
            "2024-03-10T21:00:00",
            "2024-03-10T21:01:00",
        ]
        assert (report["symbol"], report["timeframe"], report["zone"]) == ("EURUSD", "M1", "NY+7")
        assert report["timeframe_from"] == "file name"
        assert Path(str(report["written"])).name == "EURUSD_M1_20240308_20240310.parquet"
        assert report["gaps"] == 0

    def test_the_spread_of_each_bar_makes_its_ask(self, tmp_path: Path) -> None:
        _, series = _import(_text(tmp_path, "EURUSD_M1_x.csv", MT5))
        assert list(series.ask_open - series.bid_open) == [4, 0, 25, 12]
        assert list(series.bid_close) == [109_381, 109_384, 109_395, 109_391]
        assert series.facts["quotes"] == "spread column" and series.facts["zero_spread"] == 1

    def test_a_spread_in_points_of_two_decimals_becomes_points_of_three(self, tmp_path: Path) -> None:
        text = MT5_HEAD + "2024.01.08\t12:00:00\t2045.10\t2045.90\t2044.95\t2045.50\t9\t0\t25\n" * 1
        text += "2024.01.08\t12:05:00\t2045.50\t2045.55\t2045.00\t2045.10\t9\t0\t31\n"
        report, series = _import(_text(tmp_path, "XAUUSD_M5_x.csv", text))
        assert report["decimals"] == 2
        assert list(series.ask_open - series.bid_open) == [250, 310]  # 0.25 and 0.31 dollars

    def test_volume_is_kept(self, tmp_path: Path) -> None:
        report, _ = _import(_text(tmp_path, "EURUSD_M1_x.csv", MT5))
        table = pq.read_table(str(report["written"]))
        assert table.column("tick_volume").to_pylist() == [41, 33, 12, 15]
        assert str(table.schema.field("time").type) == "timestamp[us, tz=UTC]"

    def test_daily_bars_have_no_time_column(self, tmp_path: Path) -> None:
        text = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        text += "".join(f"2024.01.{day:02d}\t1.1\t1.2\t1.0\t1.1\t9\t0\t5\n" for day in (8, 9, 10))
        _, series = _import(_text(tmp_path, "EURUSD_Daily_x.csv", text), symbol="EURUSD")
        assert as_datetimes(series.time)[0] == "2024-01-07T22:00:00" and series.timeframe == "1d"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_encodings_and_line_ends_of_windows(self, tmp_path: Path, encoding: str) -> None:
        path = _text(tmp_path, "EURUSD_M1_x.csv", MT5.replace("\n", "\r\n"), encoding)
        assert len(_import(path)[1]) == 4

    def test_another_server_zone_can_be_said(self, tmp_path: Path) -> None:
        path = _text(tmp_path, "EURUSD_M1_x.csv", MT5)
        _, series = _import(path, options=Options(zone="Europe/Athens"))
        assert as_datetimes(series.time)[2] == "2024-03-10T22:00:00"  # Europe changes three weeks later

    def test_ticks_carry_a_price_that_did_not_change(self, tmp_path: Path) -> None:
        text = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n" + (
            "2024.03.11\t00:00:00.123\t\t1.09400\t\t\t4\n"
            "2024.03.11\t00:00:01.500\t1.09390\t\t\t\t2\n"
            "2024.03.11\t00:00:01.500\t\t1.09402\t\t\t4\n"
            "2024.03.11\t00:01:00.007\t1.09391\t1.09403\t\t\t6\n"
        )
        report, series = _import(_text(tmp_path, "EURUSD_202403110000_202403110001.csv", text))
        assert (report["timeframe"], report["symbol"], report["unquoted_rows"]) == ("TICK", "EURUSD", 1)
        assert as_datetimes(series.time) == ["2024-03-10T21:00:01", "2024-03-10T21:00:01", "2024-03-10T21:01:00"]
        assert list(series.bid_open) == [109_390, 109_390, 109_391]
        assert list(series.ask_open) == [109_400, 109_402, 109_403]
        bad = _text(tmp_path, "EURUSD_202403110000_202403110002.csv", text.replace("1.09391", "x"))
        with pytest.raises(DataError, match="line 5, column <BID>: 'x' is no number"):
            _import(bad)
        none = _text(tmp_path, "EURUSD_202403110000_202403110003.csv", "".join(text.splitlines(True)[:2]))
        with pytest.raises(DataError, match="no quote of both sides"):
            _import(none)


class TestTradingView:
    def test_seconds_since_1970_are_utc_and_the_name_tells_the_rest(self, tmp_path: Path) -> None:
        report, series = _import(_text(tmp_path, "OANDA_XAUUSD, 5.csv", CHART))
        assert as_datetimes(series.time) == ["2024-01-08T10:00:00", "2024-01-08T10:05:00", "2024-01-08T10:10:00"]
        assert (report["format"], report["symbol"], report["timeframe"]) == ("tradingview", "XAUUSD", "M5")
        assert list(series.bid_open) == [2_045_120, 2_046_010, 2_047_150]
        assert series.facts["quotes"] == "spread model"

    def test_iso_times_with_an_offset_need_no_zone(self, tmp_path: Path) -> None:
        text = "time,open,high,low,close\n"
        text += "".join(f"2024-01-08T12:{minute}:00+02:00,1.1,1.2,1.0,1.1\n" for minute in ("00", "15"))
        report, series = _import(_text(tmp_path, "FX_EURUSD, 15_1a2b3.csv", text))
        assert as_datetimes(series.time)[0] == "2024-01-08T10:00:00" and report["timeframe"] == "M15"
        assert report["zone"] == "as written"

    def test_days_without_a_zone_are_never_guessed(self, tmp_path: Path) -> None:
        text = "time,open,high,low,close\n2024-01-08,1.1,1.2,1.0,1.1\n2024-01-09,1.1,1.2,1.0,1.1\n"
        path = _text(tmp_path, "FX_EURUSD, 1D.csv", text)
        with pytest.raises(ConfigError, match="carry no time zone"):
            _import(path)
        assert as_datetimes(_import(path, options=Options(zone="UTC"))[1].time)[1] == "2024-01-09T00:00:00"

    def test_a_bar_in_progress_can_be_left_out(self, tmp_path: Path) -> None:
        assert len(_import(_text(tmp_path, "OANDA_XAUUSD, 5.csv", CHART), drop_last=True)[1]) == 2


class TestAnyCsv:
    def test_a_column_map_and_a_zone(self, tmp_path: Path) -> None:
        text = "Gmt time;Open;High;Low;Close;Vol\n"
        text += "08.01.2024 10:00:00.000;1,1;1,2;1,0;1,15;5\n"
        text += "08.01.2024 10:01:00.000;1,15;1,2;1,0;1,1;5\n"
        where = parse_column_map("time=Gmt time, open=Open,high=High,low=Low,close=Close,volume=Vol")
        options = Options(zone="UTC", columns=where, time_format="%d.%m.%Y %H:%M:%S.%f", decimal=",")
        report, series = _import(_text(tmp_path, "prices.csv", text), symbol="EURUSD", options=options)
        assert as_datetimes(series.time)[1] == "2024-01-08T10:01:00"
        assert list(series.bid_close) == [115_000, 110_000]
        assert report["timeframe_from"] == "distance of rows" and report["decimals"] == 2

    def test_no_headings_are_columns_by_number(self, tmp_path: Path) -> None:
        text = "2024.01.08,10:00,1.1,1.2,1.0,1.1,5\n2024.01.08,10:01,1.1,1.2,1.0,1.1,5\n"
        where = {"date": "1", "time": "2", "open": "3", "high": "4", "low": "5", "close": "6"}
        _, series = _import(
            _text(tmp_path, "EURUSD_M1.csv", text), options=Options(zone="NY+7", columns=where), symbol="EURUSD"
        )
        assert as_datetimes(series.time)[0] == "2024-01-08T08:00:00"

    def test_both_sides_of_the_quote(self, tmp_path: Path) -> None:
        names = [f"{side}_{p}" for side in ("bid", "ask") for p in ("open", "high", "low", "close")]
        text = ",".join(["time", *names]) + "\n"
        text += "".join(f"2024-01-08 10:0{k}:00,1.1,1.2,1.0,1.1,1.1002,1.2002,1.0002,1.1002\n" for k in range(3))
        _, series = _import(_text(tmp_path, "EURUSD_M1_x.csv", text), options=Options(zone="UTC"))
        assert list(series.ask_low - series.bid_low) == [20, 20, 20] and series.facts["quotes"] == "ask columns"

    def test_compact_times_of_eight_and_six_digits(self, tmp_path: Path) -> None:
        text = "20240108 100000;1.1;1.2;1.0;1.1;0\n20240108 100100;1.1;1.2;1.0;1.1;0\n"
        where = {"time": "1", "open": "2", "high": "3", "low": "4", "close": "5"}
        _, series = _import(
            _text(tmp_path, "x.csv", text), options=Options(zone="-05:00", columns=where), symbol="EURUSD"
        )
        assert as_datetimes(series.time)[0] == "2024-01-08T15:00:00"

    def test_ticks_by_a_column_map_or_headings(self, tmp_path: Path) -> None:
        text = "when,b,a\n2024-01-08 10:00:00.5,1.1,1.1001\n2024-01-08 10:00:01,1.1002,1.1003\n"
        options = Options(zone="UTC", columns=parse_column_map("time=when,bid=b,ask=a"))
        _, series = _import(_text(tmp_path, "x.csv", text), symbol="EURUSD", options=options)
        assert series.timeframe == "tick" and list(series.ask_open) == [110_010, 110_030]
        plain = _text(tmp_path, "y.csv", text.replace("when,b,a", "time,bid,volume"))
        report, series = _import(plain, symbol="EURUSD", options=Options(zone="UTC"), overwrite=True)
        assert report["quotes"] == "spread model" and report["timeframe"] == "TICK"

    def test_bars_are_not_taken_for_ticks(self, tmp_path: Path) -> None:
        path = _text(tmp_path, "OANDA_XAUUSD, 5.csv", CHART)
        with pytest.raises(DataError, match="holds bars, no ticks"):
            _import(path, timeframe="TICK")

    def test_numbers_of_a_server_need_their_clock_said(self, tmp_path: Path) -> None:
        text = "time,open,high,low,close,tick_volume\n1704708000,1.1,1.2,1.0,1.1,1\n1704708060,1.1,1.2,1.0,1.1,1\n"
        path = _text(tmp_path, "EURUSD_M1_x.csv", text)
        with pytest.raises(ConfigError, match="no time zone"):
            _import(path, kind="csv")
        _, series = _import(path, kind="csv", options=Options(zone="NY+7"))
        assert as_datetimes(series.time)[0] == "2024-01-08T08:00:00"


class TestOrder:
    HEAD = "time,open,high,low,close\n"

    def _rows(self, *minutes_and_closes: tuple[int, float]) -> str:
        rows = [f"2024-01-08T10:{minute:02d}:00Z,1.1,1.2,1.0,{close}\n" for minute, close in minutes_and_closes]
        return self.HEAD + "".join(rows)

    def test_newest_first_is_turned_round(self, tmp_path: Path) -> None:
        path = _text(tmp_path, "FX_EURUSD, 1.csv", self._rows((2, 1.12), (1, 1.11), (0, 1.1)))
        report, series = _import(path)
        assert (report["reversed"], report["unsorted_rows"]) == (True, 0)
        assert list(series.bid_close) == [110_000, 111_000, 112_000]

    def test_rows_out_of_order_are_sorted_and_counted(self, tmp_path: Path) -> None:
        path = _text(tmp_path, "FX_EURUSD, 1.csv", self._rows((0, 1.1), (2, 1.12), (1, 1.11), (3, 1.13)))
        report, series = _import(path)
        assert (report["reversed"], report["unsorted_rows"]) == (False, 1)
        assert list(series.bid_close) == [110_000, 111_000, 112_000, 113_000]

    def test_rows_that_repeat_in_full_are_merged(self, tmp_path: Path) -> None:
        report, series = _import(
            _text(tmp_path, "FX_EURUSD, 1.csv", self._rows((0, 1.1), (1, 1.11), (1, 1.11), (2, 1.1)))
        )
        assert (report["merged_rows"], report["rows_read"], len(series)) == (1, 4, 3)

    def test_rows_of_one_time_that_differ_need_a_word(self, tmp_path: Path) -> None:
        path = _text(tmp_path, "FX_EURUSD, 1.csv", self._rows((0, 1.1), (1, 1.11), (1, 1.12), (2, 1.1)))
        with pytest.raises(DataError, match=r"1 rows have the time of another.*2024-01-08 10:01"):
            _import(path)
        assert _import(path, duplicates="first")[1].bid_close[1] == 111_000
        report, series = _import(path, duplicates="last", overwrite=True)
        assert series.bid_close[1] == 112_000 and report["conflicting_rows"] == 1


@pytest.mark.parametrize(
    ("name", "text", "more", "error", "expected"),
    [
        ("EURUSD_M1_x.csv", "", {}, DataError, "empty"),
        ("EURUSD_M1_x.csv", MT5_HEAD, {}, DataError, "holds no rows"),
        ("EURUSD_M1_x.csv", MT5.replace("<CLOSE>", "<LAST>"), {}, DataError, "columns missing: <CLOSE>"),
        (
            "EURUSD_M1_x.csv",
            MT5.replace("1.09386", "n/a!"),
            {},
            DataError,
            "line 3, column <HIGH>: 'n/a!' is no number",
        ),
        ("EURUSD_M1_x.csv", MT5.replace("1.09386", ""), {}, DataError, "line 3, column <HIGH>"),
        ("EURUSD_M1_x.csv", MT5.replace("23:59:00", "29:59:00"), {}, DataError, "line 3: .* is no time"),
        ("EURUSD_M1_x.csv", MT5 + "1\t2\t3\t4\t5\t6\t7\t8\t9\t10\n", {}, DataError, "cannot be read as a table"),
        ("EURUSD_M1_x.csv", MT5.replace("1.09386", "1.09000"), {}, DataError, "highs are below their lows|outside"),
        ("EURUSD_M1_x.csv", MT5.replace("1.09", "-1.09"), {}, DataError, "zero or below"),
        ("EURUSD_M1_x.csv", MT5.replace("\t25\n", "\t-25\n"), {}, DataError, "no spreads"),
        ("prices.csv", MT5, {}, ConfigError, "say --symbol"),
        ("FOOBAR_M1_x.csv", MT5, {}, DataError, "FOOBAR is no known instrument"),
        ("EURUSD_H1_x.csv", MT5, {}, DataError, "is it really H1"),
        ("EURUSD_M1_x.csv", CHART, {}, DataError, "no M1 bars"),
        ("EURUSD_M1_x.csv", MT5, {"timeframe": "soon"}, ConfigError, "timeframe"),
        ("EURUSD_M1_x.csv", MT5, {"kind": "excel"}, ConfigError, "format 'excel'"),
        ("EURUSD_M1_x.csv", MT5, {"duplicates": "maybe"}, ConfigError, "error, first, last"),
        ("EURUSD_M1_x.csv", MT5, {"options": Options(zone="Mars")}, ConfigError, "no time zone"),
        ("EURUSD_M1_x.csv", MT5, {"options": Options(columns={"opne": "1"})}, ConfigError, "did you mean open"),
        ("EURUSD_M1_x.csv", MT5, {"options": Options(columns={"open": "x"})}, ConfigError, "nothing said for date"),
        ("EURUSD_M1_x.csv", "a,b\n1,2\n", {}, ConfigError, "nothing said for"),
        (
            "EURUSD_M1_x.csv",
            "time,open,high,low,close\n08/01/2024 10:00,1,1,1,1\n",
            {},
            ConfigError,
            "more than one way; say the format",
        ),
        (
            "EURUSD_M1_x.csv",
            "time,open,high,low,close\n2024-01-08T10:00:00Z,1,1,1,1\n2024-01-08T10:01:00,1,1,1,1\n",
            {},
            DataError,
            "line 3: .* has no offset",
        ),
    ],
)
def test_what_cannot_be_imported_is_said_and_nothing_is_written(
    name: str, text: str, more: dict[str, object], error: type[Exception], expected: str, tmp_path: Path
) -> None:
    path = _text(tmp_path, name, text)
    with pytest.raises(error, match=expected):
        import_bars(path, tmp_path / "store", CATALOGUE, **more)  # type: ignore[arg-type]
    assert not (tmp_path / "store").exists() or not list((tmp_path / "store").iterdir())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        import_bars(tmp_path / "none.csv", tmp_path, CATALOGUE)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "EURUSD_M1_x.csv"
    path.write_bytes(b"<DATE>\t\xff\xfe\x00\x80\n" * 3)
    with pytest.raises(DataError):
        import_bars(path, tmp_path, CATALOGUE)


def test_an_import_never_overwrites_unasked(tmp_path: Path) -> None:
    path = _text(tmp_path, "EURUSD_M1_x.csv", MT5)
    import_bars(path, tmp_path / "store", CATALOGUE)
    with pytest.raises(DataError, match="already there"):
        import_bars(path, tmp_path / "store", CATALOGUE)
    import_bars(path, tmp_path / "store", CATALOGUE, overwrite=True)


def test_formats_are_told_by_their_first_line(tmp_path: Path) -> None:
    assert detect(_text(tmp_path, "a.csv", MT5)) == "mt5"
    assert detect(_text(tmp_path, "b.csv", CHART)) == "tradingview"
    assert detect(_text(tmp_path, "c.csv", "Date;Open\n1;2\n")) == "csv"


def test_a_column_map_in_words() -> None:
    assert parse_column_map("time=Gmt time, Open = O") == {"time": "Gmt time", "open": "O"}
    with pytest.raises(ConfigError, match="word=heading"):
        parse_column_map("time")
