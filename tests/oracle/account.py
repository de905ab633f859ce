"""The oracle's account: balance, open tickets, margin, equity, and the booking of a closing fill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .bars import Bars
from .commands import Opening, Ticket
from .money import Instrument, Rates, to_minor

__all__ = ["Account"]


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

    def margin_for(self, order: Opening, fill_ns: int) -> Decimal:
        """Margin of the ticket that this order would open: lots * contract size * rate / leverage."""
        instrument = self.instruments[order.symbol]
        rate = self.rates.rate(instrument.margin_currency, fill_ns)
        return instrument.lots(order.steps) * instrument.contract_size * rate / self.leverage

    def affords(self, order: Opening, margin: Decimal, t: int) -> bool:
        """Whether the order needs no margin more, or equity at ``t`` bears the margin with it."""
        before, after = self.margin(), self.margin(order, margin)
        return after - before <= 0 or self.equity(t) - after >= 0

    def margin(self, order: Opening | None = None, extra: Decimal = Decimal(0)) -> Decimal:
        """Per symbol the larger side's sum, with the order's own margin if one is given."""
        total = Decimal(0)
        for symbol, tickets in self.tickets.items():
            sums = {1: Decimal(0), -1: Decimal(0)}
            for ticket in tickets:
                sums[ticket.side] += ticket.margin
            if order is not None and order.symbol == symbol:
                sums[order.side] += extra
            total += max(sums.values())
        return total

    def equity(self, t: int) -> Decimal:
        """Balance and unrounded gross of the open tickets at the last known prices and rates of ``t``."""
        total = Decimal(self.balance_minor).scaleb(-self.digits)
        for symbol, tickets in self.tickets.items():
            known, instrument = self.bars[symbol].last_known(t), self.instruments[symbol]
            for ticket in tickets:
                assert known is not None, f"ticket {ticket.number} is open, but {symbol} has no price yet"
                points = ticket.side * ((known[0] if ticket.side > 0 else known[1]) - ticket.entry)
                total += instrument.gross(points, ticket.steps, self.rates.rate(instrument.profit_currency, t))
        return total

    def book(self, ticket: Ticket, price: int, t: int, row: int, reason: str, ambiguous: bool) -> None:
        """Close the ticket at ``price``: gross rounded once, both sides' commission each by itself, the record."""
        instrument = self.instruments[ticket.symbol]
        points = ticket.side * (price - ticket.entry)
        rate = self.rates.rate(instrument.profit_currency, t)
        gross = to_minor(instrument.gross(points, ticket.steps, rate), self.digits)
        per_side = to_minor(instrument.commission_per_lot * instrument.lots(ticket.steps), self.digits)
        self.balance_minor += gross - 2 * per_side
        ticket.is_open = False
        self.tickets[ticket.symbol].remove(ticket)
        self.trades.append(
            {
                "ticket": ticket.number,
                "part": 1,
                "symbol": ticket.symbol,
                "side": ticket.side,
                "steps": ticket.steps,
                "entry_ns": ticket.entry_ns,
                "entry_points": ticket.entry,
                "exit_ns": t,
                "exit_points": price,
                "sl": ticket.sl or 0,
                "tp": ticket.tp or 0,
                "exit_reason": reason,
                "gross_minor": gross,
                "commission_minor": -2 * per_side,
                "swap_minor": 0,
                "pnl_minor": gross - 2 * per_side,
                "pnl_points": points,
                "mae_points": max(ticket.mae, -points),
                "mfe_points": max(ticket.mfe, points),
                "bars_held": row - ticket.entry_row + 1,
                "ambiguous": ambiguous,
                "alert_id": ticket.alert_id,
            }
        )
