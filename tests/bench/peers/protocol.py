"""What a peer's script reads and prints: arrays in, one line of JSON out. Runs in the peers' own environment.

A script is called ``SCRIPT ARRAYS.npz RUNS``. It measures by itself, in memory: ``run_s`` holds the seconds of each run
of the simulation, ``setup_s`` what came before (arrays into the peer's own tables, compiling), ``rest_s`` what the peer
adds around the simulation and cannot be told not to (statistics, feeding).
"""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

POINTS_PER_UNIT = 100_000


@dataclass(frozen=True)
class Arrays:
    """Bid prices, float, of each bar; and for each bar the side of its signal (0: none) and its distances in points."""

    time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    open_points: NDArray[np.int64]
    side: NDArray[np.int64]
    stop_points: NDArray[np.int64]
    target_points: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time)


@dataclass
class Measured:
    """A peer's answer. ``entry_bar`` says in words whether the entry's own bar may hit stop or target."""

    peer: str
    version: str
    entry_bar_counts: bool
    entry_bar: str
    setup_s: float = 0.0
    run_s: list[float] = field(default_factory=list)
    rest_s: float = 0.0
    trades: int = 0
    points: int = 0
    skipped: int = 0


def arguments() -> tuple[Arrays, int]:
    """(arrays, runs) from the command line."""
    warnings.simplefilter("ignore")
    return read(Path(sys.argv[1])), int(sys.argv[2])


def read(path: Path) -> Arrays:
    with np.load(path) as stored:
        data = {name: stored[name] for name in stored.files}

    def dense(name: str) -> NDArray[np.int64]:
        values = np.zeros(len(data["time"]), np.int64)
        values[data["row"]] = data[name]
        return values

    prices = {name: data[name] / POINTS_PER_UNIT for name in ("open", "high", "low", "close")}
    return Arrays(
        time=data["time"], **prices, open_points=data["open"],
        side=dense("side"), stop_points=dense("stop"), target_points=dense("target"),
    )  # fmt: skip


def answer(measured: Measured) -> None:
    print(json.dumps(asdict(measured)))
