"""Sweeps killed at random: whatever dies and whenever, after a resume the cells are those of a serial run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import zepix as zx
from tests.thorough import share
from zepix.data.sample import write_sample

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = share(4, 2)
MOST_ROUNDS = 12
CELLS = 24
_CALM_S = 240

pytestmark = [
    pytest.mark.clock,
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills by signal"),
]


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    write_sample(folder, days=6, n_alerts=80)
    path = folder / "spec.toml"
    path.write_text(
        f"""
[alerts]
files = [{json.dumps(str(folder / "alerts.jsonl"))}]
[data]
bars = [{json.dumps(str(folder))}]
[strategy]
name = "bracket"
[sweep.grid]
"fill.slippage_points" = ["int", 0, {CELLS // 2 - 1}]
"strategy.one_at_a_time" = [true, false]
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def serial(spec, tmp_path_factory):
    return zx.sweep(spec, out=tmp_path_factory.mktemp("serial") / "cells", workers=0, progress=False)


def start(spec, out):
    words = [
        sys.executable,
        "-m",
        "zepix",
        "sweep",
        str(spec),
        "--out",
        str(out),
        "--workers",
        "2",
        "--resume",
        "--json",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=spec.parent)


def workers_of(pid):
    """Children of a process that run the worker's module, by the system's own table."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid and b"zepix.research.sweep.worker" in words:
            found.append(int(entry.name))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def same_as(serial, said, out):
    """The cells of the last run are those of the serial run, field by field but for the time they took."""
    found = json.loads(said)["cells"]
    expected = json.loads(json.dumps(serial.as_dict()["cells"]))
    known = ("number", "status", "digest", "net_profit", "sharpe", "tickets", *serial.parameters)
    assert [[one[name] for name in known] for one in found] == [[one[name] for name in known] for one in expected]
    returns = zx.open(out).returns
    for one, other in zip(found, expected, strict=True):
        pd.testing.assert_series_equal(returns[one["cell"]], serial.returns[other["cell"]], check_names=False)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
@pytest.mark.parametrize("seed", [1])
def test_the_parent_and_its_workers_killed_at_random(spec, serial, tmp_path, seed):
    """The parent is killed a few times, its orphans end by themselves, and what is left of its cells is sound."""
    source, out = random.Random(seed), tmp_path / "cells"
    kept = [0]
    for _ in range(ROUNDS):
        parent = start(spec, out)
        orphans = wait_for(lambda parent=parent: workers_of(parent.pid), parent)
        time.sleep(source.uniform(0.5, 4.0))
        kill(parent.pid)
        parent.communicate(timeout=60)
        assert wait_for(lambda orphans=orphans: not any(is_alive(pid) for pid in orphans))
        if (out / "sweep.json").is_file():
            kept.append(len(zx.open(out)))
    assert kept == sorted(kept), "no cell is lost"
    finished = start(spec, out)
    said, errors = finished.communicate(timeout=_CALM_S)
    assert finished.returncode == 0, errors.decode()
    same_as(serial, said, out)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
@pytest.mark.parametrize("seed", [3])
def test_workers_killed_at_random_are_replaced(spec, serial, tmp_path, seed):
    """A cell fails only where two workers died of it; a resume then tries it again, until all are done."""
    source, out = random.Random(seed), tmp_path / "cells"
    killed = 0
    for attempt in range(MOST_ROUNDS):
        parent = start(spec, out)
        until = time.monotonic() + _CALM_S
        # The first dies as soon as it is there: a fast machine may have done all cells before a drawn moment comes.
        moment = 0.0 if attempt == 0 else source.uniform(0.2, 1.5)
        while attempt < 2 and parent.poll() is None and time.monotonic() < until:
            there = wait_for(lambda parent=parent: workers_of(parent.pid), parent)
            time.sleep(moment)
            if there:
                kill(source.choice(there))
                killed += 1
            moment = source.uniform(0.2, 1.5)
        said, _ = parent.communicate(timeout=_CALM_S)
        if attempt >= 2 and parent.returncode == 0:
            break
    assert killed > 0
    same_as(serial, said, out)


def is_alive(pid):
    try:
        return "Z" not in (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False


def wait_for(condition, process=None):
    """Until a condition holds, a minute at most; also where the process has ended before."""
    for _ in range(3000):
        found = condition()
        if found or (process is not None and process.poll() is not None):
            return found
        time.sleep(0.02)
    return False
