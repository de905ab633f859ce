"""Optuna's part: it asks for the next cell, learns from what became of it, and keeps its study in a database.

Several machines that name the same database and study share one search. Optuna is told of every cell as a trial, with
the cell's hash and digest among the trial's attributes; a cell that is done already is taken as it is. With one worker
and a seed a search is the same every time; with several it depends on which cell ends first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from zepix.config.keys import near
from zepix.errors import ConfigError, DataError
from zepix.research.sweep.job import Desk, Task
from zepix.research.sweep.outcome import COUNTS, DONE, FIGURES, Row
from zepix.research.sweep.result import SMALLER_IS_BETTER
from zepix.research.sweep.space import Cell, Domain, Range, Space, without_password
from zepix.research.sweep.store import Store

__all__ = ["SAMPLERS", "Search"]

SAMPLERS: Final = ("tpe", "random", "qmc", "gp", "cmaes")
_DIRECTIONS: Final = ("maximize", "minimize")
_DATABASE: Final = "study.db"
_NAME: Final = "zepix"
_MOST_IDLE: Final = 1000
_ATTEMPTS: Final = 6
_PAUSE_S: Final = 0.2
_BUSY_S: Final = 60
_DATABASES: Final = ("optuna", "sqlalchemy", "sqlite3", "psycopg", "psycopg2", "MySQLdb", "pymysql")
_RACES: Final = ("OperationalError", "ProgrammingError", "IntegrityError", "DuplicatedStudyError")
"""What a database says to the second of two machines that make the tables of one study at once."""

Objective = Callable[[Mapping[str, Any]], float | None]


class Search:
    """Cells that a study asks for, one after the other; ``trials`` counts what the whole study has, others' included.

    Raises ConfigError for options that are wrong, and where Optuna or its database is missing.
    """

    def __init__(self, space: Space, desk: Desk, store: Store, workers: int) -> None:
        self.tasks: list[Task] = []
        self._space, self._desk = space, desk
        self._objective, direction = _objective(space.options)
        self._optuna = _optuna()
        self._storage: Any = None
        self._folder = store.folder
        self._study = self._made(space.options, store.folder, direction, workers)
        self._open: dict[int, Any] = {}
        self._choices = {name: _spelt(domain) for name, domain in space.domains.items()}
        self._take_up(store)

    @property
    def total(self) -> int:
        return self._space.size()

    def next(self) -> Task | None:
        """The next cell; None once the study has its trials, counting those in hand. Raises DataError where the
        database does not answer."""
        with self._database_asked():
            return self._next()

    def _next(self) -> Task | None:
        for _ in range(_MOST_IDLE):
            if len(self._finished()) + len(self._open) >= self.total:
                return None
            trial = self._study.ask()
            cell: Cell = {name: self._suggested(trial, name, domain) for name, domain in self._space.domains.items()}
            try:
                task = self._desk.task(len(self.tasks), cell)
            except ConfigError as error:  # values that do not go together: the study learns that, and goes on
                trial.set_user_attr("error", str(error)[:500])
                self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
                continue
            self.tasks.append(task)
            self._open[task.number] = trial
            return task
        raise ConfigError(f"{_MOST_IDLE:,} cells in a row were refused by the configuration; see the study's trials")

    def told(self, task: Task, row: Row) -> None:
        """The study learns what became of a cell; one that failed, or has no such figure, is a failed trial."""
        value = self._objective(row) if row["status"] == DONE else None
        with self._database_asked():
            trial = self._open.pop(task.number)
            trial.set_user_attr("cell", task.hash)
            trial.set_user_attr("digest", row.get("digest") or "")
            if value is None or not math.isfinite(value):
                self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial, float(value))

    @contextmanager
    def _database_asked(self) -> Iterator[None]:
        """What the study's database says by exceptions of its own, in a sentence."""
        try:
            yield
        except Exception as error:
            root = type(error).__module__.partition(".")[0]
            if root not in _DATABASES and not isinstance(error, OSError):
                raise
            said = " ".join(str(error.__cause__ or error).split())[:200]
            raise DataError(
                f"the study's database does not answer ({said}); is its disk full, or its server gone? The sweep "
                f"stopped: finished cells are kept in {self._folder}; go on with resume"
            ) from error

    def _made(self, options: Mapping[str, Any], folder: Path, direction: str, workers: int) -> Any:
        optuna = self._optuna
        said = options.get("storage") or f"sqlite:///{(folder / _DATABASE).resolve().as_posix()}"
        sampler = _sampler(optuna, options.get("sampler", "tpe"), options.get("seed"), workers)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._storage = said if not isinstance(said, str) else _database(optuna, said)
                return optuna.create_study(
                    storage=self._storage,
                    study_name=options.get("name") or _NAME,
                    direction=direction,
                    sampler=sampler,
                    load_if_exists=True,
                )
            except Exception as error:
                self.close()
                if attempt < _ATTEMPTS and type(error).__name__ in _RACES:
                    time.sleep(attempt * _PAUSE_S)
                    continue
                raise ConfigError(
                    f"study.storage {without_password(str(said))!r} cannot be used ({type(error).__name__}); "
                    "expected an address as sqlite:///study.db or postgresql://user@host/name, or a storage of Optuna's"
                ) from error
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Let go of the database, where it is one that was opened here."""
        if isinstance(self._space.options.get("storage"), str | None) and self._storage is not None:
            self._storage.remove_session()
            self._storage.engine.dispose()
            self._storage = None

    def _finished(self) -> list[Any]:
        state = self._optuna.trial.TrialState
        found: list[Any] = self._study.get_trials(deepcopy=False, states=(state.COMPLETE, state.FAIL, state.PRUNED))
        return found

    def _take_up(self, store: Store) -> None:
        """Trials that the study has from before are cells of this sweep too, where their rows are here."""
        for trial in self._finished():
            cell = trial.user_attrs.get("cell")
            if cell and store.row(cell) and set(trial.params) == set(self._space.domains):
                settings = {name: self._choices[name].get(value, value) for name, value in trial.params.items()}
                self.tasks.append(Task(len(self.tasks), cell, settings, ""))

    def _suggested(self, trial: Any, name: str, domain: Domain) -> Any:
        if isinstance(domain, Range):
            step = domain.step or None
            if domain.kind == "int":
                return trial.suggest_int(name, int(domain.low), int(domain.high), step=int(step or 1))
            return trial.suggest_float(name, domain.low, domain.high, step=step, log=domain.kind == "log")
        spelt = self._choices[name]
        return spelt[trial.suggest_categorical(name, list(spelt))]


def _spelt(domain: Domain) -> dict[Any, Any]:
    """Choices as Optuna's database can hold them -> as they are (lists and tables by their text)."""
    if isinstance(domain, Range):
        return {}
    return {one if isinstance(one, str | int | float | bool) or one is None else repr(one): one for one in domain}


