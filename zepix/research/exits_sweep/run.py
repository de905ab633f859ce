"""A sweep from its parts to its rows: entries once, then chunks of cells on threads, written in order.

Kernels hold no lock of the interpreter, so plain threads use all cores; numba's own threading is not used, and needs no
library.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from zepix.errors import ConfigError
from zepix.model import Alert, Catalogue, Quarantined, Series
from zepix.research.exits_sweep.first_lane import FirstLane, Sums
from zepix.research.exits_sweep.grid import Grid
from zepix.research.exits_sweep.ladders import ladder_of, plan_problems
from zepix.research.exits_sweep.parts import PARTS
from zepix.research.exits_sweep.played_lane import PlayedLane
from zepix.research.exits_sweep.prepare import Prepared, prepare
from zepix.research.exits_sweep.pyramid_lane import PyramidLane, pyramid_problems
from zepix.research.exits_sweep.rows import Kept, RowFile, columns_of
from zepix.research.exits_sweep.sizes import Sizes
from zepix.research.simulate import Rules

__all__ = ["Plan", "Swept", "lane_of", "sweep"]

AHEAD: Final = 2
"""So many chunks a worker are under way at once: memory stays as small, however many cells there are."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to sweep: the grid, the volume, the flat rule."""

    grid: Grid
    sizes: Sizes
    one_at_a_time: bool = False
    other_alerts: str = "refuse"
    workers: int = 0

    @property
    def threads(self) -> int:
        return self.workers or os.cpu_count() or 1


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """The entries, and a lane that can compute any cell of the grid again."""

    plan: Plan
    prepared: Prepared
    points: Mapping[str, Sequence[Sequence[Any]]]
    lane: FirstLane | PlayedLane

    @property
    def player(self) -> PlayedLane:
        """The lane that knows each ticket."""
        if isinstance(self.lane, PlayedLane):
            return self.lane
        plan = self.plan
        return PlayedLane(self.prepared, plan.grid, plan.sizes, self.points, flat=plan.one_at_a_time)


def sweep(
    series: Mapping[str, Series],
    catalogue: Catalogue,
    rows: Sequence[Alert | Quarantined],
    rules: Rules,
    plan: Plan,
    into: Kept | RowFile,
    *,
    finer: Mapping[str, Series] | None = None,
    progress: Progress | None = None,
) -> Swept:
    """Compute every cell of a plan from what is in memory; rows go ``into`` memory or a file.

    Raises ConfigError for what cannot be computed here, DataError for alerts without prices.
    """
    _check_plan(plan)
    prepared = prepare(series, catalogue, rows, rules, finer=finer, other_alerts=plan.other_alerts)
    points = _points(prepared, plan)
    lane = lane_of(prepared, plan, points)
    lane.begin()
    swept = Swept(plan, prepared, points, lane)
    try:
        _compute(swept, into, progress)
    except BaseException:
        if isinstance(into, RowFile):
            into.abandon()
        raise
    into.close()
    return swept


def lane_of(prepared: Prepared, plan: Plan, points: Any) -> FirstLane | PlayedLane:
    """The quickest way to the cells of a plan."""
    parts = {axis.part for axis in plan.grid.axes}
    kind: type[FirstLane] | type[PlayedLane] = FirstLane if parts <= {"stop", "target"} else PlayedLane
    if "pyramid" in parts:
        kind = PyramidLane
    return kind(prepared, plan.grid, plan.sizes, points, flat=plan.one_at_a_time)


def _compute(swept: Swept, into: Kept | RowFile, progress: Progress | None) -> None:
    grid, account = swept.plan.grid, swept.prepared.rules.account
    scale, balance, size, chunk = 10**account.digits, float(account.balance), swept.plan.grid.size, swept.lane.chunk
    chunk = max(1, min(chunk, -(-size // swept.plan.threads)))

    def take(first: int, future: Future[Sums]) -> None:
        into.add(columns_of(grid, first, future.result(), scale, balance))
        if progress is not None:
            progress(min(first + chunk, size), size)

    waiting: deque[tuple[int, Future[Sums]]] = deque()
    with ThreadPoolExecutor(swept.plan.threads, thread_name_prefix="zepix-sweep") as pool:
        try:
            for first in range(0, size, chunk):
                waiting.append((first, pool.submit(swept.lane.run, first, min(first + chunk, size))))
                if len(waiting) > AHEAD * swept.plan.threads:
                    take(*waiting.popleft())
            while waiting:
                take(*waiting.popleft())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _check_plan(plan: Plan) -> None:
    """Raise ConfigError for what of a plan is no matter of one ticket alone."""
    problems: list[str] = []
    ladder = plan.grid.axis("ladder")
    if ladder is not None:
        for number, one in enumerate(ladder.values, 1):
            problems += [f"ladder[{number}].{problem}" for problem in (plan_problems(one) if one is not None else ())]
    stop = plan.grid.axis("stop")
    if plan.sizes.by_risk and (stop is None or None in stop.values):
        problems.append(
            "risk_money, risk_percent: a volume at risk needs a stop in every cell (stop_points, stop_pips)"
        )
    if plan.sizes.by_risk and ladder is not None:
        problems.append("ladder: a ladder takes its lots as a number (lots), not by risk")
    if problems:
        raise ConfigError(problems)


def _points(prepared: Prepared, plan: Plan) -> dict[str, list[list[Any]]]:
    """Every part in points, by market; raises ConfigError for values that are no whole points, or beyond zero."""
    grid, problems = plan.grid, list[str]()
    found = {part: [grid.points(part, m.instrument, problems) for m in prepared.markets] for part in PARTS}
    for market, stops in zip(prepared.markets, found["stop"], strict=True):
        deepest = max((s for s in stops if s is not None), default=0)
        if deepest >= market.lowest_entry:
            problems.append(f"stop: {deepest} points lie below a price of 0 for entries of {market.instrument.symbol}")
    if not problems:
        problems += _behind(prepared, plan, found)
    pyramid = grid.axis("pyramid")
    if pyramid is not None:
        problems += pyramid_problems(prepared, [v or 1 for v in pyramid.values])
    if prepared.rules.fill_model.latency_ms and _moves_stops(plan):
        problems.append(
            "fill.latency_ms: a stop that a target moves arrives later then; use zx.sweep for these ladders"
        )
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    return found


def _moves_stops(plan: Plan) -> bool:
    ladder = plan.grid.axis("ladder")
    return ladder is not None and any(level.stop_to for one in ladder.values if one is not None for level in one.levels)


def _behind(prepared: Prepared, plan: Plan, points: Mapping[str, Any]) -> list[str]:
    """Break-evens whose buffer does not lie behind their start; ladders that need a stop."""
    found: list[str] = []
    grid = plan.grid
    start, buffer, ladder = grid.axis("break_even"), grid.axis("break_even_buffer"), grid.axis("ladder")
    if start is not None and buffer is not None:
        if start.unit == buffer.unit:
            least = min((v for v in start.values if v is not None), default=None)
            most = max((v for v in buffer.values if v is not None), default=0)
            if least is not None and most >= least:
                found.append(f"{buffer.name}: {most} must lie behind every {start.name}, the least is {least}")
        else:
            found.append(f"{buffer.name}: give it in the unit of {start.name}")
    if ladder is not None:
        for number, market in enumerate(prepared.markets):
            for stop in set(points["stop"][number]):
                try:
                    for one in ladder.values:
                        if one is not None:
                            ladder_of(one, market.instrument, stop or 0)
                except ConfigError as error:
                    found += error.problems
    return found
