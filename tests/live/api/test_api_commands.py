"""Commands by HTTP: durable, in order, once; what closes everything is confirmed; each is a row of the audit log."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.live.api.api_asgi import API_TOKEN, BASE, BEARER, Api
from tests.live.desk import Desk, entry
from tests.waiting import PATIENCE_S
from zepix.journal.durable_reader import LogReader
from zepix_live.api.desk import Confirmations
from zepix_live.clock import VirtualClock
from zepix_live.operator_commands import OPERATOR

FAR = {"X-Forwarded-For": "203.0.113.9"}


def inbox(folder: Path) -> list[dict[str, Any]]:
    """Commands in the inbox."""
    with LogReader(folder / "inbox.sqlite") as reader:
        return [json.loads(row.body) for row in reader.rows(0, None, kinds=frozenset({OPERATOR}))]


def posted(api: Api, requests: list[tuple[str, Any]], **headers: str) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(api.shell), base_url=BASE, headers={**BEARER, **headers}
        ) as client:
            return [await client.post(path, **({} if body is None else {"json": body})) for path, body in requests]

    return asyncio.run(main())


WORDS = {
    "/api/pause": (None, {"command": "pause"}),
    "/api/resume": ({"plugin": "bracket"}, {"command": "resume", "plugin": "bracket"}),
    "/api/rearm": ({"base_equity": 9000.5}, {"command": "rearm", "base_equity": 9000.5}),
    "/api/reload": ({}, {"command": "reload"}),
    "/api/mode": ({"mode": "HYBRID"}, {"command": "mode", "mode": "HYBRID"}),
    "/api/plugins/bracket/enable": (None, {"command": "enable", "plugin": "bracket"}),
    "/api/plugins/bracket/disable": (None, {"command": "disable", "plugin": "bracket"}),
    "/api/plugins/bracket/mode": ({"mode": "LIVE"}, {"command": "mode", "plugin": "bracket", "mode": "LIVE"}),
    "/api/plugins/bracket/promote": ({"force": True}, {"command": "promote", "plugin": "bracket", "force": True}),
    "/api/plugins/bracket/demote": (None, {"command": "demote", "plugin": "bracket"}),
    "/api/plugins/bracket/pause": (None, {"command": "pause", "plugin": "bracket"}),
    "/api/plugins/bracket/resume": (None, {"command": "resume", "plugin": "bracket"}),
    "/api/plugins/bracket/rearm": (None, {"command": "rearm", "plugin": "bracket"}),
}


def test_every_command_is_durable_with_who_gave_it_and_from_where(folder: Path) -> None:
    api = Api(folder, trusted_proxies=("127.0.0.1",))
    answers = posted(api, [(path, body) for path, (body, _) in WORDS.items()], **FAR)
    found = inbox(folder)
    assert [one.status_code for one in answers] == [202] * len(WORDS), [one.text for one in answers]
    for answer, row, (_, wanted) in zip(answers, found, WORDS.values(), strict=True):
        assert {key: row[key] for key in wanted} == wanted
        assert (row["by"], row["from"]) == ("api token", "203.0.113.9")
        told = answer.json()
        assert (told["id"], told["is_running"], told["outcome"], told["is_refused"]) == (row["id"], False, None, None)
    assert [one.json()["seq"] for one in answers] == sorted(one.json()["seq"] for one in answers)


def test_the_same_id_twice_is_one_command(folder: Path) -> None:
    body = {"id": "mine-0001", "by": "Anna Ü."}
    first, second = posted(Api(folder), [("/api/pause", body), ("/api/pause", body)])
    assert first.json() == second.json() and first.status_code == 202
    assert [(one["id"], one["by"]) for one in inbox(folder)] == [("mine-0001", "Anna Ü.")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/pause", {"plugn": "x"}), ("/api/pause", {"plugin": "a/b"}), ("/api/pause", {"by": "x" * 65}),
        ("/api/pause", {"by": "a\nb"}), ("/api/pause", {"id": "short"}), ("/api/pause", [1]), ("/api/mode", {}),
        ("/api/mode", {"mode": "live"}), ("/api/rearm", {"base_equity": 0}), ("/api/rearm", {"base_equity": "9"}),
        ("/api/rearm", {"base_equity": True}), ("/api/plugins/bracket/promote", {"force": 1}),
        ("/api/plugins/bracket/mode", {"mode": "LIVE", "plugin": "other"}), ("/api/flatten", {"book": "x"}),
        ("/api/flatten", {"confirmation": "x"}),
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused_and_leaves_nothing(folder: Path, path: str, body: Any) -> None:
    (answer,) = posted(Api(folder), [(path, body)])
    assert answer.status_code == 422 and inbox(folder) == []


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/api/mode", b'{"mode": "LIVE", "mode": "SHADOW"}', "mode"),
        ("/api/pause", b'{"plugin": "bracket", "by": "a", "plugin": "bracket"}', "plugin"),
        ("/api/flatten", b'{"book": "live", "\\u0062ook": "shadow"}', "book"),
    ],
)
def test_a_body_that_says_a_name_twice_is_no_command(folder: Path, path: str, body: bytes, name: str) -> None:
    async def call(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(path, content=body, headers={"Content-Type": "application/json"})

    answer = Api(folder).run(call)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "bad_json", "detail": f"the body says '{name}' twice"},
    )
    assert inbox(folder) == []


def test_nothing_is_closed_before_it_is_confirmed(folder: Path) -> None:
    api = Api(folder)

    async def calls(client: httpx.AsyncClient) -> list[httpx.Response]:
        async def flatten(**body: Any) -> httpx.Response:
            return await client.post("/api/flatten", json=body)

        first = await flatten(plugin="bracket")
        code = first.json()["confirmation"]
        wrong = await flatten(plugin="bracket", confirmation="00000000")
        of_another = await flatten(confirmation=code)
        used_up = await flatten(plugin="bracket", confirmation=code)
        again = await flatten(plugin="bracket", book="shadow")
        done = await flatten(plugin="bracket", book="shadow", confirmation=again.json()["confirmation"])
        twice = await flatten(plugin="bracket", book="shadow", confirmation=again.json()["confirmation"])
        return [first, wrong, of_another, used_up, again, done, twice, await client.get("/api/audit")]

    first, *rest, audit = api.run(calls)
    assert [first.status_code, *(one.status_code for one in rest)] == [428, 409, 409, 409, 428, 202, 409]
    told = first.json()
    with_tickets = told["would_close"]
    assert with_tickets and {one["plugin"] for one in with_tickets} == {"bracket"} and told["trouble"] is None
    assert [(one["command"], one["plugin"], one["book"]) for one in inbox(folder)] == [("flatten", "bracket", "shadow")]
    assert [one["reason"] for one in audit.json()["refused"]] == ["wrong_confirmation"] * 4


def test_it_can_be_confirmed_without_a_database(folder: Path) -> None:
    for path in folder.glob("zepix.db*"):
        path.unlink()
    first = posted(Api(folder), [("/api/flatten", None)])[0]
    assert first.status_code == 428 and first.json()["would_close"] is None and "no database" in first.json()["trouble"]


def test_a_code_is_good_for_a_while_and_there_are_not_many() -> None:
    clock = VirtualClock(0)
    codes = Confirmations(clock, 30.0)
    about = ("api token", "", "")
    first = codes.new(about)
    clock.advance(30.1)
    assert not codes.use(first, about)
    oldest = codes.new(about)
    others = [codes.new(about) for _ in range(64)]
    assert not codes.use(oldest, about) and codes.use(others[0], about) and not codes.use(others[0], about)
    assert not codes.use(codes.new(about), ("folder key", "", ""))


# --- with an engine that takes them -----------------------------------------------------------------------------------


@contextmanager
def receiving(folder: Path) -> Iterator[None]:
    """A receiver of the folder, in a thread, and whoever owns the folder."""
    from zepix.journal.lock import FolderLock
    from zepix_live.receiver.main import run_receiver
    from zepix_live.settings import ReceiverSettings

    servers: list[Any] = []
    ready = threading.Event()

    def on_ready(server: Any, _port: int) -> None:
        servers.append(server)
        ready.set()

    thread = threading.Thread(target=lambda: run_receiver(ReceiverSettings(folder, port=0), on_ready=on_ready))
    with FolderLock(folder / "lock", "runner"):
        thread.start()
        assert ready.wait(PATIENCE_S)
        try:
            yield
        finally:
            servers[0].end()
            thread.join(PATIENCE_S)


def test_audit_says_who_from_where_before_and_after(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.open()
    desk.run(1.0)
    desk.post(entry(sl=1.05))
    desk.run(1.0)
    desk.close()
    api = Api(tmp_path, trusted_proxies=("127.0.0.1",))
    paths = ("/api/pause", "/api/plugins/bracket/disable", "/api/plugins/bracket/enable", "/api/resume", "/api/mode")
    with receiving(tmp_path):
        answers = posted(api, [(path, {"mode": "SHADOW"} if path == "/api/mode" else {}) for path in paths], **FAR)
    assert {one.status_code for one in answers} == {202} and {one.json()["is_running"] for one in answers} == {True}
    again = Desk(tmp_path)
    again.open()
    again.run(1.0)
    again.close()
    rows = list(reversed(Api(tmp_path).get("/api/audit")[0].json()["rows"]))
    assert [(row["command"], row["target"], row["who"], row["came_from"]) for row in rows] == [
        ("pause", "", "api token", "203.0.113.9"),
        ("disable", "bracket", "api token", "203.0.113.9"),
        ("enable", "bracket", "api token", "203.0.113.9"),
        ("resume", "", "api token", "203.0.113.9"),
        ("mode", "", "api token", "203.0.113.9"),
    ]
    assert [(row["before"], row["after"]) for row in rows] == [
        ({"paused": False}, {"paused": True}),
        ({"plugin": "bracket", "enabled": True}, {"plugin": "bracket", "enabled": False}),
        ({"plugin": "bracket", "enabled": False}, {"plugin": "bracket", "enabled": True}),
        ({"paused": True}, {"paused": False}),
        ({"mode": None}, {"mode": "SHADOW"}),
    ]
    assert all(row["outcome"] for row in rows)


def test_only_who_has_the_key_of_the_folder_speaks_for_another(tmp_path: Path) -> None:
    from zepix_live.door_file import read_door

    desk = Desk(tmp_path)
    desk.open()
    desk.close()
    with receiving(tmp_path):
        door = read_door(tmp_path)
        assert door is not None
        body = {"command": "pause", "by": "x"}
        for number, (header, wanted) in enumerate(
            [("198.51.100.7", "198.51.100.7"), ("a b", "127.0.0.1"), ("x" * 65, "127.0.0.1"), ("", "127.0.0.1")]
        ):
            headers = {"Authorization": f"Bearer {door.key}", **({"X-Zepix-From": header} if header else {})}
            answer = httpx.post(
                f"http://127.0.0.1:{door.port}/api/operator", json={**body, "id": f"number-{number}"}, headers=headers
            )
            assert answer.status_code == 202
            assert inbox(tmp_path)[-1]["from"] == wanted


def test_where_no_receiver_answers_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zepix.journal.lock import FolderLock
    from zepix_live.api import desk as own

    monkeypatch.setattr(own, "RECEIVER_S", 0.2)
    desk = Desk(tmp_path)
    desk.close()
    with FolderLock(tmp_path / "lock", "runner"):
        (answer,) = posted(Api(tmp_path), [("/api/pause", None)])
    assert answer.status_code == 503 and answer.json()["error"] == "not_taken"
    assert API_TOKEN not in answer.text
    (nowhere,) = posted(Api(tmp_path / "nowhere"), [("/api/pause", None)])
    assert nowhere.status_code == 503
