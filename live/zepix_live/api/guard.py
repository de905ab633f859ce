"""Who may ask: the API token, or the key that lies in the data folder for whoever may read it; never neither.

A page in a browser on this machine must not reach it by a name of its own choosing (DNS rebinding), so a request that
names another host than an address, ``localhost`` or one of ``live.api.hosts`` is turned away before anything else, and
so is one that a page of another origin sent.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from zepix_live.api.settings import ApiSettings
from zepix_live.clock import Clock
from zepix_live.door_file import DoorFile
from zepix_live.receiver.addresses import UNKNOWN, Networks, client_address
from zepix_live.receiver.admission import bearer_token, header_values
from zepix_live.receiver.auth import TokenCheck
from zepix_live.receiver.rate import RateLimit
from zepix_live.settings import is_loopback

__all__ = ["OPEN", "Caller", "Guard", "Refused"]

OPEN: Final = ("/api/live",)
"""The routes that need no token."""
METRICS: Final = "/metrics"
_FORWARDING: Final = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})
_PROTOCOL: Final = "bearer."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as is known: by which secret, from which address."""

    by: str
    address: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why somebody is turned away."""

    status: int
    reason: str
    detail: str


WRONG_HOST: Final = Refused(421, "wrong_host", "this host is not the API's; live.api.hosts lists other names of it")
OTHER_ORIGIN: Final = Refused(403, "other_origin", "pages of another origin may not ask")
NO_TOKEN: Final = Refused(401, "unauthorized", "Authorization: Bearer and the API token are needed")
TOO_MANY: Final = Refused(429, "too_many_wrong_tokens", "too many requests without the right token; wait a little")


class Guard:
    """The settings' rules about callers."""

    def __init__(self, settings: ApiSettings, clock: Clock, door: Callable[[], DoorFile | None]) -> None:
        """``door``: what lies in the data folder now; its key is another one after each start of the receiver."""
        token = settings.secrets.api_token
        self._api: Final = TokenCheck([token]) if token else None
        self._door: Final = door
        self._clock: Final = clock
        self._proxies: Final = Networks(settings.trusted_proxies)
        self._hosts: Final = frozenset(one.lower().rstrip(".") for one in (*settings.hosts, "localhost"))
        self._open_metrics: Final = settings.open_metrics
        self._wrong: Final = RateLimit(settings.wrong_per_s, settings.wrong_burst)

    def address(self, scope: Any) -> str:
        """The caller's address, as far as it can be believed."""
        client = scope.get("client")
        peer = str(client[0]) if client else UNKNOWN
        if not self._proxies:
            return peer
        return client_address(peer, header_values(scope["headers"], b"x-forwarded-for"), self._proxies)

    def look(self, scope: Any) -> Caller | Refused:
        """Whether a request may go on; one without the right token is counted."""
        address = self.address(scope)
        host = header_values(scope["headers"], b"host")
        if len(host) != 1 or not self._is_ours(host[0]):
            return WRONG_HOST
        if any(not _is_of(origin, host[0]) for origin in header_values(scope["headers"], b"origin")):
            return OTHER_ORIGIN
        is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if is_read and (scope["path"] in OPEN or self._is_own_metrics(scope, address)):
            return Caller("", address)
        by = self._by(_token(scope))
        if by is not None:
            return Caller(by, address)
        return NO_TOKEN if self._wrong.take(address, self._clock.monotonic_ns()) else TOO_MANY

    def _by(self, token: str) -> str | None:
        """By which secret a token opens; every one is compared."""
        door = self._door()
        is_api = self._api is not None and self._api.is_valid(token)
        is_key = door is not None and bool(door.key) and TokenCheck([door.key]).is_valid(token)
        return "api token" if is_api else "folder key" if is_key else None

    def _is_own_metrics(self, scope: Any, address: str) -> bool:
        if not self._open_metrics or scope["path"] != METRICS:
            return False
        return is_loopback(address) and not any(name in _FORWARDING for name, _ in scope["headers"])

    def _is_ours(self, host: str) -> bool:
        name = _name_of(host)
        return name in self._hosts or _is_address(name)


def _token(scope: Any) -> str:
    """The bearer token; a browser's WebSocket, which can send no header, has it among its subprotocols."""
    found = bearer_token(scope)
    if not found and scope["type"] == "websocket":
        found = next((one[len(_PROTOCOL) :] for one in scope.get("subprotocols", ()) if one.startswith(_PROTOCOL)), "")
    return found


def _name_of(host: str) -> str:
    """Of ``name:port`` or ``[::1]:port`` the name, in small letters."""
    bare = host.strip().lower()
    if bare.startswith("["):
        return bare[1:].partition("]")[0]
    return bare.rpartition(":")[0].rstrip(".") if bare.count(":") == 1 else bare.rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_of(origin: str, host: str) -> bool:
    """Whether a page that says where it comes from is of this host and port."""
    return origin.partition("://")[2].lower() == host.strip().lower()
