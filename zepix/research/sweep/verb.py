"""``zx.sweep``: from what is asked to the result; ``open_sweep`` reads a finished or unfinished one."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Any, Final

from zepix.config.files import read_settings
from zepix.config.keys import near
from zepix.engine.strategy import Strategy
from zepix.errors import ConfigError
from zepix.model import Alert, Quarantined
from zepix.research.alerts_surface import Alerts, read_alerts
from zepix.research.bars_surface import Bars
from zepix.research.result import versions
from zepix.research.sweep.driver import Listed, Source, Tell, checked, drive
from zepix.research.sweep.job import Desk, Job, Task, code_of, rows_checksum
from zepix.research.sweep.local import MOST_WORKERS, InProcess, Processes, Runner, default_workers
from zepix.research.sweep.progress import teller
from zepix.research.sweep.result import SweepResult
from zepix.research.sweep.space import MOST_CELLS, Space, space_of
from zepix.research.sweep.store import Store, read_description
from zepix.spec import Spec

__all__ = ["open_sweep", "run_sweep", "sweep"]

SCHEMA: Final = 1
_SUFFIXES: Final = (".toml", ".json", ".yaml", ".yml")
_KINDS: Final = ("grid", "random", "study")
_FOLDER: Final = "zepix-sweeps"
Paths = str | PathLike[str] | Sequence[str | PathLike[str]]


def sweep(
    spec: str | PathLike[str] | type[Strategy] | None = None,
    *,
    grid: Mapping[str, Any] | None = None,
    random: Mapping[str, Any] | None = None,
    study: Mapping[str, Any] | None = None,
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
    limit: int = MOST_CELLS,
    progress: bool | Tell = True,
    **strategy_settings: Any,
) -> SweepResult:
    """Replay once for each cell of a grid, of random draws, or of a search by Optuna.

    spec: a spec file, or a strategy (a class or a name); without grid, random and study its table ``[sweep]`` says what
    is tried. grid: ``{"account.balance": [5000, 10000], "strategy.sl_pips": ("int", 10, 50, 5)}``. random:
    ``{"samples": 200, "seed": 1, "space": {...}}``. study: ``{"trials": 200, "objective": "profit_factor", "seed": 1,
    "space": {...}}``. alerts to to, and further keywords: as of ``replay``. out: the folder of the cells; without one
    a folder of this very sweep in ``zepix-sweeps``. resume: go on with what is in ``out``. workers: processes (0: none,
    in this process). dask: the address of a cluster's scheduler. limit: of cells. progress: a bar, or what is told
    (done, total). Raises ConfigError with every problem before anything runs, and DataError. See docs/sweeps.md.
    """
    if isinstance(spec, type):
        spec, strategy = None, spec
    elif spec is not None and not str(spec).lower().endswith(_SUFFIXES) and not Path(spec).exists():
        spec, strategy = None, str(spec)
    flags = {**(settings or {}), **{f"strategy.{name}": value for name, value in strategy_settings.items()}}
    job = _job(spec, alerts, bars, strategy, flags, instruments, from_, to)
    asked = {kind: value for kind, value in zip(_KINDS, (grid, random, study), strict=True) if value is not None}
    return run_sweep(
        job, asked or _of_file(spec), out=out, resume=resume, workers=workers, dask=dask, limit=limit, progress=progress
    )


def run_sweep(
    job: Job,
    asked: Mapping[str, Any],
    *,
    out: str | PathLike[str] | None = None,
    resume: bool = False,
    workers: int | None = None,
    dask: str | None = None,
    limit: int = MOST_CELLS,
    progress: bool | Tell = True,
) -> SweepResult:
    """As ``sweep``, of a job and of what is tried (one of grid, random, study by name)."""
    space = space_of(**asked, limit=limit)
    _no_conflict(space, job)
    count = _workers(workers, space, dask)
    desk = Desk(job)
    tasks = checked(desk, space)
    description = _described(desk, space)
    store = Store(_default_folder(description) if out is None else Path(out))
    store.open(description, resume=resume or out is None)
    with closing(_source(space, desk, store, tasks, count if dask is None else MOST_WORKERS)) as source:
        missing = [task for task in tasks if store.done(task.hash) is None]
        tell = teller(progress)
        if tasks and not missing:
            count = 0
        with closing(_runner(desk, job, min(count, len(missing)) if tasks else count, dask, space)) as runner:
            drive(source, runner, store, tell)
        store.put_together()
        return SweepResult(store.folder, description, _cells(source.tasks, store), desk)


def open_sweep(folder: str | PathLike[str]) -> SweepResult:
    """The cells that a sweep's folder holds. Raises DataError where it is none."""
    place = Path(folder)
    description = read_description(place)
    store = Store(place)
    store.load()
    tasks = [Task(n, row["cell"], json.loads(row["settings"]), "") for n, row in enumerate(store.rows())]
    return SweepResult(place, description, _cells(tasks, store))


