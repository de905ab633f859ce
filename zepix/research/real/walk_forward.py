"""``zx.walk_forward``: choose on one window, show it on the next, go on; only what was shown counts.

The seam: the train's replay knows no bar that ends after its window, and closes what is open then at the last close
before it, so that no price of the test has a part in the choice; how many tickets that were is told. The test's replay
begins flat (bars before it are history for indicators, alerts before it are not there), and what is open at its end
closes at its last close. No ticket is counted twice, and none reaches over a seam.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from zepix.config.keys import near
from zepix.engine.strategy import Strategy
from zepix.errors import ConfigError
from zepix.model import Alert
from zepix.research.bars_surface import Bars
from zepix.research.real.walked import WalkForward, Window, empty_window
from zepix.research.real.windows import Length, Span, windows_of
from zepix.research.result import Result
from zepix.research.surface import Paths, replay
from zepix.research.sweep.outcome import COUNTS, DONE, FIGURES
from zepix.research.sweep.progress import teller
from zepix.research.sweep.result import SMALLER_IS_BETTER, SweepResult
from zepix.research.sweep.verb import sweep

__all__ = ["walk_forward"]

Tell = Callable[[int, int], None]
Objective = str | Callable[[Mapping[str, Any]], float | None]
_NS = 1_000_000_000


def walk_forward(
    spec: str | PathLike[str] | type[Strategy] | None = None,
    *,
    grid: Mapping[str, Any],
    train: Length,
    test: Length,
    step: Length | None = None,
    embargo: Length = 0,
    anchored: bool = False,
    objective: Objective = "net_profit",
    alerts: Paths | Iterable[Alert] | None = None,
    bars: Paths | Bars | None = None,
    strategy: str | type[Strategy] | None = None,
    settings: Mapping[str, Any] | None = None,
    instruments: str | PathLike[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    out: str | PathLike[str] | None = None,
    resume: bool = False,
    workers: int | None = None,
    dask: str | None = None,
    progress: bool | Tell = True,
    **strategy_settings: Any,
) -> WalkForward:
    """Sweep a window of the calendar, replay its best cell on the window after it, go on, and join what was shown.

    spec, grid, and alerts to to, out to dask: as of ``sweep``; ``out`` gets a folder a window. train, test, step,
    embargo: days, ``timedelta``, or ``"4w"``, ``"6mo"``, ``"1y"``; step is the test's length where none is given,
    embargo is left out between train and test. anchored: every train begins at the first day. objective: a figure of a
    cell, or a function of a cell's row that gives a number or None. Only whole windows count. Raises ConfigError and
    DataError; the result's ``windows``, ``table``, ``trades``, ``equity``, ``stats`` and ``notes`` say the rest.
    """
    _checked_objective(objective)
    spec, strategy = _told(spec, strategy)
    given: dict[str, Any] = {
        **{"spec": spec, "alerts": _many_times(alerts), "bars": bars},
        **{"strategy": strategy, "instruments": instruments, **strategy_settings},
    }
    whole = replay(**given, settings=settings, from_=from_, to=to)
    first, last = _period(whole, from_, to)
    spans = windows_of(first, last, train=train, test=test, step=step, embargo=embargo, anchored=anchored)
    tell = teller(progress)
    swept: dict[str, Any] = {"grid": grid, "settings": settings, "resume": resume, "workers": workers, "dask": dask}
    found: list[Window] = []
    for number, span in enumerate(spans):
        tell(number, len(spans))
        place = None if out is None else Path(out) / f"window-{number + 1:03}"
        when: dict[str, Any] = {"from_": _iso(span.train_from), "to": _iso(span.train_to)}
        cells = sweep(**given, **swept, **when, out=place, progress=False)
        found.append(_window(number + 1, span, cells, objective, given, settings))
    tell(len(spans), len(spans))
    word = objective if isinstance(objective, str) else getattr(objective, "__name__", "a function")
    return WalkForward(
        found, word, list(grid), anchored=anchored, left_out_s=(last - spans[-1].test_to).total_seconds()
    )


def _window(
    number: int,
    span: Span,
    cells: SweepResult,
    objective: Objective,
    given: Mapping[str, Any],
    settings: Mapping[str, Any] | None,
) -> Window:
    chosen = _best(cells, objective)
    if chosen is None:
        return empty_window(number, span, len(cells), _why_none(cells, objective))
    row, value = chosen
    cell = next(dict(task.cell) for task, _ in cells.cells if task.number == row["number"])
    inside = cells.cell(int(row["number"]))
    shown = replay(**given, settings={**(settings or {}), **cell}, from_=_iso(span.test_from), to=_iso(span.test_to))
    return Window(number, span, len(cells), cell, value, inside, shown)


def _best(cells: SweepResult, objective: Objective) -> tuple[Mapping[str, Any], float] | None:
    """The row of the best cell that is done, and its figure; the first of equals."""
    if isinstance(objective, str):
        best = cells.best(1, by=objective).to_dict("records")
        return (best[0], float(best[0][objective])) if best else None
    rows = [row for row in cells.frame().to_dict("records") if row["status"] == DONE]
    valued = [(row, found) for row in rows if (found := _value(objective, row)) is not None]
    return max(valued, key=lambda one: one[1], default=None)


def _value(objective: Callable[[Mapping[str, Any]], float | None], row: Mapping[str, Any]) -> float | None:
    found = objective(row)
    if found is None or math.isnan(found):
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ConfigError(f"objective: expected a number or None of a cell's row, got {found!r}")
    return float(found)


def _why_none(cells: SweepResult, objective: Objective) -> str:
    failed = cells.failed
    if len(failed) == len(cells):
        return f"all {len(cells)} cells failed; the first: {failed['error'].iloc[0]}"
    word = objective if isinstance(objective, str) else "the objective"
    return f"{word} exists in none of {len(cells)} cells"


def _checked_objective(objective: Objective) -> None:
    known = (*FIGURES, *COUNTS)
    if not callable(objective) and objective not in known:
        hint = near(str(objective), known) or "; there are " + ", ".join(known)
        raise ConfigError(f"objective={objective!r} is no figure{hint}")
    if isinstance(objective, str) and objective in SMALLER_IS_BETTER and objective in ("lost", "commission"):
        raise ConfigError(f"objective={objective!r}: the least of it is not to trade at all; name another figure")


def _told(
    spec: str | PathLike[str] | type[Strategy] | None, strategy: str | type[Strategy] | None
) -> tuple[str | PathLike[str] | None, str | type[Strategy] | None]:
    """A spec file, or a strategy in its place, as ``sweep`` takes them."""
    if isinstance(spec, type):
        return None, spec
    suffixes = (".toml", ".json", ".yaml", ".yml")
    if spec is not None and not str(spec).lower().endswith(suffixes) and not Path(spec).exists():
        return None, str(spec)
    return spec, strategy


def _many_times(alerts: Any) -> Any:
    """Alerts that every window can go through."""
    return list(alerts) if hasattr(alerts, "__next__") else alerts


def _period(whole: Result, from_: str | None, to: str | None) -> tuple[dt.datetime, dt.datetime]:
    """From the day of the first alert to the end of the day of the last one, within what was asked for."""
    times = [row.received_ns for row in whole.record.alerts if isinstance(row, Alert)]
    times = [ns for ns in times if ns <= whole.record.end_ns] or [whole.record.start_ns]
    first = _day(min(times)) if from_ is None else _moment(whole.spec["from_ns"])
    last = _day(max(times)) + dt.timedelta(days=1) if to is None else _moment(whole.spec["to_ns"])
    return first, last


def _day(ns: int) -> dt.datetime:
    return _moment(ns).replace(hour=0, minute=0, second=0, microsecond=0)


def _moment(ns: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ns // _NS, dt.UTC)


def _iso(moment: dt.datetime) -> str:
    return moment.isoformat()
