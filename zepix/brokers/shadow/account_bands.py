"""Bands around prices: how a question about the account is asked seldom and still answered as if at every instant.

The account is looked at at every bar end of any series, after its range events, and at the opens of an instant, after
the gaps. Each price that money depends on (symbols with open tickets, pairs that convert) has a band around its present
value, such that the answer cannot change while all prices stay in their bands. The form finds the first row that leaves
a band; only there the account is looked at and the bands are laid anew.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final

from zepix.brokers.shadow.agenda import ACCOUNT, AFTER_SYMBOLS, Place, end_key
from zepix.brokers.shadow.book import Exposure
from zepix.model.instrument import MAX_POINTS
from zepix.services.prices import SymbolPrices

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker

__all__ = ["NOWHERE", "ROUNDING", "AccountBands", "Band"]

RATE_BAND: Final = 0.01
ROUNDING: Final = 1e-9
TRIES: Final = 40
SHARE: Final = 0.3
"""How much of the room the first bands take; the rest is for tickets to come."""

Band = tuple[int, int]
"""The bid that is too low and the ask that is too high: touching one leaves the band."""
NOWHERE: Final = (0, 0)


class AccountBands(ABC):
    """The bands of one question; ``_room_within`` says how far its answer is from changing, in money."""

    turn: ClassVar[int]
    """Which question comes first where several are asked at one place."""
    action: ClassVar[int]

    def __init__(self, broker: ShadowBroker) -> None:
        self._broker = broker
        self._bands: dict[str, Band] = {}
        self._room = 0.0
        self._version = 0
        self._woken: tuple[int, ...] | None = None
        self.looks = 0

    @abstractmethod
    def _room_within(self, bands: dict[str, Band], *, exact_rates: bool = False) -> float:
        """The room in money at the worst of these bands, less what rounding may hide; below zero where a ticket's
        symbol has no band."""

    @abstractmethod
    def _laid(self) -> None:
        """New bands have been laid, and nothing has filled since."""

    @property
    @abstractmethod
    def _is_at_stake(self) -> bool:
        """Whether prices may change the answer at all."""

    # --- when to look -----------------------------------------------------------------------------------------------

    def is_calm(self, symbol: str, bid: int, ask: int) -> bool:
        """Whether these prices of a symbol, its lowest bid and its highest ask, call for no look."""
        if self._room > 0:
            band = self._bands.get(symbol)
            return band is None or (band[0] < bid and ask < band[1])
        return not (self._is_at_stake or self._broker.form.looks_always)

    def wake_here(self) -> None:
        """Look at what is still to come of this instant."""
        now_ns = self._broker.now_ns
        for key in dict.fromkeys(self._places_to_come()):
            if key[0] == now_ns:
                self._wake_at(key)

    def wake(self, prices: SymbolPrices, opened_ns: int, at_open: bool) -> None:
        """Look at the account at a bar's open, or at its end."""
        end = end_key(opened_ns + prices.tf_ns, not prices.tf_ns, AFTER_SYMBOLS)
        self._wake_at((opened_ns, 2, ACCOUNT) if at_open else end)

    def _wake_at(self, key: tuple[int, int, int]) -> None:
        form, woken = self._broker.form, (*key, self._version)
        if form.knows_no_rows and self._woken is not None:
            alike = 3 if form.looks_always else 4
            if woken[:alike] == self._woken[:alike]:
                return  # one look a place is enough, however many bars it has
        self._woken = woken
        self._broker.agenda.add(*key, 0, self.turn, self.action, self._version)

    def _here(self) -> Place:
        """The place that has been reached: a look at it or before it is over."""
        broker = self._broker
        return max((broker.now_ns, broker.phase, broker.part, 0, 0), broker.far)

    def _places_to_come(self) -> Iterator[tuple[int, int, int]]:
        """Where the account is looked at next by each series, the rest of this instant included."""
        here = self._here()
        for prices in self._broker.prices:
            if not prices.n:
                continue
            row = prices.row_at(self._broker.now_ns)
            for near in (row - 1, row, row + 1):
                if 0 <= near < prices.n:
                    opened = int(prices.time[near])
                    end = end_key(opened + prices.tf_ns, not prices.tf_ns, AFTER_SYMBOLS)
                    for key in ((opened, 2, ACCOUNT), end):
                        if (*key, 0, self.turn) > here:
                            yield key

    def _look_next(self) -> None:
        """No room: look at the next instant at which any bar ends or opens, this one's rest included."""
        if self._broker.form.knows_no_rows:
            self._broker.form.arm(self)
            return
        best = min(self._places_to_come(), default=None)
        if best is not None:
            self._wake_at(best)

    def _exposed(self) -> Iterator[Exposure]:
        return (e for e in self._broker.book.exposures.values() if e.count[0] or e.count[1])

    # --- bands ------------------------------------------------------------------------------------------------------

    def bands(self) -> Iterator[tuple[SymbolPrices, int, int, int, bool]]:
        """(prices, low, high, first row that counts, whether its open counts) of every band."""
        broker = self._broker
        now, phase = broker.now_ns, broker.phase
        end_is_to_come = phase == 1 and (now, 1, AFTER_SYMBOLS, 0, self.turn) > self._here()
        for symbol, (low, high) in self._bands.items():
            prices = broker.prices[symbol]
            row = prices.row_at(now)
            if phase == 1:
                while row >= 0 and prices.time[row] >= now:
                    row -= 1
            end_ns = prices.time[row] + prices.tf_ns if row >= 0 else -1
            counts = end_ns > now or (end_ns == now and end_is_to_come)
            yield (prices, low, high, row, False) if counts else (prices, low, high, row + 1, True)

    def _lay(self) -> None:
        """New bands around the present prices; where there is no room for any, the next instant is looked at."""
        self._version += 1
        self._room, self._bands = 0.0, {}
        broker = self._broker
        if broker.form.looks_always:
            return
        now, phase = broker.now_ns, max(broker.phase, 1)
        quotes = {e.prices.symbol: e.prices.quote(now, phase) or NOWHERE for e in self._exposed()}
        pairs = {s for e in self._exposed() for s in broker.conversions.pairs(e.instrument.profit_currency)}
        rates = {s: broker.prices[s].doubled_mid(now) // 2 for s in pairs}
        room = self._room_within(quotes, exact_rates=True)
        if room > 0:
            loss_per_point = sum((e.steps[0] + e.steps[1]) * self._unit(e) * 1.02 for e in self._exposed())
            width = SHARE * room / loss_per_point
            for _ in range(TRIES):
                bands = self._around(quotes, rates, width)
                if min(width, *(high - low for low, high in bands.values())) < 1:
                    break
                left = self._room_within(bands)
                if left > 0:
                    self._bands, self._room = bands, left
                    self._laid()
                    broker.form.arm(self)
                    return
                width *= 0.5
        self._look_next()

    def _around(self, quotes: dict[str, Band], mids: dict[str, int], width: float) -> dict[str, Band]:
        points = int(min(width, MAX_POINTS // 4))
        bands = {s: (max(bid - points, 0), min(ask + points, MAX_POINTS)) for s, (bid, ask) in quotes.items()}
        for symbol, mid in mids.items():
            low, high = int(mid * (1 - RATE_BAND)), int(mid * (1 + RATE_BAND)) + 1
            if symbol in bands:
                low, high = max(low, bands[symbol][0]), min(high, bands[symbol][1])
            bands[symbol] = (low, high)
        return bands

    def _unit(self, exposure: Exposure) -> float:
        return exposure.unit_float * self._rates(exposure, None)[1]

    def _rates(self, exposure: Exposure, bands: dict[str, Band] | None) -> tuple[float, float]:
        """The lowest and the highest rate of a symbol's money within the bands; the present one without bands."""
        if exposure.is_home:
            return 1.0, 1.0
        conversions, currency = self._broker.conversions, exposure.instrument.profit_currency
        if bands is None:
            rate: float = float(conversions.rate(currency, self._broker.now_ns))
            return rate, rate
        return conversions.rate_bounds(currency, bands)