def _objective(options: Mapping[str, Any]) -> tuple[Objective, str]:
    """What is to be great (or small), and which of the two."""
    said, problems = options.get("objective", "net_profit"), []
    known = (*FIGURES, *COUNTS)
    if not callable(said) and said not in known:
        problems.append(
            f"study.objective: {said!r} is no figure{near(str(said), known) or '; there are ' + ', '.join(known)}"
        )
    usual = "minimize" if said in SMALLER_IS_BETTER else "maximize"
    direction = options.get("direction", usual)
    if direction not in _DIRECTIONS:
        problems.append(f"study.direction: expected maximize or minimize, not {direction!r}")
    if problems:
        raise ConfigError(problems)
    return (said if callable(said) else lambda row: row.get(said)), direction


def _database(optuna: Any, address: str) -> Any:
    """Optuna's own storage; SQLite waits for others who write, as long as a busy machine may need."""
    waits = {"connect_args": {"timeout": _BUSY_S}} if address.startswith("sqlite") else {}
    return optuna.storages.RDBStorage(address, engine_kwargs=waits)


def _sampler(optuna: Any, name: Any, seed: int | None, workers: int) -> Any:
    if not isinstance(name, str):
        return name  # one of Optuna's own
    samplers = optuna.samplers
    if name == "tpe":
        return samplers.TPESampler(seed=seed, constant_liar=workers > 1)
    made = {"random": "RandomSampler", "qmc": "QMCSampler", "gp": "GPSampler", "cmaes": "CmaEsSampler"}
    if name not in made:
        raise ConfigError(
            f"study.sampler: {name!r} is unknown{near(name, SAMPLERS) or '; there are ' + ', '.join(SAMPLERS)}"
        )
    return getattr(samplers, made[name])(seed=seed)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise ConfigError("a study needs Optuna: pip install 'zepix[optuna]'; grid and random work without") from None
    return optuna
