"""How tickets end by their levels, and how levels change: stops, targets, changes by command, trailing.

Rules (docs/fills.md, "Stops and targets"):

- an open at or beyond a level fills there; a range that touches both takes the one that ``intrabar`` says;
- a change counts from the first bar that opens at or after its arrival; until then the old levels stand;
- trailing looks at the best price of the bars fully lived, at each bar's end; a better stop counts from the next bar,
  and is filled by the next open if the bar closed at or beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zepix.brokers.shadow.agenda import ARRIVALS, AT_ONCE, GAPS, OF_TRAILS, TICK_ENDS
from zepix.brokers.shadow.follows import Follows
from zepix.brokers.shadow.forms import GAP, Scheduled, Trailing, touches
from zepix.model import Order, Ticket
from zepix.model.instrument import MAX_POINTS
from zepix.services.prices import SymbolPrices

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["APPLY", "Exits"]

APPLY: Final = 10


class Exits:
    """Stops and targets of one broker's tickets; ``carried``: what those with trails or waiting changes have."""

    def __init__(self, broker: ShadowBroker) -> None:
        self._broker = broker
        self.carried: dict[int, Trailing] = {}
        self.follows = Follows(broker)

    def watch(self, ticket: Ticket, prices: SymbolPrices, row: int, with_open: bool) -> None:
        """A ticket has been opened: from ``row`` on (its open only ``with_open``) its levels count."""
        more = self.carried.get(ticket.id) if ticket.trails else None
        if more is not None and self._broker.form.can_follow and not more.is_waiting:
            more.from_row = self._row_to_end(prices)
            self.follows.start(more, prices, row, with_open)
            return
        if ticket.sl or ticket.tp:
            self._broker.form.watch(ticket, prices, row, with_open)
        if more is not None:
            self._next_move(more, prices)

    # --- touched ----------------------------------------------------------------------------------------------------

    def range(self, subject: Scheduled) -> None:
        """A bar whose range touched a ticket's level has ended."""
        ticket, version, row = subject
        if not ticket.is_open or ticket.version != version:
            return
        prices = self._broker.prices[ticket.symbol]
        self.follows.look(ticket)
        if ticket.side > 0:
            low, high = prices.bid_low.item(row), prices.bid_high.item(row)
        else:
            low, high = prices.ask_low.item(row), prices.ask_high.item(row)
        stop, target = touches(ticket, low, high)
        both = stop and target
        by_stop = stop and not (both and self._broker.fill_model.is_optimistic)
        self.at_level(ticket, prices, row, by_stop, row - 1, both)

    def at_level(
        self, ticket: Ticket, prices: SymbolPrices, row: int, by_stop: bool, last_lived: int, both: bool = False
    ) -> None:
        """A fill at the stop (less slippage) or at the target, at the bar's end."""
        broker = self._broker
        if by_stop:
            price, reason = ticket.sl - ticket.side * broker.slippage[ticket.symbol], ticket.stop_reason
        else:
            price, reason = ticket.tp, ticket.target_reason
        broker.book_close(ticket, ticket.steps, prices, broker.now_ns, row, price, reason, last_lived, both)

    def gap(self, subject: Scheduled) -> None:
        """An open at or beyond a level, or one that a trailing stop is filled by whatever it is."""
        ticket, version, row = subject
        if ticket.is_open and ticket.version == version:
            self.follows.look(ticket)
            self._at_open(ticket, self._broker.prices[ticket.symbol], row)

    def _at_open(self, ticket: Ticket, prices: SymbolPrices, row: int) -> None:
        price = int(prices.bid_open[row] if ticket.side > 0 else prices.ask_open[row])
        stop, target = touches(ticket, price, price)
        more = self.carried.get(ticket.id)
        is_forced = more is not None and row in (more.forced_row, self.follows.forced_row(ticket))
        if not (stop or target or is_forced):
            return
        by_stop = stop or not target
        if by_stop:
            price -= ticket.side * self._broker.slippage[ticket.symbol]
        reason = ticket.stop_reason if by_stop else ticket.target_reason
        opened = int(prices.time[row])
        self._broker.book_close(ticket, ticket.steps, prices, opened, row, price, reason, row - 1)

    # --- changes ----------------------------------------------------------------------------------------------------

    def change(self, ticket: Ticket, order: Order) -> None:
        """Levels that arrive now: they count at once where a bar opened at this instant, else from the next open."""
        broker, new_sl, new_tp = self._broker, order.new_sl, order.new_tp
        prices = broker.prices[ticket.symbol]
        more = self._of(ticket)
        if ticket.id in self.follows.tickets:
            self._let_go(more, prices)
        if new_sl is not None:
            more.last_stop, more.new_reason, more.is_forced, more.new_sl = new_sl, "sl", False, new_sl
        if new_tp is not None:
            more.new_tp = new_tp
        row = prices.row_at(broker.now_ns)
        if row >= 0 and prices.time[row] == broker.now_ns and broker.phase >= 2:
            self._count(more, prices, row, order.seq)
        else:
            self._wait(more, prices, broker.now_ns)
        self._next_move(more, prices)

    def inherit(self, ticket: Ticket, new_sl: int | None, new_tp: int | None) -> None:
        """A change that came too late for its order's fill: it waits for the next open."""
        more = self._of(ticket)
        if new_sl is not None:
            more.last_stop = more.new_sl = new_sl
        if new_tp is not None:
            more.new_tp = new_tp
        self._wait(more, self._broker.prices[ticket.symbol], self._broker.now_ns)

    def _of(self, ticket: Ticket) -> Trailing:
        more = self.carried.get(ticket.id)
        if more is None:
            more = self.carried[ticket.id] = Trailing(ticket, ticket.sl)
        return more

    def _wait(self, more: Trailing, prices: SymbolPrices, now_ns: int) -> None:
        if not more.is_waiting:
            more.is_waiting = True
            after_ns = now_ns if self._broker.phase == 1 else now_ns + 1
            self._broker.form.wait(prices, ARRIVALS, after_ns, (0, more.ticket.id), APPLY, more)

    def apply(self, more: Trailing) -> None:
        """The open for which a change waited."""
        more.is_waiting = False
        if more.ticket.is_open:
            prices = self._broker.prices[more.ticket.symbol]
            self._count(more, prices, prices.row_at(self._broker.now_ns))

    def _count(self, more: Trailing, prices: SymbolPrices, row: int, turn: int = 0) -> None:
        """From this row's open on the new levels stand; ``turn``: of the command that brings them.

        Where the gaps of this open are over for the ticket, one at or beyond the open fills next, in that turn.
        """
        broker, ticket = self._broker, more.ticket
        if more.new_sl is not None:
            ticket.sl, ticket.stop_reason = more.new_sl, more.new_reason
            broker.book.touched.append(ticket)
            more.forced_row = row if more.is_forced else -1
        if more.new_tp is not None:
            ticket.tp = more.new_tp
        more.new_sl = more.new_tp = None
        more.is_forced = False
        ticket.version += 1
        subject = (ticket, ticket.version, row)
        place = (broker.now_ns, 2, GAPS, ticket.index, ticket.id)
        if broker.far >= place:
            price = int(prices.bid_open[row] if ticket.side > 0 else prices.ask_open[row])
            if any(touches(ticket, price, price)):
                broker.agenda.add(broker.now_ns, broker.phase, AT_ONCE, turn, ticket.id, GAP, subject)
            elif ticket.sl or ticket.tp:
                broker.form.watch(ticket, prices, row, with_open=False)
        elif more.forced_row == row:
            broker.agenda.add(*place, GAP, subject)
        elif ticket.sl or ticket.tp:
            broker.form.watch(ticket, prices, row, with_open=True)

    def _let_go(self, more: Trailing, prices: SymbolPrices) -> None:
        """A ticket that is about to be changed is watched move by move from now on."""
        ticket = more.ticket
        row = self.follows.stop(ticket)
        ticket.version += 1
        if row < 0:
            self._wait(more, prices, self._broker.now_ns)
        elif ticket.sl or ticket.tp:
            self._broker.form.watch(ticket, prices, row, self.follows.is_gap_to_come(ticket, prices, row))

    # --- trailing ---------------------------------------------------------------------------------------------------

    def trail(self, ticket: Ticket) -> None:
        """A ticket with trails is being opened."""
        more = self._of(ticket)
        more.last_stop = ticket.sl if more.new_sl is None else more.new_sl
        more.used = set()

    def _next_move(self, more: Trailing, prices: SymbolPrices) -> None:
        """Watch for the price by which a trail would set a better stop than the last."""
        ticket = more.ticket
        if more.used is None or not ticket.is_open:
            return
        more.version += 1
        moves = [m for m in (self._move(more, number) for number in range(len(ticket.trails))) if m is not None]
        more.threshold = ticket.entry_points + ticket.side * min(moves) if moves else None
        if more.threshold is not None:
            more.from_row = self._row_to_end(prices)
            self._broker.form.watch_trail(more, prices)

    def _row_to_end(self, prices: SymbolPrices) -> int:
        """The first row whose end is still to come at this point of the instant."""
        broker = self._broker
        now = broker.now_ns
        row = prices.row_at(now)
        if broker.phase == 1:
            while row >= 0 and prices.time[row] >= now:
                row -= 1
            return row + 1
        if row >= 0 and (
            prices.time.item(row) + prices.tf_ns > now or (not prices.tf_ns and self._tick_goes_on(prices, row))
        ):
            return row
        return row + 1

    def _tick_goes_on(self, prices: SymbolPrices, row: int) -> bool:
        """Whether the end of this instant's tick is still to come."""
        now = self._broker.now_ns
        return int(prices.time[row]) == now and self._broker.far[:4] < (now, 2, TICK_ENDS + prices.index, OF_TRAILS)

    def _move(self, more: Trailing, number: int) -> int | None:
        """How far ahead of the entry the price must get for a trail to better the last stop; None if it never can."""
        ticket, trail = more.ticket, more.ticket.trails[number]
        first = trail.start - trail.distance  # the stop it sets first, in points ahead of the entry
        assert more.used is not None
        if trail.step == 0 and number in more.used:
            return None
        if not more.last_stop:
            return trail.start
        last = ticket.side * (more.last_stop - ticket.entry_points)
        if first > last:
            return trail.start
        return None if trail.step == 0 else trail.start + ((last - first) // trail.step + 1) * trail.step

    def moved(self, subject: Scheduled) -> None:
        """The end of a bar by which a trail's price has come: each trail in turn may set a better stop."""
        more, version, row = subject
        ticket = more.ticket
        if not ticket.is_open or more.version != version:
            return
        broker = self._broker
        prices = broker.prices[ticket.symbol]
        side = ticket.side
        move = side * (broker.form.best(ticket, prices, row) - ticket.entry_points)
        closed = int(prices.bid_close[row] if side > 0 else prices.ask_close[row])
        for number, trail in enumerate(ticket.trails):
            if move < trail.start or (trail.step == 0 and number in more.used):
                continue
            steps = (move - trail.start) // trail.step * trail.step if trail.step else 0
            stop = ticket.entry_points + side * (trail.start + steps - trail.distance)
            stop = min(max(stop, 1), MAX_POINTS)
            if more.last_stop and side * (stop - more.last_stop) <= 0:
                continue
            more.last_stop = more.new_sl = stop
            more.new_reason = trail.reason
            ticket.sl, ticket.stop_reason = stop, trail.reason  # shows from now on, counts from the next open
            broker.book.touched.append(ticket)
            ticket.version += 1
            more.is_forced = side * (closed - stop) <= 0
            if trail.step == 0:
                more.used.add(number)
        if more.new_sl is not None:
            self._wait(more, prices, broker.now_ns)
        self._next_move(more, prices)


def changed_levels(order: Order, new_sl: int | None, new_tp: int | None) -> None:
    """New levels of an order that is not filled yet; a price replaces an offset."""
    if new_sl is not None:
        order.sl, order.sl_offset = new_sl, None
    if new_tp is not None:
        order.tp, order.tp_offset = new_tp, None
