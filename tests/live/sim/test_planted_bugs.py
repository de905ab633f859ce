"""Bugs planted in the runner are caught by simulated worlds, which are well without them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.live.sim.course import Fault
from tests.live.sim.draw import drawn
from tests.live.sim.planted import FIRST_SEED, PLANTED, planted
from tests.live.sim.scenarios import SCENARIOS
from tests.live.sim.test_simulated_worlds import hashes
from tests.live.sim.world import simulate
from zepix.journal import durable_reader, part
from zepix.journal.rows import Row

ONLY_BY_TWO_PROCESSES = "outputs come in the order of a hash"
MOST_SEEDS = 250


def test_there_are_twenty_and_more():
    assert len(PLANTED) >= 20
    assert FIRST_SEED.keys() == PLANTED.keys() - {ONLY_BY_TWO_PROCESSES}


@pytest.mark.parametrize("name", [name for name in PLANTED if name != ONLY_BY_TWO_PROCESSES])
def test_a_planted_bug_is_caught(name):
    """By the seed that caught it first; where the runner has changed since, by one of the others."""
    seeds = [FIRST_SEED[name], *range(1, MOST_SEEDS)]
    with planted(name):
        caught = next((seed for seed in seeds if simulate(drawn(seed)).problems), None)
    assert caught is not None, f"none of {MOST_SEEDS} seeds"
    assert simulate(drawn(caught)).problems == []


@pytest.mark.slow
def test_an_order_by_hash_is_caught_by_two_processes():
    arguments = ("--seeds", "12", "--plant", ONLY_BY_TWO_PROCESSES)
    assert hashes("1", *arguments) != hashes("2", *arguments)


def test_a_journal_that_is_believed_with_a_gap_is_caught(monkeypatch):
    def believe(path, records, seq, chain):
        del path, seq, chain
        for number, t_ns, kind, body, stored in records:
            yield Row(number, t_ns, kind.decode(), body.decode()), stored

    course = replace(SCENARIOS["an entry and its exit"], is_real_disk=True, faults=(Fault(1.5, "rot"),))
    for module in (part, durable_reader):
        monkeypatch.setattr(module, "believed", believe)
    out = simulate(course)
    assert out.starts["engine"] == 2, "it goes on as if nothing were missing"
    assert any("is missing" in problem for problem in out.problems)
