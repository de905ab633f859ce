"""One body posted to another receiver, in a bounded time, and nothing more: no redirect, no retry, no second address
once it was connected.

Only the status is of interest. Everything is bounded by one deadline: the connection, TLS, the sending, and an answer
that drips; how long a name takes the system alone bounds, and where it took too long nothing is sent.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import ssl
from typing import Final

from zepix_live.clock import SystemClock
from zepix_live.receiver.mirror_url import MirrorTarget

__all__ = ["MARK", "NotSent", "post_body"]

MARK: Final = "X-Zepix-Mirror"
"""Stands in every request that is handed on: one that comes with it is handed on no further."""
_ANSWER_BYTES: Final = 64 * 1024
MOST_ADDRESSES: Final = 4
"""Of a name's addresses, so many are tried until one answers; the body goes to one alone."""
_LINGER_S: Final = 0.5
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r\n]")
_TYPE: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}")
_USUAL_TYPE: Final = "text/plain; charset=utf-8"


class NotSent(Exception):
    """No status came back; ``reason`` is a word for the log. The other side may still have the body."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def post_body(target: MirrorTarget, body: bytes, content_type: str, timeout_s: float, *, may_be_private: bool) -> int:
    """The status that the other side answers. Raises NotSent with ``private_address``, ``no_such_host``,
    ``not_connected``, ``no_tls``, ``timeout``, ``cut_off`` or ``no_http``."""
    until = _seconds() + timeout_s
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(_connected(target, until, may_be_private))
        if target.scheme == "https":
            connection = stack.enter_context(_in_tls(target, connection, until))
        try:
            connection.settimeout(_left(until))
            connection.sendall(_head(target, len(body), content_type) + body)
            return _status(connection, until)
        except TimeoutError:
            raise NotSent("timeout") from None
        except OSError:
            raise NotSent("cut_off") from None


def _seconds() -> float:
    """Sockets wait in real time, whatever time a test lets pass elsewhere."""
    return SystemClock().monotonic_ns() / 1e9


def _left(until: float) -> float:
    left = until - _seconds()
    if left <= 0:
        raise NotSent("timeout")
    return left


def _connected(target: MirrorTarget, until: float, may_be_private: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("no_such_host") from None
    if not may_be_private and not target.is_named_here and not all(_is_public(one[4][0]) for one in found):
        raise NotSent("private_address")
    reason = "not_connected"
    found = found[:MOST_ADDRESSES]
    for number, (family, kind, protocol, _, address) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        try:  # one that is deaf (IPv6 that leads nowhere) must not eat the time of the next: nothing was sent yet
            connection.settimeout(_left(until) / (len(found) - number))
            connection.connect(address)
            return connection
        except TimeoutError:
            connection.close()
            reason = "timeout"
        except OSError:
            connection.close()
        except BaseException:
            connection.close()
            raise
    raise NotSent(reason)


def _is_public(address: str | int) -> bool:
    try:
        return ipaddress.ip_address(str(address).partition("%")[0]).is_global
    except ValueError:
        return False


def _in_tls(target: MirrorTarget, connection: socket.socket, until: float) -> ssl.SSLSocket:
    try:
        connection.settimeout(_left(until))
        return ssl.create_default_context().wrap_socket(connection, server_hostname=target.host)
    except TimeoutError:
        raise NotSent("timeout") from None
    except OSError:  # a certificate that is none among them
        raise NotSent("no_tls") from None


def _head(target: MirrorTarget, size: int, content_type: str) -> bytes:
    kind = content_type if _TYPE.fullmatch(content_type) else _USUAL_TYPE
    host = target.name.partition("://")[2]
    lines = (
        f"POST {target.path} HTTP/1.1", f"Host: {host}", "User-Agent: zepix", f"{MARK}: 1", "Accept: */*",
        f"Content-Type: {kind}", f"Content-Length: {size}", "Connection: close",
    )  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _status(connection: socket.socket, until: float) -> int:
    """The first status that is final; what follows it is read for a moment, so that the other side is not cut off."""
    got = b""
    while len(got) < _ANSWER_BYTES:
        connection.settimeout(_left(until))
        piece = connection.recv(16 * 1024)
        got += piece
        while (found := _STATUS.match(got)) is not None and found[1].startswith(b"1"):
            _, mark, rest = got.partition(b"\r\n\r\n")
            if not mark:
                break
            got = rest
        if found is not None and not found[1].startswith(b"1"):
            _read_on(connection, len(got), min(until, _seconds() + _LINGER_S))
            return int(found[1])
        if not piece:
            raise NotSent("no_http" if got else "cut_off")
        if found is None and len(got) >= 16:
            raise NotSent("no_http")
    raise NotSent("no_http")


def _read_on(connection: socket.socket, size: int, until: float) -> None:
    with contextlib.suppress(OSError, NotSent):
        while size < _ANSWER_BYTES:
            connection.settimeout(_left(until))
            piece = connection.recv(16 * 1024)
            if not piece:
                return
            size += len(piece)
