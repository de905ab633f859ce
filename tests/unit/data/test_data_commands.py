"""What `zepix bars import | check | list` give, without a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bars_by_hand import MINUTE, MONDAY, flat, times, write

from zepix.data import default_catalogue
from zepix.data.commands import check_bars, import_files, list_bars
from zepix.errors import ConfigError, DataError

CATALOGUE = default_catalogue()
CHART = "time,open,high,low,close\n1704708000,1.1,1.2,1.0,1.1\n1704708060,1.1,1.2,1.0,1.1\n"


def test_files_are_imported_one_report_each(tmp_path: Path) -> None:
    paths = [tmp_path / "FX_EURUSD, 1.csv", tmp_path / "FX_GBPUSD, 1.csv"]
    for path in paths:
        path.write_text(CHART, encoding="utf-8")
    reports = import_files(paths, tmp_path / "store", CATALOGUE)
    assert [report["symbol"] for report in reports] == ["EURUSD", "GBPUSD"]
    json.dumps(reports)
    assert [row["symbol"] for row in list_bars([str(tmp_path / "store")], CATALOGUE)] == ["EURUSD", "GBPUSD"]


def test_a_map_in_words_and_a_zone_are_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("When,O,H,L,C\n2024-01-08 10:00,1.1,1.2,1.0,1.1\n", encoding="utf-8")
    [report] = import_files(
        [path],
        tmp_path / "store",
        CATALOGUE,
        symbol="EURUSD",
        timeframe="H1",
        zone="+01:00",
        columns="time=When,open=O,high=H,low=L,close=C",
    )
    assert report["first"] == "2024-01-08 09:00 UTC" and report["timeframe"] == "H1"


def test_nothing_to_import_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        import_files([], tmp_path, CATALOGUE)


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("FX_GBPUSD, 1.csv", CHART.replace("1.2", "0.9"), DataError),  # a high below its low
        ("FX_FOOBAR, 1.csv", CHART, DataError),
        ("GBPUSD_M1_ask.csv", CHART, ConfigError),
        ("FX_GBPUSD, 1.csv", None, DataError),  # not there
    ],
)
def test_of_several_files_none_is_written_where_one_cannot_be(
    name: str, text: str | None, error: type[Exception], tmp_path: Path
) -> None:
    good, bad = tmp_path / "FX_EURUSD, 1.csv", tmp_path / name
    good.write_text(CHART, encoding="utf-8")
    if text is not None:
        bad.write_text(text, encoding="utf-8")
    with pytest.raises(error):
        import_files([good, bad], tmp_path / "store", CATALOGUE)
    assert not (tmp_path / "store").exists()
    import_files([good], tmp_path / "store", CATALOGUE)
    before = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    good.write_text(CHART.replace("1.1", "1.15"), encoding="utf-8")
    with pytest.raises(error):
        import_files([good, bad], tmp_path / "store", CATALOGUE, overwrite=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()} == before


def test_two_exports_that_would_become_one_file_are_said(tmp_path: Path) -> None:
    paths = [tmp_path / "FX_EURUSD, 1.csv", tmp_path / "OANDA_EURUSD, 1.csv"]
    for path in paths:
        path.write_text(CHART, encoding="utf-8")
    with pytest.raises(DataError, match=r"FX_EURUSD, 1\.csv and OANDA_EURUSD, 1\.csv would both become .*import one"):
        import_files(paths, tmp_path / "store", CATALOGUE, overwrite=True)
    assert not (tmp_path / "store").exists()


def test_every_file_of_a_store_is_checked_and_overlaps_are_said(tmp_path: Path) -> None:
    write(tmp_path / "EURUSD_M1_1.parquet", flat(10))
    write(tmp_path / "EURUSD_M1_2.parquet", flat(10, start=MONDAY + 5 * MINUTE))
    write(tmp_path / "EURUSD_M5_1.parquet", flat(1))
    (tmp_path / "GBPUSD_M1_1.parquet").write_bytes(b"no")
    reports = check_bars([str(tmp_path)], CATALOGUE)
    assert [(r["source"], r["usable"]) for r in reports] == [
        ("EURUSD_M1_1.parquet", True),
        ("EURUSD_M1_2.parquet", False),
        ("EURUSD_M5_1.parquet", True),
        ("GBPUSD_M1_1.parquet", False),
    ]
    assert any("overlaps EURUSD_M1_1.parquet" in problem for problem in reports[1]["problems"])
    assert all(isinstance(label, str) for report in reports for label, _ in report["lines"])


def test_nothing_to_check_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no prices"):
        check_bars([str(tmp_path)], CATALOGUE)


def test_ticks_of_a_store_are_checked_too(tmp_path: Path) -> None:
    made = {"time": times(4), "bid": [1.1, 1.1, 1.2, 1.2], "ask": [1.1, 1.1, 1.1, 1.3]}
    write(tmp_path / "EURUSD_TICK_1.parquet", made)
    write(tmp_path / "EURUSD_TICK_2.parquet", made | {"time": times(4, MONDAY + 3 * MINUTE)})
    write(tmp_path / "EURUSD_TICK_3.parquet", made | {"time": times(4, MONDAY + 5 * MINUTE)})
    reports = check_bars([str(tmp_path)], CATALOGUE)
    assert [(r["timeframe"], r["usable"]) for r in reports] == [("TICK", True), ("TICK", True), ("TICK", False)]
    assert reports[0]["counts"]["crossed"] == 1
    assert any(label == "ticks" and "25.00% change neither price" in text for label, text in reports[0]["lines"])
    json.dumps(reports)


def test_a_store_is_listed_from_its_footers(tmp_path: Path) -> None:
    write(tmp_path / "EURUSD_M1_1.parquet", flat(10))
    write(tmp_path / "EURUSD_TICK_1.parquet", {"time": times(2), "bid": [1.1, 1.1], "ask": [1.1, 1.1]})
    write(tmp_path / "FOOBAR_M1_1.parquet", flat(3, spread=None) | {"spread": [1, 2, 3]})
    (tmp_path / "GBPUSD_M1_1.parquet").write_bytes(b"no")
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    rows = {(r["symbol"], r["timeframe"]): r for r in list_bars([str(tmp_path)], CATALOGUE)}
    assert len(rows) == 4
    euro = rows["EURUSD", "M1"]
    assert (euro["rows"], euro["first"], euro["last"]) == (10, "2024-01-08 10:00 UTC", "2024-01-08 10:09 UTC")
    assert euro["quotes"] == "ask columns" and euro["known"] and euro["bytes"] > 0
    assert rows["EURUSD", "TICK"]["quotes"] == "ticks"
    assert rows["FOOBAR", "M1"]["quotes"] == "spread column" and not rows["FOOBAR", "M1"]["known"]
    assert "cannot be read" in rows["GBPUSD", "M1"]["problem"]
    assert len(list_bars([f"EURUSD:M1={tmp_path / 'EURUSD_M1_1.parquet'}"], CATALOGUE)) == 1
    with pytest.raises(DataError):
        list_bars([str(tmp_path / "none")], CATALOGUE)
