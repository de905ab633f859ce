"""A database that is locked, gone, full, damaged, or down: a clear error, and the next call goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, exc, text

from tests.live.desk import Desk, entry
from tests.live.storage.journal_by_hand import dump, trading_day, write
from tests.live.storage.postgres_server import PostgresServer
from tests.waiting import until
from zepix_live.clock import SystemClock
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.database import Database
from zepix_live.storage.keeping import ProjectionKeeper
from zepix_live.storage.projector import Projector
from zepix_live.storage.rebuilding import rebuild
from zepix_live.storage.tables import PROJECTION
from zepix_live.storage.trouble import (
    StorageBroken,
    StorageError,
    StorageFull,
    StorageGone,
    StorageLocked,
    StorageRefused,
    named,
)

pytestmark = pytest.mark.clock

DAY = len(trading_day())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path, trading_day())
    return tmp_path


@pytest.fixture
def expected(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    other = address_of(tmp_path_factory.mktemp("other"))
    rebuild(data, other, SystemClock())
    return dump(other)


# --- a file ----------------------------------------------------------------------------------------------------------


def test_a_locked_file_is_said_and_the_next_call_goes_on(data: Path, expected: dict[str, Any]) -> None:
    with Projector(data, address_of(data), busy_s=0.05) as projector:
        projector.advance(5)
        other = sqlite3.connect(data / "zepix.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageLocked, match=r"zepix\.db could not be written: another process holds it"):
                projector.advance(5)
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert projector.advance() == DAY - 5
    assert dump(address_of(data)) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody remove an open file")
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_that_went_away_is_noticed_and_made_again(data: Path, expected: dict[str, Any], how: str) -> None:
    path = data / "zepix.db"
    with Projector(data, address_of(data)) as projector, Database(address_of(data)) as readers:
        projector.advance(5)
        with readers.reading():
            pass
        for one in data.glob("zepix.db*"):
            one.unlink()
        if how == "replaced":
            rebuild_elsewhere = data / "elsewhere"
            write(rebuild_elsewhere, trading_day())
            rebuild(rebuild_elsewhere, address_of(rebuild_elsewhere), SystemClock())
            shutil.move(rebuild_elsewhere / "zepix.db", path)
        with pytest.raises(StorageGone, match="removed or replaced"):
            projector.advance(5)
        with pytest.raises(StorageGone), readers.reading():
            pass
        taken = projector.advance()
        assert taken == (DAY if how == "removed" else 0)
        with readers.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM trades")).scalar() == 2
    assert dump(address_of(data)) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody remove an open file")
def test_a_file_that_is_removed_while_it_is_opened_first_is_noticed_and_made_again(
    data: Path, expected: dict[str, Any]
) -> None:
    def remove(_connection: Any) -> None:
        for one in data.glob("zepix.db*"):
            one.unlink()

    with Projector(data, address_of(data)) as projector:
        event.listen(projector.database._writer, "commit", remove, once=True)
        with pytest.raises(StorageGone, match="removed while it was opened"):
            projector.advance()
        assert projector.advance() == DAY
    assert dump(address_of(data)) == expected


def test_a_folder_that_is_not_there_is_said(data: Path) -> None:
    with Projector(data, address_of(data, str(data / "no" / "zepix.db"))) as projector:
        for _ in range(2):
            with pytest.raises(StorageGone, match=r"folder of the database .* is not there"):
                projector.advance()


def test_a_full_disk_is_said_and_the_next_call_goes_on_once_there_is_room(data: Path, expected: dict[str, Any]) -> None:
    with Projector(data, address_of(data)) as projector:
        projector.advance(2)
        _allow_pages(projector.database, 1)
        with pytest.raises(StorageFull, match="the disk is full; make room"):
            write_much(projector.database)
        write(data, [(2_000_000_000 * 10**9, "alert", {"id": "a9", "raw": "x" * 500_000, "inbox": 9})])
        with pytest.raises(StorageFull):
            projector.advance()
        _allow_pages(projector.database, 1_000_000)
        assert projector.advance() == DAY - 1
    found = dump(address_of(data))
    assert found["alerts"].pop()["alert_id"] == "a9"
    assert found == expected


def test_a_commit_that_finds_no_room_leaves_the_position_where_the_tables_are(
    data: Path, expected: dict[str, Any]
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def commit(_connection: Any) -> None:
        raise full

    with Projector(data, address_of(data)) as projector:
        projector.advance(2)
        event.listen(projector.database._writer, "commit", commit)
        for _ in range(2):
            with pytest.raises(StorageFull, match="the disk is full; make room"):
                projector.advance()
            assert projector.position == 2
        event.remove(projector.database._writer, "commit", commit)
        assert (projector.advance(), projector.position) == (DAY - 2, DAY)
    assert dump(address_of(data)) == expected


def _allow_pages(database: Database, most: int) -> None:
    """As a disk of so many pages: SQLite itself raises its error of a full one."""
    with database._writer.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={most}")


def write_much(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE much AS SELECT zeroblob(2000000) AS x"))


@pytest.mark.parametrize(
    "content", [b"this is no database, only a text of some length" * 100, b"SQLite format 3\0" + b"\7" * 9000]
)
def test_a_file_that_is_no_database_is_refused_and_kept(data: Path, content: bytes) -> None:
    path = data / "zepix.db"
    path.write_bytes(content)
    with pytest.raises(StorageBroken, match="move it away"):
        rebuild(data, address_of(data), SystemClock())
    with Projector(data, address_of(data)) as projector, pytest.raises(StorageBroken, match="move it away"):
        projector.advance()
    assert path.read_bytes() == content


def test_damage_in_the_middle_of_a_file_is_said(data: Path) -> None:
    rebuild(data, address_of(data), SystemClock())
    path = data / "zepix.db"
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with Projector(data, address_of(data)) as projector, pytest.raises(StorageBroken, match="zepix live rebuild"):
        projector.advance()


def test_readers_cannot_write(data: Path) -> None:
    rebuild(data, address_of(data), SystemClock())
    with Database(address_of(data)) as database, pytest.raises(StorageRefused), database.reading() as connection:
        connection.execute(text("DELETE FROM trades"))


# --- a server --------------------------------------------------------------------------------------------------------


def test_connections_that_the_server_drops_are_replaced(
    data: Path, expected: dict[str, Any], server: PostgresServer, url: str
) -> None:
    address = address_of(data, url)
    drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'zepix'"
    with Projector(data, address) as projector, Database(address) as readers:
        projector.advance(5)
        with readers.reading():
            pass
        server.ask("postgres", drop)
        assert projector.advance(5) == 5, "a connection that lay idle is asked before it is used"
        with (
            pytest.raises(StorageGone, match=r"ended the connection|dropped the connection"),
            readers.reading() as connection,
        ):
            server.ask("postgres", drop)
            connection.execute(text("SELECT 1"))
        with readers.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM alerts")).scalar() == 1
        while projector.advance():
            pass
        assert (readers.checked_out, projector.database.checked_out) == (0, 0)
    assert dump(address) == expected


def test_a_connection_dropped_within_a_batch_takes_the_batch_back(
    data: Path, expected: dict[str, Any], server: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zepix_live.storage import projector as projecting

    real = projecting.put
    drops = [True]

    def dropping(*given: Any) -> None:
        if drops and given[1].name == "orders":
            drops.clear()
            drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'zepix'"
            server.ask("postgres", drop)
        real(*given)

    with Projector(data, address_of(data, url)) as projector:
        projector.advance(2)
        monkeypatch.setattr(projecting, "put", dropping)
        with pytest.raises(StorageGone):
            projector.advance()
        assert projector.advance() == DAY - 2
    assert dump(address_of(data, url)) == expected


def test_a_server_that_is_down_is_said_and_found_again(tmp_path: Path, expected: dict[str, Any]) -> None:
    from tests.live.storage.postgres_server import why_not

    if (why := why_not()) is not None:
        pytest.skip(why)
    own = PostgresServer()
    try:
        address = address_of(tmp_path, own.url("postgres"))
        with Projector(tmp_path, address) as projector:
            projector.advance(5)
            own.stop()
            for _ in range(2):
                with pytest.raises(StorageGone, match="the server does not answer"):
                    projector.advance()
            own.start()
            assert projector.advance() == DAY - 5
        assert dump(address) == expected
    finally:
        own.close()


def test_a_row_held_by_another_connection_is_waited_for_and_then_said(data: Path, url: str) -> None:
    address = address_of(data, url)
    with Projector(data, address, busy_s=0.1) as projector, Database(address) as other:
        projector.advance(5)
        with other.writing() as connection:
            connection.execute(PROJECTION.select().with_for_update())
            with pytest.raises(StorageLocked, match="another connection holds"):
                projector.advance(5)
        assert projector.advance() == DAY - 5


def test_a_wrong_password_and_a_database_that_is_not_there_are_said_without_the_password(
    data: Path, server: PostgresServer
) -> None:
    wrong = server.url("postgres").replace("p%40ss", "geheim")
    for url, kind, why in (
        (wrong, StorageRefused, "refuses this user or its password"),
        (server.url("nowhere"), StorageGone, "has no database of this name"),
    ):
        with pytest.raises(kind, match=why) as raised:
            rebuild(data, address_of(data, url), SystemClock())
        assert "geheim" not in str(raised.value) and server.password not in str(raised.value)
        assert raised.value.__cause__ is None


class _Said(psycopg.Error):
    def __init__(self, state: str) -> None:
        self.said = state
        super().__init__("words of the server")

    @property
    def sqlstate(self) -> str:  # type: ignore[override]
        return self.said


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", StorageFull),
        ("53300", StorageLocked),
        ("57P01", StorageGone),
        ("08006", StorageGone),
        ("28P01", StorageRefused),
        ("42501", StorageRefused),
        ("XX001", StorageBroken),
        ("42P01", StorageBroken),
        ("22003", StorageBroken),
    ],
)
def test_what_a_server_says_has_a_name(state: str, kind: type[StorageError]) -> None:
    error = exc.DBAPIError("SELECT secret", {}, _Said(state))
    told = named(error, "postgresql://me@there/x", "be written")
    assert type(told) is kind
    assert "secret" not in str(told) and str(told).startswith(
        "the database postgresql://me@there/x could not be written"
    )


# --- beside an engine ------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "live")
    desk.open()
    yield desk
    desk.close()


def _trade(desk: Desk, count: int) -> None:
    for _ in range(count):
        desk.post(entry(note="x" * 12_000))  # more than what is free in the pages there are
        desk.run(1.5, 0.5)


@pytest.mark.parametrize("fault", ["locked", "gone", "full"])
def test_an_engine_goes_on_whatever_its_database_does_and_the_tables_catch_up(engine: Desk, fault: str) -> None:
    if fault == "gone" and sys.platform == "win32":
        pytest.skip("Windows lets nobody remove an open file")
    address, said = address_of(engine.folder), []
    keeper = ProjectionKeeper(engine.folder, address, said.append, every_s=0.02, busy_s=0.05)
    keeper.start()
    try:
        _trade(engine, 2)
        until(lambda: keeper.position > 0)
        mend = _broken(fault, engine.folder, keeper)
        _trade(engine, 3)
        until(lambda: any("do not follow" in one for one in said))
        mend()
        _trade(engine, 1)
        with_all = engine.rows()[-1][0]
        until(lambda: keeper.position == with_all and keeper.trouble is None)
    finally:
        keeper.stop()
    assert said[-1] == "the tables follow the journal again"
    assert len(engine.decisions()) == 6
    found = dump(address)
    rebuild(engine.folder, address, SystemClock())
    assert dump(address) == found
    assert len(found["alerts"]) == 6
    assert not any(one.name == "projection" for one in threading.enumerate())


def _broken(fault: str, folder: Path, keeper: ProjectionKeeper) -> Callable[[], None]:
    path = folder / "zepix.db"
    if fault == "gone":
        for one in folder.glob("zepix.db*"):
            one.unlink()
        path.mkdir()  # nor can it be made again
        return path.rmdir
    if fault == "full":
        _allow_pages_of(keeper, 1)
        return lambda: _allow_pages_of(keeper, 1_000_000)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def _allow_pages_of(keeper: ProjectionKeeper, most: int) -> None:
    database = keeper._projector.database
    for _ in range(100):
        try:
            return _allow_pages(database, most)
        except exc.TimeoutError:
            continue
    raise AssertionError("the connection is always in use")


def test_what_is_said_in_vain_stops_nothing(data: Path) -> None:
    def deaf(_text: str) -> None:
        raise OSError("the log is full")

    (data / "zepix.db").mkdir()
    keeper = ProjectionKeeper(data, address_of(data), deaf, every_s=0.01)
    keeper.start()
    until(lambda: keeper.trouble is not None)
    (data / "zepix.db").rmdir()
    until(lambda: keeper.position == DAY)
    keeper.stop()


def test_a_keeper_waits_for_a_journal_that_is_not_there_yet(tmp_path: Path) -> None:
    said: list[str] = []
    keeper = ProjectionKeeper(tmp_path, address_of(tmp_path), said.append, every_s=0.01)
    keeper.start()
    time.sleep(0.1)
    write(tmp_path, trading_day())
    until(lambda: keeper.position == DAY)
    keeper.stop()
    assert said == []


def test_nothing_of_an_address_is_shown_but_what_may_be(tmp_path: Path) -> None:
    address: Address = address_of(tmp_path, "postgresql://me:geheim@db.example.org:5433/zepix?sslpassword=auchgeheim")
    for shown in (str(address), repr(address), f"{address}", repr([address])):
        assert "geheim" not in shown
        assert "postgresql://me@db.example.org:5433/zepix" in shown
