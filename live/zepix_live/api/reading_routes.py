"""The routes that only read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from zepix_live.api import models, words
from zepix_live.api.parts import Parts
from zepix_live.api.standing import engine_row, masked
from zepix_live.api.story import story_of
from zepix_live.heartbeat import read_statement
from zepix_live.storage.searching import search

__all__ = ["newest_config", "reading_routes"]

TABLES: Final = {
    "/api/alerts": ("alerts", "Bodies that came: accepted, sent again or quarantined."),
    "/api/decisions": ("decisions", "An alert and a plugin that saw it, or none."),
    "/api/tickets": ("positions", "Tickets, open and closed."),
    "/api/orders": ("orders", "Commands to a broker: to open, to close, to change, to cancel."),
    "/api/trades": ("trades", "Closing fills: a ticket that is closed in two parts has two."),
    "/api/chains": ("reentry_chains", "Chains of re-entries, and shields."),
    "/api/profit_chains": ("profit_chains", "Pyramids on order B."),
    "/api/config/history": ("config_history", "Configurations that the session ran by."),
}
Endpoint = Callable[..., Awaitable[Response]]


def reading_routes(parts: Parts) -> APIRouter:
    """All of them."""
    router = APIRouter(responses=words.READS, tags=["reading"])
    for path, (table, about) in TABLES.items():
        router.add_api_route(
            path,
            _page(parts, table),
            methods=["GET"],
            name=path.removeprefix("/api/").replace("/", "_"),
            summary=about,
            response_model=None,
            responses={200: {"model": models.page_of(table), "description": about}},
        )
    _add_standing(router, parts)
    _add_alerts_story(router, parts)
    _add_audit(router, parts)
    return router


def _page(parts: Parts, table: str) -> Endpoint:
    query: Any = models.query_of(table)

    async def page(asked: Any) -> Response:
        return words.ready(await parts.questions.page(table, _wanted(asked)))

    page.__annotations__["asked"] = Annotated[query, Query()]
    return page


def _wanted(asked: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = asked.model_dump(exclude_none=True)
    if "plugin" in wanted:
        wanted["strategy"] = wanted.pop("plugin")
    return wanted


def _add_alerts_story(router: APIRouter, parts: Parts) -> None:
    @router.get(
        "/api/alerts/{alert_id}/why",
        summary="What became of one alert, told.",
        response_model=None,
        responses={200: {"model": models.Why, "description": "Its story."}},
    )
    async def why(alert_id: Annotated[models.AlertId, Path()]) -> Response:
        found = await parts.questions.ask(lambda connection: story_of(connection, alert_id))
        if found is None:
            return words.fault(404, "no_such_alert", "no alert has this id, neither the journal's nor its sender's")
        return words.json_answer(200, found)


def _add_audit(router: APIRouter, parts: Parts) -> None:
    query: Any = models.query_of("audit_log")

    async def audit(asked: Any) -> Response:
        refused = {"refused": parts.refusals.newest()}
        return words.ready(await parts.questions.page("audit_log", _wanted(asked), refused))

    audit.__annotations__["asked"] = Annotated[query, Query()]
    router.add_api_route(
        "/api/audit",
        audit,
        methods=["GET"],
        summary="Commands of humans: who, from where, before, after, what came of it; and the newest refused requests.",
        response_model=None,
        responses={200: {"model": models.AuditPage, "description": "Newest first."}},
    )


def _add_standing(router: APIRouter, parts: Parts) -> None:
    @router.get("/api/live", summary="That the API answers; the only route without a token.")
    async def live() -> models.Live:
        return models.Live(alive=True)

    @router.get("/api/status", summary="How the runner is.")
    async def status() -> models.Status:
        state = await asyncio.to_thread(parts.engine_state)
        view = await asyncio.to_thread(parts.standing.view)
        told: dict[str, Any] = {
            "engine": engine_row(state),
            "behind": parts.behind(),
            "journal_trouble": parts.tail.trouble,
            "clients": parts.events.clients,
            "view": view,
        }
        return models.Status(**told)

    @router.get("/api/plugins", summary="Every plugin: settings, mode, health.")
    async def plugins() -> models.Plugins:
        settings = await parts.questions.ask(newest_settings)
        found: Any = await asyncio.to_thread(parts.standing.plugins, settings)
        return models.Plugins(plugins=found)

    @router.get("/api/strategies", summary="Every strategy, with its plugins.")
    async def strategies() -> models.Strategies:
        settings = await parts.questions.ask(newest_settings)
        found: Any = await asyncio.to_thread(parts.standing.strategies, settings)
        return models.Strategies(strategies=found)

    @router.get(
        "/api/recovery",
        summary="What the last start found.",
        response_model=None,
        responses={200: {"model": models.Recovery, "description": "The recovery statement."}},
    )
    async def recovery() -> Response:
        found = await asyncio.to_thread(read_statement, parts.data_dir)
        if found is None:
            return words.fault(404, "not_started", "the engine has not said yet what it found")
        return words.json_answer(200, found)

    @router.get(
        "/api/config",
        summary="The settings that the session runs by, secrets masked.",
        response_model=None,
        responses={200: {"model": models.ConfigAnswer, "description": "By dotted key."}},
    )
    async def config() -> Response:
        found = await parts.questions.ask(newest_config)
        if found is None:
            return words.fault(404, "not_started", "the journal has no configuration yet")
        kept = {name: found[name] for name in ("seq", "hash", "version", "changed_at", "who")}
        return words.json_answer(200, {**kept, "settings": masked(found["settings"])})


def newest_config(connection: Any) -> dict[str, Any] | None:
    """The row of ``config_history`` that the session runs by; None before there is one."""
    return next(iter(search(connection, "config_history", limit=1)), None)


def newest_settings(connection: Any) -> dict[str, Any]:
    found = newest_config(connection)
    return {} if found is None else dict(found["settings"])
