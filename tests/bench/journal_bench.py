"""What the durable log costs: ``python -m tests.bench.journal_bench [--rows 100000] [--folder DIR]``.

Prints a Markdown table: single durable appends, batches, reading, opening; beside them the same bytes appended to a
plain file with one ``fsync`` each, which is the disk's own price and the alternative that was not chosen. Latencies are
wall time of the call, on whatever else the machine is doing: compare figures of one run only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from pathlib import Path

from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.group_commit import GroupCommitter

BODY = json.dumps({"source": "tradingview", "received_ns": 1, "raw": "x" * 190})
CALLS = 2_000
BATCHES = (8, 32, 128)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="journal_bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; a temporary folder if not given")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, bodies of {len(BODY)} bytes\n")
        print("| what | p50 | p99 | p99.9 | slowest | rate |\n|---|---|---|---|---|---|")
        for line in lines(Path(name), chosen.rows):
            print("| " + " | ".join(line) + " |", flush=True)
    return 0


def lines(folder: Path, rows: int) -> Iterator[Sequence[str]]:
    for count in (1, *BATCHES):
        plain_s, log_s = side_by_side(folder, count)
        yield line(f"plain file, fsync, {count} row{'s' * (count > 1)} a call", plain_s, count)
        yield line(f"durable log, {count} row{'s' * (count > 1)} a call", log_s, count)
    yield line("group commit, 64 senders, each waits for its row", *grouped(folder))
    path = filled(folder, rows)
    opening = timed(40, lambda: DurableLog(path, name="bench").close())
    yield line(f"opening with {rows:,} rows (and closing)", opening, 1, rate=False)
    with LogReader(path) as reader:
        reading = timed(5, lambda: sum(1 for _ in reader.rows(limit=None)))
        yield line(f"reading {rows:,} rows, chain verified", reading, rows)
        last = timed(500, lambda: list(reader.rows(reader.last_seq() - 1)))
        yield line("reader: the newest row", last, 1)
        yield line(f"verify(), {rows:,} rows", timed(2, lambda: list(reader.verify())), rows)


def side_by_side(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Both in turn, call by call, so that both meet the same disk."""
    data = (BODY + "\n").encode("ascii") * count
    rows = [(1, "alert", BODY)] * count
    with (
        (folder / "plain.jsonl").open("ab", buffering=0) as file,
        DurableLog(folder / f"log-{count}.sqlite", name="bench") as log,
    ):

        def append() -> None:
            file.write(data)
            os.fsync(file.fileno())

        pairs = [(timed(1, append)[0], timed(1, lambda: log.append(rows))[0]) for _ in range(CALLS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def grouped(folder: Path) -> tuple[list[float], int]:
    """Rounds of 64 rows submitted singly, from the first submit to the last answer."""
    with DurableLog(folder / "grouped.sqlite", name="bench") as one:
        group = GroupCommitter(one)
        found = timed(300, lambda: wait([group.submit(1, "alert", BODY) for _ in range(64)]))
        group.close()
    return found, 64


def filled(folder: Path, rows: int) -> Path:
    path = folder / "filled.sqlite"
    with DurableLog(path, name="bench") as one:
        for first in range(0, rows, 1000):
            one.append([(1, "alert", BODY)] * min(1000, rows - first))
    return path


def timed(times: int, what: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        what()
        found.append(time.perf_counter() - begun)
    return found


def line(title: str, times_s: list[float], rows_a_time: int, *, rate: bool = True) -> Sequence[str]:
    ranked = sorted(times_s)
    quantiles = [ranked[min(len(ranked) - 1, int(len(ranked) * share))] for share in (0.5, 0.99, 0.999)]
    a_second = f"{rows_a_time * len(ranked) / sum(ranked):,.0f} rows/s" if rate else ""
    return [title, *(f"{1e3 * s:.2f} ms" for s in (*quantiles, ranked[-1])), a_second]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
