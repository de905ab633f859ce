"""A disk that is really full, under the runner's real processes: what the API still answers, and what it does not take.

Either all of the data folder lies on the small disk, or the database alone does.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.live.api.test_api_process import ENTRY, client, rows, with_api
from tests.live.campaign import environment, free_port, started, wait_ready
from tests.live.small_disk import SmallDisk, small_disk
from tests.waiting import until

pytestmark = [pytest.mark.clock, pytest.mark.slow]
TABLES = ("alerts", "decisions", "tickets", "orders", "trades", "chains", "profit_chains", "audit", "config/history")
ELSE = ("live", "status", "plugins", "strategies", "recovery", "config", "alerts/a1/why")
MIB = 8


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small", MIB) as made:
        yield made


def posted(port: int, name: str) -> int:
    """The status of an alert with this id."""
    body = {**ENTRY, "id": name}
    return httpx.post(f"http://127.0.0.1:{port}/webhook/tradingview", json=body, timeout=60).status_code


def ids(data: Path, api_port: int) -> set[str]:
    return {row["given_id"] for row in rows(data, api_port, "/api/alerts?limit=1000", 0)}


def behind(session: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = session.get("/api/alerts?limit=1").json()["behind"]
    return found


def test_a_full_data_folder_is_read_takes_nothing_and_says_so_until_there_is_room(
    disk: SmallDisk, tmp_path: Path
) -> None:
    data, port, api_port = disk.path / "live", free_port(), free_port()
    with started(data, port, with_api(data, port, api_port), tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        assert posted(port, "before") == 202
        rows(data, api_port, "/api/decisions", 1)
        disk.fill()
        with client(data, api_port) as session:
            taken = [name for name in (f"full-{number}" for number in range(40)) if posted(port, name) == 202]
            assert posted(port, "full-last") == 503  # the sender is told, and sends again
            for route in (*TABLES, *ELSE):
                assert session.get(f"/api/{route}").status_code == 200, route
            assert "zepix_engine_state" in session.get("/metrics").text
            told = session.post("/api/pause", json={"by": "anna"})
            assert (told.status_code, told.json()["error"]) == (503, "not_taken")
            assert session.post("/api/flatten", json={"by": "anna"}).status_code == 428
            said = httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=60)
            assert said.status_code == 503 and "the disk is full" in said.json()["parts"]["inbox"]["detail"]
            disk.make_room()
            until(lambda: posted(port, "after") in (200, 202), "there is room, and nothing is taken")
            told = session.post("/api/pause", json={"by": "bert"})
            assert told.status_code == 202
            until(lambda: {"before", "after", *taken} <= ids(data, api_port), "an acknowledged alert is not there")
            assert "full-last" not in ids(data, api_port)
            until(lambda: len(session.get("/api/audit").json()["rows"]) == 1, "one command was given, and is told")
            assert session.get("/api/audit").json()["rows"][0]["who"] == "bert"
        assert process.poll() is None


def test_a_database_without_room_answers_what_it_has_says_how_far_it_is_behind_and_catches_up(
    disk: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "ZEPIX_DATABASE_URL", f"sqlite:///{disk.path / 'zepix.db'}")
    assert "ZEPIX_DATABASE_URL" in environment()
    data, port, api_port = tmp_path / "live", free_port(), free_port()
    with started(data, port, with_api(data, port, api_port), tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        assert posted(port, "before") == 202
        rows(data, api_port, "/api/decisions", 1)
        disk.fill()
        with client(data, api_port) as session:
            sent = [f"full-{number}" for number in range(150)]
            assert {posted(port, name) for name in sent} == {202}  # who trades does not notice
            until(lambda: behind(session)["trouble"] is not None, "a full disk, and no word of it")
            found = behind(session)
            assert "StorageFull" in found["trouble"] and "the disk is full; make room" in found["trouble"]
            assert found["rows"] > 0 and found["position"] < found["journal"]
            for route in (*TABLES, *ELSE):
                assert session.get(f"/api/{route}").status_code == 200, route
            assert "zepix_projection_ok 0" in session.get("/metrics").text
            assert session.post("/api/pause", json={"by": "anna"}).status_code == 202
            disk.make_room()
            until(lambda: behind(session)["trouble"] is None, "there is room, and it does not follow")
            until(lambda: behind(session)["rows"] == 0, "it does not catch up")
            until(lambda: {"before", *sent} <= ids(data, api_port), "an acknowledged alert is not there")
            assert session.get("/api/audit").json()["rows"][0]["who"] == "anna"
        assert process.poll() is None
    with contextlib.closing(sqlite3.connect(disk.path / "zepix.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
