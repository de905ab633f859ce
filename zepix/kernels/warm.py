"""Load (or compile) the kernels that a replay calls, before its clock starts.

Those of ``sweep_exits`` are not among them: no replay and no live runner calls them, and they take some twenty seconds.
A sweep says itself how long it compiled (``compile_time``), and ``zepix doctor`` whether they lie on the disk.
"""

from __future__ import annotations

import numpy as np

from zepix.kernels.crossing import NO_HIGH, NO_LOW, build_index, crossing, range_max, range_min
from zepix.kernels.search import last_at_or_before

__all__ = ["warm_up"]


def warm_up() -> None:
    """Call each kernel once on three rows; the first time ever this compiles them."""
    low = np.array([1, 2, 3], np.int32)
    mins, maxs = build_index(low, low)
    crossing(low, low, mins, maxs, 0, NO_LOW, NO_HIGH)
    range_min(low, mins, 0, 2)
    range_max(low, maxs, 0, 2)
    last_at_or_before(np.array([1, 2, 3], np.int64), 2)
