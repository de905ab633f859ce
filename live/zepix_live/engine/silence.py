"""Silence longer than a sender's rhythm is noticed: a script that stopped, an alert that expired at TradingView.

A stream is a sender, a strategy and a symbol. Once it has sent ``LEAST_GAPS`` + 1 alerts, its rhythm is the longest
gap among its newest ``GAPS``; it is silent once ``FACTOR`` times that long has passed, at least ``LEAST_NS``, while
prices of the symbol still come (a weekend is nobody's silence). One event a silence, which names the last alert.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.model import Alert
from zepix.model.timeframe import NS

__all__ = ["Silence"]

GAPS: Final = 50
LEAST_GAPS: Final = 10
FACTOR: Final = 3
LEAST_NS: Final = 3600 * NS
STREAMS: Final = 4096
Event = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class _Stream:
    """When it last spoke, with which alert, and how long it was silent before."""

    symbol: str
    last_ns: int
    alert: str
    gaps: list[int] = field(default_factory=list)

    @property
    def due_ns(self) -> int | None:
        if len(self.gaps) < LEAST_GAPS:
            return None
        return self.last_ns + max(LEAST_NS, FACTOR * max(self.gaps))


class Silence:
    """Hears every alert; ``at`` says which streams have fallen silent by now."""

    def __init__(self, is_priced: Callable[[str, int], bool]) -> None:
        """``is_priced(symbol, t_ns)``: whether prices of the symbol still come at that time."""
        self._is_priced = is_priced
        self._streams: dict[str, _Stream] = {}
        self._due: list[tuple[int, str]] = []

    def hear(self, alert: Alert, now_ns: int) -> None:
        """Any alert is a sign of life, also one that only informs."""
        name = "|".join((alert.source, alert.strategy or "", alert.symbol))
        stream = self._streams.get(name)
        if stream is None:
            if len(self._streams) < STREAMS:
                self._streams[name] = _Stream(alert.symbol, now_ns, alert.id)
            return
        stream.gaps = [*stream.gaps[1 - GAPS :], now_ns - stream.last_ns]
        stream.last_ns, stream.alert = now_ns, alert.id
        if stream.due_ns is not None:
            self._wait(name, stream.due_ns)

    def due_ns(self) -> int | None:
        """When a stream may be called silent, if nothing comes before."""
        return self._due[0][0] if self._due else None

    def at(self, now_ns: int) -> list[Event]:
        """The silences that are due; one whose symbol has no prices now is asked about again later."""
        found: list[Event] = []
        while self._due and self._due[0][0] <= now_ns:
            _, name = heapq.heappop(self._due)
            stream = self._streams[name]
            due_ns = stream.due_ns
            if due_ns is None:
                continue
            if due_ns > now_ns:
                self._wait(name, due_ns)
            elif not self._is_priced(stream.symbol, now_ns):
                self._wait(name, now_ns + LEAST_NS)
            else:
                found.append(("event", _silence(stream, now_ns)))
        return found

    def state(self) -> dict[str, Any]:
        """Plain values, which ``load_state`` takes."""
        streams = {name: [s.symbol, s.last_ns, s.alert, s.gaps] for name, s in self._streams.items()}
        return {"streams": streams, "due": [list(one) for one in self._due]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._streams = {name: _Stream(*values) for name, values in state["streams"].items()}
        self._due = [(at, name) for at, name in state["due"]]
        heapq.heapify(self._due)

    def _wait(self, name: str, at_ns: int) -> None:
        """One place in the heap a stream: what is heard meanwhile only moves it on when it comes up."""
        if not any(waiting == name for _, waiting in self._due):
            heapq.heappush(self._due, (at_ns, name))


def _silence(stream: _Stream, now_ns: int) -> dict[str, Any]:
    hours = (now_ns - stream.last_ns) / 3600 / NS
    longest = max(stream.gaps) / 3600 / NS
    text = f"{stream.symbol} silent for {hours:.1f} h, its longest pause was {longest:.1f} h: is its alert still on?"
    return {"level": "WARN", "code": "silence", "text": text, "alert": stream.alert}
