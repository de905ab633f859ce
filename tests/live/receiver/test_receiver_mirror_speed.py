"""A mirror that hangs slows no acknowledgement: two receivers side by side, 100 alerts a second each, in one run."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.live.receiver.other_receiver import raw_server
from tests.waiting import PATIENCE_S
from zepix_live.secrets_file import RECEIVER_SETTINGS

pytestmark = pytest.mark.clock

ROOT = Path(__file__).resolve().parents[3]
PER_S = 100
SECONDS = 6


@contextmanager
def receiver(data: Path, mirror: list[str]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    path = os.pathsep.join([str(ROOT), str(ROOT / "live"), os.environ.get("PYTHONPATH", "")])
    settings = json.dumps({"mirror": mirror, "mirror_timeout_s": 1})
    process = subprocess.Popen(
        [sys.executable, "-m", "zepix_live.receiver.main", "--data", str(data), "--port", str(port)],
        env={**os.environ, "PYTHONPATH": path, RECEIVER_SETTINGS: settings},
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.connect()
                break
            except OSError:
                time.sleep(0.02)
        yield connection
        connection.close()
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes = b"") -> tuple[int, bytes, float]:
    began = time.perf_counter()
    connection.request(method, path, body)
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, content, time.perf_counter() - began


def p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


@pytest.mark.slow
def test_a_hanging_mirror_slows_no_acknowledgement(tmp_path, capsys):
    with ExitStack() as stack:
        port = stack.enter_context(raw_server(None))
        plain = stack.enter_context(receiver(tmp_path / "plain", []))
        mirrored = stack.enter_context(receiver(tmp_path / "mirrored", [f"http://127.0.0.1:{port}/x"]))
        took: dict[str, list[float]] = {"plain": [], "mirrored": []}
        began = time.perf_counter()
        for number in range(PER_S * SECONDS):
            while time.perf_counter() < began + number / PER_S:
                time.sleep(0.0005)
            for name, connection in (("plain", plain), ("mirrored", mirrored)):
                body = f'{{"type":"exit","symbol":"S{number}"}}'.encode()
                status, _, seconds = ask(connection, "POST", "/webhook/tradingview", body)
                assert status == 202
                took[name].append(seconds)
        [told] = json.loads(ask(mirrored, "GET", "/api/status")[1])["mirrors"]
    assert told["counts"]["timeout"] >= 2
    assert told["waiting"] + sum(told["counts"].values()) >= PER_S * SECONDS
    without, with_it = p99(took["plain"]), p99(took["mirrored"])
    with capsys.disabled():
        print(f"\np99 without a mirror {without * 1e3:.1f} ms, with one that hangs {with_it * 1e3:.1f} ms")
    assert with_it < 2 * without + 0.02
