"""Runs simulated worlds: ``python -m tests.live.sim --seed 1234`` tells one, ``--seeds 1000 --from 1`` counts many."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Mapping

from tests.live.sim.chain_scenarios import CHAINS, drawn_chains
from tests.live.sim.course import Course
from tests.live.sim.draw import drawn
from tests.live.sim.planted import PLANTED, planted
from tests.live.sim.scenarios import SCENARIOS, drawn_pairs, every_crash, two_crashes
from tests.live.sim.world import Outcome, simulate


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.live.sim", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one and print its trace")
    parser.add_argument("--seeds", type=int, help="run so many and print those that fail")
    parser.add_argument("--from", dest="first", type=int, default=1, metavar="K")
    parser.add_argument("--hash", action="store_true", help="print the hash of each trace and nothing else")
    parser.add_argument("--every-step", metavar="SCENARIO", help="die at each step of a scenario, or of all of them")
    parser.add_argument("--pairs", type=int, help="die twice, at so many random pairs of steps of each scenario")
    parser.add_argument("--chains", action="store_true", help="V3 with pyramids, re-entries and shields instead")
    parser.add_argument("--rate", type=int, metavar="N", help="how many of N seeds catch each planted bug")
    parser.add_argument("--plant", choices=sorted(PLANTED), help="with this bug planted")
    given = parser.parse_args()
    if given.rate:
        return _rate(range(given.first, given.first + given.rate))
    if given.every_step or given.pairs:
        scenarios = {course.name: course for course in CHAINS} if given.chains else SCENARIOS
        return _crashes(scenarios, given.every_step, given.pairs, given.first)
    course_of = drawn_chains if given.chains else drawn
    with planted(given.plant):
        if given.seed is not None:
            return _tell(simulate(course_of(given.seed)))
        return _count(course_of, range(given.first, given.first + (given.seeds or 100)), given.hash)


def _tell(out: Outcome) -> int:
    print(*out.trace, sep="\n")
    print(f"{out.steps} steps, {out.crashes} crashes, starts {out.starts}, trace {out.hash}")
    for problem in out.problems:
        print("PROBLEM", problem)
    return 1 if out.problems else 0


def _count(course_of: Callable[[int], Course], seeds: range, only_hashes: bool) -> int:
    began, failed, steps, crashes = time.perf_counter(), 0, 0, 0
    for seed in seeds:
        out = simulate(course_of(seed))
        steps, crashes = steps + out.steps, crashes + out.crashes
        if only_hashes:
            print(seed, out.hash)
        elif out.problems:
            failed += 1
            print(f"seed {seed}: {out.problems[0][:300]}", flush=True)
    if not only_hashes:
        took_s = time.perf_counter() - began
        print(f"{len(seeds)} worlds, {failed} failed, {steps} steps, {crashes} crashes, {took_s:.1f} s")
    return 1 if failed else 0


def _crashes(scenarios: Mapping[str, Course], name: str | None, pairs: int | None, seed: int) -> int:
    """Die at each step (of the one whose step it is), or twice."""
    failed = 0
    for scenario, course in scenarios.items():
        if name not in (None, "all", scenario):
            continue
        began, worlds = time.perf_counter(), 0
        rng = random.Random(f"{seed} {scenario}")
        steps = simulate(course).steps
        found = every_crash(course) if name else two_crashes(course, drawn_pairs(rng, steps, pairs or 0), "both")
        for out in found:
            worlds += 1
            if out.problems:
                failed += 1
                print(f"{scenario}, dead at {out.course.crash_at}: {out.problems[0][:300]}", flush=True)
        print(f"{scenario}: {steps} steps, {worlds} worlds, {time.perf_counter() - began:.1f} s", flush=True)
    return 1 if failed else 0


def _rate(seeds: range) -> int:
    """Of each planted bug: how many seeds catch it."""
    for name in PLANTED:
        with planted(name):
            caught = sum(bool(simulate(drawn(seed)).problems) for seed in seeds)
        print(f"{caught:4d} of {len(seeds)}  {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
