"""The alert log as Parquet: the columns of the JSON lines as text, ``payload`` too.

``received_at`` may also be a timestamp column with a time zone; one without is read, and each row says ``no_timezone``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from zepix.alerts.payload import body_text
from zepix.alerts.rows import COLUMNS, PROBLEM, REQUIRED, LogRow, problem_of, problem_text
from zepix.alerts.timestamps import from_ns
from zepix.errors import DataError

__all__ = ["column_values", "read_parquet", "write_parquet"]

_BATCH_ROWS: Final = 16384


def read_parquet(path: Path) -> Iterator[LogRow]:
    """The rows of the file, batch by batch. Raises DataError for what is no Parquet or lacks a required column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as handle:
            file = pq.ParquetFile(handle)
            names = list(file.schema_arrow.names)
            missing = [name for name in REQUIRED if name not in names]
            if missing:
                raise DataError(
                    f"{path} has no column {' and no column '.join(missing)}; "
                    f"an alert log has received_at and payload, this file has {', '.join(names) or 'no columns'}"
                )
            wanted = [name for name in (*COLUMNS, PROBLEM) if name in names]
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=wanted):
                nothing = [None] * batch.num_rows
                columns = [column_values(batch.column(name)) if name in wanted else nothing for name in COLUMNS]
                problems = map(problem_of, column_values(batch.column(PROBLEM)) if PROBLEM in wanted else nothing)
                for values in zip(*columns, problems, strict=True):
                    number += 1
                    yield LogRow(number, *values)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet ({str(error)[:200]}); an alert log was expected") from error


def column_values(column: Any) -> list[Any]:
    """The column as Python values; timestamps as ISO 8601 text to the nanosecond, with ``Z`` where they have a zone."""
    import pyarrow as pa

    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    ending = "Z" if column.type.tz else ""
    nanos = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64()).to_pylist()
    return [None if value is None else from_ns(value).removesuffix("Z") + ending for value in nanos]


def write_parquet(path: Path, rows: Iterable[LogRow]) -> int:
    """Writes the rows, and gives how many. The file is written in place: lend it a draft."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in (*COLUMNS, PROBLEM)])
    count, remaining = 0, iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(remaining, _BATCH_ROWS)):
            columns = {name: [_text(getattr(row, name)) for row in batch] for name in COLUMNS}
            columns["payload"] = [row.text or _text(row.payload) for row in batch]
            columns[PROBLEM] = [None if row.problem is None else problem_text(row.problem) for row in batch]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(batch)
    return count


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else body_text(value)
