"""The books of a simulated account: tickets, margin, balance, and the money of each closing fill.

Rules (docs/fills.md, "Money"):

- ``gross = points * steps * step * point_value * rate(t)``, Decimal with 28 digits in that order, rounded half-even to
  the account's digits once per closing fill;
- each closing fill charges both sides' commission for its own lots, each side rounded by itself, negative;
- swap points of all nights between entry and exit, summed, make money as gross does, rounded once;
- margin of a ticket = lots * contract size * rate(margin currency) at its fill / leverage, unrounded, the rate fixed,
  pro rata after partial closes; per symbol the larger side's sum counts;
- equity = balance + unrounded gross of open tickets at the prices and rates of the instant.

Sums over tickets are exact: integers (steps, and steps * entry points), so equity costs one product a symbol however
many tickets are open; and margins with as many digits as they need. So no sum depends on an order.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final

from zepix.model import AccountSpec, ClosingFill, Instrument, Order, Ticket
from zepix.model.ticket import made_fill
from zepix.services.conversion import MONEY, ONE, Conversions
from zepix.services.prices import PriceBook, SymbolPrices
from zepix.services.rollover import rollovers_between

__all__ = ["Book", "Exposure"]

ZERO: Final = Decimal(0)
EXACT: Final = Context(prec=120)
"""Digits enough that no sum of margins is rounded."""
ROUNDING: Final = 1e-9
MOST_SWAPS: Final = 16_384
MOST_MARGINS: Final = 16_384


class Exposure:
    """Open tickets of one symbol, summed by side: [0] longs, [1] shorts."""

    __slots__ = (
        *("count", "instrument", "is_home", "margin", "prices", "steps", "unit", "unit_float", "unit_minor", "value"),
    )

    def __init__(self, prices: SymbolPrices, is_home: bool, scale: int) -> None:
        instrument = prices.instrument
        self.prices = prices
        self.instrument = instrument
        self.is_home = is_home
        self.unit = instrument.volume_step * instrument.point_value
        self.unit_float = float(self.unit)
        minor = self.unit * scale
        self.unit_minor = int(minor) if is_home and minor == int(minor) else 0
        """Minor units that a point and step is worth; 0 where that is no whole number, or hangs on a rate."""
        self.count = [0, 0]
        self.steps = [0, 0]
        self.value = [0, 0]
        self.margin = [ZERO, ZERO]

    def enter(self, ticket: Ticket) -> None:
        """Count a new ticket in."""
        slot = 0 if ticket.side > 0 else 1
        self.count[slot] += 1
        self.steps[slot] += ticket.steps
        self.value[slot] += ticket.steps * ticket.entry_points
        self.margin[slot] = EXACT.add(self.margin[slot], ticket.margin)

    def leave(self, ticket: Ticket, steps: int, margin: Decimal) -> None:
        """Count ``steps`` of a ticket out, with their share of its margin."""
        slot = 0 if ticket.side > 0 else 1
        self.steps[slot] -= steps
        self.value[slot] -= steps * ticket.entry_points
        if steps == ticket.steps:
            self.count[slot] -= 1
        self.margin[slot] = EXACT.subtract(self.margin[slot], margin) if self.count[slot] else ZERO

    def open_points(self, bid: int, ask: int) -> int:
        """Sum of steps * points that the open tickets are ahead, longs at the bid, shorts at the ask."""
        return self.steps[0] * bid - self.value[0] + self.value[1] - self.steps[1] * ask

    def margin_with(self, side: int, extra: Decimal) -> Decimal:
        """The symbol's margin (the larger side) if ``extra`` came on ``side``."""
        longs, shorts = self.margin
        return max(EXACT.add(longs, extra), shorts) if side > 0 else max(longs, EXACT.add(shorts, extra))


