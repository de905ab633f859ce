"""TradingView's alert log in other languages and forms; several kinds of files into one log; order, memory, secrets."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from zepix.alerts import AlertProcessor, import_files, import_tradingview, read_log
from zepix.alerts.imports import spooled
from zepix.alerts.log import iterate_rows
from zepix.alerts.own import loads
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue

EXIT = '{"type": "exit", "symbol": "XAUUSD", "signal": "bull", "tf": "15m"}'
ROW = ["3445702280", "OANDA:XAUUSD, 15m", "a name", EXIT, "2025-12-01T08:00:00Z"]

HEADINGS = {
    "English, with the webhook's status": ["Alert ID", "Ticker", "Name", "Description", "Time", "Webhook status"],
    "German": ["Alarm-ID", "Ticker", "Name", "Beschreibung", "Zeit"],
    "French": ["ID de l'alerte", "Symbole", "Nom", "Description", "Heure"],
    "Spanish": ["ID de alerta", "Ticker", "Nombre", "Descripci\u00f3n", "Hora"],
    "Portuguese": ["ID do alerta", "Ticker", "Nome", "Descri\u00e7\u00e3o", "Hor\u00e1rio"],
    "Italian": ["ID avviso", "Ticker", "Nome", "Descrizione", "Ora"],
    "Russian": [
        "ID \u043e\u043f\u043e\u0432\u0435\u0449\u0435\u043d\u0438\u044f", "\u0422\u0438\u043a\u0435\u0440",
        "\u041d\u0430\u0437\u0432\u0430\u043d\u0438\u0435", "\u041e\u043f\u0438\u0441\u0430\u043d\u0438\u0435",
        "\u0412\u0440\u0435\u043c\u044f",
    ],
    "Turkish": ["Alarm ID", "Sembol", "\u0130sim", "A\u00e7\u0131klama", "Zaman"],
    "Chinese": ["\u8b66\u62a5ID", "\u5546\u54c1\u4ee3\u7801", "\u540d\u79f0", "\u63cf\u8ff0", "\u65f6\u95f4"],
    "Japanese": ["\u30a2\u30e9\u30fc\u30c8ID",
        "\u30c6\u30a3\u30c3\u30ab\u30fc", "\u540d\u524d", "\u8aac\u660e", "\u6642\u9593"],
    "Korean": ["\uc5bc\ub7ff ID", "\ud2f0\ucee4", "\uc774\ub984", "\uc124\uba85", "\uc2dc\uac04"],
}  # fmt: skip


def export(folder: Path, *rows: list[str], heading: list[str] | None = None, name: str = "log.csv", **more) -> Path:
    path = folder / name
    with path.open("w", encoding=more.pop("encoding", "utf-8"), newline="") as handle:
        csv.writer(handle, **more).writerows([heading or HEADINGS["German"], *rows])
    return path


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_headings_in_other_languages(tmp_path: Path, catalogue: Catalogue, language: str, delimiter: str) -> None:
    heading = HEADINGS[language]
    path = export(tmp_path, [*ROW, "ok"][: len(heading)], heading=heading, delimiter=delimiter)
    found = import_tradingview([path], catalogue)
    assert [(a.symbol, a.type, a.source_id) for a in found.rows] == [("XAUUSD", "exit", "3445702280")]
    assert "columns" not in found.report["files"][0]


def test_headings_nobody_knows_are_recognised_by_their_cells_and_that_is_said(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    later = [ROW[0], ROW[1], "Gold", EXIT.replace("bull", "bear"), "2025-12-01T09:00:00Z"]
    path = export(tmp_path, later, ROW, heading=["H\u00e4lytys", "Osake", "Otsikko", "Teksti", "Kello"])
    report = import_files([path], tmp_path / "log.jsonl", catalogue)
    assert report["files"][0]["columns"] == "by their cells: alert id, ticker, time, description"
    assert report["files"][0]["reversed"] is True
    assert [a.signal for a in read_log(tmp_path / "log.jsonl", catalogue).alerts] == ["bull", "bear"]


@pytest.mark.parametrize(
    "text",
    ["2025-12-01 08:00:00", "Dec 1, 2025, 8:00:00 AM", "1. Dez. 2025 08:00:00",
     "2025\u5e7412\u67081\u65e5 8:00", "2025/12/1 08:00"],
)  # fmt: skip
def test_times_of_other_languages_with_a_zone(tmp_path: Path, catalogue: Catalogue, text: str) -> None:
    path = export(tmp_path, [*ROW[:4], text])
    report = import_files([path], tmp_path / "log.jsonl", catalogue, zone=ZoneInfo("Europe/Berlin"))
    assert (report["first"], report["alerts"]) == ("2025-12-01T07:00:00Z", 1)
    told = import_files([path], tmp_path / "none.jsonl", catalogue)
    assert told["quarantined"] == {"no_timezone": 1}
    assert told["advice"] == ["1 rows name no time zone; say --zone"]


def test_dates_that_could_be_two_are_asked_for_and_never_guessed(tmp_path: Path, catalogue: Catalogue) -> None:
    open_rows = export(tmp_path, [*ROW[:4], "01.12.2025 08:00"], [*ROW[:4], "02.12.2025 08:00"])
    with pytest.raises(ConfigError, match="--date-order day-first or --date-order month-first"):
        import_files([open_rows], tmp_path / "log.jsonl", catalogue, zone=ZoneInfo("UTC"))
    said = import_files([open_rows], tmp_path / "log.jsonl", catalogue, zone=ZoneInfo("UTC"), date_order="month-first")
    assert said["first"] == "2025-01-12T08:00:00Z"
    clear = export(tmp_path, [*ROW[:4], "13.12.2025 08:00"], [*ROW[:4], "02.12.2025 08:00"], name="clear.csv")
    found = import_files([clear], tmp_path / "clear.jsonl", catalogue, zone=ZoneInfo("UTC"))
    assert found["first"] == "2025-12-02T08:00:00Z"
    assert found["files"][0]["date_order"] == "day-first, by '13.12.2025 08:00'"
    assert found["files"][0]["reversed"] is True


def test_utf_16_of_a_spreadsheet(tmp_path: Path, catalogue: Catalogue) -> None:
    path = export(tmp_path, ROW, encoding="utf-16", delimiter="\t")
    assert len(read_log(path, catalogue).alerts) == 1


def test_report_says_what_each_file_was_taken_for(tmp_path: Path, catalogue: Catalogue) -> None:
    log = tmp_path / "own.jsonl"
    log.write_text(json.dumps({"received_at": "2025-12-01T07:00:00Z", "payload": json.loads(EXIT)}), encoding="utf-8")
    table = tmp_path / "signals.csv"
    table.write_text("time,symbol,side\n2025-12-01T07:30:00Z,EURUSD,buy\n", encoding="utf-8")
    report = import_files([export(tmp_path, ROW), log, table], tmp_path / "all.jsonl", catalogue)
    assert [file["kind"] for file in report["files"]] == ["alert log of TradingView", "alert log", "table of signals"]
    assert report["types"] == {"entry": 1, "exit": 2}
    assert [a.type for a in read_log(tmp_path / "all.jsonl", catalogue).alerts] == ["exit", "entry", "exit"]


@pytest.mark.parametrize("run_rows", [3, 1000])
def test_rows_are_ordered_on_the_disk_as_in_memory(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, run_rows: int
) -> None:
    """Forty rows in a jumble, with equal times: the same log whatever fits into memory."""
    monkeypatch.setattr(spooled, "RUN_ROWS", run_rows)
    monkeypatch.setattr(spooled, "_BLOCK_ROWS", 2)
    deep = json.loads("[" * 25 + "]" * 25)
    lines = [
        {
            "received_at": f"2025-12-01T08:00:{(k * 7) % 13:02d}Z",
            "payload": {**json.loads(EXIT), "x": deep},
            "id": f"r{k}",
        }
        for k in range(40)
    ]
    lines[5].pop("received_at")
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n{broken\n", encoding="utf-8")
    report = import_files([path], tmp_path / "out.jsonl", catalogue)
    assert report["quarantined"] == {"bad_json": 1, "bad_time": 1}
    expected = sorted((k for k in range(40) if k != 5), key=lambda k: ((k * 7) % 13, k))
    found = [row.id for row in read_log(tmp_path / "out.jsonl", catalogue).rows]
    assert found == ["r5", "row-2", *(f"r{k}" for k in expected)]


def test_body_too_deep_for_the_spool_is_kept(tmp_path: Path) -> None:
    deep: dict = {}
    for _ in range(3000):
        deep = {"a": deep}
    row = (1, "2025-12-01T08:00:00Z", deep, "x", None, None, None, None, None, "{...}")
    dumped = spooled._dumped([(1, 1, row)])
    assert b"2025-12-01T08:00:00Z" in dumped


def test_secrets_are_not_written(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "log.jsonl"
    body = {**json.loads(EXIT), "passphrase": "hunter22"}
    rows = [{"received_at": "2025-12-01T08:00:00Z", "payload": p} for p in (body, json.dumps(body))]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for name in ("out.jsonl", "out.parquet"):
        import_files([path], tmp_path / name, catalogue)
        assert len(read_log(tmp_path / name, catalogue).alerts) == 2
        assert b"hunter22" not in (tmp_path / name).read_bytes()


def test_log_without_payloads_is_told_how_to_map_them(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"id": 1, "body": EXIT}), encoding="utf-8")
    report = import_files([path], tmp_path / "log.jsonl", catalogue)
    assert report["advice"] == ["no line has a payload; say --columns payload=KEY,received_at=KEY (keys: id, body)"]


def test_all_recorded_logs_and_examples_import(tmp_path: Path, recorded: Path, catalogue: Catalogue) -> None:
    """692 alerts of four exports, of which 27 rows stand in two; 22 bodies of others, each an alert or a reason."""
    report = import_files(sorted(recorded.glob("*.csv")), tmp_path / "tv.jsonl", catalogue)
    assert (report["rows"], report["merged"], report["alerts"]) == (692, 27, 692)
    assert report["repaired_tickers"] > 500 and report["prices_left_open"] > 500
    examples = import_files(
        [recorded / "payload_examples.jsonl"],
        tmp_path / "examples.jsonl",
        catalogue,
        columns={"payload": "body", "id": "id"},
        received_at="2026-01-05T00:00:00Z",
        symbol="OANDA:EURUSD",
    )
    assert examples["rows"] == 22 == examples["alerts"] + sum(examples["quarantined"].values())
    assert (examples["first"], examples["last"]) == ("2026-01-05T00:00:00Z", "2026-01-05T00:00:21Z")
    assert examples["files"][0]["kind"] == "table of bodies"
    rows = read_log(tmp_path / "examples.jsonl", catalogue).rows
    assert Counter(len({row.id for row in rows}) == 22 for _ in rows)[True] == 22


def test_nothing_is_left_of_an_import_that_fails(tmp_path: Path, catalogue: Catalogue) -> None:
    path = export(tmp_path, ROW, [*ROW[:3], '"' + "x" * 300_000, ROW[4]])
    before = {file.name for file in tmp_path.iterdir()}
    with pytest.raises(DataError, match="no CSV"):
        import_files([path], tmp_path / "log.jsonl", catalogue)
    assert {file.name for file in tmp_path.iterdir()} == before


def test_exits_that_are_set_aside_for_their_size_are_told_with_the_setting(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    bodies = [{"ticker": "EURUSD", "action": action, "quantity": 1} for action in ("buy", "exit", "buy", "exit")]
    rows = [{"received_at": f"2026-01-05T14:4{at}:00Z", "payload": body} for at, body in enumerate(bodies)]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    report = import_files([path], tmp_path / "out.jsonl", catalogue)
    assert report["quarantined"] == {"unsupported_parameter": 2}
    assert [line for line in report["advice"] if "dialects.flat.exit_size=all" in line and line.startswith("2 exits")]
    processor = AlertProcessor(catalogue, settings={"flat": {"exit_size": "all"}})
    assert "advice" not in import_files([path], tmp_path / "all.jsonl", catalogue, processor=processor)


BODIES_WITH_SECRETS = {
    "JSON": {"token": "xyzzy17", "symbol": "EURUSD", "action": "buy", "id": "a"},
    "JSON as text": '{"token": "xyzzy17", "symbol": "EURUSD", "action": "buy"}',
    "key=value": "TOKEN=xyzzy17;SYMBOL=EURUSD;SIGNAL=BUY",
    "a license": "60123456717,buy,EURUSD,vol_lots=0.1",
    "nested": {"symbol": "EURUSD", "action": "buy", "meta": {"apiKey": "xyzzy17"}, "note": "password=xyzzy17"},
    "set aside": {"token": "xyzzy17", "symbol": "EURUSD", "action": "dance"},
    "a place of a table's own": {"login": {"code": "xyzzy17"}, "pair": "EURUSD", "way": "buy"},
    "too large": {"token": "xyzzy17", "symbol": "EURUSD", "action": "buy", "note": "x" * 70_000},
    "a row without a time": None,
}
OWN = """
[dialect.mine]
match = { required = ["login.code", "pair"] }
fields = { symbol = "pair", side = "way" }
constants = { type = "entry" }
secrets = ["login.code"]
"""


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("case", BODIES_WITH_SECRETS)
def test_no_secret_is_written_and_nothing_else_is_lost(
    tmp_path: Path, catalogue: Catalogue, case: str, ending: str
) -> None:
    body = BODIES_WITH_SECRETS[case] or BODIES_WITH_SECRETS["JSON"]
    row = {"received_at": "soon" if case == "a row without a time" else "2026-01-05T14:45:00Z", "payload": body}
    path, out = tmp_path / "log.jsonl", tmp_path / f"out.{ending}"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    processor = AlertProcessor(catalogue, own=loads(OWN))
    report = import_files([path], out, catalogue, processor=processor)
    rows = list(iterate_rows(out))
    written = json.dumps([rows[0].payload, rows[0].text])
    assert "xyzzy17" not in written
    assert "60123456717" not in written
    assert "***" in written
    before, after = (read_log(file, catalogue, processor=processor).rows[0] for file in (path, out))
    assert type(after) is type(before)
    if isinstance(before, Alert) and isinstance(after, Alert):
        assert replace(after, raw="") == replace(before, raw="")
    else:
        assert after.reason == before.reason == next(iter(report["quarantined"]))


def test_rows_are_looked_through_for_secrets_once(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million rows in a minute: what the reader of the bodies has blotted out is not looked for again."""
    looked: list[object] = []
    for module in ("zepix.alerts.imports.pipeline", "zepix.alerts.log"):
        monkeypatch.setattr(f"{module}.redact_row", lambda row: looked.append(row) or row)
    rows = [{"received_at": "2026-01-05T14:45:00Z", "payload": body} for body in BODIES_WITH_SECRETS.values() if body]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    import_files([path], tmp_path / "out.jsonl", catalogue)
    assert len(looked) == 1, "only the one that is too large to be read"
