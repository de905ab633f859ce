"""The two forms of the shadow broker: what is found ahead in arrays, and what is noticed as bars come.

Rules of levels (docs/fills.md, "Stops and targets"), for a long, on the bid; a short is mirrored on the ask:

- the stop is touched when ``low <= stop``, the target when ``high >= target``;
- an open decides before the range: at or beyond a level it fills there, at the open (both: the stop);
- the bar of an entry at its open counts with its range, and its own open cannot gap the ticket.

Both forms put the same entries on the agenda: GAP at an open (phase 2), RANGE at a bar's end (phase 1), and what waits
for an open at that open. Where the array form knows the next open, the step form asks a trading calendar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np

from zepix.brokers.shadow.agenda import GAPS, WATCHES, Agenda
from zepix.brokers.shadow.watches import PRICE, Watch
from zepix.errors import DataError
from zepix.kernels.crossing import NO_HIGH, NO_LOW, crossing, range_max, range_min
from zepix.model import Instrument, Series, Ticket
from zepix.services.prices import SymbolPrices

__all__ = ["GAP", "RANGE", "ArrayForm", "Form", "GrowingPrices", "Scheduled", "StepForm", "touches"]

GAP: Final = 1
RANGE: Final = 2

Scheduled = tuple[Ticket, int, int]
"""(ticket, its version when scheduled, row)"""


class Form(Protocol):
    """How tickets are watched and opens awaited; everything else of the broker is the same in both forms."""

    def watch(self, ticket: Ticket, prices: SymbolPrices, row: int) -> None:
        """Watch a ticket from ``row`` on: that row's range counts, its open does not."""
        ...

    def watch_level(self, watch: Watch, prices: SymbolPrices) -> None:
        """Put a price watch on the agenda when its level is reached."""
        ...

    def next_open_ns(self, prices: SymbolPrices, t_ns: int) -> int | None:
        """When the symbol opens next after t, None for never; what a trading calendar would say."""
        ...

    def wait(self, prices: SymbolPrices, part: int, arrival_ns: int, turn: int, action: int, subject: Any) -> None:
        """Put something on the agenda at the first open after ``arrival_ns``."""
        ...

    def excursion(self, ticket: Ticket, prices: SymbolPrices, last_row: int, points: int) -> tuple[int, int]:
        """(mae, mfe) in points over rows entry_row..last_row and the exit price; both at least 0."""
        ...


def touches(ticket: Ticket, low: int, high: int) -> tuple[bool, bool]:
    """(stop touched, target touched) by closing-side prices between ``low`` and ``high``; an open is low == high."""
    if ticket.side > 0:
        return bool(ticket.sl and low <= ticket.sl), bool(ticket.tp and high >= ticket.tp)
    return bool(ticket.sl and high >= ticket.sl), bool(ticket.tp and low <= ticket.tp)


def _excursion(ticket: Ticket, low: int, high: int) -> tuple[int, int]:
    entry = ticket.entry_points
    if ticket.side > 0:
        return max(0, entry - low), max(0, high - entry)
    return max(0, high - entry), max(0, entry - low)


def _add_watch(agenda: Agenda, watch: Watch, opened_ns: int, end_ns: int | None) -> None:
    if end_ns is None:
        agenda.add(opened_ns, 2, GAPS, WATCHES, watch.id, PRICE, watch)
    else:
        agenda.add(end_ns, 1, WATCHES, 0, watch.id, PRICE, watch)


