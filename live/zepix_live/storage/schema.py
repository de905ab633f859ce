"""Which version a database's tables have, and how they are brought to this one's: Alembic, run from here.

A database is new (no table at all), ours of some version, a newer program's, or somebody else's. The last two are
refused and nothing in them is touched.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from zepix_live.storage.tables import METADATA
from zepix_live.storage.trouble import StorageBroken, StorageNewer, StorageOlder

__all__ = ["BARE", "HEAD", "check", "make_anew", "migrate", "version_of"]

FOLDER: Final = Path(__file__).resolve().parent / "migrations"
VERSION_TABLE: Final = "alembic_version"
BARE: Final = "0003"
"""The tables without their indexes: faster to fill."""
HEAD: Final = "0004"
"""The newest step; a test compares it with the folder."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


@cache
def _known() -> frozenset[str]:
    return frozenset(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


def version_of(connection: Connection) -> str | None:
    """The last step that its tables have taken; None for an empty database. Raises StorageBroken for somebody else's,
    StorageNewer for a version that this program does not know."""
    shown = connection.engine.url.database
    tables = set(inspect(connection).get_table_names())
    found = MigrationContext.configure(connection).get_current_heads() if VERSION_TABLE in tables else ()
    if not found:
        if strange := sorted(tables - {VERSION_TABLE}):
            raise StorageBroken(
                f"the database {shown} has tables that are not of zepix ({', '.join(strange[:3])}, ...); nothing was "
                "touched. Name another database"
            )
        return None
    if len(found) > 1 or found[0] not in _known():
        raise StorageNewer(
            f"the database {shown} has tables of version {ascii(found[0])[1:-1][:40]}, and this program knows up to "
            f"{HEAD}; nothing was touched. A newer zepix reads it, or name another database"
        )
    return found[0]


def check(connection: Connection) -> None:
    """That its tables are this version's. Raises StorageOlder, StorageNewer, StorageBroken."""
    found = version_of(connection)
    if found != HEAD:
        has = "no tables yet" if found is None else f"tables of version {found}"
        raise StorageOlder(
            f"the database {connection.engine.url.database} has {has}, and this program reads {HEAD}; the runner "
            "brings it up to date when it starts, or run zepix live rebuild"
        )


def migrate(connection: Connection, to: str = "head") -> bool:
    """Bring its tables to this version's, within the connection's transaction; whether there was anything to do.

    ``to``: another step, for tests. Raises StorageNewer, StorageBroken.
    """
    if connection.dialect.name == "postgresql":  # one at a time; released with the transaction
        connection.execute(text("SELECT pg_advisory_xact_lock(1516263504)"))
    before = version_of(connection)
    if before == (HEAD if to == "head" else to):
        return False
    command.upgrade(_config(connection), to)
    return True


def make_anew(connection: Connection, to: str) -> None:
    """Every table of ours goes, whatever older version it has, and is made empty, of the version ``to``; other tables
    stay. Raises as ``version_of``."""
    version_of(connection)
    METADATA.drop_all(connection)
    connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))
    command.upgrade(_config(connection), to)
