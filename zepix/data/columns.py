"""Where columns of prices come from: a Parquet file or arrays in memory, read block by block.

A block is a row group and as many columns as keep its floats below 16 MB (two at least), so that a file of any length
is decoded in little memory. Decoding goes past pyarrow's own conversion to numpy, which imports pandas.

Format of a file of bars: ``time`` (a timestamp with its zone; the bar's open), ``bid_open bid_high bid_low
bid_close``, and the same four of the ask, or a column ``spread`` (or ``spread_points``) in points of the instrument, or
neither. A file of ticks: ``time``, ``bid``, and ``ask`` or a spread or neither. Further columns (``tick_volume``) are
left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from zepix.errors import DataError
from zepix.model.series import Int64

__all__ = [
    "ASKS",
    "BARS",
    "BIDS",
    "END_NS",
    "MAX_ROWS",
    "SPREADS",
    "TICKS",
    "ArrayColumns",
    "Block",
    "Columns",
    "Float64",
    "Layout",
    "ParquetColumns",
    "layout_of",
    "require_years",
]

Float64 = NDArray[np.float64]
Block = tuple[int, dict[str, Float64]]
"""The row at which a block starts, and its columns."""

BIDS: Final = ("bid_open", "bid_high", "bid_low", "bid_close")
ASKS: Final = ("ask_open", "ask_high", "ask_low", "ask_close")
SPREADS: Final = ("spread_points", "spread")
MAX_ROWS: Final = 200_000_000
MAX_FILE_BYTES: Final = 32_000_000_000
BLOCK_BYTES: Final = 16_000_000
_UNIT_NS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
END_NS: Final = 7_258_118_400_000_000_000
"""2200-01-01: times lie before it, and not before 1970."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the price columns are called: of the bid, and of the ask, which may be missing."""

    bids: tuple[str, ...]
    asks: tuple[str, ...]


BARS: Final = Layout(BIDS, ASKS)
TICKS: Final = Layout(("bid",), ("ask",))


def layout_of(timeframe: str) -> Layout:
    """The columns of a file of this timeframe (``tick`` or a bar's)."""
    return TICKS if timeframe == "tick" else BARS


def require_years(name: str, time: NDArray[Any], unit: str = "ns") -> None:
    """Raise DataError, naming the first row, for times (in ``unit`` since 1970) outside 1970 to 2199."""
    end = END_NS // _UNIT_NS[unit]
    if not len(time) or (int(time.min()) >= 0 and int(time.max()) < end):
        return
    outside = (time < 0) | (time >= end)
    row = int(np.argmax(outside))
    moment = time.astype(f"datetime64[{unit}]")[row]
    raise DataError(
        f"{name}: {int(outside.sum())} times lie before 1970 or after 2199 (first: row {row}, {moment}); "
        "is the unit right?"
    )


class Columns(Protocol):
    """Columns by name; ``name`` says whose they are in an error."""

    name: str
    rows: int
    layout: Layout

    @property
    def has_asks(self) -> bool: ...
    @property
    def spread_column(self) -> str | None: ...
    def time_ns(self) -> Int64: ...
    def blocks(self, names: Sequence[str]) -> Iterator[Block]: ...
    def is_single(self, column: str) -> bool: ...


def _check_names(name: str, have: Sequence[str], layout: Layout) -> None:
    """Raise DataError if columns are missing; says what to do where they look like something else."""
    missing = [c for c in ("time", *layout.bids) if c not in have]
    asks = [c for c in layout.asks if c in have]
    if asks and len(asks) < len(layout.asks):
        missing += [c for c in layout.asks if c not in have]
    if not missing:
        return
    shown = ", ".join(list(have)[:20]) or "none"
    raise DataError(f"{name}: columns missing: {', '.join(missing)}; it has: {shown}{_hint(have, layout)}")


def _hint(have: Sequence[str], layout: Layout) -> str:
    """What a file without the columns of ``layout`` may be instead, or nothing."""
    if layout is BARS and "bid" in have:
        return "; these look like ticks: name the file SYMBOL_TICK_*.parquet, or say SYMBOL:TICK=PATH"
    if layout is TICKS and BIDS[0] in have:
        return "; these look like bars: name the file after their timeframe, or say SYMBOL:TF=PATH"
    if {c.lower() for c in have} >= {"open", "high", "low", "close"}:
        return "; bring foreign prices in with `zepix bars import`"
    return ""


