"""``zepix.sweep_exits``: from keywords to rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any, Final

from zepix.engine.house import ServiceSettings
from zepix.engine.registry import PluginRegistry
from zepix.errors import ConfigError
from zepix.kernels.compile_time import compile_time
from zepix.model import Alert, Quarantined
from zepix.research import replay as replaying
from zepix.research.alerts_surface import read_alerts
from zepix.research.bars_surface import Bars
from zepix.research.exits_sweep.grid import Grid, read_grid
from zepix.research.exits_sweep.parts import setting_problems
from zepix.research.exits_sweep.result import ExitsSweep
from zepix.research.exits_sweep.rows import Kept, RowFile
from zepix.research.exits_sweep.run import Plan, sweep
from zepix.research.exits_sweep.sizes import read_sizes
from zepix.research.exits_sweep.words import INDEPENDENT
from zepix.spec import Spec, load_spec

__all__ = ["sweep_exits"]

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]
KEEP: Final = 100_000
"""Rows of larger grids go to a file."""
MOST_WORKERS: Final = 256
OWN: Final = (
    *("alerts", "bars", "one_at_a_time", "lots", "risk_money", "risk_percent", "other_alerts", "settings"),
    *("instruments", "from_", "to", "out", "workers", "progress", "ladder", "pyramid_levels"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was asked for, before it is judged."""

    alerts: list[Any]
    bars: list[str]
    sizes: tuple[Any, Any, Any]
    one_at_a_time: Any
    other_alerts: str
    settings: Mapping[str, Any]
    instruments: Any
    from_: Any
    to: Any
    out: Any
    workers: Any
    grid: Mapping[str, Any] = field(default_factory=dict)

    @property
    def objects(self) -> list[Alert | Quarantined]:
        return [a for a in self.alerts if isinstance(a, Alert | Quarantined)]


