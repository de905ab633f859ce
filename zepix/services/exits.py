"""Declared exits (``api.exits``): an entry as one ticket for each portion of its plan, all with the same stop.

Every portion's target is a real target at the broker from the fill on, and so are the stop, break-even and trailing.
Three things wait for an event and are forwarded by the strategy:

- ``on_ticket_closed(event)``: a target was hit, and the level says where the others' stop goes. The change is sent
  then, so it counts from the bar that opens after the one whose range hit the target (docs/exits.md).
- ``on_timer(event)``: the longest hold is over, everything of the group is closed.
- ``on_exit_alert(alert)``: a portion is closed, nearest target first; the rest runs, or not.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from zepix.errors import BrokerError
from zepix.model import Accepted, Alert, Instrument, Quantity, Refused, Side, Ticket, TicketClosed, TimerFired
from zepix.model.alert import EMPTY
from zepix.model.exit_plan import ExitPlan, Place
from zepix.services.dual_plan import Quotes
from zepix.services.exit_book import TIMER, ExitBook, ExitGroup, ExitLeg, SetTimer
from zepix.services.exit_places import Yardstick, price_points
from zepix.services.exit_portions import Portion, portions_of
from zepix.services.lot_split import min_steps, portions
from zepix.services.orders import OrderExecutionService
from zepix.services.ports import OrderGate

__all__ = ["ExitBook", "ExitService", "ExitsPlaced"]

TARGET_HIT = ("tp", "profit_booking")


@dataclass(frozen=True, slots=True)
class ExitsPlaced:
    """What went out: an order for each portion; true where there is one.

    ``notes`` say in sentences what the plan lost: levels without a target, a lot too small to split, a refused leg.
    """

    group: str = ""
    order_ids: tuple[int, ...] = ()
    lots: tuple[Decimal, ...] = ()
    roles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: Refused | None = None
    numbers: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    def __bool__(self) -> bool:
        return bool(self.order_ids)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What all tickets of an entry have in common."""

    symbol: str
    side: Side | str
    sl: float | Quantity | None
    order_type: str
    price: float | None
    limit_price: float | None
    expires_s: float | None
    role_prefix: str
    comment: str
    chain_id: str
    after: tuple[int, ...]


