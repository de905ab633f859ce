"""The receiver's settings: defaults that are safe, read from a table of names and values, checked all at once.

Numbers have their unit last in the name. What a configuration file lists under ``[live.receiver]`` comes here as a
mapping; the secrets do not (``secrets_file.py``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError
from zepix_live.live_tables import is_network, secrets_beside, unknown_setting
from zepix_live.receiver.mirror_url import checked_urls, target_of
from zepix_live.secrets_file import Secrets

__all__ = ["TRADINGVIEW_ADDRESSES", "ReceiverSettings", "checked_table", "is_loopback", "read_settings"]

TRADINGVIEW_ADDRESSES: Final = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")
"""Where TradingView posts from, as its help page lists them (support/solutions/43000529348)."""

_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "port": (0, 65_535),
    "body_limit_bytes": (256, 64 * 1024),
    "body_timeout_s": (0.05, 60),
    "header_timeout_s": (0.05, 60),
    "keep_alive_s": (1, 600),
    "depth_limit": (1, 32),
    "keys_limit": (1, 1024),
    "digits_limit": (16, 400),
    "rate_per_s": (0.1, 100_000),
    "rate_burst": (1, 1_000_000),
    "refusals_per_s": (0.1, 10_000),
    "refusals_burst": (1, 100_000),
    "most_in_flight": (1, 100_000),
    "most_connections": (1, 100_000),
    "most_connections_of_one": (1, 100_000),
    "time_window_s": (1, 3_600),
    "answer_timeout_s": (0.05, 10),
    "most_wait_s": (0.05, 10),
    "engine_silence_s": (0.1, 3_600),
    "mirror_timeout_s": (0.1, 60),
    "mirror_late_s": (1, 3_600),
    "mirror_queue": (1, 100_000),
}
_ADDRESSES: Final = ("trusted_proxies", "allowed_addresses")
_MIRRORS: Final = ("mirror", "mirror_custom")
_SWITCHES: Final = ("check_addresses", "mirror_private")


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Where the receiver listens, whom it believes and how much it takes at once."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    secrets: Secrets = field(default_factory=Secrets)

    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies; only their X-Forwarded-For and certificate headers are believed."""
    check_addresses: bool | None = None
    """Whether TradingView's alerts must come from ``allowed_addresses``. None: where there is a proxy or a network."""
    allowed_addresses: tuple[str, ...] = TRADINGVIEW_ADDRESSES
    certificate_header: str = ""
    """The header in which the proxy hands on the subject of the client's certificate; empty: not checked."""
    certificate_subject: str = "CN=TradingView Webhooks,O=TradingView\\, Inc."
    time_window_s: float = 300.0
    """How far the signed time of /webhook/custom may be from ours."""

    body_limit_bytes: int = 16 * 1024
    body_timeout_s: float = 5.0
    header_timeout_s: float = 5.0
    keep_alive_s: float = 15.0
    depth_limit: int = 8
    keys_limit: int = 256
    digits_limit: int = 40

    rate_per_s: float = 1_000.0
    rate_burst: float = 3_000.0
    """Alerts of one token, and requests of one address: so many a second, so many at once."""
    refusals_per_s: float = 5.0
    refusals_burst: float = 50.0
    """Requests of one address without the right secret, before it is answered 503."""
    most_in_flight: int = 2_500
    most_connections: int = 900
    most_connections_of_one: int = 800
    """Below the 1,024 open files that many systems allow a process; idle ones are closed soon."""
    answer_timeout_s: float = 2.5
    """TradingView hangs up after 3 s and does not come back; a 503 before that brings it back."""
    most_wait_s: float = 1.0
    """Where the oldest alert has waited for the disk as long as that, or one more would, the next are answered 503 at
    once."""
    engine_silence_s: float = 5.0
    """An engine whose last sign of life is older counts as not turning."""
    mirror: tuple[str, ...] = field(default=(), repr=False)
    """Addresses of other receivers, to which everything that comes with the webhook's token is handed on."""
    mirror_custom: tuple[str, ...] = field(default=(), repr=False)
    """The same for what comes signed to /webhook/custom."""
    mirror_timeout_s: float = 5.0
    mirror_late_s: float = 30.0
    """What has waited longer than that for another receiver is not handed on any more: it would be traded as fresh."""
    mirror_queue: int = 1_000
    mirror_private: bool = False
    """Whether a name among them may stand for a private address; one that is written as an address may in any case."""
    inbox_id: str = ""
    """Which inbox it is, where it is made now; no setting, whoever starts the receiver says it."""

    @property
    def checks_addresses(self) -> bool:
        """Whether TradingView's alerts must come from its addresses."""
        if self.check_addresses is not None:
            return self.check_addresses
        return bool(self.trusted_proxies) or not is_loopback(self.host)

    def problems(self) -> list[str]:
        """Why the receiver must not start like this, in sentences; nothing if it may."""
        found = [] if is_loopback(self.host) else self.secrets.weaknesses()
        if self.certificate_header and not self.trusted_proxies:
            found.append("certificate_header needs trusted_proxies: anybody else may write such a header")
        if self.most_connections_of_one > self.most_connections:
            found.append("most_connections_of_one must not be above most_connections")
        for name in _MIRRORS:
            if any(target_of(url).is_ours(self.host, self.port) for url in getattr(self, name)):
                found.append(f"{name} names this very receiver, which would hand on to itself")
        return found

    def check(self) -> ReceiverSettings:
        """These settings. Raises ConfigError with every reason why the receiver must not start with them."""
        if found := self.problems():
            raise ConfigError(found)
        return self


