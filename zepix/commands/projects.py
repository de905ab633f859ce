"""``zepix new`` and ``zepix demo``: a project of one's own, and a replay without any data of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zepix.commands.console import say

__all__ = ["demo", "new"]


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; must be new or empty.")],
) -> None:
    """Make a project of your own: a strategy, its test, a spec, the folders for data."""
    from zepix.scaffold import new_project

    for path in new_project(folder):
        say(str(path))
    say(f"next: cd {folder}, then: zepix backtest backtests/first.toml")


def demo(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder to use. Default: ./zepix-demo.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the folder of the results and nothing else.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.html.")] = False,
    open_report: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
) -> None:
    """Replay a generated sample with the strategy bracket; needs nothing and works anywhere."""
    from zepix.commands.replaying import replay_and_show
    from zepix.scaffold import demo_folder, demo_spec

    place = demo_folder(folder)
    if not quiet:
        say(f"a synthetic sample of alerts and prices is in {place}")
    replay_and_show(demo_spec(place, report=not no_report), quiet=quiet, open_report=open_report and not no_report)
