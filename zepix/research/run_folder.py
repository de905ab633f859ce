"""Reads what a run left in its folder: ``run.json``, its tables, their rows as plain values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from zepix.errors import DataError

__all__ = ["JOURNAL", "read_meta", "read_table", "rows_of"]

JOURNAL: Final = "journal.sqlite"
"""By which the data folder of a live runner is known."""
_RUN_JSON_LIMIT: Final = 256_000_000


def read_meta(path: Path) -> dict[str, Any]:
    """What a ``run.json`` holds. Raises DataError where it is missing, too large or none."""
    try:
        if path.stat().st_size > _RUN_JSON_LIMIT:
            raise DataError(f"{path} is too large for a run's description")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path.parent} is no folder of a run ({error}); zepix backtest --out makes one") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} is no description of a run")
    return found


def read_table(path: Path) -> Any:
    """A Parquet file whole (pyarrow.Table). Raises DataError where it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read ({str(error)[:200]}); run the replay again") from error


def rows_of(table: Any) -> list[dict[str, Any]]:
    """Rows as plain values; times as nanoseconds."""
    import pyarrow as pa

    for place, name in enumerate(table.column_names):
        if pa.types.is_timestamp(table.schema.field(place).type):
            table = table.set_column(place, name, table.column(place).cast(pa.timestamp("ns", "UTC")).cast(pa.int64()))
    found: list[dict[str, Any]] = table.to_pylist()
    return found
