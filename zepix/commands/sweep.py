"""``zepix sweep``: one replay for each cell that a spec's table ``[sweep]`` names, resumable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from zepix.commands.backtest import Alerts, Bars, Broker, From, Instruments, Settings, StrategyName, To
from zepix.commands.console import note, progress, say

if TYPE_CHECKING:
    from zepix.research.sweep.result import SweepResult

__all__ = ["sweep"]

_HOW: Final = "Where, and output"


def _how(flag: str, metavar: str | None, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=_HOW)


SpecFile = Annotated[Path, typer.Argument(metavar="SPEC.toml", help="Spec file with a table [sweep].")]
Out = Annotated[str | None, _how("--out", "DIR", "Folder of the cells. Default: one of this sweep in zepix-sweeps.")]
Workers = Annotated[int | None, _how("--workers", "N", "Processes on this machine; 0: none. Default: one a core.")]
Dask = Annotated[str | None, _how("--dask", "ADDRESS", "A Dask scheduler, as tcp://host:8786, in place of processes.")]
Resume = Annotated[bool, _how("--resume", None, "Go on with the cells that --out holds already.")]
Limit = Annotated[int, _how("--limit", "N", "At most so many cells.")]
Json = Annotated[bool, _how("--json", None, "Print JSON and nothing else.")]


def sweep(
    spec: SpecFile,
    alerts: Alerts = None,
    bars: Bars = None,
    strategy: StrategyName = None,
    broker: Broker = None,
    instruments: Instruments = None,
    settings: Settings = None,
    from_: From = None,
    to: To = None,
    out: Out = None,
    workers: Workers = None,
    dask: Dask = None,
    resume: Resume = False,
    limit: Limit = 100_000,
    as_json: Json = False,
) -> None:
    """Replay once for each cell of a grid, of random draws or of a search by Optuna.

    What is tried stands in the spec's table [sweep]; finished cells are kept, whatever ends it. See docs/sweeps.md.
    """
    from zepix.config import read_flags
    from zepix.research.sweep.driver import SweepInterrupted
    from zepix.research.sweep.verb import sweep as swept

    flags = dict(read_flags(settings or []))
    if broker is not None:
        flags["broker.name"] = broker
    try:
        with progress("sweep", hidden=as_json) as tell:
            result = swept(
                spec,
                alerts=alerts,
                bars=bars,
                strategy=strategy,
                settings=flags,
                instruments=instruments,
                from_=from_,
                to=to,
                out=out,
                resume=resume,
                workers=workers,
                dask=dask,
                limit=limit,
                progress=tell or False,
            )
    except SweepInterrupted as stop:
        note(str(stop))
        raise
    _show(result, as_json)


def _show(result: SweepResult, as_json: bool) -> None:
    if as_json:
        say(json.dumps(result.as_dict(), indent=2, default=str))
        return
    for line in result.lines():
        say(line)
