"""A slow, naive simulator of `bracket` on recorded prices, after the fill model's page. It is the judge of the others.

It walks every instant at which a bar or tick of any symbol opens or ends, an alert comes in, a command arrives or an
order expires, and looks at every ticket and order at each of them. One instant, over all symbols:

1. bars that end: stops and targets in their range, pending orders, trailing moves; the account watch;
2. bars that open: arrivals; gapped stops and targets; gapped pending orders; the account watch; closing orders; opening
   orders; then the ends of ticks that came now: trailing moves, the account watch;
3. expiries;
4. commands that arrive between opens, then alerts, each carried out at once if a bar's open still counts for it.

Silent spots of the page, and how they are read here: `README.md` beside this file.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, localcontext
from typing import Any

from .bars import Bar, Bars, Row, TickRow
from .bracket import Bracket
from .broker import Broker
from .commands import Cancel, Change, Close, Opening
from .guard import Guard
from .money import Instrument
from .pendings import Pendings
from .tickets import Ticket
from .watch import Watch

__all__ = ["Outcome", "simulate"]

STOP_OUT_FRAC = 0.5


@dataclass(frozen=True)
class Outcome:
    """Closing fills in the order they were processed; what became of each alert; the balance in minor units.

    ``notes`` counts what happened on the way: orders filled inside a bar, groups decided, changes inherited, ...
    """

    trades: list[dict[str, Any]]
    decisions: dict[str, tuple[str, str]]
    balance_minor: int
    notes: Counter[str] = field(default_factory=Counter)


def simulate(
    bars: Mapping[str, tuple[int, Sequence[Row | TickRow]]],
    instruments: Mapping[str, Mapping[str, object]],
    account: Mapping[str, Any],
    fill: Mapping[str, Any],
    alerts: Sequence[Mapping[str, Any]],
    strategy: Mapping[str, Any] | None = None,
    guard: Mapping[str, Any] | None = None,
) -> Outcome:
    """Follow the alerts with `bracket` on the prices, under an equity guard if one is given.

    Raises ValueError without prices or without a conversion.
    """
    with localcontext() as context:
        context.prec = 28
        context.rounding = ROUND_HALF_EVEN
        return Oracle(bars, instruments, account, fill, strategy or {}, guard).run(alerts)


class Oracle:
    """The walk over all instants."""

    def __init__(
        self,
        bars: Mapping[str, tuple[int, Sequence[Row | TickRow]]],
        instruments: Mapping[str, Mapping[str, object]],
        account: Mapping[str, Any],
        fill: Mapping[str, Any],
        strategy: Mapping[str, Any],
        guard: Mapping[str, Any] | None = None,
    ) -> None:
        with_costs = fill.get("costs", "instrument") != "none"
        catalogue = {name: Instrument.from_strings(name, given, with_costs) for name, given in instruments.items()}
        self.bars = {  # in catalogue order
            name: Bars(name, bars[name][0], bars[name][1], instrument.point)
            for name, instrument in catalogue.items()
            if name in bars and bars[name][1]
        }
        self.broker = Broker(catalogue, self.bars, account, fill)
        self.tickets = self.broker.account.tickets
        self.pendings = Pendings(self.broker)
        self.watch = Watch(self.broker, fill.get("stop_out_frac", STOP_OUT_FRAC))
        self.guard = Guard(self.broker, guard or {})
        self.broker.on_filled = self.guard.filled
        self.bracket = Bracket(self.broker, strategy)

    def run(self, alerts: Sequence[Mapping[str, Any]]) -> Outcome:
        broker = self.broker
        if not self.bars:
            raise ValueError("no symbol has prices")
        for symbol in {alert["symbol"] for alert in alerts} & set(self.bars):
            broker.account.rates.route(broker.instruments[symbol].profit_currency)
            broker.account.rates.route(broker.instruments[symbol].margin_currency)
        times = {t for series in self.bars.values() for t in (*series.opens, *series.ends)}
        last_ns = max(times)
        coming = sorted((a for a in alerts if a["received_ns"] <= last_ns), key=lambda a: a["received_ns"])
        broker.decisions |= {a["id"]: ("ignored", "after_end_of_data") for a in alerts if a["received_ns"] > last_ns}
        broker.instants = sorted(times | {alert["received_ns"] for alert in coming})
        number = 0
        while broker.instants and broker.instants[0] <= last_ns:
            t = heapq.heappop(broker.instants)
            while broker.instants and broker.instants[0] == t:
                heapq.heappop(broker.instants)
            first = number
            while number < len(coming) and coming[number]["received_ns"] == t:
                number += 1
            self.instant(t, coming[first:number])
        self.end_of_data()
        decisions = {alert["id"]: broker.decisions[alert["id"]] for alert in alerts}
        return Outcome(broker.account.trades, decisions, broker.account.balance_minor, broker.notes)

    def instant(self, t: int, alerts: Iterable[Mapping[str, Any]]) -> None:
        broker = self.broker
        broker.now, broker.phase = t, 1
        self.advance(t, with_opens=False)
        self.range_events(
            {s: bar for s, series in self.bars.items() if not series.is_ticks if (bar := series.ending(t))}
        )
        broker.phase = 2
        self.advance(t, with_opens=True)
        opening = {s: bar for s, series in self.bars.items() if (bar := series.opening(t))}
        self.open_events(opening)
        broker.phase = 3
        self.ends_of_ticks({symbol: bar for symbol, bar in opening.items() if self.bars[symbol].is_ticks})
        broker.do_closes = None
        for order in sorted(broker.openings, key=lambda order: (order.arrival_ns, order.number)):
            broker.expire_if_due(order)
        broker.phase = 4
        while (command := broker.next_arrival()) is not None:
            broker.arrive(command)
        for alert in alerts:
            self.bracket.handle(alert)
        broker.forget_the_finished()

    def advance(self, t: int, with_opens: bool) -> None:
        for series in self.bars.values():
            series.advance(t, with_opens)

    # -- phase 1 -------------------------------------------------------------------------------------------------

    def range_events(self, ended: Mapping[str, Bar]) -> None:
        for symbol, bar in ended.items():
            for ticket in list(self.tickets[symbol]):
                self.range_of(ticket, bar)
            self.pendings.ranges(symbol, bar)
            self.trailing_moves(symbol, bar)
        if ended:
            self.watch.at_ends(ended)
            self.guard.at_ends(ended)

    def range_of(self, ticket: Ticket, bar: Bar) -> None:
        """Its stop or its target in the range of the bar that ends now."""
        low, high = bar.closing_low(ticket.side), bar.closing_high(ticket.side)
        adverse, favourable = (low, high) if ticket.side > 0 else (high, low)
        stopped, reached = ticket.stop_beyond(adverse), ticket.target_beyond(favourable)
        if stopped or reached:
            is_stop = stopped and (self.broker.is_pessimistic or not reached)
            self.broker.close_inside(ticket, bar, is_stop, ambiguous=stopped and reached)

    def trailing_moves(self, symbol: str, bar: Bar) -> None:
        for ticket in self.tickets[symbol]:
            ticket.trail(self.bars[symbol].bars, bar.row)

    # -- phase 2 -------------------------------------------------------------------------------------------------

    def open_events(self, opening: Mapping[str, Bar]) -> None:
        for symbol in opening:
            for ticket in self.tickets[symbol]:
                ticket.take_waiting_change()
        for command in self.turns(opening):
            self.broker.take_turn(command)
        for symbol, bar in opening.items():
            for ticket in list(self.tickets[symbol]):
                self.gap(ticket, bar)
        self.pendings.gaps(opening)
        if opening:
            self.watch.at_opens()
            self.guard.at_opens()
        self.closes(opening)
        self.broker.do_closes = lambda: self.closes(opening)
        while (order := self.next_opening(opening)) is not None:
            self.broker.open_market(order, opening[order.symbol])

    def closes(self, opening: Mapping[str, Bar]) -> None:
        """The closing orders that meet an open of this instant, by arrival."""
        while (close := self.next_close(opening)) is not None:
            if close.state == "sent":
                self.broker.reach(close)
            self.broker.act(close, opening[close.symbol])

    def turns(self, opening: Mapping[str, Bar]) -> list[Opening | Cancel | Change]:
        """Cancels, changes, orders that arrive now with an open, pending orders whose first open this is; as raised."""
        orders = [order for order in self.broker.openings if order.symbol in opening]
        arriving = [order for order in orders if order.state == "sent" and order.arrival_ns == self.broker.now]
        waiting = [order for order in orders if order.state == "waiting" and order.is_pending]
        errands = [errand for errand in self.broker.errands if errand.arrival_ns == self.broker.now]
        return sorted([*arriving, *waiting, *errands], key=lambda command: command.number)

    def gap(self, ticket: Ticket, bar: Bar) -> None:
        """The open at or beyond its stop or target, or after a bar that closed beyond a stop that had trailed there."""
        price = bar.closing_open(ticket.side)
        if ticket.stop_beyond(price):
            self.broker.close_at_open(ticket, bar, ticket.stop_reason)
        elif ticket.target_beyond(price):
            self.broker.close_at_open(ticket, bar, "tp")
        elif ticket.stop_fills_next_open:
            self.broker.notes["trailed beyond the close"] += 1
            self.broker.close_at_open(ticket, bar, ticket.stop_reason)

    def next_close(self, opening: Mapping[str, Bar]) -> Close | None:
        now = self.broker.now
        ready = [c for c in self.broker.closes if c.state == "waiting" or (c.state == "sent" and c.arrival_ns == now)]
        ready = [close for close in ready if close.symbol in opening]
        return min(ready, key=lambda close: (close.arrival_ns, close.number), default=None)

    def next_opening(self, opening: Mapping[str, Bar]) -> Opening | None:
        ready = [o for o in self.broker.openings if o.state == "waiting" and not o.is_pending and o.symbol in opening]
        return min(ready, key=lambda order: (order.arrival_ns, order.number), default=None)

    def ends_of_ticks(self, ticks: Mapping[str, Bar]) -> None:
        for symbol, tick in ticks.items():
            self.trailing_moves(symbol, tick)
        if ticks:
            self.watch.at_ends(ticks)
            self.guard.at_ends(ticks)

    # -- the end -------------------------------------------------------------------------------------------------

    def end_of_data(self) -> None:
        broker = self.broker
        for order in broker.openings:
            broker.decisions[order.alert_id] = ("expired", "end_of_data")
        for errand in broker.errands:
            broker.decisions[errand.alert_id] = ("expired", "end_of_data")
        for close in broker.closes:
            if close.reason == "signal":
                outcome = ("closed", "") if close.closed else ("expired", "end_of_data")
                broker.decisions[close.alert_id] = outcome
        broker.closes = []
        for symbol, series in self.bars.items():
            bar = series.bars[-1]
            for ticket in list(self.tickets[symbol]):
                price = bar.closing_close(ticket.side)
                broker.close(ticket, price, bar.end_ns, bar.row, "end_of_data", bar.row)
