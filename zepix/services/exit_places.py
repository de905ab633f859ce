"""From the words of an exit plan to numbers: targets an order can carry, points a trail is made of, prices of a ticket.

At placement only the price that the order would pay is known: targets in stop distances, and where a trail begins, are
measured from it. Where a stop goes later is measured from the ticket itself: its fill, its first stop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from zepix.model import Instrument, Quantity, Refused, Ticket, Trail
from zepix.model.exit_plan import ExitPlan, Place, TrailRule
from zepix.services.orders import OrderExecutionService

__all__ = ["Target", "Yardstick", "price_points", "trails_of"]

_MOST_POINTS = 1 << 30


@dataclass(frozen=True, slots=True)
class Target:
    """Where a portion leaves, as an order carries it: a price, a quantity, or a signed distance from the fill."""

    tp: float | Quantity | None = None
    tp_offset: float | None = None


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What places are measured by before the fill; ``entry_points`` and ``stop_points`` None where nobody knows."""

    orders: OrderExecutionService
    instrument: Instrument
    sign: int
    entry_points: int | None
    stop_points: int | None
    tps: Sequence[float | None]

    def has(self, place: Place) -> bool:
        """Whether a place can be found: ``tp3`` needs a third target."""
        return place.kind != "tp" or self._tp(place) is not None

    def target(self, place: Place) -> Target | Refused:
        if place.kind == "tp":
            return Target(self._tp(place))
        if place.kind == "quantity":
            return Target(place.quantity.value if place.unit == "price" else place.quantity)
        points = self._shares(place.value)
        if isinstance(points, Refused):
            return points
        return Target(tp_offset=self.instrument.price(points) * self.sign)

    def points(self, place: Place) -> int | Refused:
        """How far a place lies from the entry, in points; below zero behind it."""
        if place.kind == "entry":
            return 0
        if place.kind == "quantity":
            return self.orders.points(self.instrument.symbol, place.quantity)
        if place.kind == "r":
            return self._shares(place.value)
        level = self._tp(place)
        if level is None:
            return Refused("no_target", f"{place} did not come with the entry")
        if self.entry_points is None:
            return Refused("no_entry_price", f"{place} cannot be measured without a price of the entry")
        return self.sign * (self.instrument.level(level) - self.entry_points)

    def _shares(self, share: float) -> int | Refused:
        if not self.stop_points:
            return Refused("no_stop_for_r", f"{share:g}R needs a stop")
        return min(_MOST_POINTS, math.ceil(self.stop_points * Decimal(str(share))))

    def _tp(self, place: Place) -> float | None:
        number = int(place.value) - 1
        level = self.tps[number] if number < len(self.tps) else None
        return level if level and math.isfinite(level) else None


def trails_of(plan: ExitPlan, yardstick: Yardstick, target: Place | None) -> tuple[Trail, ...] | Refused:
    """The trails of a ticket that leaves at ``target`` (None: it runs); break-even first.

    A trail that begins at a target is not given to the tickets that leave there or before.
    """
    trails: list[Trail] = []
    for rule in (plan.break_even, plan.trailing):
        if rule is None or _leaves_first(target, rule.start) or not yardstick.has(rule.start):
            continue
        trail = _trail(rule, yardstick)
        if isinstance(trail, Refused):
            return trail
        trails += [trail] if trail is not None else []
    return tuple(trails)


def _leaves_first(target: Place | None, start: Place) -> bool:
    if target is None or (target.kind, target.unit) != (start.kind, start.unit):
        return False
    return target.value <= start.value


def _trail(rule: TrailRule, yardstick: Yardstick) -> Trail | Refused | None:
    """The trail in points; None where it could only stand at or behind the entry's price already."""
    start, distance = yardstick.points(rule.start), yardstick.points(rule.distance)
    step = 0 if rule.step is None else yardstick.points(rule.step)
    for found in (start, distance, step):
        if isinstance(found, Refused):
            return found
    assert isinstance(start, int) and isinstance(distance, int) and isinstance(step, int)
    if rule.step is None:
        return Trail(start, 0, start - distance) if start > distance else None
    return Trail(max(0, start), max(1, step), max(1, distance))


def price_points(
    place: Place, ticket: Ticket, instrument: Instrument, tps: Sequence[float | None], ahead_points: int | Refused
) -> int | None:
    """Where a ticket's stop goes, in points; None where the place cannot be found for it.

    ``ahead_points``: a quantity's distance in points, read beforehand.
    """
    if place.kind == "entry":
        return ticket.entry_points
    if place.kind == "tp":
        number = int(place.value) - 1
        level = tps[number] if number < len(tps) else None
        return instrument.level(level) if level else None
    if place.kind == "r":
        if not ticket.initial_sl:
            return None
        distance = abs(ticket.entry_points - ticket.initial_sl)
        return ticket.entry_points + ticket.side * math.floor(distance * Decimal(str(place.value)))
    return None if isinstance(ahead_points, Refused) else ticket.entry_points + ticket.side * ahead_points
