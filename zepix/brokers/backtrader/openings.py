"""Opening orders from their decision to their fill, refusal or end: arrival, first open, OCO, expiry."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.brokers.backtrader import rules
from zepix.brokers.backtrader.book import Book, Change, Position
from zepix.brokers.backtrader.floor import ALERTS, ARRIVALS, EXPIRIES, OPENINGS, Floor, Work
from zepix.brokers.backtrader.tape import Tape
from zepix.model import Order, OrderCancelled, OrderFilled, OrderRefused, Ticket
from zepix.model.timeframe import NS

__all__ = ["Entry", "Fill", "Openings"]

LIMIT: Final = "limit"


@dataclass(slots=True, eq=False)
class Entry:
    """An opening order under way.

    row: the first bar it can work in, -1 while unknown. limit_row: from this bar on a triggered stop-limit is a limit,
    -1 before its trigger. changes: levels that arrived while it was under way.
    """

    order: Order
    tape: Tape
    row: int = -1
    limit_row: int = -1
    changes: list[Change] = field(default_factory=list)

    @property
    def turn(self) -> tuple[int, int]:
        return self.order.arrival_ns, self.order.seq

    @property
    def works_as(self) -> tuple[str, int]:
        """(limit or stop, its price); a stop-limit is a stop until it is triggered."""
        order = self.order
        if order.kind == "stop_limit":
            return (LIMIT, order.limit) if self.limit_row >= 0 else ("stop", order.price)
        return order.kind, order.price

    @property
    def is_trigger(self) -> bool:
        """Whether its price, once touched, only sets a limit to work."""
        return self.order.kind == "stop_limit" and self.limit_row < 0

    def works_in(self, row: int) -> bool:
        return self.order.status == "working" and self.row <= row and self.limit_row <= row

    def entry_side(self) -> tuple[Any, ...]:
        return self.tape.ask if self.order.side > 0 else self.tape.bid


@dataclass(frozen=True, slots=True)
class Fill:
    """How an entry would fill. closing: the other side's price for the check of stops; lived_from: the first bar that
    the ticket lives through whole."""

    price: int
    at_ns: int
    row: int
    lived_from: int
    closing: int
    is_ambiguous: bool = False


class Openings:
    """All opening orders under way, by id in the order in which they were raised."""

    def __init__(self, floor: Floor, book: Book) -> None:
        self.floor = floor
        self.book = book
        self.entries: dict[int, Entry] = {}
        self.working: dict[str, list[Entry]] = {symbol: [] for symbol in floor.tapes}
        self.on_filled: list[Callable[[Entry, Position | None], None]] = []
        """Told of a fill: exits that took the order along now cover its ticket."""
        self.after_fill: list[Callable[[Entry, Position | None, Fill], Work]] = []
        """Asked once the handlers of the fill have run: those exits close the ticket."""
        self.on_done: list[Callable[[Order], None]] = []
        """Told when an order is no longer under way."""
        self.inherit: Callable[[Position, Change], None] = lambda _position, _change: None
        """Told of a change that the new ticket takes over and that counts later."""
        self.net: Callable[[Entry, Fill], Generator[None, None, int]] | None = None
        """For orders that close tickets of their own first: gives the steps that are left to open."""

    # --- decided --------------------------------------------------------------------------------------------------

    def submit(self, order: Order) -> None:
        entry = Entry(order, self.floor.tapes[order.symbol])
        self.entries[order.id] = entry
        order.seq = self.floor.turn()
        if order.status != "held":
            self._send(entry)

    def release(self, order: Order) -> None:
        """What it waited for is done: it is decided now, and takes its turn now."""
        floor = self.floor
        order.move("decided", floor.now_ns)
        order.decided_ns = floor.now_ns
        order.seq = floor.turn()
        self._send(self.entries[order.id])

    def _send(self, entry: Entry) -> None:
        order, floor = entry.order, self.floor
        arrival = order.arrival_ns = order.decided_ns + floor.latency_ns
        if order.is_pending_kind and order.lifetime_ns:
            order.expires_ns = order.decided_ns + order.lifetime_ns
        row = floor.graced_row(order, entry.tape)
        if row >= 0:
            floor.push(arrival, ALERTS, order.seq, order.seq, self._graced(entry, row))
        elif arrival == floor.now_ns and floor.is_at_once:
            floor.push_now(order.seq, self._arrives(entry))
        else:
            place = ARRIVALS if entry.tape.opens_at(arrival) else ALERTS
            floor.push(arrival, place, order.seq, order.seq, self._arrives(entry))

    # --- arrival --------------------------------------------------------------------------------------------------

    def _graced(self, entry: Entry, row: int) -> Work:
        """Arrival soon after an open: everything happens now, at that open's price and time."""
        order = entry.order
        if not order.is_under_way:
            return
        refusal = self._volume_refusal(order)
        if refusal:
            yield from self._refuse(entry, refusal, self.floor.now_ns)
            return
        yield from self._fill_at_open(entry, row)

    def _arrives(self, entry: Entry) -> Work:
        order, tape, floor = entry.order, entry.tape, self.floor
        if not order.is_under_way:
            return
        row = tape.first_open(order.arrival_ns)
        refusal = self._volume_refusal(order)
        if not refusal and order.kind == "market":
            waits = row >= 0 and tape.time[row] - order.arrival_ns <= floor.max_wait_ns(tape)
            refusal = "" if waits else "market_closed"
            if refusal and row >= 0:
                order.why["opens_in_s"] = (tape.time[row] - order.arrival_ns) / NS
        if refusal:
            yield from self._refuse(entry, refusal, floor.now_ns)
            return
        order.move("waiting", floor.now_ns)
        if order.kind == "market":
            yield from self._await_open(entry, row)
        else:
            yield from self._await_first_open(entry, row)

    def _await_open(self, entry: Entry, row: int) -> Work:
        floor = self.floor
        opens_ns = entry.tape.time[row]
        if opens_ns == floor.now_ns and floor.is_at_once:
            yield from self._fill_at_open(entry, row)
        else:
            floor.push(opens_ns, OPENINGS, *entry.turn, self._fill_at_open(entry, row))

    def _await_first_open(self, entry: Entry, row: int) -> Work:
        order, floor = entry.order, self.floor
        entry.row = row
        if row >= 0:
            opens_ns = entry.tape.time[row]
            if opens_ns == floor.now_ns:
                yield from self._first_open(entry)
            else:
                floor.push(opens_ns, ARRIVALS, order.seq, order.seq, self._first_open(entry))
        if order.expires_ns and order.is_under_way:
            if order.expires_ns <= floor.now_ns and floor.phase > 2:
                yield from self.cancel(entry, "expired")
                return
            due_ns = max(order.expires_ns, floor.now_ns)
            floor.push(due_ns, EXPIRIES, order.seq, order.seq, self._expires(entry))

    def _first_open(self, entry: Entry) -> Work:
        """A pending's price must lie on its own side of the first open it meets; then it works."""
        order = entry.order
        if not order.is_under_way:
            return
        opened = entry.entry_side()[0][entry.row]
        if not rules.on_own_side(order.kind, order.side, order.price, opened):
            price = entry.tape.instrument.price
            order.why.update(open=price(opened), wanted=price(order.price))
            yield from self._refuse(entry, "invalid_price", self.floor.now_ns)
            return
        order.move("working", self.floor.now_ns)
        insort(self.working[order.symbol], entry, key=lambda e: e.turn)
        self.floor.wake()

    def _expires(self, entry: Entry) -> Work:
        if entry.order.is_under_way:
            yield from self.cancel(entry, "expired")

    def _volume_refusal(self, order: Order) -> str:
        instrument = self.floor.tapes[order.symbol].instrument
        lots = instrument.lots(order.volume_steps)
        if not order.volume_steps or lots < instrument.volume_min:
            order.why["volume_min"] = float(instrument.volume_min)
            return "volume_too_small"
        if lots > instrument.volume_max:
            order.why["volume_max"] = float(instrument.volume_max)
            return "volume_too_large"
        return ""

    # --- filled, refused, cancelled -------------------------------------------------------------------------------

    def _fill_at_open(self, entry: Entry, row: int) -> Work:
        """A market order at the open of ``row``, slipped against us."""
        order, tape = entry.order, entry.tape
        if not order.is_under_way:
            return
        price = entry.entry_side()[0][row] + order.side * self.floor.slippage[order.symbol]
        closing = (tape.bid if order.side > 0 else tape.ask)[0][row]
        yield from self.fill(entry, Fill(price, tape.time[row], row, row, closing))

    def fill(self, entry: Entry, fill: Fill) -> Generator[None, None, bool]:
        """Fill or refuse; tells whether it filled.

        One deed: the ticket, the end of what is left of its group, and the leave of what was held for either.
        """
        order, floor = entry.order, self.floor
        steps = order.volume_steps
        if self.net is not None:
            steps = yield from self.net(entry, fill)
        position = None
        if steps:
            position = self._position(entry, fill, steps)
            refusal = self._refusal(order, position, fill.closing)
            if refusal and not order.closed:
                yield from self._refuse(entry, refusal, fill.at_ns)
                return False
            if refusal:
                position, steps = None, 0
        order.move("filled", floor.now_ns)
        order.fill_ns, order.fill_points = fill.at_ns, fill.price
        order.filled_steps = steps if position is not None or not order.closed else order.volume_steps - steps
        if position is not None:
            ticket = position.ticket
            ticket.id = order.ticket = self.book.next_id()
            self.book.add(position)
            for change in position.changes:
                self.inherit(position, change)
            floor.wake()
        self._forget(entry)
        floor.emit(OrderFilled(fill.at_ns, floor.now_ns, order, position.ticket if position else None), order)
        for other in self.group(order):
            self.end(other, "oco")
        for tell in self.on_filled:
            tell(entry, position)
        self._done(order)
        floor.acting = order
        yield
        for ask in self.after_fill:
            yield from ask(entry, position, fill)
        return True

    def _position(self, entry: Entry, fill: Fill, steps: int) -> Position:
        """The ticket that a fill would make, with the levels that count for its bar; its number comes later."""
        order, tape, money = entry.order, entry.tape, self.book.money
        sl = order.sl if order.sl_offset is None else rules.level_from(fill.price, order.sl_offset)
        tp = order.tp if order.tp_offset is None else rules.level_from(fill.price, order.tp_offset)
        waiting: list[Change] = []
        for change in sorted(entry.changes, key=lambda c: c.turn):
            if change.row < 0 or change.row > fill.row:
                waiting.append(change)
                continue
            if change.sl is not None:
                sl, order.sl_offset = change.sl, None
            if change.tp is not None:
                tp, order.tp_offset = change.tp, None
        rate = money.margin_rate(tape.instrument, fill.at_ns)
        ticket = Ticket(
            0, order.id, order.plugin_id, order.family, order.alert_id, order.symbol, tape.index, order.side, steps,
            fill.at_ns, fill.row, fill.price, sl, tp, sl, tp, money.margin(tape.instrument, steps, rate),
            role=order.role, chain_id=order.chain_id, opened_ns=self.floor.now_ns, entry_steps=steps,
            lived_from=fill.lived_from, trails=order.trails, target_reason=order.target_reason,
            is_ambiguous=fill.is_ambiguous,
        )  # fmt: skip
        given = [c.sl for c in waiting if c.sl is not None]
        return Position(ticket, tape, order, given[-1] if given else sl, changes=waiting)

    def _refusal(self, order: Order, position: Position, closing: int) -> str:
        """Why the ticket cannot be opened: its levels, then the money."""
        ticket, book, instrument = position.ticket, self.book, position.tape.instrument
        order.sl, order.tp = ticket.sl, ticket.tp
        if not rules.stops_are_valid(ticket.side, ticket.sl, ticket.tp, closing, instrument.stops_level_points):
            order.why["closing_price"] = instrument.price(closing)
            return "invalid_stops"
        at_open, is_known = ticket.lived_from == ticket.entry_row, book.money.conversions.is_known
        for currency in (instrument.profit_currency, instrument.margin_currency):
            if not is_known(currency, ticket.entry_ns, at_open=at_open):
                return "no_conversion"
        before = book.margin()
        after = book.margin((ticket.symbol, ticket.side, ticket.margin))
        if after <= before:
            return ""
        equity = book.equity()
        if equity >= after:
            return ""
        order.why.update(equity=float(equity), margin_used=float(before), margin_wanted=float(ticket.margin))
        return "no_money"

    def _refuse(self, entry: Entry, reason: str, at_ns: int) -> Work:
        order = entry.order
        order.move("refused", self.floor.now_ns, reason)
        self._forget(entry)
        self.floor.emit(OrderRefused(at_ns, self.floor.now_ns, order), order)
        self._done(order)
        self.floor.acting = order
        yield

    def end(self, entry: Entry, reason: str) -> bool:
        """End an order if it is under way: ``cancel, oco, exit, expired, end_of_data``; whether it was."""
        order, now_ns = entry.order, self.floor.now_ns
        if not order.is_under_way:
            return False
        order.move("cancelled", now_ns, reason)
        self._forget(entry)
        self.floor.emit(OrderCancelled(now_ns, now_ns, order), order)
        self._done(order)
        return True

    def cancel(self, entry: Entry, reason: str) -> Work:
        """As ``end``, being a deed of its own."""
        self.end(entry, reason)
        yield

    def group(self, order: Order) -> list[Entry]:
        """The entries under way of its OCO group."""
        if not order.oco:
            return []
        return [e for e in self.entries.values() if e.order.oco == order.oco and e.order.plugin_id == order.plugin_id]

    def _forget(self, entry: Entry) -> None:
        self.entries.pop(entry.order.id, None)
        working = self.working[entry.order.symbol]
        if entry in working:
            working.remove(entry)

    def _done(self, order: Order) -> None:
        for tell in self.on_done:
            tell(order)

    # --- pendings at an open and in a range -----------------------------------------------------------------------

    def gapped(self, tape: Tape, row: int, t_ns: int) -> Work:
        """Pendings whose price the open of ``row`` is at or beyond fill at that open; a trigger sets its limit."""
        for entry in tuple(self.working[tape.symbol]):
            if not entry.works_in(row) or entry.row == row:
                continue
            order = entry.order
            kind, price = entry.works_as
            opened = entry.entry_side()[0][row]
            if not rules.beyond_entry(kind, order.side, price, opened, opened):
                continue
            if entry.is_trigger:
                entry.limit_row = row + 1
                continue
            slip = 0 if kind == LIMIT else order.side * self.floor.slippage[order.symbol]
            closing = (tape.bid if order.side > 0 else tape.ask)[0][row]
            yield from self.fill(entry, Fill(opened + slip, t_ns, row, row, closing))

    def touched(self, tape: Tape, row: int) -> Iterator[Entry]:
        """Pendings touched by the range of ``row``, earlier arrival first; triggers are set on the way."""
        for entry in tuple(self.working[tape.symbol]):
            if not self._is_touched(entry, row):
                continue
            if entry.is_trigger:
                entry.limit_row = row + 1
            else:
                yield entry

    def rivals(self, entry: Entry, row: int) -> list[Entry]:
        """The members of its OCO group on its symbol that the same range touches, in the order in which they try.

        The one nearer to the open on its entry side first, then the stop, then the older.
        """
        mates = [
            e for e in self.group(entry.order) if e.tape is entry.tape and not e.is_trigger and self._is_touched(e, row)
        ]
        if len(mates) < 2:
            return [entry]

        def preference(e: Entry) -> tuple[int, bool, tuple[int, int]]:
            kind, price = e.works_as
            return abs(price - e.entry_side()[0][row]), kind == LIMIT, e.turn

        return sorted(mates, key=preference)

    def _is_touched(self, entry: Entry, row: int) -> bool:
        if not entry.works_in(row):
            return False
        kind, price = entry.works_as
        _, high, low, _ = entry.entry_side()
        return rules.beyond_entry(kind, entry.order.side, price, low[row], high[row])
