"""The bench's rule in backtesting.py: an order with stop and target, decided one bar ahead, filled at the next open.

``next()`` of bar i - 1 sends the order, the market order fills at the open of bar i, and stop and target are looked at
again on that same bar: the entry's own bar counts. The stop is looked at first. An order whose stop or target lies on
the wrong side of the *last close* (a gap over the week-end) is rejected by the peer before it meets the open; those are
counted as ``skipped``. What is open at the end closes at the last bar's open, not its close.
"""

from __future__ import annotations

import os
import time
from typing import Any

os.environ["TQDM_DISABLE"] = "1"

import backtesting
import pandas as pd
from backtesting import Backtest, Strategy
from protocol import POINTS_PER_UNIT, Arrays, Measured, answer, arguments

STATISTICS_S = [0.0]


class OneAtATime(Strategy):  # type: ignore[misc]
    signals: Arrays
    skipped = 0

    def init(self) -> None:
        a = self.signals
        self.side = [*a.side.tolist(), 0]
        self.stop_points = a.stop_points.tolist()
        self.target_points = a.target_points.tolist()
        self.open_points = a.open_points.tolist()

    def next(self) -> None:
        row = len(self.data)  # the coming bar, counted from 0
        side = self.side[row]
        if not side or self.position:
            return
        entry = self.open_points[row]
        stop = (entry - side * self.stop_points[row]) / POINTS_PER_UNIT
        target = (entry + side * self.target_points[row]) / POINTS_PER_UNIT
        try:
            (self.buy if side > 0 else self.sell)(size=1, sl=stop, tp=target)
        except ValueError:
            OneAtATime.skipped += 1


def time_statistics() -> None:
    """The peer computes its statistics inside ``run``; their seconds are kept apart."""
    original = backtesting.backtesting.compute_stats

    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        result = original(*args, **kwargs)
        STATISTICS_S[0] += time.perf_counter() - started
        return result

    backtesting.backtesting.compute_stats = timed


def run(arrays: Arrays, measured: Measured) -> None:
    started = time.perf_counter()
    index = pd.DatetimeIndex(arrays.time.astype("datetime64[ns]"))
    frame = pd.DataFrame(
        {"Open": arrays.open, "High": arrays.high, "Low": arrays.low, "Close": arrays.close}, index
    )  # fmt: skip
    OneAtATime.signals = arrays
    OneAtATime.skipped = 0
    test = Backtest(frame, OneAtATime, cash=1_000_000, finalize_trades=True)
    measured.setup_s = time.perf_counter() - started
    STATISTICS_S[0] = 0.0
    started = time.perf_counter()
    trades = test.run()["_trades"]
    measured.rest_s = STATISTICS_S[0]
    measured.run_s.append(time.perf_counter() - started - STATISTICS_S[0])
    points = ((trades.ExitPrice - trades.EntryPrice) * trades.Size * POINTS_PER_UNIT).round()
    measured.trades, measured.points, measured.skipped = len(trades), int(points.sum()), OneAtATime.skipped


def main() -> None:
    arrays, runs = arguments()
    time_statistics()
    measured = Measured(
        "backtesting.py", backtesting.__version__, entry_bar_counts=True, entry_bar="yes: the entry bar's range counts"
    )  # fmt: skip
    for _ in range(runs):
        run(arrays, measured)
    answer(measured)


if __name__ == "__main__":
    main()
