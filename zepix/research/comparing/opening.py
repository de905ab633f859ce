"""What can be compared: a Result, the folder of a run, a live data folder, a broker's statement, a List of trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zepix.alerts.imports.sources import ImportOptions
from zepix.config.keys import near
from zepix.data import default_catalogue, load_instruments
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue
from zepix.research.comparing.books import Book, of_plugin
from zepix.research.comparing.of_journal import BOOKS, JOURNAL, book_of_live
from zepix.research.comparing.of_run import book_of_folder, book_of_result
from zepix.research.comparing.of_statement import book_of_statement
from zepix.research.comparing.of_trades import book_of_trades, is_trades_file
from zepix.research.opening import OpenedRun
from zepix.research.statements.statement import StatementOptions
from zepix.research.write import RUN

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["Side", "SideOptions", "of_one", "open_side"]

Side = Any
"""A Result, a path, or a Book."""


@dataclass(frozen=True, slots=True)
class SideOptions:
    """What the user says of files that are no runs; None is not said.

    ``zone``: of times without one (a List of trades: the chart's; a statement: the server's); ``columns``: the headings
    of a statement by field; ``symbols``: their names as ours; ``volume_unit``: what TradingView's sizes are.
    """

    zone: tzinfo | None = None
    currency: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    date_order: str | None = None
    skips_bad: bool = False
    symbols: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    volume_unit: str | None = None
    id_prefix: str = ""
    instruments: Path | None = None

    def of_statement(self) -> StatementOptions:
        return StatementOptions(self.zone, self.currency, self.columns, self.decimal, self.date_order, self.skips_bad)

    def of_trades(self) -> ImportOptions:
        return ImportOptions(
            zone=self.zone, date_order=self.date_order, decimal=self.decimal, symbol=self.symbol,
            volume_unit=self.volume_unit, id_prefix=self.id_prefix,
        )  # fmt: skip

    def catalogue(self) -> Catalogue:
        """The instruments zepix knows, with those of a file of one's own."""
        known = default_catalogue()
        return known if self.instruments is None else known.with_instruments(load_instruments(self.instruments))


def open_side(
    side: Result | OpenedRun | str | PathLike[str] | Book, options: SideOptions, catalogue: Catalogue | None = None
) -> Book:
    """One side of a comparison, known by what it is. Raises DataError for what can be none, ConfigError where
    something about it must be said."""
    if isinstance(side, Book):
        return side
    if not isinstance(side, str | PathLike):
        if isinstance(side, OpenedRun):
            return book_of_folder(side.folder, bars=side.bars)
        if not hasattr(side, "record"):
            raise ConfigError(f"{type(side).__name__} cannot be compared; a Result, a folder of a run, or a file can")
        return book_of_result(side)
    path, book = _of_book(Path(side))
    if book:
        return book_of_live(path, path.name if path.is_dir() else path.parent.name, book)
    if path.is_dir():
        if (path / RUN).is_file():
            return book_of_folder(path)
        if (path / JOURNAL).is_file():
            return book_of_live(path)
        raise DataError(f"{path} holds neither a run ({RUN}) nor a live journal ({JOURNAL})")
    if not path.is_file():
        raise DataError(f"{path} does not exist; a run, a live folder, a statement or a List of trades was expected")
    with path.open("rb") as handle:
        start = handle.read(16)
    if path.name == RUN:
        return book_of_folder(path.parent)
    if start.startswith(b"SQLite format 3"):
        return book_of_live(path, path.parent.name)
    known = options.catalogue() if catalogue is None else catalogue
    if start.startswith(b"PAR1") or is_trades_file(path, options.of_trades()):
        return book_of_trades(path, options.of_trades(), known, options.symbols)
    return book_of_statement(path, options.of_statement(), known, options.symbols)


def of_one(a: Book, b: Book, plugin: str) -> tuple[Book, Book]:
    """Both sides' tickets of one plugin. Raises ConfigError where neither has one, or a side does not name plugins."""
    named = [sorted({ticket.plugin for ticket in book.tickets}) for book in (a, b)]
    for book, names in zip((a, b), named, strict=True):
        if names == [""]:
            raise ConfigError(f"{book.name} does not say which plugin a ticket is of, so plugin chooses nothing there")
    known = sorted({*named[0], *named[1]})
    if plugin not in known:
        raise ConfigError(
            f"no ticket is of plugin {plugin!r}{near(plugin, known) or '; there are ' + (', '.join(known) or 'none')}"
        )
    return of_plugin(a, plugin), of_plugin(b, plugin)


def _of_book(path: Path) -> tuple[Path, str]:
    """(path, book) of ``my-live:live``, one of a live runner's books; (path, "") of anything else."""
    name, colon, book = path.name.rpartition(":")
    if not colon or not name or book not in BOOKS or path.exists():
        return path, ""
    return path.with_name(name), book
