"""A trend service with a clock that a test sets, and real bodies parsed by the real dialects."""

from __future__ import annotations

import json
from typing import Any

from tests.world import CATALOGUE, minute
from zepix.alerts.processor import AlertProcessor
from zepix.model import Alert
from zepix.model.settings_trend import TrendSettings
from zepix.services.trend import TrendCore, TrendManagementService

ARROW = "\u2192"


class Clock:
    """An instant that a test sets, in minutes."""

    def __init__(self, when: float = 0) -> None:
        self.now_ns = minute(when)
        self.phase = 4

    def at(self, when: float) -> None:
        self.now_ns = minute(when)


class World:
    """One run's trends: ``hear`` a body, ask ``trend``."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.said: list[tuple[str, str]] = []
        self.core = TrendCore(TrendSettings(**settings), self.clock, say=lambda *words: self.said.append(words))
        self.trend: TrendManagementService = self.core.for_plugin("mine")
        self._heard = 0

    def hear(self, body: str | dict[str, Any], at: float | None = None) -> Alert:
        """A body as it would arrive; the service is told of it."""
        if at is not None:
            self.clock.at(at)
        self._heard += 1
        raw = body if isinstance(body, str) else json.dumps(body)
        alert = AlertProcessor(CATALOGUE).parse(raw, received_ns=self.clock.now_ns, id=f"a{self._heard}")
        assert isinstance(alert, Alert), alert
        self.core.on_alert(alert)
        return alert


def v3_entry(direction: str = "buy", trends: str = "1,1,-1,1,1", **more: Any) -> dict[str, Any]:
    return {
        "type": "entry_v3",
        "signal_type": "Momentum_Breakout",
        "symbol": "EURUSD",
        "direction": direction,
        "tf": "5",
        "price": 1.1,
        "consensus_score": 7 if direction == "buy" else 2,
        "sl_price": 1.09 if direction == "buy" else 1.11,
        "tp1_price": 1.115 if direction == "buy" else 1.085,
        "tp2_price": 1.13 if direction == "buy" else 1.07,
        "mtf_trends": trends,
        "market_trend": 1,
        "position_multiplier": 0.8,
        **more,
    }


def v3_pulse(current: str = "0,1,1,-1,1,1", **more: Any) -> dict[str, Any]:
    """As the script writes it: ``previous_trends`` equals ``current_trends``, no direction, no mtf_trends."""
    return {
        "type": "trend_pulse_v3",
        "signal_type": "Trend_Pulse",
        "symbol": "EURUSD",
        "tf": "15",
        "price": 1.1,
        "current_trends": current,
        "previous_trends": current,
        "changed_timeframes": "15,",
        "change_details": "15:1;",
        "trend_labels": "1m,5m,15m,1H,4H,1D",
        "market_trend": 0,
        "consensus_score": 5,
        "message": "...",
        **more,
    }


def legacy(kind: str, signal: str, timeframe: str) -> dict[str, Any]:
    who = {"symbol": "EURUSD", "strategy": "ZepixPremium"}
    return {"type": kind, "signal": signal, "tf": timeframe, "price": 1.1, **who}


def v6_pulse(chart: str = "15", bull: int = 4, bear: int = 2, changes: str = "", state: str = "MIXED_BULLISH") -> str:
    return f"TREND_PULSE|EURUSD|{chart}|{bull}|{bear}|{changes}|{state}"
