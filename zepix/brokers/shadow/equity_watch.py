"""Equity watches: wake somebody when the account's equity reaches a level, exactly as if every instant were looked at.

Rules (docs/fills.md, "Money"): looked at where stop-outs are, and right after them, also while no ticket is open. A
level below is held against the equity with each symbol at the corner that is worse for it, a level above with each at
the better one (at opens, and for symbols whose bar does not end, both are the last known price). Of one watch, below
wins. A watch hears the looks that are still to come when it is set, and wakes once; of several, the older first.

How it skips: by bands of its own (account_bands.py); a fill has their room measured anew, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from zepix.brokers.shadow.account_bands import ROUNDING, AccountBands, Band
from zepix.brokers.shadow.agenda import Place
from zepix.brokers.shadow.book import Exposure
from zepix.model import EquityReached
from zepix.services.conversion import MONEY

if TYPE_CHECKING:
    from zepix.brokers.shadow.broker import ShadowBroker
    from zepix.services.prices import SymbolPrices

__all__ = ["EQUITY", "EquityLevels", "EquityWatches"]

EQUITY: Final = 16
NOBODY: Final = 1e18
"""Room enough where no watch has a level."""
LOOK_ON: Final = -1
"""Instead of a version: the rest of a look whose first watch has woken somebody."""


@dataclass(frozen=True, slots=True)
class EquityLevels:
    """What one watch waits for, set at the place ``mark``; None is no level."""

    id: int
    below: Decimal | None
    above: Decimal | None
    mark: Place


class EquityWatches(AccountBands):
    """The equity watches of one account by number, from 1; ``changed`` after every fill, while ``is_on``."""

    turn = 1
    action = EQUITY

    def __init__(self, broker: ShadowBroker) -> None:
        super().__init__(broker)
        self._levels: dict[int, EquityLevels] = {}
        self._last = 0

    @property
    def is_on(self) -> bool:
        """Whether anybody watches; if not, the account need not be told of anything here."""
        return bool(self._levels)

    @property
    def _is_at_stake(self) -> bool:
        return bool(self._levels)

    # --- set and dropped --------------------------------------------------------------------------------------------

    def watch(self, below: Decimal | None, above: Decimal | None) -> int:
        """Wake when equity <= ``below`` or equity >= ``above``, at a look from now on; the watch's number."""
        self._last += 1
        self._levels[self._last] = EquityLevels(self._last, below, above, self._here())
        form = self._broker.form
        if form.looks_always:
            form.arm(self)
            for key in self._places_to_come():
                if key[0] == self._broker.now_ns:  # what the feed brought before it was armed
                    self._wake_at(key)
        else:
            self._lay()
        return self._last

    def drop(self, watch_id: int) -> None:
        """Forget a watch; one that woke or never was is ignored."""
        self._levels.pop(watch_id, None)

    def changed(self) -> None:
        """A ticket has opened or closed: where the bands leave no room any more, new ones are laid."""
        if not self._broker.form.looks_always:
            self._room = self._room_within(self._bands)
            if self._room <= 0:
                self._lay()

    def wake(self, prices: SymbolPrices, opened_ns: int, at_open: bool) -> None:
        if self._levels:
            super().wake(prices, opened_ns, at_open)

    # --- looked at --------------------------------------------------------------------------------------------------

    def look(self, version: int) -> None:
        """Wake the first watch whose level is reached and, once its handlers have run, look on; then lay bands."""
        broker = self._broker
        if version not in (self._version, LOOK_ON) and not broker.form.looks_always:
            return
        self._room, self._bands = 0.0, {}
        if not self._levels:
            return
        self.looks += 1
        lowest, highest = self._extremes()
        for levels in self._levels.values():
            reached = _reached(levels, lowest, highest) if levels.mark < broker.far else 0
            if reached:
                del self._levels[levels.id]
                equity = lowest if reached < 0 else highest
                broker.events.append(EquityReached(broker.now_ns, broker.now_ns, levels.id, reached, equity))
                broker.then(EQUITY, LOOK_ON)
                return
        self._lay()

    def _extremes(self) -> tuple[Decimal, Decimal]:
        """The equity at this instant, each symbol at its worse corner, and each at its better one."""
        book, now = self._broker.book, self._broker.now_ns
        lowest = highest = book.balance
        for exposure in self._exposed():
            points = [exposure.open_points(*corner) for corner in self._corners(exposure)]
            lowest = MONEY.add(lowest, book.gross(exposure, min(points), now))
            highest = MONEY.add(highest, book.gross(exposure, max(points), now))
        return lowest, highest

    def _corners(self, exposure: Exposure) -> list[tuple[int, int]]:
        """(bid, ask) of both lows and of both highs where a bar ends now; else of what is known."""
        broker, prices = self._broker, exposure.prices
        now = broker.now_ns
        if broker.phase == 1 and prices.tf_ns:
            row = prices.ended_row(now)
            if row >= 0 and int(prices.time[row]) + prices.tf_ns == now:
                low = (int(prices.bid_low[row]), int(prices.ask_low[row]))
                return [low, (int(prices.bid_high[row]), int(prices.ask_high[row]))]
        quote = prices.quote(now, broker.phase)
        assert quote is not None, "a ticket is open in a symbol that has no price yet"
        return [quote]

    # --- bands ------------------------------------------------------------------------------------------------------

    def _lay(self) -> None:
        """Without a ticket the equity is the balance: no price changes it, so it needs no bands."""
        if self._broker.form.looks_always or next(self._exposed(), None) is not None:
            super()._lay()
            return
        self._version += 1
        self._bands, self._room = {}, self._room_within({})
        if self._room <= 0 and self._levels:
            self._look_next()

    def _laid(self) -> None:
        """A fill is measured by the bands alone: there is nothing to be kept besides."""

    def _room_within(self, bands: dict[str, Band], *, exact_rates: bool = False) -> float:
        """How far the nearest level is from the worst and the best equity within these bands, less what rounding may
        hide; below zero where a ticket's money has no band."""
        book = self._broker.book
        worst: float = book.balance_minor / book.scale
        best, size = worst, abs(worst)
        for exposure in self._exposed():
            needed = () if exact_rates else self._broker.conversions.pairs(exposure.instrument.profit_currency)
            band = bands.get(exposure.prices.symbol)
            if band is None or any(pair not in bands for pair in needed):
                return -1.0
            rates = self._rates(exposure, None if exact_rates else bands)
            down = exposure.open_points(*band) * exposure.unit_float
            up = exposure.open_points(*(band if exact_rates else band[::-1])) * exposure.unit_float
            worst += down * rates[down < 0]
            best += up * rates[up > 0]
            size += (abs(down) + abs(up)) * rates[1]
        rooms = [worst - float(one.below) for one in self._levels.values() if one.below is not None]
        rooms += [float(one.above) - best for one in self._levels.values() if one.above is not None]
        size += max((abs(float(n)) for one in self._levels.values() for n in (one.below, one.above) if n), default=0.0)
        return min(rooms, default=NOBODY) - size * ROUNDING - ROUNDING


def _reached(levels: EquityLevels, lowest: Decimal, highest: Decimal) -> int:
    """-1 where the equity fell to the lower level, +1 where it rose to the upper one, 0 for neither."""
    if levels.below is not None and lowest <= levels.below:
        return -1
    return 1 if levels.above is not None and highest >= levels.above else 0
