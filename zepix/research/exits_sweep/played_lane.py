"""Cells with trails, break-even, ladders or a pyramid, played entry by entry; and the tickets of any single cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from zepix.kernels.exits_group import LEG_SIZE, MOVES_STOP, STATE_SIZE, STOP_TO, TARGET_POINTS
from zepix.kernels.exits_play import FILL_SIZE, fold, play
from zepix.kernels.exits_sums import SIZE
from zepix.model.exit_plan import ExitPlan
from zepix.model.series import Int64
from zepix.research.exits_sweep.first_lane import Sums, settle, share_points
from zepix.research.exits_sweep.grid import Grid
from zepix.research.exits_sweep.ladders import Portions, ladder_of
from zepix.research.exits_sweep.prepare import Market, Prepared
from zepix.research.exits_sweep.sizes import Sizes
from zepix.research.exits_sweep.terms import new_ties
from zepix.services.lot_split import min_steps, portions

__all__ = ["PlayedLane"]

CHUNK: Final = 64
NO_TRAIL: Final = (-1, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """The tickets of an entry in one cell and market: see ``exits_group``; ``shares`` of the volume, ``roles``."""

    legs: Int64
    trails: Int64
    shares: tuple[float, ...]
    roles: tuple[str, ...]

    def role(self, leg: int) -> str:
        return self.roles[leg]


class PlayedLane:
    """Computes chunks of cells by playing every entry."""

    chunk = CHUNK

    def __init__(self, prepared: Prepared, grid: Grid, sizes: Sizes, points: Any, *, flat: bool) -> None:
        """``points``: part -> market -> values in points."""
        self._prepared = prepared
        self._grid = grid
        self._sizes = sizes
        self._points = points
        self._flat = flat
        self._ladders: dict[Any, Portions] = {}
        self._risked = lru_cache(maxsize=64)(lambda stops: sizes.risked_steps(prepared, stops))
        self._fixed = None if sizes.by_risk else sizes.fixed_steps(prepared)

    def begin(self) -> None:
        """Nothing is shared by the cells but what the entries are."""

    def run(self, first: int, last: int) -> Sums:
        """The sums of the cells ``first .. last - 1``."""
        sums, shares = np.zeros((last - first, SIZE), np.int64), np.zeros(last - first, np.float64)
        for cell in range(first, last):
            shares[cell - first] = self.play(cell, sums[cell - first])[0]
        return sums, shares

    def play(self, cell: int, sums: Int64) -> tuple[float, Any, Any, list[Any]]:
        """Play one cell: the sum of R, the fills (``exits_play``), their order, and the tickets by market."""
        places = {part: int(found[0]) for part, found in self._grid.digits(cell, cell + 1).items()}
        stops = [self._value("stop", number, places) or 0 for number in range(len(self._prepared.markets))]
        steps = self._risked(tuple(stops)) if self._fixed is None else self._fixed
        made = [self._legs(number, stops[number], places) for number in range(len(stops))]
        most = sum(len(m.entries[0]) * len(legs.roles) for m, legs in zip(self._prepared.markets, made, strict=True))
        fills = np.zeros((most, FILL_SIZE), np.int64)
        count = 0
        for market, legs, stop in zip(self._prepared.markets, made, stops, strict=True):
            count = self._play(market, legs, stop, steps, fills, count, sums)
        total, order = fold(fills, count, sums)
        return float(total), fills[:count], order, made

    def _play(self, market: Market, made: Legs, stop: int, steps: Int64, fills: Any, count: int, sums: Int64) -> int:
        facts = self._facts(market)
        split = split_steps(market, made.shares, steps[market.entries[0]])
        state = np.zeros((len(made.roles), STATE_SIZE), np.int64)
        ties, before = new_ties(), sums.copy()
        while True:
            found = play(
                market.bid, market.ask, market.series.time, facts, market.terms.arrays(ties), market.entries,
                np.array([stop], np.int64), made.legs.copy(), split, made.trails, state, fills, count, sums,
            )  # fmt: skip
            if not settle(market, ties):
                return int(found)
            sums[:] = before

    def _facts(self, market: Market) -> Int64:
        """As ``exits_play.play`` takes them."""
        fill, series = self._prepared.rules.fill_model, market.series
        least = market.instrument.stops_level_points
        numbers = (series.timeframe_ns, least, market.slippage_points, self._flat, fill.is_optimistic, series.end_ns)
        return np.array(numbers, np.int64)

    def _value(self, part: str, market: int, places: dict[str, int]) -> Any:
        return self._points[part][market][places.get(part, 0)]

    def _distance(self, part: str, market: int, stop: int, places: dict[str, int]) -> int | None:
        value = self._value(part, market, places)
        if value is None:
            return None
        axis = self._grid.axis(part)
        assert axis is not None, "a value has an axis"
        return share_points(stop, value) if axis.unit == "r" else int(value)

    def _legs(self, market: int, stop: int, places: dict[str, int]) -> Legs:
        ladder = self._grid.axis("ladder")
        if ladder is not None:
            return self._ladder(market, stop, ladder.values[places["ladder"]])
        trails = np.array([NO_TRAIL, NO_TRAIL], np.int64)
        start = self._distance("break_even", market, stop, places)
        if start is not None:
            buffer = self._distance("break_even_buffer", market, stop, places) or 0
            trails[0] = (start, 0, start - buffer)
        trail = [self._distance(f"trail_{name}", market, stop, places) for name in ("start", "step", "distance")]
        if None not in trail:
            trails[1] = [points or 0 for points in trail]
        legs = np.zeros((1, LEG_SIZE), np.int64)
        legs[0, TARGET_POINTS] = self._distance("target", market, stop, places) or 0
        return Legs(legs, trails[None], (1.0,), ("",))

    def _ladder(self, market: int, stop: int, plan: ExitPlan | None) -> Legs:
        instrument = self._prepared.markets[market].instrument
        key = (market, stop, plan)
        if key not in self._ladders:
            self._ladders[key] = ladder_of(plan or ExitPlan(), instrument, stop)
        found = self._ladders[key]
        legs = np.zeros((len(found.roles), LEG_SIZE), np.int64)
        legs[:, TARGET_POINTS] = found.targets
        legs[:, MOVES_STOP] = [to is not None for to in found.stop_to]
        legs[:, STOP_TO] = [to or 0 for to in found.stop_to]
        trails = np.array([[t[0], t[1]] for t in found.trails], np.int64)
        return Legs(legs, trails, found.shares, found.roles)


def split_steps(market: Market, shares: Sequence[float], steps: Int64) -> Int64:
    """The volume of each ticket of each entry, int64 of shape (entries, tickets); 0 where there is none."""
    if len(shares) == 1:
        return np.ascontiguousarray(steps[:, None])
    found = np.zeros((len(steps), len(shares)), np.int64)
    least = min_steps(market.instrument)
    for total in np.unique(steps).tolist():
        parts = portions(total, least, list(shares))
        found[np.ix_(steps == total, range(len(parts)))] = parts
    return found
