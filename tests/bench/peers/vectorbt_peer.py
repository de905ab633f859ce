"""The bench's rule in vectorbt: ``Portfolio.from_signals`` with a stop and a target per signal.

The order fills at the signal bar's own open; stops are looked at from the next bar on, so the entry's own bar counts
for nothing. The stop is looked at before the target. Levels are fractions of the entry price: distances are drawn in by
a ten-millionth, so that a price that meets a level exactly still touches it after the peer's rounding.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import vectorbt as vbt
from protocol import POINTS_PER_UNIT, Arrays, Measured, answer, arguments

NUDGE = 1 - 1e-7


def options(arrays: Arrays) -> dict[str, Any]:
    def fraction(points: Any) -> Any:
        return np.where(arrays.side != 0, points / arrays.open_points * NUDGE, np.nan)

    return {
        "close": arrays.close, "open": arrays.open, "high": arrays.high, "low": arrays.low, "price": arrays.open,
        "entries": arrays.side > 0, "exits": False, "short_entries": arrays.side < 0, "short_exits": False,
        "sl_stop": fraction(arrays.stop_points), "tp_stop": fraction(arrays.target_points),
        "stop_entry_price": "fillprice", "stop_exit_price": "stoplimit", "upon_opposite_entry": "ignore",
        "accumulate": False, "size": 1.0, "init_cash": 1e6, "freq": "1min",
    }  # fmt: skip


def main() -> None:
    arrays, runs = arguments()
    measured = Measured(
        "vectorbt", vbt.__version__, entry_bar_counts=False, entry_bar="no: stop and target work from the next bar"
    )  # fmt: skip
    started = time.perf_counter()
    given = options(arrays)
    vbt.Portfolio.from_signals(**given)  # compiles
    measured.setup_s = time.perf_counter() - started
    portfolio: Any = None
    for _ in range(runs):
        started = time.perf_counter()
        portfolio = vbt.Portfolio.from_signals(**given)
        measured.run_s.append(time.perf_counter() - started)
    points = portfolio.trades.records["pnl"] * POINTS_PER_UNIT
    measured.trades, measured.points = len(points), int(points.round().sum())
    answer(measured)


if __name__ == "__main__":
    main()