def is_loopback(host: str) -> bool:
    """Whether a host to listen on is reached from this machine only; a name other than localhost is not."""
    bare = host.strip().strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def read_settings(
    data_dir: Path,
    table: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    host: str | None = None,
    port: int | None = None,
) -> ReceiverSettings:
    """The settings of a configuration's ``[live.receiver]``, with the secrets; ``host`` and ``port`` win.

    Raises ConfigError with every problem: unknown names, wrong types, values out of range, secrets that are missing.
    """
    problems: list[str] = []
    given = dict(table)
    given.update({name: value for name, value in (("host", host), ("port", port)) if value is not None})
    found = checked_table(given, problems)
    secrets = secrets_beside(data_dir, environ, problems)
    return ReceiverSettings(data_dir=data_dir, secrets=secrets, **found).check()


def checked_table(given: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """The settings of ``[live.receiver]`` as they are; what is wrong with them goes to ``problems``."""
    known = {one.name for one in fields(ReceiverSettings)} - {"data_dir", "secrets", "inbox_id"}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in known:
            found[name] = _checked(name, value, problems)
        else:
            problems.append(unknown_setting("live.receiver", name, known))
    return found


def _checked(name: str, value: Any, problems: list[str]) -> Any:
    """The value as the setting has it; what is wrong with it goes to ``problems``."""
    if name in _ADDRESSES:
        return _networks(name, value, problems)
    if name in _RANGES:
        return _number(name, value, problems)
    if name in _MIRRORS:
        return checked_urls(name, value, problems)
    if name in _SWITCHES:
        if not isinstance(value, bool) and (value is not None or name != "check_addresses"):
            problems.append(f"live.receiver.{name} must be true or false, not {ascii(value)[:60]}")
        return value
    if not isinstance(value, str) or not value.isprintable() or len(value) > 256 or (name == "host" and not value):
        problems.append(f"live.receiver.{name} must be a text of at most 256 printable characters")
        return ""
    return value.strip()


def _number(name: str, value: Any, problems: list[str]) -> Any:
    least, most = _RANGES[name]
    whole = name in _WHOLE
    is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        problems.append(f"live.receiver.{name} must be {kind} from {least:g} to {most:g}, not {ascii(value)[:60]}")
    return value


def _networks(name: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > 256:
        problems.append(f"live.receiver.{name} must be a list of at most 256 addresses or networks")
        return ()
    for one in value:
        if not is_network(one):
            problems.append(f"live.receiver.{name}: {ascii(one)[:60]} is no address and no network (10.0.0.0/8)")
    return tuple(str(one).strip() for one in value)


_WHOLE: Final = frozenset(one.name for one in fields(ReceiverSettings) if one.type == "int")
