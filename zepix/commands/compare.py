"""``zepix compare``: what parted two profits, in parts that sum to the cent; and what ``zepix gap`` shares with it."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from zepix.commands.alert_options import DateOrder, Instruments, Symbols, pairs_of
from zepix.commands.alert_options import Decimal as DecimalMark
from zepix.commands.console import harmless, say
from zepix.errors import ConfigError

if TYPE_CHECKING:
    from zepix.research.comparing.opening import SideOptions

__all__ = [
    "Columns",
    "Currency",
    "Json",
    "Out",
    "SkipBad",
    "Symbol",
    "Unit",
    "Within",
    "compare",
    "number",
    "of",
    "show",
    "side_options",
]

_FILES: Final = "What a statement or a List of trades leaves open"
Text = str | None


def of(flag: str, metavar: str, text: str, panel: str = _FILES) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=panel)


Zone = Annotated[Text, of("--zone", "ZONE", "Of times without one, as Europe/Athens or America/New_York+7.")]
Currency = Annotated[Text, of("--currency", "CODE", "Of a statement that does not say it, as USD.")]
Columns = Annotated[
    list[str] | None, of("--columns", "FIELD=HEADING,...", "A statement's, as open_time=Opened,side=Dir. Repeatable.")
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave rows out that cannot be read.", rich_help_panel=_FILES)
]
Symbol = Annotated[Text, of("--symbol", "SYMBOL", "Of a List of trades that names none.")]
Unit = Annotated[Text, of("--volume-unit", "units|lots|contracts", "What TradingView's sizes are.")]
Within = Annotated[float, typer.Option("--within", metavar="S", min=0.0, help="Pair tickets by time so far apart.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write a page, JSON and CSV there.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A run's folder, a live folder, a statement, or a list.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other; A is called here, B there.")],
    within: Within = 300.0,
    rate: Annotated[
        Text, typer.Option("--rate", metavar="NUMBER", help="B's currency in A's, where they differ.")
    ] = None,
    plugin: Annotated[Text, typer.Option("--plugin", metavar="ID", help="Only tickets of this plugin.")] = None,
    zone: Zone = None,
    currency: Currency = None,
    columns: Columns = None,
    symbols: Symbols = None,
    decimal: DecimalMark = None,
    date_order: DateOrder = None,
    skip_bad: SkipBad = False,
    symbol: Symbol = None,
    volume_unit: Unit = None,
    instruments: Instruments = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Put two runs side by side: what parted their profits, in named parts that sum to the cent.

    A and B: replays, live data folders, brokers' statements, TradingView's List of trades. See docs/compare.md.
    """
    from zepix.research.comparing.comparing import compare_books
    from zepix.research.comparing.opening import of_one, open_side

    options = side_options(
        zone, currency, columns, symbols, decimal, date_order, skip_bad, symbol, volume_unit, instruments
    )
    first, second = open_side(a, options), open_side(b, options)
    if plugin is not None:
        first, second = of_one(first, second, plugin)
    found = compare_books(first, second, within_s=within, rate=None if rate is None else number(rate))
    show(found, out, as_json, "compare.html")


def side_options(
    zone: str | None, currency: str | None, columns: list[str] | None, symbols: list[str] | None, decimal: str | None,
    date_order: str | None, skip_bad: bool, symbol: str | None, volume_unit: str | None, instruments: Path | None,
) -> SideOptions:  # fmt: skip
    """The flags as one value. Raises ConfigError for what none of them can be."""
    from zepix.research.comparing.opening import SideOptions
    from zepix.research.statements.zones import server_zone

    pairs = [part for text in columns or () for part in text.split(",") if part.strip()]
    return SideOptions(
        zone=server_zone(zone),
        currency=None if currency is None else currency.upper(),
        columns=pairs_of(pairs, "--columns", "FIELD=HEADING, as open_time=Opened,side=Dir"),
        decimal=decimal,
        date_order=date_order,
        skips_bad=skip_bad,
        symbols=pairs_of(symbols),
        symbol=symbol,
        volume_unit=volume_unit,
        instruments=instruments,
    )


def number(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"--rate {text!r}: a number was expected, as 1.08") from None
    if not found.is_finite() or found <= 0:
        raise ConfigError(f"--rate {text!r}: a number above zero was expected")
    return found


def show(found: Any, out: Path | None, as_json: bool, page: str) -> None:
    folder = None if out is None else found.save(out)
    if as_json:
        say(json.dumps(found.to_dict(), indent=2))
        return
    for line in found.lines():
        say(harmless(line))
    if folder is not None:
        say(f"page {folder / page}")
