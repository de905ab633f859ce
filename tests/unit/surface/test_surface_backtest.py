"""``zepix backtest`` from flags to files: what is printed, what is written, where."""

from __future__ import annotations

import json

import pytest

from zepix.cli import main

FILES = {"trades.parquet", "decisions.parquet", "orders.parquet", "equity.parquet", "journal.jsonl", "run.json"}


def test_a_run_prints_a_table_and_the_path_of_the_report(place, inputs, capsys):
    assert main(["backtest", *inputs, "--out", "results"]) == 0
    out, _ = capsys.readouterr()
    assert "net profit" in out
    assert out.splitlines()[-1] == f"report {place.relative_to(place) / 'results' / 'report.html'}"
    written = {path.name for path in (place / "results").iterdir()}
    assert written >= FILES | {"report.html"}


def test_json_is_one_document_and_nothing_else(place, inputs, capsys):
    assert main(["backtest", *inputs, "--json", "--no-report", "--out", "o"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document == json.loads((place / "o" / "run.json").read_text(encoding="utf-8"))
    assert err == ""
    assert len(document["digest"]) == 64
    assert {"load_s", "index_s", "replay_s", "write_s", "report_s"} <= set(document["timings"])
    assert document["spec"]["strategy"] == "bracket"
    assert not (place / "o" / "report.html").exists()


def test_quiet_prints_the_folder(place, inputs, capsys):
    assert main(["backtest", *inputs, "--quiet", "--no-report"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (f"{place.relative_to(place) / 'zepix-results' / 'replay-1'}\n", "")


def test_runs_without_out_are_numbered_beside_the_spec(place, sample, capsys):
    (place / "specs").mkdir()
    text = f'[alerts]\nfiles = ["{(sample / "alerts.jsonl").as_posix()}"]\n[data]\nbars = ["{sample.as_posix()}"]\n'
    (place / "specs" / "my run.toml").write_text(text + '[strategy]\nname = "bracket"\n', encoding="utf-8")
    for number in (1, 2):
        assert main(["backtest", "specs/my run.toml", "--quiet", "--no-report"]) == 0
        folder = place / "specs" / "results" / f"my-run-{number}"
        assert {path.name for path in folder.iterdir()} >= FILES
    assert not (place / "zepix-results").exists()


def test_flags_change_the_run(place, inputs, capsys):
    digests = []
    for flags in ([], ["--set", "strategy.one_at_a_time=true"], ["--set", "costs=none"], ["--from", "2024-01-03"]):
        assert main(["backtest", *inputs, "--json", "--no-report", "--out", "o", *flags]) == 0
        digests.append(json.loads(capsys.readouterr().out)["digest"])
    assert len(set(digests)) == 4


def test_the_period_is_the_one_asked_for(place, inputs, capsys):
    assert main(["backtest", *inputs, "--json", "--no-report", "--out", "o", "--from", "2024-01-03"]) == 0
    assert json.loads(capsys.readouterr().out)["period"]["start"].startswith("2024-01-03T00:00")


def test_a_strategy_that_no_alert_names_is_said(place, sample, capsys):
    (place / "strategies").mkdir()
    source = (
        "from zepix import PluginInfo, Strategy\n\n\nclass Deaf(Strategy):\n    info = PluginInfo(strategy='deaf')\n"
    )
    (place / "strategies" / "deaf.py").write_text(source, encoding="utf-8")
    rows = [r for r in (sample / "alerts.jsonl").read_text(encoding="utf-8").splitlines() if '"bracket"' in r]
    (place / "log.jsonl").write_text("\n".join(rows), encoding="utf-8")
    flags = ["--alerts", "log.jsonl", "--bars", str(sample), "--strategy", "deaf"]
    assert main(["backtest", *flags, "--json", "--no-report", "--out", "o"]) == 0
    assert any("alerts.strategy" in w for w in json.loads(capsys.readouterr().out)["warnings"])


def test_a_refusal_for_money_says_the_means(place, inputs, capsys):
    flags = ["--set", "account.balance=100", "--set", "account.leverage=1", "--no-report", "--quiet", "--out", "o"]
    assert main(["backtest", *inputs, *flags]) == 0
    import pandas as pd

    rows = pd.read_parquet(place / "o" / "decisions.parquet")
    poor = rows[rows.reason == "no_money"]
    assert len(poor)
    assert (poor.equity - poor.margin_used < poor.margin_wanted).all()


def test_the_same_inputs_give_the_same_digest(place, inputs, capsys):
    found = set()
    for folder in ("a", "b"):
        assert main(["backtest", *inputs, "--json", "--no-report", "--out", folder]) == 0
        found.add(json.loads(capsys.readouterr().out)["digest"])
    assert len(found) == 1


def test_out_that_is_a_file(place, inputs, capsys):
    (place / "o").write_text("", encoding="utf-8")
    assert main(["backtest", *inputs, "--out", "o"]) == 2
    assert "is a file; name a folder" in capsys.readouterr().err


UNKNOWN = [
    (["--strategy", "brackt"], "did you mean"),
    (["--set", "strategy.one_at_a_tme=true"], "did you mean 'one_at_a_time'"),
    (["--set", "strategy.levels=sideways"], "expected one of absolute, distance"),
    (["--broker", "shadw"], "did you mean 'shadow'"),
    (["--instruments", "no.toml"], "no.toml"),
]


@pytest.mark.parametrize(("flags", "words"), UNKNOWN)
def test_what_nobody_knows(flags, words, place, inputs, capsys):
    assert main(["backtest", *inputs, *flags]) == 2
    assert words in capsys.readouterr().err
    assert list(place.iterdir()) == []


def test_profile_shows_where_time_goes_and_changes_no_digest(place, inputs, capsys):
    assert main(["backtest", *inputs, "--json", "--no-report", "--out", "o"]) == 0
    plain = json.loads(capsys.readouterr().out)["digest"]
    assert main(["backtest", *inputs, "--json", "--no-report", "--out", "o", "--profile"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["digest"] == plain
    assert "bracket order:" in err


def test_open_asks_the_browser(place, inputs, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda uri: opened.append(uri) or True)
    assert main(["backtest", *inputs, "--open", "--quiet", "--out", "o"]) == 0
    assert opened == [(place / "o" / "report.html").resolve().as_uri()]