class Book:
    """All money and tickets of one account; knows no orders and no time of its own."""

    def __init__(self, spec: AccountSpec, prices: PriceBook, conversions: Conversions, has_costs: bool) -> None:
        self.spec = spec
        self.has_costs = has_costs
        self.conversions = conversions
        self.cent = Decimal(1).scaleb(-spec.digits)
        self._nothing = MONEY.quantize(ZERO, self.cent)
        self.scale = 10**spec.digits
        self.balance_minor = int((spec.balance * self.scale).to_integral_value())
        self._balance = (self.balance_minor, Decimal(self.balance_minor).scaleb(-spec.digits))
        self.tickets: dict[int, Ticket] = {}
        self.touched: list[Ticket] = []
        """Tickets as they were opened, closed, parted or had their stop moved; for who keeps sums of them."""
        self.fills: list[ClosingFill] = []
        self.balances: list[tuple[int, int]] = []
        self.exposures = {
            p.symbol: Exposure(p, conversions.is_constant(p.instrument.profit_currency), self.scale) for p in prices
        }
        self.last_ticket = 0
        self._commission: dict[tuple[str, int], int] = {}
        self._swaps: dict[tuple[str, int, int], int] = {}
        """By symbol, side, and nights times steps."""
        self._margins: dict[tuple[str, int], tuple[Decimal, Decimal, Decimal]] = {}
        """By symbol and steps: the last rate of its margin, the margin at it, and the amount that it is of."""

    @property
    def balance(self) -> Decimal:
        if self._balance[0] != self.balance_minor:
            self._balance = (self.balance_minor, Decimal(self.balance_minor).scaleb(-self.spec.digits))
        return self._balance[1]

    def minor(self, amount: Decimal) -> int:
        """An amount in minor units, half-even."""
        return int(amount.quantize(self.cent, context=MONEY).scaleb(self.spec.digits))

    def equity(self, t_ns: int, phase: int) -> Decimal:
        """Balance plus unrounded gross of the open tickets at ``price(t)``."""
        total = self.balance
        for exposure in self.exposures.values():
            if exposure.count[0] or exposure.count[1]:
                quote = exposure.prices.quote(t_ns, phase)
                assert quote is not None, "a ticket is open in a symbol that has no price yet"
                total = MONEY.add(total, self.gross(exposure, exposure.open_points(*quote), t_ns))
        return total

    def margin(self) -> Decimal:
        """Sum over symbols of the larger side's margin, not rounded."""
        total = ZERO
        for exposure in self.exposures.values():
            if exposure.count[0] or exposure.count[1]:
                total = EXACT.add(total, max(exposure.margin))
        return total

    def shown(self, amount: Decimal) -> Decimal:
        """An amount with 28 digits at the most and no zeros behind, but the account's own; so it tells no history."""
        if not amount:
            return self._nothing
        least = MONEY.normalize(amount)
        cents = MONEY.quantize(least, self.cent)
        return cents if cents == least else least

    def is_converted(self, instrument: Instrument, t_ns: int, *, at_open: bool) -> bool:
        """Whether the account knows the worth of the instrument's money and of its margin at t. No ticket is opened
        before, so that every open ticket can be valued."""
        is_known = self.conversions.is_known
        return is_known(instrument.profit_currency, t_ns, at_open=at_open) and is_known(
            instrument.margin_currency, t_ns, at_open=at_open
        )

    def margin_of(self, instrument: Instrument, steps: int, t_ns: int) -> Decimal:
        """Margin of a new ticket, at the margin rate of t."""
        rate = self.conversions.rate(instrument.margin_currency, t_ns)
        key = (instrument.symbol, steps)
        last = self._margins.get(key)
        if last is None:
            if len(self._margins) >= MOST_MARGINS:
                self._margins.clear()
            amount = MONEY.multiply(instrument.volume_step * steps, instrument.contract_size)
        elif last[0] is rate:
            return last[1]
        else:
            amount = last[2]
        is_constant = self.conversions.is_constant(instrument.margin_currency)
        money = amount if is_constant else MONEY.multiply(amount, rate)
        margin = MONEY.divide(money, self.spec.leverage)
        self._margins[key] = (rate, margin, amount)
        return margin

    def affords(self, symbol: str, side: int, extra: Decimal, t_ns: int, phase: int) -> bool:
        """Whether equity before the fill covers the margin after it; always, where the fill needs no more margin."""
        exposure = self.exposures[symbol]
        before = max(exposure.margin)
        after = exposure.margin_with(side, extra)
        if after <= before or self._plainly_affords(float(after) - float(before), t_ns, phase):
            return True
        return self.equity(t_ns, phase) >= EXACT.add(self.margin(), EXACT.subtract(after, before))

    def _plainly_affords(self, more: float, t_ns: int, phase: int) -> bool:
        """Whether the equity covers so much more margin by far, so that no rounding of floats can be wrong."""
        left: float = self.balance_minor / self.scale
        size = abs(left) + more
        left -= more
        for exposure in self.exposures.values():
            if exposure.count[0] or exposure.count[1]:
                if not exposure.is_home:
                    return False
                quote = exposure.prices.quote(t_ns, phase)
                if quote is None:
                    return False
                money = exposure.open_points(*quote) * exposure.unit_float
                margin = float(max(exposure.margin))
                left += money - margin
                size += abs(money) + margin
        return left > size * ROUNDING

    def means(self, t_ns: int, phase: int, margin: Decimal) -> dict[str, float]:
        """What an order without money had, and what it wanted."""
        return {
            "equity": float(self.equity(t_ns, phase)),
            "margin_used": float(self.margin()),
            "margin_wanted": float(margin),
        }

    def open(
        self,
        order: Order,
        prices: SymbolPrices,
        row: int,
        points: int,
        sl: int,
        tp: int,
        margin: Decimal,
        entry_ns: int,
        lived_from: int,
        now_ns: int,
    ) -> Ticket:
        """A new ticket for an order that fills at the open of ``row`` or inside it; see ``Ticket``."""
        self.last_ticket += 1
        steps = order.volume_steps
        ticket = Ticket(
            self.last_ticket,
            order.id,
            order.plugin_id,
            order.family,
            order.alert_id,
            order.symbol,
            prices.index,
            order.side,
            steps,
            entry_ns,
            row,
            points,
            sl,
            tp,
            sl,
            tp,
            margin,
            order.role,
            order.chain_id,
            now_ns,
            steps,
            lived_from,
            order.trails,
            order.target_reason,
        )
        self.tickets[ticket.id] = ticket
        self.exposures[order.symbol].enter(ticket)
        self.touched.append(ticket)
        return ticket

    def close(
        self,
        ticket: Ticket,
        steps: int,
        exit_ns: int,
        row: int,
        points: int,
        reason: str,
        excursion: tuple[int, int],
        is_ambiguous: bool,
        now_ns: int,
    ) -> ClosingFill:
        """Close ``steps`` of a ticket at ``points`` and book the money; ``excursion`` is (mae, mfe)."""
        exposure = self.exposures[ticket.symbol]
        moved = ticket.side * (points - ticket.entry_points)
        gross = self._gross_minor(exposure, moved * steps, exit_ns)
        commission = swap = 0
        if self.has_costs:
            commission = self._both_sides(exposure.instrument, steps)
            swap = self._swap(exposure, ticket, steps, exit_ns)
        pnl = gross + commission + swap
        ticket.parts += 1
        self._release(exposure, ticket, steps)
        fill = made_fill((
            ticket.id,
            ticket.parts,
            ticket.plugin_id,
            ticket.family,
            ticket.symbol,
            ticket.side,
            ticket.role,
            steps,
            ticket.entry_ns,
            ticket.entry_points,
            exit_ns,
            points,
            ticket.initial_sl,
            ticket.initial_tp,
            ticket.sl,
            ticket.tp,
            reason,
            gross,
            commission,
            swap,
            pnl,
            moved,
            excursion[0],
            excursion[1],
            row - ticket.entry_row + 1,
            is_ambiguous,
            ticket.alert_id,
            ticket.chain_id,
            now_ns,
            ticket.entry_row,
            row,
        ))  # fmt: skip
        self.balance_minor += pnl
        self.fills.append(fill)
        self.balances.append((now_ns, self.balance_minor))
        return fill

    def _release(self, exposure: Exposure, ticket: Ticket, steps: int) -> None:
        """Take closed steps off a ticket, and their share of its margin (of that at its entry) with them."""
        left = ticket.steps - steps
        if left:
            margin = EXACT.subtract(self._share_of_margin(ticket, ticket.steps), self._share_of_margin(ticket, left))
        else:
            margin = self._share_of_margin(ticket, steps)
            ticket.is_open = False
            del self.tickets[ticket.id]
        exposure.leave(ticket, steps, margin)
        ticket.steps = left
        self.touched.append(ticket)

    def _share_of_margin(self, ticket: Ticket, steps: int) -> Decimal:
        if steps == ticket.entry_steps:
            return ticket.margin
        return MONEY.divide(MONEY.multiply(ticket.margin, Decimal(steps)), Decimal(ticket.entry_steps))

    def unrounded(self, ticket: Ticket, points: int, t_ns: int) -> Decimal:
        """What an open ticket is ahead if it closed at ``points``, unrounded."""
        moved = ticket.side * (points - ticket.entry_points)
        return self.gross(self.exposures[ticket.symbol], moved * ticket.steps, t_ns)

    def _swap(self, exposure: Exposure, ticket: Ticket, steps: int, exit_ns: int) -> int:
        instrument = exposure.instrument
        a_night = instrument.swap_long_points if ticket.side > 0 else instrument.swap_short_points
        if not a_night:
            return 0
        nights = rollovers_between(ticket.entry_ns, exit_ns, instrument.triple_swap_weekday)
        if not nights:
            return 0
        if not exposure.is_home:
            return self.minor(self.gross(exposure, a_night * (nights * steps), exit_ns))
        key = (instrument.symbol, ticket.side, nights * steps)  # at home no rate changes it
        known = self._swaps.get(key)
        if known is None:
            if len(self._swaps) >= MOST_SWAPS:
                self._swaps.clear()
            known = self._swaps[key] = self.minor(self.gross(exposure, a_night * (nights * steps), exit_ns))
        return known

    def gross(self, exposure: Exposure, point_steps: int | Decimal, t_ns: int) -> Decimal:
        """Money of so many points times steps of a symbol, in the account's currency at t, unrounded."""
        amount = MONEY.multiply(Decimal(point_steps), exposure.unit)
        if exposure.is_home:
            return amount
        rate = self.conversions.rate(exposure.instrument.profit_currency, t_ns)
        return amount if rate is ONE else MONEY.multiply(amount, rate)

    def _gross_minor(self, exposure: Exposure, point_steps: int, t_ns: int) -> int:
        """The same, rounded; in whole numbers where a point and step is worth whole minor units at home."""
        if exposure.unit_minor:
            return point_steps * exposure.unit_minor
        return self.minor(self.gross(exposure, point_steps, t_ns))

    def _both_sides(self, instrument: Instrument, steps: int) -> int:
        """Commission of both sides in minor units, each rounded by itself, negative."""
        key = (instrument.symbol, steps)
        known = self._commission.get(key)
        if known is None:
            lots = instrument.volume_step * steps
            known = self._commission[key] = -2 * self.minor(MONEY.multiply(lots, instrument.commission_per_lot))
        return known
