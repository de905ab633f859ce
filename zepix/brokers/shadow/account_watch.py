"""The account watch: stop-outs, exactly as if every open and every bar end were looked at, but looked at seldom.

Rules (docs/fills.md, "Money"): at every bar end of any series, after its range events, and at the opens of an instant,
after the gaps, equity at the adverse corners is held against ``stop_out_frac`` x margin. At or below it, the ticket
with the largest loss is closed there, then equity and margin are taken anew, until it holds.

How it skips: by bands (account_bands.py), such that equity cannot be breached while all prices stay in them. A ticket
that opens or closes is paid for out of the room that the bands leave; while there is room nothing else is done (where a
rate lies between its money and the account's, the room is measured anew).
"""

from __future__ import annotations

import heapq
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from zepix.brokers.shadow.account_bands import ROUNDING, AccountBands, Band
from zepix.brokers.shadow.agenda import ACCOUNT
from zepix.brokers.shadow.book import Exposure
from zepix.model import ClosingFill, Ticket
from zepix.services.conversion import MONEY

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["LOOK", "LOOK_ON", "AccountWatch"]

LOOK: Final = 12
LOOK_ON: Final = 15
Corner = tuple[int, int, int, int]
"""(bid, ask, row, last row lived) at which a symbol's tickets are judged at an instant"""


class Look:
    """A look at the account that may close tickets: the corners of its instant, and the tickets by their loss there.

    Nothing moves a ticket's loss while the corners stand but a close of a part of it, so the order is made once.
    """

    __slots__ = ("corners", "losses", "seen")

    def __init__(self) -> None:
        self.corners: dict[str, Corner] = {}
        self.losses: list[tuple[Decimal, int, int]] = []
        """A heap of (unrounded result, ticket, steps)"""
        self.seen = 0
        """The number of the last ticket that is in it."""


