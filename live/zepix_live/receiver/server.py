"""The web server around the receiver: one worker, its limits, and an end within seconds when it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

import uvicorn

from zepix.errors import ConfigError
from zepix_live.receiver.app import ReceiverApp
from zepix_live.receiver.connections import ConnectionLimits, protocol_with
from zepix_live.settings import ReceiverSettings

__all__ = ["ReceiverServer", "listen", "make_server"]

BACKLOG: Final = 2048
_PATIENCE_S: Final = 2
"""How long requests on their way may take once the server is told to end."""


class ReceiverServer(uvicorn.Server):
    """uvicorn, which returns when a signal asks it to end, instead of raising that signal once more."""

    def __init__(self, config: uvicorn.Config, app: ReceiverApp, sockets: list[socket.socket]) -> None:
        super().__init__(config)
        self.on_ready: Callable[[], None] | None = None
        self.takes_signals = True
        self._receiver = app
        self._sockets = sockets

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._receiver.watch_loop()
        if self.on_ready is not None:
            self.on_ready()

    async def take_alerts(self) -> None:
        """Serves until ``end`` is called or a signal says so."""
        await self.serve(sockets=self._sockets)

    def end(self) -> None:
        """No new alert is taken; those on their way are answered. May be called by a signal or another thread."""
        self._receiver.stop()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del frame
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.end()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes the signals that end a process, where this is the thread that may."""
        if not self.takes_signals or threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = [signal.SIGINT, signal.SIGTERM]
        if sys.platform == "win32":
            wanted.append(signal.SIGBREAK)
        before = {one: signal.signal(one, self.handle_exit) for one in wanted}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _without_cancellations(record: logging.LogRecord) -> bool:
    """A request that is cut off when the server ends was answered 503, and is no error."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that the system keeps whoever knocks before the server is ready.

    Raises ConfigError where the address is taken or not of this machine.
    """
    bare = host.strip().strip("[]")
    try:
        found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = next((one for one in found if one[0] == socket.AF_INET), found[0])
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(
            f"{bare} cannot be listened on ({error.strerror or error}); give an address of yours"
        ) from error
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"{bare} port {port} cannot be listened on ({error.strerror or error}); is another runner there already?"
        ) from error
    return listener


def make_server(app: ReceiverApp, settings: ReceiverSettings, listener: socket.socket) -> ReceiverServer:
    """The server of ``app`` on a socket of ``listen``; run it with ``take_alerts``."""
    logging.getLogger("uvicorn.error").addFilter(_without_cancellations)
    limits = ConnectionLimits(settings.most_connections, settings.most_connections_of_one, settings.header_timeout_s)
    protocol: Any = protocol_with(limits)
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=max(1, round(settings.keep_alive_s)),
        timeout_graceful_shutdown=_PATIENCE_S,
        backlog=BACKLOG,
    )
    return ReceiverServer(config, app, [listener])
