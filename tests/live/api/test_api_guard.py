"""Who may ask the API: the token or the folder's key, by its own name, from its own origin; nothing is open but one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.routing import WebSocketRoute
from starlette.testclient import WebSocketDenialResponse

from tests.live.api.api_asgi import API_TOKEN, BASE, BEARER, WS, Api
from zepix.errors import ConfigError
from zepix_live.api.app import described
from zepix_live.api.settings import ApiSettings, read_api_settings
from zepix_live.door_file import DoorFile, write_door
from zepix_live.secrets_file import Secrets

OPEN = {"/api/live"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "STRANGE")
WRONG = (
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer wrong-0123456789-abcd"},
    {"Authorization": f"Basic {API_TOKEN}"},
    {"Authorization": f"Bearer {API_TOKEN}x"},
    {"Authorization": API_TOKEN},
    {"X-Api-Key": API_TOKEN},
    {"Cookie": f"token={API_TOKEN}"},
)
HEADERS = (
    "cache-control",
    "x-content-type-options",
    "x-frame-options",
    "content-security-policy",
    "referrer-policy",
    "cross-origin-resource-policy",
)


def every_path(api: Api) -> set[str]:
    """Of the application's routes and of its description."""
    app = api.shell.app
    paths = {getattr(route, "path", "") for route in app.routes} | set(described(app)["paths"])
    assert len(paths) > 30
    return {path.replace("{plugin}", "bracket").replace("{alert_id}", "a1") for path in paths if path}


def asked(api: Api, requests: list[tuple[str, str, dict[str, str]]]) -> list[httpx.Response]:
    """Answers without any header that is not given."""

    async def main() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api.shell), base_url=BASE) as client:
            return [await client.request(method, path, headers=headers) for method, path, headers in requests]

    return asyncio.run(main())


def test_nothing_is_open_without_the_token_but_what_is_listed(api: Api, folder: Path) -> None:
    api = Api(folder, wrong_burst=10_000, wrong_per_s=1_000)
    paths = sorted(every_path(api))
    for headers in WRONG:
        answers = asked(api, [(method, path, headers) for path in paths for method in METHODS])
        statuses = {(answer.request.method, answer.request.url.path): answer.status_code for answer in answers}
        is_open = {path for (_, path), status in statuses.items() if status not in (401, 405)}
        assert is_open == OPEN, headers
        assert {status for (_, path), status in statuses.items() if path not in OPEN} == {401}
    (answer,) = asked(api, [("GET", f"/api/trades?token={API_TOKEN}&access_token={API_TOKEN}", {})])
    assert answer.status_code == 401


def test_a_websocket_without_the_token_is_not_accepted(folder: Path) -> None:
    api = Api(folder)
    sockets = [route.path for route in api.shell.app.routes if isinstance(route, WebSocketRoute)]
    sockets += [one for one in every_path(api) if one == "/ws"]
    assert "/ws" in sockets
    with api.sockets() as client:
        for headers, status in (
            ({"Authorization": ""}, 401),
            ({"Authorization": "Bearer x"}, 401),
            ({"Origin": "http://evil.example"}, 403),
            ({"Host": "evil.example"}, 421),
        ):
            with (
                pytest.raises(WebSocketDenialResponse) as denied,
                client.websocket_connect(f"{WS}/ws", headers=headers),
            ):
                pass
            assert denied.value.status_code == status
        by = {"headers": {"Authorization": ""}, "subprotocols": ["zepix", f"bearer.{API_TOKEN}"]}
        with client.websocket_connect(f"{WS}/ws?from=1", **by) as socket:
            assert socket.accepted_subprotocol == "zepix"
            assert socket.receive_json()["seq"] == 1


def test_the_key_of_the_folder_opens_until_there_is_another(folder: Path) -> None:
    api = Api(folder, secrets=Secrets())
    write_door(folder, DoorFile("127.0.0.1", 1, "first-0123456789-key"))
    first, second = ({"Authorization": f"Bearer {one}-0123456789-key"} for one in ("first", "second"))
    assert [one.status_code for one in asked(api, [("GET", "/api/status", first), ("GET", "/api/status", second)])] == [
        200,
        401,
    ]
    write_door(folder, DoorFile("127.0.0.1", 1, "second-0123456789-key"))
    assert [one.status_code for one in asked(api, [("GET", "/api/status", first), ("GET", "/api/status", second)])] == [
        401,
        200,
    ]
    write_door(folder, DoorFile("127.0.0.1", 1, ""))
    assert asked(api, [("GET", "/api/status", {"Authorization": "Bearer "})])[0].status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8001", 200), ("localhost:8001", 200), ("LOCALHOST.", 200), ("[::1]:8001", 200), ("10.1.2.3", 200),
        ("zepix.example", 200), ("ZEPIX.example:443", 200),
        ("evil.example", 421), ("evil.example:8001", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil", 421),
        ("", 421), ("zepix.example@evil.example", 421), ("[::1", 200), ("127.0.0.1:8001:9", 421),
    ],
)  # fmt: skip
def test_it_answers_by_its_own_names_only(folder: Path, host: str, status: int) -> None:
    api = Api(folder, hosts=("zepix.example",))
    (answer,) = asked(api, [("GET", "/api/status", {**BEARER, "Host": host})])
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [(BASE, 200), ("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:9999", 403), ("", 403)],
)
def test_a_page_of_another_origin_is_turned_away(api: Api, origin: str, status: int) -> None:
    (answer,) = asked(api, [("GET", "/api/status", {**BEARER, "Origin": origin})])
    assert answer.status_code == status
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_wrong_tokens_are_counted_and_the_right_one_is_answered_all_the_same(folder: Path) -> None:
    api = Api(folder, wrong_burst=5, wrong_per_s=0.01)
    wrong = ("GET", "/api/status", {"Authorization": "Bearer wrong"})
    answers = asked(api, [wrong] * 8 + [("GET", "/api/audit", BEARER)])
    assert [one.status_code for one in answers] == [401] * 5 + [429] * 3 + [200]
    assert answers[0].headers["www-authenticate"] == "Bearer" and answers[6].headers["retry-after"] == "5"
    refused = answers[-1].json()["refused"]
    assert [one["reason"] for one in refused] == ["too_many_wrong_tokens"] * 3 + ["unauthorized"] * 5
    assert {(one["address"], one["method"], one["path"]) for one in refused} == {("127.0.0.1", "GET", "/api/status")}


