"""The bench's made-up bars and alerts are what the bench says of them; nothing here is timed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the bench, whose modules go by their bare names."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module


def test_bars_stand_in_trading_hours_and_hold_their_own_prices(bench: Any) -> None:
    bars = bench("workload").year_of_bars(2014)
    assert 370_000 < len(bars) < 376_000
    assert np.all(np.diff(bars.time) > 0)
    assert np.all(bars.low <= np.minimum(bars.open, bars.close))
    assert np.all(bars.high >= np.maximum(bars.open, bars.close))
    assert np.all(bars.spread > 0)
    days = bars.time.astype("datetime64[ns]").astype("datetime64[D]")
    assert not np.any((days.astype(np.int64) - 2) % 7 == 0)  # a Saturday


def test_alerts_are_seeded_and_their_levels_lie_around_the_price(bench: Any) -> None:
    workload = bench("workload")
    bars = workload.year_of_bars(2014)
    entries = workload.brackets(bars, 300)
    lines = list(workload.alert_lines(bars, entries))
    assert lines == list(workload.alert_lines(bars, workload.brackets(bars, 300)))
    assert len(set(entries.row.tolist())) == 300
    for line in lines:
        payload = json.loads(line)["payload"]
        below, above = sorted((payload["sl"], payload["tp"]))
        assert below < payload["price"] < above
        assert (payload["sl"] < payload["tp"]) == (payload["side"] == "buy")


def test_weekend_alerts_come_on_saturdays_in_order(bench: Any) -> None:
    workload = bench("workload")
    bars = workload.year_of_bars(2014)
    lines = workload.alert_lines(bars, workload.brackets(bars, 300), kind="weekend")
    times = [np.datetime64(json.loads(line)["received_at"].rstrip("Z")) for line in lines]
    assert times == sorted(times)
    assert {(int(t.astype("datetime64[D]").astype(np.int64)) - 2) % 7 for t in times} == {0}


# Bars as (open, high, low, close); one buy at the open of bar 1, 100, stop 10, target 10; answers worked out by hand.
ENTRY_BAR_TOUCHES = [(100, 100, 100, 100), (100, 111, 95, 96), (96, 97, 90, 92), (92, 93, 91, 92)]
BOTH_IN_ONE_BAR = [(100, 100, 100, 100), (100, 105, 95, 100), (100, 111, 89, 100), (100, 100, 100, 100)]
GAP_BELOW = [(100, 100, 100, 100), (100, 105, 95, 100), (80, 85, 79, 84), (84, 85, 83, 84)]
NEVER = [(100, 100, 100, 100), (100, 105, 95, 100), (100, 105, 95, 103)]


@pytest.mark.parametrize(
    ("bars", "entry_bar_counts", "points"),
    [
        pytest.param(ENTRY_BAR_TOUCHES, True, 10, id="entry bar reaches the target"),
        pytest.param(ENTRY_BAR_TOUCHES, False, -10, id="entry bar does not count: stopped later"),
        pytest.param(BOTH_IN_ONE_BAR, True, -10, id="both touched: the stop"),
        pytest.param(GAP_BELOW, True, -20, id="stop gapped through fills at the open"),
        pytest.param(NEVER, True, 3, id="open at the end closes at the last close"),
    ],
)
def test_the_plain_rule(
    bench: Any, tmp_path: Path, bars: list[tuple[int, ...]], entry_bar_counts: bool, points: int
) -> None:
    columns = dict(zip(("open", "high", "low", "close"), np.array(bars).T, strict=True))
    np.savez(tmp_path / "a.npz", row=[1], side=[1], stop=[10], target=[10], **columns)
    total = bench("rule").expected(tmp_path / "a.npz", entry_bar_counts=entry_bar_counts)
    assert (total.trades, total.points) == (1, points)
