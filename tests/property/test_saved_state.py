"""A run is stopped between any two events, saved as text, loaded in another process, and goes on as if nothing were.

Every world is run whole, and again in legs: the first here, the others in a process that was not there before. Loaded
and saved again the text is the same; at the end the digest is, with every line of it, all that handlers saw, the
journal, money, counts and the services' own state. Where history is not saved but handed out at each stop, what was
handed out and what is left make the same lines. What was found this way stands in ``FOUND``.

    python -m tests.property.test_saved_state 1000      that many seeds of every kind; how many runs and stops it were
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from tests.property.saved_runs import KINDS, Leg, Worker, World, joined
from tests.thorough import share

SEEDS = share(24, 16)
BLOCK = 8
FOUND: dict[tuple[str, int], str] = {
    ("script", 3): "an order that was cancelled while it was held still changes when what it was held for is done",
    ("house fed", 32): "a run that has not begun has no state",
    ("ticks fed", 1): "a tick has ended when it has opened, and counts among the rows that have",
}
"""Worlds at which a run that was loaded once went another way, and about what."""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    found = Worker()
    yield found
    found.close()


@cache
def whole(world: World) -> tuple[int, dict[str, Any]]:
    """(events, what it did) of a run that nobody stops."""
    leg = Leg(world)
    leg.begin()
    assert leg.go(-1)
    events = leg.simulation.session.events
    return events, leg.hand_in(True)["told"]


def stops_of(world: World, history: bool) -> list[int]:
    """Up to four different numbers of events, in order."""
    rng = random.Random(f"{world} {history}")
    return sorted({rng.randint(0, whole(world)[0]) for _ in range(rng.randint(1, 4))})


def in_legs(
    world: World, worker: Worker, history: bool, stops: list[int] | None = None, saved: list[str] | None = None
) -> int:
    """Run a world in legs and hold it against the whole run; returns how often it was stopped.

    ``stops``: after which events (None: drawn ones); ``saved``: takes the text of each stop.
    """
    events, expected = whole(world)
    stops = stops_of(world, history) if stops is None else stops
    leg = Leg(world)
    leg.begin()
    started = leg.simulation.session.events
    leg.go(max(0, stops[0] - started))
    answer = leg.hand_over(history)
    parts = [answer.get("parts", {})]
    saved = [] if saved is None else saved
    saved.append(answer["text"])
    legs = [b - a for a, b in pairwise(stops)]
    for most in [*legs, -1]:
        if "told" in answer:
            break
        answer = worker.go_on(world, answer["text"], most, history)
        parts.append(answer.get("parts", {}))
        saved += [answer["text"]] if "text" in answer else []
    where = f"{world}, stopped after {stops} of {events} events"
    if not history:
        _assert_same("lines", joined(parts), expected["lines"], where)
        _assert_same("chains", [step for part in parts for step in part["chains"]], expected["chains"], where)
        return len(stops)
    for name, value in expected.items():
        _assert_same(name, answer["told"][name], value, where)
    return len(stops)


def _assert_same(name: str, found: Any, expected: Any, where: str) -> None:
    if found == expected:
        return
    if isinstance(found, list):
        pairs = zip(found, expected, strict=False)
        first = next(((a, b) for a, b in pairs if a != b), (f"{len(found)} of them", f"{len(expected)} of them"))
    else:
        first = (str(found)[:800], str(expected)[:800])
    raise AssertionError(f"{where}: {name} differ: {first[0]} instead of {first[1]}")


def can_be_run(world: World) -> bool:
    return world.prepare() is not None


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_run_goes_on_to_the_same_digest(kind: str, first: int, worker: Worker) -> None:
    worlds = [world for seed in range(first, first + BLOCK) if can_be_run(world := World(kind, seed))]
    assert worlds
    for world in worlds:
        in_legs(world, worker, history=True)


@pytest.mark.parametrize("kind", KINDS)
def test_history_may_be_left_behind(kind: str, worker: Worker) -> None:
    for seed in range(BLOCK):
        world = World(kind, seed)
        if can_be_run(world):
            in_legs(world, worker, history=False)


@pytest.mark.parametrize(("kind", "seed"), FOUND, ids=[f"{kind} {seed} {what}" for (kind, seed), what in FOUND.items()])
def test_what_was_once_found(kind: str, seed: int, worker: Worker) -> None:
    for history in (True, False):
        in_legs(World(kind, seed), worker, history)


def test_every_service_of_these_worlds_has_work() -> None:
    """A check of the check: what is drawn trades, by every service and every way out."""
    reasons: set[str] = set()
    plugins: set[str] = set()
    for seed in range(40):
        leg = Leg(World("house", seed))
        leg.begin()
        leg.go(-1)
        record = leg.simulation.finish()
        reasons |= {fill.exit_reason for fill in record.fills} | {row.reason for row in record.decisions}
        plugins |= {fill.plugin_id for fill in record.fills}
        assert not leg.simulation.engine.errors
        assert not [line for line in record.journal if line[1] == "log" and line[2]["level"] == "error"]
    assert {"sl", "tp", "trailing", "break_even", "session_end", "equity_guard", "reversal", "time_exit"} <= reasons
    assert {"duplicate", "daily_cap", "trend_mismatch", "paused_by_alert"} <= reasons
    assert {"legacy", "bracket", "keeper", "v6_price_action_1m", "v6_price_action_1h"} <= plugins


def main(count: int, first: int = 0) -> None:
    other = Worker()
    runs = stops = 0
    for seed in range(first, first + count):
        for kind in KINDS:
            world = World(kind, seed)
            if not can_be_run(world):
                continue
            for history in (True, False):
                try:
                    stops += in_legs(world, other, history)
                except AssertionError as error:
                    sys.stdout.write(f"{world} history={history}: {str(error)[-1500:]}\n")
                runs += 1
            whole.cache_clear()
    sys.stdout.write(f"{runs} runs, {stops} stops\n")
    other.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
