"""Sweeps on a small sample: cells, hashes, resuming, failures, and what is said about the best of many."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import zepix as zx
from zepix.data.sample import write_sample
from zepix.errors import ConfigError, DataError
from zepix.research.sweep import store as stores
from zepix.research.sweep.driver import SweepInterrupted
from zepix.research.sweep.local import Processes
from zepix.research.sweep.outcome import DONE

GRID = {"account.balance": [5_000, 10_000], "strategy.one_at_a_time": [True, False]}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=4, n_alerts=50)
    return folder


@pytest.fixture
def asked(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return {"alerts": sample / "alerts.jsonl", "bars": sample, "strategy": "bracket", "workers": 0, "progress": False}


@pytest.fixture
def spec(sample, tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(
        f"""
[alerts]
files = [{json.dumps(str(sample / "alerts.jsonl"))}]
[data]
bars = [{json.dumps(str(sample))}]
[strategy]
name = "bracket"
[sweep.grid]
"account.balance" = [5000, 10000]
strategy.one_at_a_time = [true, false]
""",
        encoding="utf-8",
    )
    return path


def digests(result):
    return result.frame()[["cell", "status", "digest", "net_profit"]].values.tolist()


# -- cells --------------------------------------------------------------------------------------


def test_every_cell_is_the_replay_with_its_settings(asked, sample):
    result = zx.sweep(grid=GRID, **asked)
    assert [task.cell for task, _ in result.cells] == [
        {"account.balance": balance, "strategy.one_at_a_time": one}
        for balance in (5_000, 10_000)
        for one in (True, False)
    ]
    for task, row in result.cells:
        alone = zx.replay(
            alerts=sample / "alerts.jsonl",
            bars=sample,
            strategy="bracket",
            one_at_a_time=task.cell["strategy.one_at_a_time"],
            settings={"account.balance": task.cell["account.balance"]},
        )
        assert (row["status"], row["digest"]) == (DONE, alone.digest)
        assert row["net_profit"] == alone.stats["net_profit"]
        assert row["sharpe"] == alone.stats["sharpe"]


def test_worker_processes_give_the_same_cells(asked, tmp_path):
    alone = zx.sweep(grid=GRID, **asked, out=tmp_path / "a")
    many = zx.sweep(grid=GRID, **{**asked, "workers": 2}, out=tmp_path / "b")
    assert digests(many) == digests(alone)
    pd.testing.assert_frame_equal(many.returns, alone.returns)


def test_daily_returns_multiply_to_the_return_of_the_run(asked):
    result = zx.sweep(grid=GRID, **asked)
    frame = result.frame().set_index("cell")
    assert list(result.returns) == list(frame.index)
    assert str(result.returns.index.dtype) == "datetime64[ns, UTC]"
    for cell, returns in result.returns.items():
        assert np.prod(1 + returns.dropna()) - 1 == pytest.approx(frame.loc[cell, "return_frac"], abs=2e-4)


def test_a_cell_is_replayed_again_and_its_digest_compared(asked):
    result = zx.sweep(grid=GRID, **asked)
    task, row = result.cells[1]
    for which in (task.hash, task.hash[:10], 1):
        assert result.cell(which).digest == row["digest"]
    row["digest"] = "0" * 64
    with pytest.raises(DataError, match="gave two results"):
        result.cell(1)
    with pytest.raises(ConfigError, match="no cell is 'zz'"):
        result.cell("zz")


def test_a_class_of_ones_own_is_swept(asked):
    given = {k: v for k, v in asked.items() if k != "strategy"}
    result = zx.sweep(Timid, grid={"strategy.stop_pips": [10.0, 30.0]}, **given, settings={"alerts.strategy": "timid"})
    assert list(result.frame()["status"]) == [DONE, DONE]
    assert result.frame()["digest"].nunique() == 2


class Timid(zx.Strategy):
    """Buys at every entry with a stop so many pips below."""

    info: ClassVar = zx.PluginInfo(strategy="timid")
    stop_pips: float = 20.0
    raises: bool = False

    async def process_entry_signal(self, alert):
        if self.raises:
            raise RuntimeError("not today")
        await self.api.orders.place_order(alert.symbol, alert.side, 0.1, sl=zx.Quantity(self.stop_pips, "pips"))


def test_a_cell_whose_strategy_raises_has_failed_and_the_sweep_goes_on(asked):
    given = {k: v for k, v in asked.items() if k != "strategy"}
    result = zx.sweep(Timid, grid={"strategy.raises": [True, False]}, **given, settings={"alerts.strategy": "timid"})
    assert list(result.frame()["status"]) == ["failed", DONE]
    assert "not today" in result.failed["error"].iloc[0]
    assert len(result.best()) == 1
    assert "1 cell failed" in str(result)


def test_alerts_and_bars_in_memory_travel_to_the_workers(asked, sample):
    bars = zx.bars(sample, symbols="EURUSD")
    flags = np.zeros(len(bars), bool)
    flags[100::500] = True
    alerts = zx.alerts.from_signals(bars, flags, np.roll(flags, 60), sl="30 pips", volume=0.1)
    given = {**asked, "alerts": alerts, "bars": bars, "workers": 1}
    result = zx.sweep(grid={"fill.slippage_points": [0, 20]}, **given)
    alone = zx.replay(alerts=alerts, bars=bars, strategy="bracket", settings={"fill.slippage_points": 20})
    assert result.cells[1][1]["digest"] == alone.digest


def test_workers_map_the_prices_that_the_first_replay_cached(asked):
    from zepix.research.sweep.job import Desk
    from zepix.research.sweep.verb import _job

    job = _job(None, asked["alerts"], asked["bars"], "bracket", {}, None, None, None)
    Desk(job).task(0, {})
    desk = Desk(type(job).unpacked(job.packed()))
    loaded, _ = desk.inputs(desk.spec({}))
    assert all(line["cached"] for line in loaded.bars.report)
    base = loaded.series["EURUSD"].bid_open
    while isinstance(getattr(base, "base", None), np.ndarray):
        base = base.base
    assert isinstance(base, np.memmap) or "mmap" in type(getattr(base, "base", base)).__name__


# -- hashes -------------------------------------------------------------------------------------


def hashes(asked, grid, **more):
    return [task.hash for task, _ in zx.sweep(grid=grid, **{**asked, **more}).cells]


def test_a_hash_follows_what_can_change_a_result_and_nothing_else(asked, sample, tmp_path):
    one = {"account.balance": [10_000]}
    (base,) = hashes(asked, one)
    assert hashes(asked, {"account.leverage": [100]}) == [base], "both say what is the default"
    assert hashes(asked, one, settings={"title": "another"}) == [base]
    assert hashes(asked, one, out=tmp_path / "elsewhere") == [base]
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in sample.glob("*.*"):
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    assert hashes(asked, one, bars=copy, alerts=copy / "alerts.jsonl") == [base], "the same data in another place"
    assert hashes(asked, one, settings={"fill.latency_ms": 60_000}) != [base]
    lines = (copy / "alerts.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (copy / "alerts.jsonl").write_text("".join(lines[:-1]), encoding="utf-8", newline="")
    assert hashes(asked, one, alerts=copy / "alerts.jsonl") != [base]


def test_a_class_of_a_script_has_one_checksum_whatever_the_process(tmp_path):
    """Its set and its bound function are told the same whatever the hash seed and the place in memory."""
    script = tmp_path / "mine.py"
    script.write_text(
        "import zepix as zx\n"
        "from zepix.research.sweep.job import code_of\n"
        "class Mine(zx.Strategy):\n"
        "    info = zx.PluginInfo(strategy='mine')\n"
        "    words = {'a', 'b', 'c', 'd', 'e'}\n"
        "    async def process_entry_signal(self, alert):\n"
        "        return alert.type in {'entry', 'exit', 'reversal', 'cancel', 'modify'}\n"
        "print(code_of(Mine))\n",
        encoding="utf-8",
    )
    env = {**os.environ, "PYTHONPATH": str(Path(zx.__file__).parents[1])}
    told = [
        subprocess.run(
            [sys.executable, script], check=True, capture_output=True, env={**env, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]


def test_cells_that_are_done_are_not_run_again(asked, tmp_path, monkeypatch):
    first = zx.sweep(grid=GRID, **asked, out=tmp_path / "kept")
    monkeypatch.setattr("zepix.research.sweep.local.outcome", lambda *_: pytest.fail("a cell ran again"))
    again = zx.sweep(grid=GRID, **asked, out=tmp_path / "kept", resume=True)
    assert digests(again) == digests(first)


def test_a_wider_grid_takes_the_cells_of_the_narrower_one(asked, tmp_path):
    zx.sweep(grid=GRID, **asked, out=tmp_path / "kept")
    done = []
    zx.sweep(
        grid={**GRID, "account.balance": [5_000, 10_000, 20_000]},
        **{**asked, "progress": lambda now, of: done.append((now, of))},
        out=tmp_path / "kept",
        resume=True,
    )
    assert done[-1] == (6, 6)
    assert len(list((tmp_path / "kept" / "cells").glob("*.parquet"))) == 6


def test_a_folder_with_a_sweep_is_not_touched_without_resume(asked, tmp_path):
    zx.sweep(grid=GRID, **asked, out=tmp_path / "kept")
    with pytest.raises(ConfigError, match=r"holds a sweep already \(4 cells\); resume"):
        zx.sweep(grid=GRID, **asked, out=tmp_path / "kept")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no sweep"):
        zx.sweep(grid=GRID, **asked, out=tmp_path / "other")


def test_without_a_folder_the_same_sweep_finds_its_cells(asked):
    first = zx.sweep(grid=GRID, **asked)
    again = zx.sweep(grid=GRID, **asked)
    assert first.folder == again.folder
    assert first.folder.parent.name == "zepix-sweeps"
    assert zx.sweep(grid={"account.balance": [1_000]}, **asked).folder != first.folder


def test_a_damaged_cell_is_run_again(asked, tmp_path):
    first = zx.sweep(grid=GRID, **asked, out=tmp_path / "kept")
    path = sorted((tmp_path / "kept" / "cells").glob("*.parquet"))[0]
    path.write_bytes(path.read_bytes()[:100])
    assert digests(zx.sweep(grid=GRID, **asked, out=tmp_path / "kept", resume=True)) == digests(first)


def test_many_small_files_become_one(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "_TOGETHER_FROM", 4)
    first = zx.sweep(grid=GRID, **asked, out=tmp_path / "kept")
    (whole,) = (tmp_path / "kept" / "cells").glob("*.parquet")
    assert pq.read_table(whole).num_rows == 4
    assert digests(zx.sweep(grid=GRID, **asked, out=tmp_path / "kept", resume=True)) == digests(first)


def test_a_sweep_opens_from_its_folder(asked):
    first = zx.sweep(grid=GRID, **asked)
    opened = zx.open(first.folder)
    columns = ["cell", "digest", "net_profit", "account.balance"]
    pd.testing.assert_frame_equal(
        opened.frame()[columns].sort_values("cell", ignore_index=True),
        first.frame()[columns].sort_values("cell", ignore_index=True),
    )
    with pytest.raises(ConfigError, match="resume=True"):
        opened.cell(0)


# -- what goes wrong ----------------------------------------------------------------------------


def test_every_wrong_parameter_is_told_with_near_names_before_anything_runs(asked, tmp_path):
    grid = {
        "account.balence": [1],
        "strategy.one_at_time": [True],
        "fill.latency_ms": [-5, 0],
        "account.leverage": ["much"],
    }
    with pytest.raises(ConfigError) as said:
        zx.sweep(grid=grid, **asked, out=tmp_path / "never")
    text = str(said.value)
    for word in ("account.balance", "one_at_a_time", "latency_ms", "leverage"):
        assert word in text
    assert not (tmp_path / "never").exists()


def test_values_that_do_not_go_together_are_told_before_anything_runs(asked):
    with pytest.raises(ConfigError, match="is not before"):
        zx.sweep(grid={"from": ["2024-01-01", "2024-01-03"], "to": ["2024-01-02"]}, **asked)


def test_what_is_swept_cannot_be_fixed_as_well(asked):
    with pytest.raises(ConfigError) as said:
        zx.sweep(
            grid={**GRID, "plugins.bracket.settings.one_at_a_time": [True]},
            **asked,
            settings={"account.balance": 5},
            one_at_a_time=True,
        )
    assert "account.balance is swept and fixed at once" in str(said.value)
    assert "are the same setting" in str(said.value)
    assert len(said.value.problems) == 3


@pytest.mark.parametrize("workers", [-1, 1.5, True, 10_000])
def test_workers_are_a_sensible_number(asked, workers):
    with pytest.raises(ConfigError, match="workers: expected"):
        zx.sweep(grid=GRID, **{**asked, "workers": workers})


def test_a_full_disk_stops_the_sweep_and_keeps_what_is_done(asked, tmp_path, monkeypatch):
    write, written = pq.write_table, []

    def fills_up(table, path, **how):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        write(table, path, **how)

    monkeypatch.setattr(stores.pq, "write_table", fills_up)
    with pytest.raises(DataError, match=r"No space left on device.*2 cells are kept in"):
        zx.sweep(grid=GRID, **asked, out=tmp_path / "kept")
    monkeypatch.setattr(stores.pq, "write_table", write)
    assert len(zx.open(tmp_path / "kept")) == 2
    assert "2 of 4 cells are missing" in str(zx.open(tmp_path / "kept"))
    assert len(zx.sweep(grid=GRID, **asked, out=tmp_path / "kept", resume=True)) == 4


def test_an_interrupt_keeps_what_is_done_and_says_how_to_go_on(asked, tmp_path):
    def stop(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(SweepInterrupted, match=r"2 of 4 cells are kept in .* resume"):
        zx.sweep(grid=GRID, **{**asked, "progress": stop}, out=tmp_path / "kept")
    assert len(zx.open(tmp_path / "kept")) == 2


DEADLY = """
import os
from pathlib import Path
import zepix as zx

