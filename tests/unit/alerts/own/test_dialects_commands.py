"""``zepix alerts dialects | learn | schema | template`` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zepix.cli import main

MINE = """
[dialect.mine]
match = { required = ["way", "pair"] }
fields = { side = "way", symbol = "pair", sl = "stop" }
constants = { type = "entry" }
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(MINE, encoding="utf-8")
    return file


def test_dialects_are_listed_in_the_order_in_which_they_are_asked(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alerts", "dialects", "--json", "--dialects", str(mine)]) == 0
    rows = json.loads(capsys.readouterr().out)
    names = [row["dialect"] for row in rows]
    assert names[0] == "v3" and names[-1] == "plain"
    assert names.index("mine") < names.index("v6"), "before the built-in one of its rank"
    assert next(row for row in rows if row["dialect"] == "mine")["settings"]["sl_unit"][0] == "price"
    assert main(["alerts", "dialects"]) == 0
    assert "plain" in capsys.readouterr().out


def test_a_wrong_file_is_told_in_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("[dialect.x]\nmatc = 1\nrnk = 2\n", encoding="utf-8")
    assert main(["alerts", "dialects", "--dialects", str(file)]) == 2
    told = capsys.readouterr().err
    assert "did you mean 'match'" in told
    assert "did you mean 'rank'" in told


def test_learn_writes_and_never_overwrites_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bodies = [json.dumps({"instrument": "EURUSD", "go": way, "stop": 1.07}) for way in ("up", "down", "up")]
    log = tmp_path / "foreign.txt"
    log.write_text("\n".join(bodies), encoding="utf-8")
    out = tmp_path / "learned.toml"
    assert main(["alerts", "learn", str(log)]) == 0
    shown = capsys.readouterr()
    assert "[dialect.learned_1]" in shown.out
    assert "before: " in shown.err and "in all, 3 of 3 rows" in shown.err
    assert main(["alerts", "learn", str(log), "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert text.strip() == shown.out.strip()
    assert main(["alerts", "learn", str(log), "--out", str(out)]) == 2
    assert "say --overwrite" in capsys.readouterr().err
    assert main(["alerts", "learn", str(log), "--out", str(out), "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["would_understand"] == 3
    assert main(["alerts", "learn", str(log), "--dialects", str(out)]) == 0
    assert "3 understood already" in capsys.readouterr().err


def test_schema_and_template_are_printed(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "schema", "plain"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "zepix dialect plain"
    assert main(["alerts", "schema", "mine", "--dialects", str(mine)]) == 0
    assert json.loads(capsys.readouterr().out)["required"] == ["way", "pair"]
    assert main(["alerts", "template", "tradingview"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["action"] == "{{strategy.order.action}}"
    assert "Message box" in shown.err
    assert main(["alerts", "template", "plain", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    assert main(["alerts", "template", "mine"]) == 2
    assert main(["alerts", "schema", "plane"]) == 2
    assert "did you mean 'plain'" in capsys.readouterr().err
