"""``zepix alerts import | validate | show``: recorded alerts into a log, row by row, as a table."""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zepix.commands.console import note, say, table, words
from zepix.errors import ConfigError

if TYPE_CHECKING:
    from zepix.model import Catalogue

__all__ = ["Instruments", "app", "catalogue_of"]

app = typer.Typer(no_args_is_help=True, help="Import, validate and show recorded alerts.")

_ZONE = "Zone of times that carry none, as Europe/Athens or +02:00."
_NAMES = "Another name of a symbol. Repeatable."
Instruments = Annotated[
    Path | None, typer.Option("--instruments", metavar="FILE", help="Instruments of your own, TOML.")
]
Zone = Annotated[str | None, typer.Option("--zone", metavar="ZONE", help=_ZONE)]
Symbols = Annotated[list[str] | None, typer.Option("--symbol-map", metavar="THEIRS=OURS", help=_NAMES)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="TradingView alert-log exports (CSV), or logs.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The log to write: .jsonl or .parquet.")],
    instruments: Instruments = None,
    symbols: Symbols = None,
    zone: Zone = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of the same name.")] = False,
    as_json: Json = False,
) -> None:
    """Make one alert log of exports: repaired, in order of time, rows that repeat across files merged."""
    from zepix.alerts.commands import import_files

    report = import_files(
        files,
        out,
        catalogue_of(instruments),
        symbol_map=_symbol_map(symbols),
        zone=_zone(zone),
        overwrite=overwrite,
    )
    if as_json:
        say(json.dumps(report))
    else:
        rows = [(key.replace("_", " "), words(value)) for key, value in report.items() if key != "files"]
        table(("what", "value"), [*((file["path"], words(file)) for file in report.get("files", [])), *rows])


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Alert log (.jsonl, .parquet) or TradingView export.")],
    instruments: Instruments = None,
    symbols: Symbols = None,
    zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Say of every row, in the file's order, whether it is an alert, a duplicate or quarantined, and why."""
    from zepix.alerts.validate import FIELDS, validate_rows

    rows = list(validate_rows(file, catalogue_of(instruments), symbol_map=_symbol_map(symbols), zone=_zone(zone)))
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
    as_json: Json = False,
) -> None:
    """Show the rows of a log as zepix understands them, in order of time."""
    from zepix.alerts.commands import show as shown

    rows = shown(
        file,
        catalogue_of(instruments),
        symbol_map=_symbol_map(symbols),
        zone=_zone(zone),
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


def catalogue_of(file: Path | None) -> Catalogue:
    """The instruments zepix knows, with those of a file of one's own."""
    from zepix.data import default_catalogue, load_instruments

    catalogue = default_catalogue()
    return catalogue if file is None else catalogue.with_instruments(load_instruments(file))


def _symbol_map(pairs: list[str] | None) -> dict[str, str]:
    """``THEIRS=OURS`` as a map; raises ConfigError for what is no such pair."""
    cut = [pair.partition("=") for pair in pairs or []]
    wrong = ["".join(parts) for parts in cut if not (parts[0].strip() and parts[2].strip())]
    if wrong:
        raise ConfigError([f"--symbol-map {text!r}: expected THEIRS=OURS, as GOLD=XAUUSD" for text in wrong])
    return {theirs.strip(): ours.strip() for theirs, _, ours in cut}


def _zone(text: str | None) -> tzinfo | None:
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
