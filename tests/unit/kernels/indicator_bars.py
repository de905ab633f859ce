"""Bars to try indicators on: a seeded walk, and EURUSD H1 where the recorded data lie beside the checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "market" / "EURUSD_H1_20070101_20181231.parquet"


class Bars(NamedTuple):
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


@cache
def walk(count: int = 4000, seed: int = 20240101) -> Bars:
    """Whole points at random, with gaps between bars, some bars without any range, and volumes."""
    random = np.random.default_rng(seed)
    first = 100_000 + np.cumsum(random.integers(-25, 26, count))
    last = first + random.integers(-20, 21, count) * (random.random(count) < 0.95)
    is_flat = first == last
    high = np.maximum(first, last) + random.integers(0, 12, count) * ~is_flat
    low = np.minimum(first, last) - random.integers(0, 12, count) * ~is_flat
    columns = (high, low, last, random.integers(1, 500, count))
    return Bars(*(column.astype(np.float64) for column in columns))


@cache
def recorded(count: int = 6000) -> Bars:
    """The first bars of EURUSD H1 in points; volumes are drawn, as the data have none. Skips without the data."""
    if not RECORDED.is_file():
        pytest.skip("needs recorded EURUSD H1 bars in ../shared/data/market")
    table = pytest.importorskip("pyarrow.parquet").read_table(RECORDED).slice(0, count)
    prices = [np.rint(table.column(f"bid_{name}").to_numpy() * 1e5) for name in ("high", "low", "close")]
    return Bars(*prices, np.random.default_rng(1).integers(1, 500, len(prices[0])).astype(np.float64))


SOURCES = {"walk": walk, "EURUSD H1": recorded}
