"""Open tickets in sums: what each plugin has at stake on each symbol, kept up to date by what the broker touched.

A broker that writes down which tickets it opened, moved, parted or closed (``touched``, older first, a ticket as often
as it was touched) is read on from where it was read last; of any other broker all tickets are summed at every look.
Sums are exact: integers, and margins with as many digits as they need. So they are what summing all tickets anew gives,
whatever came and went in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from typing import Any, Final

from zepix.model import Order, Ticket
from zepix.services.conversion import MONEY
from zepix.services.entry_legs import entry_side
from zepix.services.ports import BrokerPort
from zepix.services.risk_ledger import EntryKey, entry_key

__all__ = ["EXACT", "Group", "OpenSums", "key_of_order", "key_of_ticket", "stake_of"]

ZERO: Final = Decimal(0)
EXACT: Final = Context(prec=120)
"""Digits enough that no sum of margins is rounded."""


class Group:
    """The open tickets of one plugin on one symbol."""

    __slots__ = ("entries", "family", "margins", "plugin_id", "sides", "stake", "steps", "symbol", "tickets")

    def __init__(self, plugin_id: str, symbol: str, family: str) -> None:
        self.plugin_id = plugin_id
        self.family = family
        self.symbol = symbol
        self.entries: dict[EntryKey, int] = {}
        """Tickets by the entry that they belong to."""
        self.steps = 0
        self.stake = 0
        """Points times steps that the tickets would lose at their stops."""
        self.margins = [ZERO, ZERO]
        """Of longs and of shorts."""
        self.sides = [0, 0]
        """How many tickets are long, and short."""
        self.tickets = 0


class _Counted:
    """One ticket as it is in its group's sums."""

    __slots__ = ("group", "key", "margin", "stake", "steps")

    def __init__(self, group: Group, key: EntryKey) -> None:
        self.group = group
        self.key = key
        self.margin = ZERO
        self.stake = 0
        self.steps = 0


class OpenSums:
    """The tickets of one broker in groups; ``unstopped`` are those without a stop, whose loss no sum can know."""

    def __init__(self, broker: BrokerPort) -> None:
        self._broker = broker
        self._touched: Sequence[Ticket] | None = None
        self._read = 0
        self._start()

    def _start(self) -> None:
        self._groups: dict[tuple[str, str], Group] = {}
        self._counted: dict[int, _Counted] = {}
        self.unstopped: dict[int, Ticket] = {}

    def forget(self) -> None:
        """Begin anew at the next question."""
        self._touched = None

    def groups(self) -> Iterable[Group]:
        """The groups that have an open ticket, as things stand now."""
        touched = self._touched
        if touched is None or touched is not self._broker_touched() or len(touched) < self._read:
            self._sum_all()
        elif len(touched) > self._read:
            for ticket in touched[self._read :]:
                self._take(ticket)
            self._read = len(touched)
        return self._groups.values()

    def has(self, key: EntryKey) -> bool:
        """Whether an open ticket belongs to an entry."""
        group = self._groups.get((key[0], key[2]))
        return group is not None and key in group.entries

    def _broker_touched(self) -> Any:
        return getattr(self._broker, "touched", None)

    def _sum_all(self) -> None:
        self._start()
        self._touched = self._broker_touched()
        self._read = 0 if self._touched is None else len(self._touched)
        for ticket in self._broker.tickets.values():
            self._take(ticket)

    def _take(self, ticket: Ticket) -> None:
        """Count a ticket as it is now, instead of as it was."""
        number = ticket.id
        counted = self._counted.get(number)
        if not ticket.is_open:
            if counted is not None:
                self._drop(number, counted, ticket)
            return
        if counted is None:
            counted = self._enter(ticket)
        group, steps = counted.group, ticket.steps
        if steps != counted.steps:
            slot = 0 if ticket.side > 0 else 1
            margin = _margin(ticket)
            group.margins[slot] = EXACT.add(EXACT.subtract(group.margins[slot], counted.margin), margin)
            group.steps += steps - counted.steps
            counted.margin, counted.steps = margin, steps
        stake = stake_of(ticket)
        group.stake += stake - counted.stake
        counted.stake = stake
        if not ticket.sl:
            self.unstopped[number] = ticket
        elif self.unstopped:
            self.unstopped.pop(number, None)

    def _enter(self, ticket: Ticket) -> _Counted:
        place = ticket.plugin_id, ticket.symbol
        group = self._groups.get(place)
        if group is None:
            group = self._groups[place] = Group(*place, ticket.family)
        key = key_of_ticket(ticket)
        counted = self._counted[ticket.id] = _Counted(group, key)
        group.tickets += 1
        group.sides[0 if ticket.side > 0 else 1] += 1
        group.entries[key] = group.entries.get(key, 0) + 1
        return counted

    def _drop(self, number: int, counted: _Counted, ticket: Ticket) -> None:
        del self._counted[number]
        group, key = counted.group, counted.key
        group.tickets -= 1
        if not group.tickets:
            del self._groups[group.plugin_id, group.symbol]
        else:
            slot = 0 if ticket.side > 0 else 1
            group.sides[slot] -= 1
            group.margins[slot] = EXACT.subtract(group.margins[slot], counted.margin)
            group.steps -= counted.steps
            group.stake -= counted.stake
            left = group.entries[key] - 1
            if left:
                group.entries[key] = left
            else:
                del group.entries[key]
        if self.unstopped:
            self.unstopped.pop(number, None)


def key_of_ticket(ticket: Ticket) -> EntryKey:
    """The entry that a ticket is of."""
    side = entry_side(ticket.chain_id, ticket.side)
    return entry_key(ticket.plugin_id, ticket.alert_id, f"order {ticket.order_id}", ticket.symbol, side)


def key_of_order(order: Order) -> EntryKey:
    """The entry that an order under way is of."""
    side = entry_side(order.chain_id, order.side)
    return entry_key(order.plugin_id, order.alert_id, f"order {order.id}", order.symbol, side)


def stake_of(ticket: Ticket) -> int:
    """Points times steps that a ticket would lose at its stop; 0 without one, or where the stop locks a profit in."""
    points = ticket.side * (ticket.entry_points - ticket.sl)
    return points * ticket.steps if ticket.sl and points > 0 else 0


def _margin(ticket: Ticket) -> Decimal:
    """A ticket's margin, pro rata after partial closes."""
    if ticket.steps == ticket.entry_steps or not ticket.entry_steps:
        return ticket.margin if ticket.entry_steps else MONEY.multiply(ticket.margin, Decimal(ticket.steps))
    return MONEY.divide(MONEY.multiply(ticket.margin, Decimal(ticket.steps)), Decimal(ticket.entry_steps))
