"""What the two forms of the shadow broker have in common: what they are asked for, and how a level is touched.

Rules of levels (docs/fills.md, "Stops and targets"), for a long, on the bid; a short is mirrored on the ask:

- the stop is touched when ``low <= stop``, the target when ``high >= target``;
- an open decides before the range: at or beyond a level it fills there, at the open (both: the stop);
- the bar of an entry at its open counts with its range, and its own open cannot gap the ticket.

Both forms put the same entries on the agenda: what an open brings in phase 2, what a range brings at the bar's end, and
what waits for an open at that open. Where the array form knows the next open, the step form asks a trading calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from zepix.brokers.shadow.agenda import (
    AFTER_SYMBOLS,
    ENTRIES,
    GAPS,
    LEVELS,
    OF_ORDERS,
    OF_TICKETS,
    OF_TRAILS,
    Agenda,
    end_key,
)
from zepix.brokers.shadow.watches import PRICE, Watch
from zepix.model import Order, Ticket
from zepix.services.prices import SymbolPrices

if TYPE_CHECKING:
    from zepix.brokers.shadow.account_bands import AccountBands

__all__ = [
    "ENTRY_GAP",
    "ENTRY_RANGE",
    "GAP",
    "RANGE",
    "TRAIL",
    "Form",
    "Pending",
    "Scheduled",
    "Trailing",
    "excursion_of",
    "touches",
]

GAP: Final = 1
RANGE: Final = 2
ENTRY_GAP: Final = 7
ENTRY_RANGE: Final = 8
TRAIL: Final = 9

Scheduled = tuple[Any, int, int]
"""(ticket, pending or trailing; its version when scheduled; row)"""


@dataclass(slots=True, eq=False)
class Pending:
    """A pending order at work: from which row on, and (a stop-limit) whether its trigger has come."""

    order: Order
    prices: SymbolPrices
    row: int = -1
    is_triggered: bool = False
    version: int = 0

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a stop's price: a stop, or a stop-limit before its trigger."""
        return self.order.kind == "stop" or (self.order.kind == "stop_limit" and not self.is_triggered)

    @property
    def level(self) -> int:
        order = self.order
        return order.limit if self.is_triggered and order.kind == "stop_limit" else order.price

    @property
    def is_upward(self) -> bool:
        """Whether the entry side's price has to rise to the level."""
        return (self.order.side > 0) == self.is_stop

    def is_beyond(self, points: int) -> bool:
        """Whether a price of the entry side lies at or beyond the level."""
        return points >= self.level if self.is_upward else points <= self.level


@dataclass(slots=True, eq=False)
class Trailing:
    """What a ticket with trails, or with a change that waits, carries besides; ``version`` as a ticket's.

    ``last_stop`` is the last stop set, counting or not. ``new_sl`` and ``new_tp`` (None: unchanged) wait for the next
    open; ``is_forced``: that open fills the new stop whatever it is. ``used``: break-evens that have been set.
    """

    ticket: Ticket
    last_stop: int
    version: int = 0
    new_sl: int | None = None
    new_tp: int | None = None
    new_reason: str = "sl"
    is_forced: bool = False
    is_waiting: bool = False
    forced_row: int = -1
    used: set[int] | None = None
    threshold: int | None = None
    from_row: int = 0


