"""What became of every chain of a run, step by step: re-entries, pyramids, shields. A journal, not a state.

A chain service tells each step as it happens; nothing here decides anything. The steps are history like closing fills:
handed out and forgotten by a live session, and ``chains.parquet`` of a replay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

__all__ = ["KINDS", "ChainLog", "ChainStep", "made_step"]

KINDS: Final = ("reentry", "profit", "shield")


class ChainStep(NamedTuple):
    """One step of a chain: when, where it stands since, and why.

    kind: one of ``KINDS``. level: where the chain stands after the step. state: a word in lower case (``active,
    recovery, completed, stopped, stale`` ...), or what happened to one order (``placed, filled, booked, lost``).
    reason: a stable word. order_id, ticket: 0 where it is about none. money_minor: what the step brought, in minor
    units.
    """

    t_ns: int
    chain_id: str
    kind: str
    plugin_id: str
    symbol: str
    alert_id: str
    level: int
    state: str
    reason: str
    order_id: int = 0
    ticket: int = 0
    money_minor: int = 0


made_step: Final[Callable[[tuple[Any, ...]], ChainStep]] = partial(tuple.__new__, ChainStep)
"""A step of all its twelve values: a third of what its own constructor takes, and a chain makes many."""


class ChainLog:
    """All steps of a run in the order in which they happened; one a run, made by the house."""

    def __init__(self) -> None:
        self.steps: list[ChainStep] = []

    def add(self, step: ChainStep) -> None:
        """Write a step down; raises ValueError for a kind of chain that there is none of."""
        if step.kind not in KINDS:
            raise ValueError(f"{step.kind!r} is no kind of chain; there are {', '.join(KINDS)}")
        self.steps.append(step)

    def take(self) -> list[ChainStep]:
        """Hand out all steps so far and forget them."""
        taken, self.steps = self.steps, []
        return taken

    def load(self, rows: list[list[object]]) -> None:
        """Go on after steps that were written down as lists (``list(step)``); what was here is forgotten."""
        self.steps = [ChainStep(*row) for row in rows]  # type: ignore[arg-type]
