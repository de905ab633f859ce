"""Alerts of vectorised signals: one boolean a bar for each of long entry, long exit, short entry, short exit.

A signal on a bar is known when the bar ends, so its alert arrives at that instant (ticks: at the tick) and fills at the
next open: no signal ever trades on the bar that made it. On one bar exits come before entries. Going long and short at
once on one bar is refused. Units are never guessed: a stop is an array of prices, or a distance that says its unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.alerts.timestamps import from_ns
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue, Quantity, Series
from zepix.research.alerts_surface import Alerts, alerts_of_bodies, times_ns
from zepix.research.bars_surface import Bars, bars
from zepix.research.columns import prices_of

__all__ = ["from_signals"]

_KINDS: Final = (
    ("long_exits", "exit", "buy"),
    ("short_exits", "exit", "sell"),
    ("long_entries", "entry", "buy"),
    ("short_entries", "entry", "sell"),
)
_UNITS: Final = ("pips", "points", "distance", "percent")
_EXAMPLE: Final = "'20 pips', '1.5 percent', zx.Quantity(20, 'pips'), or a price for each bar"

Flags = NDArray[np.bool_]
Level = tuple[str, Any]


def from_signals(
    prices: Bars | str | PathLike[str],
    long_entries: Any = None,
    long_exits: Any = None,
    short_entries: Any = None,
    short_exits: Any = None,
    *,
    sl: Any = None,
    tp: Any = None,
    volume: float | None = None,
    symbol: str | None = None,
    strategy: str | None = None,
) -> Alerts:
    """Alerts of boolean signals, one a bar, as Series, arrays or lists.

    A Series is laid on the bars by its times (aware), which must all be bars of theirs; anything else has one value a
    bar. sl, tp: of entries, one price a bar, or a distance with its unit (``"20 pips"``). volume: lots. symbol: which
    of several loaded. strategy: the family the alerts name. Raises ConfigError with every problem, and DataError.
    """
    loaded = prices if isinstance(prices, Bars) else bars(prices)
    series = loaded.only(symbol)
    given = {
        "long_entries": long_entries,
        "long_exits": long_exits,
        "short_entries": short_entries,
        "short_exits": short_exits,
    }
    problems: list[str] = []
    flags = {name: _flags(name, values, series, problems) for name, values in given.items() if values is not None}
    if not flags:
        problems.append("no signals: give at least long_entries or short_entries")
    levels = {name: _level(name, value, series, problems) for name, value in (("sl", sl), ("tp", tp))}
    if not problems:
        problems += _conflicts(flags, levels, series)
    if problems:
        raise ConfigError(problems)
    beside = {"volume": volume, "strategy": strategy}
    said = {name: value for name, value in beside.items() if value is not None}
    return alerts_of_bodies(_bodies(series, loaded.catalogue, flags, levels, said), loaded.catalogue, "signals")


def _bodies(
    series: Series,
    catalogue: Catalogue,
    flags: Mapping[str, Flags],
    levels: Mapping[str, Level],
    said: Mapping[str, Any],
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(arrival, body) by bar; on one bar exits first."""
    kinds = [(*kind, flags[kind[0]]) for kind in _KINDS if kind[0] in flags]
    close = prices_of(catalogue[series.symbol], series.bid_close.astype(np.int64))
    ends = series.time + series.timeframe_ns
    frame = {} if series.timeframe == "tick" else {"timeframe": series.timeframe}
    number = 0
    for bar in np.flatnonzero(np.logical_or.reduce([given for *_, given in kinds])).tolist():
        for _, kind, side, given in kinds:
            if not given[bar]:
                continue
            number += 1
            body: dict[str, Any] = {"type": kind, "symbol": series.symbol, "side": side, "id": f"signal-{number}"}
            body |= {**frame, "price": float(close[bar])}
            if kind == "entry":
                body |= {key: v if np.isscalar(v) else float(v[bar]) for key, v in levels.values() if v is not None}
                body |= said
            elif "strategy" in said:
                body["strategy"] = said["strategy"]
            yield int(ends[bar]), body


