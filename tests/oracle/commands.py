"""What the oracle's books hold: opening orders, closing orders, tickets. Prices in points, volumes in steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["Close", "Opening", "Ticket"]


@dataclass(eq=False)
class Opening:
    """A market order. ``held``: a reversal's entry that waits for its closes. Then sent, waiting, done."""

    alert_id: str
    symbol: str
    side: int
    volume: object
    sl: int | None
    tp: int | None
    are_distances: bool = False
    state: str = "held"
    number: int = 0
    arrival_ns: int = 0
    steps: int = 0
    taken_by: list[Close] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        return self.state != "done"

    def is_taken_by(self, close: Close) -> bool:
        """A decided entry by every exit that meets it; a held one only by exits raised after it.

        Otherwise two reversals under way together could wait for each other for ever.
        """
        return self.state != "held" or self.number < close.number

    def levels(self, fill_points: int) -> tuple[int | None, int | None]:
        """Stop and target for a fill at this price."""
        if not self.are_distances:
            return self.sl, self.tp
        sl = None if self.sl is None else fill_points + self.sl
        tp = None if self.tp is None else fill_points + self.tp
        return sl, tp


@dataclass(eq=False)
class Close:
    """A closing order for a symbol and side (0: both). sent -> waiting (it has arrived) -> acted -> done.

    ``entry`` is what a reversal opens once everything that this order covers has ended.
    """

    alert_id: str
    symbol: str
    side: int
    reason: str
    entry: Opening | None = None
    state: str = "sent"
    number: int = 0
    arrival_ns: int = 0
    tickets: list[Ticket] = field(default_factory=list)
    taken: list[Opening] = field(default_factory=list)
    closed: int = 0

    @property
    def has_arrived(self) -> bool:
        return self.state in ("waiting", "acted")

    @property
    def is_finished(self) -> bool:
        """It has arrived, and nothing that it covers is open or under way."""
        nothing_left = not any(t.is_open for t in self.tickets) and not any(o.is_under_way for o in self.taken)
        return self.has_arrived and nothing_left


@dataclass(eq=False)
class Ticket:
    """One open position; ``mae`` and ``mfe`` are over the bars it has fully lived."""

    number: int
    alert_id: str
    symbol: str
    side: int
    steps: int
    entry_ns: int
    entry_row: int
    entry: int
    sl: int | None
    tp: int | None
    margin: Decimal
    mae: int = 0
    mfe: int = 0
    is_open: bool = True

    def live_through(self, low: int, high: int) -> None:
        """Count a bar fully lived, by its low and high on the closing side."""
        best, worst = (high, low) if self.side > 0 else (low, high)
        self.mae = max(self.mae, self.side * (self.entry - worst))
        self.mfe = max(self.mfe, self.side * (best - self.entry))

    def stop_beyond(self, price: int) -> bool:
        return self.sl is not None and self.side * (price - self.sl) <= 0

    def target_beyond(self, price: int) -> bool:
        return self.tp is not None and self.side * (price - self.tp) >= 0