class ArrayForm:
    """Finds the row that ends a ticket as soon as it opens, by the kernel ``crossing``; costs do not grow with bars."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda

    def watch(self, ticket: Ticket, prices: SymbolPrices, row: int) -> None:
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
        opened = int(prices.time[hit])
        subject = (ticket, ticket.version, hit)
        if hit > row and not low_level < opens[hit] < high_level:
            self._agenda.add(opened, 2, GAPS, ticket.index, ticket.id, GAP, subject)
        else:
            self._agenda.add(opened + prices.tf_ns, 1, ticket.index, 0, ticket.id, RANGE, subject)

    def watch_level(self, watch: Watch, prices: SymbolPrices) -> None:
        row = prices.next_open(watch.set_ns)
        if row < 0:
            return
        series, points = prices.series, watch.points
        if watch.direction > 0:
            hit = crossing(prices.bid_low, prices.bid_high, series.bid_mins, series.bid_maxs, row, NO_LOW, points)
        else:
            hit = crossing(prices.ask_low, prices.ask_high, series.ask_mins, series.ask_maxs, row, points, NO_HIGH)
        if hit >= prices.n:
            return
        opened = int(prices.time[hit])
        at_open = watch.hears_open(opened) and watch.is_reached(int(prices.bid_open[hit]), int(prices.ask_open[hit]))
        _add_watch(self._agenda, watch, opened, None if at_open else opened + prices.tf_ns)

    def next_open_ns(self, prices: SymbolPrices, t_ns: int) -> int | None:
        row = prices.next_open(t_ns)
        return None if row < 0 else int(prices.time[row])

    def wait(self, prices: SymbolPrices, part: int, arrival_ns: int, turn: int, action: int, subject: Any) -> None:
        row = prices.next_open(arrival_ns)
        if row >= 0:
            self._agenda.add(int(prices.time[row]), 2, part, arrival_ns, turn, action, subject)

    def excursion(self, ticket: Ticket, prices: SymbolPrices, last_row: int, points: int) -> tuple[int, int]:
        low = high = points
        first = ticket.entry_row
        if last_row >= first:
            series = prices.series
            if ticket.side > 0:
                low = min(low, int(range_min(prices.bid_low, series.bid_mins, first, last_row)))
                high = max(high, int(range_max(prices.bid_high, series.bid_maxs, first, last_row)))
            else:
                low = min(low, int(range_min(prices.ask_low, series.ask_mins, first, last_row)))
                high = max(high, int(range_max(prices.ask_high, series.ask_maxs, first, last_row)))
        return _excursion(ticket, low, high)


class GrowingPrices(SymbolPrices):
    """One symbol's rows as a feed brings them: an open first, the whole bar when it has ended."""

    __slots__ = ("_arrays",)

    NAMES: Final = ("bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close")

    def __init__(self, instrument: Instrument, index: int, timeframe: str, timeframe_ns: int) -> None:
        none = np.empty(0, np.int32)
        times = np.empty(0, np.int64)
        empty = Series(
            instrument.symbol,
            timeframe,
            timeframe_ns,
            times,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
        )
        super().__init__(empty, instrument, index)
        self._arrays: dict[str, Any] = {name: np.zeros(64, np.int32) for name in self.NAMES}
        self._arrays["time"] = np.zeros(64, np.int64)

    def open_bar(self, t_ns: int, bid: int, ask: int) -> int:
        """A bar opens; of it only the open is known. Returns its row; raises ValueError if time runs back."""
        if self.n and t_ns <= int(self.time[self.n - 1]):
            raise ValueError(f"{self.symbol}: a bar that opens at {t_ns} ns does not come after the last one")
        row = self.n
        if row == len(self._arrays["time"]):
            self._arrays = {name: np.concatenate([a, np.zeros_like(a)]) for name, a in self._arrays.items()}
        self._arrays["time"][row] = t_ns
        for name in self.NAMES:
            self._arrays[name][row] = bid if name.startswith("bid") else ask
        self.n = row + 1
        for name, array in self._arrays.items():
            setattr(self, name, array[: self.n])
        self._asked_ns = -(1 << 62)
        return row

    def doubled_mid(self, t_ns: int) -> int:
        if not self.n:
            raise DataError(f"{self.symbol} has no price yet, so nothing can be converted by it")
        return super().doubled_mid(t_ns)

    def end_bar(self, bid: tuple[int, int, int], ask: tuple[int, int, int]) -> int:
        """The bar in progress has ended: (high, low, close) of both sides. Returns its row."""
        row = self.n - 1
        for side, values in (("bid", bid), ("ask", ask)):
            for name, value in zip(("high", "low", "close"), values, strict=True):
                self._arrays[f"{side}_{name}"][row] = value
        return row


