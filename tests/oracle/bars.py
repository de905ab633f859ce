"""Bars of one symbol in integer points, and what is known of them at an instant.

A bar is named by its open time and covers [open, open + timeframe). Only its open is known before its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Bar", "Bars", "Row", "to_points"]

Row = tuple[int, float, float, float, float, float, float, float, float]
"""Open time in ns UTC; bid open, high, low, close; ask open, high, low, close."""


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

    def entry_open(self, side: int) -> int:
        """The open at which a ticket of ``side`` is bought or sold: longs at the ask, shorts at the bid."""
        return self.ask_open if side > 0 else self.bid_open


class Bars:
    """The bars of one symbol and a hand that points at the last one that has opened."""

    def __init__(self, symbol: str, timeframe_ns: int, rows: Sequence[Row], point: Decimal) -> None:
        self.symbol = symbol
        self.timeframe_ns = timeframe_ns
        self.bars = [
            Bar(number, row[0], row[0] + timeframe_ns, *(to_points(price, point) for price in row[1:]))
            for number, row in enumerate(rows)
        ]
        for before, after in zip(self.bars, self.bars[1:], strict=False):
            if after.open_ns < before.end_ns:
                raise ValueError(f"{symbol}: bar {after.row} opens before the one before it has ended")
        self.started = 0

    def advance(self, t: int) -> None:
        """Move the hand to ``t``: every bar that opened at or before it has started."""
        while self.started < len(self.bars) and self.bars[self.started].open_ns <= t:
            self.started += 1

    def opening(self, t: int) -> Bar | None:
        """The bar that opens at ``t``."""
        return next((bar for bar in self.last_started() if bar.open_ns == t), None)

    def ending(self, t: int) -> Bar | None:
        """The bar that ends at ``t``."""
        return next((bar for bar in self.last_started() if bar.end_ns == t), None)

    def in_progress(self, t: int) -> Bar | None:
        """The bar that contains ``t``."""
        return next((bar for bar in self.last_started() if bar.open_ns <= t < bar.end_ns), None)

    def last_started(self) -> list[Bar]:
        return self.bars[max(0, self.started - 2) : self.started]

    def first_open_from(self, t: int) -> Bar | None:
        """The first bar that opens at or after ``t``."""
        for row in range(max(0, self.started - 1), len(self.bars)):
            if self.bars[row].open_ns >= t:
                return self.bars[row]
        return None

    def last_known(self, t: int) -> tuple[int, int] | None:
        """Last known bid and ask: the open of the bar in progress, else the last close; None before the first bar."""
        if not self.started:
            return None
        bar = self.bars[self.started - 1]
        return (bar.bid_open, bar.ask_open) if t < bar.end_ns else (bar.bid_close, bar.ask_close)

    def twice_mid(self, t: int) -> int:
        """Bid + ask of the last bar that ended at or before ``t``; before the first bar's end, of the first open."""
        for row in range(self.started - 1, -1, -1):
            if self.bars[row].end_ns <= t:
                return self.bars[row].bid_close + self.bars[row].ask_close
        return self.bars[0].bid_open + self.bars[0].ask_open
