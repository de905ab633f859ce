"""What arguments offer: price files named outright, and those that lie in folders; no file is opened.

- A folder offers every file of its own (not of folders in it) named ``SYMBOL_TF_*.parquet``.
- A file, or ``SYMBOL:TF=PATH``, names one.
- A symbol that is not in the catalogue is an error if it was named, and a note if its file lay in a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from zepix.data.names import PriceFile, parse_argument, parse_name
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue

__all__ = ["Offer", "near_symbols", "offers"]

MAX_FILES: Final = 10_000


@dataclass(slots=True)
class Offer:
    """Files by symbol: those that were named outright, and those found in folders."""

    named_files: dict[str, list[PriceFile]] = field(default_factory=dict)
    found: dict[str, list[PriceFile]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def symbols(self) -> list[str]:
        """Every symbol there is a file of, the named ones first."""
        return [*self.named_files, *(symbol for symbol in self.found if symbol not in self.named_files)]

    def of(self, symbol: str) -> list[PriceFile]:
        """The files of a symbol: those named if any is, else those of the folders."""
        return self.named_files.get(symbol) or self.found.get(symbol, [])

    @property
    def files(self) -> dict[str, list[PriceFile]]:
        """``of`` every symbol."""
        return {symbol: self.of(symbol) for symbol in self.symbols}


def offers(arguments: Sequence[str], catalogue: Catalogue) -> Offer:
    """What the arguments offer, without opening a file. Raises ConfigError or DataError, see ``load_bars``."""
    if not arguments:
        raise ConfigError("no prices: say --bars with a folder, a Parquet file or SYMBOL:TF=PATH")
    offer = Offer()
    for argument in arguments:
        target = parse_argument(argument)
        if isinstance(target, Path) and target.is_dir():
            _scan(target, catalogue, offer.found, offer.notes)
        else:
            file = _named(target, catalogue)
            _add(offer.named_files, file)
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
