"""``zepix bars import | download | check | list``: prices into a store, their quality, what a store holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from zepix.commands.alerts import Instruments, catalogue_of
from zepix.commands.bars_download import download
from zepix.commands.console import note, say, table, words
from zepix.errors import DataError

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Import, download, check and list recorded prices.")
app.command("download")(download)

_MANY: Final = "PATH|SYMBOL:TF=PATH"
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]
Prices = Annotated[list[str], typer.Argument(metavar=_MANY, help="Store folders or Parquet files.")]


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Exports, CSV or zip.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The store: a folder of Parquet files.")],
    kind: Annotated[
        str, typer.Option("--format", metavar="auto|mt5|tradingview|histdata|dukascopy|csv", help="What the files are.")
    ] = "auto",
    symbol: Annotated[
        str | None, typer.Option("--symbol", metavar="SYMBOL", help="Where the name does not say.")
    ] = None,
    timeframe: Annotated[
        str | None, typer.Option("--timeframe", metavar="TF", help="As M1, 5m, H1; ticks become bars.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", metavar="ZONE", help="As UTC, Europe/Athens, NY+7 (MT5's default).")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="MAP", help="time=Date,open=Open,... for any CSV.")
    ] = None,
    time_format: Annotated[str | None, typer.Option("--time-format", metavar="FORMAT", help="As %Y%m%d %H:%M.")] = None,
    separator: Annotated[str | None, typer.Option("--separator", metavar="CHAR", help="Between columns.")] = None,
    decimal: Annotated[str, typer.Option("--decimal", metavar="CHAR", help="Decimal mark of prices.")] = ".",
    duplicates: Annotated[
        str, typer.Option("--duplicates", metavar="error|first|last", help="Rows of one time that differ.")
    ] = "error",
    drop_last: Annotated[bool, typer.Option("--drop-last", help="Leave the last row out (a bar in progress).")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of the same name.")] = False,
    instruments: Instruments = None,
    as_json: Json = False,
) -> None:
    """Bring exports of MT5, TradingView, HistData, Dukascopy, or any CSV into a store, in order and checked."""
    from zepix.data.commands import import_files

    reports = import_files(
        files,
        out,
        catalogue_of(instruments),
        kind=kind,
        symbol=symbol,
        timeframe=timeframe,
        zone=zone,
        columns=columns,
        time_format=time_format,
        separator=separator,
        decimal=decimal,
        duplicates=duplicates,
        drop_last=drop_last,
        overwrite=overwrite,
    )
    for report in reports:
        if as_json:
            say(json.dumps(report))
        else:
            table(("what", "value"), [(key.replace("_", " "), words(value)) for key, value in report.items()])


@app.command()
def check(
    prices: Prices,
    crossed: Annotated[
        str, typer.Option("--crossed", metavar="raise_ask|error", help="Policy for asks below bids.")
    ] = "raise_ask",
    instruments: Instruments = None,
    as_json: Json = False,
) -> None:
    """Look for what a replay would refuse or you should know: order, gaps, spikes, crossed quotes."""  # fmt: skip
    from zepix.data.commands import check_bars

    reports = check_bars(prices, catalogue_of(instruments), crossed=crossed)
    for report in reports:
        if as_json:
            say(json.dumps({key: value for key, value in report.items() if key != "lines"}))
        else:
            table(("what", "found"), report["lines"])
    unusable = [str(report["source"]) for report in reports if not report["usable"]]
    if unusable:
        raise DataError(f"{len(unusable)} of {len(reports)} files cannot be replayed: {', '.join(unusable[:20])}")


@app.command("list")
def list_(prices: Prices, instruments: Instruments = None, as_json: Json = False) -> None:
    """List the series of a store with their spans, from the files' own summaries."""
    from zepix.data.commands import list_bars

    rows = list_bars(prices, catalogue_of(instruments))
    if as_json:
        for row in rows:
            say(json.dumps(row))
        return
    heads = ("symbol", "timeframe", "rows", "first", "last", "quotes", "bytes", "file")
    table(heads, [[words(row.get(head)) for head in heads] for row in rows])
    for row in rows:
        if "problem" in row:
            note(f"{row['file']}: {row['problem']}")
        elif not row["known"]:
            note(f"{row['symbol']} is no known instrument; describe it in a file and say --instruments FILE")
