"""Posts an alert to a runner on this machine, and asks how it is."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any


def post(port: int, body: Mapping[str, Any] | str) -> tuple[int, Any]:
    """(status, the answer's JSON)."""
    raw = body if isinstance(body, str) else json.dumps(body)
    return _ask(port, "POST", "/webhook/tradingview", raw.encode())


def health(port: int) -> tuple[int, Any]:
    return _ask(port, "GET", "/api/health", None)


def _ask(port: int, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
