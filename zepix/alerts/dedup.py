"""Which alerts have been seen before; in a replay exactly as later live. It knows no clock: time is the alert's own.

- By the id in the payload, within source and symbol, for as long as the log runs (the newest million ids are
  kept, live the newest 20,000).
- Else by source, symbol as resolved, and hash of the canonical body, for 30 s from the *first* receipt: TradingView
  sends a failed webhook again after 5, 10 and 15 s. The window is anchored at the first: the same body 31 s later is
  new, and opens a window of its own. (A body exactly 30 s later still belongs to the first.)
- An exit or a cancel is never dropped while ``open_before`` holds: a ticket opened before it is open. A reversal is not
  among them: it also opens a ticket, and letting its resend through would open it twice.

Alerts are to be checked in order of receipt. Bodies are compared by cheap fields first; only those that agree are
hashed.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from zepix.alerts.canonical import body_hash
from zepix.model import Alert, Quantity

__all__ = ["IDS_LIMIT", "NEVER_DROPPED", "WINDOW_S", "Deduplicator"]

WINDOW_S: Final = 30.0
IDS_LIMIT: Final = 1_000_000
NEVER_DROPPED: Final = frozenset({"exit", "cancel"})
STATE_VERSION: Final = 1
_IdKey = tuple[str, str, str]
_BodyKey = tuple[object, ...]


class _Seen:
    """A body received first at ``first_ns``, as the alert ``alert_id``."""

    __slots__ = ("_hash", "_raw", "alert_id", "first_ns")

    def __init__(self, first_ns: int, alert_id: str, raw: str | None, hashed: str | None = None) -> None:
        self.first_ns = first_ns
        self.alert_id = alert_id
        self._raw = raw
        self._hash = hashed

    @property
    def hash(self) -> str:
        if self._hash is None:
            assert self._raw is not None, "a body seen has its text or its hash"
            self._hash = body_hash(self._raw)
            self._raw = None
        return self._hash


def _key_of(alert: Alert) -> _BodyKey:
    """What two alerts with the same body always share, and most others do not."""
    return (alert.source, alert.symbol, alert.type, alert.price, alert.sl, alert.tp)


class Deduplicator:
    """``check(alert, open_before)`` gives None for a new alert, else the id of the alert that it repeats."""

    def __init__(self, window_s: float = WINDOW_S, ids_limit: int = IDS_LIMIT) -> None:
        if window_s < 0 or ids_limit < 1:
            raise ValueError(f"a window is not negative and at least one id is kept, not {window_s}, {ids_limit}")
        self._window_ns = round(window_s * 1e9)
        self._ids_limit = ids_limit
        self._by_id: OrderedDict[_IdKey, str] = OrderedDict()
        self._by_body: dict[_BodyKey, list[_Seen]] = {}
        self._queue: deque[tuple[int, _BodyKey]] = deque()

    def check(self, alert: Alert, open_before: bool = False) -> str | None:
        """None if the alert is to be acted on; else the id of the first one, of which it is a duplicate."""
        if alert.explicit_id is not None:
            first = self._first_by_id(alert, alert.explicit_id)
        else:
            first = self._first_by_body(alert)
        if first is not None and open_before and alert.type in NEVER_DROPPED:
            return None
        return first

    def _first_by_id(self, alert: Alert, explicit_id: str) -> str | None:
        key = (alert.source, alert.symbol, explicit_id)
        first = self._by_id.get(key)
        if first is None:
            self._by_id[key] = alert.id
            if len(self._by_id) > self._ids_limit:
                self._by_id.popitem(last=False)
        return first

    def _first_by_body(self, alert: Alert) -> str | None:
        now = alert.received_ns
        self._forget(now - self._window_ns)
        key = _key_of(alert)
        alike = self._by_body.get(key)
        new = _Seen(now, alert.id, alert.raw)
        if alike is None:
            self._by_body[key] = [new]
        else:
            for seen in alike:
                if abs(now - seen.first_ns) <= self._window_ns and seen.hash == new.hash:
                    return seen.alert_id
            alike.append(new)
        self._queue.append((now, key))
        return None

    def _forget(self, before_ns: int) -> None:
        """Bodies first received before that moment can have no duplicate any more."""
        queue = self._queue
        while queue and queue[0][0] < before_ns:
            moment, key = queue.popleft()
            left = [seen for seen in self._by_body.get(key, ()) if seen.first_ns != moment]
            if left:
                self._by_body[key] = left
            else:
                self._by_body.pop(key, None)

    def to_state(self) -> dict[str, Any]:
        """Everything it remembers as plain data (JSON); ``from_state`` goes on from there."""
        return {
            "version": STATE_VERSION,
            "window_ns": self._window_ns,
            "ids_limit": self._ids_limit,
            "ids": [[*key, first] for key, first in self._by_id.items()],
            "bodies": [[seen.first_ns, seen.alert_id, seen.hash, *map(_plain, key)] for key, seen in self._in_turn()],
        }

    def _in_turn(self) -> Iterator[tuple[_BodyKey, _Seen]]:
        """Bodies in the order in which they came."""
        turns = {key: iter(alike) for key, alike in self._by_body.items()}
        for _, key in self._queue:
            seen = next(turns[key], None) if key in turns else None
            if seen is not None:
                yield key, seen

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Deduplicator:
        """The Deduplicator that wrote ``state``. Raises ValueError for a state of another version."""
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"the state has version {state.get('version')!r}; {STATE_VERSION} is expected")
        found = cls(ids_limit=int(state["ids_limit"]))
        found._window_ns = int(state["window_ns"])
        found._take_over(state)
        return found

    def state(self) -> dict[str, Any]:
        """``to_state`` under the name that all services use."""
        return self.to_state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version, or saved with another window."""
        given = (state.get("version"), state.get("window_ns"), state.get("ids_limit"))
        if given != (STATE_VERSION, self._window_ns, self._ids_limit):
            raise ValueError(
                f"the state of the deduplication has version, window and limit {given}; "
                f"{(STATE_VERSION, self._window_ns, self._ids_limit)} are expected"
            )
        self._by_id.clear()
        self._by_body.clear()
        self._queue.clear()
        self._take_over(state)

    def _take_over(self, state: Mapping[str, Any]) -> None:
        for source, symbol, explicit_id, first in state["ids"]:
            self._by_id[(source, symbol, explicit_id)] = first
        for first_ns, alert_id, hashed, *rest in state["bodies"]:
            key = tuple(Quantity(*part) if isinstance(part, list) else part for part in rest)
            self._by_body.setdefault(key, []).append(_Seen(int(first_ns), alert_id, None, hashed))
            self._queue.append((int(first_ns), key))


def _plain(part: object) -> object:
    """A level as JSON: its number, its unit and the setting that would tell the unit."""
    return [part.value, part.unit, part.setting] if isinstance(part, Quantity) else part
