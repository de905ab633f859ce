"""Options that the verbs of ``zepix alerts`` share, and what they stand for."""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zepix.errors import ConfigError

if TYPE_CHECKING:
    from zepix.alerts.processor import AlertProcessor
    from zepix.model import Catalogue

__all__ = [
    "DateOrder",
    "Decimal",
    "Dialects",
    "Instruments",
    "Json",
    "Sets",
    "Symbols",
    "Zone",
    "catalogue_of",
    "pairs_of",
    "processor_of",
    "zone_of",
]

_ZONE = "Zone of times that carry none, as Europe/Athens or +02:00."
_NAMES = "Another name of a symbol. Repeatable."
_ORDER = "Where every date could be read both ways."
Instruments = Annotated[
    Path | None, typer.Option("--instruments", metavar="FILE", help="Instruments of your own, TOML.")
]
Zone = Annotated[str | None, typer.Option("--zone", metavar="ZONE", help=_ZONE)]
Symbols = Annotated[list[str] | None, typer.Option("--symbol-map", metavar="THEIRS=OURS", help=_NAMES)]
SETTING = "dialects.NAME.KEY=WORD, as dialects.pineconnector.target_type=pips"
Dialects = Annotated[
    list[Path] | None, typer.Option("--dialects", metavar="FILE", help="Dialects of your own, TOML. Repeatable.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=WORD", help="A setting of a dialect, as dialects.tradingview.volume_unit=lots."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]
DateOrder = Annotated[str | None, typer.Option("--date-order", metavar="day-first|month-first", help=_ORDER)]
Decimal = Annotated[
    str | None, typer.Option("--decimal", metavar="MARK", help="Decimal mark, where numbers leave it open.")
]


def catalogue_of(file: Path | None) -> Catalogue:
    """The instruments zepix knows, with those of a file of one's own."""
    from zepix.data import default_catalogue, load_instruments

    catalogue = default_catalogue()
    return catalogue if file is None else catalogue.with_instruments(load_instruments(file))


def processor_of(
    catalogue: Catalogue, symbols: list[str] | None, files: list[Path] | None, said: list[str] | None
) -> AlertProcessor:
    """The reader of bodies with the user's dialects and settings; raises ConfigError with every problem."""
    from zepix.alerts.understanding import processor_for

    settings: dict[str, dict[str, str]] = {}
    for place, word in pairs_of(said, "--set", SETTING).items():
        section, _, rest = place.partition(".")
        name, _, key = rest.partition(".")
        if section != "dialects" or not key or "." in key:
            raise ConfigError(f"--set {place}: expected {SETTING}")
        settings.setdefault(name, {})[key] = word
    return processor_for(catalogue, symbol_map=pairs_of(symbols), files=files or (), settings=settings)


def pairs_of(
    pairs: list[str] | None, flag: str = "--symbol-map", expected: str = "THEIRS=OURS, as GOLD=XAUUSD"
) -> dict[str, str]:
    """``THEIRS=OURS`` as a map; raises ConfigError for what is no such pair."""
    cut = [pair.partition("=") for pair in pairs or []]
    wrong = ["".join(parts) for parts in cut if not (parts[0].strip() and parts[2].strip())]
    if wrong:
        raise ConfigError([f"{flag} {text!r}: expected {expected}" for text in wrong])
    return {theirs.strip(): ours.strip() for theirs, _, ours in cut}


def zone_of(text: str | None) -> tzinfo | None:
    """A zone of the time zone database, or an offset; raises ConfigError for anything else."""
    if text is None:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        if text[:1] in "+-":
            return datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo
        return ZoneInfo(text)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ConfigError(f"--zone {text!r}: no such zone; examples: UTC, Europe/Athens, +02:00") from None
