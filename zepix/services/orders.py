"""Orders as a strategy gives them: prices and lots in, integer points and steps out, checked, on their way.

An awaited command returns once it is checked: ``Accepted(order_id)`` or ``Refused(reason)``. What the broker says comes
later, as an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any, Final

from zepix.model import Accepted, Catalogue, Instrument, Order, Quantity, Refused, Side, Ticket, Trail
from zepix.services.order_parts import CLOSE_REASONS, check_reason, complete, names_of, share_of
from zepix.services.own_tickets import OwnTickets
from zepix.services.ports import BrokerPort, OrderGate
from zepix.services.sizing import Sizing

__all__ = ["CLOSE_REASONS", "OrderExecutionService"]

MAX_KNOWN: Final = 20_000
"""So many opening orders are known by the names of their alerts, and those that are open or under way."""
_UPWARDS: Final = Context(prec=28, rounding=ROUND_CEILING)


class OrderExecutionService:
    """The order service of one plugin; it only ever touches that plugin's own tickets."""

    def __init__(
        self,
        gate: OrderGate,
        broker: BrokerPort,
        catalogue: Catalogue,
        plugin_id: str,
        family: str,
        sizing: Sizing | None = None,
    ) -> None:
        """``sizing`` reads quantities; without it one is refused ``unit_unknown``."""
        self._gate = gate
        self._broker = broker
        self._catalogue = catalogue
        self._sizing = sizing
        self._plugin_id = plugin_id
        self._family = family
        self._own_tickets = OwnTickets(broker, plugin_id)
        self._known_steps: dict[tuple[str, str], int] = {}
        self._opened: dict[int, tuple[str, tuple[object, ...]]] = {}
        """(symbol, names) of the opening orders that went out, by id; the oldest that are over are forgotten."""
        self._by_alert: dict[object, list[int]] = {}
        """Opening orders by what an alert may call them: (source, symbol, its own id), (source, its own id), its id."""

    async def place_order(  # size: half of it are its parameters and what they mean
        self,
        symbol: str,
        side: Side | str,
        volume: float | str | Quantity | None = None,
        sl: float | Quantity | None = None,
        tp: float | Quantity | None = None,
        *,
        sl_offset: float | None = None,
        tp_offset: float | None = None,
        order_type: str = "market",
        price: float | Quantity | None = None,
        limit_price: float | Quantity | None = None,
        expires_s: float | None = None,
        oco: str = "",
        trails: Sequence[Trail] = (),
        target_reason: str = "tp",
        role: str = "",
        comment: str = "",
        chain_id: str = "",
        after: Sequence[int] = (),
        alert_id: str = "",
    ) -> Accepted | Refused:
        """Buy or sell, at the market or by a pending order, with a stop and a target that live at the broker.

        volume: lots, rounded down to whole steps; None is the instrument's minimum. sl, tp: prices, None or 0 for none;
        sl_offset, tp_offset: instead, signed price distances from our fill; in other units: a Quantity (sizing.py).
        after: order ids that must be done first. alert_id: whose entry it is, where that is not the alert in hand.
        order_type: ``market, limit, stop, stop_limit``; price: the limit, or the stop's trigger; limit_price: that of a
        stop-limit. expires_s: from the decision. oco: orders of this plugin of the same name cancel each other.
        Refused at once: ``unknown_symbol, no_prices, no_entry_price, invalid_trailing, paused, plugin_disabled,
        invalid_expiry, unit_unknown, no_stop_for_risk, no_volume_for_money``.
        Raises ValueError for what is no number, no side or no kind of order.
        """
        instrument = self._catalogue.get(symbol)
        if instrument is None:
            return self._gate.refuse(Refused("unknown_symbol", f"{symbol} is in no catalogue"))
        gate = self._gate
        sign = Side.of(side).sign
        if (
            isinstance(sl, Quantity)
            or isinstance(tp, Quantity)
            or isinstance(volume, Quantity)
            or isinstance(price, Quantity)
            or isinstance(limit_price, Quantity)
        ):
            sizing = self._sizing_of(symbol)
            if isinstance(sizing, Refused):
                return gate.refuse(sizing)
            sized = sizing.order(symbol, sign, order_type, volume, sl, tp, price, limit_price, sl_offset)
            if isinstance(sized, Refused):
                return gate.refuse(sized)
            volume, sl, tp, price, limit_price = sized.volume, sized.sl, sized.tp, sized.price, sized.limit_price
            sl_offset = sized.sl_offset if sl_offset is None else sl_offset
            tp_offset = sized.tp_offset if tp_offset is None else tp_offset
        order = self._command(order_type, symbol, sign)
        order.volume = str(instrument.volume_min if volume is None else volume)
        order.sl, order.tp = instrument.level(sl), instrument.level(tp)
        order.volume_steps = self._steps(instrument, order.volume)
        if sl_offset is not None:
            order.sl_offset = instrument.points(sl_offset)
        if tp_offset is not None:
            order.tp_offset = instrument.points(tp_offset)
        order.role, order.comment, order.chain_id, order.oco = role, comment, chain_id, oco
        order.alert_id = alert_id or order.alert_id
        if order_type != "market" or trails or target_reason != "tp":
            refused = complete(order, instrument, price, limit_price, expires_s, trails, target_reason)
            if refused is not None:
                return gate.refuse(refused)
        answer = gate.submit(order, after)
        if answer:
            self._know(order.id, symbol, names_of(gate.alert, symbol))
            if len(self._opened) > MAX_KNOWN:
                self._forget_oldest()
        return answer

    async def close_positions(
        self,
        symbol: str,
        side: Side | str | None = None,
        *,
        frac: float | None = None,
        orders: Sequence[int] = (),
        reason: str = "signal",
    ) -> Accepted | Refused:
        """Close every ticket of this plugin on ``symbol`` and ``side`` (None: both); never expires.

        What it covers is decided at its arrival; market entries under way are taken along, pending orders of the side
        are cancelled. orders: instead, what came of these order ids. frac: the share of each ticket's volume at its
        entry, rounded down to steps; None or 1 for all.
        """
        check_reason(reason)
        if symbol not in self._catalogue:
            return self._gate.refuse(Refused("unknown_symbol", f"{symbol} is in no catalogue"))
        order = self._command("close", self._symbol_of(orders, symbol), side)
        order.reason_to_close, order.frac, order.targets = reason, share_of(frac), tuple(orders)
        return self._gate.submit(order, ())

    async def close_order(self, ticket: int, reason: str = "signal") -> Accepted | Refused:
        """Close one ticket by its number; Refused ``unknown_ticket`` where it is not open or not ours."""
        return self._close_ticket(ticket, None, reason)

    async def close_order_partial(self, ticket: int, frac: float, reason: str = "signal") -> Accepted | Refused:
        """Close a share of a ticket's volume at its entry, rounded down to steps, at most what is left.

        Refused at once ``unknown_ticket``, later ``volume_too_small`` where the share is less than a step.
        """
        return self._close_ticket(ticket, frac, reason)

    async def close_left(
        self, symbol: str, side: Side | str | None, frac: float, reason: str = "signal", *, orders: Sequence[int] = ()
    ) -> Accepted | Refused:
        """Close a share of what is left of each open ticket of this plugin on ``symbol`` and ``side`` (None: both).

        orders: instead, of the tickets that came of these order ids. A command for each ticket, rounded down to steps;
        the last one's answer. Refused ``nothing_to_close`` without a ticket, later ``volume_too_small``.
        """
        check_reason(reason)
        share = share_of(frac) or Decimal(1)
        answer: Accepted | Refused | None = None
        found = [t for t in self.open_tickets() if t.order_id in orders] if orders else self.open_tickets(symbol, side)
        for ticket in found:
            wanted = Decimal(int(share * ticket.steps))
            # rounded up, so that the broker's cutting gives ``wanted`` again
            part = _UPWARDS.divide(wanted or share, Decimal(ticket.entry_steps))
            answer = self._close_ticket(ticket.id, part if part < 1 else None, reason)
        nothing = Refused("nothing_to_close", f"no ticket is open on {symbol}")
        return nothing if answer is None else answer  # not noted: what it means is the strategy's to say

    async def modify_order(
        self, ticket: int, sl: float | Quantity | None = None, tp: float | Quantity | None = None
    ) -> Accepted | Refused:
        """Change a ticket's levels: None is unchanged, 0 takes one away. The market never refuses it (docs/fills.md).

        A Quantity is measured from the ticket's entry. Refused at once: ``unknown_ticket`` where it is not open or not
        ours, ``no_levels`` where neither is given, ``unit_unknown``.
        """
        found = self._own(ticket)
        if isinstance(found, Refused):
            return found
        if isinstance(sl, Quantity) or isinstance(tp, Quantity):
            lots = Decimal(self._catalogue[found.symbol].lots(found.steps))
            levels = self.levels_from(found.symbol, found.side, found.entry_points, lots, sl, tp)
            if isinstance(levels, Refused):
                return self._gate.refuse(levels)
            sl, tp = levels
        order = self._command("modify", found.symbol, found.side)
        order.tickets = (ticket,)
        return self._change(order, sl, tp)

    async def modify_positions(
        self,
        symbol: str,
        side: Side | str | None = None,
        sl: float | Quantity | None = None,
        tp: float | Quantity | None = None,
        *,
        orders: Sequence[int] = (),
    ) -> Accepted | Refused:
        """Change the levels of every ticket and every order under way on ``symbol`` and ``side`` (None: both).

        orders: instead, of what came of these order ids. Prices as in ``modify_order``. A Quantity is measured from
        each ticket's own entry, and from each pending order's price: a command for each of those that there are now,
        and the last one's answer; Refused ``nothing_to_modify`` where there are none.
        """
        if symbol not in self._catalogue:
            return self._gate.refuse(Refused("unknown_symbol", f"{symbol} is in no catalogue"))
        if isinstance(sl, Quantity) or isinstance(tp, Quantity):
            return await self._modify_each(symbol, side, sl, tp, orders)
        order = self._command("modify", self._symbol_of(orders, symbol), side)
        order.targets = tuple(orders)
        return self._change(order, sl, tp)

    async def cancel_order(self, order_id: int) -> Accepted | Refused:
        """Cancel one opening order that is under way; Refused ``unknown_order`` where it is not ours or is done."""
        found = next((o for o in self._broker.under_way() if o.id == order_id), None)
        if found is None or found.plugin_id != self._plugin_id:
            return self._gate.refuse(Refused("unknown_order", f"order {order_id} is not under way here"))
        return await self.cancel_orders(found.symbol, orders=(order_id,))

    async def cancel_orders(
        self, symbol: str, side: Side | str | None = None, *, orders: Sequence[int] = ()
    ) -> Accepted | Refused:
        """Cancel every pending order of this plugin on ``symbol`` and ``side`` (None: both), or those named."""
        if symbol not in self._catalogue:
            return self._gate.refuse(Refused("unknown_symbol", f"{symbol} is in no catalogue"))
        order = self._command("cancel", self._symbol_of(orders, symbol), side)
        order.targets = tuple(orders)
        return self._gate.submit(order, ())

    def orders_of(self, alert_id: str) -> tuple[int, ...]:
        """Ids of the opening orders of this plugin that came of an alert, older first.

        ``alert_id`` is the id that the alert's sender gave it, looked for as duplicates are: within the source and the
        symbol of the alert in hand, then within its source; else the alert's id in its log.
        """
        asking = self._gate.alert
        if asking is not None:
            for name in ((asking.source, asking.symbol, alert_id), (asking.source, alert_id)):
                found = self._by_alert.get(name)
                if found:  # an id used for several symbols means the last of them, where none is the asking alert's
                    return tuple(n for n in found if self._opened[n][0] == self._opened[found[-1]][0])
        return tuple(self._by_alert.get(alert_id, ()))

    def open_tickets(self, symbol: str | None = None, side: Side | str | None = None) -> list[Ticket]:
        """This plugin's open tickets, older first."""
        sign = 0 if side is None else Side.of(side).sign
        return self._own_tickets.of(symbol, sign)

    def under_way(self, symbol: str | None = None, side: Side | str | None = None) -> list[Order]:
        """This plugin's opening orders that are decided and not yet answered."""
        sign = 0 if side is None else Side.of(side).sign
        return [
            o
            for o in self._broker.under_way()
            if o.plugin_id == self._plugin_id and symbol in (None, o.symbol) and sign in (0, o.side)
        ]

    def _symbol_of(self, orders: Sequence[int], symbol: str) -> str:
        """A command that names orders is about their symbol."""
        return next((self._opened[n][0] for n in orders if n in self._opened), symbol)

    # --- what alerts may call our orders --------------------------------------------------------------------------

    def _know(self, order_id: int, symbol: str, names: tuple[object, ...]) -> None:
        self._opened[order_id] = (symbol, names)
        for name in names:
            self._by_alert.setdefault(name, []).append(order_id)

    def _forget_oldest(self) -> None:
        """Half of what is known goes, but nothing that is open or under way."""
        alive = {t.order_id for t in self._broker.tickets.values()} | {o.id for o in self._broker.under_way()}
        for number in list(self._opened)[: len(self._opened) // 2]:
            if number in alive:
                continue
            for name in self._opened.pop(number)[1]:
                found = self._by_alert[name]
                found.remove(number)
                if not found:
                    del self._by_alert[name]

    def state(self) -> dict[str, Any]:
        """What alerts may call our orders, as JSON values."""
        return {"opened": [[n, symbol, [_as_list(x) for x in names]] for n, (symbol, names) in self._opened.items()]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; what was here is forgotten."""
        self._opened, self._by_alert = {}, {}
        for number, symbol, names in state["opened"]:
            self._know(number, symbol, tuple(tuple(x) if isinstance(x, list) else x for x in names))

    def _steps(self, instrument: Instrument, volume: str) -> int:
        key = (instrument.symbol, volume)
        known = self._known_steps.get(key)
        if known is None:
            known = self._known_steps[key] = instrument.steps(volume)
        return known

    def _own(self, ticket: int) -> Ticket | Refused:
        found = self._broker.tickets.get(ticket)
        if found is None or found.plugin_id != self._plugin_id:
            return self._gate.refuse(Refused("unknown_ticket", f"ticket {ticket} is not open here"))
        return found

    def _close_ticket(self, ticket: int, frac: float | Decimal | None, reason: str) -> Accepted | Refused:
        check_reason(reason)
        found = self._own(ticket)
        if isinstance(found, Refused):
            return found
        order = self._command("close", found.symbol, found.side)
        order.reason_to_close, order.frac, order.tickets = reason, share_of(frac), (ticket,)
        return self._gate.submit(order, ())

    async def _modify_each(
        self,
        symbol: str,
        side: Side | str | None,
        sl: float | Quantity | None,
        tp: float | Quantity | None,
        orders: Sequence[int],
    ) -> Accepted | Refused:
        answer: Accepted | Refused | None = None
        for ticket in self.open_tickets(None if orders else symbol, None if orders else side):
            if not orders or ticket.order_id in orders:
                answer = await self.modify_order(ticket.id, sl, tp)
        for pending in self.under_way(None if orders else symbol, None if orders else side):
            if pending.is_pending_kind and (not orders or pending.id in orders):
                entry, lots = pending.limit or pending.price, self._catalogue[pending.symbol].lots(pending.volume_steps)
                levels = self.levels_from(pending.symbol, pending.side, entry, lots, sl, tp)
                if isinstance(levels, Refused):
                    return self._gate.refuse(levels)
                answer = await self.modify_positions(pending.symbol, None, *levels, orders=(pending.id,))
        nothing = Refused("nothing_to_modify", f"nothing is open on {symbol}")
        return nothing if answer is None else answer  # not noted: what it means is the strategy's to say

    def points(self, symbol: str, quantity: int | Quantity, *, down: bool = False) -> int | Refused:
        """A distance in whole points (``down``: cut); Refused ``unknown_symbol, unit_unknown``, not yet noted."""
        if not isinstance(quantity, Quantity):
            return quantity
        sizing = self._sizing_of(symbol)
        return sizing if isinstance(sizing, Refused) else sizing.points(symbol, quantity, down=down)

    def _sizing_of(self, symbol: str) -> Sizing | Refused:
        refused = Refused("unknown_symbol") if symbol not in self._catalogue else self._broker.refusal_for(symbol)
        if refused is not None:
            return refused
        return self._sizing or Refused("unit_unknown", "quantities cannot be read here; give prices and lots")

    def levels_from(
        self,
        symbol: str,
        sign: int,
        entry_points: int,
        lots: Decimal,
        sl: float | Quantity | None,
        tp: float | Quantity | None,
    ) -> tuple[float | None, float | None] | Refused:
        """Both levels as prices, distances measured from ``entry_points``; Refused, not yet noted."""
        sizing = self._sizing_of(symbol)
        if isinstance(sizing, Refused):
            return sizing
        return sizing.levels(symbol, sign, entry_points, lots, sl, tp)

    def _change(self, order: Order, sl: float | None, tp: float | None) -> Accepted | Refused:
        if sl is None and tp is None:
            return self._gate.refuse(Refused("no_levels", "a change needs a stop or a target; 0 takes one away"))
        instrument = self._catalogue[order.symbol]
        order.new_sl = None if sl is None else instrument.level(sl)
        order.new_tp = None if tp is None else instrument.level(tp)
        return self._gate.submit(order, ())

    def _command(self, kind: str, symbol: str, side: Side | int | str | None) -> Order:
        gate = self._gate
        sign = 0 if side is None else side if isinstance(side, int) else Side.of(side).sign
        now_ns = gate.now_ns
        return Order(
            gate.next_order_id(), kind, self._plugin_id, self._family, gate.alert_id, symbol, sign, now_ns, now_ns
        )


def _as_list(name: object) -> object:
    return list(name) if isinstance(name, tuple) else name
