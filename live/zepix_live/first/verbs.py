"""``zepix live init`` and ``zepix record``, and what ``zepix alerts send`` asks of the live runner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from zepix.commands.console import harmless, note, say

__all__ = ["add_to", "init", "local_address", "record", "what_became"]

DATA: Final = typer.Option("--data", metavar="DIR", help="Folder of everything durable.", show_default=False)
HERE: Final = Path("zepix-live")


def add_to(app: typer.Typer) -> None:
    """Adds the verbs of this file to ``zepix live``."""
    app.command("init")(init)
    app.command("record")(record)


def init(
    data: Annotated[str | None, typer.Option("--data", metavar="DIR", help="Folder of everything durable.")] = None,
    reach: Annotated[
        str | None, typer.Option("--reach", metavar="local|tunnel|proxy", help="TradingView's way.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="https://HOST", help="The public address of tunnel or proxy.")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="ID", help="zepix strategies lists them.")
    ] = None,
    feed: Annotated[str | None, typer.Option("--feed", metavar="webhook|none|replay:PATH", help="The prices.")] = None,
    mirror: Annotated[
        list[str] | None, typer.Option("--mirror", metavar="URL", help="Another receiver; none for none. Repeatable.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Where to listen.")] = 8000,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; what no flag says is the default.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a configuration that is there.")] = False,
    no_start: Annotated[bool, typer.Option("--no-start", help="Write the files, start nothing.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a dry test alert instead of waiting for one.")] = False,
    stop_after: Annotated[bool, typer.Option("--stop-after", help="End the runner after the first alert.")] = False,
    wait_s: Annotated[float, typer.Option("--wait-s", help="How long to wait for the first alert.")] = 600.0,
) -> None:
    """Five questions, then settings, secrets, the address and the message for TradingView, and the first alert."""
    from zepix_live.clock import SystemClock
    from zepix_live.first.asking import Asker
    from zepix_live.first.init import Flags, Init

    flags = Flags(
        data, reach, url, strategy, feed, None if mirror is None else tuple(mirror), port,
        yes=yes, overwrite=overwrite, start=not no_start, test=test, stop_after=stop_after, wait_s=wait_s,
    )  # fmt: skip
    tell = _flushed
    raise typer.Exit(Init(flags, Asker(tell, is_quiet=yes), tell, SystemClock(), _send_dry).run())


def _flushed(line: str) -> None:
    """A line at once, also into a pipe: somebody waits for it."""
    say(harmless(line))


def _send_dry(data_dir: Path) -> int:
    """The number of a dry test alert. Raises DataError where it is not taken."""
    from zepix.alerts.trial_alert import Sample, now, post, signed, usual_body, with_dry
    from zepix.errors import DataError

    address, key = local_address(data_dir)
    body = usual_body(Sample(now())).encode("ascii")
    answer = post(with_dry(address), body, {"Content-Type": "application/json", **signed(key, body)})
    if not answer.is_taken:
        raise DataError(f"the test alert was answered {answer.status}: {answer.fields.get('error', '')}")
    return int(answer.fields["seq"])


def record(
    data: Annotated[Path, DATA] = HERE,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="TOML, JSON or YAML.")] = None,
    mirror: Annotated[
        list[str] | None, typer.Option("--mirror", metavar="URL", help="Another receiver that gets them. Repeatable.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen; 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="8000.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting.")] = None,
) -> None:
    """Take alerts, keep them and hand them on, without an engine: nothing is decided, nothing is traded."""
    from zepix_live.engine.options import EngineOptions
    from zepix_live.recording import run_record

    flags: dict[str, Any] = {}
    if settings:
        from zepix.config.layers import read_flags

        flags = dict(read_flags(settings))
    options = EngineOptions(data, config, flags=flags)
    raise typer.Exit(run_record(options, host=host, port=port, mirrors=mirror or (), say=note))


def local_address(data: Path) -> tuple[str, str]:
    """Where the runner of a folder takes alerts of this machine, and the key to sign them with (empty: none is asked
    for). Raises ConfigError for secrets that will not do, DataError where none runs. Asked by ``zepix alerts send``."""
    import os
    from urllib.parse import quote

    from zepix.errors import DataError
    from zepix_live.commanding import near_host
    from zepix_live.door_file import read_door
    from zepix_live.secrets_file import load_secrets

    door = read_door(data)
    if door is None:
        raise DataError(f"no receiver of {data} has said where it listens; start zepix live --data {data}")
    secrets = load_secrets(data, os.environ)
    host = near_host(door.host)
    host = f"[{host}]" if ":" in host else host
    token = f"/{quote(secrets.webhook_token, safe='')}" if secrets.webhook_token is not None else ""
    return f"http://{host}:{door.port}/webhook/custom{token}", secrets.hmac_key or ""


def what_became(data: Path, seq: int, wait_s: float) -> list[str]:
    """What became of alert ``seq``, in lines, waited for. Asked by ``zepix alerts send``."""
    import threading

    from zepix_live.clock import SystemClock
    from zepix_live.first.fate import lines_of, wait_for

    def pause(seconds: float) -> None:
        threading.Event().wait(seconds)

    return lines_of(data, wait_for(data, seq, SystemClock(), pause, wait_s))
