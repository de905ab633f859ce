"""Columns of prices become integer points, two-sided, checked row by row.

Order of things: times; prices, block by block, quantised and at once dropped as floats; the shape of each bar; the ask
where the data has none; crossed quotes.

Where data has no ask: ``ask = bid + spread`` for all four prices of a bar, the spread being the bar's own column, else
that of the instrument's model. A model by UTC hour takes the hour of the bar's open; a bar longer than an hour takes
the mean of the hours it covers, rounded up (a day that opens at the widest hour is not that wide all day).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from zepix.data.columns import ASKS, BIDS, Columns, Float64
from zepix.data.findings import HOUR_NS, Findings
from zepix.kernels.crossing import NO_HIGH
from zepix.kernels.quantise import FLOAT32_TOLERANCE_POINTS, FLOAT64_TOLERANCE_POINTS, PriceFaults, quantise
from zepix.model import Instrument, SpreadModel
from zepix.model.series import Int32, Int64

__all__ = ["CROSSED_POLICIES", "RawBars", "add_asks", "all_points", "mend_crossed", "read_bars"]

CROSSED_POLICIES: Final = ("raise_ask", "error")
_PRICES: Final = ("open", "high", "low", "close")


@dataclass(slots=True)
class RawBars:
    """Integers of one source and what was found in them; ``quotes`` says where the ask comes from.

    Ticks have ``bid_open`` and ``ask_open`` only; ``written_last_ns`` is their last time before equal ones were parted.
    """

    time: Int64
    prices: dict[str, Int32]
    quotes: str
    spread: str
    findings: Findings = field(default_factory=Findings)
    written_last_ns: int = 0


def read_bars(columns: Columns, instrument: Instrument, timeframe_ns: int, *, crossed: str) -> RawBars:
    """All rows in points, with everything found; nothing is refused here (see ``Findings.refuse``).

    Under ``raise_ask`` an ask below its bid is raised to it. Raises DataError for what cannot be read at all.
    """
    findings = Findings()
    time = columns.time_ns()
    _check_times(time, timeframe_ns, findings)
    prices = all_points(columns, (*BIDS, *ASKS) if columns.has_asks else BIDS, instrument, findings)
    _check_bar(prices, "bid", findings)
    quotes, spread = "ask columns", "data"
    if columns.has_asks:
        _check_bar(prices, "ask", findings)
    else:
        quotes, spread = add_asks(columns, instrument, time, timeframe_ns, prices, findings)
    mend_crossed(prices, findings, crossed)
    ordered = {name: prices[name] for name in (*BIDS, *ASKS)}
    return RawBars(time, ordered, quotes, spread, findings)


def _check_times(time: Int64, timeframe_ns: int, findings: Findings) -> None:
    """Order, repeats, overlaps; and times off the grid of the timeframe (of the hour for longer ones)."""
    steps = np.diff(time)
    if len(steps) and int(steps.min()) < timeframe_ns:
        findings.add_rows("unsorted", steps < 0, 1)
        findings.add_rows("duplicates", steps == 0, 1)
        findings.add_rows("overlapping", (steps > 0) & (steps < timeframe_ns), 1)
    grid = min(timeframe_ns, HOUR_NS)
    findings.add_rows("misaligned", time // grid * grid != time)


def all_points(columns: Columns, names: Sequence[str], instrument: Instrument, findings: Findings) -> dict[str, Int32]:
    """Columns in points; what is no price is counted, with its first row, and left 0."""
    prices = {name: np.empty(columns.rows, np.int32) for name in names}
    tolerances = {n: FLOAT32_TOLERANCE_POINTS if columns.is_single(n) else FLOAT64_TOLERANCE_POINTS for n in names}
    for start, block in columns.blocks(names):
        for name, values in block.items():
            points = prices[name][start : start + len(values)]
            _, faults = quantise(values, instrument.point_float, points, tolerances[name])
            findings.prices += len(values)
            if faults.finer or faults.unusable:
                _add_faults(values, points, start, instrument.point_float, tolerances[name], faults, findings)
    return prices


def _add_faults(
    values: Float64,
    points: Int32,
    start: int,
    point: float,
    tolerance: float,
    faults: PriceFaults,
    findings: Findings,
) -> None:
    """Enter the faults of a block that starts at row ``start``."""
    lost = points == 0
    finite = np.isfinite(values)
    with np.errstate(invalid="ignore", over="ignore"):
        small = values < point
        off = ~lost & (np.abs(values / point - points) > tolerance)
    for word, count, mask in (
        ("no_price", faults.not_finite, ~finite),
        ("not_positive", faults.not_positive, lost & finite & small),
        ("too_large", faults.too_large, lost & finite & ~small),
        ("finer_than_point", faults.finer, off),
    ):
        if count:
            findings.add(word, count, start + int(np.argmax(mask)))


def _check_bar(prices: dict[str, Int32], side: str, findings: Findings) -> None:
    """High and low must hold the open and the close; off by one point the bar is widened, in place."""
    first, high, low, last = (prices[f"{side}_{name}"] for name in _PRICES)
    top, bottom = np.maximum(first, last), np.minimum(first, last)
    if (high < top).any() or (low > bottom).any() or (high < low).any():
        is_price = (low > 0) & (high > 0) & (bottom > 0)
        upside_down = (high < low) & is_price
        findings.add_rows("high_below_low", upside_down)
        over = np.maximum(top.astype(np.int64) - high, low.astype(np.int64) - bottom)
        over[upside_down | ~is_price] = 0
        findings.add_rows("outside_range", over > 1)
        findings.add_rows("widened", over == 1)
        slightly = over == 1
        np.maximum(high, top, out=high, where=slightly)
        np.minimum(low, bottom, out=low, where=slightly)


def add_asks(
    columns: Columns,
    instrument: Instrument,
    time: Int64,
    timeframe_ns: int,
    prices: dict[str, Int32],
    findings: Findings,
) -> tuple[str, str]:
    """Fill an ask for every bid there is; returns where it comes from and the word for ``facts["spread"]``."""
    column = columns.spread_column
    if column is not None:
        values = np.concatenate([block[column] for _, block in columns.blocks([column])])
        spread = _bar_spreads(values, prices, findings)
        words = ("spread column", "data")
    else:
        spread = model_spread(instrument.spread, time, timeframe_ns)
        words = ("spread model", instrument.spread.kind)
    for price in _kinds(prices):
        ask = prices[f"bid_{price}"] + spread
        findings.add_rows("too_large", ask < 0)  # wrapped around
        prices[f"ask_{price}"] = ask
    return words


def _bar_spreads(values: Float64, prices: dict[str, Int32], findings: Findings) -> Int32:
    """The spread column in whole points; what is no spread is counted and taken as 0."""
    with np.errstate(invalid="ignore"):
        is_spread = (values >= 0) & (values <= prices["bid_open"]) & (values < NO_HIGH)
    findings.add_rows("bad_spread", ~is_spread)
    findings.add_rows("zero_spread", values == 0)
    return np.rint(np.where(is_spread, values, 0.0)).astype(np.int32)


def model_spread(model: SpreadModel, time: Int64, timeframe_ns: int) -> Any:
    """Points above the bid, an int32 for all rows or one a row, by the instrument's model."""
    if not model.by_hour:
        return np.int32(model.points)
    hours = max(1, -(-timeframe_ns // HOUR_NS))
    covered = min(hours, 24)
    table = [-(-sum(model.by_hour[(h + k) % 24] for k in range(covered)) // covered) for h in range(24)]
    return np.array(table, np.int32)[time // HOUR_NS % 24]


def mend_crossed(prices: dict[str, Int32], findings: Findings, crossed: str) -> None:
    """Count asks below their bids, price by price and by row; raise them to the bid unless the policy is ``error``."""
    rows: Any = None
    for price in _kinds(prices):
        bid, ask = prices[f"bid_{price}"], prices[f"ask_{price}"]
        below = ask < bid
        if below.any():
            findings.add_rows("crossed", below)
            rows = below if rows is None else rows | below
            if crossed == "raise_ask":
                np.copyto(ask, bid, where=below)
    if rows is not None:
        findings.add_rows("crossed_rows", rows)


def _kinds(prices: Mapping[str, Int32]) -> list[str]:
    """Which of open, high, low and close there are: all four of bars, one of ticks."""
    return [name.removeprefix("bid_") for name in prices if name.startswith("bid_")]
