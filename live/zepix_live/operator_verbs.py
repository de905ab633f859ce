"""``zepix live pause, resume, mode, promote ...``: what a human tells a runner, each a durable command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from zepix.commands.console import say

__all__ = ["add_to", "live_against_twin", "shadow"]

DATA: Final = typer.Option("--data", metavar="DIR", help="Folder of everything durable.", show_default=False)
Data = Annotated[Path, DATA]
Plugin = Annotated[str, typer.Option("--plugin", metavar="ID", help="Of this plugin alone.", show_default=False)]
Whose = Annotated[str, typer.Argument(metavar="PLUGIN", help="The plugin's id.", show_default=False)]
HERE: Final = Path("zepix-live")
TOLD_S: Final = 3.0
"""How long a command waits to hear what the engine made of it."""

NOT_OBEYED: Final = 1
"""The status of a command that the engine refused."""

shadow = typer.Typer(help="What live plugins and their shadow twins did.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Make the verbs known."""
    for verb in (pause, resume, enable, disable, mode, promote, demote, rearm, flatten, reload):
        app.command(verb.__name__)(verb)
    shadow.command("report")(live_against_twin)
    app.add_typer(shadow, name="shadow")


def _command(data: Path, word: str, plugin: str = "", **more: Any) -> None:
    from getpass import getuser
    from uuid import uuid4

    from zepix.errors import ConfigError
    from zepix_live.clock import SystemClock
    from zepix_live.commanding import answer_of, give
    from zepix_live.operator_commands import command_of

    try:
        by = getuser()
    except (OSError, KeyError, ImportError):  # a service's user without a name
        by = ""
    asked = {"id": uuid4().hex, "command": word, "plugin": plugin, "by": by, **more}
    try:
        command = command_of({name: value for name, value in asked.items() if value not in (None, "")} | {"by": by})
    except ValueError as error:
        raise ConfigError(str(error)) from None
    clock = SystemClock()
    given = give(data, command, clock)
    if not given.is_running:
        say(f"{command} is number {given.seq}; no runner owns {data}, the next start takes it first")
        return
    done = answer_of(data, given.seq, clock, TOLD_S)
    told = "durable, and taken as soon as the engine turns" if done is None else done.text
    say(f"{command} is number {given.seq}: {told}")
    if done is not None and done.is_refused:
        raise typer.Exit(NOT_OBEYED)


def pause(data: Data = HERE, plugin: Plugin = "") -> None:
    """Take no new risk, at all or by one plugin; what is open goes on. Durable, also while the engine restarts."""
    _command(data, "pause", plugin)


def resume(data: Data = HERE, plugin: Plugin = "") -> None:
    """Take entries again; with --plugin those of one that was paused, disabled after failures or reined in."""
    _command(data, "resume", plugin)


def enable(plugin: Whose, data: Data = HERE) -> None:
    """Switch a plugin on, also one that was disabled after failures."""
    _command(data, "enable", plugin)


def disable(plugin: Whose, data: Data = HERE) -> None:
    """Switch a plugin off: no new risk; its open tickets keep stops, trailing, booking and exits."""
    _command(data, "disable", plugin)


def mode(
    word: Annotated[str, typer.Argument(metavar="LIVE|SHADOW|HYBRID", show_default=False)],
    data: Data = HERE,
    plugin: Plugin = "",
) -> None:
    """Whose orders are real from now on, of the session or of one plugin. No ticket moves."""
    _command(data, "mode", plugin, mode=word.upper())


def promote(
    plugin: Whose,
    data: Data = HERE,
    force: Annotated[bool, typer.Option("--force", help="Though thresholds are not met; recorded.")] = False,
) -> None:
    """Take a plugin out of shadow, where shadow_mode.promotion is met; else what is missing is told."""
    _command(data, "promote", plugin, **({"force": True} if force else {}))


def demote(plugin: Whose, data: Data = HERE) -> None:
    """Put a plugin into shadow; its live tickets are managed to their end."""
    _command(data, "demote", plugin)


def rearm(
    data: Data = HERE,
    base_equity: Annotated[
        float | None, typer.Option("--base-equity", help="From this equity; without it, from that of now.")
    ] = None,
    plugin: Annotated[
        str, typer.Option("--plugin", metavar="ID", help="Its fidelity breaker.", show_default=False)
    ] = "",
) -> None:
    """Arm the equity guard again after it has closed everything; with --plugin the breaker that put it into shadow."""
    _command(data, "rearm", plugin, base_equity=base_equity)


def flatten(
    data: Data = HERE,
    plugin: Plugin = "",
    book: Annotated[
        str, typer.Option("--book", metavar="shadow|live", help="This book alone.", show_default=False)
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Close what is open, cancel what waits, and take no new entries until resume: of all, a plugin, or a book."""
    if not yes:
        typer.confirm(f"close everything{f' of {plugin}' if plugin else ''} under {data}?", abort=True)
    _command(data, "flatten", plugin, book=book)


def reload(
    data: Data = HERE,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Another file than the runner was started with.")
    ] = None,
) -> None:
    """Read the settings again: what may change while it runs is applied, the rest is named; a broken file changes
    nothing."""
    _command(data, "reload", config="" if config is None else str(config.expanduser().resolve()))


def live_against_twin(
    data: Data = HERE,
    plugin: Plugin = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write a page, JSON and CSV of each plugin there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Live against its shadow twin, per plugin and ticket by ticket: the difference in named parts, to the cent."""
    from zepix_live.shadow_report import report_and_tell

    report_and_tell(data, plugin, out, as_json=as_json, say=say)
