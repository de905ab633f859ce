"""A runner's inbox as an alert log: what came, when, with what stood beside it; no dry alert, no command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import zepix as zx
from zepix.alerts import read_log, validate_rows
from zepix.cli import main
from zepix.data import default_catalogue
from zepix.errors import DataError
from zepix.journal.durable import DurableLog

START_NS = 1_767_225_600_000_000_000
S = 1_000_000_000
ENTRY = '{"type":"entry","symbol":"EURUSD","side":"buy","volume":0.1}'
EXIT = '{"type":"exit","symbol":"EURUSD","side":"buy"}'


def row(raw: str, **more: Any) -> str:
    return json.dumps({"raw": raw, "source": "webhook", "route": "tradingview", "from": "127.0.0.1", **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        ("alert", row(ENTRY, id="mine-1")),
        ("event", json.dumps({"level": "WARN", "code": "x", "text": "y"})),
        ("alert", row('{"type":"entry","side":"sell","volume":0.2}', symbol="XAUUSD")),
        ("operator", json.dumps({"id": "12345678", "command": "pause", "by": "", "from": "x"})),
        ("alert", row(ENTRY, dry=True)),
        ("resend", row(EXIT, of=3)),
        ("quarantined", row('{"type":', reason="bad_json", detail="it is none")),
        ("quarantined", row(EXIT, reason="address_not_allowed", detail="not on the list")),
        ("refused", json.dumps({"reason": "wrong_token"})),
    ]
    data = tmp_path / "live"
    with DurableLog(data / "inbox.sqlite", name="inbox", header={"id": "abc"}) as log:
        log.append([(START_NS + n * S, kind, body) for n, (kind, body) in enumerate(rows)])
    return data


@pytest.mark.parametrize("name", ["", "inbox.sqlite"])
def test_its_folder_or_its_file_is_read_in_the_order_of_receipt(folder, name):
    log = read_log(folder / name, default_catalogue())
    assert log.facts["format"] == "inbox"
    assert [(one.id, one.received_ns - START_NS) for one in log.rows] == [
        ("mine-1", 0), ("a3", 2 * S), ("a6", 5 * S), ("a7", 6 * S), ("a8", 7 * S),
    ]  # fmt: skip
    assert [(one.type, one.symbol) for one in log.alerts] == [
        ("entry", "EURUSD"), ("entry", "XAUUSD"), ("exit", "EURUSD"),
    ]  # fmt: skip
    assert [one.reason for one in log.quarantined] == ["bad_json", "bad_row"]
    assert "address_not_allowed" in log.quarantined[1].detail


def test_zx_alerts_takes_the_folder(folder):
    assert len(zx.alerts(folder).alerts) == 3


def test_it_is_imported_as_a_log_that_reads_back_the_same(folder, tmp_path):
    out = tmp_path / "log.jsonl"
    assert main(["alerts", "import", str(folder), "--out", str(out)]) == 0
    one, two = (read_log(path, default_catalogue()).rows for path in (folder, out))
    assert [(a.id, a.received_ns, a.raw) for a in one] == [(a.id, a.received_ns, a.raw) for a in two]


def test_validate_says_what_became_of_each(folder):
    told = [(one["status"], one["reason"]) for one in validate_rows(folder / "inbox.sqlite", default_catalogue())]
    assert told == [
        ("alert", None), ("alert", None), ("alert", None), ("quarantined", "bad_json"), ("quarantined", "bad_row"),
    ]  # fmt: skip


def test_its_checksum_is_of_what_it_holds_not_of_its_file(folder):
    before = read_log(folder, default_catalogue()).facts["sha256"]
    (folder / "inbox.sqlite").touch()
    assert read_log(folder, default_catalogue()).facts["sha256"] == before
    with DurableLog(folder / "inbox.sqlite", name="inbox") as log:
        log.append([(START_NS + 60 * S, "alert", row(EXIT))])
    assert read_log(folder, default_catalogue()).facts["sha256"] != before


def test_a_journal_is_no_inbox_and_a_damaged_one_is_told(tmp_path):
    with DurableLog(tmp_path / "journal.sqlite", name="journal") as log:
        log.append([(START_NS, "config", "{}")])
    with pytest.raises(DataError, match="is no inbox: its row 1 is 'config'"):
        read_log(tmp_path / "journal.sqlite", default_catalogue())
    broken = tmp_path / "inbox.sqlite"
    broken.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    with pytest.raises(DataError, match="cannot be read as a runner's inbox"):
        read_log(broken, default_catalogue())


def test_a_folder_without_one_is_told(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        read_log(tmp_path, default_catalogue())


def test_a_fresh_process_knows_the_templates(tmp_path):
    import subprocess
    import sys

    found = subprocess.run(
        [sys.executable, "-m", "zepix", "alerts", "template", "bar"], capture_output=True, text=True, check=True
    )
    assert json.loads(found.stdout)["type"] == "bar"
