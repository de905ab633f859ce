"""A recorded session through the engine again: every output compared with what was journaled, line by line."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.journal.rows import Row
from zepix_live.engine.config import SessionConfig
from zepix_live.engine.course import Course
from zepix_live.engine.session import INPUTS, Output

__all__ = ["Compared", "Difference", "compare", "first_difference", "turns"]

NOT_COMPARED: Final = frozenset({"attempt", "death", "recovery", "notice", "stop"})
"""Rows about the runner's own life, which no session derives."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first line in which two sessions differ: of which input, and what each of them says there."""

    of: int
    t_ns: int
    line: int
    journaled: Output | None
    derived: Output | None

    def __str__(self) -> str:
        there = "nothing" if self.journaled is None else _shown(self.journaled)
        here = "nothing" if self.derived is None else _shown(self.derived)
        return f"input {self.of}, line {self.line}: the journal says {there}, the rerun {here}"


@dataclass(slots=True)
class Compared:
    """What a rerun came to."""

    inputs: int = 0
    outputs: int = 0
    differences: list[Difference] = field(default_factory=list)
    derived: list[tuple[int, Output]] = field(default_factory=list)
    unfinished: int = 0

    @property
    def is_equal(self) -> bool:
        return not self.differences


def compare(rows: Iterable[Row], course: Course, *, most: int = 1, keep: bool = False) -> Compared:
    """Take the journaled inputs again; stops after ``most`` differences. ``keep``: also what was derived."""
    found = Compared()
    for row, body, told, is_done in turns(rows):
        if row.kind == "config":
            course.change(SessionConfig.of(body))
            continue
        derived = course.session.take(row.t_ns, row.kind, body)
        found.inputs += 1
        found.outputs += len(derived)
        if keep:
            found.derived += [(row.seq, one) for one in derived]
        if not is_done and not told:
            found.unfinished += 1
            continue
        difference = first_difference(row, told, derived)
        if difference is not None:
            found.differences.append(difference)
            if len(found.differences) >= most:
                break
    return found


def first_difference(row: Row, told: list[Output], derived: list[Output]) -> Difference | None:
    """None where both say the same."""
    for line in range(max(len(told), len(derived))):
        there = told[line] if line < len(told) else None
        here = derived[line] if line < len(derived) else None
        if there is None or here is None or _plain(there) != _plain(here):
            return Difference(row.seq, row.t_ns, line + 1, there, here)
    return None


def turns(rows: Iterable[Row]) -> Iterator[tuple[Row, Mapping[str, Any], list[Output], bool]]:
    """Every input with what followed from it, in order; ``done`` closes a turn, and the last may be unfinished.

    A ``config`` stands between turns and comes as it is. Inputs that were set aside as poison are left out: no session
    took them.
    """
    poison: set[int] = set()
    waiting: list[tuple[Row, dict[str, Any]]] = []
    told: dict[int, list[Output]] = defaultdict(list)
    for row in rows:
        if row.kind in INPUTS:
            waiting.append((row, json.loads(row.body)))
        elif row.kind == "done":
            through = json.loads(row.body)["through"]
            for one, body in waiting:
                if one.seq <= through and one.seq not in poison:
                    yield one, body, told.pop(one.seq, []), True
            waiting = [(one, body) for one, body in waiting if one.seq > through]
        elif row.kind == "config":
            yield row, json.loads(row.body), [], True
        elif row.kind == "poison":
            poison.add(json.loads(row.body)["of"])
        elif row.kind not in NOT_COMPARED:
            body = json.loads(row.body)
            told[body.pop("of", 0)].append(Output(row.kind, body))
    for one, body in waiting:
        yield one, body, told.pop(one.seq, []), False


def _plain(one: Output) -> tuple[str, str]:
    return one.kind, json.dumps(one.body, sort_keys=True)


def _shown(one: Output) -> str:
    return f"{one.kind} {json.dumps(one.body, separators=(',', ':'))[:400]}"
