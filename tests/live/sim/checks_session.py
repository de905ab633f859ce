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
    left: Counter[tuple[str, int]] = Counter()
    for row in journal:
        if row.kind in ("filled", "closed"):
            body = json.loads(row.body)
            ticket = (body.get("book", "shadow"), body.get("ticket", 0))
            if row.kind == "filled" and body.get("ticket"):
                left[ticket] += body["steps"]
            elif row.kind == "closed":
                left[ticket] -= body["steps"]
    still = {ticket for ticket, steps in left.items() if steps}
    tickets = {(book.name, ticket) for book in session.books for ticket in book.simulation.broker.tickets}
    if still != tickets:
        yield f"the journal leaves tickets {sorted(still)} open, the session has {sorted(tickets)}"


def _same(live: Any, again: Any) -> Iterable[str]:
    one, other = _state(live), _state(again)
    for name in one:
        if one[name] != other[name]:
            yield f"{name} in the end is {_shown(one[name])}, and {_shown(other[name])} by the journal"
            return


def _state(session: Any) -> dict[str, Any]:
    for book in session.books:
        book.simulation.forget_history()
    saved = session.save()
    found = {"now": session.now_ns, "lost alerts": saved["lost"], "conduct": json.dumps(saved["conduct"])}
    for book in session.books:
        broker = book.simulation.broker
        state = saved if book.name == "shadow" else saved["books"][book.name]
        name = "" if book.name == "shadow" else f"{book.name} "
        found |= {
            f"{name}tickets": {number: repr(ticket) for number, ticket in sorted(broker.tickets.items())},
            f"{name}balance": broker.book.balance_minor,
            f"{name}timers": sorted(map(repr, book.engine.timers.heap)),
            f"{name}arrivals": sorted(repr(one[:2]) for one in broker.heap),
            f"{name}awake": state.get("awake"),
            f"{name}state": json.dumps(state["simulation"], sort_keys=True),
        }
    return found


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 300 else f"{text[:300]}..."
