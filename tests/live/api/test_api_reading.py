"""Questions by HTTP: what is asked for, page by page; hostile values; databases that are not as they should be."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import text

from tests.live.api.api_asgi import BASE, BEARER, Api
from tests.live.storage.journal_by_hand import DAY_NS, NOON_NS, _closed, decided, trading_day, write
from tests.live.storage.postgres_server import PostgresServer
from tests.thorough import share
from zepix_live.clock import SystemClock
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.database import Database
from zepix_live.storage.keeping import ProjectionKeeper
from zepix_live.storage.rebuilding import rebuild
from zepix_live.view_file import PARTS, VERSION, write_view

PAGES = {
    "alerts": 1, "decisions": 1, "tickets": 2, "orders": 5, "trades": 2, "chains": 1, "profit_chains": 1, "audit": 0,
    "config/history": 1,
}  # fmt: skip
"""Of the day by hand: two tickets, of which one was closed in two parts, by one alert."""

EMPTY = {**{name: kind() for name, kind in PARTS.items()}, "version": VERSION}
"""What an engine says of itself that has nothing to say."""


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    write(tmp_path / "hand", trading_day())
    return tmp_path / "hand"


def test_every_page_has_its_rows_and_says_how_far_the_tables_are(by_hand: Path, address: Address) -> None:
    api = Api(by_hand, address)
    answers = api.get(*(f"/api/{name}" for name in PAGES))
    for (name, count), answer in zip(PAGES.items(), answers, strict=True):
        found = answer.json()
        assert answer.status_code == 200, answer.text
        assert (len(found["rows"]), found["next"]) == (count, None), name
        assert found["behind"] == {"position": 19, "journal": 19, "rows": 0, "trouble": None}


FOUND = {
    "decisions?alert=a1": [6], "decisions?alert=mine-7": [6], "decisions?outcome=filled&plugin=v3": [6],
    "decisions?reason=spread_high": [], "decisions?day=2026-01-01": [6], "decisions?since=2026-01-02": [],
    "decisions?book=shadow": [6], "decisions?book=live": [], "decisions?book=shadow&outcome=filled": [6],
    "orders?status=refused": [11], "orders?status=filled&limit=2": [15, 5], "orders?before=2026-01-01_13": [11, 5, 4],
    "trades?day=2026-01-02": [18, 16], "trades?until=2026-01-01": [], "trades?book=twin": [],
    "tickets?status=open": [9], "tickets?strategy=v3&book=shadow": [9, 8], "chains?chain=EURUSD_1": [4],
    "alerts?alert=mine-7": [3],
}  # fmt: skip


def test_rows_are_found_by_what_is_asked(by_hand: Path, address: Address) -> None:
    answers = Api(by_hand, address).get(*(f"/api/{path}" for path in FOUND))
    found = {path: [row["seq"] for row in one.json()["rows"]] for path, one in zip(FOUND, answers, strict=True)}
    assert found == FOUND


def test_books_number_their_orders_and_tickets_by_themselves(tmp_path: Path, address: Address) -> None:
    rows = trading_day()
    twin = [
        (t_ns, kind, {**body, "book": "twin"} if kind not in ("config", "start", "alert", "done", "prices") else body)
        for t_ns, kind, body in rows[3:]
    ]
    write(tmp_path / "books", [*rows, *twin])
    api = Api(tmp_path / "books", address)
    names = ("decisions", "tickets", "orders", "trades", "chains", "profit_chains")
    paths = [f"/api/{name}?book={book}" for name in names for book in ("shadow", "twin", "live")]
    found = [len(one.json()["rows"]) for one in api.get(*paths)]
    assert found == [1, 1, 0, 2, 2, 0, 5, 5, 0, 2, 2, 0, 1, 1, 0, 1, 1, 0]
    (both,) = Api(tmp_path / "books", address).get("/api/tickets")
    assert [(row["book"], row["ticket"], row["pnl_minor"]) for row in both.json()["rows"]] == [
        ("twin", 2, 0), ("twin", 1, -90), ("shadow", 2, 0), ("shadow", 1, -90),
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_page_by_page_every_row_comes_once_also_one_that_was_booked_late(
    tmp_path: Path, address: Address, limit: int
) -> None:
    """A stop that the market hit while the runner was down is written after trades of later days."""
    rows = trading_day()
    more = [
        (NOON_NS + 9 * DAY_NS, "filled", {**rows[7][2], "order": 10 + number, "ticket": 10 + number})
        for number in range(12)
    ]
    late = [
        (
            NOON_NS + 9 * DAY_NS,
            "closed",
            _closed(10 + number, 1, 5, 109600, 1, "sl", NOON_NS + (number * 5 % 7) * DAY_NS),
        )
        for number in range(12)
    ]
    write(tmp_path / "late", [*rows, *more, *late])

    async def walk(client: httpx.AsyncClient) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        following: str | None = ""
        while following is not None:
            page = (
                await client.get(f"/api/trades?limit={limit}" + (f"&before={following}" if following else ""))
            ).json()
            found += [(row["day"], row["seq"]) for row in page["rows"]]
            following = page["next"]
        return found

    found = Api(tmp_path / "late", address).run(walk)
    assert len(found) == 14 and found == sorted(set(found), reverse=True)


HOSTILE = (
    "limit=0", "limit=-1", "limit=1001", "limit=99999999999999999999999", "limit=1e3", "limit=x", "limit=",
    "before=-1", "before=x", "before=1.5", "before=9999999999999999999", "before=2026-01-31_",
    "before='; DROP TABLE trades; --", "before=1_2_3", "before=" + "1" * 500, "before=%F0%9D%9F%8F",
    "day=yesterday", "day=2026-13-01", "day=20260101", "since=0", "book=other", "nothing=1",
    "reason=" + "x" * 201, "reason=%00", "symbol=a%0ab",
)  # fmt: skip


def test_hostile_values_are_refused_with_a_sentence(by_hand: Path) -> None:
    for query, answer in zip(HOSTILE, Api(by_hand).get(*(f"/api/decisions?{one}" for one in HOSTILE)), strict=True):
        assert answer.status_code == 422 and answer.json()["error"] == "bad_request", query


def test_strange_text_is_only_text(by_hand: Path, address: Address) -> None:
    strange = ("' OR 1=1 --", "%25", "_", "%5C", '"', "ü€😀", "%ff", "%ed%a0%80")
    paths = [path for value in strange for path in (f"/api/decisions?reason={value}", f"/api/alerts/{value}/why")]
    answers = Api(by_hand, address).get(*paths)
    assert [one.status_code for one in answers] == [200, 404] * len(strange)
    assert all(one.json()["rows"] == [] for one in answers[::2])


def test_why_tells_the_story_of_an_alert(by_hand: Path, address: Address) -> None:
    by_journal, by_sender, nobody = Api(by_hand, address).get(
        "/api/alerts/a1/why", "/api/alerts/mine-7/why", "/api/alerts/a2/why"
    )
    assert by_journal.json() == by_sender.json() and nobody.status_code == 404
    found = by_journal.json()
    assert [len(found[name]) for name in ("decisions", "orders", "positions", "trades")] == [1, 5, 2, 2]
    told = "\n".join(found["lines"])
    for words in (
        "a1 (its sender's mine-7)",
        "v3: filled",
        "A: market buy EURUSD 0.05 lots, stop 1.09400, target 1.09700, chain EURUSD_1",
        "refused (no_money)",
        "cancelled (expired)",
        "closed by signal: 0.02 lots at 1.09600",
        "closed by sl: 0.03 lots at 1.09400, 2026-01-02T12:00:01.000Z, -2.70 EUR",
        "0.04 lots still open",
    ):
        assert words in told


def test_settings_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    settings = {
        "telegram.controller.token": "123456:secret",
        "plugins.x.settings": {"api_token": "secret"},
        "risk.a": 1,
    }
    write(tmp_path / "masked", [(NOON_NS, "config", {"settings": settings, "hash": "h", "code": "1"})])
    for answer in Api(tmp_path / "masked").get("/api/config", "/api/config/history", "/api/plugins"):
        assert answer.status_code == 200 and "secret" not in answer.text and "****" in answer.text


def test_plugins_are_those_of_the_settings_and_of_the_engine(tmp_path: Path) -> None:
    settings = {"plugins.gold.strategy": "bracket", "plugins.gold.enabled": False, "plugins.euro.strategy": "bracket"}
    folder = tmp_path / "plugins"
    write(folder, [(NOON_NS, "config", {"settings": settings, "hash": "h", "code": "1"})])
    (before,) = Api(folder).get("/api/plugins")
    assert [(one["plugin"], one["strategy"], one["enabled"]) for one in before.json()["plugins"]] == [
        ("euro", "bracket", True), ("gold", "bracket", False),
    ]  # fmt: skip
    told = {"v3": {"strategy": "v3_combined", "enabled": True, "state": "STALE"}, "gold": {"enabled": True}}
    mode = {"global": "HYBRID", "plugins": {"v3": {"mode": "LIVE", "effective": "SHADOW"}}}
    write_view(folder, {**EMPTY, "plugins": told, "mode": mode})
    plugins, strategies = Api(folder).get("/api/plugins", "/api/strategies")
    found = {one["plugin"]: one for one in plugins.json()["plugins"]}
    assert (found["v3"]["mode"], found["v3"]["effective_mode"], found["v3"]["state"]) == ("LIVE", "SHADOW", "STALE")
    assert (found["gold"]["enabled"], found["gold"]["mode"]) == (True, "HYBRID")
    assert strategies.json()["strategies"] == [
        {"strategy": "bracket", "plugins": ["euro", "gold"]}, {"strategy": "v3_combined", "plugins": ["v3"]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "view",
    [
        None,
        {"version": 2},
        {"plugins": {"a": None, "b": {"enabled": "x", "handler": 3, "open_tickets": "many"}, "c": []}},
        {"caps": [1, {}, {"name": "x", "left": None}, {"name": "x", "left": "7.5"}, {"name": "x", "left": 8}]},
        {"mode": {"plugins": [], "global": 3}, "books": {"shadow": "x", "live": {"equity": "NaN", "currency": 7}}},
        {"feed": {"EURUSD": None, "XAUUSD": {"age_s": None}}, "inbox": {"depth": []}},
    ],
)
def test_an_engine_that_says_strange_things_of_itself_breaks_nothing(
    by_hand: Path, view: dict[str, object] | None
) -> None:
    if view is None:
        (by_hand / "engine.view.json").write_text("{", encoding="utf-8")
    else:
        write_view(by_hand, {**EMPTY, **view})
    for answer in Api(by_hand).get("/api/status", "/api/plugins", "/api/strategies", "/metrics"):
        assert answer.status_code == 200, answer.text


# --- databases that are not as they should be -------------------------------------------------------------------------

BESIDE = ("/api/live", "/api/status", "/metrics", "/api/openapi.json")
"""What needs no database."""


def told(api: Api, *, follow: bool = True) -> tuple[int, str]:
    """(status, error) of a question to the database; everything that needs none is answered."""

    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [await client.get(path) for path in ("/api/trades", *BESIDE)]

    async def without_keeper() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api.shell), base_url=BASE, headers=BEARER) as client:
            return await ask(client)

    answer, *beside = api.run(ask) if follow else asyncio.run(without_keeper())
    assert [one.status_code for one in beside] == [200] * len(BESIDE)
    return answer.status_code, answer.json().get("error", "")


def test_a_database_that_is_not_there_yet(by_hand: Path) -> None:
    assert told(Api(by_hand), follow=False) == (503, "database_gone")


def test_a_database_that_is_removed_while_it_is_open_comes_again(by_hand: Path) -> None:
    api = Api(by_hand)

    async def ask(client: httpx.AsyncClient) -> list[int]:
        found = [(await client.get("/api/trades")).status_code]
        for path in by_hand.glob("zepix.db*"):
            path.unlink()
        found.append((await client.get("/api/trades")).status_code)
        for _ in range(400):
            await asyncio.sleep(0.05)
            if (again := await client.get("/api/trades")).status_code == 200:
                break
        return [*found, again.status_code, len(again.json()["rows"])]

    assert api.run(ask) == [200, 503, 200, 2]


def test_a_file_that_is_no_database_and_one_of_another_program(by_hand: Path) -> None:
    (by_hand / "zepix.db").write_bytes(b"no database" * 1_000)
    assert told(Api(by_hand)) == (503, "database_broken")
    (by_hand / "zepix.db").unlink()
    with sqlite3.connect(by_hand / "zepix.db") as other:
        other.execute("CREATE TABLE trades (theirs INTEGER)")
    other.close()
    assert told(Api(by_hand)) == (503, "database_broken")


def test_an_older_database_is_brought_up_to_date_and_a_newer_one_is_left_alone(by_hand: Path, address: Address) -> None:
    rebuild(by_hand, address, SystemClock())
    with Database(address) as database, database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert told(Api(by_hand, address)) == (503, "database_newer")
    with Database(address) as database, database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    assert told(Api(by_hand, address))[0] == 200


def test_a_database_that_is_locked_is_told_in_time(by_hand: Path) -> None:
    rebuild(by_hand, address_of(by_hand), SystemClock())
    holder = sqlite3.connect(by_hand / "zepix.db", isolation_level=None)
    try:
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("PRAGMA journal_mode=DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        assert told(Api(by_hand), follow=False) == (503, "database_locked")
    finally:
        holder.close()
    assert told(Api(by_hand))[0] == 200


def test_a_database_of_another_journal_is_told(by_hand: Path, folder: Path) -> None:
    for path in by_hand.glob("journal*"):
        path.unlink()
    shutil.copy(folder / "zepix.db", by_hand / "zepix.db")
    write(by_hand, [(NOON_NS, "config", {"settings": {}, "hash": "h", "code": "1"})] * 40, inbox="another")
    keeper = ProjectionKeeper(by_hand, address_of(by_hand), lambda _: None)
    keeper.start()
    try:
        assert "another journal" in (keeper.why_broken() or ""), "whoever asks first is not told of it either"
    finally:
        keeper.stop()
    api = Api(by_hand)
    answer, *pages = api.get("/api/status", "/api/tickets", "/api/decisions", "/api/config", "/api/plugins")
    assert "another journal" in answer.json()["behind"]["trouble"]
    # the tickets of another session would be read as this one's
    assert {(one.status_code, one.json()["error"]) for one in pages} == {(503, "database_broken")}
    assert "another journal" in pages[0].json()["detail"]

    async def to_close(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post("/api/flatten")

    found = Api(by_hand).run(to_close).json()
    assert found["would_close"] is None and "another journal" in found["trouble"]


def test_a_server_that_drops_connections_stops_and_comes_back(by_hand: Path, server: PostgresServer, url: str) -> None:
    api = Api(by_hand, address_of(by_hand, url), answer_s=10.0)
    name = url.rpartition("@/")[2].partition("?")[0]

    async def ask(client: httpx.AsyncClient) -> list[int]:
        found = []
        for _ in range(5):
            found.append((await client.get("/api/trades")).status_code)
            dropped = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            server.ask("postgres", dropped)
        server.stop()
        try:
            stopped = await client.get("/api/trades")
            assert stopped.json()["error"] == "database_gone" and "p@ss" not in stopped.text
            assert [(await client.get(path)).status_code for path in BESIDE] == [200] * len(BESIDE)
        finally:
            server.start()
        found.append((await client.get("/api/trades")).status_code)
        return found

    assert api.run(ask) == [200] * 6


def test_a_search_that_takes_too_long_is_given_up(by_hand: Path, address: Address) -> None:
    rebuild(by_hand, address, SystemClock())
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        if address.is_sqlite
        else "SELECT pg_sleep(30)"
    )
    api = Api(by_hand, address, answer_s=0.3)

    async def ask() -> str:
        try:
            await api.parts.questions.ask(lambda connection: connection.execute(text(slow)).all())
        except Exception as error:  # noqa: BLE001
            return type(error).__name__
        return ""

    assert asyncio.run(ask()) == "StorageLocked"
    assert told(Api(by_hand, address))[0] == 200


@pytest.mark.slow
def test_ten_thousand_requests_of_which_a_tenth_fail_leave_no_connection_in_use(
    by_hand: Path, address: Address
) -> None:
    """Three thousand, where nobody has the time for all."""
    count = share(10_000, 3_000)
    api = Api(by_hand, address, most_in_flight=10_000)
    wrong = ("/api/decisions?limit=0", "/api/trades?nothing=1", "/api/alerts/nobody/why")

    async def ask(client: httpx.AsyncClient) -> dict[int, int]:
        found: dict[int, int] = {}

        async def some(numbers: range) -> None:
            for number in numbers:
                path = wrong[number // 10 % 3] if number % 10 == 0 else "/api/trades?alert=a1"
                status = (await client.get(path)).status_code
                found[status] = found.get(status, 0) + 1

        await asyncio.gather(*(some(range(first, count, 20)) for first in range(20)))
        assert api.parts.questions.database.checked_out == 0
        return found

    found = api.run(ask)
    assert found[200] == count * 9 // 10 and found[422] + found[404] == count // 10
    assert api.shell.in_flight == 0


def test_a_page_is_json_that_every_reader_takes(by_hand: Path) -> None:
    (answer,) = Api(by_hand).get("/api/decisions")
    assert json.loads(answer.text) == answer.json() and answer.text.isascii()
    assert decided(1, 1, "a1", "x")["numbers"] == answer.json()["rows"][0]["numbers"]
