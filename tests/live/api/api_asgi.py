"""The API without sockets: its application on a data folder, its journal followed, called by ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
from starlette.testclient import TestClient

from tests.waiting import PATIENCE_S
from zepix_live.api.app import create_api
from zepix_live.api.main import make_parts
from zepix_live.api.parts import Parts
from zepix_live.api.settings import ApiSettings
from zepix_live.api.shell import Shell
from zepix_live.clock import SystemClock
from zepix_live.secrets_file import Secrets
from zepix_live.storage.address import Address, address_of

API_TOKEN = "api-0123456789-abcdef"
BASE = "http://127.0.0.1:8001"
WS = "ws://127.0.0.1:8001"
BEARER = {"Authorization": f"Bearer {API_TOKEN}"}


class Api:
    """``shell`` is the application, ``parts`` what it is made of."""

    def __init__(self, folder: Path, address: Address | None = None, **settings: Any) -> None:
        settings = {"secrets": Secrets(api_token=API_TOKEN), "command_s": 0.2, **settings}
        self.settings = ApiSettings(folder, **settings)
        self.parts: Parts = make_parts(self.settings, address or address_of(folder), SystemClock())
        self.shell: Shell = create_api(self.parts)

    @contextlib.asynccontextmanager
    async def running(self, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client with the token; the journal is in the tables when it begins, as far as there is one."""
        async with self.shell.app.router.lifespan_context(self.shell.app):
            await self.follows()
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(self.shell), base_url=BASE, headers={**BEARER, **headers}
            ) as client:
                yield client

    async def follows(self, seconds: float = PATIENCE_S) -> None:
        """Until the tables are up with the journal, or their trouble is known."""
        if not (self.settings.data_dir / "journal.sqlite").exists():
            return
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            behind = self.parts.behind()
            if behind["trouble"] or (behind["journal"] and not behind["rows"]):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the tables are {self.parts.behind()}")

    def run(self, what: Callable[[httpx.AsyncClient], Any]) -> Any:
        """What becomes of ``what(client)``."""

        async def main() -> Any:
            async with self.running() as client:
                return await what(client)

        return asyncio.run(main())

    def get(self, *paths: str, **headers: str) -> list[httpx.Response]:
        """Answers to some questions, one after the other."""

        async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
            return [await client.get(path, headers=headers) for path in paths]

        return self.run(ask)

    def sockets(self) -> TestClient:
        """A client that can WebSockets; a context, in which the application runs."""
        return TestClient(self.shell, base_url=BASE, headers=BEARER)
