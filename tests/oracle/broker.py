"""The oracle's broker: what the arrival of a command does, how an order fills, how a ticket closes.

It knows the instant (``now``) and its phase; the walk over instants is `oracle.py`'s.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from .account import Account
from .bars import Bar, Bars
from .commands import Cancel, Change, Close, Command, Opening
from .money import Instrument
from .tickets import Ticket

__all__ = ["Broker"]

MS_NS = 1_000_000


class Broker:
    """Orders under way, closing orders, cancels and changes on their way, and what became of every alert."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        bars: Mapping[str, Bars],
        account: Mapping[str, Any],
        fill: Mapping[str, Any],
    ) -> None:
        self.instruments = instruments
        self.bars = bars
        self.account = Account(account, instruments, bars)
        self.latency_ns = fill["latency_ms"] * MS_NS
        self.grace_ns = fill["open_grace_ms"] * MS_NS
        self.max_wait_ns = fill["max_wait_s"] * 1000 * MS_NS
        self.is_pessimistic = {"pessimistic": True, "optimistic": False}[fill["intrabar"]]
        self.slippage = fill["slippage_points"]
        self.openings: list[Opening] = []
        self.closes: list[Close] = []
        self.errands: list[Cancel | Change] = []
        self.by_alert: dict[str, Opening] = {}
        self.decisions: dict[str, tuple[str, str]] = {}
        self.instants: list[int] = []
        self.notes: Counter[str] = Counter()
        self.now = self.phase = self.commands = self.fills = 0
        self.refuses_entries = False
        self.on_filled: Callable[[], None] = lambda: None
        self.do_closes: Callable[[], None] | None = None
        """While an open goes on whose closing orders have had their turn: what is raised now has it at once."""

    # -- what is there -------------------------------------------------------------------------------------------

    def under_way(self, symbol: str, side: int) -> list[Opening]:
        return [o for o in self.openings if o.is_under_way and o.symbol == symbol and side in (0, o.side)]

    def has_something(self, symbol: str, side: int) -> bool:
        """A ticket is open, or an entry under way, for the symbol on this side (0: either)."""
        return bool(self.account.open_tickets(symbol, side) or self.under_way(symbol, side))

    def covered(self, command: Close | Cancel | Change) -> tuple[list[Ticket], list[Opening]]:
        """The open tickets and the orders under way that a command meets at its arrival, older first."""
        order = command.target
        if order is None:
            orders = self.under_way(command.symbol, command.side)
            return list(self.account.open_tickets(command.symbol, command.side)), orders
        has_ticket = order.ticket is not None and order.ticket.is_open
        return [order.ticket] if has_ticket and order.ticket else [], [order] if order.is_under_way else []

    def forget_the_finished(self) -> None:
        self.openings = [order for order in self.openings if order.is_under_way]
        self.closes = [close for close in self.closes if close.state != "done"]
        self.errands = [errand for errand in self.errands if errand.state != "done"]

    # -- commands on their way -----------------------------------------------------------------------------------

    def hold(self, order: Opening) -> None:
        """Keep a reversal's entry until its closes are confirmed; its number says which commands came before it."""
        self.commands += 1
        order.number = self.commands
        self.register(order)

    def register(self, order: Opening) -> None:
        self.openings.append(order)
        self.by_alert[order.alert_id] = order

    def stamp(self, command: Command) -> bool:
        """Number the command and send it off; says whether it arrives this very instant."""
        self.commands += 1
        command.number = self.commands
        command.arrival_ns = self.now + self.latency_ns
        command.state = "sent"
        if self.latency_ns:
            heapq.heappush(self.instants, command.arrival_ns)
        return not self.latency_ns

    def send_opening(self, order: Opening) -> None:
        """Send it off; without latency it is carried out now, or with the open events or arrivals that still come."""
        arrives_now = self.stamp(order)
        if order.lifetime_ns is not None and order.is_pending:
            order.expires_ns = self.now + order.lifetime_ns
            if order.expires_ns > self.now:
                heapq.heappush(self.instants, order.expires_ns)
        if arrives_now and self.phase == 4:
            self.arrive_opening(order)
        elif arrives_now and self.phase == 2 and self.bars[order.symbol].opening(self.now):
            self.take_turn(order)

    def send_close(self, close: Close) -> None:
        self.closes.append(close)
        if self.stamp(close):
            self.arrive_close(close)

    def send_errand(self, errand: Cancel | Change) -> None:
        self.errands.append(errand)
        if self.stamp(errand):
            self.run_errand(errand)

    def next_arrival(self) -> Opening | Close | None:
        """In phase 4: the next order that arrives now and whose symbol did not open in phase 2, as raised."""
        every: list[Opening | Close] = [*self.openings, *self.closes]
        now = [c for c in every if c.state == "sent" and c.arrival_ns == self.now]
        return min(now, key=lambda command: command.number, default=None)

    def arrive(self, command: Opening | Close) -> None:
        if isinstance(command, Opening):
            self.arrive_opening(command)
        else:
            self.arrive_close(command)

    def arrive_opening(self, order: Opening) -> None:
        """An arrival in phase 4: with a bar that opened now, or for a market order by grace, it is carried out now."""
        bar = self.graced(order.symbol, self.now if order.is_pending else self.now - self.grace_ns)
        self.answer(order, bar)
        if order.state == "waiting" and bar is not None:
            if order.is_pending:
                self.check_first_open(order, bar)
            else:
                self.open_market(order, bar)
        self.expire_if_due(order)

    def arrive_close(self, close: Close) -> None:
        """An arrival in phase 4: by grace, or with a bar that opened this instant, it closes now."""
        bar = self.graced(close.symbol, self.now - self.grace_ns)
        self.reach(close)
        if bar is not None:
            self.act(close, bar)
        self.settle()

    def graced(self, symbol: str, earliest_ns: int) -> Bar | None:
        """The bar in progress if it opened at ``earliest_ns`` or later; a tick only if it came this instant."""
        bar = self.bars[symbol].in_progress(self.now)
        return bar if bar is not None and bar.open_ns >= earliest_ns else None

    def take_turn(self, command: Opening | Cancel | Change) -> None:
        """Phase 2, first: an arrival, or the check of a pending order at its first open."""
        if not isinstance(command, Opening):
            if command.state == "sent":
                self.run_errand(command)
            return
        if command.state == "sent":
            self.answer(command)
        bar = self.bars[command.symbol].opening(self.now)
        if command.state == "waiting" and command.is_pending and bar is not None:
            self.check_first_open(command, bar)

    # -- opening orders ------------------------------------------------------------------------------------------

    def answer(self, order: Opening, graced: Bar | None = None) -> None:
        """The answer at arrival: volume, then for a market order whether the market opens in time."""
        instrument, series = self.instruments[order.symbol], self.bars[order.symbol]
        order.steps = int(Decimal(str(order.volume)) // instrument.volume_step)
        bar = graced or series.first_open_from(order.arrival_ns)
        latest_ns = order.arrival_ns + max(self.max_wait_ns, series.timeframe_ns)
        if instrument.lots(order.steps) < instrument.volume_min:
            self.refuse(order, "volume_too_small")
        elif instrument.lots(order.steps) > instrument.volume_max:
            self.refuse(order, "volume_too_large")
        elif not order.is_pending and (bar is None or bar.open_ns > latest_ns):
            self.refuse(order, "market_closed")
        else:
            order.state = "waiting"

    def check_first_open(self, order: Opening, bar: Bar) -> None:
        """A pending order works if its price lies strictly on its own side of its first open."""
        above = order.side * (order.price - bar.entry_open(order.side))
        if (above < 0) if order.kind == "limit" else (above > 0):
            order.state, order.works_from = "working", bar.row
        else:
            self.refuse(order, "invalid_price")

    def open_market(self, order: Opening, bar: Bar) -> None:
        """Fill a market order at the bar's open."""
        price = bar.entry_open(order.side) + order.side * self.slippage
        self.fill(order, bar, price, bar.closing_open(order.side))

    def fill(
        self, order: Opening, bar: Bar, price: int, closing: int, inside: bool = False, ambiguous: bool = False
    ) -> Ticket | None:
        """Fill or refuse the order in this bar, at its open or inside; exits that took it along close it right after.

        ``closing`` is the price on the closing side against which its levels are judged.
        """
        at_ns = bar.end_ns if inside else bar.open_ns
        sl, tp = order.levels(price, bar.open_ns)
        if not levels_are_valid(order.side, closing, sl, tp, self.instruments[order.symbol].stops_level_points):
            self.refuse(order, "invalid_stops")
            return None
        if not self.account.is_converted(order.symbol, at_ns, inside):
            self.refuse(order, "no_conversion")
            return None
        rate = self.account.margin_rate(order.symbol, at_ns)
        if not self.account.affords(order, rate, self.now):
            self.refuse(order, "no_money")
            return None
        ticket = self.ticket_of(order, bar, at_ns, price, rate, lived_from=bar.row + 1 if inside else bar.row)
        ticket.sl = ticket.initial_sl = sl
        ticket.tp = ticket.initial_tp = tp
        ticket.is_ambiguous = ambiguous
        self.notes[f"{order.kind} filled {'inside a bar' if inside else 'at an open'}"] += 1
        for arrival_ns, new_sl, new_tp in order.changes:
            self.notes["change before the fill" if arrival_ns <= bar.open_ns else "change inherited"] += 1
            if arrival_ns > bar.open_ns:
                ticket.keep_for_next_open(new_sl, new_tp)
        for close in order.taken_by:
            close.tickets.append(ticket)
        if order.oco is not None:
            self.cancel_group(order)
        if self.phase != 4:
            self.on_filled()
        for close in order.taken_by:
            if ticket.is_open:
                self.close_by(close, ticket, bar)
        if self.phase == 4:
            self.on_filled()
        self.settle()
        return ticket

    def ticket_of(self, order: Opening, bar: Bar, at_ns: int, price: int, rate: Decimal, lived_from: int) -> Ticket:
        self.fills += 1
        order.state = "done"
        order.ticket = Ticket(
            number=self.fills,
            alert_id=order.alert_id,
            symbol=order.symbol,
            side=order.side,
            entry_steps=order.steps,
            entry_ns=at_ns,
            entry_row=bar.row,
            lived_from=lived_from,
            entry=price,
            sl=None,
            tp=None,
            margin_rate=rate,
            trails=order.trails,
        )
        self.account.tickets[order.symbol].append(order.ticket)
        self.decisions[order.alert_id] = ("filled", "")
        return order.ticket

    def cancel_group(self, filled: Opening) -> None:
        for order in sorted(self.openings, key=lambda order: order.number):
            if order.is_under_way and order.oco == filled.oco:
                self.cancel(order, "oco")

    def refuse(self, order: Opening, reason: str) -> None:
        order.state = "done"
        self.decisions[order.alert_id] = ("refused", reason)
        self.settle()

    def cancel(self, order: Opening, reason: str) -> None:
        order.state = "done"
        self.decisions[order.alert_id] = ("expired", reason)
        self.settle()

    def expire_if_due(self, order: Opening) -> None:
        """Expiry acts on an order that has arrived; one whose time came earlier ends at its arrival."""
        has_arrived = order.state in ("waiting", "working")
        if has_arrived and order.expires_ns is not None and order.expires_ns <= self.now:
            self.cancel(order, "expired")

    # -- cancels and changes -------------------------------------------------------------------------------------

    def run_errand(self, errand: Cancel | Change) -> None:
        """A cancel or a change arrives: what it covers is judged now."""
        errand.state = "done"
        tickets, orders = self.covered(errand)
        if isinstance(errand, Cancel):
            orders = [order for order in orders if order.is_pending or errand.target is not None]
            self.decisions[errand.alert_id] = ("closed", "cancelled") if orders else ("ignored", "nothing_to_cancel")
            for order in orders:
                self.cancel(order, "cancel")
            return
        anything = bool(tickets or orders)
        self.decisions[errand.alert_id] = ("working", "modified") if anything else ("ignored", "nothing_to_modify")
        for order in orders:
            order.changes.append((self.now, errand.sl, errand.tp))
        for ticket in tickets:
            self.change(ticket, errand.sl, errand.tp)

    def change(self, ticket: Ticket, sl: int | None, tp: int | None) -> None:
        """A change has arrived: it counts from the first bar that opens now or later, this open included."""
        bar = self.bars[ticket.symbol].opening(self.now)
        if bar is None:
            ticket.keep_for_next_open(sl, tp)
            return
        ticket.change(sl, tp)
        if self.phase == 4 and ticket.is_open:  # in phase 2 the gaps of this open come after it
            price = bar.closing_open(ticket.side)
            self.notes["change at an open at once"] += 1
            if sl is not None and ticket.stop_beyond(price):
                self.close_at_open(ticket, bar, ticket.stop_reason)
            elif tp is not None and ticket.target_beyond(price):
                self.close_at_open(ticket, bar, "tp")

    # -- closes --------------------------------------------------------------------------------------------------

    def reach(self, close: Close) -> None:
        """The closing order arrives: it covers open tickets, takes along market entries, cancels pending orders."""
        tickets, orders = self.covered(close)
        orders = [order for order in orders if order.is_met_by(close)]
        close.tickets = tickets
        close.taken = [order for order in orders if not order.is_pending]
        for order in close.taken:
            order.taken_by.append(close)
        for order in orders:
            if order.is_pending and order.is_under_way:
                close.cancelled += 1
                self.cancel(order, "exit")
        close.state = "waiting"

    def act(self, close: Close, bar: Bar) -> None:
        """The closing order meets an open: every ticket that it covers is closed there, older first."""
        close.state = "acted"
        for ticket in list(close.tickets):
            if ticket.is_open:
                self.close_by(close, ticket, bar)
        self.settle()

    def close_by(self, close: Close, ticket: Ticket, bar: Bar) -> None:
        """Close the order's share of the ticket at the bar's open."""
        if ticket in close.tickets:
            close.tickets.remove(ticket)
        steps = close.part_of(ticket)
        if steps == 0:
            close.too_small += 1
            self.notes["share of nothing"] += 1
        else:
            close.closed += 1
            self.close_at_open(ticket, bar, close.reason, steps)

    def settle(self) -> None:
        """Closing orders whose every ticket and entry has ended are done; a reversal's entry is decided now."""
        for close in list(self.closes):
            if close.state == "done" or not close.is_finished:
                continue
            close.state = "done"
            if close.reason == "signal":
                self.decisions[close.alert_id] = close.outcome
            elif close.entry is not None and close.entry.state == "held":
                self.send_opening(close.entry)

    def close_at_open(self, ticket: Ticket, bar: Bar, reason: str, steps: int | None = None) -> None:
        """Close at the bar's open: slippage moves everything but a target."""
        slippage = 0 if reason == "tp" else self.slippage
        price = bar.closing_open(ticket.side) - ticket.side * slippage
        self.close(ticket, price, bar.open_ns, bar.row, reason, bar.row - 1, steps=steps)

    def close_inside(self, ticket: Ticket, bar: Bar, is_stop: bool, ambiguous: bool) -> None:
        """Close at its stop or target, touched in the bar's range; the bar's end is the time."""
        level = ticket.sl if is_stop else ticket.tp
        assert level is not None
        price = level - ticket.side * self.slippage if is_stop else level
        reason = ticket.stop_reason if is_stop else "tp"
        self.close(ticket, price, bar.end_ns, bar.row, reason, bar.row - 1, ambiguous=ambiguous)

    def close(
        self,
        ticket: Ticket,
        price: int,
        t: int,
        row: int,
        reason: str,
        lived_to: int,
        steps: int | None = None,
        ambiguous: bool = False,
    ) -> None:
        """Book the closing fill, of all that is left unless told otherwise, then tell whoever waited for it."""
        self.account.book(ticket, steps or ticket.steps, price, t, row, reason, lived_to, ambiguous)
        self.settle()


def levels_are_valid(side: int, closing_price: int, sl: int | None, tp: int | None, stops_level: int) -> bool:
    """A buy's stop lies below and its target above the bid, a sell's above and below the ask, none too close."""
    for level, direction in ((sl, -side), (tp, side)):
        distance = None if level is None else direction * (level - closing_price)
        if distance is not None and (distance <= 0 or distance < stops_level):
            return False
    return True
