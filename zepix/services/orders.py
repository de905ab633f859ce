"""Orders as a strategy gives them: prices and lots in, integer points and steps out, checked, on their way.

An awaited command returns once it is checked: ``Accepted(order_id)`` or ``Refused(reason)``. What the broker says comes
later, as an event. Pending orders, changes and partial closes are known by name and refused ``not_supported`` yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from zepix.model import Accepted, Catalogue, Instrument, Order, Refused, Side, Ticket
from zepix.services.ports import BrokerPort, OrderGate

__all__ = ["CLOSE_REASONS", "OrderExecutionService"]

CLOSE_REASONS: Final = ("signal", "reversal", "profit_booking", "equity_guard", "manual")
"""Exit reasons a strategy may give; the others are the broker's to say."""


class OrderExecutionService:
    """The order service of one plugin; it only ever touches that plugin's own tickets."""

    def __init__(self, gate: OrderGate, broker: BrokerPort, catalogue: Catalogue, plugin_id: str, family: str) -> None:
        self._gate = gate
        self._broker = broker
        self._catalogue = catalogue
        self._plugin_id = plugin_id
        self._family = family
        self._known_steps: dict[tuple[str, str], int] = {}

    async def place_order(
        self,
        symbol: str,
        side: Side | str,
        volume: float | str | None = None,
        sl: float | None = None,
        tp: float | None = None,
        *,
        sl_offset: float | None = None,
        tp_offset: float | None = None,
        order_type: str = "market",
        role: str = "",
        comment: str = "",
        chain_id: str = "",
        after: Sequence[int] = (),
    ) -> Accepted | Refused:
        """Buy or sell at the market, with a stop and a target that live at the broker.

        volume: lots, rounded down to whole steps; None is the instrument's minimum. sl, tp: prices, None or 0 for none.
        sl_offset, tp_offset: instead, signed price distances from our fill. after: order ids that must be done first.
        Refused at once: ``unknown_symbol, no_prices, not_supported, paused, plugin_disabled``; later, as events:
        ``volume_too_small, volume_too_large, market_closed, invalid_stops, no_money``.
        Raises ValueError for what is no number or no side.
        """
        if order_type != "market":
            return self._gate.refuse(Refused("not_supported", f"{order_type} orders come with the next release"))
        instrument = self._catalogue.get(symbol)
        if instrument is None:
            return self._gate.refuse(Refused("unknown_symbol", f"{symbol} is in no catalogue"))
        gate = self._gate
        order = Order(
            gate.next_order_id(),
            "market",
            self._plugin_id,
            self._family,
            gate.alert_id,
            symbol,
            Side.of(side).sign,
            gate.now_ns,
            gate.now_ns,
            volume=str(instrument.volume_min if volume is None else volume),
            sl=instrument.level(sl),
            tp=instrument.level(tp),
        )
        order.volume_steps = self._steps(instrument, order.volume)
        if sl_offset is not None:
            order.sl_offset = instrument.points(sl_offset)
        if tp_offset is not None:
            order.tp_offset = instrument.points(tp_offset)
        order.role, order.comment, order.chain_id = role, comment, chain_id
        return gate.submit(order, after)

    async def close_positions(
        self, symbol: str, side: Side | str | None = None, *, reason: str = "signal"
    ) -> Accepted | Refused:
        """Close every ticket of this plugin on ``symbol`` and ``side`` (None: both); never expires.

        What it covers is decided at its arrival; market entries under way are taken along.
        """
        _check_reason(reason)
        if symbol not in self._catalogue:
            return self._gate.refuse(Refused("unknown_symbol", f"{symbol} is in no catalogue"))
        sign = 0 if side is None else Side.of(side).sign
        return self._gate.submit(self._close(symbol, sign, reason), ())

    async def close_order(self, ticket: int, reason: str = "signal") -> Accepted | Refused:
        """Close one ticket by its number; Refused ``unknown_ticket`` where it is not open or not ours."""
        _check_reason(reason)
        found = self._broker.tickets.get(ticket)
        if found is None or found.plugin_id != self._plugin_id:
            return self._gate.refuse(Refused("unknown_ticket", f"ticket {ticket} is not open here"))
        order = self._close(found.symbol, found.side, reason)
        order.tickets = (ticket,)
        return self._gate.submit(order, ())

    async def modify_order(self, ticket: int, sl: float | None = None, tp: float | None = None) -> Accepted | Refused:
        """Change a ticket's levels; refused ``not_supported`` until the next release."""
        return self._gate.refuse(Refused("not_supported", f"changes of ticket {ticket} to {sl}, {tp} come next"))

    async def close_order_partial(self, ticket: int, frac: float) -> Accepted | Refused:
        """Close a part of a ticket; refused ``not_supported`` until the next release."""
        return self._gate.refuse(Refused("not_supported", f"closing {frac} of ticket {ticket} comes next"))

    def open_tickets(self, symbol: str | None = None, side: Side | str | None = None) -> list[Ticket]:
        """This plugin's open tickets, older first."""
        sign = 0 if side is None else Side.of(side).sign
        return [
            t
            for t in self._broker.tickets.values()
            if t.plugin_id == self._plugin_id and symbol in (None, t.symbol) and sign in (0, t.side)
        ]

    def under_way(self, symbol: str | None = None, side: Side | str | None = None) -> list[Order]:
        """This plugin's opening orders that are decided and not yet answered."""
        sign = 0 if side is None else Side.of(side).sign
        return [
            o
            for o in self._broker.under_way()
            if o.plugin_id == self._plugin_id and symbol in (None, o.symbol) and sign in (0, o.side)
        ]

    def _steps(self, instrument: Instrument, volume: str) -> int:
        key = (instrument.symbol, volume)
        known = self._known_steps.get(key)
        if known is None:
            known = self._known_steps[key] = instrument.steps(volume)
        return known

    def _close(self, symbol: str, side: int, reason: str) -> Order:
        gate = self._gate
        order = Order(
            gate.next_order_id(),
            "close",
            self._plugin_id,
            self._family,
            gate.alert_id,
            symbol,
            side,
            gate.now_ns,
            gate.now_ns,
        )
        order.reason_to_close = reason
        return order


def _check_reason(reason: str) -> None:
    if reason not in CLOSE_REASONS:
        raise ValueError(f"{reason!r} is no reason for a close; there are {', '.join(CLOSE_REASONS)}")
