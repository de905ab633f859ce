"""How far a finer series covers the bars whose fills are made on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from zepix.data.findings import time_text
from zepix.model import Series

__all__ = ["coverage"]


def coverage(bars: Series, finer: Series) -> dict[str, Any]:
    """Which bars have no row of ``finer`` in them; empty if every bar has one.

    ``from`` and ``to`` say (and ``from_ns``, ``to_ns``) what the finer data span, ``bars`` how many bars there are,
    ``bars_without`` how many of them hold no finer row, ``before`` and ``after`` how many of those lie before the
    finer data begin and after they end. Cost: one pass.
    """
    first = np.searchsorted(finer.time, bars.time, side="left")
    last = np.searchsorted(finer.time, bars.time + max(bars.timeframe_ns, 1), side="left")
    without = int((first == last).sum())
    if not without:
        return {}
    return {
        "from": time_text(finer.start_ns),
        "to": time_text(finer.end_ns),
        "from_ns": finer.start_ns,
        "to_ns": finer.end_ns,
        "bars": len(bars),
        "bars_without": without,
        "before": int((last == 0).sum()),
        "after": int((first == len(finer)).sum()),
    }
