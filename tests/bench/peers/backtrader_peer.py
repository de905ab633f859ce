"""The bench's rule in backtrader: a bracket, decided one bar ahead, filled at the signal bar's open.

``next()`` of bar i - 1 sends the order, so that the market order fills at the open of bar i. Children of a bracket
become active on the bar after their parent's fill: the entry's own bar counts for nothing. The stop child stands first
in the queue, so a bar that touches both takes the stop.
"""

from __future__ import annotations

import time
from typing import Any

import backtrader as bt
import pandas as pd
from protocol import POINTS_PER_UNIT, Arrays, Measured, answer, arguments


class Bars(bt.feeds.PandasData):  # type: ignore[misc]
    """The feed; it times its own loading, which is no part of the simulation."""

    preload_s = 0.0

    def preload(self) -> None:
        started = time.perf_counter()
        super().preload()
        Bars.preload_s += time.perf_counter() - started


class OneAtATime(bt.Strategy):  # type: ignore[misc]
    params = (("signals", None),)

    def __init__(self) -> None:
        a: Arrays = self.p.signals
        self.side = [*a.side.tolist(), 0]
        self.stop_points = a.stop_points.tolist()
        self.target_points = a.target_points.tolist()
        self.open_points = a.open_points.tolist()
        self.profits: list[float] = []

    def next(self) -> None:
        row = len(self)  # the coming bar, counted from 0
        side = self.side[row]
        if not side or self.position:
            return
        entry = self.open_points[row]
        send = self.buy_bracket if side > 0 else self.sell_bracket
        send(
            size=1,
            exectype=bt.Order.Market,
            stopprice=(entry - side * self.stop_points[row]) / POINTS_PER_UNIT,
            limitprice=(entry + side * self.target_points[row]) / POINTS_PER_UNIT,
        )

    def notify_trade(self, trade: Any) -> None:
        if trade.isclosed:
            self.profits.append(trade.pnl)

    def stop(self) -> None:
        if self.position:  # still open: valued at the last close
            self.profits.append(self.position.size * (self.data.close[0] - self.position.price))


def run(arrays: Arrays, measured: Measured) -> None:
    started = time.perf_counter()
    index = pd.DatetimeIndex(arrays.time.astype("datetime64[ns]"))
    frame = pd.DataFrame(
        {"open": arrays.open, "high": arrays.high, "low": arrays.low, "close": arrays.close, "volume": 0.0}, index
    )  # fmt: skip
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(Bars(dataname=frame, openinterest=None))
    cerebro.addstrategy(OneAtATime, signals=arrays)
    cerebro.broker.setcash(1_000_000)
    measured.setup_s = time.perf_counter() - started
    Bars.preload_s = 0.0
    started = time.perf_counter()
    (strategy,) = cerebro.run()
    measured.rest_s = Bars.preload_s
    measured.run_s.append(time.perf_counter() - started - Bars.preload_s)
    measured.trades = len(strategy.profits)
    measured.points = sum(round(p * POINTS_PER_UNIT) for p in strategy.profits)


def main() -> None:
    arrays, runs = arguments()
    measured = Measured(
        "backtrader", bt.__version__, entry_bar_counts=False, entry_bar="no: stop and target work from the next bar"
    )  # fmt: skip
    for _ in range(runs):
        run(arrays, measured)
    answer(measured)


if __name__ == "__main__":
    main()
