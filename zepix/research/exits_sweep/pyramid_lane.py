"""Cells with a pyramid on each entry (docs/chains.md): levels of orders that follow when the last one booked whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import numpy as np

from zepix.kernels.exits_play import ENTRY, FILL_SIZE, LEG, PLACE, fold
from zepix.kernels.exits_pyramid import LEG_BASE, PATH_SIZE, play_pyramids
from zepix.model.instrument import Instrument
from zepix.model.series import Int64
from zepix.research.exits_sweep.first_lane import settle
from zepix.research.exits_sweep.played_lane import PlayedLane
from zepix.research.exits_sweep.prepare import Market, Prepared
from zepix.research.exits_sweep.terms import new_ties
from zepix.services.lot_split import min_steps

__all__ = ["PyramidLane", "pyramid_problems"]

MOST_STEPS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LevelRoles:
    """Roles as the orders of a chain have them; the entry's own order has none."""

    def role(self, leg: int) -> str:
        return f"P{leg // LEG_BASE}.{leg % LEG_BASE}" if leg else ""


def pyramid_problems(prepared: Prepared, levels: list[int]) -> list[str]:
    """What of a pyramid hangs on more than its own entry, a sentence each."""
    settings, legs = prepared.rules.settings.profit_booking, prepared.rules.settings.dual_order
    found: list[str] = []
    if settings.sl_hunt:
        found.append(
            "profit_booking.sl_hunt: a recovery asks the safety service, whose counts are the whole account's; "
            "set it to False, or use zx.sweep"
        )
    if legs.booking_at != "broker":
        found.append("dual_order.booking_at: only targets at the broker are computed here; use zx.sweep")
    if max(levels) > len(settings.multipliers):
        found.append(
            f"pyramid_levels: {max(levels)} levels, and profit_booking.multipliers has {len(settings.multipliers)}"
        )
    home = prepared.rules.account.currency
    foreign = sorted({m.instrument.symbol for m in prepared.markets if m.instrument.profit_currency != home})
    if foreign:
        found.append(f"pyramid_levels: levels of {', '.join(foreign)} are sized at a rate into {home}; use zx.sweep")
    if prepared.rules.fill_model.latency_ms:
        found.append("fill.latency_ms: levels would go out later than they book; use zx.sweep for pyramids")
    return found


class PyramidLane(PlayedLane):
    """Computes chunks of cells by playing every entry with its pyramid."""

    def play(self, cell: int, sums: Int64) -> tuple[float, Any, Any, list[Any]]:
        """As ``PlayedLane.play``."""
        markets, rules = self._prepared.markets, self._prepared.rules
        places = {part: int(found[0]) for part, found in self._grid.digits(cell, cell + 1).items()}
        stops = [self._value("stop", number, places) or 0 for number in range(len(markets))]
        steps = self._risked(tuple(stops)) if self._fixed is None else self._fixed
        axis = self._grid.axis("pyramid")
        assert axis is not None, "only a grid with a pyramid comes here"
        settings = rules.settings.profit_booking
        orders = np.array(settings.multipliers[: axis.values[places["pyramid"]] or 1], np.int64)
        shares = np.array([settings.stop_share(level) for level in range(len(orders))], np.float64)
        most = int(orders.sum()) * self._prepared.columns
        fills, paths = np.zeros((most, FILL_SIZE), np.int64), np.zeros((most + 1, PATH_SIZE), np.int64)
        count = 0
        for number, market in enumerate(markets):
            target = self._distance("target", number, stops[number], places) or 0
            base = np.array([stops[number], target], np.int64)
            own = np.ascontiguousarray(steps[market.entries[0]])
            sizes = (*self._sizes_of(market, own), shares)
            facts = np.append(self._facts(market), rules.fill_model.max_wait_s * 10**9)
            ties, before = new_ties(), sums.copy()
            while True:
                found = play_pyramids(
                    market.bid, market.ask, market.series.time, facts, market.terms.arrays(ties), market.entries, base,
                    sizes, orders, own, paths, fills, count, sums, number,
                )  # fmt: skip
                if not settle(market, ties):
                    break
                sums[:] = before
            count = int(found)
        _rank(fills[:count], paths[:count])
        total, order = fold(fills, count, sums)
        return float(total), fills[:count], order, [LevelRoles()] * len(markets)

    def _sizes_of(self, market: Market, steps: Int64) -> tuple[Any, Any, Any]:
        """What ``level_size`` needs of an instrument."""
        settings, legs = self._prepared.rules.settings.profit_booking, self._prepared.rules.settings.dual_order
        one: Instrument = market.instrument
        spreads = Fraction(Decimal(str(legs.b_floor_spreads)))
        least = math.ceil(one.min_stop_distance / one.point)
        level = one.stops_level_points or legs.stops_level_if_none_points
        facts = np.array([level, spreads.numerator, spreads.denominator, least, min_steps(one)], np.int64)
        largest = min(int(steps.max(initial=1)), MOST_STEPS)
        lots = np.array([float(one.lots(n)) for n in range(largest + 1)], np.float64)
        loss = legs.b_loss_money if settings.loss_money is None else settings.loss_money
        target = legs.b_target_money if settings.target_money is None else settings.target_money
        money = np.array([loss, target, float(one.point_value), float(one.volume_step)], np.float64)
        return facts, lots, money


def _rank(fills: Any, paths: Any) -> None:
    """Replace each fill's place by that of its ticket: by symbol, then by when it was filled and raised."""
    columns = [fills[:, LEG], fills[:, ENTRY], fills[:, PLACE], *(paths[:, n] for n in range(PATH_SIZE - 1, -1, -1))]
    order = np.lexsort(columns)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    fills[:, PLACE] = ranks