def _cells(tasks: Iterable[Task], store: Store) -> list[tuple[Task, dict[str, Any]]]:
    rows = ((task, store.row(task.hash)) for task in tasks)
    return [(task, row) for task, row in rows if row is not None]


def _source(space: Space, desk: Desk, store: Store, tasks: list[Task], workers: int) -> Source:
    if space.kind != "study":
        return Listed(tasks)
    from zepix.research.sweep.search import Search

    return Search(space, desk, store, workers)


def _runner(desk: Desk, job: Job, workers: int, dask: str | None, space: Space) -> Runner:
    if dask is not None and workers:
        from zepix.research.sweep.cluster import Cluster

        return Cluster(job, dask)
    if not workers:
        return InProcess(desk)
    return Processes(job, workers, ahead=0 if space.kind == "study" else workers)


def _workers(workers: int | None, space: Space, dask: str | None) -> int:
    if dask is not None:
        if workers is not None:
            raise ConfigError("workers belong to this machine, dask to a cluster; name one of them")
        return 1
    if workers is None:
        return min(default_workers(), space.size())
    if isinstance(workers, bool) or not isinstance(workers, int) or not 0 <= workers <= MOST_WORKERS:
        raise ConfigError(f"workers: expected a whole number from 0 to {MOST_WORKERS}, not {workers!r}")
    return min(workers, space.size())


def _job(
    spec: str | PathLike[str] | None,
    alerts: Any,
    bars: Any,
    strategy: str | type[Strategy] | None,
    flags: dict[str, Any],
    instruments: str | PathLike[str] | None,
    from_: str | None,
    to: str | None,
) -> Job:
    """What the arguments ask for, with absolute paths, so that any process finds them."""
    if isinstance(bars, Bars):
        flags = {**{f"data.choice.{symbol}": word for symbol, word in bars.choice.items()}, **flags}
        instruments, bars = instruments or bars.instruments, bars.arguments
    rows: list[Alert | Quarantined] = []
    checksums: dict[str, str] = {}
    if alerts is not None and not _are_paths(alerts):
        found = alerts if isinstance(alerts, Alerts) else read_alerts(alerts, instruments=instruments)
        rows, alerts = found.rows, None
        checksums = {"alerts": rows_checksum(rows)}
    given: dict[str, Any] = {
        "alerts": None if alerts is None else [_absolute(one) for one in _many(alerts)],
        "bars": None if bars is None else [_absolute(one) for one in _many(bars)],
        "strategy": strategy.info.plugin_id if isinstance(strategy, type) else strategy,
        "instruments": None if instruments is None else _absolute(instruments),
        "from_": from_,
        "to": to,
    }
    own = Path("strategies")
    if own.is_dir() and "plugin_system.plugin_dir" not in flags and spec is None:
        flags = {**flags, "plugin_system.plugin_dir": [str(own.resolve())]}
    return Job(
        spec=None if spec is None else str(Path(spec).resolve()),
        given={name: value for name, value in given.items() if value is not None},
        flags=flags,
        environ={name: value for name, value in os.environ.items() if name.upper().startswith("ZEPIX_")},
        cls=strategy if isinstance(strategy, type) else None,
        code=code_of(strategy) if isinstance(strategy, type) else "",
        rows=rows,
        checksums=checksums,
    )


