"""A ticket of the oracle: one open position, its levels, what waits to change them, and the stops that trail it.

Prices are points; None is no level. In a change, None leaves a level as it is and 0 removes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .bars import Bar

__all__ = ["Ticket", "Trail"]


@dataclass
class Trail:
    """A stop that follows the best price; with ``step`` 0 it moves once, to break even."""

    start: int
    step: int
    distance: int
    is_used: bool = False

    @property
    def reason(self) -> str:
        return "trailing" if self.step else "break_even"

    def stop(self, side: int, entry: int, best: int) -> int | None:
        """Where it puts the stop when ``best`` is the best closing price so far; None before the start."""
        move = side * (best - entry)
        if move < self.start or (self.step == 0 and self.is_used):
            return None
        whole_steps = (move - self.start) // self.step * self.step if self.step else 0
        return entry + side * (self.start + whole_steps - self.distance)


@dataclass(eq=False)
class Ticket:
    """One open position. ``lived_from`` is the first bar that it lives through whole; ``best`` is over such bars."""

    number: int
    alert_id: str
    symbol: str
    side: int
    entry_steps: int
    entry_ns: int
    entry_row: int
    lived_from: int
    entry: int
    sl: int | None
    tp: int | None
    margin_rate: Decimal
    trails: list[Trail]
    is_ambiguous: bool = False
    stop_reason: str = "sl"
    stop_fills_next_open: bool = False
    waiting_sl: int | None = None
    waiting_tp: int | None = None
    parts: int = 0
    is_open: bool = True
    steps: int = field(init=False)
    initial_sl: int | None = field(init=False)
    initial_tp: int | None = field(init=False)
    best: int | None = None
    best_to: int = field(init=False)

    def __post_init__(self) -> None:
        self.steps = self.entry_steps
        self.initial_sl, self.initial_tp = self.sl, self.tp
        self.best_to = self.lived_from - 1

    def stop_beyond(self, price: int) -> bool:
        """Whether the price is at or beyond the stop."""
        return self.sl is not None and self.side * (price - self.sl) <= 0

    def target_beyond(self, price: int) -> bool:
        return self.tp is not None and self.side * (price - self.tp) >= 0

    # -- changes -------------------------------------------------------------------------------------------------

    def change(self, sl: int | None, tp: int | None) -> None:
        """Put new levels in force; a new stop takes the place of a trailing one and of its promise to fill."""
        if sl is not None:
            self.sl, self.stop_reason, self.stop_fills_next_open = sl or None, "sl", False
        if tp is not None:
            self.tp = tp or None

    def keep_for_next_open(self, sl: int | None, tp: int | None) -> None:
        """A change that has arrived and does not count yet; of several the later wins level by level."""
        self.waiting_sl = self.waiting_sl if sl is None else sl
        self.waiting_tp = self.waiting_tp if tp is None else tp

    def take_waiting_change(self) -> None:
        self.change(self.waiting_sl, self.waiting_tp)
        self.waiting_sl = self.waiting_tp = None

    # -- trailing ------------------------------------------------------------------------------------------------

    def trail(self, bars: Sequence[Bar], row: int) -> None:
        """Move the stop at the end of this row, if the ticket has lived through it whole."""
        for bar in bars[self.best_to + 1 : row + 1]:
            price = bar.closing_best(self.side)
            self.best = price if self.best is None else self.side * max(self.side * self.best, self.side * price)
        self.best_to = max(self.best_to, row)
        if self.best is None:
            return
        has_moved = False
        for trail in self.trails:
            stop = trail.stop(self.side, self.entry, self.best)
            if stop is not None and self.is_better(stop):
                self.sl, self.stop_reason, self.waiting_sl = stop, trail.reason, None
                trail.is_used = has_moved = True
        if has_moved:
            self.stop_fills_next_open = self.stop_beyond(bars[row].closing_close(self.side))

    def is_better(self, stop: int) -> bool:
        """Better than the last stop set: that of a change that waits, else the one in force."""
        last = self.sl if self.waiting_sl is None else self.waiting_sl or None
        return last is None or self.side * (stop - last) > 0
