"""The same market with another future: alerts up to an instant, prices known by then; what comes later is made up.

Bars after the instant keep their times and spreads, since a trading calendar may be known, and have mirrored prices:
what rose falls. Of the bar in which the instant lies only the open is known, so the rest of it is mirrored, too.
Whoever reads one row too far reads something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from zepix.kernels.crossing import build_index
from zepix.model import Alert, Quarantined, Series
from zepix.research.replay import Loaded

__all__ = ["cut_loaded", "cut_rows", "from_row", "mirrored", "reindexed"]

_FUTURE_ROWS: Final = 2000
_LOWEST_POINTS: Final = 1


def cut_loaded(loaded: Loaded, at_ns: int) -> Loaded:
    """What is loaded, as it was known before ``at_ns``, with a made-up future behind it."""
    bars = replace(
        loaded.bars,
        series={symbol: mirrored(one, at_ns) for symbol, one in loaded.bars.series.items()},
        finer={symbol: mirrored(one, at_ns) for symbol, one in loaded.bars.finer.items()},
    )
    series = {symbol: bars.series.get(symbol, mirrored(one, at_ns)) for symbol, one in loaded.series.items()}
    return replace(loaded, rows=cut_rows(loaded.rows, at_ns), series=series, bars=bars)


def cut_rows(rows: Sequence[Alert | Quarantined], at_ns: int) -> list[Alert | Quarantined]:
    """The rows received before an instant; those that have no time stay."""
    return [row for row in rows if row.received_ns is None or row.received_ns < at_ns]


def mirrored(series: Series, at_ns: int, future_rows: int = _FUTURE_ROWS) -> Series:
    """Prices known before ``at_ns`` as they were, then up to ``future_rows`` rows mirrored around the last known bid.

    A series that begins later is mirrored around its first open.
    """
    known = int(np.searchsorted(series.time + series.timeframe_ns, at_ns, side="right"))  # bars that had ended
    if series.timeframe_ns == 0:
        known = int(np.searchsorted(series.time, at_ns, side="left"))
    until = min(len(series), known + future_rows)
    if until == known:
        return series if known == len(series) else from_row(series, 0, known)
    is_open = int(series.time[known]) < at_ns or known == 0  # the bar in progress: its open is known
    pivot = int(series.bid_open[known]) if is_open else int(series.bid_close[known - 1])
    kept, later = slice(0, known), slice(known, until)
    columns: dict[str, Any] = {}
    for name, from_bid in (("open", "open"), ("high", "low"), ("low", "high"), ("close", "close")):
        bid = getattr(series, f"bid_{from_bid}")[later].astype(np.int64)
        ask = getattr(series, f"ask_{from_bid}")[later].astype(np.int64)
        turned = np.maximum(2 * pivot - bid, _LOWEST_POINTS)
        columns[f"bid_{name}"] = np.concatenate((getattr(series, f"bid_{name}")[kept], turned)).astype(np.int32)
        columns[f"ask_{name}"] = np.concatenate(
            (getattr(series, f"ask_{name}")[kept], turned + np.maximum(ask - bid, 0))
        ).astype(np.int32)
    return reindexed(series, {"time": series.time[:until], **columns})


def from_row(series: Series, first: int, last: int | None = None) -> Series:
    """The rows ``first`` to before ``last``."""
    names = ("time", *(f"{side}_{part}" for side in ("bid", "ask") for part in ("open", "high", "low", "close")))
    return reindexed(series, {name: getattr(series, name)[first:last] for name in names})


def reindexed(series: Series, columns: Mapping[str, Any]) -> Series:
    """A series with other columns and the index that belongs to them."""
    made: dict[str, Any] = {name: np.ascontiguousarray(column) for name, column in columns.items()}
    low, high, ask_low, ask_high = (
        made.get(name, getattr(series, name)) for name in ("bid_low", "bid_high", "ask_low", "ask_high")
    )
    bid_mins, bid_maxs = build_index(low, high)
    ask_mins, ask_maxs = build_index(ask_low, ask_high)
    return replace(series, **made, bid_mins=bid_mins, bid_maxs=bid_maxs, ask_mins=ask_mins, ask_maxs=ask_maxs)
