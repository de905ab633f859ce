"""A second, finer series for fills: which files serve it, what is an error, and how far it covers the bars."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from bars_by_hand import MARKET, MINUTE, MONDAY, NO_MARKET, columns, flat, times, utc, write

from zepix.data import BarsLoaded, default_catalogue, load_bars
from zepix.errors import ConfigError, DataError

CATALOGUE = default_catalogue()
FIVE = 5 * MINUTE


def _load(*arguments: object, **more: object) -> BarsLoaded:
    return load_bars([str(a) for a in arguments], CATALOGUE, cache=False, **more)  # type: ignore[arg-type]


def _bars(count: int, step: timedelta, start=MONDAY) -> dict[str, Any]:
    return flat(count) | {"time": pa.array(times(count, start, step), pa.timestamp("us", tz="UTC"))}


def _ticks(count: int, start=MONDAY, step: timedelta = timedelta(seconds=20)) -> dict[str, Any]:
    return {
        "time": pa.array(times(count, start, step), pa.timestamp("us", tz="UTC")),
        "bid": [1.1] * count,
        "ask": [1.1001] * count,
    }


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write(tmp_path / "EURUSD_M5_a.parquet", _bars(12, FIVE))
    write(tmp_path / "EURUSD_M1_a.parquet", _bars(60, MINUTE))
    write(tmp_path / "EURUSD_TICK_a.parquet", _ticks(180))
    return tmp_path


@pytest.mark.parametrize("word", ["ticks", "tick", "TICK", "Ticks"])
def test_bars_for_strategies_and_ticks_for_fills(store: Path, word: str) -> None:
    loaded = _load(store, choice={"EURUSD": "M5"}, finer=word)
    assert loaded.series["EURUSD"].timeframe == "5m" and loaded.finer["EURUSD"].timeframe == "tick"
    assert [(row["timeframe"], row.get("serves")) for row in loaded.report] == [("M5", None), ("TICK", "fills")]
    assert "finer_covers" not in loaded.series["EURUSD"].facts and not loaded.notes


@pytest.mark.parametrize("word", ["M1", "1m", "1"])
def test_a_shorter_timeframe_for_fills_needs_no_choice_among_two(store: Path, word: str) -> None:
    loaded = _load(store, finer=word)  # ticks lie there too and are left alone, as they always are
    assert (loaded.series["EURUSD"].timeframe, loaded.finer["EURUSD"].timeframe) == ("5m", "1m")
    assert any("TICK (EURUSD_TICK_a.parquet) left alone" in note for note in loaded.notes)


def test_without_finer_nothing_changes(store: Path) -> None:
    with pytest.raises(ConfigError, match="EURUSD has several series"):
        _load(store)
    loaded = _load(store, choice={"EURUSD": "M5"})
    assert loaded.finer == {} and [row["timeframe"] for row in loaded.report] == ["M5"]


def test_several_bars_still_need_a_choice(store: Path) -> None:
    with pytest.raises(ConfigError, match=r"EURUSD has several series: M1 .*, M5"):
        _load(store, finer="ticks")


def test_named_files_serve_what_their_timeframe_says(tmp_path: Path) -> None:
    bars = write(tmp_path / "a.parquet", _bars(12, FIVE))
    ticks = write(tmp_path / "b.parquet", _ticks(180))
    loaded = _load(f"EURUSD:M5={bars}", f"EURUSD:TICK={ticks}", finer="ticks")
    assert (loaded.series["EURUSD"].timeframe, loaded.finer["EURUSD"].timeframe) == ("5m", "tick")


def test_a_named_file_wins_for_its_own_use_only(store: Path, tmp_path: Path) -> None:
    (store / "EURUSD_M1_a.parquet").unlink()
    mine = write(tmp_path / "mine" / "ticks.parquet", _ticks(181))
    loaded = _load(store, f"EURUSD:TICK={mine}", finer="ticks")
    assert loaded.series["EURUSD"].timeframe == "5m"  # of the folder
    assert loaded.finer["EURUSD"].facts["sources"] == ["ticks.parquet"]


def test_a_symbol_without_finer_data_is_an_error_that_names_it_and_what_to_do(store: Path) -> None:
    write(store / "GBPUSD_M5_a.parquet", _bars(12, FIVE))
    write(store / "AUDUSD_M5_a.parquet", _bars(12, FIVE))
    with pytest.raises(DataError) as caught:
        _load(store, choice={"EURUSD": "M5"}, finer="ticks")
    for part in (
        "GBPUSD has no ticks, which fill.intrabar = 'ticks' needs (it has M5 (GBPUSD_M5_a.parquet))",
        "--bars GBPUSD:TICK=FILE",
        "GBPUSD_TICK_*.parquet",
        "AUDUSD has no ticks",
    ):
        assert part in str(caught.value)
    with pytest.raises(DataError, match="AUDUSD has no M1"):
        _load(store, symbols=["AUDUSD"], finer="M1")


def test_only_the_symbols_that_need_it_must_have_it(store: Path) -> None:
    write(store / "GBPUSD_M5_a.parquet", _bars(12, FIVE))
    loaded = _load(store, choice={"EURUSD": "M5"}, finer="ticks", finer_for=["eurusd"])
    assert list(loaded.series) == ["EURUSD", "GBPUSD"] and list(loaded.finer) == ["EURUSD"]


def test_a_symbol_that_has_the_finer_data_only_takes_them_for_both(store: Path) -> None:
    write(store / "GBPUSD_TICK_a.parquet", _ticks(180))
    loaded = _load(store, symbols=["GBPUSD"], finer="ticks")
    assert loaded.finer["GBPUSD"] is loaded.series["GBPUSD"] and len(loaded.report) == 1
    chosen = _load(store, symbols=["EURUSD"], choice={"EURUSD": "M1"}, finer="M1")
    assert chosen.finer["EURUSD"] is chosen.series["EURUSD"]


@pytest.mark.parametrize(
    ("choice", "finer", "expected"),
    [
        ("M1", "M5", "fills of M1 bars cannot be made on M5"),
        ("M5", "M2", "fills of M5 bars cannot be made on M2"),
        ("TICK", "M1", "fills of TICK bars cannot be made on M1"),
        ("H1", "ticks", "EURUSD has no H1; it has M1"),
        ("M5", "soon", "expected ticks, or a timeframe"),
    ],
)
def test_what_is_not_finer_is_an_error(store: Path, choice: str, finer: str, expected: str) -> None:
    write(store / "EURUSD_M2_a.parquet", _bars(30, 2 * MINUTE))
    with pytest.raises(ConfigError, match=expected):
        _load(store, choice={"EURUSD": choice}, finer=finer)


class TestCoverage:
    def test_finer_data_of_a_part_of_the_span_are_told_by_a_fact_and_a_note(self, store: Path) -> None:
        write(store / "EURUSD_TICK_a.parquet", _ticks(60, MONDAY + 12 * MINUTE))  # 10:12:00 to 10:31:40
        loaded = _load(store, choice={"EURUSD": "M5"}, finer="ticks")
        assert loaded.series["EURUSD"].facts["finer_covers"] == {
            "from": "2024-01-08 10:12 UTC",
            "to": "2024-01-08 10:31:40 UTC",
            "from_ns": utc("2024-01-08 10:12"),
            "to_ns": utc("2024-01-08 10:31") + 40 * 10**9,
            "bars": 12,
            "bars_without": 7,
            "before": 2,
            "after": 5,
        }
        assert loaded.report[0]["finer_covers"]["bars_without"] == 7
        assert loaded.notes == [
            "EURUSD TICK reaches from 2024-01-08 10:12 UTC to 2024-01-08 10:31:40 UTC: "
            "7 of 12 bars of EURUSD M5 hold none of it"
        ]

    def test_a_hole_in_the_middle_counts_too(self, store: Path) -> None:
        moments = times(20) + times(30, MONDAY + 30 * MINUTE)
        made = flat(50) | {"time": pa.array(moments, pa.timestamp("us", tz="UTC"))}
        write(store / "EURUSD_M1_a.parquet", made)
        found = _load(store, finer="M1").series["EURUSD"].facts["finer_covers"]
        assert (found["bars_without"], found["before"], found["after"]) == (2, 0, 0)

    def test_finer_data_of_another_time_are_an_error(self, store: Path) -> None:
        write(store / "EURUSD_TICK_a.parquet", _ticks(60, MONDAY + timedelta(days=1)))
        with pytest.raises(DataError, match="holds nothing of the bars of EURUSD M5"):
            _load(store, choice={"EURUSD": "M5"}, finer="ticks")

    def test_both_series_are_cut_at_the_end(self, store: Path) -> None:
        loaded = _load(store, choice={"EURUSD": "M5"}, finer="ticks", to_ns=utc("2024-01-08 10:30"))
        assert len(loaded.series["EURUSD"]) == 6 and len(loaded.finer["EURUSD"]) == 90
        assert "finer_covers" not in loaded.series["EURUSD"].facts
        write(store / "EURUSD_TICK_a.parquet", _ticks(60, MONDAY + 40 * MINUTE))
        with pytest.raises(DataError, match="fills cannot be made on them"):
            _load(store, choice={"EURUSD": "M5"}, finer="ticks", to_ns=utc("2024-01-08 10:30"))


def test_bars_off_the_grid_are_filled_on_what_lies_in_them(tmp_path: Path) -> None:
    write(tmp_path / "EURUSD_M5_a.parquet", _bars(3, FIVE, MONDAY + timedelta(seconds=90)))
    write(tmp_path / "EURUSD_M1_a.parquet", columns([(1.1,) * 4] * 16, start=MONDAY))
    loaded = _load(tmp_path, finer="M1")
    assert loaded.series["EURUSD"].facts["misaligned"] == 3
    assert "finer_covers" not in loaded.series["EURUSD"].facts


@pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)
def test_recorded_minutes_are_covered_by_recorded_ticks() -> None:
    loaded = _load(MARKET, symbols=["EURUSD"], choice={"EURUSD": "M1"}, finer="ticks")
    assert len(loaded.finer["EURUSD"]) == 532_903
    assert "finer_covers" not in loaded.series["EURUSD"].facts
