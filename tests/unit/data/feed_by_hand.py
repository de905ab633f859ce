"""A feed on the loopback, and its files packed by hand: struct and lzma only, nothing of zepix.

The records are those of the descriptions of the format: five or six big-endian numbers of four bytes. ``Feed.files``
maps a path to its body; ``Feed.script`` holds, by path, what to do instead the next times (a function of the handler).
"""

from __future__ import annotations

import lzma
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MONTHS_FROM_ZERO = {month: f"{month - 1:02d}" for month in range(1, 13)}


def pack(data: bytes, *, size_known: bool = False) -> bytes:
    packed = lzma.compress(data, format=lzma.FORMAT_ALONE)
    return packed[:5] + struct.pack("<Q", len(data)) + packed[13:] if size_known else packed


def pack_ticks(rows: Iterable[tuple[int, int, int]]) -> bytes:
    """Rows of (ms, bid points, ask points)."""
    data = b"".join(struct.pack(">IIIff", ms, ask, bid, 1.5, 0.75) for ms, bid, ask in rows)
    return pack(data) if data else b""


def pack_minutes(rows: Iterable[tuple[int, int, int, int, int, float]]) -> bytes:
    """Rows of (second, open, high, low, close, volume)."""
    return pack(b"".join(struct.pack(">IIIIIf", s, o, c, low, high, v) for s, o, high, low, c, v in rows))


def tick_path(feed: str, year: int, month: int, day: int, hour: int) -> str:
    return f"/feed/{feed}/{year}/{MONTHS_FROM_ZERO[month]}/{day:02d}/{hour:02d}h_ticks.bi5"


def minute_path(feed: str, year: int, month: int, day: int, side: str) -> str:
    return f"/feed/{feed}/{year}/{MONTHS_FROM_ZERO[month]}/{day:02d}/{side}_candles_min_1.bi5"


class Feed(ThreadingHTTPServer):
    """The server; ``url`` is its address, ``asked`` every path in order, ``agents`` who asked, ``callers`` how many."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.script: dict[str, list[Callable[[Any], None]]] = {}
        self.asked: list[str] = []
        self.agents: Counter[str] = Counter()
        self.callers: set[tuple[str, int]] = set()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/feed"

    def stop(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is what many of these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Feed

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.agents[self.headers.get("User-Agent", "")] += 1
        self.server.callers.add(self.client_address)
        waiting = self.server.script.get(self.path)
        if waiting:
            waiting.pop(0)(self)
        else:
            self.give(self.server.files.get(self.path))

    def give(self, body: bytes | None, status: int = 200, **headers: str) -> None:
        page = b"<html>not found</html>" if body is None else body
        kind = "text/html" if body is None else "application/octet-stream"
        self.send_response(404 if body is None else status)
        sent = {"Content-Type": kind, "Content-Length": str(len(page))}
        for name, value in (sent | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""
