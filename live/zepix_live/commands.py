"""The verbs of the live runner: ``zepix live`` with its own, and ``zepix rerun``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from zepix.commands.console import note, say, table

__all__ = ["app", "default_settings", "rerun", "settings_problems"]

DATA: Final = typer.Option("--data", metavar="DIR", help="Folder of everything durable.", show_default=False)
Data = Annotated[Path, DATA]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting. Repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, and nothing else.")]
Plugin = Annotated[str, typer.Option("--plugin", metavar="ID", help="Of this plugin alone.", show_default=False)]
HERE: Final = Path("zepix-live")
MOST_COMMANDS: Final = 20
TOLD_S: Final = 3.0
"""How long a command waits to hear what the engine made of it."""

app = typer.Typer(help="Take TradingView's alerts and trade them in shadow.", invoke_without_command=True)


def _flags(settings: list[str] | None) -> dict[str, Any]:
    if not settings:
        return {}
    from zepix.config.layers import read_flags  # loads what reads settings, which most calls do without

    return dict(read_flags(settings))


def settings_problems(config: Any) -> list[str]:
    """What is wrong with the settings that the runner reads itself: asked by ``zepix config``."""
    from zepix_live import live_settings

    return live_settings.settings_problems(config)


def default_settings() -> dict[str, Any]:
    """The runner's own settings that hold where nothing is said: asked by ``zepix config``."""
    from zepix_live import live_settings

    return live_settings.default_settings()


@app.callback()
def live(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="TOML, JSON or YAML.")] = None,
    data: Data = HERE,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen; 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="8000.")] = None,
    one_process: Annotated[bool, typer.Option("--one-process", help="Receiver and engine in one, for trials.")] = False,
    feed: Annotated[str | None, typer.Option("--feed", metavar="replay:PATH|webhook", help="The prices.")] = None,
    speed: Annotated[float, typer.Option("--speed", help="How fast a recording is played.")] = 1.0,
    settings: Settings = None,
) -> None:
    """Take TradingView's alerts at a webhook and trade them in shadow, with the strategies of a replay."""
    if context.invoked_subcommand is not None:
        return
    from zepix_live.engine.options import EngineOptions, feed_choice
    from zepix_live.launch import run_live

    feed_choice(feed)
    options = EngineOptions(data, config, feed, speed, _flags(settings))
    raise typer.Exit(run_live(options, host=host, port=port, one_process=one_process, say=note))


@app.command("decisions")
def decisions(data: Data = HERE, as_json: Json = False) -> None:
    """What became of every alert, one line per alert and plugin; while the runner runs or not."""
    from zepix_live.reading import decisions as read

    rows = read(data)
    if as_json:
        for row in rows:
            say(json.dumps(row))
        return
    names = ("seq", "id", "received_at", "strategy", "outcome", "reason")
    table(names, [[row[name] for name in names] for row in rows])


@app.command("report")
def report(data: Data = HERE, as_json: Json = False) -> None:
    """The last recovery statement: what a start found, and what became of everything that happened meanwhile."""
    from zepix_live.reading import commands, last_statement

    found = last_statement(data)
    given = commands(data)[-MOST_COMMANDS:]
    if as_json:
        say(json.dumps(found if found is None else {**found, "commands": given}))
    elif found is None:
        say("the engine has not started yet")
    else:
        for line in [*found["lines"], *given]:
            say(line)


def _command(data: Path, word: str, plugin: str, base_equity: float | None = None, config: str = "") -> None:
    from getpass import getuser
    from uuid import uuid4

    from zepix.errors import ConfigError
    from zepix_live.clock import SystemClock
    from zepix_live.commanding import give, outcome_of
    from zepix_live.operator_commands import command_of

    try:
        by = getuser()
    except (OSError, KeyError, ImportError):  # a service's user without a name
        by = ""
    asked = {"id": uuid4().hex, "command": word, "plugin": plugin, "base_equity": base_equity, "by": by}
    asked |= {"config": config} if config else {}
    try:
        command = command_of({name: value for name, value in asked.items() if value is not None})
    except ValueError as error:
        raise ConfigError(str(error)) from None
    clock = SystemClock()
    given = give(data, command, clock)
    if not given.is_running:
        say(f"{command} is number {given.seq}; no runner owns {data}, the next start takes it first")
        return
    done = outcome_of(data, given.seq, clock, TOLD_S)
    say(f"{command} is number {given.seq}: {done or 'durable, and taken as soon as the engine turns'}")


@app.command("pause")
def pause(data: Data = HERE, plugin: Plugin = "") -> None:
    """Take no new risk, at all or by one plugin; what is open goes on. Durable, also while the engine restarts."""
    _command(data, "pause", plugin)


@app.command("resume")
def resume(data: Data = HERE, plugin: Plugin = "") -> None:
    """Take entries again; with --plugin those of one that was paused, disabled after failures or reined in."""
    _command(data, "resume", plugin)


@app.command("rearm")
def rearm(
    data: Data = HERE,
    base_equity: Annotated[
        float | None, typer.Option("--base-equity", help="From this equity; without it, from that of now.")
    ] = None,
) -> None:
    """Arm the equity guard again, after it has closed everything."""
    _command(data, "rearm", "", base_equity)


@app.command("rebuild")
def rebuild(
    data: Data = HERE,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="A file, or postgresql://user@host/name; DIR/zepix.db."),
    ] = None,
) -> None:
    """Make the database's tables again from the journal, which is only read; what they held goes."""
    import os

    from zepix_live.clock import SystemClock
    from zepix_live.storage.verb import rebuild_and_tell

    rebuild_and_tell(data, database, os.environ, SystemClock(), say=say, note=note)


@app.command("reload")
def reload(
    data: Data = HERE,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Another file than the runner was started with.")
    ] = None,
) -> None:
    """Read the settings again: what may change while it runs is applied, the rest is named; a broken file changes
    nothing."""
    _command(data, "reload", "", config="" if config is None else str(config.expanduser().resolve()))


def rerun(
    journal: Annotated[Path, typer.Argument(metavar="DIR", help="A live runner's folder, or its journal.")],
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Run a recorded live session again and compare every line; with --set, print what became different."""
    from zepix_live.rerunning import rerun_and_tell

    raise typer.Exit(rerun_and_tell(journal, _flags(settings), as_json=as_json, say=say))
