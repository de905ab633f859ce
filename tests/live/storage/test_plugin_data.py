"""A plugin's own data: its name, its walls, once and for all, and fresh ones for a replay."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.storage.postgres_server import PostgresServer
from zepix.errors import ConfigError
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.plugin_data import PluginDatabases, _schema
from zepix_live.storage.trouble import StorageError, StorageLocked

TABLE = "CREATE TABLE IF NOT EXISTS levels (symbol TEXT PRIMARY KEY, price REAL)"
ADD = "INSERT INTO levels VALUES (:symbol, :price)"


@pytest.fixture
def databases(tmp_path: Path, address: Address) -> Iterator[PluginDatabases]:
    made = PluginDatabases(tmp_path, address)
    yield made
    made.close()


def test_each_plugin_has_its_own_under_its_own_name(
    tmp_path: Path, address: Address, databases: PluginDatabases
) -> None:
    for number, name in enumerate(("v3_combined", "v6_price_action_5m")):
        databases.of(name).execute(TABLE)
        assert databases.of(name).execute(ADD, {"symbol": "EURUSD", "price": number}) == 1
    assert databases.of("v3_combined").query("SELECT * FROM levels") == [{"symbol": "EURUSD", "price": 0.0}]
    if address.is_sqlite:
        assert sorted(one.name for one in (tmp_path / "data").glob("*.db")) == [
            "zepix_v3_combined.db",
            "zepix_v6_price_action_5m.db",
        ]
    else:
        names = databases.of("v3_combined").query(
            "SELECT schema_name AS n FROM information_schema.schemata WHERE schema_name LIKE 'zepix%' ORDER BY 1"
        )
        assert [row["n"] for row in names] == ["zepix_v3_combined", "zepix_v6_price_action_5m"]


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path, address: Address, databases: PluginDatabases) -> None:
    databases.of("mine").execute(TABLE)
    databases.of("mine").execute(ADD, {"symbol": "EURUSD", "price": 1.1}, once="a7")
    databases.close()
    again = PluginDatabases(tmp_path, address)
    try:
        assert again.of("mine").execute(ADD, {"symbol": "EURUSD", "price": 2.2}, once="a7") == 1
        assert again.of("mine").query("SELECT price FROM levels") == [{"price": 1.1}]
        assert again.of("mine").execute("UPDATE levels SET price = 3", once="a8") == 1
    finally:
        again.close()


def test_a_change_that_fails_is_not_remembered_as_made(databases: PluginDatabases) -> None:
    mine = databases.of("mine")
    with pytest.raises(StorageError, match="a statement of plugin mine failed"):
        mine.execute(ADD, {"symbol": "EURUSD", "price": 1.0}, once="a1")
    mine.execute(TABLE)
    assert mine.execute(ADD, {"symbol": "EURUSD", "price": 1.0}, once="a1") == 1
    with pytest.raises(StorageError):
        mine.execute(ADD, {"symbol": "EURUSD", "price": 2.0})
    assert mine.query("SELECT count(*) AS n FROM levels") == [{"n": 1}]


def test_a_replay_gets_fresh_ones_that_are_gone_afterwards(
    tmp_path: Path, address: Address, databases: PluginDatabases
) -> None:
    databases.of("mine").execute(TABLE)
    databases.of("mine").execute(ADD, {"symbol": "EURUSD", "price": 1.1})
    one, other = (PluginDatabases(tmp_path, address, is_fresh=True) for _ in range(2))
    try:
        for run in (one, other):
            run.of("mine").execute(TABLE)
            assert run.of("mine").query("SELECT * FROM levels") == []
            run.of("mine").execute(ADD, {"symbol": "XAUUSD", "price": 2000})
    finally:
        one.close()
        other.close()
    assert databases.of("mine").query("SELECT symbol FROM levels") == [{"symbol": "EURUSD"}]
    if not address.is_sqlite:
        names = "SELECT count(*) AS n FROM information_schema.schemata WHERE schema_name LIKE 'zepix%'"
        assert databases.of("mine").query(names) == [{"n": 1}]


def test_a_page_of_rows_is_the_most_that_is_answered(databases: PluginDatabases) -> None:
    mine = databases.of("mine")
    mine.execute(TABLE)
    for number in range(5):
        mine.execute(ADD, {"symbol": f"S{number}", "price": number})
    assert len(mine.query("SELECT * FROM levels", limit=3)) == 3


@pytest.mark.parametrize("name", ["", "../up", "a b", 'x"; DROP SCHEMA public', "ä", "x" * 101, "a/b"])
def test_an_id_that_can_name_no_database_is_refused(databases: PluginDatabases, name: str) -> None:
    with pytest.raises(ConfigError, match="can have no database"):
        databases.of(name)


def test_long_names_stay_apart_in_postgresql() -> None:
    one, other = "p" * 90 + "1", "p" * 90 + "2"
    assert _schema("v3", "") == "zepix_v3"
    assert len(_schema(one, "_12345678")) == 63
    assert _schema(one, "_12345678") != _schema(other, "_12345678")


def test_a_file_that_another_holds_is_said_by_the_plugins_name(tmp_path: Path) -> None:
    databases = PluginDatabases(tmp_path, address_of(tmp_path))
    try:
        databases.of("mine").execute(TABLE)
        other = sqlite3.connect(tmp_path / "data" / "zepix_mine.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageLocked, match="serve plugin mine"):
                databases.of("mine").execute(ADD, {"symbol": "x", "price": 1})
        finally:
            other.close()
        assert databases.of("mine").execute(ADD, {"symbol": "x", "price": 1}) == 1
    finally:
        databases.close()


def test_a_dropped_connection_costs_one_call_at_most(tmp_path: Path, server: PostgresServer, url: str) -> None:
    databases = PluginDatabases(tmp_path, address_of(tmp_path, url))
    try:
        databases.of("mine").execute(TABLE)
        server.ask(
            "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'zepix'"
        )
        assert databases.of("mine").execute(ADD, {"symbol": "x", "price": 1}) == 1
    finally:
        databases.close()
