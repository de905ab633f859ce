"""How fast alerts become durable: a receiver of its own process under load from this one, beside the disk's own fsync.

    python tests/bench/webhook_bench.py [--seconds 10] [--runs 3] [--data DIR] [--overload-per-s 5000]

- steady: 100 alerts a second; the time from when an alert was due to its answer, best of the runs;
- burst: 2,000 alerts offered within one second; the slowest answer;
- overload: 5,000 a second; the answers by status, the slowest, and the memory before and after;
- imports: how long a Python takes to load FastAPI, plain Starlette, and all of the receiver;
- start: from the start of the process to its first answer, on an empty inbox and on what the load left in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "bench-0123456789-abcdef"
CONNECTIONS = 200
CONNECTIONS_OVERLOAD = 700


@dataclass
class Load:
    """What was offered and what came back: seconds from due to answered, of these on the wire, how many of each status.

    With every connection busy an alert waits on this side; that is in the first, not in the second.
    """

    took_s: list[float] = field(default_factory=list)
    on_wire_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def percentile_ms(self, share: float, *, on_wire: bool = False) -> float:
        ranked = sorted(self.on_wire_s if on_wire else self.took_s)
        return 1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]


class Connection(asyncio.Protocol):
    """One kept connection: a request, its answer, the next."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.buffer = b""
        self.due = self.sent = 0.0
        self.is_busy = False

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.pool.take_back(self)

    def send(self, due: float, body: bytes) -> None:
        self.due, self.sent, self.is_busy = due, time.perf_counter(), True
        self.transport.write(self.pool.head % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(rest) >= length:
            self.buffer = rest[length:]
            self.is_busy = False
            self.pool.answered(self, int(head[9:12]))

    def connection_lost(self, exc) -> None:
        self.pool.lost(self)


class Pool:
    """Connections that share what is due."""

    def __init__(self, port: int, load: Load) -> None:
        self.port = port
        self.load = load
        self.head = (
            f"POST /webhook/tradingview/{TOKEN} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            "content-type: application/json\r\ncontent-length: %d\r\n\r\n"
        ).encode()
        self.all: list[Connection] = []
        self.idle: deque[Connection] = deque()
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.left = 0
        self.done = asyncio.Event()

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, made = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port)
            self.all.append(made)

    def offer(self, due: float, body: bytes) -> None:
        if self.idle:
            self.idle.popleft().send(due, body)
        else:
            self.waiting.append((due, body))

    def take_back(self, connection: Connection) -> None:
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.idle.append(connection)

    def answered(self, connection: Connection, status: int) -> None:
        self.count(connection, status)
        self.take_back(connection)

    def lost(self, connection: Connection) -> None:
        with suppress(ValueError):
            self.idle.remove(connection)
        if connection.is_busy:
            self.count(connection, 0)

    def count(self, connection: Connection, status: int) -> None:
        now = time.perf_counter()
        self.load.took_s.append(now - connection.due)
        self.load.on_wire_s.append(now - connection.sent)
        self.load.statuses[status] += 1
        self.left -= 1
        if not self.left:
            self.done.set()


async def _offer(port: int, count: int, per_s: float, name: str, connections: int) -> Load:
    """``count`` alerts, ``per_s`` of them a second, each when it is due, however long the answers take."""
    load = Load()
    pool = Pool(port, load)
    await pool.open(connections)
    pool.left = count
    begin = time.perf_counter() + 0.05
    sent = 0
    while sent < count:
        due_now = min(count, int((time.perf_counter() - begin) * per_s) + 1)
        while sent < due_now:
            body = b'{"type":"entry","symbol":"EURUSD","side":"buy","price":1.1,"strategy":"%b %d"}' % (
                name.encode(),
                sent,
            )
            pool.offer(begin + sent / per_s, body)
            sent += 1
        await asyncio.sleep(0.0005 if per_s > 500 else 0.001)
    with suppress(TimeoutError):
        await asyncio.wait_for(pool.done.wait(), 60)
    if pool.left:
        load.statuses[-1] = pool.left
    for connection in pool.all:
        connection.transport.abort()
    return load


def offer(port: int, count: int, per_s: float, name: str, connections: int = CONNECTIONS) -> Load:
    return asyncio.run(_offer(port, count, per_s, name, connections))


