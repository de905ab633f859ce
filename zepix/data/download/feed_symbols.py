"""What Dukascopy calls an instrument, and how many of the feed's points make a price of one.

The table is ``dukascopy.csv`` beside this file: our symbol, the feed's name, the points. Prices of the feed are whole
numbers: 1.38676 is 138676 of 100000 points, 102.345 yen 102345 of 1000, 1291.677 dollars of gold 1291677 of 1000.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zepix.errors import ConfigError

__all__ = ["FeedSymbol", "feed_symbol", "feed_symbols"]


@dataclass(frozen=True, slots=True)
class FeedSymbol:
    """Our symbol, the feed's name of it, and the feed's points in a price of 1."""

    symbol: str
    feed: str
    points: int


@cache
def feed_symbols() -> dict[str, FeedSymbol]:
    """Every instrument of the table, by our symbol."""
    table = Path(__file__).with_name("dukascopy.csv")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return {row["symbol"]: FeedSymbol(row["symbol"], row["feed"], int(row["points"])) for row in rows}


def feed_symbol(symbol: str) -> FeedSymbol:
    """The row of a symbol; its feed's name (``DEUIDXEUR``) finds it too. Raises ConfigError with near names."""
    known = feed_symbols()
    if symbol in known:
        return known[symbol]
    for one in known.values():
        if one.feed == symbol.upper():
            return one
    from difflib import get_close_matches

    near = get_close_matches(symbol.upper(), dict.fromkeys([*known, *(one.feed for one in known.values())]), n=3)
    hint = f"; near it: {', '.join(near)}" if near else f"; there are {', '.join(known)}"
    raise ConfigError(f"{symbol} is no instrument of Dukascopy's that zepix knows{hint}")
