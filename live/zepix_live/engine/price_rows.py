"""The prices that a journal holds, gathered into columns: what a session that begins in the middle has to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from zepix.brokers.shadow.growing_prices import GrowingPrices
from zepix.services.minute_fold import Minutes

__all__ = ["Columns", "Forgotten", "PriceColumns", "PriceRows"]

NAMES: Final = ("bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close")
Columns = tuple[Any, dict[str, Any], int]
"""times, columns by name, how many rows have ended (forgotten ones among them)"""
Forgotten = tuple[int, Minutes]
"""How many rows are gone, and the minutes that they have left."""


class PriceRows:
    """Takes ``prices`` inputs in, in order; ``columns`` gives them by symbol."""

    def __init__(self, timeframes: Mapping[str, str] | None = None) -> None:
        self.timeframes = dict(timeframes or {})
        self.forgotten: dict[str, Forgotten] = {}
        self._rows: dict[str, list[list[int]]] = {}
        self._ended: dict[str, int] = {}

    def take(self, t_ns: int, body: Mapping[str, Any]) -> None:
        """One instant: ends first, then opens; of a tick its open is all there is."""
        for symbol, bid_high, bid_low, bid_close, ask_high, ask_low, ask_close in body.get("ended", ()):
            row = self._rows[symbol][-1]
            row[2:5], row[6:9] = (bid_high, bid_low, bid_close), (ask_high, ask_low, ask_close)
            self._ended[symbol] = len(self._rows[symbol])
        for symbol, bid, ask in body.get("opened", ()):
            self._rows.setdefault(symbol, []).append([t_ns, bid, bid, bid, bid, ask, ask, ask, ask])

    def bar(self, body: Mapping[str, Any]) -> None:
        """A whole bar that came as an alert, as its row says it: open, high, low, close of both sides."""
        symbol = body["symbol"]
        self.timeframes[symbol] = body["timeframe"]
        rows = self._rows.setdefault(symbol, [])
        rows.append([body["opened_ns"], *body["bid"], *body["ask"]])
        self._ended[symbol] = len(rows)

    def columns(self) -> dict[str, Columns]:
        """symbol -> (times, columns by name, how many rows have ended)"""
        found: dict[str, Columns] = {}
        for symbol, rows in self._rows.items():
            table = np.array(rows, np.int64)
            columns = {name: table[:, place + 1].astype(np.int32) for place, name in enumerate(NAMES)}
            is_ticks = self.timeframes.get(symbol) == "tick"  # a tick ends as it opens
            found[symbol] = (table[:, 0].copy(), columns, len(rows) if is_ticks else self._ended.get(symbol, 0))
        return found


class PriceColumns:
    """Prices that are columns already; as ``PriceRows`` for who takes them over."""

    def __init__(
        self, timeframes: Mapping[str, str], columns: dict[str, Columns], forgotten: dict[str, Forgotten] | None = None
    ) -> None:
        self.timeframes = dict(timeframes)
        self.forgotten = {} if forgotten is None else forgotten
        self._columns = columns

    @classmethod
    def of(cls, growing: Mapping[str, GrowingPrices]) -> PriceColumns:
        """Those that a feed has brought."""
        brought = {symbol: one for symbol, one in growing.items() if one.n}
        return cls(
            {symbol: one.series.timeframe for symbol, one in brought.items()},
            {symbol: (*one.kept(), one.progress()[1]) for symbol, one in brought.items()},
            {symbol: (one.first, one.minutes) for symbol, one in brought.items() if one.first},
        )

    def columns(self) -> dict[str, Columns]:
        """symbol -> (times, columns by name, how many rows have ended)"""
        return self._columns
