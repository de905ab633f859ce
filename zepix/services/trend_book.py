"""The one store of trends: what each source last told of each timeframe, what was set by hand, and what counts now.

Rules:

- what counts is the trend set by hand (MANUAL), else the youngest that any source told (AUTO);
- a source that speaks while a trend is set by hand is written down, counts for nothing, and its update says ``locked``;
- telling a trend again makes it young again; one that is too old counts as neutral and says that it is stale;
- changes are found against this book, never taken from an alert's own ``previous_trends``, which always equal its
  current ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from zepix.model.settings_trend import TrendSettings
from zepix.services.trend_values import AUTO, MANUAL, UNKNOWN_STATE, Momentum, Pulse, Trend, TrendUpdate
from zepix.services.trend_words import direction_of

__all__ = ["MOST_SOURCES", "MOST_SYMBOLS", "MOST_TIMEFRAMES", "TrendBook"]

MOST_SYMBOLS: Final = 1000
MOST_TIMEFRAMES: Final = 16
MOST_SOURCES: Final = 8
LONGEST_WORD: Final = 64
NOTHING_KNOWN: Final = Trend()


_Told = list[int]
"""[direction, when]: one source's word on one timeframe."""


class _Counts(NamedTuple):
    bull: int
    bear: int
    changes: Mapping[str, int]
    updated_ns: int


class _State(NamedTuple):
    state: str
    updated_ns: int


class _Momentum(NamedTuple):
    adx: float | None
    strength: str
    change: str
    updated_ns: int


