"""Python's cycle collector around a replay: off meanwhile, and what was made goes to the old without being walked."""

from __future__ import annotations

import gc
import weakref

import pytest

from zepix.research import collector
from zepix.research.collector import MOST_UNSEEN, without_collector


def test_the_collector_is_off_meanwhile_and_on_again() -> None:
    assert gc.isenabled()
    with without_collector():
        assert not gc.isenabled()
        with without_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_a_run_made_is_not_walked_by_the_next_object() -> None:
    walked: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            walked.append(info["generation"])

    gc.collect()
    gc.callbacks.append(note)
    try:
        with without_collector():
            made = [[n] for n in range(20_000)]
        after = [[n] for n in range(50)]
    finally:
        gc.callbacks.remove(note)
    assert not walked, f"generations {walked} were walked"
    assert len(made) + len(after) == 20_050


def test_what_the_caller_has_frozen_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    try:
        with without_collector():
            made = [[n] for n in range(100)]
        assert gc.get_freeze_count() == frozen and made
    finally:
        gc.unfreeze()


def test_runs_dropped_one_after_the_other_are_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    # What this process replayed before has no say: the more it held then, the later the next walk is due.
    monkeypatch.setattr(collector, "_UNSEEN", collector._Unseen())
    kept: list[weakref.ref[_Run]] = []
    for _ in range(5):
        with without_collector():
            run = _Run()
            run.itself = run
            run.made = [[n] for n in range(MOST_UNSEEN // 2)]
        kept.append(weakref.ref(run))
        del run
    assert sum(ref() is not None for ref in kept) < 4


def test_the_end_of_a_run_walks_nothing_and_what_somebody_else_has_walked_is_not_walked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "_UNSEEN", collector._Unseen())
    walks = gc.get_stats()[-1]["collections"]
    with without_collector():
        made = [[n] for n in range(MOST_UNSEEN + 1_000)]
    with without_collector(ends=True):
        made.append([0])
    assert gc.get_stats()[-1]["collections"] == walks
    gc.collect()
    with without_collector():
        made.append([1])
    assert gc.get_stats()[-1]["collections"] == walks + 1, "only the one that was asked for"
    made += [[n] for n in range(2)]
    with without_collector():
        more = [[n] for n in range(MOST_UNSEEN + 1_000)]
    with without_collector():
        made.append([2])
    assert gc.get_stats()[-1]["collections"] == walks + 2, "the next run begins with one"
    assert made and more


class _Run:
    itself: object
    made: list[list[int]]
