"""The grid of a sweep: its axes as they were given, checked whole, and the numbers of each cell.

Cells are numbered from 0, the last axis fastest. A value is a number above zero, or None for "without".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from zepix.errors import ConfigError
from zepix.model import Instrument
from zepix.model.exit_plan import ExitPlan
from zepix.model.series import Int64
from zepix.research.exits_sweep.parts import AXES, MOST_CELLS, MOST_POINTS, MOST_VALUES, unknown_axis

__all__ = ["Axis", "Grid", "read_grid"]

TRAIL: Final = ("trail_start", "trail_step", "trail_distance")
LISTS: Final = ("ladder", "pyramid_levels")
MOST_LEVELS: Final = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """One swept part: its name as given, the part, its unit, its values."""

    name: str
    part: str
    unit: str
    values: tuple[Any, ...]

    @property
    def labels(self) -> tuple[Any, ...]:
        """The values as a table shows them: a plan by its number."""
        return self.values if self.part != "ladder" else tuple(range(len(self.values)))


@dataclass(frozen=True, slots=True)
class Grid:
    """All axes; ``digits`` and ``values`` find a cell's place on each."""

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes)

    def __len__(self) -> int:
        return self.size

    def axis(self, part: str) -> Axis | None:
        """The axis of a part, None where it is not swept."""
        return next((axis for axis in self.axes if axis.part == part), None)

    def digits(self, first: int, last: int) -> dict[str, Int64]:
        """By part, which value each of the cells ``first .. last - 1`` has: its place on the axis, int64."""
        cells = np.arange(first, last, dtype=np.int64)
        found: dict[str, Int64] = {}
        for axis in reversed(self.axes):
            found[axis.part] = cells % len(axis.values)
            cells = cells // len(axis.values)
        return found

    def values(self, cell: int) -> dict[str, Any]:
        """One cell's values by axis name, plans as tables. Raises IndexError for a cell that there is not."""
        if not 0 <= cell < self.size:
            raise IndexError(f"there is no cell {cell}; they count from 0 to {self.size - 1}")
        places = self.digits(cell, cell + 1)
        found = {axis.name: axis.values[int(places[axis.part][0])] for axis in self.axes}
        return {name: v.as_dict() if isinstance(v, ExitPlan) else v for name, v in found.items()}

    def points(self, part: str, instrument: Instrument, problems: list[str]) -> list[Any]:
        """Each value of a part in points of an instrument (None: without; a share of the stop stays a Decimal)."""
        axis = self.axis(part)
        return [None] if axis is None else [_in_points(axis, v, instrument, problems) for v in axis.values]


def _in_points(axis: Axis, value: Any, instrument: Instrument, problems: list[str]) -> Any:
    if value is None:
        return None
    exact = Decimal(str(value))
    if axis.unit == "r":
        return exact
    points = exact if axis.unit == "points" else exact * instrument.pip / instrument.point
    if points != int(points) or not 1 <= points <= MOST_POINTS:
        problems.append(
            f"{axis.name}: {value} is {points.normalize():f} points of {instrument.symbol}, no whole number of them "
            f"from 1 to {MOST_POINTS}"
        )
    return int(points)


def read_grid(given: Mapping[str, Any], own: Iterable[str]) -> Grid:
    """The grid that keywords ask for; raises ConfigError with every problem at once. ``own``: other keywords."""
    problems: list[str] = []
    axes: list[Axis] = []
    for name, values in given.items():
        if name in LISTS:
            axes += _list_axis(name, values, problems)
        elif name in AXES:
            axes += _axis(name, values, problems)
        else:
            problems.append(unknown_axis(name, own))
    grid = Grid(tuple(axes))
    problems += _conflicts(grid)
    if not problems and not axes:
        problems.append("nothing to sweep: give at least one of " + ", ".join((*AXES, *LISTS)))
    if not problems and grid.size > MOST_CELLS:
        problems.append(f"{grid.size:,} cells are more than {MOST_CELLS:,}; take coarser steps, or sweep in parts")
    if problems:
        raise ConfigError(problems)
    return grid


