"""The kill campaign: the real processes under load, killed again and again, then everything is counted.

    python -m tests.live.campaign --cycles 2000 --data DIR

What must hold after any number of ``kill -9`` of the whole group: every acknowledged alert has exactly one terminal
decision, none led to two orders, and a rerun of the journal is equal line by line.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "datasets" / "sample"
READY_S = 60.0


@dataclass
class Found:
    """What a campaign came to."""

    cycles: int = 0
    acked: dict[int, str] = field(default_factory=dict)
    duplicates: int = 0
    unavailable: int = 0
    refused_connections: int = 0
    problems: list[str] = field(default_factory=list)
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    rerun: str = ""
    starts_s: list[float] = field(default_factory=list)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Poster(threading.Thread):
    """Posts alerts without a pause and remembers what was acknowledged."""

    def __init__(self, port: int, seed: int, found: Found) -> None:
        super().__init__(name="poster", daemon=True)
        self._port = port
        self._rng = random.Random(seed)
        self._found = found
        self._number = 0
        self.is_over = threading.Event()
        self.pause_s = 0.01

    def run(self) -> None:
        while not self.is_over.wait(self.pause_s):
            self._number += 1
            self.post(self._body())

    def post(self, body: dict[str, Any]) -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=3)
        try:
            connection.request("POST", "/webhook/tradingview", json.dumps(body), {"Content-Type": "text/plain"})
            answer = connection.getresponse()
            told = json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            self._found.refused_connections += 1
            return None
        finally:
            connection.close()
        if answer.status == 202:
            self._found.acked[told["seq"]] = told["id"]
        elif answer.status == 200:
            self._found.duplicates += 1
        elif answer.status == 503:
            self._found.unavailable += 1
        else:
            self._found.problems.append(f"an alert was answered {answer.status}: {told}")
        return answer.status

    def _body(self) -> dict[str, Any]:
        symbol = self._rng.choice(["EURUSD", "XAUUSD"])
        body: dict[str, Any] = {"symbol": symbol, "id": f"n{self._number}"}
        kind = self._rng.random()
        if kind < 0.6:
            return {**body, "type": "entry", "side": self._rng.choice(["buy", "sell"]), "volume": 0.01}
        if kind < 0.9:
            return {**body, "type": "exit"}
        return {**body, "type": "reversal", "side": self._rng.choice(["buy", "sell"]), "volume": 0.01}


def command(data: Path, port: int, extra: list[str]) -> list[str]:
    here = [sys.executable, "-m", "zepix", "live", "--data", str(data), "--port", str(port)]
    return [*here, "--feed", f"replay:{SAMPLE}", "--speed", "600", "--set", "account.balance=1000000", *extra]


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "live")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}


def health(port: int) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/api/health")
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        return found
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def wait_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> float:
    """How long until alerts are taken and the engine turns. Raises AssertionError where that never comes."""
    began = time.monotonic()
    while time.monotonic() - began < READY_S:
        assert process.poll() is None, f"it ended with {process.returncode}: {log.read_text(encoding='utf-8')[-2000:]}"
        told = health(port)
        if told is not None and told.get("ready"):
            return time.monotonic() - began
        time.sleep(0.02)
    raise AssertionError(f"not ready within {READY_S} s: {log.read_text(encoding='utf-8')[-2000:]}")


@contextlib.contextmanager
def started(data: Path, port: int, extra: list[str], log: Path):
    """The runner in a group of its own; killed in the end if it still runs."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command(data, port, extra), stdout=out, stderr=out, env=environment(), start_new_session=True, cwd=ROOT
        )
    try:
        yield process
    finally:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def campaign(data: Path, cycles: int, seed: int, extra: list[str] | None = None) -> Found:
    """Kill it ``cycles`` times at random instants under load, start it a last time, and count."""
    found, rng, port = Found(), random.Random(seed), free_port()
    extra = extra or []
    log = data.with_name(f"{data.name}.log")
    poster = Poster(port, seed, found)
    poster.start()
    try:
        for _ in range(cycles):
            with started(data, port, extra, log) as process:
                if rng.random() < 0.75:  # else it is killed while it starts and recovers
                    found.starts_s.append(wait_ready(port, process, log))
                time.sleep(rng.uniform(0.0, 0.6))
            found.cycles += 1
        with started(data, port, extra, log) as process:
            found.starts_s.append(wait_ready(port, process, log))
            poster.is_over.set()
            poster.join()
            wait_decided(data, found)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            if time.monotonic() - began > 5:
                found.problems.append(f"SIGTERM took {time.monotonic() - began:.1f} s")
    finally:
        poster.is_over.set()
    check(data, found)
    return found


def wait_decided(data: Path, found: Found) -> None:
    """Until the engine has decided every acknowledged alert, or a minute has passed."""
    from zepix_live.reading import decisions

    for _ in range(120):
        decided = {row["seq"] for row in decisions(data) if row["outcome"] not in ("pending", "working")}
        if found.acked.keys() <= decided:
            return
        time.sleep(0.5)


def check(data: Path, found: Found) -> None:
    """Everything that must hold, from the files alone: the checker of the simulated worlds, and what users read."""
    from tests.live.sim.checker import Answer, Record, problems
    from zepix.journal.durable_reader import LogReader
    from zepix_live.reading import decisions
    from zepix_live.rerunning import rerun_folder

    by_seq = collections.defaultdict(list)
    for row in decisions(data):
        by_seq[row["seq"]].append(row)
        found.outcomes[row["outcome"]] += 1
    for seq, name in found.acked.items():
        rows = by_seq.get(seq, [])
        if [row["id"] for row in rows] != [name]:
            found.problems.append(f"alert {seq} {name} was acknowledged and has {len(rows)} decisions")
    answers = [Answer("", 202, {"seq": seq, "id": name}) for seq, name in found.acked.items()]
    with LogReader(data / "inbox.sqlite") as inbox, LogReader(data / "journal.sqlite") as journal:
        found.problems += [f"the inbox: {one}" for one in inbox.verify()]
        found.problems += [f"the journal: {one}" for one in journal.verify()]
        record = Record(answers, list(inbox.rows(0, None)), list(journal.rows(0, None)), does_rerun=False)
    found.problems += problems(record)
    compared = rerun_folder(data, {})
    found.rerun = "equal" if compared.is_equal else str(compared.differences[0])
    if not compared.is_equal:
        found.problems.append(f"the rerun differs: {found.rerun}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.live.campaign")
    parser.add_argument("--cycles", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(given.data or Path(folder) / "live", given.cycles, given.seed)
    starts = sorted(found.starts_s)
    print(f"{found.cycles} kills, {len(found.acked)} alerts acknowledged, {found.unavailable} answered 503,")
    print(f"{found.refused_connections} found nobody there; decisions: {dict(found.outcomes)}; rerun {found.rerun}")
    print(f"ready after {starts[len(starts) // 2]:.2f} s (median), {starts[-1]:.2f} s (slowest)")
    for problem in found.problems[:40]:
        print("PROBLEM", problem)
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
