"""Prices of one symbol as the simulators see them: integer points, two-sided, with an index to skip by.

Row i is named by its open time ``time[i]`` and covers ``[time[i], time[i] + timeframe_ns)``. For ticks
``timeframe_ns`` is 0 and the four prices of a row are equal. The index arrays are those of ``kernels.crossing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRICE_COLUMNS", "Int32", "Int64", "Series"]

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

PRICE_COLUMNS = (
    "bid_open",
    "bid_high",
    "bid_low",
    "bid_close",
    "ask_open",
    "ask_high",
    "ask_low",
    "ask_close",
)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Bars (or ticks) of one symbol: ``time`` int64 ns UTC, increasing (ticks: not falling), prices int32 points.

    ``bid_mins`` and the like are block minima and maxima over ``bid_low``, ``bid_high``, ``ask_low``, ``ask_high``.
    ``facts`` says where it came from and what was repaired: ``sources`` (file names), ``checksum``, ``rows``,
    ``crossed_raised``, ``finer_than_point``, ``spread`` ("data", "fixed" or "session"), ``gaps``, ...
    """

    symbol: str
    timeframe: str
    timeframe_ns: int
    time: Int64
    bid_open: Int32
    bid_high: Int32
    bid_low: Int32
    bid_close: Int32
    ask_open: Int32
    ask_high: Int32
    ask_low: Int32
    ask_close: Int32
    bid_mins: Int32
    bid_maxs: Int32
    ask_mins: Int32
    ask_maxs: Int32
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.time)

    @property
    def start_ns(self) -> int:
        return int(self.time[0])

    @property
    def end_ns(self) -> int:
        """End of the last bar."""
        return int(self.time[-1]) + self.timeframe_ns
