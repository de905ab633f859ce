"""The secrets of the live runner: from the environment, else from ``secrets.toml`` in the data folder; nowhere else.

    ZEPIX_WEBHOOK_TOKEN            webhook_token            in the address or the body of an alert
    ZEPIX_WEBHOOK_TOKEN_PREVIOUS   webhook_token_previous   still accepted, while alerts are being moved to a new one
    ZEPIX_API_TOKEN                api_token                ``Authorization: Bearer ...`` of everything under /api
    ZEPIX_WEBHOOK_HMAC_KEY         hmac_key                 signs what comes to /webhook/custom

The environment wins, name by name; an empty value is none. The file must belong to whoever runs zepix and be readable
by nobody else (``chmod 600``); on Windows that is up to the folder's rights, see docs/live_security.md.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from zepix.errors import ConfigError

__all__ = ["FILE_NAME", "RECEIVER_SETTINGS", "Secrets", "load_secrets"]

FILE_NAME: Final = "secrets.toml"
RECEIVER_SETTINGS: Final = "RECEIVER_SETTINGS_OF_ZEPIX"
"""The variable in which a receiver finds its settings; no setting of a user's (those begin with ZEPIX_)."""
BLOT: Final = "***"
NAMES: Final[Mapping[str, str]] = {
    "webhook_token": "ZEPIX_WEBHOOK_TOKEN",
    "webhook_token_previous": "ZEPIX_WEBHOOK_TOKEN_PREVIOUS",
    "api_token": "ZEPIX_API_TOKEN",
    "hmac_key": "ZEPIX_WEBHOOK_HMAC_KEY",
}
LONGEST: Final = 256
SHORTEST_OUTSIDE: Final = 16
"""What anybody on the network may try must not be guessable."""
_SHORTEST_BLOTTED: Final = 6
_FILE_LIMIT_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """The secrets in use; None where there is none. Its text never shows them."""

    webhook_token: str | None = None
    webhook_token_previous: str | None = None
    api_token: str | None = None
    hmac_key: str | None = None

    def __repr__(self) -> str:
        there = ", ".join(f"{name}={BLOT}" for name in NAMES if getattr(self, name) is not None)
        return f"Secrets({there})"

    @property
    def all(self) -> tuple[str, ...]:
        """Every secret there is."""
        return tuple(value for field in fields(self) if (value := getattr(self, field.name)) is not None)

    @property
    def webhook_tokens(self) -> tuple[str, ...]:
        """The tokens that an alert may carry: the one in use, and the previous one during a rotation."""
        return tuple(token for token in (self.webhook_token, self.webhook_token_previous) if token is not None)

    def blot(self, text: str) -> str:
        """The text with every secret of six characters or more replaced, also as an address or JSON would write it."""
        for form in _forms(self.all):
            if form in text:
                text = text.replace(form, BLOT)
        if "\\" in text or "%" in text:
            for pattern in _escaped(self.all):
                text = pattern.sub(BLOT, text)
        return text

    def blot_bytes(self, raw: bytes) -> bytes:
        """As ``blot``, for what is not known to be text."""
        for form in _forms(self.all):
            if (sent := form.encode("utf-8")) in raw:
                raw = raw.replace(sent, BLOT.encode("ascii"))
        if b"\\" in raw or b"%" in raw:  # as one letter a byte: escapes are ASCII
            for pattern in _escaped(self.all):
                raw = pattern.sub(BLOT, raw.decode("latin-1")).encode("latin-1")
        return raw

    def blot_cut(self, raw: bytes) -> bytes:
        """As ``blot_bytes``, for the beginning of something longer: a secret that is cut off at its end goes too."""
        raw = self.blot_bytes(raw)
        for form in _forms(self.all):
            sent = form.encode("utf-8")
            for length in range(len(sent) - 1, _SHORTEST_BLOTTED - 1, -1):
                if raw.endswith(sent[:length]):
                    return raw[:-length] + BLOT.encode("ascii")
        return raw

    def weaknesses(self) -> list[str]:
        """Why these secrets do not suffice to listen to a network, in sentences; nothing where they do."""
        found = [
            f"listening beyond this machine needs {NAMES[name]} (or {name} in {FILE_NAME})"
            for name in ("webhook_token", "api_token")
            if getattr(self, name) is None
        ]
        found += [
            f"{NAMES[name]} has {len(value)} characters; at least {SHORTEST_OUTSIDE} are needed beyond this machine "
            '(python -c "import secrets; print(secrets.token_urlsafe(32))" makes one)'
            for name in NAMES
            if (value := getattr(self, name)) is not None and len(value) < SHORTEST_OUTSIDE
        ]
        if len(set(self.all)) != len(self.all):
            found.append("two of the secrets are the same; whoever learns one would know the other")
        return found


