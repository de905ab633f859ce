"""From arguments to one series a symbol: choice, joining, what is left alone, what is an error."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from bars_by_hand import MINUTE, MONDAY, as_datetimes, columns, flat, times, utc, write

from zepix.data import BarsLoaded, default_catalogue, load_bars
from zepix.data.build import INDEX_COLUMNS
from zepix.errors import ConfigError, DataError
from zepix.kernels.crossing import build_index

CATALOGUE = default_catalogue()
HOUR = timedelta(hours=1)


def _load(*arguments: object, **more: object) -> BarsLoaded:
    return load_bars([str(a) for a in arguments], CATALOGUE, cache=False, **more)  # type: ignore[arg-type]


def _hourly(count: int, start=MONDAY) -> dict[str, object]:
    return flat(count) | {"time": pa.array(times(count, start, HOUR), pa.timestamp("us", tz="UTC"))}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write(tmp_path / "EURUSD_M1_a.parquet", flat(5))
    write(tmp_path / "EURUSD_H1_a.parquet", _hourly(5))
    write(tmp_path / "XAUUSD_M5_a.parquet", flat(3, 2000.0, 0.2) | {"time": pa.array(times(3, step=5 * MINUTE))})
    write(tmp_path / "GBPUSD_M1_a.parquet", flat(4, 1.27))
    return tmp_path


def test_a_folder_loads_every_symbol_in_catalogue_order_each_with_its_timeframe(store: Path) -> None:
    (store / "EURUSD_H1_a.parquet").unlink()
    loaded = _load(store)
    assert list(loaded.series) == ["XAUUSD", "EURUSD", "GBPUSD"]
    assert [s.timeframe for s in loaded.series.values()] == ["5m", "1m", "1m"]
    assert [row["symbol"] for row in loaded.report] == ["XAUUSD", "EURUSD", "GBPUSD"]
    assert loaded.report[1]["rows"] == 5 and loaded.report[1]["sources"] == ["EURUSD_M1_a.parquet"]
    assert loaded.load_s >= loaded.index_s >= 0


def test_several_series_of_a_symbol_without_a_choice_are_listed(store: Path) -> None:
    write(store / "GBPUSD_H4_a.parquet", flat(2))
    with pytest.raises(ConfigError) as caught:
        _load(store)
    said = str(caught.value)
    for part in ("EURUSD has several series", "GBPUSD has several", "M1 (EURUSD_M1_a.parquet)", "data.choice.EURUSD"):
        assert part in said


@pytest.mark.parametrize("word", ["H1", "1h", "60"])
def test_a_choice_takes_one_in_any_spelling(store: Path, word: str) -> None:
    assert _load(store, choice={"EURUSD": word}).series["EURUSD"].timeframe == "1h"


def test_a_choice_that_is_not_there_says_what_is(store: Path) -> None:
    with pytest.raises(ConfigError, match=r"EURUSD has no M15; it has H1 .*, M1"):
        _load(store, choice={"EURUSD": "15m"})
    with pytest.raises(ConfigError, match="timeframe of EURUSD"):
        _load(store, choice={"EURUSD": "soon"})


def test_only_the_symbols_asked_for_need_a_choice(store: Path) -> None:
    assert list(_load(store, symbols=["XAUUSD", "USDJPY"]).series) == ["XAUUSD"]


def test_naming_a_file_is_a_choice(store: Path) -> None:
    for argument in (store / "EURUSD_M1_a.parquet", f"EURUSD:M1={store / 'EURUSD_M1_a.parquet'}"):
        loaded = _load(store, argument)
        assert loaded.series["EURUSD"].timeframe == "1m" and set(loaded.series) == {"XAUUSD", "EURUSD", "GBPUSD"}


def test_a_file_of_any_name_is_loaded_under_the_series_it_is_given(tmp_path: Path) -> None:
    path = write(tmp_path / "my odd=name.parquet", flat(3))
    assert len(_load(f"eurusd:M1={path}").series["EURUSD"]) == 3


def test_a_file_without_a_telling_name_asks_for_one(tmp_path: Path) -> None:
    path = write(tmp_path / "fxcm_EURUSD_M1_2014.parquet", flat(3))
    with pytest.raises(ConfigError, match="SYMBOL:TF="):
        _load(path)


def test_files_of_one_series_are_joined_whatever_their_order(tmp_path: Path) -> None:
    second = write(tmp_path / "EURUSD_M1_1.parquet", columns([(1.2,) * 4] * 70, start=MONDAY + 5 * MINUTE))
    write(tmp_path / "EURUSD_M1_2.parquet", flat(5))
    loaded = _load(tmp_path)
    series = loaded.series["EURUSD"]
    assert len(series) == 75 and series.facts["rows"] == 75
    assert list(series.bid_open[[0, 4, 5, 74]]) == [110_000, 110_000, 120_000, 120_000]
    assert series.facts["sources"] == ["EURUSD_M1_2.parquet", "EURUSD_M1_1.parquet"]
    assert (series.facts["gaps"], series.facts["missing_bars"]) == (0, 0)
    alone = _load(second).series["EURUSD"]
    assert series.facts["checksum"] != alone.facts["checksum"]
    for low, high, names in (
        (series.bid_low, series.bid_high, INDEX_COLUMNS[:2]),
        (series.ask_low, series.ask_high, INDEX_COLUMNS[2:]),
    ):
        for found, expected in zip((getattr(series, n) for n in names), build_index(low, high), strict=True):
            assert (found == expected).all()


def test_files_that_overlap_are_an_error_that_names_the_rows(tmp_path: Path) -> None:
    write(tmp_path / "EURUSD_M1_1.parquet", flat(10))
    write(tmp_path / "EURUSD_M1_2.parquet", flat(10, start=MONDAY + 8 * MINUTE))
    with pytest.raises(DataError) as caught:
        _load(tmp_path)
    assert "EURUSD_M1_2.parquet begins at 2024-01-08 10:08 UTC (its row 0)" in str(caught.value)
    assert "EURUSD_M1_1.parquet has rows 8 to 9" in str(caught.value)


def test_the_same_file_named_twice_is_loaded_once(store: Path) -> None:
    path = store / "GBPUSD_M1_a.parquet"
    assert len(_load(path, path, f"GBPUSD:M1={path}").series["GBPUSD"]) == 4


def test_parts_with_and_without_an_ask_are_joined_and_said(tmp_path: Path) -> None:
    write(tmp_path / "EURUSD_M1_1.parquet", flat(3))
    write(tmp_path / "EURUSD_M1_2.parquet", flat(3, spread=None, start=MONDAY + 9 * MINUTE))
    assert _load(tmp_path).series["EURUSD"].facts["spread"] == "mixed"


def _ticks(store: Path, symbol: str = "GBPUSD") -> Path:
    made = {"time": times(2), "bid": [1.1, 1.1], "ask": [1.1, 1.1]}
    return write(store / f"{symbol}_TICK_a.parquet", made)


def test_ticks_beside_bars_in_a_folder_are_left_alone_and_said(store: Path) -> None:
    _ticks(store)
    loaded = _load(store, choice={"EURUSD": "M1"})
    assert loaded.series["GBPUSD"].timeframe == "1m"
    assert any("GBPUSD: TICK (GBPUSD_TICK_a.parquet) left alone" in note for note in loaded.notes)


def test_ticks_are_loaded_where_they_are_named_chosen_or_alone(store: Path) -> None:
    path = _ticks(store)
    _ticks(store, "USDJPY")
    for loaded in (
        _load(path),
        _load(f"GBPUSD:TICK={path}"),
        _load(store, choice={"GBPUSD": "TICK"}, symbols=["GBPUSD"]),
    ):
        assert loaded.series["GBPUSD"].timeframe == "tick" and not loaded.notes
    assert _load(store, symbols=["USDJPY"]).series["USDJPY"].timeframe == "tick"


def test_ticks_and_bars_both_named_need_a_choice(store: Path) -> None:
    arguments = (store / "GBPUSD_M1_a.parquet", _ticks(store))
    with pytest.raises(ConfigError, match=r"GBPUSD has several series: M1 .*, TICK .*fill\.intrabar = 'ticks'"):
        _load(*arguments)
    assert _load(*arguments, choice={"GBPUSD": "M1"}).series["GBPUSD"].timeframe == "1m"


def test_symbols_with_bars_of_different_spans_load_and_the_report_says_each_span(store: Path) -> None:
    write(store / "AUDUSD_H1_a.parquet", _hourly(30, MONDAY + 4 * HOUR))
    loaded = _load(store, choice={"EURUSD": "H1"}, symbols=["EURUSD", "AUDUSD"])
    spans = {row["symbol"]: (row["first"], row["last"]) for row in loaded.report}
    assert spans["EURUSD"] == ("2024-01-08 10:00 UTC", "2024-01-08 14:00 UTC")
    assert spans["AUDUSD"] == ("2024-01-08 14:00 UTC", "2024-01-09 19:00 UTC")
    only = _load(store, choice={"EURUSD": "H1"}, symbols=["EURUSD", "AUDUSD"], to_ns=utc("2024-01-08 13:00"))
    assert list(only.series) == ["EURUSD"] and only.notes == ["AUDUSD:H1: all bars end after --to; not loaded"]


def test_an_unknown_symbol_named_is_an_error_with_near_names(tmp_path: Path) -> None:
    path = write(tmp_path / "EURUSF_M1_1.parquet", flat(3))
    with pytest.raises(DataError, match=r"EURUSF .* near it: EURUSD.* --instruments"):
        _load(path)


def test_an_unknown_symbol_lying_about_is_said(store: Path) -> None:
    write(store / "FOOBAR_M1_1.parquet", flat(3))
    write(store / "notes_on_prices.parquet", flat(3))
    loaded = _load(store, choice={"EURUSD": "M1"})
    assert "FOOBAR" not in loaded.series
    assert any("FOOBAR is no known instrument" in note for note in loaded.notes)
    assert any("not named SYMBOL_TF" in note for note in loaded.notes)


def test_symbols_are_resolved_as_everywhere(tmp_path: Path) -> None:
    write(tmp_path / "eurusd_m1_1.parquet", flat(3))
    assert list(_load(tmp_path).series) == ["EURUSD"]


def test_bars_that_end_after_the_end_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "EURUSD_M1_1.parquet", columns([(1.1 + k / 1e5,) * 4 for k in range(200)]))
    series = _load(path, to_ns=utc("2024-01-08 10:03")).series["EURUSD"]
    assert as_datetimes(series.time) == ["2024-01-08T10:00:00", "2024-01-08T10:01:00", "2024-01-08T10:02:00"]
    assert series.end_ns == utc("2024-01-08 10:03")
    assert series.facts["rows"] == 3 and series.facts["rows_in_files"] == 200
    assert list(series.bid_maxs[:1]) == [110_002]
    assert len(_load(path, to_ns=utc("2024-01-08 10:02") + 1).series["EURUSD"]) == 2
    with pytest.raises(DataError, match="no prices"):
        _load(path, to_ns=utc("2024-01-08 10:00"))


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["EURUSD:M1=nowhere.parquet"]])
def test_nothing_to_load_is_an_error(arguments: list[str]) -> None:
    with pytest.raises((ConfigError, DataError)):
        load_bars(arguments, CATALOGUE)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file named SYMBOL_TF"):
        _load(tmp_path)


def test_a_folder_given_as_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this is a folder"):
        _load(f"EURUSD:M1={tmp_path}")


def test_an_unknown_policy_is_an_error(store: Path) -> None:
    with pytest.raises(ConfigError, match="raise_ask or error"):
        _load(store, crossed="ignore")