def test_what_is_refused_is_kept_in_bounds(folder: Path) -> None:
    api = Api(folder, wrong_burst=10_000)
    asked(api, [("GET", "/" + "x" * 3_000 + "%0a%ff", {})] * 500)
    kept = api.parts.refusals.newest()
    assert len(kept) == 200 and max(len(one["path"]) for one in kept) <= 80
    assert api.parts.refusals.counts["unauthorized"] == 500


def test_a_secret_that_came_to_the_wrong_port_is_not_shown(folder: Path) -> None:
    api = Api(folder)
    (answer,) = asked(api, [("GET", f"/webhook/{API_TOKEN}/{API_TOKEN}", {})])
    assert answer.status_code == 401
    (told,) = api.parts.refusals.newest()
    assert told["path"] == "/webhook/***/***"


def test_every_answer_has_the_headers_and_no_content_of_errors(api: Api) -> None:
    paths = ("/api/live", "/api/trades", "/api/nothing", "/api/trades?limit=x", "/metrics")
    found = asked(api, [("GET", path, BEARER) for path in paths] + [("GET", "/api/trades", {})])
    for answer in found:
        assert all(name in answer.headers for name in HEADERS), answer.url
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_an_error_inside_is_503_with_a_word(api: Api, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def fails() -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(type(api.parts.standing), "view", lambda _self: fails())
    (answer,) = asked(api, [("GET", "/api/status", BEARER)])
    assert answer.status_code == 503 and "secret of the house" not in answer.text
    assert answer.json()["error"] == "internal" and "RuntimeError" in caplog.text


def test_a_body_that_is_too_large_or_never_ends(folder: Path) -> None:
    api = Api(folder, body_limit_bytes=256, answer_s=0.2)

    async def pieces(size: int, pause_s: float = 0.0) -> Any:
        for _ in range(size):
            await asyncio.sleep(pause_s)
            yield b" " * 64

    async def main() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api.shell), base_url=BASE, headers=BEARER) as client:
            large = await client.post("/api/pause", content=b"x" * 300)
            chunked = await client.post("/api/pause", content=pieces(40))
            read = await client.request("GET", "/api/status", content=b"x" * 300)
            return [large.status_code, chunked.status_code, read.status_code]

    assert asyncio.run(main()) == [413, 413, 413]


def test_too_many_at_once_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(folder, most_in_flight=2)

    async def main() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api.shell), base_url=BASE, headers=BEARER) as client:
            return [one.status_code for one in await asyncio.gather(*(client.get("/api/trades") for _ in range(12)))]

    found = asyncio.run(main())
    assert found.count(200) >= 2 and set(found) == {200, 503}
    assert api.shell.in_flight == 0


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {}, 401),
        ({"open_metrics": True}, {}, 200),
        ({"open_metrics": True}, {"X-Forwarded-For": "10.0.0.1"}, 401),
        ({"open_metrics": True}, {"Host": "evil.example"}, 421),
    ],
)
def test_figures_are_open_to_this_machine_where_it_is_said(
    folder: Path, settings: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    assert asked(Api(folder, **settings), [("GET", "/metrics", headers)])[0].status_code == status


def test_beyond_this_machine_it_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ZEPIX_API_TOKEN"):
        read_api_settings(tmp_path, {"host": "0.0.0.0"}, {})
    with pytest.raises(ConfigError, match="at least 16"):
        read_api_settings(tmp_path, {"host": "0.0.0.0"}, {"ZEPIX_API_TOKEN": "short"})
    found = read_api_settings(tmp_path, {"host": "0.0.0.0"}, {"ZEPIX_API_TOKEN": API_TOKEN}, port=9)
    assert (found.host, found.port) == ("0.0.0.0", 9)
    assert API_TOKEN not in repr(found)


def test_every_problem_of_the_settings_at_once(tmp_path: Path) -> None:
    table = {"prot": 1, "port": "x", "hosts": ["bad host"], "trusted_proxies": ["x"], "enabled": 1, "most_clients": 1.5}
    with pytest.raises(ConfigError) as raised:
        read_api_settings(tmp_path, table, {})
    assert len(raised.value.problems) == 6
    assert "did you mean 'live.api.port'?" in str(raised.value)
    assert ApiSettings(tmp_path).problems() == []
