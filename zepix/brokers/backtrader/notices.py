"""Tickets as backtrader sees them: an order for each opening and closing fill, so that its trades are the tickets.

The strategy's own machinery makes ``bt.Trade`` objects of executed orders by data and ``tradeid``; a ticket's orders
carry its number as ``tradeid``, so each ticket is one trade, with its gross as ``pnl`` and its net as ``pnlcomm``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from zepix.brokers.backtrader.accounts import TicketMoney, units_of
from zepix.brokers.backtrader.border import bt, number_of
from zepix.model import ClosingFill, Instrument, Order, Ticket

__all__ = ["Notices", "Sized"]

EXEC_TYPES: Final = {
    "market": bt.Order.Market,
    "limit": bt.Order.Limit,
    "stop": bt.Order.Stop,
    "stop_limit": bt.Order.StopLimit,
}
STOPS: Final = ("sl", "trailing", "break_even")
TARGETS: Final = ("tp", "profit_booking")


@dataclass(slots=True)
class Sized:
    """How much of something is open, exactly in steps and as backtrader has summed it up."""

    steps: int = 0
    units: float = 0.0

    def change(self, steps: int, units: float) -> float:
        """Add signed steps; the units to tell, so that the sum is 0 where the steps are."""
        self.steps += steps
        told = units if self.steps else -self.units
        self.units += told
        return told


class Notices:
    """Orders to be told to their owners; those of a symbol wait until its feed has delivered a row."""

    def __init__(self, datas: dict[str, Any], digits: int) -> None:
        self.datas = datas
        self._unit = 10**digits
        self._ready: deque[Any] = deque()
        self._waiting: list[Any] = []
        self._sized: dict[Any, Sized] = {}

    def next(self) -> Any:
        return self._ready.popleft() if self._ready else None

    def flush(self) -> None:
        """Tell what waited for the first row of its feed."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for make in waiting:
                self.when_shown(*make)

    def when_shown(self, symbol: str, work: Any) -> None:
        if self._waiting or not len(self.datas[symbol]):
            self._waiting.append((symbol, work))
        else:
            work()

    def tell(self, order: Any) -> None:
        self._ready.append(order.clone())

    # --- tickets of plugins ---------------------------------------------------------------------------------------

    def opened(self, owner: Any, order: Order, ticket: Ticket, instrument: Instrument) -> None:
        steps, kind = ticket.entry_steps, EXEC_TYPES[order.kind]

        def work() -> None:
            made = self._make(owner, ticket.symbol, ticket.side, steps, ticket.id, instrument, order.fill_points, kind)
            self.execute_opening(made, ticket, instrument, (owner, ticket.id))
            self.tell(made)

        self.when_shown(ticket.symbol, work)

    def closed(self, owner: Any, fill: ClosingFill, instrument: Instrument) -> None:
        reason = fill.exit_reason
        kind = bt.Order.Stop if reason in STOPS else bt.Order.Limit if reason in TARGETS else bt.Order.Market

        def work() -> None:
            made = self._make(
                owner, fill.symbol, -fill.side, fill.steps, fill.ticket, instrument, fill.exit_points, kind
            )
            made.addinfo(reason=reason)
            self.execute_closing(made, fill, instrument, (owner, fill.ticket))
            self.tell(made)

        self.when_shown(fill.symbol, work)

    def _make(
        self,
        owner: Any,
        symbol: str,
        side: int,
        steps: int,
        tradeid: int,
        instrument: Instrument,
        points: int,
        kind: int,
    ) -> Any:
        cls = bt.BuyOrder if side > 0 else bt.SellOrder
        made = cls(
            owner=owner,
            data=self.datas[symbol],
            size=units_of(instrument, steps),
            price=instrument.price(points),
            exectype=kind,
            tradeid=tradeid,
        )
        made.addcomminfo(TicketMoney(instrument=instrument))
        made.submit(None)
        made.accept(None)
        return made

    # --- execution bits -------------------------------------------------------------------------------------------

    def execute_opening(self, order: Any, ticket: Ticket, instrument: Instrument, key: Any) -> None:
        """The part of an order that opened a ticket."""
        sized = self._sized.setdefault(key, Sized())
        units = sized.change(ticket.side * ticket.entry_steps, ticket.side * units_of(instrument, ticket.entry_steps))
        price = instrument.price(ticket.entry_points)
        order.execute(
            number_of(ticket.entry_ns), units, price, 0, 0.0, 0.0, units, abs(units) * price, 0.0, float(ticket.margin),
            0.0, sized.units, price,
        )  # fmt: skip

    def execute_closing(self, order: Any, fill: ClosingFill, instrument: Instrument, key: Any) -> None:
        """The part of an order that closed a ticket, or a part of one: its gross is pnl, its costs are commission."""
        sized = self._sized.setdefault(key, Sized())
        units = sized.change(-fill.side * fill.steps, -fill.side * units_of(instrument, fill.steps))
        price = instrument.price(fill.exit_points)
        gross = fill.gross_minor / self._unit
        costs = -(fill.commission_minor + fill.swap_minor) / self._unit
        order.addcomminfo(TicketMoney(instrument=instrument, pnl=gross))
        order.execute(
            number_of(fill.exit_ns), units, price, units, abs(units) * instrument.price(fill.entry_points), costs, 0,
            0.0, 0.0, 0.0, gross, sized.units, price,
        )  # fmt: skip
        if not sized.steps:
            del self._sized[key]
