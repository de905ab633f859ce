"""``zepix check``: settings, files, instruments in money, the worst case, and every problem at once."""

from __future__ import annotations

import json

import pytest

from zepix.cli import main


def test_a_good_spec_is_told_and_exits_with_zero(place, inputs, capsys):
    assert main(["check", *inputs, "--set", "account.leverage=30"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for said in ("nothing stands against a run", "* account.leverage", "default 100, from a flag", "FILES", "PLUGINS",
                 "INSTRUMENTS", "WORST CASE", "UNBOUNDED", "in these alerts", "EURUSD", "XAUUSD"):  # fmt: skip
        assert said in out
    out.encode("cp1252")
    assert not (place / "zepix-results").exists(), "nothing is replayed, nothing is written"


def test_instruments_are_in_the_accounts_money(place, inputs, capsys):
    assert main(["check", *inputs, "--json"]) == 0
    found = {one["symbol"]: one for one in json.loads(capsys.readouterr().out)["instruments"]}
    assert (found["EURUSD"]["money_a_point"], found["EURUSD"]["money_a_pip"]) == (1.0, 10.0)
    assert (found["XAUUSD"]["money_a_point"], found["XAUUSD"]["money_a_pip"]) == (0.1, 1.0)
    assert 1000 < found["EURUSD"]["margin_a_lot"] < 1300  # 100,000 EUR at about 1.1, leverage 100


def test_json_has_every_part(place, inputs, capsys):
    assert main(["check", *inputs, "--set", "strategy.one_at_a_time=true", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["plugins"][0]["differs"] == [
        {"key": "one_at_a_time", "value": True, "default": False, "origin": "flag"}
    ]
    case = found["worst_case"]["bracket"]
    assert case["one_alert"]["money"] is None
    assert case["recorded"]["largest"]["money"] > 0
    assert (found["problems"], found["exit_status"]) == ([], 0)


def test_files_that_are_missing_are_told_all_at_once(place, capsys):
    assert main(["check", "--alerts", "no.jsonl", "--bars", "nada", "--strategy", "bracket"]) == 3
    out, err = capsys.readouterr()
    assert "MISSING" in out
    assert err.splitlines() == ["zepix: alerts no.jsonl is not there", "zepix: bars nada is not there"]


def test_problems_are_in_the_json_too(place, capsys):
    assert main(["check", "--alerts", "no.jsonl", "--bars", "nada", "--json"]) == 3
    out, err = capsys.readouterr()
    assert len(json.loads(out)["problems"]) == 2
    assert err == ""


def test_wrong_settings_are_told_all_at_once(place, inputs, capsys):
    flags = ["--set", "account.balance=-1", "--set", "fill.latency_ms=-1", "--set", "strategy.nope=1"]
    assert main(["check", *inputs, *flags]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_settings_that_a_strategy_refuses_are_a_problem(place, inputs, capsys):
    assert main(["check", *inputs, "--set", "strategy.default_volume=-1"]) == 2
    assert "default_volume must be above zero" in capsys.readouterr().err


def test_a_currency_that_nothing_converts_is_a_problem(place, inputs, capsys):
    assert main(["check", *inputs, "--set", "account.currency=SEK"]) == 3
    out, err = capsys.readouterr()
    assert "no conversion into SEK" in err
    assert "no rate" in out


@pytest.mark.parametrize("words", [["check"]])
def test_without_alerts_and_prices_both_are_asked_for(place, words, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert "--alerts" in err
    assert "--bars" in err


def test_a_spec_file_is_checked_where_it_lies(place, sample, capsys):
    text = f'[alerts]\nfiles = ["{(sample / "alerts.jsonl").as_posix()}"]\n[data]\nbars = ["{sample.as_posix()}"]\n'
    (place / "mine.toml").write_text(text + "[fill]\nslippage_points = 3\n", encoding="utf-8")
    assert main(["check", "mine.toml"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "* fill.slippage_points 3 (default the instrument's, from the spec)" in said
