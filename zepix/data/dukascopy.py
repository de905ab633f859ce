"""Dukascopy's files: its web export and its platform JForex, bars of one side of the quote, and ticks of both.

Headings: a time, then ``Open,High,Low,Close,Volume``, or ``Ask,Bid,AskVolume,BidVolume``. How the time is called says
its clock: ``Gmt time``; ``Local time`` (each time with its offset, ``GMT+0100``); ``Time (UTC)`` and ``Time (EET)`` of
JForex (EET with Europe's daylight saving); ``Etc/UTC`` or another zone of the database. Dates are written day first
with dots (``01.02.2012 00:00:00.000``), or year first.

The two sides of bars are two files; ``merge_sides`` makes one two-sided table of them. Minutes without a tick are
written as flat bars without volume, weekends too; ``without_flats`` drops them. The web's ticks of today are one file a
side as well, with four equal prices a row and times cut to the second; both files have the same rows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.columns import ASKS, BIDS
from zepix.data.foreign import Table, as_numbers, decimals_of, shown_headings
from zepix.data.foreign_bars import ForeignBars, Options
from zepix.data.foreign_times import as_utc
from zepix.data.week import is_outside
from zepix.errors import DataError

__all__ = ["is_dukascopy", "merge_sides", "read_dukascopy", "without_flats"]

UNPAIRED_LIMIT_FRAC: Final = 0.01
_BARS: Final = ["open", "high", "low", "close"]
_TICKS: Final = ["ask", "bid"]
_TIME: Final = re.compile(
    r"gmt time|local time|time \((?P<zone>[^)]+)\)|(?P<key>[A-Za-z_]+/[A-Za-z_/+0-9-]+)", re.IGNORECASE
)
_ZONES: Final = {"EET": "Europe/Athens", "EEST": "Europe/Athens"}
_DAY_FIRST: Final = re.compile(r"\d{2}\.\d{2}\.\d{4} \d{2}:\d{2}:\d{2}(?P<part>\.\d{1,6})?(?P<offset> GMT[+-]\d{4})?")


def is_dukascopy(table: Table) -> bool:
    """Whether the headings are Dukascopy's."""
    words = [heading.lower() for heading in table.headings]
    return _TIME.fullmatch(words[0]) is not None and (words[1:5] == _BARS or words[1:3] == _TICKS)


def read_dukascopy(table: Table, options: Options) -> ForeignBars:
    """The rows of one file, bars as bids whichever side they are of.

    Raises DataError for other headings or what cannot be read, ConfigError for local times without offset or zone.
    """
    if not is_dukascopy(table):
        raise DataError(f"{table.path.name} has not Dukascopy's headings; it has: {shown_headings(table.headings)}")
    time, *rest = table.headings
    utc, said = as_utc(table, [time], options.zone or _zone(time), options.time_format or _format(table, time))
    where = {heading.lower(): heading for heading in reversed(rest)}
    if rest[0].lower() == "ask":
        names = [where["bid"], where["ask"]]
        prices = {side: as_numbers(table, name) for side, name in zip(("bid", "ask"), names, strict=True)}
        return ForeignBars(utc, prices, None, None, decimals_of(table, names), said)
    names = [where[word] for word in _BARS]
    prices = {bid: as_numbers(table, name) for bid, name in zip(BIDS, names, strict=True)}
    volume = as_numbers(table, where["volume"]) if "volume" in where else None
    return _as_ticks(ForeignBars(utc, prices, None, volume, decimals_of(table, names), said))


def _zone(heading: str) -> str | None:
    """The clock that a heading names; None for local times, which carry their offset."""
    found = _TIME.fullmatch(heading)
    if found is None or heading.lower() == "local time":
        return None
    word = found["zone"] or found["key"] or "UTC"
    return _ZONES.get(word.upper(), word)


def _format(table: Table, heading: str) -> str | None:
    """The format of dates that begin with the day, which are Dukascopy's own; None for others."""
    found = _DAY_FIRST.fullmatch(str(table.column(heading).iloc[0]).strip())
    if found is None:
        return None
    return "%d.%m.%Y %H:%M:%S" + (".%f" if found["part"] else "") + (" GMT%z" if found["offset"] else "")


def _as_ticks(bars: ForeignBars) -> ForeignBars:
    """Rows of four equal prices with times that repeat are ticks of one side."""
    first = bars.prices[BIDS[0]]
    is_flat = all((bars.prices[name] == first).all() for name in BIDS[1:])
    if not is_flat or not (np.diff(bars.time_ns) == 0).any():
        return bars
    return replace(bars, prices={"bid": first}, volume=None)


def merge_sides(bid: ForeignBars, ask: ForeignBars, names: tuple[str, str]) -> tuple[ForeignBars, dict[str, Any]]:
    """One two-sided table of the prices of two files, both read as bids and in order; and how many rows found no pair.

    Bars are paired by time, ticks row by row. Raises DataError if the files do not belong together.
    """
    if bid.is_ticks != ask.is_ticks or set(bid.prices) & {"ask", "ask_open"}:
        raise DataError(f"{names[0]} and {names[1]} are not the two sides of one export")
    if bid.is_ticks:
        if len(bid.time_ns) != len(ask.time_ns) or (bid.time_ns != ask.time_ns).any():
            raise DataError(f"{names[0]} and {names[1]}: their ticks have different times; export both sides anew")
        return replace(bid, prices={"bid": bid.prices["bid"], "ask": ask.prices["bid"]}), {"unpaired_rows": 0}
    _, at_bid, at_ask = np.intersect1d(bid.time_ns, ask.time_ns, assume_unique=True, return_indices=True)
    unpaired = len(bid.time_ns) + len(ask.time_ns) - 2 * len(at_bid)
    if unpaired > UNPAIRED_LIMIT_FRAC * (len(bid.time_ns) + len(ask.time_ns)):
        raise DataError(
            f"{unpaired} bars of {names[0]} and {names[1]} have no bar of the other side at their time (more than "
            "1 %); are both of the same period and timeframe?"
        )
    bid, ask = bid.rows(at_bid), ask.rows(at_ask)
    asks = dict(zip(ASKS, (ask.prices[name] for name in BIDS), strict=True))
    volume = bid.volume if ask.volume is None or bid.volume is None else np.maximum(bid.volume, ask.volume)
    decimals = max(bid.decimals, ask.decimals)
    merged = replace(bid, prices={**bid.prices, **asks}, volume=volume, decimals=decimals)
    return merged, {"unpaired_rows": unpaired}


def without_flats(bars: ForeignBars, length_ns: int, week: str) -> tuple[ForeignBars, int]:
    """The bars that had a tick, and how many flat ones without volume are gone.

    In a file without any volume only flat bars outside the trading week go: there a bar of one tick looks the same.
    """
    sides = [names for names in (BIDS, ASKS) if names[0] in bars.prices]
    is_flat: NDArray[np.bool_] = np.ones(len(bars.time_ns), bool)
    for names in sides:
        for name in names[1:]:
            is_flat &= bars.prices[name] == bars.prices[names[0]]
    if bars.volume is not None and (bars.volume > 0).any():
        is_flat &= bars.volume == 0
    else:
        is_flat &= is_outside(bars.time_ns, length_ns, week)
    dropped = int(is_flat.sum())
    if dropped == len(is_flat):
        raise DataError("all bars are flat and without volume: nothing was traded")
    return (bars.rows(~is_flat), dropped) if dropped else (bars, 0)
