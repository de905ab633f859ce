"""Cells of stop and target alone: tables of first crossings, made once for each level, and cells put together of them.

Where the tables of all levels would not fit into ``MOST_BYTES``, each chunk of cells makes those of its own levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

import numpy as np

from zepix.kernels.exits_grid import run_cells
from zepix.kernels.exits_levels import LATE, NEVER, REFUSED, UNSENT, UNSIZED, find_levels, price_ends, price_levels
from zepix.kernels.exits_sums import SIZE
from zepix.model.series import Int64
from zepix.research.exits_sweep.grid import Grid
from zepix.research.exits_sweep.prepare import Market, Prepared
from zepix.research.exits_sweep.sizes import Sizes
from zepix.research.exits_sweep.terms import new_ties, settle_ties

__all__ = ["FirstLane", "Sums", "settle", "share_points"]

MOST_BYTES: Final = 192 * 2**20
BYTES_AN_ENTRY: Final = 36
CHUNK: Final = 8192

Sums = tuple[Int64, Any]
"""Sums by cell (``exits_sums``), int64, and the sums of R, float64."""


def share_points(stop_points: int, share: Decimal) -> int:
    """So many stop distances in points, rounded up, as declared exits have it."""
    return int((stop_points * share).to_integral_value(rounding=ROUND_CEILING))


@dataclass(slots=True, eq=False)
class Table:
    """Levels by entries: codes, moves, keys, money, and the columns in the order of their keys."""

    codes: Any
    moves: Any
    keys: Int64
    money: Int64
    order: Any

    @classmethod
    def empty(cls, levels: int, columns: int) -> Table:
        shape = (levels, columns)
        return cls(
            np.full(shape, REFUSED, np.int32),
            np.zeros(shape, np.int32),
            np.full(shape, LATE, np.int64),
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int32),
        )

    def arrays(self) -> tuple[Any, ...]:
        return (self.codes, self.moves, self.keys, self.money, self.order)


class FirstLane:
    """Computes chunks of cells whose tickets leave by their first stop or target."""

    def __init__(self, prepared: Prepared, grid: Grid, sizes: Sizes, points: Any, *, flat: bool) -> None:
        """``points``: part -> market -> values in points."""
        self._prepared = prepared
        self._grid = grid
        self._sizes = sizes
        self._flat = flat
        self._optimistic = prepared.rules.fill_model.is_optimistic
        self._stops = np.array([[v or 0 for v in one] for one in points["stop"]], np.int64).T
        self._targets = points["target"]
        target = grid.axis("target")
        self._shares = target is not None and target.unit == "r"
        self._has = ("stop" in {a.part for a in grid.axes}, target is not None)
        self._entries = _columns(prepared)
        self._by_place = np.argsort(self._entries[4], kind="stable")
        self._fixed = None if sizes.by_risk else sizes.fixed_steps(prepared)
        levels = len(self._stops) + self._target_count()
        self._fits = levels * prepared.columns * BYTES_AN_ENTRY <= MOST_BYTES
        self._kept: tuple[Table, Table] | None = None
        most = MOST_BYTES // (4 * BYTES_AN_ENTRY * prepared.columns)
        self.chunk = CHUNK if self._fits else max(1, min(CHUNK, most))

    def _target_count(self) -> int:
        count = len(self._targets[0])
        return count * len(self._stops) if self._shares else count

    def begin(self) -> None:
        """Make the tables that all chunks share, where they fit."""
        if self._fits:
            stops = np.arange(len(self._stops)) if self._has[0] else np.empty(0, np.int64)
            targets = np.arange(self._target_count()) if self._has[1] else np.empty(0, np.int64)
            self._kept = self._stop_table(stops), self._target_table(targets)

    # --- cells ----------------------------------------------------------------------------------------------------

    def run(self, first: int, last: int) -> Sums:
        """The sums of the cells ``first .. last - 1``."""
        digits = self._grid.digits(first, last)
        count = last - first
        none = np.full(count, -1, np.int64)
        stop = np.where(self._is_given("stop")[digits["stop"]], digits["stop"], -1) if self._has[0] else none
        target = none
        if self._has[1]:
            target = digits["target"]
            given = self._is_given("target")[target]
            if self._shares:
                target = digits["stop"] * len(self._targets[0]) + target
            target = np.where(given, target, -1)
        if self._kept is not None:
            return self._cells(stop, target, *self._kept, np.arange(len(self._stops)))
        stops, stop_at = _used(stop)
        targets, target_at = _used(target)
        tables = self._stop_table(stops), self._target_table(targets)
        return self._cells(stop_at, target_at, *tables, stops)

    def _is_given(self, part: str) -> Any:
        axis = self._grid.axis(part)
        assert axis is not None, "only a part that is swept is asked for"
        return np.array([value is not None for value in axis.values])

    def _cells(self, stop: Int64, target: Int64, stops: Table, targets: Table, named: Any) -> Sums:
        """``stop`` and ``target`` are rows of the tables; ``named``: which stop each row of the first is."""
        sums, shares = np.zeros((len(stop), SIZE), np.int64), np.zeros(len(stop), np.float64)
        risks = self._risks(named)
        if not self._sizes.by_risk:
            assert self._fixed is not None, "fixed lots are known"
            self._run(stop, target, stops, targets, self._ends(self._fixed), risks, sums, shares)
            return sums, shares
        for one in np.unique(stop).tolist():  # the volume hangs on the stop, and so does the money of each target
            mine = np.flatnonzero(stop == one)
            steps = self._sizes.risked_steps(self._prepared, self._stops[int(named[one])].tolist())
            used, places = _used(target[mine])
            part = self._with_money(_rows(targets, used), steps)
            own, own_shares = np.zeros((len(mine), SIZE), np.int64), np.zeros(len(mine), np.float64)
            self._run(stop[mine], places, stops, part, self._ends(steps), risks, own, own_shares)
            sums[mine], shares[mine] = own, own_shares
        return sums, shares

    def _run(
        self,
        stop: Int64,
        target: Int64,
        stops: Table,
        targets: Table,
        ends: Any,
        risks: Int64,
        sums: Int64,
        shares: Any,
    ) -> None:
        run_cells(
            np.ascontiguousarray(stop), np.ascontiguousarray(target), self._entries, stops.arrays(), targets.arrays(),
            ends, risks, self._flat, self._optimistic, np.zeros(self._prepared.columns, np.int8),
            np.zeros(len(self._prepared.markets), np.int64), sums, shares,
        )  # fmt: skip

    def _risks(self, stops: Any) -> Int64:
        """Points of the first stop, by stop and column."""
        found = np.zeros((max(1, len(stops)), self._prepared.columns), np.int64)
        for number, market in enumerate(self._prepared.markets):
            if self._has[0]:
                found[: len(stops), market.entries[0]] = self._stops[stops][:, number][:, None]
        return found

    # --- tables ---------------------------------------------------------------------------------------------------

    def _stop_table(self, stops: Any) -> Table:
        table = Table.empty(len(stops), self._prepared.columns)
        if not len(stops):
            return table
        for number, market in enumerate(self._prepared.markets):
            _find(market, self._stops[stops][:, number], True, table)
        if self._fixed is not None:
            return self._with_money(table, self._fixed)
        for place, stop in enumerate(stops.tolist()):
            steps = self._sizes.risked_steps(self._prepared, self._stops[stop].tolist())
            table.codes[place, steps == 0] = UNSIZED
            table.codes[place, steps < 0] = UNSENT
            self._with_money(_rows(table, slice(place, place + 1)), steps, ordered=False)
        return self._ordered(table)

    def _target_table(self, targets: Any) -> Table:
        table = Table.empty(len(targets), self._prepared.columns)
        if not len(targets):
            return table
        for number, market in enumerate(self._prepared.markets):
            _find(market, self._target_points(number)[targets], False, table)
        if self._fixed is not None:
            return self._with_money(table, self._fixed)
        return self._with_money(table, np.zeros(self._prepared.columns, np.int64))

    def _target_points(self, market: int) -> Int64:
        own = self._targets[market]
        if not self._shares:
            return np.array([v or 0 for v in own], np.int64)
        stops = self._stops[:, market].tolist()
        return np.array([0 if v is None else share_points(s, v) for s in stops for v in own], np.int64)

    def _with_money(self, table: Table, steps: Int64, *, ordered: bool = True) -> Table:
        """The table with keys and money for these volumes, in place."""
        for market in self._prepared.markets:
            columns, side, entry_ns = market.entries[0], market.entries[1], market.entries[5]
            time, tf_ns = market.series.time, market.series.timeframe_ns
            ties = new_ties()
            while True:
                given = market.terms.arrays(ties)
                price_levels(
                    time, tf_ns, columns, side, entry_ns, steps, given, table.codes, table.moves, table.keys,
                    table.money,
                )  # fmt: skip
                if not settle(market, ties):
                    break
        return self._ordered(table) if ordered else table

    def _ordered(self, table: Table) -> Table:
        by_key = np.argsort(table.keys[:, self._by_place], axis=1, kind="stable")
        table.order = self._by_place[by_key].astype(np.int32)
        return table

    def _ends(self, steps: Int64) -> tuple[Any, ...]:
        moves, money = np.zeros(self._prepared.columns, np.int32), np.zeros(self._prepared.columns, np.int64)
        for market in self._prepared.markets:
            columns, side, row, points, _, entry_ns = market.entries[:6]
            bid, ask = market.bid[3], market.ask[3]
            ties = new_ties()
            while True:
                last = market.series.end_ns
                price_ends(
                    bid, ask, columns, side, row, points, entry_ns, steps, last, market.terms.arrays(ties), moves, money
                )
                if not settle(market, ties):
                    break
        return moves, money, self._by_place.astype(np.int64)


def settle(market: Market, ties: Int64) -> bool:
    """Whether ties were met that nobody had settled; they are now."""
    unit = market.instrument.volume_step * market.instrument.point_value
    return settle_ties(market.terms, unit, ties)


def _find(market: Market, distances: Int64, is_stop: bool, table: Table) -> None:
    """First crossings of one symbol's levels, searched from the nearest to the farthest."""
    order = np.argsort(distances, kind="stable")
    columns, side, row, points, closing = market.entries[:5]
    codes = np.full((len(order), table.codes.shape[1]), NEVER, np.int32)
    moves = np.zeros(codes.shape, np.int32)
    least = market.instrument.stops_level_points
    for sign, prices in ((1, market.bid), (-1, market.ask)):
        find_levels(
            prices, columns, side, row, points, closing, distances[order], sign, is_stop, market.slippage_points,
            least, codes, moves,
        )  # fmt: skip
    table.codes[np.ix_(order, columns)] = codes[:, columns]
    table.moves[np.ix_(order, columns)] = moves[:, columns]


def _used(places: Int64) -> tuple[Int64, Int64]:
    """The levels that are named (-1 left out), and each cell's place among them."""
    levels = np.unique(places[places >= 0])
    return levels, np.where(places >= 0, np.searchsorted(levels, places), -1)


def _rows(table: Table, rows: Any) -> Table:
    return Table(*(array[rows] for array in table.arrays()))


def _columns(prepared: Prepared) -> tuple[Int64, ...]:
    """(symbol, decided, row, answered, place, answered if of a wrong volume) by column, int64."""
    found = tuple(np.zeros(prepared.columns, np.int64) for _ in range(6))
    for number, market in enumerate(prepared.markets):
        columns = market.entries[0]
        found[0][columns] = number
        for array, place in zip(found[1:], (6, 2, 7, 8, 10), strict=True):
            array[columns] = market.entries[place]
    return found
