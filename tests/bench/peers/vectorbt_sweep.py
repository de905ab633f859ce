"""A grid of stops and targets in vectorbt, each of its ways: a portfolio a cell, or many cells as columns of one.

``vectorbt_sweep.py ARRAYS.npz STOPS.TARGETS``: 40 to 815 points, so many steps each. Prints one JSON line with the
seconds of each way, over all cells. Engines: numba, and rust where its package is installed.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import vectorbt as vbt
from protocol import Arrays, read

NUDGE = 1 - 1e-7
COLUMNS = 8


def options(arrays: Arrays, stops: Any, targets: Any, engine: str) -> dict[str, Any]:
    """Cells side by side as columns: each signal has its cell's distances, as fractions of its price."""

    def fraction(points: Any) -> Any:
        wide = np.where(arrays.side[:, None] != 0, points[None, :] / arrays.open_points[:, None] * NUDGE, np.nan)
        return wide[:, 0] if wide.shape[1] == 1 else wide

    def each(column: Any) -> Any:
        return column if len(stops) == 1 else column[:, None]

    return {
        "close": each(arrays.close), "open": each(arrays.open), "high": each(arrays.high), "low": each(arrays.low),
        "price": each(arrays.open), "entries": each(arrays.side > 0), "exits": False,
        "short_entries": each(arrays.side < 0), "short_exits": False,
        "sl_stop": fraction(stops), "tp_stop": fraction(targets), "stop_entry_price": "fillprice",
        "stop_exit_price": "stoplimit", "upon_opposite_entry": "ignore", "accumulate": False, "size": 1.0,
        "init_cash": 1e6, "freq": "1min", "engine": engine,
    }  # fmt: skip


def seconds(arrays: Arrays, cells: list[tuple[int, int]], columns: int, engine: str) -> tuple[float, float, int]:
    """(seconds, CPU seconds of all cells, trades): profits summed, nothing else asked for."""
    trades, spent, cpu = 0, 0.0, 0.0
    for first in range(0, len(cells), columns):
        stops, targets = (np.array(c, np.float64) for c in zip(*cells[first : first + columns], strict=True))
        started, begun = time.perf_counter(), time.process_time()
        portfolio = vbt.Portfolio.from_signals(**options(arrays, stops, targets, engine))
        records = portfolio.trades.records
        spent += time.perf_counter() - started
        cpu += time.process_time() - begun
        trades += len(records)
    return spent, cpu, trades


def main() -> None:
    warnings.simplefilter("ignore")
    arrays = read(Path(sys.argv[1]))
    count = int(sys.argv[2])
    levels = np.linspace(40, 815, 32).astype(int).tolist()
    cells = [(s, t) for s in levels for t in levels][:count]
    found: dict[str, Any] = {"version": vbt.__version__, "cells": len(cells), "ways": {}}
    for engine in ("rust", "numba"):
        for columns in (1, COLUMNS):
            try:
                seconds(arrays, cells[:columns], columns, engine)  # compiles
            except Exception as error:  # noqa: BLE001 - an engine that is not installed
                found["ways"][f"{engine}, {columns}"] = f"{type(error).__name__}: {error}"[:200]
                continue
            some = cells if columns == 1 else cells[:: len(cells) // 128 or 1]
            spent, cpu, trades = seconds(arrays, some, columns, engine)
            share = len(cells) / len(some)
            found["ways"][f"{engine}, {columns}"] = [spent * share, cpu * share, round(trades * share)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
