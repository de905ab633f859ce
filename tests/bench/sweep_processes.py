"""How much two worker processes win over one in a sweep of the engine: ``python tests/bench/sweep_processes.py``.

The same cells, three ways by turns: in one worker, in two, and in this process. Workers start within the measured time,
so the time of a sweep of one cell is told apart as ``start``. Efficiency is ``t1 / (2 * t2)``. Other programs on the
machine take from the second core first, so the load is told too.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import zepix as zx
from zepix.data.sample import write_sample

Cost = tuple[float, float]
"""(seconds by the clock, seconds of processor time of this process and its workers)."""


def timed(folder: Path, cells: int, workers: int, out: Path) -> Cost:
    """What one sweep costs."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    result = zx.sweep(
        alerts=folder / "alerts.jsonl",
        bars=folder,
        strategy="bracket",
        grid={"fill.slippage_points": ("int", 0, cells - 1)},
        workers=workers,
        progress=False,
        out=out,
    )
    assert set(result.frame()["status"]) == {"done"}
    return time.perf_counter() - start, sum(os.times()[:4]) - before


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("cells", 60), ("rounds", 3), ("days", 30), ("alerts", 2000)):
        asked.add_argument(f"--{name}", type=int, default=usual)
    given = asked.parse_args()
    ways = {"start": (1, 1), "one": (1, given.cells), "two": (2, given.cells), "here": (0, given.cells)}
    found: dict[str, list[Cost]] = {kind: [] for kind in ways}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_sample(place / "sample", days=given.days, n_alerts=given.alerts)
        timed(place / "sample", 2, 0, place / "warm")
        for number in range(given.rounds):
            for kind, (workers, cells) in ways.items():
                found[kind].append(timed(place / "sample", cells, workers, place / f"{kind}-{number}"))
    told(
        given, {kind: min(costs) for kind, costs in found.items()}, {k: min(c for _, c in v) for k, v in found.items()}
    )


def told(given: argparse.Namespace, costs: dict[str, Cost], cpu: dict[str, float]) -> None:
    """The figures, best of the rounds: what else runs on the machine only adds to them."""
    start, one, two, here = (costs[kind][0] for kind in ("start", "one", "two", "here"))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"
    work = f"{given.cells} cells of {given.alerts} alerts on {given.days} days of M1"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine}")
    print(f"{work}, best of {given.rounds} rounds by turns")
    print(
        f"by the clock: one {one:.2f} s, two {two:.2f} s, in this process {here:.2f} s, start of a worker {start:.2f} s"
    )
    print("processor time: " + ", ".join(f"{kind} {seconds:.2f} s" for kind, seconds in cpu.items()))
    print(f"efficiency of two: {one / (2 * two):.0%}; without the start {(one - start) / (2 * (two - start)):.0%}")
    alone, pair = cpu["one"] - cpu["start"], cpu["two"] - 2 * cpu["start"]
    print(f"processor time of the cells in one over that in two, without the starts: {alone / pair:.0%}")


if __name__ == "__main__":
    main()