class StepForm:
    """Notices touched levels bar by bar; the feed calls ``opened`` and ``ended``.

    ``calendar(prices, t)`` says when a symbol opens next at or after t (None: never); without one, trading is assumed
    to be open, so ``market_closed`` is then only known when nothing came.
    """

    def __init__(self, agenda: Agenda, calendar: Callable[[SymbolPrices, int], int | None] | None = None) -> None:
        self._agenda = agenda
        self._calendar = calendar
        self._watched: dict[str, dict[int, Ticket]] = {}
        self._waiting: dict[str, list[tuple[int, int, int, int, Any]]] = {}
        self._levels: dict[str, list[Watch]] = {}

    def watch(self, ticket: Ticket, prices: SymbolPrices, row: int) -> None:  # noqa: ARG002 - the form's signature
        self._watched.setdefault(prices.symbol, {})[ticket.id] = ticket

    def watch_level(self, watch: Watch, prices: SymbolPrices) -> None:
        self._levels.setdefault(prices.symbol, []).append(watch)

    def next_open_ns(self, prices: SymbolPrices, t_ns: int) -> int | None:
        return t_ns if self._calendar is None else self._calendar(prices, t_ns)

    def wait(self, prices: SymbolPrices, part: int, arrival_ns: int, turn: int, action: int, subject: Any) -> None:
        self._waiting.setdefault(prices.symbol, []).append((part, arrival_ns, turn, action, subject))

    def opened(self, prices: SymbolPrices) -> None:
        """A bar opened: what waited for it is due, and tickets of earlier bars may be gapped by it."""
        row = prices.n - 1
        opened = int(prices.time[row])
        for part, arrival_ns, turn, action, subject in self._waiting.pop(prices.symbol, ()):
            self._agenda.add(opened, 2, part, arrival_ns, turn, action, subject)
        for ticket in self._open(prices.symbol):
            price = int(prices.bid_open[row] if ticket.side > 0 else prices.ask_open[row])
            if any(touches(ticket, price, price)):
                subject = (ticket, ticket.version, row)
                self._agenda.add(opened, 2, GAPS, ticket.index, ticket.id, GAP, subject)
        self._notice(prices.symbol, opened, None, int(prices.bid_open[row]), int(prices.ask_open[row]))

    def ended(self, prices: SymbolPrices) -> None:
        """A bar ended: its range may have touched levels."""
        row = prices.n - 1
        end = int(prices.time[row]) + prices.tf_ns
        for ticket in self._open(prices.symbol):
            if ticket.side > 0:
                low, high = int(prices.bid_low[row]), int(prices.bid_high[row])
            else:
                low, high = int(prices.ask_low[row]), int(prices.ask_high[row])
            if any(touches(ticket, low, high)):
                subject = (ticket, ticket.version, row)
                self._agenda.add(end, 1, ticket.index, 0, ticket.id, RANGE, subject)
        self._notice(prices.symbol, int(prices.time[row]), end, int(prices.bid_high[row]), int(prices.ask_low[row]))

    def _notice(self, symbol: str, opened_ns: int, end_ns: int | None, bid: int, ask: int) -> None:
        """Watches that these prices reach: at an open (``end_ns`` None), or within the bar that ends."""
        waiting = self._levels.get(symbol)
        if not waiting:
            return
        kept: list[Watch] = []
        for watch in waiting:
            counts = watch.hears_open(opened_ns) if end_ns is None else opened_ns >= watch.set_ns
            if counts and watch.is_reached(bid, ask):
                _add_watch(self._agenda, watch, opened_ns, end_ns)
            elif watch.is_on:
                kept.append(watch)
        self._levels[symbol] = kept

    def excursion(self, ticket: Ticket, prices: SymbolPrices, last_row: int, points: int) -> tuple[int, int]:
        low = high = points
        lived = slice(ticket.entry_row, last_row + 1)
        if last_row >= ticket.entry_row:
            lows, highs = (prices.bid_low, prices.bid_high) if ticket.side > 0 else (prices.ask_low, prices.ask_high)
            low, high = min(low, int(lows[lived].min())), max(high, int(highs[lived].max()))
        return _excursion(ticket, low, high)

    def _open(self, symbol: str) -> list[Ticket]:
        watched = self._watched.get(symbol, {})
        for number in [n for n, t in watched.items() if not t.is_open]:
            del watched[number]
        return list(watched.values())
