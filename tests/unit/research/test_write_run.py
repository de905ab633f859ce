"""A run on disk: every file there, readable, whole, and of the same run; a second run replaces the first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fake_run import THURSDAY_NS, bracket_run, flat_series, record_of, walk_series

from zepix.engine.record import RunRecord
from zepix.errors import DataError
from zepix.journal import digest, read_header, read_journal
from zepix.model import Quarantined
from zepix.research.result import Result
from zepix.research.write import FILES, iso_utc, write_run

RAW = '{"broken": \ud800 "é" <script>alert(1)</script>\r\n'


@pytest.fixture
def record() -> RunRecord:
    made = bracket_run(12, series=[walk_series("EURUSD", 138_000, 900, seed=1, spread=3)])
    made.alerts.append(Quarantined(id="q1", reason="malformed_json", detail="no value", raw=RAW))
    made.alerts.append(Quarantined(id="q2", reason="no_timezone", detail="", raw="x", received_ns=THURSDAY_NS))
    return made


def test_folder_holds_every_file_and_no_drafts(record: RunRecord, tmp_path: Path) -> None:
    folder = write_run(record, {"digest": "x"}, tmp_path / "deep" / "out")
    assert {p.name for p in folder.iterdir()} == {*FILES, "run.json"}
    assert not any(":" in p.name for p in folder.iterdir())


def test_files_can_be_read_back(record: RunRecord, tmp_path: Path) -> None:
    folder = write_run(record, {}, tmp_path)
    assert pq.read_table(folder / "trades.parquet").num_rows == 12
    assert pq.read_table(folder / "orders.parquet").num_rows == 12
    assert pq.read_table(folder / "decisions.parquet").num_rows == 12
    assert pq.read_table(folder / "equity.parquet").column_names == ["time", "balance", "equity", "kind"]
    assert list(read_journal(folder / "journal.jsonl")) == record.journal
    assert read_header(folder / "journal.jsonl")["lines"] == 12


def test_quarantined_body_is_kept_as_it_arrived(record: RunRecord, tmp_path: Path) -> None:
    folder = write_run(record, {}, tmp_path)
    rows = [json.loads(line) for line in (folder / "quarantine.jsonl").read_text(encoding="ascii").splitlines()]
    assert [(r["id"], r["received_at"], r["raw"]) for r in rows] == [
        ("q1", None, RAW),
        ("q2", "2014-05-01T00:00:00Z", "x"),
    ]


def test_result_writes_the_contract_of_run_json(record: RunRecord, tmp_path: Path) -> None:
    result = Result(record, spec={"name": "x", "bars": ["a.parquet"]}, timings={"load_s": 0.5}, checksums={"a": "1"})
    folder = result.save(tmp_path, report=True)
    meta = json.loads((folder / "run.json").read_text(encoding="ascii"))
    assert meta["digest"] == digest(record)
    assert meta["spec"] == {"name": "x", "bars": ["a.parquet"]}
    assert set(meta["timings"]) == {"load_s", "index_s", "replay_s", "write_s", "report_s"}
    assert meta["timings"]["load_s"] == 0.5
    assert meta["timings"]["write_s"] > 0
    assert meta["timings"]["report_s"] > 0
    assert meta["statistics"]["tickets"] == 12
    assert meta["data"]["EURUSD"]["checksum"] == "0" * 64
    assert {"spec", "versions", "checksums", "counts", "warnings", "alert_gap", "period"} <= set(meta)
    assert (folder / "report.html").stat().st_size > 1000


def test_later_run_without_a_report_leaves_none_of_the_earlier(record: RunRecord, tmp_path: Path) -> None:
    Result(record).save(tmp_path, report=True)
    Result(record_of([], [flat_series("EURUSD", 138_000, 60)])).save(tmp_path)
    assert not (tmp_path / "report.html").exists()
    assert pq.read_table(tmp_path / "trades.parquet").num_rows == 0
    assert (tmp_path / "quarantine.jsonl").read_bytes() == b""


def test_run_that_breaks_while_writing_leaves_no_run_json(record: RunRecord, tmp_path: Path) -> None:
    write_run(record, {}, tmp_path)
    record.journal = [(1, "bad", {"seq": 1})]
    with pytest.raises(ValueError, match="seq"):
        write_run(record, {}, tmp_path)
    assert not (tmp_path / "run.json").exists()
    assert not list(tmp_path.glob(".*"))


def test_folder_that_is_a_file_is_a_data_error(record: RunRecord, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match="--out"):
        write_run(record, {}, tmp_path / "out")


def test_other_files_in_the_folder_stay(record: RunRecord, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine", encoding="utf-8")
    write_run(record, {}, tmp_path)
    assert (tmp_path / "notes.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00Z"),
        (THURSDAY_NS + 5, "2014-05-01T00:00:00.000000005Z"),
        (THURSDAY_NS + 250_000_000, "2014-05-01T00:00:00.25Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_instant_is_written_in_utc(ns: int | None, text: str | None) -> None:
    assert iso_utc(ns) == text


def test_writing_a_run_imports_neither_pandas_nor_plotly(tmp_path: Path) -> None:
    code = (
        "import sys; from fake_run import *; from zepix.research.result import Result\n"
        "r = Result(bracket_run(3, series=[walk_series('EURUSD', 138_000, 300, seed=1)]))\n"
        f"str(r); r.save({str(tmp_path)!r})\n"
        "print([m for m in ('pandas', 'plotly') if m in sys.modules])"
    )
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parents[2])!r}]\n{code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
