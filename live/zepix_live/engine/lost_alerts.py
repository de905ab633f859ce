"""Alerts that never came are noticed by what the next one says of before: its position, or its number.

- ``prev_market_position`` of a TradingView strategy against what the account holds of that symbol;
- ``seq`` (or ``sequence``, ``alert_no``) where the user's Pine numbers its alerts: one number is missing.

An event names the alert that told. Nothing is traded for it: what was missed is for a human to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from zepix.model import Alert, Catalogue, Ticket

__all__ = ["LostAlerts"]

NUMBERS: Final = ("seq", "sequence", "alert_no")
STREAMS_LIMIT: Final = 4096
Event = tuple[str, dict[str, Any]]


class LostAlerts:
    """Looks at every alert before it is decided."""

    def __init__(self, tickets: Callable[[], Sequence[Ticket]], catalogue: Catalogue) -> None:
        """``tickets``: what the account holds now."""
        self._tickets = tickets
        self._catalogue = catalogue
        self._last: dict[str, int] = {}

    def look(self, alert: Alert) -> list[Event]:
        """The events that an alert gives rise to."""
        return [*self._position(alert), *self._number(alert)]

    def state(self) -> dict[str, int]:
        return dict(self._last)

    def load_state(self, state: dict[str, int]) -> None:
        self._last = {str(stream): int(number) for stream, number in state.items()}

    def _position(self, alert: Alert) -> list[Event]:
        before = alert.fields.get("prev_market_position")
        if before not in ("long", "short", "flat") or alert.symbol not in self._catalogue:
            return []
        ours = _word(self._tickets(), alert)
        if ours == before:
            return []
        text = f"{alert.id} says {alert.symbol} was {before} before it; the account is {ours}: an alert may be lost"
        return [("event", {"level": "WARN", "code": "position_differs", "text": text, "alert": alert.id})]

    def _number(self, alert: Alert) -> list[Event]:
        value = next((alert.fields[name] for name in NUMBERS if name in alert.fields), None)
        if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
            return []
        stream, number = "|".join((alert.source, alert.strategy or "", alert.symbol)), int(str(value)[:18])
        last = self._last.get(stream)
        if last is None and len(self._last) >= STREAMS_LIMIT:
            return []
        self._last[stream] = max(number, last or number)
        if last is None or number <= last + 1:
            return []
        text = (
            f"{alert.id} is number {number} of {alert.symbol} and the last was {last}: {number - last - 1} never came"
        )
        return [("event", {"level": "WARN", "code": "sequence_gap", "text": text, "alert": alert.id})]


def _word(tickets: Any, alert: Alert) -> str:
    """Which way the account is on the alert's symbol: long, short, flat, or both."""
    mine: list[Ticket] = [t for t in tickets if t.symbol == alert.symbol]
    sides = {t.side for t in mine}
    if not sides:
        return "flat"
    return "both" if len(sides) == 2 else "long" if sides == {1} else "short"
