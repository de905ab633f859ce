"""Bringing foreign bars into a store: read, put in order, checked as a replay would check them, written as Parquet.

- Rows newest first are turned round; rows out of order are sorted by time (stably) and counted.
- A row that repeats in full is merged and counted. Rows of one time that differ are an error, unless ``duplicates``
  says which counts: ``first`` or ``last``.
- What a replay would refuse is refused here, before anything is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.build import raw_facts, refuse, timeframe_ns
from zepix.data.columns import ArrayColumns
from zepix.data.findings import time_text
from zepix.data.importers import ForeignBars, Options, read_foreign
from zepix.data.names import file_for
from zepix.data.read import read_bars
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue, Instrument
from zepix.model import timeframe as timeframes
from zepix.model.series import Int64

__all__ = ["DUPLICATES", "import_bars", "write_bars"]

DUPLICATES: Final = ("error", "first", "last")
_MINUTE_NS: Final = 60_000_000_000
_MT5_NAME: Final = re.compile(r"(?P<symbol>[^_\s]+)_(?P<tf>[MHDW][0-9]{1,2})(?:_.*)?", re.IGNORECASE)
_CHART_NAME: Final = re.compile(
    r"(?:[A-Za-z0-9]+_)?(?P<symbol>[^_,\s]+), ?(?P<tf>[0-9]{1,4}|[0-9]{0,2}[DWHS])(?:[_ ].*)?"
)


def import_bars(
    path: Path,
    store: Path,
    catalogue: Catalogue,
    *,
    kind: str = "auto",
    symbol: str | None = None,
    timeframe: str | None = None,
    options: Options | None = None,
    duplicates: str = "error",
    drop_last: bool = False,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write the bars of a foreign file into the folder ``store`` and report what was done.

    ``symbol`` and ``timeframe`` are taken from the file's name where it tells them; a timeframe that nobody tells is
    the commonest distance of rows. ``drop_last`` leaves out the last row (a chart's bar in progress).
    Raises ConfigError for what was not said, DataError for rows that cannot be used or a file already there.
    """
    if duplicates not in DUPLICATES:
        raise ConfigError(f"duplicates {duplicates!r}; expected {', '.join(DUPLICATES)}")
    if not path.is_file():
        raise DataError(f"{path} does not exist or is no file")
    told_symbol, told_timeframe = _told_by_name(path)
    instrument = _instrument(symbol or told_symbol, path, catalogue)
    foreign = read_foreign(path, kind, options or Options())
    rows_read = len(foreign.time_ns)
    foreign, order = _ordered(foreign, duplicates, path.name)
    if drop_last:
        foreign = _rows(foreign, np.arange(len(foreign.time_ns) - 1))
    word, source = _timeframe(timeframe, told_timeframe, foreign.time_ns, path)
    arrays = _arrays(foreign, instrument)
    facts = _checked(arrays, instrument, word, path.name)
    target = store / file_for(instrument.symbol, word, int(arrays["time"][0]), int(arrays["time"][-1]))
    if target.exists() and not overwrite:
        raise DataError(f"{target} is already there; say --overwrite to replace it, or import into another folder")
    write_bars(target, arrays)
    return {
        "source": path.name,
        "written": str(target),
        "symbol": instrument.symbol,
        "timeframe": timeframes.file_name(word),
        "timeframe_from": source,
        "first": time_text(int(arrays["time"][0])),
        "last": time_text(int(arrays["time"][-1])),
        "rows_read": rows_read,
        "rows_written": len(arrays["time"]),
        **foreign.facts,
        **order,
        "decimals": foreign.decimals,
        **{key: facts[key] for key in ("quotes", "gaps", "missing_bars", "misaligned", "widened", "finer_than_point")},
        "crossed": facts["crossed_raised"],
    }


def _told_by_name(path: Path) -> tuple[str | None, str | None]:
    """Symbol and timeframe as MetaTrader (``EURUSD_M1_...``) or TradingView (``OANDA_XAUUSD, 15``) name files."""
    for pattern in (_CHART_NAME, _MT5_NAME):
        match = pattern.fullmatch(path.stem)
        if match:
            try:
                return match["symbol"], timeframes.normalise(match["tf"])
            except ValueError:
                continue
    return None, None


def _instrument(symbol: str | None, path: Path, catalogue: Catalogue) -> Instrument:
    if not symbol:
        raise ConfigError(f"{path.name} does not name its symbol; say --symbol")
    resolved = catalogue.resolve(symbol)
    if resolved not in catalogue:
        from zepix.data.store import near_symbols

        raise DataError(
            f"{symbol} is no known instrument{near_symbols(resolved, catalogue)}; say --symbol, "
            "or describe it in a file and say --instruments FILE"
        )
    return catalogue[resolved]


