"""zepix record: alerts are kept and handed on without an engine, replayed later, and never traded as if fresh."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import zepix as zx
from tests.live.desk import Desk, entry
from tests.live.receiver.other_receiver import other_receiver
from tests.live.sending import health, post
from tests.waiting import PATIENCE_S, until
from zepix.errors import ConfigError, JournalError
from zepix.journal.durable_reader import LogReader
from zepix.journal.lock import FolderLock
from zepix_live.engine.options import EngineOptions
from zepix_live.first.verbs import what_became
from zepix_live.recording import run_record

pytestmark = pytest.mark.clock

ROOT = Path(__file__).resolve().parents[3]
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals end a process otherwise here")


@contextmanager
def recorder(data: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    path = os.pathsep.join([str(ROOT), str(ROOT / "live"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "zepix", "live", "record", "--data", str(data), "--port", str(port), *flags]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: process.poll() is not None or health(port))
        yield process, port
    finally:
        process.kill()
        process.communicate()


def test_it_takes_hands_on_survives_its_receivers_death_and_is_well_without_an_engine(tmp_path):
    data = tmp_path / "recorded"
    with other_receiver() as other, recorder(data, "--mirror", other.url) as (process, port):
        assert post(port, entry(id="one"))[0] == 202
        until(lambda: len(other.got) == 1)  # a death before it went on would lose it: at most once
        status, told = health(port)
        assert (status, told["parts"]["engine"]) == (200, {"ok": True, "state": "recording", "detail": ""})
        command = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if command.exists():  # an address of others holds a secret, and everybody sees a command line
            child = int(command.read_text(encoding="ascii").split()[0])
            assert b"topsecret" not in Path(f"/proc/{child}/cmdline").read_bytes()
            os.kill(child, signal.SIGKILL)
            until(lambda: health(port))
        assert post(port, entry("sell", id="two"))[0] == 202
        until(lambda: len(other.got) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert len(other.got) == 2  # each once, whatever died
        assert "RECORDING" in process.stderr.read()
    with LogReader(data / "inbox.sqlite") as inbox:
        assert [row.kind for row in inbox.rows(0, None) if row.kind != "event"] == ["alert", "alert"]
    assert not (data / "journal.sqlite").exists()
    assert [alert.id for alert in zx.alerts(data).alerts] == ["one", "two"]


def test_a_replay_takes_what_was_recorded(tmp_path):
    found = Desk(tmp_path)
    found.post(entry(sl=1.05))
    found.close()
    spec = {"alerts": {"files": [str(found.folder / "inbox.sqlite")]}}
    assert len(zx.alerts(spec["alerts"]["files"])) == 1


def test_live_takes_over_the_folder_and_trades_nothing_old(desk):
    found = desk()
    for body in (
        entry(sl=1.05),
        entry("sell", "XAUUSD"),
        {"type": "reversal", "symbol": "EURUSD", "side": "sell", "volume": 1},
        {"type": "exit", "symbol": "EURUSD", "side": "buy"},
        {"type": "close", "symbol": "EURUSD"},
    ):
        found.post(body)
        found.clock.advance(5)
    found.clock.advance(3600)
    engine = found.open()
    found.run(10)
    assert [(outcome, reason) for _, outcome, reason in found.decisions()][:3] == [("refused", "stale")] * 3
    assert not found.rows("intent", "filled")
    found.post(entry(sl=1.05))
    found.run(1)
    assert found.decisions()[-1] == ("a6", "filled", "")
    assert len(engine.consumer.session.simulation.broker.tickets) == 1


def test_old_bars_are_no_prices_of_now(desk):
    found = desk(feed="webhook")
    stamp = found.clock.now_ns() // 1_000_000_000 // 60 * 60 - 60
    bar = {"type": "bar", "symbol": "EURUSD", "tf": "1", "open": 1.1, "high": 1.2, "low": 1.0, "close": 1.1}
    found.post({**bar, "time": stamp})
    found.clock.advance(7200)
    found.open()
    found.run(1)
    found.post(entry(sl=1.05))
    found.run(1)
    assert not found.rows("filled")


def test_one_runner_a_folder_and_wrong_addresses_are_told_before_anything_is_made(tmp_path):
    with pytest.raises(ConfigError, match="unknown setting"):
        run_record(EngineOptions(tmp_path / "x", flags={"live.receive.mirror": "a"}), host=None, port=None, say=print)
    lock = FolderLock(tmp_path / "y" / "lock", "runner")
    try:
        with pytest.raises(JournalError):
            run_record(EngineOptions(tmp_path / "y"), host=None, port=None, say=lambda _line: None)
    finally:
        lock.release()


def test_it_logs_where_the_settings_say(tmp_path):
    data = tmp_path / "recorded"
    with recorder(data, "--set", "live.log.file=true"):
        said = (data / "logs" / "receiver.log").read_text(encoding="ascii")
    assert "alerts are taken on port" in said
    assert (data / "logs" / "supervisor.log").exists()


def test_whoever_sends_a_test_alert_hears_at_once_that_nothing_decides_here(tmp_path):
    data = tmp_path / "recorded"
    with recorder(data) as (_, port):
        assert post(port, entry(id="one"))[0] == 202
        began = time.monotonic()
        assert what_became(data, 1, 30.0)[-1] == "it is recorded; nothing decides here"
        assert time.monotonic() - began < 10
