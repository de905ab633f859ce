"""The kill campaign: the real processes under load, killed again and again, then everything is counted.

    python -m tests.live.campaign --cycles 2000            rounds of 100 kills, by turns ``plain`` and ``chains``
    python -m tests.live.campaign --cycles 60 --profile chains --data DIR

What must hold after any number of ``kill -9`` of the whole group: every acknowledged alert has exactly one terminal
decision, none led to two orders, and a rerun of the journal is equal line by line. ``plain`` is bracket alone;
``chains`` is V3 with pyramids, re-entries, safety and shields beside it (chain_life.py), and a round without them is a
problem. A round that is well is removed unless ``--data`` names a folder. Each tells itself as it ends; a campaign that
is interrupted tells what there was.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from tests.live.chain_life import CONFIG, THERE, counted_in, words
from tests.live.chain_life import body as chain_body
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "datasets" / "sample"
READY_S = PATIENCE_S
PROFILES = {"plain": 0.01, "chains": 0.02}
"""How long the poster of a profile rests between two alerts, in seconds."""
ENOUGH = 25
"""Kills after which a round with chains must have had all that ``THERE`` names."""


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
    chains: collections.Counter[str] = field(default_factory=collections.Counter)
    """Of rounds with chains: orders by role, and what became of chains."""
    acked_count: int = 0

    def add(self, other: Found) -> None:
        """Take another round's counts."""
        self.cycles += other.cycles
        self.acked_count += len(other.acked)
        self.duplicates += other.duplicates
        self.unavailable += other.unavailable
        self.refused_connections += other.refused_connections
        self.problems += other.problems
        self.outcomes += other.outcomes
        self.starts_s += other.starts_s
        self.chains += other.chains
        self.rerun = other.rerun if self.rerun in ("", "equal") else self.rerun

    def told(self) -> str:
        """The summary, in a few lines."""
        starts = sorted(self.starts_s) or [0.0]
        told = [
            f"{self.cycles} kills, {self.acked_count or len(self.acked)} alerts acknowledged, {self.duplicates} known "
            f"already, {self.unavailable} answered 503, {self.refused_connections} found nobody there",
            f"decisions: {dict(self.outcomes.most_common())}; rerun {self.rerun or 'not made'}",
            f"ready after {starts[len(starts) // 2]:.2f} s (median), {starts[-1]:.2f} s (slowest)",
        ]
        told += [f"chains: {words(self.chains)}"] if self.chains else []
        return "\n".join(told + [f"PROBLEM {problem}" for problem in self.problems[:40]])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Poster(threading.Thread):
    """Posts alerts without a pause and remembers what was acknowledged."""

    def __init__(self, port: int, seed: int, found: Found, profile: str = "plain") -> None:
        super().__init__(name="poster", daemon=True)
        self._profile = profile
        self._port = port
        self._rng = random.Random(seed)
        self._found = found
        self._number = 0
        self.is_over = threading.Event()
        self.pause_s = PROFILES[profile]

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
        if self._profile == "chains":
            if self._rng.random() < 0.8:
                return chain_body(self._rng, self._number, symbol, id=body["id"])
            body["strategy"] = "bracket"
        kind = self._rng.random()
        if kind < 0.6:
            return {**body, "type": "entry", "side": self._rng.choice(["buy", "sell"]), "volume": 0.01}
        if kind < 0.9:
            return {**body, "type": "exit"}
        return {**body, "type": "reversal", "side": self._rng.choice(["buy", "sell"]), "volume": 0.01}


ALONE = ("--set", "live.api.enabled=false")
"""The API has its own tests, and a port that every runner would want."""


def command(data: Path, port: int, extra: list[str]) -> list[str]:
    here = [sys.executable, "-m", "zepix", "live", "--data", str(data), "--port", str(port)]
    return [*here, "--feed", f"replay:{SAMPLE}", "--speed", "600", "--set", "account.balance=1000000", *ALONE, *extra]


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


def campaign(data: Path, cycles: int, seed: int, extra: list[str] | None = None, profile: str = "plain") -> Found:
    """Kill it ``cycles`` times at random instants under load, start it a last time, and count."""
    found, rng, port = Found(), random.Random(seed), free_port()
    extra = extra or []
    log = data.with_name(f"{data.name}.log")
    if profile == "chains":
        config = data.with_name(f"{data.name}.toml")
        config.write_text(CONFIG, encoding="utf-8")
        extra = ["--config", str(config), "--speed", "200", *extra]  # a window is longer than a start takes
    poster = Poster(port, seed, found, profile)
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
            process.wait(PATIENCE_S)
            if time.monotonic() - began > 5:
                found.problems.append(f"SIGTERM took {time.monotonic() - began:.1f} s")
    finally:
        poster.is_over.set()
    check(data, found)
    if profile == "chains":
        found.chains = counted_in(data)
        missing = [name for name in THERE if not found.chains[name]]
        if missing and cycles >= ENOUGH:
            found.problems.append(f"there was no {', '.join(missing)}: {words(found.chains)}")
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


def rounds(cycles: int, each: int, profile: str) -> list[tuple[str, int]]:
    """(profile, kills) of each round; ``mixed`` takes both by turns."""
    names = list(PROFILES) if profile == "mixed" else [profile]
    found: list[tuple[str, int]] = []
    while cycles > 0:
        found.append((names[len(found) % len(names)], min(each, cycles)))
        cycles -= each
    return found


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.live.campaign")
    parser.add_argument("--cycles", type=int, default=60, help="how many kills in all")
    parser.add_argument("--round", type=int, default=100, help="kills of one journal")
    parser.add_argument("--profile", choices=["mixed", *PROFILES], default="mixed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="keep every round's folders here")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupted)
    folder = given.data or Path(tempfile.mkdtemp(prefix="zepix-campaign-"))
    folder.mkdir(parents=True, exist_ok=True)
    total, began = Found(), time.monotonic()
    planned = rounds(given.cycles, given.round, given.profile)
    if given.profile == "mixed" and len(planned) == 1:
        planned = rounds(given.cycles, -(-given.cycles // 2), "mixed")
    try:
        for number, (profile, cycles) in enumerate(planned, 1):
            data = folder / f"round-{number:03d}-{profile}" / "live"
            data.parent.mkdir()
            found = campaign(data, cycles, given.seed + number - 1, profile=profile)
            total.add(found)
            word = f"{len(found.problems)} PROBLEMS, see {data.parent}" if found.problems else "well"
            passed_s = time.monotonic() - began
            print(f"round {number} of {len(planned)}, {profile}, after {passed_s:.0f} s: {word}", flush=True)
            print(found.told(), flush=True)
            if not found.problems and given.data is None:
                shutil.rmtree(data.parent)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    if not total.problems and given.data is None:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"--- in all, {time.monotonic() - began:.0f} s ---\n{total.told()}", flush=True)
    return 1 if total.problems or total.cycles < given.cycles else 0


if __name__ == "__main__":
    sys.exit(main())
