"""How much history does a strategy need? The same alerts from some instant on, with less and less history before it.

Two questions, kept apart. *Bars*: begun at the same alert with the whole history and with the last k bars of it only;
the smallest k with which every decision is the same is what indicators need. *Alerts*: the run begun there against the
whole run; after how many alerts are decisions the same again (trends, cooldowns and open tickets that came of alerts
before). Sizes are left out there, since the balance is another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import Alert, Series
from zepix.research.real.cuts import from_row
from zepix.research.real.differences import Difference, first_difference
from zepix.research.real.replays import Subject
from zepix.research.replay import Loaded
from zepix.research.result import Result
from zepix.research.write import iso_utc
from zepix.services.market import MarketDataService

__all__ = ["Look", "StartUp", "start_up"]

_ALERTS_TRIED: Final = 200
_ASKED: Final = ("get_atr", "get_range_pips", "get_volatility_state", "bars")
_ALIKE: Final = 1e-3
"""Two readings of an indicator count as the same within a thousandth: an average that never forgets never settles."""

Readings = dict[tuple[int, str], list[Any]]


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that strategies ask of the market, and with how many bars of history it reads the same."""

    name: str
    bars: int


@dataclass(slots=True)
class StartUp:
    """``bars`` of history after which every decision is the same, and ``had`` before the first alert of the run.

    ``alerts`` and ``days`` until a run that began at ``at_ns`` decides as the whole run; None where it never does.
    ``looks`` are what was asked of the market; ``first`` is the first decision that less history changed.
    """

    at_ns: int | None = None
    tried: int = 0
    bars: int | None = None
    had: int | None = None
    alerts: int | None = None
    days: float | None = None
    looks: list[Look] = field(default_factory=list)
    first: Difference | None = None
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": iso_utc(self.at_ns)}


