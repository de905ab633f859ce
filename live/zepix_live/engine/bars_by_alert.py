"""Bars that come as alerts: one TradingView alert per symbol posts each bar once it has closed.

The bar is known only after its end, so what its open and its range did (fills, stops, targets) is done then, each at
its own time, before anything else of this instant. A bid bar gets its ask from the instrument's spread. Strategies that
wait for the end of bars (``on_bar``) are woken then, at the time of the alert: also for bars of longer timeframes,
whose last minute may have been skipped; those are known to be whole when something later is known.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.brokers.shadow.step import StepFeed
from zepix.model import Alert, Bar, BarClosed, Catalogue
from zepix.model.timeframe import NS, minutes
from zepix.research.simulate import Simulation

__all__ = ["BarsByAlert"]

HOUR_NS: Final = 3600 * NS
Event = tuple[str, dict[str, Any]]


class BarsByAlert:
    """Gives bars of alerts to the feed; every bar is of the symbol's one timeframe and comes after the last."""

    def __init__(self, feed: StepFeed, simulation: Simulation, catalogue: Catalogue) -> None:
        self._feed = feed
        self._simulation = simulation
        self._session = simulation.session
        self._catalogue = catalogue
        self._fresh: tuple[str, int, int] | None = None
        """Of the bar just taken: symbol, until when everything was known before it, and until when now."""

    def take(self, alert: Alert, now_ns: int) -> list[Event]:
        """Take one bar in: a row ``bar`` of what was taken, or an event that says why nothing was."""
        instrument = self._catalogue.get(alert.symbol)
        if instrument is None or alert.timeframe is None or alert.time_ns is None:
            return [_event("bar_of_unknown_symbol", alert, f"{alert.symbol} is in no catalogue")]
        tf_ns = minutes(alert.timeframe) * 60 * NS
        opened_ns = known_ns = alert.time_ns - tf_ns
        prices = self._feed.growing[alert.symbol]
        if not prices.n:
            self._feed.set_timeframe(alert.symbol, alert.timeframe)
        elif prices.tf_ns != tf_ns:
            told = f"{alert.symbol} comes in bars of {prices.tf_ns // (60 * NS)} minutes, this one is {alert.timeframe}"
            return [_event("bar_of_other_timeframe", alert, told)]
        if prices.n and opened_ns < int(prices.time[prices.n - 1]) + tf_ns:
            return [_event("bar_out_of_order", alert, f"{alert.symbol}: a bar that opened at {opened_ns} ns came late")]
        if alert.time_ns > now_ns:
            return [
                _event("bar_of_the_future", alert, f"{alert.symbol}: the bar ends at {alert.time_ns} ns, after now")
            ]
        if prices.n:
            known_ns = int(prices.time[prices.n - 1]) + tf_ns
        spread = instrument.spread
        ask = spread.by_hour[opened_ns // HOUR_NS % 24] if spread.by_hour else spread.points
        first, high, low, close = (instrument.points(alert.fields[n]) for n in ("open", "high", "low", "close"))
        self._feed.opened(alert.symbol, opened_ns, first, first + ask)
        self._session.advance((opened_ns, 4, 1))
        self._feed.ended(alert.symbol, (high, low, close), (high + ask, low + ask, close + ask))
        self._session.advance((alert.time_ns, 2, -1))
        self._fresh = (alert.symbol, known_ns, alert.time_ns)
        bid = [first, high, low, close]
        row = {"symbol": alert.symbol, "timeframe": alert.timeframe, "opened_ns": opened_ns, "bid": bid}
        return [("bar", {**row, "ask": [points + ask for points in bid]})]

    def wake(self, now_ns: int) -> None:
        """Wake who waits for the end of bars that the last one taken has completed."""
        fresh, self._fresh = self._fresh, None
        for bar in () if fresh is None else self._completed(*fresh):
            self._simulation.engine.step(BarClosed(bar.end_ns, now_ns, bar))

    def _completed(self, symbol: str, after_ns: int, until_ns: int) -> list[Bar]:
        """Bars that somebody waits for and that ended since, in the order of their ends, short ones first."""
        prices, found = self._feed.growing[symbol], list[Bar]()
        for timeframe in self._simulation.engine.timers.timeframes(symbol):
            table = self._simulation.bar_table(symbol, timeframe)
            if table is not None and table.tf_ns >= prices.tf_ns:
                found += table.ended_within(after_ns, until_ns)
        return sorted(found, key=lambda bar: (bar.end_ns, -bar.open_ns))


def _event(code: str, alert: Alert, text: str) -> Event:
    return "event", {"level": "WARN", "code": code, "text": text, "alert": alert.id}