@lru_cache(maxsize=16)
def _forms(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """How the secrets may be written, longest first."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) >= _SHORTEST_BLOTTED:
            forms |= {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=16)
def _escaped(secrets: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """What finds the secrets where some of their letters, or all, are written as JSON or an address may escape them."""
    return tuple(
        re.compile("".join(_letter(one) for one in secret))
        for secret in sorted(secrets, key=lambda one: (-len(one), one))
        if len(secret) >= _SHORTEST_BLOTTED
    )


def _letter(one: str) -> str:
    """A letter of a secret as it is, after backslashes, as JSON's four hexadecimal digits, or as an address has it.

    The backslashes are few, or a long run of them would be searched again and again.
    """
    units = one.encode("utf-16-be")
    in_json = "".join(f"\\\\{{1,4}}u(?i:{units[at : at + 2].hex()})" for at in range(0, len(units), 2))
    in_address = "".join(f"%(?i:{byte:02x})" for byte in one.encode("utf-8"))
    as_bytes = re.escape(one.encode("utf-8").decode("latin-1"))
    return rf"(?:\\{{0,4}}(?:{re.escape(one)}|{as_bytes})|{in_json}|{in_address})"


def load_secrets(data_dir: Path, environ: Mapping[str, str]) -> Secrets:
    """The secrets of the environment and of ``data_dir/secrets.toml``. Raises ConfigError with every problem."""
    path = data_dir / FILE_NAME
    problems: list[str] = []
    from_file = _read(path, problems) if path.exists() or path.is_symlink() else {}
    found: dict[str, str] = {}
    for name, variable in NAMES.items():
        value = environ.get(variable, "").strip()
        where = variable
        if not value and name in from_file:
            value, where = from_file[name].strip(), f"{name} in {path}"
        if not value:
            continue
        if len(value) > LONGEST or not value.isprintable() or any(letter.isspace() for letter in value):
            problems.append(f"{where} must be printable text of at most {LONGEST} characters without spaces")
        found[name] = value
    if "webhook_token_previous" in found and "webhook_token" not in found:
        problems.append(f"{NAMES['webhook_token_previous']} is set and {NAMES['webhook_token']} is not; set both")
    if problems:
        raise ConfigError(problems)
    return Secrets(**found)


def _read(path: Path, problems: list[str]) -> dict[str, str]:
    """The texts of the file; what is wrong with it goes to ``problems``, without a word of what stands in it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as handle:
            problem = _rights_problem(path, os.fstat(handle.fileno()))
            if problem is not None:
                problems.append(problem)
                return {}
            content = handle.read(_FILE_LIMIT_BYTES + 1)
    except OSError as error:
        problems.append(f"{path} cannot be read ({error.strerror or error}); it must be a plain file of your own")
        return {}
    if len(content) > _FILE_LIMIT_BYTES:
        problems.append(f"{path} is larger than {_FILE_LIMIT_BYTES} bytes; it holds a few names and values")
        return {}
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        problems.append(f'{path} is no TOML; lines such as webhook_token = "..." are expected')
        return {}
    return _texts(path, table, problems)


def _rights_problem(path: Path, status: os.stat_result) -> str | None:
    """What is wrong with who may read the file; always None where the system has no such rights."""
    if not stat.S_ISREG(status.st_mode):
        return f"{path} is no plain file"
    own = getattr(os, "geteuid", None)
    if own is None:  # Windows: the rights are the folder's
        return None
    if status.st_uid not in (0, own()):
        return f"{path} belongs to another user; it must belong to the one who runs zepix"
    if status.st_mode & 0o077:
        return f"{path} may be read by others (mode {stat.S_IMODE(status.st_mode):03o}); run: chmod 600 {path}"
    return None


def _texts(path: Path, table: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    for name in sorted(table.keys() - NAMES.keys()):
        problems.append(f"{path} holds {name[:40]!a}, which is no secret of zepix; there are {', '.join(NAMES)}")
    found: dict[str, str] = {}
    for name in NAMES.keys() & table.keys():
        if isinstance(table[name], str):
            found[name] = table[name]
        else:
            problems.append(f"{name} in {path} must be text in quotes")
    return found
