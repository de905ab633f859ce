"""The oracle's account watch: where equity at the adverse corners has come too low, the broker closes tickets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from .account import Quotes
from .bars import Bar
from .broker import Broker
from .tickets import Ticket

__all__ = ["Watch"]


class Watch:
    """Compares equity with a share of the margin, at every bar end and at opens."""

    def __init__(self, broker: Broker, stop_out_frac: float) -> None:
        self.broker = broker
        self.account = broker.account
        self.stop_out_frac = Decimal(str(stop_out_frac))

    def at_ends(self, ended: Mapping[str, Bar]) -> None:
        """All bars that end now at their adverse corner together, the other symbols at their last known price."""
        quotes = self.account.last_known(self.broker.now)
        quotes |= {symbol: self.corner(symbol, bar) for symbol, bar in ended.items()}
        self.stop_out(quotes, ended)

    def at_opens(self) -> None:
        self.stop_out(self.account.last_known(self.broker.now), {})

    def corner(self, symbol: str, bar: Bar) -> tuple[int, int]:
        """The worse for the sum of the symbol's tickets: both lows or both highs; the lows where they are equal."""
        low, high = (bar.bid_low, bar.ask_low), (bar.bid_high, bar.ask_high)
        tickets = self.account.tickets[symbol]
        sums = [sum(t.side * t.steps * (q[0 if t.side > 0 else 1] - t.entry) for t in tickets) for q in (low, high)]
        return low if sums[0] <= sums[1] else high

    def stop_out(self, quotes: Quotes, ended: Mapping[str, Bar]) -> None:
        """Close the ticket with the largest loss at these prices, again until the account holds."""
        while tickets := [ticket for each in self.account.tickets.values() for ticket in each]:
            equity = self.account.equity(self.broker.now, quotes)
            if equity > self.stop_out_frac * self.account.margin():
                return
            worst = min(tickets, key=lambda t: (self.account.gross_at(t, quotes, self.broker.now), t.number))
            self.close(worst, quotes, ended)

    def close(self, ticket: Ticket, quotes: Quotes, ended: Mapping[str, Bar]) -> None:
        """There, less slippage; the bars that it lived through whole are those that have ended."""
        series, now = self.broker.bars[ticket.symbol], self.broker.now
        price = quotes[ticket.symbol][0 if ticket.side > 0 else 1] - ticket.side * self.broker.slippage
        row = series.started - 1
        bar = series.bars[row]
        has_ended = ticket.symbol in ended or (bar.open_ns < now and bar.end_ns <= now)
        self.broker.close(ticket, price, now, row, "stop_out", row if has_ended else row - 1)
