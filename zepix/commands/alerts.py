"""``zepix alerts``: recorded alerts into a log, row by row, as a table, beside TradingView's own trades."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from zepix.commands.alert_options import (
    Dialects,
    Instruments,
    Json,
    Sets,
    Symbols,
    Zone,
    catalogue_of,
    processor_of,
    zone_of,
)
from zepix.commands.alerts_import import compare, import_
from zepix.commands.alerts_send import send
from zepix.commands.console import note, say, table, words
from zepix.commands.dialects import add_to as add_dialect_verbs
from zepix.commands.generate import generate

__all__ = ["Instruments", "app", "catalogue_of"]

app = typer.Typer(no_args_is_help=True, help="Import, validate and show recorded alerts.")
app.command("generate")(generate)
add_dialect_verbs(app)

app.command("import")(import_)
app.command("compare")(compare)
app.command("send")(send)


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Alert log (.jsonl, .parquet) or TradingView export.")],
    instruments: Instruments = None,
    symbols: Symbols = None,
    zone: Zone = None,
    dialects: Dialects = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Say of every row, in the file's order, whether it is an alert, a duplicate or quarantined, and why."""
    from zepix.alerts.validate import FIELDS, validate_rows

    catalogue = catalogue_of(instruments)
    processor = processor_of(catalogue, symbols, dialects, sets)
    rows = list(validate_rows(file, catalogue, zone=zone_of(zone), processor=processor))
    if as_json:
        for row in rows:
            say(json.dumps(row))
        return
    table(FIELDS, [[words(row[name]) for name in FIELDS] for row in rows])
    counts = {status: sum(row["status"] == status for row in rows) for status in ("alert", "duplicate", "quarantined")}
    note(f"{len(rows)} rows: {words(counts)}")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Alert log (.jsonl, .parquet) or TradingView export.")],
    symbol: Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only this symbol.")] = None,
    kind: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only this type, as entry.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many rows.")] = 50,
    instruments: Instruments = None,
    symbols: Symbols = None,
    zone: Zone = None,
    dialects: Dialects = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show the rows of a log as zepix understands them, in order of time."""
    from zepix.alerts.commands import show as shown

    catalogue = catalogue_of(instruments)
    rows = shown(
        file,
        catalogue,
        processor=processor_of(catalogue, symbols, dialects, sets),
        zone=zone_of(zone),
        symbol=symbol,
        type=kind,
        limit=limit,
    )
    if as_json:
        for row in rows:
            say(json.dumps(row))
        return
    heads = (
        "id",
        "received_at",
        "dialect",
        "type",
        "symbol",
        "side",
        "timeframe",
        "signal",
        "price",
        "sl",
        "tp",
        "reason",
    )
    table(heads, [[words(row.get(head)) for head in heads] for row in rows])
    if len(rows) == limit:
        note(f"the first {limit} rows; --limit N shows more")
