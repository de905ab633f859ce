"""One side of a comparison: its tickets, alerts, prices and settings, whatever it was read from.

Money is integers in minor units of the account's currency, a price is an exact fraction, a size is base units (lots
times the contract), so that a difference can be split without a rounding of its own. What is not known is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from zepix.model import Catalogue
from zepix.research.comparing.quotes import Quote, Quotes

__all__ = ["LEVEL_REASONS", "Book", "Charge", "Leg", "Ticket", "Told", "half_even", "of_plugin"]

LEVEL_REASONS: Final = frozenset({"sl", "tp", "trailing", "break_even", "profit_booking"})
"""Exits at a price that was asked for, not at the market."""


@dataclass(slots=True, kw_only=True)
class Leg:
    """One closing fill of a ticket.

    ``units`` it closed; ``level``: the stop or target in force, where it is known; ``slip``: by how much the settings
    move such a fill against us, as a price; ``value``: minor units that one unit of price times one unit of size is
    worth, where the rate is known. ``closer``: the alert that closed it. ``other``: recorded money that is neither
    gross nor commission nor swap. ``quote``: bid and ask at that very fill, where they are known better than by time.
    """

    exit_ns: int
    exit_price: Fraction
    units: Fraction
    gross: int
    commission: int = 0
    swap: int = 0
    other: int = 0
    reason: str = ""
    closer: str = ""
    closer_ns: int | None = None
    latency_ns: int | None = None
    level: Fraction | None = None
    slip: Fraction | None = None
    value: Fraction | None = None
    quote: Quote | None = None

    @property
    def profit(self) -> int:
        return self.gross + self.commission + self.swap + self.other


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One position; ``legs`` are its closing fills in their order, none while it is open.

    ``asked``: the price of a pending order; ``slip``: by how much the settings move its entry against us; ``risk``: how
    far the stop lay that it began with, as a price, where it had one.
    """

    id: str
    symbol: str
    side: int
    units: Fraction
    entry_ns: int
    entry_price: Fraction
    legs: list[Leg] = field(default_factory=list)
    alert: str = ""
    plugin: str = ""
    role: str = ""
    chain: str = ""
    signal_ns: int | None = None
    latency_ns: int | None = None
    asked: Fraction | None = None
    slip: Fraction | None = None
    risk: Fraction | None = None
    quote: Quote | None = None

    @property
    def profit(self) -> int:
        """Money of all its closing fills, in minor units."""
        return sum(leg.profit for leg in self.legs)

    @property
    def closed(self) -> Fraction:
        """The share of its size at the entry that has been closed."""
        return sum((leg.units for leg in self.legs), Fraction(0)) / self.units

    @property
    def is_open(self) -> bool:
        return not self.legs

    def r(self, risk: Fraction | None = None) -> float | None:
        """What its price moved in its favour, by the distance of a stop: ``risk``, or the one that it began with.

        None where there is no stop, and until all of it is closed.
        """
        risk = risk or self.risk
        if not risk or self.closed < 1:
            return None
        moved = sum((leg.exit_price - self.entry_price) * leg.units for leg in self.legs)
        return float(self.side * moved / (risk * self.units))


@dataclass(frozen=True, slots=True)
class Told:
    """An alert as one side received it, and what became of it there."""

    id: str
    received_ns: int | None
    symbol: str = ""
    type: str = ""
    side: str = ""
    raw: str = ""
    explicit_id: str = ""
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """Money of the account that belongs to no ticket: interest, a fee a month, a dividend."""

    what: str
    t_ns: int
    minor: int


@dataclass(slots=True, kw_only=True)
class Book:
    """One side. ``kind``: ``replay, live, statement, trades, alerts``; ``knows_alerts``: whether tickets name theirs.

    ``checksums``: of its prices by symbol and of its alert logs by name; ``settings``: what it was run by;
    ``grace_ns``: an arrival so soon after a bar's open is filled at that open; ``refusals``: why an alert's order of a
    role was refused or cancelled, by (alert, plugin, role); ``outcomes``: what became of an alert at a plugin.
    """

    name: str
    kind: str
    currency: str
    digits: int
    tickets: list[Ticket]
    catalogue: Catalogue
    alerts: Mapping[str, Told] = field(default_factory=dict)
    knows_alerts: bool = False
    quotes: Quotes | None = None
    outcomes: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    refusals: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    grace_ns: int = 0
    charges: Sequence[Charge] = ()
    notes: list[str] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def profit(self) -> int:
        """Money of everything that is closed, and of the charges, in minor units."""
        return sum(one.profit for one in self.tickets) + sum(one.minor for one in self.charges)

    def money(self, minor: int) -> Decimal:
        """Minor units as an amount."""
        return Decimal(minor).scaleb(-self.digits)

    def period(self) -> tuple[int, int] | None:
        """The first entry and the last exit, None without a ticket."""
        times = [t for one in self.tickets for t in (one.entry_ns, *(leg.exit_ns for leg in one.legs))]
        return (min(times), max(times)) if times else None


def of_plugin(book: Book, plugin: str) -> Book:
    """One plugin's part of a side, named after it: its tickets; charges are the account's."""
    mine = [one for one in book.tickets if one.plugin == plugin]
    return replace(book, name=f"{book.name} {plugin}", tickets=mine, charges=())


def half_even(value: Fraction) -> int:
    """The nearest integer, ties to even."""
    return round(value)
