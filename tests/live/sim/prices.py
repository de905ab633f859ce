"""Invented prices of a world, the same for the same number."""

from __future__ import annotations

import functools
import random
from dataclasses import replace

from tests.live.sim.course import Prices
from tests.world import Quad, series
from zepix.data import default_catalogue
from zepix.model import Series
from zepix_live.engine.feeds import Moment, ReplayFeed

START_NS = 1_704_200_400_000_000_000
"""2 January 2024, 13:00 UTC, when London and New York trade."""
MINUTE_NS = 60_000_000_000
FIRST = {"EURUSD": (1.10, 12), "XAUUSD": (2_000.0, 25)}
"""Where a symbol begins, and how far it goes in a minute, in pips."""


@functools.lru_cache(maxsize=4)
def series_for(wanted: Prices) -> dict[str, Series]:
    """Prices of every symbol of the course."""
    catalogue = default_catalogue()
    found: dict[str, Series] = {}
    for symbol in wanted.symbols:
        rng = random.Random(f"{wanted.seed} {symbol}")
        instrument = catalogue[symbol]
        first, pips = FIRST[symbol]
        point, pip = float(instrument.point), float(instrument.pip)
        bid, width = round(first / point), max(2, round(pips * pip / point / 4))
        rows = []
        step_ns = 2_000_000_000 if wanted.are_ticks else MINUTE_NS
        for number in range(wanted.minutes * (30 if wanted.are_ticks else 1)):
            at_ns = START_NS + number * step_ns
            minute = (at_ns - START_NS) // MINUTE_NS
            end = bid + rng.randint(-width, width)
            high, low = max(bid, end) + rng.randint(0, width), min(bid, end) - rng.randint(0, width)
            quad = (bid, bid, bid, bid) if wanted.are_ticks else (bid, high, low, end)
            ask = rng.randint(width // 4, width)
            if not any(start <= minute < stop for start, stop in wanted.gaps):
                rows.append((at_ns, quad, tuple(level + ask for level in quad)))
            bid = end
        found[symbol] = _series(symbol, wanted.are_ticks, rows)
    return found


def _series(symbol: str, are_ticks: bool, rows: list[tuple[int, Quad, Quad]]) -> Series:
    found = series(symbol, "1m", rows)
    return replace(found, timeframe="tick", timeframe_ns=0) if are_ticks else found


def feed_for(wanted: Prices) -> ReplayFeed:
    """A feed of these prices, at its beginning."""
    return ReplayFeed(series_for(wanted))


@functools.lru_cache(maxsize=4)
def moments_of(wanted: Prices) -> tuple[Moment, ...]:
    """Everything that a feed of these prices ever brings."""
    return tuple(feed_for(wanted).take(1 << 62, 1 << 31))
