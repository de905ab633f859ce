"""Which of the offered files a run takes: one series a symbol, and perhaps a finer one that its fills are made on.

- Several series of one symbol (M1 and H1) need a choice: ``choice[symbol]``, or naming the file; without one it is an
  error that lists them.
- Files that were named win over those of folders. Ticks in a folder are left alone where there are bars, and said.
- With ``finer`` the files of that timeframe serve the fills, the others are the bars; named files win over those of
  folders for each of the two. A symbol that has the finer data only takes them for both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from zepix.data.build import timeframe_ns
from zepix.data.names import PriceFile
from zepix.data.offers import Offer
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue
from zepix.model import timeframe as timeframes

__all__ = ["Chosen", "choices", "choose", "finer_word"]

Groups = dict[str, list[PriceFile]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The files of the bars of one symbol, and of the finer series (none where there is none, or none was asked)."""

    bars: list[PriceFile]
    finer: list[PriceFile] = field(default_factory=list)


def choices(choice: Mapping[str, str], catalogue: Catalogue) -> dict[str, str]:
    """Timeframes by symbol as they were chosen, in one spelling. Raises ConfigError for what is no timeframe."""
    chosen: dict[str, str] = {}
    for symbol, word in choice.items():
        try:
            chosen[catalogue.resolve(symbol)] = timeframes.from_file_name(str(word))
        except ValueError as why:
            raise ConfigError(f"timeframe of {symbol}: {why}") from why
    return chosen


def finer_word(finer: str | None) -> str | None:
    """``ticks`` (or ``tick``) or a timeframe in any spelling, in one; None stays None. Raises ConfigError."""
    if finer is None:
        return None
    try:
        return "tick" if finer.lower() in ("tick", "ticks") else timeframes.normalise(finer)
    except ValueError as why:
        raise ConfigError(f"finer data for fills: {why}; expected ticks, or a timeframe such as M1") from why


def choose(
    offer: Offer,
    choice: Mapping[str, str],
    wanted: Collection[str] | None,
    finer: str | None = None,
    needed: Collection[str] | None = None,
) -> dict[str, Chosen]:
    """What is taken of every symbol that is wanted (None: all) or was named.

    ``finer`` as of ``finer_word``; ``needed`` symbols must have it (None: all that are taken). Raises ConfigError that
    lists every symbol with several series, DataError that lists every symbol without finer data.
    """
    chosen: dict[str, Chosen] = {}
    unclear: list[str] = []
    lacking: list[str] = []
    for symbol in offer.symbols:
        if wanted is not None and symbol not in wanted and symbol not in offer.named_files:
            continue
        fine, rest = _sides(offer, symbol, finer)
        if finer and not fine and (needed is None or symbol in needed):
            lacking.append(_lacking(symbol, finer, rest))
        bars, problem = _one(offer, symbol, rest, fine, choice.get(symbol))
        problem = problem or _unfit(symbol, bars, fine)
        if problem:
            unclear.append(problem)
        elif bars:
            chosen[symbol] = Chosen(bars, fine)
    if unclear:
        raise ConfigError(unclear)
    if lacking:
        raise DataError("; ".join(lacking))
    return chosen


def _sides(offer: Offer, symbol: str, finer: str | None) -> tuple[list[PriceFile], Groups]:
    """The files that serve the fills, and the others by timeframe."""
    if finer is None:
        return [], _grouped(offer.of(symbol))
    named, found = offer.named_files.get(symbol, []), offer.found.get(symbol, [])
    fine = [f for f in named if f.timeframe == finer] or [f for f in found if f.timeframe == finer]
    rest = [f for f in named if f.timeframe != finer] or [f for f in found if f.timeframe != finer]
    return fine, _grouped(rest)


def _grouped(files: Sequence[PriceFile]) -> Groups:
    groups: Groups = {}
    for file in files:
        groups.setdefault(file.timeframe, []).append(file)
    return groups


def _one(
    offer: Offer, symbol: str, groups: Groups, fine: list[PriceFile], timeframe: str | None
) -> tuple[list[PriceFile], str]:
    """The files of the bars, or what has to be said to know them."""
    if timeframe is not None:
        if fine and timeframe == fine[0].timeframe:
            return fine, ""
        if timeframe in groups:
            return groups[timeframe], ""
        return [], f"{symbol} has no {timeframes.file_name(timeframe)}; it has {_listed(groups)}"
    if not groups:
        return fine, ""
    if "tick" in groups and len(groups) > 1 and symbol not in offer.named_files:
        offer.notes.append(
            f"{symbol}: {_listed({'tick': groups.pop('tick')})} left alone; to replay on ticks set "
            f"data.choice.{symbol} = 'TICK', to make fills on them set fill.intrabar = 'ticks'"
        )
    if len(groups) == 1:
        return next(iter(groups.values())), ""
    one = timeframes.file_name(next(iter(groups)))
    return [], (
        f"{symbol} has several series: {_listed(groups)}; choose one: name its file "
        f"(--bars {symbol}:{one}=FILE), or set data.choice.{symbol} = {one!r}"
        + ("; ticks may serve the fills alone: fill.intrabar = 'ticks'" if "tick" in groups else "")
    )


def _unfit(symbol: str, bars: Sequence[PriceFile], fine: Sequence[PriceFile]) -> str:
    """Why bars of one timeframe cannot be filled on another, or nothing."""
    if not bars or not fine or bars[0].timeframe == fine[0].timeframe:
        return ""
    length_ns, finer_ns = timeframe_ns(bars[0].timeframe), timeframe_ns(fine[0].timeframe)
    if finer_ns < length_ns and not (finer_ns and length_ns % finer_ns):
        return ""
    names = timeframes.file_name(fine[0].timeframe), timeframes.file_name(bars[0].timeframe)
    return f"{symbol}: fills of {names[1]} bars cannot be made on {names[0]}; expected a whole part of them, or ticks"


def _lacking(symbol: str, finer: str, groups: Groups) -> str:
    name = timeframes.file_name(finer)
    what = "ticks" if finer == "tick" else name
    return (
        f"{symbol} has no {what}, which fill.intrabar = {what!r} needs (it has {_listed(groups)}); name their file "
        f"(--bars {symbol}:{name}=FILE), put {symbol}_{name}_*.parquet into the store, or set fill.intrabar = "
        "'pessimistic'"
    )


def _listed(groups: Mapping[str, Sequence[PriceFile]]) -> str:
    """``H1 (a.parquet), M1 (b.parquet, c.parquet)``, longest list of names cut."""
    shown = []
    for timeframe, files in groups.items():
        names = [file.path.name for file in files[:3]] + (["..."] if len(files) > 3 else [])
        shown.append(f"{timeframes.file_name(timeframe)} ({', '.join(names)})")
    return ", ".join(shown) or "no bars"
