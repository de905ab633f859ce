"""The API as an ASGI application: every part is given to it, nothing is global, no socket is needed to call it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from zepix.errors import ConfigError
from zepix_live.api import figures, words
from zepix_live.api.command_routes import command_routes
from zepix_live.api.guard import Guard
from zepix_live.api.parts import Parts
from zepix_live.api.reading_routes import reading_routes
from zepix_live.api.shell import Shell
from zepix_live.door_file import read_door
from zepix_live.storage.trouble import StorageError

__all__ = ["DESCRIPTION", "create_api"]

DESCRIPTION: Final = "/api/openapi.json"
MOST_FAULTS: Final = 20
_BEARER: Final = {"bearer": {"type": "http", "scheme": "bearer"}}


def create_api(parts: Parts) -> Shell:
    """The application, with its guard around it; ``app.routes`` are all routes there are."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        parts.tail.start()
        parts.keeper.start()
        try:
            yield
        finally:
            parts.tail.stop()
            parts.desk.close()
            parts.questions.close()
            parts.keeper.stop()

    app = FastAPI(
        title="zepix live",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    shell = Shell(
        app, parts.settings, Guard(parts.settings, parts.clock, lambda: read_door(parts.data_dir)), parts.refusals
    )
    for router in (reading_routes(parts), command_routes(parts), _own_routes(app, shell, parts)):
        app.router.routes.extend(router.routes)  # in one list, in which whoever asks sees all there are
    _add_faults(app)
    return shell


def _own_routes(app: FastAPI, shell: Shell, parts: Parts) -> APIRouter:
    router = APIRouter(responses=words.READS)

    @router.get(
        "/metrics",
        summary="Figures for Prometheus.",
        response_model=None,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Text."}},
    )
    async def metrics() -> Response:
        return Response(figures.figures(lambda: _values(shell, parts)), media_type=figures.CONTENT_TYPE)

    @router.get(DESCRIPTION, include_in_schema=False)
    async def description() -> Response:
        return words.json_answer(200, described(app))

    @router.websocket("/ws")
    async def events(socket: WebSocket) -> None:
        await parts.events.serve(socket)

    return router


def described(app: FastAPI) -> dict[str, Any]:
    """The description by OpenAPI, with the token that every route but ``/api/live`` needs."""
    found = app.openapi()
    found.setdefault("components", {})["securitySchemes"] = _BEARER
    for path, methods in found["paths"].items():
        for operation in methods.values():
            if path == "/api/live":
                continue
            operation["security"] = [{"bearer": []}]
    return found


def _values(shell: Shell, parts: Parts) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    behind = parts.behind()
    state = parts.engine_state()
    yield "zepix_journal_last_seq", (), behind["journal"]
    yield "zepix_projection_seq", (), behind["position"]
    yield "zepix_projection_behind_rows", (), behind["rows"]
    yield "zepix_projection_ok", (), int(behind["trouble"] is None)
    for one in figures.STATES:
        yield "zepix_engine_state", (one,), int(state.state == one)
    yield "zepix_engine_inbox_seq", (), state.inbox_seq
    for status, count in sorted(shell.answers.items()):
        yield "zepix_api_answers_total", (str(status),), count
    for reason, count in sorted(parts.refusals.counts.items()):
        yield "zepix_api_refused_total", (reason,), count
    yield "zepix_api_requests_in_flight", (), shell.in_flight
    yield "zepix_api_clients", (), parts.events.clients
    yield "zepix_api_events_total", (), parts.events.sent
    yield "zepix_api_database_connections", (), parts.questions.database.checked_out
    yield from figures.engine_values(parts.standing.view())


def _add_faults(app: FastAPI) -> None:
    async def not_there(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        if status == 405:
            allowed = (getattr(error, "headers", None) or {}).get("Allow", "GET")
            answer = words.fault(405, "method_not_allowed", f"this place takes {allowed}")
            answer.headers["allow"] = allowed
            return answer
        if status == 404:
            return words.fault(404, "not_found", "there is nothing here")
        return words.fault(400 if status < 500 else 503, "bad_request", "the request cannot be read")

    async def not_valid(_request: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        told = [
            {"at": ".".join(map(str, one.get("loc", ()))), "why": str(one.get("msg", ""))}
            for one in found[:MOST_FAULTS]
        ]
        if any(one.get("type") == "json_invalid" for one in found):
            return words.fault(400, "bad_json", "the body is no JSON")
        return words.fault(422, "bad_request", told)

    async def of_storage(_request: Request, error: Exception) -> Response:
        assert isinstance(error, StorageError)
        return words.of_storage(error)

    async def not_asked(_request: Request, error: Exception) -> Response:
        return words.fault(422, "bad_request", str(error))

    async def failed(_request: Request, _error: Exception) -> Response:  # raised once more, and logged by the shell
        return words.fault(503, "internal", "this could not be answered; the log says why")

    app.add_exception_handler(Exception, failed)
    app.add_exception_handler(HTTPException, not_there)
    app.add_exception_handler(RequestValidationError, not_valid)
    app.add_exception_handler(StorageError, of_storage)
    app.add_exception_handler(ConfigError, not_asked)
