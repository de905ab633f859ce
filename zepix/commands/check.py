"""``zepix check``: what a spec amounts to before it runs; with ``--real``, what speaks against its result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

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
from zepix.commands.console import problem, progress, say

if TYPE_CHECKING:
    from zepix.spec import Spec

__all__ = ["check"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
_PANEL = "With --real"
Real = Annotated[bool, typer.Option("--real", help="Replay it under doubt: what speaks against the result?")]
Cuts = Annotated[
    int, typer.Option("--cuts", metavar="N", help="Replays up to random instants.", rich_help_panel=_PANEL)
]
Repeats = Annotated[int, typer.Option("--repeats", metavar="N", help="Deliveries a level.", rich_help_panel=_PANEL)]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed, the same page.", rich_help_panel=_PANEL)]
Sweep = Annotated[
    str | None, typer.Option("--sweep", metavar="DIR", help="A finished sweep to deflate.", rich_help_panel=_PANEL)
]


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
    real: Real = False,
    cuts: Cuts = 24,
    repeats: Repeats = 10,
    seed: Seed = 1,
    sweep: Sweep = None,
) -> None:
    """Say what a spec amounts to before it runs: settings, files, instruments in money, the worst case, problems.

    Nothing is replayed but with --real. Exit status 2 or 3 where a run would stop. See docs/check.md and docs/real.md.
    """
    from zepix.research.check import check as checked
    from zepix.research.check_words import as_dict, check_lines

    asked = asked_spec(spec, alerts, bars, strategy, broker, instruments, settings, from_, to)
    if real:
        _real(asked, as_json, cuts, repeats, seed, sweep)
        return
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


def _real(spec: Spec, as_json: bool, cuts: int, repeats: int, seed: int, sweep: str | None) -> None:
    """The one page of docs/real.md; status 0 whatever it found, as nothing stands against a run."""
    from zepix.research.real.page import check_real

    with progress("real", hidden=as_json) as tell:
        found = check_real(spec, cuts=cuts, repeats=repeats, seed=seed, sweep=sweep, progress=tell)
    if as_json:
        say(json.dumps(found.as_dict(), indent=2))
        return
    for line in found.lines():
        say(line)
