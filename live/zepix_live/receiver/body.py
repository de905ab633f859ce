"""Reads the body of a request in pieces: no more than the limit, and no longer than the patience lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

__all__ = ["BodyTooLarge", "BodyTooSlow", "SenderGone", "drain", "read_body"]

_DRAIN_LIMIT_BYTES: Final = 8 * 1024 * 1024
"""What a sender may still push before it is answered: many read the answer only after their last byte."""
_DRAIN_S: Final = 1.0
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class BodyTooLarge(Exception):
    """The body is larger than the limit; ``beginning`` is what was read of it."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__("the body is larger than the limit")
        self.beginning = beginning


class BodyTooSlow(Exception):
    """The body did not arrive in time; ``beginning`` is what did."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__("the body did not arrive in time")
        self.beginning = beginning


class SenderGone(Exception):
    """The sender hung up before the end of the body; there is nobody to answer."""


async def read_body(receive: _Receive, limit_bytes: int, patience_s: float) -> bytes:
    """The whole body. Raises BodyTooLarge, BodyTooSlow or SenderGone; what is above the limit is not kept."""
    body = bytearray()
    try:
        async with asyncio.timeout(patience_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise SenderGone
                body += message.get("body", b"")
                if len(body) > limit_bytes or not message.get("more_body", False):
                    break
    except TimeoutError:
        raise BodyTooSlow(bytes(body)) from None
    if len(body) > limit_bytes:
        if message.get("more_body", False):
            await drain(receive)
        raise BodyTooLarge(bytes(body[:limit_bytes]))
    return bytes(body)


async def drain(receive: _Receive) -> None:
    """Lets the sender finish, within reason, and forgets what it sends."""
    dropped = 0
    try:
        async with asyncio.timeout(_DRAIN_S):
            while dropped <= _DRAIN_LIMIT_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
