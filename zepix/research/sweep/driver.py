"""Turns the loop of a sweep: asks for cells, takes those that are done already, runs the others, keeps every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from zepix.errors import ConfigError, DataError
from zepix.research.sweep.job import Desk, Task
from zepix.research.sweep.local import Runner
from zepix.research.sweep.outcome import Row
from zepix.research.sweep.space import Cell, Space
from zepix.research.sweep.store import Store

__all__ = ["Listed", "Source", "SweepInterrupted", "Tell", "checked", "drive"]

Tell = Callable[[int, int], None]
_SHOWN = 20


class SweepInterrupted(KeyboardInterrupt):
    """Somebody stopped the sweep; says what is kept and how to go on."""


class Source(Protocol):
    """Where cells come from: ``next`` gives one, or None while (or because) there is none; ``told`` hears of each."""

    def next(self) -> Task | None: ...

    def told(self, task: Task, row: Row) -> None: ...

    def close(self) -> None: ...

    @property
    def total(self) -> int: ...

    @property
    def tasks(self) -> list[Task]: ...


class Listed:
    """Cells that are known before."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self.tasks = list(tasks)
        self._left = iter(self.tasks)

    @property
    def total(self) -> int:
        return len(self.tasks)

    def next(self) -> Task | None:
        return next(self._left, None)

    def told(self, task: Task, row: Row) -> None:
        """A list learns nothing."""

    def close(self) -> None:
        """A list holds nothing."""


def checked(desk: Desk, space: Space) -> list[Task]:
    """Every cell of a grid or of draws with its hash; none of a study.

    Raises ConfigError with the problems of every parameter, and then of every cell, before anything runs; DataError
    where prices or alerts are not there.
    """
    first: Cell = {name: space.samples_of(name)[0] for name in space.domains}
    problems: dict[str, None] = {}
    for name in space.domains:
        for value in space.samples_of(name):
            _try(desk.spec, {**first, name: value}, problems)
    if problems:
        raise ConfigError(_shortened(list(problems)))
    tasks: list[Task] = []
    for number, cell in enumerate(space.cells()):
        _try(lambda cell, number=number: tasks.append(desk.task(number, cell)), cell, problems)  # type: ignore[misc]
    if problems:
        raise ConfigError(_shortened(list(problems)))
    if not tasks:
        desk.task(0, first)
    return tasks


def _try(check: Callable[[Cell], object], cell: Cell, problems: dict[str, None]) -> None:
    try:
        check(cell)
    except ConfigError as error:
        problems.update(dict.fromkeys(error.problems))


def _shortened(problems: list[str]) -> list[str]:
    more = [f"and {len(problems) - _SHOWN:,} more problems"] if len(problems) > _SHOWN else []
    return problems[:_SHOWN] + more


def drive(source: Source, runner: Runner, store: Store, tell: Tell) -> None:
    """Run what ``source`` asks for until it has no more; cells that are done already are taken as they are.

    Raises DataError where a result cannot be written (a full disk) and SweepInterrupted; finished cells are kept.
    """
    finished = running = 0
    try:
        while True:
            tell(finished, source.total)
            while runner.free > 0 and (task := source.next()) is not None:
                row = store.done(task.hash)
                if row is None:
                    runner.submit(task)
                    running += 1
                else:
                    source.told(task, row)
                    finished += 1
                    tell(finished, source.total)
            if not running:
                return
            task, row = runner.wait()
            running -= 1
            _keep(store, row, finished)
            source.told(task, row)
            finished += 1
    except KeyboardInterrupt as stop:
        raise SweepInterrupted(
            f"interrupted: {finished:,} of {source.total:,} cells are kept in {store.folder}; "
            "the same sweep with resume (resume=True, --resume) goes on with the rest"
        ) from stop


def _keep(store: Store, row: Row, finished: int) -> None:
    try:
        store.write(row)
    except DataError as error:
        raise DataError(
            f"{error}; the sweep stopped: {finished:,} cells are kept in {store.folder}; "
            "make room and go on with resume"
        ) from error
