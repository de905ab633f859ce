"""Parquet files into points: what is refused, what is mended and counted, where the ask comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from bars_by_hand import MINUTE, MONDAY, columns, flat, times, utc, write

from zepix.data import default_catalogue, load_bars, series_from_arrays
from zepix.errors import DataError
from zepix.model import Catalogue, Series, SpreadModel

UP = (1.1000, 1.1004, 1.0999, 1.1003)


def _load(folder: Path, made: dict[str, Any], symbol: str = "EURUSD", name: str = "M1", **more: Any) -> Series:
    catalogue = more.pop("catalogue", default_catalogue())
    path = write(folder / f"{symbol}_{name}_x.parquet", made)
    return load_bars([str(path)], catalogue, cache=False, **more).series[symbol]


def test_prices_become_points_once_ties_to_even(tmp_path: Path) -> None:
    made = columns([(1.1, 1.10004, 1.09999, 1.10003), (1.10003, 1.10003, 1.1, 1.1)], spread=0.00012)
    series = _load(tmp_path, made)
    assert list(series.bid_open) == [110_000, 110_003] and list(series.bid_close) == [110_003, 110_000]
    assert list(series.ask_open) == [110_012, 110_015]
    assert series.time.dtype == np.int64 and series.bid_low.dtype == np.int32
    assert list(series.time) == [utc("2024-01-08 10:00"), utc("2024-01-08 10:01")]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_time_is_read(tmp_path: Path, unit: str) -> None:
    made = flat(3) | {"time": pa.array(times(3), pa.timestamp(unit, tz="UTC"))}
    assert _load(tmp_path, made).time[1] == utc("2024-01-08 10:01")


def test_a_zone_other_than_utc_names_the_same_instants(tmp_path: Path) -> None:
    made = flat(3) | {"time": pa.array(times(3), pa.timestamp("us", tz="America/New_York"))}
    assert _load(tmp_path, made).time[0] == utc("2024-01-08 10:00")


def test_decimals_and_singles_are_prices_too(tmp_path: Path) -> None:
    made = flat(2, spread=None)
    made = {k: v if k == "time" else pa.array([Decimal("1.10001")] * 2, pa.decimal128(9, 5)) for k, v in made.items()}
    assert list(_load(tmp_path, made).bid_close) == [110_001, 110_001]
    single = {k: v if k == "time" else pa.array([1.10001] * 2, pa.float32()) for k, v in made.items()}
    series = _load(tmp_path, single)
    assert list(series.bid_close) == [110_001, 110_001] and series.facts["finer_than_point"] == 0


def test_row_groups_make_one_series(tmp_path: Path) -> None:
    made = columns([(1.1 + k / 1e5,) * 4 for k in range(1000)])
    path = write(tmp_path / "EURUSD_M1_x.parquet", made, row_group_size=130)
    series = load_bars([str(path)], default_catalogue(), cache=False).series["EURUSD"]
    assert list(series.bid_open) == list(range(110_000, 111_000))
    assert list(series.ask_low) == list(range(110_010, 111_010))
    assert (np.diff(series.time) == 60 * 10**9).all()


def _with(column: str, row: int, value: Any) -> Callable[[], dict[str, Any]]:
    def make() -> dict[str, Any]:
        made = columns([UP] * 10)
        made[column] = [*made[column][:row], value, *made[column][row + 1 :]]
        return made

    return make


def _timed(moments: list[datetime]) -> Callable[[], dict[str, Any]]:
    return lambda: columns([UP] * len(moments)) | {"time": pa.array(moments, pa.timestamp("us", tz="UTC"))}


def _without(*names: str) -> Callable[[], dict[str, Any]]:
    return lambda: {k: v for k, v in columns([UP] * 3).items() if k not in names}


def _spread(values: list[Any]) -> Callable[[], dict[str, Any]]:
    return lambda: columns([UP] * len(values), spread=None) | {"spread": values}


T = times(10)
BAD: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "no time column": (_without("time"), "columns missing: time; it has: bid_open"),
    "no close": (_without("bid_close"), "columns missing: bid_close"),
    "half an ask": (_without("ask_low", "ask_high"), "columns missing: ask_high, ask_low"),
    "plain columns": (
        lambda: {"time": T, "Open": [1.1] * 10, "High": [1.1] * 10, "Low": [1.1] * 10, "Close": [1.1] * 10},
        "zepix bars import",
    ),
    "ticks": (lambda: {"time": T, "bid": [1.1] * 10, "ask": [1.1] * 10}, "look like ticks: .* SYMBOL:TICK=PATH"),
    "no rows": (lambda: {k: v[:0] for k, v in columns([UP]).items()}, "holds no rows"),
    "naive times": (lambda: flat(3) | {"time": pa.array([t.replace(tzinfo=None) for t in T[:3]])}, "no time zone"),
    "times as text": (lambda: flat(3) | {"time": ["2024-01-08"] * 3}, "expected a timestamp"),
    "prices as text": (lambda: flat(3) | {"bid_low": ["1.1"] * 3}, "expected numbers"),
    "a time missing": (_timed([*T[:3], None, *T[4:]]), "1 times are missing"),  # type: ignore[list-item]
    "unsorted": (_timed([T[0], T[2], T[1], T[3]]), r"1 rows are earlier than the row before.*row 2, 2024-01-08 10:01"),
    "repeated time": (_timed([T[0], T[1], T[1], T[2]]), r"1 rows have the time of the row before.*row 2"),
    "closer than the timeframe": (_timed(times(3, step=timedelta(seconds=30))), "is it really M1"),
    "before 1970": (_timed(times(3, start=MONDAY.replace(year=1960))), "before 1970"),
    "NaN": (_with("bid_low", 4, float("nan")), r"1 prices are missing or no number \(first: row 4, 2024-01-08 10:04"),
    "a price missing": (_with("ask_open", 2, None), r"1 prices are missing.*row 2"),
    "infinite": (_with("ask_open", 2, float("inf")), "1 prices are missing or no number"),
    "zero": (_with("bid_open", 3, 0.0), r"1 prices are zero or below \(first: row 3"),
    "negative": (_with("bid_open", 3, -1.1), "1 prices are zero or below"),
    "too large for the point": (_with("bid_high", 5, 30_000.0), r"too large for points of 0\.00001.*row 5"),
    "high below low": (_with("bid_high", 6, 1.0998), r"1 highs are below their lows \(first: row 6"),
    "close far above the high": (_with("bid_close", 7, 1.1010), r"1 opens or closes lie outside their bar.*row 7"),
    "finer than the point": (
        lambda: flat(100) | {"bid_close": [1.100005] * 100, "bid_high": [1.2] * 100},
        r"100 of 800 prices are finer than the point 0\.00001",
    ),
    "negative spread": (_spread([5, -1, 5]), r"1 spreads are missing, negative.*row 1"),
    "missing spread": (_spread([5, None, 5]), "1 spreads are missing"),
    "spread beyond the price": (_spread([5, 5, 10**9]), "1 spreads"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_clear_error(case: str, tmp_path: Path) -> None:
    make, expected = BAD[case]
    with pytest.raises(DataError, match=expected) as caught:
        _load(tmp_path, make())
    assert "EURUSD_M1_x.parquet" in str(caught.value)


def test_all_problems_of_a_file_are_said_together(tmp_path: Path) -> None:
    made = columns([UP] * 4)
    made["bid_high"] = [1.1004, float("nan"), 1.0, 1.1004]
    made["time"] = pa.array([T[0], T[1], T[3], T[2]], pa.timestamp("us", tz="UTC"))
    with pytest.raises(DataError) as caught:
        _load(tmp_path, made)
    for part in ("missing or no number", "earlier than the row before", "highs are below their lows"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"), [(None, "does not exist"), (b"", "empty"), (b"not a Parquet file at all", "no Parquet")]
)
def test_a_file_that_is_none(content: bytes | None, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "EURUSD_M1_x.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=expected):
        load_bars([str(path)], default_catalogue(), cache=False)


def test_a_damaged_page_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "EURUSD_M1_x.parquet", columns([(1.1 + k / 1e5,) * 4 for k in range(5000)]))
    body = bytearray(path.read_bytes())
    body[2000:3000] = bytes(1000)
    path.write_bytes(bytes(body))
    with pytest.raises(DataError, match=r"EURUSD_M1_x\.parquet"):
        load_bars([str(path)], default_catalogue(), cache=False)


def test_a_few_prices_finer_than_the_point_are_rounded_and_counted(tmp_path: Path) -> None:
    made = flat(100)
    made["bid_low"] = [*made["bid_low"][:99], 1.099994]
    series = _load(tmp_path, made)
    assert series.facts["finer_than_point"] == 1 and series.bid_low[99] == 109_999


def test_a_close_one_point_outside_widens_the_bar_and_is_counted(tmp_path: Path) -> None:
    made = columns([UP] * 4)
    made["bid_close"] = [1.1003, 1.10041, 1.1003, 1.09989]
    series = _load(tmp_path, made)
    assert series.facts["widened"] == 2
    assert list(series.bid_high) == [110_040, 110_041, 110_040, 110_040]
    assert list(series.bid_low) == [109_990, 109_990, 109_990, 109_989]


def test_crossed_quotes_raise_the_ask_to_the_bid_price_by_price(tmp_path: Path) -> None:
    made = columns([UP] * 3, spread=0.0)
    made["ask_open"] = [1.1000, 1.0998, 1.1000]
    made["ask_low"] = [1.0999, 1.0997, 1.0999]
    series = _load(tmp_path, made)
    assert (series.facts["crossed_raised"], series.facts["crossed_rows"]) == (2, 1)
    assert list(series.ask_open) == list(series.bid_open) and list(series.ask_low) == list(series.bid_low)


def test_crossed_quotes_are_an_error_where_the_policy_says_so(tmp_path: Path) -> None:
    made = columns([UP] * 3, spread=-0.0001)
    with pytest.raises(DataError, match="12 asks are below their bids"):
        _load(tmp_path, made, crossed="error")
    assert _load(tmp_path, columns([UP] * 3), crossed="error").facts["crossed_policy"] == "error"


@pytest.mark.parametrize("column", ["spread", "spread_points"])
def test_a_spread_column_in_points_makes_the_ask_of_all_four_prices(tmp_path: Path, column: str) -> None:
    series = _load(tmp_path, columns([UP] * 3, spread=None) | {column: [7, 0, 12]})
    for price in ("open", "high", "low", "close"):
        bid, ask = getattr(series, f"bid_{price}"), getattr(series, f"ask_{price}")
        assert list(ask - bid) == [7, 0, 12]
    assert (series.facts["spread"], series.facts["quotes"]) == ("data", "spread column")
    assert series.facts["zero_spread"] == 1


def test_an_ask_in_the_data_wins_over_a_spread_column(tmp_path: Path) -> None:
    series = _load(tmp_path, columns([UP] * 3) | {"spread": [99] * 3})
    assert list(series.ask_open - series.bid_open) == [10] * 3 and series.facts["quotes"] == "ask columns"


def _catalogue(spread: SpreadModel) -> Catalogue:
    return Catalogue([replace(default_catalogue()["EURUSD"], spread=spread)])


def test_neither_ask_nor_spread_takes_the_fixed_model(tmp_path: Path) -> None:
    series = _load(tmp_path, flat(3, spread=None), catalogue=_catalogue(SpreadModel(17)))
    assert list(series.ask_close - series.bid_close) == [17] * 3
    assert series.facts["spread"] == "fixed" and series.facts["quotes"] == "spread model"


def test_the_session_model_goes_by_utc_hour_of_the_open(tmp_path: Path) -> None:
    model = SpreadModel(0, tuple(range(10, 34)))
    series = _load(tmp_path, flat(3, spread=None, start=MONDAY + 59 * MINUTE), catalogue=_catalogue(model))
    assert list(series.ask_open - series.bid_open) == [20, 21, 21]
    assert series.facts["spread"] == "session"


def test_a_bar_longer_than_an_hour_takes_the_mean_of_its_hours_rounded_up(tmp_path: Path) -> None:
    model = SpreadModel(0, tuple(range(10, 34)))
    made = flat(2, spread=None) | {
        "time": pa.array(times(2, start=MONDAY, step=timedelta(hours=4)), pa.timestamp("us", tz="UTC"))
    }
    series = _load(tmp_path, made, name="H4", catalogue=_catalogue(model))
    assert list(series.ask_open - series.bid_open) == [22, 26]  # (20+21+22+23)/4 = 21.5, (24+25+26+27)/4 = 25.5


def test_times_off_the_grid_are_counted(tmp_path: Path) -> None:
    series = _load(tmp_path, flat(3, start=MONDAY + timedelta(seconds=7)))
    assert series.facts["misaligned"] == 3
    assert _load(tmp_path, flat(3)).facts["misaligned"] == 0


def test_further_columns_are_left_alone(tmp_path: Path) -> None:
    assert len(_load(tmp_path, flat(3) | {"tick_volume": [1, 2, 3], "note": ["a", "b", "c"]})) == 3


def test_days_of_a_local_clock_may_have_twenty_three_hours_once_a_year(tmp_path: Path) -> None:
    days = [datetime.fromisoformat("2023-01-02T22:00+00:00") + timedelta(days=k) for k in range(300)]
    days = [day - timedelta(hours=1) if k > 70 else day for k, day in enumerate(days)]
    made = flat(300) | {"time": pa.array(days, pa.timestamp("us", tz="UTC"))}
    assert len(_load(tmp_path, made, name="D1")) == 300


def test_arrays_in_memory_pass_the_same_checks() -> None:
    eurusd = default_catalogue()["EURUSD"]
    arrays = {"time": np.array([0, 60]) * 10**9, **{f"bid_{p}": np.array([1.1, 1.2]) for p in ("open", "high", "low")}}
    with pytest.raises(DataError, match="columns missing: bid_close"):
        series_from_arrays(eurusd, "M1", arrays)
    arrays["bid_close"] = np.array([1.1, 1.2])
    series = series_from_arrays(eurusd, "M1", arrays)
    assert list(series.bid_close) == [110_000, 120_000] and series.timeframe == "1m"
    with pytest.raises(DataError, match="zero or below"):
        series_from_arrays(eurusd, "M1", arrays | {"bid_low": np.array([-1.0, 1.0])})
