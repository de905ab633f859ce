"""The web server around the API: the receiver's limits on connections, and clients that take nothing are let go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from zepix_live.api.settings import ApiSettings
from zepix_live.receiver.connections import ConnectionLimits, protocol_with

__all__ = ["ApiServer", "make_api_server"]

HIGH_WATER_BYTES: Final = 256 * 1024
MOST_MESSAGE_BYTES: Final = 4 * 1024
_PATIENCE_S: Final = 2
_log = logging.getLogger("zepix.api")


class ApiServer(uvicorn.Server):
    """uvicorn, which leaves signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config)
        self.on_ready: Callable[[], None] | None = None
        self._sockets = sockets

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.on_ready is not None:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """A client that is still there when all had their time is cut off, not left to whoever collects garbage."""
        await super().shutdown(sockets=sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def answer(self) -> None:
        """Serves until ``end`` is called."""
        await self.serve(sockets=self._sockets)

    def end(self) -> None:
        """Those on their way are answered. May be called by another thread."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_api_server(app: Any, settings: ApiSettings, listener: socket.socket) -> ApiServer:
    """The server of ``app`` on a socket of ``listen``."""
    limits = ConnectionLimits(settings.most_connections, settings.most_connections_of_one, settings.header_timeout_s)
    http: Any = _limited_http(limits, settings.write_s)
    config = uvicorn.Config(
        app,
        http=http,
        ws=_patient_socket(settings.write_s),
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_ping_interval=settings.ping_s,
        ws_ping_timeout=settings.ping_s,
        ws_per_message_deflate=False,
        lifespan="on",
        interface="asgi3",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    return ApiServer(config, [listener])


class _Patience:
    """How long a peer that takes nothing keeps its connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, write_s: float) -> None:
        self._loop, self._transport, self._write_s = loop, transport, write_s
        self._timer: asyncio.TimerHandle | None = None
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def begin(self) -> None:
        """Its buffer is full."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._write_s, self._over)

    def end(self) -> None:
        """It reads again, or is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._timer = None
        _log.warning("a client took nothing for %g s and was disconnected", self._write_s)
        self._transport.abort()


class _Patient(asyncio.Protocol):
    """Before a protocol of the web server: whether its peer reads is looked at."""

    _patience: _Patience | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._patience is not None:
            self._patience.begin()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._patience is not None:
            self._patience.end()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._patience.end()
        super().connection_lost(exc)


def _patient_socket(write_s: float) -> type[asyncio.Protocol]:
    class PatientSocket(_Patient, WebSocketsSansIOProtocol):
        """One client of ``/ws``."""

        on_gone: Callable[[], None] | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._patience = _Patience(self.loop, transport, write_s)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.on_gone is not None:
                self.on_gone()
                self.on_gone = None
            super().connection_lost(exc)

    return PatientSocket


def _limited_http(limits: ConnectionLimits, write_s: float) -> type[asyncio.Protocol]:
    base: Any = protocol_with(limits)

    class ApiProtocol(_Patient, base):  # type: ignore[misc]
        """One connection: a request that becomes a WebSocket stays counted until that one ends."""

        _peer: str | None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if not self._is_turned_away:
                self._patience = _Patience(self.loop, transport, write_s)

        def handle_websocket_upgrade(self, *args: Any) -> None:
            self._stop_waiting()
            peer, self._peer = self._peer, None
            super().handle_websocket_upgrade(*args)
            protocol = self.transport.get_protocol()
            if peer is not None and isinstance(protocol, WebSocketsSansIOProtocol):
                protocol.on_gone = lambda: limits.leave(peer)  # type: ignore[attr-defined]
            elif peer is not None:
                limits.leave(peer)

    return ApiProtocol
