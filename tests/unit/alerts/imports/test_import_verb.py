"""``zepix alerts import`` as it is typed: its flags, its table, its JSON, its advice, its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zepix.cli import main

SIGNALS = "Date,Pair,Dir,SL\n2025-12-01 08:00,EURUSD,B,1.08\n2025-12-01 09:00,EURUSD,Q,1.08\n"


@pytest.fixture
def signals(tmp_path: Path) -> Path:
    path = tmp_path / "signals.csv"
    path.write_text(SIGNALS, encoding="utf-8")
    return path


def words(path: Path, *more: str) -> list[str]:
    given = ["--columns", "time=Date,symbol=Pair", "--columns", "side=Dir,sl=SL", "--values", "side:B=buy,side:S=sell"]
    return ["alerts", "import", str(path), "--out", str(path.parent / "log.jsonl"), *given, *more]


def test_table_is_imported_and_the_report_printed(signals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(signals, "--zone", "Europe/Berlin")) == 0
    said = capsys.readouterr().out
    assert "table of signals" in said and "bad_side 1" in said and "side B -> buy 1" in said
    assert main(words(signals, "--zone", "Europe/Berlin", "--overwrite", "--json")) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["alerts"], report["first"]) == (1, "2025-12-01T07:00:00Z")


def test_advice_follows_a_table_without_a_zone(signals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(signals)) == 0
    assert "2 rows name no time zone; say --zone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--columns", "time"], "--columns 'time': expected FIELD=HEADING, as time=Date,side=Dir"),
        (["--values", "B=buy"], "--values 'B=buy': expected FIELD:CELL=WORD, as side:B=buy"),
        (["--zone", "Mars/Base"], "--zone 'Mars/Base': no such zone"),
        (["--date-order", "american"], "expected day-first or month-first"),
        (["--decimal", ";"], "expected . or ,"),
        (["--trades", "x.parquet"], "none of the files is a List of trades"),
    ],
)
def test_wrong_flag_is_explained(signals: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str) -> None:
    assert main(words(signals, *more)) == 2
    assert said in capsys.readouterr().err
