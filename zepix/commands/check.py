"""``zepix check``: what a spec amounts to, and what it could lose, before it runs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from zepix.commands.backtest import (
    Alerts,
    Bars,
    Broker,
    From,
    Instruments,
    Settings,
    SpecFile,
    StrategyName,
    To,
    asked_spec,
)
from zepix.commands.console import problem, say

__all__ = ["check"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def check(
    spec: SpecFile = None,
    alerts: Alerts = None,
    bars: Bars = None,
    strategy: StrategyName = None,
    broker: Broker = None,
    instruments: Instruments = None,
    settings: Settings = None,
    from_: From = None,
    to: To = None,
    as_json: Json = False,
) -> None:
    """Say what a spec amounts to before it runs: settings, files, instruments in money, the worst case, problems.

    Nothing is replayed. Exit status 2 or 3 where a run would stop. See docs/check.md.
    """
    from zepix.research.check import check as checked
    from zepix.research.check_words import as_dict, check_lines

    asked = asked_spec(spec, alerts, bars, strategy, broker, instruments, settings, from_, to)
    found = checked(asked)
    if as_json:
        say(json.dumps(as_dict(found), indent=2))
    else:
        for text in check_lines(found):
            say(text)
    if found.exit_status:
        for text in found.problems if not as_json else ():
            problem(text)
        raise typer.Exit(found.exit_status)