class Form(Protocol):
    """How levels are watched and opens awaited; everything else of the broker is the same in both forms."""

    can_follow: bool
    """Whether the end of a ticket with trails can be found at once."""
    knows_no_rows: bool
    """Whether no row is known before it comes."""
    looks_always: bool
    is_late: bool
    """Whether prices are known only some time after their own."""

    @property
    def knows_opens(self) -> bool:
        """Whether it is known when a symbol opens next, else an order that waits too long is refused then."""
        ...

    """Whether the account is looked at at every instant, since nothing is known of the prices to come."""

    def watch(self, ticket: Ticket, prices: SymbolPrices, row: int, with_open: bool) -> None:
        """Watch a ticket from ``row`` on: that row's range counts, its open only ``with_open``."""
        ...

    def watch_order(self, pending: Pending, with_open: bool) -> None:
        """Watch a pending order from its row on: that row's range counts, its open only ``with_open``."""
        ...

    def watch_trail(self, trailing: Trailing, prices: SymbolPrices) -> None:
        """Put the next move of a ticket's trails on the agenda: the end of the first bar from ``from_row`` on by which
        the best price since the entry has reached ``threshold``."""
        ...

    def watch_level(self, watch: Watch, prices: SymbolPrices) -> None:
        """Put a price watch on the agenda when its level is reached."""
        ...

    def arm(self, watch: AccountBands) -> None:
        """See to it that the account is looked at where its bands may be left."""
        ...

    def next_open_ns(self, prices: SymbolPrices, t_ns: int) -> int | None:
        """When the symbol opens next at or after t, None for never; what a trading calendar would say."""
        ...

    def wait(
        self, prices: SymbolPrices, part: int, after_ns: int, key: tuple[int, int], action: int, subject: Any
    ) -> None:
        """Put something on the agenda at the first open at or after ``after_ns``, in ``part``, sorted by ``key``."""
        ...

    def excursion(self, ticket: Ticket, prices: SymbolPrices, last_row: int, points: int) -> tuple[int, int]:
        """(mae, mfe) in points over the rows fully lived up to ``last_row`` and the exit price; both at least 0."""
        ...

    def best(self, ticket: Ticket, prices: SymbolPrices, last_row: int) -> int:
        """The best price on the closing side over the rows fully lived up to ``last_row``."""
        ...


def touches(ticket: Ticket, low: int, high: int) -> tuple[bool, bool]:
    """(stop touched, target touched) by closing-side prices between ``low`` and ``high``; an open is low == high."""
    if ticket.side > 0:
        return bool(ticket.sl and low <= ticket.sl), bool(ticket.tp and high >= ticket.tp)
    return bool(ticket.sl and high >= ticket.sl), bool(ticket.tp and low <= ticket.tp)


def excursion_of(ticket: Ticket, low: int, high: int) -> tuple[int, int]:
    entry = ticket.entry_points
    if ticket.side > 0:
        return max(0, entry - low), max(0, high - entry)
    return max(0, high - entry), max(0, entry - low)


def add_gap(agenda: Agenda, ticket: Ticket, opened_ns: int, row: int) -> None:
    agenda.add(opened_ns, 2, GAPS, ticket.index, ticket.id, GAP, (ticket, ticket.version, row))


def add_range(agenda: Agenda, ticket: Ticket, prices: SymbolPrices, opened_ns: int, row: int) -> None:
    tf_ns = prices.tf_ns
    key = (opened_ns + tf_ns, 1, ticket.index) if tf_ns else end_key(opened_ns, True, ticket.index)
    agenda.add(*key, OF_TICKETS, ticket.id, RANGE, (ticket, ticket.version, row))


def add_entry_gap(agenda: Agenda, pending: Pending, opened_ns: int, row: int) -> None:
    subject = (pending, pending.version, row)
    agenda.add(opened_ns, 2, ENTRIES, pending.prices.index, pending.order.seq, ENTRY_GAP, subject)


def add_entry_range(agenda: Agenda, pending: Pending, opened_ns: int, row: int) -> None:
    prices = pending.prices
    key = end_key(opened_ns + prices.tf_ns, not prices.tf_ns, prices.index)
    agenda.add(*key, OF_ORDERS, pending.order.seq, ENTRY_RANGE, (pending, pending.version, row))


def add_trail(agenda: Agenda, trailing: Trailing, prices: SymbolPrices, opened_ns: int, row: int) -> None:
    key = end_key(opened_ns + prices.tf_ns, not prices.tf_ns, prices.index)
    agenda.add(*key, OF_TRAILS, trailing.ticket.id, TRAIL, (trailing, trailing.version, row))


def add_watch(agenda: Agenda, watch: Watch, prices: SymbolPrices, opened_ns: int, at_open: bool) -> None:
    if at_open:
        agenda.add(opened_ns, 2, LEVELS, 0, watch.id, PRICE, watch)
    else:
        key = end_key(opened_ns + prices.tf_ns, not prices.tf_ns, AFTER_SYMBOLS)
        agenda.add(*key, 1, watch.id, PRICE, watch)
