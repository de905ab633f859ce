"""Dukascopy's files: headings and clocks of the web export and of JForex, two sides in two files, flat bars, ticks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from bars_by_hand import MARKET, NO_MARKET, as_datetimes

from zepix.data import default_catalogue, load_bars
from zepix.data.commands import import_files, pairs
from zepix.data.importers import Options, detect
from zepix.data.importing import import_bars
from zepix.errors import ConfigError, DataError
from zepix.model import Series

CATALOGUE = default_catalogue()
HEAD = "Gmt time,Open,High,Low,Close,Volume\n"
WEB_BID = "EURUSD_Candlestick_1_M_BID_01.02.2012-02.02.2012.csv"
WEB_ASK = WEB_BID.replace("BID", "ASK")


def _row(stamp: str, *prices: float, volume: float = 10.5) -> str:
    return ",".join([stamp, *(repr(price) for price in prices), repr(volume)]) + "\n"


def _minutes(shift: float = 0.0) -> str:
    rows = [(1.3066, 1.3067, 1.3065, 1.3066), (1.3066, 1.3069, 1.3066, 1.3068), (1.3068, 1.3068, 1.306, 1.3061)]
    return HEAD + "".join(
        _row(f"01.02.2012 10:0{k}:00.000", *(round(price + shift, 5) for price in row)) for k, row in enumerate(rows)
    )


def _text(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _import(path: Path, **more: object) -> tuple[dict[str, object], Series]:
    report = import_bars(path, path.parent / "store", CATALOGUE, overwrite=True, **more)  # type: ignore[arg-type]
    loaded = load_bars([str(report["written"])], CATALOGUE, cache=False)
    return report, next(iter(loaded.series.values()))


class TestClocks:
    @pytest.mark.parametrize(
        ("heading", "stamp", "expected"),
        [
            ("Gmt time", "01.02.2012 10:00:00.000", "2012-02-01T10:00:00"),
            ("GMT time", "01.02.2012 10:00:00", "2012-02-01T10:00:00"),
            ("Local time", "01.02.2012 10:00:00.000 GMT+0100", "2012-02-01T09:00:00"),
            ("Local time", "01.02.2012 10:00:00.000 GMT-0500", "2012-02-01T15:00:00"),
            ("Etc/UTC", "2012-02-01T10:00:00+00:00", "2012-02-01T10:00:00"),
            ("Europe/Athens", "2012-02-01T10:00:00+02:00", "2012-02-01T08:00:00"),
            ("Time (UTC)", "2012.02.01 10:00:00", "2012-02-01T10:00:00"),
            ("Time (EET)", "2012.02.01 10:00:00", "2012-02-01T08:00:00"),
            ("Time (EET)", "2012.07.02 10:00:00", "2012-07-02T07:00:00"),  # with daylight saving
        ],
    )
    def test_a_heading_says_its_clock(self, tmp_path: Path, heading: str, stamp: str, expected: str) -> None:
        path = _text(tmp_path, WEB_BID, HEAD.replace("Gmt time", heading) + _row(stamp, 1.1, 1.1, 1.1, 1.1))
        assert detect(path) == "dukascopy"
        report, series = _import(path)
        assert as_datetimes(series.time) == [expected]
        assert report["format"] == "dukascopy"

    def test_the_day_comes_first_where_dots_are(self, tmp_path: Path) -> None:
        path = _text(tmp_path, WEB_BID, HEAD + _row("03.04.2012 10:00:00.000", 1.1, 1.1, 1.1, 1.1))
        assert as_datetimes(_import(path)[1].time) == ["2012-04-03T10:00:00"]

    def test_local_times_of_a_change_of_clocks_stay_in_order(self, tmp_path: Path) -> None:
        stamps = [f"28.10.2012 02:{minute}:00.000 GMT+0{offset}00" for offset in "21" for minute in ("00", "30")]
        rows = "".join(_row(stamp, 1.1, 1.1, 1.1, 1.1) for stamp in stamps)
        path = _text(tmp_path, "EURUSD_30 Mins_Bid_x.csv", HEAD.replace("Gmt", "Local") + rows)
        assert [t[11:16] for t in as_datetimes(_import(path)[1].time)] == ["00:00", "00:30", "01:00", "01:30"]

    def test_local_times_without_an_offset_are_never_guessed(self, tmp_path: Path) -> None:
        path = _text(tmp_path, WEB_BID, _minutes().replace("Gmt", "Local"))
        with pytest.raises(ConfigError, match="carry no time zone"):
            _import(path)
        assert as_datetimes(_import(path, options=Options(zone="+01:00"))[1].time)[0] == "2012-02-01T09:00:00"

    def test_an_unknown_clock_is_an_error(self, tmp_path: Path) -> None:
        path = _text(
            tmp_path, WEB_BID, HEAD.replace("Gmt time", "Time (XYZ)") + _row("2012.02.01 10:00:00", 1, 1, 1, 1)
        )
        with pytest.raises(ConfigError, match="'XYZ' is no time zone"):
            _import(path)


class TestTwoSides:
    def test_bid_and_ask_files_make_one_two_sided_series(self, tmp_path: Path) -> None:
        bid, ask = _text(tmp_path, WEB_BID, _minutes()), _text(tmp_path, WEB_ASK, _minutes(0.00012))
        [report] = import_files([ask, bid], tmp_path / "store", CATALOGUE)
        series = load_bars([str(tmp_path / "store")], CATALOGUE, cache=False).series["EURUSD"]
        assert list(series.bid_close) == [130_660, 130_680, 130_610]
        for price in ("open", "high", "low", "close"):
            assert list(getattr(series, f"ask_{price}") - getattr(series, f"bid_{price}")) == [12, 12, 12]
        assert (report["source"], report["rows_read"]) == (f"{WEB_BID} + {WEB_ASK}", 6)
        assert (report["unpaired_rows"], report["quotes"], report["crossed"]) == (0, "ask columns", 0)

    def test_a_bar_of_one_side_only_is_left_out_and_counted(self, tmp_path: Path) -> None:
        rows = [f"01.02.2012 {10 + k // 60}:{k % 60:02d}:00.000" for k in range(200)]
        bid = HEAD + "".join(_row(stamp, 1.1, 1.2, 1.1, 1.1) for stamp in rows)
        ask = HEAD + "".join(_row(stamp, 1.2, 1.3, 1.2, 1.2) for stamp in rows[:-1])
        report, series = _import(_text(tmp_path, WEB_BID, bid), ask=_text(tmp_path, WEB_ASK, ask))
        assert (report["unpaired_rows"], len(series)) == (1, 199)

    def test_files_of_different_periods_are_an_error(self, tmp_path: Path) -> None:
        ask = _text(tmp_path, WEB_ASK, _minutes().replace("01.02.2012", "02.02.2012"))
        with pytest.raises(DataError, match=r"6 bars of .* have no bar of the other side"):
            _import(_text(tmp_path, WEB_BID, _minutes()), ask=ask)

    def test_asks_alone_make_no_bars(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="import it together with the file of the bids"):
            _import(_text(tmp_path, WEB_ASK, _minutes()))

    def test_bids_alone_take_the_instruments_spread(self, tmp_path: Path) -> None:
        report, series = _import(_text(tmp_path, WEB_BID, _minutes()))
        assert report["quotes"] == "spread model" and (series.ask_open > series.bid_open).all()

    def test_ticks_and_bars_are_no_pair(self, tmp_path: Path) -> None:
        ticks = "Gmt time,Ask,Bid,AskVolume,BidVolume\n01.02.2012 10:00:00.000,1.2,1.1,1,1\n"
        with pytest.raises(DataError, match="not the two sides of one export"):
            _import(_text(tmp_path, WEB_BID, _minutes()), ask=_text(tmp_path, WEB_ASK, ticks))

    def test_pairs_are_found_by_name_in_any_spelling_and_folder(self) -> None:
        jforex = [Path(f"{side}/XAUUSD_1 Min_{side}_2012.01.01_2012.02.01.csv") for side in ("Bid", "Ask")]
        others = [Path("EURUSD_BID.csv"), Path("GBPUSD_ASK.csv"), Path("BIDU_M1_x.csv"), Path("task.csv")]
        assert pairs([jforex[1], *others, jforex[0]]) == [*((path, None) for path in others), (jforex[0], jforex[1])]

    def test_two_files_of_one_side_are_an_error(self) -> None:
        with pytest.raises(ConfigError, match="are both the ask"):
            pairs([Path("a/EURUSD_ASK.csv"), Path("b/eurusd_Ask.csv"), Path("EURUSD_BID.csv")])


class TestFlats:
    def test_flat_bars_without_volume_are_dropped_and_counted(self, tmp_path: Path) -> None:
        rows = [
            _row("03.02.2012 21:58:00.000", 1.31, 1.32, 1.31, 1.31),
            _row("03.02.2012 21:59:00.000", 1.31, 1.31, 1.31, 1.31, volume=0.75),  # one tick: it stays
            _row("03.02.2012 22:00:00.000", 1.31, 1.31, 1.31, 1.31, volume=0),
            _row("04.02.2012 12:00:00.000", 1.31, 1.31, 1.31, 1.31, volume=0),
            _row("05.02.2012 22:00:00.000", 1.31, 1.33, 1.31, 1.33),
        ]
        report, series = _import(_text(tmp_path, WEB_BID, HEAD + "".join(rows)))
        assert (report["flat_rows_dropped"], report["rows_read"], report["rows_written"]) == (2, 5, 3)
        assert as_datetimes(series.time)[-1] == "2012-02-05T22:00:00" and report["outside_week"] == 0

    def test_a_minute_in_which_one_side_moved_stays(self, tmp_path: Path) -> None:
        flat, moved = ((1.31,) * 4, (1.32, 1.33, 1.32, 1.32))
        head = _row("03.02.2012 20:00:00.000", 1.3, 1.4, 1.3, 1.3)
        bid = HEAD + head + _row("03.02.2012 20:01:00.000", *flat, volume=0)
        ask = HEAD + head + _row("03.02.2012 20:01:00.000", *moved, volume=2.5)
        report, series = _import(_text(tmp_path, WEB_BID, bid), ask=_text(tmp_path, WEB_ASK, ask))
        assert report["flat_rows_dropped"] == 0 and len(series) == 2

    def test_without_any_volume_only_the_weekend_goes(self, tmp_path: Path) -> None:
        stamps = ["03.02.2012 21:58:00.000", "03.02.2012 21:59:00.000", "03.02.2012 22:00:00.000"]
        rows = "".join(_row(stamp, 1.31, 1.31, 1.31, 1.31, volume=0) for stamp in stamps)
        report, series = _import(_text(tmp_path, WEB_BID, HEAD + rows))
        assert report["flat_rows_dropped"] == 1 and len(series) == 2

    def test_nothing_but_flats_is_an_error(self, tmp_path: Path) -> None:
        path = _text(tmp_path, WEB_BID, HEAD + _row("04.02.2012 12:00:00.000", 1.31, 1.31, 1.31, 1.31, volume=0))
        with pytest.raises(DataError, match="nothing was traded"):
            _import(path)


class TestTicks:
    HEAD = "Gmt time,Ask,Bid,AskVolume,BidVolume\n"

    def test_ask_comes_before_bid_and_floats_may_be_noisy(self, tmp_path: Path) -> None:
        text = self.HEAD + (
            "31.07.2011 23:00:00.652,1.13729,1.13699,2.25,1.13\n"
            "31.07.2011 23:00:00.885,1.13733,1.1370200000000001,2.25,1.13\n"
            "31.07.2011 23:00:00.885,1.13733,1.1370100000000001,2.25,1.13\n"
            "31.07.2011 23:00:00.885,1.13733,1.1370100000000001,9.75,1.13\n"
        )
        report, series = _import(_text(tmp_path, "EURUSD_Ticks_31.07.2011-31.07.2011.csv", text))
        assert list(series.bid_open) == [113_699, 113_702, 113_701] and list(series.ask_open) == [
            113_729,
            *[113_733] * 2,
        ]
        assert list(series.time - series.start_ns) == [0, 233_000_000, 233_000_001]
        assert (report["equal_times"], report["merged_rows"], report["decimals"]) == (1, 1, 5)
        assert "conflicting_rows" not in report and report["finer_than_point"] == 0

    def test_jforex_writes_the_year_first(self, tmp_path: Path) -> None:
        text = "Time (EET),Ask,Bid,AskVolume,BidVolume \n2026.04.13 03:00:00.100,1.2501,1.25,0.9,1.8\n"
        _, series = _import(_text(tmp_path, "GBPUSD_Ticks_2026.04.13_2026.04.13.csv", text))
        assert as_datetimes(series.time) == ["2026-04-13T00:00:00"] and series.timeframe == "tick"

    def test_ticks_out_of_order_are_sorted_and_counted_newest_first_turned_round(self, tmp_path: Path) -> None:
        rows = [f"01.02.2012 10:00:0{k}.000,1.2,1.1000{k},1,1\n" for k in range(4)]
        path = _text(tmp_path, "EURUSD_Ticks_x.csv", self.HEAD + "".join([rows[0], rows[2], rows[1], rows[3]]))
        report, series = _import(path)
        assert (report["unsorted_rows"], report["reversed"]) == (1, False)
        assert list(series.bid_open) == [110_000, 110_001, 110_002, 110_003]
        report, series = _import(_text(tmp_path, "EURUSD_Ticks_x.csv", self.HEAD + "".join(rows[::-1])))
        assert (report["unsorted_rows"], report["reversed"]) == (0, True)
        assert list(series.bid_open) == [110_000, 110_001, 110_002, 110_003]

    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path]:
        """The web's ticks of today: a file a side, four equal prices, times cut to the second."""
        seconds = [0, 0, 0, 1, 3, 3]
        made = []
        for name, first in ((WEB_BID.replace("1_M", "1_Tick"), 1.1), (WEB_ASK.replace("1_M", "1_Tick"), 1.1002)):
            rows = "".join(
                _row(f"2026-08-03T12:00:0{s}+00:00", *[round(first + k / 1e5, 5)] * 4, volume=120)
                for k, s in enumerate(seconds)
            )
            made.append(_text(tmp_path, name, HEAD.replace("Gmt time", "Etc/UTC") + rows))
        return made[0], made[1]

    def test_ticks_of_two_sides_are_paired_row_by_row(self, tmp_path: Path, sides: tuple[Path, Path]) -> None:
        [report] = import_files(sides, tmp_path / "store", CATALOGUE, symbol="EURUSD")
        series = load_bars([str(tmp_path / "store")], CATALOGUE, cache=False).series["EURUSD"]
        assert list(series.ask_open - series.bid_open) == [20] * 6 and report["equal_times"] == 3
        assert list(series.bid_open) == [110_000 + k for k in range(6)]

    def test_ticks_of_two_sides_with_other_times_are_an_error(self, tmp_path: Path, sides: tuple[Path, Path]) -> None:
        sides[1].write_text(sides[1].read_text(encoding="utf-8").replace(":03+", ":04+"), encoding="utf-8")
        with pytest.raises(DataError, match="their ticks have different times"):
            import_files(sides, tmp_path / "store", CATALOGUE, symbol="EURUSD")

    def test_ticks_of_the_bid_alone_take_the_instruments_spread(self, sides: tuple[Path, Path]) -> None:
        report, series = _import(sides[0], symbol="EURUSD")
        assert series.timeframe == "tick" and report["quotes"] == "spread model"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_minutes().replace("1.3067", "x"), "line 2, column High: 'x' is no number"),
        (_minutes().replace("01.02.2012 10:01", "2012-02-01 10:01"), "line 3: .* is no time"),
        (_minutes() + _row("01.02.2012 10:02:00.000", 1, 1, 1, 1), "1 rows have the time of another"),
        (_minutes().replace("Close", "Last"), "has not Dukascopy's headings"),
        (HEAD, "holds no rows"),
    ],
)
def test_broken_rows_are_said_with_their_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        _import(_text(tmp_path, WEB_BID, text), kind="dukascopy")


@pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)
@pytest.mark.parametrize("form", ["dukascopy", "histdata"])
def test_recorded_ticks_written_in_a_foreign_form_come_back_as_they_were(tmp_path: Path, form: str) -> None:
    """Ten thousand recorded ticks, whose times are whole milliseconds, written as the two sites write them."""
    import pyarrow.parquet as pq

    table = pq.read_table(MARKET / "EURUSD_TICK_20140501_20140515.parquet").slice(200_000, 10_000).to_pydict()
    lines = [TestTicks.HEAD] if form == "dukascopy" else []
    for moment, bid, ask in zip(*(table[name] for name in ("time", "bid", "ask")), strict=True):
        if form == "dukascopy":
            lines.append(f"{moment:%d.%m.%Y %H:%M:%S}.{moment.microsecond // 1000:03d},{ask},{bid},1,1\n")
        else:
            local = moment - timedelta(hours=5)
            lines.append(f"{local:%Y%m%d %H%M%S}{local.microsecond // 1000:03d},{bid:.6f},{ask:.6f},0\n")
    name = "EURUSD_Ticks_x.csv" if form == "dukascopy" else "DAT_ASCII_EURUSD_T_201405.csv"
    report, series = _import(_text(tmp_path, name, "".join(lines)))
    assert (report["format"], report["zone"]) == (form, "UTC" if form == "dukascopy" else "-05:00")
    merged = int(str(report["merged_rows"]))
    assert len(series) == 10_000 - merged and merged < 5
    recorded = load_bars([str(MARKET / "EURUSD_TICK_20140501_20140515.parquet")], CATALOGUE, cache=False)
    whole = recorded.series["EURUSD"]
    mine = slice(200_000, 210_000)
    repeats = np.isin(np.arange(10_000), _repeats(table))
    for name in ("time", "bid_open", "ask_open"):
        assert (getattr(whole, name)[mine][~repeats] == getattr(series, name)).all(), name


def _repeats(table: dict[str, list[object]]) -> list[int]:
    """Rows that repeat the row before in time and prices."""
    rows = list(zip(*(table[name] for name in ("time", "bid", "ask")), strict=True))
    return [k for k in range(1, len(rows)) if rows[k] == rows[k - 1]]
