"""HistData's files: bars and ticks without headings, told by their shape.

================================  =============================================================================
one-minute bars (ASCII, Ninja)    ``20120201 000000;1.306600;1.306600;1.306560;1.306560;0``
one-minute bars (MetaTrader)      ``2012.02.01,00:00,1.306600,1.306600,1.306560,1.306560,0``
one-minute bars (Excel)           the same six columns as ASCII, as the first sheet of a workbook
ticks (ASCII)                     ``20120201 000003660,1.306600,1.306770,0``: bid, then ask; milliseconds
================================  =============================================================================

Times are those of *Eastern Standard Time without daylight saving*, UTC-5 all year, as HistData says of all of them.
Bars are of the bid and carry no ask; volumes are 0. MetaTrader 4 exports its own history in the very shape of the
second line, with its server's clock, and a workbook could be anybody's: these two are taken as HistData's where the
file's name or the caller says so, or the zone is said.
"""

from __future__ import annotations

import re
from typing import Final

from zepix.data.columns import BIDS
from zepix.data.foreign import Table, as_numbers, decimals_of
from zepix.data.foreign_bars import ForeignBars, Options
from zepix.data.foreign_names import is_histdata_name
from zepix.data.foreign_times import as_utc
from zepix.errors import ConfigError, DataError

__all__ = ["HISTDATA_ZONE", "histdata_shape", "read_histdata"]

HISTDATA_ZONE: Final = "-05:00"
_STAMP: Final = r"\d{8} \d{6}"
_SHAPES: Final = (
    ("bars", ";", 6, re.compile(rf"{_STAMP};")),
    ("ticks", ",", 4, re.compile(rf"{_STAMP}\d{{3}},")),
    ("metatrader", ",", 7, re.compile(r"\d{4}\.\d{2}\.\d{2},\d{2}:\d{2},")),
)
_WHERE: Final = {
    "bars": (("1",), ("2", "3", "4", "5"), "6"),
    "workbook": (("1",), ("2", "3", "4", "5"), "6"),
    "metatrader": (("1", "2"), ("3", "4", "5", "6"), "7"),
}


def histdata_shape(table: Table) -> str:
    """Which of HistData's shapes a table has: ``bars``, ``ticks``, ``metatrader``, ``workbook``; or nothing."""
    if table.headings[0] != "1":
        return ""
    if table.is_workbook:
        return "workbook" if len(table.headings) == 6 else ""
    for shape, separator, width, pattern in _SHAPES:
        if table.separator == separator and len(table.headings) == width and pattern.match(table.lines[0]):
            return shape
    return ""


def read_histdata(table: Table, options: Options, *, is_said: bool) -> ForeignBars:
    """The rows of a HistData file; ``is_said``: the caller named the format.

    Raises ConfigError where the zone is not certain, DataError for another shape or what cannot be read.
    """
    shape = histdata_shape(table)
    if not shape:
        raise DataError(
            f"{table.path.name} has none of HistData's shapes; take its ASCII, MetaTrader or Excel bars, or ASCII ticks"
        )
    zone = options.zone or _zone(table, shape, is_said)
    if shape == "ticks":
        return _ticks(table, zone, options)
    times, names, volume = _WHERE[shape]
    utc, said = as_utc(table, times, zone, options.time_format)
    return ForeignBars(
        utc,
        {bid: as_numbers(table, name) for bid, name in zip(BIDS, names, strict=True)},
        None,
        as_numbers(table, volume),
        decimals_of(table, names),
        said,
    )


def _zone(table: Table, shape: str, is_said: bool) -> str:
    if is_said or shape in ("bars", "ticks") or is_histdata_name(table.path.stem):
        return HISTDATA_ZONE
    raise ConfigError(
        f"{table.path.name} may be HistData's (Eastern Standard Time all year) or a MetaTrader 4 export (its server's "
        "clock): say --format histdata for the one, --zone, such as NY+7, for the other"
    )


def _ticks(table: Table, zone: str, options: Options) -> ForeignBars:
    utc, said = as_utc(table, ["1"], zone, options.time_format)
    prices = {"bid": as_numbers(table, "2"), "ask": as_numbers(table, "3")}
    return ForeignBars(utc, prices, None, None, decimals_of(table, ["2", "3"]), said)
