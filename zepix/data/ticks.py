"""Columns of ticks become integer points: one bid and one ask a row, and times that rise strictly.

Refused as rows of bars are: missing, zero, negative or too large prices, times that fall, a spread that is no spread,
more than 1 % of prices finer than the point. Mended and counted: crossed quotes, and ticks of equal time, which are
put a nanosecond apart in the order of their rows (``kernels.ticks``).

Where data has no ask, ``ask = bid + spread``: the row's own, else that of the instrument's model at the tick's hour.
"""

from __future__ import annotations

from zepix.data.columns import TICKS, Columns
from zepix.data.findings import Findings
from zepix.data.read import RawBars, add_asks, all_points, mend_crossed, read_bars
from zepix.kernels.ticks import order_of_times, part_equal_times
from zepix.model import Instrument
from zepix.model.series import Int64

__all__ = ["read_rows", "read_ticks"]


def read_rows(columns: Columns, instrument: Instrument, timeframe_ns: int, *, crossed: str) -> RawBars:
    """All rows of ticks or of bars in points, with everything found; the columns tell which they are."""
    if columns.layout is TICKS:
        return read_ticks(columns, instrument, crossed=crossed)
    return read_bars(columns, instrument, timeframe_ns, crossed=crossed)


def read_ticks(columns: Columns, instrument: Instrument, *, crossed: str) -> RawBars:
    """All ticks in points as ``bid_open`` and ``ask_open``; nothing is refused here (see ``Findings.refuse``).

    Raises DataError for what cannot be read at all.
    """
    findings = Findings()
    time = columns.time_ns()
    written_last_ns = int(time[-1])
    time = _ordered(time, findings)
    names = ("bid", "ask") if columns.has_asks else ("bid",)
    points = all_points(columns, names, instrument, findings)
    prices = {f"{side}_open": points[side] for side in names}
    quotes, spread = "ask columns", "data"
    if not columns.has_asks:
        quotes, spread = add_asks(columns, instrument, time, 0, prices, findings)
    mend_crossed(prices, findings, crossed)
    return RawBars(time, prices, quotes, spread, findings, written_last_ns)


def _ordered(time: Int64, findings: Findings) -> Int64:
    """Times that rise strictly, equal ones parted in a copy; if any falls they are counted and left as they are."""
    falls, first_fall, equal = order_of_times(time)
    findings.add("unsorted", falls, first_fall)
    if falls or not equal:
        return time
    findings.add("equal_times", equal, 0)
    parted = time.copy()
    part_equal_times(parted)
    return parted