class ParquetColumns:
    """The columns of one Parquet file, each decoded when asked for.

    Raises DataError if the file is absent, empty, no Parquet, without the columns or with times without a zone.
    """

    def __init__(self, path: Path, layout: Layout = BARS) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.name = path.name
        self.layout = layout
        try:
            size = path.stat().st_size
            if not path.is_file():
                raise DataError(f"{path} is no file")
            if size == 0:
                raise DataError(f"{path} is empty (0 bytes)")
            if size > MAX_FILE_BYTES:
                raise DataError(f"{path} is larger than {MAX_FILE_BYTES} bytes; split it by year")
            self._file = pq.ParquetFile(path, memory_map=False)
        except OSError as why:
            raise DataError(f"{path} cannot be read: {why.strerror or why}") from why
        except pa.ArrowException as why:
            raise DataError(f"{path} is no Parquet file: {why}") from why
        try:
            self._schema = self._file.schema_arrow
            self.rows = int(self._file.metadata.num_rows)
            self._check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> ParquetColumns:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        import pyarrow as pa

        _check_names(self.name, self._schema.names, self.layout)
        if self.rows == 0:
            raise DataError(f"{self.name} holds no rows")
        if self.rows > MAX_ROWS:
            raise DataError(f"{self.name} holds {self.rows} rows, more than {MAX_ROWS}; split it by year")
        kind = self._schema.field("time").type
        if not pa.types.is_timestamp(kind):
            raise DataError(f"{self.name}: column time is {kind}; expected a timestamp with a time zone")
        if kind.tz is None:
            raise DataError(
                f"{self.name}: times carry no time zone, and zepix never guesses one; write them as UTC, "
                "or bring the file in with `zepix bars import --zone`"
            )
        asks = self.layout.asks if self.has_asks else ()
        for column in (*self.layout.bids, *asks, *filter(None, (self.spread_column,))):
            value = self._schema.field(column).type
            if not (pa.types.is_floating(value) or pa.types.is_integer(value) or pa.types.is_decimal(value)):
                raise DataError(f"{self.name}: column {column} is {value}; expected numbers")

    @property
    def has_asks(self) -> bool:
        return self.layout.asks[0] in self._schema.names

    @property
    def spread_column(self) -> str | None:
        return next((c for c in SPREADS if c in self._schema.names), None)

    def is_single(self, column: str) -> bool:
        """Whether a column is kept in 32 bits, which cannot say every price exactly."""
        return str(self._schema.field(column).type) in ("float", "halffloat")

    def _read(self, group: int, names: Sequence[str]) -> Any:
        import pyarrow as pa

        try:
            return self._file.read_row_group(group, columns=list(names), use_threads=True)
        except (OSError, pa.ArrowException) as why:
            raise DataError(f"{self.name}: columns {', '.join(names)} cannot be read: {why}") from why

    def _group_sizes(self) -> list[int]:
        return [self._file.metadata.row_group(k).num_rows for k in range(self._file.num_row_groups)]

    def time_ns(self) -> Int64:
        """The column ``time`` in nanoseconds. Raises DataError for missing times and such outside 1970 to 2199."""
        time = np.empty(self.rows, np.int64)
        unit = self._schema.field("time").type.unit
        start = 0
        for group, size in enumerate(self._group_sizes()):
            column = self._read(group, ["time"]).column("time")
            if column.null_count:
                raise DataError(f"{self.name}: {column.null_count} times are missing in rows from {start} on")
            _copy(column, time[start : start + size])
            start += size
        require_years(self.name, time, unit)
        time *= _UNIT_NS[unit]
        return time

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        """The columns as float64, block by block, in order of rows for each column; a missing value is NaN."""
        import pyarrow as pa

        start = 0
        for group, size in enumerate(self._group_sizes()):
            width = max(2, BLOCK_BYTES // (8 * max(size, 1)))
            for first in range(0, len(names), width):
                some = names[first : first + width]
                table = self._read(group, some)
                yield start, {name: _as_floats(table.column(name)) for name in some}
            start += size
            pa.default_memory_pool().release_unused()


def _as_floats(column: Any) -> Float64:
    """A chunked column as one float64 array, without a copy where it is one chunk of doubles without gaps."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type != pa.float64():
        column = pc.cast(column, pa.float64(), safe=False)
    if column.null_count:
        column = pc.fill_null(column, float("nan"))
    if column.num_chunks == 1:
        return _values(column.chunk(0), np.float64)
    found = np.empty(len(column), np.float64)
    _copy(column, found)
    return found


def _copy(column: Any, out: NDArray[Any]) -> None:
    start = 0
    for chunk in column.chunks:
        out[start : start + len(chunk)] = _values(chunk, out.dtype)
        start += len(chunk)


def _values(chunk: Any, dtype: Any) -> NDArray[Any]:
    """The values of an Arrow array of 64-bit values without gaps; shares its memory."""
    if not len(chunk):
        return np.empty(0, dtype)
    return np.frombuffer(chunk.buffers()[1], dtype, count=len(chunk), offset=chunk.offset * 8)


class ArrayColumns:
    """Arrays in memory under the names of the file format; ``time`` is int64 nanoseconds UTC."""

    def __init__(self, name: str, arrays: Mapping[str, NDArray[Any]], layout: Layout = BARS) -> None:
        self.name = name
        self.layout = layout
        self._arrays = arrays
        _check_names(name, list(arrays), layout)
        self.rows = len(arrays["time"])
        if not self.rows:
            raise DataError(f"{name} holds no rows")
        for column, values in arrays.items():
            if len(values) != self.rows:
                raise DataError(f"{name}: column {column} has {len(values)} rows, time has {self.rows}")

    @property
    def has_asks(self) -> bool:
        return self.layout.asks[0] in self._arrays

    @property
    def spread_column(self) -> str | None:
        return next((c for c in SPREADS if c in self._arrays), None)

    def is_single(self, column: str) -> bool:
        return self._arrays[column].dtype == np.float32

    def time_ns(self) -> Int64:
        """The column ``time``. Raises DataError for times outside 1970 to 2199."""
        time = np.ascontiguousarray(self._arrays["time"], np.int64)
        require_years(self.name, time)
        return time

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        yield 0, {name: np.ascontiguousarray(self._arrays[name], np.float64) for name in names}
