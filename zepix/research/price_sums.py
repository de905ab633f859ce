"""What prices a run has seen, in a few numbers: so that a state is not gone on with on others.

Of each symbol: how many rows have ended, a CRC-32 of each column of those, and the open of a bar in progress. Columns
are summed for themselves and row after row, so a feed's prices need only be summed where they have grown.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import numpy as np

from zepix.model.series import PRICE_COLUMNS
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["Summed", "price_sums", "sums_until"]

COLUMNS: Final = ("time", *PRICE_COLUMNS)
Summed = dict[str, tuple[int, tuple[int, ...]]]
"""By symbol: (rows, sums) as of the last time."""


def price_sums(prices: PriceBook, summed: Summed) -> dict[str, Any]:
    """JSON values by symbol; ``summed`` remembers what was summed before."""
    return {one.symbol: _of(one, summed) for one in prices}


def sums_until(prices: SymbolPrices, summed: Summed, row: int) -> tuple[int, ...]:
    """The sums of the rows before ``row``, which ``summed`` remembers; it must not have been further."""
    rows, sums = summed.get(prices.symbol, (0, (0,) * len(COLUMNS)))
    if rows != row:
        sums = tuple(
            zlib.crc32(np.ascontiguousarray(getattr(prices, name)[rows:row]).data, before)
            for name, before in zip(COLUMNS, sums, strict=True)
        )
        summed[prices.symbol] = (row, sums)
    return sums


def _of(prices: SymbolPrices, summed: Summed) -> dict[str, Any]:
    opened, ended = prices.progress()
    sums = sums_until(prices, summed, ended)
    bar = None
    if opened > ended:
        bar = [int(column[opened - 1]) for column in (prices.time, prices.bid_open, prices.ask_open)]
    return {"timeframe": prices.series.timeframe, "rows": ended, "sums": list(sums), "bar": bar}
