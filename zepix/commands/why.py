"""``zepix why``: the whole path of one alert of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from zepix.commands.console import say

__all__ = ["why"]


def why(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, as zepix backtest --out made it.")],
    alert_id: Annotated[
        str, typer.Argument(metavar="ALERT_ID", help="Id in the log, the sender's own, or a beginning of one.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Tell why: body, dialect, route, checks with their numbers, orders, fills, exits, money of one alert.

    See docs/why.md.
    """
    from zepix.research.why import why as told

    found = told(run, alert_id)
    if as_json:
        say(json.dumps(found.as_dict(), indent=2))
        return
    for line in found.lines():
        say(line)
