"""The first sheet of an Excel workbook as a table of prices: cells by column, times from Excel's day numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from zepix.data.foreign import SAMPLE_LINES, Table
from zepix.errors import DataError
from zepix.workbook import Workbook

__all__ = ["read_workbook"]

_SERIALS: Final = (20_000.0, 80_000.0)  # 1954 to 2119 as day numbers; no price of the first column lies there


def read_workbook(path: Path) -> Table:
    """The cells of the first sheet as columns ``1``, ``2``, ...; a first column of day numbers becomes times.

    Raises DataError for a workbook that is damaged, too large, empty, or whose rows have different lengths.
    """
    import pandas as pd

    with Workbook(path, what="the prices") as book:
        rows = list(book.rows())
        if not rows:
            raise DataError(f"{path.name} holds no rows")
        width = len(rows[0])
        odd = next((k for k, row in enumerate(rows) if len(row) != width), None)
        if odd is not None:
            raise DataError(f"{path.name} row {odd + 1} has {len(rows[odd])} cells, the first has {width}")
        headings = tuple(str(k + 1) for k in range(width))
        lines = [";".join(str(cell) for cell in row) for row in rows[:SAMPLE_LINES]]
        frame = pd.DataFrame(rows, columns=list(headings))
        if frame["1"].map(_is_serial).all():
            frame["1"] = [book.moment(float(cell)).isoformat(" ") for cell in frame["1"]]
    return Table(path, frame, headings, lines, ";", 1, is_workbook=True)


def _is_serial(cell: Any) -> bool:
    return isinstance(cell, float) and _SERIALS[0] < cell < _SERIALS[1]
