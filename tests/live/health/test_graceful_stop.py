"""Told to end, all of it ends within five seconds: under load, with tickets open, with a handler that is busy."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from pathlib import Path

import pytest

from tests.live.campaign import SAMPLE, free_port, started, wait_ready
from tests.live.desk import entry
from tests.live.sending import post
from tests.waiting import PATIENCE_S, until
from zepix_live.clock import SystemClock
from zepix_live.heartbeat import read_heartbeat
from zepix_live.outside import status_of
from zepix_live.reading import decisions
from zepix_live.view_file import read_view

pytestmark = [
    pytest.mark.clock,
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="told to end by a signal, as POSIX has them"),
]
MOST_S = 5.0
BUSY = """
import time
from zepix.engine import PluginInfo, Strategy

class Busy(Strategy):
    info = PluginInfo(strategy="busy")

    async def process_entry_signal(self, alert):
        if alert.comment == "busy":
            until = time.monotonic() + 30
            while time.monotonic() < until:
                pass
        await self.api.orders.place_order(alert.symbol, alert.side, alert.volume, sl=0.5, tp=2.0)
"""


def _posting(port: int, over: threading.Event) -> threading.Thread:
    def send() -> None:
        number = 0
        while not over.is_set():
            number += 1
            with contextlib.suppress(OSError):
                post(port, entry(id=f"n{number}", sl=0.5, tp=2.0))
            time.sleep(0.005)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("mode", [[], ["--one-process"]], ids=["processes", "one process"])
@pytest.mark.parametrize("is_busy", [False, True], ids=["under load", "busy"])
def test_it_ends_within_five_seconds(tmp_path: Path, mode: list[str], is_busy: bool):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "busy.py").write_text(BUSY, encoding="utf-8")
    data, port, over = tmp_path / "live", free_port(), threading.Event()
    more = [
        "--feed",
        f"replay:{SAMPLE}",
        "--speed",
        "60",
        "--set",
        "strategy.name=busy",
        "--set",
        "account.balance=1e7",
    ]
    more += ["--set", f"plugin_system.plugin_dir={tmp_path / 'strategies'}", "--api-port", str(free_port()), *mode]
    with started(data, port, more, tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        sender = _posting(port, over)
        until(lambda: (read_view(data) or {}).get("tickets"))
        if is_busy:
            post(port, entry(id="busy", comment="busy"))
            until(lambda: (read_view(data) or {}).get("busy"))
            assert read_view(data)["busy"]["plugin"] == "busy"
            until(lambda: status_of(data, SystemClock())["plugins"]["busy"]["state"] == "HUNG")
        began = time.monotonic()
        process.terminate()
        status = process.wait(PATIENCE_S)
        took_s = time.monotonic() - began
        over.set()
        sender.join(PATIENCE_S)
    assert took_s < MOST_S
    assert status == 0, (tmp_path / "log").read_text(encoding="utf-8")[-2_000:]
    assert read_heartbeat(data).state == "down"
    assert any(one["outcome"] == "filled" for one in decisions(data))


def test_the_logs_of_all_processes_are_json_where_that_is_asked_for(tmp_path: Path):
    data, port = tmp_path / "live", free_port()
    more = ["--feed", f"replay:{SAMPLE}", "--log-format", "json", "--set", "live.log.file=true"]
    with started(data, port, [*more, "--set", "live.api.enabled=false"], tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        post(port, "rubbish")
        time.sleep(1)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert {"engine", "receiver", "supervisor"} <= {line["process"] for line in lines}
    assert any(line.get("code") == "ready" and "the engine turns" in line["text"] for line in lines)
    for name in ("engine", "receiver", "supervisor"):
        assert (data / "logs" / f"{name}.log").read_text(encoding="ascii")