class ExitService:
    """The declared exits of one plugin."""

    def __init__(
        self,
        book: ExitBook,
        plugin_id: str,
        orders: OrderExecutionService,
        quotes: Quotes,
        set_timer: SetTimer,
        gate: OrderGate | None = None,
    ) -> None:
        """``set_timer(at_ns, tag)`` wakes the plugin's ``on_timer``; ``gate`` notes our own refusals."""
        self._book = book
        self._plugin_id = plugin_id
        self._orders = orders
        self._quotes = quotes
        self._gate = gate
        book.add_plugin(plugin_id, set_timer)

    # --- placing --------------------------------------------------------------------------------------------------

    async def place(
        self,
        symbol: str,
        side: Side | str,
        lots: Decimal | float | str,
        sl: float | Quantity | None,
        plan: ExitPlan | Mapping[str, Any],
        *,
        tps: Sequence[float | None] = (),
        order_type: str = "market",
        price: float | None = None,
        limit_price: float | None = None,
        expires_s: float | None = None,
        role_prefix: str = "",
        comment: str = "",
        chain_id: str = "",
        after: Sequence[int] = (),
    ) -> ExitsPlaced:
        """Enter with ``lots`` in all, a ticket for each portion; ``tps`` are the prices that tp1, tp2... name.

        Refused as a whole: ``unknown_symbol, volume_too_small, no_target`` (none of the plan's targets came),
        ``no_stop_for_r, no_entry_price, unit_unknown``; a leg alone: what the gate says of it. Raises ConfigError for a
        table that is no plan, ValueError for what is no side or no number.
        """
        plan, sign = ExitPlan.of(plan), Side.of(side).sign
        instrument = self._book.catalogue.get(symbol)
        if instrument is None:
            return self._refused(Refused("unknown_symbol", f"{symbol} is in no catalogue"))
        yardstick = self._yardstick(instrument, sign, sl, order_type, limit_price or price, tps)
        if isinstance(yardstick, Refused):
            return self._refused(yardstick)
        notes: list[str] = []
        made = portions_of(plan, yardstick, notes)
        if isinstance(made, Refused):
            return self._refused(made)
        total = instrument.steps(lots)
        steps = portions(total, min_steps(instrument), [p.share for p in made])
        if not steps:
            return self._refused(Refused("volume_too_small", f"{lots} lots, the minimum is {instrument.volume_min}"))
        if len(steps) < len(made):
            went = ", ".join(p.role for p in made[len(steps) :])
            role = made[len(steps) - 1].role
            notes.append(f"{lots} lots are too few for {len(made)} portions; {went} left with {role}")
        entry = _Entry(
            symbol, side, sl, order_type, price, limit_price, expires_s, role_prefix, comment, chain_id, tuple(after)
        )
        group = ExitGroup(self._book.new_id(), self._plugin_id, symbol, str(Side.of(side)), plan, list(tps))
        return await self._send(group, entry, list(zip(made, steps, strict=False)), notes)

    async def _send(
        self, group: ExitGroup, entry: _Entry, tickets: list[tuple[Portion, int]], notes: list[str]
    ) -> ExitsPlaced:
        """An order for each portion; one that is refused leaves the others alone."""
        instrument = self._book.catalogue[group.symbol]
        sent: list[Decimal] = []
        first_refusal: Refused | None = None
        for portion, steps in tickets:
            role, lots = entry.role_prefix + portion.role, instrument.lots(steps)
            answer = await self._order(entry, portion, role, lots)
            if isinstance(answer, Accepted):
                group.legs.append(ExitLeg(answer.order_id, portion.level, role))
                sent.append(lots)
            else:
                first_refusal = first_refusal or answer
                notes.append(f"{role} ({lots} lots) refused: {answer.reason}")
        if group.legs:
            self._book.add(group)
        numbers: dict[str, Any] = {"lots_total": float(sum(sent)), "portions": len(sent)}
        if notes:
            numbers["exit_notes"] = "; ".join(notes)
        return ExitsPlaced(
            group.id if group.legs else "",
            tuple(leg.order_id for leg in group.legs),
            tuple(sent),
            tuple(leg.role for leg in group.legs),
            tuple(notes),
            first_refusal,
            numbers,
        )

    async def _order(self, entry: _Entry, portion: Portion, role: str, lots: Decimal) -> Accepted | Refused:
        try:
            return await self._orders.place_order(
                entry.symbol,
                entry.side,
                str(lots),
                entry.sl,
                portion.target.tp,
                tp_offset=portion.target.tp_offset,
                order_type=entry.order_type,
                price=entry.price,
                limit_price=entry.limit_price,
                expires_s=entry.expires_s,
                trails=portion.trails,
                role=role,
                comment=entry.comment,
                chain_id=entry.chain_id,
                after=entry.after,
            )
        except BrokerError as error:
            return Refused("broker_error", f"{type(error).__name__}: {error}")

    def groups(self, symbol: str | None = None) -> list[ExitGroup]:
        """This plugin's groups that are open or under way, older first."""
        return self._book.groups(self._plugin_id, symbol)

    # --- events that a strategy forwards --------------------------------------------------------------------------

    async def on_ticket_closed(self, event: TicketClosed) -> bool:
        """After a target: the others' stops go where the level says. Whether the ticket is of a group."""
        found = self._book.leg_of(event.ticket.order_id)
        if found is None:
            return False
        group, leg = found
        is_hit = event.fill.exit_reason in TARGET_HIT and not event.ticket.is_open
        if is_hit and leg.level < len(group.plan.levels):
            stop_to = group.plan.levels[leg.level].stop_to
            if stop_to is not None:
                await self._move_stops(group, stop_to)
        return True

    async def on_timer(self, event: TimerFired) -> bool:
        """The longest hold is over: close what is open, cancel what is under way. Whether the timer was of a group."""
        if not event.tag.startswith(TIMER):
            return False
        group = self._book.get(event.tag.removeprefix(TIMER))
        if group is not None and group.plugin_id == self._plugin_id and not group.is_done:
            await self._close_all(group, "time_exit")
        return True

    async def on_exit_alert(self, alert: Alert, only: Collection[str] | None = None) -> int:
        """Close the plan's portion of every group on the alert's symbol and side (None: both); how many there were.

        ``only``: of the groups with these ids.
        """
        found = [
            g for g in self.groups(alert.symbol) if alert.side in (None, g.side) and (only is None or g.id in only)
        ]
        for group in found:
            await self._cut(group)
        return len(found)

    # --- steps ----------------------------------------------------------------------------------------------------

    def _yardstick(
        self,
        instrument: Instrument,
        sign: int,
        sl: float | Quantity | None,
        order_type: str,
        price: float | None,
        tps: Sequence[float | None],
    ) -> Yardstick | Refused:
        quote = self._quotes.quote_points(instrument.symbol)
        if order_type != "market":
            entry = instrument.level(price) or None
        else:
            entry = None if quote is None else quote[1] if sign > 0 else quote[0]
        stop: int | Refused | None = None
        if isinstance(sl, Quantity) and sl.unit != "price":
            stop = None if sl.unit == "money" else self._orders.points(instrument.symbol, sl)
        elif sl and entry is not None:
            stop = abs(entry - instrument.level(sl.value if isinstance(sl, Quantity) else sl))
        if isinstance(stop, Refused):
            return stop
        return Yardstick(self._orders, instrument, sign, entry, stop, tps)

    def _open(self, group: ExitGroup) -> list[tuple[ExitLeg, Ticket]]:
        """Legs with their open tickets, nearest target first."""
        tickets = self._book.broker.tickets
        return [(leg, tickets[leg.ticket]) for leg in group.legs if leg.status == "filled" and leg.ticket in tickets]

    async def _move_stops(self, group: ExitGroup, stop_to: Place) -> None:
        """Every open ticket's stop to the place, where that betters it; a wire that fails is told at the end."""
        instrument = self._book.catalogue[group.symbol]
        ahead: int | Refused = 0
        failed: BrokerError | None = None
        if stop_to.kind == "quantity":
            ahead = self._signed_points(group.symbol, stop_to)
        for leg, ticket in self._open(group):
            points = price_points(stop_to, ticket, instrument, group.tps, ahead)
            if points is None or points <= 0:
                continue
            known = [stop for stop in (ticket.sl, leg.asked_sl) if stop]
            if any(ticket.side * (points - stop) <= 0 for stop in known):
                continue
            try:
                if await self._orders.modify_order(ticket.id, sl=instrument.price(points)):
                    leg.asked_sl = points
            except BrokerError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _signed_points(self, symbol: str, place: Place) -> int | Refused:
        found = self._orders.points(symbol, Quantity(abs(place.value), place.unit))
        return found if isinstance(found, Refused) else int(math.copysign(found, place.value))

    async def _close_all(self, group: ExitGroup, reason: str = "signal") -> None:
        orders = tuple(leg.order_id for leg in group.legs if not leg.is_done)
        await self._orders.close_positions(group.symbol, group.side, orders=orders, reason=reason)

    async def _cut(self, group: ExitGroup) -> None:
        """What an exit alert does to a group."""
        rule = group.plan.exit_alert
        if group.is_cut and rule.again == "keep":
            return
        tickets = self._open(group)
        left = sum(ticket.steps for _, ticket in tickets)
        kept = 0
        if not group.is_cut and (rule.runner == "always" or self._is_in_profit(group, tickets)):
            kept = int(left * (1 - Decimal(str(rule.portion))))
        if kept < min_steps(self._book.catalogue[group.symbol]):
            await self._close_all(group)
            return
        group.is_cut = True
        under_way = tuple(leg.order_id for leg in group.legs if leg.status == "placed")
        if under_way:
            await self._orders.close_positions(group.symbol, group.side, orders=under_way)
        await self._close_steps(tickets, left - kept)
        if rule.stop_to is not None:
            await self._move_stops(group, rule.stop_to)

    async def _close_steps(self, tickets: Sequence[tuple[ExitLeg, Ticket]], steps: int) -> None:
        """Close so many steps in all, nearest target first."""
        for _, ticket in tickets:
            part = min(steps, ticket.steps)
            if part == ticket.steps:
                await self._orders.close_order(ticket.id)
            elif part:
                await self._orders.close_order_partial(ticket.id, _share(part, ticket.entry_steps))
            steps -= part

    def _is_in_profit(self, group: ExitGroup, tickets: Sequence[tuple[ExitLeg, Ticket]]) -> bool:
        """Whether closing now would earn something, without costs; unknown prices earn nothing."""
        quote = self._quotes.quote_points(group.symbol)
        if quote is None:
            return False
        closing = quote[0] if Side(group.side) is Side.BUY else quote[1]
        return sum(t.side * (closing - t.entry_points) * t.steps for _, t in tickets) > 0

    def _refused(self, refused: Refused) -> ExitsPlaced:
        if self._gate is not None:
            self._gate.refuse(refused)
        return ExitsPlaced(refused=refused, notes=(f"{refused.reason}: {refused.detail}",))


def _share(part: int, entry_steps: int) -> float:
    """The share of a ticket that the broker cuts to exactly ``part`` steps."""
    share = part / entry_steps
    while int(Decimal(str(share)) * entry_steps) < part:
        share = math.nextafter(share, 1.0)
    return share
