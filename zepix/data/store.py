"""Loading prices for a run: from arguments to one series a symbol, by way of the cache.

Rules of choice:

- a folder offers every file of its own named ``SYMBOL_TF_*.parquet``; a file, or ``SYMBOL:TF=PATH``, names one, and
  then the folder's files of that symbol are left alone;
- several series of one symbol (M1 and H1) need a choice: ``choice[symbol]``, or naming the file; without one it is an
  error that lists them;
- files of one series are joined if they follow each other; if they overlap it is an error that names the rows;
- ticks come with a later release: asked for they are an error, lying about in a folder they are left alone and said.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from zepix.data.build import check_policy, cut, join, seconds_since
from zepix.data.findings import time_text
from zepix.data.load import LoadedFile, load_file
from zepix.data.names import PriceFile, parse_argument, parse_name
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue, Series
from zepix.model import timeframe as timeframes

__all__ = ["BarsLoaded", "Offer", "load_bars", "near_symbols", "offers"]

MAX_FILES: Final = 10_000
_TICKS: Final = "ticks come with a later release of zepix; until then name bars (M1 .. D1)"


@dataclass(slots=True)
class BarsLoaded:
    """Series by symbol in catalogue order; ``report`` has one dict a series, ``notes`` what was left alone.

    ``load_s`` is all the time it took, ``index_s`` the share that went into indexes, ``cache_write_s`` into caches.
    """

    series: dict[str, Series] = field(default_factory=dict)
    report: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load_s: float = 0.0
    index_s: float = 0.0
    cache_write_s: float = 0.0


@dataclass(slots=True)
class Offer:
    """Files by symbol that arguments offer; ``named`` symbols were named outright, not found in a folder."""

    files: dict[str, list[PriceFile]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def load_bars(
    arguments: Sequence[str],
    catalogue: Catalogue,
    *,
    choice: Mapping[str, str] | None = None,
    crossed: str = "raise_ask",
    to_ns: int | None = None,
    symbols: Iterable[str] | None = None,
    cache: bool = True,
) -> BarsLoaded:
    """The series that ``arguments`` (a folder, a file, ``SYMBOL:TF=PATH``) hold, one a symbol.

    ``symbols`` limits what folders give (None: all; files named outright are always loaded); ``choice`` says which
    timeframe of a symbol; ``to_ns`` leaves out bars that end later; ``crossed`` is ``raise_ask`` or ``error``.
    Raises ConfigError for arguments that say too little or nothing known, DataError for files that cannot be used.
    """
    start = clock.perf_counter()
    check_policy(crossed)
    offer = offers(arguments, catalogue)
    wanted = None if symbols is None else set(symbols)
    chosen = _chosen(offer, _choices(choice or {}, catalogue), wanted)
    loaded = BarsLoaded(notes=offer.notes)
    for symbol in sorted(chosen, key=list(catalogue).index):
        parts = [load_file(f, catalogue[symbol], crossed=crossed, cache=cache) for f in chosen[symbol]]
        _take(loaded, parts, chosen[symbol], to_ns)
    if not loaded.series:
        raise DataError(_nothing(arguments, offer, wanted, loaded.notes))
    loaded.load_s = seconds_since(start)
    return loaded


def _take(loaded: BarsLoaded, parts: list[LoadedFile], files: list[PriceFile], to_ns: int | None) -> None:
    """Join the parts of one symbol, cut them, and enter the series with its line of the report."""
    loaded.index_s += sum(part.index_s for part in parts)
    loaded.cache_write_s += sum(part.cache_write_s for part in parts)
    start = clock.perf_counter()
    whole = join([part.series for part in parts], [file.path.name for file in files])
    series = whole if to_ns is None else cut(whole, to_ns)
    if series is not whole or len(parts) > 1:
        loaded.index_s += seconds_since(start)
    if series is None:
        loaded.notes.append(f"{files[0].series}: all bars end after --to; not loaded")
        return
    loaded.series[series.symbol] = series
    loaded.report.append(
        {
            "symbol": series.symbol,
            "timeframe": timeframes.file_name(series.timeframe),
            "first": time_text(series.start_ns),
            "last": time_text(int(series.time[-1])),
            **series.facts,
        }
    )


def offers(arguments: Sequence[str], catalogue: Catalogue) -> Offer:
    """What the arguments offer, without opening a file. Raises ConfigError or DataError, see ``load_bars``."""
    if not arguments:
        raise ConfigError("no prices: say --bars with a folder, a Parquet file or SYMBOL:TF=PATH")
    offer = Offer()
    found: dict[str, list[PriceFile]] = {}
    for argument in arguments:
        target = parse_argument(argument)
        if isinstance(target, Path) and target.is_dir():
            _scan(target, catalogue, found, offer.notes)
        else:
            file = _named(target, catalogue)
            offer.named.add(file.symbol)
            _add(offer.files, file)
    for symbol, files in found.items():
        if symbol not in offer.named:
            for file in files:
                _add(offer.files, file)
    return offer


def _add(files: dict[str, list[PriceFile]], file: PriceFile) -> None:
    """Enter a file once, however often it was named."""
    known = files.setdefault(file.symbol, [])
    if all(file.path.resolve() != other.path.resolve() for other in known):
        known.append(file)


def _named(target: Path | PriceFile, catalogue: Catalogue) -> PriceFile:
    """The one file an argument names, under a known symbol."""
    if isinstance(target, PriceFile):
        file = target
        if file.path.is_dir():
            raise ConfigError(f"{file.series}={file.path}: expected a Parquet file, this is a folder")
    else:
        if not target.exists():
            raise DataError(f"{target} does not exist; expected a folder, a Parquet file or SYMBOL:TF=PATH")
        parsed = parse_name(target)
        if parsed is None:
            raise ConfigError(
                f"{target.name} does not say what it holds; name it SYMBOL_TF_*.parquet, or say SYMBOL:TF={target}"
            )
        file = parsed
    symbol = catalogue.resolve(file.symbol)
    if symbol not in catalogue:
        raise DataError(
            f"{file.symbol} ({file.path.name}) is no known instrument{near_symbols(symbol, catalogue)}; "
            "describe it in a file and say --instruments FILE"
        )
    if file.timeframe == "tick":
        raise DataError(f"{file.path.name}: {_TICKS}")
    return PriceFile(file.path, symbol, file.timeframe)


def near_symbols(symbol: str, catalogue: Catalogue) -> str:
    close = get_close_matches(symbol, list(catalogue), n=3)
    return f"; near it: {', '.join(close)}" if close else ""


def _scan(folder: Path, catalogue: Catalogue, found: dict[str, list[PriceFile]], notes: list[str]) -> None:
    """Every price file of a folder (not of folders in it), in order of names."""
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".parquet" and p.is_file())
    except OSError as why:
        raise DataError(f"{folder} cannot be read: {why.strerror or why}") from why
    if len(paths) > MAX_FILES:
        raise DataError(f"{folder} holds {len(paths)} Parquet files, more than {MAX_FILES}")
    for path in paths:
        file = parse_name(path)
        if file is None:
            notes.append(f"{path.name}: not named SYMBOL_TF_*.parquet; left alone")
            continue
        symbol = catalogue.resolve(file.symbol)
        if symbol in catalogue:
            _add(found, PriceFile(path, symbol, file.timeframe))
        else:
            notes.append(f"{path.name}: {symbol} is no known instrument{near_symbols(symbol, catalogue)}; left alone")


def _choices(choice: Mapping[str, str], catalogue: Catalogue) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for symbol, word in choice.items():
        try:
            chosen[catalogue.resolve(symbol)] = timeframes.from_file_name(str(word))
        except ValueError as why:
            raise ConfigError(f"timeframe of {symbol}: {why}") from why
    return chosen


def _chosen(offer: Offer, choice: Mapping[str, str], wanted: set[str] | None) -> dict[str, list[PriceFile]]:
    """One series a symbol, as its files. Raises ConfigError that lists every symbol with several."""
    chosen: dict[str, list[PriceFile]] = {}
    problems: list[str] = []
    for symbol, files in offer.files.items():
        if wanted is not None and symbol not in wanted and symbol not in offer.named:
            continue
        by_timeframe: dict[str, list[PriceFile]] = {}
        for file in files:
            by_timeframe.setdefault(file.timeframe, []).append(file)
        timeframe = choice.get(symbol)
        if timeframe == "tick":
            raise DataError(f"{symbol}: {_TICKS}")
        if by_timeframe.pop("tick", None):
            offer.notes.append(f"{symbol}: tick files left alone; {_TICKS}")
        if timeframe is not None and timeframe not in by_timeframe:
            problems.append(f"{symbol} has no {timeframes.file_name(timeframe)}; it has {_listed(by_timeframe)}")
        elif timeframe is None and len(by_timeframe) > 1:
            one = timeframes.file_name(next(iter(by_timeframe)))
            problems.append(
                f"{symbol} has several series: {_listed(by_timeframe)}; choose one: name its file "
                f"(--bars {symbol}:{one}=FILE), or set data.choice.{symbol} = {one!r}"
            )
        elif by_timeframe:
            chosen[symbol] = by_timeframe[timeframe or next(iter(by_timeframe))]
    if problems:
        raise ConfigError(problems)
    return chosen


def _listed(by_timeframe: Mapping[str, Sequence[PriceFile]]) -> str:
    """``H1 (a.parquet), M1 (b.parquet, c.parquet)``, longest list of names cut."""
    shown = []
    for timeframe, files in by_timeframe.items():
        names = [file.path.name for file in files[:3]] + (["..."] if len(files) > 3 else [])
        shown.append(f"{timeframes.file_name(timeframe)} ({', '.join(names)})")
    return ", ".join(shown) or "no bars"


def _nothing(arguments: Sequence[str], offer: Offer, wanted: set[str] | None, notes: Sequence[str]) -> str:
    """The sentence for a run without any prices."""
    where = ", ".join(arguments)
    held = ", ".join(sorted(offer.files)) or "no file named SYMBOL_TF_*.parquet"
    asked = f" for any of {', '.join(sorted(wanted))}" if wanted else ""
    said = f" ({'; '.join(notes[:5])})" if notes else ""
    return f"no prices{asked} in {where}: it holds {held}{said}"
