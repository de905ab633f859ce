"""``zepix why``: what is printed, from which folder, with which exit status."""

from __future__ import annotations

import json

import pytest

from zepix.cli import main


@pytest.fixture(scope="module")
def run(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("why") / "run"
    flags = ["--alerts", str(sample / "alerts.jsonl"), "--bars", str(sample), "--strategy", "bracket"]
    assert main(["backtest", *flags, "--quiet", "--no-report", "--out", str(folder)]) == 0
    return folder


def _filled(run):
    import pyarrow.parquet as pq

    rows = pq.read_table(run / "decisions.parquet", columns=["id", "outcome"]).to_pylist()
    return next(row["id"] for row in rows if row["outcome"] == "filled")


def test_the_path_of_an_alert_is_printed(place, run, capsys):
    alert_id = _filled(run)
    assert main(["why", str(run), alert_id]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Alert {alert_id}: ")
    assert [word for word in ("ARRIVED", "ROUTE", "PLUGIN bracket") if word not in out] == []
    assert err == ""


def test_json_is_one_document_and_nothing_else(place, run, capsys):
    alert_id = _filled(run)
    assert main(["why", str(run), alert_id, "--json"]) == 0
    out, err = capsys.readouterr()
    path = json.loads(out)
    assert (path["schema"], path["id"], err) == (1, alert_id, "")
    assert path["plugins"][0]["orders"][0]["fill"]["price"] > 0


def test_an_unknown_alert_is_a_wrong_call(place, run, capsys):
    assert main(["why", str(run), "no-such-alert"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("zepix: no alert 'no-such-alert'")


def test_a_folder_that_is_no_run_is_a_data_error(place, capsys):
    assert main(["why", str(place), "x"]) == 3
    assert "is no folder of a run" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["why"], ["why", "folder"]])
def test_both_arguments_are_needed(place, words, capsys):
    assert main(words) == 2


def test_text_survives_a_windows_console(place, run, capsys):
    assert main(["why", str(run), _filled(run)]) == 0
    capsys.readouterr().out.encode("cp1252")
