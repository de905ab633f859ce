"""Exits sweeps against vectorbt's on the same work, and how long grids of each kind take; prints a table.

``python -m tests.bench.sweep_ratio [--cells 1000] [--peer] [--memory]``. Bars and alerts are the bench's own (EURUSD
M1, made up, without a spread where a peer is compared). ``--peer`` makes vectorbt run the same stops and targets, in an
environment of its own below ``tests/bench/.cache``, with every engine and way it has; its fastest counts.

*Sweep* is from parsed alerts and prices in memory to rows; *CPU* is that of the process. The fastest of three counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import workload
from tests.bench.v6_ratio import SYMBOL, series_of
from zepix.data import default_catalogue
from zepix.model import Alert, Series, Side
from zepix.research.exits_sweep.grid import read_grid
from zepix.research.exits_sweep.result import ExitsSweep
from zepix.research.exits_sweep.rows import Kept, RowFile
from zepix.research.exits_sweep.run import Plan, sweep
from zepix.research.exits_sweep.sizes import Sizes
from zepix.research.simulate import Rules

HERE = Path(__file__).parent
CACHE = HERE / ".cache"
PEER = CACHE / "sweep_peer"
REQUIREMENTS = "vectorbt[rust]==1.2.0"
LEVELS = np.linspace(40, 815, 32).astype(int).tolist()
FINE = np.arange(40, 1304, 4).tolist()


def alerts_of(bars: workload.Bars, count: int) -> list[Alert]:
    entries = workload.brackets(bars, count)
    return [
        Alert(
            id=f"a{n}", explicit_id=f"a{n}", received_ns=int(bars.time[row]) + 10**9, dialect="plain", type="entry",
            symbol=SYMBOL, side=Side.BUY if side > 0 else Side.SELL,
        )
        for n, (row, side) in enumerate(zip(entries.row.tolist(), entries.side.tolist(), strict=True))
    ]  # fmt: skip


def run(series: Series, alerts: list[Alert], into: Any = None, workers: int = 0, **grid: Any) -> ExitsSweep:
    flat = grid.pop("flat", True)
    plan = Plan(read_grid(grid, ()), Sizes(), flat, workers=workers)
    rows = Kept() if into is None else into
    return ExitsSweep(sweep({SYMBOL: series}, default_catalogue(), alerts, Rules(), plan, rows), rows, {})


def fastest(what: Callable[[], Any], runs: int) -> tuple[float, float, Any]:
    """(wall seconds, CPU seconds, result) of the fastest of several runs."""
    best = (float("inf"), float("inf"), None)
    for _ in range(runs):
        started, cpu = time.perf_counter(), time.process_time()
        found = what()
        spent = (time.perf_counter() - started, time.process_time() - cpu, found)
        best = min(best, spent, key=lambda one: one[0])
    return best


def install() -> Path:
    """The peer's interpreter; needs a package registry the first time."""
    python = PEER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = PEER / "installed.txt"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == REQUIREMENTS):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEER)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", REQUIREMENTS], check=True)
        stamp.write_text(REQUIREMENTS, encoding="utf-8")
    return python


def peer(bars: workload.Bars, count: int, cells: int) -> dict[str, Any]:
    arrays = CACHE / "sweep_arrays.npz"
    workload.write_arrays(arrays, bars, workload.brackets(bars, count))
    script = HERE / "peers" / "vectorbt_sweep.py"
    command = [str(install()), str(script), str(arrays), str(cells)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, cwd=script.parent, timeout=3600)
    said: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return said


