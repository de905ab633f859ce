"""``/ws``: every row once, in its order, from any number on; clients that do not read, that talk, that are too many."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse

from tests.live.api.api_asgi import API_TOKEN, WS, Api
from tests.live.storage.journal_by_hand import NOON_NS, write
from tests.waiting import PATIENCE_S, until
from zepix.journal.durable_reader import LogReader
from zepix_live.api.events import event_text
from zepix_live.api.server import make_api_server
from zepix_live.receiver.server import listen

pytestmark = pytest.mark.clock


def journal(folder: Path) -> list[tuple[int, str]]:
    with LogReader(folder / "journal.sqlite") as reader:
        return [(row.seq, row.kind) for row in reader.rows(0, None)]


def more(folder: Path, count: int, text: str = "x") -> None:
    """The engine writes."""
    write(folder, [(NOON_NS * 2 + number, "note", {"n": number, "text": text}) for number in range(count)])


def test_a_client_gets_every_row_once_from_any_number_on(folder: Path) -> None:
    api, all_rows = Api(folder), journal(folder)
    with api.sockets() as client:
        for first in (0, 1, 7, len(all_rows)):
            with client.websocket_connect(f"{WS}/ws?from={first}") as socket:
                wanted = [row for row in all_rows if row[0] >= first]
                found = [socket.receive_json() for _ in wanted]
                assert [(one["seq"], one["kind"]) for one in found] == wanted
        assert all(one["at"].endswith("Z") and isinstance(one["body"], dict) for one in found)
        with client.websocket_connect(f"{WS}/ws?from=1") as socket:  # what came of old, then what is new, no gap
            for _ in all_rows:
                socket.receive_json()
            more(folder, 3)
            assert [socket.receive_json()["seq"] for _ in range(3)] == [len(all_rows) + one for one in (1, 2, 3)]


def test_without_a_number_it_begins_with_what_comes_next(folder: Path) -> None:
    api, count = Api(folder), len(journal(folder))
    with api.sockets() as client:
        client.get("/api/live")
        while not api.parts.tail.last_seq:
            time.sleep(0.01)
        with client.websocket_connect(f"{WS}/ws") as socket:
            more(folder, 2)
            assert [socket.receive_json()["seq"] for _ in range(2)] == [count + 1, count + 2]


def test_kinds_leave_out_the_others(folder: Path) -> None:
    wanted = [seq for seq, kind in journal(folder) if kind in ("alert", "decision")]
    with Api(folder).sockets() as client, client.websocket_connect(f"{WS}/ws?from=1&kinds=alert,decision") as socket:
        assert [socket.receive_json()["seq"] for _ in wanted] == wanted


def test_rows_that_are_not_kept_any_more_are_read_again(folder: Path) -> None:
    more(folder, 3_000)
    api, count = Api(folder), len(journal(folder))
    api.parts.tail._kept_bytes = 2_000  # type: ignore[misc]
    with api.sockets() as client, client.websocket_connect(f"{WS}/ws?from=1") as socket:
        found = [socket.receive_json()["seq"] for _ in range(count)]
        more(folder, 40)
        found += [socket.receive_json()["seq"] for _ in range(40)]
    assert found == list(range(1, count + 41))
    assert api.parts.tail._bytes <= 2_000


def test_a_journal_that_is_made_later_is_told_from_its_beginning(tmp_path: Path) -> None:
    with Api(tmp_path).sockets() as client, client.websocket_connect(f"{WS}/ws") as socket:
        more(tmp_path, 2)
        assert [socket.receive_json()["seq"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "from=-1",
        "from=1.5",
        "from=" + "9" * 30,
        "from=1&from=2",
        "kinds=A",
        "kinds=",
        "nothing=1",
        "kinds=a,,b",
    ],
)
def test_what_is_no_question_is_refused(folder: Path, query: str) -> None:
    with (
        Api(folder).sockets() as client,
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect(f"{WS}/ws?{query}"),
    ):
        pass
    assert denied.value.status_code == 422


def test_there_are_so_many_clients_and_no_more(folder: Path) -> None:
    api = Api(folder, most_clients=2)
    with api.sockets() as client:
        with client.websocket_connect(f"{WS}/ws"), client.websocket_connect(f"{WS}/ws"):
            with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(f"{WS}/ws"):
                pass
            assert denied.value.status_code == 503 and denied.value.json()["error"] == "too_many_clients"
        with client.websocket_connect(f"{WS}/ws?from=1") as socket:
            socket.receive_json()
    assert api.parts.events.clients == 0


def test_who_comes_before_the_journal_was_looked_at_hears_what_comes_next_and_not_all_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, may_look = Api(folder), threading.Event()
    follow = api.parts.tail._follow

    def late() -> None:
        may_look.wait(PATIENCE_S)
        follow()

    monkeypatch.setattr(api.parts.tail, "_follow", late)
    with api.sockets() as client, client.websocket_connect(f"{WS}/ws") as socket:
        may_look.set()
        for _ in range(100):
            socket.send_text("x")
        assert socket.receive()["type"] == "websocket.close"
    assert api.parts.events.sent == 0


def test_a_client_that_talks_is_let_go(folder: Path) -> None:
    with Api(folder).sockets() as client, client.websocket_connect(f"{WS}/ws") as socket:
        for _ in range(100):
            socket.send_text("x")
        assert socket.receive()["code"] == 1008


def test_no_secret_and_no_file_is_told(folder: Path) -> None:
    files = {"data.instruments": [{"path": "i.toml", "sha256": "0", "text": "the text of a file"}]}
    body = {"settings": {}, "hash": "h", "code": "1", "files": files, "said": API_TOKEN}
    write(folder, [(NOON_NS * 2, "config", body)])
    number = len(journal(folder))
    with Api(folder).sockets() as client, client.websocket_connect(f"{WS}/ws?from={number}") as socket:
        text = socket.receive_text()
    assert API_TOKEN not in text and "the text of a file" not in text and "i.toml" in text


def test_a_body_of_any_shape_is_told() -> None:
    from zepix.journal.rows import Row

    for body in ("null", "[1]", '"x"', '{"files": 3}', '{"files": {"a": []}}'):
        found = json.loads(event_text(Row(1, 0, "config", body)))
        assert (found["seq"], found["kind"]) == (1, "config")


# --- real connections -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(api: Api) -> Iterator[tuple[int, Any]]:
    """The API on a port, in a thread."""
    listener = listen("127.0.0.1", 0)
    server = make_api_server(api.shell, api.settings, listener)
    ready = threading.Event()
    server.on_ready = ready.set
    thread = threading.Thread(target=lambda: asyncio.run(server.answer()))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield int(listener.getsockname()[1]), server
    finally:
        server.end()
        thread.join(PATIENCE_S)
        listener.close()
        assert not thread.is_alive()


def opened(port: int, query: str = "from=1", *, buffer_bytes: int | None = None) -> socket.socket:
    """A client of /ws that has shaken hands; what it reads it reads by itself."""
    found = socket.socket()
    if buffer_bytes is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    found.settimeout(20)
    found.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /ws?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {API_TOKEN}\r\n\r\n"
    )
    found.sendall(head.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += found.recv(1)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return found


def is_closed(client: socket.socket, seconds: float) -> bool:
    """Whether the server has hung up within so long; what it sent before is passed over."""
    client.settimeout(seconds)
    try:
        while client.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def test_a_client_that_does_not_read_is_let_go_and_the_others_are_not(folder: Path) -> None:
    more(folder, 400, "x" * 20_000)
    api, count = Api(folder, write_s=0.5), len(journal(folder))
    with served(api) as (port, _):
        lazy = opened(port, buffer_bytes=4_096)
        until(lambda: api.parts.events.clients == 1)
        began = time.monotonic()
        from websockets.sync.client import connect

        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        with connect(f"ws://127.0.0.1:{port}/ws?from=1", additional_headers=headers, compression=None) as good:
            found = [json.loads(good.recv())["seq"] for _ in range(count)]
            assert found == list(range(1, count + 1))
            until(lambda: api.parts.events.clients == 1)  # the lazy one is gone
            assert time.monotonic() - began < 15
            more(folder, 1)
            assert json.loads(good.recv())["seq"] == count + 1
        assert is_closed(lazy, 5)
        lazy.close()
        until(lambda: api.parts.events.clients == 0)


def test_a_client_that_answers_no_ping_is_let_go(folder: Path) -> None:
    api = Api(folder, ping_s=1.0)
    with served(api) as (port, _):
        silent = opened(port)
        assert is_closed(silent, 10)
        silent.close()
        until(lambda: api.parts.events.clients == 0)


def test_clients_count_as_connections_while_they_are_there_and_not_longer(folder: Path) -> None:
    api = Api(folder, most_connections=3, most_connections_of_one=3)
    with served(api) as (port, _):
        for _ in range(4):
            three = [opened(port) for _ in range(3)]
            with socket.create_connection(("127.0.0.1", port)) as fourth:
                assert fourth.recv(100).startswith(b"HTTP/1.1 503")
            for one in three:
                one.close()
            until(lambda: api.parts.events.clients == 0)
            time.sleep(0.1)


def test_it_ends_in_time_whoever_is_connected(folder: Path) -> None:
    more(folder, 400, "x" * 20_000)
    api = Api(folder)
    began = 0.0
    with served(api) as (port, _):
        clients = [opened(port, buffer_bytes=4_096), opened(port)]
        until(lambda: api.parts.events.clients == 2)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    for one in clients:
        one.close()
    gc.collect()  # a connection the server left open would complain here
