"""A ticket: one position with its stop and target, as MetaTrader 5's hedged position; and the record of its close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple

from zepix.model.order import Order, Trail
from zepix.model.stop_trail import StopTrail

__all__ = ["EXIT_REASONS", "ClosingFill", "Ticket", "made_fill"]

EXIT_REASONS = (
    "sl",
    "tp",
    "trailing",
    "break_even",
    "signal",
    "reversal",
    "profit_booking",
    "stop_out",
    "equity_guard",
    "session_end",
    "time_exit",
    "manual",
    "end_of_data",
)


@dataclass(slots=True, eq=False)
class Ticket:
    """An open position; only the broker writes it. Prices in points, 0 is no level; ``side`` is +1 or -1.

    ``entry_row`` is the bar of the entry, ``lived_from`` the first bar that it lives through whole (the next one, for
    an entry inside a bar); ``version`` grows whenever its levels change, so that what was scheduled for the old ones
    is void. ``steps`` are those still open, ``entry_steps`` those at its entry. ``stop_reason`` is what set the stop in
    force. ``closing``: the closing orders that wait to close it.
    """

    id: int
    order_id: int
    plugin_id: str
    family: str
    alert_id: str
    symbol: str
    index: int
    side: int
    steps: int
    entry_ns: int
    entry_row: int
    entry_points: int
    sl: int
    tp: int
    initial_sl: int
    initial_tp: int
    margin: Decimal
    role: str = ""
    chain_id: str = ""
    opened_ns: int = -1
    entry_steps: int = 0
    lived_from: int = 0
    trails: tuple[Trail, ...] = ()
    target_reason: str = "tp"
    stop_reason: str = "sl"
    version: int = 0
    parts: int = 0
    is_open: bool = True
    is_ambiguous: bool = False
    closing: list[Order] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if self.trails:  # a trail in shares of the stop is made anew: only the fill knows the distance
            distance = abs(self.entry_points - self.initial_sl)
            self.trails = tuple([t.at(distance) if isinstance(t, StopTrail) else t for t in self.trails])


class ClosingFill(NamedTuple):
    """One row of ``trades.parquet``, in integers: points, steps, nanoseconds, minor currency units.

    A named tuple, because it is made once a ticket and a frozen dataclass of this size costs six times as much.
    ``known_ns`` is the instant at which it was processed: the exit's own time, or later for a graced close.
    """

    ticket: int
    part: int
    plugin_id: str
    family: str
    symbol: str
    side: int
    role: str
    steps: int
    entry_ns: int
    entry_points: int
    exit_ns: int
    exit_points: int
    initial_sl: int
    initial_tp: int
    sl: int
    tp: int
    exit_reason: str
    gross_minor: int
    commission_minor: int
    swap_minor: int
    pnl_minor: int
    pnl_points: int
    mae_points: int
    mfe_points: int
    bars_held: int
    ambiguous: bool
    alert_id: str
    chain_id: str
    known_ns: int
    entry_row: int
    exit_row: int


made_fill: Final[Callable[[tuple[Any, ...]], ClosingFill]] = partial(tuple.__new__, ClosingFill)
"""A fill of all its values, in their order: its own constructor takes twice as long, and every ticket has one."""
