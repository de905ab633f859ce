"""From checked integers to a ``Series``: its index, its facts, joining and cutting."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.columns import ArrayColumns, layout_of
from zepix.data.findings import time_text
from zepix.data.read import CROSSED_POLICIES, RawBars
from zepix.data.ticks import read_rows
from zepix.data.week import find_gaps
from zepix.errors import ConfigError, DataError
from zepix.kernels.crossing import build_index
from zepix.kernels.ticks import part_equal_times
from zepix.model import Instrument, Series
from zepix.model import timeframe as timeframes
from zepix.model.series import PRICE_COLUMNS, Int32, Int64

__all__ = [
    "INDEX_COLUMNS",
    "check_policy",
    "cut",
    "indexed",
    "join",
    "raw_facts",
    "refuse",
    "seconds_since",
    "series_from_arrays",
    "series_of",
    "timeframe_ns",
]

INDEX_COLUMNS: Final = ("bid_mins", "bid_maxs", "ask_mins", "ask_maxs")
_ADDED: Final = ("rows", "crossed_raised", "crossed_rows", "finer_than_point", "widened", "misaligned",
                 "zero_spread", "gaps", "missing_bars", "equal_times")  # fmt: skip
_MINUTE_NS: Final = 60_000_000_000


def timeframe_ns(timeframe: str) -> int:
    """Length of a bar in nanoseconds; 0 for ticks (``tick``)."""
    return 0 if timeframe == "tick" else timeframes.minutes(timeframe) * _MINUTE_NS


def raw_facts(raw: RawBars, instrument: Instrument, length_ns: int, *, crossed: str) -> dict[str, Any]:
    """What is known of rows that were read: counts, gaps, where the ask comes from. Plain values only."""
    found = raw.findings
    gaps = find_gaps(raw.time, length_ns, instrument.trading_week)
    of_ticks = {"equal_times": found["equal_times"], "written_last_ns": raw.written_last_ns} if not length_ns else {}
    return {
        "rows": len(raw.time),
        "first_ns": int(raw.time[0]),
        "last_ns": int(raw.time[-1]),
        "spread": raw.spread,
        "quotes": raw.quotes,
        "crossed_policy": crossed,
        "crossed_raised": found["crossed"],
        "crossed_rows": found["crossed_rows"],
        "finer_than_point": found["finer_than_point"],
        "widened": found["widened"],
        "misaligned": found["misaligned"],
        "zero_spread": found["zero_spread"],
        "gaps": len(gaps.rows),
        "missing_bars": gaps.missing_bars,
        "trading_week": instrument.trading_week,
        **of_ticks,
    }


def _column(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """A price column; the four of a side are one array where it has an open only (ticks)."""
    found = arrays.get(name)
    return arrays[f"{name[:3]}_open"] if found is None else found


def indexed(prices: Mapping[str, Int32]) -> dict[str, Int32]:
    """The four index arrays over lows and highs of bid and ask."""
    bid_mins, bid_maxs = build_index(_column(prices, "bid_low"), _column(prices, "bid_high"))
    ask_mins, ask_maxs = build_index(_column(prices, "ask_low"), _column(prices, "ask_high"))
    return dict(zip(INDEX_COLUMNS, (bid_mins, bid_maxs, ask_mins, ask_maxs), strict=True))


def series_of(symbol: str, timeframe: str, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Series:
    """A series from arrays that are already points, with their index if it is among them.

    Ticks bring ``bid_open`` and ``ask_open`` only: the four prices of a side are then the same array.
    """
    index = arrays if INDEX_COLUMNS[0] in arrays else indexed(arrays)
    return Series(
        symbol=symbol,
        timeframe=timeframe,
        timeframe_ns=timeframe_ns(timeframe),
        time=arrays["time"],
        **{name: _column(arrays, name) for name in PRICE_COLUMNS},
        **{name: index[name] for name in INDEX_COLUMNS},
        facts=dict(facts),
    )


def series_from_arrays(
    instrument: Instrument, timeframe: str, arrays: Mapping[str, NDArray[Any]], *, crossed: str = "raise_ask"
) -> Series:
    """A series from prices in memory, under the same checks as a file.

    ``arrays`` holds ``time`` (int64 ns UTC, bar opens) and float prices ``bid_open .. bid_close``, perhaps those of
    the ask or ``spread_points``; for the timeframe ``TICK`` instead ``bid`` and perhaps ``ask``. Raises DataError for
    what a file would be refused for, ConfigError for the policy.
    """
    check_policy(crossed)
    word = timeframes.from_file_name(timeframe)
    columns = ArrayColumns(f"{instrument.symbol}:{timeframes.file_name(word)}", arrays, layout_of(word))
    length_ns = timeframe_ns(word)
    raw = read_rows(columns, instrument, length_ns, crossed=crossed)
    refuse(raw, columns.name, instrument, word, crossed)
    facts = {"sources": [], "checksum": "", **raw_facts(raw, instrument, length_ns, crossed=crossed)}
    return series_of(instrument.symbol, word, {"time": raw.time, **raw.prices}, facts)


def check_policy(crossed: str) -> None:
    """Raise ConfigError unless ``crossed`` names a policy."""
    if crossed not in CROSSED_POLICIES:
        raise ConfigError(f"crossed quotes: policy {crossed!r} is unknown; expected {' or '.join(CROSSED_POLICIES)}")


def refuse(raw: RawBars, name: str, instrument: Instrument, timeframe: str, crossed: str) -> None:
    """Raise DataError with everything that keeps these rows from being loaded."""
    raw.findings.refuse(
        name,
        raw.time,
        timeframe_ns=timeframe_ns(timeframe),
        timeframe=timeframes.file_name(timeframe),
        point=str(instrument.point),
        crossed=crossed,
    )


def join(parts: Sequence[Series], names: Sequence[str]) -> Series:
    """One series of several that follow each other in time, whatever order they come in; a single one as it is.

    A file of ticks may begin at the very time at which the one before ends. Raises DataError if two overlap, naming
    the rows.
    """
    if len(parts) == 1:
        return parts[0]
    order = sorted(range(len(parts)), key=lambda k: (parts[k].start_ns, parts[k].end_ns))
    parts, names = [parts[k] for k in order], [names[k] for k in order]
    for before, after, first, second in zip(parts, parts[1:], names, names[1:], strict=False):
        if after.start_ns < _end_as_written_ns(before):
            row = int(np.searchsorted(before.time, after.start_ns - before.timeframe_ns, side="right"))
            name = f"{before.symbol}:{timeframes.file_name(before.timeframe)}"
            raise DataError(
                f"{name} is in two files that overlap: {second} begins at {time_text(after.start_ns)} (its row 0), "
                f"{first} has rows {row} to {len(before) - 1} from then on, up to {time_text(int(before.time[-1]))}; "
                "give one of them, or files that follow each other"
            )
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _distinct(parts[0])}
    facts = _joined_facts(parts, arrays["time"])
    if not parts[0].timeframe_ns:
        facts["equal_times"] += part_equal_times(arrays["time"])
    return series_of(parts[0].symbol, parts[0].timeframe, arrays, facts)


def _end_as_written_ns(series: Series) -> int:
    """The end of the last bar; of ticks the time that the last one was written with."""
    return int(series.facts.get("written_last_ns", series.end_ns)) if not series.timeframe_ns else series.end_ns


def _distinct(series: Series) -> tuple[str, ...]:
    """The arrays a series is made of; ticks have one a side."""
    return ("time", "bid_open", "ask_open") if not series.timeframe_ns else ("time", *PRICE_COLUMNS)


def _joined_facts(parts: Sequence[Series], time: Int64) -> dict[str, Any]:
    """Facts of the whole: counts are summed, the gaps between the files counted anew."""
    from hashlib import sha256

    facts = dict(parts[0].facts)
    facts.update({key: sum(part.facts.get(key, 0) for part in parts) for key in _ADDED if key in facts})
    facts["sources"] = [source for part in parts for source in part.facts["sources"]]
    facts["checksum"] = sha256("".join(part.facts["checksum"] for part in parts).encode()).hexdigest()
    facts["cached"] = all(part.facts.get("cached", False) for part in parts)
    for key in ("spread", "quotes"):
        words = {part.facts[key] for part in parts}
        facts[key] = words.pop() if len(words) == 1 else "mixed"
    gaps = find_gaps(time, parts[0].timeframe_ns, facts["trading_week"])
    facts.update(first_ns=int(time[0]), last_ns=int(time[-1]), gaps=len(gaps.rows), missing_bars=gaps.missing_bars)
    if "written_last_ns" in facts:
        facts["written_last_ns"] = parts[-1].facts["written_last_ns"]
    return facts


def cut(series: Series, to_ns: int) -> Series | None:
    """The bars that have ended by ``to_ns``, the ticks before it, with their own index; None if there are none.

    A tick at ``to_ns`` itself belongs to the bar that opens there and is left out with it. Counts stay the file's.
    """
    rows = int(np.searchsorted(series.time, to_ns - max(series.timeframe_ns, 1), side="right"))
    if rows == len(series):
        return series
    if rows == 0:
        return None
    arrays = {name: getattr(series, name)[:rows] for name in _distinct(series)}
    facts = {**series.facts, "rows": rows, "last_ns": int(arrays["time"][-1]), "rows_in_files": len(series)}
    return series_of(series.symbol, series.timeframe, arrays, facts)


def seconds_since(start: float) -> float:
    """Wall time since ``start`` (of ``perf_counter``), for timings only."""
    return clock.perf_counter() - start
