"""The same inputs give the same digest: in any process, for any hash seed, with and without `-O`, now and later."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.golden.scenario import play
from zepix.journal.digest import canonical_lines, digest

ROOT = Path(__file__).resolve().parents[2]

PINNED = "32f60d820158c12b37835be99fb5b60d20eb8beeb1fc41553c4b1fe019c1dd3b"
"""The digest of `tests/golden/scenario.py`, seen equal on Python 3.11, 3.12 and 3.13.

A change here means that zepix trades differently than yesterday. If that is meant: print the new digest with
`python -m tests.golden.scenario`, put it here together with the facts below, and say in CHANGELOG.md, in one line that
names the digest, what trades differently and why. A change that nobody can explain is a bug.
"""

TICKETS = {"sl": 27, "tp": 14, "signal": 7, "reversal": 5, "end_of_data": 2}
BALANCE_MINOR = 976_294

RUNS = {
    "hash_seed_0": ({"PYTHONHASHSEED": "0"}, ()),
    "hash_seed_1": ({"PYTHONHASHSEED": "1"}, ()),
    "hash_seed_random": ({"PYTHONHASHSEED": "random"}, ()),
    "without_assertions": ({"PYTHONHASHSEED": "random"}, ("-O",)),
}


@pytest.mark.parametrize(("environment", "flags"), RUNS.values(), ids=RUNS)
def test_digest_in_a_process_of_its_own(environment: dict[str, str], flags: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, *flags, "-m", "tests.golden.scenario"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == PINNED


def test_scenario_is_what_it_was() -> None:
    """Says in words what moved, before the digest says that something did."""
    record = play().record
    assert Counter(fill.exit_reason for fill in record.fills) == TICKETS
    assert record.balances[-1][1] == BALANCE_MINOR
    assert digest(record) == PINNED


def test_twice_in_one_process_line_by_line() -> None:
    assert list(canonical_lines(play().record)) == list(canonical_lines(play().record))
