"""The receiver as an ASGI application: every part is given to it, nothing is global, no socket is needed to call it.

    POST /webhook/tradingview   /webhook/tradingview/{token}   /webhook/tradingview/{token}/{symbol}
    POST /webhook/custom        /webhook/custom/{token}        /webhook/custom/{token}/{symbol}
    POST /webhook               /webhook/{token}               (TradingView's)
    GET  /api/health            /api/status                    /api/recovery
    POST /api/operator

What is not among these is 404, what is among them in another way 405, and what goes wrong inside is 503: never 500.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from zepix_live.clock import Clock
from zepix_live.heartbeat import EngineState
from zepix_live.receiver import answers
from zepix_live.receiver.admission import CUSTOM, TRADINGVIEW, Admission
from zepix_live.receiver.api import Api
from zepix_live.receiver.door import Door
from zepix_live.receiver.inbox import Inbox
from zepix_live.receiver.loop_lag import LoopLag
from zepix_live.receiver.mirrors import Mirrors
from zepix_live.receiver.operator_desk import OperatorDesk
from zepix_live.settings import ReceiverSettings

__all__ = ["ReceiverApp", "create_app"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Endpoint = Callable[[Request], Awaitable[Response]]

ROUTES: Final = (
    ("/webhook/tradingview", TRADINGVIEW),
    ("/webhook/tradingview/{token}", TRADINGVIEW),
    ("/webhook/tradingview/{token}/{symbol}", TRADINGVIEW),
    ("/webhook/custom", CUSTOM),
    ("/webhook/custom/{token}", CUSTOM),
    ("/webhook/custom/{token}/{symbol}", CUSTOM),
    ("/webhook", TRADINGVIEW),
    ("/webhook/{token}", TRADINGVIEW),
)


class ReceiverApp:
    """The ASGI application. ``stop`` ends the intake: from then on alerts are answered 503."""

    def __init__(self, app: FastAPI, door: Door, lag: LoopLag) -> None:
        self._app = app
        self._door = door
        self._lag = lag

    def watch_loop(self) -> None:
        """From now on requests are refused that would have waited too long before this loop could read them."""
        self._lag.start()
        self._door.is_behind = self._lag.is_too_long

    def stop(self) -> None:
        """No alert is taken any more; those on their way are."""
        self._door.is_stopping = True

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            await self._http(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _http(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        is_answered = False

        async def sending(message: _Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        path = scope["path"]
        if len(path) > 1 and path[-1] == "/":  # people add one
            scope = {**scope, "path": path[:-1], "raw_path": (scope.get("raw_path") or b"")[:-1]}
        try:
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:
            if not is_answered:  # the server is told to end and has lost patience
                await answers.unavailable("stopping", close=True)(scope, receive, send)
            raise
        except Exception as error:  # noqa: BLE001 - the last one who could answer
            found = self._door.failed(error)
            if not is_answered:
                await found(scope, receive, send)


def create_app(
    settings: ReceiverSettings,
    inbox: Inbox,
    clock: Clock,
    engine_state: Callable[[], EngineState],
    *,
    operator_key: str = "",
    mirrors: Mirrors | None = None,
) -> ReceiverApp:
    """The receiver's ASGI application; ``operator_key``: gives commands, beside the API token; ``mirrors``: where
    bodies are handed on to. Raises ConfigError for settings with which it must not listen."""
    settings.check()
    admission = Admission(settings)
    door = Door(settings, inbox, clock, admission, mirrors)
    lag = LoopLag(clock, round(settings.most_wait_s * 1e9))
    api = Api(door, inbox, clock, admission, engine_state, settings.data_dir, mirrors=mirrors, lag=lag)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for path, route in ROUTES:
        app.add_route(path, _endpoint(door, route), methods=["POST"], include_in_schema=False)
    app.add_route(
        "/api/operator", _desk(OperatorDesk(settings, inbox, clock, admission, operator_key)), methods=["POST"]
    )
    app.add_route("/api/health", api.health, methods=["GET"])
    app.add_route("/api/status", api.status, methods=["GET"])
    app.add_route("/api/recovery", api.recovery, methods=["GET"])

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        if status == 405:
            allowed = (getattr(error, "headers", None) or {}).get("Allow", "POST")
            fields = {"error": "method_not_allowed", "detail": f"this place takes {allowed}"}
            return answers.json_answer(405, fields, {"allow": allowed, "connection": "close"})
        return answers.not_found(close=request.method not in ("GET", "HEAD"))

    async def failed(_request: Request, _error: Exception) -> Response:
        return answers.unavailable("internal", close=True)

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, failed)
    return ReceiverApp(app, door, lag)


def _endpoint(door: Door, route: str) -> _Endpoint:
    async def post(request: Request) -> Response:
        return await door(request, route)

    return post


def _desk(desk: OperatorDesk) -> _Endpoint:
    async def give(request: Request) -> Response:
        return await desk(request)

    return give
