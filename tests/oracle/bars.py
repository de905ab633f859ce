"""Bars or ticks of one symbol in integer points, and what is known of them at an instant.

A bar is named by its open time and covers [open, open + timeframe). Only its open is known before its end. A tick is a
bar of no length whose four prices are equal: it ends right after it opened.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Bar", "Bars", "Row", "TickRow", "to_points"]

Row = tuple[int, float, float, float, float, float, float, float, float]
"""Open time in ns UTC; bid open, high, low, close; ask open, high, low, close."""
TickRow = tuple[int, float, float]
"""Time in ns UTC, bid, ask."""


def to_points(price: float, point: Decimal) -> int:
    """The price in whole points, ties to even, as the page writes it: ``round(price / point)``."""
    return round(price / float(point))


@dataclass(frozen=True)
class Bar:
    """One bar; ``row`` is its place in the series."""

    row: int
    open_ns: int
    end_ns: int
    bid_open: int
    bid_high: int
    bid_low: int
    bid_close: int
    ask_open: int
    ask_high: int
    ask_low: int
    ask_close: int

    def closing_open(self, side: int) -> int:
        """The open on the side at which a ticket of ``side`` closes: longs at the bid, shorts at the ask."""
        return self.bid_open if side > 0 else self.ask_open

    def closing_high(self, side: int) -> int:
        return self.bid_high if side > 0 else self.ask_high

    def closing_low(self, side: int) -> int:
        return self.bid_low if side > 0 else self.ask_low

    def closing_close(self, side: int) -> int:
        return self.bid_close if side > 0 else self.ask_close

    def closing_best(self, side: int) -> int:
        """The price of the bar at which a ticket of ``side`` would best have been closed."""
        return self.bid_high if side > 0 else self.ask_low

    def entry_open(self, side: int) -> int:
        """The open at which a ticket of ``side`` is bought or sold: longs at the ask, shorts at the bid."""
        return self.ask_open if side > 0 else self.bid_open

    def entry_cheapest(self, side: int) -> int:
        """The best price of the bar for an entry: the lowest ask for a buy, the highest bid for a sell."""
        return self.ask_low if side > 0 else self.bid_high

    def entry_dearest(self, side: int) -> int:
        """The worst price of the bar for an entry: the highest ask for a buy, the lowest bid for a sell."""
        return self.ask_high if side > 0 else self.bid_low


class Bars:
    """The bars of one symbol and a hand that points behind the last one whose open is known."""

    def __init__(self, symbol: str, timeframe_ns: int, rows: Sequence[Row | TickRow], point: Decimal) -> None:
        self.symbol = symbol
        self.timeframe_ns = timeframe_ns
        self.is_ticks = timeframe_ns == 0
        self.bars = list(read(symbol, timeframe_ns, rows, point))
        self.opens = [bar.open_ns for bar in self.bars]
        self.ends = [bar.end_ns for bar in self.bars]
        self.by_open = {bar.open_ns: bar for bar in self.bars}
        self.by_end = {bar.end_ns: bar for bar in self.bars}
        self.started = 0

    def advance(self, t: int, with_opens: bool) -> None:
        """Move the hand to ``t``; a bar that opens at ``t`` itself is known only ``with_opens``: from phase 2 on."""
        self.started = bisect.bisect_right(self.opens, t) if with_opens else bisect.bisect_left(self.opens, t)

    def opening(self, t: int) -> Bar | None:
        """The bar that opens at ``t``."""
        return self.by_open.get(t)

    def ending(self, t: int) -> Bar | None:
        """The bar that ends at ``t``."""
        return self.by_end.get(t)

    def in_progress(self, t: int) -> Bar | None:
        """The known bar that contains ``t``; a tick contains its own time only."""
        if not self.started:
            return None
        bar = self.bars[self.started - 1]
        return bar if bar.open_ns <= t < bar.end_ns or bar.open_ns == t else None

    def first_open_from(self, t: int) -> Bar | None:
        """The first bar that opens at or after ``t``."""
        row = bisect.bisect_left(self.opens, t)
        return self.bars[row] if row < len(self.bars) else None

    def last_known(self, t: int) -> tuple[int, int] | None:
        """Last known bid and ask: the open of the bar in progress, else the last close; None before the first bar."""
        if not self.started:
            return None
        bar = self.bars[self.started - 1]
        return (bar.bid_open, bar.ask_open) if t < bar.end_ns else (bar.bid_close, bar.ask_close)

    def twice_mid(self, t: int) -> int:
        """Bid + ask of the last bar that ended at or before ``t``; before the first bar's end, of the first open."""
        ended = bisect.bisect_right(self.ends, t)
        if ended:
            return self.bars[ended - 1].bid_close + self.bars[ended - 1].ask_close
        return self.bars[0].bid_open + self.bars[0].ask_open


def read(symbol: str, timeframe_ns: int, rows: Sequence[Row | TickRow], point: Decimal) -> Iterator[Bar]:
    """Rows as bars; a crossed ask is raised to the bid, ticks of equal time follow each other by a nanosecond."""
    earliest = rows[0][0] if rows else 0
    for number, row in enumerate(rows):
        prices = [to_points(price, point) for price in row[1:]]
        if timeframe_ns == 0 and len(prices) == 2:
            prices = [prices[0]] * 4 + [prices[1]] * 4
        asks = [max(bid, ask) for bid, ask in zip(prices[:4], prices[4:], strict=True)]
        open_ns = max(row[0], earliest) if timeframe_ns == 0 else row[0]
        if open_ns < earliest:
            raise ValueError(f"{symbol}: bar {number} opens before the one before it has ended")
        yield Bar(number, open_ns, open_ns + timeframe_ns, *prices[:4], *asks)
        earliest = open_ns + max(timeframe_ns, 1)
