"""``zepix fidelity`` and ``zepix.fidelity`` from flags to files: what is printed, what is written, what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import zepix
from zepix.cli import main
from zepix.errors import ConfigError, DataError
from zepix.research.fidelity_result import FidelityResult

ROOT = Path(__file__).resolve().parents[3]
START_NS = 1_704_708_000_000_000_000  # Monday, 8 January 2024, 10:00 UTC
RANDOM = ["--random", "60", "--timeframes", "1m,M5"]


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """Ticks of about eight hours, two every ten seconds; and, beside them, minutes of another symbol."""
    dice = np.random.default_rng(8)
    time = START_NS + np.cumsum(dice.integers(1, 10_000, 6000)) * 1_000_000
    bid = (110_000 + np.cumsum(dice.integers(-6, 7, 6000))) / 100_000
    folder = tmp_path_factory.mktemp("ticks")
    columns = {"time": pa.array(time, pa.timestamp("ns", tz="UTC")), "bid": bid, "ask": np.round(bid + 0.0001, 5)}
    pq.write_table(pa.table(columns), folder / "EURUSD_TICK_x.parquet")
    return folder


@pytest.fixture
def flags(store):
    return ["--bars", str(store), "--strategy", "bracket"]


@pytest.fixture
def log(place, store):
    """One entry and its exit, in the third hour."""
    rows = [
        {"received_at": "2024-01-08T12:00:01Z", "payload": {"type": "entry", "symbol": "EURUSD", "side": "buy"}},
        {"received_at": "2024-01-08T12:30:01Z", "payload": {"type": "exit", "symbol": "EURUSD"}},
    ]
    (place / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return ["--alerts", "log.jsonl"]


def test_random_alerts_print_tables_and_sentences_and_write_nothing(place, flags, capsys):
    assert main(["fidelity", *flags, *RANDOM]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("EURUSD: 6,000 ticks, usual spread 10 points; on them random alerts (seed 1) made ")
    assert lines[2] == "EURUSD, every alert: outcomes, profit in USD"
    assert lines[3].split()[:4] == ["bars", "intrabar", "grace", "tickets"]
    assert any(line.startswith("EURUSD on 5m bars (pessimistic, grace 5 s): ") for line in lines)
    assert all(len(line) <= 120 for line in lines if line[:3] in ("bar", "1m ", "5m "))
    assert list(place.iterdir()) == []


def test_a_log_of_ones_own(log, flags, capsys):
    assert main(["fidelity", *flags, *log, "--timeframes", "1m"]) == 0
    assert "on them 2 alerts made 1 ticket, profit " in capsys.readouterr().out


def test_out_holds_the_page_and_the_figures(place, flags, capsys):
    assert main(["fidelity", *flags, *RANDOM, "--out", "measured"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"page {Path('measured') / 'fidelity.html'}"
    assert {path.name for path in (place / "measured").iterdir()} == {"fidelity.html", "fidelity.json"}


def test_json_is_one_document_and_nothing_else(place, flags, capsys):
    more = ["--intrabar", "pessimistic,ticks", "--open-grace-ms", "0,2000", "--seed", "4"]
    assert main(["fidelity", *flags, *RANDOM, *more, "--json", "--out", "o"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document == json.loads((place / "o" / "fidelity.json").read_text(encoding="utf-8"))
    assert err == ""
    assert (document["replays"], document["seed"], document["on_time_ms"], len(document["rows"])) == (9, 4, 2000, 16)
    exact = [row for row in document["rows"] if row["intrabar"] == "ticks"]
    assert exact and all(row["difference"] == 0 for row in exact)


def test_the_truth_is_the_backtest_on_ticks(log, flags, capsys):
    assert main(["fidelity", *flags, *log, "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert main(["backtest", *flags, *log, "--json", "--no-report", "--out", "o"]) == 0
    replayed = json.loads(capsys.readouterr().out)
    assert measured["ticks_digest"] == replayed["digest"]
    assert measured["rows"][0]["net_ticks"] == pytest.approx(replayed["statistics"]["net_profit"])


def test_bars_beside_the_ticks_are_not_asked_about(place, store, log, capsys):
    """A store with minutes, hours and ticks of one symbol: the ticks are taken."""
    for name in ("M1", "H1"):
        (place / f"EURUSD_{name}_x.parquet").write_bytes(b"never read")
    (place / "EURUSD_TICK_x.parquet").write_bytes((store / "EURUSD_TICK_x.parquet").read_bytes())
    assert main(["fidelity", "--bars", ".", "--strategy", "bracket", *log, "--timeframes", "1m"]) == 0


WRONG = {
    "no timeframe": (["--timeframes", "soon"], "timeframes: 'soon' is no timeframe"),
    "no reading": (["--intrabar", "hopeful"], "intrabars: 'hopeful' is none of pessimistic, optimistic, ticks"),
    "no grace": (["--open-grace-ms", "5s"], "open_graces_ms: expected milliseconds between 0 and"),
    "negative grace": (["--open-grace-ms", "-5"], "open_graces_ms: expected milliseconds between 0 and"),
    "too many alerts": (["--random", "1000000"], "random must be a whole number between 0 and 100,000"),
    "no alerts": (["--random", "0"], "no alerts: say --alerts with a log, or --random 1000"),
    "seed": (["--seed", "-1"], "seed must be a whole number"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_is_status_2_with_one_line(case, place, flags, capsys):
    more, words = WRONG[case]
    given = RANDOM if "--random" not in more else RANDOM[2:]
    assert main(["fidelity", *flags, *given, *more, "--out", "o"]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, len(err.splitlines())) == ("", 1)
    assert list(place.iterdir()) == []


def test_a_log_and_random_alerts_at_once(log, flags, capsys):
    assert main(["fidelity", *flags, *log, *RANDOM]) == 2
    assert "a log of alerts and random ones at once" in capsys.readouterr().err


def test_bars_without_ticks_are_status_3(place, sample, capsys):
    assert main(["fidelity", "--bars", str(sample), "--strategy", "bracket", *RANDOM]) == 3
    err = capsys.readouterr().err
    assert "no ticks in " in err and "--bars SYMBOL:TICK=FILE" in err
    assert list(place.iterdir()) == []


def test_alerts_that_name_other_symbols_than_the_ticks(place, flags, log, capsys):
    text = (place / "log.jsonl").read_text(encoding="utf-8").replace("EURUSD", "GBPUSD")
    (place / "log.jsonl").write_text(text, encoding="utf-8")
    assert main(["fidelity", *flags, *log]) == 3
    assert "GBPUSD" in capsys.readouterr().err


def test_help_imports_nothing_heavy(place):
    heavy = ("numpy", "numba", "pyarrow", "pandas", "plotly", "yaml", "zepix.model", "zepix.engine", "zepix.research")
    code = (
        "import sys\nfrom zepix.cli import main\nstatus = main(['fidelity', '--help'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)\nsys.exit(status)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environ, check=False)
    assert (done.returncode, done.stderr.decode().strip()) == (0, "[]")
    for flag in ("--random", "--timeframes", "--intrabar", "--open-grace-ms", "--seed", "--alerts", "--out"):
        assert flag.encode() in done.stdout


def test_tables_and_sentences_survive_cp1252_and_are_the_same_in_any_process(place, flags):
    said = set()
    for seed in ("0", "77"):
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252:strict", "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "zepix", "fidelity", *flags, *RANDOM]
        done = subprocess.run(command, capture_output=True, env=environ, check=True, timeout=120)
        assert done.stdout.isascii()
        said.add(done.stdout)
    assert len(said) == 1


# -- the notebook -----------------------------------------------------------------------------


def test_a_notebook_cell_asks_the_same_question(store):
    result = zepix.fidelity(bars=store, strategy="bracket", random=60, timeframes="1m", one_at_a_time=True)
    assert isinstance(result, FidelityResult)
    assert result.spec["strategy_settings"] == {"one_at_a_time": True}
    assert set(result.table.timeframe) == {"1m"}
    assert "<pre>bars intrabar" in result._repr_html_()


class Follow(zepix.Strategy):
    info = zepix.PluginInfo(strategy="follow")

    async def process_entry_signal(self, alert):
        await self.api.orders.place_order(alert.symbol, alert.side, 0.1, alert.sl, alert.tp)


def test_a_class_of_the_notebook_is_measured_too(store):
    result = zepix.fidelity(
        bars=store, settings={"alerts.strategy": "follow"}, strategy=Follow, random=60, timeframes="1m"
    )
    assert result.truths[0].tickets == 60


def test_bad_questions_are_said_before_anything_is_loaded():
    with pytest.raises(ConfigError, match="no timeframe"):
        zepix.fidelity(bars="no such store", random=5, timeframes="soon")
    with pytest.raises(DataError, match="no such store"):
        zepix.fidelity(bars="no such store", random=5)
