"""What is at stake now: what open tickets and orders under way would lose at their stops, and how many there are.

- A ticket loses from its entry to its stop, without costs; a stop that locks a profit in loses nothing, and offsets
  nothing.
- An order under way counts as the ticket it would become: a market order from the price of now, a pending one from its
  own price, one of an OCO pair too.
- Without a stop (or where an order's entry is unknown) the cautious rule counts (``unstopped_risk``): the widest
  distance that any stop table has for the symbol at the tier, or what the ticket has lost by now, if that is more; a
  symbol that no table has, and all of them with ``cap``, count as the whole daily cap.

Tickets are summed as they come, move and go (risk_sums.py), so that a look costs the same with one open as with a
thousand; only orders under way, and tickets without a stop, are looked through.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Final

from zepix.model import Catalogue, Instrument, Order, Ticket
from zepix.model.settings_risk import RiskSettings
from zepix.services.conversion import MONEY
from zepix.services.entry_legs import is_of_chain
from zepix.services.ports import BrokerPort
from zepix.services.risk_ledger import EntryKey
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_sums import EXACT, Group, OpenSums, key_of_order, key_of_ticket, stake_of
from zepix.services.risk_tables import StopTables
from zepix.services.risk_values import QuoteSource

__all__ = ["AtStake", "OpenRisk"]

ZERO: Final = Decimal(0)
_NO_ORDERS: Final[frozenset[EntryKey]] = frozenset()


class AtStake:
    """The sums of one look: money at stake in all and of the asking plugin, entries, and the asked symbol's part."""

    __slots__ = (
        "count",
        "entries",
        "foreign",
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
        self.entries = 0
        self.plugin_entries = 0
        self.symbol_entries = 0
        self.plugin_under_way: set[EntryKey] | frozenset[EntryKey] = _NO_ORDERS
        self.count = 0
        self.foreign: dict[tuple[str, int], str] = {}
        """Who else has something on the asked symbol: by family and side the first plugin of them by name."""
        self.symbol_steps = 0
        self.plugin_symbol_steps = 0
        self.margins = (ZERO, ZERO)

    def note_other(self, family: str, side: int, plugin_id: str) -> None:
        """Another plugin has something there; who is named does not depend on the order in which they are found."""
        known = self.foreign.get((family, side))
        if known is None or plugin_id < known:
            self.foreign[family, side] = plugin_id


class OpenRisk:
    """Knows the broker's tickets by their sums, and looks through its orders under way."""

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
        self._sums = OpenSums(broker)

    def forget(self) -> None:
        """Sum all tickets anew at the next look: the broker's were replaced by those of a saved state."""
        self._sums.forget()

    def look(self, tier: str, plugin_id: str = "", symbol: str = "", leaving: int = 0) -> AtStake:
        """Everything at stake at this instant; ``tier`` is for what has no stop.

        ``leaving`` (+1, -1, 0 for none): the side of the symbol that the plugin closes before anything else of it goes
        out. What is open there counts with what a close loses now, and neither as an entry nor by its lots.
        """
        found = AtStake()
        sums = self._sums
        gone = self._leaving(plugin_id, symbol, leaving) if leaving else {}
        for group in sums.groups():
            entries, steps, stake = len(group.entries), group.steps, group.stake
            is_own, is_asked = group.plugin_id == plugin_id, group.symbol == symbol
            if gone and is_own and is_asked:
                entries, steps, stake = self._without(group, gone.values())
            found.entries += entries
            if is_own:
                found.plugin_entries += entries
            if is_asked:
                found.symbol_entries += entries
                found.symbol_steps += steps
                longs, shorts = found.margins
                found.margins = EXACT.add(longs, group.margins[0]), EXACT.add(shorts, group.margins[1])
                if is_own:
                    found.plugin_symbol_steps += steps
                else:
                    for side, count in ((1, group.sides[0]), (-1, group.sides[1])):
                        if count:
                            found.note_other(group.family, side, group.plugin_id)
            if stake:
                self._add(found, is_own, group.symbol, stake)
        for number, ticket in sums.unstopped.items():
            if number not in gone:
                self._add_money(found, ticket.plugin_id == plugin_id, self._cautious(ticket, tier))
        found.count = len(self._broker.tickets) - len(gone)
        orders = self._broker.under_way()
        if orders:
            self._count_orders(found, orders, tier, plugin_id, symbol, leaving)
        return found

    def _leaving(self, plugin_id: str, symbol: str, side: int) -> dict[int, Ticket]:
        """The tickets that a close of a plugin's side takes away."""
        tickets = self._broker.tickets
        return {n: t for n, t in tickets.items() if t.side == side and t.plugin_id == plugin_id and t.symbol == symbol}

    def _without(self, group: Group, gone: Collection[Ticket]) -> tuple[int, int, int]:
        """(entries, steps, points times steps at stake) of a group once these have been closed at the prices of now."""
        left = dict(group.entries)
        steps, stake = group.steps, group.stake
        for ticket in gone:
            left[key_of_ticket(ticket)] -= 1
            steps -= ticket.steps
            stake += int(self._lost_points(ticket)) * ticket.steps - stake_of(ticket)
        return sum(1 for count in left.values() if count), steps, stake

    def _count_orders(
        self, found: AtStake, orders: Sequence[Order], tier: str, plugin_id: str, symbol: str, leaving: int
    ) -> None:
        """Orders under way beside the tickets; legs of an entry that is open already count no entry more.

        One of the side that leaves is cancelled, or closed with its fill, which is a trade of the day all the same.
        """
        seen: set[EntryKey] = set()
        found.plugin_under_way = own = set()
        for order in orders:
            owner, name = order.plugin_id, order.symbol
            is_own, is_asked = owner == plugin_id, name == symbol
            key = key_of_order(order)
            if is_own and not (order.chain_id and is_of_chain(order.role)):
                own.add(key)
            if is_own and is_asked and order.side == leaving:
                continue
            found.count += 1
            if key not in seen and not self._sums.has(key):
                found.entries += 1
                found.plugin_entries += is_own
                found.symbol_entries += is_asked
            seen.add(key)
            if is_asked:
                found.symbol_steps += order.volume_steps
                found.plugin_symbol_steps += order.volume_steps if is_own else 0
                if not is_own:
                    found.note_other(order.family, order.side, owner)
            lost = self._points_of(order)
            if lost is None:
                self._add_money(found, is_own, self._cautious(order, tier))
            elif lost > 0:
                self._add(found, is_own, name, lost * order.volume_steps)

    def _add(self, found: AtStake, is_own: bool, symbol: str, point_steps: int) -> None:
        instrument = self._catalogue[symbol]
        self._add_money(
            found, is_own, MONEY.multiply(instrument.volume_step * point_steps, self._money.per_point(instrument))
        )

    def _add_money(self, found: AtStake, is_own: bool, money: Decimal) -> None:
        found.risk += money
        if is_own:
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
