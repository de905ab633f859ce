"""Alert logs as JSON lines and Parquet: what is read, what is set aside, what is refused, and that writing is whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zepix.alerts import AlertLog, LogRow, import_files, read_log, read_logs, show, validate_rows, write_log
from zepix.alerts.timestamps import NoZone, epoch_ns, from_ns, to_ns
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue, Quarantined

T = "2026-01-05T14:45:00Z"
T_NS = 1_767_624_300_000_000_000
EXIT = {"type": "exit", "symbol": "EURUSD"}
ENTRY = {"type": "entry", "symbol": "EURUSD", "side": "buy"}


def jsonl(folder: Path, *lines: Any, name: str = "log.jsonl") -> Path:
    path = folder / name
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(texts) + b"\n")
    return path


def at(second: int, payload: Any, **more: Any) -> dict[str, Any]:
    return {"received_at": f"2026-01-05T14:45:{second:02d}Z", "payload": payload, **more}


def read(path: Path, catalogue: Catalogue) -> AlertLog:
    return read_log(path, catalogue)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (T, T_NS),
        ("2026-01-05T16:45:00+02:00", T_NS),
        ("2026-01-05 14:45:00Z", T_NS),
        ("2026-01-05T14:45Z", T_NS),
        ("20260105T144500Z", T_NS),
        ("2026-01-05T14:45:00.5Z", T_NS + 500_000_000),
        ("2026-01-05T14:45:00.123456789Z", T_NS + 123_456_789),
        ("2026-01-05T14:45:00,123456789999+00:00", T_NS + 123_456_789),
        ("1970-01-01T00:00:00Z", 0),
        ("2261-12-31T23:59:59Z", 9_214_646_399_000_000_000),
    ],
)
def test_time_is_read_to_the_nanosecond(text: str, expected: int) -> None:
    assert to_ns(text) == expected
    assert to_ns(from_ns(expected)) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "9" * 70]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        to_ns(text)


def test_time_without_a_zone_is_refused_not_guessed() -> None:
    for text in ("2026-01-05T14:45:00", "2026-01-05"):
        with pytest.raises(NoZone):
            to_ns(text)


def test_unix_times_by_their_size() -> None:
    for number in (1_767_624_300, 1_767_624_300_000, 1_767_624_300_000_000, T_NS):
        assert epoch_ns(number) == T_NS
    for what in (0, -5, float("nan"), float("inf"), 10**19):
        with pytest.raises(ValueError):
            epoch_ns(what)


def test_rows_are_read_in_the_order_of_the_file(tmp_path: Path, catalogue: Catalogue) -> None:
    path = jsonl(
        tmp_path,
        at(30, EXIT, id="b"),
        b"",
        at(10, ENTRY | {"id": "A17"}),
        at(10, json.dumps(ENTRY), source="hook", source_id=123, ticker="X", timeframe="5"),
        at(20, "BULLISH_ENTRY|{{ticker}}|5|2030.5", ticker="OANDA:XAUUSD"),
    )
    log = read(path, catalogue)
    assert [row.id for row in log.rows] == ["b", "A17", "row-3", "row-4"]
    assert [row.id for row in log.in_order()] == ["A17", "row-3", "row-4", "b"]
    third, fourth = log.rows[2], log.rows[3]
    assert isinstance(third, Alert) and isinstance(fourth, Alert)
    assert (third.source, third.source_id, third.symbol, third.timeframe) == ("hook", "123", "EURUSD", "5m")
    assert (fourth.symbol, fourth.dialect) == ("XAUUSD", "v6")
    assert log.facts["by_dialect"] == {"plain": 3, "v6": 1}
    assert (log.facts["rows"], log.facts["first"], log.facts["last"]) == (
        4,
        "2026-01-05T14:45:10Z",
        "2026-01-05T14:45:30Z",
    )


def test_repeated_ids_are_told_apart(tmp_path: Path, catalogue: Catalogue) -> None:
    payload = ENTRY | {"id": "A"}
    path = jsonl(tmp_path, at(1, payload), at(2, payload), at(3, EXIT, id="A#2"), at(4, payload), at(5, EXIT, id="A"))
    log = read(path, catalogue)
    assert [row.id for row in log.rows] == ["A", "A#2", "A#2#2", "A#3", "A#4"]
    assert [alert.explicit_id for alert in log.alerts] == ["A", "A", None, "A", None]


ROWS: list[tuple[str, Any, str]] = [
    ("no JSON", b"{oops", "bad_json"),
    ("JSON, but a list", b"[1]", "bad_json"),
    ("no UTF-8", b'{"received_at": "\xff"}', "bad_encoding"),
    ("no payload", {"received_at": T}, "bad_row"),
    ("an empty payload", {"received_at": T, "payload": None}, "empty"),
    ("a payload that is a list", {"received_at": T, "payload": [1]}, "not_an_object"),
    ("no time", {"payload": EXIT}, "bad_time"),
    ("a time that is none", {"received_at": "yesterday", "payload": EXIT}, "bad_time"),
    ("a time as a number", {"received_at": 1767624300, "payload": EXIT}, "bad_time"),
    ("a time without a zone", {"received_at": "2026-01-05T14:45:00", "payload": EXIT}, "no_timezone"),
    ("an id that is a list", {"received_at": T, "payload": EXIT, "id": [1]}, "bad_row"),
    ("an id that is true", {"received_at": T, "payload": EXIT, "id": True}, "bad_row"),
    ("a ticker that is no symbol", {"received_at": T, "payload": {"type": "exit"}, "ticker": " "}, "missing_symbol"),
    ("a line too long", {"received_at": T, "payload": "x" * 1_100_000}, "too_large"),
    ("a body too long", {"received_at": T, "payload": EXIT | {"x": "y" * 70_000}}, "too_large"),
    ("a line without a floor", b'{"received_at":' + b"[" * 100_000, "too_deep"),
    ("a NaN in the payload", {"received_at": T, "payload": EXIT | {"tp": float("nan")}}, "bad_price"),
]


@pytest.mark.parametrize(("line", "reason"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_bad_row_is_set_aside_and_the_rest_is_read(
    tmp_path: Path, catalogue: Catalogue, line: Any, reason: str
) -> None:
    log = read(jsonl(tmp_path, at(1, EXIT), line, at(2, ENTRY)), catalogue)
    assert [type(row).__name__ for row in log.rows] == ["Alert", "Quarantined", "Alert"]
    found = log.quarantined[0]
    assert found.reason == reason
    assert found.raw or reason == "empty"
    assert log.facts["by_reason"] == {reason: 1}
    assert log.in_order()[-1].id == "row-3"


def test_detail_names_the_line(tmp_path: Path, catalogue: Catalogue) -> None:
    log = read(jsonl(tmp_path, at(1, EXIT), b"", b"{oops"), catalogue)
    assert "line 3" in log.quarantined[0].detail


def test_last_line_needs_no_line_break_and_windows_ones_are_read(tmp_path: Path, catalogue: Catalogue) -> None:
    line = json.dumps(at(1, EXIT)).encode()
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n" + line)
    assert len(read(path, catalogue).alerts) == 2


def test_payload_keeps_its_own_text(tmp_path: Path, catalogue: Catalogue) -> None:
    body = '{ "type": "exit",  "symbol": "EURUSD", "price": 1.10 }'
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"received_at": "{T}", "payload": {body}, "id": "a"}}\n', encoding="utf-8")
    assert read(path, catalogue).alerts[0].raw == body


@pytest.mark.parametrize(
    "line",
    [
        '{"received_at": "%s", "x": {"payload": {"type": "exit"}}, "payload": BODY}',
        '{"received_at": "%s", "x": {"payload": 1}, "payload" : BODY}',
        '{"received_at": "%s", "id": "\\"payload\\": {}", "payload": BODY}',
        '{"payload": {"x": {"payload": {}}, "type": "entry", "symbol": "EURUSD", "side": "buy"}, "received_at": "%s"}',
    ],
)
def test_payload_of_the_line_is_found_whatever_stands_around_it(
    tmp_path: Path, catalogue: Catalogue, line: str
) -> None:
    path = tmp_path / "log.jsonl"
    body = '{"type": "entry", "symbol": "EURUSD", "side": "buy"}'
    path.write_text((line % T).replace("BODY", body), encoding="utf-8")
    log = read(path, catalogue)
    assert [alert.type for alert in log.alerts] == ["entry"], log.rows


def test_payload_that_stands_only_inside_is_none(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"received_at": "{T}", "x": {{"payload": {{"type": "exit"}}}}}}', encoding="utf-8")
    assert read(path, catalogue).quarantined[0].reason == "bad_row"


def test_file_that_cannot_be_a_log_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    empty, blank, text, utf16 = (tmp_path / name for name in ("e.jsonl", "b.jsonl", "t.parquet", "u.jsonl"))
    empty.write_bytes(b"")
    blank.write_bytes(b"\n\n")
    text.write_bytes(b"PAR1 and no more")
    utf16.write_text("{}", encoding="utf-16")
    for path, said in (
        (tmp_path / "none.jsonl", "does not exist"),
        (tmp_path, "is a folder"),
        (empty, "is empty"),
        (blank, "no rows"),
        (text, "cannot be read as Parquet"),
        (utf16, "UTF-16"),
    ):
        with pytest.raises(DataError, match=said) as caught:
            read(path, catalogue)
        assert str(path) in str(caught.value)


def test_parquet_without_the_columns_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"time": ["x"], "payload": ["y"]}), path)
    with pytest.raises(
        DataError, match="no column received_at; an alert log has received_at and payload, this file has time"
    ):
        read(path, catalogue)


def test_parquet_of_another_maker_is_read(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "other.parquet"
    times = pa.array([T_NS + 5, None], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"payload": [json.dumps(EXIT)] * 2, "received_at": times, "extra": [1, 2]}), path)
    log = read(path, catalogue)
    assert log.alerts[0].received_ns == T_NS + 5
    assert [row.reason for row in log.quarantined] == ["bad_time"]
    naive = pa.array([T_NS // 1000] * 2, pa.timestamp("us"))
    pq.write_table(pa.table({"payload": [json.dumps(EXIT)] * 2, "received_at": naive}), path)
    assert [row.reason for row in read(path, catalogue).quarantined] == ["no_timezone"] * 2


@pytest.mark.parametrize("name", ["again.jsonl", "again.parquet"])
def test_log_reads_back_as_it_was_written(tmp_path: Path, catalogue: Catalogue, name: str) -> None:
    path = jsonl(
        tmp_path,
        at(1, json.dumps(ENTRY | {"id": "A"}), source="hook"),
        at(2, json.dumps(ENTRY | {"id": "A"}), source="hook"),
        at(3, '{"type":"exit","symbol":"{{ticker}}","price":{{close}}}', ticker="OANDA:EURUSD", timeframe="5m"),
        at(4, "nonsense \u00e9 \u2192"),
        {"received_at": "2026-01-05T14:45:00.123456789+05:30", "payload": json.dumps(EXIT)},
    )
    log = read(path, catalogue)
    assert (len(log.alerts), len(log.quarantined)) == (4, 1)
    write_log(tmp_path / name, log.rows)
    assert read(tmp_path / name, catalogue).rows == log.rows


@pytest.mark.parametrize("name", ["log.jsonl", "log.parquet"])
def test_failed_write_leaves_the_old_log_whole(tmp_path: Path, catalogue: Catalogue, name: str) -> None:
    path = tmp_path / name
    write_log(path, [LogRow(1, T, json.dumps(EXIT))])
    before = path.read_bytes()

    def rows() -> Any:
        yield LogRow(1, T, json.dumps(ENTRY))
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_log(path, rows())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="could not be written"):
        write_log(tmp_path / "missing" / "log.jsonl", [])


def test_ids_are_apart_across_files(tmp_path: Path, catalogue: Catalogue) -> None:
    one = jsonl(tmp_path, at(1, EXIT), name="one.jsonl")
    two = jsonl(tmp_path, at(2, EXIT), at(3, EXIT, id="z"), name="two.jsonl")
    log = read_logs([one, two], catalogue)
    assert [row.id for row in log.rows] == ["row-1", "row-1#2", "z"]
    assert [facts["rows"] for facts in log.facts["files"]] == [1, 2]
    assert log.facts["rows"] == 3


def test_validate_says_what_each_row_is_in_the_order_of_the_file(tmp_path: Path, catalogue: Catalogue) -> None:
    path = jsonl(
        tmp_path,
        at(20, ENTRY | {"timeframe": "5"}, id="late"),
        at(10, ENTRY | {"timeframe": "5"}, id="early"),
        b"{",
        at(50, "??"),
    )
    nothing = dict.fromkeys(("dialect", "type", "symbol", "side", "timeframe"))
    alert = {"dialect": "plain", "type": "entry", "symbol": "EURUSD", "side": "buy", "timeframe": "5m"}
    found = list(validate_rows(path, catalogue))
    assert found == [
        {
            "row": 1,
            "status": "duplicate",
            **alert,
            "received_at": "2026-01-05T14:45:20Z",
            "reason": "duplicate_of:early",
        },
        {"row": 2, "status": "alert", **alert, "received_at": "2026-01-05T14:45:10Z", "reason": None},
        {"row": 3, "status": "quarantined", **nothing, "received_at": None, "reason": "bad_json"},
        {
            "row": 4,
            "status": "quarantined",
            **nothing,
            "received_at": "2026-01-05T14:45:50Z",
            "reason": "unknown_dialect",
        },
    ]
    keys = ("row", "status", "dialect", "type", "symbol", "side", "timeframe", "received_at", "reason")
    assert all(tuple(line) == keys for line in found)


def test_logs_are_joined_into_one(tmp_path: Path, catalogue: Catalogue) -> None:
    one = jsonl(tmp_path, at(30, EXIT, id="c"), at(10, EXIT, id="a"), b"{", name="one.jsonl")
    two = jsonl(tmp_path, at(20, EXIT, id="b"), name="two.jsonl")
    report = import_files([one, two], tmp_path / "all.parquet", catalogue)
    assert (report["written"], report["alerts"], report["quarantined"]) == (4, 3, {"bad_json": 1})
    rows = read(tmp_path / "all.parquet", catalogue).rows
    assert [row.id for row in rows][1:] == ["a", "b", "c"]
    assert isinstance(rows[0], Quarantined)


def test_import_into_one_of_the_files_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    path = jsonl(tmp_path, at(1, EXIT))
    with pytest.raises(ConfigError, match="choose another name"):
        import_files([path], path, catalogue)
    with pytest.raises(ConfigError, match="no file"):
        import_files([], path, catalogue)


def test_show_gives_rows_for_a_table(tmp_path: Path, catalogue: Catalogue) -> None:
    path = jsonl(tmp_path, at(3, EXIT, id="c"), at(2, ENTRY, id="b"), at(1, ENTRY | {"symbol": "XAUUSD"}, id="a"), b"{")
    assert [row["id"] for row in show(path, catalogue)] == ["row-4", "a", "b", "c"]
    assert [row["id"] for row in show(path, catalogue, symbol="EURUSD")] == ["b", "c"]
    assert [row["id"] for row in show(path, catalogue, type="entry", limit=1)] == ["a"]
    assert show(path, catalogue)[0]["reason"] == "bad_json"
    assert show(path, catalogue)[1]["side"] == "buy"


def test_room_loads_neither_pyarrow_nor_pandas() -> None:
    code = "import sys, zepix.alerts; print(sorted({'pyarrow', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
