"""The verbs of the live runner: ``zepix live`` with its own, and ``zepix rerun``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from zepix.commands.console import note, say
from zepix_live.first.verbs import add_to as add_first_verbs
from zepix_live.first.verbs import local_address, record, what_became
from zepix_live.operator_verbs import add_to, shadow
from zepix_live.watching_verbs import add_to as add_watching_verbs

__all__ = [
    "app",
    "default_settings",
    "local_address",
    "record",
    "rerun",
    "settings_problems",
    "shadow",
    "what_became",
]

DATA: Final = typer.Option("--data", metavar="DIR", help="Folder of everything durable.", show_default=False)
Data = Annotated[Path, DATA]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting. Repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, and nothing else.")]
HERE: Final = Path("zepix-live")

app = typer.Typer(help="Take TradingView's alerts and trade them in shadow.", invoke_without_command=True)


def _flags(settings: list[str] | None) -> dict[str, Any]:
    if not settings:
        return {}
    from zepix.config.layers import read_flags  # loads what reads settings, which most calls do without

    return dict(read_flags(settings))


def settings_problems(config: Any, plugins: Sequence[Any] = ()) -> list[str]:
    """What is wrong with the settings that the runner reads itself: asked by ``zepix config``."""
    from zepix_live import live_settings

    return live_settings.settings_problems(config, plugins)


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
    api_port: Annotated[int | None, typer.Option("--api-port", help="The API's; 8001.")] = None,
    one_process: Annotated[bool, typer.Option("--one-process", help="Receiver and engine in one, for trials.")] = False,
    feed: Annotated[str | None, typer.Option("--feed", metavar="replay:PATH|webhook", help="The prices.")] = None,
    speed: Annotated[float, typer.Option("--speed", help="How fast a recording is played.")] = 1.0,
    log_format: Annotated[str | None, typer.Option("--log-format", metavar="text|json", help="text.")] = None,
    settings: Settings = None,
) -> None:
    """Take TradingView's alerts at a webhook and trade them in shadow, with the strategies of a replay."""
    if context.invoked_subcommand is not None:
        return
    from zepix_live.engine.options import EngineOptions, feed_choice
    from zepix_live.launch import run_live

    feed_choice(feed)
    if api_port is not None:
        settings = [*(settings or ()), f"live.api.port={api_port}"]
    if log_format is not None:
        settings = [*(settings or ()), f"live.log.format={log_format}"]
    options = EngineOptions(data, config, feed, speed, _flags(settings))
    raise typer.Exit(run_live(options, host=host, port=port, one_process=one_process, say=note))


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


@app.command("rehearse")
def rehearse(
    alerts: Annotated[Path, typer.Option("--alerts", metavar="PATH", help="A log of alerts, as for a backtest.")],
    bars: Annotated[Path, typer.Option("--bars", metavar="PATH", help="A store folder or a Parquet file.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The folder to make; it must be new.")],
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="A live runner's.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Up to here, not to the last price.")] = None,
    settings: Settings = None,
) -> None:
    """Run a live session over recorded alerts and prices in moved time: in seconds what live would have done."""
    from zepix_live.rehearsing import rehearse as rehearsed

    say(str(rehearsed(data, alerts=alerts, bars=bars, config=config, settings=_flags(settings), to=to)))
    note(f"zepix live decisions --data {data}, zepix live shadow report --data {data} and zepix compare say more")


add_first_verbs(app)
add_to(app)
add_watching_verbs(app)


def rerun(
    journal: Annotated[Path, typer.Argument(metavar="DIR", help="A live runner's folder, or its journal.")],
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Run a recorded live session again and compare every line; with --set, print what became different."""
    from zepix_live.rerunning import rerun_and_tell

    raise typer.Exit(rerun_and_tell(journal, _flags(settings), as_json=as_json, say=say))
