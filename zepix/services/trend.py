"""The trend service: what scripts and hands said of each timeframe, and whether that agrees with a trade.

One ``TrendCore`` a run hears every new alert; each plugin asks through its ``TrendManagementService``. Nothing here
trades. What is unknown or too old is neutral, and neutral agrees with no side; only the timeframe above a signal's may
pass unknown (``missing_higher_is_aligned``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, overload

from zepix.model import Alert, Side
from zepix.model.settings_trend import TrendSettings
from zepix.services.ports import Clock
from zepix.services.trend_alerts import read_alert, source_of, whole_counts
from zepix.services.trend_book import TrendBook
from zepix.services.trend_values import (
    AUTO,
    MANUAL,
    NOTHING,
    Alignment,
    HigherTrend,
    Momentum,
    Pulse,
    Trend,
    TrendUpdate,
)
from zepix.services.trend_words import WORDS, changes_by_timeframe, direction_of, timeframe_label

__all__ = ["TrendCore", "TrendManagementService", "logic_of"]

Say = Callable[[str, str], None]
"""(level, sentence): where the service tells what a person should know."""
_SHARED_NAMES: Final = frozenset({"zepixpremium", "zepix", "premium"})
_LOGIC_OF: Final = {"1m": "LOGIC1", "5m": "LOGIC1", "15m": "LOGIC2", "1h": "LOGIC3", "4h": "LOGIC3", "1d": "LOGIC3"}


def logic_of(timeframe: str) -> str:
    """The logic that trades a timeframe: 5m LOGIC1, 15m LOGIC2, 1h and longer LOGIC3, LOGIC2 for any other."""
    return _LOGIC_OF.get(timeframe_label(timeframe), "LOGIC2")


class TrendCore:
    """The trends of one run: fed by alerts, saved and loaded as data."""

    def __init__(self, settings: TrendSettings, clock: Clock, *, say: Say | None = None) -> None:
        """``say`` hears when a source disagrees with a trend that was set by hand."""
        self.settings = settings
        self.clock = clock
        self.book = TrendBook(settings)
        self.listeners: list[Callable[[Sequence[TrendUpdate]], None]] = []
        """Who hears of trends that were told, all of one alert at once; one symbol a call."""
        self._say = say
        self._changes: tuple[str, tuple[TrendUpdate, ...]] = ("", ())
        self.alert_in_hand = ""
        """The id of the alert whose trends are being told; listeners may name it."""
        self._counters = {"alerts": 0, "unread": 0, "locked": 0, "full": 0}
        self._last_unread = ""

    def on_alert(self, alert: Alert) -> tuple[TrendUpdate, ...]:
        """Take in what a new alert says of trends; what is news of it. Never raises for what an alert holds."""
        said = read_alert(alert)
        if said is None:
            return ()
        self._counters["alerts"] += 1
        symbol, now_ns = alert.symbol, self.clock.now_ns
        source = source_of(alert)
        self.alert_in_hand = alert.id
        updates = self._tell_all(symbol, said.trends, source, now_ns)
        self.alert_in_hand = ""
        self._changes = (alert.id, updates)
        unread = said.unread
        if said.counts is not None or said.state or said.momentum is not None:
            try:
                chart = timeframe_label(alert.timeframe or "")
            except ValueError:
                unread = (*unread, f"a {alert.type} without the timeframe of its chart")
            else:
                is_kept = self._of_chart(symbol, chart, said.counts, said.state, said.changes, now_ns)
                if said.momentum is not None:
                    is_kept = self.book.note_momentum(symbol, chart, *said.momentum, now_ns) and is_kept
                self._counters["full"] += not is_kept
        if unread:
            self._counters["unread"] += 1
            self._last_unread = f"alert {alert.id}: {unread[0]}"
        return updates

    def update(self, symbol: str, timeframe: str, direction: int, source: str, mode: str) -> TrendUpdate:
        """Tell one trend; raises ValueError for a mode that is neither AUTO nor MANUAL."""
        if mode not in (AUTO, MANUAL):
            raise ValueError(f"{mode!r} is no mode of a trend; there are {AUTO} and {MANUAL}")
        now_ns = self.clock.now_ns
        if mode == MANUAL:
            update = self.book.set_by_hand(symbol, timeframe, direction, now_ns)
        else:
            update = self.book.tell(symbol, timeframe, direction, source, now_ns)
            self._heed(update, direction)
        self.tell_listeners((update,))
        return update

    def tell_listeners(self, updates: Sequence[TrendUpdate]) -> None:
        """Pass on what was told of one symbol."""
        for hear in self.listeners:
            hear(updates)

    def update_pulse(
        self, symbol: str, timeframe: str, counts: tuple[int, int], state: str, changes: Mapping[str, int], source: str
    ) -> tuple[TrendUpdate, ...]:
        """Take in a pulse as its alert would bring it."""
        now_ns = self.clock.now_ns
        self._of_chart(symbol, timeframe, counts, state, changes, now_ns)
        return self._tell_all(symbol, changes, source, now_ns)

    def changes_of(self, alert_id: str) -> tuple[TrendUpdate, ...]:
        """What is news of the alert in hand; nothing for an older one."""
        return self._changes[1] if self._changes[0] == alert_id else ()

    def _of_chart(
        self,
        symbol: str,
        chart: str,
        counts: tuple[int, int] | None,
        state: str,
        changes: Mapping[str, int],
        now_ns: int,
    ) -> bool:
        """Write down what belongs to a chart, not to a timeframe's trend."""
        is_kept = True
        if counts is not None:
            is_kept = self.book.count(symbol, chart, *counts, changes, now_ns)
        if state:
            is_kept = self.book.name_state(symbol, chart, state, now_ns) and is_kept
        return is_kept

    def _tell_all(self, symbol: str, trends: Mapping[str, int], source: str, now_ns: int) -> tuple[TrendUpdate, ...]:
        news = tuple(self.book.tell_all(symbol, trends, source, now_ns))
        for update in news:
            self._heed(update, trends[update.timeframe])
        if news:
            self.tell_listeners(news)
        return news

    def _heed(self, update: TrendUpdate, direction: int) -> None:
        """Count what was not taken, and say where a source disagrees with a hand."""
        if update.reason not in ("locked", "full"):
            return
        self._counters[update.reason] += 1
        if update.reason == "locked" and direction != update.before and self._say is not None:
            locked = f"{update.symbol} {update.timeframe} is locked at {WORDS[update.before]} by hand"
            said = f"{update.source} says {WORDS[direction]}, which counts once the lock is given up"
            self._say("warning", f"{locked}; {said}")

    # --- state, health --------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that was told, as JSON values."""
        alert_id, updates = self._changes
        return {
            "book": self.book.state(),
            "counters": dict(self._counters),
            "last_unread": self._last_unread,
            "changes": [alert_id, [list(update) for update in updates]],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved ``state``."""
        alert_id, updates = state["changes"]
        changes = (str(alert_id), tuple(TrendUpdate(*update) for update in updates))
        self.book.load_state(state["book"])
        self._counters.update(state["counters"])
        self._last_unread, self._changes = str(state["last_unread"]), changes

    def is_healthy(self) -> bool:
        """Whether nothing was dropped for want of room."""
        return not self._counters["full"]

    def get_status(self) -> dict[str, Any]:
        """Counts, what could not be read last, and which trends are locked."""
        locked = [f"{symbol} {tf} {WORDS[direction]}" for symbol, tf, direction in self.book.locks()]
        known = self.book.sizes(self.clock.now_ns)
        return {**known, **self._counters, "last_unread": self._last_unread, "locks": locked}

    def for_plugin(self, plugin_id: str) -> TrendManagementService:
        """What one plugin sees of it."""
        return TrendManagementService(self, plugin_id)


class TrendManagementService:
    """The trend service of one plugin: ``api.trend``. Words for symbols are as alerts have them; any spelling of a
    timeframe is taken, and ValueError raised for what is none."""

    def __init__(self, core: TrendCore, plugin_id: str) -> None:
        self._core = core
        self._book = core.book
        self._settings = core.settings
        self._plugin_id = plugin_id

    # --- telling --------------------------------------------------------------------------------------------------

    def update_trend(
        self, symbol: str, timeframe: str, direction: int | str | Side, source: str | None = None, mode: str = AUTO
    ) -> TrendUpdate:
        """Tell a trend. AUTO counts unless one was set by hand (``reason == "locked"``); MANUAL sets it by hand.

        ``source`` is who says so; the plugin's id unless given. Raises ValueError for no direction and no mode.
        """
        label = timeframe_label(timeframe)
        return self._core.update(symbol, label, direction_of(direction), source or self._plugin_id, mode)

    def set_auto(self, symbol: str, timeframe: str | None = None) -> list[TrendUpdate]:
        """Give up what was set by hand on one timeframe (None: all); what sources said since counts at once."""
        now_ns = self._core.clock.now_ns
        labels = self._book.timeframes(symbol) if timeframe is None else [timeframe_label(timeframe)]
        released = [self._book.release(symbol, label, now_ns) for label in labels]
        updates = [update for update in released if update is not None]
        if updates:
            self._core.tell_listeners(updates)
        return updates

    def update_trend_pulse(
        self,
        symbol: str,
        timeframe: str,
        bull: int,
        bear: int,
        state: str = "",
        changes: str | Mapping[str, Any] = NOTHING,
        source: str | None = None,
    ) -> tuple[TrendUpdate, ...]:
        """Tell a pulse: counts and state of the chart ``timeframe``, trends of the timeframes in ``changes``.

        changes: ``"15:BULL->BEAR,60:SIDE->BEAR"`` (either arrow) or {timeframe: new direction or (old, new)}. Raises
        ValueError, with nothing told, for counts that are not so many of six and for changes that cannot be read.
        """
        label, counts = timeframe_label(timeframe), whole_counts(bull, bear)
        found, unread = changes_by_timeframe(changes)
        if unread:
            raise ValueError("; ".join(unread))
        return self._core.update_pulse(symbol, label, counts, state, found, source or self._plugin_id)

    # --- asking ---------------------------------------------------------------------------------------------------

    def get_timeframe_trend(self, symbol: str, timeframe: str, source: str | None = None) -> Trend:
        """What counts now; with ``source`` (legacy, v3, v6, manual, ...), what that one says."""
        return self._book.trend(symbol, timeframe_label(timeframe), self._core.clock.now_ns, source)

    def get_mtf_trends(self, symbol: str, source: str | None = None) -> dict[str, int]:
        """-1, 0 or 1 for each pillar, 4h among them."""
        now_ns = self._core.clock.now_ns
        return {tf: self._book.trend(symbol, tf, now_ns, source).direction for tf in self._settings.pillars}

    def get_all_trends(self, symbol: str) -> dict[str, Trend]:
        """Every timeframe of which anything is known, and every pillar."""
        now_ns = self._core.clock.now_ns
        labels = dict.fromkeys((*self._settings.pillars, *self._book.timeframes(symbol)))
        return {label: self._book.trend(symbol, label, now_ns) for label in labels}

    def changes_of(self, alert_id: str) -> tuple[TrendUpdate, ...]:
        """What is news of the alert in hand, by our own books: changes, and what a lock kept out."""
        return self._core.changes_of(alert_id)

    def get_market_state(self, symbol: str, timeframe: str | None = None) -> str:
        """TRENDING_BULLISH, MIXED_BEARISH, NEUTRAL, ... as a chart named it last (None: whichever chart spoke last).

        UNKNOWN where nothing was told or it is too old. ``market_state_direction`` says which way it leans.
        """
        label = None if timeframe is None else timeframe_label(timeframe)
        return self._book.state_of(symbol, self._core.clock.now_ns, label)

    @overload
    def get_pulse_data(self, symbol: str) -> dict[str, Pulse]: ...

    @overload
    def get_pulse_data(self, symbol: str, timeframe: str) -> Pulse | None: ...

    def get_pulse_data(self, symbol: str, timeframe: str | None = None) -> dict[str, Pulse] | Pulse | None:
        """The last pulse of one chart, or of every chart."""
        now_ns = self._core.clock.now_ns
        if timeframe is None:
            return self._book.pulses(symbol, now_ns)
        return self._book.pulse(symbol, timeframe_label(timeframe), now_ns)

    def get_momentum(self, symbol: str, timeframe: str) -> Momentum | None:
        """The last change of momentum on one chart."""
        return self._book.momentum(symbol, timeframe_label(timeframe), self._core.clock.now_ns)

    def validate_v3_trend_alignment(
        self, symbol: str, side: Side | str, min_aligned: float | None = None, source: str | None = None
    ) -> Alignment:
        """Whether enough pillars point the trade's way (3 of 15m, 1h, 4h, 1d); neutral counts for neither side."""
        sign, needed = Side.of(side).sign, self._settings.min_aligned if min_aligned is None else min_aligned
        trends = self._trends(symbol, self._settings.pillars, source)
        count = sum(self._settings.weight_of(tf) for tf, trend in trends.items() if trend.direction == sign)
        return _alignment(trends, count >= needed, count, needed, sign if count >= needed else 0)

    def check_logic_alignment(
        self, symbol: str, logic: str, side: Side | str | None = None, timeframe: str | None = None
    ) -> Alignment:
        """Whether the logic's two timeframes point the same way, and that of ``side`` where one is given.

        ``zepixpremium, zepix, premium`` stand for the logic of ``timeframe``. Raises ValueError for an unknown logic.
        """
        pair = self._settings.logics[self._logic(logic, timeframe)]
        trends = self._trends(symbol, pair)
        first = trends[pair[0]].direction
        together = first if all(trend.direction == first for trend in trends.values()) else 0
        sign = together if side is None else Side.of(side).sign
        count = sum(trend.direction == sign != 0 for trend in trends.values())
        return _alignment(trends, bool(sign) and together == sign, count, len(trends), together)

    def check_pulse_alignment(self, symbol: str, side: Side | str) -> Alignment:
        """Whether the counts of the charts' last pulses, summed, lead the trade's way; stale ones count for nothing."""
        sign, needed = Side.of(side).sign, self._settings.pulse_min_difference
        found = self._book.pulses(symbol, self._core.clock.now_ns)
        told = [found[tf] for tf in self._settings.pulse_timeframes if tf in found]
        fresh = [pulse for pulse in told if not pulse.is_stale]
        bull, bear = sum(pulse.bull for pulse in fresh), sum(pulse.bear for pulse in fresh)
        lead = (bull - bear) * sign
        is_aligned = bool(fresh) and lead >= needed
        why = "pulse_misaligned" if fresh else "pulse_stale" if told else "pulse_unknown"
        charts = ", ".join(f"{pulse.timeframe} {pulse.bull}/{pulse.bear}" for pulse in fresh)
        detail = f"{bull} bullish, {bear} bearish ({charts})" if fresh else "no pulse that is young enough"
        leans = (bull > bear) - (bull < bear)
        return Alignment(is_aligned, lead, needed, detail, "" if is_aligned else why, leans)

    def check_higher_tf_trend(self, symbol: str, signal_tf: str, side: Side | str) -> HigherTrend:
        """Whether the timeframe above the signal's points the trade's way: by its own trend, not by pulse counts."""
        sign, label = Side.of(side).sign, timeframe_label(signal_tf)
        higher = self._settings.higher_timeframes.get(label)
        if higher is None:
            return HigherTrend(True, "", 0, 0, 0, "no_higher_tf", f"nothing stands above {label}")
        now_ns = self._core.clock.now_ns
        trend = self._book.trend(symbol, higher, now_ns)
        pulse = self._book.pulse(symbol, higher, now_ns)
        bull, bear = (0, 0) if pulse is None or pulse.is_stale else (pulse.bull, pulse.bear)
        detail = f"{higher} {_told(trend)}"
        if not trend.is_known:
            is_aligned = self._settings.missing_higher_is_aligned
            reason = "higher_tf_stale" if trend.is_stale else "higher_tf_unknown"
            return HigherTrend(is_aligned, higher, 0, bull, bear, reason, detail)
        is_aligned = trend.direction == sign
        reason = "" if is_aligned else "higher_tf_misaligned"
        return HigherTrend(is_aligned, higher, trend.direction, bull, bear, reason, detail)

    def is_healthy(self) -> bool:
        return self._core.is_healthy()

    def get_status(self) -> dict[str, Any]:
        return self._core.get_status()

    def _trends(self, symbol: str, labels: Iterable[str], source: str | None = None) -> dict[str, Trend]:
        now_ns = self._core.clock.now_ns
        return {label: self._book.trend(symbol, label, now_ns, source) for label in labels}

    def _logic(self, name: str, timeframe: str | None) -> str:
        if name.strip().lower() in _SHARED_NAMES and timeframe is not None:
            return logic_of(timeframe)
        logics = self._settings.logics
        word = name.strip().upper().replace("COMBINEDLOGIC-", "LOGIC")
        if word not in logics:
            shared = ", ".join(sorted(_SHARED_NAMES))
            raise ValueError(f"{name!r} is no logic; there are {', '.join(logics)}, and with a timeframe {shared}")
        return word


def _told(trend: Trend) -> str:
    """``BULLISH``, ``BULLISH until too old``, ``unknown``, and whether it is locked."""
    if trend.updated_ns is None:
        return "unknown"
    word = f"{WORDS[trend.last_direction]}{' but too old' if trend.is_stale else ''}"
    return f"{word} by hand" if trend.mode == MANUAL else word


def _alignment(trends: Mapping[str, Trend], is_aligned: bool, count: float, needed: float, direction: int) -> Alignment:
    detail = ", ".join(f"{label} {_told(trend)}" for label, trend in trends.items())
    reason = "trend_misaligned"
    if any(trend.is_stale for trend in trends.values()):
        reason = "trend_stale"
    elif any(trend.updated_ns is None for trend in trends.values()):
        reason = "trend_unknown"
    directions = {label: trend.direction for label, trend in trends.items()}
    return Alignment(is_aligned, count, needed, detail, "" if is_aligned else reason, direction, directions)
