"""Where the cells of a sweep are kept: a folder with one small Parquet file a cell, named by the cell's hash.

``sweep.json`` describes the sweep, ``cells/HASH.parquet`` holds one cell: settings, digest, figures, daily returns.
Every file appears whole or not at all, so a sweep that was killed anywhere goes on with the cells that are missing.
When a sweep ends with many small files they are put together as ``cells/whole-*.parquet``, a row each. A file that
cannot be read counts as missing. A cell that is done stays so; one that failed is tried again by the next sweep.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from zepix.errors import ConfigError, DataError
from zepix.journal.atomic import written_whole
from zepix.journal.codec import plain
from zepix.research.sweep.outcome import COUNTS, DONE, FIGURES, Row

__all__ = ["SWEEP", "Store", "read_description"]

SWEEP: Final = "sweep.json"
_CELLS: Final = "cells"
_WHOLE: Final = "whole-"
_TOGETHER_FROM: Final = 64
_MOST_JSON: Final = 64_000_000
_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("cell", "status", "settings", "digest", "error", "currency", "warnings")),
        ("seconds", pa.float64()),
        *((name, pa.float64()) for name in FIGURES),
        *((name, pa.int64()) for name in COUNTS),
        ("day_ns", pa.list_(pa.int64())),
        ("returns", pa.list_(pa.float64())),
    ]
)


class Store:
    """The folder of a sweep. Raises DataError where it cannot be made, read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []
        self._rows: dict[str, Row] = {}

    def open(self, description: Mapping[str, Any], *, resume: bool) -> None:
        """Make the folder, or take up what is there. Raises ConfigError for a sweep's folder without ``resume``."""
        there = self.folder / SWEEP
        if there.is_file() and not resume:
            kept = len(self._read_all())
            raise ConfigError(
                f"{self.folder} holds a sweep already ({kept:,} cells); resume goes on with it "
                "(zx.sweep(..., resume=True), zepix sweep --resume), or name another folder"
            )
        if self.folder.is_dir() and not there.is_file() and any(self.folder.iterdir()):
            raise ConfigError(f"{self.folder} is not empty and holds no sweep; name another folder")
        try:
            (self.folder / _CELLS).mkdir(parents=True, exist_ok=True)
            for part in (self.folder / _CELLS).glob(".*.part"):  # of a process that was killed
                part.unlink(missing_ok=True)
        except OSError as error:
            raise DataError(f"{self.folder} cannot be made ({error.strerror or error}); name another folder") from error
        self.load()
        self.describe(description)

    def load(self) -> None:
        """Read what is there."""
        self._rows = self._read_all()

    def rows(self) -> list[Row]:
        """All that is there, by hash."""
        return [self._rows[cell] for cell in sorted(self._rows)]

    def describe(self, description: Mapping[str, Any]) -> None:
        """Write ``sweep.json``."""
        with written_whole(self.folder / SWEEP) as draft:
            text = json.dumps(plain(description), indent=2, default=str) + "\n"
            draft.write_text(text, encoding="ascii", newline="\n")

    def done(self, cell: str) -> Row | None:
        """The row of a cell that has a result; None for what is missing or failed."""
        row = self._rows.get(cell)
        return row if row is not None and row["status"] == DONE else None

    def row(self, cell: str) -> Row | None:
        """The row of a cell, failed ones too."""
        return self._rows.get(cell)

    def write(self, row: Row) -> None:
        """Keep one cell: its file is there whole or not at all."""
        self._rows[row["cell"]] = row
        self._write_table(self.folder / _CELLS / f"{row['cell']}.parquet", [row])

    def put_together(self) -> None:
        """Make one file of many small ones; rows that are in it are then taken away one by one."""
        small = [path for path in self._files() if not path.name.startswith(_WHOLE)]
        if len(small) < _TOGETHER_FROM:
            return
        rows = [row for path in small for row in self._read(path)]
        name = hashlib.sha256("".join(sorted(row["cell"] + row["status"] for row in rows)).encode()).hexdigest()[:16]
        self._write_table(self.folder / _CELLS / f"{_WHOLE}{name}.parquet", rows)
        for path in small:
            with contextlib.suppress(OSError):  # open in another program (Windows): it stays, the row is there twice
                path.unlink()

    def _write_table(self, path: Path, rows: Iterable[Row]) -> None:
        columns = list(rows)
        arrays = [pa.array([row.get(one.name) for row in columns], one.type, from_pandas=False) for one in _SCHEMA]
        with written_whole(path) as draft:
            pq.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA), draft, compression="zstd")

    def _files(self) -> list[Path]:
        return sorted(path for path in (self.folder / _CELLS).glob("*.parquet") if not path.name.startswith("."))

    def _read_all(self) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for path in self._files():
            for row in self._read(path):
                before = found.get(row["cell"])
                if before is None or before["status"] != DONE:
                    found[row["cell"]] = row
        return found

    def _read(self, path: Path) -> list[Row]:
        try:
            with path.open("rb") as file:
                rows: list[Row] = pq.read_table(file).to_pylist()
        except (OSError, pa.ArrowException, ValueError):
            self.damaged.append(path.name)
            return []
        return [row for row in rows if isinstance(row.get("cell"), str) and isinstance(row.get("status"), str)]


def read_description(folder: Path) -> dict[str, Any]:
    """What ``sweep.json`` says. Raises DataError."""
    path = folder / SWEEP
    try:
        if path.stat().st_size > _MOST_JSON:
            raise DataError(f"{path} is too large for a sweep's description")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{folder} is no folder of a sweep ({error}); zepix sweep --out makes one") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} is no description of a sweep")
    return found
