"""The address of another receiver: what it must look like, and how it is called where people read.

Its path often holds a secret (a token, as ours does), so only scheme, host and port are ever shown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

__all__ = ["MOST_MIRRORS", "MirrorTarget", "checked_urls", "target_of"]

MOST_MIRRORS: Final = 8
_LONGEST: Final = 2_048
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class MirrorTarget:
    """Where a body is handed on to."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """Without what may be secret: ``https://hooks.example.org``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def is_named_here(self) -> bool:
        """Whether the configuration itself names an address, or this machine: then it is meant, private or not."""
        return self.host == "localhost" or _address(self.host) is not None

    def is_ours(self, host: str, port: int) -> bool:
        """Whether this is the receiver that listens at ``host`` and ``port``: it would hand on to itself."""
        mine = _address(host.strip("[]"))
        theirs = _address("127.0.0.1" if self.host == "localhost" else self.host)
        if theirs is None or self.port != port:
            return False
        if mine is None:
            return theirs.is_loopback and host.strip().lower() == "localhost"
        return theirs == mine or (theirs.is_loopback and (mine.is_loopback or mine.is_unspecified))

    def __repr__(self) -> str:
        return f"MirrorTarget({self.name})"


def target_of(url: str) -> MirrorTarget:
    """The address taken apart. Raises ValueError with a sentence that quotes nothing of it but its host."""
    if len(url) > _LONGEST:
        raise ValueError(f"it has more than {_LONGEST} characters")
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in ' "<>\\^`{|}'):
        raise ValueError("it has letters that no address has; write other alphabets as xn--..., spaces as %20")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("its host or its port is none") from None
    if parts.scheme.lower() not in _PORTS:
        raise ValueError("it must begin with https:// or http://")
    if not host or host.endswith("."):
        raise ValueError("it names no host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user name or a password; only a secret in its path or query can be handed on")
    if port == 0:
        raise ValueError("port 0 is none")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    scheme = parts.scheme.lower()
    return MirrorTarget(scheme, host.lower(), port or _PORTS[scheme], path)


def checked_urls(name: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    """A list of addresses as it is; what is wrong with it goes to ``problems``, without a word of a path."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple) or len(value) > MOST_MIRRORS:
        problems.append(f"live.receiver.{name} must be a list of at most {MOST_MIRRORS} addresses (https://...)")
        return ()
    found: list[str] = []
    for number, one in enumerate(value, 1):
        try:
            if not isinstance(one, str):
                raise ValueError("it is no text")
            target_of(one.strip())
        except ValueError as error:
            problems.append(f"live.receiver.{name}: address {number} cannot be handed on to: {error}")
            continue
        if one.strip() in found:
            problems.append(f"live.receiver.{name}: address {number} stands twice; it would get every alert twice")
        found.append(one.strip())
    return tuple(found)


def targets(urls: Sequence[str]) -> tuple[MirrorTarget, ...]:
    """Of addresses that were checked."""
    return tuple(target_of(one) for one in urls)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
