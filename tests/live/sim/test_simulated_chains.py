"""The simulated runner with chains open: deaths at every step, drawn faults; that there were chains is counted."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace

import pytest

from tests.live.chain_life import THERE, words
from tests.live.sim.chain_scenarios import CHAINS, drawn_chains, there
from tests.live.sim.scenarios import every_crash, two_crashes
from tests.live.sim.test_simulated_worlds import told
from tests.live.sim.world import Outcome, simulate
from tests.thorough import share

FOUND = {
    24: "a price watch that was dropped counts for nothing, whether the run was loaded or not",
    63: "a decision that was told for the last time is not told again because its chain has an order under way",
    86: "orders of a stopped pyramid that a close covers are not closed again when they fill",
}
"""Seeds that failed once, and what was learnt."""
NAMES = [course.name for course in CHAINS]


def journal(out: Outcome) -> Counter[str]:
    assert out.record is not None
    return there(list(out.record.journal))


def test_scenarios_with_chains_are_well_and_have_them() -> None:
    outs = [simulate(course) for course in CHAINS]
    assert told(outs) == []
    found = sum((journal(out) for out in outs), Counter[str]())
    assert all(found[name] for name in THERE), words(found)


@pytest.mark.parametrize("name", NAMES)
def test_a_death_at_some_steps_with_chains_open_loses_and_doubles_nothing(name: str) -> None:
    outs = list(every_crash(CHAINS[NAMES.index(name)], "running", 67, 5))
    assert told(outs) == [] and len(outs) > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_death_at_every_step_with_chains_open_loses_and_doubles_nothing(name: str) -> None:
    every = share(1, 33)
    assert told(list(every_crash(CHAINS[NAMES.index(name)], every=every, first=share(1, 4)))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_two_deaths_with_chains_open(name: str) -> None:
    pairs = [(at, later) for at in range(150, 400, share(25, 90)) for later in (1, 9, 30)]
    assert told(list(two_crashes(CHAINS[NAMES.index(name)], pairs, "both"))) == []


def test_drawn_worlds_with_chains_are_well() -> None:
    outs = [simulate(drawn_chains(seed)) for seed in range(1, 11)]
    assert told(outs) == []
    found = sum((journal(out) for out in outs), Counter[str]())
    sys.stdout.write(f"\n{words(found)}\n")
    assert all(found[name] >= 5 for name in THERE), words(found)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(2_000, 2_160, 40))
def test_many_drawn_worlds_with_chains_are_well(first: int) -> None:
    assert told([simulate(drawn_chains(seed)) for seed in range(first, first + share(40, 4))]) == []


@pytest.mark.parametrize("seed", FOUND, ids=[f"{seed} {what}" for seed, what in FOUND.items()])
def test_what_was_once_found(seed: int) -> None:
    assert told([simulate(drawn_chains(seed))]) == []


def test_drawn_worlds_with_chains_on_the_real_log_are_well() -> None:
    assert told([simulate(replace(drawn_chains(seed), is_real_disk=True)) for seed in range(1, 4)]) == []


def test_the_same_seed_with_chains_is_the_same_trace_twice() -> None:
    assert simulate(drawn_chains(5)).hash == simulate(drawn_chains(5)).hash
