"""The rows of a sweep: one a cell, its axes and what its tickets sum up to; kept in memory, or in a Parquet file.

Rows are written in row groups as they come, so memory does not grow with the grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from zepix.errors import DataError
from zepix.kernels import exits_sums as at
from zepix.model.exit_plan import ExitPlan
from zepix.research.exits_sweep.first_lane import Sums
from zepix.research.exits_sweep.grid import Axis, Grid

__all__ = ["FIGURES", "Kept", "RowFile", "columns_of"]

FIGURES: Final = (
    "net_profit",
    "tickets",
    "win_rate",
    "profit_factor",
    "average_r",
    "max_drawdown",
    "best_ticket",
    "worst_ticket",
    "lowest_balance",
    "ambiguous",
    "open_at_end",
    "left_out",
    "refused",
    "net_minor",
)
"""Columns besides ``cell`` and the axes. Money is in the account's currency, ``net_minor`` in its minor units."""
BATCH: Final = 65_536
Columns = dict[str, Any]


def columns_of(grid: Grid, first: int, sums: Sums, scale: int, balance: float) -> Columns:
    """The columns of the cells from ``first`` on, as numpy arrays by name."""
    whole, shares = sums
    count = len(whole)
    digits = grid.digits(first, first + count)
    found: Columns = {"cell": np.arange(first, first + count, dtype=np.int64)}
    for axis in grid.axes:
        found[axis.name] = _values(axis)[digits[axis.part]]
    fills, money = whole[:, at.FILLS], whole / scale
    none = np.where(fills > 0, 1.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        found["net_profit"] = money[:, at.NET]
        found["tickets"] = fills.copy()
        found["win_rate"] = whole[:, at.WINS] / fills
        found["profit_factor"] = whole[:, at.WON] / -whole[:, at.LOST]
        found["average_r"] = shares / whole[:, at.WITH_R]
    found["max_drawdown"] = money[:, at.DRAWDOWN]
    found["best_ticket"], found["worst_ticket"] = money[:, at.BEST] * none, money[:, at.WORST] * none
    found["lowest_balance"] = balance + money[:, at.LOWEST]
    for name, place in (
        ("ambiguous", at.AMBIGUOUS),
        ("open_at_end", at.AT_END),
        ("left_out", at.SKIPPED),
        ("refused", at.REFUSED_ENTRIES),
        ("net_minor", at.NET),
    ):
        found[name] = whole[:, place].copy()
    return found


def _values(axis: Axis) -> Any:
    """An axis as an array: numbers as float64 (NaN: without); a plan as its number, -1 for none."""
    if axis.part == "ladder":
        return np.array([n if isinstance(v, ExitPlan) else -1 for n, v in enumerate(axis.values)], np.int64)
    return np.array([np.nan if v is None else float(v) for v in axis.values], np.float64)


class Kept:
    """Rows in memory."""

    def __init__(self) -> None:
        self._parts: list[Columns] = []

    def add(self, columns: Columns) -> None:
        self._parts.append(columns)

    def close(self) -> None:
        """All rows have come."""
        if len(self._parts) > 1:
            names = self._parts[0]
            self._parts = [{name: np.concatenate([part[name] for part in self._parts]) for name in names}]

    def batches(self) -> Iterator[Columns]:
        """The rows in order, as columns."""
        yield from self._parts


class RowFile:
    """Rows in a Parquet file, written group by group and moved into place whole."""

    def __init__(self, path: Path, facts: Mapping[str, str]) -> None:
        self.path = path
        self._facts = facts
        self._writing = path.with_name(path.name + ".part")
        self._writer: Any = None

    def add(self, columns: Columns) -> None:
        """Append rows. Raises DataError where the disk does not take them."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if self._writer is None:
                self._writing.parent.mkdir(parents=True, exist_ok=True)
                table = pa.table(columns)
                schema = table.schema.with_metadata({k: v.encode() for k, v in self._facts.items()})
                self._writer = pq.ParquetWriter(self._writing, schema, compression="zstd")
            self._writer.write_table(pa.table(columns).cast(self._writer.schema))
        except OSError as error:
            self.abandon()
            raise DataError(f"{self.path}: cannot be written ({error.strerror or error}); is the disk full?") from None

    def close(self) -> None:
        """Finish the file, and put it in the place of an older one."""
        try:
            self._writer.close()
            self._writing.replace(self.path)
        except OSError as error:
            raise DataError(
                f"{self.path}: cannot be finished ({error.strerror or error}); is it open elsewhere?"
            ) from None

    def abandon(self) -> None:
        """Leave no half file behind."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        with suppress(OSError):
            self._writing.unlink(missing_ok=True)

    def batches(self) -> Iterator[Columns]:
        """The rows in order, as columns, a part at a time."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=BATCH):
                yield {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names}
