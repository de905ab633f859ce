"""Price watches: wake a strategy when a price reaches a level; upwards on the bid, downwards on the ask.

A watch counts from the first bar that opens at or after its setting. An open at or beyond the level fires it at that
open (after the gaps), a range at the bar's end (after all symbols' range events).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from zepix.brokers.shadow.agenda import GAPS, WATCHES, Agenda
from zepix.kernels.crossing import NO_HIGH, NO_LOW, crossing
from zepix.model import Event, PriceReached
from zepix.services.prices import PriceBook

__all__ = ["PRICE", "PriceWatches", "Watch"]

PRICE: Final = 5


@dataclass(slots=True, eq=False)
class Watch:
    id: int
    symbol: str
    direction: int
    points: int
    is_on: bool = True


class PriceWatches:
    """The watches of a run; ids count from 1."""

    def __init__(self, agenda: Agenda, prices: PriceBook) -> None:
        self._agenda = agenda
        self._prices = prices
        self._watches: dict[int, Watch] = {}

    def set(self, symbol: str, direction: int, points: int, now_ns: int, phase: int) -> Watch:
        """Watch for the bid at or above (direction +1), or the ask at or below (-1), ``points``."""
        watch = Watch(len(self._watches) + 1, symbol, direction, points)
        self._watches[watch.id] = watch
        prices = self._prices[symbol]
        row = prices.next_open(now_ns)
        if row < 0:
            return watch
        series = prices.series
        if direction > 0:
            hit = crossing(prices.bid_low, prices.bid_high, series.bid_mins, series.bid_maxs, row, NO_LOW, points)
        else:
            hit = crossing(prices.ask_low, prices.ask_high, series.ask_mins, series.ask_maxs, row, points, NO_HIGH)
        hit = int(hit)
        if hit < prices.n:
            opened = int(prices.time[hit])
            at_open = prices.bid_open[hit] >= points if direction > 0 else prices.ask_open[hit] <= points
            if at_open and (opened, 2) > (now_ns, phase):
                self._agenda.add(opened, 2, GAPS, WATCHES, watch.id, PRICE, watch)
            else:
                self._agenda.add(opened + prices.tf_ns, 1, WATCHES, 0, watch.id, PRICE, watch)
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
