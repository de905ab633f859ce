"""A slow, naive simulator of `bracket` on recorded bars, after the fill model's page. It is the judge of the others.

It walks every instant at which a bar of any symbol opens or ends, an alert comes in or a command arrives, and looks at
every open ticket at each of them. One instant, over all symbols:

1. bars that end: stops and targets in their range, symbols in catalogue order, older ticket first;
2. bars that open: orders that arrive now are answered; gapped stops and targets; closing orders; opening orders;
3. (nothing yet)
4. commands that arrive between opens, then alerts, each carried out at once if a bar's open still counts for it.

Silent spots of the page, and how they are read here: `README.md` beside this file.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from .account import Account
from .bars import Bar, Bars, Row, to_points
from .commands import Close, Opening, Ticket
from .money import Instrument

__all__ = ["Outcome", "simulate"]

MS_NS = 1_000_000
SIDES = {"buy": 1, "sell": -1, None: 0}


@dataclass(frozen=True)
class Outcome:
    """Closing fills in the order they were processed; what became of each alert; the balance in minor units."""

    trades: list[dict[str, Any]]
    decisions: dict[str, tuple[str, str]]
    balance_minor: int


def simulate(
    bars: Mapping[str, tuple[int, Sequence[Row]]],
    instruments: Mapping[str, Mapping[str, object]],
    account: Mapping[str, Any],
    fill: Mapping[str, Any],
    alerts: Sequence[Mapping[str, Any]],
    strategy: Mapping[str, Any] | None = None,
) -> Outcome:
    """Follow the alerts with `bracket` on the bars; raises ValueError without prices or without a conversion."""
    with localcontext() as context:
        context.prec = 28
        context.rounding = ROUND_HALF_EVEN
        return Oracle(bars, instruments, account, fill, strategy or {}).run(alerts)


class Oracle:
    def __init__(
        self,
        bars: Mapping[str, tuple[int, Sequence[Row]]],
        instruments: Mapping[str, Mapping[str, object]],
        account: Mapping[str, Any],
        fill: Mapping[str, Any],
        strategy: Mapping[str, Any],
    ) -> None:
        self.instruments = {name: Instrument.from_strings(name, given) for name, given in instruments.items()}
        self.bars = {  # in catalogue order
            name: Bars(name, bars[name][0], bars[name][1], instrument.point)
            for name, instrument in self.instruments.items()
            if name in bars and bars[name][1]
        }
        self.account = Account(account, self.instruments, self.bars)
        self.latency_ns = fill["latency_ms"] * MS_NS
        self.grace_ns = fill["open_grace_ms"] * MS_NS
        self.max_wait_ns = fill["max_wait_s"] * 1000 * MS_NS
        self.is_pessimistic = {"pessimistic": True, "optimistic": False}[fill["intrabar"]]
        self.slippage = fill["slippage_points"]
        self.one_at_a_time = bool(strategy.get("one_at_a_time", False))
        self.by_distance = {"absolute": False, "distance": True}[strategy.get("levels", "absolute")]
        self.max_price_gap = strategy.get("max_price_gap")
        self.openings: list[Opening] = []
        self.closes: list[Close] = []
        self.decisions: dict[str, tuple[str, str]] = {}
        self.instants: list[int] = []
        self.now = self.phase = self.commands = self.fills = 0

    # -- the walk ------------------------------------------------------------------------------------------------

    def run(self, alerts: Sequence[Mapping[str, Any]]) -> Outcome:
        if not self.bars:
            raise ValueError("no symbol has prices")
        for symbol in {alert["symbol"] for alert in alerts} & set(self.bars):
            self.account.rates.route(self.instruments[symbol].profit_currency)
            self.account.rates.route(self.instruments[symbol].margin_currency)
        all_bars = [bar for series in self.bars.values() for bar in series.bars]
        last_ns = max(bar.end_ns for bar in all_bars)
        coming = sorted((a for a in alerts if a["received_ns"] <= last_ns), key=lambda a: a["received_ns"])
        self.decisions |= {a["id"]: ("ignored", "after_end_of_data") for a in alerts if a["received_ns"] > last_ns}
        times = {bar.open_ns for bar in all_bars} | {bar.end_ns for bar in all_bars}
        self.instants = sorted(times | {alert["received_ns"] for alert in coming})
        while self.instants and self.instants[0] <= last_ns:
            t = heapq.heappop(self.instants)
            while self.instants and self.instants[0] == t:
                heapq.heappop(self.instants)
            due = []
            while coming and coming[0]["received_ns"] == t:
                due.append(coming.pop(0))
            self.instant(t, due)
        self.end_of_data()
        decisions = {alert["id"]: self.decisions[alert["id"]] for alert in alerts}
        return Outcome(self.account.trades, decisions, self.account.balance_minor)

    def instant(self, t: int, alerts: Iterable[Mapping[str, Any]]) -> None:
        self.now = t
        for series in self.bars.values():
            series.advance(t)
        self.phase = 1
        self.range_events()
        self.phase = 2
        self.open_events()
        self.phase = 4
        for command in sorted(self.arriving(self.bars), key=lambda command: command.number):
            self.arrive(command)
        for alert in alerts:
            self.handle(alert)
        self.openings = [order for order in self.openings if order.is_under_way]
        self.closes = [close for close in self.closes if close.state != "done"]

    def range_events(self) -> None:
        """Stops and targets in the range of the bars that end now."""
        for symbol, series in self.bars.items():
            bar = series.ending(self.now)
            for ticket in list(self.account.tickets[symbol]) if bar else []:
                self.range_of(ticket, bar)

    def range_of(self, ticket: Ticket, bar: Bar | None) -> None:
        assert bar is not None
        low, high = bar.closing_low(ticket.side), bar.closing_high(ticket.side)
        adverse, favourable = (low, high) if ticket.side > 0 else (high, low)
        stopped, reached = ticket.stop_beyond(adverse), ticket.target_beyond(favourable)
        if stopped and (self.is_pessimistic or not reached):
            assert ticket.sl is not None
            self.close(ticket, ticket.sl - ticket.side * self.slippage, bar.end_ns, bar.row, "sl", reached)
        elif reached:
            assert ticket.tp is not None
            self.close(ticket, ticket.tp, bar.end_ns, bar.row, "tp", stopped)
        else:
            ticket.live_through(low, high)

    def open_events(self) -> None:
        opening = {s: bar for s, series in self.bars.items() if (bar := series.opening(self.now)) is not None}
        for command in self.arriving(opening):
            if isinstance(command, Opening):
                self.answer(command)
        for symbol, bar in opening.items():
            for ticket in list(self.account.tickets[symbol]):
                self.gap(ticket, bar)
        while (close := self.next_close(opening)) is not None:
            if close.state == "sent":
                self.reach(close)
            self.act(close, opening[close.symbol])
        while (order := self.next_opening(opening)) is not None:
            self.open(order, opening[order.symbol])

    def gap(self, ticket: Ticket, bar: Bar) -> None:
        price = bar.closing_open(ticket.side)
        if ticket.stop_beyond(price):
            self.close(ticket, price - ticket.side * self.slippage, bar.open_ns, bar.row, "sl")
        elif ticket.target_beyond(price):
            self.close(ticket, price, bar.open_ns, bar.row, "tp")

    def arriving(self, symbols: Iterable[str]) -> list[Opening | Close]:
        """Commands for these symbols that are on their way and arrive now, as raised."""
        every: list[Opening | Close] = [*self.openings, *self.closes]
        now = [c for c in every if c.state == "sent" and c.arrival_ns == self.now and c.symbol in symbols]
        return sorted(now, key=lambda command: command.number)

    def next_close(self, opening: Mapping[str, Bar]) -> Close | None:
        ready = [c for c in self.closes if c.state == "waiting" or (c.state == "sent" and c.arrival_ns == self.now)]
        ready = [close for close in ready if close.symbol in opening]
        return min(ready, key=lambda close: (close.arrival_ns, close.number), default=None)

    def next_opening(self, opening: Mapping[str, Bar]) -> Opening | None:
        ready = [order for order in self.openings if order.state == "waiting" and order.symbol in opening]
        return min(ready, key=lambda order: (order.arrival_ns, order.number), default=None)

    def end_of_data(self) -> None:
        for order in self.openings:
            self.decisions[order.alert_id] = ("expired", "end_of_data")
        for close in self.closes:
            if close.reason == "signal":
                self.decisions[close.alert_id] = ("closed", "") if close.closed else ("expired", "end_of_data")
        self.closes = []
        for symbol, series in self.bars.items():
            bar = series.bars[-1]
            for ticket in list(self.account.tickets[symbol]):
                self.close(ticket, bar.closing_close(ticket.side), bar.end_ns, bar.row, "end_of_data")

    # -- bracket -------------------------------------------------------------------------------------------------

    def handle(self, alert: Mapping[str, Any]) -> None:
        symbol, side = alert["symbol"], SIDES[alert["side"]]
        if symbol not in self.instruments:
            self.decide(alert, "refused", "unknown_symbol")
        elif symbol not in self.bars:
            self.decide(alert, "refused", "no_prices")
        elif alert["type"] == "exit":
            if self.has_something(symbol, side):
                self.send_close(Close(alert["id"], symbol, side, "signal"))
            else:
                self.decide(alert, "ignored", "nothing_to_close")
        else:
            self.handle_entry(alert, symbol, side, is_reversal=alert["type"] == "reversal")

    def handle_entry(self, alert: Mapping[str, Any], symbol: str, side: int, is_reversal: bool) -> None:
        """Enter, after the other side is closed if it is a reversal; a refused entry does not stop those closes."""
        refusal = self.objection(alert, symbol, side if is_reversal else 0)
        order = None if refusal else self.order_for(alert, symbol, side)
        if refusal:
            self.decide(alert, "refused", refusal)
        if is_reversal and self.has_something(symbol, -side):
            if order is not None:
                self.hold(order)
            self.send_close(Close(alert["id"], symbol, -side, "reversal", entry=order))
        elif order is not None:
            self.openings.append(order)
            self.send_opening(order)

    def objection(self, alert: Mapping[str, Any], symbol: str, counted_side: int) -> str:
        if self.one_at_a_time and self.has_something(symbol, counted_side):
            return "one_at_a_time"
        price, point = alert["price"], self.instruments[symbol].point
        if self.max_price_gap is not None and price is not None:
            known = self.bars[symbol].last_known(self.now)
            if known is None:
                return "no_prices"
            gap = abs(to_points(price, point) - Decimal(known[0] + known[1]) / 2) * point
            if gap > Decimal(str(self.max_price_gap)):
                return "price_far_from_alert"
        if self.by_distance and price is None and (alert["sl"] or alert["tp"]):
            return "no_alert_price"
        return ""

    def order_for(self, alert: Mapping[str, Any], symbol: str, side: int) -> Opening:
        instrument = self.instruments[symbol]
        volume = instrument.volume_min if alert["volume"] is None else alert["volume"]
        sl = to_points(alert["sl"], instrument.point) if alert["sl"] else None
        tp = to_points(alert["tp"], instrument.point) if alert["tp"] else None
        if self.by_distance and alert["price"] is not None:
            price = to_points(alert["price"], instrument.point)
            sl, tp = (None if level is None else level - price for level in (sl, tp))
        return Opening(alert["id"], symbol, side, volume, sl, tp, self.by_distance)

    def has_something(self, symbol: str, side: int) -> bool:
        """A ticket is open, or an entry under way, for the symbol on this side (0: either)."""
        return bool(self.account.open_tickets(symbol, side) or self.under_way(symbol, side))

    def under_way(self, symbol: str, side: int) -> list[Opening]:
        return [o for o in self.openings if o.is_under_way and o.symbol == symbol and side in (0, o.side)]

    def decide(self, alert: Mapping[str, Any], outcome: str, reason: str) -> None:
        self.decisions[alert["id"]] = (outcome, reason)

    # -- commands on their way -----------------------------------------------------------------------------------

    def hold(self, order: Opening) -> None:
        """Keep a reversal's entry until its closes are confirmed; its number says which commands came before it."""
        self.commands += 1
        order.number = self.commands
        self.openings.append(order)

    def stamp(self, command: Opening | Close) -> bool:
        """Number the command and send it off; says whether it arrives this very instant."""
        self.commands += 1
        command.number = self.commands
        command.arrival_ns = self.now + self.latency_ns
        command.state = "sent"
        if self.latency_ns:
            heapq.heappush(self.instants, command.arrival_ns)
        return not self.latency_ns

    def send_opening(self, order: Opening) -> None:
        if self.stamp(order):
            self.arrive(order) if self.phase == 4 else self.answer(order)  # phase 2 fills it, if a bar opens

    def send_close(self, close: Close) -> None:
        self.closes.append(close)
        if self.stamp(close):
            self.arrive(close)

    def arrive(self, command: Opening | Close) -> None:
        """An arrival in phase 4: by grace, or with a bar that opened this instant, it is carried out now."""
        bar = self.bars[command.symbol].in_progress(self.now)
        if bar is not None and self.now - bar.open_ns > self.grace_ns:
            bar = None
        if isinstance(command, Close):
            self.reach(command)
            if bar is not None:
                self.act(command, bar)
            self.settle()
        elif self.answer(command, bar) and bar is not None:
            self.open(command, bar)

    def answer(self, order: Opening, graced: Bar | None = None) -> bool:
        """The answer at arrival: volume, then whether the market opens in time."""
        instrument, series = self.instruments[order.symbol], self.bars[order.symbol]
        order.steps = int(Decimal(str(order.volume)) // instrument.volume_step)
        bar = graced or series.first_open_from(order.arrival_ns)
        latest_ns = order.arrival_ns + max(self.max_wait_ns, series.timeframe_ns)
        if instrument.lots(order.steps) < instrument.volume_min:
            self.refuse(order, "volume_too_small")
        elif instrument.lots(order.steps) > instrument.volume_max:
            self.refuse(order, "volume_too_large")
        elif bar is None or bar.open_ns > latest_ns:
            self.refuse(order, "market_closed")
        else:
            order.state = "waiting"
        return order.state == "waiting"

    def refuse(self, order: Opening, reason: str) -> None:
        order.state = "done"
        self.decisions[order.alert_id] = ("refused", reason)
        self.settle()

    # -- fills ---------------------------------------------------------------------------------------------------

    def open(self, order: Opening, bar: Bar) -> None:
        """Fill or refuse the order at the bar's open; exits that took it along close it right after."""
        instrument, side = self.instruments[order.symbol], order.side
        price = bar.entry_open(side) + side * self.slippage
        sl, tp = order.levels(price)
        margin = self.account.margin_for(order, bar.open_ns)
        if not levels_are_valid(side, bar.closing_open(side), sl, tp, instrument.stops_level_points):
            self.refuse(order, "invalid_stops")
            return
        if not self.account.affords(order, margin, self.now):
            self.refuse(order, "no_money")
            return
        self.fills += 1
        ticket = Ticket(
            self.fills, order.alert_id, order.symbol, side, order.steps, bar.open_ns, bar.row, price, sl, tp, margin
        )
        self.account.tickets[order.symbol].append(ticket)
        order.state = "done"
        self.decisions[order.alert_id] = ("filled", "")
        for close in order.taken_by:
            if ticket.is_open:
                self.close_by(close, ticket, bar)
        self.settle()

    def reach(self, close: Close) -> None:
        """The closing order arrives: it covers the tickets that are open and takes along the entries under way."""
        close.state = "waiting"
        close.tickets = self.account.open_tickets(close.symbol, close.side)
        close.taken = [o for o in self.under_way(close.symbol, close.side) if o.is_taken_by(close)]
        for order in close.taken:
            order.taken_by.append(close)

    def act(self, close: Close, bar: Bar) -> None:
        """The closing order meets an open: every ticket that it covers is closed there, older first."""
        close.state = "acted"
        for ticket in close.tickets:
            if ticket.is_open:
                self.close_by(close, ticket, bar)
        self.settle()

    def close_by(self, close: Close, ticket: Ticket, bar: Bar) -> None:
        close.closed += 1
        price = bar.closing_open(ticket.side) - ticket.side * self.slippage
        self.close(ticket, price, bar.open_ns, bar.row, close.reason)

    def settle(self) -> None:
        """Closing orders whose every ticket and entry has ended are done; a reversal's entry is decided now."""
        for close in list(self.closes):
            if close.state == "done" or not close.is_finished:
                continue
            close.state = "done"
            if close.reason == "signal":
                outcome = ("closed", "") if close.closed else ("ignored", "nothing_to_close")
                self.decisions[close.alert_id] = outcome
            elif close.entry is not None:
                self.send_opening(close.entry)

    def close(self, ticket: Ticket, price: int, t: int, row: int, reason: str, ambiguous: bool = False) -> None:
        """Book the closing fill, then tell whoever waited for it."""
        self.account.book(ticket, price, t, row, reason, ambiguous)
        self.settle()


def levels_are_valid(side: int, closing_price: int, sl: int | None, tp: int | None, stops_level: int) -> bool:
    """A buy's stop lies below and its target above the bid, a sell's above and below the ask, none too close."""
    for level, direction in ((sl, -side), (tp, side)):
        distance = None if level is None else direction * (level - closing_price)
        if distance is not None and (distance <= 0 or distance < stops_level):
            return False
    return True
