"""A small replay in a cerebro: bars and alerts of tests.world, the strategy bracket, the user's backtrader parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.world import CATALOGUE, MINUTE, T0, Quad, series
from zepix.brokers.backtrader.border import bt
from zepix.config import complete_settings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.model import AccountSpec, Alert, Catalogue, FillModel, Series
from zepix.research.simulate import Rules, simulate

__all__ = ["Stage", "bare", "walk"]


def walk(symbol: str = "EURUSD", bars: int = 600, start: int = 0, seed: int = 1, minutes: int = 1) -> Series:
    """A seeded walk of bars without gaps, ``start`` minutes after ``T0``; the ask 10 points above."""
    rng = np.random.default_rng(seed)
    level = {"EURUSD": 110_000, "GBPUSD": 127_000, "USDJPY": 150_000}[symbol]
    close = level + np.cumsum(rng.integers(-20, 21, bars))
    rows: list[tuple[int, Quad, Quad]] = []
    opened = level
    for n, last in enumerate(close.tolist()):
        high = max(opened, last) + int(rng.integers(0, 10))
        low = min(opened, last) - int(rng.integers(0, 10))
        bid = (opened, high, low, last)
        rows.append((T0 + (start + n * minutes) * MINUTE, bid, tuple(p + 10 for p in bid)))  # type: ignore[arg-type]
        opened = last
    return series(symbol, f"{minutes}m", rows)


def bare(**given: Any) -> Any:
    """A cerebro without backtrader's own observers."""
    return bt.Cerebro(stdstats=False, **given)


@dataclass
class Stage:
    """Prices and rules; ``play`` replays alerts on the backtrader broker in a cerebro."""

    series: Sequence[Series]
    account: AccountSpec = field(default_factory=AccountSpec)
    fill: FillModel = field(default_factory=FillModel)
    costs: str = "instrument"
    catalogue: Catalogue = field(default_factory=lambda: CATALOGUE)
    broker: str = "backtrader"

    def play(self, alerts: Iterable[Alert] = (), cerebro: Any = None, **settings: Any) -> RunRecord:
        registry = PluginRegistry(check_settings=complete_settings)
        registry.discover_plugins([builtin_strategies()], entry_points=False)
        return simulate(
            {s.symbol: s for s in self.series},
            self.catalogue,
            sorted(alerts, key=lambda a: a.received_ns),
            [PluginConfig("bracket", "bracket", settings)],
            registry=registry,
            rules=Rules(
                account=self.account,
                fill_model=self.fill,
                costs=self.costs,
                as_family="bracket",
                broker=self.broker,
                from_ns=min(s.start_ns for s in self.series),
            ),
            cerebro=cerebro,
        )
