"""The portions of an entry: which levels of a plan it has, what each leaves with, how its stop follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from zepix.model import Refused, Trail
from zepix.model.exit_plan import ExitPlan, Place
from zepix.services.exit_places import Target, Yardstick, trails_of

__all__ = ["Portion", "portions_of"]


@dataclass(frozen=True, slots=True)
class Portion:
    """One ticket to be: its level in the plan, its share, where it leaves, how its stop follows."""

    level: int
    share: float
    at: Place | None
    target: Target
    trails: tuple[Trail, ...] = ()

    @property
    def role(self) -> str:
        return "RUN" if self.at is None else f"TP{self.level + 1}"


def portions_of(plan: ExitPlan, yardstick: Yardstick, notes: list[str]) -> list[Portion] | Refused:
    """The plan's portions with their targets; a level whose target is missing leaves with the one before it.

    The first level's portion goes to the next one there is. A remainder without a level runs without a target.
    """
    found: list[tuple[int, Decimal]] = []
    waiting = Decimal(0)
    for number, level in enumerate(plan.levels):
        share = Decimal(str(level.portion))
        if yardstick.has(level.at):
            found.append((number, share + waiting))
            waiting = Decimal(0)
            continue
        notes.append(f"{level.at} did not come with the entry; its {level.portion:g} leaves elsewhere")
        if found:
            found[-1] = (found[-1][0], found[-1][1] + share)
        else:
            waiting += share
    if plan.levels and not found:
        return Refused("no_target", "none of the plan's targets came with the entry")
    notes += [
        f"{place} did not come with the entry; {what} does nothing"
        for what, place in _places(plan)
        if not yardstick.has(place)
    ]
    made: list[Portion] = []
    for number, share in found:
        at = plan.levels[number].at
        target, trails = yardstick.target(at), trails_of(plan, yardstick, at)
        if isinstance(target, Refused):
            return target
        if isinstance(trails, Refused):
            return trails
        made.append(Portion(number, float(share), at, target, trails))
    if len(plan.portions) > len(plan.levels):
        trails = trails_of(plan, yardstick, None)
        if isinstance(trails, Refused):
            return trails
        made.append(Portion(len(plan.levels), plan.portions[-1], None, Target(), trails))
    return made


def _places(plan: ExitPlan) -> Iterator[tuple[str, Place]]:
    """What else a plan needs a target for."""
    if plan.break_even is not None:
        yield "break_even", plan.break_even.start
    if plan.trailing is not None:
        yield "trailing", plan.trailing.start
    for number, level in enumerate(plan.levels, 1):
        if level.stop_to is not None:
            yield f"stop_to of level {number}", level.stop_to
