"""``zepix alerts import | compare``: what users have becomes an alert log; a replay beside TradingView's own trades."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from zepix.commands.alert_options import (
    DateOrder,
    Decimal,
    Dialects,
    Instruments,
    Json,
    Sets,
    Symbols,
    Zone,
    catalogue_of,
    pairs_of,
    processor_of,
    zone_of,
)
from zepix.commands.console import harmless, note, say, table, words
from zepix.errors import ConfigError

__all__ = ["compare", "import_"]

_TABLES: Final = "Tables of signals or bodies"
_TRADES: Final = "Lists of trades"
_ALWAYS: Final = ("rows", "alerts", "quarantined", "written")
Text = str | None
Texts = list[str] | None


def _of(panel: str, flag: str, metavar: str, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=panel)


Files = Annotated[
    list[Path], typer.Argument(metavar="FILE", help="Alert-log exports, Lists of trades, alert logs, tables.")
]
Columns = Annotated[Texts, _of(_TABLES, "--columns", "FIELD=HEADING,...", "time=Date,side=Dir,... or payload=body.")]
Values = Annotated[Texts, _of(_TABLES, "--values", "FIELD:CELL=WORD,...", "side:B=buy,side:S=sell. Repeatable.")]
Symbol = Annotated[Text, typer.Option("--symbol", metavar="SYMBOL", help="Where the file names none.")]
ReceivedAt = Annotated[Text, _of(_TABLES, "--received-at", "TIME", "Make times up: the first; then one a second.")]
Strategy = Annotated[Text, typer.Option("--strategy", metavar="NAME", help="The family that the alerts name.")]
Unit = Annotated[Text, _of(_TRADES, "--volume-unit", "units|lots|contracts", "What TradingView's sizes are.")]
TradesOut = Annotated[
    Path | None, _of(_TRADES, "--trades", "FILE", "TradingView's own trades; LOG.trades.parquet by default.")
]
Prefix = Annotated[Text, _of(_TRADES, "--id-prefix", "TEXT", "Before the ids of trades, T12.")]


def import_(
    files: Files,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The log to write: .jsonl or .parquet.")],
    instruments: Instruments = None,
    symbols: Symbols = None,
    zone: Zone = None,
    date_order: DateOrder = None,
    decimal: Decimal = None,
    symbol: Symbol = None,
    strategy: Strategy = None,
    columns: Columns = None,
    values: Values = None,
    received_at: ReceivedAt = None,
    volume_unit: Unit = None,
    trades: TradesOut = None,
    id_prefix: Prefix = None,
    dialects: Dialects = None,
    sets: Sets = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of the same name.")] = False,
    as_json: Json = False,
) -> None:
    """Make one alert log of exports, Lists of trades, logs and tables, in order of time, and say what was done.

    Each file is known by its content. docs/imports.md goes from an export to a first replay.
    """
    from zepix.alerts.commands import import_files

    catalogue = catalogue_of(instruments)
    report = import_files(
        files,
        out,
        catalogue,
        processor=processor_of(catalogue, symbols, dialects, sets),
        zone=zone_of(zone),
        overwrite=overwrite,
        date_order=date_order,
        decimal=decimal,
        columns=_columns(columns),
        values=_values(values),
        symbol=symbol,
        received_at=received_at,
        volume_unit=volume_unit,
        strategy=strategy,
        id_prefix=id_prefix,
        trades_out=trades,
    )
    if as_json:
        say(json.dumps(report))
        return
    rows = [
        (key.replace("_", " "), words(value))
        for key, value in report.items()
        if key not in ("files", "advice") and (value or key in _ALWAYS)
    ]
    table(("what", "value"), [*((file["path"], _said(file)) for file in report["files"]), *rows])
    for sentence in report.get("advice", ()):
        note(sentence)


def compare(
    run: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="The folder that a replay left (--out).")],
    trades: Annotated[Path, typer.Argument(metavar="LIST_OF_TRADES", help="CSV, XLSX, or what its import wrote.")],
    zone: Zone = None,
    date_order: DateOrder = None,
    decimal: Decimal = None,
    id_prefix: Prefix = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write all rows: .csv, .parquet or .json.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Show at most so many rows.")] = 50,
    as_json: Json = False,
) -> None:
    """Put a replay beside TradingView's own List of trades, ticket by ticket: what differs, by how much, and why."""
    from zepix.research.compare_trades import compare_trades

    result = compare_trades(
        run, trades, zone=zone_of(zone), date_order=date_order, decimal=decimal, id_prefix=id_prefix or ""
    )
    if out is not None:
        result.save(out)
    if as_json:
        say(json.dumps(result.to_dict()))
        return
    for line in result.lines(limit):
        say(harmless(line))
    if len(result.rows) > limit:
        note(f"the first {limit} of {len(result.rows)} trades; --limit N shows more, --out FILE writes all")
    if out is not None:
        say(f"rows {out}")


def _said(file: dict[str, Any]) -> Any:
    return words(
        {key.replace("_", " "): value for key, value in file.items() if key != "path" and value not in (None, [], {})}
    )


def _columns(given: Texts) -> dict[str, str] | None:
    if given is None:
        return None
    expected = "FIELD=HEADING, as time=Date,side=Dir"
    return pairs_of([part for text in given for part in text.split(",") if part.strip()], "--columns", expected)


def _values(given: Texts) -> dict[str, dict[str, str]]:
    """``side:B=buy`` as ``{"side": {"B": "buy"}}``; an empty word means nothing."""
    found: dict[str, dict[str, str]] = {}
    for part in (part for text in given or [] for part in text.split(",")):
        name, mark, rest = part.partition(":")
        cell, equals, word = rest.partition("=")
        if not (mark and equals and name.strip() and cell.strip()):
            raise ConfigError(f"--values {part!r}: expected FIELD:CELL=WORD, as side:B=buy")
        found.setdefault(name.strip(), {})[cell.strip()] = word.strip()
    return found
