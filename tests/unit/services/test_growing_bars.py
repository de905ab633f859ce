"""Bars and averages over prices that grow are those over the whole arrays, whenever they are asked for."""

from __future__ import annotations

import random

import numpy as np
import pytest

from zepix.brokers.shadow.step_form import GrowingPrices
from zepix.data import default_catalogue
from zepix.kernels.crossing import build_index
from zepix.model import Series
from zepix.model.timeframe import NS
from zepix.services.market import BarTable
from zepix.services.prices import SymbolPrices

MINUTE = 60 * NS


def _rows(seed: int, count: int, is_ticks: bool) -> list[tuple[int, int, int, int, int]]:
    """(time, open, high, low, close) in points, with gaps; a tick has one price."""
    rng = random.Random(seed)
    t, price, rows = 1_398_902_400 * NS, 138_000, []
    for _ in range(count):
        t += rng.choice([1, 7, 1500]) * 10_000_000 if is_ticks else rng.choice([1, 1, 1, 2, 90]) * MINUTE
        opened, close = price, price + rng.randint(-20, 20)
        high, low = max(opened, close) + rng.randint(0, 9), min(opened, close) - rng.randint(0, 9)
        rows.append((t, opened, opened, opened, opened) if is_ticks else (t, opened, high, low, close))
        price = close
    return rows


def _whole(rows: list[tuple[int, int, int, int, int]], tf_ns: int) -> SymbolPrices:
    time, *columns = (np.array(c) for c in zip(*rows, strict=True))
    bid = [c.astype(np.int32) for c in columns]
    index = (*build_index(bid[2], bid[1]), *build_index(bid[2], bid[1]))
    series = Series("EURUSD", "1m" if tf_ns else "tick", tf_ns, time.astype(np.int64), *bid, *bid, *index)
    return SymbolPrices(series, default_catalogue()["EURUSD"], 0)


@pytest.mark.parametrize("timeframe", ["1m", "5m", "1h"])
@pytest.mark.parametrize("is_ticks", [False, True], ids=["bars", "ticks"])
@pytest.mark.parametrize("seed", range(4))
def test_bars_of_a_feed_are_those_of_the_whole_recording(seed: int, is_ticks: bool, timeframe: str):
    rows = _rows(seed, 600, is_ticks)
    tf_ns = 0 if is_ticks else MINUTE
    whole = BarTable(_whole(rows, tf_ns), timeframe)
    growing = GrowingPrices(default_catalogue()["EURUSD"], 0, "tick" if is_ticks else "1m", tf_ns)
    table = BarTable(growing, timeframe)
    rng = random.Random(seed + 100)
    for t, opened, high, low, close in rows:
        growing.open_bar(t, opened, opened)
        if rng.random() < 0.3:  # asked in the middle of a bar: only what has ended
            assert table.ended_row(t) == whole.ended_row(t)
        growing.end_bar((high, low, close), (high, low, close))
        now = t + tf_ns
        if rng.random() < 0.4:
            row = table.ended_row(now)
            assert row == whole.ended_row(now)
            if row >= 0:
                assert [int(c[row]) for c in table.columns] == [int(c[row]) for c in whole.columns]
                assert table.atr(14)[row] == pytest.approx(whole.atr(14)[row], rel=0, abs=0, nan_ok=True)


def test_before_the_first_price_there_is_no_bar():
    growing = GrowingPrices(default_catalogue()["EURUSD"], 0, "tick", 0)
    assert BarTable(growing, "1m").ended_row(1_398_902_400 * NS) == -1


def test_the_end_of_the_next_bar_is_the_next_boundary_since_nobody_knows_what_a_feed_brings():
    growing = GrowingPrices(default_catalogue()["EURUSD"], 0, "1m", MINUTE)
    start = 1_398_902_400 * NS
    growing.open_bar(start, 138_000, 138_001)
    growing.end_bar((138_010, 137_990, 138_005), (138_011, 137_991, 138_006))
    bar, following = BarTable(growing, "1m").ended_at(growing, start + MINUTE)
    assert bar is not None and (bar.open_ns, bar.end_ns) == (start, start + MINUTE)
    assert following == start + 2 * MINUTE
