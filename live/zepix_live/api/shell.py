"""The outermost layer of the API: who may ask, how much at once, how large, how long; and never a 500.

What goes wrong inside is 503 with a word, and its cause in the log. Every answer carries the headers that keep a
browser from making anything of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from starlette.responses import Response

from zepix_live.api.guard import Guard, Refused
from zepix_live.api.refusals import Refusals
from zepix_live.api.settings import ApiSettings
from zepix_live.receiver.answers import json_answer
from zepix_live.receiver.body import BodyTooLarge, BodyTooSlow, SenderGone, read_body

__all__ = ["HEADERS", "Shell"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_log = logging.getLogger("zepix.api")
HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NAMES: Final = frozenset(name for name, _ in HEADERS)
_MORE_S: Final = 5.0
"""Beyond ``answer_s`` and ``command_s``: a command may have to wait for a receiver that restarts."""


class Shell:
    """The ASGI application around ``app``."""

    def __init__(self, app: Any, settings: ApiSettings, guard: Guard, refusals: Refusals) -> None:
        self.app: Final = app
        self.in_flight = 0
        self.answers: Final[Counter[int]] = Counter()
        """How many, by status."""
        self._settings: Final = settings
        self._guard: Final = guard
        self._refusals: Final = refusals

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        found = self._guard.look(scope)
        if isinstance(found, Refused):
            self._refuse(scope, found.reason)
            await self._turn_away(found, scope, receive, send)
            return
        scope["state"] = {**scope.get("state", {}), "caller": found}
        if scope["type"] == "websocket":
            await self._watched(scope, receive, send)
            return
        await self._http(scope, receive, send)

    # --- requests ---------------------------------------------------------------------------------------------------

    async def _http(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        answering = _Answering(send, self.answers)
        if self.in_flight >= self._settings.most_in_flight:
            await _told(503, "overloaded", "too many requests at once")(scope, receive, answering)
            return
        self.in_flight += 1
        try:
            async with asyncio.timeout(self._settings.answer_s + self._settings.command_s + _MORE_S):
                body = await self._body(scope, receive)
                if body and (name := _said_twice(body)) is not None:  # which of the two was meant, nobody knows
                    await _told(400, "bad_json", f"the body says {name} twice")(scope, receive, answering)
                    return
                await self.app(scope, _again(body, receive), answering)
        except (BodyTooLarge, BodyTooSlow) as error:
            status, reason = (413, "too_large") if isinstance(error, BodyTooLarge) else (408, "slow_body")
            self._refuse(scope, reason)
            await answering.instead(_told(status, reason, str(error), close=True), scope, receive)
        except SenderGone:
            return
        except TimeoutError:
            await answering.instead(_told(503, "too_slow", "the answer took too long"), scope, receive)
        except asyncio.CancelledError:  # the server is told to end and has lost patience
            await answering.instead(_told(503, "stopping", "the API is ending", close=True), scope, receive)
            raise
        except Exception as error:  # noqa: BLE001 - the last one who could answer
            _log.error("503 internal: %s", type(error).__name__, exc_info=error)
            await answering.instead(
                _told(503, "internal", "this could not be answered; the log says why"), scope, receive
            )
        finally:
            self.in_flight -= 1

    async def _body(self, scope: _Message, receive: _Receive) -> bytes | None:
        """The whole body; None where there is none. Raises BodyTooLarge and the like."""
        names = {name for name, _ in scope["headers"]}
        if not names & {b"content-length", b"transfer-encoding"} and scope["method"] in ("GET", "HEAD"):
            return None
        return await read_body(receive, self._settings.body_limit_bytes, self._settings.answer_s)

    # --- connections that stay --------------------------------------------------------------------------------------

    async def _watched(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        is_over = False

        async def sending(message: _Message) -> None:
            nonlocal is_over
            is_over = is_over or message["type"] in ("websocket.close", "websocket.http.response.start")
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - closed, and said
            if type(error).__name__ not in ("ClientDisconnected", "WebSocketDisconnect"):
                _log.error("a connection of /ws ended: %s", type(error).__name__, exc_info=error)
            if not is_over:
                await _quietly(send, {"type": "websocket.close", "code": 1011, "reason": "internal"})

    # --- turning away -----------------------------------------------------------------------------------------------

    def _refuse(self, scope: _Message, reason: str) -> None:
        self._refusals.add(self._guard.address(scope), scope.get("method", "WS"), scope["path"], reason)

    async def _turn_away(self, why: Refused, scope: _Message, receive: _Receive, send: _Send) -> None:
        answer = _told(why.status, why.reason, why.detail, close=True)
        if why.status == 401:
            answer.headers["www-authenticate"] = "Bearer"
        if why.status == 429:
            answer.headers["retry-after"] = "5"
        if scope["type"] == "http":
            await answer(scope, receive, _Answering(send, self.answers))
            return
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": why.reason})
            return
        await _deny(answer, send)


def _said_twice(body: bytes) -> str | None:
    """A name that stands twice in one object of a JSON body; None where there is none, or it is no JSON."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in found]
        twice.extend(name for name in names if names.count(name) > 1)

    try:
        json.loads(body, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None
    return ascii(twice[0])[:60] if twice else None


class _Answering:
    """Sends an answer on, with the headers of every answer; knows whether it has begun."""

    def __init__(self, send: _Send, counts: Counter[int]) -> None:
        self._send, self._counts, self._has_begun = send, counts, False

    async def __call__(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._has_begun = True
            self._counts[message["status"]] += 1
            kept = [(name, value) for name, value in message["headers"] if name not in _NAMES]
            message = {**message, "headers": [*kept, *HEADERS]}
        await self._send(message)

    async def instead(self, answer: Response, scope: _Message, receive: _Receive) -> None:
        """Another answer, unless one was begun."""
        if not self._has_begun:
            await answer(scope, receive, self)


def _told(status: int, error: str, detail: str, *, close: bool = False) -> Response:
    headers = {"connection": "close"} if close else {}
    if status == 503:
        headers["retry-after"] = "1"
    return json_answer(status, {"error": error, "detail": detail}, headers)


async def _deny(answer: Response, send: _Send) -> None:
    """A handshake answered as a request."""
    headers = [*answer.raw_headers, *(pair for pair in HEADERS if pair[0] != b"cache-control")]
    await send({"type": "websocket.http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": bytes(answer.body)})


async def _quietly(send: _Send, message: _Message) -> None:
    try:
        await send(message)
    except Exception:  # noqa: BLE001 - whoever is gone hears nothing
        return


def _again(body: bytes | None, receive: _Receive) -> _Receive:
    """``receive`` of a request whose body was read already."""
    is_given = body is None

    async def receiving() -> _Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
