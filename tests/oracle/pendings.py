"""Pending orders of the oracle: touched in a bar's range or gapped by an open, triggered, decided within a group."""

from __future__ import annotations

from collections.abc import Mapping

from .bars import Bar
from .broker import Broker
from .commands import Opening
from .tickets import Ticket

__all__ = ["Pendings"]


class Pendings:
    """Looks at every working order of the broker; earlier arrival first."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    def working(self, symbol: str, bar: Bar) -> list[Opening]:
        """Orders that may fill in this bar."""
        orders = [o for o in self.broker.openings if o.state == "working" and o.symbol == symbol]
        orders = [order for order in orders if order.works_from <= bar.row]
        return sorted(orders, key=lambda order: (order.arrival_ns, order.number))

    def trigger(self, order: Opening, bar: Bar) -> None:
        """A stop-limit's trigger has come: from the next bar on it is a limit."""
        order.is_triggered = True
        order.works_from = bar.row + 1
        self.broker.notes["stop_limit triggered"] += 1

    # -- at an open ----------------------------------------------------------------------------------------------

    def gaps(self, opening: Mapping[str, Bar]) -> None:
        for symbol, bar in opening.items():
            for order in self.working(symbol, bar):
                if order.state == "working" and is_beyond(order, bar.entry_open(order.side)):
                    self.gap(order, bar)

    def gap(self, order: Opening, bar: Bar) -> None:
        """The open is at or beyond its price: it fills there."""
        if order.awaits_trigger:
            self.trigger(order, bar)
            return
        slippage = 0 if order.is_limit else order.side * self.broker.slippage
        price = bar.entry_open(order.side) + slippage
        self.broker.fill(order, bar, price, bar.closing_open(order.side))

    # -- in a range ----------------------------------------------------------------------------------------------

    def ranges(self, symbol: str, bar: Bar) -> None:
        """What the range of the bar that ends now fills or triggers, each fill with its own exit."""
        for order in self.working(symbol, bar):
            if order.state != "working" or not is_touched(order, bar):
                continue
            if order.awaits_trigger:
                self.trigger(order, bar)
                continue
            rivals = self.rivals(order, bar)
            self.broker.notes["group decided in one bar"] += len(rivals) > 1
            for rival in rivals:
                ticket = self.fill_inside(rival, bar, ambiguous=len(rivals) > 1)
                if ticket is not None:
                    self.exit_inside(ticket, bar)
                    break

    def rivals(self, order: Opening, bar: Bar) -> list[Opening]:
        """The orders of its group that this range touches: nearest to the open first, then the stop, then the older."""
        if order.oco is None:
            return [order]
        group = [other for other in self.working(order.symbol, bar) if other.oco == order.oco]
        touched = [other for other in group if is_touched(other, bar) and not other.awaits_trigger]

        def turn(other: Opening) -> tuple[int, bool, int, int]:
            distance = abs(other.working_price - bar.entry_open(other.side))
            return distance, other.is_limit, other.arrival_ns, other.number

        return sorted(touched, key=turn)

    def fill_inside(self, order: Opening, bar: Bar, ambiguous: bool) -> Ticket | None:
        """Fill it at its price; its levels are judged against that price shifted by the spread of the bar's open."""
        level = order.working_price
        price = level if order.is_limit else level + order.side * self.broker.slippage
        closing = level - order.side * (bar.ask_open - bar.bid_open)
        return self.broker.fill(order, bar, price, closing, inside=True, ambiguous=ambiguous)

    def exit_inside(self, ticket: Ticket, bar: Bar) -> None:
        """The exit of a ticket in the very bar inside which it was filled: what came first is not known."""
        side = ticket.side
        low, high, close = bar.closing_low(side), bar.closing_high(side), bar.closing_close(side)
        worst, best = (low, high) if side > 0 else (high, low)
        touches_stop, touches_target = ticket.stop_beyond(worst), ticket.target_beyond(best)
        ticket.is_ambiguous = ticket.is_ambiguous or touches_stop or touches_target
        if self.broker.is_pessimistic:
            is_stop, is_target = touches_stop, ticket.target_beyond(close)
        else:
            is_stop, is_target = not touches_target and ticket.stop_beyond(close), touches_target
        if is_stop or is_target:
            self.broker.close_inside(ticket, bar, is_stop, ambiguous=True)


def is_beyond(order: Opening, entry_price: int) -> bool:
    """Whether the price is at or beyond the order's, on the entry side: a limit's better side, a stop's worse one."""
    above = order.side * (entry_price - order.working_price)
    return above <= 0 if order.is_limit else above >= 0


def is_touched(order: Opening, bar: Bar) -> bool:
    price = bar.entry_cheapest(order.side) if order.is_limit else bar.entry_dearest(order.side)
    return is_beyond(order, price)
