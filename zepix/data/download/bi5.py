"""Dukascopy's files, packed by LZMA: an hour of ticks, or a day of one-minute bars of one side.

All numbers are big-endian, of four bytes. A tick is 20 bytes: milliseconds since the hour began, ask, bid (whole points
of the feed), and two volumes. A bar is 24: seconds since the day began (UTC), open, close, low, high (points), volume;
a minute without a tick is a flat bar without volume. An empty file is an hour without ticks.

Nothing that a server sends is trusted: what is packed is unpacked to a limit, with limited memory, and every number is
looked at.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.errors import DataError
from zepix.model.series import Int64

__all__ = ["MAX_PACKED_BYTES", "MinuteBars", "Ticks", "read_minutes", "read_ticks"]

MAX_TICKS_AN_HOUR: Final = 1_000_000
MINUTES_A_DAY: Final = 1440
MAX_PACKED_BYTES: Final = {"ticks": 12_000_000, "m1": 262_144}
"""Of one file; the busiest hours recorded have some 60,000 ticks and half a megabyte."""
_MEMORY_BYTES: Final = 64_000_000
_HOUR_MS: Final = 3_600_000
_DAY_S: Final = 86_400
_MS_NS: Final = 1_000_000
_S_NS: Final = 1_000_000_000
_MAX_POINTS: Final = 2**31 - 1
_TICK: Final = np.dtype([("time", ">u4"), ("ask", ">u4"), ("bid", ">u4"), ("ask_size", ">f4"), ("bid_size", ">f4")])
_BAR: Final = np.dtype(
    [("time", ">u4"), ("open", ">u4"), ("close", ">u4"), ("low", ">u4"), ("high", ">u4"), ("volume", ">f4")]
)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Ticks of an hour: UTC nanoseconds, bids and asks in the feed's points; ``sorted_rows`` were out of order."""

    time_ns: Int64
    bid: Int64
    ask: Int64
    sorted_rows: int = 0


@dataclass(frozen=True, slots=True)
class MinuteBars:
    """Bars of a day and a side: UTC nanoseconds, prices in the feed's points, volumes (0: no tick)."""

    time_ns: Int64
    prices: dict[str, Int64]
    volume: NDArray[np.float64]


def read_ticks(packed: bytes, start_ns: int, name: str) -> Ticks:
    """The ticks of the hour that begins at ``start_ns``. Raises DataError naming ``name`` for what is no such hour."""
    rows = _rows(packed, _TICK, MAX_TICKS_AN_HOUR, name)
    time = rows["time"].astype(np.int64)
    if len(time) and int(time.max()) >= _HOUR_MS:
        raise DataError(f"{name}: a tick lies {int(time.max())} ms after the hour began, outside the hour")
    bid, ask = (_points(rows[side], name) for side in ("bid", "ask"))
    falls = int((np.diff(time) < 0).sum())
    if falls:
        order = np.argsort(time, kind="stable")
        time, bid, ask = time[order], bid[order], ask[order]
    return Ticks(start_ns + time * _MS_NS, bid, ask, falls)


def read_minutes(packed: bytes, start_ns: int, name: str) -> MinuteBars:
    """The bars of the day that begins at ``start_ns``. Raises DataError naming ``name`` for what is no such day."""
    rows = _rows(packed, _BAR, MINUTES_A_DAY, name)
    time = rows["time"].astype(np.int64)
    if len(time) and (int(time.max()) >= _DAY_S or (time % 60).any() or (np.diff(time) <= 0).any()):
        raise DataError(f"{name}: its bars do not open on rising minutes of one day")
    volume = rows["volume"].astype(np.float64)
    if not np.isfinite(volume).all() or (volume < 0).any():
        raise DataError(f"{name}: a volume is no volume")
    traded = volume > 0
    prices = {word: rows[word].astype(np.int64) for word in ("open", "high", "low", "close")}
    for values in prices.values():
        _points(values[traded], name)
    return MinuteBars(start_ns + time * _S_NS, prices, volume)


def _points(values: NDArray[Any], name: str) -> Int64:
    points = values.astype(np.int64)
    if len(points) and not 0 < int(points.min()) <= int(points.max()) <= _MAX_POINTS:
        raise DataError(f"{name}: prices from {points.min()} to {points.max()} points are no prices")
    return points


def _rows(packed: bytes, kind: np.dtype[Any], most: int, name: str) -> NDArray[Any]:
    """The records of a file, unpacked to ``most`` of them."""
    if not packed:
        return np.zeros(0, kind)
    limit = most * kind.itemsize
    unpacker = lzma.LZMADecompressor(format=lzma.FORMAT_ALONE, memlimit=_MEMORY_BYTES)
    try:
        data = unpacker.decompress(packed, limit + 1)
    except (lzma.LZMAError, EOFError, ValueError) as why:
        raise DataError(f"{name} is no file of Dukascopy's ({why})") from why
    if len(data) > limit:
        raise DataError(f"{name} unpacks to more than {limit} bytes, which no such file holds")
    if not unpacker.eof or unpacker.unused_data:
        raise DataError(f"{name} is {'cut short' if not unpacker.eof else 'longer than what it packs'}")
    if len(data) % kind.itemsize:
        raise DataError(f"{name} holds {len(data)} bytes, no whole number of records of {kind.itemsize}")
    return np.frombuffer(data, kind)
