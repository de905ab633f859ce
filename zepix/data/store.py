"""Loading prices for a run: from arguments to one series a symbol, by way of the cache.

Which files are taken: see ``offers`` and ``choosing``. Files of one series are joined if they follow each other; if
they overlap it is an error that names the rows. With ``finer`` each symbol has a second series, of ticks or of a
shorter timeframe, for a simulator that makes its fills on it while strategies see the bars.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zepix.data.build import check_policy, cut, join, seconds_since
from zepix.data.choosing import Chosen, choices, choose, finer_word
from zepix.data.findings import time_text
from zepix.data.finer import coverage
from zepix.data.load import load_file
from zepix.data.names import PriceFile
from zepix.data.offers import Offer, offers
from zepix.errors import DataError
from zepix.model import Catalogue, Instrument, Series
from zepix.model import timeframe as timeframes

__all__ = ["BarsLoaded", "load_bars"]


@dataclass(slots=True)
class BarsLoaded:
    """Series by symbol in catalogue order; ``report`` has one dict a series, ``notes`` what was left alone.

    ``finer`` has the series that fills are made on, by symbol, where some were asked for and are there; their lines of
    the report say ``serves: fills``. A series whose bars they cover only in part has the fact ``finer_covers`` (see
    ``finer.coverage``), and a note says so. ``load_s`` is all the time it took, ``index_s`` the share that went into
    indexes, ``cache_write_s`` into caches.
    """

    series: dict[str, Series] = field(default_factory=dict)
    report: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load_s: float = 0.0
    index_s: float = 0.0
    cache_write_s: float = 0.0
    finer: dict[str, Series] = field(default_factory=dict)


def load_bars(
    arguments: Sequence[str],
    catalogue: Catalogue,
    *,
    choice: Mapping[str, str] | None = None,
    crossed: str = "raise_ask",
    to_ns: int | None = None,
    symbols: Iterable[str] | None = None,
    cache: bool = True,
    finer: str | None = None,
    finer_for: Iterable[str] | None = None,
) -> BarsLoaded:
    """The series that ``arguments`` (a folder, a file, ``SYMBOL:TF=PATH``) hold, one a symbol.

    ``symbols`` limits what folders give (None: all; files named outright are always loaded); ``choice`` says which
    timeframe of a symbol; ``to_ns`` leaves out bars that end later and ticks from then on; ``crossed`` is
    ``raise_ask`` or ``error``. ``finer`` (``ticks``, or a timeframe shorter than the bars) asks for a second series to
    make fills on; the symbols ``finer_for`` must have it (None: all), others take it where it is there.
    Raises ConfigError for arguments that say too little or nothing known, DataError for files that cannot be used or
    a symbol without finer data.
    """
    start = clock.perf_counter()
    check_policy(crossed)
    offer = offers(arguments, catalogue)
    wanted = None if symbols is None else set(symbols)
    needed = None if finer_for is None else {catalogue.resolve(symbol) for symbol in finer_for}
    chosen = choose(offer, choices(choice or {}, catalogue), wanted, finer_word(finer), needed)
    loaded = BarsLoaded(notes=offer.notes)
    for symbol in sorted(chosen, key=list(catalogue).index):
        _load_symbol(loaded, chosen[symbol], catalogue[symbol], crossed, cache, to_ns)
    if not loaded.series:
        raise DataError(_nothing(arguments, offer, wanted, loaded.notes))
    loaded.load_s = seconds_since(start)
    return loaded


def _load_symbol(
    loaded: BarsLoaded, chosen: Chosen, instrument: Instrument, crossed: str, cache: bool, to_ns: int | None
) -> None:
    """Enter the series of one symbol, and the finer one, with their lines of the report."""
    bars = _series(loaded, chosen.bars, instrument, crossed, cache, to_ns)
    if bars is None:
        return
    finer = None
    if chosen.finer:
        is_one = chosen.finer == chosen.bars
        finer = bars if is_one else _series(loaded, chosen.finer, instrument, crossed, cache, to_ns)
        if finer is None:
            raise DataError(f"{chosen.finer[0].series}: all rows lie after --to; fills cannot be made on them")
        bars = _covered(loaded, bars, finer)
        loaded.finer[instrument.symbol] = finer
    loaded.series[instrument.symbol] = bars
    loaded.report.append(_line(bars))
    if finer is not None and finer is not bars:
        loaded.report.append({**_line(finer), "serves": "fills"})


def _series(
    loaded: BarsLoaded, files: list[PriceFile], instrument: Instrument, crossed: str, cache: bool, to_ns: int | None
) -> Series | None:
    """The files joined and cut; None, and a note, if nothing is left. Times are entered."""
    parts = [load_file(file, instrument, crossed=crossed, cache=cache) for file in files]
    loaded.index_s += sum(part.index_s for part in parts)
    loaded.cache_write_s += sum(part.cache_write_s for part in parts)
    start = clock.perf_counter()
    whole = join([part.series for part in parts], [file.path.name for file in files])
    series = whole if to_ns is None else cut(whole, to_ns)
    if series is not whole or len(parts) > 1:
        loaded.index_s += seconds_since(start)
    if series is None:
        what = "ticks lie" if whole.timeframe == "tick" else "bars end"
        loaded.notes.append(f"{files[0].series}: all {what} after --to; not loaded")
    return series


def _covered(loaded: BarsLoaded, bars: Series, finer: Series) -> Series:
    """The bars, with the fact ``finer_covers`` and a note if some have no finer row; DataError if none has one."""
    found = coverage(bars, finer)
    if not found:
        return bars
    name, fine = (f"{s.symbol} {timeframes.file_name(s.timeframe)}" for s in (bars, finer))
    span = f"{fine} reaches from {found['from']} to {found['to']}"
    if found["bars_without"] == found["bars"]:
        raise DataError(
            f"{span} and holds nothing of the bars of {name}, {time_text(bars.start_ns)} to {time_text(bars.end_ns)}; "
            "are they of the same period?"
        )
    loaded.notes.append(f"{span}: {found['bars_without']} of {found['bars']} bars of {name} hold none of it")
    return replace(bars, facts={**bars.facts, "finer_covers": found})


def _line(series: Series) -> dict[str, Any]:
    """A line of the report."""
    return {
        "symbol": series.symbol,
        "timeframe": timeframes.file_name(series.timeframe),
        "first": time_text(series.start_ns),
        "last": time_text(int(series.time[-1])),
        **series.facts,
    }


def _nothing(arguments: Sequence[str], offer: Offer, wanted: set[str] | None, notes: Sequence[str]) -> str:
    """The sentence for a run without any prices."""
    where = ", ".join(arguments)
    held = ", ".join(sorted(offer.files)) or "no file named SYMBOL_TF_*.parquet"
    asked = f" for any of {', '.join(sorted(wanted))}" if wanted else ""
    said = f" ({'; '.join(notes[:5])})" if notes else ""
    return f"no prices{asked} in {where}: it holds {held}{said}"
