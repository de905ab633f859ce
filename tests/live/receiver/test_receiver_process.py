"""The receiver as a process on a real port: its start, its end, and what a socket can do that a test call cannot."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.receiver.receiver_asgi import API_TOKEN, ENTRY, PATH, TOKEN, world
from tests.waiting import PATIENCE_S
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import SystemClock
from zepix_live.heartbeat import EngineState, write_heartbeat
from zepix_live.receiver.connections import ConnectionLimits, protocol_with
from zepix_live.receiver.server import listen, make_server

pytestmark = pytest.mark.clock

ROOT = Path(__file__).resolve().parents[3]
NOT_THERE = ("numpy", "pandas", "numba", "pyarrow", "plotly", "typer", "zepix.engine", "zepix.research")
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals end a process otherwise here")


def _environ(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "live"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "ZEPIX_WEBHOOK_TOKEN": TOKEN, "ZEPIX_API_TOKEN": API_TOKEN, "PYTHONPATH": path, **more}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _process(data: Path, port: int, *flags: str):
    process = subprocess.Popen(
        [sys.executable, "-m", "zepix_live.receiver.main", "--data", str(data), "--port", str(port), *flags],
        env=_environ(),
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait(port: int, process: subprocess.Popen[bytes], patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}: {process.stderr.read().decode()}")
        try:
            _ask(port, "GET", "/api/health")
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the receiver does not answer")


def _ask(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _raw(port: int, data: bytes, *, wait_s: float = 10, pause_s: float = 0.0) -> bytes:
    """What comes back for bytes as they are, until the other side hangs up."""
    with socket.create_connection(("127.0.0.1", port), wait_s) as connection:
        got = b""
        try:
            for piece in [data] if not pause_s else [data[i : i + 1] for i in range(len(data))]:
                connection.sendall(piece)
                time.sleep(pause_s)
            while piece := connection.recv(65_536):
                got += piece
        except (ConnectionError, TimeoutError):
            pass
        return got


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    data, port = tmp_path_factory.mktemp("data"), _free_port()
    settings = {"header_timeout_s": 0.5, "body_timeout_s": 0.5, "keep_alive_s": 1, "most_connections_of_one": 50}
    with _process(data, port, "--settings", json.dumps(settings)) as process:
        _wait(port, process)
        yield port, data
        assert process.poll() is None, "it lived through all of it"
        assert _ask(port, "POST", PATH, b'{"last":1}')[0] == 202


def test_the_receiver_loads_nothing_that_is_slow_to_load():
    code = f"import sys, zepix_live.receiver.main; print([m for m in {NOT_THERE} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], env=_environ(), capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_an_alert_over_a_socket_is_in_the_inbox_before_its_answer(receiver):
    port, data = receiver
    status, answer = _ask(port, "POST", PATH, ENTRY)
    assert status == 202
    with LogReader(data / "inbox.sqlite") as reader:
        rows = {row.seq: row for row in reader.rows()}
    assert json.loads(rows[answer["seq"]].body)["raw"] == ENTRY.decode()


def test_health_follows_the_engines_sign_of_life(receiver):
    port, data = receiver
    write_heartbeat(data, EngineState(SystemClock().now_ns() - 60 * 10**9, "running"))
    assert _ask(port, "GET", "/api/health")[0] == 503
    write_heartbeat(data, EngineState(SystemClock().now_ns(), "running"))
    assert _ask(port, "GET", "/api/health")[0] == 200


POST = f"POST {PATH} HTTP/1.1\r\nhost: x\r\n".encode()
CHUNKED = POST + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (CHUNKED + b"5\r\n{\"n\":\r\n3\r\n11}\r\n0\r\n\r\n", {202}),
        (CHUNKED + b"zz\r\n", {400}),
        (CHUNKED + b"5\r\n{\"n\":\r\n", {408}),
        (CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nx", {400}),
        (POST + b"content-length: 5\r\n\r\n{", {408}),
        (POST + b"content-length: -1\r\n\r\n{", {400}),
        (POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\n{}", {400}),
        (POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}", {400, 408}),
        (b"\x00\x01\x02\xff\r\n\r\n", {400}),
        (b"GET / HTTP/9.9\r\n\r\n", {400, 404, 505}),
        (b"POST /webhook/\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n", {400, 404}),
        (b"POST http://[ HTTP/1.1\r\n\r\n", {400}),
        (b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n", {400, 404, 405}),
        (b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", {400, 404, 405}),
        (b"GET /api/health HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", {200, 503}),
        (POST + b"expect: 100-continue\r\ncontent-length: 99999999\r\n\r\n", {413}),
    ],
)  # fmt: skip
def test_garbage_on_the_wire_is_answered_or_hung_up_on_and_never_500(receiver, data, statuses):
    port, _ = receiver
    answer = _raw(port, data)
    assert int(answer[9:12]) in statuses, answer[:200]


def test_requests_sent_one_after_the_other_without_waiting_are_all_answered(receiver):
    port, _ = receiver
    several = b"".join(POST + b'content-length: 10\r\n\r\n{"pipe":%d}' % n for n in (1, 2, 3))
    answer = _raw(port, several + POST + b'content-length: 10\r\nconnection: close\r\n\r\n{"pipe":4}')
    assert answer.count(b"HTTP/1.1 202") == 4


def test_a_large_body_is_answered_413_although_its_sender_reads_only_at_the_end(receiver):
    port, _ = receiver
    for megabytes in (1, 4):
        assert _ask(port, "POST", PATH, b"x" * (megabytes << 20))[0] == 413
        assert _ask(port, "POST", "/webhook", b"x" * (megabytes << 20))[0] == 413


def test_a_head_that_takes_too_long_or_never_ends_is_hung_up_on(receiver):
    port, _ = receiver
    begin = time.monotonic()
    assert _raw(port, b"") == b""
    assert _raw(port, b"POST /webhook HTTP/1.1\r\nx: ") == b""
    assert _raw(port, POST + b"x: y\r\n" * 20, pause_s=0.05) == b""
    assert _raw(port, POST + b"x: " + b"y" * 500_000)[:12] in (b"", b"HTTP/1.1 400")
    assert time.monotonic() - begin < 10


def test_connections_beyond_the_limit_are_answered_503_and_leave_room_again(receiver):
    port, _ = receiver
    held = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(60)]
    try:
        answers = []
        for connection in held:
            connection.settimeout(0.3)
            try:
                answers.append(connection.recv(12))
            except TimeoutError:
                answers.append(b"")
        assert answers.count(b"HTTP/1.1 503") >= 5
    finally:
        for connection in held:
            connection.close()
    time.sleep(0.2)
    assert _ask(port, "POST", PATH, b'{"after":1}')[0] == 202


def test_a_second_receiver_on_the_folder_or_the_port_refuses_to_start(receiver, tmp_path):
    port, data = receiver
    for folder, other, what in ((data, _free_port(), "in use"), (tmp_path, port, "cannot be listened on")):
        command = [sys.executable, "-m", "zepix_live.receiver.main", "--data", str(folder), "--port", str(other)]
        found = subprocess.run(command, env=_environ(), capture_output=True, text=True, timeout=120, check=False)
        assert found.returncode in (2, 3), found.stderr
        assert what in found.stderr and "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("flags", "environ", "what"),
    [
        (["--host", "0.0.0.0"], {"ZEPIX_WEBHOOK_TOKEN": "", "ZEPIX_API_TOKEN": ""}, "ZEPIX_WEBHOOK_TOKEN"),
        (["--settings", "5"], {}, "JSON object"),
        (["--settings", '{"porrt": 1}'], {}, "did you mean 'live.receiver.port'?"),
    ],
)
def test_it_refuses_to_start_with_a_sentence(tmp_path, flags, environ, what):
    command = [sys.executable, "-m", "zepix_live.receiver.main", "--data", str(tmp_path), "--port", "0", *flags]
    found = subprocess.run(command, env=_environ(**environ), capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 2
    assert what in found.stderr and "Traceback" not in found.stderr


def test_an_inbox_of_a_newer_version_is_refused(tmp_path):
    (tmp_path / "inbox.sqlite").write_bytes(b"no journal at all" * 1000)
    command = [sys.executable, "-m", "zepix_live.receiver.main", "--data", str(tmp_path), "--port", "0"]
    found = subprocess.run(command, env=_environ(), capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 3
    assert "inbox.sqlite" in found.stderr and "Traceback" not in found.stderr


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_5_s_whoever_is_connected(tmp_path, number):
    port = _free_port()
    with _process(tmp_path, port) as process:
        _wait(port, process)
        held = socket.create_connection(("127.0.0.1", port), 5)
        held.sendall(POST + b"content-length: 100\r\n\r\n{")
        idle = socket.create_connection(("127.0.0.1", port), 5)
        time.sleep(0.2)
        begin = time.monotonic()
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - begin < 5
        held.settimeout(1)
        assert b" 500 " not in held.recv(4096)
        held.close()
        idle.close()
        assert b"Traceback" not in process.stderr.read()


@posix_only
def test_killed_under_load_it_has_every_alert_that_it_answered_and_starts_again(tmp_path):
    port = _free_port()
    acknowledged = set()
    for cycle in range(3):
        with _process(tmp_path, port) as process:
            _wait(port, process)
            for n in range(30):
                status, answer = _ask(port, "POST", PATH, b'{"cycle":%d,"n":%d}' % (cycle, n))
                assert status == 202
                acknowledged.add(answer["seq"])
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)
    with LogReader(tmp_path / "inbox.sqlite") as reader:
        assert list(reader.verify()) == []
        assert acknowledged <= {row.seq for row in reader.rows() if row.kind == "alert"}


@pytest.mark.slow
def test_it_is_ready_within_2_s_with_100_000_rows(tmp_path):
    body = json.dumps({"raw": ENTRY.decode(), "source": "webhook", "route": "tradingview", "from": "x", "key": "k"})
    with DurableLog(tmp_path / "inbox.sqlite", name="inbox") as log:
        for _ in range(20):
            log.append([(1, "alert", body)] * 5_000)
    took = []
    for _ in range(3):
        port = _free_port()
        begin = time.monotonic()
        with _process(tmp_path, port) as process:
            _wait(port, process)
            took.append(time.monotonic() - begin)
    assert min(took) < 2.0, took


def test_the_slower_parser_does_as_well(tmp_path):
    """Without httptools the same limits hold; signals are left alone in a thread that may not take them."""
    here = world(data_dir=tmp_path, header_timeout_s=0.3, most_connections_of_one=5)
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = make_server(here.app, here.settings, listener)
    limits = ConnectionLimits(900, 5, 0.3)
    server.config.http = protocol_with(limits, httptools=False)
    thread = threading.Thread(target=lambda: asyncio.run(server.take_alerts()))
    thread.start()
    try:
        assert _ask(port, "POST", PATH, ENTRY)[0] == 202
        assert _raw(port, b"POST /webhook HTTP/1.1\r\nx: ") == b""
        assert b"HTTP/1.1 400" in _raw(port, b"\x00\x01\r\n\r\n")
        assert _raw(port, CHUNKED + b'5\r\n{"n":\r\n3\r\n11}\r\n0\r\n\r\n')[9:12] == b"202"
        several = b"".join(POST + b'content-length: 10\r\n\r\n{"pipe":%d}' % n for n in (1, 2, 3))
        answer = _raw(port, several + POST + b'content-length: 10\r\nconnection: close\r\n\r\n{"pipe":4}')
        assert answer.count(b"HTTP/1.1 202") == 4
        assert (limits.all, dict(limits.of_peer)) == (0, {})
    finally:
        server.end()
        thread.join(PATIENCE_S)
        listener.close()
    assert not thread.is_alive()