def _are_paths(alerts: Any) -> bool:
    if isinstance(alerts, str | PathLike):
        return True
    return not hasattr(alerts, "columns") and not isinstance(alerts, Alerts) and all(
        isinstance(one, str | PathLike) for one in (alerts if isinstance(alerts, list | tuple) else [None])
    )  # fmt: skip


def _many(given: Any) -> list[Any]:
    return [given] if isinstance(given, str | PathLike) else list(given)


def _absolute(path: str | PathLike[str]) -> str:
    """An absolute path, also behind ``SYMBOL:TF=``."""
    match = re.fullmatch(r"([^=:/\\]+:[A-Za-z0-9]+=)(.+)", str(path), re.DOTALL)
    before, rest = match.groups() if match else ("", str(path))
    return before + str(Path(rest).expanduser().absolute())


def _of_file(spec: str | PathLike[str] | None) -> dict[str, Any]:
    """What a spec's table ``[sweep]`` says is tried. Raises ConfigError."""
    table = {} if spec is None else read_settings(Path(spec)).get("sweep", {})
    if not isinstance(table, Mapping) or not table:
        raise ConfigError("nothing is swept: say grid=, random= or study=, or write a table [sweep.grid] into the spec")
    hint = "; known are " + ", ".join(_KINDS)
    problems = [f"sweep.{key}: unknown{near(key, _KINDS) or hint}" for key in table if key not in _KINDS]
    if problems:
        raise ConfigError(problems)
    return dict(table)


def _no_conflict(space: Space, job: Job) -> None:
    """Raises ConfigError for parameters that are fixed as well: one of the two would silently win."""
    fixed = {**job.flags, **({"strategy.name": job.given["strategy"]} if "strategy" in job.given else {})}
    named = {"from_": "from", "to": "to", "instruments": "data.instruments"}
    named |= {"alerts": "alerts.files", "bars": "data.bars"}
    fixed |= {key: job.given[name] for name, key in named.items() if name in job.given}
    if job.rows:
        fixed["alerts.files"] = "alerts"
    problems = [
        f"{space.kind}: {name} is swept and fixed at once ({key}); leave one of them out"
        for name in space.domains
        for key in fixed
        if name == key or name.startswith(f"{key}.") or key.startswith(f"{name}.")
    ]
    plugin = job.given.get("strategy")
    short = {name.removeprefix("strategy."): name for name in space.domains if name.startswith("strategy.")}
    long = f"plugins.{plugin}.settings."
    problems += [
        f"{space.kind}: {name} and {short[name.removeprefix(long)]} are the same setting; leave one of them out"
        for name in space.domains
        if plugin and name.startswith(long) and name.removeprefix(long) in short
    ]
    if problems:
        raise ConfigError(problems)


def _described(desk: Desk, space: Space) -> dict[str, Any]:
    spec: Spec = desk.spec({name: space.samples_of(name)[0] for name in space.domains})
    base = {name: value for name, value in spec.as_dict().items() if name not in ("out", "report")}
    return {"schema": SCHEMA, **space.as_dict(), "base": base, "versions": versions()}


def _default_folder(description: Mapping[str, Any]) -> Path:
    """A folder of this very sweep: the same one again finds its cells."""
    text = json.dumps([description[key] for key in ("kind", "space", "options", "base")], sort_keys=True, default=str)
    name = re.sub(r"[^\w.-]+", "-", str(description["base"].get("title") or "sweep")).strip("-.") or "sweep"
    return Path(_FOLDER) / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
