"""The checker itself: a life that is well has no problems, and one line altered is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.live.sim.checker import Answer, Record, problems
from tests.live.sim.scenarios import SCENARIOS
from tests.live.sim.world import simulate
from zepix.journal.rows import Row


@pytest.fixture(scope="module")
def life() -> Record:
    """An entry, its exit, and what came of them; without the session, so that it can be altered."""
    record = simulate(SCENARIOS["an entry and its exit"]).record
    assert record is not None
    return replace(record, session=None, does_rerun=False, moments=None)


def without(rows, number):
    return [row for row in rows if row.seq != number]


def row_of(record: Record, kind: str, place: int = 0) -> Row:
    return [row for row in record.journal if row.kind == kind][place]


def more(record: Record, *rows: tuple[str, dict]) -> Record:
    """With rows behind the last one."""
    last = record.journal[-1]
    added = [Row(last.seq + 1 + n, last.t_ns, kind, json.dumps(body)) for n, (kind, body) in enumerate(rows)]
    return replace(record, journal=[*record.journal, *added])


def test_a_life_that_is_well_has_no_problems(life):
    assert problems(life) == []


def test_an_accepted_alert_that_is_not_in_the_inbox_is_named(life):
    lost = replace(life, answers=[*life.answers, Answer("", 202, {"seq": 9, "id": "a9"})])
    assert problems(lost) == ["alert 9 was accepted and the inbox has nothing there"]


def test_a_status_of_500_is_named(life):
    assert problems(replace(life, answers=[Answer("", 500, {"error": "x"})])) == ["a body was answered 500"]


def test_a_duplicate_of_nothing_is_named(life):
    found = problems(replace(life, answers=[Answer("", 200, {"seq": 1, "id": "in", "duplicate": True})]))
    assert found == ["a duplicate of 1 was answered, and no row says so"]


def test_a_missing_row_is_named(life):
    assert "journal: row 5 is missing, the next is 6" in problems(replace(life, journal=without(life.journal, 5)))


def test_an_alert_that_was_never_taken_is_named(life):
    extra = Row(3, life.inbox[-1].t_ns, "alert", json.dumps({"raw": "x", "key": "k"}))
    assert "alert 3 of the inbox was never taken" in problems(replace(life, inbox=[*life.inbox, extra]))


@pytest.mark.parametrize(
    ("kind", "told"), [("intent", "left 2 times"), ("decision", "was decided 2 times")], ids=["command", "decision"]
)
def test_what_is_there_twice_is_named(life, kind, told):
    first = json.loads(row_of(life, kind, -1).body)
    assert any(told in problem for problem in problems(more(life, (kind, first))))


def test_time_that_runs_back_is_named(life):
    rows = [replace(row, t_ns=1) if row is row_of(life, "prices", -1) else row for row in life.journal]
    assert any("time runs back" in problem for problem in problems(replace(life, journal=rows)))


def test_an_input_without_an_end_is_named(life):
    found = problems(more(life, ("clock", {})))
    assert any("is not done" in problem for problem in found)
    assert not any("is not done" in one for one in problems(replace(more(life, ("clock", {})), is_settled=False)))
