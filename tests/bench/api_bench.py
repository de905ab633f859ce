"""What the API costs: ``python -m tests.bench.api_bench [--seconds 20] [--decisions 1000000] [--server]``.

Prints Markdown. A runner of its own processes takes 100 alerts a second; in turn with and without somebody who asks the
API, follows ``/ws`` and has its figures scraped, so that both meet the same machine: how long an alert takes to be
acknowledged either way, and how long answers take under it. Then searches among a million decisions, through the API,
on a file of SQLite and, with ``--server``, on PostgreSQL.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.live_processes import ROOT, offer, runner
from tests.bench.storage_bench import fill_decisions, questions
from zepix_live.door_file import read_door
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.database import Database

TOKEN = "bench-api-0123456789-abcdef"
ROUTES = (
    "/api/decisions", "/api/decisions?reason=spread_high", "/api/alerts?limit=20", "/api/tickets?status=open",
    "/api/orders?limit=50", "/api/trades", "/api/plugins", "/api/status", "/api/audit", "/metrics",
)  # fmt: skip
SEARCHES = 40
ROUNDS = 4
FEED = f"replay:{ROOT / 'datasets' / 'sample'}"


def at(share: float, found: Sequence[float]) -> float:
    ranked = sorted(found)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def ask(port: int, key: str, seconds: float, per_s: float) -> dict[str, list[float]]:
    """Milliseconds of answers by route, one connection, ``per_s`` questions a second."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {key}"}
    found: dict[str, list[float]] = {}
    begun, number = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        due = begun + number / per_s
        time.sleep(max(0.0, due - time.perf_counter()))
        path = ROUTES[number % len(ROUTES)]
        started = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        found.setdefault(path, []).append((time.perf_counter() - started) * 1000)
        assert answer.status == 200, (path, answer.status)
        number += 1
    connection.close()
    return found


def follow(port: int, key: str, seconds: float) -> int:
    """How many rows a client of /ws got."""
    from websockets.sync.client import connect

    headers, count = {"Authorization": f"Bearer {key}"}, 0
    until = time.monotonic() + seconds
    with connect(f"ws://127.0.0.1:{port}/ws", additional_headers=headers, compression=None) as events:
        while (left := until - time.monotonic()) > 0:
            try:
                events.recv(timeout=left)
            except TimeoutError:
                break
            count += 1
    return count


def reader(port: int, key: str, seconds: float, per_s: float) -> None:
    """Of a process of its own: prints what it measured."""
    events: list[int] = []
    thread = threading.Thread(target=lambda: events.append(follow(port, key, seconds)))
    thread.start()
    found = ask(port, key, seconds, per_s)
    thread.join()
    print(json.dumps({"took": found, "events": events[0]}))


