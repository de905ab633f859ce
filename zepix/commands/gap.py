"""``zepix gap``: from TradingView's own profit to the account's, one waterfall over all stages that are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from zepix.commands.alert_options import DateOrder, Instruments, Symbols, pairs_of
from zepix.commands.alert_options import Decimal as DecimalMark
from zepix.commands.compare import (
    Columns,
    Currency,
    Json,
    Out,
    SkipBad,
    Symbol,
    Text,
    Unit,
    Within,
    number,
    of,
    show,
    side_options,
)

__all__ = ["gap"]

_STAGES: Final = "The stages that are at hand, at least two"


def gap(
    trades: Annotated[Path | None, of("--trades", "FILE", "TradingView's List of trades.", _STAGES)] = None,
    alerts: Annotated[
        list[Path] | None, of("--alerts", "FILE", "A log of the alerts that were received. Repeatable.", _STAGES)
    ] = None,
    replay: Annotated[Path | None, of("--replay", "DIR", "The folder of a replay.", _STAGES)] = None,
    live: Annotated[Path | None, of("--live", "DIR", "The data folder of a live runner.", _STAGES)] = None,
    statement: Annotated[Path | None, of("--statement", "FILE", "A broker's statement.", _STAGES)] = None,
    within: Within = 300.0,
    rates: Annotated[
        list[str] | None,
        typer.Option("--rate", metavar="CODE=NUMBER", help="A currency in the first stage's. Repeatable."),
    ] = None,
    zone: Annotated[Text, of("--zone", "ZONE", "Of the chart, for the List of trades.")] = None,
    server_zone: Annotated[Text, of("--server-zone", "ZONE", "Of the broker's server; --zone where not said.")] = None,
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
    """Chain TradingView's trades, the alerts received, a replay, live and a statement: one waterfall to the cent.

    Give what is at hand; each stage adds its step to the one before. See docs/compare.md.
    """
    from dataclasses import replace

    from zepix.research.comparing.gap import gap as chained
    from zepix.research.statements.zones import server_zone as zone_named

    options = side_options(
        zone, currency, columns, symbols, decimal, date_order, skip_bad, symbol, volume_unit, instruments
    )
    server = options if server_zone is None else replace(options, zone=zone_named(server_zone))
    said = pairs_of(rates, "--rate", "CODE=NUMBER, as EUR=1.08")
    found = chained(
        trades=trades, alerts=alerts or (), replay=replay, live=live, statement=statement, within_s=within,
        rates={code.upper(): number(text) for code, text in said.items()},
        options=options, server=server,
    )  # fmt: skip
    show(found, out, as_json, "gap.html")
