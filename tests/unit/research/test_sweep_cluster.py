"""The same sweep on a real Dask cluster on this machine's loopback: one scheduler, two worker processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import zepix as zx
from zepix.data.sample import write_sample
from zepix.errors import ConfigError

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.clock,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of Dask's own shutting down
]
ROOT = Path(__file__).resolve().parents[3]
GRID = {"account.balance": [5_000, 10_000, 20_000], "strategy.one_at_a_time": [True, False]}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=4, n_alerts=50)
    return folder


def begun(words, folder):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    log = (folder / f"{words[0]}-{time.monotonic_ns()}.log").open("wb")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
            env=env,
            cwd=folder,
            stdout=log,
            stderr=log,
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a scheduler with two workers; all of them are ended afterwards."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    processes = [
        begun(
            ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)], folder
        )
    ]
    try:
        for _ in range(300):
            if file.is_file() and file.stat().st_size:
                break
            time.sleep(0.1)
        import json

        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        for _ in range(2):
            words = ["worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            processes.append(begun(words, folder))
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def digests(result):
    return result.frame()[["cell", "status", "digest", "sharpe"]].values.tolist()


def test_the_cluster_gives_the_cells_of_this_machine(cluster, sample, tmp_path):
    address, _ = cluster
    asked = {"alerts": sample / "alerts.jsonl", "bars": sample, "strategy": "bracket", "progress": False, "grid": GRID}
    here = zx.sweep(**asked, workers=0, out=tmp_path / "here")
    there = zx.sweep(**asked, dask=address, out=tmp_path / "there")
    assert digests(there) == digests(here)
    assert (
        zx.sweep(**asked, dask=address, out=tmp_path / "there", resume=True)
        .frame()["seconds"]
        .equals(there.frame()["seconds"])
    ), "nothing ran again"


def test_a_worker_that_dies_costs_no_cell(cluster, sample, tmp_path):
    address, processes = cluster
    asked = {"alerts": sample / "alerts.jsonl", "bars": sample, "strategy": "bracket"}
    killed = []

    def tell(done, _total):
        if done == 2 and not killed:
            killed.append(processes[1].pid)
            processes[1].kill()

    grid = {"fill.slippage_points": list(range(12))}
    result = zx.sweep(**asked, grid=grid, dask=address, progress=tell, out=tmp_path / "a")
    assert killed
    assert set(result.frame()["status"]) == {"done"}


def test_nobody_there_is_told(sample, tmp_path, monkeypatch):
    monkeypatch.setattr("zepix.research.sweep.cluster._CONNECT_S", 1)
    asked = {"alerts": sample / "alerts.jsonl", "bars": sample, "strategy": "bracket", "out": tmp_path / "a"}
    with pytest.raises(ConfigError, match="no Dask scheduler answers"):
        zx.sweep(**asked, grid=GRID, dask="tcp://127.0.0.1:9")
