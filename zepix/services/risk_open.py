"""What is at stake now: what open tickets and orders under way would lose at their stops, and how many there are.

- A ticket loses from its entry to its stop, without costs; a stop that locks a profit in loses nothing, and offsets
  nothing.
- An order under way counts as the ticket it would become: a market order from the price of now, a pending one from its
  own price, one of an OCO pair too.
- Without a stop (or where an order's entry is unknown) the cautious rule counts (``unstopped_risk``): the widest
  distance that any stop table has for the symbol at the tier, or what the ticket has lost by now, if that is more; a
  symbol that no table has, and all of them with ``cap``, count as the whole daily cap.

Sums are integers (points times steps) until the end, so a thousand tickets cost a thousand products of integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from zepix.model import Catalogue, Instrument, Order, Ticket
from zepix.model.settings_risk import RiskSettings
from zepix.services.conversion import MONEY
from zepix.services.ports import BrokerPort
from zepix.services.risk_ledger import EntryKey, entry_key
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_tables import StopTables
from zepix.services.risk_values import QuoteSource

__all__ = ["AtStake", "OpenRisk"]

ZERO: Final = Decimal(0)


class AtStake:
    """The sums of one look: money at stake in all and of the asking plugin, entries, and the asked symbol's part."""

    __slots__ = (
        "count",
        "entries",
        "margins",
        "plugin_entries",
        "plugin_risk",
        "plugin_symbol_steps",
        "plugin_under_way",
        "risk",
        "symbol_entries",
        "symbol_steps",
    )

    def __init__(self) -> None:
        self.risk = ZERO
        self.plugin_risk = ZERO
        self.entries: set[EntryKey] = set()
        self.plugin_entries: set[EntryKey] = set()
        self.plugin_under_way: set[EntryKey] = set()
        self.symbol_entries: set[EntryKey] = set()
        self.count = 0
        self.symbol_steps = 0
        self.plugin_symbol_steps = 0
        self.margins = [ZERO, ZERO]


class OpenRisk:
    """Looks through the broker's tickets and orders under way."""

    def __init__(
        self,
        settings: RiskSettings,
        tables: StopTables,
        money: RiskMoney,
        catalogue: Catalogue,
        broker: BrokerPort,
        quotes: QuoteSource,
    ) -> None:
        self._settings = settings
        self._tables = tables
        self._money = money
        self._catalogue = catalogue
        self._broker = broker
        self._quotes = quotes

    def look(self, tier: str, plugin_id: str = "", symbol: str = "") -> AtStake:
        """Everything at stake at this instant; ``tier`` is for what has no stop."""
        found = AtStake()
        stakes: dict[tuple[str, str], int] = {}
        unstopped: list[tuple[str, Decimal]] = []
        entries = found.entries
        for ticket in self._broker.tickets.values():
            owner, name, side, steps = ticket.plugin_id, ticket.symbol, ticket.side, ticket.steps
            key = (owner, ticket.alert_id or f"order {ticket.order_id}", name, side)
            entries.add(key)
            if name == symbol or owner == plugin_id:
                _count(found, key, steps, plugin_id, symbol)
                if name == symbol:
                    found.margins[0 if side > 0 else 1] += ticket.margin * steps / (ticket.entry_steps or 1)
            if not ticket.sl:
                unstopped.append((owner, self._cautious(ticket, tier)))
                continue
            points = side * (ticket.entry_points - ticket.sl)
            if points > 0:
                stakes[owner, name] = stakes.get((owner, name), 0) + points * steps
        orders = self._broker.under_way()
        for order in orders:
            owner, name = order.plugin_id, order.symbol
            key = entry_key(owner, order.alert_id, f"order {order.id}", name, order.side)
            entries.add(key)
            _count(found, key, order.volume_steps, plugin_id, symbol)
            if owner == plugin_id:
                found.plugin_under_way.add(key)
            lost = self._points_of(order)
            if lost is None:
                unstopped.append((owner, self._cautious(order, tier)))
            elif lost > 0:
                stakes[owner, name] = stakes.get((owner, name), 0) + lost * order.volume_steps
        found.count = len(self._broker.tickets) + len(orders)
        self._add(found, plugin_id, stakes, unstopped)
        return found

    def _add(
        self,
        found: AtStake,
        plugin_id: str,
        stakes: Mapping[tuple[str, str], int],
        unstopped: Iterable[tuple[str, Decimal]],
    ) -> None:
        for (owner, symbol), point_steps in stakes.items():
            instrument = self._catalogue[symbol]
            money = MONEY.multiply(instrument.volume_step * point_steps, self._money.per_point(instrument))
            found.risk += money
            if owner == plugin_id:
                found.plugin_risk += money
        for owner, money in unstopped:
            found.risk += money
            if owner == plugin_id:
                found.plugin_risk += money

    def _points_of(self, order: Order) -> int | None:
        """What an order under way would lose in points; None where that is unknown."""
        if order.sl_offset is not None:
            return -order.side * order.sl_offset
        entry = order.limit or order.price or self._pays(order)
        return order.side * (entry - order.sl) if order.sl and entry else None

    def _pays(self, order: Order) -> int:
        quote = self._quotes.quote_points(order.symbol)
        return 0 if quote is None else quote[1 if order.side > 0 else 0]

    def _cautious(self, subject: Ticket | Order, tier: str) -> Decimal:
        """What counts for a ticket or order without a stop."""
        cap = self._settings.daily_caps[tier]
        instrument = self._catalogue[subject.symbol]
        pips = None if self._settings.unstopped_risk == "cap" else self._tables.widest_pips(subject.symbol, tier)
        lost = self._lost_points(subject)
        if pips is None:
            return max(cap, self._worth(instrument, subject, lost))
        return self._worth(instrument, subject, max(pips * instrument.pip / instrument.point, lost))

    def _lost_points(self, subject: Ticket | Order) -> Decimal:
        quote = self._quotes.quote_points(subject.symbol)
        if quote is None or isinstance(subject, Order):
            return ZERO
        return Decimal(max(0, subject.side * (subject.entry_points - quote[0 if subject.side > 0 else 1])))

    def _worth(self, instrument: Instrument, subject: Ticket | Order, points: Decimal) -> Decimal:
        steps = subject.volume_steps if isinstance(subject, Order) else subject.steps
        return MONEY.multiply(points * instrument.volume_step * steps, self._money.per_point(instrument))


def _count(found: AtStake, key: EntryKey, steps: int, plugin_id: str, symbol: str) -> None:
    """Count what belongs to the asking plugin, and what to the asked symbol."""
    is_own = key[0] == plugin_id
    if is_own:
        found.plugin_entries.add(key)
    if key[2] == symbol:
        found.symbol_entries.add(key)
        found.symbol_steps += steps
        if is_own:
            found.plugin_symbol_steps += steps
