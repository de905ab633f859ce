"""A replay on ticks against one on minutes: the same alerts, with and without trailing; prints the ratios.

``python -m tests.bench.ticks_ratio [--ticks FILE] [--bars FILE] [--alerts 1000] [--runs 3]``. The files are by default
the two million XAUUSD ticks and the minutes of the same two weeks in ``../shared/data/market``. Loading is left out;
the fastest of the runs counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from zepix.data import default_catalogue, load_bars
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.model import AccountSpec, Alert, Series, Side
from zepix.research.simulate import Rules, simulate

MARKET = Path(__file__).parents[3] / "shared" / "data" / "market"
SYMBOL = "XAUUSD"


def alerts_on(bars: Series, point: float, count: int, trailing: Mapping[str, int] | None) -> list[Alert]:
    """Entries a second after the opens of random minutes, 0.01 lots, stop and target 2 to 12 dollars away."""
    rng = np.random.default_rng(7)
    rows = np.sort(rng.choice(np.arange(60, len(bars) - 60), count, replace=False))
    made = []
    for n, row in enumerate(rows.tolist()):
        side, stop, target = int(rng.choice((1, -1))), *(float(d) for d in rng.uniform(2, 12, 2))
        price = int(bars.bid_open[row]) * point
        made.append(
            Alert(
                id=f"a{n}", received_ns=int(bars.time[row]) + 10**9, dialect="plain", type="entry", symbol=SYMBOL,
                side=Side.BUY if side > 0 else Side.SELL, volume=0.01, sl=round(price - side * stop, 2),
                tp=round(price + side * target, 2), trailing=trailing,
            )
        )  # fmt: skip
    return made


def fastest(series: Series, alerts: list[Alert], runs: int) -> tuple[float, int]:
    best, tickets = float("inf"), 0
    for _ in range(runs):
        registry = PluginRegistry()
        registry.discover_plugins([builtin_strategies()], entry_points=False)
        rules = Rules(account=AccountSpec(Decimal(1_000_000)), as_family="bracket", from_ns=series.start_ns)
        started = time.perf_counter()
        record = simulate(
            {SYMBOL: series},
            default_catalogue(),
            alerts,
            [PluginConfig("bracket", "bracket", {})],
            registry=registry,
            rules=rules,
        )
        best, tickets = min(best, time.perf_counter() - started), len(record.fills)
    return best, tickets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--ticks", default=str(MARKET / "XAUUSD_TICK_20140501_20140515.parquet"))
    parser.add_argument("--bars", default=str(MARKET / "XAUUSD_M1_20140501_20140515.parquet"))
    for name, default in (("alerts", 1_000), ("runs", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    catalogue = default_catalogue()
    loaded: dict[str, Any] = {}
    for word, path in (("ticks", args.ticks), ("M1", args.bars)):
        loaded[word] = load_bars([path], catalogue).series[SYMBOL]
    point = catalogue[SYMBOL].point_float
    print(
        f"{len(loaded['ticks']):,} ticks, {len(loaded['M1']):,} minutes, {args.alerts:,} alerts; fastest of {args.runs}"
    )
    cases: tuple[tuple[str, Mapping[str, int] | None], ...] = (
        ("stop and target", None),
        ("trailing, step 1 point", {"start": 100, "step": 1, "distance": 100}),
        ("trailing, step 50 points", {"start": 100, "step": 50, "distance": 100}),
    )
    print(f"{'':26} {'ticks':>9} {'M1':>9} {'ratio':>6} {'tickets':>8}")
    for words, trailing in cases:
        alerts = alerts_on(loaded["M1"], point, args.alerts, trailing)
        (on_ticks, tickets), (on_bars, _) = (fastest(loaded[word], alerts, args.runs) for word in ("ticks", "M1"))
        print(f"{words:26} {on_ticks:8.3f}s {on_bars:8.3f}s {on_ticks / on_bars:6.2f} {tickets:8,}")


if __name__ == "__main__":
    main()