def sweep_exits(
    alerts: Paths | Iterable[Alert],
    bars: Paths | Bars,
    *,
    one_at_a_time: bool = False,
    lots: Any = None,
    risk_money: Any = None,
    risk_percent: Any = None,
    other_alerts: str = "refuse",
    settings: Mapping[str, Any] | None = None,
    instruments: str | PathLike[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    out: str | PathLike[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **grid: Any,
) -> ExitsSweep:
    """Try all combinations of stops, targets, trails, break-evens and ladders on recorded entry alerts, compiled.

    Each keyword of the grid is a number or a list, None for "without": ``stop_points`` (or ``_pips``),
    ``target_points`` (``_pips``, ``_r``: stop distances), ``break_even_*`` with ``break_even_buffer_*``,
    ``trail_start_*, trail_step_*, trail_distance_*``, ``ladder`` (exit plans), ``pyramid_levels``. alerts and bars are
    those of ``replay``. one_at_a_time: an alert is left out while a ticket of its symbol is open in the cell. Volume:
    ``lots`` (None: the minimum), or what is lost at the stop: ``risk_money``, or ``risk_percent`` of the account's
    first balance. settings: dotted keys that no other ticket matters to (``fill.*``, ``costs``, ``account.balance``).
    other_alerts: ``refuse`` exits, reversals and pending orders, or ``ignore`` them. out: a Parquet file for the rows;
    grids above 100,000 cells have one anyhow. workers: threads, None for all cores.
    Every ticket is that of a replay with the same exits, to the point and the minor unit. Raises ConfigError with
    every problem, also for a setting that depends on the account, and DataError for alerts without prices.
    """
    started = time.perf_counter()
    source: Any = read_alerts(alerts, instruments=instruments) if hasattr(alerts, "columns") else alerts
    given = dict(settings or {})
    if isinstance(bars, Bars):
        given = {**{f"data.choice.{symbol}": word for symbol, word in bars.choice.items()}, **given}
        instruments, bars = instruments or bars.instruments, bars.arguments
    asked = _Asked(
        alerts=_many(source), bars=[str(b) for b in _many(bars)], sizes=(lots, risk_money, risk_percent),
        one_at_a_time=one_at_a_time, other_alerts=other_alerts, settings=given, instruments=instruments, from_=from_,
        to=to, out=out, workers=workers, grid=grid,
    )  # fmt: skip
    plan, spec = _read(asked)
    loaded = replaying.load(spec, asked.objects)
    rules = replaying.rules_of(spec, PluginRegistry(), ())
    begun = time.perf_counter()
    rows, held = _place(out, plan.grid.size, spec)
    try:
        with compile_time() as compiling:
            asked_of = (loaded.series, loaded.catalogue, loaded.rows, rules, plan, rows)
            swept = sweep(*asked_of, finer=loaded.bars.finer, progress=progress)
    except BaseException:
        if held is not None:
            held.cleanup()
        raise
    taken = {"load_s": begun - started, "compile_s": compiling.seconds}
    return ExitsSweep(swept, rows, {**taken, "sweep_s": time.perf_counter() - started - sum(taken.values())}, held)


def _read(asked: _Asked) -> tuple[Plan, Spec]:
    """The plan and the spec; raises ConfigError with the problems of both."""
    has_pyramid = "pyramid_levels" in asked.grid
    problems = setting_problems(asked.settings, has_pyramid=has_pyramid)
    axes: Grid | None = None
    try:
        axes = read_grid(asked.grid, OWN)
    except ConfigError as error:
        problems += error.problems
    flat, workers = asked.one_at_a_time, asked.workers
    if not isinstance(flat, bool):
        problems.append(f"one_at_a_time: expected True or False, not {flat!r}")
    is_count = isinstance(workers, int) and not isinstance(workers, bool) and 1 <= workers <= MOST_WORKERS
    if workers is not None and not is_count:
        problems.append(f"workers: expected a whole number from 1 to {MOST_WORKERS}, not {workers!r}")
    if asked.out is not None and Path(asked.out).suffix.lower() != ".parquet":
        problems.append(f"out: expected the name of a .parquet file, not {str(asked.out)!r}")
    spec = None
    try:
        spec = _spec(asked, {} if problems else asked.settings)
    except ConfigError as error:
        problems += error.problems
    if spec is not None:
        sizes, wrong = read_sizes(*asked.sizes, spec.account)
        problems += wrong
        plain = ServiceSettings()
        read = spec.services
        if has_pyramid:
            read = replace(read, profit_booking=plain.profit_booking, dual_order=plain.dual_order)
        if read != plain:
            problems.append("the environment sets services of the account (ZEPIX_...); unset it, or use zx.sweep")
    if problems or spec is None or axes is None:
        raise ConfigError(dict.fromkeys(problems))
    return Plan(axes, sizes, flat, asked.other_alerts, workers or 0), spec


def _spec(asked: _Asked, settings: Mapping[str, Any]) -> Spec:
    objects = asked.objects
    if objects and len(objects) < len(asked.alerts):
        raise ConfigError("alerts must be log files or Alert objects, not both")
    if not asked.alerts:
        raise ConfigError("alerts: there are none; give log files or Alert objects")
    spec = load_spec(
        None,
        flags=settings,
        alerts=None if objects else [str(a) for a in asked.alerts],
        bars=asked.bars,
        instruments=None if asked.instruments is None else str(asked.instruments),
        from_=asked.from_,
        to=asked.to,
        check_strategies=False,
    )
    return replace(spec, broker="shadow")


def _place(out: str | PathLike[str] | None, cells: int, spec: Spec) -> tuple[Kept | RowFile, Any]:
    """Where rows go, and the folder that is ours to remove."""
    facts = {"zepix": f"sweep_exits; {INDEPENDENT}; balance {spec.account.balance} {spec.account.currency}"}
    if out is not None:
        return RowFile(Path(out), facts), None
    if cells <= KEEP:
        return Kept(), None
    held = tempfile.TemporaryDirectory(prefix="zepix-sweep-", ignore_cleanup_errors=True)
    return RowFile(Path(held.name) / "cells.parquet", facts), held


def _many(given: Any) -> list[Any]:
    return [given] if isinstance(given, str | PathLike) else list(given)
