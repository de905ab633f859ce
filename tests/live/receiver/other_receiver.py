"""Another receiver, as users have them today: a small web server on loopback that keeps what it is sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Other:
    """``got``: (path, headers, body) of each request, in order."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/topsecretpath?key=topsecretkey"

    def bodies(self) -> list[bytes]:
        return [body for _, _, body in self.got]


@contextmanager
def other_receiver(status: int = 200, **headers: str) -> Iterator[Other]:
    other = Other(status=status, headers=headers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            other.got.append((self.path, dict(self.headers), body))
            self.send_response(other.status)
            for name, value in other.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    other.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield other
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def raw_server(answer: bytes | None, drip_s: float = 0.0) -> Iterator[int]:
    """Takes connections and reads; answers these bytes (None: nothing, for ever), one at a time where it drips."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    listener.settimeout(0.05)
    kept: list[socket.socket] = []

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                continue
            connection.settimeout(1)
            kept.append(connection)
            if answer is not None:
                threading.Thread(target=_answer, args=(connection, answer, drip_s, over), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join(5)
        listener.close()
        for one in kept:
            one.close()


def _answer(connection: socket.socket, answer: bytes, drip_s: float, over: threading.Event) -> None:
    try:
        connection.recv(65_536)
        for piece in [answer] if not drip_s else [answer[i : i + 1] for i in range(len(answer))]:
            connection.sendall(piece)
            if over.wait(drip_s):
                return
        connection.close()
    except OSError:
        return
