"""Tables of signals with a map of columns: CSV, XLSX, Parquet, JSON lines, DataFrames."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zepix.alerts import import_files, read_log, write_log
from zepix.alerts.table_signals import rows_from_table
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue, Side

CSV = (
    "Date;Pair;Dir;SL;TP;Lots;Note\n"
    "01.12.2025 08:00;EUR/USD;B;1,0810;1,0950;0,10;first\n"
    "13.12.2025 09:30;GBPUSD;S;1,2700;;0,20;\n"
    "13.12.2025 09:31;GBPUSD;X;1,2700;;0,20;\n"
    "soon;GBPUSD;S;;;;\n"
    "13.12.2025 09:32;GBPUSD;S;0;;;\n"
    "13.12.2025 09:33;GBPUSD;S;abc;;;\n"
    "13.12.2025\n"
)
MAP = {"time": "Date", "symbol": "Pair", "side": "Dir", "sl": "SL", "tp": "TP", "volume": "Lots"}


def test_every_row_is_an_alert_or_has_a_reason(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "signals.csv"
    path.write_text(CSV, encoding="utf-8")
    report = import_files(
        [path], tmp_path / "log.jsonl", catalogue, columns=MAP, values={"side": {"b": "buy", "S": "sell"}},
        zone=ZoneInfo("Europe/Berlin"),
    )  # fmt: skip
    rows = {row.id: row for row in read_log(tmp_path / "log.jsonl", catalogue).rows}
    first = rows["row-1"]
    assert (first.symbol, first.side, first.sl, first.tp, first.volume) == ("EURUSD", Side.BUY, 1.081, 1.095, 0.1)
    assert (first.type, first.received_ns) == ("entry", 1_764_572_400_000_000_000)
    assert rows["row-2"].tp is None
    assert {name: rows[name].reason for name in list(rows) if name not in ("row-1", "row-2")} == {
        "row-3": "bad_side", "row-4": "bad_time", "row-5": "bad_price", "row-6": "bad_price", "row-7": "bad_json",
    } | {"row-7": rows["row-7"].reason}  # fmt: skip
    facts = report["files"][0]
    assert facts["taken_as_entries"] == 6
    assert facts["translated"] == {"side B -> buy": 1, "side S -> sell": 4}
    assert facts["columns_left_out"] == ["Note"]
    assert facts["decimal_mark"].startswith(", by") and facts["date_order"].startswith("day-first, by")
    assert report["quarantined"]["bad_row"] == 1


def frame() -> dict[str, list[Any]]:
    return {
        "time": ["2025-12-01T08:00:00Z", "2025-12-01T09:00:00Z"],
        "symbol": ["EURUSD", "EURUSD"],
        "type": ["entry", "exit"],
        "side": ["buy", "buy"],
        "sl": [1.08, None],
    }


def as_pandas(data: dict[str, list[Any]]) -> Any:
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(data).assign(time=pd.to_datetime(data["time"]))


def as_mappings(data: dict[str, list[Any]]) -> Any:
    return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]


def as_numpy(data: dict[str, list[Any]]) -> Any:
    return {name: np.array(column) for name, column in data.items() if name != "sl"} | {"sl": np.array([1.08, np.nan])}


@pytest.mark.parametrize("made", [dict, as_pandas, as_mappings, as_numpy, pa.table])
def test_tables_in_memory(tmp_path: Path, catalogue: Catalogue, made: Any) -> None:
    found = rows_from_table(made(frame()))
    write_log(tmp_path / "log.jsonl", found.rows)
    alerts = read_log(tmp_path / "log.jsonl", catalogue).alerts
    assert [(a.type, a.side, a.sl, a.received_ns) for a in alerts] == [
        ("entry", Side.BUY, 1.08, 1_764_576_000_000_000_000),
        ("exit", Side.BUY, None, 1_764_579_600_000_000_000),
    ]
    assert found.report["rows"] == 2


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "xlsx"])
def test_files_of_other_kinds(tmp_path: Path, catalogue: Catalogue, kind: str) -> None:
    path = tmp_path / f"signals.{kind}"
    columns = {name.upper(): values for name, values in frame().items()}
    if kind == "parquet":
        moments = [datetime(2025, 12, 1, 8, tzinfo=UTC), datetime(2025, 12, 1, 9, tzinfo=UTC)]
        pq.write_table(pa.table(columns | {"TIME": moments}), path)
    elif kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, as_mappings(columns))), encoding="utf-8")
    else:
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for row in [list(columns), *zip(*columns.values(), strict=True)]:
            book.active.append(list(row))
        book.save(path)
    given = {name: name.upper() for name in frame()}
    import_files([path], tmp_path / "log.jsonl", catalogue, columns=given)
    alerts = read_log(tmp_path / "log.jsonl", catalogue).alerts
    assert [(a.type, a.sl) for a in alerts] == [("entry", 1.08), ("exit", None)]


def test_unix_times_types_of_two_words_and_what_stands_in(catalogue: Catalogue, tmp_path: Path) -> None:
    table = {"when": [1_764_576_000, "1764576000000"], "what": ["Exit Long", "Entry short"]}
    found = rows_from_table(table, {"time": "when", "type": "what"}, symbol="EURUSD", strategy="bracket")
    write_log(tmp_path / "log.jsonl", found.rows)
    alerts = read_log(tmp_path / "log.jsonl", catalogue).alerts
    assert [(a.type, a.side, a.symbol, a.strategy) for a in alerts] == [
        ("exit", Side.BUY, "EURUSD", "bracket"), ("entry", Side.SELL, "EURUSD", "bracket"),
    ]  # fmt: skip
    assert {a.received_ns for a in alerts} == {1_764_576_000_000_000_000}


def test_times_made_up_from_a_start() -> None:
    found = rows_from_table({"side": ["buy"] * 3}, symbol="EURUSD", received_at="2026-01-05T00:00:00Z")
    assert [row.received_at for row in found.rows] == [f"2026-01-05T00:00:0{k}Z" for k in range(3)]
    assert found.report["times"] == "made up: one a second from 2026-01-05T00:00:00Z on"


def test_empty_translation_takes_a_zero_stop_away(catalogue: Catalogue, tmp_path: Path) -> None:
    table = {"time": ["2025-12-01T08:00:00Z"], "symbol": ["EURUSD"], "side": ["buy"], "sl": [0.0]}
    write_log(tmp_path / "log.jsonl", rows_from_table(table, values={"sl": {"0": ""}}).rows)
    assert read_log(tmp_path / "log.jsonl", catalogue).alerts[0].sl is None


PROBLEMS = {
    "no heading of that name": ({"time": "When", "side": "Dir", "symbol": "Pair"}, "no column 'When', but 'Date, Pair"),
    "no field of that name": (MAP | {"stop": "SL"}, "stop is no field; there are time"),
    "no time": ({"side": "Dir", "symbol": "Pair"}, "no column of times is named"),
    "no symbol": ({"time": "Date", "side": "Dir"}, "no column of symbols"),
    "no side": ({"time": "Date", "symbol": "Pair"}, "no column of sides or types"),
}  # fmt: skip


@pytest.mark.parametrize("case", PROBLEMS)
def test_map_that_does_not_fit_says_what_is_there(tmp_path: Path, catalogue: Catalogue, case: str) -> None:
    columns, said = PROBLEMS[case]
    path = tmp_path / "signals.csv"
    path.write_text(CSV, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        import_files([path], tmp_path / "log.jsonl", catalogue, columns=columns)
    assert said in str(caught.value)
    with pytest.raises(ConfigError, match="no column is read as tp"):
        rows_from_table({"time": [], "symbol": [], "side": []}, values={"tp": {"a": "b"}})
    with pytest.raises(ConfigError, match="expected a time with a zone"):
        rows_from_table({"side": []}, symbol="X", received_at="2026-01-05")


def test_table_nobody_knows_is_told_how_to_map_it(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("date,open,high\n2024-01-01,1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"neither an alert log .* but 'date, open, high'; say --columns time=HEADING"):
        import_files([path], tmp_path / "log.jsonl", catalogue)


@pytest.mark.parametrize("given", [5, "text", [1, 2], {"a": [1], "b": [1, 2]}])
def test_what_is_no_table(given: Any) -> None:
    with pytest.raises((DataError, ConfigError)):
        rows_from_table(given)


UNITS = {
    "pips and lots": ("20 pips", "0.05 lots"), "per cent, thousands": ("1%", "10k"), "money": ("1.0810", "$100"),
    "per cent of equity": ("1.0810", "5%"), "a currency before it": ("EUR 20", "0.1"), "risk": ("1R", "0.1"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNITS)
def test_number_with_a_unit_is_set_aside_and_keeps_it(tmp_path: Path, catalogue: Catalogue, case: str) -> None:
    """A stop of 20 pips read as the price 20 would be no stop, a volume of $100 a hundred lots."""
    sl, volume = UNITS[case]
    path = tmp_path / "q.csv"
    rows = f"2026-01-05T10:00:00Z,EURUSD,sell,{sl},{volume}\n2026-01-05T11:00:00Z,EURUSD,sell,1.0950,0.05\n"
    path.write_text("time,symbol,side,sl,volume\n" + rows, encoding="utf-8")
    report = import_files([path], tmp_path / "log.jsonl", catalogue)
    log = read_log(tmp_path / "log.jsonl", catalogue)
    assert [(alert.sl, alert.volume) for alert in log.alerts] == [(1.095, 0.05)]
    assert report["quarantined"] == {log.quarantined[0].reason: 1}
    assert any(cell in log.quarantined[0].raw for cell in (sl, volume))
    told = report["files"][0]["no_numbers"]
    assert set(told) <= {"sl", "volume"} and told
    assert any("no unit is guessed" in line for line in report["advice"])


def test_number_by_another_decimal_mark_is_none_for_the_dialect_either(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "q.csv"
    path.write_text("time;symbol;side;sl\n2026-01-05T10:00:00Z;EURUSD;sell;1.0950\n", encoding="utf-8")
    report = import_files([path], tmp_path / "log.jsonl", catalogue, decimal=",")
    assert report["quarantined"] == {"bad_price": 1}
    assert report["files"][0]["no_numbers"] == {"sl": "1, as '1.0950'"}


def test_dots_before_three_digits_in_every_number_are_asked_about(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "q.csv"
    path.write_text("time;symbol;side;price;volume\n2026-01-05T10:00:00Z;XAUUSD;buy;2.045;1.000\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'1\.000' has a dot that marks thousands or decimals.*say --decimal"):
        import_files([path], tmp_path / "log.jsonl", catalogue)
    import_files([path], tmp_path / "log.jsonl", catalogue, decimal=",")
    alert = read_log(tmp_path / "log.jsonl", catalogue).alerts[0]
    assert (alert.price, alert.volume) == (2045.0, 1000.0)


def test_cells_of_a_frame_that_are_numbers_need_no_mark(tmp_path: Path, catalogue: Catalogue) -> None:
    table = {"time": ["2026-01-05T10:00:00Z"], "symbol": ["EURUSD"], "side": ["buy"], "sl": [1.085], "volume": ["0,1"]}
    write_log(tmp_path / "log.jsonl", rows_from_table(table).rows)
    alert = read_log(tmp_path / "log.jsonl", catalogue).alerts[0]
    assert (alert.sl, alert.volume) == (1.085, 0.1)


@pytest.mark.parametrize(
    ("row", "expected"),
    [({"side": "Exit long"}, ("exit", Side.BUY)), ({"side": "Short entry"}, ("entry", Side.SELL)),
     ({"side": "Exit long", "type": "exit"}, ("exit", Side.BUY)), ({"type": "Exit short"}, ("exit", Side.SELL)),
     ({"type": "Exit long", "side": "long"}, ("exit", Side.BUY)), ({"side": "Exit long", "type": "entry"}, None),
     ({"type": "Exit long", "side": "sell"}, None)],
)  # fmt: skip
def test_words_that_say_type_and_side(
    tmp_path: Path, catalogue: Catalogue, row: dict[str, str], expected: tuple[str, Side] | None
) -> None:
    found = rows_from_table([{"time": "2026-01-05T10:00:00Z", "symbol": "EURUSD"} | row])
    write_log(tmp_path / "log.jsonl", found.rows)
    assert [(a.type, a.side) for a in read_log(tmp_path / "log.jsonl", catalogue).alerts] == [expected] * bool(expected)
    assert "taken_as_entries" not in found.report