def _sequence(name: str, values: Any, problems: list[str]) -> list[Any]:
    if values is None or isinstance(values, int | float | str | Mapping | ExitPlan | Decimal):
        return [values]
    try:
        found = values.tolist() if isinstance(values, np.ndarray) else list(values)
    except TypeError:
        problems.append(f"{name}: expected a number or a list of numbers, not {_shown(values)}")
        return []
    if not found:
        problems.append(f"{name}: the list is empty, so the grid has no cell")
    if len(found) > MOST_VALUES:
        problems.append(f"{name}: {len(found):,} values are more than {MOST_VALUES:,}")
        return []
    return [one.item() if isinstance(one, np.generic) else one for one in found]


def _axis(name: str, values: Any, problems: list[str]) -> list[Axis]:
    found = _sequence(name, values, problems)
    wrong = [v for v in found if v is not None and not _is_distance(v)]
    problems += [f"{name}: expected a number above 0, or None, not {_shown(v)}" for v in wrong[:5]]
    if len(wrong) > 5:
        problems.append(f"{name}: and {len(wrong) - 5} more like these")
    twice = [] if wrong else _twice(found)
    problems += [f"{name}: {v:g} stands there more than once" for v in twice[:5]]
    part, unit = AXES[name]
    return [] if wrong or not found else [Axis(name, part, unit, tuple(found))]


def _twice(found: Iterable[Any]) -> list[Any]:
    counts = Counter(v for v in found if v is not None)
    return [v for v, count in counts.items() if count > 1]


def _is_distance(value: Any) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 < value <= MOST_POINTS


def _list_axis(name: str, values: Any, problems: list[str]) -> list[Axis]:
    found: list[Any] = []
    for number, one in enumerate(_sequence(name, values, problems), 1):
        if one is None:
            found.append(None)
        elif name == "ladder":
            wrong = ExitPlan.problems_of(one)
            problems += [f"ladder[{number}].{problem}" for problem in wrong]
            found += [] if wrong else [ExitPlan.of(one)]
        elif isinstance(one, bool) or not isinstance(one, int) or not 1 <= one <= MOST_LEVELS:
            problems.append(f"{name}: expected a whole number from 1 to {MOST_LEVELS}, or None, not {_shown(one)}")
        else:
            found.append(one)
    return [Axis(name, "ladder" if name == "ladder" else "pyramid", "", tuple(found))] if found else []


def _conflicts(grid: Grid) -> list[str]:
    """Parts that cannot go together, or miss another one."""
    found: list[str] = []
    by_part: dict[str, list[str]] = {}
    for axis in grid.axes:
        by_part.setdefault(axis.part, []).append(axis.name)
    found += [f"{' and '.join(names)} say the same thing twice; keep one" for names in by_part.values() if names[1:]]
    trail = [part for part in TRAIL if part in by_part]
    if 0 < len(trail) < len(TRAIL):
        missing = ", ".join(part for part in TRAIL if part not in by_part)
        found.append(f"{', '.join(by_part[part][0] for part in trail)}: a trail needs {missing} too")
    if "break_even_buffer" in by_part and "break_even" not in by_part:
        found.append(f"{by_part['break_even_buffer'][0]}: there is no break_even that it could be the buffer of")
    stop = grid.axis("stop")
    for axis in grid.axes:
        if axis.unit == "r" and (stop is None or None in stop.values):
            found.append(f"{axis.name}: a share of the stop needs a stop in every cell (stop_points or stop_pips)")
    inner = [p for p in ("target", "break_even", "break_even_buffer", *trail) if p in by_part]
    for outer in ("ladder", "pyramid"):
        if outer in by_part and inner:
            names = ", ".join(by_part[part][0] for part in inner)
            if outer == "ladder":
                found.append(f"ladder: its plans say {names} themselves; leave one of them out")
            elif any(part != "target" for part in inner):
                found.append(f"pyramid_levels: no trail and no break-even goes with a pyramid ({names})")
    if "ladder" in by_part and "pyramid" in by_part:
        found.append("ladder and pyramid_levels cannot go together")
    if "pyramid" in by_part and (stop is None or grid.axis("target") is None):
        found.append("pyramid_levels: its first order needs a stop and a target")
    return found


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