class AccountWatch(AccountBands):
    """Stop-outs of one account; ``opened`` and ``closed`` after every ticket, ``look`` when the agenda says so."""

    turn = 0
    action = LOOK

    def __init__(self, broker: ShadowBroker, frac: float) -> None:
        super().__init__(broker)
        self._frac = Decimal(str(frac))
        self._float_frac = float(frac)
        self._units: dict[str, float] = {}
        self._taken: dict[int, float] = {}
        self._is_looking = False

    # --- when to look -----------------------------------------------------------------------------------------------

    @property
    def _is_at_stake(self) -> bool:
        return bool(self._broker.book.tickets)

    def opened(self, ticket: Ticket) -> None:
        """A ticket takes its worst within the bands, and its margin, out of the room."""
        unit = self._units.get(ticket.symbol)
        if self._room > 0 and unit is not None:
            band, side = self._bands[ticket.symbol], ticket.side
            points = side * ((band[0] if side > 0 else band[1]) - ticket.entry_points)
            taken = self._float_frac * float(ticket.margin) - points * ticket.steps * unit
            self._room -= taken
            if self._room > 0:
                self._taken[ticket.id] = taken
                return
        self._measure()

    def closed(self, ticket: Ticket, fill: ClosingFill) -> None:
        """A closed ticket gives back what it took, and brings its result.

        One that took nothing since the bands were laid, or a part of one, brings its costs at the least: within the
        bands its gross result is no worse than was counted, and outside them the account is looked at this instant.
        """
        unit = self._units.get(ticket.symbol)
        if self._room > 0 and unit is not None:
            taken = self._taken.pop(ticket.id, None)
            if taken is None or ticket.is_open:
                costs = fill.commission_minor + min(fill.swap_minor, 0) - 1
                slip = self._broker.slippage[ticket.symbol] * fill.steps * unit
                self._room += costs / self._broker.book.scale - slip
            else:
                self._room += taken + fill.pnl_minor / self._broker.book.scale
            if self._room > 0:
                return
        self._measure()

    def _measure(self) -> None:
        """The room that the bands leave; where it is none, new bands. A look in hand lays them when it is done."""
        if self._broker.book.tickets and not self._is_looking:
            self._taken.clear()
            self._room = self._room_within(self._bands)
            if self._room <= 0:
                self._lay()

    def look(self, version: int) -> None:
        """Close tickets until the account holds; then lay the bands anew."""
        if version != self._version and not self._broker.form.looks_always:
            return
        self._room, self._bands = 0.0, {}
        if not self._broker.book.tickets:
            return
        self.looks += 1
        look = Look()
        look.corners = {e.prices.symbol: self._corner(e) for e in self._exposed()}
        self.look_on(look)

    def look_on(self, look: Look) -> None:
        """Close the ticket with the largest loss and, once its handlers have run, look on; or be content."""
        broker = self._broker
        self._is_looking = True
        if broker.book.tickets and self._is_breached(look.corners):
            self._close(self._largest_loss(look), look.corners)
            broker.then(LOOK_ON, look)
            return
        self._is_looking = False
        if broker.book.tickets:
            self._lay()

    # --- bands ------------------------------------------------------------------------------------------------------

    def _laid(self) -> None:
        self._taken.clear()
        self._units = {
            e.prices.symbol: e.unit_float
            for e in self._broker.book.exposures.values()
            if e.is_home and e.prices.symbol in self._bands
        }

    def _room_within(self, bands: dict[str, Band], *, exact_rates: bool = False) -> float:
        """Equity less the margin that must be covered, at the worst of these bands, less what rounding may hide; below
        zero where a ticket's symbol has no band."""
        book = self._broker.book
        total: float = book.balance_minor / book.scale
        size = abs(total)
        for exposure in book.exposures.values():
            counts = exposure.count
            if not counts[0] and not counts[1]:
                continue
            band = bands.get(exposure.prices.symbol)
            if band is None:
                return -1.0
            points = exposure.open_points(*band)
            low, high = self._rates(exposure, None if exact_rates else bands)
            money = points * exposure.unit_float * (high if points < 0 else low)
            margin: float = self._float_frac * float(max(exposure.margin))
            total += money - margin
            size += abs(money) + margin
        return total - size * ROUNDING - ROUNDING

    # --- the look itself --------------------------------------------------------------------------------------------

    def _corner(self, exposure: Exposure) -> Corner:
        broker, prices = self._broker, exposure.prices
        now = broker.now_ns
        row = prices.row_at(now)
        if broker.phase == 1:
            while row >= 0 and prices.time[row] >= now:
                row -= 1
            if row >= 0 and prices.tf_ns and int(prices.time[row]) + prices.tf_ns == now:
                low = (int(prices.bid_low[row]), int(prices.ask_low[row]))
                high = (int(prices.bid_high[row]), int(prices.ask_high[row]))
                bid, ask = low if exposure.open_points(*low) <= exposure.open_points(*high) else high
                return bid, ask, row, row
        quote = prices.quote(now, broker.phase)
        assert quote is not None, "a ticket is open in a symbol that has no price yet"
        is_over = prices.tf_ns or prices.time[row] < now or broker.part > ACCOUNT  # a tick at its own open is not
        has_ended = prices.time[row] + prices.tf_ns <= now and is_over
        return quote[0], quote[1], row, row if has_ended else row - 1

    def _is_breached(self, corners: dict[str, Corner]) -> bool:
        book = self._broker.book
        equity = book.balance
        for exposure in self._exposed():
            symbol = exposure.prices.symbol
            if symbol not in corners:  # a ticket that answers a close of this look
                corners[symbol] = self._corner(exposure)
            bid, ask, _, _ = corners[symbol]
            points = exposure.open_points(bid, ask)
            equity = MONEY.add(equity, book.gross(exposure, points, self._broker.now_ns))
        return equity <= MONEY.multiply(self._frac, book.margin())

    def _largest_loss(self, look: Look) -> Ticket:
        tickets, losses = self._broker.book.tickets, look.losses
        if look.seen < self._broker.book.last_ticket:
            for ticket in tickets.values():
                if ticket.id > look.seen:
                    losses.append(self._loss(ticket, look.corners))
            heapq.heapify(losses)
            look.seen = self._broker.book.last_ticket
        while True:
            _, number, steps = heapq.heappop(losses)
            found = tickets.get(number)
            if found is not None and found.steps == steps:
                return found
            if found is not None:
                heapq.heappush(losses, self._loss(found, look.corners))

    def _loss(self, ticket: Ticket, corners: dict[str, Corner]) -> tuple[Decimal, int, int]:
        bid, ask, _, _ = corners[ticket.symbol]
        price = bid if ticket.side > 0 else ask
        return self._broker.book.unrounded(ticket, price, self._broker.now_ns), ticket.id, ticket.steps

    def _close(self, ticket: Ticket, corners: dict[str, Corner]) -> None:
        broker = self._broker
        bid, ask, row, last_lived = corners[ticket.symbol]
        price = (bid if ticket.side > 0 else ask) - ticket.side * broker.slippage[ticket.symbol]
        prices = broker.prices[ticket.symbol]
        broker.book_close(ticket, ticket.steps, prices, broker.now_ns, row, price, "stop_out", last_lived)
