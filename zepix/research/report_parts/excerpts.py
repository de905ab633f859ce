"""The bars around single tickets, for the chart that opens below a row of the tickets table.

They show the side on which the ticket closes: the bid for a long, the ask for a short; only that side touches a stop or
a target. Numbers are small integers (points from the entry, milliseconds from bar to bar), so that hundreds fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from zepix.model import ClosingFill, Series
from zepix.research.report_parts.thin import buckets

__all__ = ["MAX_BYTES", "excerpt", "excerpts"]

MAX_BYTES: Final = 1_500_000
_BARS_AROUND: Final = 24
_MAX_BARS: Final = 160
_BYTES_A_BAR: Final = 20


def excerpts(fills: Iterable[tuple[ClosingFill, Series]]) -> list[dict[str, Any]]:
    """Excerpts of as many tickets, in their order, as fit into ``MAX_BYTES``."""
    found: list[dict[str, Any]] = []
    left = MAX_BYTES
    for fill, series in fills:
        one = excerpt(fill, series)
        left -= _BYTES_A_BAR * len(one["o"])
        if left < 0:
            break
        found.append(one)
    return found


def excerpt(fill: ClosingFill, series: Series) -> dict[str, Any]:
    """Bars from 24 before the entry to 24 after the exit; where more than 160, several are put together.

    ``t0`` is the first bar's time and ``dt`` the steps from bar to bar in milliseconds, ``o h l c`` points from the
    entry, ``n`` how many bars one candle holds, ``half`` half a candle's width in milliseconds: a candle stands in the
    middle of its time, so that an entry at its open lies on its left edge.
    """
    first = max(0, fill.entry_row - _BARS_AROUND)
    last = min(len(series), max(fill.exit_row, fill.entry_row) + _BARS_AROUND + 1)
    cut = slice(first, last)
    if fill.side > 0:
        prices = (series.bid_open[cut], series.bid_high[cut], series.bid_low[cut], series.bid_close[cut])
    else:
        prices = (series.ask_open[cut], series.ask_high[cut], series.ask_low[cut], series.ask_close[cut])
    made = buckets(series.time[cut], prices, _MAX_BARS)
    return {
        "t0": int(made.time[0]) // 1_000_000,
        "dt": (np.diff(made.time) // 1_000_000).tolist(),
        "o": (made.open - fill.entry_points).tolist(),
        "h": (made.high - fill.entry_points).tolist(),
        "l": (made.low - fill.entry_points).tolist(),
        "c": (made.close - fill.entry_points).tolist(),
        "n": made.size,
        "half": made.size * series.timeframe_ns // 2_000_000,
    }
