"""What is on its way to the oracle's broker: orders that open, that close, that cancel and that change levels.

Prices are points, volumes steps. Every command is numbered in the order in which commands were raised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from .tickets import Ticket, Trail

__all__ = ["Cancel", "Change", "Close", "Command", "Opening"]


@dataclass(eq=False)
class Opening:
    """An order that opens a ticket: market, limit, stop or stop_limit.

    ``held``: a reversal's entry that waits for its closes. Then sent, waiting (it has arrived; a market order waits for
    its open, a pending order for the check at its first open), working (pending orders only), done.
    ``price`` is a limit's price or a stop's trigger; ``works_from`` the first row in which it may fill.
    """

    alert_id: str
    symbol: str
    side: int
    volume: object
    sl: int | None
    tp: int | None
    are_distances: bool = False
    kind: str = "market"
    price: int = 0
    limit_price: int = 0
    lifetime_ns: int | None = None
    oco: str | None = None
    trails: list[Trail] = field(default_factory=list)
    state: str = "held"
    number: int = 0
    arrival_ns: int = 0
    expires_ns: int | None = None
    steps: int = 0
    is_triggered: bool = False
    works_from: int = 0
    changes: list[tuple[int, int | None, int | None]] = field(default_factory=list)
    taken_by: list[Close] = field(default_factory=list)
    ticket: Ticket | None = None

    @property
    def is_under_way(self) -> bool:
        return self.state != "done"

    @property
    def is_pending(self) -> bool:
        return self.kind != "market"

    @property
    def awaits_trigger(self) -> bool:
        return self.kind == "stop_limit" and not self.is_triggered

    @property
    def is_limit(self) -> bool:
        """It works as a limit now: a limit order, or a stop-limit whose trigger has come."""
        return self.kind == "limit" or (self.kind == "stop_limit" and self.is_triggered)

    @property
    def working_price(self) -> int:
        """The price at which something happens to it: its limit, or its trigger."""
        return self.limit_price if self.kind == "stop_limit" and self.is_triggered else self.price

    def is_met_by(self, close: Close) -> bool:
        """A decided entry by every exit that finds it under way; a held one only by exits raised after it.

        Otherwise two reversals under way together could wait for each other for ever.
        """
        return self.state != "held" or self.number < close.number

    def levels(self, fill_points: int, open_ns: int) -> tuple[int | None, int | None]:
        """Stop and target for a fill at this price in a bar that opened then: changes that had arrived count."""
        sl, tp = self.sl, self.tp
        if self.are_distances:
            sl = None if sl is None else fill_points + sl
            tp = None if tp is None else fill_points + tp
        for arrival_ns, new_sl, new_tp in self.changes:
            if arrival_ns <= open_ns:
                sl = sl if new_sl is None else new_sl or None
                tp = tp if new_tp is None else new_tp or None
        return sl, tp


@dataclass(eq=False)
class Close:
    """A closing order for one order's ticket, or for a symbol and side (0: both). sent, waiting, acted, done.

    ``tickets`` are those that it has still to act on, ``taken`` the market entries that it will close after their fill.
    ``entry`` is what a reversal opens once everything that this order covers has ended.
    """

    alert_id: str
    symbol: str
    side: int
    reason: str
    entry: Opening | None = None
    target: Opening | None = None
    frac: Decimal | None = None
    state: str = "sent"
    number: int = 0
    arrival_ns: int = 0
    tickets: list[Ticket] = field(default_factory=list)
    taken: list[Opening] = field(default_factory=list)
    closed: int = 0
    cancelled: int = 0
    too_small: int = 0

    @property
    def is_finished(self) -> bool:
        """It has arrived, and nothing that it covers is left to close or under way."""
        nothing_left = not any(t.is_open for t in self.tickets) and not any(o.is_under_way for o in self.taken)
        return self.state in ("waiting", "acted") and nothing_left

    def part_of(self, ticket: Ticket) -> int:
        """How many steps of the ticket it closes: a share of those at its entry, at most the rest."""
        return ticket.steps if self.frac is None else min(int(ticket.entry_steps * self.frac), ticket.steps)

    @property
    def outcome(self) -> tuple[str, str]:
        if self.closed:
            return "closed", ""
        if self.cancelled:
            return "closed", "cancelled"
        return ("refused", "volume_too_small") if self.too_small else ("ignored", "nothing_to_close")


@dataclass(eq=False)
class Cancel:
    """Cancels one order, or all pending orders of a symbol and side (0: both). sent, done."""

    alert_id: str
    symbol: str
    side: int
    target: Opening | None = None
    state: str = "sent"
    number: int = 0
    arrival_ns: int = 0


@dataclass(eq=False)
class Change:
    """New levels for one order or its ticket, or for all of a symbol and side (0: both). None: unchanged, 0: none."""

    alert_id: str
    symbol: str
    side: int
    sl: int | None
    tp: int | None
    target: Opening | None = None
    state: str = "sent"
    number: int = 0
    arrival_ns: int = 0


Command = Opening | Close | Cancel | Change
