"""``/ws``: the journal's rows as they are written, from a number on; each a JSON text.

    {"seq": 123, "t_ns": 1767225600000000000, "at": "2026-01-01T00:00:00.000Z", "kind": "decision", "body": {...}}

``/ws?from=123`` begins with row 123, also one of long ago; without ``from`` with what comes next.
``kinds=alert,closed`` leaves out the others. A client that takes nothing is disconnected by the server
(``server.py``); one that is slow gets everything later, since nothing is kept for it but its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from zepix.errors import ZepixError
from zepix.journal.rows import Row
from zepix_live.api.tail import JournalTail
from zepix_live.receiver.answers import json_answer
from zepix_live.secrets_file import Secrets
from zepix_live.storage.wording import at_of

__all__ = ["Events", "event_text"]

PROTOCOL: Final = "zepix"
WAIT_S: Final = 30.0
MOST_HEARD: Final = 100
"""Messages of a client are not wanted; so many are passed over."""
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_KINDS: Final = re.compile(r"[a-z_]{1,32}(,[a-z_]{1,32}){0,31}")
_NAMES: Final = frozenset({"from", "kinds"})


class Events:
    """Serves clients; there are at most ``most`` at once."""

    def __init__(self, tail: JournalTail, secrets: Secrets, most: int) -> None:
        self._tail: Final = tail
        self._secrets: Final = secrets
        self._most: Final = most
        self.clients = 0
        self.sent = 0
        """Rows, to all of them."""

    async def serve(self, socket: WebSocket) -> None:
        """One client, until it goes."""
        asked = _asked(socket.query_params.multi_items())
        if asked is None:
            told = "from is the number of a row, kinds are names with commas between; nothing else can be asked"
            await socket.send_denial_response(json_answer(422, {"error": "bad_request", "detail": told}))
            return
        if self.clients >= self._most:
            told = f"there are {self._most} clients already; live.api.most_clients says how many there may be"
            await socket.send_denial_response(json_answer(503, {"error": "too_many_clients", "detail": told}))
            return
        self.clients += 1
        try:
            await socket.accept(PROTOCOL if PROTOCOL in socket.scope.get("subprotocols", ()) else None)
            await self._tell(socket, *asked)
        finally:
            self.clients -= 1

    async def _tell(self, socket: WebSocket, first: int | None, kinds: frozenset[str]) -> None:
        sending = asyncio.ensure_future(self._send(socket, first, kinds))
        hearing = asyncio.ensure_future(_hear(socket))
        try:
            await asyncio.wait((sending, hearing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, hearing):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                found = await asyncio.gather(sending, hearing, return_exceptions=True)
        why = next((one for one in found if isinstance(one, ZepixError)), None)
        with contextlib.suppress(Exception):  # whoever is gone hears no goodbye
            if why is not None:
                await socket.close(1011, "the journal cannot be read")
            elif hearing.done() and not hearing.cancelled() and hearing.exception() is None:
                await socket.close(1008, "nothing is heard here")

    async def _send(self, socket: WebSocket, first: int | None, kinds: frozenset[str]) -> None:
        place = await self._tail.end() + 1 if first is None else max(1, first)
        while True:
            rows = await self._tail.rows(place)
            if not rows:
                await self._tail.wait(WAIT_S)
                continue
            for row in rows:
                if not kinds or row.kind in kinds:
                    await socket.send_text(self._secrets.blot(event_text(row)))
                    self.sent += 1
                place = row.seq + 1
            await asyncio.sleep(0)


def _asked(items: list[tuple[str, str]]) -> tuple[int | None, frozenset[str]] | None:
    """(first row, kinds); None for what is no question."""
    given = dict(items)
    if len(given) != len(items) or given.keys() - _NAMES:
        return None
    first, kinds = given.get("from"), given.get("kinds")
    if (first is not None and not _NUMBER.fullmatch(first)) or (kinds is not None and not _KINDS.fullmatch(kinds)):
        return None
    return None if first is None else int(first), frozenset(kinds.split(",") if kinds else ())


async def _hear(socket: WebSocket) -> None:
    """Until the client goes (WebSocketDisconnect), or has said too much (returns)."""
    for _ in range(MOST_HEARD):
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))


def event_text(row: Row) -> str:
    """A row as it is told; of a configuration without the files that it has in it."""
    head = f'{{"seq":{row.seq},"t_ns":{row.t_ns},"at":"{at_of(row.t_ns)}","kind":{json.dumps(row.kind)},"body":'
    return f"{head}{_without_files(row.body) if row.kind == 'config' else row.body}}}"


def _without_files(body: str) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return body
    if not isinstance(found, dict) or not isinstance(found.get("files"), Mapping):
        return body
    kept: dict[str, Any] = {
        key: [{name: one.get(name) for name in ("path", "sha256")} for one in files]
        for key, files in found["files"].items()
    }
    return json.dumps({**found, "files": kept})
