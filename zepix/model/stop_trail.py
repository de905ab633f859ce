"""A trail in shares of its ticket's stop distance: in points as things stood at the decision, and anew at the fill.

Its numbers are those of the decision, so it is a ``Trail`` like any other for who does not ask further; ``at`` gives
the trail for the stop distance that the fill has.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from zepix.model.order import MAX_TRAIL_POINTS, Trail

__all__ = ["StopTrail", "ceil_share", "share_up"]


class StopTrail(Trail):
    """A trail of ``start_frac`` and ``step_frac`` stop distances, first to break-even; never before its share.

    ``least_points``: the broker's stops level; the stop is never set nearer to the price than that.
    """

    start_frac: float
    step_frac: float
    least_points: int

    @classmethod
    def of(cls, stop_points: int, start_frac: float, step_frac: float, least_points: int = 0) -> StopTrail:
        """The trail for a stop so many points away, rounded up to points."""
        start = max(1, least_points, share_up(stop_points, start_frac))
        made = cls(start, max(1, share_up(stop_points, step_frac)), start)
        made.start_frac, made.step_frac, made.least_points = start_frac, step_frac, least_points
        return made

    def at(self, stop_points: int) -> Trail:
        """The plain trail for the stop distance of a fill."""
        start = max(1, self.least_points, share_up(stop_points, self.start_frac))
        return Trail(start, max(1, share_up(stop_points, self.step_frac)), start)


def share_up(points: int, frac: float) -> int:
    """So many points (0 or more) times a fraction as it is written, rounded up; at most ``MAX_TRAIL_POINTS``."""
    return min(MAX_TRAIL_POINTS, ceil_share(points, frac))


def ceil_share(points: int, frac: float) -> int:
    """So many points times a fraction as it is written, rounded up."""
    above, below = _ratio(frac)
    return -(-points * above // below)


@lru_cache(maxsize=256)
def _ratio(frac: float) -> tuple[int, int]:
    """(numerator, denominator) of a fraction as it is written in decimals."""
    return Decimal(str(frac)).as_integer_ratio()