def under_load(seconds: float, per_s: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        settings = {"live.api.port": str(port), "account.balance": "1000000"}
        with runner(Path(name) / "data", FEED, settings) as one:
            door = read_door(one.data)
            assert door is not None
            _settle(port, door.key)
            number, lines, took, events = 0, [], [], 0
            for round_ in range(ROUNDS + 1):
                for is_read in (False, True):
                    bodies = [json.dumps(_entry(number + one_)) for one_ in range(round(100 * seconds))]
                    number += len(bodies)
                    asking = _asking(port, door.key, seconds, per_s) if is_read else None
                    load, _ = offer(one.port, bodies, 100.0)
                    if asking is not None:
                        told = json.loads(asking.communicate(timeout=120)[0])
                    if not round_:  # the first round warms
                        continue
                    who = f"{per_s:g} questions a second, one client of /ws" if is_read else "nobody asks"
                    lines.append(_acknowledged(who, load))
                    if is_read:
                        took += [told["took"]]
                        events += told["events"]
            print("\n| 100 alerts a second | acknowledged p50 | p99 | slowest |\n|---|---|---|---|")
            print("\n".join(lines), flush=True)
            print("\n| answers meanwhile | p50 | p99 | slowest | count |\n|---|---|---|---|---|")
            for path in ROUTES:
                ms = [one_ for found in took for one_ in found[path]]
                print(f"| `{path}` | {at(0.5, ms):.1f} ms | {at(0.99, ms):.1f} ms | {max(ms):.1f} ms | {len(ms)} |")
            ms = [one_ for found in took for some in found.values() for one_ in some]
            print(f"| all | {at(0.5, ms):.1f} ms | {at(0.99, ms):.1f} ms | {max(ms):.1f} ms | {len(ms)} |")
            print(f"\n/ws: {events} rows were sent meanwhile", flush=True)


def _entry(number: int) -> dict[str, object]:
    """An entry, then an exit of it, and so on: an account with thousands of tickets would be measured instead."""
    about = {"symbol": "EURUSD", "id": f"bench-{number}"}
    if number % 2:
        return {"type": "exit", **about}
    return {"type": "entry", "side": "buy", "volume": 0.01, "sl": 1.05, **about}


def _acknowledged(who: str, load: object) -> str:
    p50, p99, slowest = (load.percentile_ms(share) for share in (0.5, 0.99, 1))  # type: ignore[attr-defined]
    return f"| {who} | {p50:.1f} ms | {p99:.1f} ms | {slowest:.0f} ms |"


def _settle(port: int, key: str) -> None:
    for _ in range(600):
        try:
            ask(port, key, 0.1, 100)
        except (OSError, AssertionError):  # its database is made first
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the API does not answer")


def _asking(port: int, key: str, seconds: float, per_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.api_bench", "--reader", f"{port},{seconds},{per_s}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**_environ(), "BENCH_KEY": key})


def _environ() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "live")])
    return {**os.environ, "PYTHONPATH": path}


@contextmanager
def api_of(folder: Path, more: dict[str, str]) -> Iterator[int]:
    """The API alone, on a folder without a journal."""
    port = free_port()
    command = [sys.executable, "-m", "zepix_live.api_child", "--data", str(folder), "--port", str(port)]
    environ = {**_environ(), "ZEPIX_API_TOKEN": TOKEN, **more}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, env=environ)
    try:
        _settle_live(port)
        yield port
    finally:
        process.stdin.close()  # type: ignore[union-attr]
        process.wait(20)


def _settle_live(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), 2):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the API does not start")


def searched(port: int, count: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    print(
        f"\n| among {count:,} decisions, through the API | median | slowest of {SEARCHES} | rows |\n|---|---|---|---|"
    )
    for words, filters in questions(count):
        took, rows = [], 0
        for _ in range(SEARCHES):
            began = time.perf_counter()
            connection.request("GET", f"/api/decisions?{urlencode(filters)}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, body
            rows = len(json.loads(body)["rows"])
        print(f"| {words} | {at(0.5, took):.1f} ms | {max(took):.1f} ms | {rows} |", flush=True)


def million(count: int, folder: Path, address: Address, environ: dict[str, str]) -> None:
    with Database(address) as database:
        database.migrate()
        fill_decisions(database, count)
    with api_of(folder, environ) as port:
        searched(port, count)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="api_bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--per-s", type=float, default=40)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--server", action="store_true", help="a PostgreSQL too")
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.reader:
        port, seconds, per_s = chosen.reader.split(",")
        reader(int(port), os.environ["BENCH_KEY"], float(seconds), float(per_s))
        return 0
    print(f"Python {platform.python_version()}", flush=True)
    under_load(chosen.seconds, chosen.per_s)
    with tempfile.TemporaryDirectory() as name:
        million(chosen.decisions, Path(name), address_of(Path(name)), {})
    if chosen.server:
        from tests.live.storage.postgres_server import PostgresServer

        server = PostgresServer()
        try:
            with tempfile.TemporaryDirectory() as name:
                url = server.url("postgres")
                print("\nPostgreSQL")
                million(chosen.decisions, Path(name), address_of(Path(name), url), {"ZEPIX_DATABASE_URL": url})
        finally:
            server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
