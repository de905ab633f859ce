"""Which session is on at an instant: windows of local clocks, laid over each other on one line of time.

A window begins and ends at local times, so its instants move with daylight saving; a start or end that the clock skips
is taken an hour later, one that it shows twice is the first. Of the windows that are on, the one that began last counts
(of two that began together, the one that stands later in the table). Days are laid out in
blocks, and the last blocks kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from zepix.model.settings_sessions import ALL_SYMBOLS, DAY_MINUTES, SessionWindow
from zepix.model.timeframe import NS

__all__ = ["Session", "SessionCalendar", "Span"]

DAY_NS: Final = 86_400 * NS
BLOCK_DAYS: Final = 64
"""So many days are laid out at once; what comes next is looked for to the end of the next block."""
BLOCK_NS: Final = BLOCK_DAYS * DAY_NS
_AROUND: Final = 3
_KEPT_BLOCKS: Final = 4
_EPOCH: Final = date(1970, 1, 1)


class Session(NamedTuple):
    """One window on one day: its name, from when to (before) when, and the symbols that may be entered."""

    name: str
    start_ns: int
    end_ns: int
    symbols: tuple[str, ...]
    force_close: bool
    zone: str

    @property
    def is_closed(self) -> bool:
        """Nothing may be entered in it."""
        return self.force_close or not self.symbols

    def takes(self, symbol: str) -> bool:
        """Whether the symbol may be entered; a broker's suffix after a dot (``EURUSD.a``) does not matter."""
        return ALL_SYMBOLS in self.symbols or symbol.upper().partition(".")[0] in self.symbols


class Span(NamedTuple):
    """A stretch of time in which one session counts, or none."""

    start_ns: int
    end_ns: int
    session: Session | None


class SessionCalendar:
    """Windows as a line of spans; a pure look-up of instants."""

    def __init__(self, windows: Mapping[str, SessionWindow]) -> None:
        """``windows`` by name, each with its zone."""
        self._windows = [(name, window, ZoneInfo(window.zone)) for name, window in windows.items()]
        self.has_force_close = any(window.force_close for window in windows.values())
        self._blocks: dict[int, tuple[list[int], list[Span]]] = {}
        self._last: Span | None = None

    def span_at(self, t_ns: int) -> Span:
        """The stretch that ``t_ns`` lies in; starts are part of it, ends are not."""
        last = self._last
        if last is None or not last.start_ns <= t_ns < last.end_ns:
            starts, spans = self._block(t_ns // BLOCK_NS)
            last = self._last = spans[bisect_right(starts, t_ns) - 1]
        return last

    def next_start(self, t_ns: int) -> Session | None:
        """The session that counts next, after the one at ``t_ns``; None where none does within weeks."""
        return next((span.session for span in self._after(t_ns) if span.session is not None), None)

    def next_begin(self, t_ns: int) -> Session | None:
        """The session that begins next after ``t_ns``: not one of before that counts again once another has ended."""
        spans = (span.session for span in self._after(t_ns) if span.session is not None)
        return next((session for session in spans if session.start_ns > t_ns), None)

    def next_force_close_ns(self, t_ns: int) -> int | None:
        """When a session that closes everything comes to count next, after ``t_ns``; None for none."""
        if not self.has_force_close:
            return None
        spans = self._after(t_ns)
        return next((s.start_ns for s in spans if s.session is not None and s.session.force_close), None)

    def _after(self, t_ns: int) -> Iterator[Span]:
        """Spans that begin after ``t_ns``, to the end of the next block."""
        for block in (t_ns // BLOCK_NS, t_ns // BLOCK_NS + 1):
            starts, spans = self._block(block)
            for span in spans[bisect_right(starts, max(t_ns, block * BLOCK_NS - 1)) :]:
                if span.start_ns >= (block + 1) * BLOCK_NS:
                    break
                yield span

    def _block(self, block: int) -> tuple[list[int], list[Span]]:
        """Starts and spans of so many days at once, whole inside the block, cut off some days outside of it."""
        known = self._blocks.get(block)
        if known is None:
            if len(self._blocks) >= _KEPT_BLOCKS:
                self._blocks.pop(next(iter(self._blocks)))
            spans = self._lay(block * BLOCK_DAYS - _AROUND, (block + 1) * BLOCK_DAYS + _AROUND)
            known = self._blocks[block] = ([span.start_ns for span in spans], spans)
        return known

    def _lay(self, first_day: int, last_day: int) -> list[Span]:
        """All windows over each other, from the start of a UTC day (counted from 1970) to the start of another."""
        begin, stop = first_day * DAY_NS, last_day * DAY_NS
        sessions = sorted(self._sessions(first_day, last_day), key=lambda s: s.start_ns)
        bounds = {begin, stop, *(s.start_ns for s in sessions), *(s.end_ns for s in sessions)}
        times = sorted(t for t in bounds if begin <= t <= stop)
        spans: list[Span] = []
        on: list[Session] = []
        coming = 0
        for start, end in pairwise(times):
            on = [s for s in on if s.end_ns > start]
            while coming < len(sessions) and sessions[coming].start_ns <= start:
                on += [sessions[coming]] if sessions[coming].end_ns > start else []
                coming += 1
            session = on[-1] if on else None
            if spans and spans[-1].session is session:
                spans[-1] = Span(spans[-1].start_ns, end, session)
            else:
                spans.append(Span(start, end, session))
        return spans

    def _sessions(self, first_day: int, last_day: int) -> Iterator[Session]:
        """Every window on these days and on those beside them, in the order of the table."""
        for name, window, zone in self._windows:
            starts, ends = window.start_minute, window.end_minute
            symbols = tuple(window.symbols)
            for number in range(first_day - 2, last_day + 2):
                day = _EPOCH + timedelta(days=number)
                start, end = _instant(day, starts, zone), _instant(day, ends, zone)
                if start < end:
                    yield Session(name, start, end, symbols, window.force_close, window.zone)


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Nanoseconds of a local time, ``minute`` after midnight of ``day`` (1440 and more: the next day's clock)."""
    later, minute = divmod(minute, DAY_MINUTES)
    when = day + timedelta(days=later)
    local = datetime(when.year, when.month, when.day, minute // 60, minute % 60, tzinfo=zone)
    return int(local.timestamp()) * NS