class Deadly(zx.Strategy):
    info = zx.PluginInfo(strategy="deadly")
    dies: int = 0
    note: str = ""

    async def process_entry_signal(self, alert):
        if self.dies:
            with open(self.note, "a", encoding="utf-8") as file:
                file.write("x")
            if Path(self.note).stat().st_size <= self.dies:
                os._exit(9)
"""


@pytest.mark.parametrize(("dies", "status", "lives"), [(1, DONE, 2), (99, "failed", 2)])
def test_a_cell_whose_worker_dies_is_tried_once_more(asked, tmp_path, dies, status, lives):
    """A new worker takes the cell; one that kills it twice has failed, and the others are done."""
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "deadly.py").write_text(DEADLY, encoding="utf-8")
    note = tmp_path / "note.txt"
    result = zx.sweep(
        "deadly",
        grid={"strategy.dies": [0, dies]},
        **{**{k: v for k, v in asked.items() if k != "strategy"}, "workers": 1},
        settings={"alerts.strategy": "deadly"},
        note=str(note),
    )
    assert list(result.frame()["status"]) == [DONE, status]
    if status == "failed":
        assert note.read_text(encoding="utf-8") == "x" * lives
        assert "died, twice (exit status 9" in result.failed["error"].iloc[0]


def test_workers_that_cannot_begin_end_the_sweep_with_their_reason(asked, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(asked["bars"] / "no-python"))
    with pytest.raises(ConfigError, match="cannot be started as a worker"):
        zx.sweep(grid=GRID, **{**asked, "workers": 1})


def test_a_script_needs_no_main_guard(asked, sample, tmp_path):
    """Workers import zepix and not the script, so that a bare call at its top level starts no workers of workers."""
    script = tmp_path / "bare.py"
    script.write_text(
        "import zepix as zx\n"
        f"r = zx.sweep(alerts={str(sample / 'alerts.jsonl')!r}, bars={str(sample)!r}, strategy='bracket',\n"
        f"             grid={GRID!r}, workers=2)\n"
        "print(len(r), 'cells')\n",
        encoding="utf-8",
    )
    root = str(Path(zx.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": root}
    told = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert told.stdout.strip() == "4 cells"


def test_it_works_inside_a_running_event_loop(asked):
    import asyncio

    async def cell():
        return zx.sweep(grid={"account.balance": [5_000, 6_000]}, **{**asked, "workers": 1})

    assert len(asyncio.run(cell())) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there a signal of 0 ends a process")
def test_worker_processes_are_gone_afterwards(asked, monkeypatch):
    seen = []
    close = Processes.close

    def watched(self):
        seen.extend(self.pids)
        close(self)

    monkeypatch.setattr(Processes, "close", watched)
    zx.sweep(grid=GRID, **{**asked, "workers": 2})
    assert seen
    for pid in seen:
        with pytest.raises(OSError, match=r".*"):
            os.kill(pid, 0)


# -- words --------------------------------------------------------------------------------------


def test_the_table_is_short_and_doubts_itself(asked):
    result = zx.sweep(grid=GRID, **asked)
    text = str(result)
    assert text.splitlines()[0].split()[:3] == ["cell", "account.balance", "strategy.one_at_a_time"]
    assert "4 cells tried, 4 done" in text
    assert "partly by luck" in text
    assert "deflated Sharpe" in text
    assert "<table>" in result._repr_html_()
    assert text.isascii()


def test_a_parameter_that_changed_nothing_is_named(asked):
    result = zx.sweep(grid=GRID, **asked)
    assert "account.balance changed no ticket" in str(result)
    assert "strategy.one_at_a_time changed no ticket" not in str(result)


def test_the_best_are_sorted_by_a_figure_and_drawdowns_by_the_smallest(asked):
    result = zx.sweep(grid=GRID, **asked)
    profits, falls = result.best(4)["net_profit"], result.best(4, by="max_drawdown_frac")["max_drawdown_frac"]
    assert list(profits) == sorted(profits, reverse=True)
    assert list(falls) == sorted(falls)
    with pytest.raises(ConfigError, match="'net_profit'"):
        result.best(by="net_proft")
    with pytest.raises(AttributeError, match="did you mean 'frame'"):
        result.fram  # noqa: B018


# -- the command --------------------------------------------------------------------------------


def test_the_command_sweeps_what_the_spec_says_and_resumes(spec, tmp_path, monkeypatch, capsys):
    from zepix.cli import main

    monkeypatch.chdir(tmp_path)
    words = ["sweep", str(spec), "--out", "kept", "--workers", "0"]
    assert main(words) == 0
    assert "4 cells tried" in capsys.readouterr().out
    assert main(words) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*words, "--resume", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["space"]["account.balance"] == [5000, 10000]
    assert len(document["cells"]) == 4


def test_the_command_says_what_is_missing(spec, tmp_path, monkeypatch, capsys):
    from zepix.cli import main

    text = spec.read_text(encoding="utf-8")
    spec.write_text(text[: text.index("[sweep.grid]")], encoding="utf-8")
    assert main(["sweep", str(spec)]) == 2
    assert "[sweep.grid]" in capsys.readouterr().err


def test_a_spec_with_a_sweep_still_runs_as_one_replay(spec):
    assert zx.replay(spec).stats["tickets"] > 0


def test_a_strategy_that_no_alert_names_is_told(asked):
    """The sample's alerts name bracket: another class gets none of them, and every cell ends well with nothing."""

    class Unnamed(zx.Strategy):
        info = zx.PluginInfo(strategy="unnamed")

    result = zx.sweep(Unnamed, grid={"account.balance": [5_000, 6_000]}, **{**asked, "strategy": None})
    assert "no cell closed a ticket: do the alerts name another strategy" in str(result)
