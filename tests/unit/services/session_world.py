"""A sessions service with a clock that a test sets, a broker that only lists, and a closer that writes down."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from zepix.model import Order, OrderRefused
from zepix.model.settings_sessions import SessionSettings
from zepix.services.sessions import FORCE_CLOSE_REASON, SessionCore, SessionService

KOLKATA = "Asia/Kolkata"


def instant(text: str, zone: str = KOLKATA) -> int:
    """Nanoseconds of a local time, ``2024-03-06 13:30`` (seconds if given)."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


class Clock:
    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.phase = 4


class Position:
    """What the service reads of a ticket."""

    def __init__(self, plugin_id: str, symbol: str) -> None:
        self.plugin_id = plugin_id
        self.symbol = symbol


class Broker:
    def __init__(self) -> None:
        self.tickets: dict[int, Any] = {}
        self.orders: list[Any] = []

    def under_way(self) -> list[Any]:
        return self.orders

    def open(self, plugin_id: str, symbol: str) -> None:
        self.tickets[len(self.tickets) + 1] = Position(plugin_id, symbol)

    def clear(self) -> None:
        self.tickets.clear()
        self.orders.clear()


class World:
    """Settings, a clock that starts at a local time, one plugin that takes part in forced closes and one that not."""

    def __init__(self, at: str = "2024-03-06 15:00", **settings: Any) -> None:
        self.clock = Clock(instant(at))
        self.broker = Broker()
        self.closed: list[tuple[str, str, str]] = []
        self.core = SessionCore(SessionSettings(**settings), self.clock, self.broker, self)  # type: ignore[arg-type]
        self.sessions: SessionService = self.core.for_plugin("mine", force_close=True)
        self.core.for_plugin("free", force_close=False)

    def close_all(self, plugin_id: str, symbol: str, reason: str) -> None:
        self.closed.append((plugin_id, symbol, reason))

    def at(self, text: str, zone: str = KOLKATA) -> SessionService:
        self.clock.now_ns = instant(text, zone)
        return self.sessions

    def run_to(self, text: str) -> list[int]:
        """Turn the engine's one timer of this service up to a local time; when it fired."""
        end_ns, fired = instant(text), []
        due = self.core.next_timer_ns(self.clock.now_ns)
        while due is not None and due <= end_ns:
            self.clock.now_ns = due
            fired.append(due)
            self.core.on_timer(due)
            due = self.core.next_timer_ns(due)
            assert len(fired) < 100, "a timer that never ends"
        self.clock.now_ns = end_ns
        return fired

    def refuse_close(self, symbol: str, plugin_id: str = "mine", reason: str = FORCE_CLOSE_REASON) -> None:
        """The broker refuses a close of ours."""
        now_ns = self.clock.now_ns
        order = Order(1, "close", plugin_id, "f", "", symbol, 1, now_ns, now_ns)
        order.reason_to_close = reason
        self.core.on_event(OrderRefused(now_ns, now_ns, order))