def start_up(
    subject: Subject, base: Result | None = None, *, progress: Callable[[int, int], None] | None = None
) -> StartUp:
    """Begin in the middle of the alerts, with the whole history and with ever less of it."""
    whole = (subject.run() if base is None else base).record
    times = [row.received_ns for row in whole.alerts if isinstance(row, Alert) and row.received_ns < whole.end_ns]
    answer = StartUp()
    if len(times) < 4:
        answer.why = f"{len(times)} alerts within the prices are too few to begin in the middle of them"
        return answer
    at_ns = times[len(times) // 2]
    search = _Search(subject, at_ns, progress or (lambda _done, _total: None))
    answer.at_ns, answer.had = at_ns, _before(subject.loaded, times[0])
    answer.tried = search.alerts
    answer.bars = search.least()
    answer.looks = search.looks()
    answer.first = search.first
    answer.alerts, answer.days = _again(whole, search.begun(), at_ns)
    return answer


class _Search:
    """Runs begun at one instant on the last k bars, each once."""

    def __init__(self, subject: Subject, at_ns: int, tell: Callable[[int, int], None]) -> None:
        self.subject = subject
        self.at_ns = at_ns
        self.first: Difference | None = None
        rows = [r for r in subject.loaded.rows if r.received_ns is not None and r.received_ns >= at_ns]
        self.loaded = replace(subject.loaded, rows=rows[:_ALERTS_TRIED])
        self.alerts = len(self.loaded.rows)
        self.most = max((_rows_before(one, at_ns) for one in self._series()), default=0)
        self._tell, self._done = tell, 0
        self._whole, self._read = self._run(self.loaded)
        self._tried: dict[int, set[str]] = {}
        self._agrees: dict[int, bool] = {self.most: True}

    def least(self) -> int:
        """The smallest number of bars with which all is decided as with all of them: doubled, then halved."""
        count = 1
        while count < self.most and not self.agrees(count):
            count *= 2
        low, high = (count // 2, min(count, self.most)) if count > 1 else (0, 1)
        if high == 1 and self.agrees(0):
            return 0
        while high - low > max(1, high // 50):
            middle = (low + high) // 2
            low, high = (low, middle) if self.agrees(middle) else (middle, high)
        return high

    def agrees(self, count: int) -> bool:
        if count not in self._agrees:
            record, read = self._run(_last_bars(self.loaded, self.at_ns, count))
            found = first_difference(self._whole, record, record.end_ns + 1)
            self._agrees[count] = found is None
            self._tried[count] = _unlike(self._read, read)
            if found is not None and (self.first is None or found.at_ns < self.first.at_ns):
                self.first = found
        return self._agrees[count]

    def looks(self) -> list[Look]:
        """What was asked, each with the smallest number tried from which on it read the same."""
        found = []
        for name in dict.fromkeys(name for _, name in self._read):
            enough = self.most
            for count in sorted(self._tried, reverse=True):
                if name in self._tried[count]:
                    break
                enough = count
            found.append(Look(name, enough))
        return sorted(found, key=lambda one: (-one.bars, one.name))

    def begun(self) -> RunRecord:
        """The run begun at the instant, to the end of the data, with all its history."""
        rows = [r for r in self.subject.loaded.rows if r.received_ns is None or r.received_ns >= self.at_ns]
        return self.subject.run(replace(self.subject.loaded, rows=rows), from_ns=self.at_ns).record

    def _run(self, loaded: Loaded) -> tuple[RunRecord, Readings]:
        self._done += 1
        self._tell(self._done, 0)
        with _readings() as read:
            return self.subject.run(loaded, from_ns=self.at_ns).record, read

    def _series(self) -> list[Series]:
        return list(self.loaded.series.values())


def _last_bars(loaded: Loaded, at_ns: int, count: int) -> Loaded:
    """Prices that begin ``count`` rows before an instant; finer ones at the same time."""

    def shorter(one: Series) -> Series:
        return from_row(one, max(0, min(len(one) - 1, _rows_before(one, at_ns) - count)))

    series = {symbol: shorter(one) for symbol, one in loaded.series.items()}
    finer = {}
    for symbol, one in loaded.bars.finer.items():
        begins = series[symbol].time[0] if symbol in series and len(series[symbol]) else at_ns
        finer[symbol] = from_row(one, int(np.searchsorted(one.time, begins, side="left")))
    return replace(loaded, series=series, bars=replace(loaded.bars, series=series, finer=finer))


def _rows_before(series: Series, at_ns: int) -> int:
    return int(np.searchsorted(series.time + series.timeframe_ns, at_ns, side="right"))


def _before(loaded: Loaded, at_ns: int) -> int:
    """The fewest bars that any traded symbol has before an instant."""
    traded = {row.symbol for row in loaded.rows if isinstance(row, Alert) and row.is_action}
    return min((_rows_before(one, at_ns) for symbol, one in loaded.series.items() if symbol in traded), default=0)


def _again(whole: RunRecord, begun: RunRecord, at_ns: int) -> tuple[int | None, float | None]:
    """After how many alerts, and days, the two decide the same to the end; None where the last one still differs."""
    mine, theirs = (
        {(row.alert_id, row.plugin_id): row for row in record.decisions if (row.received_ns or -1) >= at_ns}
        for record in (whole, begun)
    )
    sides = [_sides(record) for record in (whole, begun)]
    last, rows = -1, list(mine.items())
    for number, (key, row) in enumerate(rows):
        twin = theirs.get(key)
        same = twin is not None and (row.outcome, row.reason) == (twin.outcome, twin.reason)
        if not same or sides[0].get(key) != sides[1].get(key):
            last = number
    if last >= len(rows) - 1:
        return (None, None) if rows else (0, 0.0)
    after_ns = at_ns if last < 0 else rows[last][1].received_ns or at_ns
    return last + 1, (after_ns - at_ns) / 86_400_000_000_000


def _sides(record: RunRecord) -> dict[tuple[str, str], list[tuple[str, str, int]]]:
    found: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
    for order in record.orders:
        if order.opens:
            found.setdefault((order.alert_id, order.plugin_id), []).append((order.kind, order.symbol, order.side))
    return found


# --- what strategies ask of the market --------------------------------------------------------------------------------


@contextmanager
def _readings() -> Iterator[Readings]:
    """For a while, every answer of the market service that looks back is kept, by the time and what was asked."""
    found: Readings = {}
    originals = {name: getattr(MarketDataService, name) for name in _ASKED}
    for name, original in originals.items():
        setattr(MarketDataService, name, _kept(original, name, found))
    try:
        yield found
    finally:
        for name, original in originals.items():
            setattr(MarketDataService, name, original)


def _kept(original: Callable[..., Any], name: str, found: Readings) -> Callable[..., Any]:
    def asked(self: MarketDataService, *args: Any, **named: Any) -> Any:
        answer = original(self, *args, **named)
        words = [*map(str, args), *(f"{key}={value}" for key, value in named.items())]
        found.setdefault((self._clock.now_ns, f"{name}({', '.join(words)})"), []).append(answer)
        return answer

    return asked


def _unlike(whole: Readings, other: Readings) -> set[str]:
    """Names of what was asked at the same time in both and answered otherwise."""
    return {
        key[1]
        for key, answers in whole.items()
        if key in other and not all(_same(a, b) for a, b in zip(answers, other[key], strict=False))
    }


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        if math.isnan(one) or math.isnan(two):
            return math.isnan(one) and math.isnan(two)
        return abs(one - two) <= _ALIKE * max(abs(one), abs(two))
    return bool(one == two)
