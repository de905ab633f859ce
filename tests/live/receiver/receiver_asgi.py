"""A receiver without sockets: an application on a log in memory and a clock that stands still, and calls by ASGI."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from zepix.errors import JournalError
from zepix_live.clock import VirtualClock
from zepix_live.heartbeat import EngineState
from zepix_live.receiver.app import ReceiverApp, create_app
from zepix_live.receiver.inbox import Inbox
from zepix_live.receiver.mirrors import Mirrors
from zepix_live.receiver.store import LogStore
from zepix_live.secrets_file import Secrets
from zepix_live.settings import ReceiverSettings

TOKEN = "tok-0123456789-abcdef"
API_TOKEN = "api-0123456789-abcdef"
OPERATOR_KEY = "op-0123456789-abcdef"
HMAC_KEY = "key-0123456789-abcdef"
PATH = f"/webhook/tradingview/{TOKEN}"
ENTRY = b'{"type":"entry","symbol":"EURUSD","side":"buy","price":1.1}'
EXIT = b'{"type":"exit","symbol":"EURUSD","side":"buy","price":1.2}'


class MemoryLog:
    """As a durable log: gapless numbers; fails where it is told to."""

    def __init__(self) -> None:
        self.rows: list[SimpleNamespace] = []
        self.error: JournalError | None = None

    def append(self, rows: Any) -> list[int]:
        if self.error is not None:
            raise self.error
        for t_ns, kind, body in rows:
            self.rows.append(SimpleNamespace(seq=len(self.rows) + 1, t_ns=t_ns, kind=kind, body=body))
        return [row.seq for row in self.rows[len(self.rows) - len(rows) :]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(row.body) for row in self.rows if row.kind == kind]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class World:
    settings: ReceiverSettings
    clock: VirtualClock = field(default_factory=VirtualClock)
    log: MemoryLog = field(default_factory=MemoryLog)
    engine: EngineState = field(default_factory=lambda: EngineState(1, "running"))

    def __post_init__(self) -> None:
        self.store: Any = LogStore(self.log)
        self.open()

    def open(self) -> None:
        """As a process that starts: nothing is known but the log."""
        self.inbox = Inbox(self.store, self.clock, self.settings.answer_timeout_s, self.settings.most_wait_s)
        self.inbox.recover(self.log.rows)
        self.mirrors = Mirrors(self.settings, self.clock)
        self.app: ReceiverApp = create_app(
            self.settings, self.inbox, self.clock, lambda: self.engine, operator_key=OPERATOR_KEY, mirrors=self.mirrors
        )

    def post(self, body: bytes = ENTRY, path: str = PATH, **more: Any) -> Answer:
        return asyncio.run(call(self.app, "POST", path, body, **more))

    def get(self, path: str, **more: Any) -> Answer:
        return asyncio.run(call(self.app, "GET", path, **more))


def world(**settings: Any) -> World:
    """With a webhook token and an API token, unless ``secrets`` says otherwise."""
    secrets = settings.pop("secrets", Secrets(webhook_token=TOKEN, api_token=API_TOKEN))
    return World(ReceiverSettings(data_dir=settings.pop("data_dir", Path("nowhere")), secrets=secrets, **settings))


def with_settings(found: World, **changes: Any) -> World:
    return World(replace(found.settings, **changes), found.clock, found.log)


async def call(
    app: Any,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    peer: str = "127.0.0.1",
    query: str = "",
    chunks: list[bytes] | None = None,
    never_ends: bool = False,
) -> Answer:
    """One request. ``chunks`` instead of a body in one piece; one that ``never_ends`` leaves the receiver waiting."""
    pieces = chunks if chunks is not None else [body]
    pairs = list(headers.items()) if isinstance(headers, dict) else headers or []
    waiting = [
        {"type": "http.request", "body": piece, "more_body": never_ends or index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        if never_ends:
            await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query.encode("utf-8"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
        "client": (peer, 4711),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, send)
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1, sent
    names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in starts[0]["headers"]}
    return Answer(starts[0]["status"], names, b"".join(message.get("body", b"") for message in sent))
