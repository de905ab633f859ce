"""Price watches: wake a strategy when a price reaches a level; upwards on the bid, downwards on the ask.

A watch counts from the first bar that opens at or after its setting. An open at or beyond the level fires it at that
open (after the gaps), a range at the bar's end (after all symbols' range events). How it is found is the form's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from zepix.model import Event, PriceReached
from zepix.services.prices import PriceBook

__all__ = ["PRICE", "PriceWatches", "Watch"]

PRICE: Final = 5


@dataclass(slots=True, eq=False)
class Watch:
    """``points`` for the bid to rise to (direction +1) or the ask to fall to (-1), set at ``(set_ns, set_phase)``."""

    id: int
    symbol: str
    direction: int
    points: int
    set_ns: int
    set_phase: int
    is_on: bool = True

    def is_reached(self, bid_high: int, ask_low: int) -> bool:
        return bid_high >= self.points if self.direction > 0 else ask_low <= self.points

    def hears_open(self, opened_ns: int) -> bool:
        """Whether the open itself was still to come when the watch was set; the bar's range counts from its open on."""
        return (opened_ns, 2) > (self.set_ns, self.set_phase)


class PriceWatches:
    """The watches of a run; ids count from 1."""

    def __init__(self, prices: PriceBook) -> None:
        self._prices = prices
        self._watches: dict[int, Watch] = {}

    def new(self, symbol: str, direction: int, points: int, now_ns: int, phase: int) -> Watch:
        watch = Watch(len(self._watches) + 1, symbol, direction, points, now_ns, phase)
        self._watches[watch.id] = watch
        return watch

    def drop(self, watch_id: int) -> None:
        """Forget a watch; one that fired or never was is ignored."""
        watch = self._watches.get(watch_id)
        if watch is not None:
            watch.is_on = False

    def fire(self, watch: Watch, now_ns: int, events: list[Event]) -> None:
        if watch.is_on:
            watch.is_on = False
            price = self._prices[watch.symbol].instrument.price(watch.points)
            events.append(PriceReached(now_ns, now_ns, watch.id, watch.symbol, watch.direction, price))
