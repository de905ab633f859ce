"""Bringing foreign prices into a store: read, put in order, checked as a replay would check them, written as Parquet.

- Rows newest first are turned round; rows out of order are sorted by time (stably) and counted (see ``ordering``).
- A row that repeats in full is merged and counted. Bars of one time that differ are an error, unless ``duplicates``
  says which counts: ``first`` or ``last``.
- Two files that hold the two sides of one export become one; Dukascopy's flat bars without volume are left out.
- Ticks stay ticks, or become bars of the timeframe that is said.
- What a replay would refuse is refused here, before anything is written; several files are written all or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.build import raw_facts, refuse, series_from_arrays, timeframe_ns
from zepix.data.columns import ArrayColumns, layout_of
from zepix.data.dukascopy import merge_sides, without_flats
from zepix.data.findings import time_text
from zepix.data.foreign_bars import ForeignBars, Options
from zepix.data.foreign_names import Told, side_of, told_by_name
from zepix.data.importers import read_foreign
from zepix.data.names import file_for
from zepix.data.ordering import DUPLICATES, ordered
from zepix.data.resampling import resample
from zepix.data.ticks import read_rows
from zepix.data.unpack import unpacked
from zepix.data.writing import Staged, drop_all, move_all, stage, write_bars
from zepix.data.zone_doubt import outside_week
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue, Instrument
from zepix.model import timeframe as timeframes
from zepix.model.series import PRICE_COLUMNS, Int64

__all__ = ["DUPLICATES", "checked", "import_bars", "import_pairs", "write_bars"]

_MINUTE_NS: Final = 60_000_000_000
_COUNTS: Final = ("quotes", "gaps", "missing_bars", "misaligned", "widened", "finer_than_point")


def import_bars(
    path: Path, store: Path, catalogue: Catalogue, *, ask: Path | None = None, **how: Any
) -> dict[str, Any]:
    """Write the prices of one foreign file, or of a pair, into the folder ``store``; see ``import_pairs``."""
    return import_pairs([(path, ask)], store, catalogue, **how)[0]


def import_pairs(
    files: Sequence[tuple[Path, Path | None]],
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
) -> list[dict[str, Any]]:
    """Write the prices of foreign files into the folder ``store`` and report what was done, one report each.

    Each is a file and, where it holds bids, perhaps the file of the asks. ``symbol`` and ``timeframe`` are taken from
    the file's name where it tells them; a timeframe that nobody tells is the commonest distance of rows. Ticks become
    bars where ``timeframe`` says so. ``drop_last`` leaves out the last row (a chart's bar in progress).
    Raises ConfigError for what was not said, DataError for rows that cannot be used or a file already there; then
    nothing is written of any of them.
    """
    if duplicates not in DUPLICATES:
        raise ConfigError(f"duplicates {duplicates!r}; expected {', '.join(DUPLICATES)}")
    staged: list[Staged] = []
    reports = []
    of: dict[Path, Path] = {}
    is_new = not store.exists()
    try:
        for path, ask in files:
            arrays, report = _prepared(
                path, ask, catalogue, kind, symbol, timeframe, options or Options(), duplicates, drop_last
            )
            target = store / str(report["written"])
            _check_target(target, path, of, overwrite)
            staged.append(stage(target, arrays))
            reports.append({**report, "written": str(target)})
        move_all(staged)
    except BaseException:
        drop_all(staged)
        if is_new and store.is_dir() and not any(store.iterdir()):
            store.rmdir()
        raise
    return reports


def _check_target(target: Path, path: Path, of: dict[Path, Path], overwrite: bool) -> None:
    """Raise DataError for a file that is there, or that another file of this import becomes."""
    if target in of:
        raise DataError(f"{of[target].name} and {path.name} would both become {target}; import one of them")
    of[target] = path
    if target.exists() and not overwrite:
        raise DataError(f"{target} is already there; say --overwrite to replace it, or import into another folder")


def _prepared(
    path: Path,
    ask: Path | None,
    catalogue: Catalogue,
    kind: str,
    symbol: str | None,
    timeframe: str | None,
    options: Options,
    duplicates: str,
    drop_last: bool,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The columns of the file to be, checked as a replay would check them, and the report."""
    if ask is None and side_of(path.stem) == "ask":
        raise ConfigError(f"{path.name} holds asks by its name; import it together with the file of the bids")
    foreign, told = _read(path, kind, options)
    instrument = _instrument(symbol or told.symbol, path, catalogue)
    other = None if ask is None else _read(ask, kind, options)[0]
    rows_read = len(foreign.time_ns) + (0 if other is None else len(other.time_ns))
    foreign, said = _one_table(foreign, other, duplicates, path, ask)
    if drop_last:
        foreign = foreign.rows(np.arange(len(foreign.time_ns) - 1))
    arrays, word, source, more = _columns(foreign, timeframe, told, instrument, path)
    facts = checked(arrays, instrument, word, path.name)
    first_ns, last_ns = int(arrays["time"][0]), int(arrays["time"][-1])
    return arrays, {
        "source": path.name if ask is None else f"{path.name} + {ask.name}",
        "written": file_for(instrument.symbol, word, first_ns, last_ns),
        "symbol": instrument.symbol,
        "timeframe": timeframes.file_name(word),
        "timeframe_from": source,
        "first": time_text(first_ns),
        "last": time_text(last_ns),
        "rows_read": rows_read,
        "rows_written": len(arrays["time"]),
        **foreign.facts,
        **said,
        **more,
        "decimals": foreign.decimals,
        **{key: facts[key] for key in (*_COUNTS, *(("equal_times",) if word == "tick" else ()))},
        "crossed": facts["crossed_raised"],
        **outside_week(arrays["time"], timeframe_ns(word), instrument.trading_week),
    }


def _read(path: Path, kind: str, options: Options) -> tuple[ForeignBars, Told]:
    """The rows of a file, or of the one table in a zip archive, and what its name tells."""
    if not path.is_file():
        raise DataError(f"{path} does not exist or is no file")
    with unpacked(path) as file:
        foreign = read_foreign(file, kind, options)
        told, outer = told_by_name(file.stem), told_by_name(path.stem)
    if file != path:
        foreign.facts["member"] = file.name
    return foreign, Told(told.symbol or outer.symbol, told.timeframe or outer.timeframe)


def _one_table(
    foreign: ForeignBars, other: ForeignBars | None, duplicates: str, path: Path, ask: Path | None
) -> tuple[ForeignBars, dict[str, Any]]:
    """Rows in order, of both sides if there are two files; and what it took, counted over both."""
    if other is None or ask is None:
        return ordered(foreign, duplicates, path.name)
    names = path.name, ask.name
    if foreign.is_ticks:  # paired row by row, so before anything is moved
        merged, unpaired = merge_sides(foreign, other, names)
        merged, said = ordered(merged, duplicates, path.name)
        return merged, {**said, **unpaired}
    bids, of_bids = ordered(foreign, duplicates, path.name)
    asks, of_asks = ordered(other, duplicates, ask.name)
    merged, unpaired = merge_sides(bids, asks, names)
    return merged, {**{key: of_bids[key] + of_asks[key] for key in of_bids if key != "reversed"}, **unpaired}


def _columns(
    foreign: ForeignBars, timeframe: str | None, told: Told, instrument: Instrument, path: Path
) -> tuple[dict[str, NDArray[Any]], str, str, dict[str, Any]]:
    """The columns to write, their timeframe, who told it, and what is to be said besides."""
    if foreign.is_ticks:
        arrays = _arrays(foreign, instrument)
        wanted = _word(timeframe) if timeframe else "tick"
        if wanted == "tick":
            return arrays, "tick", "given" if timeframe else "columns", {}
        return _resampled(arrays, instrument, wanted), wanted, "given", {"resampled_from": "TICK"}
    if foreign.facts.get("format") != "dukascopy":
        word, source = _timeframe(timeframe, told.timeframe, foreign.time_ns, path)
        return _arrays(foreign, instrument), word, source, {}
    word, source = _timeframe(timeframe, told.timeframe, foreign.time_ns, path)
    foreign, flats = without_flats(foreign, timeframe_ns(word), instrument.trading_week)
    return _arrays(foreign, instrument), word, source, {"flat_rows_dropped": flats}


def _resampled(arrays: Mapping[str, NDArray[Any]], instrument: Instrument, timeframe: str) -> dict[str, NDArray[Any]]:
    """Bars of both sides made of ticks, as the columns of a file."""
    bars = resample(series_from_arrays(instrument, "TICK", arrays), timeframe)
    inverse = 1 / instrument.point
    is_whole = inverse == inverse.to_integral_value()  # then one true division gives the nearest double
    scale = float(inverse if is_whole else instrument.point)
    points = {name: getattr(bars, name) for name in PRICE_COLUMNS}
    return {"time": bars.time, **{name: v / scale if is_whole else v * scale for name, v in points.items()}}


def _instrument(symbol: str | None, path: Path, catalogue: Catalogue) -> Instrument:
    if not symbol:
        raise ConfigError(f"{path.name} does not name its symbol; say --symbol")
    resolved = catalogue.resolve(symbol)
    if resolved not in catalogue:
        from zepix.data.offers import near_symbols

        raise DataError(
            f"{symbol} is no known instrument{near_symbols(resolved, catalogue)}; say --symbol, "
            "or describe it in a file and say --instruments FILE"
        )
    return catalogue[resolved]


def _timeframe(said: str | None, told: str | None, time_ns: Int64, path: Path) -> tuple[str, str]:
    """The timeframe, normalised, and who told it. Raises DataError if the rows are never so close together."""
    steps = np.diff(time_ns)
    if said or told:
        word = _word(str(said or told))
        if word == "tick":
            raise DataError(f"{path.name} holds bars, no ticks; say their --timeframe")
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


def _word(text: str) -> str:
    """A timeframe, or ``tick``, in one spelling. Raises ConfigError for what is none."""
    try:
        return timeframes.from_file_name(text)
    except ValueError as why:
        raise ConfigError(f"timeframe: {why}") from why


def _arrays(bars: ForeignBars, instrument: Instrument) -> dict[str, NDArray[Any]]:
    """The columns of a file of bars or ticks."""
    arrays: dict[str, NDArray[Any]] = {"time": bars.time_ns, **bars.prices}
    spread = bars.spread_in(instrument)
    if spread is not None and not {"ask", "ask_open"} & set(arrays):
        if len(spread) and not 0 <= int(spread.min()) <= int(spread.max()) < 2**31:
            raise DataError(f"spreads from {spread.min()} to {spread.max()} points are no spreads")
        arrays["spread_points"] = spread.astype(np.int32)
    if bars.volume is not None and not bars.is_ticks:
        if len(bars.volume) and not np.abs(bars.volume).max() < 2**63:
            raise DataError(f"volumes up to {np.abs(bars.volume).max():g} are no volumes")
        arrays["tick_volume"] = np.rint(bars.volume).astype(np.int64)
    return arrays


def checked(arrays: Mapping[str, NDArray[Any]], instrument: Instrument, timeframe: str, name: str) -> dict[str, Any]:
    """The facts of these rows. Raises DataError for what a replay would refuse."""
    length_ns = timeframe_ns(timeframe)
    columns = ArrayColumns(name, arrays, layout_of(timeframe))
    raw = read_rows(columns, instrument, length_ns, crossed="raise_ask")
    refuse(raw, name, instrument, timeframe, "raise_ask")
    return raw_facts(raw, instrument, length_ns, crossed="raise_ask")
