"""Limits on connections, which the web server itself has not: how many, how many of one peer, how slow a head may be.

A connection too many is answered 503 and closed. One that has not sent the whole head of a request in time, or sends a
head without end, is closed without an answer: that is no alert's sender.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    HAS_HTTPTOOLS = True
except ImportError:  # the slower parser does as well
    HttpToolsProtocol = H11Protocol  # type: ignore[misc, assignment]
    HAS_HTTPTOOLS = False

__all__ = ["HAS_HTTPTOOLS", "ConnectionLimits", "protocol_with"]

_HEAD_LIMIT_BYTES: Final = 64 * 1024
_BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
    b'content-length: 22\r\nconnection: close\r\n\r\n{"error":"overloaded"}'
)


class ConnectionLimits:
    """Counts the connections of a server."""

    def __init__(self, most: int, most_of_one: int, head_patience_s: float) -> None:
        self.most = most
        self.most_of_one = most_of_one
        self.head_patience_s = head_patience_s
        self.all = 0
        self.of_peer: Counter[str] = Counter()
        self.turned_away = 0

    def enter(self, peer: str) -> bool:
        """Whether one more of this peer may stay; it is counted if so."""
        if self.all >= self.most or self.of_peer[peer] >= self.most_of_one:
            self.turned_away += 1
            return False
        self.all += 1
        self.of_peer[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        """One of this peer is gone."""
        self.all -= 1
        self.of_peer[peer] -= 1
        if self.of_peer[peer] <= 0:
            del self.of_peer[peer]


def protocol_with(  # size: one class over one set of limits, for which the server takes no argument
    limits: ConnectionLimits, *, httptools: bool = HAS_HTTPTOOLS
) -> type[asyncio.Protocol]:
    """The web server's protocol, held to these limits."""
    base: Any = HttpToolsProtocol if httptools else H11Protocol

    class LimitedProtocol(base):  # type: ignore[misc]
        """One connection."""

        _peer: str | None = None
        _head_timer: asyncio.TimerHandle | None = None
        _head_bytes = 0

        def connection_made(self, transport: asyncio.Transport) -> None:
            name = transport.get_extra_info("peername")
            peer = str(name[0]) if isinstance(name, tuple) and name else "unknown"
            if not limits.enter(peer):
                transport.write(_BUSY)
                transport.close()
                self._is_turned_away = True
                return
            self._peer = peer
            super().connection_made(transport)
            self._wait_for_head()

        _is_turned_away = False

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            if self._is_turned_away:
                return
            if self._peer is not None:
                limits.leave(self._peer)
                self._peer = None
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._is_turned_away:
                return
            before = self.cycle
            is_idle = before is None or before.response_complete
            if is_idle and self._head_timer is None:
                self._wait_for_head()
            super().data_received(data)
            if self.cycle is not before or not is_idle:
                self._stop_waiting()
            else:
                self._head_bytes += len(data)
                if self._head_bytes > _HEAD_LIMIT_BYTES and not self.transport.is_closing():
                    self.transport.abort()

        def eof_received(self) -> None:
            if not self._is_turned_away:
                super().eof_received()

        def _wait_for_head(self) -> None:
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(limits.head_patience_s, self._head_is_late)

        def _stop_waiting(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _head_is_late(self) -> None:
            self._head_timer = None
            if not self.transport.is_closing():
                self.transport.abort()

    return LimitedProtocol