class TrendBook:
    """Trends, pulses, states and momenta by symbol and timeframe; knows no clock, every method is told the time."""

    def __init__(self, settings: TrendSettings) -> None:
        self.settings = settings
        self._told: dict[str, dict[str, dict[str, _Told]]] = {}
        """By symbol, timeframe and source; the source that spoke last stands last."""
        self._by_hand: dict[str, dict[str, _Told]] = {}
        self._counts: dict[str, dict[str, _Counts]] = {}
        self._states: dict[str, dict[str, _State]] = {}
        self._momenta: dict[str, dict[str, _Momentum]] = {}
        self._ages: dict[str, int] = {}

    # --- trends ---------------------------------------------------------------------------------------------------

    def tell(self, symbol: str, timeframe: str, direction: int, source: str, now_ns: int) -> TrendUpdate:
        """Write down what a source says; ``timeframe`` in its one spelling."""
        before = self.trend(symbol, timeframe, now_ns).direction
        rows = self._rows(self._told, symbol, timeframe)
        if rows is None or (source not in rows and len(rows) >= MOST_SOURCES):
            return TrendUpdate(symbol, timeframe, before, before, source, "full")
        rows.pop(source, None)
        rows[source] = [direction, now_ns]
        if timeframe in self._by_hand.get(symbol, ()):
            return TrendUpdate(symbol, timeframe, before, before, source, "locked")
        reason = "unchanged" if before == direction else "updated"
        return TrendUpdate(symbol, timeframe, before, direction, source, reason)

    def tell_all(self, symbol: str, trends: Mapping[str, int], source: str, now_ns: int) -> list[TrendUpdate]:
        """Write down all that a source says at once; what is news of it (not what it only says again).

        The short way, without a ``tell`` for each, is taken where the source spoke last and nothing is set by hand:
        most alerts are pulses that say six trends again.
        """
        rows, locked, ages = self._told.get(symbol, {}), self._by_hand.get(symbol, {}), self._ages
        news: list[TrendUpdate] = []
        for timeframe, direction in trends.items():
            sources = rows.get(timeframe)
            if sources and timeframe not in locked and (len(sources) == 1 or next(reversed(sources)) == source):
                told = sources.get(source)
            else:
                told = None
            if told is not None:
                before, told_ns = told
                limit_ns = ages[timeframe] if timeframe in ages else self._age(timeframe)
                if limit_ns and now_ns - told_ns > limit_ns:
                    before = 0
                told[0] = direction
                told[1] = now_ns
                if before != direction:
                    news.append(TrendUpdate(symbol, timeframe, before, direction, source, "updated"))
                continue
            update = self.tell(symbol, timeframe, direction, source, now_ns)
            if update.reason != "unchanged":
                news.append(update)
        return news

    def set_by_hand(self, symbol: str, timeframe: str, direction: int, now_ns: int) -> TrendUpdate:
        """Set a trend that stands against every source until it is released."""
        before = self.trend(symbol, timeframe, now_ns).direction
        if self._is_full(self._by_hand, symbol, timeframe):
            return TrendUpdate(symbol, timeframe, before, before, "manual", "full")
        self._by_hand.setdefault(symbol, {})[timeframe] = [direction, now_ns]
        reason = "unchanged" if before == direction else "updated"
        return TrendUpdate(symbol, timeframe, before, direction, "manual", reason)

    def release(self, symbol: str, timeframe: str, now_ns: int) -> TrendUpdate | None:
        """Give up a trend set by hand, so that sources count again; None where none was set."""
        before = self.trend(symbol, timeframe, now_ns).direction
        found = self._by_hand.get(symbol, {})
        if found.pop(timeframe, None) is None:
            return None
        if not found:
            del self._by_hand[symbol]
        after = self.trend(symbol, timeframe, now_ns).direction
        return TrendUpdate(symbol, timeframe, before, after, "manual", "released")

    def trend(self, symbol: str, timeframe: str, now_ns: int, source: str | None = None) -> Trend:
        """What counts now; with ``source``, what that one source says (``manual``: what was set by hand)."""
        locked = self._by_hand.get(symbol)
        if locked is not None and timeframe in locked and source in (None, "manual"):
            told, limit_ns = locked[timeframe], self.settings.manual_max_age_ns
            return _aged(told, MANUAL, "manual", now_ns, limit_ns)
        rows = self._told.get(symbol, {}).get(timeframe)
        if not rows:
            return NOTHING_KNOWN
        name = next(reversed(rows)) if source is None else source
        return _aged(rows[name], AUTO, name, now_ns, self._age(timeframe)) if name in rows else NOTHING_KNOWN

    def timeframes(self, symbol: str) -> list[str]:
        """Timeframes of which anything was told or set."""
        return list(dict.fromkeys((*self._told.get(symbol, ()), *self._by_hand.get(symbol, ()))))

    def locks(self) -> list[tuple[str, str, int]]:
        """(symbol, timeframe, direction) of every trend set by hand."""
        return [(s, tf, told[0]) for s, rows in self._by_hand.items() for tf, told in rows.items()]

    # --- pulses, states, momenta ----------------------------------------------------------------------------------

    def count(self, symbol: str, timeframe: str, bull: int, bear: int, changes: Mapping[str, int], now_ns: int) -> bool:
        """Write down a pulse's counts under its chart, ``changes`` not to be changed; False where there is no room."""
        if self._is_full(self._counts, symbol, timeframe):
            return False
        self._counts.setdefault(symbol, {})[timeframe] = _Counts(bull, bear, changes, now_ns)
        return True

    def name_state(self, symbol: str, timeframe: str, state: str, now_ns: int) -> bool:
        if self._is_full(self._states, symbol, timeframe):
            return False
        rows = self._states.setdefault(symbol, {})
        rows.pop(timeframe, None)
        rows[timeframe] = _State(state[:LONGEST_WORD].upper(), now_ns)
        return True

    def note_momentum(
        self, symbol: str, timeframe: str, adx: float | None, strength: str, change: str, now_ns: int
    ) -> bool:
        if self._is_full(self._momenta, symbol, timeframe):
            return False
        found = _Momentum(adx, strength[:LONGEST_WORD].upper(), change[:LONGEST_WORD].upper(), now_ns)
        self._momenta.setdefault(symbol, {})[timeframe] = found
        return True

    def pulse(self, symbol: str, timeframe: str, now_ns: int) -> Pulse | None:
        """The last pulse of one chart; None where none came with counts."""
        counts = self._counts.get(symbol, {}).get(timeframe)
        if counts is None:
            return None
        stale = self._is_old(counts.updated_ns, timeframe, now_ns)
        state = self.state_of(symbol, now_ns, timeframe)
        return Pulse(timeframe, counts.bull, counts.bear, state, counts.changes, counts.updated_ns, stale)

    def pulses(self, symbol: str, now_ns: int) -> dict[str, Pulse]:
        found = {tf: self.pulse(symbol, tf, now_ns) for tf in self._counts.get(symbol, ())}
        return {tf: pulse for tf, pulse in found.items() if pulse is not None}

    def state_of(self, symbol: str, now_ns: int, timeframe: str | None = None) -> str:
        """The state a chart last named (None: whichever chart spoke last); UNKNOWN where none did or it is too old."""
        rows = self._states.get(symbol)
        chart = next(reversed(rows)) if rows and timeframe is None else timeframe
        if not rows or chart not in rows or self._is_old(rows[chart].updated_ns, chart, now_ns):
            return UNKNOWN_STATE
        return rows[chart].state

    def momentum(self, symbol: str, timeframe: str, now_ns: int) -> Momentum | None:
        found = self._momenta.get(symbol, {}).get(timeframe)
        if found is None:
            return None
        return Momentum(timeframe, *found, self._is_old(found.updated_ns, timeframe, now_ns))

    # --- state ----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All of it as JSON values; what stands last in a table spoke last."""
        return {
            "told": [
                [s, tf, src, *t] for s, tfs in self._told.items() for tf, r in tfs.items() for src, t in r.items()
            ],
            "by_hand": [[s, tf, *told] for s, rows in self._by_hand.items() for tf, told in rows.items()],
            "counts": [
                [s, tf, c.bull, c.bear, dict(c.changes), c.updated_ns]
                for s, rows in self._counts.items()
                for tf, c in rows.items()
            ],
            "states": [[s, tf, *told] for s, rows in self._states.items() for tf, told in rows.items()],
            "momenta": [[s, tf, *told] for s, rows in self._momenta.items() for tf, told in rows.items()],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Become the book whose ``state`` this is; raises for what is none, and is then unchanged."""
        fresh = TrendBook(self.settings)
        for symbol, tf, source, direction, at_ns in state["told"]:
            fresh._told.setdefault(symbol, {}).setdefault(tf, {})[source] = [direction_of(direction), int(at_ns)]
        for symbol, tf, direction, at_ns in state["by_hand"]:
            fresh._by_hand.setdefault(symbol, {})[tf] = [direction_of(direction), int(at_ns)]
        for symbol, tf, bull, bear, changes, at_ns in state["counts"]:
            fresh._counts.setdefault(symbol, {})[tf] = _Counts(int(bull), int(bear), dict(changes), int(at_ns))
        for symbol, tf, word, at_ns in state["states"]:
            fresh._states.setdefault(symbol, {})[tf] = _State(str(word), int(at_ns))
        for symbol, tf, adx, strength, change, at_ns in state["momenta"]:
            known = None if adx is None else float(adx)
            fresh._momenta.setdefault(symbol, {})[tf] = _Momentum(known, str(strength), str(change), int(at_ns))
        self.__dict__.update(fresh.__dict__)

    def sizes(self, now_ns: int) -> dict[str, int]:
        """How much is known, for a status: symbols, trends, stale trends, charts with pulses."""
        trends = [self.trend(s, tf, now_ns) for s in {**self._told, **self._by_hand} for tf in self.timeframes(s)]
        return {
            "symbols": len({**self._told, **self._by_hand, **self._counts}),
            "trends": len(trends),
            "stale": sum(trend.is_stale for trend in trends),
            "pulses": sum(len(rows) for rows in self._counts.values()),
        }

    # --- parts ----------------------------------------------------------------------------------------------------

    def _rows(
        self, table: dict[str, dict[str, dict[str, _Told]]], symbol: str, timeframe: str
    ) -> dict[str, _Told] | None:
        found = table.get(symbol, {}).get(timeframe)
        if found is None and not self._is_full(table, symbol, timeframe):
            found = table.setdefault(symbol, {}).setdefault(timeframe, {})
        return found

    def _is_full(self, table: Mapping[str, Mapping[str, Any]], symbol: str, timeframe: str) -> bool:
        rows = table.get(symbol)
        if rows is None:
            return len(table) >= MOST_SYMBOLS
        return timeframe not in rows and len(rows) >= MOST_TIMEFRAMES

    def _age(self, timeframe: str) -> int:
        age = self._ages.get(timeframe)
        if age is None:
            age = self._ages[timeframe] = self.settings.max_age_ns(timeframe)
        return age

    def _is_old(self, updated_ns: int, timeframe: str, now_ns: int) -> bool:
        limit_ns = self._age(timeframe)
        return bool(limit_ns) and now_ns - updated_ns > limit_ns


def _aged(told: _Told, mode: str, source: str, now_ns: int, limit_ns: int) -> Trend:
    direction, updated_ns = told
    is_stale = bool(limit_ns) and now_ns - updated_ns > limit_ns
    return Trend(0 if is_stale else direction, mode, source, updated_ns, is_stale, direction)
