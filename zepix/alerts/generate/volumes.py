"""Volumes that stand beside the bars in their Parquet file, where there are any.

zepix's bars hold prices only; a replay needs no more. Two of the scripts' inputs count volumes, so they are read from
the file itself: a column ``volume`` or ``tick_volume`` of the very rows that were loaded. Nothing is made up where
there is none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.errors import DataError
from zepix.model import Series

__all__ = ["read_volumes"]

_COLUMNS: Final = ("volume", "tick_volume")


def read_volumes(path: Path, series: Series) -> tuple[NDArray[np.float64] | None, str]:
    """(volumes beside the rows of ``series``, the column's name), or (None, why there are none).

    ``path`` is one Parquet file. Raises DataError where it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        return None, "the bars come from a folder; name a single file to have its volumes read"
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            column = next((name for name in _COLUMNS if name in names), None)
            if column is None:
                return None, "the file has no column volume or tick_volume"
            table = file.read(columns=["time", column])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read ({error}); a Parquet file of bars was expected") from error
    time: Any = table.column("time")
    if not pa.types.is_timestamp(time.type):
        return None, "the file's times are no timestamps"
    moments = time.cast(pa.timestamp("ns", time.type.tz)).cast(pa.int64()).to_numpy()
    volumes = np.asarray(table.column(column).to_numpy(), np.float64)
    where = np.searchsorted(moments, series.time)
    if len(moments) == 0 or where.max(initial=0) >= len(moments) or not (moments[where] == series.time).all():
        return None, "the file's rows are not those of the bars"
    found = volumes[where]
    if not np.isfinite(found).all() or (found < 0).any() or not found.any():
        return None, f"column {column} is empty or holds what is no volume"
    return found, column