def _flags(name: str, values: Any, series: Series, problems: list[str]) -> Flags:
    """One truth a bar; problems are told by name."""
    nothing: Flags = np.zeros(len(series), bool)
    is_labelled = hasattr(values, "index") and hasattr(values, "to_numpy")
    array = values.to_numpy() if is_labelled else np.asarray(values)
    if array.dtype == object and all(isinstance(one, bool | np.bool_) for one in array.tolist()):
        array = array.astype(bool)
    if array.ndim != 1 or array.dtype != bool:
        hint = "; a shift leaves holes: .fillna(False).astype(bool)" if array.dtype == object else ""
        problems.append(f"{name}: expected one true or false a bar, not {array.dtype} of {array.ndim} dimensions{hint}")
        return nothing
    if not is_labelled or not hasattr(values.index, "tz_localize"):
        if len(array) != len(series):
            problems.append(f"{name}: {len(array):,} values for {len(series):,} bars of {series.symbol}")
            return nothing
        return np.asarray(array, bool)
    return _laid(name, array, values.index, series, problems, nothing)


def _laid(name: str, values: Any, index: Any, series: Series, problems: list[str], nothing: Flags) -> Flags:
    """Labelled values laid on the bars by their times."""
    try:
        times = np.array(times_ns(index, f"the index of {name}"), np.int64)
    except DataError as error:
        problems.append(str(error))
        return nothing
    rows = np.searchsorted(series.time, times)
    inside = rows < len(series)
    found = inside & (series.time[np.minimum(rows, len(series) - 1)] == times)
    if not found.all():
        first = from_ns(int(times[~found][0]))
        problems.append(
            f"{name}: {int((~found).sum()):,} of {len(times):,} times are no bar of {series.symbol} "
            f"{series.timeframe} ({first} is the first); a bar is named by its open"
        )
        return nothing
    if len(np.unique(rows)) < len(rows):
        problems.append(f"{name}: a time stands twice in its index")
        return nothing
    laid = nothing.copy()
    laid[rows] = values
    return laid


def _level(name: str, value: Any, series: Series, problems: list[str]) -> Level:
    """(word of the plain dialect, number or array); a problem for a number without a unit."""
    if value is None:
        return name, None
    if isinstance(value, Quantity):
        value = f"{value.value * (100 if value.unit == 'fraction' else 1)} " + (
            "percent" if value.unit == "fraction" else value.unit
        )
    if isinstance(value, str):
        number, _, unit = value.strip().replace("%", " percent").partition(" ")
        try:
            distance = float(number)
        except ValueError:
            distance = float("nan")
        if unit.strip() in _UNITS and distance > 0 and np.isfinite(distance):
            return f"{name}_{unit.strip()}", distance
        problems.append(f"{name}: {value!r} is no distance; say {_EXAMPLE}")
        return name, None
    if np.isscalar(value):
        problems.append(f"{name}: {value!r} of what? say {_EXAMPLE}")
        return name, None
    array = np.asarray(value.to_numpy() if hasattr(value, "to_numpy") else value, float)
    if array.shape != (len(series),):
        problems.append(f"{name}: {array.size:,} prices for {len(series):,} bars of {series.symbol}")
        return name, None
    return name, array


def _conflicts(flags: Mapping[str, Flags], levels: Mapping[str, Level], series: Series) -> list[str]:
    problems = []
    nothing = np.zeros(len(series), bool)
    longs, shorts = flags.get("long_entries", nothing), flags.get("short_entries", nothing)
    both = np.flatnonzero(longs & shorts)
    if len(both):
        problems.append(
            f"{len(both):,} bars go long and short at once ({from_ns(int(series.time[both[0]]))} is the first); "
            "decide for one"
        )
    for key, value in levels.values():
        if value is not None and not np.isscalar(value):
            bad = np.flatnonzero((longs | shorts) & ~(np.isfinite(value) & (value > 0)))
            if len(bad):
                first = from_ns(int(series.time[bad[0]]))
                problems.append(f"{key}: no price above zero at {len(bad):,} entries ({first} is the first)")
    return problems
