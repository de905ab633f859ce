"""Whether times seem to be read in the wrong zone: rows outside the trading week that a shift by hours would bring in.

Brokers quote a few minutes before the week opens and after it closes, so some rows outside say nothing. If another
whole hour leaves less than half as many, the clock is doubtful.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.data.clock import HOUR_NS
from zepix.data.week import is_outside
from zepix.model.series import Int64

__all__ = ["outside_week"]

DOUBT_FRAC: Final = 0.0025
MAX_SHIFT_HOURS: Final = 12
_SAMPLED: Final = 200_000


def outside_week(time_ns: Int64, length_ns: int, week: str) -> dict[str, Any]:
    """``outside_week``: how many rows (bars of ``length_ns``, or ticks: 0) hold no trading time; and a ``warning``."""
    count = int(is_outside(time_ns, length_ns, week).sum())
    found: dict[str, Any] = {"outside_week": count}
    if count <= DOUBT_FRAC * len(time_ns):
        return found
    sample = time_ns[:: -(-len(time_ns) // _SAMPLED)]
    shares = {
        hours: float(is_outside(sample + hours * HOUR_NS, length_ns, week).mean())
        for hours in range(-MAX_SHIFT_HOURS, MAX_SHIFT_HOURS + 1)
    }
    best = min(shares, key=lambda hours: (shares[hours], abs(hours)))
    if shares[best] < shares[0] / 2 and shares[0] - shares[best] > DOUBT_FRAC:
        found["warning"] = (
            f"{shares[0]:.1%} of the rows lie outside the trading week {week}, {shares[best]:.1%} would if they were "
            f"{abs(best)} h {'later' if best > 0 else 'earlier'}; is the zone right?"
        )
    return found
