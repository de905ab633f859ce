"""An engine that cannot be started for good leaves the receiver alone: alerts are kept, and it is said why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.live.campaign import ROOT, command, environment, free_port, started, wait_ready
from tests.live.desk import entry
from tests.live.sending import health, post
from tests.waiting import PATIENCE_S, until
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import VirtualClock
from zepix_live.engine import main as engine_main
from zepix_live.engine.options import EngineOptions
from zepix_live.heartbeat import EngineState, read_heartbeat, state_from_file, write_heartbeat
from zepix_live.supervise import Child, Supervisor

pytestmark = pytest.mark.clock

FOREVER = [sys.executable, "-c", "import time; time.sleep(60)"]


def _run(supervisor: Supervisor, is_over, seconds: float = PATIENCE_S) -> int:
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(supervisor.run()))
    thread.start()
    end = time.monotonic() + seconds
    while not is_over() and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.02)
    supervisor.stop()
    thread.join(PATIENCE_S)
    return status[0]


@pytest.mark.parametrize("first", ["raise SystemExit(3)", "raise SystemExit(2)"])
def test_a_status_that_says_that_no_start_can_help_ends_the_engine_alone(first: str):
    receiver = Child("receiver", FOREVER, gives_up=False, fatal=frozenset({2, 3}))
    failed: list[str] = []
    engine = Child(
        "engine", [sys.executable, "-c", first], gives_up=True, fatal=frozenset({2, 3}), ends_all=False,
        on_given_up=failed.append,
    )  # fmt: skip
    told: list[str] = []
    supervisor = Supervisor([receiver, engine], told.append)
    assert _run(supervisor, lambda: bool(failed)) == 0
    assert (engine.lives, receiver.lives) == (1, 1)
    assert told[0].startswith("CRITICAL the engine cannot be started") and "alerts are taken and kept" in told[0]


def test_a_later_start_that_cannot_be_ends_nothing_else(tmp_path: Path):
    mark = tmp_path / "mark"
    code = f"import pathlib; p = pathlib.Path({str(mark)!r}); n = 1 + 2 * p.exists(); p.touch(); exit(n)"
    receiver = Child("receiver", FOREVER, gives_up=False, fatal=frozenset({2, 3}))
    failed: list[str] = []
    engine = Child(
        "engine", [sys.executable, "-c", code], gives_up=True, fatal=frozenset({2, 3}), on_given_up=failed.append
    )
    assert _run(Supervisor([receiver, engine], lambda _text: None), lambda: bool(failed)) == 0
    assert (engine.lives, receiver.lives) == (2, 1)


def test_a_reason_does_not_grow_old(tmp_path: Path):
    clock = VirtualClock()
    write_heartbeat(tmp_path, EngineState(clock.now_ns(), "failed", "row 7 is broken"))
    clock.advance(3600)
    state = state_from_file(tmp_path, clock, 5.0)()
    assert (state.state, state.detail, state.turns) == ("failed", "row 7 is broken", False)


def test_the_engine_says_why_it_cannot_be_started(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(engine_main, "end_with_parent", lambda _stop: None)
    (tmp_path / "journal.sqlite").write_bytes(b"no journal at all" * 400)
    assert engine_main.main([EngineOptions(tmp_path).encoded()]) == 3
    state = read_heartbeat(tmp_path)
    assert state.state == "failed" and "journal.sqlite" in state.detail
    assert "journal.sqlite" in capsys.readouterr().err


def test_a_folder_that_is_still_locked_is_tried_again(tmp_path: Path, monkeypatch):
    from zepix.journal.durable import DurableLog

    monkeypatch.setattr(engine_main, "end_with_parent", lambda _stop: None)
    with DurableLog(tmp_path / "journal.sqlite", name="journal"):
        assert engine_main.main([EngineOptions(tmp_path).encoded()]) == engine_main.DIED


def _broken(data: Path) -> None:
    """The journal's last rows are altered, so that no start can believe it."""
    import sqlite3

    with sqlite3.connect(data / "journal.sqlite") as connection:
        connection.execute("UPDATE rows SET body = '{\"altered\":1}' WHERE seq = (SELECT max(seq) - 1 FROM rows)")
    connection.close()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("mode", [[], ["--one-process"]])
def test_alerts_are_taken_beside_a_broken_journal_until_the_operator_ends_it(tmp_path: Path, mode: list[str]):
    data, port = tmp_path / "live", free_port()
    with started(data, port, mode, tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        assert post(port, entry(id="first"))[0] == 202
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    _broken(data)
    with started(data, port, mode, tmp_path / "log2") as process:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            time.sleep(0.2)
            try:
                status, found = health(port)
            except OSError:
                continue
            if found["parts"]["engine"]["state"] == "failed":
                break
        assert (status, found["not_well"]) == (503, ["engine"])
        assert "journal.sqlite" in found["parts"]["engine"]["detail"]
        time.sleep(6)  # longer than an engine may be silent
        assert health(port)[1]["parts"]["engine"]["state"] == "failed"
        assert post(port, entry(id="kept"))[0] == 202
        log = (tmp_path / "log2").read_text(encoding="utf-8")
        assert log.count("CRITICAL the engine") == 1 and "zepix live anew" in log
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) in (0, 3)
        assert time.monotonic() - began < 5
    with LogReader(data / "inbox.sqlite") as reader:
        assert reader.last_seq() == 2


@pytest.mark.slow
def test_a_wrong_configuration_of_a_folder_in_use_loses_no_alert(tmp_path: Path):
    data, port = tmp_path / "live", free_port()
    with started(data, port, [], tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        process.kill()
        process.wait()
    time.sleep(5)
    wrong = command(data, port, ["--set", "risk.max_concurent=3"])
    with (
        (tmp_path / "err").open("wb") as err,
        subprocess.Popen(wrong, env=environment(), cwd=ROOT, stderr=err, stdout=subprocess.DEVNULL) as process,
    ):
        try:
            until(lambda: "CRITICAL" in (tmp_path / "err").read_text(encoding="utf-8"))
            assert "max_concurrent" in (tmp_path / "err").read_text(encoding="utf-8")
            assert post(port, entry())[0] == 202
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
