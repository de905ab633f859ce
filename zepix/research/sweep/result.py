"""What a sweep gives back: every cell with its settings, figures and digest; which are best, and why not to believe it.

``returns`` holds the daily returns of every cell side by side: what the deflated Sharpe ratio and the probability of
backtest overfitting are computed from.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.config.keys import near
from zepix.errors import ConfigError, DataError
from zepix.research.naming import SaysNames
from zepix.research.pictures.heat import Heatmap, check_axes, gathered, values_in_order
from zepix.research.result import Result
from zepix.research.sweep.job import Desk, Task
from zepix.research.sweep.outcome import COUNTS, DONE, FIGURES, Row
from zepix.research.sweep.words import notes_of, table_lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SMALLER_IS_BETTER", "SweepResult"]

SMALLER_IS_BETTER: Final = (
    *("max_drawdown", "max_drawdown_frac", "longest_drawdown_days", "volatility", "ambiguous", "ambiguous_money"),
    *("commission", "lost"),
)
_SHOWN: Final = 10


class SweepResult(SaysNames):
    """All cells of a sweep, in the order in which it names them; prints a short table and its doubts.

    ``cells`` has one (task, row) a cell; ``folder`` is where they lie; ``description`` what was asked.
    """

    def __init__(
        self, folder: Path, description: Mapping[str, Any], cells: Sequence[tuple[Task, Row]], desk: Desk | None = None
    ) -> None:
        self.folder = folder
        self.description = dict(description)
        self.cells = list(cells)
        self._desk = desk

    # -- tables ---------------------------------------------------------------------------------------------------

    @property
    def parameters(self) -> list[str]:
        """The dotted keys that were swept."""
        return list(self.description.get("space", {}))

    def frame(self) -> pd.DataFrame:
        """One row a cell: its hash, status, settings, figures, digest and error."""
        import pandas as pd

        return pd.DataFrame([self._flat(task, row) for task, row in self.cells], columns=self._columns())

    def best(self, n: int = _SHOWN, by: str = "net_profit") -> pd.DataFrame:
        """The ``n`` best cells that are done, by a figure; drawdowns and the like are best when small.

        Cells in which the figure does not exist are left out. Raises ConfigError for a figure that there is not.
        """
        known = (*FIGURES, *COUNTS)
        if by not in known:
            raise ConfigError(f"by={by!r} is no figure{near(by, known) or '; there are ' + ', '.join(known)}")
        import pandas as pd

        return pd.DataFrame([self._flat(*one) for one in self._best(n, by)], columns=self._columns())

    @property
    def failed(self) -> pd.DataFrame:
        """The cells without a result, with their errors."""
        frame = self.frame()
        return frame[frame["status"] != DONE][["number", "cell", *self.parameters, "error"]].reset_index(drop=True)

    def heatmap(self, x: str, y: str, by: str | None = None, *, how: str = "best") -> Heatmap:
        """A figure over two swept settings: of the done cells that share a pair the ``best`` or the ``mean``.

        by: the objective where nothing is said. It shows itself as a picture in a notebook (``plot()``), prints as a
        table and gives ``frame()``. Raises ConfigError for names that there are not, and for a setting with more than
        200 values, as random draws have.
        """
        by = by or self.objective
        known = (*FIGURES, *COUNTS)
        if by not in known:
            raise ConfigError(f"by={by!r} is no figure{near(by, known) or '; there are ' + ', '.join(known)}")
        check_axes(x, y, self.parameters, how)
        rows = [self._flat(task, row) for task, row in self.cells]
        across, down = ((name, values_in_order([row[name] for row in rows])) for name in (x, y))
        done = ((row[x], row[y], row[by]) for row in rows if row["status"] == DONE)
        return gathered(
            done, across, down, by, how=how, smaller_is_better=by in SMALLER_IS_BETTER, others=len(self.parameters) - 2
        )

    @cached_property
    def returns(self) -> pd.DataFrame:
        """Daily returns: one row the end of a trading day (aware, UTC), one column a done cell, named by its hash.

        A day that a cell does not have (it began later, its account was lost) is NaN there.
        """
        import pandas as pd

        columns = {}
        for _, row in self.cells:
            if row["status"] == DONE and row["cell"] not in columns:
                index = pd.DatetimeIndex(pd.to_datetime(row["day_ns"] or [], unit="ns", utc=True), name="day")
                columns[row["cell"]] = pd.Series(row["returns"] or [], index=index, dtype=float)
        return pd.DataFrame(columns).sort_index() if columns else pd.DataFrame()

    # -- one cell -------------------------------------------------------------------------------------------------

    def cell(self, which: str | int) -> Result:
        """One cell whole, by its hash (or a beginning that only one has) or its number: it is replayed again.

        Raises ConfigError where none or several are meant, DataError where the replay gives another digest than the
        sweep kept.
        """
        task, row = self._found(which)
        if self._desk is None:
            raise ConfigError(
                "this sweep was opened from its folder, without what it was made of; call zx.sweep(...) with the same "
                f"arguments, out={str(self.folder)!r} and resume=True: finished cells are taken from there"
            )
        result = self._desk.run(task.cell, task.data or None)
        if row.get("digest") and result.digest != row["digest"]:
            raise DataError(
                f"cell {task.hash} now has the digest {result.digest[:16]} and had {row['digest'][:16]} in the sweep: "
                "the same settings, prices, alerts and code gave two results; does the strategy read a clock, a file, "
                "chance?"
            )
        return result

    def _found(self, which: str | int) -> tuple[Task, Row]:
        if isinstance(which, int):
            matches = [one for one in self.cells if one[0].number == which]
        else:
            matches = [one for one in self.cells if which and one[0].hash.startswith(which)]
        hashes = list(dict.fromkeys(task.hash for task, _ in matches))
        if len(hashes) != 1:
            hint = near(str(which), [task.hash for task, _ in self.cells])
            said = f"{len(hashes)} cells begin with {which!r}" if hashes else f"no cell is {which!r}{hint}"
            raise ConfigError(f"{said}; frame() lists them")
        return matches[0]

    # -- words ----------------------------------------------------------------------------------------------------

    @cached_property
    def notes(self) -> list[str]:
        """Sentences to read before the table: how many were tried, what failed, what changed nothing."""
        return notes_of(self)

    def lines(self) -> list[str]:
        """What printing shows."""
        return [*table_lines(self._table()), "", *self.notes]

    def as_dict(self) -> dict[str, Any]:
        """Plain values: the description, the notes, and every cell without its daily returns."""
        rows = [self._flat(task, row) for task, row in self.cells]
        return {**self.description, "notes": self.notes, "cells": rows, "folder": self.folder.as_posix()}

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        done = sum(1 for _, row in self.cells if row["status"] == DONE)
        return f"<SweepResult {done:,} of {len(self.cells):,} cells done, in {self.folder}>"

    def __len__(self) -> int:
        return len(self.cells)

    def _repr_html_(self) -> str:
        heads, *rows = self._table()
        top = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        said = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return f"<div><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table><ul>{said}</ul></div>"

    def _table(self) -> list[list[str]]:
        from zepix.research.sweep.words import shown_table

        return shown_table(self, [self._flat(*one) for one in self._best(_SHOWN, self.objective)])

    @property
    def objective(self) -> str:
        """The figure that the table is sorted by: that of the study, else the net profit."""
        said = self.description.get("options", {}).get("objective")
        return said if said in (*FIGURES, *COUNTS) else "net_profit"

    def _best(self, n: int, by: str) -> list[tuple[Task, Row]]:
        found = [one for one in self.cells if one[1]["status"] == DONE and one[1].get(by) is not None]
        sign = 1 if by in SMALLER_IS_BETTER else -1
        return sorted(found, key=lambda one: sign * one[1][by])[: max(0, n)]

    def _columns(self) -> list[str]:
        last = ("currency", "digest", "error", "seconds")
        return ["number", "cell", "status", *self.parameters, *FIGURES, *COUNTS, *last]

    def _flat(self, task: Task, row: Row) -> dict[str, Any]:
        settings = task.cell or json.loads(row["settings"])
        kept = {name: row.get(name) for name in self._columns() if name not in self.parameters}
        said = {name: settings.get(name) for name in self.parameters}
        return {**kept, "number": task.number, "cell": task.hash, **said}
