"""Tickets of one book as its rows tell them: what is open, what is under way, and each as it closes.

A ticket's result is counted in R: what its price moved in its favour, by the distance of the stop it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zepix.model.order import OPENING_KINDS

__all__ = ["Closed", "Key", "TicketLog"]

Key = tuple[str, str, str]
"""Plugin, alert and role: by which a ticket of one book is one of another."""


@dataclass(slots=True)
class _Open:
    """``moved``: points times steps in its favour so far; ``risk``: points to the stop at the entry, 0 without one."""

    key: Key
    side: int
    entry: int
    steps: int
    left: int
    risk: int
    first_ns: int
    moved: int = 0
    pnl_minor: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """A ticket that is closed to the last step; ``reason`` is that of its last part."""

    key: Key
    ticket: int
    steps: int
    risk: int
    moved: int
    pnl_minor: int
    reason: str
    first_ns: int

    def r(self, risk: int) -> float | None:
        """Its result by a stop that lies ``risk`` points away; None where there is none."""
        return self.moved / (risk * self.steps) if risk and self.steps else None


class TicketLog:
    """Takes the rows of one book in, in order."""

    def __init__(self) -> None:
        self._orders: dict[int, Key] = {}
        self._open: dict[int, _Open] = {}

    def take(self, kind: str, body: Mapping[str, Any]) -> tuple[Closed | None, Key | None]:
        """(a ticket that closed, the key of an opening order that ended without a ticket)."""
        if kind == "intent":
            if body["kind"] in OPENING_KINDS:
                self._orders[body["order"]] = (body["plugin"], body["alert"], body.get("role", ""))
        elif kind == "filled":
            self._filled(body)
        elif kind in ("refused", "cancelled"):
            return None, self._orders.pop(body["order"], None)
        elif kind == "closed":
            return self._closed(body), None
        return None, None

    def has(self, key: Key) -> bool:
        """Whether a ticket of that key is open, or an order of it under way."""
        return key in self._orders.values() or any(one.key == key for one in self._open.values())

    def state(self) -> dict[str, Any]:
        """Values of JSON."""
        return {
            "orders": [[number, list(key)] for number, key in self._orders.items()],
            "open": [[number, asdict(one)] for number, one in self._open.items()],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._orders = {number: _key(key) for number, key in state["orders"]}
        self._open = {number: _Open(**{**one, "key": _key(one["key"])}) for number, one in state["open"]}

    def _filled(self, body: Mapping[str, Any]) -> None:
        if body["what"] not in OPENING_KINDS or not body["ticket"]:
            return
        key = self._orders.pop(body["order"], (body["plugin"], body["alert"], ""))
        risk = abs(body["points"] - body["sl"]) if body["sl"] else 0
        steps = body["steps"]
        self._open[body["ticket"]] = _Open(key, body["side"], body["points"], steps, steps, risk, body["fill_ns"])

    def _closed(self, body: Mapping[str, Any]) -> Closed | None:
        one = self._open.get(body["ticket"])
        if one is None:
            return None
        one.left -= body["steps"]
        one.moved += one.side * (body["points"] - one.entry) * body["steps"]
        one.pnl_minor += body["pnl_minor"]
        if one.left > 0:
            return None
        del self._open[body["ticket"]]
        return Closed(
            one.key, body["ticket"], one.steps, one.risk, one.moved, one.pnl_minor, body["reason"], one.first_ns
        )


def _key(found: Any) -> Key:
    plugin, alert, role = found
    return plugin, alert, role
