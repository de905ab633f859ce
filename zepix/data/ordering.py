"""Foreign rows put in order: newest first turned round, the rest sorted, rows that repeat in full merged.

Bars of one time that differ are an error, unless a policy chooses. Ticks of one time are ticks: they keep their order
in the file, and only a tick that repeats the one before in time and prices is merged.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.findings import time_text
from zepix.data.foreign_bars import ForeignBars
from zepix.errors import DataError

__all__ = ["DUPLICATES", "ordered"]

DUPLICATES: Final = ("error", "first", "last")


def ordered(bars: ForeignBars, duplicates: str, name: str) -> tuple[ForeignBars, dict[str, Any]]:
    """Rows by ascending time, of bars one a time, and what it took.

    ``duplicates`` is ``error``, ``first`` or ``last``. Raises DataError for bars of one time that differ.
    """
    steps = np.diff(bars.time_ns)
    is_reversed = len(steps) > 0 and bool((steps <= 0).all()) and bool((steps < 0).any())
    if is_reversed:
        bars = bars.rows(np.arange(len(bars.time_ns))[::-1])
        steps = np.diff(bars.time_ns)
    unsorted = int((steps < 0).sum())
    if unsorted:
        bars = bars.rows(np.argsort(bars.time_ns, kind="stable"))
    bars, merged, conflicting = _merged(bars, duplicates, name)
    said = {"reversed": is_reversed, "unsorted_rows": unsorted, "merged_rows": merged}
    return bars, said if bars.is_ticks else {**said, "conflicting_rows": conflicting}


def _merged(bars: ForeignBars, duplicates: str, name: str) -> tuple[ForeignBars, int, int]:
    """The rows without repeats, how many repeated in full, and how many of one time differed."""
    repeats = np.flatnonzero(np.diff(bars.time_ns) == 0) + 1
    if not len(repeats):
        return bars, 0, 0
    differs = _differs(bars, repeats)
    keep = np.ones(len(bars.time_ns), bool)
    if bars.is_ticks:
        keep[repeats[~differs]] = False
        return bars.rows(keep), int((~differs).sum()), 0
    conflicting = int(differs.sum())
    if conflicting and duplicates == "error":
        at = int(bars.time_ns[repeats[int(np.argmax(differs))]])
        raise DataError(
            f"{name}: {conflicting} rows have the time of another and differ from it (first: {time_text(at)}); "
            "say --duplicates first or --duplicates last"
        )
    keep[repeats if duplicates != "last" else repeats - 1] = False
    return bars.rows(keep), len(repeats) - conflicting, conflicting


def _differs(bars: ForeignBars, rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the rows differ from the row before in a price (of bars also in spread or volume)."""
    more = () if bars.is_ticks else (bars.spread, bars.volume)
    differs = np.zeros(len(rows), bool)
    for values in (*bars.prices.values(), *(column for column in more if column is not None)):
        differs |= values[rows] != values[rows - 1]
    return differs
