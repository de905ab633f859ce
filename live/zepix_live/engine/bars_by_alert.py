"""Bars that come as alerts: one TradingView alert per symbol posts each bar once it has closed.

The bar is known only after its end, so what its open and its range did (fills, stops, targets) is done then, each at
its own time, before anything else of this instant. A bid bar gets its ask from the instrument's spread.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.brokers.shadow.step import StepFeed
from zepix.engine.session import Session
from zepix.model import Alert, Catalogue
from zepix.model.timeframe import NS, minutes

__all__ = ["BarsByAlert"]

HOUR_NS: Final = 3600 * NS
Event = tuple[str, dict[str, Any]]


class BarsByAlert:
    """Gives bars of alerts to the feed; every bar is of the symbol's one timeframe and comes after the last."""

    def __init__(self, feed: StepFeed, session: Session, catalogue: Catalogue) -> None:
        self._feed = feed
        self._session = session
        self._catalogue = catalogue

    def take(self, alert: Alert, now_ns: int) -> list[Event]:
        """Take one bar in: a row ``bar`` of what was taken, or an event that says why nothing was."""
        instrument = self._catalogue.get(alert.symbol)
        if instrument is None or alert.timeframe is None or alert.time_ns is None:
            return [_event("bar_of_unknown_symbol", alert, f"{alert.symbol} is in no catalogue")]
        tf_ns = minutes(alert.timeframe) * 60 * NS
        opened_ns = alert.time_ns - tf_ns
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
        spread = instrument.spread
        ask = spread.by_hour[opened_ns // HOUR_NS % 24] if spread.by_hour else spread.points
        first, high, low, close = (instrument.points(alert.fields[n]) for n in ("open", "high", "low", "close"))
        self._feed.opened(alert.symbol, opened_ns, first, first + ask)
        self._session.advance((opened_ns, 4, 1))
        self._feed.ended(alert.symbol, (high, low, close), (high + ask, low + ask, close + ask))
        self._session.advance((alert.time_ns, 2, -1))
        bid = [first, high, low, close]
        row = {"symbol": alert.symbol, "timeframe": alert.timeframe, "opened_ns": opened_ns, "bid": bid}
        return [("bar", {**row, "ask": [points + ask for points in bid]})]


def _event(code: str, alert: Alert, text: str) -> Event:
    return "event", {"level": "WARN", "code": code, "text": text, "alert": alert.id}
