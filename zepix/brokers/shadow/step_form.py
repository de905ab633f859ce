"""The step form: levels are noticed as bars come, one open and one end at a time, as a live feed brings them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from zepix.brokers.shadow.account_bands import AccountBands
from zepix.brokers.shadow.agenda import Agenda
from zepix.brokers.shadow.forms import (
    Pending,
    Trailing,
    add_entry_gap,
    add_entry_range,
    add_gap,
    add_range,
    add_trail,
    add_watch,
    excursion_of,
    touches,
)
from zepix.brokers.shadow.growing_prices import GrowingPrices
from zepix.brokers.shadow.watches import Watch
from zepix.model import Ticket
from zepix.services.prices import SymbolPrices

__all__ = ["GrowingPrices", "StepForm"]


class StepForm:
    """Notices touched levels bar by bar; the feed calls ``opened`` and ``ended``.

    ``calendar(prices, t)`` says when a symbol opens next at or after t (None: never); without one, trading is assumed
    to be open, so ``market_closed`` is then only known when nothing came in time.
    """

    can_follow = False
    knows_no_rows = True

    def __init__(
        self,
        agenda: Agenda,
        calendar: Callable[[SymbolPrices, int], int | None] | None = None,
        *,
        is_late: bool = False,
    ) -> None:
        self._agenda = agenda
        self._calendar = calendar
        self._watched: dict[str, dict[int, tuple[Ticket, int]]] = {}
        self._orders: dict[str, list[tuple[Pending, int]]] = {}
        self._trails: dict[str, dict[int, tuple[Trailing, int]]] = {}
        self._waiting: dict[str, list[tuple[int, int, tuple[int, int], int, Any]]] = {}
        self._levels: dict[str, list[Watch]] = {}
        self._accounts: list[AccountBands] = []
        self._lived: dict[int, tuple[int, int]] = {}
        """By ticket: lowest and highest price of its closing side over ticks that it lived and that are forgotten."""
        self.is_late = self.looks_always = is_late

    def watch(self, ticket: Ticket, prices: SymbolPrices, row: int, with_open: bool) -> None:
        self._watched.setdefault(prices.symbol, {})[ticket.id] = (ticket, row)
        if with_open and row == prices.n - 1:
            self._notice_gap(ticket, prices, row)

    def watch_order(self, pending: Pending, with_open: bool) -> None:
        waiting = self._orders.setdefault(pending.prices.symbol, [])
        waiting.append((pending, pending.version))
        if with_open and pending.row == pending.prices.n - 1:
            self._notice_entry_gap(pending, pending.row)

    def watch_trail(self, trailing: Trailing, prices: SymbolPrices) -> None:
        self._trails.setdefault(prices.symbol, {})[trailing.ticket.id] = (trailing, trailing.version)
        if not prices.tf_ns and prices.n:  # a tick ends as it opens: of what was filled by it, it is the first end
            self._notice_trail(trailing, trailing.version, prices, prices.n - 1)

    def watch_level(self, watch: Watch, prices: SymbolPrices) -> None:
        self._levels.setdefault(prices.symbol, []).append(watch)
        row = prices.n - 1
        if row < 0:
            return
        opened = int(prices.time[row])
        if opened >= watch.set_ns and watch.hears_open(opened):
            self._notice_levels(prices, opened, True, int(prices.bid_open[row]), int(prices.ask_open[row]))
        if not prices.tf_ns and watch.hears_tick(opened):
            self._notice_levels(prices, opened, False, int(prices.bid_high[row]), int(prices.ask_low[row]))

    def arm(self, watch: AccountBands) -> None:
        """Look at the account where its bands are left, and, of this instant, wherever something opens or ends.

        Where bars come late, prices of before may lie outside of bands of now: every open and every end is looked at.
        """
        self.attend(watch)
        if not self.looks_always:
            watch.wake_here()

    def attend(self, watch: AccountBands) -> None:
        """Show an account every open and every end from now on."""
        if watch not in self._accounts:
            self._accounts.append(watch)

    @property
    def knows_opens(self) -> bool:
        return self._calendar is not None

    def next_open_ns(self, prices: SymbolPrices, t_ns: int) -> int | None:
        return t_ns if self._calendar is None else self._calendar(prices, t_ns)

    def wait(
        self,
        prices: SymbolPrices,
        part: int,
        after_ns: int,
        key: tuple[int, int],
        action: int,
        subject: Any,
    ) -> None:
        self._waiting.setdefault(prices.symbol, []).append((after_ns, part, key, action, subject))

    def opened(self, prices: SymbolPrices) -> None:
        """A bar opened: what waited for it is due, tickets and orders of earlier bars may be gapped by it."""
        row, symbol = prices.n - 1, prices.symbol
        opened, bid, ask = prices.time.item(row), prices.bid_open.item(row), prices.ask_open.item(row)
        if symbol in self._waiting:
            self._end_waits(symbol, opened)
        if symbol in self._watched:
            for ticket, from_row in self._open(symbol):
                if row >= from_row:
                    self._notice_gap(ticket, prices, row)
        if symbol in self._orders:
            for pending in self._working(symbol):
                if row >= pending.row:
                    self._notice_entry_gap(pending, row)
        if symbol in self._levels:
            self._notice_levels(prices, opened, True, bid, ask)
        for account in self._accounts:  # a first price may change by which pair money is converted
            if not row or not account.is_calm(symbol, bid, ask):
                account.wake(prices, opened, True)
        if not prices.tf_ns:
            self._tick_ended(prices, row, opened, bid, ask)

    def _tick_ended(self, prices: SymbolPrices, row: int, opened: int, bid: int, ask: int) -> None:
        """What its open has not touched, the rest of a tick does not touch; but trails move at its end."""
        symbol = prices.symbol
        if symbol in self._trails:
            for trailing, version in list(self._trails[symbol].values()):
                self._notice_trail(trailing, version, prices, row)
        if symbol in self._levels:
            self._notice_levels(prices, opened, False, bid, ask)
        for account in self._accounts:
            if not account.is_calm(symbol, bid, ask):
                account.wake(prices, opened, False)

    def ended(self, prices: SymbolPrices) -> None:
        """A bar ended: its range may have touched levels."""
        row = prices.n - 1
        opened = int(prices.time[row])
        for ticket, _ in self._open(prices.symbol):
            if ticket.side > 0:
                low, high = int(prices.bid_low[row]), int(prices.bid_high[row])
            else:
                low, high = int(prices.ask_low[row]), int(prices.ask_high[row])
            if any(touches(ticket, low, high)):
                add_range(self._agenda, ticket, prices, opened, row)
        for pending in self._working(prices.symbol):
            if pending.row <= row and pending.is_beyond(self._reach(pending, row)):
                add_entry_range(self._agenda, pending, opened, row)
        for trailing, version in list(self._trails.get(prices.symbol, {}).values()):
            self._notice_trail(trailing, version, prices, row)
        self._notice_levels(prices, opened, False, int(prices.bid_high[row]), int(prices.ask_low[row]))
        for account in self._accounts:
            if not account.is_calm(prices.symbol, int(prices.bid_low[row]), int(prices.ask_high[row])):
                account.wake(prices, opened, False)

    def _end_waits(self, symbol: str, opened: int) -> None:
        """What waited for this open is due."""
        for after_ns, part, key, action, subject in self._waiting.pop(symbol):
            if opened >= after_ns:
                self._agenda.add(opened, 2, part, *key, action, subject)
            else:  # a bar that is only known after its end opened before this was asked for
                self._waiting.setdefault(symbol, []).append((after_ns, part, key, action, subject))

    def excursion(self, ticket: Ticket, prices: SymbolPrices, last_row: int, points: int) -> tuple[int, int]:
        low = high = points
        if last_row >= ticket.lived_from:
            lived_low, lived_high = self._range(ticket, prices, last_row + 1)
            low, high = min(low, lived_low), max(high, lived_high)
        return excursion_of(ticket, low, high)

    def best(self, ticket: Ticket, prices: SymbolPrices, last_row: int) -> int:
        low, high = self._range(ticket, prices, last_row + 1)
        return high if ticket.side > 0 else low

    def _range(self, ticket: Ticket, prices: SymbolPrices, end: int) -> tuple[int, int]:
        """(lowest, highest) price of the closing side over the rows that it lived before ``end``."""
        first = max(ticket.lived_from, prices.first)
        lows, highs = (prices.bid_low, prices.bid_high) if ticket.side > 0 else (prices.ask_low, prices.ask_high)
        found = [] if first >= end else [(int(lows[first:end].min()), int(highs[first:end].max()))]
        if ticket.lived_from < prices.first:
            found.append(self._lived[ticket.id])
        return min(low for low, _ in found), max(high for _, high in found)

    def forget(self, prices: SymbolPrices, row: int, tickets: Iterable[Ticket]) -> None:
        """Ticks before ``row`` are about to be forgotten: ``tickets``, all that are open, keep the range of theirs."""
        open_now = {one.id: one for one in tickets}
        lived = [one for one in open_now.values() if one.symbol == prices.symbol and one.lived_from < row]
        fresh = {one.id: self._range(one, prices, row) for one in lived}
        self._lived = {number: range_ for number, range_ in self._lived.items() if number in open_now} | fresh

    # --- what a bar may have reached --------------------------------------------------------------------------------

    def _notice_gap(self, ticket: Ticket, prices: SymbolPrices, row: int) -> None:
        price = int(prices.bid_open[row] if ticket.side > 0 else prices.ask_open[row])
        if any(touches(ticket, price, price)):
            add_gap(self._agenda, ticket, int(prices.time[row]), row)

    def _notice_entry_gap(self, pending: Pending, row: int) -> None:
        prices = pending.prices
        price = int(prices.ask_open[row] if pending.order.side > 0 else prices.bid_open[row])
        if pending.is_beyond(price):
            add_entry_gap(self._agenda, pending, int(prices.time[row]), row)

    def _reach(self, pending: Pending, row: int) -> int:
        prices = pending.prices
        if pending.order.side > 0:
            return int(prices.ask_high[row] if pending.is_upward else prices.ask_low[row])
        return int(prices.bid_high[row] if pending.is_upward else prices.bid_low[row])

    def _notice_trail(self, trailing: Trailing, version: int, prices: SymbolPrices, row: int) -> None:
        ticket = trailing.ticket
        if not ticket.is_open or trailing.version != version or trailing.threshold is None:
            self._trails[prices.symbol].pop(ticket.id, None)
            return
        if row >= max(ticket.lived_from, trailing.from_row):
            best = self.best(ticket, prices, row)
            if ticket.side * (best - trailing.threshold) >= 0:
                add_trail(self._agenda, trailing, prices, int(prices.time[row]), row)

    def _notice_levels(self, prices: SymbolPrices, opened_ns: int, at_open: bool, bid: int, ask: int) -> None:
        """Watches that these prices reach: at an open, or within the bar that ends."""
        waiting = self._levels.get(prices.symbol)
        if not waiting:
            return
        kept: list[Watch] = []
        for watch in waiting:
            if not watch.is_on:  # dropped: nothing comes of it, as in a run that was loaded
                continue
            counts = watch.hears_open(opened_ns) if at_open else opened_ns >= watch.set_ns
            if counts and watch.is_reached(bid, ask):
                add_watch(self._agenda, watch, prices, opened_ns, at_open)
            else:
                kept.append(watch)
        self._levels[prices.symbol] = kept

    def _open(self, symbol: str) -> list[tuple[Ticket, int]]:
        watched = self._watched.get(symbol, {})
        for number in [n for n, (t, _) in watched.items() if not t.is_open]:
            del watched[number]
        return list(watched.values())

    def _working(self, symbol: str) -> list[Pending]:
        """Orders still at work as they were last watched."""
        kept = [
            (pending, version)
            for pending, version in self._orders.get(symbol, ())
            if pending.order.is_under_way and pending.version == version
        ]
        self._orders[symbol] = kept
        return [pending for pending, _ in kept]
