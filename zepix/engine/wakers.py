"""Times a strategy waits for: single timers, and the ends of bars it subscribed to."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any, Final

from zepix.model.timeframe import NS, minutes

__all__ = ["Timers"]

PHASE: Final = 3


class Timers:
    """A heap of what is due in phase 3; ids count from 1. A bar subscription is a timer that sets itself anew."""

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, int, str, str, str]] = []
        self._owners: dict[int, str] = {}
        self._subscribers: dict[tuple[str, str], list[str]] = {}
        self._last = 0

    def set(self, plugin_id: str, at_ns: int, tag: str) -> int:
        number = self._push(at_ns, tag, "", "")
        self._owners[number] = plugin_id
        return number

    def taken_from(self, timer_id: int) -> str:
        """Whose timer it is that goes off now; it is forgotten."""
        return self._owners.pop(timer_id, "")

    def subscribe(self, plugin_id: str, symbol: str, timeframe: str, now_ns: int) -> None:
        subscribers = self._subscribers.setdefault((symbol, timeframe), [])
        if not subscribers:
            self._push(_next_end(now_ns, timeframe), "", symbol, timeframe)
        if plugin_id not in subscribers:
            subscribers.append(plugin_id)

    def subscribers(self, symbol: str, timeframe: str) -> list[str]:
        return list(self._subscribers.get((symbol, timeframe), ()))

    def timeframes(self, symbol: str) -> list[str]:
        """In which timeframes somebody waits for a symbol's bars, in the order in which they were asked for."""
        return [frame for name, frame in self._subscribers if name == symbol]

    def again(self, at_ns: int, symbol: str, timeframe: str) -> None:
        """The next wake of a bar subscription."""
        self._push(at_ns, "", symbol, timeframe)

    def pop(self) -> tuple[int, int, int, str, str, str]:
        """(t_ns, phase, id, tag, symbol, timeframe)"""
        return heapq.heappop(self.heap)

    def drop(self, plugin_id: str) -> None:
        """Forget a plugin's timers, and that it waits for bars."""
        own = {number for number, owner in self._owners.items() if owner == plugin_id}
        for number in own:
            del self._owners[number]
        self._subscribers = {
            key: [one for one in found if one != plugin_id] for key, found in self._subscribers.items()
        }
        unheard = {key for key, found in self._subscribers.items() if not found}
        self._subscribers = {key: found for key, found in self._subscribers.items() if found}
        self.heap[:] = [one for one in self.heap if one[2] not in own and (one[4], one[5]) not in unheard]
        heapq.heapify(self.heap)

    def state(self) -> dict[str, Any]:
        """Values of JSON."""
        return {
            "heap": [list(entry) for entry in self.heap],
            "owners": [[number, owner] for number, owner in self._owners.items()],
            "subscribers": [[*key, list(found)] for key, found in self._subscribers.items()],
            "last": self._last,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; the heap stays the same object."""
        self.heap[:] = [(t, phase, number, tag, *rest) for t, phase, number, tag, *rest in state["heap"]]
        self._owners = dict(state["owners"])
        self._subscribers = {(symbol, frame): list(found) for symbol, frame, found in state["subscribers"]}
        self._last = int(state["last"])

    def _push(self, at_ns: int, tag: str, symbol: str, timeframe: str) -> int:
        self._last += 1
        heapq.heappush(self.heap, (at_ns, PHASE, self._last, tag, symbol, timeframe))
        return self._last


def _next_end(now_ns: int, timeframe: str) -> int:
    length = minutes(timeframe) * 60 * NS
    return (now_ns // length + 1) * length
