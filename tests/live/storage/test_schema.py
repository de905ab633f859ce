"""Tables of this version, an older, a newer one, and somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from tests.live.storage.journal_by_hand import dump, trading_day, write
from zepix_live.clock import SystemClock
from zepix_live.storage import schema
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.database import Database
from zepix_live.storage.projector import Projector
from zepix_live.storage.rebuilding import rebuild
from zepix_live.storage.tables import METADATA, TABLES
from zepix_live.storage.trouble import StorageBroken, StorageError, StorageGone, StorageNewer, StorageOlder

NAMES = (
    "trades", "reentry_chains", "profit_chains", "config_history", "orders", "positions", "alerts", "decisions",
    "audit_log",
)  # fmt: skip


def test_the_tables_have_the_names_that_the_owner_knows() -> None:
    assert tuple(TABLES) == NAMES


def test_the_steps_lead_to_the_tables_as_the_code_knows_them(address: Address) -> None:
    with Database(address) as database:
        assert database.migrate() is True
        assert database.migrate() is False
        with database.writing() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, METADATA) == []
            assert set(inspect(connection).get_table_names()) == {*NAMES, "projection", "alembic_version"}


def test_the_newest_step_is_the_one_that_the_code_names() -> None:
    steps = ScriptDirectory.from_config(schema._config())
    assert steps.get_current_head() == schema.HEAD
    assert steps.get_revision(schema.HEAD).down_revision == schema.BARE
    assert len(list((Path(schema.FOLDER) / "versions").glob("v*.py"))) == 4


def test_steps_can_be_taken_back(address: Address) -> None:
    with Database(address) as database:
        database.migrate()
        with database.writing() as connection:
            command.downgrade(schema._config(connection), "base")
            assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        assert database.migrate() is True


def test_an_older_database_is_brought_up_to_date_and_keeps_what_it_has(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    with Projector(tmp_path, address) as projector:
        projector.begin_anew()  # the tables without their indexes
        projector.advance(12)
    with Database(address) as database:
        with pytest.raises(StorageOlder, match=r"tables of version 0003.*zepix live rebuild"), database.reading():
            pass
        with database.writing() as connection:
            assert schema.version_of(connection) == "0003"
    with Projector(tmp_path, address) as projector:
        assert projector.advance() == len(trading_day()) - 12
    upgraded = dump(address)
    rebuild(tmp_path, address, SystemClock())
    assert dump(address) == upgraded


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_a_database_from_before_there_were_books_is_made_anew(tmp_path: Path, address: Address, version: str) -> None:
    write(tmp_path, trading_day())
    with Database(address) as database, database.writing() as connection:
        schema.migrate(connection, version)
        connection.execute(
            text(
                "INSERT INTO projection (id, journal_seq, fold, digest, inbox, state) "
                "VALUES (1, 12, 1, 'of then', 'box', '{}')"
            )
        )
        row = "99, 1, 1, 1, 'x', 'x', 'x', 'x', 'x', 'x', 'x', '{}', '{}', '{}', 'x', 'x'"
        connection.execute(text(f"INSERT INTO audit_log SELECT {row}"))
    with Projector(tmp_path, address) as projector:
        assert projector.advance() == len(trading_day())
        assert "older zepix" in " ".join(projector.notes)
    upgraded = dump(address)
    assert upgraded["audit_log"] == [] and {row["book"] for row in upgraded["orders"]} == {"shadow"}
    rebuild(tmp_path, address, SystemClock())
    assert dump(address) == upgraded


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    rebuild(tmp_path, address, SystemClock())
    with Database(address) as database, database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("ALTER TABLE trades ADD COLUMN tomorrow TEXT"))
    with Projector(tmp_path, address) as projector, pytest.raises(StorageNewer, match="version 9999"):
        projector.advance()
    with pytest.raises(StorageNewer, match="nothing was touched"):
        rebuild(tmp_path, address, SystemClock())
    with Database(address) as database:
        with pytest.raises(StorageNewer), database.reading():
            pass
        with database.writing() as connection:
            assert connection.execute(text("SELECT count(tomorrow) + count(*) FROM trades")).scalar() == 2


def test_a_database_of_another_program_is_refused_and_not_touched(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    with Database(address) as database, database.writing() as connection:
        connection.execute(text("CREATE TABLE trades (theirs INTEGER)"))
    with pytest.raises(StorageBroken, match=r"not of zepix \(trades"):
        rebuild(tmp_path, address, SystemClock())
    with Database(address) as database, pytest.raises(StorageBroken, match=r"not of zepix \(trades"):
        database.migrate()


def test_a_rebuild_leaves_tables_of_others_alone(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    rebuild(tmp_path, address, SystemClock())
    with Database(address) as database, database.writing() as connection:
        connection.execute(text("CREATE TABLE mine (note TEXT)"))
        connection.execute(text("INSERT INTO mine VALUES ('kept')"))
    rebuild(tmp_path, address, SystemClock())
    with Database(address) as database, database.reading() as connection:
        assert connection.execute(text("SELECT note FROM mine")).scalar() == "kept"


def test_reading_where_nobody_has_written_yet_says_so(tmp_path: Path, address: Address) -> None:
    kind: type[StorageError] = StorageGone if address.is_sqlite else StorageOlder
    with Database(address) as database, pytest.raises(kind, match="zepix live rebuild"), database.reading():
        pass
    if address.is_sqlite:
        assert not (tmp_path / "zepix.db").exists()


def test_a_percent_sign_in_the_path_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "100%s ü"
    folder.mkdir()
    write(folder, trading_day())
    rebuild(folder, address_of(folder), SystemClock())
    assert len(dump(address_of(folder))["trades"]) == 2
