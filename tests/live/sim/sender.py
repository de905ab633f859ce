"""Who posts alerts, as TradingView does: gives up after 3 s, comes again after 5 s, three times, and only on a status
of 500 to 599 other than 504. What was refused, cut off or not answered is lost for good, unless a proxy says 502."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.live.receiver.receiver_asgi import call
from tests.live.sim.checker import Answer
from tests.live.sim.course import Post
from tests.live.sim.loop import Process

if TYPE_CHECKING:
    from tests.live.sim.world import World

__all__ = ["COMMANDS", "OPERATOR_KEY", "TOKEN", "send"]

TOKEN = "tok-0123456789-abcdef"
OPERATOR_KEY = "key-0123456789-abcdef"
COMMANDS = "/api/operator"
PATIENCE_S = 3.0
AGAIN_S = 5.0
MOST_RESENDS = 3


async def send(world: World, number: int, post: Post) -> None:
    """Post one alert at its time, and again where TradingView would."""
    await asyncio.sleep(post.at_s)
    for attempt in range(1 + MOST_RESENDS):
        if attempt:
            await asyncio.sleep(AGAIN_S)
        status, told = await _attempt(world, post)
        world.note(f"post {number}.{attempt} {status} {json.dumps(told, sort_keys=True)}")
        world.answers.append(Answer(post.body.decode("utf-8", "replace"), status, told, world.loop.now_ns))
        if not 500 <= status <= 599 or status == 504:
            break
    world.sent()


async def _attempt(world: World, post: Post) -> tuple[int, dict[str, Any]]:
    """(status, JSON); 0 where nobody answered."""
    await asyncio.sleep(post.travels_s)
    nobody = 502 if world.course.has_proxy else 0
    if world.app is None:
        return nobody, {}
    process: Process = world.lives["receiver"]
    answer: asyncio.Future[tuple[int, dict[str, Any]]] = world.loop.create_future()
    process.at_death.append(lambda: None if answer.done() else answer.set_result((nobody, {})))
    app, path = world.app, _path(world, post)

    async def request() -> None:
        try:
            found = await call(app, "POST", path, post.body, headers=_headers(path))
            told = (found.status, found.json)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the application must never raise
            world.out.problems.append(f"the receiver raised {type(error).__name__}: {error}")
            told = (500, {})
        if not answer.done():
            answer.set_result(told)

    world.loop.create_task(request(), context=process.context)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await answer
    except TimeoutError:
        return (504, {}) if world.course.has_proxy else (0, {})


def _headers(path: str) -> dict[str, str]:
    """What the command line sends with a command, and TradingView with nothing."""
    return {"authorization": f"Bearer {OPERATOR_KEY}"} if path == COMMANDS else {}


def _path(world: World, post: Post) -> str:
    return post.path if post.path.startswith("/") else f"/webhook/tradingview/{TOKEN}{post.path}"
