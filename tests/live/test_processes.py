"""The real processes: started, killed, started again; two on one folder; a folder that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.campaign import ROOT, campaign, command, environment, free_port, started, wait_ready
from tests.thorough import share
from tests.waiting import PATIENCE_S

pytestmark = [
    pytest.mark.clock,
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="process groups are killed as POSIX has them"),
]
CYCLES = share(60, 40)
"""With the twenty of chains there are sixty kills in every run of the suite."""


def _run(arguments: list[str], seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        env=environment(),
        timeout=seconds,
        cwd=ROOT,
    )


def test_nothing_is_lost_or_doubled_however_often_it_is_killed(tmp_path: Path):
    found = campaign(tmp_path / "live", CYCLES, seed=20261121)
    assert not found.problems, "\n".join(found.problems[:20])
    assert found.cycles == CYCLES
    assert len(found.acked) > 20 * CYCLES / 10
    assert found.outcomes["filled"] > CYCLES / 3


def test_chains_pyramids_and_shields_survive_being_killed(tmp_path: Path):
    """V3 with everything that follows, beside bracket; what there was of it is counted (chain_life.py)."""
    found = campaign(tmp_path / "live", 20, seed=20261122, profile="chains")
    assert not found.problems, "\n".join(found.problems[:20])
    assert all(found.chains[name] for name in ("A", "B", "P1", "SA", "SB", "recoveries waited for")), found.told()


def test_a_second_runner_on_one_folder_refuses_to_start(tmp_path: Path):
    data, port = tmp_path / "live", free_port()
    with started(data, port, [], tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        second = _run(command(data, free_port(), []))
        open_to_others = {one.name for one in (data, *data.rglob("*")) if one.stat().st_mode & 0o077}
        assert (data / "journal.sqlite").exists() and (data / "inbox.sqlite").exists()
    assert second.returncode == 3
    assert str(process.pid) in second.stderr
    assert not open_to_others, "what a runner writes is its user's alone"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    found = _run(command(folder / "live", free_port(), []))
    assert found.returncode in (2, 3)
    assert "closed" in found.stderr


def test_a_wrong_configuration_is_told_and_nothing_keeps_running(tmp_path: Path):
    found = _run(command(tmp_path / "live", free_port(), ["--set", "risk.max_concurent=3"]))
    assert found.returncode == 2
    assert "max_concurrent" in found.stderr


def test_one_process_takes_alerts_and_ends_in_time(tmp_path: Path):
    data, port = tmp_path / "live", free_port()
    with started(data, port, ["--one-process"], tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        began = time.monotonic()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 5


def test_a_busy_port_is_told(tmp_path: Path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = _run(command(tmp_path / "live", taken.getsockname()[1], []))
    assert found.returncode == 2
    assert "listened on" in found.stderr


def test_decisions_are_read_while_it_runs(tmp_path: Path):
    data, port = tmp_path / "live", free_port()
    with started(data, port, [], tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        found = _run([sys.executable, "-m", "zepix", "live", "decisions", "--data", str(data), "--json"])
        assert found.returncode == 0
        report = _run([sys.executable, "-m", "zepix", "live", "report", "--data", str(data)])
        assert "nothing to recover" in report.stdout
