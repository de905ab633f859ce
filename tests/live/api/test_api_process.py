"""The API as a process beside receiver and engine: it dies, hangs or cannot start, and nothing that trades notices."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.live.campaign import ROOT, command, environment, free_port, started, wait_ready
from tests.waiting import PATIENCE_S, until
from zepix_live.clock import SystemClock
from zepix_live.door_file import read_door
from zepix_live.outside import status_of

pytestmark = [
    pytest.mark.clock,
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="processes are found and ended as POSIX has them"),
]
ENTRY = {"type": "entry", "side": "buy", "symbol": "EURUSD", "volume": 0.1, "sl": 1.05}


def with_api(data: Path, port: int, api_port: int, *more: str) -> list[str]:
    return ["--api-port", str(api_port), "--set", "live.api.enabled=true", *more]


def client(data: Path, api_port: int) -> httpx.Client:
    door = read_door(data)
    assert door is not None
    headers = {"Authorization": f"Bearer {door.key}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{api_port}", headers=headers, timeout=60)


def asked(data: Path, api_port: int, path: str, seconds: float = PATIENCE_S) -> httpx.Response:
    """An answer, waited for: it starts beside the others."""
    end = time.monotonic() + seconds
    while True:
        try:
            with client(data, api_port) as session:
                found = session.get(path)
            if found.status_code == 200:
                return found
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, path
        time.sleep(0.1)


def post(port: int, number: int) -> None:
    body = {**ENTRY, "id": f"mine-{number}"}
    assert httpx.post(f"http://127.0.0.1:{port}/webhook/tradingview", json=body, timeout=60).status_code == 202


def rows(data: Path, api_port: int, path: str, count: int) -> list[dict[str, Any]]:
    end = time.monotonic() + PATIENCE_S
    while True:
        found: list[dict[str, Any]] = asked(data, api_port, path).json()["rows"]
        if len(found) >= count:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.1)


def api_pid(parent: int) -> int:
    """The process of the API among the children of the supervisor."""
    said = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    (found,) = [int(pid) for pid, ppid, args in (line.split(None, 2) for line in said.splitlines()[1:])
                if int(ppid) == parent and "zepix_live.api_child" in args]  # fmt: skip
    return found


def test_it_answers_commands_and_may_die_while_the_others_go_on(tmp_path: Path) -> None:
    data, port, api_port = tmp_path / "live", free_port(), free_port()
    with started(data, port, with_api(data, port, api_port), tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        post(port, 1)
        assert rows(data, api_port, "/api/decisions", 1)[0]["alert_id"] == "a1"
        with client(data, api_port) as session:
            told = session.post("/api/pause", json={"by": "anna"})
            assert (told.status_code, told.json()["outcome"]) == (202, "no new risk is taken; what is open goes on")
            assert told.json()["is_refused"] is False
        (row,) = rows(data, api_port, "/api/audit", 1)
        assert (row["who"], row["came_from"], row["before"], row["after"]) == (
            "anna", "127.0.0.1", {"paused": False}, {"paused": True},
        )  # fmt: skip
        with client(data, api_port) as session:
            told = session.post("/api/plugins/nobody/enable", json={"by": "anna"})
            assert (told.status_code, told.json()["is_refused"]) == (202, True)
            assert told.json()["outcome"] == "there is no plugin nobody; there are bracket"
        rebuild = subprocess.run(
            [sys.executable, "-m", "zepix", "live", "rebuild", "--data", str(data)],
            capture_output=True, text=True, encoding="utf-8", env=environment(), cwd=ROOT, check=False,
        )  # fmt: skip
        assert rebuild.returncode == 3 and "end the runner first" in " ".join(rebuild.stderr.split())
        first = api_pid(process.pid)
        os.kill(first, signal.SIGKILL)
        post(port, 2)
        assert rows(data, api_port, "/api/alerts", 2)[0]["given_id"] == "mine-2"
        second = api_pid(process.pid)
        assert second != first
        os.kill(second, signal.SIGSTOP)  # one that hangs
        began = time.monotonic()
        post(port, 3)
        assert httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).status_code == 200
        assert time.monotonic() - began < 5
        beat = data / "engine.heartbeat.json"
        taken = "three alerts and two commands are taken all the same"
        until(lambda: json.loads(beat.read_text(encoding="utf-8"))["inbox_seq"] >= 5, taken)
        began = time.monotonic()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 6


def test_a_port_that_is_taken_ends_the_api_alone(tmp_path: Path) -> None:
    data, port = tmp_path / "live", free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with started(data, port, with_api(data, port, taken.getsockname()[1]), tmp_path / "log") as process:
            wait_ready(port, process, tmp_path / "log")
            post(port, 1)
            log = tmp_path / "log"
            until(lambda: "the API cannot be started" in log.read_text(encoding="utf-8"))
            assert "alerts are taken and traded without it" in log.read_text(encoding="utf-8")
            until(
                lambda: any("API cannot be started" in text for text in status_of(data, SystemClock())["trouble"]),
                "zepix live status says nothing of it",
            )
            assert httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).status_code == 200
            assert process.poll() is None


def test_in_one_process_it_answers_too(tmp_path: Path) -> None:
    data, port, api_port = tmp_path / "live", free_port(), free_port()
    with started(data, port, with_api(data, port, api_port, "--one-process"), tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        post(port, 1)
        assert rows(data, api_port, "/api/decisions", 1)[0]["alert_id"] == "a1"
        began = time.monotonic()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 5


def test_a_wrong_setting_of_it_is_told_at_the_start(tmp_path: Path) -> None:
    found = subprocess.run(
        command(tmp_path / "live", free_port(), ["--set", "live.api.prot=3", "--set", "live.api.host=0.0.0.0"]),
        capture_output=True, text=True, encoding="utf-8", env=environment(), cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    assert found.returncode == 2 and "did you mean 'live.api.port'?" in found.stderr
