"""What the trend service answers: a trend, a change of one, a pulse, and whether trends agree with a trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from zepix.services.trend_words import WORDS

__all__ = ["AUTO", "MANUAL", "UNKNOWN_STATE", "Alignment", "HigherTrend", "Momentum", "Pulse", "Trend", "TrendUpdate"]

AUTO: Final = "AUTO"
MANUAL: Final = "MANUAL"
UNKNOWN_STATE: Final = "UNKNOWN"
NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


class Trend(NamedTuple):
    """One symbol and timeframe: ``direction`` +1, -1 or 0 as it counts now, ``last_direction`` as it was last told.

    They differ where it is too old (``is_stale``). ``mode`` is AUTO or MANUAL; ``source`` legacy, v3, v6, manual or a
    dialect's name; ``updated_ns`` None where nothing was ever told.
    """

    direction: int = 0
    mode: str = AUTO
    source: str = ""
    updated_ns: int | None = None
    is_stale: bool = False
    last_direction: int = 0

    @property
    def is_known(self) -> bool:
        """Told, and not too old."""
        return self.updated_ns is not None and not self.is_stale

    @property
    def word(self) -> str:
        """BULLISH, BEARISH or NEUTRAL."""
        return WORDS[self.direction]


class TrendUpdate(NamedTuple):
    """What came of telling a trend: ``before`` and ``after`` are what counted, by our own books.

    ``reason``: ``updated``; ``unchanged`` (told again, so younger); ``locked`` (set by hand, kept aside until that is
    given up); ``released`` (a hand's trend given up); ``full`` (no room for another symbol or timeframe).
    """

    symbol: str
    timeframe: str
    before: int
    after: int
    source: str
    reason: str

    @property
    def is_applied(self) -> bool:
        return self.reason in ("updated", "unchanged", "released")

    @property
    def is_changed(self) -> bool:
        return self.before != self.after

    def __str__(self) -> str:
        said = f"{self.symbol} {self.timeframe}: {WORDS[self.before]} -> {WORDS[self.after]}, {self.reason}"
        return f"{said} by {self.source}"


class Pulse(NamedTuple):
    """The last pulse of one chart: how many of six timeframes rise and fall, the state it named, what had changed.

    ``timeframe`` is the chart's; the counts always cover the same six timeframes and say nothing of this one.
    """

    timeframe: str
    bull: int
    bear: int
    state: str
    changes: Mapping[str, int]
    updated_ns: int
    is_stale: bool


class Momentum(NamedTuple):
    """The last change of momentum on one chart; ``change`` is INCREASING, DECREASING or nothing."""

    timeframe: str
    adx: float | None
    strength: str
    change: str
    updated_ns: int
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Alignment:
    """Whether trends agree with a trade: ``count`` of what is ``needed``, and which trends they were.

    ``direction`` is where the counted trends point together, 0 where they do not. ``reason`` is empty when aligned,
    else a stable word: ``trend_unknown, trend_stale, trend_misaligned, pulse_unknown, pulse_stale, pulse_misaligned``.
    """

    aligned: bool
    count: float
    needed: float
    detail: str
    reason: str = ""
    direction: int = 0
    trends: Mapping[str, int] = field(default_factory=lambda: NOTHING)

    def __bool__(self) -> bool:
        return self.aligned

    def numbers(self) -> dict[str, Any]:
        """For a decision: what was counted, and the trends."""
        return {"aligned": self.count, "needed": self.needed, **{f"trend_{tf}": d for tf, d in self.trends.items()}}


class HigherTrend(NamedTuple):
    """Whether the timeframe above a signal's agrees with a trade.

    ``direction`` is that timeframe's own trend; ``bull`` and ``bear`` are the counts of that chart's last pulse, for
    information. ``reason`` is empty when they agree, else ``higher_tf_misaligned``, ``higher_tf_unknown``,
    ``higher_tf_stale`` or ``no_higher_tf``; with the last three ``aligned`` is what the settings say.
    """

    aligned: bool
    higher_tf: str
    direction: int
    bull: int
    bear: int
    reason: str
    detail: str

    def __bool__(self) -> bool:
        return self.aligned
