"""The API's settings, ``[live.api]``: where it listens, whom it lets in, how much it takes at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError
from zepix_live.live_tables import is_network, secrets_beside, unknown_setting
from zepix_live.secrets_file import FILE_NAME, NAMES, SHORTEST_OUTSIDE, Secrets
from zepix_live.settings import is_loopback

__all__ = ["API", "OURS", "ApiSettings", "api_defaults", "api_problems", "checked_api_table", "read_api_settings"]

API: Final = "api"
"""The table of ``[live]``."""

_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "port": (0, 65_535),
    "most_clients": (0, 1_000),
    "write_s": (0.1, 300),
    "ping_s": (1, 300),
    "answer_s": (0.1, 60),
    "command_s": (0, 30),
    "confirm_s": (1, 600),
    "body_limit_bytes": (256, 64 * 1024),
    "header_timeout_s": (0.05, 60),
    "wrong_per_s": (0.01, 1_000),
    "wrong_burst": (1, 10_000),
    "most_in_flight": (1, 10_000),
    "most_connections": (1, 10_000),
    "most_connections_of_one": (1, 10_000),
}
_SWITCHES: Final = ("enabled", "open_metrics")
_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
OURS: Final = ("data_dir", "secrets")
"""Fields that are no settings of a file."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Numbers have their unit last in the name."""

    data_dir: Path
    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8001
    secrets: Secrets = field(default_factory=Secrets)
    hosts: tuple[str, ...] = ()
    """Names under which it may be asked, beside ``localhost`` and addresses: the name that a proxy hands on."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies; only their X-Forwarded-For is believed."""
    open_metrics: bool = False
    """Whether ``/metrics`` is told to this machine itself without a token."""
    most_clients: int = 32
    """Of ``/ws``, at once."""
    write_s: float = 10.0
    """A client that takes nothing for so long is disconnected."""
    ping_s: float = 20.0
    answer_s: float = 5.0
    """How long an answer may take; a search that takes longer is given up."""
    command_s: float = 2.0
    """How long a command waits to hear what the engine made of it."""
    confirm_s: float = 30.0
    """How long a confirmation code is good."""
    body_limit_bytes: int = 4 * 1024
    header_timeout_s: float = 5.0
    wrong_per_s: float = 1.0
    wrong_burst: float = 20.0
    """Requests of one address without the right token, before it is answered 429."""
    most_in_flight: int = 64
    most_connections: int = 256
    most_connections_of_one: int = 128

    def problems(self) -> list[str]:
        """Why it must not start like this, in sentences; nothing if it may."""
        found = []
        if self.enabled and not is_loopback(self.host):
            token = self.secrets.api_token
            if token is None:
                found.append(
                    f"live.api.host {self.host} is beyond this machine, which needs {NAMES['api_token']} (or api_token "
                    f"in {FILE_NAME})"
                )
            elif len(token) < SHORTEST_OUTSIDE:
                found.append(
                    f"{NAMES['api_token']} has {len(token)} characters; at least {SHORTEST_OUTSIDE} are needed beyond "
                    "this machine"
                )
        if self.most_connections_of_one > self.most_connections:
            found.append("live.api.most_connections_of_one must not be above live.api.most_connections")
        return found

    def check(self) -> ApiSettings:
        """These settings. Raises ConfigError with every reason why it must not start with them."""
        if found := self.problems():
            raise ConfigError(found)
        return self


_KNOWN: Final = {one.name: one.type for one in fields(ApiSettings) if one.name not in OURS}


def read_api_settings(
    data_dir: Path, table: Any, environ: Mapping[str, str], *, port: int | None = None
) -> ApiSettings:
    """The settings of a configuration's ``[live.api]``, with the secrets; ``port`` wins. Raises ConfigError with every
    problem."""
    if not isinstance(table, Mapping):
        raise ConfigError("[live.api] is a table of settings")
    problems: list[str] = []
    found = checked_api_table({**table, **({} if port is None else {"port": port})}, problems)
    secrets = secrets_beside(data_dir, environ, problems)
    return ApiSettings(data_dir=data_dir, secrets=secrets, **found).check()


def api_defaults() -> dict[str, Any]:
    """By name in ``[live.api]``."""
    usual = ApiSettings(Path())
    return {name: getattr(usual, name) for name in _KNOWN}


def api_problems(given: Any) -> list[str]:
    """Everything that is wrong with a table of these settings, secrets left aside, in sentences."""
    if not isinstance(given, Mapping):
        return ["live.api: expected a table of settings"]
    problems: list[str] = []
    found = checked_api_table(given, problems)
    return problems or ApiSettings(Path(), **{**found, "host": "127.0.0.1"}).problems()


def checked_api_table(given: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """The settings of ``[live.api]`` as they are; what is wrong with them goes to ``problems``."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _KNOWN:
            problems.append(unknown_setting("live.api", name, _KNOWN))
        elif (why := _fault(name, value)) is not None:
            problems.append(f"live.api.{name} {why}, not {ascii(value)[:60]}")
        else:
            found[name] = tuple(value) if isinstance(value, list | tuple) else value
    return found


def _fault(name: str, value: Any) -> str | None:
    """What a value must be, where it is not."""
    if name in _RANGES:
        least, most = _RANGES[name]
        kind = int if _KNOWN[name] == "int" else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:
            return f"must be a {'whole ' if kind is int else ''}number from {least:g} to {most:g}"
    elif name in _SWITCHES:
        return None if isinstance(value, bool) else "must be true or false"
    elif name == "host":
        return None if isinstance(value, str) and 0 < len(value) <= 256 and value.isprintable() else "must be a text"
    elif not isinstance(value, list | tuple) or len(value) > 256:
        return "must be a list of at most 256"
    elif name == "hosts":
        return None if all(isinstance(one, str) and _NAME.fullmatch(one) for one in value) else "must be names of hosts"
    elif not all(is_network(one) for one in value):
        return "must be addresses or networks (10.0.0.0/8)"
    return None
