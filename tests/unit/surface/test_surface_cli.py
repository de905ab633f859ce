"""The command line as a whole: exit statuses, one clear line a problem, consoles of every kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zepix.cli import main

ROOT = Path(__file__).resolve().parents[3]


def _process(*arguments, **more):
    """``python -m zepix`` in a process of its own, with the repository's code."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "zepix", *arguments], capture_output=True, env=environ, check=False, timeout=120, **more
    )


HEAVY = ("numpy", "numba", "pyarrow", "pandas", "plotly", "yaml", "zepix.model", "zepix.engine", "live")
HELP = [["--help"], ["backtest", "--help"], ["alerts", "--help"], ["bars", "import", "--help"]]


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_imports_nothing_heavy(arguments, place):
    heavy = (*HEAVY, "pydantic") if arguments == ["--help"] else HEAVY  # typer asks pydantic about some types
    code = (
        "import sys\nfrom zepix.cli import main\n"
        f"status = main({arguments!r})\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environ, check=False)
    assert done.returncode == 0
    assert done.stderr.decode().strip() == "[]"
    assert b"Usage: zepix" in done.stdout


WRONG_CALLS = {
    "unknown verb": (["backtst"], "Did you mean 'backtest'"),
    "unknown flag": (["backtest", "--alert", "x"], "--alerts"),
    "flag without value": (["backtest", "--set"], "--set"),
    "missing argument": (["alerts", "show"], "Missing argument 'FILE'"),
    "two specs": (["backtest", "a.toml", "b.toml"], "unexpected extra argument"),
    "no number": (["alerts", "show", "x", "--limit", "many"], "--limit"),
    "open without report": (["backtest", "--open", "--no-report"], "--open needs a report"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_a_wrong_call_is_status_2_with_a_line(case, place, capsys):
    arguments, words = WRONG_CALLS[case]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["alerts"], ["bars"]], ids=lambda a: " ".join(a) or "zepix")
def test_no_verb_is_status_2_with_the_help(arguments, place, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert "Usage: zepix" in out + err
    assert "Traceback" not in err


def test_every_problem_of_a_configuration_is_a_line(place, capsys, inputs):
    assert main(["backtest", *inputs, "--set", "acount.x=1", "--set", "fill.latency_ms=abc", "--from", "soon"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.startswith("zepix: ") for line in err.splitlines()] == [True] * 3
    assert not (place / "zepix-results").exists()


DATA_PROBLEMS = {
    "no alerts file": ["backtest", "--alerts", "no.jsonl", "--bars", "{sample}", "--strategy", "bracket"],
    "no bars": ["backtest", "--alerts", "{sample}/alerts.jsonl", "--bars", "nowhere", "--strategy", "bracket"],
    "an empty log": ["backtest", "--alerts", "empty.jsonl", "--bars", "{sample}", "--strategy", "bracket"],
    "validate nothing": ["alerts", "validate", "no.jsonl"],
    "list nothing": ["bars", "list", "nowhere"],
}


@pytest.mark.parametrize("case", DATA_PROBLEMS)
def test_data_that_cannot_be_used_is_status_3_with_a_line(case, place, capsys, sample):
    (place / "empty.jsonl").write_bytes(b"")
    assert main([word.format(sample=sample) for word in DATA_PROBLEMS[case]]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("zepix: ")
    assert len(err.splitlines()) == 1
    assert not (place / "zepix-results").exists()


def test_a_bug_is_one_line_and_a_traceback_only_with_debug(place, capsys, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("broken\nin two lines")

    monkeypatch.setattr("zepix.spec.load_spec", broken)
    assert main(["backtest", "x.toml"]) == 1
    err = capsys.readouterr().err
    assert "internal error: RuntimeError: broken in two lines" in err
    assert len(err.splitlines()) == 1
    assert main(["backtest", "x.toml", "--debug"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_interrupt_is_status_130_without_a_traceback(place, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("zepix.spec.load_spec", interrupted)
    assert main(["backtest", "x.toml"]) == 130
    assert capsys.readouterr().err == "zepix: interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe whose reader has gone")
def test_a_reader_that_goes_is_no_problem(sample):
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "zepix", "alerts", "validate", str(sample / "alerts.jsonl"), "--json"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environ, check=False)
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode in (0, 1)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_output_survives_consoles_that_know_few_characters(encoding, place, sample):
    log = place / "log.jsonl"
    body = {"type": "entry", "symbol": "\u6771\u4eac\u2192\ud83d\ude00", "side": "buy", "comment": "\u2603"}
    line = json.dumps({"received_at": "2024-01-02T08:00:00Z", "payload": body}, ensure_ascii=True)
    log.write_text(line + "\n", encoding="utf-8")
    for arguments in (["--help"], ["instruments"], ["alerts", "show", str(log)], ["backtest", "\u6771\u4eac.toml"]):
        done = _process(*arguments, cwd=place, env={"PYTHONIOENCODING": encoding})
        assert b"Traceback" not in done.stderr
        assert b"internal error" not in done.stderr
        done.stdout.decode(encoding)
        assert "\u2500".encode() not in done.stdout


def test_version(capsys):
    import zepix

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"zepix {zepix.__version__}\n"


def test_a_folder_named_live_or_strategies_is_nobodys_business(place, inputs, capsys):
    (place / "live").mkdir()
    (place / "live" / "__init__.py").write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    (place / "strategies").mkdir()
    (place / "strategies" / "broken.py").write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    (place / "strategies" / "quits.py").write_text("import sys\nsys.exit(3)\n", encoding="utf-8")
    done = _process("backtest", *inputs, "--no-report", "--out", "o", cwd=place)
    assert done.returncode == 0, done.stderr.decode()
    assert b"strategy broken could not be loaded: RuntimeError: imported" in done.stderr


def test_doctor_says_what_is_assumed(capsys, place):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "New York + 7 h" in out
    assert "python" in out
    assert "kernels" in out and "sweep_exits" in out


def test_strategies_and_those_that_could_not_be_loaded(place, capsys):
    folder = place / "mine"
    folder.mkdir()
    (folder / "broken.py").write_text("import no_such_module\n", encoding="utf-8")
    assert main(["strategies", "--dir", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert "bracket" in out
    assert "not loaded: broken: ModuleNotFoundError" in err
    assert main(["strategies", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strategies"][0]["plugin_id"] == "bracket"


def test_instruments_and_ones_own(place, capsys):
    own = place / "own.toml"
    own.write_text('[GOLD]\nbase = "XAUUSD"\n', encoding="utf-8")
    assert main(["instruments", "--instruments", str(own), "--json"]) == 0
    symbols = [i["symbol"] for i in json.loads(capsys.readouterr().out)]
    assert symbols[:2] == ["XAUUSD", "EURUSD"]
    assert symbols[-1] == "GOLD"
    assert main(["instruments"]) == 0
    assert "USDJPY" in capsys.readouterr().out


def test_alerts_from_import_to_show(place, sample, capsys):
    log = str(place / "log.jsonl")
    assert main(["alerts", "import", str(sample / "alerts.jsonl"), "--out", log]) == 0
    assert "written" in capsys.readouterr().out
    assert main(["alerts", "validate", log, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wanted = ["row", "status", "dialect", "type", "symbol", "side", "timeframe", "received_at", "reason"]
    assert {tuple(row) for row in rows} == {tuple(wanted)}
    assert {row["status"] for row in rows} == {"alert", "duplicate", "quarantined"}
    assert main(["alerts", "show", log, "--symbol", "XAUUSD", "--limit", "3", "--json"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["symbol"] for row in shown] == ["XAUUSD"] * 3


def test_an_import_replaces_nothing_unless_asked(place, sample, capsys):
    (place / "log.jsonl").write_text("mine", encoding="utf-8")
    call = ["alerts", "import", str(sample / "alerts.jsonl"), "--out", "log.jsonl"]
    assert main(call) == 3
    assert "--overwrite" in capsys.readouterr().err
    assert (place / "log.jsonl").read_text(encoding="utf-8") == "mine"
    assert main([*call, "--overwrite"]) == 0
    assert (place / "log.jsonl").read_text(encoding="utf-8") != "mine"


def test_an_alert_cannot_command_the_terminal(place, capsys):
    body = {"type": "entry", "symbol": "EUR\x1b]0;owned\x07USD", "side": "buy", "id": "\x1b[2J"}
    row = {"received_at": "2024-01-03T10:00:00Z", "payload": body}
    (place / "log.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert main(["alerts", "show", "log.jsonl"]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("section", ["account", "fill", "data", "alerts"])
def test_a_section_set_to_a_number_is_one_line(section, place, inputs, capsys):
    assert main(["backtest", *inputs, "--set", f"{section}=3"]) == 2
    assert section in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "words"), [("--zone=Mars/Base", "no such zone"), ("--symbol-map=GOLD", "THEIRS=OURS")]
)
def test_flags_of_alerts_that_make_no_sense(flag, words, sample, capsys):
    assert main(["alerts", "validate", str(sample / "alerts.jsonl"), flag]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("zone", ["UTC", "Europe/Athens", "+02:00", "-05:30"])
def test_zones_of_alerts(zone, sample):
    assert main(["alerts", "validate", str(sample / "alerts.jsonl"), "--zone", zone, "--json"]) == 0


def test_bars_from_import_to_check(place, capsys):
    chart = place / "OANDA_EURUSD, 1.csv"
    rows = [f"{1704153600 + 60 * i},1.1,1.1005,1.0995,1.1" for i in range(30)]
    chart.write_text("time,open,high,low,close\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert main(["bars", "import", str(chart), "--out", "store"]) == 0
    assert "EURUSD" in capsys.readouterr().out
    assert main(["bars", "list", "store", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 30
    assert main(["bars", "check", "store"]) == 0
    assert "usable" in capsys.readouterr().out
    broken = place / "store" / "GBPUSD_M1_20240101_20240101.parquet"
    broken.write_bytes(b"no parquet")
    assert main(["bars", "check", "store"]) == 3
    assert "1 of 2 files cannot be replayed" in capsys.readouterr().err
