"""What the command line writes: plain text that survives any console, tables, a progress bar where there is one to see.

Results go to standard output, everything else (problems, notes, progress) to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["harden_streams", "harmless", "note", "problem", "progress", "say", "table", "words"]

WIDTH_WITHOUT_TERMINAL = 120


def harden_streams() -> None:
    """Let no character stop a line: what the console's encoding lacks is replaced (cp1252 on Windows)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def harmless(text: str) -> str:
    """Text without control characters: an alert's id must not command the terminal it is shown on."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def say(text: str) -> None:
    """A line of the result."""
    typer.echo(text)


def note(text: str) -> None:
    """A line beside the result."""
    typer.echo(text, err=True)


def problem(text: str) -> None:
    """A line that says why there is no result; a message of several lines is joined into one."""
    typer.echo(f"zepix: {' '.join(text.split())}", err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Rows under column heads; numbers to the right. Boxes are ASCII where the encoding is not a Unicode one."""
    from rich.table import Table

    cells = [["" if cell is None else cell for cell in row] for row in rows]
    numeric = [bool(cells) and all(isinstance(row[i], int | float) for row in cells) for i in range(len(columns))]
    drawn = Table(title=title, title_justify="left")
    for name, right in zip(columns, numeric, strict=True):
        drawn.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*(harmless(str(cell)) for cell in row))
    _console().print(drawn)


def words(value: Any) -> Any:
    """A value as a cell: lists and tables in words, nothing as nothing, numbers as they are."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words(child)}" for key, child in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(str(words(child)) for child in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


@contextmanager
def progress(text: str, *, hidden: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, told (done, total); None where nobody could see it or nobody wants to."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream is not None and stream.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
