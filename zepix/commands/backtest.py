"""``zepix backtest``: replay recorded alerts on recorded prices."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from zepix.spec import Spec

__all__ = [
    "Alerts",
    "Bars",
    "Broker",
    "From",
    "Instruments",
    "Settings",
    "SpecFile",
    "StrategyName",
    "To",
    "asked_spec",
    "backtest",
]

_INPUT: Final = "Input"
_OUTPUT: Final = "Output"


def _input(flag: str, metavar: str, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=_INPUT)


def _output(flag: str, text: str) -> Any:
    return typer.Option(flag, help=text, rich_help_panel=_OUTPUT)


_OUT: Final = typer.Option("--out", metavar="DIR", help="Folder for the results.", rich_help_panel=_OUTPUT)
Texts = list[str] | None
Text = str | None
SpecFile = Annotated[Path | None, typer.Argument(metavar="SPEC.toml", help="Spec file: TOML, JSON or YAML.")]
Alerts = Annotated[Texts, _input("--alerts", "FILE", "Alert log (.jsonl, .parquet, TradingView .csv). Repeatable.")]
Bars = Annotated[Texts, _input("--bars", "PATH|SYMBOL:TF=PATH", "Store folder or Parquet file. Repeatable.")]
StrategyName = Annotated[Text, _input("--strategy", "NAME", "Plugin id, else a strategy.")]
Broker = Annotated[Text, _input("--broker", "shadow|backtrader", "Which simulator fills orders.")]
Instruments = Annotated[Text, _input("--instruments", "FILE", "Instruments of your own, TOML.")]
Settings = Annotated[Texts, _input("--set", "KEY=VALUE", "A setting, as account.balance=10000. Repeatable.")]
From = Annotated[Text, _input("--from", "T", "Start: ISO 8601 with zone, or a date.")]
To = Annotated[Text, _input("--to", "T", "End, not included.")]
Out = Annotated[Text, _OUT]
Json = Annotated[bool, _output("--json", "Print run.json and nothing else.")]
Quiet = Annotated[bool, _output("--quiet", "Print the folder of the results and nothing else.")]
NoReport = Annotated[bool, _output("--no-report", "Write no report.html.")]
Open = Annotated[bool, _output("--open", "Open the report in a browser.")]
Profile = Annotated[bool, _output("--profile", "Time the calls of services.")]


def asked_spec(
    spec: Path | None,
    alerts: Texts,
    bars: Texts,
    strategy: Text,
    broker: Text,
    instruments: Text,
    settings: Texts,
    from_: Text,
    to: Text,
    **more: Any,
) -> Spec:
    """The spec that the input flags of a verb ask for; ``more`` as ``load_spec`` takes it. Raises ConfigError."""
    from zepix.config import read_flags
    from zepix.spec import load_spec

    return load_spec(
        spec,
        flags=read_flags(settings or []),
        alerts=alerts,
        bars=bars,
        strategy=strategy,
        broker=broker,
        instruments=instruments,
        from_=from_,
        to=to,
        environ=os.environ,
        **more,
    )


def backtest(
    spec: SpecFile = None,
    alerts: Alerts = None,
    bars: Bars = None,
    strategy: StrategyName = None,
    broker: Broker = None,
    instruments: Instruments = None,
    settings: Settings = None,
    from_: From = None,
    to: To = None,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    no_report: NoReport = False,
    open_report: Open = False,
    profile: Profile = False,
) -> None:
    """Replay recorded alerts on recorded prices: tickets, decisions, statistics, a report.

    Flags override the spec. See docs/configuration.md for every setting.
    """
    from zepix.commands.replaying import replay_and_show

    if no_report and open_report:
        raise typer.BadParameter("--open needs a report; leave --no-report out")
    report = False if no_report else True if open_report else None
    given = (spec, alerts, bars, strategy, broker, instruments, settings, from_, to)
    asked = asked_spec(*given, out=out, report=report, profile=profile)
    replay_and_show(asked, as_json=as_json, quiet=quiet, open_report=open_report)
