"""A month of raw files becomes one file of the store: ``EURUSD_M1_dukascopy_202401.parquet``.

All raw files of the month that are kept count, whichever download fetched them, so that a later one extends the month.
Prices are the feed's, rounded to the instrument's point where that is coarser. Flat bars without a tick are dropped, as
an import of Dukascopy's export drops them; a day of which one side is missing is left out and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.columns import ASKS, BIDS
from zepix.data.download.bi5 import MinuteBars, Ticks, read_minutes, read_ticks
from zepix.data.download.feed_symbols import FeedSymbol
from zepix.data.download.keeping import forget, kept_bytes
from zepix.data.download.plan import DAY_NS, HOUR_NS, RawFile
from zepix.data.dukascopy import merge_sides, without_flats
from zepix.data.findings import time_text
from zepix.data.foreign_bars import ForeignBars
from zepix.data.importing import checked
from zepix.data.writing import write_bars
from zepix.errors import DataError
from zepix.model import Instrument
from zepix.model.series import Int64

__all__ = ["files_of_month", "month_name", "write_month"]

_TIMEFRAME: Final = {"ticks": "tick", "m1": "1m"}
_WORD: Final = {"ticks": "TICK", "m1": "M1"}
_MINUTE_NS: Final = 60_000_000_000
LARGEST_STEP: Final = 3.0
"""No instrument trebles or falls to a third between two files of a month: then one of them is of another."""


def month_name(feed: FeedSymbol, kind: str, month: str) -> str:
    """The name of a month's file in the store."""
    return f"{feed.symbol}_{_WORD[kind]}_dukascopy_{month}.parquet"


def files_of_month(folder: Path, feed: FeedSymbol, kind: str, month: str) -> list[RawFile]:
    """Every raw file of the month that may be kept, by the days there are folders of, in order of time."""
    named = re.compile(rf"{month[:4]}-{month[4:]}-(0[1-9]|[12][0-9]|3[01])")
    try:
        names = sorted(path.name for path in (folder / feed.symbol).iterdir() if named.fullmatch(path.name))
    except OSError:
        return []
    files = []
    for name in names:
        start = (date.fromisoformat(name) - date(1970, 1, 1)).days * DAY_NS
        if kind == "m1":
            files += [RawFile(feed, kind, start, side) for side in ("bid", "ask")]
        else:
            files += [RawFile(feed, kind, start + hour * HOUR_NS) for hour in range(24)]
    return files


def write_month(folder: Path, store: Path, files: list[RawFile], instrument: Instrument) -> dict[str, Any] | None:
    """Write the month of these raw files into the store and report; None if they hold no price.

    Raises DataError for a raw file that is damaged (it is removed, to be fetched again) or rows that a replay would
    refuse.
    """
    first = files[0]
    arrays, said = (_ticks if first.kind == "ticks" else _bars)(folder, files, instrument)
    name = month_name(first.feed, first.kind, first.month)
    if not len(arrays["time"]):
        return None
    timeframe = _TIMEFRAME[first.kind]
    facts = checked(arrays, instrument, timeframe, name)
    write_bars(store / name, arrays)
    time = arrays["time"]
    return {
        "symbol": instrument.symbol,
        "timeframe": _WORD[first.kind],
        "first": time_text(int(time[0])),
        "last": time_text(int(time[-1])),
        "rows": len(time),
        **said,
        "crossed": facts["crossed_raised"],
        "written": str(store / name),
    }


def _read(folder: Path, file: RawFile) -> Any:
    packed = kept_bytes(folder, file)
    if packed is None:
        return None
    where = str(folder / file.kept)
    try:
        return (read_ticks if file.kind == "ticks" else read_minutes)(packed, file.start_ns, where)
    except DataError as why:
        forget(folder, file)
        raise DataError(f"{why}; it was removed, run the same command to fetch it again") from why


def _ticks(
    folder: Path, files: list[RawFile], instrument: Instrument
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    hours: list[Ticks] = [hour for hour in (_read(folder, file) for file in files) if hour is not None]
    hours = [hour for hour in hours if len(hour.time_ns)]
    _same_instrument([hour.bid for hour in hours], files)
    time = _joined([hour.time_ns for hour in hours])
    feed, rounded = files[0].feed, 0
    arrays: dict[str, NDArray[Any]] = {"time": time}
    for side in ("bid", "ask"):
        arrays[side], count = _prices(_joined([getattr(hour, side) for hour in hours]), feed, instrument)
        rounded += count
    return arrays, {"sorted_rows": sum(hour.sorted_rows for hour in hours), "rounded_to_point": rounded}


def _bars(folder: Path, files: list[RawFile], instrument: Instrument) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    days: dict[int, dict[str, MinuteBars]] = {}
    for file in files:
        bars = _read(folder, file)
        if bars is not None and (bars.volume > 0).any():
            days.setdefault(file.start_ns, {})[file.side] = bars
    whole = {start: sides for start, sides in days.items() if len(sides) == 2}
    said = {"days_of_one_side": len(days) - len(whole)}
    if not whole:
        return {"time": np.zeros(0, np.int64)}, said
    rounded = 0
    sides = {}
    for side in ("bid", "ask"):
        some = [day[side] for day in whole.values()]
        _same_instrument([day.prices["close"][day.volume > 0] for day in some], files)
        foreign, count = _foreign(some, files[0].feed, instrument)
        sides[side], rounded = foreign, rounded + count
    name = month_name(files[0].feed, "m1", files[0].month)
    merged, unpaired = merge_sides(sides["bid"], sides["ask"], (f"bids of {name}", f"asks of {name}"))
    merged, flats = without_flats(merged, _MINUTE_NS, instrument.trading_week)
    said |= {"flat_rows_dropped": flats, **unpaired, "rounded_to_point": rounded}
    return {"time": merged.time_ns, **{key: merged.prices[key] for key in (*BIDS, *ASKS)}}, said


def _foreign(days: list[MinuteBars], feed: FeedSymbol, instrument: Instrument) -> tuple[ForeignBars, int]:
    """The days of one side as a table of bids."""
    prices = {}
    rounded = 0
    for name in BIDS:
        word = name.removeprefix("bid_")
        prices[name], count = _prices(_joined([day.prices[word] for day in days]), feed, instrument)
        rounded += count
    time = _joined([day.time_ns for day in days])
    volume = np.concatenate([day.volume for day in days])
    return ForeignBars(time, prices, None, volume, len(str(feed.points)) - 1), rounded


def _prices(points: Int64, feed: FeedSymbol, instrument: Instrument) -> tuple[NDArray[np.float64], int]:
    """Prices of the feed's points, one true division each; rounded where the instrument's point is a multiple."""
    step = feed.points * instrument.point
    if step > 1 and step == step.to_integral_value():
        coarse = np.rint(points / float(step))
        whole = 1 / instrument.point
        prices = coarse / float(whole) if whole == whole.to_integral_value() else coarse * float(instrument.point)
        return prices, int((points % int(step) != 0).sum())
    return points / float(feed.points), 0


def _same_instrument(parts: Iterable[Int64], files: list[RawFile]) -> None:
    """Raise DataError if the middle prices of two files of a month are of different sizes."""
    middles = [float(np.median(part)) for part in parts if len(part)]
    for before, after in pairwise(middles):
        if not 1 / LARGEST_STEP < after / before < LARGEST_STEP:
            raise DataError(
                f"{files[0].feed.symbol} {files[0].month}: prices go from {before / files[0].feed.points:g} to "
                f"{after / files[0].feed.points:g} between two files; one of them is of another instrument"
            )


def _joined(parts: list[Int64]) -> Int64:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
