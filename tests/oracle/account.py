"""The oracle's account: balance, open tickets, margin, equity, and the booking of a closing fill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .bars import Bars
from .commands import Opening
from .money import Instrument, Rates, to_minor
from .tickets import Ticket

__all__ = ["Account", "Quotes"]

Quotes = Mapping[str, tuple[int, int]]
"""Bid and ask by symbol, in points."""


class Account:
    """Money and open tickets; ``tickets`` holds the open ones by symbol in catalogue order, older first."""

    def __init__(
        self, given: Mapping[str, Any], instruments: Mapping[str, Instrument], bars: Mapping[str, Bars]
    ) -> None:
        self.instruments = instruments
        self.bars = bars
        self.leverage = Decimal(str(given["leverage"]))
        self.digits = int(given["digits"])
        self.balance_minor = to_minor(Decimal(str(given["balance"])), self.digits)
        points = {name: instrument.point for name, instrument in instruments.items()}
        self.rates = Rates(bars, points, given["currency"])
        self.tickets: dict[str, list[Ticket]] = {name: [] for name in bars}
        self.trades: list[dict[str, Any]] = []

    def open_tickets(self, symbol: str, side: int) -> list[Ticket]:
        """Open tickets of the symbol on this side (0: either), older first."""
        return [ticket for ticket in self.tickets[symbol] if side in (0, ticket.side)]

    # -- margin and equity ---------------------------------------------------------------------------------------

    def margin_of(self, symbol: str, steps: int, rate: Decimal) -> Decimal:
        """lots * contract size * rate / leverage; the rate is the one at the fill."""
        instrument = self.instruments[symbol]
        return instrument.lots(steps) * instrument.contract_size * rate / self.leverage

    def margin_rate(self, symbol: str, t: int) -> Decimal:
        return self.rates.rate(self.instruments[symbol].margin_currency, t)

    def is_converted(self, symbol: str, t: int, inside: bool) -> bool:
        """Whether the worth of the symbol's money and of its margin is known at ``t``."""
        instrument = self.instruments[symbol]
        wanted = (instrument.profit_currency, instrument.margin_currency)
        return all(self.rates.is_known(currency, t, inside) for currency in wanted)

    def affords(self, order: Opening, rate: Decimal, t: int) -> bool:
        """Whether the order needs no margin more, or equity at ``t`` bears the margin with it."""
        before, after = self.margin(), self.margin(order, rate)
        return after - before <= 0 or self.equity(t, self.last_known(t)) - after >= 0

    def margin(self, order: Opening | None = None, rate: Decimal = Decimal(0)) -> Decimal:
        """Per symbol the larger side's sum, with the order's own margin if one is given."""
        total = Decimal(0)
        for symbol, tickets in self.tickets.items():
            sums = {1: Decimal(0), -1: Decimal(0)}
            for ticket in tickets:
                sums[ticket.side] += self.margin_of(symbol, ticket.steps, ticket.margin_rate)
            if order is not None and order.symbol == symbol:
                sums[order.side] += self.margin_of(symbol, order.steps, rate)
            total += max(sums.values())
        return total

    def last_known(self, t: int) -> dict[str, tuple[int, int]]:
        """The last known bid and ask of every symbol that has one."""
        quotes = {symbol: series.last_known(t) for symbol, series in self.bars.items()}
        return {symbol: quote for symbol, quote in quotes.items() if quote is not None}

    def gross_at(self, ticket: Ticket, quotes: Quotes, t: int) -> Decimal:
        """Unrounded gross of what is left of the ticket at these prices and the rates of ``t``."""
        instrument = self.instruments[ticket.symbol]
        price = quotes[ticket.symbol][0 if ticket.side > 0 else 1]
        rate = self.rates.rate(instrument.profit_currency, t)
        return instrument.gross(ticket.side * (price - ticket.entry), ticket.steps, rate)

    def equity(self, t: int, quotes: Quotes) -> Decimal:
        """Balance and unrounded gross of the open tickets at these prices and the rates of ``t``."""
        total = Decimal(self.balance_minor).scaleb(-self.digits)
        for tickets in self.tickets.values():
            for ticket in tickets:
                total += self.gross_at(ticket, quotes, t)
        return total

    # -- booking -------------------------------------------------------------------------------------------------

    def book(
        self, ticket: Ticket, steps: int, price: int, t: int, row: int, reason: str, lived_to: int, ambiguous: bool
    ) -> None:
        """Close so many steps at ``price`` in bar ``row``; the ticket lived whole through bars up to ``lived_to``."""
        instrument = self.instruments[ticket.symbol]
        points = ticket.side * (price - ticket.entry)
        rate = self.rates.rate(instrument.profit_currency, t)
        gross = to_minor(instrument.gross(points, steps, rate), self.digits)
        per_side = to_minor(instrument.commission_per_lot * instrument.lots(steps), self.digits)
        swap_points = instrument.swap_points(ticket.side, ticket.entry_ns, t)
        swap = to_minor(instrument.gross(swap_points, steps, rate), self.digits)
        pnl = gross - 2 * per_side + swap
        self.balance_minor += pnl
        ticket.parts += 1
        ticket.steps -= steps
        if ticket.steps == 0:
            ticket.is_open = False
            self.tickets[ticket.symbol].remove(ticket)
        mae, mfe = self.excursions(ticket, lived_to)
        self.trades.append(
            {
                "ticket": ticket.number,
                "part": ticket.parts,
                "symbol": ticket.symbol,
                "side": ticket.side,
                "steps": steps,
                "entry_ns": ticket.entry_ns,
                "entry_points": ticket.entry,
                "exit_ns": t,
                "exit_points": price,
                "initial_sl": ticket.initial_sl or 0,
                "initial_tp": ticket.initial_tp or 0,
                "sl": ticket.sl or 0,
                "tp": ticket.tp or 0,
                "exit_reason": reason,
                "gross_minor": gross,
                "commission_minor": -2 * per_side,
                "swap_minor": swap,
                "pnl_minor": pnl,
                "pnl_points": points,
                "mae_points": max(mae, -points),
                "mfe_points": max(mfe, points),
                "bars_held": row - ticket.entry_row + 1,
                "ambiguous": ambiguous or ticket.is_ambiguous,
                "alert_id": ticket.alert_id,
            }
        )

    def excursions(self, ticket: Ticket, lived_to: int) -> tuple[int, int]:
        """The worst and the best of the bars fully lived, on the closing side against the entry; at least 0."""
        mae = mfe = 0
        for bar in self.bars[ticket.symbol].bars[ticket.lived_from : lived_to + 1]:
            low, high = bar.closing_low(ticket.side), bar.closing_high(ticket.side)
            ends = (ticket.side * (low - ticket.entry), ticket.side * (high - ticket.entry))
            mae, mfe = max(mae, *(-end for end in ends)), max(mfe, *ends)
        return mae, mfe
