"""The backtrader broker against plain backtrader: brackets on the same bars, in one process; prints the ratio.

``python -m tests.bench.backtrader_ratio [--bars 60000] [--alerts 1000] [--runs 3]``. Both trade one ticket at a time on
the bench's own bars without a spread. Plain backtrader is its own broker and a strategy with ``buy_bracket``. zepix is
``bracket`` on alerts in a bare cerebro, and the same ordinary strategy on zepix's broker. The fastest of the runs
counts; the strict ratio leaves plain backtrader's loading of its feed out (zepix's is in).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from tests.bench import workload
from zepix.brokers.backtrader.border import bt, quiet
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.kernels.crossing import build_index
from zepix.model import AccountSpec, Alert, Catalogue, Instrument, Series, Side
from zepix.research.simulate import Rules, simulate

UNITS = 1_000.0
LOTS = 0.01


class Market:
    """Bars without a spread, and brackets of which each follows a bar's open by a second."""

    def __init__(self, bars: int, alerts: int) -> None:
        made = workload.year_of_bars(workload.FIRST_YEAR)
        self.time = made.time[:bars]
        quad = [c[:bars].astype(np.int32) for c in (made.open, made.high, made.low, made.close)]
        index = build_index(quad[2], quad[1])
        self.series = Series("EURUSD", "1m", workload.MINUTE_NS, self.time, *quad, *quad, *index, *index)
        self.open = quad[0].tolist()
        random = np.random.default_rng(7)
        self.rows = np.sort(random.choice(np.arange(1, bars - 1), alerts, replace=False)).tolist()
        self.sides = random.choice([1, -1], alerts).tolist()
        self.stops, self.targets = (random.integers(20, 200, alerts).tolist() for _ in range(2))

    def alerts(self) -> list[Alert]:
        return [
            Alert(
                id=f"a{n}", received_ns=int(self.time[row]) + 10**9, dialect="plain", type="entry", symbol="EURUSD",
                side=Side.BUY if side > 0 else Side.SELL, volume=LOTS, explicit_id=f"a{n}",
                sl=round((self.open[row] - side * stop) / 1e5, 5), tp=round((self.open[row] + side * target) / 1e5, 5),
            )
            for n, (row, side, stop, target) in enumerate(
                zip(self.rows, self.sides, self.stops, self.targets, strict=True)
            )
        ]  # fmt: skip


class Frame(bt.feeds.PandasData):  # type: ignore[misc]
    """The feed of plain backtrader; it times its own loading."""

    preload_s = 0.0

    def preload(self) -> None:
        started = time.perf_counter()
        super().preload()
        type(self).preload_s += time.perf_counter() - started


class OneAtATime(bt.Strategy):  # type: ignore[misc]
    """Sends a bracket on the bar before the signal's, so that it fills at the signal bar's open."""

    params = (("market", None),)

    def __init__(self) -> None:
        m = self.p.market
        self.signals = {r: s for r, *s in zip(m.rows, m.sides, m.stops, m.targets, strict=True)}
        self.trades = 0

    def next(self) -> None:
        row = len(self)
        signal = self.signals.get(row)
        if signal is None or self.position:
            return
        side, stop, target = signal
        entry = self.p.market.open[row]
        send = self.buy_bracket if side > 0 else self.sell_bracket
        send(
            size=UNITS,
            exectype=bt.Order.Market,
            stopprice=(entry - side * stop) / 1e5,
            limitprice=(entry + side * target) / 1e5,
        )

    def notify_trade(self, trade: Any) -> None:
        self.trades += trade.isclosed


def plain(market: Market) -> int:
    """backtrader alone, on its feed from pandas."""
    import pandas as pd

    index = pd.DatetimeIndex((market.time + workload.MINUTE_NS).astype("datetime64[ns]"))
    s = market.series
    columns = {"open": s.bid_open, "high": s.bid_high, "low": s.bid_low, "close": s.bid_close}
    frame = pd.DataFrame({name: c / 1e5 for name, c in columns.items()} | {"volume": 0.0}, index)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(Frame(dataname=frame, openinterest=None))
    cerebro.addstrategy(OneAtATime, market=market)
    cerebro.broker.setcash(1_000_000)
    with quiet():
        (strategy,) = cerebro.run()
    return int(strategy.trades)


def zepix(market: Market, alerts: list[Alert], cerebro: Any = None) -> int:
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    number = Decimal("0.00001")
    instrument = Instrument("EURUSD", "forex", number, number * 10, Decimal(100_000), "USD", "EUR")
    record = simulate(
        {"EURUSD": market.series},
        Catalogue([instrument]),
        alerts,
        [PluginConfig("bracket", "bracket", {"one_at_a_time": True})],
        registry=registry,
        rules=Rules(
            account=AccountSpec(Decimal(1_000_000)),
            broker="backtrader",
            as_family="bracket",
            from_ns=int(market.time[0]),
        ),
        cerebro=cerebro,
    )
    return len(record.fills)


def ordinary(market: Market) -> int:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.addstrategy(OneAtATime, market=market)
    return zepix(market, [], cerebro)


def fastest(run: Callable[[], int], runs: int) -> tuple[float, float, int]:
    """(seconds, seconds without loading a pandas feed, trades)"""
    best, strict, trades = float("inf"), float("inf"), 0
    for _ in range(runs):
        Frame.preload_s = 0.0
        started = time.perf_counter()
        trades = run()
        taken = time.perf_counter() - started
        best, strict = min(best, taken), min(strict, taken - Frame.preload_s)
    return best, strict, trades


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, default in (("bars", 60_000), ("alerts", 1_000), ("runs", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    market = Market(args.bars, args.alerts)
    alerts = market.alerts()
    cases: tuple[tuple[str, Callable[[], int]], ...] = (
        ("plain backtrader", lambda: plain(market)),
        ("zepix: bracket in a bare cerebro", lambda: zepix(market, alerts)),
        ("zepix: the same ordinary bt.Strategy", lambda: ordinary(market)),
    )
    print(f"{args.bars:,} bars, {args.alerts:,} alerts; fastest of {args.runs}")
    print(f"{'':37} {'seconds':>9} {'trades':>7} {'ratio':>6} {'strict ratio':>13}")
    base = strict_base = 0.0
    for words, run in cases:
        taken, strict, trades = fastest(run, args.runs)
        base, strict_base = base or taken, strict_base or strict
        print(f"{words:37} {taken:9.2f} {trades:7,} {taken / base:6.2f} {taken / strict_base:13.2f}")


if __name__ == "__main__":
    main()
