"""What ``zepix live init`` leaves: a small configuration with comments, and secrets; each whole, or not there at all.

Both are readable by their owner alone: the configuration may hold addresses of other receivers, which are secrets too.
Nothing is written before every answer is there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from zepix.config.toml_text import toml_value
from zepix.errors import DataError
from zepix_live.engine.options import EngineOptions
from zepix_live.first.choices import ALL, LOCAL, Choices
from zepix_live.launch import CONFIG_NAME, receiver_table
from zepix_live.secrets_file import FILE_NAME, Secrets, load_secrets

__all__ = ["as_written", "beside", "configuration", "make_secrets", "write_configuration"]

_MADE: Final = ("webhook_token", "api_token")
_TOKEN_BYTES: Final = 32


def configuration(choices: Choices) -> str:
    """The text of the file."""
    lines = [
        "# Settings of zepix live, made by zepix live init. Whoever starts zepix live on this folder uses them.",
        "# All there are, and what holds: zepix config show live.toml --origin",
        "",
    ]
    if choices.strategy == ALL:
        lines += ["# Every strategy that declares itself enabled runs; one alone: [strategy] name = ...", ""]
    else:
        lines += ["[strategy]", f"name = {toml_value(choices.strategy)}  # zepix strategies lists them", ""]
    lines += [
        "[account]",
        "balance = 10000",
        'currency = "USD"',
        "",
        "[live]",
        f"feed = {toml_value(choices.feed)}  # the prices: webhook (TradingView posts bars), none, or replay:PATH",
        "",
        "[live.receiver]",
        f"port = {choices.port}",
    ]
    if choices.reach != LOCAL:
        lines += [
            "# Only what runs on this machine is believed about where a request came from (X-Forwarded-For).",
            'trusted_proxies = ["127.0.0.1", "::1"]',
        ]
    if choices.mirrors:
        lines += [
            "# The same body goes on to these, once it is on the disk here; see docs/first_alert.md.",
            f"mirror = {toml_value(list(choices.mirrors))}",
        ]
    else:
        lines += ['# mirror = ["https://..."]  # another receiver that is to get the same bodies']
    lines += [
        "",
        "[live.api]",
        f"port = {beside(choices.port)}  # figures and commands, for this machine; never public",
    ]
    return "\n".join(lines) + "\n"


def beside(port: int) -> int:
    """The API's port, next to the receiver's: two runners on one machine meet nowhere."""
    return port + 1 if port < 65_535 else port - 1


def write_configuration(data_dir: Path, text: str) -> Path:
    """Where it was written. Raises DataError."""
    path = data_dir / CONFIG_NAME
    _write(path, text)
    return path


def as_written(choices: Choices) -> Choices:
    """The choices as the configuration that stays has them, where they are told: its port. Raises ConfigError."""
    options = EngineOptions(choices.data_dir, choices.data_dir / CONFIG_NAME)
    port = receiver_table(options).get("port", choices.port)
    return replace(choices, port=port) if isinstance(port, int) else choices


def make_secrets(data_dir: Path, environ: Mapping[str, str]) -> tuple[Secrets, bool]:
    """The secrets that hold, and whether some were made now; what is there already stays. Raises ConfigError for a file
    that will not do, DataError where none can be written."""
    found = load_secrets(data_dir, environ)
    missing = [name for name in _MADE if getattr(found, name) is None]
    if not missing:
        return found, False
    path = data_dir / FILE_NAME
    before = (
        path.read_text(encoding="utf-8-sig") if path.exists() else "# Secrets of zepix live; docs/live_security.md\n"
    )
    if not before.endswith("\n"):
        before += "\n"
    made = "".join(f"{name} = {toml_value(secrets.token_urlsafe(_TOKEN_BYTES))}\n" for name in missing)
    _write(path, before + made)
    return load_secrets(data_dir, environ), True


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
        draft.replace(path)
    except OSError as error:
        raise DataError(f"{path} could not be written ({error.strerror or error}); is the folder yours?") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
