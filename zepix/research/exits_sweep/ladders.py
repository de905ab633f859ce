"""Partial ladders (docs/exits.md) as numbers of a cell: the portions of an exit plan, read by the engine's own rules.

What hangs on more than the entry's own fill is refused: targets that come with the alert, closes by a timer or by an
exit alert, shares of a price or amounts of money.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

from zepix.errors import ConfigError
from zepix.model import Instrument, Quantity, Refused
from zepix.model.exit_plan import ExitAlertRule, ExitPlan, Place
from zepix.services.exit_places import Yardstick
from zepix.services.exit_portions import Portion, portions_of
from zepix.services.orders import OrderExecutionService

__all__ = ["Portions", "ladder_of", "plan_problems"]

MEASURES: Final = ("points", "pips", "distance")
NO_TRAIL: Final = (-1, 0, 0)


@dataclass(frozen=True, slots=True)
class Portions:
    """One entry of a ladder, ticket by ticket, nearest first; points ahead of the fill, 0 for no target."""

    roles: tuple[str, ...]
    shares: tuple[float, ...]
    targets: tuple[int, ...]
    stop_to: tuple[int | None, ...]
    trails: tuple[tuple[Any, Any], ...]


class _Distances:
    """What the order service says of distances that need no price."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument

    def points(self, symbol: str, quantity: int | Quantity) -> int:
        del symbol
        if not isinstance(quantity, Quantity):
            return int(quantity)
        one = self._instrument
        unit = {"points": one.point, "pips": one.pip, "distance": Decimal(1)}[quantity.unit]
        return round(Decimal(str(quantity.value)) * unit / one.point)


def plan_problems(plan: ExitPlan) -> list[str]:
    """What of a plan the compiled lane cannot keep to, a sentence each; the key first."""
    found: list[str] = []
    if plan.max_hold_min is not None:
        found.append("max_hold_min: a timer closes at the market, which is not computed here; use zx.sweep")
    if plan.exit_alert != ExitAlertRule():
        found.append("exit_alert: exit alerts act on what is open, which is not computed here; use zx.sweep")
    for key, place in _places(plan):
        if place.kind == "tp":
            found.append(f"{key}: {place} comes with the alert; say it in R, points or pips")
        elif place.kind == "quantity" and place.unit not in MEASURES:
            found.append(f"{key}: {place} hangs on a price or a rate; say it in R, points or pips")
    return found


def _places(plan: ExitPlan) -> Iterator[tuple[str, Place]]:
    for number, level in enumerate(plan.levels, 1):
        yield f"levels[{number}].at", level.at
        if level.stop_to is not None:
            yield f"levels[{number}].stop_to", level.stop_to
    for name, rule in (("break_even", plan.break_even), ("trailing", plan.trailing)):
        if rule is not None:
            yield from ((f"{name}.start", rule.start), (f"{name}.distance", rule.distance))
            if rule.step is not None:
                yield f"{name}.step", rule.step


def ladder_of(plan: ExitPlan, instrument: Instrument, stop_points: int) -> Portions:
    """The portions of a plan for a stop so many points away (0: none); raises ConfigError for R without a stop."""
    distances = _Distances(instrument)
    yardstick = Yardstick(cast(OrderExecutionService, distances), instrument, 1, None, stop_points or None, ())
    made = portions_of(plan, yardstick, [])
    if isinstance(made, Refused):
        raise ConfigError(f"ladder: {made.reason}: {made.detail}")
    return Portions(
        tuple(one.role for one in made),
        tuple(one.share for one in made),
        tuple(_target(one, instrument, distances) for one in made),
        tuple(_stop_to(plan, one, distances, stop_points) for one in made),
        tuple(_trails(one) for one in made),
    )


def _target(portion: Portion, instrument: Instrument, distances: _Distances) -> int:
    target = portion.target
    if target.tp_offset is not None:
        return instrument.points(target.tp_offset)
    return distances.points(instrument.symbol, target.tp) if isinstance(target.tp, Quantity) else 0


def _stop_to(plan: ExitPlan, portion: Portion, distances: _Distances, stop_points: int) -> int | None:
    if portion.level >= len(plan.levels):
        return None
    place = plan.levels[portion.level].stop_to
    if place is None:
        return None
    if place.kind == "entry":
        return 0
    if place.kind == "r":
        return math.floor(stop_points * Decimal(str(place.value))) if stop_points else None
    away = distances.points("", Quantity(abs(place.value), place.unit))
    return int(math.copysign(away, place.value))


def _trails(portion: Portion) -> tuple[Any, Any]:
    """Up to two trails, in their turn."""
    found = [tuple(trail) for trail in portion.trails]
    return (found[0] if found else NO_TRAIL, found[1] if len(found) > 1 else NO_TRAIL)
