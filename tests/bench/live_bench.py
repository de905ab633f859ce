"""How fast the live runner decides, starts again, reads its journal, and whether its memory stays flat.

    python -m tests.bench.live_bench [--only start,ticks,alerts,memory,reading] [--rows 100000] [--starts 12] [--quick]

- ticks: processor time of one tick in a session, with 0, 5 and 50 tickets open; best of three;
- start: a journal of 100,000 rows (ticks of two symbols, alerts), the group killed and started again; from the start of
  the process to ``ready`` in ``/api/health``, and to the first answer of the receiver;
- alerts: V6 text from another process through the real door, all four plugins on; from the post to the decision in the
  journal as another process reads it (looked at each 2 ms), 20 a second; then 100 a second, then 2,000 within one;
- memory: a session alone, alerts without end; how much a further alert costs once what is bounded is full;
- reading: ``zepix live decisions`` and ``zepix rerun`` on the journal of ``start``.

The load comes from this process; nothing else of the machine is held still, so the load average stands beside.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.live_folder import FLAGS, Bodies, left_folder, write_ticks
from tests.bench.live_processes import ROOT, Decisions, cpu_s, offer, runner
from tests.bench.live_session import V6, OneSession
from tests.bench.webhook_bench import fsync_ms, rss_mib

WHAT: Final = ("ticks", "start", "reading", "alerts", "memory")
TICKS: Final = 400_000
RUNS: Final = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(WHAT))
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--alerts", type=int, default=200_000, help="for the memory")
    parser.add_argument("--data", type=Path, help="a folder on the disk to be measured")
    given = parser.parse_args()
    wanted = given.only.split(",")
    with tempfile.TemporaryDirectory(dir=given.data, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        disk = fsync_ms(folder)
        say(f"disk: fsync p50 {disk[250]:.2f} ms, p99 {disk[495]:.2f} ms; {os.cpu_count()} cores")
        if "ticks" in wanted:
            measure_ticks()
        if {"start", "alerts", "reading"} & set(wanted):
            ticks = write_ticks(folder / "ticks", TICKS)
        if {"start", "reading"} & set(wanted):
            rows = left_folder(folder / "left", ticks, given.rows)
            if "reading" in wanted:
                measure_reading(folder / "left", rows)
            if "start" in wanted:
                measure_start(folder / "left", ticks, rows, given.starts)
        if "alerts" in wanted:
            measure_alerts(folder / "alerts", ticks, given.seconds)
        if "memory" in wanted:
            for kind in ("plain", "v6"):
                measure_memory(kind, given.alerts)
    return 0


def say(text: str) -> None:
    """With the load average, which says whether somebody else was at work."""
    load = f" [load {os.getloadavg()[0]:.1f}]" if hasattr(os, "getloadavg") else ""
    print(text + load, flush=True)


def at(share: float, found: Sequence[float]) -> float:
    ranked = sorted(found)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def measure_ticks(count: int = 20_000) -> None:
    for tickets in (0, 5, 50):
        best_s = min(_ticks_s(tickets, count) for _ in range(RUNS))
        say(f"ticks: {1e6 * best_s / count:.1f} us a tick with {tickets} tickets open (processor time)")


def _ticks_s(tickets: int, count: int) -> float:
    one = OneSession("tick", FLAGS)
    one.fill(tickets)
    moments = [one.tick() for _ in range(count)]
    gc.collect()
    begun = time.process_time()
    for t_ns, body in moments:
        one.session.take(t_ns, "prices", body)
    took = time.process_time() - begun
    assert len(one.session.simulation.broker.tickets) == tickets
    return took


def measure_reading(data: Path, rows: int) -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "live")])}
    for words in (["live", "decisions", "--data", str(data), "--json"], ["rerun", str(data)]):
        took = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            command = [sys.executable, "-m", "zepix", *words]
            subprocess.run(command, env=environ, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
            took.append(time.perf_counter() - begun)
        say(
            f"reading: zepix {' '.join(words[:2] if words[0] == 'live' else words[:1])}, {rows} rows: {min(took):.2f} s"
        )


def measure_start(data: Path, ticks: Path, rows: int, starts: int) -> None:
    ready, taken = [], []
    for _ in range(starts + 1):
        with runner(data, f"replay:{ticks}", FLAGS) as one:
            ready.append(one.ready_s)
            taken.append(one.receiver_s)
            used = {name: cpu_s(pid) for name, pid in one.children().items()}
            time.sleep(1)
    ready, taken = ready[1:], taken[1:]  # the first also takes what its making left out
    worked = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in used.items())
    answers = f"{at(0.5, taken):.2f} s (median), {max(taken):.2f} s"
    say(
        f"start: ready {at(0.5, ready):.2f} s (median), {max(ready):.2f} s (slowest of {starts}) after a kill with "
        f"{rows} rows; the receiver answers after {answers}; processor time {worked}"
    )


def measure_alerts(data: Path, ticks: Path, seconds: float) -> None:
    with runner(data, f"replay:{ticks}", V6) as one:
        bodies = Bodies("v6")
        time.sleep(2)
        offer(one.port, [bodies.next() for _ in range(40)], 20)
        found = [_decided(one.port, data, bodies, 20, seconds) for _ in range(RUNS)]
        say(f"alerts: 20 a second for {seconds:g} s, best of {RUNS}: {min(found)[1]}")
        found = [_decided(one.port, data, bodies, 100, seconds / 4) for _ in range(RUNS)]
        say(f"alerts: 100 a second for {seconds / 4:g} s, best of {RUNS}: {min(found)[1]}")
        found = [_decided(one.port, data, bodies, 2000, 1) for _ in range(RUNS)]
        say(f"alerts: 2,000 within one second, best of {RUNS}: {min(found)[1]}")
        memory = ", ".join(f"{name} {rss_mib(pid):.0f} MiB" for name, pid in one.children().items())
        say(f"alerts: memory afterwards {memory}")


def _decided(port: int, data: Path, bodies: Bodies, per_s: float, seconds: float) -> tuple[float, str]:
    """The p99 from post to decision, and all of it in words."""
    time.sleep(2)
    watch = Decisions(data / "journal.sqlite")
    watch.start()
    load, numbers = offer(port, [bodies.next() for _ in range(round(per_s * seconds))], per_s)
    deadline = time.perf_counter() + 30
    while numbers.keys() - watch.seen_s.keys() and time.perf_counter() < deadline:
        time.sleep(0.05)
    watch.is_over.set()
    watch.join()
    whole = [1000 * (watch.seen_s[name] - sent) for name, (sent, _) in numbers.items() if name in watch.seen_s]
    after = [1000 * (watch.seen_s[name] - acked) for name, (_, acked) in numbers.items() if name in watch.seen_s]
    outcomes = Counter(watch.outcomes[name].split()[0] for name in numbers if name in watch.outcomes)
    told = (
        f"acknowledged p50 {load.percentile_ms(0.5):.1f} ms, p99 {load.percentile_ms(0.99):.1f} ms, slowest "
        f"{load.percentile_ms(1):.0f} ms; decided p50 {at(0.5, whole):.1f} ms, p99 {at(0.99, whole):.1f} ms, slowest "
        f"{max(whole):.0f} ms after the post (p99 {at(0.99, after):.1f} ms after the acknowledgement); "
        f"{dict(load.statuses)}, {len(numbers) - len(whole)} undecided, {dict(outcomes)}"
    )
    return at(0.99, whole), told


def measure_memory(kind: str, alerts: int) -> None:
    """In a process of its own, so that nothing else lives in it."""
    code = f"from tests.bench.live_session import grow; grow({kind!r}, {alerts})"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "live")])}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
