"""Files of prices are written whole or not at all, and those of one import all or none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from zepix.errors import DataError

__all__ = ["Staged", "drop_all", "move_all", "stage", "write_bars"]


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is written under a temporary name, ``part``, and will be ``target``."""

    part: Path
    target: Path


def write_bars(target: Path, arrays: Mapping[str, NDArray[Any]], *, compact: bool = False) -> None:
    """Write the columns of a file of bars or ticks.

    ``time`` (int64 ns UTC) is written as microseconds with their zone, the rest as it is; under a temporary name, then
    moved. ``compact`` takes a third less room and twice the time to decode.
    Raises DataError if it cannot be written.
    """
    move_all([stage(target, arrays, compact=compact)])


def stage(target: Path, arrays: Mapping[str, NDArray[Any]], *, compact: bool = False) -> Staged:
    """Write a file under a temporary name in the folder of its target. Raises DataError if it cannot be written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: pa.array(values) for name, values in arrays.items() if name != "time"}
    time = pa.array(arrays["time"] // 1000, pa.timestamp("us", tz="UTC"))
    part = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            how = {"use_dictionary": False, "compression_level": 12} if compact else {}
            pq.write_table(pa.table({"time": time, **columns}), part, compression="zstd", **how)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as why:
        raise DataError(f"{target} cannot be written: {why.strerror or why}") from why
    return Staged(part, target)


def move_all(staged: Iterable[Staged]) -> None:
    """Give the files their names; what is left of the temporary ones is removed. Raises DataError if one cannot be."""
    staged = list(staged)
    at = staged[0].target if staged else Path()
    try:
        for one in staged:
            at = one.target
            one.part.replace(at)
    except OSError as why:
        raise DataError(f"{at} cannot be written: {why.strerror or why}") from why
    finally:
        drop_all(staged)


def drop_all(staged: Iterable[Staged]) -> None:
    """Remove the temporary files that are still there."""
    for one in staged:
        one.part.unlink(missing_ok=True)
