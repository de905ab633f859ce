"""Chains, pyramids and shields that are open when a run is left go on in another process as if nothing had been.

As test_saved_state.py, in worlds in which every kind of chain has work (chain_worlds.py): left at random events and in
the middle of what is rare, saved as text, loaded where nothing was before, and held against the run that nobody left,
every step of every chain too. What was found this way stands in ``FOUND``.

    python -m tests.property.test_saved_chains 200      that many seeds, and how many stops had chains open
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from tests.property.chain_worlds import open_chains
from tests.property.saved_runs import CHAIN_KINDS, Leg, Worker, World
from tests.property.test_saved_state import in_legs, stops_of, whole

SEEDS = range(16)
HELD = (
    *("re-entry chains", "waiting for a recovery", "recovering", "above level 1"),
    *("pyramids", "above level 0", "shields"),
)
RARE = ("waiting for a recovery", "recovering", "above level 1", "shields")
FOUND: dict[tuple[str, int], str] = {
    ("chains fed", 1047): "a chain that waits keeps its alert's decision: what it sends later belongs to it",
    ("chains", 1277): "so does a reversal that waits for its gap",
    ("chains", 1242): "which plugin stands against an entry does not depend on the order in which they are found",
    ("chains", 2156): "alerts end waiting pyramids in an order that a loaded run has too",
}
"""Worlds at which a run that was loaded once went another way, and what was learnt."""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    found = Worker()
    yield found
    found.close()


def rare_moments(world: World) -> dict[str, list[int]]:
    """After which events of a world something is open that random stops seldom hit."""
    found: dict[str, list[int]] = defaultdict(list)
    leg = Leg(world)
    leg.begin()
    while not leg.go(1):
        there = open_chains(leg.simulation.engine.services.state())
        for name in RARE:
            if there[name]:
                found[name].append(leg.simulation.session.events)
    return found


def held(worlds: list[World], worker: Worker, history: bool) -> Counter[str]:
    """Run each in legs; of the stops, how many had what open."""
    found: Counter[str] = Counter()
    for world in worlds:
        rng, texts = random.Random(f"rare {world} {history}"), list[str]()
        rare = [rng.choice(moments) for _, moments in sorted(rare_moments(world).items())]
        in_legs(world, worker, history, sorted({*stops_of(world, history), *rare}), texts)
        for text in texts:
            there = open_chains(json.loads(text)["state"]["services"])
            found["stops"] += 1
            found["with any"] += any(there.values())
            found.update({name: 1 for name, count in there.items() if count})
        whole.cache_clear()
    return found


@pytest.mark.parametrize("history", [True, False], ids=["with history", "without"])
@pytest.mark.parametrize("kind", CHAIN_KINDS)
def test_open_chains_go_on_in_another_process(kind: str, history: bool, worker: Worker) -> None:
    found = held([World(kind, seed) for seed in SEEDS], worker, history)
    sys.stdout.write(f"\n{kind}: {told(found)}\n")
    assert found["with any"] * 10 > found["stops"] * 8, "most stops are in the middle of chains"
    assert min(found[name] for name in HELD) >= 5, told(found)


@pytest.mark.parametrize(("kind", "seed"), FOUND, ids=[f"{kind} {seed} {what}" for (kind, seed), what in FOUND.items()])
def test_what_was_once_found(kind: str, seed: int, worker: Worker) -> None:
    for history in (True, False):
        in_legs(World(kind, seed), worker, history)


def told(found: Counter[str]) -> str:
    return f"{found['stops']} stops, {found['with any']} with chains open; with " + ", ".join(
        f"{name} {found[name]}" for name in HELD
    )


def main(count: int, first: int = 0) -> int:
    other, failed = Worker(), 0
    found: Counter[str] = Counter()
    for seed in range(first, first + count):
        for kind in CHAIN_KINDS:
            for history in (True, False):
                try:
                    found += held([World(kind, seed)], other, history)
                except AssertionError as error:
                    failed += 1
                    sys.stdout.write(f"{kind} {seed} history={history}: {str(error)[-1500:]}\n")
    sys.stdout.write(f"{count * len(CHAIN_KINDS) * 2} runs, {failed} failed; {told(found)}\n")
    other.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
