"""The whole runner simulated: many seeds, a death at every step, two deaths, the same trace for the same seed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.sim.course import Fault
from tests.live.sim.draw import drawn
from tests.live.sim.scenarios import SCENARIOS, drawn_pairs, every_crash, two_crashes
from tests.live.sim.world import Outcome, simulate
from tests.thorough import share

ROOT = Path(__file__).resolve().parents[3]
BLOCK = 40


def told(outs: list[Outcome]) -> list[str]:
    """What is wrong, and how to see it again."""
    return [f"{out.course.name} {out.course.crash_at}: {out.problems[:2]}" for out in outs if out.problems]


def test_the_first_seeds_are_well():
    assert told([simulate(drawn(seed)) for seed in range(1, 31)]) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 1_000 + share(6, 3) * BLOCK, BLOCK))
def test_seeds_are_well(first):
    assert told([simulate(drawn(seed)) for seed in range(first, first + BLOCK)]) == []


def test_worlds_on_the_real_log_are_well():
    assert told([simulate(replace(drawn(seed), is_real_disk=True)) for seed in range(1, 11)]) == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_well_without_a_death(name):
    out = simulate(SCENARIOS[name])
    assert out.problems == []
    assert out.record is not None
    assert {row.kind for row in out.record.journal} > {"config", "start", "done", "decision"}


def test_a_death_at_some_steps_of_each_scenario_loses_and_doubles_nothing():
    outs: list[Outcome] = []
    for number, course in enumerate(SCENARIOS.values(), 1):
        outs += every_crash(course, "running", 400 if course.feed == "webhook" else 83, number)
    assert len(outs) > 30
    assert told(outs) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_death_step_by_step_loses_and_doubles_nothing(name):
    """At fourteen steps of each scenario; at sixty, at every step of the first three, where somebody has the time. The
    figures of all steps of all are in docs/simulation.md."""
    steps = simulate(SCENARIOS[name]).steps
    every = share(1 if name in list(SCENARIOS)[:3] else steps // 60 + 1, steps // 14 + 1)
    assert told(list(every_crash(SCENARIOS[name], "running", every))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_two_deaths_the_second_while_it_recovers_lose_and_double_nothing(name):
    course, rng = SCENARIOS[name], random.Random(f"pairs {name}")
    pairs = drawn_pairs(rng, 200, share(12, 3))
    assert told([*two_crashes(course, pairs, "running"), *two_crashes(course, pairs, "both")]) == []


@pytest.mark.slow
def test_the_same_seed_is_the_same_trace_whatever_the_hash_seed():
    one, other = (hashes(seed, "--seeds", str(share(24, 6)), "--from", "7") for seed in ("0", "12345"))
    assert len(one.splitlines()) == share(24, 6)
    assert one == other


def test_the_same_seed_is_the_same_trace_twice():
    assert simulate(drawn(5)).hash == simulate(drawn(5)).hash


def test_a_row_that_vanished_from_the_journal_stops_the_engine_by_name_and_not_the_receiver():
    course = replace(SCENARIOS["an entry and its exit"], is_real_disk=True, faults=(Fault(1.5, "rot"),))
    out = simulate(course)
    assert any("engine" in line and "JournalBroken" in line for line in out.trace)
    assert next(line for line in out.trace if " post 1." in line).split()[3] == "202"


def hashes(hash_seed: str, *arguments: str) -> str:
    """What another process prints of these seeds."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "live")])
    done = subprocess.run(
        [sys.executable, "-m", "tests.live.sim", "--hash", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path, "PYTHONUTF8": "1"},
        capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.stdout
