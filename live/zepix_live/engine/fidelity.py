"""How far a live plugin and its twin lie apart, ticket by ticket, and when that is too far.

Both books' tickets are paired by plugin, alert and role, as ``zx.compare`` pairs them. Of each pair is kept:

    gap      how far the results lie apart, in R of the twin's stop; None where it had no stop
    differs  whether they ended for another reason, or only one of them ever opened

Over the last ``tickets`` pairs of a plugin: a mean gap above ``max_gap_r``, or a share that differs of at least
``max_differing_frac``, trips the breaker. Everything follows from the session's own rows, so that a rerun trips too.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from zepix_live.engine.book import LIVE, TWIN
from zepix_live.engine.mode_settings import Breaker
from zepix_live.engine.ticket_log import Closed, Key, TicketLog

__all__ = ["Fidelity"]

OTHER: Final = {LIVE: TWIN, TWIN: LIVE}
Pair = tuple[float | None, bool]


class Fidelity:
    """Watches the rows of the live book and of the twin."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._logs = {LIVE: TicketLog(), TWIN: TicketLog()}
        self._waiting: dict[Key, list[tuple[str, Closed]]] = defaultdict(list)
        """Tickets that are closed in one book, and still open or under way in the other."""
        self._pairs: dict[str, deque[Pair]] = {}

    def look(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, str]]:
        """(plugin, sentence) of each plugin whose breaker trips by these rows."""
        touched: dict[Key, None] = {}
        for kind, body in rows:
            book = body.get("book")
            if book not in OTHER:
                continue
            closed, ended = self._logs[book].take(kind, body)
            if closed is not None:
                self._waiting[closed.key].append((book, closed))
                touched[closed.key] = None
            elif ended is not None and ended in self._waiting:
                touched[ended] = None
        for key in touched:  # once both books have told of this input
            self._resolve(key)
        found = [(plugin_id, self._trip(plugin_id)) for plugin_id in dict.fromkeys(key[0] for key in touched)]
        return [(plugin_id, why) for plugin_id, why in found if why]

    def gap(self, plugin_id: str) -> tuple[int, float | None, float]:
        """(pairs, their mean gap in R, the share that differs) of the last pairs of a plugin."""
        pairs = self._pairs.get(plugin_id, deque())
        gaps = [gap for gap, _ in pairs if gap is not None]
        differing = sum(differs for _, differs in pairs) / len(pairs) if pairs else 0.0
        return len(pairs), (sum(gaps) / len(gaps) if gaps else None), differing

    def forget(self, plugin_id: str) -> None:
        """Begin anew with a plugin: what tripped it does not trip it again."""
        self._pairs.pop(plugin_id, None)

    def begin_book(self, name: str) -> None:
        """A book begins anew: what its predecessor had open has no other end. Pairs that were counted stay."""
        self._logs[name] = TicketLog()
        self._waiting.clear()

    def state(self) -> dict[str, Any]:
        """Values of JSON."""
        return {
            "logs": {name: log.state() for name, log in self._logs.items()},
            "waiting": [[book, _told(one)] for found in self._waiting.values() for book, one in found],
            "pairs": {plugin_id: [list(one) for one in pairs] for plugin_id, pairs in self._pairs.items()},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        for name, log in self._logs.items():
            log.load_state(state["logs"][name])
        self._waiting.clear()
        for book, told in state["waiting"]:
            one = _closed(told)
            self._waiting[one.key].append((book, one))
        self._pairs = {
            plugin_id: deque(((gap, differs) for gap, differs in pairs), self._breaker.tickets)
            for plugin_id, pairs in state["pairs"].items()
        }

    def _resolve(self, key: Key) -> None:
        """Pair what is closed on both sides, the first with the first; then what will never have a partner."""
        waiting = self._waiting[key]
        while True:
            live = next((one for book, one in waiting if book == LIVE), None)
            twin = next((one for book, one in waiting if book == TWIN), None)
            if live is None or twin is None:
                break
            waiting.remove((LIVE, live))
            waiting.remove((TWIN, twin))
            self._add(key[0], _gap(live, twin), live.reason != twin.reason)
        for book, one in list(waiting):
            if not self._logs[OTHER[book]].has(key):
                waiting.remove((book, one))
                alone = one.r(one.risk)
                self._add(key[0], None if alone is None else abs(alone), True)
        if not waiting:
            del self._waiting[key]

    def _add(self, plugin_id: str, gap: float | None, differs: bool) -> None:
        pairs = self._pairs.setdefault(plugin_id, deque(maxlen=self._breaker.tickets))
        pairs.append((gap, differs))

    def _trip(self, plugin_id: str) -> str:
        """Why a plugin's breaker trips; empty where it does not."""
        breaker = self._breaker
        count, gap, differing = self.gap(plugin_id)
        if not breaker.enabled or count < breaker.tickets:
            return ""
        if gap is not None and gap > breaker.max_gap_r:
            return (
                f"live and twin lie {gap:.3f} R apart on average over {count} tickets (bound {breaker.max_gap_r:g} R)"
            )
        if differing >= breaker.max_differing_frac:
            bound = f"bound {breaker.max_differing_frac:.0%}"
            return f"{differing:.0%} of {count} tickets ended otherwise live than in the twin ({bound})"
        return ""


def _gap(live: Closed, twin: Closed) -> float | None:
    risk = twin.risk or live.risk
    ours, theirs = live.r(risk), twin.r(risk)
    return None if ours is None or theirs is None else abs(ours - theirs)


def _told(one: Closed) -> list[Any]:
    return [list(one.key), one.ticket, one.steps, one.risk, one.moved, one.pnl_minor, one.reason, one.first_ns]


def _closed(told: list[Any]) -> Closed:
    (plugin, alert, role), *rest = told
    return Closed((plugin, alert, role), *rest)
