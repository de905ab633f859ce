"""The market's time: the wall's, or that of a recording which is played at some speed.

A recording is anchored once, when it first starts, and goes on by its anchor after a restart: the market does not wait
for us. Another speed, or another recording, is a new anchor at the time that was reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zepix_live.clock import Clock

__all__ = ["Anchor", "MarketClock"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Wall time ``wall_ns`` is market time ``market_ns``, and the market runs ``speed`` times as fast."""

    wall_ns: int
    market_ns: int
    speed: float = 1.0

    @classmethod
    def of(cls, row: dict[str, Any]) -> Anchor:
        """From a journal's row. Raises KeyError or ValueError for one that lacks something."""
        return cls(int(row["wall_ns"]), int(row["market_ns"]), float(row["speed"]))

    def market(self, wall_ns: int) -> int:
        return self.market_ns + round((wall_ns - self.wall_ns) * self.speed)

    def wall(self, market_ns: int) -> int:
        return self.wall_ns + round((market_ns - self.market_ns) / self.speed)


class MarketClock:
    """Tells the market's time; it never runs back, whatever somebody does to the wall's clock."""

    def __init__(self, clock: Clock, anchor: Anchor | None = None, not_before_ns: int = 0) -> None:
        """Without an anchor the market's time is the wall's."""
        self._clock = clock
        self.anchor = anchor
        self._last_ns = not_before_ns
        self._monotonic_ns = clock.monotonic_ns()

    def now_ns(self) -> int:
        """Where the wall's clock was set back, time passes on as the monotonic clock says, until the wall is there."""
        monotonic_ns = self._clock.monotonic_ns()
        passed_ns, self._monotonic_ns = monotonic_ns - self._monotonic_ns, monotonic_ns
        speed = 1.0 if self.anchor is None else self.anchor.speed
        market_ns = self.of(self._clock.now_ns())
        if market_ns < self._last_ns:
            market_ns = self._last_ns + round(passed_ns * speed)
        self._last_ns = market_ns
        return market_ns

    def of(self, wall_ns: int) -> int:
        """The market's time at a wall time."""
        return wall_ns if self.anchor is None else self.anchor.market(wall_ns)

    def late_ns(self, wall_ns: int) -> int:
        """How long ago, by the wall, something was received; 0 where the wall's clock was set back since."""
        return max(0, self._clock.now_ns() - wall_ns)

    def wait_s(self, until_ns: int) -> float:
        """How long, by the wall, until a market time; 0 if it is past."""
        left = until_ns - self.now_ns()
        speed = 1.0 if self.anchor is None else self.anchor.speed
        return max(0.0, left / speed / 1e9)
