"""How far an order of the pyramid is stopped and booked: from money to whole points, as order B itself is.

Every order of a level loses ``loss_money`` at its stop and books ``target_money``. Stops are cut to points (never more
loss), bookings raised to them (never less profit). Where that stop would be nearer than the floor (the stops level,
three spreads, the instrument's least stop), the lot is cut until the loss fits. Where the risk gate allows less than a
level asks for, the lots shrink and the points stay: a smaller order loses and books less, in the same proportion.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final, NamedTuple

from zepix.kernels.pyramid import dollars_to_points_step
from zepix.model import Instrument, Refused
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.services.dual_legs import floor_points
from zepix.services.lot_split import min_steps

__all__ = ["LevelSize", "size_of_level"]

HAIR: Final = 1e-7
"""Points by which a float may miss a whole one."""
MOST_POINTS: Final = 1 << 30


class LevelSize(NamedTuple):
    """One order of a level: its volume in steps, its stop and its booking in points from the fill."""

    steps: int
    stop_points: int
    target_points: int


def size_of_level(
    settings: DualOrderSettings,
    instrument: Instrument,
    spread: int,
    rate: Decimal,
    steps: int,
    money: tuple[float, float],
    stop_share: float = 1.0,
) -> LevelSize | Refused:
    """One order of ``steps``; ``money`` is (loss, target), ``rate`` of the profit currency, ``spread`` in points.

    ``stop_share``: the level's reduced stop, of the whole one. Refused ``volume_too_small`` where the loss fits only
    below the minimum lot.
    """
    loss, target = money
    per_point_lot = float(instrument.point_value * rate)
    floor = floor_points(settings, instrument, spread)

    def points(dollars: float, count: int) -> float:
        return dollars_to_points_step(dollars, float(instrument.lots(count)), per_point_lot)

    if points(loss, steps) < floor - HAIR:
        fitting = loss / (per_point_lot * floor * float(instrument.volume_step))
        steps = int(fitting + HAIR)
        if steps < min_steps(instrument):
            word = f"{loss:g} at {floor} points only below the minimum of {instrument.volume_min} lots"
            return Refused("volume_too_small", word)
    stop = max(floor, int(points(loss, steps) * stop_share + HAIR))
    level = instrument.stops_level_points or settings.stops_level_if_none_points
    booked = max(1, level - spread, math.ceil(points(target, steps) - HAIR))
    return LevelSize(steps, min(MOST_POINTS, stop), min(MOST_POINTS, booked))
