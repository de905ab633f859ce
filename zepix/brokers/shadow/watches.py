"""Price watches: wake a strategy when a price reaches a level; upwards on the bid, downwards on the ask.

A watch counts from the first bar that opens at or after its setting. An open at or beyond the level fires it at that
open (after the gaps), a range at the bar's end (after all symbols' range events); one that is set when the watches of
this open have been looked at hears of it at the bar's end. How it is found is the form's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from zepix.brokers.shadow.agenda import AFTER_SYMBOLS, LEVELS, TICK_ENDS
from zepix.model import Event, PriceReached
from zepix.services.prices import PriceBook

__all__ = ["PRICE", "PriceWatches", "Watch"]

PRICE: Final = 5


Mark = tuple[int, int, int, int]
"""A place in time: (t_ns, phase, part, a)"""


@dataclass(slots=True, eq=False)
class Watch:
    """``points`` for the bid to rise to (direction +1) or the ask to fall to (-1), set at the place ``mark``."""

    id: int
    symbol: str
    direction: int
    points: int
    mark: Mark
    is_on: bool = True

    @property
    def set_ns(self) -> int:
        return self.mark[0]

    def is_reached(self, bid_high: int, ask_low: int) -> bool:
        return bid_high >= self.points if self.direction > 0 else ask_low <= self.points

    def hears_open(self, opened_ns: int) -> bool:
        """Whether the open itself was still to come when the watch was set; the bar's range counts from its open on."""
        return (opened_ns, 2, LEVELS, 0) > self.mark

    def hears_tick(self, t_ns: int) -> bool:
        """Whether the end of a tick was still to come."""
        return (t_ns, 2, TICK_ENDS + AFTER_SYMBOLS, 1) > self.mark


class PriceWatches:
    """The watches of a run that are on; ids count from 1."""

    def __init__(self, prices: PriceBook) -> None:
        self._prices = prices
        self._watches: dict[int, Watch] = {}
        self._last = 0

    def new(self, symbol: str, direction: int, points: int, mark: Mark) -> Watch:
        self._last += 1
        watch = Watch(self._last, symbol, direction, points, mark)
        self._watches[watch.id] = watch
        return watch

    def numbers(self) -> Collection[int]:
        """The watches that are on."""
        return self._watches.keys()

    def drop(self, watch_id: int) -> None:
        """Forget a watch; one that fired or never was is ignored."""
        watch = self._watches.pop(watch_id, None)
        if watch is not None:
            watch.is_on = False

    def fire(self, watch: Watch, now_ns: int, events: list[Event]) -> None:
        if watch.is_on:
            watch.is_on = False
            del self._watches[watch.id]
            price = self._prices[watch.symbol].instrument.price(watch.points)
            events.append(PriceReached(now_ns, now_ns, watch.id, watch.symbol, watch.direction, price))
