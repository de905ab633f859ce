"""The simulated runner with a live slot: modes switched under way, deaths at steps, drawn courses with commands."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.live.sim.course import Fault
from tests.live.sim.mode_scenarios import MODES, SLOT, drawn_modes
from tests.live.sim.scenarios import every_crash, two_crashes
from tests.live.sim.test_simulated_worlds import told
from tests.live.sim.world import Outcome, simulate
from tests.thorough import share
from zepix.engine.roster import Roster
from zepix_live.engine.book import Book

NAMES = [course.name for course in MODES]


def counted(out: Outcome) -> Counter[tuple[str, str]]:
    """How many rows of each kind there are in each book."""
    assert out.record is not None
    return Counter((json.loads(row.body).get("book", "shadow"), row.kind) for row in out.record.journal)


def test_scenarios_with_a_live_slot_are_well_and_trade_in_every_book() -> None:
    outs = [simulate(course) for course in MODES]
    assert told(outs) == []
    found = sum((counted(out) for out in outs), Counter[tuple[str, str]]())
    assert all(found[book, kind] > 5 for book in ("shadow", "live", "twin") for kind in ("intent", "filled", "closed"))


@pytest.mark.parametrize("name", NAMES)
def test_a_death_at_some_steps_between_modes_loses_and_doubles_nothing(name: str) -> None:
    outs = list(every_crash(MODES[NAMES.index(name)], "running", 89, 7))
    assert told(outs) == [] and len(outs) > 2


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_death_step_by_step_between_modes_loses_and_doubles_nothing(name: str) -> None:
    """At every fifth step, as docs/modes.md says; usually at every seventy-fifth."""
    assert told(list(every_crash(MODES[NAMES.index(name)], "running", share(5, 75), share(1, 4)))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_two_deaths_between_modes(name: str) -> None:
    pairs = [(at, later) for at in range(60, 260, share(40, 150)) for later in (1, 9, 30)]
    assert told(list(two_crashes(MODES[NAMES.index(name)], pairs, "both"))) == []


def test_drawn_worlds_with_switches_are_well() -> None:
    assert told([simulate(drawn_modes(seed)) for seed in range(1, 9)]) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(3_000, 3_120, 30))
def test_many_drawn_worlds_with_switches_are_well(first: int) -> None:
    assert told([simulate(drawn_modes(seed)) for seed in range(first, first + share(30, 4))]) == []


def test_a_slot_that_comes_and_one_that_goes_at_a_restart_lose_nothing() -> None:
    with_slot, without = MODES[0], {**MODES[0].settings, "broker.live.name": ""}
    comes = replace(with_slot, settings=without, later_settings=SLOT, faults=(Fault(1.0, "settings"),))
    goes = replace(with_slot, later_settings={"broker.live.name": ""}, faults=(Fault(2.3, "settings"),))
    wider = replace(with_slot, later_settings={"broker.live.spread_points": 9}, faults=(Fault(1.0, "settings"),))
    assert told([simulate(comes), simulate(wider)]) == []
    out = simulate(goes)
    assert [one for one in out.problems if "the journal leaves tickets" not in one] == []


def test_the_same_switches_are_the_same_trace_twice() -> None:
    assert simulate(drawn_modes(5)).hash == simulate(drawn_modes(5)).hash


PLANTED = {
    "a plugin takes part in every book": ((Roster, "_hears", lambda *_: True), (Roster, "refusal", lambda *_: None)),
    "rows of the live book do not say so": ((Book, "drain", lambda self: self.telling.drain()),),
    "who leaves falls asleep with its tickets": ((Roster, "_is_engaged", lambda *_: False),),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, attribute, wrong in PLANTED[name]:
        monkeypatch.setattr(owner, attribute, wrong)
    try:
        found = told([simulate(course) for course in MODES[:2]])
    except KeyError:  # the checker itself stumbles over a ticket that nobody opened
        found = ["a ticket that nobody opened"]
    assert found
