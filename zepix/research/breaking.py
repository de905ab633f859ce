"""What the fidelity breaker of a live runner has counted, from the rows of its journal (docs/modes.md).

The breaker cannot see ahead: a ticket whose partner is neither open nor under way when it closes counts as one without
a partner, and so does the partner if it comes later (as a chain's orders may). ``zx.compare``, which knows the end,
pairs these two.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from zepix.model.order import OPENING_KINDS
from zepix.research.comparing.books import Ticket
from zepix.research.comparing.distance import Gap, in_r

__all__ = ["KINDS", "counted"]

KINDS: Final = frozenset({"intent", "filled", "refused", "cancelled", "closed", "operator"})
"""The rows that are asked for."""
_OTHER: Final = {"live": "twin", "twin": "live"}
Key = tuple[str, str, str]
Rows = Iterable[tuple[str, Mapping[str, Any]]]


def counted(rows: Rows, tickets: Mapping[str, Mapping[str, Ticket]]) -> dict[str, list[Gap]]:
    """By plugin the tickets that its breaker has counted since it was last armed, in order.

    rows: (kind, body) in the journal's order; tickets: of ``live`` and ``twin``, by their ids.
    """
    watch = _Watch(tickets)
    for _, group in groupby(rows, key=lambda row: row[1].get("of")):
        watch.look(group)
    return dict(watch.gaps)


class _Watch:
    """Takes the rows of one input after the other, as the runner's own does."""

    def __init__(self, tickets: Mapping[str, Mapping[str, Ticket]]) -> None:
        self.tickets = tickets
        self.gaps: dict[str, list[Gap]] = defaultdict(list)
        self._orders: dict[tuple[str, int], Key] = {}
        self._open: dict[tuple[str, int], tuple[Key, int]] = {}
        self._things: Counter[tuple[str, Key]] = Counter()
        """How much of a key a book has open or under way."""
        self._waiting: dict[Key, list[tuple[str, Ticket]]] = defaultdict(list)

    def look(self, rows: Rows) -> None:
        touched: dict[Key, None] = {}
        for kind, body in rows:
            if kind == "operator":
                if body.get("command") == "rearm" and body.get("plugin"):
                    self.gaps.pop(body["plugin"], None)
            elif body.get("book") in _OTHER:
                key = self._took(kind, body["book"], body)
                if key is not None and key in self._waiting:
                    touched[key] = None
        for key in touched:  # once both books have told of this input
            self._resolve(key)

    def _took(self, kind: str, book: str, body: Mapping[str, Any]) -> Key | None:
        """The key of a ticket that closed whole, or of an opening order that ended without one."""
        if kind == "intent":
            if body["kind"] in OPENING_KINDS:
                key = self._orders[book, body["order"]] = (body["plugin"], body["alert"], body.get("role", ""))
                self._things[book, key] += 1
        elif kind == "filled":
            if body["what"] in OPENING_KINDS and body["ticket"]:
                found = self._orders.pop((book, body["order"]), None)
                key = (body["plugin"], body["alert"], "") if found is None else found
                self._things[book, key] += found is None
                self._open[book, body["ticket"]] = (key, body["steps"])
        elif kind == "closed":
            return self._closed(book, body)
        else:
            ended = self._orders.pop((book, body["order"]), None)
            self._things[book, ended or ("", "", "")] -= ended is not None
            return ended
        return None

    def _closed(self, book: str, body: Mapping[str, Any]) -> Key | None:
        if (book, body["ticket"]) not in self._open:
            return None
        key, left = self._open[book, body["ticket"]]
        if left > body["steps"]:
            self._open[book, body["ticket"]] = (key, left - body["steps"])
            return None
        del self._open[book, body["ticket"]]
        self._things[book, key] -= 1
        self._waiting[key].append((book, self.tickets[book][str(body["ticket"])]))
        return key

    def _resolve(self, key: Key) -> None:
        """The first with the first; then what has no partner now."""
        waiting = self._waiting.pop(key)
        live, twin = ([ticket for book, ticket in waiting if book == name] for name in ("live", "twin"))
        for ours, theirs in zip(live, twin, strict=False):
            why = ours.legs[-1].reason != theirs.legs[-1].reason
            end_ns = max(ours.legs[-1].exit_ns, theirs.legs[-1].exit_ns)
            self.gaps[key[0]].append(Gap(end_ns, in_r(theirs, ours)[2], why, theirs))
        paired = min(len(live), len(twin))
        for book, ticket in [("live", one) for one in live[paired:]] + [("twin", one) for one in twin[paired:]]:
            if self._things[_OTHER[book], key]:
                self._waiting[key].append((book, ticket))
            else:
                result = ticket.r()
                gap = Gap(ticket.legs[-1].exit_ns, None if result is None else abs(result), True, ticket)
                self.gaps[key[0]].append(gap)