def compare(bars: workload.Bars, cells: int, runs: int) -> None:
    flat_bars = workload.Bars(bars.time, bars.open, bars.high, bars.low, bars.close, np.zeros_like(bars.spread))
    series, alerts = series_of(flat_bars), alerts_of(flat_bars, 1000)
    grid = {"stop_points": LEVELS, "target_points": LEVELS}
    run(series, alerts, **grid)
    wall, cpu, result = fastest(lambda: run(series, alerts, **grid), runs)
    wall, cpu = wall * cells / len(result), cpu * cells / len(result)
    tickets = int(result.frame()["tickets"][:cells].sum())
    print(f"zepix, {cells:,} cells: {wall:.3f} s, CPU {cpu:.3f} s, {tickets:,} tickets")
    said = peer(bars, 1000, cells)
    times = [found for found in said["ways"].values() if not isinstance(found, str)]
    for way, found in said["ways"].items():
        print(f"  vectorbt {said['version']} ({way} columns; seconds, CPU seconds, trades): {found}")
    best, least = min(one[0] for one in times), min(one[1] for one in times)
    print(
        f"vectorbt's best {best:.2f} s, CPU {least:.2f} s: {best / wall:.0f} times, by CPU time {least / cpu:.0f} times"
    )


GRIDS: dict[str, dict[str, Any]] = {
    "99,856 stop/target, one at a time": {"stop_points": FINE, "target_points": FINE},
    "99,856 stop/target, hedged": {"stop_points": FINE, "target_points": FINE, "flat": False},
    "1,000 trails, one at a time": {
        "stop_points": [100, 200, 400, 800], "trail_start_points": list(range(50, 550, 50)),
        "trail_step_points": [1, 5, 10, 25, 50], "trail_distance_points": [50, 100, 200, 300, 400],
    },
    "1,000 break-evens, hedged": {
        "stop_points": list(range(50, 550, 50)), "target_points": list(range(100, 1100, 100)),
        "break_even_points": list(range(30, 130, 10)), "flat": False,
    },
    "1,000 ladders of three, one at a time": {
        "stop_points": list(range(40, 2040, 20)),
        "ladder": [
            {"levels": [{"at": f"{0.5 + n / 10:g}R", "portion": 0.4, "stop_to": "entry"},
                        {"at": f"{1.5 + n / 10:g}R", "portion": 0.3, "stop_to": "0.5R"},
                        {"at": "4R", "portion": 0.3}]}
            for n in range(10)
        ],
    },
}  # fmt: skip


def show(bars: workload.Bars, runs: int) -> None:
    series, alerts = series_of(bars), alerts_of(bars, 1000)
    print(f"{len(bars):,} minutes, {len(alerts):,} alerts; fastest of {runs}")
    for words, grid in GRIDS.items():
        run(series, alerts, **{k: v[:1] if isinstance(v, list) else v for k, v in grid.items()})
        for workers in (1, 2):
            wall, cpu, result = fastest(lambda g=grid, w=workers: run(series, alerts, workers=w, **dict(g)), runs)
            print(f"| {words} | {len(result):,} | {workers} | {wall:.2f} s | {cpu:.2f} s |")


def show_memory(bars: workload.Bars) -> None:
    """The peak of a process that sweeps ever larger grids into a file (only where the system tells)."""
    import resource

    series, alerts = series_of(bars), alerts_of(bars, 1000)
    out = CACHE / "sweep_rows.parquet"
    for side in (100, 316, 1000):
        levels = (40 + np.arange(side)).tolist()
        started = time.perf_counter()
        result = run(series, alerts, RowFile(out, {}), stop_points=levels, target_points=levels)
        best = result.best(1)["net_profit"].iloc[0]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        size = out.stat().st_size / 2**20
        spent = time.perf_counter() - started
        print(f"| {len(result):,} | {spent:.1f} s | {peak} MB | {size:.0f} MB | {best:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="run vectorbt as well")
    parser.add_argument("--memory", action="store_true", help="only the peak of memory of large grids")
    args = parser.parse_args()
    bars = workload.year_of_bars(workload.FIRST_YEAR)
    if args.memory:
        show_memory(bars)
        return
    if args.peer:
        compare(bars, args.cells, args.runs)
    show(bars, args.runs)


if __name__ == "__main__":
    main()
