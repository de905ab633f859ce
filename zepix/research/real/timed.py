"""Values that stand in time, as strategies hold them: what is the last instant in one, and the part known before one.

Understood are DataFrames and Series by their index or a column of times, tables of pyarrow, dictionaries by instants,
lists of rows that begin with one. Bars (a table with a close) are named by their open and known at their end; every
other row is known at its own time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

__all__ = ["LEAST_ROWS", "before", "instants", "is_timeless"]

LEAST_ROWS: Final = 20
"""Fewer rows are no history."""
_TIME_NAMES: Final = ("time", "date", "datetime", "timestamp", "ts", "t", "open_time", "time_ns")
_EPOCHS: Final = ((1e17, 1), (1e14, 1_000), (1e11, 1_000_000), (1e8, 1_000_000_000))
"""From a magnitude on, an integer is an instant since 1970, in units of so many nanoseconds."""
_MOST: Final = 4.2e18
_TIMELESS_LEAST: Final = 100

Int64 = Any


def instants(value: Any) -> Int64 | None:
    """When each row was known, nanoseconds UTC; None for what does not stand in time or is too short to matter."""
    kind = _kind(value)
    if kind == "frame":
        return _of_frame(value)
    if kind == "series":
        return _known(_as_ns(value.index), False)
    if kind == "arrow":
        return _of_frame(value.to_pandas())
    if isinstance(value, dict):
        return _known(_as_ns(list(value)), False)
    if isinstance(value, np.ndarray) and value.dtype.kind == "M":
        return _known(_as_ns(value), False)
    if isinstance(value, list | tuple) and len(value) >= LEAST_ROWS and isinstance(value[0], list | tuple):
        return _known(_as_ns([row[0] for row in value if len(row) > 0]), False)
    if isinstance(value, list | tuple) and len(value) >= LEAST_ROWS:
        return _known(_as_ns(value), False)
    return None


def before(value: Any, at_ns: int) -> Any:
    """The rows that were known before an instant; the value itself where it does not stand in time."""
    known = instants(value)
    if known is None:
        return value
    kept = np.flatnonzero(known < at_ns)
    if len(kept) == len(known):
        return value
    kind = _kind(value)
    if kind in ("frame", "series"):
        return value.iloc[kept]
    if kind == "arrow":
        return value.take(kept)
    if isinstance(value, dict):
        wanted = set(kept.tolist())
        return {key: one for number, (key, one) in enumerate(value.items()) if number in wanted}
    if isinstance(value, np.ndarray):
        return value[kept]
    return type(value)(value[int(row)] for row in kept)


def is_timeless(value: Any) -> bool:
    """Whether it is a row of numbers that might be prices and says no time."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iuf" and value.size >= _TIMELESS_LEAST
    if isinstance(value, list | tuple):
        return len(value) >= _TIMELESS_LEAST and all(isinstance(one, int | float) for one in value[:_TIMELESS_LEAST])
    if _kind(value) in ("frame", "series"):
        return len(value) >= _TIMELESS_LEAST
    return False


def _kind(value: Any) -> str:
    """By name, so that neither library is imported for it."""
    cls = type(value)
    root = cls.__module__.partition(".")[0]
    if root == "pandas":
        return {"DataFrame": "frame", "Series": "series"}.get(cls.__name__, "")
    return "arrow" if root == "pyarrow" and cls.__name__ == "Table" else ""


def _of_frame(frame: Any) -> Int64 | None:
    is_bars = any(str(name).lower() in ("close", "bid_close", "high", "bid_high") for name in frame.columns)
    found = _as_ns(frame.index)
    if found is None:
        for name in frame.columns:
            column = frame[name]
            if getattr(column.dtype, "kind", "") == "M" or str(name).lower() in _TIME_NAMES:
                found = _as_ns(column)
                if found is not None:
                    break
    return _known(found, is_bars)


def _known(found: Int64 | None, is_bars: bool) -> Int64 | None:
    if found is None or len(found) < LEAST_ROWS:
        return None
    if not is_bars:
        return found
    steps = np.diff(np.sort(found))
    steps = steps[steps > 0]
    return found + (int(np.median(steps)) - 1 if len(steps) else 0)  # at its end it is known, not after it


def _as_ns(values: Any) -> Int64 | None:
    """Instants as nanoseconds; None for what are none."""
    if len(values) < LEAST_ROWS:
        return None
    root = type(values).__module__.partition(".")[0]
    if root == "pandas":
        kind = getattr(values.dtype, "kind", "")
        if kind == "M":
            naive = values.dt.tz_convert(None) if hasattr(values, "dt") and values.dt.tz else values
            naive = naive.tz_convert(None) if getattr(naive, "tz", None) is not None else naive
            return np.asarray(naive, dtype="datetime64[ns]").astype(np.int64)
        if kind == "O" or str(values.dtype) in ("str", "string"):
            return _of_objects(list(values))
        values = np.asarray(values)
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "M":
            return values.astype("datetime64[ns]").astype(np.int64)
        return _of_numbers(values) if values.dtype.kind in "iuf" and values.ndim == 1 else None
    return _of_objects(values)


def _of_numbers(values: Any) -> Int64 | None:
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    for least, unit in _EPOCHS:
        if lowest >= least:
            return values.astype(np.int64) * unit if highest * unit <= _MOST else None
    return None


def _of_objects(values: Sequence[Any]) -> Int64 | None:
    """Datetimes, ISO texts or epochs; the first says which of them they are."""
    head = values[0]
    if isinstance(head, int | float) and not isinstance(head, bool):
        if not all(isinstance(one, int | float) for one in values):
            return None
        return _of_numbers(np.asarray(values))
    try:
        found = [_instant(one) for one in values]
    except (ValueError, TypeError, OverflowError):
        return None
    return np.asarray(found, np.int64)


def _instant(value: Any) -> int:
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    elif isinstance(value, np.datetime64):
        found: int = value.astype("datetime64[ns]").astype(np.int64).item()
        return found
    if not isinstance(value, dt.datetime):
        if not isinstance(value, dt.date):
            raise TypeError
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - made aware below
    if value.tzinfo is None:
        value = value.replace(tzinfo=dt.UTC)
    seconds: float = value.timestamp()
    return round(seconds * 1_000_000) * 1_000
