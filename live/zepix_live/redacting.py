"""What a process must never write down: the runner's secrets, and those that stand among its settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from zepix.config.files import read_settings
from zepix.config.merge import is_secret
from zepix.errors import ZepixError
from zepix_live.secrets_file import Secrets, load_secrets

__all__ = ["blot_of"]

BLOT: Final = "***"
SHORTEST: Final = 6
MOST: Final = 200
OURS: Final = "ZEPIX_"
URLS: Final = ("postgres", "http")


def blot_of(
    data_dir: Path, environ: Mapping[str, str], config: Path | None = None, flags: Mapping[str, Any] | None = None
) -> Callable[[str], str]:
    """A function that takes secrets out of a text: those of the environment, of ``secrets.toml``, of a file of settings
    and of flags. What cannot be read is told by whoever needs it; here it holds no secret."""
    try:
        secrets = load_secrets(data_dir, environ)
    except ZepixError:
        secrets = Secrets()
    forms = sorted({form for one in _values(environ, config, flags) for form in _forms(one)}, key=len, reverse=True)

    def blot(text: str) -> str:
        text = secrets.blot(text)
        for form in forms:
            if form in text:
                text = text.replace(form, BLOT)
        return text

    return blot


def _values(environ: Mapping[str, str], config: Path | None, flags: Mapping[str, Any] | None) -> list[str]:
    found = [value for name, value in environ.items() if name.startswith(OURS) and is_secret((name,))]
    found += [value for name, value in environ.items() if name.startswith(OURS) and value.startswith(URLS)]
    try:
        settings = {} if config is None else read_settings(config)
    except (ZepixError, OSError):
        settings = {}
    found += _secrets_in(settings, ())
    found += [str(value) for name, value in (flags or {}).items() if is_secret(tuple(name.split(".")))]
    return [part for value in found[:MOST] for part in _parts(value)]


def _secrets_in(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from _secrets_in(child, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _secrets_in(child, path)
    elif isinstance(value, str) and path and is_secret(path):
        yield value


def _parts(value: str) -> list[str]:
    """The value; of an address its password too."""
    try:
        password = urlsplit(value).password if value.startswith(URLS) else None
    except ValueError:
        password = None
    if password is not None:
        return [value, password]
    return [] if value.startswith("postgres") else [value]


def _forms(secret: str) -> set[str]:
    if len(secret) < SHORTEST:
        return set()
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
