"""``zepix new`` makes a project whose test passes; ``zepix demo`` works anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zepix.cli import main
from zepix.errors import ConfigError
from zepix.scaffold import demo_folder, new_project

ROOT = Path(__file__).resolve().parents[3]


def test_a_new_project_replays_and_its_tests_pass(place, capsys):
    assert main(["new", "p"]) == 0
    assert "zepix backtest backtests/first.toml" in capsys.readouterr().out
    os.chdir(place / "p")
    assert main(["backtest", "backtests/first.toml", "--quiet"]) == 0
    assert (place / "p" / "backtests" / "results" / "first-1" / "report.html").is_file()
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=place / "p",
        env=environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()
    assert b"2 passed" in done.stdout


def test_the_strategy_of_a_new_project_has_fifteen_lines(place):
    new_project(place / "p")
    text = (place / "p" / "strategies" / "my_strategy.py").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line.strip()]) <= 15


def test_a_folder_that_is_not_empty_is_left_alone(place, capsys):
    (place / "p").mkdir()
    (place / "p" / "mine.txt").write_text("mine", encoding="utf-8")
    assert main(["new", "p"]) == 2
    assert "not empty (it holds mine.txt)" in capsys.readouterr().err
    assert [path.name for path in (place / "p").iterdir()] == ["mine.txt"]
    assert main(["demo", "p"]) == 2


def test_an_empty_folder_will_do(place):
    (place / "p").mkdir()
    assert main(["new", "p"]) == 0


def test_a_name_that_is_a_file(place, capsys):
    (place / "p").write_text("", encoding="utf-8")
    assert main(["new", "p"]) == 2
    assert "cannot be made a folder" in capsys.readouterr().err


def test_demo_twice_in_the_same_folder(place, capsys):
    assert main(["demo", "--no-report"]) == 0
    first = capsys.readouterr().out
    assert "synthetic" in first
    stamp = (place / "zepix-demo" / "sample" / "manifest.json").stat().st_mtime_ns
    assert main(["demo", "--no-report"]) == 0
    assert (place / "zepix-demo" / "sample" / "manifest.json").stat().st_mtime_ns == stamp
    assert (place / "zepix-demo" / "results" / "run.json").is_file()


def test_demo_where_nothing_can_be_written(place, tmp_path_factory, monkeypatch):
    (place / "zepix-demo").write_text("a file is in the way", encoding="utf-8")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporary")))
    folder = demo_folder()
    assert folder.name.startswith("zepix-demo-")
    assert (folder / "sample" / "alerts.jsonl").is_file()
    with pytest.raises(ConfigError, match="cannot be made a folder"):
        demo_folder(place / "zepix-demo")
