"""The routes that change something: each becomes an operator's command, durable, in order, a row of ``audit_log``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from zepix.errors import DataError
from zepix_live.api import models, words
from zepix_live.api.guard import Caller
from zepix_live.api.parts import Parts
from zepix_live.storage.searching import search
from zepix_live.storage.trouble import StorageError

__all__ = ["command_routes"]

MOST_TOLD: Final = 200
TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": models.Taken, "description": "Durable, and perhaps obeyed already."}
}
TO_CONFIRM: Final[dict[int | str, dict[str, Any]]] = {
    428: {"model": models.Confirmation, "description": "What it would close; call again with the code."}
}


def command_routes(parts: Parts) -> APIRouter:
    """All of them."""
    router = APIRouter(responses=words.WRITES, tags=["commands"])
    _add_of_session(router, parts)
    _add_of_plugin(router, parts)
    _add_flatten(router, parts)
    return router


def _add_of_session(router: APIRouter, parts: Parts) -> None:
    @router.post("/api/pause", summary="Take no new risk, at all or by one plugin.", **_AS_COMMAND)
    async def pause(request: Request, body: models.OfPlugin | None = None) -> Response:
        return await _given(parts, request, "pause", _fields(body))

    @router.post("/api/resume", summary="Take entries again.", **_AS_COMMAND)
    async def resume(request: Request, body: models.OfPlugin | None = None) -> Response:
        return await _given(parts, request, "resume", _fields(body))

    @router.post("/api/rearm", summary="Arm the equity guard again.", **_AS_COMMAND)
    async def rearm(request: Request, body: models.Rearm | None = None) -> Response:
        return await _given(parts, request, "rearm", _fields(body))

    @router.post("/api/reload", summary="Read the settings again, from the file of the start.", **_AS_COMMAND)
    async def reload(request: Request, body: models.Command | None = None) -> Response:
        return await _given(parts, request, "reload", _fields(body))

    @router.post("/api/mode", summary="How orders of all plugins are executed.", **_AS_COMMAND)
    async def mode(request: Request, body: models.Mode) -> Response:
        return await _given(parts, request, "mode", _fields(body))


_AS_COMMAND: Final[dict[str, Any]] = {"status_code": 202, "response_model": None, "responses": TAKEN}
_PLUGIN_WORDS: Final[Mapping[str, str]] = {
    "enable": "Let a plugin take alerts.",
    "disable": "Let a plugin take no alert; what it has open keeps its stops and exits.",
    "pause": "Let a plugin take no new risk.",
    "resume": "Let a plugin take entries again.",
    "demote": "Let a plugin trade in shadow.",
    "rearm": "Let a plugin be promoted again after its fidelity breaker has tripped.",
}


def _add_of_plugin(router: APIRouter, parts: Parts) -> None:
    for word, about in _PLUGIN_WORDS.items():
        router.add_api_route(
            f"/api/plugins/{{plugin}}/{word}",
            _of_plugin(parts, word),
            methods=["POST"],
            name=f"plugin_{word}",
            summary=about,
            **_AS_COMMAND,
        )

    @router.post(
        "/api/plugins/{plugin}/mode", name="plugin_mode", summary="How its orders are executed.", **_AS_COMMAND
    )
    async def mode(request: Request, plugin: Annotated[models.PluginId, Path()], body: models.Mode) -> Response:
        return await _given(parts, request, "mode", {**_fields(body), "plugin": plugin})

    @router.post("/api/plugins/{plugin}/promote", name="plugin_promote", summary="Let it trade live.", **_AS_COMMAND)
    async def promote(
        request: Request, plugin: Annotated[models.PluginId, Path()], body: models.Promote | None = None
    ) -> Response:
        return await _given(parts, request, "promote", {**_fields(body), "plugin": plugin})


def _of_plugin(parts: Parts, word: str) -> Any:
    async def command(
        request: Request, plugin: Annotated[models.PluginId, Path()], body: models.Command | None = None
    ) -> Response:
        return await _given(parts, request, word, {**_fields(body), "plugin": plugin})

    return command


def _fields(body: Any) -> dict[str, Any]:
    return {} if body is None else dict(body.model_dump(exclude_none=True))


async def _given(parts: Parts, request: Request, word: str, fields: Mapping[str, Any]) -> Response:
    try:
        taken = await parts.desk.give(_caller(request), word, fields)
    except ValueError as error:
        return words.fault(422, "bad_command", str(error))
    except DataError as error:  # nobody takes commands just now, or not in this folder
        return words.fault(503, "not_taken", str(error))
    return words.json_answer(202, asdict(taken))


def _caller(request: Request) -> Caller:
    found: Caller = request.scope["state"]["caller"]
    return found


# --- closing everything -----------------------------------------------------------------------------------------------


def _add_flatten(router: APIRouter, parts: Parts) -> None:
    @router.post(
        "/api/flatten",
        summary="Close what is open, cancel what waits, take no new risk; to be confirmed by a second call.",
        status_code=202,
        response_model=None,
        responses={**TAKEN, **TO_CONFIRM},
    )
    async def flatten(request: Request, body: models.Flatten | None = None) -> Response:
        fields = _fields(body)
        code = fields.pop("confirmation", None)
        caller = _caller(request)
        about = (caller.by, fields.get("plugin", ""), fields.get("book", ""))
        if code is None:
            return await _to_confirm(parts, fields, parts.confirmations.new(about))
        if not parts.confirmations.use(code, about):
            parts.refusals.add(caller.address, "POST", "/api/flatten", "wrong_confirmation")
            told = "the code is used, too old, or of something else; call without one for another"
            return words.fault(409, "wrong_confirmation", told)
        return await _given(parts, request, "flatten", fields)


async def _to_confirm(parts: Parts, fields: Mapping[str, Any], code: str) -> Response:
    """What would be closed, as far as the database says; without one it can be confirmed all the same."""
    scope = {key: fields[name] for key, name in (("strategy", "plugin"), ("book", "book")) if name in fields}
    tickets, waiting, trouble = None, None, None
    try:
        tickets, waiting = await parts.questions.ask(
            lambda connection: (
                search(connection, "positions", status="open", limit=MOST_TOLD, **scope),
                len(search(connection, "orders", status="decided", limit=1_000, **scope)),
            )
        )
    except StorageError as error:
        trouble = str(error)
    told = None if tickets is None else [_ticket(one) for one in tickets]
    return words.json_answer(
        428,
        {
            "error": "to_be_confirmed",
            "detail": "nothing was closed; call again with this confirmation to close it",
            "confirmation": code,
            "good_s": parts.confirmations.good_s,
            "would_close": told,
            "would_cancel": waiting,
            "trouble": trouble,
        },
    )


def _ticket(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("book", "ticket", "symbol", "side", "open_lots", "entry_price")}
    return {**kept, "plugin": row["strategy"]}
