"""``zepix stress`` and ``zepix.stress`` from flags to files: what is printed, what is written, what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import zepix
from zepix.cli import main
from zepix.errors import ConfigError, DataError
from zepix.research.stress_result import StressResult

ROOT = Path(__file__).resolve().parents[3]
QUICK = ["--delay", "3,60", "--loss", "0.05", "--repeats", "3"]


def test_a_stress_prints_a_table_and_sentences_and_writes_nothing(place, inputs, capsys):
    assert main(["stress", *inputs, *QUICK]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:18].split() for line in lines[:5]] == [
        ["what", "level"],
        ["as", "recorded"],
        ["delay", "3", "s"],
        ["delay", "60", "s"],
        ["loss", "5", "%"],
    ]
    assert lines[5] == ""
    assert lines[6].startswith("As recorded: net ")
    assert any(line.startswith("Too coarse for short delays: on 1m bars") for line in lines)
    assert list(place.iterdir()) == []


def test_out_holds_the_page_and_the_figures(place, inputs, capsys):
    assert main(["stress", *inputs, *QUICK, "--out", "stressed"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"page {Path('stressed') / 'stress.html'}"
    assert {path.name for path in (place / "stressed").iterdir()} == {"stress.html", "stress.json"}


def test_json_is_one_document_and_nothing_else(place, inputs, capsys):
    assert main(["stress", *inputs, *QUICK, "--json", "--out", "o"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document == json.loads((place / "o" / "stress.json").read_text(encoding="utf-8"))
    assert err == ""
    assert [level["level"] for level in document["levels"]] == ["3 s", "60 s", "5 %"]
    assert (document["repeats"], document["seed"], document["replays"]) == (3, 1, 6)
    assert document["base"]["change"] == 0


def test_the_base_is_the_backtest_with_the_same_flags(place, inputs, capsys):
    more = ["--set", "account.balance=5000", "--from", "2024-01-02"]
    assert main(["stress", *inputs, *more, "--delay", "60", "--json"]) == 0
    stressed = json.loads(capsys.readouterr().out)
    assert main(["backtest", *inputs, *more, "--json", "--no-report", "--out", "o"]) == 0
    replayed = json.loads(capsys.readouterr().out)
    assert stressed["base_digest"] == replayed["digest"]
    assert stressed["base"]["net"] == pytest.approx(replayed["statistics"]["net_profit"])
    assert stressed["base"]["max_drawdown"] == pytest.approx(replayed["statistics"]["max_drawdown"])
    assert stressed["base"]["tickets"] == replayed["statistics"]["tickets"]


def test_the_same_seed_prints_the_same_in_any_process(place, inputs):
    said = set()
    for seed in ("0", "77"):
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "zepix", "stress", *inputs, *QUICK, "--delay", "lognormal:2,10", "--json"]
        done = subprocess.run(command, capture_output=True, env=environ, check=True, timeout=120)
        said.add(done.stdout)
    assert len(said) == 1


def test_a_spec_file_is_followed_but_not_its_folder_of_results(place, sample, capsys):
    text = f'out = "results"\n[alerts]\nfiles = ["{(sample / "alerts.jsonl").as_posix()}"]\n'
    (place / "run.toml").write_text(text + f'[data]\nbars = ["{sample.as_posix()}"]\n', encoding="utf-8")
    assert main(["stress", "run.toml", "--delay", "60"]) == 0
    assert [path.name for path in place.iterdir()] == ["run.toml"]


def test_distributions_stand_beside_numbers(place, inputs, capsys):
    flags = ["--delay", "1, 3,uniform:1,5", "--delay", "empirical:0.4,0.4,9", "--reorder", "swap:60,1"]
    assert main(["stress", *inputs, *flags, "--repeats", "2", "--json"]) == 0
    levels = [level["level"] for level in json.loads(capsys.readouterr().out)["levels"]]
    assert levels == ["1 s", "3 s", "1 to 5 s", "3 delays seen, 0.4 to 9 s", "100 % within 60 s"]


WRONG = {
    "negative delay": (["--delay", "-1"], "delay must be seconds between 0 and a day, not -1.0"),
    "no number": (["--delay", "1,soon"], "delay 'soon' is no number; write 3, uniform:1,5"),
    "NaN": (["--delay", "nan"], "delay must be seconds between 0 and a day, not nan"),
    "unknown distribution": (["--delay", "gauss:1,2"], "delay 'gauss' is no known distribution; write 3, uniform:1,5"),
    "loss above one": (["--loss", "2"], "loss must be a share between 0 and 1 (two in a hundred are 0.02), not 2.0"),
    "resends above one": (["--duplicate", "1.5"], "duplicate must be a share between 0 and 1"),
    "window beyond a day": (["--reorder", "1e9"], "reorder must be seconds between 0 and a day"),
    "huge repeats": (["--repeats", "1000000"], "repeats must be a whole number between 1 and 500"),
    "no repeats": (["--repeats", "0"], "repeats must be a whole number between 1 and 500"),
    "repeats that are no number": (["--repeats", "many"], "--repeats"),
    "negative seed": (["--seed", "-1"], "seed must be a whole number between 0 and"),
    "too many replays": (["--loss", "0.1,0.2,0.3", "--repeats", "200"], "601 replays are too many, at most 500"),
    "nothing": (["--delay", "0"], "nothing to try"),
    "flag without value": (["--loss"], "loss '--out' is no number"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_status_2_with_one_line(case, place, inputs, capsys):
    flags, words = WRONG[case]
    assert main(["stress", *inputs, *flags, "--out", "o"]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, len(err.splitlines())) == ("", 1)
    assert list(place.iterdir()) == []


def test_data_that_is_missing_is_status_3_and_leaves_no_folder(place, sample, capsys):
    flags = ["--alerts", "none.jsonl", "--bars", str(sample), "--strategy", "bracket", "--out", "o"]
    assert main(["stress", *flags]) == 3
    assert "none.jsonl does not exist" in capsys.readouterr().err
    assert list(place.iterdir()) == []


def test_out_that_is_a_file(place, inputs, capsys):
    (place / "o").write_text("", encoding="utf-8")
    assert main(["stress", *inputs, *QUICK, "--out", "o"]) == 2
    assert "is a file; name a folder" in capsys.readouterr().err


def test_warnings_of_the_replay_are_passed_on(place, sample, capsys):
    rows = (sample / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    (place / "log.jsonl").write_text("\n".join([*rows[:20], rows[0].replace("2024-", "2031-")]), encoding="utf-8")
    flags = ["--alerts", "log.jsonl", "--bars", str(sample), "--strategy", "bracket", "--delay", "60"]
    assert main(["stress", *flags]) == 0
    assert "warning: 1 of " in capsys.readouterr().err


def test_help_imports_nothing_heavy(place):
    heavy = ("numpy", "numba", "pyarrow", "pandas", "plotly", "yaml", "zepix.model", "zepix.engine", "zepix.research")
    code = (
        "import sys\nfrom zepix.cli import main\nstatus = main(['stress', '--help'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)\nsys.exit(status)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environ, check=False)
    assert (done.returncode, done.stderr.decode().strip()) == (0, "[]")
    for flag in ("--delay", "--loss", "--duplicate", "--reorder", "--repeats", "--seed", "--alerts", "--set"):
        assert flag.encode() in done.stdout


def test_the_table_and_the_sentences_survive_cp1252(place, inputs):
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252:strict"}
    command = [sys.executable, "-m", "zepix", "stress", *inputs, *QUICK]
    done = subprocess.run(command, capture_output=True, env=environ, check=False, timeout=120)
    assert done.returncode == 0
    assert done.stdout.isascii()


# -- the notebook -----------------------------------------------------------------------------


def test_a_notebook_cell_asks_the_same_question(sample):
    given = {"alerts": sample / "alerts.jsonl", "bars": sample, "strategy": "bracket"}
    result = zepix.stress(**given, delays_s=[3, 60], losses=0.05, repeats=3, one_at_a_time=True)
    assert isinstance(result, StressResult)
    assert list(result.table.level) == ["as recorded", "3 s", "60 s", "5 %"]
    assert result.digest == zepix.replay(**given, one_at_a_time=True).digest
    assert result.spec["strategy_settings"] == {"one_at_a_time": True}


def test_a_generator_of_levels_is_read_once(sample):
    given = {"alerts": sample / "alerts.jsonl", "bars": sample, "strategy": "bracket"}
    result = zepix.stress(**given, delays_s=(s for s in (1, 60)))
    assert [level.name for level in result.levels] == ["1 s", "60 s"]


class Follow(zepix.Strategy):
    info = zepix.PluginInfo(strategy="follow")

    async def process_entry_signal(self, alert):
        await self.api.orders.place_order(alert.symbol, alert.side, 0.1, alert.sl, alert.tp)


def test_a_class_of_the_notebook_is_tried_too(sample):
    given = {"alerts": sample / "alerts.jsonl", "bars": sample, "settings": {"alerts.strategy": "follow"}}
    result = zepix.stress(**given, strategy=Follow, losses=1)
    assert result.base.tickets > 0
    assert result.levels[0].tickets == 0


def test_bad_levels_are_said_before_anything_is_loaded():
    with pytest.raises(ConfigError, match="two in a hundred"):
        zepix.stress(alerts="no such log", bars="no such store", losses=2)
    with pytest.raises(DataError, match="no such log"):
        zepix.stress(alerts="no such log", bars="no such store", losses=0.2)


# -- the page in the documents -----------------------------------------------------------------------------


def test_every_flag_is_documented():
    from typer.main import get_command

    from zepix.cli import build_app

    text = (ROOT / "docs" / "stress.md").read_text(encoding="utf-8")
    params = get_command(build_app()).commands["stress"].params
    flags = {flag for param in params for flag in param.opts if flag.startswith("--")} - {"--help"}
    assert len(flags) >= 16
    assert not [flag for flag in flags if flag not in text]


def test_the_table_of_the_page_is_what_the_sample_gives(capsys):
    """Where it is not, the table in docs/stress.md is to be printed anew: zepix stress backtests/sample.toml."""
    text = (ROOT / "docs" / "stress.md").read_text(encoding="utf-8")
    written = text.partition("```text\n")[2].partition("\n```")[0]
    assert main(["stress", str(ROOT / "backtests" / "sample.toml")]) == 0
    assert capsys.readouterr().out.partition("\n\n")[0] == written