def _timeframe(said: str | None, told: str | None, time_ns: Int64, path: Path) -> tuple[str, str]:
    """The timeframe, normalised, and who told it. Raises DataError if the rows are never so close together."""
    steps = np.diff(time_ns)
    if said or told:
        try:
            word = timeframes.normalise(str(said or told))
        except ValueError as why:
            raise ConfigError(f"timeframe: {why}") from why
        if len(steps) and int(steps.min()) > timeframe_ns(word):
            raise DataError(
                f"{path.name}: rows are {int(steps.min()) / _MINUTE_NS:g} minutes apart or more, so they are no "
                f"{timeframes.file_name(word)} bars"
            )
        return word, "given" if said else "file name"
    if not len(steps):
        raise ConfigError(f"{path.name}: one row tells no timeframe; say --timeframe")
    distances, counts = np.unique(steps, return_counts=True)
    commonest = int(distances[np.argmax(counts)])
    if commonest % _MINUTE_NS:
        raise ConfigError(f"{path.name}: rows are {commonest / 1e9:g} s apart, which is no timeframe; say --timeframe")
    return timeframes.normalise(str(commonest // _MINUTE_NS)), "distance of rows"


def _rows(bars: ForeignBars, at: NDArray[Any]) -> ForeignBars:
    """The rows ``at`` (indices or mask) of every column."""
    return replace(
        bars,
        time_ns=bars.time_ns[at],
        prices={name: values[at] for name, values in bars.prices.items()},
        spread=None if bars.spread is None else bars.spread[at],
        volume=None if bars.volume is None else bars.volume[at],
    )


def _ordered(bars: ForeignBars, duplicates: str, name: str) -> tuple[ForeignBars, dict[str, Any]]:
    """Rows by ascending time, one a time, and what it took."""
    steps = np.diff(bars.time_ns)
    is_reversed = len(steps) > 0 and bool((steps <= 0).all()) and bool((steps < 0).any())
    if is_reversed:
        bars = _rows(bars, np.arange(len(bars.time_ns))[::-1])
        steps = np.diff(bars.time_ns)
    unsorted = int((steps < 0).sum())
    if unsorted:
        bars = _rows(bars, np.argsort(bars.time_ns, kind="stable"))
    bars, merged, conflicting = _single(bars, duplicates, name)
    return bars, {
        "reversed": is_reversed,
        "unsorted_rows": unsorted,
        "merged_rows": merged,
        "conflicting_rows": conflicting,
    }


def _single(bars: ForeignBars, duplicates: str, name: str) -> tuple[ForeignBars, int, int]:
    """One row a time. Raises DataError for rows of one time that differ, unless a policy chooses."""
    repeats = np.flatnonzero(np.diff(bars.time_ns) == 0) + 1
    if not len(repeats):
        return bars, 0, 0
    columns = [*bars.prices.values(), *(c for c in (bars.spread, bars.volume) if c is not None)]
    differs = np.zeros(len(repeats), bool)
    for values in columns:
        differs |= values[repeats] != values[repeats - 1]
    conflicting = int(differs.sum())
    if conflicting and duplicates == "error":
        at = int(bars.time_ns[repeats[int(np.argmax(differs))]])
        raise DataError(
            f"{name}: {conflicting} rows have the time of another and differ from it (first: {time_text(at)}); "
            "say --duplicates first or --duplicates last"
        )
    keep = np.ones(len(bars.time_ns), bool)
    keep[repeats if duplicates != "last" else repeats - 1] = False
    return _rows(bars, keep), len(repeats) - conflicting, conflicting


def _arrays(bars: ForeignBars, instrument: Instrument) -> dict[str, NDArray[Any]]:
    """The columns of a file of bars."""
    arrays: dict[str, NDArray[Any]] = {"time": bars.time_ns, **bars.prices}
    spread = bars.spread_in(instrument)
    if spread is not None and "ask_open" not in arrays:
        if len(spread) and not 0 <= int(spread.min()) <= int(spread.max()) < 2**31:
            raise DataError(f"spreads from {spread.min()} to {spread.max()} points are no spreads")
        arrays["spread_points"] = spread.astype(np.int32)
    if bars.volume is not None:
        arrays["tick_volume"] = np.rint(bars.volume).astype(np.int64)
    return arrays


def _checked(arrays: Mapping[str, NDArray[Any]], instrument: Instrument, timeframe: str, name: str) -> dict[str, Any]:
    """The facts of these rows. Raises DataError for what a replay would refuse."""
    length_ns = timeframe_ns(timeframe)
    raw = read_bars(ArrayColumns(name, arrays), instrument, length_ns, crossed="raise_ask")
    refuse(raw, name, instrument, timeframe, "raise_ask")
    return raw_facts(raw, instrument, length_ns, crossed="raise_ask")


def write_bars(target: Path, arrays: Mapping[str, NDArray[Any]], *, compact: bool = False) -> None:
    """Write columns as a file of bars: ``time`` (int64 ns UTC) as microseconds with their zone, the rest as they are.

    Written under a temporary name and moved. ``compact`` takes a third less room and twice the time to decode.
    Raises DataError if it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: pa.array(values) for name, values in arrays.items() if name != "time"}
    time = pa.array(arrays["time"] // 1000, pa.timestamp("us", tz="UTC"))
    part = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            table = pa.table({"time": time, **columns})
            how = {"use_dictionary": False, "compression_level": 12} if compact else {}
            pq.write_table(table, part, compression="zstd", **how)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as why:
        raise DataError(f"{target} cannot be written: {why.strerror or why}") from why
