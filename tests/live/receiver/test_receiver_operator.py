"""Who may command the session at the receiver, and that a command is durable before it is answered."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.live.receiver.receiver_asgi import API_TOKEN, ENTRY, OPERATOR_KEY, TOKEN, Answer, World, world
from zepix.errors import JournalError
from zepix_live.door_file import FILE_NAME, DoorFile, read_door, write_door
from zepix_live.secrets_file import Secrets

PLACE = "/api/operator"
PAUSE = {"id": "first-pause", "command": "pause", "by": "anna"}


def give(found: World, body: Any = PAUSE, token: str = OPERATOR_KEY, **more: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return found.post(raw, PLACE, headers={**headers, **more.pop("headers", {})}, **more)


@pytest.mark.parametrize("token", [OPERATOR_KEY, API_TOKEN])
def test_the_key_of_the_folder_or_the_api_token_gives_a_command(token: str):
    found = world()
    answer = give(found, token=token)
    assert (answer.status, answer.json) == (202, {"seq": 1, "id": "first-pause", "duplicate": False})
    assert found.log.of("operator") == [{**PAUSE, "from": "127.0.0.1"}]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN, OPERATOR_KEY[:-1], OPERATOR_KEY + "x", "\xff"])
@pytest.mark.parametrize(
    "secrets", [Secrets(), Secrets(webhook_token=TOKEN), Secrets(webhook_token=TOKEN, api_token=API_TOKEN)]
)
def test_nobody_else_does_whatever_secrets_there_are(token: str, secrets: Secrets):
    found = world(secrets=secrets)
    answer = give(found, token=token)
    assert answer.status == 401
    assert not found.log.rows


def test_a_page_in_a_browser_on_this_machine_gives_none():
    found = world(secrets=Secrets())
    headers = {"origin": "http://evil.example", "content-type": "text/plain"}
    assert found.post(json.dumps(PAUSE).encode(), PLACE, headers=headers).status == 401


def test_guessing_is_slowed_down():
    found = world()
    statuses = [give(found, token=f"guess-{n}").status for n in range(40)]
    assert statuses[0] == 401
    assert statuses[-1] == 503
    assert give(found).status == 202  # who has the key is let in


def test_the_same_command_again_is_one_also_after_a_restart():
    found = world()
    assert give(found).status == 202
    assert give(found).status == 200
    found.open()
    again = give(found)
    assert (again.status, again.json) == (200, {"seq": 1, "id": "first-pause", "duplicate": True})
    assert give(found, {**PAUSE, "id": "second-pause"}).json["seq"] == 2
    assert [body["id"] for body in found.log.of("operator")] == ["first-pause", "second-pause"]


def test_alerts_and_commands_have_one_order():
    found = world()
    found.post(ENTRY)
    give(found)
    found.post(ENTRY.replace(b"buy", b"sell"))
    assert [row.kind for row in found.log.rows] == ["alert", "operator", "alert"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[]", b"5", b"[" * 3000, b'{"id":"12345678","command":"sell everything"}', b'{"id":NaN}'],
)
def test_what_is_no_command_is_turned_away_and_not_kept(body: bytes):
    found = world()
    answer = give(found, body)
    assert answer.status == 400
    assert answer.json["error"] == "bad_command"
    assert not found.log.rows


def test_too_much_of_it_is_turned_away():
    found = world()
    assert give(found, b'{"id":"12345678","command":"' + b"x" * 9000).status == 400


def test_a_secret_in_a_command_is_kept_as_stars():
    found = world()
    escaped = "".join(f"\\u{ord(one):04x}" for one in TOKEN)
    give(found, {**PAUSE, "by": f"anna {TOKEN}"})
    give(found, b'{"id":"second-pause","command":"pause","by":"' + escaped.encode() + b'"}')
    assert [body["by"] for body in found.log.of("operator")] == ["anna ***", "***"]


def test_a_disk_that_takes_nothing_is_told():
    found = world()
    found.log.error = JournalError("the disk is full")
    assert give(found).status == 503
    found.log.error = None
    assert give(found).status == 202


def test_status_tells_commands_and_whether_the_engine_has_them():
    found = world()
    give(found)
    headers = {"authorization": f"Bearer {API_TOKEN}"}
    [told] = found.get("/api/status", headers=headers).json["commands"]
    assert (told["seq"], told["command"], told["by"], told["taken"]) == (1, "pause", "anna", False)


def test_other_methods_are_turned_away():
    assert world().get(PLACE).status == 405


# --- where the key lies ---------------------------------------------------------------------------------------------


def test_the_key_is_for_its_owner_alone(tmp_path: Path):
    door = DoorFile("127.0.0.1", 8000, DoorFile.new_key(), 4711)
    write_door(tmp_path, door)
    assert read_door(tmp_path) == door
    if os.name == "posix":
        assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert door.key not in repr(door)
    assert len({DoorFile.new_key() for _ in range(50)}) == 50
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": "x"}', '{"host": 1, "port": "p", "key": ""}', "[" * 9000])
def test_a_file_that_makes_no_sense_is_none(tmp_path: Path, content: str):
    (tmp_path / FILE_NAME).write_text(content, encoding="utf-8")
    assert read_door(tmp_path) is None
