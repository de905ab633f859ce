"""File names and arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from zepix.data.names import PriceFile, file_for, parse_argument, parse_name
from zepix.errors import ConfigError
from zepix.model.timeframe import normalise


@pytest.mark.parametrize(
    ("name", "symbol", "timeframe"),
    [
        ("EURUSD_M1_20140501_20140515.parquet", "EURUSD", "1m"),
        ("XAUUSD_H1_x.parquet", "XAUUSD", "1h"),
        ("EURUSD_H4.parquet", "EURUSD", "4h"),
        ("EURUSD_M30_2024.parquet", "EURUSD", "30m"),
        ("EURUSD.a_D1_1_2.PARQUET", "EURUSD.a", "1d"),
        ("eurusd_m15_1.parquet", "eurusd", "15m"),
        ("EURUSD_TICK_20140501_20140515.parquet", "EURUSD", "tick"),
    ],
)
def test_name_tells_symbol_and_timeframe(name: str, symbol: str, timeframe: str) -> None:
    found = parse_name(Path("store") / name)
    assert found is not None
    assert (found.symbol, found.timeframe) == (symbol, timeframe)


@pytest.mark.parametrize(
    "name", ["fxcm_EURUSD_M1_2014.parquet", "EURUSD.parquet", "EURUSD_X1_1.parquet", "EURUSD_M1.csv", "_M1_1.parquet"]
)
def test_other_names_tell_nothing(name: str) -> None:
    assert parse_name(Path(name)) is None


@pytest.mark.parametrize(
    ("argument", "symbol", "timeframe", "path"),
    [
        ("EURUSD:M1=prices.parquet", "EURUSD", "1m", "prices.parquet"),
        ("EURUSD:5m=a=b.parquet", "EURUSD", "5m", "a=b.parquet"),
        (r"XAUUSD:H1=C:\data\gold.parquet", "XAUUSD", "1h", r"C:\data\gold.parquet"),
        ("EURUSD:TICK=t.parquet", "EURUSD", "tick", "t.parquet"),
    ],
)
def test_named_argument_names_a_series(argument: str, symbol: str, timeframe: str, path: str) -> None:
    assert parse_argument(argument) == PriceFile(Path(path), symbol, timeframe)


@pytest.mark.parametrize(
    "argument",
    [
        "data",
        "./data/EURUSD_M1_1.parquet",
        r"C:\data\store",
        r"C:\odd=name\x",
        "C:/odd=name/x",
        "C:odd=name",
        "a=b",
        "EURUSD:=x",
    ],
)
def test_paths_stay_paths_with_drive_letters_and_equal_signs(argument: str) -> None:
    assert parse_argument(argument) == Path(argument)


@pytest.mark.parametrize("argument", ["", "  ", "EURUSD:M99x=prices.parquet", "a\0b"])
def test_wrong_argument_is_an_error_of_usage(argument: str) -> None:
    with pytest.raises(ConfigError):
        parse_argument(argument)


def test_file_name_of_a_series_holds_its_days_and_can_be_read_back() -> None:
    name = file_for("EURUSD", normalise("M15"), 1_704_067_200 * 10**9, 1_706_659_140 * 10**9)
    assert name == "EURUSD_M15_20240101_20240130.parquet"
    assert parse_name(Path(name)) == PriceFile(Path(name), "EURUSD", "15m")
    assert ":" not in name
