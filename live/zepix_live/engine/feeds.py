"""Where a live session's prices come from: recorded ticks or bars at real or accelerated time; or from alerts.

A feed hands out *moments*: what ended and what opened at one instant, in whole points, ready for the journal. Whatever
it is, the session only ever sees moments, so a rerun needs no feed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from zepix.model import Series

__all__ = ["Feed", "Moment", "NoFeed", "ReplayFeed"]

END: Final = 0
OPEN: Final = 1


class Moment(NamedTuple):
    """What one instant brings. ``ended``: [symbol, bid high, low, close, ask high, low, close]; ``opened``:
    [symbol, bid, ask]. A tick opens and has no end of its own."""

    t_ns: int
    ended: list[list[Any]]
    opened: list[list[Any]]


class Feed(Protocol):
    """Prices in the order of their time; ``take`` never waits."""

    @property
    def timeframes(self) -> Mapping[str, str]:
        """What each symbol comes in: ``tick`` or a timeframe."""
        ...

    def take(self, until_ns: int, limit: int) -> list[Moment]:
        """Up to ``limit`` moments at or before ``until_ns`` that were not handed out yet, oldest first."""
        ...

    def next_ns(self) -> int | None:
        """When the next moment is due; None if none is known of."""
        ...

    def skip(self, through_ns: int) -> None:
        """Go on after that instant: what was handed out before a restart."""
        ...


class NoFeed:
    """No prices of its own: they come as alerts, or not at all."""

    def __init__(self, timeframes: Mapping[str, str]) -> None:
        self.timeframes = dict(timeframes)

    def take(self, until_ns: int, limit: int) -> list[Moment]:
        del until_ns, limit
        return []

    def next_ns(self) -> int | None:
        return None

    def skip(self, through_ns: int) -> None:
        del through_ns


class ReplayFeed:
    """Recorded series as a feed would have brought them: a bar's open at its open, the rest of it at its end."""

    def __init__(self, series: Mapping[str, Series]) -> None:
        self._series = list(series.values())
        self.timeframes = {s.symbol: s.timeframe for s in self._series}
        lanes: list[tuple[Any, int, int]] = []
        for place, one in enumerate(self._series):
            if one.timeframe_ns:
                lanes += [(one.time, OPEN, place), (one.time + one.timeframe_ns, END, place)]
            else:
                lanes.append((_apart(one.time), OPEN, place))
        time = np.concatenate([np.asarray(when, np.int64) for when, _, _ in lanes])
        kind = np.concatenate([np.full(len(when), kind, np.int8) for when, kind, _ in lanes])
        places = np.concatenate([np.full(len(when), place, np.int32) for when, _, place in lanes])
        rows = np.concatenate([np.arange(len(when), dtype=np.int64) for when, _, _ in lanes])
        order = np.lexsort((rows, places, kind, time))
        self._time, self._kind, self._place, self._row = time[order], kind[order], places[order], rows[order]
        self._next = 0

    @property
    def start_ns(self) -> int:
        """The first instant of the recording."""
        return int(self._time[0])

    @property
    def end_ns(self) -> int:
        """The last instant of the recording."""
        return int(self._time[-1])

    def next_ns(self) -> int | None:
        return int(self._time[self._next]) if self._next < len(self._time) else None

    def skip(self, through_ns: int) -> None:
        self._next = int(np.searchsorted(self._time, through_ns, side="right"))

    def take(self, until_ns: int, limit: int) -> list[Moment]:
        found: list[Moment] = []
        last = int(np.searchsorted(self._time, until_ns, side="right"))
        while self._next < last and len(found) < limit:
            found.append(self._moment())
        return found

    def _moment(self) -> Moment:
        t_ns = int(self._time[self._next])
        moment = Moment(t_ns, [], [])
        while self._next < len(self._time) and int(self._time[self._next]) == t_ns:
            at = self._next
            self._next += 1
            s, row = self._series[int(self._place[at])], int(self._row[at])
            if self._kind[at] == OPEN:
                moment.opened.append([s.symbol, int(s.bid_open[row]), int(s.ask_open[row])])
            else:
                levels = (s.bid_high, s.bid_low, s.bid_close, s.ask_high, s.ask_low, s.ask_close)
                moment.ended.append([s.symbol, *(int(level[row]) for level in levels)])
        return moment


def _apart(time: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Ticks of one instant a nanosecond apart, in their order: each is a moment of its own."""
    steps = np.arange(len(time), dtype=np.int64)
    return np.asarray(np.maximum.accumulate(time - steps) + steps, np.int64)
