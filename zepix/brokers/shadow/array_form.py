"""The array form: the row that ends a ticket, fills an order or moves a stop is found as soon as it is asked for.

The kernel ``crossing`` finds it, so costs do not grow with bars.
"""

from __future__ import annotations

from typing import Any

from zepix.brokers.shadow.account_bands import AccountBands
from zepix.brokers.shadow.agenda import OF_TICKETS, Agenda
from zepix.brokers.shadow.forms import (
    RANGE,
    Pending,
    Trailing,
    add_entry_gap,
    add_entry_range,
    add_gap,
    add_range,
    add_trail,
    add_watch,
    excursion_of,
)
from zepix.brokers.shadow.watches import Watch
from zepix.kernels.crossing import NO_HIGH, NO_LOW, crossing, range_max, range_min
from zepix.model import Ticket
from zepix.services.prices import SymbolPrices

__all__ = ["ArrayForm"]


def first_row(prices: SymbolPrices, side: int, row: int, low_level: int, high_level: int) -> int:
    """The first row from ``row`` on whose bid (side +1) or ask (-1) touches a level; ``prices.n`` if none."""
    series = prices.series
    if side > 0:
        hit = crossing(prices.bid_low, prices.bid_high, series.bid_mins, series.bid_maxs, row, low_level, high_level)
    else:
        hit = crossing(prices.ask_low, prices.ask_high, series.ask_mins, series.ask_maxs, row, low_level, high_level)
    return int(hit)


class ArrayForm:
    """Looks ahead in whole arrays."""

    can_follow = True
    knows_no_rows = False
    looks_always = False
    is_late = False
    knows_opens = True

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda

    def watch(self, ticket: Ticket, prices: SymbolPrices, row: int, with_open: bool) -> None:
        series = prices.series
        if ticket.side > 0:
            low_level, high_level, opens = ticket.sl or NO_LOW, ticket.tp or NO_HIGH, prices.bid_open
            hit = crossing(
                prices.bid_low, prices.bid_high, series.bid_mins, series.bid_maxs, row, low_level, high_level
            )
        else:
            low_level, high_level, opens = ticket.tp or NO_LOW, ticket.sl or NO_HIGH, prices.ask_open
            hit = crossing(
                prices.ask_low, prices.ask_high, series.ask_mins, series.ask_maxs, row, low_level, high_level
            )
        if hit >= prices.n:
            return
        hit = int(hit)
        opened = prices.time.item(hit)
        if (hit > row or with_open) and not low_level < opens.item(hit) < high_level:
            add_gap(self._agenda, ticket, opened, hit)
        else:
            subject = (ticket, ticket.version, hit)
            if prices.tf_ns:
                self._agenda.add(opened + prices.tf_ns, 1, ticket.index, OF_TICKETS, ticket.id, RANGE, subject)
            else:
                add_range(self._agenda, ticket, prices, opened, hit)

    def watch_order(self, pending: Pending, with_open: bool) -> None:
        prices, row, side = pending.prices, pending.row, pending.order.side
        low_level, high_level = (NO_LOW, pending.level) if pending.is_upward else (pending.level, NO_HIGH)
        hit = first_row(prices, -side, row, low_level, high_level)
        if hit >= prices.n:
            return
        opened = int(prices.time[hit])
        opens = prices.ask_open if side > 0 else prices.bid_open
        if (hit > row or with_open) and pending.is_beyond(int(opens[hit])):
            add_entry_gap(self._agenda, pending, opened, hit)
        else:
            add_entry_range(self._agenda, pending, opened, hit)

    def watch_trail(self, trailing: Trailing, prices: SymbolPrices) -> None:
        ticket, threshold = trailing.ticket, trailing.threshold
        assert threshold is not None, "only a trail with a next move is watched"
        low_level, high_level = (NO_LOW, threshold) if ticket.side > 0 else (threshold, NO_HIGH)
        hit = max(first_row(prices, ticket.side, ticket.lived_from, low_level, high_level), trailing.from_row)
        if hit < prices.n:
            add_trail(self._agenda, trailing, prices, int(prices.time[hit]), hit)

    def watch_level(self, watch: Watch, prices: SymbolPrices) -> None:
        row = prices.next_open(watch.set_ns)
        if row >= 0 and not prices.tf_ns and not watch.hears_tick(int(prices.time[row])):
            row += 1
        if row < 0:
            return
        if watch.direction > 0:
            hit = first_row(prices, 1, row, NO_LOW, watch.points)
        else:
            hit = first_row(prices, -1, row, watch.points, NO_HIGH)
        if hit >= prices.n:
            return
        opened = int(prices.time[hit])
        at_open = watch.hears_open(opened) and watch.is_reached(int(prices.bid_open[hit]), int(prices.ask_open[hit]))
        add_watch(self._agenda, watch, prices, opened, at_open)

    def arm(self, watch: AccountBands) -> None:
        """Put the first instant on the agenda at which a price leaves its band."""
        for prices, low, high, row, with_open in watch.bands():
            hit = min(first_row(prices, 1, row, low, NO_HIGH), first_row(prices, -1, row, NO_LOW, high))
            if hit < prices.n:
                opened = int(prices.time[hit])
                beyond = int(prices.bid_open[hit]) <= low or int(prices.ask_open[hit]) >= high
                watch.wake(prices, opened, (hit > row or with_open) and beyond)

    def next_open_ns(self, prices: SymbolPrices, t_ns: int) -> int | None:
        row = prices.next_open(t_ns)
        return None if row < 0 else int(prices.time[row])

    def wait(
        self, prices: SymbolPrices, part: int, after_ns: int, key: tuple[int, int], action: int, subject: Any
    ) -> None:
        row = prices.next_open(after_ns)
        if row >= 0:
            self._agenda.add(int(prices.time[row]), 2, part, *key, action, subject)

    def excursion(self, ticket: Ticket, prices: SymbolPrices, last_row: int, points: int) -> tuple[int, int]:
        low = high = points
        first = ticket.lived_from
        if last_row >= first:
            series = prices.series
            if ticket.side > 0:
                low = min(low, int(range_min(prices.bid_low, series.bid_mins, first, last_row)))
                high = max(high, int(range_max(prices.bid_high, series.bid_maxs, first, last_row)))
            else:
                low = min(low, int(range_min(prices.ask_low, series.ask_mins, first, last_row)))
                high = max(high, int(range_max(prices.ask_high, series.ask_maxs, first, last_row)))
        return excursion_of(ticket, low, high)

    def best(self, ticket: Ticket, prices: SymbolPrices, last_row: int) -> int:
        series, first = prices.series, ticket.lived_from
        if ticket.side > 0:
            return int(range_max(prices.bid_high, series.bid_maxs, first, last_row))
        return int(range_min(prices.ask_low, series.ask_mins, first, last_row))
