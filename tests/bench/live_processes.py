"""A live runner of its own processes for the bench: started, asked for its health, loaded, watched, killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.bench import webhook_bench
from tests.bench.webhook_bench import Connection, Load, Pool
from zepix.journal.durable_reader import LogReader

__all__ = ["Decisions", "Runner", "cpu_s", "offer", "runner"]

ROOT = Path(__file__).resolve().parents[2]
LOOK_S = 0.002


class Runner:
    """One started runner; ``receiver_s`` and ``ready_s`` after its start."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path, port: int, log: Path) -> None:
        self.process = process
        self.data = data
        self.port = port
        self.log = log
        self.receiver_s = self.ready_s = 0.0

    def wait_ready(self, begun: float) -> None:
        while not self.ready_s:
            told = self._health()
            now = time.perf_counter() - begun
            if told:
                self.receiver_s = self.receiver_s or now
            if b'"ready":true' in told.replace(b" ", b""):
                self.ready_s = now
            elif self.process.poll() is not None or now > 120:
                raise SystemExit(f"the runner did not get ready: {self.log.read_text(encoding='utf-8')[-2000:]}")
            else:
                time.sleep(0.01)

    def _health(self) -> bytes:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as connection:
            connection.sendall(b"GET /api/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            found = b""
            while piece := connection.recv(4096):
                found += piece
            return found
        return b""

    def kill(self) -> None:
        """The whole group at once, as a loss of power would."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def children(self) -> dict[str, int]:
        """By name: the process numbers of receiver, engine and api, where the system tells."""
        found: dict[str, int] = {}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError, ValueError):
                words = path.read_bytes().split(b"\0")
                stat = (path.parent / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
                if int(stat[1]) == self.process.pid:
                    module = next((one for one in words if one.endswith(b"_child")), b"receiver_child").decode()
                    found[module.removeprefix("zepix_live.").removesuffix("_child")] = int(path.parent.name)
        return found


@contextmanager
def runner(data: Path, feed: str, settings: Mapping[str, str]) -> Iterator[Runner]:
    """A runner that is ready; killed in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join([str(ROOT), str(ROOT / "live")])
    environ = {**os.environ, "PYTHONPATH": path, "ZEPIX_WEBHOOK_TOKEN": webhook_bench.TOKEN}
    command = [sys.executable, "-m", "zepix", "live", "--data", str(data), "--port", str(port), "--feed", feed]
    command += [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    log = data.with_name(f"{data.name}.log")
    begun = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environ, cwd=ROOT, start_new_session=True)
    found = Runner(process, data, port, log)
    try:
        found.wait_ready(begun)
        yield found
    finally:
        found.kill()


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, where the system tells; else 0."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


class Decisions(threading.Thread):
    """Watches a journal from outside and notes when each alert's first decision could be read."""

    def __init__(self, journal: Path) -> None:
        super().__init__(name="decisions", daemon=True)
        self.journal = journal
        self.seen_s: dict[str, float] = {}
        self.outcomes: dict[str, str] = {}
        self.is_over = threading.Event()

    def run(self) -> None:
        with LogReader(self.journal) as reader:
            after = reader.last_seq()
            while not self.is_over.wait(LOOK_S):
                for row in reader.rows(after, None):
                    after = row.seq
                    if row.kind == "decision":
                        body = json.loads(row.body)
                        self.seen_s.setdefault(body["id"], time.perf_counter())
                        self.outcomes[body["id"]] = f"{body['outcome']} {body['reason']}".strip()


class _Answered(Connection):
    """Keeps the last answer whole."""

    told = b""

    def data_received(self, data: bytes) -> None:
        self.told = self.buffer + data
        super().data_received(data)


class _Numbered(Pool):
    """Keeps the number that each alert got, with when it was sent and when that was answered."""

    def __init__(self, port: int, load: Load) -> None:
        super().__init__(port, load)
        self.numbers: dict[str, tuple[float, float]] = {}

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, made = await loop.create_connection(lambda: _Answered(self), "127.0.0.1", self.port)
            self.all.append(made)

    def answered(self, connection: Connection, status: int) -> None:
        if status == 202 and isinstance(connection, _Answered):
            told = json.loads(connection.told.partition(b"\r\n\r\n")[2])
            self.numbers[f"a{told['seq']}"] = (connection.sent, time.perf_counter())
        super().answered(connection, status)


async def _offer(
    port: int, bodies: list[str], per_s: float, connections: int
) -> tuple[Load, dict[str, tuple[float, float]]]:
    load = Load()
    pool = _Numbered(port, load)
    await pool.open(connections)
    pool.left = len(bodies)
    begin = time.perf_counter() + 0.05
    for number, body in enumerate(bodies):
        due = begin + number / per_s
        while (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(min(left, 0.002))
        pool.offer(due, body.encode("utf-8"))
        if not number % 50:
            await asyncio.sleep(0)
    with suppress(TimeoutError):
        await asyncio.wait_for(pool.done.wait(), 60)
    if pool.left:
        load.statuses[-1] = pool.left
    for connection in pool.all:
        connection.transport.abort()
    return load, pool.numbers


def offer(port: int, bodies: list[str], per_s: float, connections: int = 50):
    """``bodies`` in turn, each when it is due; what came back, and by number when each was sent and acknowledged."""
    return asyncio.run(_offer(port, bodies, per_s, connections))
