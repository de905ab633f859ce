"""Prices from elsewhere, as columns in UTC: exports of MetaTrader 5, TradingView, HistData, Dukascopy, or any CSV.

- *MetaTrader 5*: tab separated, ``<DATE> <TIME> <OPEN> <HIGH> <LOW> <CLOSE> <TICKVOL> <VOL> <SPREAD>`` (no time in
  daily bars), or ticks, ``<DATE> <TIME> <BID> <ASK> ...``, in which an empty price is that of the row before. Times are
  the server's clock: New York + 7 h unless another zone is said. Prices are bids. The spread is in points of the
  *file's* decimals and is converted to the instrument's.
- *TradingView chart*: ``time,open,high,low,close,Volume,...``; time in seconds since 1970 (UTC) or ISO 8601 with its
  offset. Prices are taken as bids; there is no spread. The last row may be a bar that had not ended.
- *HistData*, *Dukascopy*: see ``histdata`` and ``dukascopy``.
- *CSV*: a map from our words to the file's headings; ``open high low close`` are bids, or name ``bid_open`` and
  ``ask_open`` and so on; ``bid`` and ``ask`` for ticks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.columns import ASKS, BIDS
from zepix.data.dukascopy import is_dukascopy, read_dukascopy
from zepix.data.foreign import Table, as_numbers, decimals_of, no_number, read_table, shown_headings
from zepix.data.foreign_bars import ForeignBars, Options
from zepix.data.foreign_times import as_utc
from zepix.data.histdata import histdata_shape, read_histdata
from zepix.data.unpack import is_workbook
from zepix.data.workbook import read_workbook
from zepix.errors import ConfigError, DataError

__all__ = ["COLUMN_WORDS", "FORMATS", "ForeignBars", "Options", "detect", "parse_column_map", "read_foreign"]

FORMATS: Final = ("auto", "mt5", "tradingview", "histdata", "dukascopy", "csv")
SERVER_ZONE: Final = "NY+7"
_PLAIN: Final = ("open", "high", "low", "close")
_TICKS: Final = ("bid", "ask")
COLUMN_WORDS: Final = ("time", "date", *_PLAIN, *BIDS, *ASKS, *_TICKS, "spread", "volume")
_MT5: Final = {"open": "<OPEN>", "high": "<HIGH>", "low": "<LOW>", "close": "<CLOSE>"}


def detect(path: Path) -> str:
    """The format of a file, by its first line: a word of ``FORMATS``; what is none of them is ``csv``."""
    return _detected(_read(path, Options()))


def _read(path: Path, options: Options) -> Table:
    if is_workbook(path):
        return read_workbook(path)
    return read_table(path, separator=options.separator, decimal=options.decimal)


def _detected(table: Table) -> str:
    words = [heading.lower() for heading in table.headings]
    if "<date>" in words and ("<open>" in words or "<bid>" in words):
        return "mt5"
    if words[:5] == ["time", *_PLAIN] and table.separator == ",":
        return "tradingview"
    if is_dukascopy(table):
        return "dukascopy"
    return "histdata" if histdata_shape(table) else "csv"


def read_foreign(path: Path, kind: str, options: Options) -> ForeignBars:
    """The rows of a foreign file. Raises ConfigError for what was not said, DataError for what cannot be read."""
    if kind not in FORMATS:
        raise ConfigError(f"format {kind!r} is unknown; expected {', '.join(FORMATS)}")
    table = _read(path, options)
    is_said = kind != "auto"
    if not is_said:
        kind = "csv" if options.columns else _detected(table)
    if kind == "histdata":
        bars = read_histdata(table, options, is_said=is_said)
    else:
        read: dict[str, Callable[[Table, Options], ForeignBars]] = {
            "mt5": _mt5,
            "tradingview": _tradingview,
            "dukascopy": read_dukascopy,
            "csv": _csv,
        }
        bars = read[kind](table, options)
    bars.facts = {"format": kind, **bars.facts}
    return bars


def _mt5(table: Table, options: Options) -> ForeignBars:
    have = {heading.upper(): heading for heading in table.headings}
    if "<BID>" in have:
        return _mt5_ticks(table, options, have)
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


def _mt5_ticks(table: Table, options: Options, have: Mapping[str, str]) -> ForeignBars:
    """Quotes; an empty price stands for that of the row before, and rows before the first of both are left out."""
    wanted = ["<DATE>", "<TIME>", "<BID>", "<ASK>"]
    _require(table, wanted, have)
    utc, said = as_utc(table, [have["<DATE>"], have["<TIME>"]], options.zone or SERVER_ZONE, options.time_format)
    names = [have["<BID>"], have["<ASK>"]]
    prices = {side: _carried(table, name) for side, name in zip(_TICKS, names, strict=True)}
    bars = ForeignBars(utc, prices, None, None, decimals_of(table, names), said)
    is_quoted = ~(np.isnan(prices["bid"]) | np.isnan(prices["ask"]))
    if not is_quoted.any():
        raise DataError(f"{table.path.name} holds no quote of both sides")
    unquoted = int((~is_quoted).sum())
    bars.facts = {**said, "unquoted_rows": unquoted}
    return bars.rows(is_quoted) if unquoted else bars


def _carried(table: Table, heading: str) -> NDArray[np.float64]:
    """A column as float64, an empty value being the one before it; NaN up to the first. Raises DataError for words."""
    import pandas as pd

    column = table.column(heading)
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
    if len(wrong):
        raise no_number(table, heading, wrong)
    return np.ascontiguousarray(numbers.ffill().to_numpy(np.float64, na_value=np.nan))


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
    names = _price_words(where)
    missing = [word for word in ("time" if "time" in where else "date", *names) if word not in where]
    if missing:
        raise ConfigError(
            f"column map: nothing said for {', '.join(missing)}; headings: {shown_headings(table.headings)}"
        )
    _require(table, list(where.values()), {heading: heading for heading in table.headings})
    times = [where[word] for word in ("date", "time") if word in where]
    utc, said = as_utc(table, times, options.zone, options.time_format)
    return ForeignBars(
        utc,
        {name: as_numbers(table, where[name]) for name in names},
        as_numbers(table, where["spread"]) if "spread" in where else None,
        as_numbers(table, where["volume"]) if "volume" in where else None,
        decimals_of(table, [where[name] for name in names]),
        said,
    )


def _price_words(where: Mapping[str, str]) -> tuple[str, ...]:
    """The prices a map has to name: those of ticks if it names a bid or an ask, else those of bars."""
    if "bid" in where or "ask" in where:
        return _TICKS if "ask" in where else _TICKS[:1]
    return (*BIDS, *ASKS) if any(word in where for word in ASKS) else BIDS


def _told_by_headings(table: Table) -> dict[str, str]:
    """The map that headings make themselves, where they are our words in any case."""
    return {heading.lower(): heading for heading in reversed(table.headings) if heading.lower() in COLUMN_WORDS}


def _require(table: Table, wanted: list[str], have: Mapping[str, str]) -> None:
    missing = [word for word in wanted if word not in have]
    if missing:
        raise DataError(
            f"{table.path.name}: columns missing: {', '.join(missing)}; it has: {shown_headings(table.headings)}"
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
