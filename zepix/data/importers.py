"""Bars from elsewhere, as columns in UTC: MetaTrader 5 exports, TradingView chart exports, any CSV with a column map.

- *MetaTrader 5*: tab separated, ``<DATE> <TIME> <OPEN> <HIGH> <LOW> <CLOSE> <TICKVOL> <VOL> <SPREAD>`` (no time in
  daily bars). Times are the server's clock: New York + 7 h unless another zone is said. Prices are bids. The spread is
  in points of the *file's* decimals and is converted to the instrument's.
- *TradingView chart*: ``time,open,high,low,close,Volume,...``; time in seconds since 1970 (UTC) or ISO 8601 with its
  offset. Prices are taken as bids; there is no spread. The last row may be a bar that had not ended.
- *CSV*: a map from our words to the file's headings; ``open high low close`` are bids, or name ``bid_open`` and
  ``ask_open`` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.columns import ASKS, BIDS
from zepix.data.foreign import Table, as_numbers, as_utc, decimals_of, read_table
from zepix.errors import ConfigError, DataError
from zepix.model import Instrument
from zepix.model.series import Int64

__all__ = ["COLUMN_WORDS", "FORMATS", "ForeignBars", "Options", "detect", "parse_column_map", "read_foreign"]

FORMATS: Final = ("auto", "mt5", "tradingview", "csv")
SERVER_ZONE: Final = "NY+7"
_PLAIN: Final = ("open", "high", "low", "close")
COLUMN_WORDS: Final = ("time", "date", *_PLAIN, *BIDS, *ASKS, "spread", "volume")
_MT5: Final = {"open": "<OPEN>", "high": "<HIGH>", "low": "<LOW>", "close": "<CLOSE>"}


@dataclass(frozen=True, slots=True)
class Options:
    """How a foreign file is to be read; only what the file cannot say itself has to be given."""

    zone: str | None = None
    columns: Mapping[str, str] | None = None
    time_format: str | None = None
    separator: str | None = None
    decimal: str = "."


@dataclass(slots=True)
class ForeignBars:
    """Rows as a file has them, in its order, times already UTC (ns); ``spread`` in points of ``decimals`` decimals."""

    time_ns: Int64
    prices: dict[str, NDArray[np.float64]]
    spread: NDArray[np.float64] | None
    volume: NDArray[np.float64] | None
    decimals: int
    facts: dict[str, Any] = field(default_factory=dict)

    def spread_in(self, instrument: Instrument) -> NDArray[np.int64] | None:
        """The spread in whole points of the instrument, rounded up where its points are coarser."""
        if self.spread is None:
            return None
        scale = Decimal(1).scaleb(-self.decimals) / instrument.point
        return np.ceil(self.spread * float(scale) - 1e-9).astype(np.int64)


def detect(path: Path) -> str:
    """The format of a file, by its first line: ``mt5``, ``tradingview`` or ``csv``."""
    table = read_table(path)
    return _detected(table)


def _detected(table: Table) -> str:
    words = [heading.lower() for heading in table.headings]
    if "<date>" in words and "<open>" in words:
        return "mt5"
    if words[:5] == ["time", *_PLAIN] and table.separator == ",":
        return "tradingview"
    return "csv"


def read_foreign(path: Path, kind: str, options: Options) -> ForeignBars:
    """The rows of a foreign file. Raises ConfigError for what was not said, DataError for what cannot be read."""
    if kind not in FORMATS:
        raise ConfigError(f"format {kind!r} is unknown; expected {', '.join(FORMATS)}")
    table = read_table(path, separator=options.separator, decimal=options.decimal)
    kind = _detected(table) if kind == "auto" and not options.columns else "csv" if kind == "auto" else kind
    read: Callable[[Table, Options], ForeignBars] = {"mt5": _mt5, "tradingview": _tradingview, "csv": _csv}[kind]
    bars = read(table, options)
    bars.facts = {"format": kind, **bars.facts}
    return bars


def _mt5(table: Table, options: Options) -> ForeignBars:
    have = {heading.upper(): heading for heading in table.headings}
    _require(table, ["<DATE>", *_MT5.values()], have)
    times = [have[word] for word in ("<DATE>", "<TIME>") if word in have]
    utc, said = as_utc(table, times, options.zone or SERVER_ZONE, options.time_format)
    names = [have[word] for word in _MT5.values()]
    volume = have.get("<TICKVOL>") or have.get("<VOL>")
    return ForeignBars(
        utc,
        {bid: as_numbers(table, name) for bid, name in zip(BIDS, names, strict=True)},
        as_numbers(table, have["<SPREAD>"]) if "<SPREAD>" in have else None,
        as_numbers(table, volume) if volume else None,
        decimals_of(table, names),
        said,
    )


def _tradingview(table: Table, options: Options) -> ForeignBars:
    have = {heading.lower(): heading for heading in reversed(table.headings)}
    _require(table, ["time", *_PLAIN], have)
    utc, said = as_utc(table, [have["time"]], options.zone, options.time_format, epoch_is_utc=True)
    names = [have[word] for word in _PLAIN]
    volume = have.get("volume")
    has_volume = volume is not None and bool(table.column(volume).notna().all())
    return ForeignBars(
        utc,
        {bid: as_numbers(table, name) for bid, name in zip(BIDS, names, strict=True)},
        None,
        as_numbers(table, str(volume)) if has_volume else None,
        decimals_of(table, names),
        said,
    )


def _csv(table: Table, options: Options) -> ForeignBars:
    where = dict(options.columns or _told_by_headings(table))
    unknown = [word for word in where if word not in COLUMN_WORDS]
    if unknown:
        close = get_close_matches(unknown[0], COLUMN_WORDS, n=2)
        hint = f"; did you mean {' or '.join(close)}?" if close else f"; known: {', '.join(COLUMN_WORDS)}"
        raise ConfigError(f"column map: {unknown[0]!r} is no word for a column{hint}")
    where = {f"bid_{word}" if word in _PLAIN else word: heading for word, heading in where.items()}
    has_asks = any(word in where for word in ASKS)
    needed = ["time" if "time" in where else "date", *BIDS, *(ASKS if has_asks else ())]
    missing = [word for word in needed if word not in where]
    if missing:
        raise ConfigError(f"column map: nothing said for {', '.join(missing)}; headings: {', '.join(table.headings)}")
    _require(table, list(where.values()), {heading: heading for heading in table.headings})
    times = [where[word] for word in ("date", "time") if word in where]
    utc, said = as_utc(table, times, options.zone, options.time_format)
    names = [name for name in (*BIDS, *ASKS) if name in where]
    return ForeignBars(
        utc,
        {name: as_numbers(table, where[name]) for name in names},
        as_numbers(table, where["spread"]) if "spread" in where else None,
        as_numbers(table, where["volume"]) if "volume" in where else None,
        decimals_of(table, [where[name] for name in names]),
        said,
    )


def _told_by_headings(table: Table) -> dict[str, str]:
    """The map that headings make themselves, where they are our words in any case."""
    return {heading.lower(): heading for heading in reversed(table.headings) if heading.lower() in COLUMN_WORDS}


def _require(table: Table, wanted: list[str], have: Mapping[str, str]) -> None:
    missing = [word for word in wanted if word not in have]
    if missing:
        raise DataError(
            f"{table.path.name}: columns missing: {', '.join(missing)}; it has: {', '.join(table.headings[:20])}"
        )


def parse_column_map(text: str) -> dict[str, str]:
    """``time=Gmt time,open=Open`` as a map. Raises ConfigError for a part without ``=``."""
    where: dict[str, str] = {}
    for part in re.split(r",(?=\s*\w+\s*=)", text):
        word, mark, heading = part.partition("=")
        if not mark or not word.strip() or not heading.strip():
            raise ConfigError(f"column map: {part!r}; expected word=heading,word=heading such as time=Date,open=Open")
        where[word.strip().lower()] = heading.strip()
    return where
