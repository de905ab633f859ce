"""What the rows of a journal lead to when they are taken again: the same lines, the same state, the same positions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from zepix.journal.rows import Row
from zepix_live.engine.course import Course
from zepix_live.engine.rerun import compare

__all__ = ["session_problems"]


def session_problems(journal: Sequence[Row], live: Any = None) -> Iterable[str]:
    """A rerun is equal; tickets are those that the lines tell of; and ``live`` is the session that a rerun becomes."""
    course = Course()
    try:
        found = compare(journal, course)
    except Exception as error:  # noqa: BLE001 - a rerun that fails is a finding
        yield f"the rerun failed: {type(error).__name__}: {error}"
        return
    if not found.is_equal:
        yield f"the rerun differs: {found.differences[0]}"
        return
    if not course.has_session:
        return
    again = course.session
    yield from _conserved(journal, again)
    if live is not None:
        yield from _same(live, again)


def _conserved(journal: Sequence[Row], session: Any) -> Iterable[str]:
    """What was opened and not closed is open, and nothing else is."""
    left: Counter[int] = Counter()
    for row in journal:
        if row.kind in ("filled", "closed"):
            body = json.loads(row.body)
            if row.kind == "filled" and body.get("ticket"):
                left[body["ticket"]] += body["steps"]
            elif row.kind == "closed":
                left[body["ticket"]] -= body["steps"]
    still = {ticket for ticket, steps in left.items() if steps}
    tickets = set(session.simulation.broker.tickets)
    if still != tickets:
        yield f"the journal leaves tickets {sorted(still)} open, the session has {sorted(tickets)}"


def _same(live: Any, again: Any) -> Iterable[str]:
    one, other = _state(live), _state(again)
    for name in one:
        if one[name] != other[name]:
            yield f"{name} in the end is {_shown(one[name])}, and {_shown(other[name])} by the journal"
            return


def _state(session: Any) -> dict[str, Any]:
    broker = session.simulation.broker
    session.simulation.forget_history()
    saved = session.save()
    return {
        "now": session.now_ns,
        "tickets": {number: repr(ticket) for number, ticket in sorted(broker.tickets.items())},
        "balance": broker.book.balance_minor,
        "timers": sorted(map(repr, session.engine.timers.heap)),
        "arrivals": sorted(repr(one[:2]) for one in broker.heap),
        "lost alerts": saved["lost"],
        "state": json.dumps(saved["simulation"], sort_keys=True),
    }


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 300 else f"{text[:300]}..."
