"""``zepix backtest``: replay recorded alerts on recorded prices."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["backtest"]

_INPUT = "Input"
_OUTPUT = "Output"


def backtest(
    spec: Annotated[Path | None, typer.Argument(metavar="SPEC.toml", help="Spec file: TOML, JSON or YAML.")] = None,
    alerts: Annotated[
        list[str] | None,
        typer.Option(
            "--alerts",
            metavar="FILE",
            help="Alert log (.jsonl, .parquet, TradingView .csv). Repeatable.",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    bars: Annotated[
        list[str] | None,
        typer.Option(
            "--bars",
            metavar="PATH|SYMBOL:TF=PATH",
            help="Store folder or Parquet file. Repeatable.",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option("--strategy", metavar="NAME", help="Plugin id, else a strategy.", rich_help_panel=_INPUT),
    ] = None,
    broker: Annotated[
        str | None,
        typer.Option("--broker", metavar="shadow", help="Which simulator fills orders.", rich_help_panel=_INPUT),
    ] = None,
    instruments: Annotated[
        str | None,
        typer.Option("--instruments", metavar="FILE", help="Instruments of your own, TOML.", rich_help_panel=_INPUT),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting, as account.balance=10000. Repeatable.",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="T", help="Start: ISO 8601 with zone, or a date.", rich_help_panel=_INPUT),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="T", help="End, not included.", rich_help_panel=_INPUT)
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Folder for the results.", rich_help_panel=_OUTPUT)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print run.json and nothing else.", rich_help_panel=_OUTPUT)
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print the folder of the results and nothing else.", rich_help_panel=_OUTPUT)
    ] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write no report.html.", rich_help_panel=_OUTPUT)
    ] = False,
    open_report: Annotated[
        bool, typer.Option("--open", help="Open the report in a browser.", rich_help_panel=_OUTPUT)
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Time the calls of services.", rich_help_panel=_OUTPUT)
    ] = False,
) -> None:
    """Replay recorded alerts on recorded prices: tickets, decisions, statistics, a report.

    Flags override the spec. See docs/configuration.md for every setting.
    """  # fmt: skip
    from zepix.commands.replaying import replay_and_show
    from zepix.config import read_flags
    from zepix.spec import load_spec

    if no_report and open_report:
        raise typer.BadParameter("--open needs a report; leave --no-report out")
    asked = load_spec(
        spec,
        flags=read_flags(settings or []),
        alerts=alerts,
        bars=bars,
        strategy=strategy,
        broker=broker,
        instruments=instruments,
        from_=from_,
        to=to,
        out=out,
        report=False if no_report else True if open_report else None,
        profile=profile,
        environ=os.environ,
    )
    replay_and_show(asked, as_json=as_json, quiet=quiet, open_report=open_report)