@contextmanager
def receiver(data: Path) -> Iterator[tuple[int, int, float]]:
    """(port, process id, seconds from its start to its first answer)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "ZEPIX_WEBHOOK_TOKEN": TOKEN}
    environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "live"), os.environ.get("PYTHONPATH", "")])
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "zepix_live.receiver.main", "--data", str(data), "--port", str(port)],
        env=environ,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port, process.pid, _first_answer(port, begin)
    finally:
        process.terminate()
        process.wait(10)


def _first_answer(port: int, begin: float) -> float:
    while time.perf_counter() - begin < 30:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"GET /api/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            if connection.recv(12).startswith(b"HTTP/1.1"):
                return time.perf_counter() - begin
        time.sleep(0.01)
    raise SystemExit("the receiver did not answer within 30 s")


def fsync_ms(folder: Path, count: int = 500) -> list[float]:
    """Milliseconds of one page written and forced to the disk, ``count`` times, sorted."""
    path, took = folder / "fsync.probe", []
    with path.open("wb") as handle:
        for _ in range(count):
            begin = time.perf_counter()
            handle.write(b"x" * 4096)
            handle.flush()
            os.fsync(handle.fileno())
            took.append(1000 * (time.perf_counter() - begin))
    path.unlink()
    return sorted(took)


def rss_mib(pid: int) -> float:
    """Memory of a process, where the system tells; else 0."""
    try:
        text = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


WEB = {
    "plain Starlette": "import starlette.applications, starlette.requests, uvicorn; starlette.applications.Starlette()",
    "FastAPI": "import fastapi, uvicorn; fastapi.FastAPI(openapi_url=None)",
    "the whole receiver": "import zepix_live.receiver.main",
}


def _imports() -> None:
    """Best of five for each."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "live")])}
    found = []
    for name, code in WEB.items():
        took = []
        for _ in range(5):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], env=environ, check=True)
            took.append(time.perf_counter() - begin)
        found.append(f"{name} {min(took):.2f} s")
    print(f"imports: {', '.join(found)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--overload-per-s", type=float, default=5000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.data, ignore_cleanup_errors=True) as folder:
        data = Path(folder)
        disk = fsync_ms(data)
        print(f"disk: fsync p50 {disk[250]:.2f} ms, p99 {disk[495]:.2f} ms; {os.cpu_count()} cores")
        _imports()
        with receiver(data) as (port, pid, ready_s):
            print(f"start: first answer after {ready_s:.2f} s (empty inbox)")
            offer(port, 50, 100, "warm")
            _steady(port, given)
            _burst(port, given)
            _overload(port, pid, given)
        with receiver(data) as (port, _, ready_s):
            size_mib = sum(one.stat().st_size for one in data.glob("inbox*")) / 2**20
            print(f"start: first answer after {ready_s:.2f} s (the inbox as the load left it, {size_mib:.0f} MiB)")
    return 0


def _steady(port: int, given: argparse.Namespace) -> None:
    runs = []
    for run in range(given.runs):
        load = offer(port, int(100 * given.seconds), 100, f"steady {run}")
        assert load.statuses == {202: len(load.took_s)}, load.statuses
        runs.append(load)
        time.sleep(1.5)
    best = min(runs, key=lambda load: load.percentile_ms(0.99))
    figures = ", ".join(f"p{100 * share:g} {best.percentile_ms(share):.1f} ms" for share in (0.5, 0.99, 0.999))
    print(f"steady: 100 alerts/s for {given.seconds:g} s, best of {given.runs}: {figures}")


def _burst(port: int, given: argparse.Namespace) -> None:
    slowest = []
    for run in range(given.runs):
        time.sleep(3)
        load = offer(port, 2000, 2000, f"burst {run}")
        slowest.append((load.percentile_ms(1), dict(load.statuses)))
    best, statuses = min(slowest)
    print(f"burst: 2,000 alerts within 1 s, best of {given.runs}: slowest {best:.0f} ms, {statuses}")


def _overload(port: int, pid: int, given: argparse.Namespace) -> None:
    time.sleep(3)
    before = rss_mib(pid)
    count = int(given.overload_per_s * given.seconds)
    load = offer(port, count, given.overload_per_s, "overload", CONNECTIONS_OVERLOAD)
    wire = ", ".join(f"p{100 * share:g} {load.percentile_ms(share, on_wire=True):.0f} ms" for share in (0.5, 0.99, 1))
    print(
        f"overload: {given.overload_per_s:g}/s for {given.seconds:g} s on {CONNECTIONS_OVERLOAD} connections: "
        f"{dict(load.statuses)}, on the wire {wire}, last answer {load.percentile_ms(1):.0f} ms after it was due; "
        f"memory {before:.0f} -> {rss_mib(pid):.0f} MiB"
    )
    time.sleep(2)
    again = offer(port, 200, 100, "after")
    print(f"after it: 100 alerts/s: {dict(again.statuses)}, p99 {again.percentile_ms(0.99):.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
